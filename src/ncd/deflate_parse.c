/* SPDX-License-Identifier: MIT */
/*
 * The parse of y behind x: symbols counted, and nothing else.
 *
 * zlib looks for matches at the positions its lazy evaluation visits: where no
 * match is pending or taken, and one behind each match found. What x may have
 * is first estimated for all positions (deflate_hits.h), which is cheap; the
 * evaluation then jumps from match to match and asks for the truth
 * (deflate_match.h) only where the estimate could matter, for about a fifth of
 * y's positions in English text.
 *
 * Bytes that no match can cover are literals whatever the parse does, and are
 * counted before it. The bound on the size only rises as symbols are counted,
 * and is asked every few hundred bytes.
 */
#include "deflate_border.h"
#include "deflate_guess.h"
#include "deflate_match.h"

/* Bytes of y between two looks at the bound; whole words of bitmaps. */
enum { STRETCH = 256 };

/* What is counted so far, and its weight for the bound. */
struct tally {
    struct ncd_dcounts *counts;
    const struct ncd_dbound *bound;
    uint32_t weight, n_lit, n_match;
};

static inline void add_lit_symbol(struct tally *t, uint32_t symbol)
{
    uint32_t n = t->counts->lit[symbol];

    t->counts->lit[symbol] = (uint16_t)(n + 1);
    t->weight += t->bound->step[n];
}

static inline void add_literal(struct tally *t, uint8_t byte)
{
    add_lit_symbol(t, byte);
    t->n_lit++;
}

static inline void add_match(const struct ncd_dengine *e, struct tally *t,
                             struct match m)
{
    uint32_t lc = e->len_code[m.len - MIN_MATCH], d = m.dist - 1, n;
    uint32_t dc = d, extra = 0;

    if (d >= 4) {
        uint32_t k = 31u - (uint32_t)__builtin_clz(d);
        dc = 2 * k + (d >> (k - 1) & 1);
        extra = k - 1;
    }
    if (lc >= 8 && lc < 28)
        extra += (lc >> 2) - 1;
    t->counts->extra_bits += extra;
    add_lit_symbol(t, 257 + lc);
    n = t->counts->dist[dc];
    t->counts->dist[dc] = (uint16_t)(n + 1);
    t->weight += t->bound->step[n];
    t->n_match++;
}

static void take_counts(struct tally *t)
{
    t->weight = ncd_dbound_weight(t->bound, t->counts);
    t->n_match = t->n_lit = 0;
    for (unsigned s = 0; s < NCD_DDIST; s++)
        t->n_match += t->counts->dist[s];
    for (unsigned s = 0; s < NCD_DLIT; s++)
        t->n_lit += t->counts->lit[s];
    t->n_lit -= t->n_match;
}

/* ---- the bound -------------------------------------------------------- */

/*
 * The block under way: the bits before it, and what is sure of the input it
 * covers, in bytes.
 */
struct block {
    uint64_t bits_before;
    size_t nbytes;
};

/* Smallest size in bytes the symbols counted allow, with a header's bits. */
static size_t least_size(const struct tally *t, uint32_t header,
                         struct block block)
{
    uint32_t extra = t->counts->extra_bits;
    uint64_t own =
        header + extra +
        ncd_dbound_body(t->bound, t->weight, t->n_lit + t->n_match, t->n_match);
    /* Fixed trees: 8 bits a literal or more, 7 + 5 a match, 7 for the end. */
    uint64_t fixed = 8 * t->n_lit - 1 + 12 * t->n_match + extra;
    uint64_t stored = 8 * (uint64_t)block.nbytes + 32;
    uint64_t least = own < fixed ? own : fixed;

    least = least < stored ? least : stored;
    return (size_t)((block.bits_before + 3 + least + 7) >> 3);
}

/* Whether, all symbols counted, the size is at least `limit`, or very likely
 * is. */
static bool is_beyond(const struct tally *t, struct block block, size_t limit,
                      bool guesses)
{
    struct ncd_dheader header;

    if (limit == SIZE_MAX)
        return false;
    if (least_size(t, NCD_DHEADER_LEAST, block) >= limit)
        return true;
    ncd_dheader_begin(&header, t->counts);
    if (least_size(t, header.bits, block) >= limit)
        return true;
    uint32_t n = t->n_lit + t->n_match;
    uint32_t bits = guesses ? ncd_dheader_guess(&header, n)
                            : ncd_dheader_bits(&header, t->bound, n);
    return least_size(t, bits, block) >= limit;
}

/* ---- bitmaps ---------------------------------------------------------- */

/* First position from q on whose bit is set, or at least n. */
static inline uint32_t next_one(const uint64_t *bits, uint32_t q, uint32_t n)
{
    uint32_t i = q / 64;
    uint64_t w = bits[i] & ~UINT64_C(0) << (q % 64);

    while (w == 0) {
        if (++i * 64 >= n)
            return n;
        w = bits[i];
    }
    return i * 64 + ctz64(w);
}

/* Clears bits from .. end - 1. */
static inline void clear_bits(uint64_t *bits, uint32_t from, uint32_t end)
{
    uint32_t i = from / 64, j = end / 64;
    uint64_t keep_low = ~(~UINT64_C(0) << (from % 64));
    uint64_t keep_high = ~UINT64_C(0) << (end % 64);

    if (i == j) {
        bits[i] &= keep_low | keep_high;
        return;
    }
    bits[i] &= keep_low;
    while (++i < j)
        bits[i] = 0;
    bits[j] &= keep_high;
}

/* Counts the literals from .. end - 1 whose bit is set in bits ^ flip. */
static inline void count_literals(const uint64_t *bits, uint64_t flip,
                                  const uint8_t *text, uint32_t from,
                                  uint32_t end, struct tally *tally)
{
    struct tally t = *tally;

    for (uint32_t w = from / 64; w * 64 < end; w++) {
        uint64_t word = bits[w] ^ flip;
        if (w == from / 64)
            word &= ~UINT64_C(0) << (from % 64);
        if (end - w * 64 < 64)
            word &= (UINT64_C(1) << (end % 64)) - 1;
        for (; word != 0; word &= word - 1)
            add_literal(&t, text[w * 64 + ctz64(word)]);
    }
    *tally = t;
}

/* ---- lazy evaluation -------------------------------------------------- */

/*
 * The match pending at q, one of the first of y, or at x's last position
 * (UINT32_MAX): puts it off as long as the next position has a longer one.
 */
static inline uint32_t put_off(const struct pair *p, uint32_t q,
                               struct match *pending)
{
    const struct ncd_dengine *e = p->e;

    while (pending->len < e->tune.lazy && (e->most[q + 1] + 2u > pending->len ||
                                           e->hint[q + 1] == HINT_LONG)) {
        struct match m = best_match(p, q + 1, pending->len);
        if (m.len == 0)
            break;
        *pending = m;
        q++;
    }
    return q;
}

/* The first match taken from position q on: sets *at_out, or returns one of
 * length 0 if there is none. */
static inline struct match next_match(const struct pair *p, uint32_t q,
                                      uint32_t *at_out)
{
    struct match m = {0, 0};

    for (;; q++) {
        q = next_one(p->e->begins, q, p->n);
        if (q >= p->n)
            return m;
        m = best_match(p, q, MIN_MATCH - 1);
        if (m.len != 0)
            break;
    }
    *at_out = put_off(p, q, &m);
    return m;
}

/*
 * The parse of x from where y may matter, up to its end: zlib's steps, with
 * the weight kept. Leaves the match pending at the border in s.
 */
static void parse_border(struct ncd_dengine *e, struct state *s, uint32_t total,
                         struct tally *t)
{
    while (s->pos < e->m) {
        struct match m = ncd_dengine_search(e, total, s->pos, s->pending.len);
        if (m.len == 0 && s->pending.len != 0) {
            add_match(e, t, s->pending);
            s->pos += s->pending.len - 1;
            s->pending.len = 0;
            continue;
        }
        if (m.len == 0 || s->pending.len != 0)
            add_literal(t, e->buf[s->pos - (s->pending.len != 0)]);
        s->pending = m;
        s->pos++;
    }
}

/* ---- one block -------------------------------------------------------- */

/*
 * Where y's parse goes on: from q. If a match pending at the border was put off
 * for one in y, that is from `at` to q, after literals from `from` on.
 */
struct start {
    uint32_t from, at, q;
};

static struct start settle_border(const struct pair *p, const struct state *s,
                                  struct tally *t)
{
    struct match m = s->pending;
    uint32_t q = m.len == 0 ? s->pos - p->m : m.len - 1;

    if (m.len == 0)
        return (struct start){q, q, q};
    uint32_t at = put_off(p, UINT32_MAX, &m);
    add_match(p->e, t, m);
    if (at == UINT32_MAX)
        return (struct start){q, q, q};
    add_literal(t, ' ');
    return (struct start){0, at, at + m.len};
}

/* Takes matches from q on until one ends at `end` or after it; where it
 * ends, or n. Strikes what they cover from `soft`. */
static uint32_t take_matches(const struct pair *p, uint64_t *soft, uint32_t q,
                             uint32_t end, struct tally *tally)
{
    struct tally t = *tally;

    while (q < end) {
        uint32_t at;
        struct match m = next_match(p, q, &at);
        if (m.len == 0) {
            q = p->n;
            break;
        }
        add_match(p->e, &t, m);
        q = at + m.len;
        clear_bits(soft, at, q);
    }
    *tally = t;
    return q;
}

/* Bits of the header, at least; or, where that will do, likely. The trees will
 * have the symbols counted so far, and more. */
static uint32_t header_so_far(const struct tally *t, bool guesses)
{
    struct ncd_dheader header;

    if (!guesses)
        return NCD_DHEADER_LEAST;
    ncd_dheader_begin(&header, t->counts);
    return ncd_dheader_guess(&header, t->n_lit + t->n_match);
}

/* The symbols of y that are not counted yet; false once they are known to make
 * a size that is not below the limit. */
static bool count_stretches(const struct pair *p, uint64_t *soft, uint32_t q,
                            struct block block, size_t limit, struct tally *t)
{
    uint32_t header = header_so_far(t, p->e->guesses && q + STRETCH < p->n);

    while (q < p->n) {
        uint32_t from = q;
        if (limit != SIZE_MAX && least_size(t, header, block) >= limit)
            return false;
        q = take_matches(p, soft, q, min_u32(p->n, q / 64 * 64 + STRETCH), t);
        count_literals(soft, 0, p->y->text, from, q, t);
    }
    return true;
}

static size_t parse_one_block(struct ncd_dengine *e, const struct pair *p,
                              bool crossing, size_t limit, struct tally *t)
{
    uint32_t total = p->m + p->n;
    struct state s = e->at;
    struct block block = {0, total};
    struct border border;

    parse_border(e, &s, total, t);
    if (crossing)
        hang_border(e, total, &border);
    find_hints(e, p->y, crossing);
    struct start start = settle_border(p, &s, t);
    for (uint32_t q = start.from; q < start.at; q++)
        add_literal(t, p->y->text[q]);
    count_literals(e->soft, ~UINT64_C(0), p->y->text, start.q, p->n, t);
    bool counted = count_stretches(p, e->soft, start.q, block, limit, t);
    if (crossing)
        unhang_border(e, total, &border);
    if (!counted) {
        e->stats.pruned_during++;
        return NCD_DSIZE_PRUNED;
    }
    if (is_beyond(t, block, limit, e->guesses)) {
        e->stats.pruned_after++;
        return NCD_DSIZE_PRUNED;
    }
    e->stats.trees++;
    return (size_t)((ncd_dblock_bits(&e->counts, total, 0) + 7) >> 3);
}

/* ---- several blocks --------------------------------------------------- */

/*
 * A symbol that ends at `end` of the whole text is counted. Like zlib, the last
 * literal of the input never closes a block.
 */
static void end_symbol(struct ncd_dengine *e, struct state *s, struct tally *t,
                       uint32_t end, bool may_close)
{
    if (++s->n_symbols != BLOCK_SYMBOLS || !may_close)
        return;
    ncd_dengine_close_block(e, s, end);
    e->counts.lit[NCD_DEOB] = 1;
    take_counts(t);
}

/* Literals from .. at - 1 of y, then a match there (or none, of length 0). */
static void count_in_order(struct ncd_dengine *e, const struct pair *p,
                           struct state *s, struct tally *t, uint32_t from,
                           uint32_t at, struct match m)
{
    for (uint32_t q = from; q < at; q++) {
        add_literal(t, p->y->text[q]);
        end_symbol(e, s, t, p->m + q + 1, q + 1 != p->n);
    }
    if (m.len == 0)
        return;
    add_match(e, t, m);
    end_symbol(e, s, t, p->m + at + m.len, true);
}

/* settle_border, in order. */
static uint32_t settle_border_in_order(struct ncd_dengine *e,
                                       const struct pair *p, struct state *s,
                                       struct tally *t)
{
    struct match m = s->pending;

    if (m.len == 0)
        return s->pos - p->m;
    uint32_t at = put_off(p, UINT32_MAX, &m);
    if (at == UINT32_MAX) {
        add_match(e, t, m);
        end_symbol(e, s, t, p->m + m.len - 1, true);
        return m.len - 1;
    }
    add_literal(t, ' ');
    end_symbol(e, s, t, p->m, true);
    count_in_order(e, p, s, t, 0, at, m);
    return at + m.len;
}

static struct block block_so_far(const struct state *s, uint32_t pos)
{
    return (struct block){s->bits, pos - s->block_start};
}

static bool count_blocks(struct ncd_dengine *e, const struct pair *p,
                         struct state *s, size_t limit, struct tally *t)
{
    uint32_t q = settle_border_in_order(e, p, s, t), look = q + STRETCH;

    while (q < p->n) {
        uint32_t at = p->n;
        struct match m = next_match(p, q, &at);
        count_in_order(e, p, s, t, q, at, m);
        q = at + m.len;
        if (q < look || limit == SIZE_MAX)
            continue;
        look = q + STRETCH;
        if (least_size(t, NCD_DHEADER_LEAST, block_so_far(s, p->m + q)) >=
            limit)
            return false;
    }
    return true;
}

/* The same where blocks may end within y: symbols are counted in order. */
static size_t parse_blocks(struct ncd_dengine *e, const struct pair *p,
                           bool crossing, size_t limit, struct tally *t)
{
    uint32_t total = p->m + p->n;
    struct state s = e->at;
    struct border border;

    while (s.pos < p->m)
        ncd_dengine_step(e, &s, total);
    take_counts(t);
    if (crossing)
        hang_border(e, total, &border);
    find_hints(e, p->y, crossing);
    bool counted = count_blocks(e, p, &s, limit, t);
    if (crossing)
        unhang_border(e, total, &border);
    if (!counted) {
        e->stats.pruned_during++;
        return NCD_DSIZE_PRUNED;
    }
    if (is_beyond(t, block_so_far(&s, total), limit, e->guesses)) {
        e->stats.pruned_after++;
        return NCD_DSIZE_PRUNED;
    }
    e->stats.trees++;
    return ncd_dengine_finish(e, &s, total);
}

/* Whether zlib's budget of candidates or its window can matter. */
static bool is_strict(const struct ncd_dengine *e, const struct ncd_dsuffix *y)
{
    return e->m + y->n > MAX_DIST || y->deep ||
           e->longest_chain + y->top_count[0] + 2 > e->tune.chain / 4u;
}

size_t ncd_dengine_parse(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                         size_t limit)
{
    uint32_t m = (uint32_t)e->m, n = (uint32_t)y->n;
    struct pair p = {e, y, m, n, is_strict(e, y)};
    struct tally t = {&e->counts, &e->bound, e->prefix_weight, e->prefix_n_lit,
                      e->prefix_n_match};
    bool crossing = may_cross(e, y);

    /* A match from x's end reaches at most 258 bytes into y. */
    memcpy(e->buf + m, y->text, min_u32(n, MAX_MATCH) + PAD);
    e->counts = e->prefix_counts;
    link_border(e, m + n);
    /* A symbol for every byte would not fill the block. */
    if (e->at.block_start == 0 &&
        t.n_lit + t.n_match + (m + n - e->at.pos) + 1 < BLOCK_SYMBOLS)
        return parse_one_block(e, &p, crossing, limit, &t);
    return parse_blocks(e, &p, crossing, limit, &t);
}
