/* SPDX-License-Identifier: MIT */
#ifndef NCD_DEFLATE_GUESS_H
#define NCD_DEFLATE_GUESS_H

#include "deflate_bound.h"

/*
 * Estimates in place of bounds, for searches that need not be exact. All in
 * whole numbers, so that they are the same everywhere.
 */

/*
 * The bits that a block takes beyond its symbols' entropy and extra bits: the
 * description of the trees, and what code lengths of whole bits waste. A plane
 * in what is known of the header without the trees, fitted to 167,000 pairs of
 * training texts of nine sets of many lengths and languages: it is one to two
 * bytes wrong, where the proven bound is six to twenty too low. It is lowered
 * by GUESS_MARGIN bits; with fewer, neighbours get lost
 * (tests/bench_agreement.c).
 */
enum { GUESS_MARGIN = 40 };

static inline uint32_t ncd_dheader_guess(const struct ncd_dheader *h,
                                         uint32_t n_lit)
{
    uint32_t n_used = 0;

    for (unsigned w = 0; w < 5; w++)
        n_used += (uint32_t)__builtin_popcountll(h->used[w]);
    uint32_t n_dist = (uint32_t)__builtin_popcountll(h->used_dist);
    uint32_t in_128ths = 236 * h->bits + 468 * h->gaps.zeros + 380 * n_used +
                         664 * n_dist + 7 * n_lit;
    uint32_t bits = in_128ths / 128, taken = 83 + GUESS_MARGIN;
    return bits > taken + h->bits ? bits - taken : h->bits;
}

#endif
