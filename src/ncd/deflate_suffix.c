/*
 * What is known beforehand of a text that will be the second part of many
 * pairs. Nearly all of zlib's search inside it: at each position the longest
 * earlier match in the text, which is what zlib finds there unless the first
 * part has something longer. The search is zlib's, at every position instead
 * of those a parse would visit.
 */
#include "deflate_engine.h"

#include <stdlib.h>

/* 64 positions at a time are hashed, three bytes each. */
enum { SUFFIX_PAD = 80 };

static bool allocate_suffix(struct ncd_dsuffix *s, size_t n)
{
    size_t words = n / 64 + 2;
    uint8_t *block = malloc(3 * words * 8 + 2 * n + 2 * n + SUFFIX_PAD);

    if (block == NULL)
        return false;
    s->has_self = (uint64_t *)(void *)block;
    s->cross = s->has_self + words;
    s->self_cover = s->cross + words;
    s->self_dist = (uint16_t *)(void *)(block + 3 * words * 8);
    s->self_len = block + 3 * words * 8 + 2 * n;
    s->text = s->self_len + n;
    memset(block, 0, 3 * words * 8);
    return true;
}

static void set_bits(uint64_t *bits, uint32_t from, uint32_t to)
{
    for (uint32_t p = from; p < to; p++)
        set_bit(bits, p);
}

/*
 * Longest match inside the text at each position. If the match at p - 1 was l
 * long, one of at least l - 1 exists at p, so only that or more is looked for.
 * Positions count from 1 here, as 0 ends a chain.
 */
static void find_self_matches(struct ncd_dsuffix *s, struct ncd_dengine *e)
{
    uint32_t n = (uint32_t)s->n, last = 0, covered = 0;
    const uint8_t *base = s->text - 1;

    for (uint32_t p = 1; p + MIN_MATCH <= n + 1; p++) {
        uint32_t hash = hash3(base + p), cur = e->head[hash];
        struct match m = {0, 0};
        if (cur != 0) {
            uint32_t max = min_u32(MAX_MATCH, n + 1 - p);
            uint32_t best = last > MIN_MATCH + 1 ? last - 2 : MIN_MATCH - 1;
            m = walk(base, e->prev, cur, p, base + p, best, max, e->tune.nice,
                     0, UINT32_MAX);
        }
        insert(e, p, hash);
        last = m.len;
        if (too_far(m) || m.dist > MAX_DIST)
            m.dist = 0;
        s->self_dist[p - 1] = (uint16_t)m.dist;
        s->self_len[p - 1] = (uint8_t)(m.dist != 0 ? m.len - MIN_MATCH : 0);
        if (m.dist != 0) {
            set_bit(s->has_self, p - 1);
            uint32_t end = p - 1 + m.len;
            set_bits(s->self_cover, covered > p - 1 ? covered : p - 1, end);
            covered = end > covered ? end : covered;
        }
    }
}

/*
 * A match that begins in x may run over its end into y: the text at some p is
 * then the text y begins with, and a space (the end of x . ' ') stands before
 * it. The positions p, p + 1, ... whose three bytes lie in such a repetition
 * of y's beginning are marked, so that the runs of hits do not end there.
 */
static void mark_crossings(struct ncd_dsuffix *s)
{
    uint32_t n = (uint32_t)s->n;

    for (uint32_t p = 1; p < n; p++)
        if (s->text[p - 1] == ' ' && s->text[p] == s->text[0]) {
            if (p >= 2)
                s->before_begin |= UINT64_C(1) << (s->text[p - 2] % 64);
            if (p + 1 < n && s->text[p + 1] == s->text[1])
                s->begin_repeats = true;
            uint32_t len = common_length(s->text, s->text + p,
                                         min_u32(MAX_MATCH, n - p));
            if (len >= MIN_MATCH)
                set_bits(s->cross, p, p + len - 2);
        }
}

bool ncd_dsuffix_build(struct ncd_dsuffix *s, struct ncd_dengine *e,
                       const void *text, size_t n)
{
    memset(s, 0, sizeof *s);
    if (!allocate_suffix(s, n))
        return false;
    s->n = n;
    s->level = e->level;
    if (n != 0)
        memcpy(s->text, text, n);
    memset(s->text + n, 0, SUFFIX_PAD);
    memset(s->self_dist, 0, 2 * n);
    memset(s->self_len, 0, n);
    if (n >= MAX_TOTAL)
        return true;            /* zlib's business anyway */
    s->longest_chain = ncd_dengine_build_chains(e, s->text, (uint32_t)n);
    memset(e->head, 0, sizeof e->head);
    if (s->longest_chain <= e->tune.chain / 4u) {
        find_self_matches(s, e);
        mark_crossings(s);
    }
    return true;
}

void ncd_dsuffix_clear(struct ncd_dsuffix *s)
{
    free(s->has_self);
    memset(s, 0, sizeof *s);
}

