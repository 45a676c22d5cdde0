/* SPDX-License-Identifier: MIT */
/*
 * Texts made ready to be the second part of many pairs: what the size-only
 * DEFLATE engine can know of each beforehand. Worth it from the second or third
 * pair of a text on. Const once made, and shared between threads.
 */
#ifndef NCD_NCD_PREPARED_H
#define NCD_NCD_PREPARED_H

#include "ncd/crew.h"

struct ncd_dsuffix;

struct ncd_prepared {
    struct ncd_dsuffix *items; /* [n] */
    size_t n, capacity;
};

/* Makes the texts ready, in parallel; what was in it before is given up.
 * Statuses: NOMEM, CODEC. */
ncd_status ncd_prepare(struct ncd_prepared *prepared, struct ncd_crew *crew,
                       const ncd_text *texts, size_t n, ncd_error *err);
void ncd_prepared_clear(struct ncd_prepared *prepared);
void ncd_prepared_free(struct ncd_prepared *prepared);

/* Asks for the memory of the i-th text, which will soon be used. */
void ncd_prepared_prefetch(const struct ncd_prepared *prepared, size_t i);

/* The i-th text, NULL where nothing is prepared. */
const struct ncd_dsuffix *ncd_prepared_item(const struct ncd_prepared *prepared,
                                            size_t i);

#endif
