/* SPDX-License-Identifier: MIT */
/*
 * The fast parse: symbols of y behind x, and nothing else.
 *
 * The best match of a position does not depend on the parse (deflate_size.c),
 * so the parse is split into passes without surprises for the processor:
 *
 *  1. hits: a bitmap of y's positions whose three-byte hash x has;
 *  2. matches: for the hits, what x offers, if longer than what y itself has.
 *     A match of exactly 3, 4 or 5 bytes is the most recent position of x with
 *     those bytes, which is the first of a chain by a hash of just so many;
 *     longer ones are looked for in the chain of six bytes, where texts have
 *     one or two entries. Now each position's best length is in an array;
 *  3. two bitmaps: has a match; the next position has a longer one. Lazy
 *     evaluation takes, from the first match on, the first that the next
 *     position does not outdo: two searches for a bit per match;
 *  4. literals: what no match covers.
 *
 * Bytes that no match can cover are literals whatever the parse does, and are
 * counted right after the first pass; the bound on the size, which only rises
 * as symbols are counted, can then strike early.
 */
#include "deflate_engine.h"

#if defined(__SSE2__) && !defined(NCD_NO_SIMD)
#include <emmintrin.h>
#endif

/* What is counted so far, and its weight for the bound. */
struct tally {
    struct ncd_dcounts *counts;
    const struct ncd_dbound *bound;
    uint32_t weight, n_lit, n_match;
};

/*
 * What one more raises the weight by. A count may pass what a block can hold,
 * and so the table; such a parse is void (see the end of ncd_dengine_fast), and
 * what is read for it does not matter.
 */
static inline uint32_t step_of(const struct tally *t, uint32_t n)
{
    return t->bound->step[n % NCD_DBOUND_MAX];
}

static inline void add_lit_symbol(struct tally *t, uint32_t symbol)
{
    uint32_t n = t->counts->lit[symbol];

    t->counts->lit[symbol] = (uint16_t)(n + 1);
    t->weight += step_of(t, n);
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
    t->weight += step_of(t, n);
    t->n_match++;
}

/* ---- the border ------------------------------------------------------- */

/*
 * Whether a match may begin in x and end in y. The text around some position
 * s of y then reads like that around y's beginning: a space before y[s] =
 * y[0], and before that x's last byte, or after it y[1].
 */
static inline bool may_cross(const struct ncd_dengine *e,
                             const struct ncd_dsuffix *y)
{
    return y->begin_repeats ||
           (e->m >= 2 && (y->before_begin >> (e->buf[e->m - 2] % 64) & 1) != 0);
}

/*
 * The last two positions of x have hashes that reach into y. Their own
 * searches need the chains of these hashes.
 */
static void link_border(struct ncd_dengine *e, uint32_t total)
{
    uint32_t m = (uint32_t)e->m, last = m - 1;
    uint32_t h = last + 3 <= total ? hash3(e->buf + last) : 0;

    if (last + 3 <= total)
        e->prev[last] = e->head[h];
    if (m >= 2 && m + 1 <= total) {
        uint32_t g = hash3(e->buf + m - 2);
        e->prev[m - 2] = e->head[g];
        if (g == h && last + 3 <= total)
            e->prev[last] = (uint16_t)(m - 2);
    }
}

static inline uint32_t border_start(uint32_t m, uint32_t n_bytes)
{
    return m > n_bytes ? m - n_bytes + 1 : 1;
}

/* Hangs the last positions of x, whose hashes reach into y, into the chains. */
static void hang_border(struct ncd_dengine *e, uint32_t total)
{
    uint32_t m = (uint32_t)e->m;

    for (uint32_t p = border_start(m, 3); p < m && p + 3 <= total; p++) {
        uint32_t h = hash3(e->buf + p);
        insert(e, p, h);
        e->present[h] = 0x80;
    }
    for (uint32_t n = MIN_GRAM; n <= MAX_GRAM; n++)
        for (uint32_t p = border_start(m, n); p < m && p + n <= total; p++)
            insert_gram(e, n, p);
}

static void unhang_border(struct ncd_dengine *e, uint32_t total)
{
    uint32_t m = (uint32_t)e->m;

    for (uint32_t p = m; p-- > border_start(m, 3);)
        if (p + 3 <= total) {
            uint32_t h = hash3(e->buf + p);
            e->head[h] = e->prev[p];
            e->present[h] = e->prev[p] != 0 ? 0x80 : 0;
        }
    for (uint32_t n = MIN_GRAM; n <= MAX_GRAM; n++)
        for (uint32_t p = m; p-- > border_start(m, n);)
            if (p + n <= total) {
                struct grams *g = &e->grams[n - MIN_GRAM];
                g->head[hash_gram(load64(e->buf + p), n, e->gram_shift)] =
                    g->prev[p];
            }
}

/* ---- bitmaps ---------------------------------------------------------- */

/* The top bits of 64 bytes as a word. */
static inline uint64_t top_bits(const uint8_t *bytes)
{
    uint64_t word = 0;
#if defined(__SSE2__) && !defined(NCD_NO_SIMD)
    for (unsigned i = 0; i < 64; i += 16) {
        __m128i v = _mm_load_si128((const __m128i *)(const void *)(bytes + i));
        word |= (uint64_t)(unsigned)_mm_movemask_epi8(v) << i;
    }
#else
    for (unsigned i = 0; i < 64; i++)
        word |= (uint64_t)(bytes[i] >> 7) << i;
#endif
    return word;
}

/* Bit i: x has the hash of the three bytes at t + i. Reads t[0 .. 65]. */
static inline uint64_t hits64(const uint8_t *present, const uint8_t *t)
{
    _Alignas(16) uint8_t found[64];
    uint16_t hash[64];

    for (unsigned i = 0; i < 64; i++)
        hash[i] =
            (uint16_t)((t[i] << 10 ^ t[i + 1] << 5 ^ t[i + 2]) & HASH_MASK);
    for (unsigned i = 0; i < 64; i++)
        found[i] = present[hash[i]];
    return top_bits(found);
}

/*
 * Fills e->hits and e->soft, one word of zeros to spare. The last two
 * positions have no three bytes and are no hits, but may be covered.
 */
static void fill_bitmaps(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                         bool crossing)
{
    uint32_t n = (uint32_t)y->n, full = n < MIN_MATCH ? 0 : n - 2, w = 0;
    uint64_t before = 0;

    for (; w * 64 < n; w++) {
        uint64_t word = hits64(e->present, y->text + w * 64);
        if (full < w * 64 + 64)
            word &= full <= w * 64 ? 0 : (UINT64_C(1) << (full % 64)) - 1;
        if (crossing)
            word |= y->cross[w];
        e->hits[w] = word;
        e->soft[w] = word | word << 1 | word << 2 | before >> 63 |
                     before >> 62 | y->self_cover[w];
        before = word;
    }
    e->hits[w] = 0;
    e->soft[w] = 0;
}

/* Counts the literals from q on whose bit is set in bits ^ flip. */
static void count_literals(const uint64_t *bits, uint64_t flip,
                           const struct ncd_dsuffix *y, uint32_t q,
                           struct tally *tally)
{
    struct tally t = *tally;
    uint32_t n = (uint32_t)y->n;

    for (uint32_t w = q / 64; w * 64 < n; w++) {
        uint64_t word = bits[w] ^ flip;
        const uint8_t *text = y->text + w * 64;
        if (w == q / 64)
            word &= ~UINT64_C(0) << (q % 64);
        if (n - w * 64 < 64)
            word &= (UINT64_C(1) << (n % 64)) - 1;
        for (; word != 0; word &= word - 1)
            add_literal(&t, text[ctz64(word)]);
    }
    *tally = t;
}

/* ---- search ----------------------------------------------------------- */

/* Most recent position of x with the three bytes at scan; 0 if none. */
static inline uint32_t find3(const struct ncd_dengine *e, const uint8_t *scan)
{
    uint32_t cur = e->head[hash3(scan)];

    while (cur != 0 && memcmp(e->buf + cur, scan, MIN_MATCH) != 0)
        cur = e->prev[cur];
    return cur;
}

/* The same for n bytes, 4 to 6, of those loaded. */
static inline uint32_t find_gram(const struct ncd_dengine *e, unsigned n,
                                 uint64_t bytes)
{
    const struct grams *g = &e->grams[n - MIN_GRAM];
    uint32_t cur = g->head[hash_gram(bytes, n, e->gram_shift)];

    while (cur != 0) {
        uint64_t x = load64(e->buf + cur) ^ bytes;
        if (x == 0 || first_difference(x) >= n)
            break;
        cur = g->prev[cur];
    }
    return cur;
}

/*
 * Longest match of y's position q in x among those of six bytes and more,
 * if longer than `len`; length 0 if none.
 */
static inline struct match search_long(const struct ncd_dengine *e,
                                       const struct ncd_dsuffix *y, uint32_t q,
                                       uint32_t cur, uint32_t len)
{
    struct match none = {0, 0};
    uint32_t max = min_u32(MAX_MATCH, (uint32_t)y->n - q);

    if (len < 5)
        len = 5;
    if (len >= max || len >= e->tune.nice)
        return none;
    if (len > 5) {
        /* The six bytes that would end a longer match must be in x, too. */
        uint32_t tail = q + len - 5;
        uint64_t end = load64(y->text + tail);
        if (e->grams[2].head[hash_gram(end, 6, e->gram_shift)] == 0 &&
            !get_bit(y->cross, tail))
            return none;
    }
    return walk(e->buf, e->grams[2].prev, cur, (uint32_t)e->m + q, y->text + q,
                len, max, e->tune.nice, 0, UINT32_MAX);
}

/*
 * Longest match of y's position q in x if longer than `len` (2 or more), the
 * plain way; length 0 if none. For the ends of texts and full slots.
 */
static struct match search_plain(const struct ncd_dengine *e,
                                 const struct ncd_dsuffix *y, uint32_t q,
                                 uint32_t len)
{
    const uint8_t *scan = y->text + q;
    uint64_t bytes = load64(scan);
    uint32_t max = min_u32(MAX_MATCH, (uint32_t)y->n - q);
    uint32_t cur = max < 6 ? 0 : find_gram(e, 6, bytes);
    struct match m = {0, 0};

    if (cur != 0)
        m = search_long(e, y, q, cur, len);
    if (m.len != 0)
        return m;
    m.len = 5;
    cur = max < 5 ? 0 : find_gram(e, 5, bytes);
    if (cur == 0) {
        m.len = 4;
        cur = max < 4 ? 0 : find_gram(e, 4, bytes);
    }
    if (cur == 0) {
        m.len = 3;
        cur = max < 3 ? 0 : find3(e, scan);
    }
    m.dist = (uint32_t)e->m + q - cur;
    if (cur == 0 || m.len <= len || too_far(m))
        m.len = 0;
    return m;
}

/* ---- matches ---------------------------------------------------------- */

/* 64 lengths from bytes, where 0 stands for 2. */
static inline void widen64(uint16_t *restrict to, const uint8_t *restrict from)
{
    for (unsigned i = 0; i < 64; i++)
        to[i] = (uint16_t)(from[i] + 2);
}

/*
 * The self-matches as start of e->len (2 = none) and e->dist. Up to 63 entries
 * too many are read: the text stands behind the lengths in y's block.
 */
static void copy_self_matches(struct ncd_dengine *e,
                              const struct ncd_dsuffix *y)
{
    uint32_t n = (uint32_t)y->n;

    memcpy(e->dist, y->self_dist, n * sizeof *e->dist);
    for (uint32_t i = 0; i < n; i += 64)
        widen64(e->len + i, y->self_len + i);
    /* Lengths are kept less 2 in a byte: 255 is 257 or 258. */
    for (uint32_t i = 0; y->has_longest && i < n; i++)
        if (e->len[i] == MAX_MATCH - 1)
            e->len[i] = (uint16_t)common_length(y->text + i,
                                                y->text + i - y->self_dist[i],
                                                min_u32(MAX_MATCH, n - i));
    for (uint32_t i = n; i < (n / 64 + 1) * 64 + 1; i++)
        e->len[i] = 2;
}

static inline void set_match(struct ncd_dengine *e, uint32_t q, struct match m)
{
    e->len[q] = (uint16_t)m.len;
    e->dist[q] = (uint16_t)m.dist;
}

/* Asks x at y's position q; for what the functions below leave over. */
static void find_plain(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                       uint32_t q)
{
    struct match m = search_plain(e, y, q, e->len[q]);

    if (m.len != 0)
        set_match(e, q, m);
}

/* At most three bytes at q, and y itself has none. */
static inline void find_three(struct ncd_dengine *e,
                              const struct ncd_dsuffix *y, uint32_t q)
{
    const uint8_t *scan = y->text + q;
    uint32_t c = find3(e, scan), dist = (uint32_t)e->m + q - c;

    if ((c != 0) & (dist <= TOO_FAR))
        set_match(e, q, (struct match){3, dist});
}

/*
 * At most four or five (`n`) bytes at q. No branch on what is found, as it
 * would be guessed wrong too often: texts that share five bytes share four,
 * so the number of agreements gives the length. If the first entry of a slot
 * is a stranger but those behind it may not be, the plain search is made.
 */
static inline void find_short(struct ncd_dengine *e,
                              const struct ncd_dsuffix *y, uint32_t q,
                              unsigned n)
{
    const struct grams *g = e->grams;
    const uint8_t *scan = y->text + q;
    uint64_t bytes = load64(scan);
    uint32_t c[4] = {0, e->head[hash3(scan)],
                     g[0].head[hash_gram(bytes, 4, e->gram_shift)], 0};
    uint32_t v3 = same(load64(e->buf + c[1]), bytes, 3) & (c[1] != 0);
    uint32_t v4 = same(load64(e->buf + c[2]), bytes, 4) & (c[2] != 0), v5 = 0;
    uint32_t behind = (v3 - 1) | ((v4 - 1) & g[0].mixed[c[2]]);

    if (n == 5) {
        c[3] = g[1].head[hash_gram(bytes, 5, e->gram_shift)];
        v5 = same(load64(e->buf + c[3]), bytes, 5) & (c[3] != 0);
        behind |= (v5 - 1) & g[1].mixed[c[3]];
    }
    uint32_t found = v3 + v4 + v5, dist = (uint32_t)e->m + q - c[found];
    if ((behind | (uint32_t)(dist > TOO_FAR)) != 0) {
        find_plain(e, y, q);
        return;
    }
    uint32_t len = e->len[q], old = e->dist[q];
    uint32_t better = 0 - (uint32_t)(found + 2 > len);
    e->len[q] = (uint16_t)(len ^ ((len ^ (found + 2)) & better));
    e->dist[q] = (uint16_t)(old ^ ((old ^ dist) & better));
}

/* Six bytes or more at q. */
static inline void find_long(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                             uint32_t q)
{
    const struct grams *g = &e->grams[2];
    uint64_t bytes = load64(y->text + q);
    uint32_t c = g->head[hash_gram(bytes, 6, e->gram_shift)];
    uint32_t v6 = same(load64(e->buf + c), bytes, 6) & (c != 0);

    if (v6 != 0) {
        struct match m = search_long(e, y, q, c, e->len[q]);
        if (m.len != 0)
            set_match(e, q, m);
    } else if (((v6 - 1) & g->mixed[c]) != 0) {
        find_plain(e, y, q);
    } else if (e->len[q] < 5) {
        find_short(e, y, q, 5);
    }
}

/* Bit i: len[i] is at least `least`. */
static inline uint64_t at_least64(const uint16_t *len, uint16_t least)
{
    _Alignas(16) uint8_t is[64];

    for (unsigned i = 0; i < 64; i++)
        is[i] = len[i] >= least ? 0x80 : 0;
    return top_bits(is);
}

/*
 * What x offers at the hits from q0 on, where it is longer than what y has. A
 * match of n bytes needs n - 2 hits in a row, so the hits are sorted by how
 * long a match they allow, and each sort has its search; where y itself has
 * as much, there is none. The last positions are left to the plain search,
 * which minds the end of the text.
 */
static void find_matches(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                         uint32_t q0)
{
    uint32_t n = (uint32_t)y->n, ends = n < 8 ? 0 : n - 7;

    for (uint32_t w = q0 / 64; w * 64 < ends; w++) {
        const uint16_t *len = e->len + w * 64;
        uint32_t q = w * 64;
        uint64_t h = e->hits[w], up = e->hits[w + 1];
        if (ends - q < 64)
            h &= (UINT64_C(1) << (ends - q)) - 1, up = e->hits[w + 1];
        if (h == 0)
            continue;
        uint64_t all = e->hits[w], h1 = all >> 1 | up << 63;
        uint64_t h2 = all >> 2 | up << 62, h3 = all >> 3 | up << 61;
        for (uint64_t s = h & ~h1 & ~at_least64(len, 3); s != 0; s &= s - 1)
            find_three(e, y, q + ctz64(s));
        for (uint64_t s = h & h1 & ~h2 & ~at_least64(len, 4); s != 0;
             s &= s - 1)
            find_short(e, y, q + ctz64(s), 4);
        for (uint64_t s = h & h1 & h2 & ~h3 & ~at_least64(len, 5); s != 0;
             s &= s - 1)
            find_short(e, y, q + ctz64(s), 5);
        for (uint64_t s = h & h1 & h2 & h3; s != 0; s &= s - 1)
            find_long(e, y, q + ctz64(s));
    }
    for (uint32_t q = q0 > ends ? q0 : ends; q < n; q++)
        if (get_bit(e->hits, q))
            find_plain(e, y, q);
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

/*
 * Whether zlib sees the matches into x that were found: before such a position
 * it looks at those of y with the same hash, the border's two, and the more
 * recent of x. As with self-matches, tune.chain are seen, a quarter of them if
 * the match pending is of tune.good or more.
 */
static bool within_budget(const struct ncd_dengine *e,
                          const struct ncd_dsuffix *y)
{
    uint32_t n = (uint32_t)y->n, m = (uint32_t)e->m;

    if (e->longest_chain + y->top_count[0] + 2 <= e->tune.chain / 4u)
        return true;
    for (uint32_t q = 0; q < n; q++) {
        if (e->len[q] < MIN_MATCH || e->dist[q] <= q)
            continue;
        uint32_t c = m + q - e->dist[q], h = hash3(y->text + q);
        uint32_t seen = count_in_y(y, h) + 2;
        if (c + 2 < m)
            seen += (uint32_t)(e->nth[e->head[h]] - e->nth[c]) + 1;
        if (seen > e->tune.chain ||
            (e->len[q] > e->tune.good && seen > e->tune.chain / 4u))
            return false;
    }
    return true;
}

/*
 * e->has: positions with a match; e->outdone: those whose next position has a
 * longer one and which are short enough for zlib to look there.
 */
static void compare_lengths(struct ncd_dengine *e, uint32_t n)
{
    uint16_t lazy = e->tune.lazy;
    uint32_t w = 0;

    for (; w * 64 < n; w++) {
        _Alignas(16) uint8_t has[64], outdone[64];
        const uint16_t *len = e->len + w * 64;
        for (unsigned i = 0; i < 64; i++)
            has[i] = len[i] > 2 ? 0x80 : 0;
        for (unsigned i = 0; i < 64; i++)
            outdone[i] =
                ((len[i + 1] > len[i]) & (len[i] < lazy)) != 0 ? 0x80 : 0;
        e->has[w] = top_bits(has);
        e->outdone[w] = top_bits(outdone);
    }
    e->has[w] = 0;
    e->outdone[w] = 0;
}

/* ---- parse ------------------------------------------------------------ */

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

/* First position from q on whose bit is not set. */
static inline uint32_t next_zero(const uint64_t *bits, uint32_t q)
{
    uint32_t i = q / 64;
    uint64_t w = ~bits[i] & ~UINT64_C(0) << (q % 64);

    while (w == 0)
        w = ~bits[++i];
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

/* Counts the matches from q on and strikes what they cover from e->soft. */
static void take_matches(struct ncd_dengine *e, uint32_t q, uint32_t n,
                         struct tally *tally)
{
    struct tally t = *tally;

    for (;;) {
        q = next_one(e->has, q, n);
        if (q >= n)
            break;
        q = next_zero(e->outdone, q);
        struct match m = {e->len[q], e->dist[q]};
        add_match(e, &t, m);
        clear_bits(e->soft, q, q + m.len);
        q += m.len;
    }
    *tally = t;
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

/* Smallest size in bytes the symbols counted allow, with a header's bits. */
static size_t least_size(const struct tally *t, uint32_t header, size_t total)
{
    uint32_t extra = t->counts->extra_bits;
    uint32_t own =
        header + extra +
        ncd_dbound_body(t->bound, t->weight, t->n_lit + t->n_match, t->n_match);
    /* Fixed trees: 8 bits a literal or more, 7 + 5 a match, 7 for the end. */
    uint32_t fixed = 8 * t->n_lit - 1 + 12 * t->n_match + extra;
    size_t least = ((own < fixed ? own : fixed) + 3 + 7) >> 3;

    return least < total + 5 ? least : total + 5;
}

/* Whether all symbols counted, the size is at least `limit`. */
static bool is_pruned(const struct tally *t, size_t total, size_t limit)
{
    struct ncd_dheader header;

    if (limit == SIZE_MAX)
        return false;
    if (least_size(t, NCD_DHEADER_LEAST, total) >= limit)
        return true;
    ncd_dheader_begin(&header, t->counts);
    if (least_size(t, header.bits, total) >= limit)
        return true;
    uint32_t bits = ncd_dheader_bits(&header, t->bound, t->n_lit + t->n_match);
    return least_size(t, bits, total) >= limit;
}

size_t ncd_dengine_fast(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                        size_t limit)
{
    uint32_t m = (uint32_t)e->m, n = (uint32_t)y->n, total = m + n, q;
    struct state s = e->at;
    struct tally t = {&e->counts, &e->bound, e->prefix_weight, e->prefix_n_lit,
                      e->prefix_n_match};
    bool crossing = may_cross(e, y);

    /* A match from x's end reaches at most 258 bytes into y. */
    memcpy(e->buf + m, y->text, min_u32(n, MAX_MATCH) + PAD);
    e->counts = e->prefix_counts;
    link_border(e, total);
    parse_border(e, &s, total, &t);
    if (crossing)
        hang_border(e, total);
    fill_bitmaps(e, y, crossing);
    q = s.pos - m;
    if (s.pending.len != 0)
        for (uint32_t i = 0; i + 1 < s.pending.len; i++)
            set_bit(e->soft, i);
    /* First those that no match can cover, whatever the parse does. */
    count_literals(e->soft, ~UINT64_C(0), y, q, &t);
    /* A bound for one block holds only if there is surely no second. */
    bool pruned = limit != SIZE_MAX &&
                  t.n_lit + t.n_match + (n - min_u32(q, n)) < BLOCK_SYMBOLS &&
                  least_size(&t, NCD_DHEADER_LEAST, total) >= limit;
    if (!pruned) {
        copy_self_matches(e, y);
        find_matches(e, y, q);
    }
    if (crossing)
        unhang_border(e, total);
    if (pruned) {
        e->stats.pruned_during++;
        return NCD_DSIZE_PRUNED;
    }
    if (!within_budget(e, y))
        return 0;
    compare_lengths(e, n);
    if (s.pending.len != 0) {
        /* Pending at the border: outdone by y's first position, or taken. */
        if (s.pending.len < e->tune.lazy && n != 0 &&
            e->len[0] > s.pending.len) {
            add_literal(&t, ' ');
        } else {
            add_match(e, &t, s.pending);
            q = s.pending.len - 1;
        }
    }
    take_matches(e, q, n, &t);
    count_literals(e->soft, 0, y, q, &t);
    if (t.n_lit + t.n_match >= BLOCK_SYMBOLS)
        return 0;
    if (is_pruned(&t, total, limit)) {
        e->stats.pruned_after++;
        return NCD_DSIZE_PRUNED;
    }
    e->stats.trees++;
    return (size_t)((ncd_dblock_bits(&e->counts, total, 0) + 7) >> 3);
}

/* ---- long pairs ------------------------------------------------------- */

/* The best that y itself has at q, as copy_self_matches sets it. */
static void reset_match(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                        uint32_t q)
{
    uint32_t len = y->self_len[q] + 2u, dist = y->self_dist[q];

    if (len == MAX_MATCH - 1)
        len = common_length(y->text + q, y->text + q - dist,
                            min_u32(MAX_MATCH, (uint32_t)y->n - q));
    set_match(e, q, (struct match){len, dist});
}

/*
 * Looks again where the longest match into x is too far away, in zlib's chain
 * of x and only as far as the window. A candidate exactly MAX_DIST away counts
 * for zlib if none stands before it in the chain, which is not looked into:
 * returns false there.
 */
static bool find_within_window(struct ncd_dengine *e,
                               const struct ncd_dsuffix *y, uint32_t q)
{
    uint32_t pos = (uint32_t)e->m + q, limit = pos - MAX_DIST;
    uint32_t max = min_u32(MAX_MATCH, (uint32_t)y->n - q);
    uint32_t cur = e->head[hash3(y->text + q)];

    for (uint32_t c = cur; c >= limit && c != 0; c = e->prev[c])
        if (c == limit)
            return false;
    reset_match(e, y, q);
    if (cur <= limit || e->len[q] >= max || e->len[q] >= e->tune.nice)
        return true;
    struct match m = walk(e->buf, e->prev, cur, pos, y->text + q, e->len[q],
                          max, e->tune.nice, limit, UINT32_MAX);
    if (m.len != 0 && !too_far(m))
        set_match(e, q, m);
    return true;
}

/* Puts right what find_matches found beyond the window. From MAX_DIST bytes
 * into y on, x is out of reach altogether. */
static bool keep_within_window(struct ncd_dengine *e,
                               const struct ncd_dsuffix *y)
{
    uint32_t m = (uint32_t)e->m, n = (uint32_t)y->n;

    for (uint32_t q = m < MAX_DIST ? MAX_DIST - m : 0; q < n; q++) {
        if (e->len[q] < MIN_MATCH || e->dist[q] <= q || e->dist[q] < MAX_DIST)
            continue;
        if (q >= MAX_DIST)
            reset_match(e, y, q);
        else if (!find_within_window(e, y, q))
            return false;
    }
    return true;
}

static void count_symbol(struct ncd_dengine *e, struct state *s, uint32_t end,
                         bool may_close)
{
    if (++s->n_symbols == BLOCK_SYMBOLS && may_close)
        ncd_dengine_close_block(e, s, end);
}

/* The symbols of y from q on, one by one, since blocks end between them; as
 * ncd_dengine_step counts them. */
static void count_in_order(struct ncd_dengine *e, struct state *s,
                           const struct ncd_dsuffix *y, uint32_t q)
{
    uint32_t m = (uint32_t)e->m, n = (uint32_t)y->n;

    while (q < n) {
        if (get_bit(e->has, q) && !get_bit(e->outdone, q)) {
            struct match found = {e->len[q], e->dist[q]};
            count_match(e, &e->counts, found);
            q += found.len;
            count_symbol(e, s, m + q, true);
        } else {
            e->counts.lit[y->text[q]]++;
            q++;
            count_symbol(e, s, m + q, q != n);
        }
    }
}

size_t ncd_dengine_long(struct ncd_dengine *e, const struct ncd_dsuffix *y)
{
    uint32_t m = (uint32_t)e->m, n = (uint32_t)y->n, total = m + n;
    struct state s = e->at;
    bool crossing = may_cross(e, y);

    memcpy(e->buf + m, y->text, min_u32(n, MAX_MATCH) + PAD);
    e->counts = e->prefix_counts;
    link_border(e, total);
    while (s.pos < m)
        ncd_dengine_step(e, &s, total);
    if (crossing)
        hang_border(e, total);
    fill_bitmaps(e, y, crossing);
    copy_self_matches(e, y);
    find_matches(e, y, 0);
    bool certain = keep_within_window(e, y);
    if (crossing)
        unhang_border(e, total);
    if (!certain || !within_budget(e, y))
        return 0;
    compare_lengths(e, n);
    uint32_t q = s.pos - m;
    if (s.pending.len != 0) {
        /* Pending at the border, at position m - 1. */
        if (s.pending.len < e->tune.lazy && n != 0 &&
            e->len[0] > s.pending.len) {
            e->counts.lit[' ']++;
            count_symbol(e, &s, m, true);
        } else {
            count_match(e, &e->counts, s.pending);
            q = s.pending.len - 1;
            count_symbol(e, &s, m + q, true);
        }
    }
    count_in_order(e, &s, y, q);
    e->stats.trees++;
    return ncd_dengine_finish(e, &s, total);
}
