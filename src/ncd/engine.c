/* SPDX-License-Identifier: MIT */
/*
 * The engine: one codec context, one buffer in which texts are joined, and,
 * where the measure has one, the size-only DEFLATE engine. The buffer keeps the
 * first text, and only what follows changes from pair to pair; a codec that can
 * keep it, too, is given it once.
 */
#include <stdlib.h>
#include <string.h>

#include "ncd/deflate_size.h"
#include "ncd/measure.h"
#include "util/error.h"
#include "util/options.h"

struct ncd_engine {
    const struct ncd_measure *measure;
    const struct ncd_codec *codec;  /* outlives the measure */
    struct ncd_measure own_measure; /* of engines opened from options */
    void *context;
    ncd_text first;
    struct ncd_buf joined;
    size_t prefix_nbytes;      /* first text and separator in `joined` */
    size_t n_joint;            /* pairs of this first text so far */
    int codec_has_prefix;      /* the codec was given what is in `joined` */
    struct ncd_dengine *sizer; /* opened when first needed */
    int sizer_has_first;
    int guesses;
    uint64_t n_library, n_beyond; /* pairs sized, and left, by the codec */
    struct ncd_dstats taken;      /* what ncd_engine_take_stats has given out */
};

ncd_status ncd_engine_new(const struct ncd_measure *measure,
                          ncd_engine **engine_out, ncd_error *err)
{
    ncd_engine *e = calloc(1, sizeof *e);
    if (!e)
        return ncd_fail_nomem(err);
    e->measure = measure;
    e->codec = measure->spec.codec;
    ncd_status status = e->codec->open(&measure->spec, &e->context, err);
    if (status != NCD_OK) {
        free(e);
        return status;
    }
    *engine_out = e;
    return NCD_OK;
}

ncd_status ncd_engine_open(const ncd_options *given, ncd_engine **engine_out,
                           ncd_error *err)
{
    ncd_options options;
    struct ncd_measure measure;
    ncd_engine *e = NULL;
    ncd_options_init(&options);
    ncd_take_options(&options, given);
    ncd_status status = ncd_measure_init(&measure, &options, err);
    if (status == NCD_OK)
        status = ncd_engine_new(&measure, &e, err);
    if (status != NCD_OK) {
        ncd_measure_free(&measure);
        return status;
    }
    e->own_measure = measure;
    e->measure = &e->own_measure;
    *engine_out = e;
    return NCD_OK;
}

void ncd_engine_close(ncd_engine *e)
{
    if (!e)
        return;
    e->codec->close(e->context);
    ncd_dengine_free(e->sizer);
    ncd_measure_free(&e->own_measure);
    ncd_buf_free(&e->joined);
    free(e);
}

ncd_status ncd_engine_size(ncd_engine *e, ncd_text text, double *nbytes_out,
                           ncd_error *err)
{
    /* Some libraries refuse a null pointer even for no bytes. */
    if (text.nbytes == 0)
        text.bytes = "";
    e->codec_has_prefix = 0;
    return e->codec->size(e->context, text, nbytes_out, err);
}

ncd_status ncd_engine_trace(ncd_engine *e, ncd_text text,
                            struct ncd_trace *trace, ncd_error *err)
{
    double nbytes;
    if (text.nbytes == 0)
        text.bytes = "";
    ncd_trace_clear(trace);
    ncd_status status = ncd_engine_size(e, text, &nbytes, err);
    if (status == NCD_OK)
        status = e->codec->trace(e->context, text, trace, err);
    if (status == NCD_OK && (ncd_trace_end(trace) != text.nbytes ||
                             ncd_trace_bits(trace) != 8 * nbytes))
        return ncd_fail(err, NCD_ERR_CODEC,
                        "%s: its parts do not add up to the compressed text",
                        e->codec->name);
    return status;
}

/* Whether `joined` begins with this text and the separator. */
static int is_joined(const ncd_engine *e, ncd_text first)
{
    return e->prefix_nbytes > 0 &&
           e->prefix_nbytes == first.nbytes + e->measure->separator.n &&
           (first.nbytes == 0 ||
            memcmp(e->joined.bytes, first.bytes, first.nbytes) == 0);
}

void ncd_engine_guess(ncd_engine *e, int guesses)
{
    e->guesses = guesses;
}

void ncd_engine_set_first(ncd_engine *e, ncd_text first)
{
    int again = is_joined(e, first);
    e->first = first;
    if (again)
        return;
    e->prefix_nbytes = 0;
    e->n_joint = 0;
    e->codec_has_prefix = 0;
    e->sizer_has_first = 0;
}

/* --- By the codec --- */

/* Leaves the first text and the separator in `joined`. */
static ncd_status join_prefix(ncd_engine *e)
{
    const struct ncd_buf *separator = &e->measure->separator;
    if (e->prefix_nbytes == 0) {
        e->joined.n = 0;
        if (ncd_buf_append(&e->joined, e->first.bytes, e->first.nbytes) ||
            ncd_buf_append(&e->joined, separator->bytes, separator->n))
            return NCD_ERR_NOMEM;
        e->prefix_nbytes = e->joined.n;
    }
    e->joined.n = e->prefix_nbytes;
    return NCD_OK;
}

static ncd_status joint_by_prefix(ncd_engine *e, ncd_text second, double limit,
                                  double *size_out, ncd_error *err)
{
    ncd_status status = NCD_OK;
    if (second.nbytes == 0)
        second.bytes = "";
    if (!e->codec_has_prefix) {
        status =
            e->codec->set_prefix(e->context, ncd_buf_text(&e->joined), err);
        if (status != NCD_OK)
            return status;
        e->codec_has_prefix = 1;
    }
    status =
        e->codec->size_after_prefix(e->context, second, limit, size_out, err);
    if (status == NCD_OK && *size_out == NCD_SIZE_BEYOND)
        e->n_beyond++;
    else
        e->n_library++;
    return status;
}

static ncd_status joint_by_codec(ncd_engine *e, ncd_text second, double limit,
                                 double *size_out, ncd_error *err)
{
    if (join_prefix(e) != NCD_OK)
        return ncd_fail_nomem(err);
    /* To take a prefix pays from the second pair on. */
    if (e->measure->use_prefix && e->n_joint++ > 0)
        return joint_by_prefix(e, second, limit, size_out, err);
    e->n_library++;
    if (ncd_buf_append(&e->joined, second.bytes, second.nbytes) != NCD_OK)
        return ncd_fail_nomem(err);
    return ncd_engine_size(e, ncd_buf_text(&e->joined), size_out, err);
}

/* --- By the size-only DEFLATE engine --- */

static ncd_status open_sizer(ncd_engine *e, ncd_error *err)
{
    if (!e->sizer)
        e->sizer = ncd_dengine_new(e->measure->fast_level, false);
    return e->sizer ? NCD_OK : ncd_fail_nomem(err);
}

/* The limit in bytes of raw stream, rounded up: sizes are whole bytes. */
static size_t raw_limit(const ncd_engine *e, double limit)
{
    double raw = ceil(limit - e->measure->wrapper_nbytes);
    if (raw <= 0)
        return 0;
    return raw < (double)(SIZE_MAX / 2) ? (size_t)raw : SIZE_MAX;
}

static ncd_status joint_by_sizer(ncd_engine *e,
                                 const struct ncd_dsuffix *prepared,
                                 double limit, double *size_out, ncd_error *err)
{
    size_t size;
    if (!e->sizer_has_first) {
        ncd_status status = open_sizer(e, err);
        if (status != NCD_OK)
            return status;
        if (!ncd_dengine_set_prefix(e->sizer, e->first.bytes, e->first.nbytes))
            return ncd_fail_nomem(err);
        e->sizer_has_first = 1;
    }
    ncd_dengine_guess(e->sizer, e->guesses);
    if (!ncd_dengine_size(e->sizer, prepared, raw_limit(e, limit), &size))
        return ncd_fail(err, NCD_ERR_CODEC, "zlib: cannot compress");
    *size_out = size == NCD_DSIZE_PRUNED
                    ? NCD_SIZE_BEYOND
                    : (double)size + e->measure->wrapper_nbytes;
    return NCD_OK;
}

ncd_status ncd_engine_prepare(ncd_engine *e, ncd_text text,
                              struct ncd_dsuffix *prepared_out, ncd_error *err)
{
    ncd_status status = open_sizer(e, err);
    if (status != NCD_OK)
        return status;
    e->sizer_has_first = 0;
    if (!ncd_dsuffix_build(prepared_out, e->sizer, text.bytes, text.nbytes))
        return ncd_fail_nomem(err);
    return NCD_OK;
}

/* --- Either --- */

ncd_status ncd_engine_joint(ncd_engine *e, ncd_text second,
                            const struct ncd_dsuffix *prepared, double limit,
                            double *size_out, ncd_error *err)
{
    if (prepared)
        return joint_by_sizer(e, prepared, limit, size_out, err);
    return joint_by_codec(e, second, limit, size_out, err);
}

ncd_status ncd_engine_join_pair(ncd_engine *e, ncd_text x, ncd_text y,
                                double limit, double *size_out, ncd_error *err)
{
    ncd_order order = e->measure->order;
    if (order == NCD_ORDER_MEAN)
        limit = HUGE_VAL;
    double sizes[2] = {0, 0};
    ncd_status status = NCD_OK;
    if (order != NCD_ORDER_TRAIN_FIRST) {
        ncd_engine_set_first(e, x);
        status = joint_by_codec(e, y, limit, &sizes[0], err);
    }
    if (status == NCD_OK && order != NCD_ORDER_TEST_FIRST) {
        ncd_engine_set_first(e, y);
        status = joint_by_codec(e, x, limit, &sizes[1], err);
    }
    *size_out = sizes[0] + sizes[1];
    if (order == NCD_ORDER_MEAN)
        *size_out /= 2;
    return status;
}

ncd_status ncd_engine_pair(ncd_engine *e, ncd_text x, ncd_text y,
                           ncd_pair *pair_out, ncd_error *err)
{
    ncd_pair pair;
    ncd_status status = ncd_engine_size(e, x, &pair.size_x, err);
    if (status == NCD_OK)
        status = ncd_engine_size(e, y, &pair.size_y, err);
    if (status == NCD_OK)
        status = ncd_engine_join_pair(e, x, y, HUGE_VAL, &pair.size_xy, err);
    if (status != NCD_OK)
        return status;
    pair.distance = ncd_distance_of(e->measure->distance, pair.size_x,
                                    pair.size_y, pair.size_xy);
    *pair_out = pair;
    return NCD_OK;
}

void ncd_engine_take_stats(ncd_engine *e, ncd_search_stats *sum)
{
    sum->library += e->n_library;
    sum->pruned_during += e->n_beyond;
    e->n_library = e->n_beyond = 0;
    if (!e->sizer)
        return;
    const struct ncd_dstats *now = ncd_dengine_stats(e->sizer);
    sum->pruned_before += now->pruned_before - e->taken.pruned_before;
    sum->pruned_during += now->pruned_during - e->taken.pruned_during;
    sum->pruned_after += now->pruned_after - e->taken.pruned_after;
    sum->exact += now->trees - e->taken.trees;
    sum->library += now->zlib - e->taken.zlib;
    e->taken = *now;
}
