/* SPDX-License-Identifier: MIT */
/*
 * zlib in its three wrappers. The compressed data is the same; what is counted
 * differs: gzip adds 18 bytes of header and trailer, which Jiang et al. 2023
 * count, zlib adds 6, deflate none.
 *
 * One stream is opened and then reset for every text. The text is given in one
 * piece with room for all output, as Python's gzip.compress does it, so that
 * sizes are the same as there.
 *
 * With zlib-ng in place of zlib, a reset does not suffice: sizes of the next
 * text may differ by a byte from those of a fresh stream (2.2.2: 10 of 20,000
 * short texts). There, a stream is opened for each text, which is slower.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "codec/codecs.h"
#include "util/buf.h"
#include "util/error.h"

enum { KEY_WINDOW, KEY_MEM };

struct deflate_context {
    z_stream stream;
    struct ncd_buf room;
    int level, bits, memory; /* what deflateInit2 was given */
    int must_open;           /* for each text */
};

static const char *version(void)
{
    return zlibVersion();
}

static size_t window(const struct ncd_codec_spec *spec)
{
    return (size_t)1 << spec->values[KEY_WINDOW];
}

static void close_deflate(void *context)
{
    struct deflate_context *c = context;
    deflateEnd(&c->stream);
    ncd_buf_free(&c->room);
    free(c);
}

static int start(struct deflate_context *c)
{
    c->stream = (z_stream){0};
    return deflateInit2(&c->stream, c->level, Z_DEFLATED, c->bits, c->memory,
                        Z_DEFAULT_STRATEGY);
}

static int start_again(struct deflate_context *c)
{
    if (!c->must_open)
        return deflateReset(&c->stream);
    deflateEnd(&c->stream);
    return start(c);
}

static ncd_status fail(int result, ncd_error *err)
{
    if (result == Z_MEM_ERROR)
        return ncd_fail_nomem(err);
    return ncd_fail(err, NCD_ERR_CODEC, "zlib: cannot start: %s",
                    zError(result));
}

/* wrapper is what deflateInit2 wants added to the window bits. */
static ncd_status open_deflate(const struct ncd_codec_spec *spec, int wrapper,
                               void **context_out, ncd_error *err)
{
    struct deflate_context *c = calloc(1, sizeof *c);
    if (!c)
        return ncd_fail_nomem(err);
    int bits = (int)spec->values[KEY_WINDOW];
    c->level = spec->level;
    c->bits = wrapper < 0 ? -bits : bits + wrapper;
    c->memory = (int)spec->values[KEY_MEM];
    c->must_open = strstr(zlibVersion(), "zlib-ng") != NULL;
    int result = start(c);
    if (result != Z_OK) {
        free(c);
        return fail(result, err);
    }
    *context_out = c;
    return NCD_OK;
}

static ncd_status open_gzip(const struct ncd_codec_spec *spec,
                            void **context_out, ncd_error *err)
{
    return open_deflate(spec, 16, context_out, err);
}

static ncd_status open_zlib(const struct ncd_codec_spec *spec,
                            void **context_out, ncd_error *err)
{
    return open_deflate(spec, 0, context_out, err);
}

static ncd_status open_raw(const struct ncd_codec_spec *spec,
                           void **context_out, ncd_error *err)
{
    return open_deflate(spec, -1, context_out, err);
}

static ncd_status size_deflate(void *context, ncd_text text, double *nbytes_out,
                               ncd_error *err)
{
    struct deflate_context *c = context;
    if (text.nbytes > UINT_MAX / 2)
        return ncd_fail(err, NCD_ERR_CODEC,
                        "zlib: a text of %zu bytes is too long", text.nbytes);
    /* First the reset: of a finished stream, deflateBound leaves out the
     * wrapper. */
    int result = start_again(c);
    if (result != Z_OK)
        return fail(result, err);
    uLong room = deflateBound(&c->stream, (uLong)text.nbytes);
    ncd_status status = ncd_buf_reserve(&c->room, room);
    if (status != NCD_OK)
        return ncd_fail_nomem(err);
    /* zlib declares its input writable unless built with ZLIB_CONST, but does
     * not write to it. */
    c->stream.next_in = (Bytef *)(uintptr_t)text.bytes;
    c->stream.avail_in = (uInt)text.nbytes;
    c->stream.next_out = c->room.bytes;
    c->stream.avail_out = (uInt)room;
    result = deflate(&c->stream, Z_FINISH);
    if (result != Z_STREAM_END)
        return ncd_fail(err, NCD_ERR_CODEC, "zlib: cannot compress (result %d)",
                        result);
    *nbytes_out = (double)c->stream.total_out;
    return NCD_OK;
}

/* The bytes of header and trailer around the raw stream, as zlib writes them:
 * RFC 1950, RFC 1952 without a name. */
static ncd_status trace_deflate(void *context, ncd_text text,
                                struct ncd_trace *trace, ncd_error *err)
{
    struct deflate_context *c = context;
    size_t header = c->bits < 0 ? 0 : c->bits > 15 ? 10 : 2;
    size_t trailer = c->bits < 0 ? 0 : c->bits > 15 ? 8 : 4;
    double nbytes = 0;
    ncd_status status = size_deflate(context, text, &nbytes, err);
    if (status != NCD_OK)
        return status;
    trace->frame_bits = 8 * (double)(header + trailer);
    return ncd_trace_deflate(
        (ncd_text){c->room.bytes + header, (size_t)nbytes - header - trailer},
        text, trace, err);
}

#define DEFLATE_CODEC(name_, summary_, open_, wrapper_)                        \
    {                                                                          \
        .name = name_, .summary = summary_, .library = "zlib",                 \
        .library_version = version, .level_min = 0, .level_max = 9,            \
        .level_initial = 9, .keys = {{"window", 9, 15, 15}, {"mem", 1, 9, 8}}, \
        .window = window, .open = open_, .size = size_deflate,                 \
        .close = close_deflate, .trace = trace_deflate, .copies = 1,           \
        .zlib_form = {1, wrapper_},                                            \
    }

const struct ncd_codec ncd_codec_gzip =
    DEFLATE_CODEC("gzip", "DEFLATE with gzip's 18 bytes of header and trailer",
                  open_gzip, 18);
const struct ncd_codec ncd_codec_zlib = DEFLATE_CODEC(
    "zlib", "DEFLATE with zlib's 6 bytes of header and trailer", open_zlib, 6);
const struct ncd_codec ncd_codec_deflate =
    DEFLATE_CODEC("deflate", "raw DEFLATE", open_raw, 0);
