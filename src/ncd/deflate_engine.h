/* SPDX-License-Identifier: MIT */
#ifndef NCD_DEFLATE_ENGINE_H
#define NCD_DEFLATE_ENGINE_H

/*
 * What the parts of the engine share: its state, zlib's constants, and the
 * small functions on the hot path. Not for users of the engine.
 */

#include "deflate_bound.h"
#include "deflate_size.h"
#include "deflate_trees.h"

#include <string.h>
#include <zlib.h>

enum {
    MIN_MATCH = 3,
    MAX_MATCH = 258,
    HASH_SIZE = 1 << 15,
    HASH_MASK = HASH_SIZE - 1,
    MIN_GRAM = 3, /* our own chains: of 3, 4, 5 and 6 bytes */
    MAX_GRAM = 6,
    N_GRAMS = MAX_GRAM - MIN_GRAM + 1,
    MAX_GRAM_BITS = 14,
    TOO_FAR = 4096, /* 3-byte matches from farther are dropped */
    MAX_DIST = 32768 - 262,
    /* zlib slides its window at 32768 + MAX_DIST; below, all is one buffer. */
    MAX_TOTAL = 32768 + MAX_DIST - 1,
    BLOCK_SYMBOLS = 16383, /* memLevel 8 */
    PAD = 16               /* room for 8-byte loads behind a text */
};

/* zlib's lazy matching parameters of one level. */
struct tuning {
    uint16_t good, lazy, nice, chain;
};

/* A match found; len 0 stands for none. */
struct match {
    uint32_t len, dist;
};

/* The parse between two symbols. */
struct state {
    uint32_t pos;         /* next position to look at */
    struct match pending; /* match at pos - 1, not yet written */
    uint32_t n_symbols;   /* in this block */
    uint32_t block_start;
    uint64_t bits; /* in finished blocks */
};

/* Chains of x's positions by a hash of 3, 4, 5 or 6 bytes. */
struct grams {
    uint16_t head[1 << MAX_GRAM_BITS];
    uint16_t *prev; /* MAX_TOTAL + 2 */
    uint8_t *mixed; /* chain from here has unequal bytes */
};

struct ncd_dengine {
    const struct ncd_dpath *path;
    struct tuning tune;
    int level;
    bool use_zlib;
    struct ncd_dstats stats;

    /* The prefix x . ' ', and room for y behind it. */
    uint8_t *buf;      /* MAX_TOTAL + MAX_MATCH + 2 * PAD */
    uint8_t *long_buf; /* x . ' ' . y for zlib; grows */
    size_t long_capacity;
    size_t m; /* length of x . ' ' */
    uint32_t longest_chain;
    bool too_long; /* m above MAX_TOTAL: all goes to zlib */

    /* Parse of the prefix up to the resume point. */
    struct state at;
    struct ncd_dcounts prefix_counts;
    uint32_t prefix_weight, prefix_n_lit, prefix_n_match;
    bool guesses;              /* a limit is held against estimates */
    struct ncd_dcounts counts; /* of the pair under way */

    struct ncd_dbound bound;
    uint8_t len_code[256]; /* of length - 3 */

    /* Positions of x by zlib's hash of three bytes; 0 = none (position 0
       never matches). */
    uint16_t head[HASH_SIZE];
    uint16_t *prev; /* MAX_TOTAL + 2 */
    uint16_t *nth;  /* position's number in its chain */
    struct grams grams[N_GRAMS];
    unsigned gram_shift; /* 64 - bits of their hash */

    /* By the hash of three bytes: which bytes follow them in x, one bit for
     * each class of bytes (byte_class). */
    uint8_t follow[HASH_SIZE];

    /* Of y's positions (deflate_hits.h), zeros behind. */
    uint8_t *three, *four;
    uint8_t *hint, *most;
    uint64_t *begins; /* bit q: a match may begin */
    uint64_t *soft;   /* a match may cover it; others are literals */

    z_stream zs;
    bool zs_open;
    uint8_t *out;
    size_t out_capacity;
};

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline unsigned ctz64(uint64_t v)
{
    return (unsigned)__builtin_ctzll(v);
}

/* Index of the first differing byte of two unequal 8-byte loads. */
static inline unsigned first_difference(uint64_t x)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (unsigned)__builtin_clzll(x) >> 3;
#else
    return ctz64(x) >> 3;
#endif
}

/* Length of the common start of a and b, at most max. Reads 7 bytes more. */
static inline uint32_t common_length(const uint8_t *a, const uint8_t *b,
                                     uint32_t max)
{
    for (uint32_t i = 0; i < max; i += 8) {
        uint64_t x = load64(a + i) ^ load64(b + i);
        if (x != 0) {
            i += first_difference(x);
            return i < max ? i : max;
        }
    }
    return max;
}

/* zlib's hash for memLevel 8: 15 bits, shift 5, so three bytes exactly. */
static inline uint32_t hash3(const uint8_t *p)
{
    return ((uint32_t)p[0] << 10 ^ (uint32_t)p[1] << 5 ^ p[2]) & HASH_MASK;
}

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Of the first n of eight bytes loaded, by multiplication (Knuth). */
static inline uint32_t hash_gram(uint64_t bytes, unsigned n, unsigned shift)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes >>= 64 - 8 * n;
#else
    bytes <<= 64 - 8 * n;
#endif
    return (uint32_t)(bytes * UINT64_C(0x9e3779b97f4a7c15) >> shift);
}

static inline void set_bit(uint64_t *bits, uint32_t i)
{
    bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline void insert(struct ncd_dengine *e, uint32_t pos, uint32_t hash)
{
    e->prev[pos] = e->head[hash];
    e->head[hash] = (uint16_t)pos;
}

/* Whether a and b agree in their first n bytes, 1 to 7. */
static inline uint32_t same(uint64_t a, uint64_t b, unsigned n)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (a ^ b) >> (64 - 8 * n) == 0;
#else
    return (a ^ b) << (64 - 8 * n) == 0;
#endif
}

/* Enters position `pos` of e->buf into the chains of n bytes, 3 to 6. */
static inline void insert_gram(struct ncd_dengine *e, unsigned n, uint32_t pos)
{
    struct grams *g = &e->grams[n - MIN_GRAM];
    uint64_t bytes = load64(e->buf + pos);
    uint32_t hash = hash_gram(bytes, n, e->gram_shift), old = g->head[hash];

    g->mixed[pos] = old != 0 && (g->mixed[old] != 0 ||
                                 !same(load64(e->buf + old), bytes, n));
    g->prev[pos] = (uint16_t)old;
    g->head[hash] = (uint16_t)pos;
}

/* One of eight bits for a byte, such that common letters spread evenly. */
static inline uint8_t byte_class(uint8_t byte)
{
    return (uint8_t)(1u << (uint8_t)(byte * 0x9du + 0x2fu) / 32);
}

/*
 * Distance codes: two per power of two from 4 up; a code of k - 1 extra bits
 * covers the distances whose d - 1 has its top bit at k.
 */
static inline void count_match(const struct ncd_dengine *e,
                               struct ncd_dcounts *c, struct match m)
{
    uint32_t l = m.len - MIN_MATCH, d = m.dist - 1;
    uint32_t lc = e->len_code[l];

    c->lit[257 + lc]++;
    if (lc >= 8 && lc < 28)
        c->extra_bits += (lc >> 2) - 1;
    if (d < 4) {
        c->dist[d]++;
    } else {
        uint32_t k = 31u - (uint32_t)__builtin_clz(d);
        c->dist[2 * k + (d >> (k - 1) & 1)]++;
        c->extra_bits += k - 1;
    }
}

/*
 * Walks the chain from `cur` for a match of `scan` longer than `best`, as
 * zlib's longest_match does: most recent first, strictly longer wins, stop at
 * `nice`, after `budget` candidates or at a position not above `limit`. `max`
 * is the most that may match (258 or what is left of the input). Call with
 * best < max. Candidates are compared in `base`, of which at least max + 7
 * bytes from any candidate are readable. The result's distance is counted
 * from `pos`.
 */
static inline struct match walk(const uint8_t *base, const uint16_t *prev,
                                uint32_t cur, uint32_t pos, const uint8_t *scan,
                                uint32_t best, uint32_t max, uint32_t nice,
                                uint32_t limit, uint32_t budget)
{
    struct match found = {0, 0};
    uint32_t stop = min_u32(nice, max);

    do {
        const uint8_t *c = base + cur;
        /* The bytes that would make it longer first: they differ mostly. */
        if (c[best] == scan[best] && c[best - 1] == scan[best - 1]) {
            uint32_t len = common_length(c, scan, max);
            if (len > best) {
                best = len;
                found.len = len;
                found.dist = pos - cur;
                if (len >= stop)
                    break;
            }
        }
    } while ((cur = prev[cur]) > limit && --budget != 0);
    return found;
}

static inline bool too_far(struct match m)
{
    return m.len == MIN_MATCH && m.dist > TOO_FAR;
}

/* zlib's search at `pos` of e->buf[0 .. total) in complete chains. */
struct match ncd_dengine_search(const struct ncd_dengine *e, uint32_t total,
                                uint32_t pos, uint32_t pending_len);

/* One step of zlib's lazy evaluation in e->buf[0 .. total). */
void ncd_dengine_step(struct ncd_dengine *e, struct state *s, uint32_t total);

/* Closes the last block; the size of the whole stream in bytes. */
size_t ncd_dengine_finish(struct ncd_dengine *e, struct state *s,
                          uint32_t total);

/*
 * Enters all positions of `text` into the chains of three bytes, which are
 * emptied first. Returns the length of the longest.
 */
uint32_t ncd_dengine_build_chains(struct ncd_dengine *e, const uint8_t *text,
                                  uint32_t n);

/* Closes the block at position `end`, where another begins. */
void ncd_dengine_close_block(struct ncd_dengine *e, struct state *s,
                             uint32_t end);

/* The size of x . ' ' . y; NCD_DSIZE_PRUNED if not below limit. */
size_t ncd_dengine_parse(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                         size_t limit);

#endif
