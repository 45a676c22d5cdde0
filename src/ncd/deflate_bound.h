/* SPDX-License-Identifier: MIT */
#ifndef NCD_DEFLATE_BOUND_H
#define NCD_DEFLATE_BOUND_H

#include "deflate_trees.h"

enum {
    NCD_DBOUND_SHIFT = 12, /* fixed point of the weights */
    NCD_DBOUND_MAX = 16384 /* largest count of a block */
};

/*
 * Tables of n log2 n, rounded so that a bound stays one.
 * step[n]: what one more raises the upper estimate for n by.
 * low[n]: lower estimate for n.
 */
struct ncd_dbound {
    uint16_t step[NCD_DBOUND_MAX];
    uint32_t low[NCD_DBOUND_MAX + 1];
};

void ncd_dbound_init(struct ncd_dbound *b);

/* Sum of the upper estimates over all counts: the weight of the counts. */
uint32_t ncd_dbound_weight(const struct ncd_dbound *b,
                           const struct ncd_dcounts *counts);

/*
 * At most the bits of the symbols (without extra bits) under any two prefix
 * codes, for counts of the given weight with n_lit and n_dist symbols.
 */
static inline uint32_t ncd_dbound_body(const struct ncd_dbound *b,
                                       uint32_t weight, uint32_t n_lit,
                                       uint32_t n_dist)
{
    uint32_t total = b->low[n_lit] + b->low[n_dist];
    uint32_t one = UINT32_C(1) << NCD_DBOUND_SHIFT;

    return total <= weight ? 0 : (total - weight + one - 1) >> NCD_DBOUND_SHIFT;
}

/* Codes for gaps of unused symbols in a header: 0, 17 and 18. */
struct ncd_dgaps {
    uint32_t zeros, short_gaps, long_gaps;
};

/* A bound on the description of the trees for `counts`, in two steps. */
struct ncd_dheader {
    const struct ncd_dcounts *counts;
    uint64_t used[5], used_dist;
    struct ncd_dgaps gaps;
    uint32_t bits; /* after the first step: at most the true bits */
};

/* At most the bits of any header. */
enum { NCD_DHEADER_LEAST = 14 + 36 };

/* First step: what is sure whatever the lengths are. */
void ncd_dheader_begin(struct ncd_dheader *h, const struct ncd_dcounts *counts);

/*
 * Second step, dearer and tighter: at most the true bits. n_lit: literals,
 * lengths and the end of the block counted.
 */
uint32_t ncd_dheader_bits(const struct ncd_dheader *h,
                          const struct ncd_dbound *b, uint32_t n_lit);

#endif
