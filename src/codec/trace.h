/* SPDX-License-Identifier: MIT */
/*
 * Where the bits of a compressed text go: its tokens, in the order of the text,
 * and what stands beside them. A trace is read from the compressed text itself
 * or from the model that codes it, so that its bits add up to the size.
 */
#ifndef NCD_CODEC_TRACE_H
#define NCD_CODEC_TRACE_H

#include "ncdclass.h"

/* A run of literal bytes, or a copy of what stands `distance` bytes before. */
struct ncd_token {
    size_t at; /* in the text */
    size_t nbytes;
    size_t distance; /* 0: literal */
    double bits;
};

struct ncd_trace {
    struct ncd_token *tokens; /* [n] together the whole text */
    size_t n, capacity;
    double
        frame_bits; /* headers, checksums, padding, ends of blocks, flushing */
    double table_bits; /* descriptions of codes */
};

/* Forgets the tokens, keeping the memory. */
void ncd_trace_clear(struct ncd_trace *trace);
void ncd_trace_free(struct ncd_trace *trace);

/* Where in the text the next token begins. */
size_t ncd_trace_end(const struct ncd_trace *trace);

/* Statuses: NOMEM. */
ncd_status ncd_trace_add(struct ncd_trace *trace, size_t nbytes,
                         size_t distance, double bits);

/* Of all tokens and what is beside them. */
double ncd_trace_bits(const struct ncd_trace *trace);

/*
 * Readers of compressed formats. Each reads all of `packed` as tokens of
 * `text`, whose bytes they must give. Statuses: NOMEM, CODEC (they don't).
 */
ncd_status ncd_trace_deflate(ncd_text packed, ncd_text text,
                             struct ncd_trace *trace, ncd_error *err);
ncd_status ncd_trace_lz4(ncd_text packed, ncd_text text,
                         struct ncd_trace *trace, ncd_error *err);
/* The end marker may be followed by anything; the frame is not told. */
ncd_status ncd_trace_lzma2(ncd_text packed, ncd_text text,
                           struct ncd_trace *trace, ncd_error *err);

#endif
