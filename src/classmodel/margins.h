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
#include "util/parallel.h"

#define NCD_FOLDS 3
#define NCD_LANES (1 + NCD_FOLDS)

/* A feature with how often a text has it, the number of the feature in the low
 * bits. They are numbered in the order of nodes, the most common first; beyond
 * NCD_MAX_FEATURES the rarest grams are none. */
#define NCD_FEATURE_BITS 24
#define NCD_MAX_FEATURES (1u << NCD_FEATURE_BITS)
#define NCD_TIMES_MAX 255

struct ncd_margins {
    /* [n nodes] number, or NCD_NO_NODE: not one; for rows, NULL behind them */
    uint32_t *features;
    float *idf; /* [n nodes] 0 where there is no feature */
    size_t n_features;
    float damped[NCD_TIMES_MAX + 1]; /* 1 + ln n */
};

/* A text's features, those of windows and then those of words, each in
 * increasing order. All texts' are kept while each class picks its own, so they
 * are packed: most take two bytes. */
struct ncd_feature_row {
    uint16_t *packed;
    uint32_t n, n_windows;
    float scale_windows, scale_words;
};

/* Reads a row from its first entry to its last. */
struct ncd_feature_walk {
    const uint16_t *at;
    uint32_t feature; /* the last one, of this kind */
};

/* The next entry as a feature and, in the bits above, its times. A varint of 15
 * bits a unit, of which one is nearly always enough, holds twice the step from
 * the feature before; where it is odd, a unit with the times follows, which
 * otherwise are 1. */
static inline uint32_t ncd_feature_next(struct ncd_feature_walk *walk)
{
    uint32_t unit = *walk->at++, step = unit & 0x7fff;
    if (unit & 0x8000)
        step |= (uint32_t)*walk->at++ << 15; /* 25 bits are all it takes */
    walk->feature += step >> 1;
    uint32_t times = step & 1 ? *walk->at++ : 1;
    return walk->feature | times << NCD_FEATURE_BITS;
}

ncd_status ncd_margins_init(struct ncd_margins *margins,
                            const struct ncd_counts *counts);
void ncd_margins_free(struct ncd_margins *margins);

/* Fills in what does not depend on the counts. */
void ncd_margins_damp(struct ncd_margins *margins);

/* A random order of 0 .. n - 1 that depends on n and the seed alone. */
void ncd_random_order(uint32_t *order_out, size_t n, uint64_t seed);

/* The factor that scales a view of the text that is being read to length 1, and
 * the same from the sum of its squares. */
float ncd_margins_scale(const struct ncd_margins *margins,
                        const struct ncd_reading *reading, int view);
float ncd_margins_scale_of(double squares);

ncd_status ncd_feature_row_make(struct ncd_feature_row *row,
                                const struct ncd_margins *margins,
                                const struct ncd_reading *reading);
void ncd_feature_row_free(struct ncd_feature_row *row);

struct ncd_margins_data {
    size_t n;
    const struct ncd_feature_row *rows; /* [n] */
    const uint32_t *classes, *folds;    /* [n] */
    size_t n_judged;
    const size_t *judged; /* [n_judged] texts that want honest margins */
};

/* What is asked of a margin is 1; few leave 2 behind, and 8 is as much as 16
 * bits hold of them. */
#define NCD_MARGIN_UNIT (1.f / 4096)

/*
 * Fits the weights. weights_out: [n postings], 0 where the node is no feature;
 * biases_out: [n classes]. held_out: [n_judged][n classes] margins of the
 * judged texts, by the lane that has not seen them, in NCD_MARGIN_UNIT. Memory
 * of each thread, for its block of classes (one, or a 256th of them): of every
 * class 4 bytes for every feature of a text that it has seen, 21 bytes for each
 * of its weights and 33 for each text; and 4 bytes for each feature and 8 for
 * each posting of these classes.
 */
ncd_status ncd_margins_fit(const struct ncd_margins *margins,
                           const struct ncd_counts *counts,
                           const struct ncd_margins_data *data,
                           unsigned threads, float *weights_out,
                           float *biases_out, int16_t *held_out,
                           const struct ncd_progress *progress, ncd_error *err);

#endif
