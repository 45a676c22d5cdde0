/* SPDX-License-Identifier: MIT */
/* Test texts that the classifier has seen in training; see overlap.h. */
#include "eval/overlap.h"

#include <stdlib.h>

#include "util/error.h"

ncd_status ncd_overlap_init(struct ncd_overlap_index *index,
                            enum ncd_digest_kind kind,
                            const ncd_dataset *training, const uint32_t *folds,
                            ncd_error *err)
{
    *index = (struct ncd_overlap_index){
        .kind = kind, .training = training, .folds = folds};
    return ncd_digest_dataset(kind, training, &index->sorted, err);
}

void ncd_overlap_free(struct ncd_overlap_index *index)
{
    free(index->sorted);
    ncd_buf_free(&index->folded);
}

ncd_status ncd_overlap_count(struct ncd_overlap_index *index, ncd_text text,
                             uint32_t fold, size_t label, int correct,
                             ncd_overlap *counts, size_t *twin_out,
                             ncd_error *err)
{
    struct ncd_digest digest;
    size_t first, seen = 0, same_label = 0;
    if (ncd_digest_text(index->kind, text, &index->folded, &digest) != NCD_OK)
        return ncd_fail_nomem(err);
    size_t n =
        ncd_digest_find(index->sorted, index->training->n, &digest, &first);
    for (size_t i = first; i < first + n; i++) {
        size_t j = index->sorted[i].index;
        if (index->folds && index->folds[j] == fold)
            continue;
        if (seen++ == 0) /* equal digests are in the order of their texts */
            *twin_out = j;
        same_label += index->training->classes[j] == label;
    }
    counts->n += seen > 0;
    counts->n_same_label += same_label > 0;
    counts->n_rest += seen == 0;
    counts->n_rest_correct += seen == 0 && correct;
    return NCD_OK;
}
