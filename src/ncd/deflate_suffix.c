/* SPDX-License-Identifier: MIT */
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
enum { SUFFIX_PAD = 72 };

static bool allocate_suffix(struct ncd_dsuffix *s, size_t n)
{
    size_t words = n / 64 + 2;
    bool has_chain = n >= NCD_DSUFFIX_LONG && n <= MAX_TOTAL;
    size_t n_chain = has_chain ? n : 0;
    uint8_t *block =
        malloc(2 * words * 8 + 2 * n_chain + 2 * n + 3 * n + SUFFIX_PAD);

    if (block == NULL)
        return false;
    s->cross = (uint64_t *)(void *)block;
    s->self_cover = s->cross + words;
    uint16_t *numbers = (uint16_t *)(void *)(block + 2 * words * 8);
    s->chain = has_chain ? numbers : NULL;
    s->self_dist = numbers + n_chain;
    s->self_len = (uint8_t *)(s->self_dist + n);
    s->next = s->self_len + n;
    s->text = s->next + n;
    memset(block, 0, 2 * words * 8);
    return true;
}

static void set_bits(uint64_t *bits, uint32_t from, uint32_t to)
{
    for (uint32_t p = from; p < to; p++)
        set_bit(bits, p);
}

/* The hashes of most positions; the chains hold the whole text, from 1. */
static void find_top(struct ncd_dsuffix *s, const struct ncd_dengine *e)
{
    enum { N_TOP = sizeof s->top_count / sizeof *s->top_count };
    const uint8_t *base = s->text - 1;

    for (uint32_t p = 1; p + MIN_MATCH <= s->n + 1; p++) {
        uint32_t h = hash3(base + p), count = e->nth[p];
        unsigned j = N_TOP - 1;
        if (e->head[h] != p || count <= s->top_count[j])
            continue;
        for (; j > 0 && s->top_count[j - 1] < count; j--) {
            s->top_count[j] = s->top_count[j - 1];
            s->top_hash[j] = s->top_hash[j - 1];
        }
        s->top_count[j] = (uint16_t)count;
        s->top_hash[j] = (uint16_t)h;
    }
}

/*
 * Best match inside the text at p, in complete chains from 1. If the match at
 * p - 1 was `last` long, one of at least last - 1 exists at p, so only that or
 * more is looked for. zlib sees at most tune.chain candidates, and only a
 * quarter if the match pending is of tune.good or more, which one found must
 * beat: one seen late and longer than that is not certain to be found.
 */
static struct match find_self_match(struct ncd_dsuffix *s,
                                    const struct ncd_dengine *e, uint32_t p,
                                    uint32_t last)
{
    const uint8_t *base = s->text - 1;
    uint32_t max = min_u32(MAX_MATCH, (uint32_t)s->n + 1 - p);
    uint32_t best = last > MIN_MATCH + 1 ? last - 2 : MIN_MATCH - 1;
    uint32_t limit = p > MAX_DIST ? p - MAX_DIST : 0;
    struct match m = {0, 0};

    /* The first match of tune.nice ends the search, longer ones or not. */
    best = min_u32(best, e->tune.nice - 1u);

    if (e->prev[p] == 0 || e->prev[p] < limit)
        return m;
    m = walk(base, e->prev, e->prev[p], p, base + p, best, max, e->tune.nice,
             limit, e->tune.chain);
    if (m.len == 0 && best >= MIN_MATCH) /* that one was not seen */
        m = walk(base, e->prev, e->prev[p], p, base + p, MIN_MATCH - 1, max,
                 e->tune.nice, limit, e->tune.chain);
    if (m.len > e->tune.good &&
        (uint32_t)(e->nth[p] - e->nth[p - m.dist]) > e->tune.chain / 4u)
        s->deep = true;
    return m;
}

/* From the chains of the whole text, whose positions count from 1. The last two
 * positions are in none. */
static void keep_chain(struct ncd_dsuffix *s, const struct ncd_dengine *e)
{
    if (s->chain == NULL)
        return;
    memcpy(s->chain, e->prev + 1, (s->n - 2) * sizeof *s->chain);
    memset(s->chain + s->n - 2, 0, 2 * sizeof *s->chain);
}

static void find_self_matches(struct ncd_dsuffix *s, struct ncd_dengine *e)
{
    uint32_t n = (uint32_t)s->n, last = 0, covered = 0;

    for (uint32_t p = 1; p + MIN_MATCH <= n + 1; p++) {
        struct match m = find_self_match(s, e, p, last);
        last = m.len;
        if (m.len == 0 || too_far(m))
            continue;
        s->self_dist[p - 1] = (uint16_t)m.dist;
        s->self_len[p - 1] = (uint8_t)min_u32(m.len - 2, UINT8_MAX);
        uint32_t end = p - 1 + m.len;
        set_bits(s->self_cover, covered > p - 1 ? covered : p - 1, end);
        covered = end > covered ? end : covered;
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
            uint32_t len =
                common_length(s->text, s->text + p, min_u32(MAX_MATCH, n - p));
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
    s->level = (uint8_t)e->level;
    if (n != 0)
        memcpy(s->text, text, n);
    memset(s->text + n, 0, SUFFIX_PAD);
    for (size_t i = 0; i < n; i++)
        s->next[i] = byte_class(s->text[i + 3]);
    memset(s->self_dist, 0, 2 * n);
    memset(s->self_len, 0, n);
    if (n > MAX_TOTAL)
        return true; /* zlib's business */
    /* From one byte before the text on, so that its start is position 1. */
    ncd_dengine_build_chains(e, s->text - 1, (uint32_t)n + 1);
    find_top(s, e);
    keep_chain(s, e);
    find_self_matches(s, e);
    mark_crossings(s);
    return true;
}

void ncd_dsuffix_clear(struct ncd_dsuffix *s)
{
    free(s->cross);
    memset(s, 0, sizeof *s);
}
