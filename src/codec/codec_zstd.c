/* SPDX-License-Identifier: MIT */
/*
 * zstd: one frame a text, as `zstd --no-check` writes it when it knows the
 * length: magic number and frame header are counted. The context is reused,
 * which halves the time and leaves every length as it is (zstd.h).
 */
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "codec/codecs.h"
#include "util/buf.h"
#include "util/error.h"

enum { KEY_WINDOW };

struct zstd_context {
    ZSTD_CCtx *cctx;
    struct ncd_buf room;
};

/* Base-2 logarithm of the window of levels 1 to 22 for long inputs, from the
 * table of default parameters in zstd 1.5. */
static size_t window(const struct ncd_codec_spec *spec)
{
    static const unsigned char logs[] = {19, 20, 21, 21, 21, 21, 21, 21,
                                         22, 22, 22, 22, 22, 22, 22, 22,
                                         23, 23, 23, 25, 26, 27};
    if (spec->values[KEY_WINDOW])
        return (size_t)1 << spec->values[KEY_WINDOW];
    if (spec->level < 1)
        return (size_t)1 << logs[0];
    return (size_t)1 << logs[spec->level - 1];
}

static void close_zstd(void *context)
{
    struct zstd_context *c = context;
    ZSTD_freeCCtx(c->cctx);
    ncd_buf_free(&c->room);
    free(c);
}

static ncd_status open_zstd(const struct ncd_codec_spec *spec,
                            void **context_out, ncd_error *err)
{
    struct zstd_context *c = calloc(1, sizeof *c);
    if (!c)
        return ncd_fail_nomem(err);
    c->cctx = ZSTD_createCCtx();
    if (!c->cctx) {
        free(c);
        return ncd_fail_nomem(err);
    }
    size_t result =
        ZSTD_CCtx_setParameter(c->cctx, ZSTD_c_compressionLevel, spec->level);
    if (!ZSTD_isError(result) && spec->values[KEY_WINDOW])
        result = ZSTD_CCtx_setParameter(c->cctx, ZSTD_c_windowLog,
                                        (int)spec->values[KEY_WINDOW]);
    if (ZSTD_isError(result)) {
        close_zstd(c);
        return ncd_fail(err, NCD_ERR_CODEC, "zstd: cannot start: %s",
                        ZSTD_getErrorName(result));
    }
    *context_out = c;
    return NCD_OK;
}

static ncd_status size_zstd(void *context, ncd_text text, double *nbytes_out,
                            ncd_error *err)
{
    struct zstd_context *c = context;
    size_t room = ZSTD_compressBound(text.nbytes);
    if (ZSTD_isError(room))
        return ncd_fail(err, NCD_ERR_CODEC,
                        "zstd: a text of %zu bytes is too long", text.nbytes);
    if (ncd_buf_reserve(&c->room, room) != NCD_OK)
        return ncd_fail_nomem(err);
    size_t n =
        ZSTD_compress2(c->cctx, c->room.bytes, room, text.bytes, text.nbytes);
    if (ZSTD_isError(n)) {
        if (ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation)
            return ncd_fail_nomem(err);
        return ncd_fail(err, NCD_ERR_CODEC, "zstd: cannot compress: %s",
                        ZSTD_getErrorName(n));
    }
    *nbytes_out = (double)n;
    return NCD_OK;
}

const struct ncd_codec ncd_codec_zstd = {
    .name = "zstd",
    .summary = "one zstd frame without checksum",
    .library = "libzstd",
    .library_version = ZSTD_versionString,
    .level_min = -50,
    .level_max = 22,
    .level_initial = 3,
    .keys = {{"window", 10, 27, 0}},
    .window = window,
    .open = open_zstd,
    .size = size_zstd,
    .close = close_zstd,
};
