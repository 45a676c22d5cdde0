/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic coding (Rissanen & Langdon 1979) with carries: the code is a
 * number in [0, 1), an interval of such numbers is narrowed byte by byte in
 * proportion to the byte's probability, and at the end the shortest number in
 * the interval is written. The interval's length is kept at 2^56 or more, in
 * units of the 64 bits at hand, so that rounding costs less than 2^-26 of a
 * symbol's probability, and the whole less than a bit for 60 MB.
 */
#include "codec/ppm_coder.h"

#include <math.h>

/* The model, with what must be known for the probabilities of all bytes. */
struct source {
    struct ncd_ppm *model;
    struct ncd_ppm_set after[256];
    unsigned last;
    int started;
    uint32_t p[256];
};

static void note_byte(struct source *s, unsigned byte)
{
    if (s->started)
        s->after[s->last].bits[byte / 64] |= UINT64_C(1) << (byte % 64);
    s->last = byte;
    s->started = 1;
}

static ncd_status learn(struct source *s, unsigned byte)
{
    unsigned char b = (unsigned char)byte;
    note_byte(s, byte);
    return ncd_ppm_take(s->model, (ncd_text){&b, 1}, HUGE_VAL, NULL);
}

static ncd_status start(struct source *s, struct ncd_ppm *model, ncd_text prime,
                        size_t nbytes_expected)
{
    const unsigned char *bytes = prime.bytes;
    *s = (struct source){.model = model};
    for (size_t i = 0; i < prime.nbytes; i++)
        note_byte(s, bytes[i]);
    ncd_status status = ncd_ppm_start(model, prime.nbytes + nbytes_expected);
    return status == NCD_OK ? ncd_ppm_take(model, prime, HUGE_VAL, NULL)
                            : status;
}

/* --- Encoder --- */

struct encoder {
    uint64_t low, range;
    struct ncd_buf *out;
    size_t begin; /* of the code in `out` */
};

/* Adds one to the number written so far. There is room for the carry: the
 * number stays below 1. */
static void carry(struct encoder *e)
{
    size_t i = e->out->n;
    while (i-- > e->begin && ++e->out->bytes[i] == 0)
        ;
}

static void add(struct encoder *e, uint64_t amount)
{
    e->low += amount;
    if (e->low < amount)
        carry(e);
}

static ncd_status put_top(struct encoder *e)
{
    unsigned char top = (unsigned char)(e->low >> 56);
    e->low <<= 8;
    return ncd_buf_append(e->out, &top, 1);
}

static ncd_status put_symbol(struct encoder *e, const uint32_t p[256],
                             unsigned symbol)
{
    uint64_t unit = e->range >> NCD_PPM_ONE_LOG2, before = 0;
    for (unsigned b = 0; b < symbol; b++)
        before += p[b];
    add(e, unit * before);
    e->range = unit * p[symbol];
    ncd_status status = NCD_OK;
    while (e->range < UINT64_C(1) << 56 && status == NCD_OK) {
        e->range <<= 8;
        status = put_top(e);
    }
    return status;
}

/* The shortest number in the interval. As the length is 2^56 or more, one byte
 * does, and a carry; not even that where it is 0, which the decoder adds. */
static ncd_status finish(struct encoder *e)
{
    uint64_t mask = (UINT64_C(1) << 56) - 1;
    add(e, mask);
    e->low &= ~mask;
    ncd_status status = put_top(e);
    if (status == NCD_OK && e->out->bytes[e->out->n - 1] == 0)
        e->out->n--;
    return status;
}

ncd_status ncd_ppm_encode(struct ncd_ppm *model, ncd_text prime, ncd_text text,
                          struct ncd_buf *code_out, double *cost_out)
{
    const unsigned char *bytes = text.bytes;
    struct encoder e = {0, UINT64_MAX, code_out, code_out->n};
    struct source s;
    ncd_status status = start(&s, model, prime, text.nbytes);
    double before = ncd_ppm_cost(model);
    for (size_t i = 0; i < text.nbytes && status == NCD_OK; i++) {
        ncd_ppm_spread(model, s.after, s.p);
        status = put_symbol(&e, s.p, bytes[i]);
        if (status == NCD_OK)
            status = learn(&s, bytes[i]);
    }
    if (status == NCD_OK && text.nbytes)
        status = finish(&e);
    if (status == NCD_OK && cost_out)
        *cost_out = ncd_ppm_cost(model) - before;
    return status;
}

/* --- Decoder --- */

struct decoder {
    uint64_t code, range; /* the code less the interval's beginning */
    const unsigned char *at, *end;
    unsigned n_missing; /* bytes asked for behind the end */
};

/* The 64 bits at hand are 8 bytes ahead of what the encoder has written when it
 * comes to its end: no good code has more missing. */
#define MISSING_MAX 8

static void get_byte(struct decoder *d)
{
    d->n_missing += d->at == d->end;
    d->code = d->code << 8 | (d->at < d->end ? *d->at++ : 0);
}

/* The byte in whose part of the interval the code lies; -1 where it lies in
 * what rounding has left over. */
static int get_symbol(struct decoder *d, const uint32_t p[256])
{
    uint64_t unit = d->range >> NCD_PPM_ONE_LOG2;
    uint64_t target = d->code / unit, before = 0;
    for (int b = 0; b < 256; b++) {
        if (target < before + p[b]) {
            d->code -= unit * before;
            d->range = unit * p[b];
            while (d->range < UINT64_C(1) << 56) {
                d->range <<= 8;
                get_byte(d);
            }
            return b;
        }
        before += p[b];
    }
    return -1;
}

ncd_status ncd_ppm_decode(struct ncd_ppm *model, ncd_text prime, ncd_text code,
                          uint64_t text_nbytes, struct ncd_buf *text_out)
{
    static const unsigned char nothing[1];
    const unsigned char *at = code.nbytes ? code.bytes : nothing;
    struct decoder d = {0, UINT64_MAX, at, at + code.nbytes, 0};
    struct source s;
    ncd_status status = start(&s, model, prime, code.nbytes);
    for (int i = 0; i < 8; i++)
        get_byte(&d);
    for (uint64_t i = 0; i < text_nbytes && status == NCD_OK; i++) {
        ncd_ppm_spread(model, s.after, s.p);
        int symbol = get_symbol(&d, s.p);
        if (symbol < 0 || d.n_missing > MISSING_MAX)
            return NCD_ERR_INPUT;
        unsigned char byte = (unsigned char)symbol;
        status = ncd_buf_append(text_out, &byte, 1);
        if (status == NCD_OK)
            status = learn(&s, byte);
    }
    return status;
}
