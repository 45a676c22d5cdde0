/* SPDX-License-Identifier: MIT */
/*
 * The engine: one codec context, and one buffer in which texts are joined. With
 * the test text first, the buffer keeps it and only what follows changes from
 * pair to pair.
 */
#include <stdlib.h>

#include "ncd/measure.h"
#include "util/error.h"

struct ncd_engine {
    const struct ncd_measure *measure;
    const struct ncd_codec *codec;  /* outlives the measure */
    struct ncd_measure own_measure; /* of engines opened from options */
    void *context;
    ncd_text test;
    struct ncd_buf joined;
    size_t prefix_nbytes; /* test text and separator at its beginning */
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

ncd_status ncd_engine_open(const ncd_options *options, ncd_engine **engine_out,
                           ncd_error *err)
{
    ncd_options defaults;
    struct ncd_measure measure;
    ncd_engine *e = NULL;
    ncd_options_init(&defaults);
    ncd_status status =
        ncd_measure_init(&measure, options ? options : &defaults, err);
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
    return e->codec->size(e->context, text, nbytes_out, err);
}

/* joined = [test separator] y, or y separator test */
static ncd_status join(ncd_engine *e, ncd_text y, int test_first)
{
    const struct ncd_buf *separator = &e->measure->separator;
    if (test_first && e->prefix_nbytes) {
        e->joined.n = e->prefix_nbytes;
        return ncd_buf_append(&e->joined, y.bytes, y.nbytes);
    }
    ncd_text first = test_first ? e->test : y;
    ncd_text second = test_first ? y : e->test;
    e->joined.n = e->prefix_nbytes = 0;
    if (ncd_buf_append(&e->joined, first.bytes, first.nbytes) != NCD_OK ||
        ncd_buf_append(&e->joined, separator->bytes, separator->n) != NCD_OK)
        return NCD_ERR_NOMEM;
    if (test_first)
        e->prefix_nbytes = e->joined.n;
    return ncd_buf_append(&e->joined, second.bytes, second.nbytes);
}

static ncd_status joint_size(ncd_engine *e, ncd_text y, int test_first,
                             double *size_out, ncd_error *err)
{
    if (join(e, y, test_first) != NCD_OK)
        return ncd_fail_nomem(err);
    return ncd_engine_size(e, ncd_buf_text(&e->joined), size_out, err);
}

ncd_status ncd_engine_set_test(ncd_engine *e, ncd_text x, double *size_out,
                               ncd_error *err)
{
    e->test = x;
    e->prefix_nbytes = 0;
    return ncd_engine_size(e, x, size_out, err);
}

ncd_status ncd_engine_joint(ncd_engine *e, ncd_text y, double *size_out,
                            ncd_error *err)
{
    double train_first;
    if (e->measure->order != NCD_ORDER_MEAN)
        return joint_size(e, y, e->measure->order == NCD_ORDER_TEST_FIRST,
                          size_out, err);
    ncd_status status = joint_size(e, y, 1, size_out, err);
    if (status == NCD_OK)
        status = joint_size(e, y, 0, &train_first, err);
    if (status == NCD_OK)
        *size_out = (*size_out + train_first) / 2;
    return status;
}

ncd_status ncd_engine_pair(ncd_engine *e, ncd_text x, ncd_text y,
                           ncd_pair *pair_out, ncd_error *err)
{
    ncd_pair pair;
    ncd_status status = ncd_engine_set_test(e, x, &pair.size_x, err);
    if (status == NCD_OK)
        status = ncd_engine_size(e, y, &pair.size_y, err);
    if (status == NCD_OK)
        status = ncd_engine_joint(e, y, &pair.size_xy, err);
    if (status != NCD_OK)
        return status;
    pair.distance = ncd_distance_of(e->measure->distance, pair.size_x,
                                    pair.size_y, pair.size_xy);
    *pair_out = pair;
    return NCD_OK;
}
