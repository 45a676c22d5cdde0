/* SPDX-License-Identifier: MIT */
/*
 * LZ4's lazy parse, counted; see lz4_size.h.
 *
 * At each position the parse looks for the longest match; then for a longer one
 * that covers its end, and for a third beyond that, and decides how much of
 * each to write. A candidate is an earlier position with the same hash; so many
 * of them, newest first, are tried as the level allows, and the hash must be
 * the library's for the same ones to be tried.
 *
 * A block's last 5 bytes are literals and its last match begins at least 12
 * bytes before the end (lz4_Block_format.md), so the parse depends on where the
 * text ends only when a comparison comes near it. `reach` is how far
 * comparisons went: as long as it stays 12 bytes before the prefix's end,
 * nothing that follows the prefix could have changed anything, and the parse
 * may be resumed there.
 *
 * Positions count from 1, so that 0 says "none" in the tables. They are emptied
 * by taking back what was entered, newest first, since clearing them would cost
 * more than most texts.
 */
#include "codec/lz4_size.h"

#include <stdlib.h>
#include <string.h>

enum {
    MIN_MATCH = 4,
    LAST_LITERALS = 5, /* no match goes on into them */
    LAST_START = 12,   /* no match begins behind this many before the end */
    SHORTEST = 13,     /* shorter texts are all literals */
    RUN = 15,          /* lengths from here on take further bytes of 255 */
    HASH_BITS = 15,
    EASY = 18,           /* longest match whose length needs no further byte */
    RUNS_FROM_LEVEL = 9, /* runs of one byte are stepped over */
    PAD = 16             /* room for 8-byte loads behind a text */
};

struct match {
    uint32_t start, len; /* len 0: none */
};

/* The parse between two sequences. */
struct parse {
    uint32_t at;     /* next position to look at */
    uint32_t anchor; /* first position not yet written */
    size_t nbytes;   /* written */
};

/* A position's hash, and the newest position before it of the same hash. */
struct entry {
    uint16_t hash, prev;
};

struct ncd_lz4_size {
    int level;
    uint32_t budget; /* candidates looked at for a position */
    uint32_t m;      /* length of the prefix */
    struct parse resume;
    uint32_t resume_entered;

    /* Of the text under way: bytes at t[1 .. n]. */
    uint8_t *t;
    uint32_t last_start; /* of a match */
    uint32_t match_end;
    uint32_t reach;
    uint32_t entered; /* next position to enter */

    uint16_t head[1 << HASH_BITS]; /* newest position of a hash, 0: none */
    struct entry chain[NCD_LZ4_TOTAL_MAX + 2];
};

static uint32_t load32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t load16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Index, in memory, of the first byte that isn't 0. */
static uint32_t first_byte(uint64_t bytes)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (uint32_t)__builtin_clzll(bytes) / 8;
#else
    return (uint32_t)__builtin_ctzll(bytes) / 8;
#endif
}

static uint32_t hash_of(uint32_t bytes)
{
    return bytes * UINT32_C(2654435761) >> (32 - HASH_BITS);
}

/* Where a and b, a < b, stop being equal: a position of b, at most `end`. */
static uint32_t match_until(const uint8_t *t, uint32_t a, uint32_t b,
                            uint32_t end)
{
    for (; b < end; a += 8, b += 8) {
        uint64_t differing = load64(t + a) ^ load64(t + b);
        if (differing) {
            b += first_byte(differing);
            return b < end ? b : end;
        }
    }
    return end;
}

static uint32_t end_of(struct match m)
{
    return m.start + m.len;
}

/* Bytes that a length takes beyond those in the token. */
static uint32_t more_bytes(uint32_t length)
{
    return length < RUN ? 0 : 1 + (length - RUN) / 255;
}

static void write_sequence(struct parse *p, struct match m)
{
    uint32_t n_literals = m.start - p->anchor;
    p->nbytes += 1 + n_literals + more_bytes(n_literals) + 2 +
                 more_bytes(m.len - MIN_MATCH);
    p->anchor = p->at = end_of(m);
}

static void note_reach(struct ncd_lz4_size *s, uint32_t end)
{
    s->reach = end > s->reach ? end : s->reach;
}

/* --- Matches --- */

/* Enters the next position and returns the newest before of the same hash. */
static uint32_t enter_next(struct ncd_lz4_size *s)
{
    uint32_t at = s->entered++;
    uint32_t h = hash_of(load32(s->t + at));
    uint16_t newest = s->head[h];
    s->chain[at] = (struct entry){(uint16_t)h, newest};
    s->head[h] = (uint16_t)at;
    return newest;
}

/* Enters all positions up to `at`; returns the newest of at's hash before. */
static uint32_t enter(struct ncd_lz4_size *s, uint32_t at)
{
    while (s->entered < at)
        enter_next(s);
    return enter_next(s);
}

/*
 * From candidate `from` inside a run of the byte that `at` begins a run with:
 * the next candidate. The position at which as much of the run is left as at
 * `at`, or, where there is none, the first of the run. A search that may not
 * go back from `at` has learnt all from the run then, and passes it.
 */
static uint32_t pass_run(struct ncd_lz4_size *s, uint32_t at, uint32_t from,
                         int may_go_back, struct match *best)
{
    const uint8_t *t = s->t;
    uint32_t begin = from - 1, end, own_end;
    while (begin > 1 && t[begin - 1] == t[at])
        begin--;
    end = match_until(t, from - 1, from, s->match_end);
    own_end = match_until(t, at, at + 1, s->match_end);
    note_reach(s, own_end);
    uint32_t own = own_end - at, length = end - begin;
    if (length >= own && end - (from - 1) <= own)
        return end - own;
    if (may_go_back)
        return begin;
    length = length < own ? length : own;
    if (length > best->len)
        *best = (struct match){at, length};
    return s->chain[begin].prev;
}

/*
 * Of the matches that cover `at`, begin at `low` or later, and are longer than
 * `len`, the longest, and of those the nearest. from: the first candidate.
 */
static struct match search(struct ncd_lz4_size *s, uint32_t at, uint32_t from,
                           uint32_t low, uint32_t len)
{
    const uint8_t *t = s->t;
    const struct entry *chain = s->chain;
    uint32_t bytes = load32(t + at), ahead = at - low;
    int is_run =
        s->level >= RUNS_FROM_LEVEL && bytes == t[at] * UINT32_C(0x01010101);
    uint32_t match_end = s->match_end, reach = 0;
    struct match best = {at, len};
    for (uint32_t left = s->budget; from != 0 && left > 0; left--) {
        /* The bytes that would make it longer first: they mostly differ. */
        if (load16(t + low + best.len - 1) ==
                load16(t + from - ahead + best.len - 1) &&
            load32(t + from) == bytes) {
            uint32_t start = at, with = from;
            uint32_t end =
                match_until(t, from + MIN_MATCH, at + MIN_MATCH, match_end);
            while (start > low && with > 1 && t[start - 1] == t[with - 1]) {
                start--;
                with--;
            }
            reach = end > reach ? end : reach;
            if (end - start > best.len)
                best = (struct match){start, end - start};
        }
        if (is_run && from > 1 && chain[from].prev == from - 1 &&
            load32(t + from - 1) == bytes)
            from = pass_run(s, at, from, ahead > 0, &best);
        else
            from = chain[from].prev;
    }
    note_reach(s, reach);
    return best.len > len ? best : (struct match){0, 0};
}

/* A longer match than m that covers the byte `before` its end. */
static struct match search_beyond(struct ncd_lz4_size *s, struct match m,
                                  uint32_t before)
{
    if (end_of(m) > s->last_start)
        return (struct match){0, 0};
    uint32_t at = end_of(m) - before;
    return search(s, at, enter(s, at), m.start, m.len);
}

/* --- Sequences --- */

/* How long `one` should be where `two` begins within its first 18 bytes: so
 * long that its length is free, but leaving 4 bytes of the other. */
static uint32_t length_before(struct match one, struct match two)
{
    uint32_t len = one.len < EASY ? one.len : EASY;
    if (one.start + len + MIN_MATCH > end_of(two))
        len = end_of(two) - MIN_MATCH - one.start;
    return len;
}

static void begin_at(struct match *m, uint32_t start)
{
    if (start > m->start) {
        m->len -= start - m->start;
        m->start = start;
    }
}

/*
 * `two` overlaps `one` or follows at once, and is longer. Looks for a third
 * match that is longer still, and writes what is decided. Returns 1 where the
 * last match is still open: then it is `one`, and `zero` what could stand
 * before it.
 */
static int settle(struct ncd_lz4_size *s, struct parse *p, struct match *zero,
                  struct match *one, struct match two)
{
    for (;;) {
        if (two.start - one->start < EASY)
            begin_at(&two, one->start + length_before(*one, two));
        struct match three = search_beyond(s, two, 3);
        if (three.len == 0) {
            if (two.start < end_of(*one))
                one->len = two.start - one->start;
            write_sequence(p, *one);
            write_sequence(p, two);
            return 0;
        }
        if (three.start < end_of(*one) + 3) {
            if (three.start < end_of(*one)) { /* no room for the second */
                two = three;
                continue;
            }
            begin_at(&two, end_of(*one));
            *zero = two.len < MIN_MATCH ? three : two;
            write_sequence(p, *one);
            *one = three;
            return 1;
        }
        if (two.start < end_of(*one)) {
            uint32_t apart = two.start - one->start;
            one->len = apart < EASY ? length_before(*one, two) : apart;
            begin_at(&two, end_of(*one));
        }
        write_sequence(p, *one);
        *one = two;
        two = three;
    }
}

/* Writes the match `one` or better ones that overlap it. */
static void write_matches(struct ncd_lz4_size *s, struct parse *p,
                          struct match one)
{
    struct match zero = one;
    for (;;) {
        struct match two = search_beyond(s, one, 2);
        if (two.len == 0) {
            write_sequence(p, one);
            return;
        }
        if (zero.start < one.start && two.start < one.start + zero.len)
            one = zero;
        if (two.start - one.start < 3)
            one = two;
        else if (!settle(s, p, &zero, &one, two))
            return;
    }
}

/* One step: a position without match, or some sequences. Returns 0 where the
 * text is too near its end. */
static int step(struct ncd_lz4_size *s, struct parse *p)
{
    if (p->at > s->last_start)
        return 0;
    uint32_t from = enter(s, p->at);
    struct match m = {0, 0};
    if (from != 0)
        m = search(s, p->at, from, p->at, MIN_MATCH - 1);
    if (m.len == 0)
        p->at++;
    else
        write_matches(s, p, m);
    return 1;
}

/* --- Prefix and text --- */

/* Takes back what was entered since the state to resume. */
static void resume(struct ncd_lz4_size *s)
{
    while (s->entered > s->resume_entered) {
        struct entry e = s->chain[--s->entered];
        s->head[e.hash] = e.prev;
    }
}

/* Says how long the text under way is, at least SHORTEST. */
static void set_length(struct ncd_lz4_size *s, uint32_t n)
{
    s->last_start = n + 1 - LAST_START;
    s->match_end = n + 1 - LAST_LITERALS;
    s->reach = 0;
}

struct ncd_lz4_size *ncd_lz4_size_new(int level)
{
    struct ncd_lz4_size *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->t = calloc(1, NCD_LZ4_TOTAL_MAX + 1 + PAD);
    if (!s->t) {
        free(s);
        return NULL;
    }
    s->level = level;
    s->entered = 1;
    s->budget = UINT32_C(1) << (level - 1);
    ncd_lz4_set_prefix(s, (ncd_text){"", 0});
    return s;
}

void ncd_lz4_size_free(struct ncd_lz4_size *s)
{
    if (!s)
        return;
    free(s->t);
    free(s);
}

void ncd_lz4_set_prefix(struct ncd_lz4_size *s, ncd_text prefix)
{
    s->resume_entered = 1;
    resume(s);
    s->resume = (struct parse){1, 1, 0};
    s->m = (uint32_t)prefix.nbytes;
    if (prefix.nbytes > 0)
        memcpy(s->t + 1, prefix.bytes, prefix.nbytes);
    if (s->m < SHORTEST)
        return;
    set_length(s, s->m);
    struct parse p = s->resume;
    while (step(s, &p) && s->reach <= s->last_start) {
        s->resume = p;
        s->resume_entered = s->entered;
    }
    resume(s);
}

size_t ncd_lz4_size_after(struct ncd_lz4_size *s, ncd_text text, size_t limit)
{
    uint32_t n = s->m + (uint32_t)text.nbytes;
    struct parse p = s->resume;
    if (text.nbytes > 0)
        memcpy(s->t + 1 + s->m, text.bytes, text.nbytes);
    if (n >= SHORTEST) {
        set_length(s, n);
        /* A token and the last literals are still to come. */
        while (p.nbytes + 1 + LAST_LITERALS < limit && step(s, &p))
            ;
        resume(s);
        if (p.nbytes + 1 + LAST_LITERALS >= limit)
            return SIZE_MAX;
    }
    uint32_t n_literals = n + 1 - p.anchor;
    return p.nbytes + 1 + n_literals + more_bytes(n_literals);
}
