/* SPDX-License-Identifier: MIT */
/*
 * LZ4: one bare block a text. Levels below 3 are the fast compressor, from 3 on
 * the thorough one (HC).
 */
#include <lz4.h>
#include <lz4hc.h>
#include <stdlib.h>

#include "codec/codecs.h"
#include "util/buf.h"
#include "util/error.h"

struct lz4_context {
    void *fast;
    LZ4_streamHC_t *thorough;
    struct ncd_buf room;
    int level;
};

static size_t window(const struct ncd_codec_spec *spec)
{
    (void)spec;
    return 65536;
}

static void close_lz4(void *context)
{
    struct lz4_context *c = context;
    free(c->fast);
    LZ4_freeStreamHC(c->thorough);
    ncd_buf_free(&c->room);
    free(c);
}

static ncd_status open_lz4(const struct ncd_codec_spec *spec,
                           void **context_out, ncd_error *err)
{
    struct lz4_context *c = calloc(1, sizeof *c);
    if (!c)
        return ncd_fail_nomem(err);
    c->level = spec->level;
    if (c->level < LZ4HC_CLEVEL_MIN)
        c->fast = malloc((size_t)LZ4_sizeofState());
    else
        c->thorough = LZ4_createStreamHC();
    if (!c->fast && !c->thorough) {
        free(c);
        return ncd_fail_nomem(err);
    }
    *context_out = c;
    return NCD_OK;
}

static int compress(struct lz4_context *c, ncd_text text, int room)
{
    char *out = (char *)c->room.bytes;
    if (c->fast)
        return LZ4_compress_fast_extState(c->fast, text.bytes, out,
                                          (int)text.nbytes, room, 1);
    LZ4_resetStreamHC_fast(c->thorough, c->level);
    return LZ4_compress_HC_continue(c->thorough, text.bytes, out,
                                    (int)text.nbytes, room);
}

static ncd_status size_lz4(void *context, ncd_text text, double *nbytes_out,
                           ncd_error *err)
{
    struct lz4_context *c = context;
    if (text.nbytes > LZ4_MAX_INPUT_SIZE)
        return ncd_fail(err, NCD_ERR_CODEC,
                        "lz4: a text of %zu bytes is too long", text.nbytes);
    int room = LZ4_compressBound((int)text.nbytes);
    if (ncd_buf_reserve(&c->room, (size_t)room) != NCD_OK)
        return ncd_fail_nomem(err);
    if (!text.bytes)
        text.bytes = "";
    int n = compress(c, text, room);
    if (n <= 0)
        return ncd_fail(err, NCD_ERR_CODEC, "lz4: cannot compress");
    *nbytes_out = n;
    return NCD_OK;
}

const struct ncd_codec ncd_codec_lz4 = {
    .name = "lz4",
    .summary = "one bare LZ4 block; no entropy coding",
    .library = "liblz4",
    .library_version = LZ4_versionString,
    .level_min = 1,
    .level_max = LZ4HC_CLEVEL_MAX,
    .level_initial = LZ4HC_CLEVEL_DEFAULT,
    .window = window,
    .open = open_lz4,
    .size = size_lz4,
    .close = close_lz4,
};
