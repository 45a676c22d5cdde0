/* SPDX-License-Identifier: MIT */
/*
 * Brotli, whose built-in dictionary of words suits short texts. The library
 * can't be reset, so an encoder is made for every text, from a pool. The
 * default level is 5 because the library's own, 11, takes milliseconds a pair.
 */
#include <brotli/encode.h>
#include <setjmp.h>
#include <stdlib.h>

#include "codec/codecs.h"
#include "codec/pool.h"
#include "util/error.h"

enum { KEY_WINDOW };

struct brotli_context {
    jmp_buf no_memory;
    struct ncd_pool pool;
    uint32_t level, window_bits;
};

static const char *version(void)
{
    static char text[32];
    uint32_t v = BrotliEncoderVersion();
    snprintf(text, sizeof text, "%u.%u.%u", v >> 24, v >> 12 & 0xfff,
             v & 0xfff);
    return text;
}

static size_t window(const struct ncd_codec_spec *spec)
{
    return ((size_t)1 << spec->values[KEY_WINDOW]) - 16;
}

/* Where it gets NULL, libbrotlienc ends the process (its encoder was written
 * for a program, BROTLI_ENCODER_EXIT_ON_OOM), so it is left by a jump; all that
 * it holds is in the pool. */
static void *pool_alloc(void *arg, size_t nbytes)
{
    struct brotli_context *c = arg;
    void *memory = ncd_pool_alloc(&c->pool, nbytes);
    if (!memory)
        longjmp(c->no_memory, 1);
    return memory;
}

static void pool_release(void *arg, void *memory)
{
    struct brotli_context *c = arg;
    ncd_pool_release(&c->pool, memory);
}

static void close_brotli(void *context)
{
    struct brotli_context *c = context;
    ncd_pool_free(&c->pool);
    free(c);
}

static ncd_status open_brotli(const struct ncd_codec_spec *spec,
                              void **context_out, ncd_error *err)
{
    struct brotli_context *c = calloc(1, sizeof *c);
    if (!c)
        return ncd_fail_nomem(err);
    c->level = (uint32_t)spec->level;
    c->window_bits = (uint32_t)spec->values[KEY_WINDOW];
    *context_out = c;
    return NCD_OK;
}

/* Runs the encoder to its end, letting it throw its output away. */
static int run(BrotliEncoderState *state, ncd_text text, size_t *n_out)
{
    const uint8_t *in = text.bytes;
    size_t n_in = text.nbytes;
    *n_out = 0;
    while (!BrotliEncoderIsFinished(state)) {
        size_t no_room = 0, n;
        if (!BrotliEncoderCompressStream(state, BROTLI_OPERATION_FINISH, &n_in,
                                         &in, &no_room, NULL, NULL))
            return 0;
        do {
            n = 0;
            BrotliEncoderTakeOutput(state, &n);
            *n_out += n;
        } while (n > 0);
    }
    return 1;
}

static ncd_status size_brotli(void *context, ncd_text text, double *nbytes_out,
                              ncd_error *err)
{
    struct brotli_context *c = context;
    if (setjmp(c->no_memory)) {
        ncd_pool_free(&c->pool);
        return ncd_fail_nomem(err);
    }
    BrotliEncoderState *state =
        BrotliEncoderCreateInstance(pool_alloc, pool_release, c);
    if (!state)
        return ncd_fail_nomem(err);
    size_t hint = text.nbytes < (1u << 30) ? text.nbytes : 1u << 30;
    size_t n = 0;
    int done =
        BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, c->level) &&
        BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, c->window_bits) &&
        BrotliEncoderSetParameter(state, BROTLI_PARAM_SIZE_HINT,
                                  (uint32_t)hint) &&
        run(state, text, &n);
    BrotliEncoderDestroyInstance(state);
    if (!done)
        return ncd_fail(err, NCD_ERR_CODEC, "brotli: cannot compress");
    *nbytes_out = (double)n;
    return NCD_OK;
}

const struct ncd_codec ncd_codec_brotli = {
    .name = "brotli",
    .summary = "a brotli stream",
    .library = "libbrotlienc",
    .library_version = version,
    .level_min = BROTLI_MIN_QUALITY,
    .level_max = BROTLI_MAX_QUALITY,
    .level_initial = 5,
    .keys = {{"window", BROTLI_MIN_WINDOW_BITS, BROTLI_MAX_WINDOW_BITS,
              BROTLI_DEFAULT_WINDOW}},
    .window = window,
    .open = open_brotli,
    .size = size_brotli,
    .close = close_brotli,
};
