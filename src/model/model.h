/* SPDX-License-Identifier: MIT */
/* A model: training texts, their sizes, and the settings. Const once made. */
#ifndef NCD_MODEL_MODEL_H
#define NCD_MODEL_MODEL_H

#include "knn/search.h"
#include "knn/vote.h"

struct ncd_model {
    ncd_dataset *dataset;
    double *sizes; /* [n texts] C(y), bytes */
    struct ncd_measure measure;
    unsigned k;
    ncd_vote vote;
    size_t n_over_window;
    char spec[NCD_CODEC_SPEC_NBYTES];
    char library[NCD_CODEC_LIBRARY_NBYTES]; /* at training */
    char library_now[NCD_CODEC_LIBRARY_NBYTES];
};

/* Takes over the data set and, where not NULL, the sizes, also on failure.
 * Sizes that are not given are computed. library: at training, NULL for now. */
ncd_status ncd_model_make(ncd_dataset *dataset, double *sizes,
                          const ncd_options *options, const char *library,
                          ncd_model **model_out, ncd_error *err);

/* The search over the model's texts. */
struct ncd_search ncd_model_search(const ncd_model *model, size_t k);

#endif
