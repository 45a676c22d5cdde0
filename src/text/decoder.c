/* SPDX-License-Identifier: MIT */
/*
 * gzip, xz and zstd files as inputs. All three formats allow several streams
 * one after another; so do we. Data that belongs to no stream is an error, not
 * silently dropped.
 */
#include "text/decoder.h"

#include <limits.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static const char truncated[] = "the compressed data ends too early";

/* --- gzip --- */

struct gzip_state {
    z_stream stream;
    int between; /* a member has ended, another may begin */
};

static void *gzip_open(void)
{
    struct gzip_state *s = calloc(1, sizeof *s);
    if (s && inflateInit2(&s->stream, 15 + 16) != Z_OK) {
        free(s);
        return NULL;
    }
    return s;
}

static uInt clamp(size_t n)
{
    return n > UINT_MAX ? UINT_MAX : (uInt)n;
}

static const char *gzip_step(void *state, const unsigned char *in, size_t n_in,
                             size_t *in_used, int at_end, unsigned char *out,
                             size_t room, size_t *n_out)
{
    struct gzip_state *s = state;
    *n_out = 0;
    if (*in_used == n_in)
        return at_end && !s->between ? truncated : NULL;
    if (s->between) {
        inflateReset(&s->stream);
        s->between = 0;
    }
    s->stream.next_in = (Bytef *)(uintptr_t)(in + *in_used);
    s->stream.avail_in = clamp(n_in - *in_used);
    s->stream.next_out = out;
    s->stream.avail_out = clamp(room);
    int result = inflate(&s->stream, Z_NO_FLUSH);
    *in_used = (size_t)(s->stream.next_in - in);
    *n_out = (size_t)(s->stream.next_out - out);
    s->between = result == Z_STREAM_END;
    if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR)
        return NULL;
    return result == Z_MEM_ERROR ? "out of memory" : "damaged gzip data";
}

static void gzip_close(void *state)
{
    struct gzip_state *s = state;
    inflateEnd(&s->stream);
    free(s);
}

/* --- xz --- */

struct xz_state {
    lzma_stream stream;
    int ended;
};

static void *xz_open(void)
{
    struct xz_state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->stream = (lzma_stream)LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&s->stream, UINT64_MAX, LZMA_CONCATENATED) !=
        LZMA_OK) {
        free(s);
        return NULL;
    }
    return s;
}

static const char *xz_step(void *state, const unsigned char *in, size_t n_in,
                           size_t *in_used, int at_end, unsigned char *out,
                           size_t room, size_t *n_out)
{
    struct xz_state *s = state;
    *n_out = 0;
    if (s->ended)
        return *in_used < n_in ? "damaged xz data" : NULL;
    s->stream.next_in = in + *in_used;
    s->stream.avail_in = n_in - *in_used;
    s->stream.next_out = out;
    s->stream.avail_out = room;
    lzma_ret result = lzma_code(&s->stream, at_end ? LZMA_FINISH : LZMA_RUN);
    *in_used = (size_t)(s->stream.next_in - in);
    *n_out = room - s->stream.avail_out;
    s->ended = result == LZMA_STREAM_END;
    /* liblzma tells of a lack of progress only the second time. */
    if (result == LZMA_OK && at_end && *n_out == 0 && *in_used == n_in)
        return truncated;
    if (result == LZMA_OK || result == LZMA_STREAM_END)
        return NULL;
    if (result == LZMA_BUF_ERROR)
        return at_end && *n_out == 0 ? truncated : NULL;
    return result == LZMA_MEM_ERROR ? "out of memory" : "damaged xz data";
}

static void xz_close(void *state)
{
    struct xz_state *s = state;
    lzma_end(&s->stream);
    free(s);
}

/* --- zstd --- */

struct zstd_state {
    ZSTD_DCtx *dctx;
    int within; /* a frame has begun and not ended */
};

static void *zstd_open(void)
{
    struct zstd_state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->dctx = ZSTD_createDCtx();
    if (!s->dctx) {
        free(s);
        return NULL;
    }
    s->within = 1;
    return s;
}

static const char *zstd_step(void *state, const unsigned char *in, size_t n_in,
                             size_t *in_used, int at_end, unsigned char *out,
                             size_t room, size_t *n_out)
{
    struct zstd_state *s = state;
    ZSTD_inBuffer from = {in, n_in, *in_used};
    ZSTD_outBuffer to = {out, room, 0};
    size_t result = ZSTD_decompressStream(s->dctx, &to, &from);
    int moved = from.pos > *in_used || to.pos > 0;
    *in_used = from.pos;
    *n_out = to.pos;
    if (ZSTD_isError(result))
        return "damaged zstd data";
    if (moved)
        s->within = result != 0;
    return at_end && !moved && s->within ? truncated : NULL;
}

static void zstd_close(void *state)
{
    struct zstd_state *s = state;
    ZSTD_freeDCtx(s->dctx);
    free(s);
}

static const struct ncd_decoder decoders[] = {
    {"gzip", {0x1f, 0x8b, 0x08}, 3, gzip_open, gzip_step, gzip_close},
    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, xz_open, xz_step, xz_close},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, zstd_open, zstd_step, zstd_close},
};

const struct ncd_decoder *ncd_decoder_find(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
        if (n >= decoders[i].magic_nbytes &&
            memcmp(bytes, decoders[i].magic, decoders[i].magic_nbytes) == 0)
            return &decoders[i];
    return NULL;
}

static int begins_like(const unsigned char *bytes, size_t n, const void *magic,
                       size_t magic_nbytes)
{
    return n < magic_nbytes && (n == 0 || memcmp(bytes, magic, n) == 0);
}

int ncd_decoder_undecided(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
        if (begins_like(bytes, n, decoders[i].magic, decoders[i].magic_nbytes))
            return 1;
    return begins_like(bytes, n, "\xef\xbb\xbf", 3) ||
           begins_like(bytes, n, "\xff\xfe", 2) ||
           begins_like(bytes, n, "\xfe\xff", 2);
}
