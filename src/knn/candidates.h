/* SPDX-License-Identifier: MIT */
/*
 * Which training texts are likely to be near a text. What it shares with each
 * of them is known at a small cost (shared.h); a plane fitted to sampled pairs
 * of training texts makes a size of it,
 *
 *     C(xy) = constant + together * (C(x) + C(y)) + by_weight * weight of grams
 *             + by_common * common grams + by_byte * bytes in common
 *
 * with a residual of some three bytes on news and reviews with gzip, one in a
 * hundred of long texts. The constant is mostly the header that one stream
 * spares, and matters as much as the slopes: it says how much less two short
 * texts gain than two long ones.
 *
 * The exact search visits the candidates first, so that its bounds bite early;
 * the approximate search visits nothing else.
 *
 * Memory: that of shared.h, and 8 bytes a training text for each thread.
 */
#ifndef NCD_KNN_CANDIDATES_H
#define NCD_KNN_CANDIDATES_H

#include "knn/shared.h"
#include "ncd/measure.h"

struct ncd_candidate_index {
    size_t n_texts; /* 0: not built */
    struct ncd_shared_index shared;
    double constant, together, by_weight, by_common, by_byte;
};

/* Scratch of one thread. */
struct ncd_candidate_scratch {
    struct ncd_gram_set grams;
    struct ncd_shared *shared; /* [n_texts] */
    size_t shared_capacity;
    struct ncd_candidate {
        double distance; /* estimated */
        uint32_t index;
    } * best;
    size_t best_capacity;
    size_t n; /* of `best`, nearest first */
};

/* sizes: C of the texts. The engine measures the sampled pairs; the plane does
 * not depend on anything but the texts and the measure. */
ncd_status ncd_candidates_build(struct ncd_candidate_index *index,
                                const ncd_dataset *texts, const double *sizes,
                                ncd_engine *engine, ncd_error *err);
void ncd_candidates_free(struct ncd_candidate_index *index);

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
