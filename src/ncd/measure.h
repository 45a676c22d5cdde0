/* SPDX-License-Identifier: MIT */
/*
 * What is measured, and the engine that measures it. A measure is a compressor,
 * a distance, an order of concatenation and a separator: everything of the
 * options that a size depends on. It is const and shared; an engine is the
 * scratch memory of one thread.
 */
#ifndef NCD_NCD_MEASURE_H
#define NCD_NCD_MEASURE_H

#include <math.h>

#include "codec/codec.h"
#include "util/buf.h"

/* Longest separator, bytes. */
#define NCD_SEPARATOR_MAX 256

struct ncd_measure {
    uint64_t id; /* differs between any two measures of a process */
    struct ncd_codec_spec spec;
    ncd_distance distance;
    ncd_order order;
    struct ncd_buf separator;
    int use_prefix; /* joint sizes by the codec's prefix state, if it has one */
    /* Level at which the size-only DEFLATE engine could stand in for the codec,
     * and what the codec's wrapper adds to its sizes; 0: it can't. */
    int fast_level;
    unsigned wrapper_nbytes;
};

/* From options; freed by ncd_measure_free. Statuses: ARGUMENT, NOMEM. */
ncd_status ncd_measure_init(struct ncd_measure *measure,
                            const ncd_options *options, ncd_error *err);
void ncd_measure_free(struct ncd_measure *measure);

/* Reach of the compressor, bytes; 0: no limit. */
size_t ncd_measure_window(const struct ncd_measure *measure);

/* Whether it does: it is also held against the zlib in use, once a process,
 * which takes some 20 ms. */
int ncd_measure_is_fast(const struct ncd_measure *measure);

/* The formulas of ncdclass.h. */
double ncd_distance_of(ncd_distance distance, double size_x, double size_y,
                       double size_xy);

/* The measure is borrowed; it must live while the engine is used, but the
 * engine may be closed later. */
ncd_status ncd_engine_new(const struct ncd_measure *measure,
                          ncd_engine **engine_out, ncd_error *err);

/*
 * Joining: one text is set as the first, and the sizes of it joined with many
 * second ones are asked for. The first text is borrowed until the next is set.
 */
void ncd_engine_set_first(ncd_engine *engine, ncd_text first);

/* Returned as a size by ncd_engine_joint: it is at least the limit. */
#define NCD_SIZE_BEYOND HUGE_VAL

/* Whether "beyond the limit" may rest on an estimate in place of a proof, for
 * approximate search. Engines are opened exact. */
void ncd_engine_guess(ncd_engine *engine, int guesses);

struct ncd_dsuffix;

/*
 * C(first separator second). prepared: the second text made ready
 * (prepared.h), or NULL. limit, bytes: where the size is provably not below
 * it, *size_out may be NCD_SIZE_BEYOND; HUGE_VAL: no limit.
 */
ncd_status ncd_engine_joint(ncd_engine *engine, ncd_text second,
                            const struct ncd_dsuffix *prepared, double limit,
                            double *size_out, ncd_error *err);

/* C(xy) of a test and a training text in the measure's order. limit: as above;
 * of no use to the mean of both orders. */
ncd_status ncd_engine_join_pair(ncd_engine *engine, ncd_text x, ncd_text y,
                                double limit, double *size_out, ncd_error *err);

/* Makes a text ready for ncd_engine_joint; the measure must have a
 * fast_level. The engine's first text must be set again. */
ncd_status ncd_engine_prepare(ncd_engine *engine, ncd_text text,
                              struct ncd_dsuffix *prepared_out, ncd_error *err);

/*
 * Where the bits of a text go. The tokens are the whole text, and all bits 8
 * times its size; where they are not, the status is CODEC. The measure's codec
 * must be one that traces. The engine's first text must be set again.
 */
ncd_status ncd_engine_trace(ncd_engine *engine, ncd_text text,
                            struct ncd_trace *trace_out, ncd_error *err);

/* Adds how the sizes asked of ncd_engine_joint since the last call were found.
 */
void ncd_engine_take_stats(ncd_engine *engine, ncd_search_stats *sum);

#endif
