/* SPDX-License-Identifier: MIT */
/*
 * Numbers and strings as bytes in a file: little-endian, whatever the machine,
 * and read with the end of the data in view. Writers return NCD_ERR_NOMEM;
 * readers return 0 at the first value that does not fit, and everything after
 * it fails too.
 */
#ifndef NCD_MODEL_WIRE_H
#define NCD_MODEL_WIRE_H

#include "util/buf.h"

/* Numbers from a file may be anything; beyond any that training gives they are
 * refused, so that sums of their products stay finite. */
#define NCD_SANE_MOST 1e15

ncd_status ncd_put_u32(struct ncd_buf *out, uint32_t value);
ncd_status ncd_put_u64(struct ncd_buf *out, uint64_t value);
ncd_status ncd_put_double(struct ncd_buf *out, double value);
ncd_status ncd_put_float(struct ncd_buf *out, float value);

/* LEB128: 7 bits a byte, the lowest first. */
ncd_status ncd_put_varint(struct ncd_buf *out, uint64_t value);

/* Length as a varint, then the bytes. */
ncd_status ncd_put_text(struct ncd_buf *out, ncd_text text);

struct ncd_cursor {
    const unsigned char *at, *end;
    int failed;
};

uint32_t ncd_get_u32(struct ncd_cursor *in);
uint64_t ncd_get_u64(struct ncd_cursor *in);
double ncd_get_double(struct ncd_cursor *in);
float ncd_get_float(struct ncd_cursor *in);
uint64_t ncd_get_varint(struct ncd_cursor *in);
ncd_text ncd_get_text(struct ncd_cursor *in);

/* The next n bytes. */
ncd_text ncd_get_bytes(struct ncd_cursor *in, uint64_t n);

#endif
