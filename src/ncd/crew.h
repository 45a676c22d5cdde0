/* SPDX-License-Identifier: MIT */
/*
 * One engine for each thread, opened when the thread first needs it and kept
 * from one parallel loop to the next: opening a zlib stream touches 268 KB, as
 * much work as some thirty short texts.
 */
#ifndef NCD_NCD_CREW_H
#define NCD_NCD_CREW_H

#include "ncd/measure.h"

struct ncd_crew {
    const struct ncd_measure *measure;
    uint64_t measure_id;  /* the pointer alone could be that of a new measure
                             where a freed one was */
    ncd_engine **engines; /* [n], NULL until needed */
    unsigned n;
};

/* Makes the crew ready for `threads` threads of this measure; keeps its engines
 * where it was ready for the same measure before. */
ncd_status ncd_crew_prepare(struct ncd_crew *crew,
                            const struct ncd_measure *measure, unsigned threads,
                            ncd_error *err);

/* The engine of a thread; only that thread may ask. */
ncd_status ncd_crew_engine(struct ncd_crew *crew, unsigned thread,
                           ncd_engine **engine_out, ncd_error *err);

void ncd_crew_free(struct ncd_crew *crew);

/* Sizes of the texts from number `first` on, in parallel. sizes_out[n_texts],
 * those before it left alone. */
ncd_status ncd_crew_sizes(struct ncd_crew *crew, const ncd_dataset *texts,
                          size_t first, const ncd_options *options,
                          double *sizes_out, ncd_error *err);

#endif
