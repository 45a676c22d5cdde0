/* SPDX-License-Identifier: MIT */
/* How neighbours elect a label; the rule is stated at ncd_vote in ncdclass.h.
 */
#ifndef NCD_KNN_VOTE_H
#define NCD_KNN_VOTE_H

#include "text/dataset.h"

struct ncd_ranked {
    uint32_t class;
    double share; /* of all votes, in [0, 1] */
};

/*
 * Ranks the labels of `n` neighbours, nearest first, by their share of the
 * vote; ties go to the label of the nearer neighbour. ranked_out has room for n
 * entries. Returns how many there are.
 */
size_t ncd_vote_rank(const ncd_dataset *training, const ncd_neighbor *neighbors,
                     size_t n, ncd_vote vote, struct ncd_ranked *ranked_out);

#endif
