/* SPDX-License-Identifier: MIT */
#ifndef NCD_DEFLATE_HITS_H
#define NCD_DEFLATE_HITS_H

/*
 * What x may offer to the positions of y, for all of them at once and without
 * looking at x: one look-up of a hash a position, then arithmetic on bytes,
 * which compilers turn into vectors. What is said is an upper estimate: a hash
 * may be x's by chance, but no match is missed. The parse looks at x itself,
 * at the few positions where it matters.
 *
 * Lengths are kept less 2, in a byte: 0 stands for no match, 255 for 257 or
 * 258. Of a position q:
 *   three, four  0xff: x may have the three (four) bytes there;
 *   hint         length less 2 of the match x may have, HINT_LONG: 6 or more;
 *   most         the larger of hint and what y itself has.
 */
#include "deflate_engine.h"

#if defined(__SSE2__) && !defined(NCD_NO_SIMD)
#include <emmintrin.h>
#endif

enum { HINT_LONG = 4 };

/* The top bits of 64 bytes as a word. */
static inline uint64_t top_bits(const uint8_t *bytes)
{
    uint64_t word = 0;
#if defined(__SSE2__) && !defined(NCD_NO_SIMD)
    for (unsigned i = 0; i < 64; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
        word |= (uint64_t)(unsigned)_mm_movemask_epi8(v) << i;
    }
#else
    for (unsigned i = 0; i < 64; i++)
        word |= (uint64_t)(bytes[i] >> 7) << i;
#endif
    return word;
}

/* What follows in x, for 64 positions of y from t on. Reads t[0 .. 65]. */
static inline void look_up64(const uint8_t *restrict follow,
                             const uint8_t *restrict t, uint8_t *restrict found)
{
    uint16_t hash[64];

    for (unsigned i = 0; i < 64; i++)
        hash[i] =
            (uint16_t)((t[i] << 10 ^ t[i + 1] << 5 ^ t[i + 2]) & HASH_MASK);
    for (unsigned i = 0; i < 64; i++)
        found[i] = follow[hash[i]];
}

/* From what was looked up (in `three`). next: y's classes of bytes. */
static inline void split64(uint8_t *restrict three, uint8_t *restrict four,
                           const uint8_t *restrict next)
{
    for (unsigned i = 0; i < 64; i++)
        four[i] = (uint8_t)(0 - ((three[i] & next[i]) != 0));
    for (unsigned i = 0; i < 64; i++)
        three[i] = (uint8_t)(0 - (three[i] != 0));
}

/* A match of four bytes is one of three, twice. */
static inline void narrow(uint8_t *restrict four, const uint8_t *restrict three,
                          uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        four[i] &= three[i] & three[i + 1];
}

/* Hints of 64 positions and whether a match may begin there. */
static inline uint64_t hint64(const uint8_t *restrict three,
                              const uint8_t *restrict four,
                              const uint8_t *restrict own,
                              uint8_t *restrict hint, uint8_t *restrict most)
{
    uint8_t begins[64];

    for (unsigned i = 0; i < 64; i++) {
        uint8_t five = four[i] & four[i + 1], six = five & four[i + 2];
        uint8_t h = (uint8_t)((three[i] & 1) + (four[i] & 1) + (five & 1) +
                              (six & 1));
        hint[i] = h;
        most[i] = h > own[i] ? h : own[i];
    }
    for (unsigned i = 0; i < 64; i++)
        begins[i] = most[i] != 0 ? 0x80 : 0;
    return top_bits(begins);
}

static inline void mark_crossings(uint8_t *three, uint8_t *four,
                                  const uint64_t *cross, uint32_t n)
{
    for (uint32_t w = 0; w * 64 < n; w++)
        for (uint64_t c = cross[w]; c != 0; c &= c - 1) {
            three[w * 64 + ctz64(c)] = 0xff;
            four[w * 64 + ctz64(c)] = 0xff;
        }
}

/*
 * Fills the arrays. The last positions have no three or four bytes; what
 * stands behind the text may look like a hit and is struck out.
 */
static inline void find_hints(struct ncd_dengine *e,
                              const struct ncd_dsuffix *y, bool crossing)
{
    uint32_t n = (uint32_t)y->n, end = (n + 63) / 64 * 64;
    uint32_t last3 = n < 3 ? 0 : n - 2, last4 = n < 4 ? 0 : n - 3;
    uint64_t before = 0;

    for (uint32_t i = 0; i < n; i += 64)
        look_up64(e->follow, y->text + i, e->three + i);
    for (uint32_t i = 0; i < n; i += 64)
        split64(e->three + i, e->four + i, y->next + i);
    memset(e->three + last3, 0, end - last3 + 64);
    memset(e->four + last4, 0, end - last4 + 64);
    if (crossing)
        mark_crossings(e->three, e->four, y->cross, n);
    narrow(e->four, e->three, end);
    for (uint32_t w = 0; w * 64 < n; w++) {
        uint32_t i = w * 64;
        uint64_t hits = top_bits(e->three + i);
        e->begins[w] = hint64(e->three + i, e->four + i, y->self_len + i,
                              e->hint + i, e->most + i);
        e->soft[w] = hits | hits << 1 | hits << 2 | before >> 63 |
                     before >> 62 | y->self_cover[w];
        before = hits;
    }
    /* Behind self_len stands the text. */
    memset(e->hint + n, 0, end - n + 64);
    memset(e->most + n, 0, end - n + 64);
    if (n % 64 != 0)
        e->begins[n / 64] &= (UINT64_C(1) << (n % 64)) - 1;
    e->begins[end / 64] = 0;
    e->soft[end / 64] = 0;
}

#endif
