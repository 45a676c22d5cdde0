/* SPDX-License-Identifier: MIT */
#ifndef NCD_DEFLATE_MATCH_H
#define NCD_DEFLATE_MATCH_H

/*
 * The longest match of one position of y, most recent of the longest.
 *
 * What y itself has is known. A match of exactly 3, 4 or 5 bytes in x is the
 * most recent position of x with those bytes, which is the first of a chain by
 * a hash of just so many; longer ones are looked for in the chain of six bytes,
 * where texts have one or two entries.
 *
 * This is the longest of all. What zlib finds can differ where chains are long
 * (it looks at tune.chain candidates, a quarter of them if the match pending is
 * of tune.good or more) or distances are (beyond the window). Pairs in which
 * either can happen are strict: there a match is held against the budget, and
 * in doubt zlib's search is made, candidate by candidate.
 */
#include "deflate_hits.h"

struct pair {
    const struct ncd_dengine *e;
    const struct ncd_dsuffix *y;
    uint32_t m, n; /* lengths of x . ' ' and y */
    bool strict;
};

/* Among x's matches of six bytes and more, from `cur` on in their chain. */
static inline struct match find_long(const struct pair *p, uint32_t q,
                                     uint32_t cur, uint32_t beat)
{
    const struct ncd_dengine *e = p->e;
    struct match none = {0, 0};
    uint32_t max = min_u32(MAX_MATCH, p->n - q);

    if (beat < 5)
        beat = 5;
    if (beat >= max || beat >= e->tune.nice)
        return none;
    return walk(e->buf, e->grams[2].prev, cur, p->m + q, p->y->text + q, beat,
                max, e->tune.nice, 0, UINT32_MAX);
}

/*
 * What x has at q, if longer than `beat`: 2 to 258. The hint says for how many
 * bytes to ask first; it may promise too much. Hashes of different bytes may
 * share a chain, of which mixed[] warns.
 */
static struct match find_in_prefix(const struct pair *p, uint32_t q,
                                          uint32_t hint, uint32_t beat)
{
    const struct ncd_dengine *e = p->e;
    uint64_t bytes = load64(p->y->text + q);
    struct match m = {0, 0};
    uint32_t c;

    /* The four bytes that would end a longer match must be x's, too. */
    if (beat >= 6 && e->four[q + beat - 3] == 0)
        return m;
    for (uint32_t n = hint + 2; n > beat || n == 6; n--) {
        const struct grams *g = &e->grams[n - MIN_GRAM];
        if (q + n > p->n)
            continue;
        c = g->head[hash_gram(bytes, n, e->gram_shift)];
        while (!same(load64(e->buf + c), bytes, n) && g->mixed[c])
            c = g->prev[c];
        if (c == 0 || !same(load64(e->buf + c), bytes, n))
            continue;
        if (n == 6)
            return find_long(p, q, c, beat);
        m = (struct match){n, p->m + q - c};
        if (too_far(m))
            m.len = 0;
        break;
    }
    return m;
}

/* ---- as zlib searches ------------------------------------------------- */

/* One candidate after the other. */
struct search {
    const uint8_t *scan;
    uint32_t pos, max, stop, limit, budget;
    bool first, done;
    struct match best;
};

static void offer(struct search *s, uint32_t at, const uint8_t *bytes)
{
    /* Of the first one only, the distance may be MAX_DIST. */
    if (s->budget == 0 || (s->first ? at < s->limit : at <= s->limit)) {
        s->done = true;
        return;
    }
    s->first = false;
    s->budget--;
    /* The byte that would make it longer first: it differs mostly. */
    if (bytes[s->best.len] != s->scan[s->best.len])
        return;
    uint32_t len = common_length(bytes, s->scan, s->max);
    if (len > s->best.len) {
        s->best = (struct match){len, s->pos - at};
        s->done = len >= s->stop;
    }
}

/* One more than the last position of y before q with the hash of q, 0 if there
 * is none. */
static inline uint32_t last_same(const struct ncd_dsuffix *y, uint32_t q)
{
    uint32_t hash = hash3(y->text + q);

    if (y->chain != NULL)
        return y->chain[q];
    while (q > 0 && hash3(y->text + q - 1) != hash)
        q--;
    return q;
}

/*
 * zlib's search at q with a match of `least` pending: positions of the same
 * hash in y, the last two of x, whose hashes reach into y, and x.
 */
static struct match find_as_zlib(const struct pair *p, uint32_t q,
                                 uint32_t least)
{
    const struct ncd_dengine *e = p->e;
    const uint8_t *text = p->y->text;
    uint32_t pos = p->m + q, h = hash3(text + q), total = p->m + p->n;
    struct search s = {.scan = text + q,
                       .pos = pos,
                       .max = min_u32(MAX_MATCH, p->n - q),
                       .limit = pos > MAX_DIST ? pos - MAX_DIST : 0,
                       .budget = least >= e->tune.good ? e->tune.chain / 4u
                                                       : e->tune.chain,
                       .first = true,
                       .best = {least, 0}};

    s.stop = min_u32(e->tune.nice, s.max);
    s.done = least >= s.max || s.max < MIN_MATCH;
    for (uint32_t i = last_same(p->y, q); i != 0 && !s.done;
         i = last_same(p->y, i - 1))
        offer(&s, p->m + i - 1, text + i - 1);
    for (uint32_t i = p->m; i-- > 1 && i + 2 >= p->m && !s.done;)
        if (i + MIN_MATCH <= total && hash3(e->buf + i) == h)
            offer(&s, i, e->buf + i);
    for (uint32_t i = e->head[h]; i != 0 && !s.done; i = e->prev[i])
        if (i + 2 < p->m)
            offer(&s, i, e->buf + i);
    if (s.best.dist == 0 || too_far(s.best))
        s.best.len = 0;
    return s.best;
}

/* At most how many positions of y have this hash. */
static uint32_t count_in_y(const struct ncd_dsuffix *y, uint32_t hash)
{
    const unsigned n_top = sizeof y->top_count / sizeof *y->top_count;
    unsigned i = 0;

    while (i < n_top - 1 && y->top_hash[i] != hash)
        i++;
    return y->top_count[i];
}

/* How many positions of y from `from` up to q have the hash of q. */
static uint32_t count_same(const uint8_t *text, uint32_t from, uint32_t q)
{
    uint16_t hash = (uint16_t)hash3(text + q);
    uint32_t n = 0;

    for (uint32_t i = from; i < q; i++)
        n += (uint16_t)((text[i] << 10 ^ text[i + 1] << 5 ^ text[i + 2]) &
                        HASH_MASK) == hash;
    return n;
}

/* At least as many candidates of x as zlib looks at before it sees m: two at
 * the border, and the more recent ones. */
static uint32_t most_seen(const struct pair *p, uint32_t q, struct match m)
{
    const struct ncd_dengine *e = p->e;
    uint32_t newest = e->head[hash3(p->y->text + q)], c = p->m + q - m.dist;

    if (c + 2 >= p->m)
        return 2;
    while (newest + 2 >= p->m)
        newest = e->prev[newest];
    return (uint32_t)(e->nth[newest] - e->nth[c]) + 3;
}

/* Whether zlib surely finds the match as well. Before x it looks at y. */
static bool is_seen(const struct pair *p, uint32_t q, uint32_t least,
                    struct match m)
{
    const struct tuning *tune = &p->e->tune;
    const uint8_t *text = p->y->text;
    uint32_t budget = least >= tune->good ? tune->chain / 4u : tune->chain;

    if (m.dist <= q)
        return !p->y->deep || least < tune->good ||
               count_same(text, q - m.dist, q) <= budget;
    if (m.dist >= MAX_DIST)
        return false;
    uint32_t seen = most_seen(p, q, m);
    return count_in_y(p->y, hash3(text + q)) + seen <= budget ||
           count_same(text, 0, q) + seen <= budget;
}

/* y's own match of 257 or 258 bytes, for which one length is kept. */
static struct match longest_own(const struct pair *p, uint32_t q)
{
    const uint8_t *scan = p->y->text + q;
    uint32_t dist = p->y->self_dist[q];

    return (struct match){
        common_length(scan, scan - dist, min_u32(MAX_MATCH, p->n - q)), dist};
}

/* The match zlib finds at q with one of `least` pending (2: none); len 0 if
 * there is none longer. */
static inline struct match best_match(const struct pair *p, uint32_t q,
                                      uint32_t least)
{
    uint32_t hint = p->e->hint[q];
    struct match own = {p->y->self_len[q] + 2u, p->y->self_dist[q]};
    struct match m = {0, 0};

    if (own.len == MAX_MATCH - 1)
        own = longest_own(p, q);
    uint32_t beat = own.len > least ? own.len : least;
    if (hint + 2 > beat || hint == HINT_LONG)
        m = find_in_prefix(p, q, hint, beat);
    if (m.len == 0 && own.len > least)
        m = own;
    if (p->strict && m.len != 0 && !is_seen(p, q, least, m))
        m = find_as_zlib(p, q, least);
    return m;
}

#endif
