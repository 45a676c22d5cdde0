/* SPDX-License-Identifier: MIT */
/* Training texts as queries to the rest: what nearest neighbours say of texts
 * that are left out one at a time. */
#ifndef NCD_MODEL_LEFT_OUT_H
#define NCD_MODEL_LEFT_OUT_H

#include "model/model.h"

struct ncd_left_out {
    ncd_text *texts;       /* [n] */
    uint32_t *indices;     /* [n training texts], the first n count */
    uint32_t *query_folds; /* [n] */
    uint32_t *folds;       /* [n training texts], each a fold of its own */
    uint32_t *truth;       /* [n] */
    size_t n;
};

/* A random sample in the order in which a class model judges its texts, small
 * enough that measuring it against all texts takes reasonable time. */
ncd_status ncd_left_out_draw(struct ncd_left_out *sample,
                             const ncd_dataset *data, uint64_t n_most,
                             ncd_error *err);
void ncd_left_out_free(struct ncd_left_out *sample);

/* The k nearest other texts of each. run: threads and progress. */
ncd_status ncd_left_out_search(const struct ncd_left_out *sample,
                               const ncd_model *model, size_t k,
                               const ncd_options *run, struct ncd_found *found,
                               ncd_error *err);

#endif
