/* SPDX-License-Identifier: MIT */
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
#include <stdbool.h>

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

/* ---- header ----------------------------------------------------------- */

static void add_gap(struct ncd_dgaps *s, uint32_t run)
{
    s->long_gaps += run / 138;
    run %= 138;
    if (run < 3)
        s->zeros += run;
    else if (run <= 10)
        s->short_gaps++;
    else
        s->long_gaps++;
}

/*
 * The gaps before the last used symbol, found as pairs of edges in the bitmap.
 * They are coded the same whatever the lengths are.
 */
static void add_gaps(struct ncd_dgaps *s, const uint64_t *used,
                     unsigned n_words)
{
    uint32_t from = 0;   /* of the gap, which begins before symbol 0 */
    uint64_t before = 0; /* bit 0: whether the symbol before is used */

    for (unsigned w = 0; w < n_words; w++) {
        uint64_t edges = used[w] ^ (used[w] << 1 | before);
        for (; edges != 0; edges &= edges - 1) {
            uint32_t i = 64 * w + (uint32_t)__builtin_ctzll(edges);
            if ((used[w] >> (i % 64) & 1) == 0)
                from = i;
            else if (i > from)
                add_gap(s, i - from);
        }
        before = used[w] >> 63;
    }
}

/*
 * Four leaves of one depth: the heaviest weighs no more than the two lightest
 * together (see leaves_by_depth).
 */
static inline int may_be_equal(const uint16_t *c)
{
    uint32_t a = c[0] < c[1] ? c[0] : c[1], b = c[0] < c[1] ? c[1] : c[0];
    uint32_t d = c[2] < c[3] ? c[2] : c[3], e = c[2] < c[3] ? c[3] : c[2];
    uint32_t low = a < d ? a : d, mid = a < d ? d : a;
    uint32_t second = b < e ? b : e, top = b < e ? e : b;

    return top <= low + (mid < second ? mid : second);
}

/*
 * Clears in *sure_out the symbols whose lengths may be sent as repeats: the
 * second to fourth of four neighbours that may have equal lengths. (A repeat
 * covers at least three lengths equal to the one before.)
 */
static void drop_repeats(const uint16_t *counts, const uint64_t *used,
                         unsigned n_words, uint64_t *sure_out)
{
    uint64_t carry = 0;

    for (unsigned w = 0; w < n_words; w++) {
        uint64_t u = used[w], up = w + 1 < n_words ? used[w + 1] : 0;
        uint64_t four =
            u & (u >> 1 | up << 63) & (u >> 2 | up << 62) & (u >> 3 | up << 61);
        uint64_t start = 0;
        for (; four != 0; four &= four - 1) {
            unsigned i = (unsigned)__builtin_ctzll(four);
            if (may_be_equal(counts + 64 * w + i))
                start |= UINT64_C(1) << i;
        }
        uint64_t maybe = start << 1 | start << 2 | start << 3 | carry;
        carry = start >> 63 | start >> 62 | start >> 61;
        sure_out[w] = u & ~maybe;
    }
}

enum { SMALL = 64, MAX_GROUPS = 80 };

/* Symbols of equal count, by rising count. */
struct groups {
    uint32_t count[MAX_GROUPS + 1], size[MAX_GROUPS + 1];
    unsigned n;
};

/* False if there are too many to be worth it. */
static int group_counts(struct groups *g, const uint16_t *counts,
                        const uint64_t *sure, unsigned n_words)
{
    uint8_t of_count[SMALL] = {0};
    uint32_t large[24];
    uint64_t present = 0;
    unsigned n_large = 0;

    for (unsigned w = 0; w < n_words; w++)
        for (uint64_t u = sure[w]; u != 0; u &= u - 1) {
            uint32_t c = counts[64 * w + (unsigned)__builtin_ctzll(u)];
            if (c < SMALL) {
                of_count[c]++;
                present |= UINT64_C(1) << c;
            } else {
                unsigned j = n_large;
                if (n_large == sizeof large / sizeof *large)
                    return 0;
                for (; j > 0 && large[j - 1] > c; j--)
                    large[j] = large[j - 1];
                large[j] = c;
                n_large++;
            }
        }
    g->n = 0;
    for (; present != 0; present &= present - 1) {
        unsigned c = (unsigned)__builtin_ctzll(present);
        g->count[++g->n] = c;
        g->size[g->n] = of_count[c];
    }
    for (unsigned j = 0; j < n_large; j++)
        if (g->n > 0 && g->count[g->n] == large[j]) {
            g->size[g->n]++;
        } else {
            if (g->n == MAX_GROUPS)
                return 0;
            g->count[++g->n] = large[j];
            g->size[g->n] = 1;
        }
    return 1;
}

/*
 * At least the sum of k log2 k over the numbers k of leaves (of those grouped)
 * at each depth of an optimal tree.
 *
 * In an optimal tree no node weighs more than a node at a smaller depth (or
 * the two subtrees would be exchanged with profit). So no node at a depth
 * weighs more than any two brothers at this depth, their father being one
 * higher. In a tree by Huffman's algorithm brothers stand next to each other
 * in some order by weight (Gallager 1978), so that two lightest nodes of a
 * depth can be taken to be brothers: were the lightest, a, joined to one
 * heavier than the second lightest z, then z and its brother would stand
 * before a, and both weigh what a weighs. The two lightest leaves i and j of a
 * depth weigh at least that: no leaf there is heavier than i + j together.
 *
 * Depths thus cut the leaves, ordered by count, into ranges whose last count
 * is at most the sum of the first two. Leaves of equal count may be divided
 * between two ranges, and as k log k is convex, the most is had when as many as
 * can be are in one of them: all in the lower range; all in the upper one, if
 * its last count is at most twice theirs; or else one in the upper, if its last
 * count is at most theirs and the next together. best[i]: the most for the
 * groups 1 .. i; but_one[i]: the same without one leaf of group i.
 *
 * All this holds for any part of the leaves as well.
 */
struct cuts {
    uint32_t best[MAX_GROUPS + 1], but_one[MAX_GROUPS + 1];
};

/* The most with groups u .. i in one range, for all u, when `gone` leaves of
 * group i are elsewhere. */
static uint32_t best_cut(const struct ncd_dbound *b, const struct groups *g,
                         const struct cuts *c, unsigned i, uint32_t gone,
                         uint32_t *largest)
{
    uint32_t above = g->size[i] - gone, top = g->count[i];
    uint32_t most = c->best[i - 1] + b->low[above];

    *largest = above > *largest ? above : *largest;
    for (unsigned u = i - 1; u >= 1 && top <= g->count[u] + g->count[u + 1];
         u--) {
        bool whole = g->size[u] == 1 || top <= 2 * g->count[u];
        uint32_t size = above + (whole ? g->size[u] : 1);
        uint32_t rest = whole ? c->best[u - 1] : c->but_one[u];
        uint32_t v = rest + b->low[size];
        most = v > most ? v : most;
        *largest = size > *largest ? size : *largest;
        above += g->size[u];
    }
    return most;
}

static uint32_t leaves_by_depth(const struct ncd_dbound *b,
                                const struct groups *g, uint32_t *largest_out)
{
    struct cuts c;
    uint32_t largest = 0;

    c.best[0] = 0;
    for (unsigned i = 1; i <= g->n; i++) {
        c.best[i] = best_cut(b, g, &c, i, 0, &largest);
        c.but_one[i] = g->size[i] == 1 ? c.best[i - 1]
                                       : best_cut(b, g, &c, i, 1, &largest);
    }
    *largest_out = largest;
    /* Each look-up is up to three units low, for at most 15 depths. */
    return c.best[g->n] + 3 * 15;
}

static uint32_t popcount64(uint64_t v)
{
    return (uint32_t)__builtin_popcountll(v);
}

/*
 * The lengths of the run-length code are sent up to the last one used, in the
 * order 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1 15. A complete code of n
 * symbols has a length of at most log2 n; the distances have few symbols.
 */
static uint32_t least_order_bits(uint32_t n_dist)
{
    return 3 * (n_dist < 4 ? 18u : n_dist < 8 ? 16u : n_dist < 16 ? 14u : 12u);
}

/* A tree deeper than 15 needs F(18) = 2,584 symbols and is not optimal. */
enum { NEVER_TOO_DEEP = 2583 };

void ncd_dheader_begin(struct ncd_dheader *h, const struct ncd_dcounts *counts)
{
    struct ncd_dgaps s = {0, 0, 0};

    h->counts = counts;
    h->used_dist = ncd_dcounts_used(counts, h->used);
    add_gaps(&s, h->used, 5);
    add_gaps(&s, &h->used_dist, 1);
    h->gaps = s;
    h->bits = 14 + least_order_bits(popcount64(h->used_dist)) +
              3 * s.short_gaps + 7 * s.long_gaps;
}

uint32_t ncd_dheader_bits(const struct ncd_dheader *h,
                          const struct ncd_dbound *b, uint32_t n_lit)
{
    uint64_t sure[5], sure_dist;
    struct groups g;
    uint32_t largest = 0, sum, total, n_dist;

    if (n_lit > NEVER_TOO_DEEP)
        return h->bits;
    drop_repeats(h->counts->lit, h->used, 5, sure);
    drop_repeats(h->counts->dist, &h->used_dist, 1, &sure_dist);
    if (!group_counts(&g, h->counts->lit, sure, 5))
        return h->bits;
    sum = leaves_by_depth(b, &g, &largest);
    total = n_dist = popcount64(sure_dist);
    for (unsigned w = 0; w < 5; w++)
        total += popcount64(sure[w]);
    /* Lengths of distances at best join the fullest depth: k log2 k grows
       faster the larger k, so one place for all, the largest, is the most. */
    sum += b->low[largest + n_dist] + 3 - b->low[largest];
    sum += b->low[h->gaps.zeros] + b->low[h->gaps.short_gaps] +
           b->low[h->gaps.long_gaps] + 9;
    total += h->gaps.zeros + h->gaps.short_gaps + h->gaps.long_gaps;
    if (b->low[total] <= sum)
        return h->bits;
    return h->bits + ((b->low[total] - sum) >> NCD_DBOUND_SHIFT);
}
