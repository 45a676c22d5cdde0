/* SPDX-License-Identifier: MIT */
/*
 * Why two texts are as close as they are: the compressor's traces of both alone
 * and of both as one, held against each other byte by byte.
 */
#ifndef NCD_EXPLAIN_PAIR_H
#define NCD_EXPLAIN_PAIR_H

#include "ncd/measure.h"

/* What is told of a pair, and the memory it lies in. */
struct ncd_pair_view {
    ncd_explained_text told;
    double *saved[2];
    ncd_match *matches[2];
};

/* Fills a view whose index is set. x is the test text. The engine must be one
 * of the measure. On error the view is to be freed as well. */
ncd_status ncd_pair_explain(const struct ncd_measure *measure,
                            ncd_engine *engine, ncd_text x, ncd_text y,
                            struct ncd_pair_view *view, ncd_error *err);
void ncd_pair_view_free(struct ncd_pair_view *view);

#endif
