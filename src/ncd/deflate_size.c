/* SPDX-License-Identifier: MIT */
/*
 * Sizes of x . ' ' . y under zlib's lazy matching, by counting symbols only.
 *
 * zlib looks for the longest earlier match at a position in the chain of
 * positions with the same hash, most recent first, and takes the most recent
 * of the longest. All positions enter the chains, whatever the parse does, so
 * the result at a position does not depend on the parse; only a *threshold*
 * does (it must beat the match pending at the position before). Hence:
 *
 *  - the best match of a position of y inside y can be known beforehand. It is
 *    more recent than anything in x, so x matters only where it has something
 *    strictly longer;
 *  - the chains of x need not know y: they stay as they are while all y pass.
 *    The two last positions of x . ' ' have hashes that depend on y's first
 *    bytes; they are hung into the chains for one pair and taken out again;
 *  - a position whose hash x does not have costs one bit test;
 *  - the parse of x . ' ' is the same for all y up to the first position where
 *    a match could run into y.
 *
 * This holds while the matches found are within the level's budget of
 * candidates and all distances within the window. Where either may fail, the
 * search at that position is made as zlib makes it (deflate_match.h); where
 * zlib's window would slide, zlib itself is called.
 */
#include "deflate_engine.h"

#include <stdlib.h>

/* zlib's configuration_table, levels 4 to 9. */
static const struct tuning tunings[6] = {
    {4, 4, 16, 16},    {8, 16, 32, 32},      {8, 16, 128, 128},
    {8, 32, 128, 256}, {32, 128, 258, 1024}, {32, 258, 258, 4096},
};

/* Length codes: 8 single lengths, then four per power of two, 258 apart. */
static void fill_len_codes(uint8_t *code)
{
    for (uint32_t l = 0; l < 256; l++) {
        uint32_t k = 2;
        while (l >> (k + 1) != 0)
            k++;
        code[l] = (uint8_t)(l < 8 ? l : 4 * (k - 1) + (l >> (k - 2) & 3));
    }
    code[MAX_MATCH - MIN_MATCH] = 28;
}

/*
 * Search at position `pos` of e->buf[0 .. total), whose chains are complete.
 * A quirk kept: the most recent candidate may be MAX_DIST away, later ones
 * must be nearer.
 */
struct match ncd_dengine_search(const struct ncd_dengine *e, uint32_t total,
                                uint32_t pos, uint32_t pending_len)
{
    struct match none = {0, 0};
    uint32_t best = pending_len < MIN_MATCH ? MIN_MATCH - 1 : pending_len;
    uint32_t max = min_u32(MAX_MATCH, total - pos);
    uint32_t budget = e->tune.chain,
             limit = pos > MAX_DIST ? pos - MAX_DIST : 0;

    if (total - pos < MIN_MATCH || best >= max || pending_len >= e->tune.lazy)
        return none;
    uint32_t cur = e->prev[pos];
    if (cur == 0 || cur < limit)
        return none;
    if (pending_len >= e->tune.good)
        budget >>= 2;
    struct match m = walk(e->buf, e->prev, cur, pos, e->buf + pos, best, max,
                          e->tune.nice, limit, budget);
    return too_far(m) ? none : m;
}

/* ---- parse, step by step ---------------------------------------------- */

void ncd_dengine_close_block(struct ncd_dengine *e, struct state *s,
                             uint32_t end)
{
    e->counts.lit[NCD_DEOB] = 1;
    s->bits = ncd_dblock_bits(&e->counts, end - s->block_start, s->bits);
    memset(&e->counts, 0, sizeof e->counts);
    s->n_symbols = 0;
    s->block_start = end;
}

/*
 * One step of zlib's lazy evaluation in e->buf[0 .. total): looks at s->pos
 * and either writes the match pending, or the literal before, or waits. A
 * literal is counted as soon as it is certain; zlib holds it back one step,
 * which alters nothing but that the input's last literal never closes a block.
 */
void ncd_dengine_step(struct ncd_dengine *e, struct state *s, uint32_t total)
{
    struct match m = ncd_dengine_search(e, total, s->pos, s->pending.len);

    if (m.len == 0 && s->pending.len != 0) {
        count_match(e, &e->counts, s->pending);
        s->pos += s->pending.len - 1;
        s->pending.len = 0;
        if (++s->n_symbols == BLOCK_SYMBOLS)
            ncd_dengine_close_block(e, s, s->pos);
        return;
    }
    if (m.len == 0 || s->pending.len != 0) {
        uint32_t at = s->pending.len != 0 ? s->pos - 1 : s->pos;
        e->counts.lit[e->buf[at]]++;
        if (++s->n_symbols == BLOCK_SYMBOLS && at + 1 != total)
            ncd_dengine_close_block(e, s, at + 1);
    }
    s->pending = m;
    s->pos++;
}

/* Closes the last block; the size of the whole stream in bytes. */
size_t ncd_dengine_finish(struct ncd_dengine *e, struct state *s,
                          uint32_t total)
{
    ncd_dengine_close_block(e, s, total);
    return (size_t)((s->bits + 7) >> 3);
}

/* ---- prefix ----------------------------------------------------------- */

uint32_t ncd_dengine_build_chains(struct ncd_dengine *e, const uint8_t *text,
                                  uint32_t n)
{
    uint32_t longest = 0;

    memset(e->head, 0, sizeof e->head);
    for (uint32_t p = 0; p + MIN_MATCH <= n; p++) {
        uint32_t h = hash3(text + p), before = e->head[h];
        uint32_t nth = before != 0 ? e->nth[before] + 1u : 1;
        e->nth[p] = (uint16_t)nth;
        longest = nth > longest ? nth : longest;
        insert(e, p, h);
    }
    return longest;
}

/*
 * First position whose matches depend on what follows: the last two, and
 * before them those from where text up to the end occurs earlier. If the text
 * from p does, so does that from p + 1, hence the loop may stop at the first
 * failure. 258 bytes before the end a match is full anyway.
 */
static uint32_t resume_point(const struct ncd_dengine *e)
{
    uint32_t m = (uint32_t)e->m, p = m >= 2 ? m - 2 : 0;

    while (p > 0 && m - (p - 1) < MAX_MATCH) {
        uint32_t len = m - (p - 1), cur = e->prev[p - 1];
        while (cur != 0 && memcmp(e->buf + cur, e->buf + p - 1, len) != 0)
            cur = e->prev[cur];
        if (cur == 0)
            break;
        p--;
    }
    return p;
}

/*
 * What the parse looks up: presence of hashes, chains of three to six bytes.
 * Four to eight times as many slots as positions keep most chains free of
 * strangers while the tables stay in the nearest cache.
 */
static void index_prefix(struct ncd_dengine *e, uint32_t m)
{
    unsigned bits = 8;

    while (bits < MAX_GRAM_BITS && (12 * m) >> bits != 0)
        bits++;
    e->gram_shift = 64 - bits;
    memset(e->follow, 0, sizeof e->follow);
    for (uint32_t p = 1; p + 4 <= m; p++)
        e->follow[hash3(e->buf + p)] |= byte_class(e->buf[p + 3]);
    if (m >= 4) /* what follows the last three is y's affair */
        e->follow[hash3(e->buf + m - 3)] = 0xff;
    for (unsigned i = 0; i < N_GRAMS; i++) {
        struct grams *g = &e->grams[i];
        memset(g->head, 0, sizeof *g->head << bits);
        for (uint32_t p = 1; p + MIN_GRAM + i <= m; p++)
            insert_gram(e, MIN_GRAM + i, p);
    }
}

static uint32_t sum16(const uint16_t *v, unsigned n)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < n; i++)
        sum += v[i];
    return sum;
}

bool ncd_dengine_set_prefix(struct ncd_dengine *e, const void *text, size_t n)
{
    e->m = n + 1;
    e->too_long = e->m > MAX_TOTAL || e->use_zlib;
    if (e->m + PAD > e->long_capacity) {
        uint8_t *p = realloc(e->long_buf, e->m + PAD);
        if (p == NULL)
            return false;
        e->long_buf = p;
        e->long_capacity = e->m + PAD;
    }
    if (n != 0)
        memcpy(e->long_buf, text, n);
    e->long_buf[n] = ' ';
    if (e->too_long)
        return true;

    memcpy(e->buf, e->long_buf, e->m);
    memset(e->buf + e->m, 0, PAD);
    uint32_t m = (uint32_t)e->m;
    e->longest_chain = ncd_dengine_build_chains(e, e->buf, m);
    index_prefix(e, m);
    struct state s = {0, {0, 0}, 0, 0, 0};
    uint32_t resume = resume_point(e);
    memset(&e->counts, 0, sizeof e->counts);
    while (s.pos < resume)
        ncd_dengine_step(e, &s, m);
    e->at = s;
    e->counts.lit[NCD_DEOB] = 1;
    e->prefix_counts = e->counts;
    e->prefix_weight = ncd_dbound_weight(&e->bound, &e->counts);
    e->prefix_n_match = sum16(e->counts.dist, NCD_DDIST);
    e->prefix_n_lit = sum16(e->counts.lit, NCD_DLIT) - e->prefix_n_match;
    return true;
}

/* ---- zlib itself ------------------------------------------------------ */

static bool zlib_size(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                      size_t *size_out)
{
    size_t total = e->m + y->n;
    uLong bound = deflateBound(&e->zs, (uLong)total);

    if (total + PAD > e->long_capacity) {
        uint8_t *p = realloc(e->long_buf, total + PAD);
        if (p == NULL)
            return false;
        e->long_buf = p;
        e->long_capacity = total + PAD;
    }
    if (bound > e->out_capacity) {
        uint8_t *p = realloc(e->out, bound);
        if (p == NULL)
            return false;
        e->out = p;
        e->out_capacity = bound;
    }
    memcpy(e->long_buf + e->m, y->text, y->n);
    if (deflateReset(&e->zs) != Z_OK)
        return false;
    e->zs.next_in = e->long_buf;
    e->zs.avail_in = (uInt)total;
    e->zs.next_out = e->out;
    e->zs.avail_out = (uInt)bound;
    if (deflate(&e->zs, Z_FINISH) != Z_STREAM_END)
        return false;
    *size_out = e->zs.total_out;
    return true;
}

bool ncd_dengine_size(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                      size_t limit, size_t *size_out)
{
    size_t total = e->m + y->n;

    if (e->too_long || total > MAX_TOTAL) {
        e->stats.zlib++;
        return zlib_size(e, y, size_out);
    }
    *size_out = e->path->parse(e, y, limit);
    return true;
}

/* ---- life ------------------------------------------------------------- */

struct ncd_dengine *ncd_dengine_new(int level, bool use_zlib)
{
    struct ncd_dengine *e = calloc(1, sizeof *e);

    if (e == NULL)
        return NULL;
    e->path = ncd_dpath_best();
    e->level = level;
    e->tune = tunings[level - 4];
    e->use_zlib = use_zlib;
    fill_len_codes(e->len_code);
    e->buf = calloc(1, MAX_TOTAL + MAX_MATCH + 2 * PAD);
    e->prev = calloc(MAX_TOTAL + 2, sizeof *e->prev);
    e->nth = calloc(MAX_TOTAL + 2, sizeof *e->nth);
    bool chains_ok = e->prev != NULL && e->nth != NULL;
    for (unsigned i = 0; i < N_GRAMS; i++) {
        e->grams[i].prev = calloc(MAX_TOTAL + 2, sizeof *e->prev);
        e->grams[i].mixed = calloc(MAX_TOTAL + 2, 1);
        chains_ok =
            chains_ok && e->grams[i].prev != NULL && e->grams[i].mixed != NULL;
    }
    e->three = calloc(MAX_TOTAL + 256, 1);
    e->four = calloc(MAX_TOTAL + 256, 1);
    e->hint = calloc(MAX_TOTAL + 256, 1);
    e->most = calloc(MAX_TOTAL + 256, 1);
    e->begins = calloc(MAX_TOTAL / 64 + 4, sizeof *e->begins);
    e->soft = calloc(MAX_TOTAL / 64 + 4, sizeof *e->soft);
    ncd_dbound_init(&e->bound);
    e->zs_open = deflateInit2(&e->zs, level, Z_DEFLATED, -15, 8,
                              Z_DEFAULT_STRATEGY) == Z_OK;
    if (e->buf == NULL || !chains_ok || e->three == NULL || e->four == NULL ||
        e->hint == NULL || e->most == NULL || e->begins == NULL ||
        e->soft == NULL || !e->zs_open || !ncd_dengine_set_prefix(e, "", 0)) {
        ncd_dengine_free(e);
        return NULL;
    }
    return e;
}

void ncd_dengine_free(struct ncd_dengine *e)
{
    if (e == NULL)
        return;
    if (e->zs_open)
        deflateEnd(&e->zs);
    free(e->buf);
    free(e->long_buf);
    free(e->prev);
    free(e->nth);
    for (unsigned i = 0; i < N_GRAMS; i++) {
        free(e->grams[i].prev);
        free(e->grams[i].mixed);
    }
    free(e->three);
    free(e->four);
    free(e->hint);
    free(e->most);
    free(e->begins);
    free(e->soft);
    free(e->out);
    free(e);
}

void ncd_dengine_take_path(struct ncd_dengine *e, const struct ncd_dpath *path)
{
    e->path = path;
}

void ncd_dengine_guess(struct ncd_dengine *e, bool guesses)
{
    e->guesses = guesses;
}

const struct ncd_dstats *ncd_dengine_stats(const struct ncd_dengine *e)
{
    return &e->stats;
}
