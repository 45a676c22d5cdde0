/* SPDX-License-Identifier: MIT */
/*
 * Softmax regression with few weights that all classes share: the score of
 * class c of case i is b[c] + sum over k of w[k] x[i][k][c]. What is minimised
 * is the mean code length of the true classes in nats plus a Gaussian prior on
 * w and b, a convex function, by L-BFGS (Liu & Nocedal 1989) that starts each
 * time from the curvature measured at hand.
 */
#ifndef NCD_CLASSMODEL_SOFTMAX_H
#define NCD_CLASSMODEL_SOFTMAX_H

#include "ncdclass.h"

#define NCD_SOFTMAX_MOST 16 /* features, at most */

/* Cases are many times the memory of all else, and what is fitted is few: so
 * their rows are whole numbers of 16 bits, each row in a unit of its own. */
struct ncd_softmax_data {
    size_t n, n_features, n_rows, n_classes;
    const int16_t *x; /* [n][n_rows][n_classes] */
    /* [n][n_features] what the numbers of a row are multiplied by to give a
     * feature; that of feature k is row k modulo n_rows. */
    const float *units;
    const uint32_t *truth; /* [n] */
    /* [n_features] of weights that stay 0; may be NULL */
    const unsigned char *frozen;
};

/* What is believed of w and b before any case is seen. */
struct ncd_softmax_prior {
    /* [n_features] of w, each times the root of its feature's mean square, to
     * which weights are relative; those of b are 0. */
    const double *means, *squares;
    double precision_w, precision_b; /* as if so many cases had been seen */
};

/*
 * w: [n_features] and b: [n_classes], where to start on entry, the solution on
 * return. b may be NULL: there are none. loss_out: mean code length of the
 * cases at the solution, nats.
 */
ncd_status ncd_softmax_fit(const struct ncd_softmax_data *data,
                           const struct ncd_softmax_prior *prior,
                           unsigned threads, double *w, double *b,
                           double *loss_out, ncd_error *err);

/* Freezes at 0 the weights that have come out negative; 0 where none has. */
int ncd_softmax_freeze(double *w, unsigned char *frozen, size_t n);

/* Puts n values down in whole numbers, the largest as the largest that there
 * is; returns their unit. */
float ncd_softmax_put(const double *values, size_t n, int16_t *x);

/* Scores to probabilities, in place. */
void ncd_softmax(double *scores, size_t n);

#endif
