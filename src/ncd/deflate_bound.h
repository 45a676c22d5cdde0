#ifndef NCD_DEFLATE_BOUND_H
#define NCD_DEFLATE_BOUND_H

#include "deflate_trees.h"

enum {
    NCD_DBOUND_SHIFT = 12,      /* fixed point of the weights */
    NCD_DBOUND_MAX = 16384      /* largest count of a block */
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

/* At most the bits of the description of the trees for these counts. */
uint32_t ncd_dbound_header(const struct ncd_dbound *b,
                           const struct ncd_dcounts *counts);

#endif
