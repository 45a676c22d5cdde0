/* SPDX-License-Identifier: MIT */
/*
 * Margins: a second expert beside the code lengths, which learns from the
 * mistakes it makes. Every class gets a weight at every gram that it has seen
 * and that more than one text holds; a text's margin for the class is their sum
 * over its grams, each times
 *
 *     (1 + ln occurrences) (1 + ln((1 + texts) / (1 + texts with the gram)))
 *
 * scaled to length 1, windows and words apart. One class against the rest, by a
 * support vector machine with squared hinge loss and dual coordinate descent
 * (Hsieh, Chang, Lin, Keerthi & Sundararajan 2008). It differs in that weights
 * exist only where the table of counts has a posting.
 *
 * A margin of a text that the weights were fitted to says nothing of new texts.
 * So weights are fitted in lanes, which share all reading of memory: lane 0 to
 * all texts, each other lane to all but one fold; a text's honest margins come
 * from the lane that has not seen it.
 */
#ifndef NCD_CLASSMODEL_MARGINS_H
#define NCD_CLASSMODEL_MARGINS_H

#include "classmodel/evidence.h"

#define NCD_FOLDS 3
#define NCD_LANES (1 + NCD_FOLDS)

/* How often an occurring gram counts. */
#define NCD_TIMES_MAX 255

struct ncd_margins {
    uint32_t *features; /* [n nodes] number, or NCD_NO_NODE: not one */
    float *idf;         /* [n nodes] */
    size_t n_features;
    float damped[NCD_TIMES_MAX + 1]; /* 1 + ln n */
};

/* A text's features. */
struct ncd_feature_row {
    uint32_t *features;    /* [n] */
    unsigned char *times;  /* [n] */
    uint32_t n, n_windows; /* those of windows come first */
    float scale_windows, scale_words;
};

ncd_status ncd_margins_init(struct ncd_margins *margins,
                            const struct ncd_counts *counts);
void ncd_margins_free(struct ncd_margins *margins);

/* A random order of 0 .. n - 1 that depends on n and the seed alone. */
void ncd_random_order(uint32_t *order_out, size_t n, uint64_t seed);

/* Factors that scale a text's windows and words to length 1. */
void ncd_margins_scale(const struct ncd_margins *margins,
                       const struct ncd_counts *counts,
                       const struct ncd_reading *reading, float *windows_out,
                       float *words_out);

ncd_status ncd_feature_row_make(struct ncd_feature_row *row,
                                const struct ncd_margins *margins,
                                const struct ncd_counts *counts,
                                const struct ncd_reading *reading);
void ncd_feature_row_free(struct ncd_feature_row *row);

/*
 * Fits the weights. classes, folds: [n]. weights_out: [n postings], 0 where the
 * node is no feature; biases_out: [n classes]; held_out: [n][n classes] margins
 * of each text by the lane that has not seen it. Costs 4 NCD_LANES bytes for a
 * posting and for a (text, class).
 */
ncd_status ncd_margins_fit(const struct ncd_margins *margins,
                           const struct ncd_counts *counts,
                           const struct ncd_feature_row *rows,
                           const uint32_t *classes, const uint32_t *folds,
                           size_t n, unsigned threads, float *weights_out,
                           float *biases_out, float *held_out, ncd_error *err);

#endif
