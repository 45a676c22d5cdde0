/*
 * The fast parse: symbols of y behind x, and nothing else.
 *
 * Three bitmaps over y's positions do most of the work. `hits`: x has a
 * position with the same three-byte hash, so a match into x may begin here.
 * `soft`: a match, into x or inside y, may cover this byte: one of the three
 * positions up to here is a hit, or a self-match covers it. What is not soft
 * is a literal whatever the parse does, and all such literals are counted
 * before the parse begins; the bound on the size, which only rises as symbols
 * are counted, can then strike early. The parse itself only visits positions
 * where a match may begin.
 *
 * At a visited position x is not searched in zlib's chains. A match of exactly
 * 3, 4 or 5 bytes is the most recent position of x with those bytes, which is
 * the first of a chain by a hash of just so many; matches of 6 and more are
 * looked for in the chain of six bytes, where texts have one or two entries.
 * A match longer than `best` must have the six bytes that end it in x, too:
 * one more look spares most walks of the lazy evaluation.
 */
#include "deflate_engine.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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
            insert_gram(&e->grams[n - MIN_GRAM], p,
                        hash_gram(load64(e->buf + p), n, e->gram_shift));
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
#ifdef __SSE2__
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
        hash[i] = (uint16_t)((t[i] << 10 ^ t[i + 1] << 5 ^ t[i + 2]) &
                             HASH_MASK);
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

/* Counts the literals that no match can cover, from y's position q on. */
static void count_hard_literals(const struct ncd_dengine *e,
                                const struct ncd_dsuffix *y, uint32_t q,
                                struct tally *tally)
{
    struct tally t = *tally;
    uint32_t n = (uint32_t)y->n;

    for (uint32_t w = q / 64; w * 64 < n; w++) {
        uint64_t hard = ~e->soft[w];
        const uint8_t *text = y->text + w * 64;
        if (w == q / 64)
            hard &= ~UINT64_C(0) << (q % 64);
        if (n - w * 64 < 64)
            hard &= (UINT64_C(1) << (n % 64)) - 1;
        for (; hard != 0; hard &= hard - 1)
            add_literal(&t, text[ctz64(hard)]);
    }
    *tally = t;
}

/* Counts the literals among y's positions q .. end - 1 not counted before. */
static inline void count_soft_literals(const struct ncd_dengine *e,
                                       const struct ncd_dsuffix *y, uint32_t q,
                                       uint32_t end, struct tally *t)
{
    while (q < end) {
        uint64_t soft = e->soft[q / 64] >> (q % 64);
        if (soft == 0) {
            q = (q / 64 + 1) * 64;
            continue;
        }
        q += ctz64(soft);
        if (q < end)
            add_literal(t, y->text[q]);
        q++;
    }
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
 * Longest match of y's position q in x if longer than best->len, which is at
 * least 2 and below max; else *best stays. q is a hit.
 */
static inline void search_x(const struct ncd_dengine *e,
                            const struct ncd_dsuffix *y, uint32_t q,
                            uint32_t max, struct match *best)
{
    const uint8_t *scan = y->text + q;
    uint64_t bytes = load64(scan);
    uint32_t pos = (uint32_t)e->m + q, len = best->len, found = 0;

    if (len < 5) {
        uint32_t cur = max < 4 ? 0 : find_gram(e, 4, bytes);
        if (cur == 0) {
            if (len == 2 && (cur = find3(e, scan)) != 0 && pos - cur <= TOO_FAR) {
                best->len = MIN_MATCH;
                best->dist = pos - cur;
            }
            return;
        }
        if (len < 4) {
            found = cur;
            len = 4;
        }
        cur = max < 5 ? 0 : find_gram(e, 5, bytes);
        if (cur != 0) {
            found = cur;
            len = 5;
        }
        if (found != 0) {
            best->len = len;
            best->dist = pos - found;
        }
        if (cur == 0)
            return;
    } else {
        /* The six bytes that would end a longer match. */
        uint32_t tail = q + len - 5;
        uint64_t end = load64(y->text + tail);
        if (e->grams[2].head[hash_gram(end, 6, e->gram_shift)] == 0 &&
            !get_bit(y->cross, tail))
            return;
    }
    uint32_t cur = e->grams[2].head[hash_gram(bytes, 6, e->gram_shift)];
    if (max < 6 || cur == 0)
        return;
    struct match m = walk(e->buf, e->grams[2].prev, cur, pos, scan, len, max,
                          e->tune.nice, 0, UINT32_MAX);
    if (m.len != 0)
        *best = m;
}

/*
 * Match at y's position q if one longer than the pending one exists, else
 * length 0. What y has itself is known and more recent than anything in x.
 */
static inline struct match search_y(const struct ncd_dengine *e,
                                    const struct ncd_dsuffix *y, uint32_t q,
                                    uint32_t pending_len)
{
    struct match best = {pending_len, 0}, none = {0, 0};
    uint32_t max = min_u32(MAX_MATCH, (uint32_t)y->n - q);

    if (pending_len >= max || pending_len >= e->tune.lazy)
        return none;
    if (y->self_dist[q] != 0) {
        uint32_t len = y->self_len[q] + (uint32_t)MIN_MATCH;
        if (len > best.len) {
            best.len = len;
            best.dist = y->self_dist[q];
            if (len >= min_u32(e->tune.nice, max))
                return best;
        }
    }
    if (get_bit(e->hits, q))
        search_x(e, y, q, max, &best);
    return best.dist == 0 ? none : best;
}

/* ---- parse ------------------------------------------------------------ */

static inline uint64_t candidates(const struct ncd_dengine *e,
                                  const struct ncd_dsuffix *y, uint32_t w)
{
    return e->hits[w] | y->has_self[w];
}

/* Next position from q on where a match may begin; at least n if none. */
static inline uint32_t next_candidate(const struct ncd_dengine *e,
                                      const struct ncd_dsuffix *y, uint32_t q)
{
    uint32_t n = (uint32_t)y->n, i = q / 64;
    uint64_t w = candidates(e, y, i) & ~UINT64_C(0) << (q % 64);

    while (w == 0) {
        if (++i * 64 >= n)
            return n;
        w = candidates(e, y, i);
    }
    return i * 64 + ctz64(w);
}

/*
 * Settles the match `m` at y's position q: as long as the next position has a
 * longer one, a literal and that. Returns the position behind the match taken.
 * The byte at q is `byte` (q may be -1, the space before y).
 */
static inline uint32_t settle(const struct ncd_dengine *e,
                              const struct ncd_dsuffix *y, uint32_t q,
                              uint8_t byte, struct match m, struct tally *t)
{
    for (;;) {
        uint32_t next = q + 1;
        if (next >= y->n ||
            (candidates(e, y, next / 64) >> (next % 64) & 1) == 0)
            break;
        struct match longer = search_y(e, y, next, m.len);
        if (longer.len == 0)
            break;
        add_literal(t, byte);
        m = longer;
        q = next;
        byte = y->text[q];
    }
    add_match(e, t, m);
    return q + m.len;
}

static void parse_y(const struct ncd_dengine *e, const struct ncd_dsuffix *y,
                    uint32_t q, struct tally *tally)
{
    struct tally t = *tally;
    uint32_t n = (uint32_t)y->n;

    while (q < n) {
        uint32_t c = next_candidate(e, y, q);
        count_soft_literals(e, y, q, min_u32(c, n), &t);
        q = c;
        if (q >= n)
            break;
        struct match m = search_y(e, y, q, 2);
        if (m.len == 0)
            add_literal(&t, y->text[q++]);
        else
            q = settle(e, y, q, y->text[q], m, &t);
    }
    *tally = t;
}

/*
 * The parse of x from where y may matter, up to its end: zlib's steps, with
 * the weight kept. Leaves the match pending at the border in s.
 */
static void parse_border(struct ncd_dengine *e, struct state *s,
                         uint32_t total, struct tally *t)
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
    uint32_t own = header + extra + ncd_dbound_body(t->bound, t->weight,
                                                    t->n_lit + t->n_match,
                                                    t->n_match);
    /* Fixed trees: 8 bits a literal or more, 7 + 5 a match, 7 for the end. */
    uint32_t fixed = 8 * t->n_lit - 1 + 12 * t->n_match + extra;
    size_t least = ((own < fixed ? own : fixed) + 3 + 7) >> 3;

    return least < total + 5 ? least : total + 5;
}

size_t ncd_dengine_fast(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                        size_t limit)
{
    uint32_t m = (uint32_t)e->m, n = (uint32_t)y->n, total = m + n, q;
    struct state s = e->at;
    struct tally t = {&e->counts, &e->bound, e->prefix_weight,
                      e->prefix_n_lit, e->prefix_n_match};
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
    count_hard_literals(e, y, q, &t);
    if (s.pending.len != 0)
        q = settle(e, y, UINT32_MAX, ' ', s.pending, &t);
    parse_y(e, y, q, &t);
    if (crossing)
        unhang_border(e, total);
    if (limit != SIZE_MAX &&
        least_size(&t, ncd_dbound_header(&e->bound, &e->counts), total) >= limit) {
        e->stats.pruned_after++;
        return NCD_DSIZE_PRUNED;
    }
    e->stats.trees++;
    return (size_t)((ncd_dblock_bits(&e->counts, total, 0) + 7) >> 3);
}
