/* SPDX-License-Identifier: MIT */
/*
 * Reads a raw DEFLATE stream (RFC 1951) as tokens with the bits of each. It is
 * no decompressor: the text is known, and every token is held against it. So it
 * can be the simplest reader there is, bit by bit, and serves whatever wrote
 * the stream.
 */
#include <string.h>

#include "codec/trace.h"
#include "util/error.h"

enum {
    MAX_CODE_BITS = 15,
    N_LITERALS = 288, /* and lengths */
    N_DISTANCES = 32,
    N_CODE_LENGTHS = 19,
    END_OF_BLOCK = 256,
    FIRST_LENGTH = 257,
    LAST_LENGTH = 285,
    LONGEST = 258
};

struct reader {
    ncd_text packed, text;
    size_t at; /* the next bit */
    int overrun;
    struct ncd_trace *trace;
};

/* A canonical code: symbols by the length of their code words, and in order
 * among equals, which is all that there is to know. */
struct code {
    unsigned n_of_length[MAX_CODE_BITS + 1];
    unsigned short symbols[N_LITERALS];
};

static unsigned read_bits(struct reader *r, unsigned n)
{
    const unsigned char *bytes = r->packed.bytes;
    unsigned value = 0;
    for (unsigned i = 0; i < n; i++, r->at++) {
        if (r->at / 8 >= r->packed.nbytes) {
            r->overrun = 1;
            return 0;
        }
        value |= (unsigned)(bytes[r->at / 8] >> (r->at % 8) & 1) << i;
    }
    return value;
}

static void make_code(struct code *code, const unsigned char *lengths,
                      unsigned n)
{
    unsigned first[MAX_CODE_BITS + 2] = {0};
    memset(code, 0, sizeof *code);
    for (unsigned s = 0; s < n; s++)
        code->n_of_length[lengths[s]]++;
    code->n_of_length[0] = 0;
    for (unsigned l = 1; l <= MAX_CODE_BITS; l++)
        first[l + 1] = first[l] + code->n_of_length[l];
    for (unsigned s = 0; s < n; s++)
        if (lengths[s])
            code->symbols[first[lengths[s]]++] = (unsigned short)s;
}

/* The words of each length are consecutive numbers, which begin behind those of
 * the length before, doubled. Returns what is no symbol where there is none. */
static unsigned read_symbol(struct reader *r, const struct code *code)
{
    unsigned word = 0, first = 0, n_shorter = 0;
    for (unsigned l = 1; l <= MAX_CODE_BITS && !r->overrun; l++) {
        unsigned n = code->n_of_length[l];
        word = word << 1 | read_bits(r, 1);
        if (word - first < n)
            return code->symbols[n_shorter + word - first];
        n_shorter += n;
        first = (first + n) << 1;
    }
    return N_LITERALS;
}

/* --- Tokens --- */

static ncd_status foreign(ncd_error *err)
{
    return ncd_fail(err, NCD_ERR_CODEC,
                    "the compressed text is not read as what it was made of");
}

/* Adds a token that began at bit `from`, if it is what the text has there. */
static ncd_status add_token(struct reader *r, size_t nbytes, size_t distance,
                            size_t from, ncd_error *err)
{
    size_t at = ncd_trace_end(r->trace);
    const unsigned char *text = r->text.bytes;
    if (nbytes > r->text.nbytes - at || distance > at)
        return foreign(err);
    for (size_t i = at; distance && i < at + nbytes; i++)
        if (text[i] != text[i - distance])
            return foreign(err);
    if (ncd_trace_add(r->trace, nbytes, distance, (double)(r->at - from)) !=
        NCD_OK)
        return ncd_fail_nomem(err);
    return NCD_OK;
}

static ncd_status add_literal(struct reader *r, unsigned byte, size_t from,
                              ncd_error *err)
{
    size_t at = ncd_trace_end(r->trace);
    if (at >= r->text.nbytes ||
        ((const unsigned char *)r->text.bytes)[at] != byte)
        return foreign(err);
    return add_token(r, 1, 0, from, err);
}

/* Lengths go up by 1, then four of them by 2, four by 4 and so on. */
static size_t read_length(struct reader *r, unsigned symbol)
{
    unsigned i = symbol - FIRST_LENGTH, n_extra = i < 8 ? 0 : i / 4 - 1;
    if (symbol == LAST_LENGTH)
        return LONGEST;
    size_t base = i < 8 ? i + 3 : ((4 + i % 4) << n_extra) + 3;
    return base + read_bits(r, n_extra);
}

/* Distances do the same by twos. */
static size_t read_distance(struct reader *r, unsigned symbol)
{
    unsigned n_extra = symbol < 4 ? 0 : symbol / 2 - 1;
    size_t base = symbol < 4 ? symbol + 1 : ((2 + symbol % 2) << n_extra) + 1;
    return base + read_bits(r, n_extra);
}

static ncd_status read_copy(struct reader *r, unsigned symbol,
                            const struct code *distances, size_t from,
                            ncd_error *err)
{
    if (symbol > LAST_LENGTH)
        return foreign(err);
    size_t length = read_length(r, symbol);
    unsigned far = read_symbol(r, distances);
    if (far >= N_DISTANCES - 2)
        return foreign(err);
    size_t distance = read_distance(r, far);
    return add_token(r, length, distance, from, err);
}

/* --- Blocks --- */

static ncd_status read_tokens(struct reader *r, const struct code *literals,
                              const struct code *distances, ncd_error *err)
{
    for (;;) {
        size_t from = r->at;
        unsigned symbol = read_symbol(r, literals);
        ncd_status status;
        if (r->overrun)
            return foreign(err);
        if (symbol == END_OF_BLOCK) {
            r->trace->frame_bits += (double)(r->at - from);
            return NCD_OK;
        }
        if (symbol < END_OF_BLOCK)
            status = add_literal(r, symbol, from, err);
        else
            status = read_copy(r, symbol, distances, from, err);
        if (status != NCD_OK)
            return status;
    }
}

static ncd_status read_stored(struct reader *r, ncd_error *err)
{
    size_t from = r->at;
    ncd_status status = NCD_OK;
    r->at = (r->at + 7) / 8 * 8;
    unsigned n = read_bits(r, 16);
    if ((read_bits(r, 16) ^ n) != 0xffff)
        return foreign(err);
    r->trace->frame_bits += (double)(r->at - from);
    for (unsigned i = 0; i < n && status == NCD_OK; i++) {
        from = r->at;
        status = add_literal(r, read_bits(r, 8), from, err);
    }
    return status;
}

static ncd_status read_fixed(struct reader *r, ncd_error *err)
{
    unsigned char lengths[N_LITERALS];
    struct code literals, distances;
    for (unsigned s = 0; s < N_LITERALS; s++)
        lengths[s] = s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8;
    make_code(&literals, lengths, N_LITERALS);
    memset(lengths, 5, N_DISTANCES);
    make_code(&distances, lengths, N_DISTANCES);
    return read_tokens(r, &literals, &distances, err);
}

/* Code lengths, which are themselves coded, with runs. */
static int read_lengths(struct reader *r, const struct code *code,
                        unsigned char *lengths, unsigned n)
{
    for (unsigned i = 0; i < n && !r->overrun;) {
        unsigned symbol = read_symbol(r, code), times = 1;
        unsigned char length = (unsigned char)symbol;
        if (symbol > 18 || (symbol == 16 && i == 0))
            return 0;
        if (symbol == 16)
            times = 3 + read_bits(r, 2);
        else if (symbol > 16)
            times = symbol == 17 ? 3 + read_bits(r, 3) : 11 + read_bits(r, 7);
        if (symbol >= 16)
            length = symbol == 16 ? lengths[i - 1] : 0;
        if (times > n - i)
            return 0;
        memset(lengths + i, length, times);
        i += times;
    }
    return !r->overrun;
}

static ncd_status read_dynamic(struct reader *r, ncd_error *err)
{
    static const unsigned char order[N_CODE_LENGTHS] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    unsigned char lengths[N_LITERALS + N_DISTANCES] = {0};
    struct code code, literals, distances;
    size_t from = r->at;
    unsigned n_literals = 257 + read_bits(r, 5);
    unsigned n_distances = 1 + read_bits(r, 5);
    unsigned n_lengths = 4 + read_bits(r, 4);
    for (unsigned i = 0; i < n_lengths; i++)
        lengths[order[i]] = (unsigned char)read_bits(r, 3);
    make_code(&code, lengths, N_CODE_LENGTHS);
    if (n_literals > N_LITERALS ||
        !read_lengths(r, &code, lengths, n_literals + n_distances))
        return foreign(err);
    r->trace->table_bits += (double)(r->at - from);
    make_code(&literals, lengths, n_literals);
    make_code(&distances, lengths + n_literals, n_distances);
    return read_tokens(r, &literals, &distances, err);
}

static ncd_status read_block(struct reader *r, int *last_out, ncd_error *err)
{
    *last_out = (int)read_bits(r, 1);
    unsigned type = read_bits(r, 2);
    r->trace->frame_bits += 3;
    if (r->overrun || type == 3)
        return foreign(err);
    return type == 0   ? read_stored(r, err)
           : type == 1 ? read_fixed(r, err)
                       : read_dynamic(r, err);
}

ncd_status ncd_trace_deflate(ncd_text packed, ncd_text text,
                             struct ncd_trace *trace, ncd_error *err)
{
    struct reader r = {.packed = packed, .text = text, .trace = trace};
    int last = 0;
    while (!last) {
        ncd_status status = read_block(&r, &last, err);
        if (status != NCD_OK)
            return status;
    }
    if (ncd_trace_end(trace) != text.nbytes || (r.at + 7) / 8 != packed.nbytes)
        return foreign(err);
    trace->frame_bits += (double)(8 * packed.nbytes - r.at);
    return NCD_OK;
}
