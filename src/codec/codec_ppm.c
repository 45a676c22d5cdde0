/* SPDX-License-Identifier: MIT */
/*
 * ppm: a compressor of our own, the statistical model of ppm_model.h and
 * nothing around it. A size is the sum of the information of all bytes, in
 * fractions of a byte; `ncdclass compress` has the arithmetic coder that gives
 * it, rounded up, and adds its header. There are no levels.
 */
#include <math.h>
#include <stdlib.h>

#include "codec/codecs.h"
#include "codec/ppm_model.h"
#include "util/error.h"

struct ppm_context {
    struct ncd_ppm *model;
    ncd_text prefix;
    size_t room_nbytes; /* of a text that can be taken back; 0: not marked */
};

#define TEXT_OF_(n) #n
#define TEXT_OF(n) TEXT_OF_(n)

/* Sizes hang on the model alone, not on the rest of this library. */
static const char *library_version(void)
{
    return TEXT_OF(NCD_PPM_VERSION);
}

static size_t window(const struct ncd_codec_spec *spec)
{
    (void)spec;
    return 0;
}

static void close_ppm(void *context)
{
    struct ppm_context *c = context;
    ncd_ppm_free(c->model);
    free(c);
}

static ncd_status open_ppm(const struct ncd_codec_spec *spec,
                           void **context_out, ncd_error *err)
{
    (void)spec;
    struct ppm_context *c = calloc(1, sizeof *c);
    if (!c)
        return ncd_fail_nomem(err);
    c->model = ncd_ppm_new();
    if (!c->model) {
        free(c);
        return ncd_fail_nomem(err);
    }
    *context_out = c;
    return NCD_OK;
}

static ncd_status take_alone(struct ppm_context *c, ncd_text text, size_t more)
{
    ncd_status status = ncd_ppm_start(c->model, text.nbytes + more);
    c->room_nbytes = 0;
    if (status == NCD_OK)
        status = ncd_ppm_take(c->model, text, HUGE_VAL, NULL);
    return status;
}

static ncd_status size_ppm(void *context, ncd_text text, double *nbytes_out,
                           ncd_error *err)
{
    struct ppm_context *c = context;
    if (take_alone(c, text, 0) != NCD_OK)
        return ncd_fail_nomem(err);
    *nbytes_out = ncd_ppm_cost(c->model);
    return NCD_OK;
}

static ncd_status set_prefix(void *context, ncd_text prefix, ncd_error *err)
{
    struct ppm_context *c = context;
    (void)err;
    c->prefix = prefix;
    c->room_nbytes = 0;
    return NCD_OK;
}

/* Puts the model behind the prefix; marked, where so much can be taken back.
 * The table is no larger than it must be, since a small one stays in the cache;
 * but longer and longer texts shall not make it grow each time. */
static ncd_status take_prefix(struct ppm_context *c, size_t nbytes)
{
    size_t room = nbytes + nbytes / 2 + 16;
    int marked = 0;
    ncd_status status = take_alone(c, c->prefix, room);
    if (status == NCD_OK)
        status = ncd_ppm_mark(c->model, room, &marked);
    if (status == NCD_OK && marked)
        c->room_nbytes = room;
    return status;
}

static ncd_status size_after_prefix(void *context, ncd_text text, double limit,
                                    double *nbytes_out, ncd_error *err)
{
    struct ppm_context *c = context;
    int beyond;
    ncd_status status = NCD_OK;
    if (c->room_nbytes < text.nbytes || c->room_nbytes == 0)
        status = take_prefix(c, text.nbytes);
    if (status == NCD_OK)
        status = ncd_ppm_take(c->model, text, limit, &beyond);
    if (status != NCD_OK) {
        c->room_nbytes = 0;
        return ncd_fail_nomem(err);
    }
    *nbytes_out = beyond ? HUGE_VAL : ncd_ppm_cost(c->model);
    if (c->room_nbytes && !ncd_ppm_rewind(c->model))
        c->room_nbytes = 0;
    return NCD_OK;
}

/* Costs are multiples of a small power of two, so that their differences are
 * exact and add up again. */
static ncd_status trace_ppm(void *context, ncd_text text,
                            struct ncd_trace *trace, ncd_error *err)
{
    struct ppm_context *c = context;
    const unsigned char *bytes = text.bytes;
    double before = 0;
    ncd_status status = take_alone(c, (ncd_text){0}, text.nbytes);
    for (size_t i = 0; i < text.nbytes && status == NCD_OK; i++) {
        status =
            ncd_ppm_take(c->model, (ncd_text){bytes + i, 1}, HUGE_VAL, NULL);
        double cost = ncd_ppm_cost(c->model);
        if (status == NCD_OK)
            status = ncd_trace_add(trace, 1, 0, 8 * (cost - before));
        before = cost;
    }
    return status == NCD_OK ? NCD_OK : ncd_fail_nomem(err);
}

const struct ncd_codec ncd_codec_ppm = {
    .name = "ppm",
    .summary = "a statistical model's information, in fractions of a byte",
    .library = "ppm",
    .library_version = library_version,
    .level_min = 1,
    .level_max = 1,
    .level_initial = 1,
    .window = window,
    .open = open_ppm,
    .size = size_ppm,
    .set_prefix = set_prefix,
    .size_after_prefix = size_after_prefix,
    .close = close_ppm,
    .trace = trace_ppm,
};
