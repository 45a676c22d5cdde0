/* SPDX-License-Identifier: MIT */
/*
 * Classifying by what each class knows: the code lengths of a text under every
 * class, order by order (evidence.h), and its margins (margins.h) are experts,
 * whose say is a few weights that all classes share. These are fitted by
 * softmax regression (softmax.h) to training texts that each expert judges
 * without knowing them: the code lengths by exact leave-one-out, the margins by
 * cross-fitting. How sure to be is fitted last (temper.h). So nothing needs
 * tuning on data held out, and probabilities are calibrated.
 */
#ifndef NCD_CLASSMODEL_CLASSMODEL_H
#define NCD_CLASSMODEL_CLASSMODEL_H

#include "classmodel/margins.h"
#include "classmodel/temper.h"
#include "util/parallel.h"

#define NCD_N_EXPERTS (NCD_KINDS + 1)
#define NCD_MARGIN (NCD_KINDS) /* the expert that is not a kind */

/* What training found out about itself. */
struct ncd_class_training {
    uint64_t n_judged;              /* texts left out one at a time */
    uint64_t n_correct;             /* ... that got their own label */
    double log_loss;                /* mean code length of their labels, bits */
    double corpus_bits, class_bits; /* code lengths of these texts */
    uint64_t n_bytes;               /* ... of so many bytes */
};

/* What is fitted; all else follows from the texts. */
struct ncd_class_fit {
    double mix[NCD_N_EXPERTS];
    double length_power; /* evidence counts over length to this power */
    struct ncd_temper temper;
    size_t n_classes, n_postings;
    double *biases;       /* [n_classes] */
    float *weights;       /* [n_postings] of margins */
    float *margin_biases; /* [n_classes] */
    /* [training.n_judged][n_classes] probabilities of the judged texts, in the
     * order of ncd_random_order with seed 0, by experts and weights that have
     * not seen them; NULL where they were not asked for. */
    float *left_out;
    struct ncd_class_training training;
};

void ncd_class_fit_free(struct ncd_class_fit *fit);

struct ncd_classmodel {
    struct ncd_counts counts;
    struct ncd_smoothing smoothing;
    struct ncd_margins margins;
    struct ncd_class_fit fit;
    float *values;        /* [n postings] evidence, mixed */
    double *place_values; /* [2][n classes] of each place and each word */
    /* Counts, idf, values and places lie in memory that is not the model's. */
    int is_mapped;
};

/* Trains on texts that all have a label. The first of them need not be counted
 * where `before`, which may be NULL, has counted them, see counts.h; whether
 * fit.left_out is kept, which may be larger than the model, is up to the
 * caller. Statuses: NOMEM, INPUT, MODEL (counts of other texts), CANCELLED. */
ncd_status ncd_classmodel_train(struct ncd_classmodel *model,
                                const ncd_dataset *data,
                                const struct ncd_counts *before,
                                int keeps_left_out, unsigned threads,
                                const struct ncd_progress *progress,
                                ncd_error *err);

/* The same model, given what was fitted (taken over where that succeeds) and
 * its mapped tables, or NULL: they follow from the texts. Statuses: NOMEM,
 * INPUT, MODEL (it fits other texts). */
ncd_status ncd_classmodel_restore(struct ncd_classmodel *model,
                                  const ncd_dataset *data,
                                  const struct ncd_classmodel *tables,
                                  struct ncd_class_fit *fit, unsigned threads,
                                  ncd_error *err);

void ncd_classmodel_free(struct ncd_classmodel *model);

/* Scores of the text that is being read, whose softmax are its probabilities;
 * returns the factor by which its temperature has multiplied them. */
double ncd_classmodel_scores(const struct ncd_classmodel *model,
                             struct ncd_reading *reading, double *scores_out);

/* What evidence of the text that is being read is multiplied by: 1 over the
 * fitted power of its length. */
double ncd_classmodel_over(const struct ncd_classmodel *model,
                           const struct ncd_reading *reading);

/* Memory of prediction, kept from batch to batch. */
struct ncd_class_crew {
    struct ncd_reading *readings; /* [n] one for each thread */
    unsigned n;
};

void ncd_class_crew_free(struct ncd_class_crew *crew);

/* probabilities_out: [n][n classes]. */
ncd_status ncd_classmodel_predict(const struct ncd_classmodel *model,
                                  struct ncd_class_crew *crew,
                                  const ncd_text *texts, size_t n,
                                  unsigned threads,
                                  const struct ncd_progress *progress,
                                  double *probabilities_out, ncd_error *err);

#endif
