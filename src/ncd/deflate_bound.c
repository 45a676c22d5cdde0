/*
 * Lower bounds on what a block costs, without its trees.
 *
 * Body. A prefix code for symbols with counts n_i, N in all, takes at least
 * N log2 N - sum n_i log2 n_i bits (Shannon). Every term is looked up; the
 * sum over the symbols is kept up to date while symbols are counted, by adding
 * step[n_i] whenever a count goes from n_i to n_i + 1. The cost of the best
 * code never falls when a count rises (any code for the larger counts costs no
 * less than the same code on the smaller ones), so the bound holds for the
 * whole block from any part of its symbols.
 */
#include "deflate_bound.h"

#include <math.h>
#include <string.h>

/*
 * The tables differ from the truth by at least one unit to the safe side,
 * where log2 of any C library is wrong by a millionth of one: n log2 n is at
 * most 2^14 * 14 * 2^12 < 2^30, a double has 53 bits. For the same reason sums
 * of both estimates fit 32 bits: the n_i of an alphabet add up to at most 2^14
 * and n log2 n is superadditive, 288 + 32 roundings of two units aside.
 */
void ncd_dbound_init(struct ncd_dbound *b)
{
    double one = (double)(1 << NCD_DBOUND_SHIFT);
    uint32_t before = 0;

    b->low[0] = 0;
    b->low[1] = 0;
    b->step[0] = 0;
    for (uint32_t n = 2; n <= NCD_DBOUND_MAX; n++) {
        uint32_t f = (uint32_t)(n * log2(n) * one);
        b->low[n] = f - 1;
        b->step[n - 1] = (uint16_t)(f + 2 - before);
        before = f + 2;
    }
}

uint32_t ncd_dbound_weight(const struct ncd_dbound *b,
                           const struct ncd_dcounts *counts)
{
    uint32_t weight = 0;

    for (unsigned s = 0; s < NCD_DLIT; s++)
        if (counts->lit[s] > 1)
            weight += b->low[counts->lit[s]] + 3;
    for (unsigned s = 0; s < NCD_DDIST; s++)
        if (counts->dist[s] > 1)
            weight += b->low[counts->dist[s]] + 3;
    return weight;
}

uint32_t ncd_dbound_header(const struct ncd_dbound *b,
                           const struct ncd_dcounts *counts)
{
    (void)b;
    (void)counts;
    return 14 + 12;
}
