/* SPDX-License-Identifier: MIT */
/*
 * bzip2. The library can't be reset, so it is opened for every text, from a
 * pool. Its level is the block size in 100 KB, and its memory and opening time
 * grow with it while the output does not depend on it as long as the text fits
 * one block; so the smallest block that holds the text is used.
 */
#include <bzlib.h>
#include <limits.h>
#include <stdlib.h>

#include "codec/codecs.h"
#include "codec/pool.h"
#include "util/buf.h"
#include "util/error.h"

struct bzip2_context {
    struct ncd_pool pool;
    struct ncd_buf room;
    int level;
};

/* The library says "1.0.8, 13-Jul-2019". */
static const char *version(void)
{
    static char text[16];
    const char *said = BZ2_bzlibVersion();
    size_t n = 0;
    while (n + 1 < sizeof text && said[n] && said[n] != ',')
        n++;
    snprintf(text, sizeof text, "%.*s", (int)n, said);
    return text;
}

static size_t window(const struct ncd_codec_spec *spec)
{
    return (size_t)spec->level * 100000;
}

static void *pool_alloc(void *pool, int n, int nbytes)
{
    return ncd_pool_alloc(pool, (size_t)n * (size_t)nbytes);
}

static void pool_release(void *pool, void *memory)
{
    ncd_pool_release(pool, memory);
}

static void close_bzip2(void *context)
{
    struct bzip2_context *c = context;
    ncd_pool_free(&c->pool);
    ncd_buf_free(&c->room);
    free(c);
}

static ncd_status open_bzip2(const struct ncd_codec_spec *spec,
                             void **context_out, ncd_error *err)
{
    struct bzip2_context *c = calloc(1, sizeof *c);
    if (!c)
        return ncd_fail_nomem(err);
    c->level = spec->level;
    *context_out = c;
    return NCD_OK;
}

/* bzip2 first run-length codes the input, which turns every 4 equal bytes into
 * 5 at worst, and closes a block 19 bytes before it is full. */
static int block_for(size_t nbytes, int level)
{
    int block = 1;
    while (block < level &&
           nbytes + nbytes / 4 + 1 >= (size_t)block * 100000 - 19)
        block++;
    return block;
}

static ncd_status size_bzip2(void *context, ncd_text text, double *nbytes_out,
                             ncd_error *err)
{
    struct bzip2_context *c = context;
    if (text.nbytes > UINT_MAX / 2)
        return ncd_fail(err, NCD_ERR_CODEC,
                        "bzip2: a text of %zu bytes is too long", text.nbytes);
    /* The bound that bzlib.h states. */
    size_t room = text.nbytes + text.nbytes / 100 + 600;
    if (ncd_buf_reserve(&c->room, room) != NCD_OK)
        return ncd_fail_nomem(err);
    bz_stream stream = {
        .bzalloc = pool_alloc, .bzfree = pool_release, .opaque = &c->pool};
    int result =
        BZ2_bzCompressInit(&stream, block_for(text.nbytes, c->level), 0, 0);
    if (result == BZ_MEM_ERROR)
        return ncd_fail_nomem(err);
    if (result == BZ_OK) {
        stream.next_in = (char *)(uintptr_t)text.bytes;
        stream.avail_in = (unsigned)text.nbytes;
        stream.next_out = (char *)c->room.bytes;
        stream.avail_out = (unsigned)room;
        result = BZ2_bzCompress(&stream, BZ_FINISH);
        BZ2_bzCompressEnd(&stream);
    }
    if (result != BZ_STREAM_END)
        return ncd_fail(err, NCD_ERR_CODEC, "bzip2: cannot compress (error %d)",
                        result);
    *nbytes_out = (double)(room - stream.avail_out);
    return NCD_OK;
}

const struct ncd_codec ncd_codec_bzip2 = {
    .name = "bzip2",
    .summary = "a bzip2 file",
    .library = "libbz2",
    .library_version = version,
    .level_min = 1,
    .level_max = 9,
    .level_initial = 9,
    .window = window,
    .open = open_bzip2,
    .size = size_bzip2,
    .close = close_bzip2,
};
