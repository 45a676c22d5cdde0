/* SPDX-License-Identifier: MIT */
/*
 * Reads LZMA2 as tokens. A range coder has no whole bits, so a token is counted
 * by what its decisions say, -log2 of their probabilities, in units of 2^-20
 * bit whose sums are exact. What the bytes hold beyond that is the frame:
 * headers of chunks, and what the coder rounds and flushes, some 5 bytes a
 * chunk.
 *
 * As with DEFLATE, the text is known and each token is held against it.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/trace.h"
#include "util/error.h"

enum {
    N_STATES = 12,
    FIRST_AFTER_MATCH = 7, /* states from here on follow a copy */
    N_POSITIONS = 16,
    N_LITERALS = 0x300,
    MAX_LITERAL_BITS = 4, /* lc + lp of LZMA2 */
    LENGTH_LOW_BITS = 3,
    LENGTH_HIGH_BITS = 8,
    LEAST_LENGTH = 2,
    N_LENGTH_STATES = 4,
    SLOT_BITS = 6,
    FIRST_DIRECT_SLOT = 14,
    ALIGN_BITS = 4,
    N_NEAR = 1 + 128 - FIRST_DIRECT_SLOT,
    PROBABILITY_BITS = 11,
    LEARNING_SHIFT = 5,
    COST_BITS = 20
};

typedef uint16_t probability; /* of a 0, of 2^11 */

struct lengths {
    probability choices[2];
    probability low[N_POSITIONS][1 << LENGTH_LOW_BITS];
    probability middle[N_POSITIONS][1 << LENGTH_LOW_BITS];
    probability high[1 << LENGTH_HIGH_BITS];
};

/* All that is learnt; nothing but probabilities, to be reset as one array. */
struct learnt {
    probability is_match[N_STATES][N_POSITIONS];
    probability is_rep[N_STATES];
    probability is_rep_0[N_STATES];
    probability is_rep_0_long[N_STATES][N_POSITIONS];
    probability is_rep_1[N_STATES];
    probability is_rep_2[N_STATES];
    probability slots[N_LENGTH_STATES][1 << SLOT_BITS];
    probability near[N_NEAR];
    probability align[1 << ALIGN_BITS];
    struct lengths match_lengths, rep_lengths;
    probability literals[N_LITERALS << MAX_LITERAL_BITS];
};

struct reader {
    const unsigned char *packed;
    size_t at, n; /* n: where the chunk ends */
    ncd_text text;
    struct ncd_trace *trace;
    uint32_t range, code;
    uint64_t cost; /* of the token so far */
    struct learnt learnt;
    unsigned state, lc, position_mask, literal_mask;
    size_t distances[4]; /* of the last copies */
    uint32_t costs[1 << PROBABILITY_BITS];
};

/* -log2(p / 2^11), digit by digit: a square of 2 or more is a 1. */
static uint32_t cost_of(uint32_t p)
{
    uint32_t whole = 0, fraction = 0;
    uint64_t x = (uint64_t)p << (32 - PROBABILITY_BITS);
    for (; x < UINT64_C(1) << 31; x <<= 1)
        whole++;
    for (int i = 0; i < COST_BITS; i++) {
        x = x * x >> 31;
        fraction = fraction << 1 | (x >> 32 ? 1 : 0);
        x >>= x >> 32;
    }
    return ((whole + 1) << COST_BITS) - fraction;
}

/* --- Decisions --- */

static void refill(struct reader *r)
{
    if (r->range >> 24)
        return;
    r->range <<= 8;
    r->code = r->code << 8 | (r->at < r->n ? r->packed[r->at] : 0);
    r->at++;
}

static unsigned decide(struct reader *r, probability *p)
{
    refill(r);
    uint32_t bound = (r->range >> PROBABILITY_BITS) * *p;
    if (r->code < bound) {
        r->range = bound;
        r->cost += r->costs[*p];
        *p = (probability)(*p +
                           (((1 << PROBABILITY_BITS) - *p) >> LEARNING_SHIFT));
        return 0;
    }
    r->range -= bound;
    r->code -= bound;
    r->cost += r->costs[(1 << PROBABILITY_BITS) - *p];
    *p -= *p >> LEARNING_SHIFT;
    return 1;
}

static size_t read_direct(struct reader *r, unsigned n)
{
    size_t value = 0;
    r->cost += (uint64_t)n << COST_BITS;
    while (n-- > 0) {
        refill(r);
        r->range >>= 1;
        unsigned bit = r->code >= r->range;
        r->code -= bit ? r->range : 0;
        value = value << 1 | bit;
    }
    return value;
}

static unsigned read_tree(struct reader *r, probability *tree, unsigned n)
{
    unsigned node = 1;
    for (unsigned i = 0; i < n; i++)
        node = node << 1 | decide(r, &tree[node]);
    return node - (1u << n);
}

/* The lowest bit first. */
static unsigned read_reverse(struct reader *r, probability *tree, unsigned n)
{
    unsigned node = 1, value = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned bit = decide(r, &tree[node]);
        node = node << 1 | bit;
        value |= bit << i;
    }
    return value;
}

/* --- Tokens --- */

static ncd_status foreign(ncd_error *err)
{
    return ncd_fail(err, NCD_ERR_CODEC,
                    "lzma: the stream is not read as what it was made of");
}

static unsigned position(const struct reader *r)
{
    return (unsigned)ncd_trace_end(r->trace) & r->position_mask;
}

static ncd_status add_token(struct reader *r, size_t nbytes, size_t distance,
                            ncd_error *err)
{
    double bits = (double)r->cost / (1 << COST_BITS);
    r->cost = 0;
    if (ncd_trace_add(r->trace, nbytes, distance, bits) != NCD_OK)
        return ncd_fail_nomem(err);
    return NCD_OK;
}

/* After a copy a literal is not what stood behind its source, or the copy would
 * have been longer; so it is coded beside that byte until they differ. */
static unsigned read_literal(struct reader *r, probability *tree,
                             unsigned beside)
{
    unsigned symbol = 1, differs = r->state < FIRST_AFTER_MATCH;
    while (symbol < 0x100) {
        unsigned of = 0, expected = beside >> 7 & 1;
        if (!differs)
            of = (1 + expected) << 8;
        unsigned bit = decide(r, &tree[of + symbol]);
        differs |= bit != expected;
        symbol = symbol << 1 | bit;
        beside <<= 1;
    }
    return symbol & 0xff;
}

static ncd_status take_literal(struct reader *r, ncd_error *err)
{
    const unsigned char *text = r->text.bytes;
    size_t at = ncd_trace_end(r->trace);
    unsigned before = at ? text[at - 1] : 0, s = r->state;
    unsigned context =
        ((unsigned)at & r->literal_mask) << r->lc | before >> (8 - r->lc);
    if (s >= FIRST_AFTER_MATCH && r->distances[0] > at)
        return foreign(err);
    unsigned beside = s >= FIRST_AFTER_MATCH ? text[at - r->distances[0]] : 0;
    unsigned byte =
        read_literal(r, r->learnt.literals + N_LITERALS * context, beside);
    r->state = s < 4 ? 0 : s < 10 ? s - 3 : s - 6;
    return byte == text[at] ? add_token(r, 1, 0, err) : foreign(err);
}

static size_t read_length(struct reader *r, struct lengths *lengths)
{
    unsigned p = position(r);
    if (!decide(r, &lengths->choices[0]))
        return read_tree(r, lengths->low[p], LENGTH_LOW_BITS);
    if (!decide(r, &lengths->choices[1]))
        return 8 + read_tree(r, lengths->middle[p], LENGTH_LOW_BITS);
    return 16 + read_tree(r, lengths->high, LENGTH_HIGH_BITS);
}

static size_t read_distance(struct reader *r, size_t length)
{
    struct learnt *l = &r->learnt;
    size_t lengths = length < N_LENGTH_STATES ? length : N_LENGTH_STATES - 1;
    unsigned slot = read_tree(r, l->slots[lengths], SLOT_BITS);
    if (slot < 4)
        return slot + 1;
    unsigned n = slot / 2 - 1;
    size_t base = (size_t)(2 | (slot & 1)) << n;
    if (slot < FIRST_DIRECT_SLOT)
        return 1 + base + read_reverse(r, l->near + base - slot, n);
    base += read_direct(r, n - ALIGN_BITS) << ALIGN_BITS;
    return 1 + base + read_reverse(r, l->align, ALIGN_BITS);
}

/* Brings the i-th last distance to the front. */
static void bring(struct reader *r, int i)
{
    size_t distance = r->distances[i];
    memmove(r->distances + 1, r->distances, (size_t)i * sizeof distance);
    r->distances[0] = distance;
}

/* Leaves the distance in front; returns the length. */
static size_t read_rep(struct reader *r)
{
    struct learnt *l = &r->learnt;
    unsigned s = r->state, after_copy = s >= FIRST_AFTER_MATCH;
    if (!decide(r, &l->is_rep_0[s])) {
        if (!decide(r, &l->is_rep_0_long[s][position(r)])) {
            r->state = after_copy ? 11 : 9;
            return 1;
        }
    } else if (!decide(r, &l->is_rep_1[s])) {
        bring(r, 1);
    } else {
        bring(r, decide(r, &l->is_rep_2[s]) ? 3 : 2);
    }
    r->state = after_copy ? 11 : 8;
    return LEAST_LENGTH + read_length(r, &l->rep_lengths);
}

static size_t read_match(struct reader *r)
{
    size_t length = read_length(r, &r->learnt.match_lengths);
    bring(r, 3);
    r->distances[0] = read_distance(r, length);
    r->state = r->state >= FIRST_AFTER_MATCH ? 10 : 7;
    return LEAST_LENGTH + length;
}

static ncd_status take_copy(struct reader *r, size_t end, ncd_error *err)
{
    const unsigned char *text = r->text.bytes;
    size_t at = ncd_trace_end(r->trace);
    size_t length =
        decide(r, &r->learnt.is_rep[r->state]) ? read_rep(r) : read_match(r);
    size_t distance = r->distances[0];
    if (distance > at || length > end - at)
        return foreign(err);
    for (size_t i = at; i < at + length; i++)
        if (text[i] != text[i - distance])
            return foreign(err);
    return add_token(r, length, distance, err);
}

/* --- Chunks --- */

static void reset(struct reader *r)
{
    probability *p = (probability *)&r->learnt;
    for (size_t i = 0; i < sizeof r->learnt / sizeof *p; i++)
        p[i] = 1 << (PROBABILITY_BITS - 1);
    r->state = 0;
    for (int i = 0; i < 4; i++)
        r->distances[i] = 1;
}

/* lc, lp and pb in one byte. */
static int set_properties(struct reader *r, unsigned byte)
{
    unsigned lp = byte / 9 % 5, pb = byte / 45;
    r->lc = byte % 9;
    r->literal_mask = (1u << lp) - 1;
    r->position_mask = (1u << pb) - 1;
    return pb <= 4 && r->lc + lp <= MAX_LITERAL_BITS;
}

static ncd_status read_stored(struct reader *r, size_t nbytes, ncd_error *err)
{
    size_t at = ncd_trace_end(r->trace);
    if (nbytes > r->n - r->at || nbytes > r->text.nbytes - at ||
        memcmp(r->packed + r->at, (const char *)r->text.bytes + at, nbytes) !=
            0)
        return foreign(err);
    r->at += nbytes;
    r->cost = (uint64_t)nbytes * 8 << COST_BITS;
    return add_token(r, nbytes, 0, err);
}

static ncd_status read_coded(struct reader *r, size_t nbytes, ncd_error *err)
{
    size_t end = ncd_trace_end(r->trace) + nbytes;
    ncd_status status = NCD_OK;
    if (end > r->text.nbytes || r->n - r->at < 5)
        return foreign(err);
    r->range = UINT32_MAX;
    r->code = 0;
    r->at++; /* the first byte is always 0 */
    for (int i = 0; i < 4; i++)
        r->code = r->code << 8 | r->packed[r->at++];
    while (ncd_trace_end(r->trace) < end && status == NCD_OK && r->at <= r->n)
        status = decide(r, &r->learnt.is_match[r->state][position(r)])
                     ? take_copy(r, end, err)
                     : take_literal(r, err);
    if (status == NCD_OK)
        refill(r);
    return status == NCD_OK && r->at != r->n ? foreign(err) : status;
}

/* Big-endian, and one less than it says. */
static size_t read_size(struct reader *r)
{
    size_t size = (size_t)r->packed[r->at] << 8 | r->packed[r->at + 1];
    r->at += 2;
    return size + 1;
}

static ncd_status read_chunk(struct reader *r, unsigned control, size_t n,
                             ncd_error *err)
{
    int is_stored = control <= 2, has_properties = control >= 0xc0;
    size_t header = is_stored ? 2 : has_properties ? 5 : 4;
    if ((control > 2 && control < 0x80) || n - r->at < header)
        return foreign(err);
    size_t nbytes = read_size(r);
    if (is_stored) {
        r->n = n;
        return read_stored(r, nbytes, err);
    }
    nbytes += (size_t)(control & 0x1f) << 16;
    size_t packed_nbytes = read_size(r);
    if (has_properties && !set_properties(r, r->packed[r->at++]))
        return foreign(err);
    if (control >= 0xa0)
        reset(r);
    if (packed_nbytes > n - r->at)
        return foreign(err);
    r->n = r->at + packed_nbytes;
    return read_coded(r, nbytes, err);
}

static ncd_status read_chunks(struct reader *r, size_t n, ncd_error *err)
{
    ncd_status status = NCD_OK;
    while (status == NCD_OK) {
        if (r->at == n)
            return foreign(err);
        unsigned control = r->packed[r->at++];
        if (control == 0)
            break;
        status = read_chunk(r, control, n, err);
    }
    if (status == NCD_OK && ncd_trace_end(r->trace) != r->text.nbytes)
        return foreign(err);
    return status;
}

ncd_status ncd_trace_lzma2(ncd_text packed, ncd_text text,
                           struct ncd_trace *trace, ncd_error *err)
{
    struct reader *r = calloc(1, sizeof *r);
    if (!r)
        return ncd_fail_nomem(err);
    r->packed = packed.bytes;
    r->text = text;
    r->trace = trace;
    for (uint32_t p = 1; p < 1 << PROBABILITY_BITS; p++)
        r->costs[p] = cost_of(p);
    reset(r);
    ncd_status status = read_chunks(r, packed.nbytes, err);
    free(r);
    return status;
}
