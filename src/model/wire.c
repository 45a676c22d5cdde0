/* SPDX-License-Identifier: MIT */
/* Numbers and strings as bytes in a file; see wire.h. */
#include "model/wire.h"

#include <string.h>

static ncd_status put_little(struct ncd_buf *out, uint64_t value, size_t n)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    return ncd_buf_append(out, bytes, n);
}

ncd_status ncd_put_u32(struct ncd_buf *out, uint32_t value)
{
    return put_little(out, value, 4);
}

ncd_status ncd_put_u64(struct ncd_buf *out, uint64_t value)
{
    return put_little(out, value, 8);
}

ncd_status ncd_put_double(struct ncd_buf *out, double value)
{
    uint64_t bits;
    _Static_assert(sizeof bits == sizeof value, "double is IEEE binary64");
    memcpy(&bits, &value, sizeof bits);
    return ncd_put_u64(out, bits);
}

ncd_status ncd_put_float(struct ncd_buf *out, float value)
{
    uint32_t bits;
    _Static_assert(sizeof bits == sizeof value, "float is IEEE binary32");
    memcpy(&bits, &value, sizeof bits);
    return ncd_put_u32(out, bits);
}

ncd_status ncd_put_varint(struct ncd_buf *out, uint64_t value)
{
    unsigned char bytes[10];
    size_t n = 0;
    do {
        bytes[n] = (unsigned char)(value & 0x7f);
        value >>= 7;
        if (value)
            bytes[n] |= 0x80;
        n++;
    } while (value);
    return ncd_buf_append(out, bytes, n);
}

ncd_status ncd_put_text(struct ncd_buf *out, ncd_text text)
{
    ncd_status status = ncd_put_varint(out, text.nbytes);
    if (status != NCD_OK)
        return status;
    return ncd_buf_append(out, text.bytes, text.nbytes);
}

ncd_text ncd_get_bytes(struct ncd_cursor *in, uint64_t n)
{
    if (in->failed || n > (uint64_t)(in->end - in->at)) {
        in->failed = 1;
        return (ncd_text){"", 0};
    }
    ncd_text text = {in->at, (size_t)n};
    in->at += n;
    return text;
}

static uint64_t get_little(struct ncd_cursor *in, size_t n)
{
    ncd_text text = ncd_get_bytes(in, n);
    const unsigned char *bytes = text.bytes;
    uint64_t value = 0;
    for (size_t i = 0; i < text.nbytes; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

uint32_t ncd_get_u32(struct ncd_cursor *in)
{
    return (uint32_t)get_little(in, 4);
}

uint64_t ncd_get_u64(struct ncd_cursor *in)
{
    return get_little(in, 8);
}

double ncd_get_double(struct ncd_cursor *in)
{
    uint64_t bits = get_little(in, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float ncd_get_float(struct ncd_cursor *in)
{
    uint32_t bits = ncd_get_u32(in);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint64_t ncd_get_varint(struct ncd_cursor *in)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        uint64_t byte = get_little(in, 1);
        value |= (byte & 0x7f) << shift;
        if (in->failed || !(byte & 0x80))
            return in->failed ? 0 : value;
    }
    in->failed = 1;
    return 0;
}

ncd_text ncd_get_text(struct ncd_cursor *in)
{
    return ncd_get_bytes(in, ncd_get_varint(in));
}
