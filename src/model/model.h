/* SPDX-License-Identifier: MIT */
/* A model: training texts, their sizes, and the settings. Const once made. */
#ifndef NCD_MODEL_MODEL_H
#define NCD_MODEL_MODEL_H

#include "classmodel/classmodel.h"
#include "knn/search.h"
#include "knn/vote.h"
#include "model/contenders.h"
#include "util/view.h"

struct ncd_model {
    ncd_dataset *dataset;
    double *sizes; /* [n texts] C(y), bytes */
    struct ncd_measure measure;
    unsigned k;
    ncd_vote vote;
    ncd_method method;
    struct ncd_classmodel class;      /* where that is the method, or both is */
    double knn_weight;                /* where that is both */
    struct ncd_contenders contenders; /* of training by auto */
    /* What was learnt, bytes in the file; 0: not known. */
    uint64_t learnt_nbytes;
    struct ncd_view file; /* that mapped tables lie in */
    size_t n_over_window;
    char spec[NCD_CODEC_SPEC_NBYTES];
    char library[NCD_CODEC_LIBRARY_NBYTES]; /* at training */
    char library_now[NCD_CODEC_LIBRARY_NBYTES];
};

/* What a model may know already when it is made. */
struct ncd_known {
    double *sizes; /* of the first n_sizes texts, with room for all; may
                      be NULL */
    size_t n_sizes;
    const char *library;                 /* at training; NULL: the one in use */
    struct ncd_class_fit fit;            /* weights NULL: to be fitted */
    const struct ncd_classmodel *tables; /* mapped ones, or NULL */
    const struct ncd_counts *counts;     /* of the first texts, or NULL */
    double knn_weight; /* of both; taken where there is a fit */
    int keeps_left_out; /* ask for class.fit.left_out, see there */
};

/* Takes over the data set and what is known, also on failure. */
ncd_status ncd_model_make(ncd_dataset *dataset, struct ncd_known *known,
                          const ncd_options *options, ncd_model **model_out,
                          ncd_error *err);

/* Trains a copy of the data set by a method that is not to be chosen. */
ncd_status ncd_model_train_copy(const ncd_dataset *dataset,
                                const ncd_options *options, int keeps_left_out,
                                ncd_model **model_out, ncd_error *err);

/* Training where the method is to be chosen. */
ncd_status ncd_model_train_auto(const ncd_dataset *dataset,
                                const ncd_options *options,
                                ncd_model **model_out, ncd_error *err);

/* Bytes of the coded settings and class model: what was learnt, the texts
 * aside. */
ncd_status ncd_model_learnt_nbytes(const ncd_model *model, uint64_t *nbytes_out,
                                   ncd_error *err);

/* Scratch of prediction, kept from batch to batch. */
struct ncd_answering {
    struct ncd_class_crew crew;
    struct ncd_found found;
};

void ncd_answering_free(struct ncd_answering *answering);

/* Probabilities by a class model, or both; probabilities_out: [n][n classes].
 * The search is that of both. */
ncd_status ncd_model_probabilities(const ncd_model *model,
                                   const struct ncd_search *search,
                                   const struct ncd_queries *queries,
                                   unsigned threads,
                                   const struct ncd_progress *progress,
                                   struct ncd_answering *answering,
                                   double *probabilities_out, ncd_error *err);

/* The search over the model's texts. */
struct ncd_search ncd_model_search(const ncd_model *model, size_t k);

#endif
