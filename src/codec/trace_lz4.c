/* SPDX-License-Identifier: MIT */
/*
 * Reads an LZ4 block as tokens. A sequence is a byte of two nibbles, literals,
 * and a copy: a nibble, and the bytes that carry on a length too long for it,
 * belong to what they tell the length of. The last sequence has no copy, and
 * its second nibble says nothing. The text is known, so a token that leaves it,
 * or copies what is not there, is none.
 */
#include <string.h>

#include "codec/trace.h"
#include "util/error.h"

enum { LEAST_COPY = 4, NIBBLE_MAX = 15 };

struct reader {
    const unsigned char *packed;
    size_t at, n;
    ncd_text text;
    struct ncd_trace *trace;
};

static ncd_status foreign(ncd_error *err)
{
    return ncd_fail(err, NCD_ERR_CODEC,
                    "lz4: the block is not read as what it was made of");
}

/* The length that a nibble begins; 0 where the block ends within it. */
static int read_length(struct reader *r, unsigned nibble, size_t *length_out)
{
    *length_out = nibble;
    for (unsigned more = nibble == NIBBLE_MAX ? 255 : 0; more == 255;) {
        if (r->at == r->n)
            return 0;
        more = r->packed[r->at++];
        *length_out += more;
    }
    return 1;
}

static ncd_status read_literals(struct reader *r, unsigned nibble,
                                ncd_error *err)
{
    size_t from = r->at, length, at = ncd_trace_end(r->trace);
    if (!read_length(r, nibble, &length) || length > r->n - r->at ||
        length > r->text.nbytes - at)
        return foreign(err);
    if (length == 0) { /* nothing to bear the nibble */
        r->trace->frame_bits += 4;
        return NCD_OK;
    }
    if (memcmp(r->packed + r->at, (const char *)r->text.bytes + at, length) !=
        0)
        return foreign(err);
    r->at += length;
    if (ncd_trace_add(r->trace, length, 0, 4 + 8. * (double)(r->at - from)) !=
        NCD_OK)
        return ncd_fail_nomem(err);
    return NCD_OK;
}

static ncd_status read_copy(struct reader *r, unsigned nibble, ncd_error *err)
{
    size_t from = r->at, length, at = ncd_trace_end(r->trace);
    const unsigned char *text = r->text.bytes;
    if (r->n - r->at < 2)
        return foreign(err);
    size_t distance = r->packed[r->at] | (size_t)r->packed[r->at + 1] << 8;
    r->at += 2;
    if (!read_length(r, nibble, &length) || distance == 0 || distance > at)
        return foreign(err);
    length += LEAST_COPY;
    if (length > r->text.nbytes - at)
        return foreign(err);
    for (size_t i = at; i < at + length; i++)
        if (text[i] != text[i - distance])
            return foreign(err);
    if (ncd_trace_add(r->trace, length, distance,
                      4 + 8. * (double)(r->at - from)) != NCD_OK)
        return ncd_fail_nomem(err);
    return NCD_OK;
}

ncd_status ncd_trace_lz4(ncd_text packed, ncd_text text,
                         struct ncd_trace *trace, ncd_error *err)
{
    struct reader r = {.packed = packed.bytes,
                       .n = packed.nbytes,
                       .text = text,
                       .trace = trace};
    while (r.at < r.n) {
        unsigned lengths = r.packed[r.at++];
        ncd_status status = read_literals(&r, lengths >> 4, err);
        if (status == NCD_OK && r.at < r.n)
            status = read_copy(&r, lengths & NIBBLE_MAX, err);
        else if (status == NCD_OK)
            trace->frame_bits += 4;
        if (status != NCD_OK)
            return status;
    }
    return ncd_trace_end(trace) == text.nbytes ? NCD_OK : foreign(err);
}
