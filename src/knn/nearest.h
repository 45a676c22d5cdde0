/* SPDX-License-Identifier: MIT */
/*
 * The k nearest so far. Neighbours are totally ordered by (distance, index), so
 * the set does not depend on the order in which they are offered.
 */
#ifndef NCD_KNN_NEAREST_H
#define NCD_KNN_NEAREST_H

#include "ncdclass.h"

struct ncd_nearest {
    ncd_neighbor *items; /* [k], the first n in use, nearest first */
    size_t n, k;
};

/* Keeps the candidate if it is among the k nearest. */
void ncd_nearest_offer(struct ncd_nearest *nearest, ncd_neighbor candidate);

#endif
