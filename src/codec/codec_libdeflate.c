/* SPDX-License-Identifier: MIT */
/*
 * libdeflate: raw DEFLATE by another compressor than zlib, faster, and at
 * levels 10 to 12 with a near-optimal parse.
 */
#include <libdeflate.h>
#include <stdlib.h>

#include "codec/codecs.h"
#include "util/buf.h"
#include "util/error.h"

struct libdeflate_context {
    struct libdeflate_compressor *compressor;
    struct ncd_buf room;
};

/* The library doesn't tell its version at run time. */
static const char *version(void)
{
    return LIBDEFLATE_VERSION_STRING;
}

static size_t window(const struct ncd_codec_spec *spec)
{
    (void)spec;
    return 32768;
}

static void close_libdeflate(void *context)
{
    struct libdeflate_context *c = context;
    libdeflate_free_compressor(c->compressor);
    ncd_buf_free(&c->room);
    free(c);
}

static ncd_status open_libdeflate(const struct ncd_codec_spec *spec,
                                  void **context_out, ncd_error *err)
{
    struct libdeflate_context *c = calloc(1, sizeof *c);
    if (!c)
        return ncd_fail_nomem(err);
    c->compressor = libdeflate_alloc_compressor(spec->level);
    if (!c->compressor) {
        free(c);
        return ncd_fail_nomem(err);
    }
    *context_out = c;
    return NCD_OK;
}

static ncd_status size_libdeflate(void *context, ncd_text text,
                                  double *nbytes_out, ncd_error *err)
{
    struct libdeflate_context *c = context;
    size_t room = libdeflate_deflate_compress_bound(c->compressor, text.nbytes);
    if (ncd_buf_reserve(&c->room, room) != NCD_OK)
        return ncd_fail_nomem(err);
    size_t n =
        libdeflate_deflate_compress(c->compressor, text.bytes ? text.bytes : "",
                                    text.nbytes, c->room.bytes, room);
    if (n == 0)
        return ncd_fail(err, NCD_ERR_CODEC, "libdeflate: cannot compress");
    *nbytes_out = (double)n;
    return NCD_OK;
}

static ncd_status trace_libdeflate(void *context, ncd_text text,
                                   struct ncd_trace *trace, ncd_error *err)
{
    struct libdeflate_context *c = context;
    double nbytes = 0;
    ncd_status status = size_libdeflate(context, text, &nbytes, err);
    if (status != NCD_OK)
        return status;
    return ncd_trace_deflate((ncd_text){c->room.bytes, (size_t)nbytes}, text,
                             trace, err);
}

const struct ncd_codec ncd_codec_libdeflate = {
    .name = "libdeflate",
    .summary = "raw DEFLATE by libdeflate",
    .library = "libdeflate",
    .library_version = version,
    .level_min = 0,
    .level_max = 12,
    .level_initial = 6,
    .window = window,
    .open = open_libdeflate,
    .size = size_libdeflate,
    .close = close_libdeflate,
    .trace = trace_libdeflate,
    .copies = 1,
};
