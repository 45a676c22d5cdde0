/* SPDX-License-Identifier: MIT */
/*
 * LZ4: one bare block a text. Levels below 3 are the fast compressor, from 3 on
 * the thorough one (HC). Behind a prefix, sizes at levels 3 to 9 are counted by
 * lz4_size.c, where the library was seen to give the same.
 */
#include <limits.h>
#include <lz4.h>
#include <lz4hc.h>
#include <math.h>
#include <stdlib.h>

#include "codec/codecs.h"
#include "codec/lz4_size.h"
#include "util/buf.h"
#include "util/error.h"

struct lz4_context {
    void *fast;
    LZ4_streamHC_t *thorough;
    struct ncd_buf room;
    int level;
    ncd_text prefix;
    struct ncd_lz4_size *sizer; /* opened by the first prefix */
    int sizer_has_prefix;
    struct ncd_buf joined; /* prefix and text, where the sizer can't */
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
    ncd_lz4_size_free(c->sizer);
    ncd_buf_free(&c->joined);
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

static ncd_status set_prefix(void *context, ncd_text prefix, ncd_error *err)
{
    struct lz4_context *c = context;
    c->prefix = prefix;
    c->sizer_has_prefix = 0;
    if (!ncd_lz4_agrees(c->level) || prefix.nbytes > NCD_LZ4_TOTAL_MAX)
        return NCD_OK;
    if (!c->sizer)
        c->sizer = ncd_lz4_size_new(c->level);
    if (!c->sizer)
        return ncd_fail_nomem(err);
    ncd_lz4_set_prefix(c->sizer, prefix);
    c->sizer_has_prefix = 1;
    return NCD_OK;
}

static ncd_status size_joined(struct lz4_context *c, ncd_text text,
                              double *nbytes_out, ncd_error *err)
{
    c->joined.n = 0;
    if (ncd_buf_append(&c->joined, c->prefix.bytes, c->prefix.nbytes) ||
        ncd_buf_append(&c->joined, text.bytes, text.nbytes))
        return ncd_fail_nomem(err);
    return size_lz4(c, ncd_buf_text(&c->joined), nbytes_out, err);
}

static ncd_status size_after_prefix(void *context, ncd_text text, double limit,
                                    double *nbytes_out, ncd_error *err)
{
    struct lz4_context *c = context;
    if (!c->sizer_has_prefix ||
        text.nbytes > NCD_LZ4_TOTAL_MAX - c->prefix.nbytes)
        return size_joined(c, text, nbytes_out, err);
    /* Sizes are whole bytes, and far below 2^31. */
    double least = ceil(limit < 0 ? 0 : limit);
    size_t bytes = least < INT_MAX ? (size_t)least : SIZE_MAX;
    size_t n = ncd_lz4_size_after(c->sizer, text, bytes);
    *nbytes_out = n == SIZE_MAX ? HUGE_VAL : (double)n;
    return NCD_OK;
}

static ncd_status trace_lz4(void *context, ncd_text text,
                            struct ncd_trace *trace, ncd_error *err)
{
    struct lz4_context *c = context;
    double nbytes = 0;
    ncd_status status = size_lz4(context, text, &nbytes, err);
    if (status != NCD_OK)
        return status;
    return ncd_trace_lz4((ncd_text){c->room.bytes, (size_t)nbytes}, text, trace,
                         err);
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
    .set_prefix = set_prefix,
    .size_after_prefix = size_after_prefix,
    .close = close_lz4,
    .trace = trace_lz4,
    .copies = 1,
};
