/* SPDX-License-Identifier: MIT */
/*
 * How sure to be of an answer. Scores of a text differ the more between classes
 * the more there is in it to disagree about, not the more one can rely on them:
 * long texts and rare words spread them widely. So a text's scores s become
 *
 *     s (plain + scaled / (1/10 + spread))
 *
 * where spread is their standard deviation over the classes, and the two
 * factors are fitted to texts that were left out, like everything else that
 * decides a probability. Both are at least 0: the order of the classes stays as
 * it is.
 *
 * This is temperature scaling (Guo, Pleiss, Sun & Weinberger 2017) with a
 * temperature that goes with the text. It is linear in both factors, hence as
 * convex as the regression that gives the scores.
 */
#ifndef NCD_CLASSMODEL_TEMPER_H
#define NCD_CLASSMODEL_TEMPER_H

#include "ncdclass.h"

struct ncd_temper {
    double plain, scaled;
};

#define NCD_NO_TEMPER ((struct ncd_temper){1, 0})

/* In place, for one text; returns what they were multiplied by. */
double ncd_temper_scores(struct ncd_temper temper, double *scores, size_t n);

/* Scores of texts to fit the factors to. Both features of a text are the same
 * row, in two units (softmax.h). */
enum { NCD_PLAIN, NCD_SCALED, NCD_N_FACTORS };

struct ncd_temper_data {
    size_t n, n_classes;
    int16_t *x;            /* [n][n_classes] */
    float *units;          /* [n][NCD_N_FACTORS] */
    const uint32_t *truth; /* [n] */
};

void ncd_temper_put(struct ncd_temper_data *data, size_t i,
                    const double *scores);

ncd_status ncd_temper_fit(const struct ncd_temper_data *data, unsigned threads,
                          struct ncd_temper *temper_out, ncd_error *err);

#endif
