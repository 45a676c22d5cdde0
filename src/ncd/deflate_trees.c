/* SPDX-License-Identifier: MIT */
/*
 * What a DEFLATE block costs, without writing it.
 *
 * zlib compares three ways to write a block (stored, fixed trees, own trees)
 * and takes the smallest in whole bytes. The third needs the very code lengths
 * zlib would choose: a Huffman code's total length does not depend on how ties
 * are broken, but *which* symbol gets the longer code does, and the lengths
 * are themselves sent run-length coded. So the binary heap here moves elements
 * exactly as zlib's does: ordered by (count, depth of the subtree), equal keys
 * counting as "smaller" on the side that is asked about.
 *
 * What differs is the layout. Only used symbols take part, and a heap element
 * is one 32-bit word, count << 17 | depth << 12 | node, so that the comparison
 * "key(a) <= key(b)" is a <= (b | 0xfff). Counts add up to at most 16,384
 * (2^14: 16,383 symbols and the end of block), nodes to 2 * 286, and a tree of
 * depth d weighs at least the Fibonacci number F(d+2), so depth stays below
 * 21: all three fields fit.
 */
#include "deflate_trees.h"

#if defined(__SSE2__) && !defined(NCD_NO_SIMD)
#include <emmintrin.h>
#endif

enum {
    NODE_BITS = 12,
    NODE_MASK = (1 << NODE_BITS) - 1,
    DEPTH_MASK = 31 << NODE_BITS,
    COUNT_SHIFT = 17,
    MAX_LEAVES = 286,
    MAX_SLOTS = 512, /* of a heap, down to whole levels */
    N_BL = 19
};

/*
 * Huffman tree of one alphabet. Leaves are the used symbols, numbered in
 * symbol order (one that had to be invented may stand out of order).
 */
struct tree {
    unsigned n;
    int max_code;  /* last symbol with a code */
    uint32_t bits; /* sum of count * length, inventions free */
    uint16_t symbol[MAX_LEAVES + 2];
    uint16_t count[MAX_LEAVES + 2];
    uint8_t len[2 * MAX_LEAVES]; /* of leaves, then internal nodes */
    uint16_t left[MAX_LEAVES], right[MAX_LEAVES]; /* in removal order */
    uint32_t heap[MAX_SLOTS];                     /* from 1 on */
};

static inline unsigned log2_floor(unsigned n)
{
    return 31u - (unsigned)__builtin_clz(n);
}

/* Sinks `v` from slot k of a heap of n. */
static inline void sink_from(uint32_t *heap, unsigned k, unsigned n, uint32_t v)
{
    for (unsigned j = 2 * k; j <= n; j = 2 * k) {
        j += j < n && heap[j + 1] <= (heap[j] | NODE_MASK);
        if (v <= (heap[j] | NODE_MASK))
            break;
        heap[k] = heap[j];
        k = j;
    }
    heap[k] = v;
}

/*
 * The same from the root, `levels` = log2 n levels deep, without a branch on
 * what is found: the lighter of v and the smaller son stays, the other is
 * carried on. Once v has found its place, what is carried is a son that stays
 * where it was (no father is heavier than his sons), and so on down. Slots
 * behind the last one must hold UINT32_MAX, as far as the deepest level.
 */
static inline void sink_root(uint32_t *heap, unsigned levels, uint32_t v)
{
    unsigned k = 1;

    for (unsigned l = 0; l < levels; l++) {
        uint32_t a = heap[2 * k], b = heap[2 * k + 1];
        uint32_t right = b <= (a | NODE_MASK);
        uint32_t son = a ^ ((a ^ b) & (0 - right));
        uint32_t stays = 0 - (uint32_t)(v <= (son | NODE_MASK));
        uint32_t swap = (v ^ son) & stays;
        heap[k] = son ^ swap;
        v ^= swap;
        k = 2 * k + right;
    }
    heap[k] = v;
}

static inline void add_leaf(struct tree *t, unsigned symbol, unsigned count)
{
    unsigned i = t->n++;

    t->symbol[i] = (uint16_t)symbol;
    t->count[i] = (uint16_t)count;
    t->heap[i + 1] = (uint32_t)count << COUNT_SHIFT | i;
}

/* Bit i: freq[i] != 0, for 64 counts. */
static inline uint64_t used64(const uint16_t *freq)
{
    uint64_t used = 0;
#if defined(__SSE2__) && !defined(NCD_NO_SIMD)
    const __m128i zero = _mm_setzero_si128();
    for (unsigned i = 0; i < 64; i += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(freq + i));
        __m128i b =
            _mm_loadu_si128((const __m128i *)(const void *)(freq + i + 8));
        __m128i z =
            _mm_packs_epi16(_mm_cmpeq_epi16(a, zero), _mm_cmpeq_epi16(b, zero));
        used |= (uint64_t)(~_mm_movemask_epi8(z) & 0xffff) << i;
    }
#else
    for (unsigned i = 0; i < 64; i++)
        used |= (uint64_t)(freq[i] != 0) << i;
#endif
    return used;
}

/* Fills 5 words for the literals and lengths and returns that of distances. */
uint32_t ncd_dcounts_used(const struct ncd_dcounts *counts, uint64_t used[5])
{
    uint32_t dist = 0;

    for (unsigned w = 0; w < 5; w++)
        used[w] = used64(counts->lit + 64 * w);
    for (unsigned i = 0; i < NCD_DDIST; i++)
        dist |= (uint32_t)(counts->dist[i] != 0) << i;
    return dist;
}

/*
 * The leaves in symbol order. Like zlib, a tree always gets two codes: a
 * missing one is invented at symbol max_code + 1 while that is below 3, else
 * at 0. Its count of 1 costs nothing: zlib takes one bit off beforehand.
 */
static void collect_leaves(struct tree *t, const uint16_t *freq,
                           const uint64_t *used, unsigned n_words)
{
    t->n = 0;
    t->bits = 0;
    for (unsigned w = 0; w < n_words; w++)
        for (uint64_t u = used[w]; u != 0; u &= u - 1) {
            unsigned s = 64 * w + (unsigned)__builtin_ctzll(u);
            add_leaf(t, s, freq[s]);
        }
    t->max_code = t->n == 0 ? -1 : t->symbol[t->n - 1];
    while (t->n < 2) {
        add_leaf(t, t->max_code < 2 ? (unsigned)++t->max_code : 0, 1);
        t->bits--;
    }
}

/*
 * Merges until one node is left, two removals a time. Internal node j takes
 * number n + j; its weight is a part of the total cost, since a code length
 * is the number of internal nodes above the leaf.
 */
static void merge_all(struct tree *t)
{
    uint32_t *heap = t->heap;
    unsigned n = t->n;

    for (unsigned i = n + 1, end = 2u << log2_floor(n); i < end; i++)
        heap[i] = UINT32_MAX;
    for (unsigned k = n / 2; k >= 1; k--)
        sink_from(heap, k, n, heap[k]);
    for (unsigned j = 0; j + 1 < t->n; j++) {
        uint32_t a = heap[1], last = heap[n];
        heap[n--] = UINT32_MAX;
        unsigned levels = log2_floor(n);
        sink_root(heap, levels, last);
        uint32_t c = heap[1];
        uint32_t count = (a >> COUNT_SHIFT) + (c >> COUNT_SHIFT);
        uint32_t da = a & DEPTH_MASK, dc = c & DEPTH_MASK;
        uint32_t depth = (da >= dc ? da : dc) + (1u << NODE_BITS);
        t->left[j] = (uint16_t)(a & NODE_MASK);
        t->right[j] = (uint16_t)(c & NODE_MASK);
        t->bits += count;
        sink_root(heap, levels, count << COUNT_SHIFT | depth | (t->n + j));
    }
}

/*
 * zlib's repair of a tree deeper than max_len. Nodes are visited from the
 * root down in the reverse of the order of removal, depths cut at max_len;
 * every node cut, internal ones too, counts towards the overflow. Then one
 * leaf at a time moves down from the deepest level above the limit, and
 * lengths are dealt out again, the longest to the symbols removed first.
 */
static void limit_lengths(struct tree *t, unsigned max_len)
{
    unsigned per_len[16] = {0};
    int overflow = 0;
    unsigned n = t->n;

    for (unsigned j = n - 1; j-- > 0;)
        for (unsigned side = 0; side < 2; side++) {
            unsigned node = side == 0 ? t->right[j] : t->left[j];
            unsigned d = t->len[n + j] + 1u;
            if (d > max_len) {
                d = max_len;
                overflow++;
            }
            t->len[node] = (uint8_t)d;
            if (node < n)
                per_len[d]++;
        }
    for (; overflow > 0; overflow -= 2) {
        unsigned d = max_len - 1;
        while (per_len[d] == 0)
            d--;
        per_len[d]--;
        per_len[d + 1] += 2;
        per_len[max_len]--;
    }
    t->bits = 0;
    unsigned d = max_len;
    for (unsigned j = 0; j + 1 < n; j++)
        for (unsigned side = 0; side < 2; side++) {
            unsigned node = side == 0 ? t->left[j] : t->right[j];
            if (node >= n)
                continue;
            while (per_len[d] == 0)
                d--;
            per_len[d]--;
            t->len[node] = (uint8_t)d;
            t->bits += (uint32_t)t->count[node] * d;
        }
}

/* The root's depth in the heap's key is that of the deepest leaf. */
static void build_tree(struct tree *t, const uint16_t *freq,
                       const uint64_t *used, unsigned n_words, unsigned max_len)
{
    collect_leaves(t, freq, used, n_words);
    merge_all(t);
    t->len[2 * t->n - 2] = 0;
    for (unsigned j = t->n - 1; j-- > 0;) {
        uint8_t d = (uint8_t)(t->len[t->n + j] + 1);
        t->len[t->left[j]] = d;
        t->len[t->right[j]] = d;
    }
    if ((t->heap[1] & DEPTH_MASK) >> NODE_BITS > max_len)
        limit_lengths(t, max_len);
}

/* Run-length codes a gap of unused symbols as zlib does. */
static inline void count_gap(uint16_t *bl, unsigned run)
{
    for (; run >= 138; run -= 138)
        bl[18]++;
    if (run < 3)
        bl[0] = (uint16_t)(bl[0] + run);
    else
        bl[run <= 10 ? 17 : 18]++;
}

/* The same for equal lengths in a row; 3 to 6 repeats may follow the first. */
static inline void count_run(uint16_t *bl, unsigned len, unsigned run)
{
    bl[len]++;
    for (run--; run >= 6; run -= 6)
        bl[16]++;
    if (run < 3)
        bl[len] = (uint16_t)(bl[len] + run);
    else
        bl[16]++;
}

static void count_lengths(uint16_t *bl, struct tree *t)
{
    unsigned next = 0, n = t->n;

    if (t->symbol[n - 1] == 0) { /* invented after the only other */
        t->symbol[n - 1] = t->symbol[0];
        t->symbol[0] = 0;
        uint8_t len = t->len[n - 1];
        t->len[n - 1] = t->len[0];
        t->len[0] = len;
    }
    for (unsigned i = 0; i < n;) {
        unsigned start = i, len = t->len[i];
        if (t->symbol[i] != next)
            count_gap(bl, t->symbol[i] - next);
        do
            next = t->symbol[i++] + 1u;
        while (i < n && t->len[i] == len && t->symbol[i] == next);
        count_run(bl, len, i - start);
    }
}

/* Bits of the description of both trees in front of a block; t is scratch. */
static uint32_t header_bits(struct tree *lit, struct tree *dist, struct tree *t)
{
    static const uint8_t order[N_BL] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                        11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint16_t bl[N_BL] = {0};
    uint64_t used = 0, sent = 0;
    unsigned last = N_BL - 1;

    count_lengths(bl, lit);
    count_lengths(bl, dist);
    for (unsigned i = 0; i < N_BL; i++)
        used |= (uint64_t)(bl[i] != 0) << i;
    build_tree(t, bl, &used, 1, 7);
    for (unsigned i = 0; i < t->n; i++)
        sent |= UINT64_C(1) << t->symbol[i];
    while (last > 3 && (sent >> order[last] & 1) == 0)
        last--;
    return 5 + 5 + 4 + 3 * (last + 1) + t->bits + 2u * bl[16] + 3u * bl[17] +
           7u * bl[18];
}

/* Bits of the body under the fixed trees. */
static uint64_t fixed_tree_bits(const struct ncd_dcounts *counts,
                                const struct tree *lit)
{
    uint64_t bits = counts->extra_bits;

    for (unsigned i = 0; i < lit->n; i++) {
        unsigned s = lit->symbol[i];
        unsigned len = s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8;
        bits += len * counts->lit[s];
    }
    for (unsigned s = 0; s < NCD_DDIST; s++)
        bits += 5u * counts->dist[s];
    return bits;
}

uint64_t ncd_dblock_bits(const struct ncd_dcounts *counts, size_t block_nbytes,
                         uint64_t bits_before)
{
    struct tree lit, dist, bl;
    uint64_t used[5], used_dist, own_bits, fixed_bits, own_nbytes, fixed_nbytes;

    used_dist = ncd_dcounts_used(counts, used);
    build_tree(&lit, counts->lit, used, 5, 15);
    build_tree(&dist, counts->dist, &used_dist, 1, 15);
    own_bits = (uint64_t)lit.bits + dist.bits + counts->extra_bits +
               header_bits(&lit, &dist, &bl);
    fixed_bits = fixed_tree_bits(counts, &lit);
    own_nbytes = (own_bits + 3 + 7) >> 3;
    fixed_nbytes = (fixed_bits + 3 + 7) >> 3;
    /* Ties go to the fixed trees, and to a stored block before both. */
    uint64_t best_nbytes =
        fixed_nbytes <= own_nbytes ? fixed_nbytes : own_nbytes;
    if (block_nbytes + 4 <= best_nbytes)
        return ((bits_before + 3 + 7) & ~UINT64_C(7)) + 32 +
               8 * (uint64_t)block_nbytes;
    return bits_before + 3 +
           (fixed_nbytes <= own_nbytes ? fixed_bits : own_bits);
}
