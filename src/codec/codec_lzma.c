/* SPDX-License-Identifier: MIT */
/*
 * liblzma twice: raw LZMA2 (`lzma`), and the .xz container with a CRC64 check
 * (`xz`), whose header, index and footer cost some 60 bytes a text.
 *
 * The dictionary is no larger than the text needs (the next power of two, at
 * least 4 KiB, at most the preset's): liblzma clears tables in proportion to it
 * for every text, which for short texts is most of the time. A larger one
 * finds the same matches. `dict` sets it by hand.
 */
#include <lzma.h>
#include <stdlib.h>

#include "codec/codecs.h"
#include "codec/pool.h"
#include "util/buf.h"
#include "util/error.h"

enum { KEY_DICT, KEY_EXTREME };

#define DICT_MIN 4096u

struct lzma_context {
    lzma_stream stream;
    lzma_allocator allocator;
    struct ncd_pool pool;
    lzma_options_lzma options;
    uint32_t dict_max;
    int dict_by_length;
    int container;
    struct ncd_buf room;
};

static void *pool_alloc(void *pool, size_t n, size_t nbytes)
{
    return nbytes && n > SIZE_MAX / nbytes ? NULL
                                           : ncd_pool_alloc(pool, n * nbytes);
}

static void pool_release(void *pool, void *memory)
{
    ncd_pool_release(pool, memory);
}

static int preset_options(const struct ncd_codec_spec *spec,
                          lzma_options_lzma *options)
{
    uint32_t preset = (uint32_t)spec->level;
    if (spec->values[KEY_EXTREME])
        preset |= LZMA_PRESET_EXTREME;
    return !lzma_lzma_preset(options, preset);
}

static size_t window(const struct ncd_codec_spec *spec)
{
    lzma_options_lzma options;
    if (spec->values[KEY_DICT])
        return (size_t)spec->values[KEY_DICT];
    return preset_options(spec, &options) ? options.dict_size : 0;
}

static void close_lzma(void *context)
{
    struct lzma_context *c = context;
    lzma_end(&c->stream);
    ncd_pool_free(&c->pool);
    ncd_buf_free(&c->room);
    free(c);
}

static ncd_status open_lzma(const struct ncd_codec_spec *spec, int container,
                            void **context_out, ncd_error *err)
{
    struct lzma_context *c = calloc(1, sizeof *c);
    if (!c)
        return ncd_fail_nomem(err);
    if (!preset_options(spec, &c->options)) {
        free(c);
        return ncd_fail(err, NCD_ERR_CODEC, "liblzma: no preset %d",
                        spec->level);
    }
    c->stream = (lzma_stream)LZMA_STREAM_INIT;
    c->allocator = (lzma_allocator){pool_alloc, pool_release, &c->pool};
    c->stream.allocator = &c->allocator;
    c->dict_max = c->options.dict_size;
    c->dict_by_length = spec->values[KEY_DICT] == 0;
    if (!c->dict_by_length)
        c->options.dict_size = (uint32_t)spec->values[KEY_DICT];
    c->container = container;
    *context_out = c;
    return NCD_OK;
}

static ncd_status open_raw(const struct ncd_codec_spec *spec,
                           void **context_out, ncd_error *err)
{
    return open_lzma(spec, 0, context_out, err);
}

static ncd_status open_xz(const struct ncd_codec_spec *spec, void **context_out,
                          ncd_error *err)
{
    return open_lzma(spec, 1, context_out, err);
}

static uint32_t dict_for(const struct lzma_context *c, size_t nbytes)
{
    uint32_t dict = DICT_MIN;
    while (dict < nbytes && dict < c->dict_max)
        dict *= 2;
    return dict < c->dict_max ? dict : c->dict_max;
}

static lzma_ret compress(struct lzma_context *c, ncd_text text, size_t room)
{
    if (c->dict_by_length)
        c->options.dict_size = dict_for(c, text.nbytes);
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &c->options},
                             {LZMA_VLI_UNKNOWN, NULL}};
    /* Opening again without lzma_end reuses the encoder's memory. */
    lzma_ret result = c->container ? lzma_stream_encoder(&c->stream, filters,
                                                         LZMA_CHECK_CRC64)
                                   : lzma_raw_encoder(&c->stream, filters);
    if (result != LZMA_OK)
        return result;
    c->stream.next_in = text.bytes;
    c->stream.avail_in = text.nbytes;
    c->stream.next_out = c->room.bytes;
    c->stream.avail_out = room;
    return lzma_code(&c->stream, LZMA_FINISH);
}

static ncd_status size_lzma(void *context, ncd_text text, double *nbytes_out,
                            ncd_error *err)
{
    struct lzma_context *c = context;
    /* The bound of the container holds for the bare stream within it. */
    size_t room = lzma_stream_buffer_bound(text.nbytes);
    if (room == 0)
        return ncd_fail(err, NCD_ERR_CODEC,
                        "liblzma: a text of %zu bytes is too long",
                        text.nbytes);
    if (ncd_buf_reserve(&c->room, room) != NCD_OK)
        return ncd_fail_nomem(err);
    lzma_ret result = compress(c, text, room);
    if (result == LZMA_MEM_ERROR)
        return ncd_fail_nomem(err);
    if (result != LZMA_STREAM_END)
        return ncd_fail(err, NCD_ERR_CODEC,
                        "liblzma: cannot compress (lzma_ret %d)", (int)result);
    *nbytes_out = (double)c->stream.total_out;
    return NCD_OK;
}

/* In the container, LZMA2 begins behind the stream header and the block's own,
 * which says how long it is; without a block, the index comes first, whose mark
 * is a 0 (The .xz File Format, 2 to 4). */
static size_t container_header(const unsigned char *packed)
{
    unsigned block = packed[LZMA_STREAM_HEADER_SIZE];
    return LZMA_STREAM_HEADER_SIZE + (block ? 4 * (block + 1) : 0);
}

static ncd_status trace_lzma(void *context, ncd_text text,
                             struct ncd_trace *trace, ncd_error *err)
{
    struct lzma_context *c = context;
    double nbytes = 0;
    ncd_status status = size_lzma(context, text, &nbytes, err);
    if (status != NCD_OK)
        return status;
    size_t header = c->container ? container_header(c->room.bytes) : 0;
    status = ncd_trace_lzma2(
        (ncd_text){c->room.bytes + header, (size_t)nbytes - header}, text,
        trace, err);
    trace->frame_bits = 8 * nbytes - ncd_trace_bits(trace);
    return status;
}

#define LZMA_CODEC(name_, summary_, open_)                          \
    {                                                               \
        .name = name_, .summary = summary_, .library = "liblzma",   \
        .library_version = lzma_version_string, .level_min = 0,     \
        .level_max = 9, .level_initial = 6,                         \
        .keys = {{"dict", 4096, 1 << 30, 0}, {"extreme", 0, 1, 0}}, \
        .window = window, .open = open_, .size = size_lzma,         \
        .close = close_lzma, .trace = trace_lzma, .copies = 1,      \
    }

const struct ncd_codec ncd_codec_lzma =
    LZMA_CODEC("lzma", "raw LZMA2", open_raw);
const struct ncd_codec ncd_codec_xz =
    LZMA_CODEC("xz", "LZMA2 in an .xz container with CRC64", open_xz);
