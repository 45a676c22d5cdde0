/* SPDX-License-Identifier: MIT */
/*
 * Test texts that the classifier has seen in training. An accuracy that rests
 * on them says nothing about new texts, so every evaluation counts them.
 */
#ifndef NCD_EVAL_OVERLAP_H
#define NCD_EVAL_OVERLAP_H

#include "text/digest.h"

struct ncd_overlap_index {
    enum ncd_digest_kind kind;
    const ncd_dataset *training;
    const uint32_t *folds; /* of the training texts, or NULL */
    struct ncd_digest *sorted;
    struct ncd_buf folded; /* scratch */
};

ncd_status ncd_overlap_init(struct ncd_overlap_index *index,
                            enum ncd_digest_kind kind,
                            const ncd_dataset *training, const uint32_t *folds,
                            ncd_error *err);
void ncd_overlap_free(struct ncd_overlap_index *index);

/*
 * Adds one test text to the counts. fold: where the index has folds, training
 * texts of the same fold don't count. label: its number in training, or
 * anything else where training does not have it. Where a training text counts,
 * *twin_out becomes the number of the first one.
 */
ncd_status ncd_overlap_count(struct ncd_overlap_index *index, ncd_text text,
                             uint32_t fold, size_t label, int correct,
                             ncd_overlap *counts, size_t *twin_out,
                             ncd_error *err);

#endif
