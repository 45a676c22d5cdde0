/* SPDX-License-Identifier: MIT */
/*
 * Class model and nearest neighbours together: a product of experts. With
 * p(c) the class model's probability and q(c) the neighbours', class c gets
 *
 *     p(c) q(c)^w,  normalised,   q(c) = (votes(c) + 1/classes) / (k + 1)
 *
 * where w >= 0 is fitted to training texts that both have judged without having
 * seen them; at w = 0 the neighbours have no say.
 */
#ifndef NCD_MODEL_BOTH_H
#define NCD_MODEL_BOTH_H

#include "model/left_out.h"

/* q, from the n neighbours that vote; q_out: [n classes]. */
void ncd_neighbor_shares(const ncd_model *model, const ncd_neighbor *nearest,
                         size_t n, double *q_out);

/* In place, for one text. */
void ncd_both_mix(double *p, const double *q, size_t n_classes, double weight);

/* p, q: [n][n_classes] of the same texts; truth: [n]. Returns the weight that
 * gives the labels the shortest code. */
double ncd_both_fit(const float *p, const float *q, const uint32_t *truth,
                    size_t n, size_t n_classes);

/* Fits the weight of a model that has all else. */
ncd_status ncd_both_train(ncd_model *model, const ncd_options *run,
                          ncd_error *err);

#endif
