/* SPDX-License-Identifier: MIT */
/*
 * Which training texts are likely to be near a text, from an inverted index.
 * What two texts share is, for a compressor, runs of a few bytes and more; how
 * many distinct four-byte strings they share can be had for all training texts
 * at once, at a few increments a text. A line fitted to sampled pairs of
 * training texts makes a size of it,
 *
 *     C(xy) = together * (C(x) + C(y)) + by_bit * shared + constant
 *
 * where a gram counts as much as its bytes would cost as literals, by how often
 * each byte occurs: rare ones save more when they are shared. The line
 * leaves a residual of some three bytes on news and reviews with gzip.
 * The constant is mostly the header that one stream spares, and matters as much
 * as the slope: it says how much less two short texts gain than two long ones.
 *
 * The exact search visits the candidates first, so that its bounds bite early;
 * the approximate search visits nothing else.
 *
 * Memory: 4 bytes for each distinct gram of each text that at most a quarter of
 * the texts hold (some two to three times the text), 1.25 MB of tables, and 4 bytes
 * a training text for each thread.
 */
#ifndef NCD_KNN_CANDIDATES_H
#define NCD_KNN_CANDIDATES_H

#include "ncd/measure.h"
#include "text/dataset.h"

struct ncd_candidate_index {
    size_t n_texts;
    uint32_t *starts;   /* [N_GRAMS + 1] where the list of each begins */
    uint32_t *postings; /* texts that hold it, in increasing order */
    uint8_t *weights;   /* [N_GRAMS] bits of a byte of each, in eighths */
    double together, by_bit, constant;
};

/* sizes: C of the texts. The engine measures the sampled pairs; the line does
 * not depend on anything but the texts and the measure. */
ncd_status ncd_candidates_build(struct ncd_candidate_index *index,
                                const ncd_dataset *texts, const double *sizes,
                                ncd_engine *engine, ncd_error *err);
void ncd_candidates_free(struct ncd_candidate_index *index);

struct ncd_gram_set {
    uint64_t *seen; /* a bit for each gram */
    uint32_t *grams;
    size_t n, capacity;
};

/* Scratch of one thread. */
struct ncd_candidate_scratch {
    struct ncd_gram_set grams;
    uint32_t *scores; /* [n_texts] */
    size_t scores_capacity;
    struct ncd_candidate {
        double distance; /* estimated */
        uint32_t index;
    } * best;
    size_t best_capacity;
    size_t n; /* of `best`, nearest first */
};

/*
 * Finds the `wanted` texts of the least estimated distance to `text`, leaving
 * them in scratch->best; fewer where there are fewer. sizes: C of the training
 * texts. own_fold and folds as in the search, folds may be NULL.
 */
ncd_status ncd_candidates_find(const struct ncd_candidate_index *index,
                               const struct ncd_measure *measure,
                               const double *sizes, ncd_text text,
                               double text_size, const uint32_t *folds,
                               uint32_t own_fold, size_t wanted,
                               struct ncd_candidate_scratch *scratch,
                               ncd_error *err);
void ncd_candidate_scratch_free(struct ncd_candidate_scratch *scratch);

#endif
