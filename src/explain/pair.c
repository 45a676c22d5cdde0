/* SPDX-License-Identifier: MIT */
/* Pairs of texts; see pair.h. */
#include "explain/pair.h"

#include <stdlib.h>

#include "explain/common_strings.h"
#include "util/error.h"

/* One way of joining two texts: where things are in the joined text, and the
 * traces. */
struct joining {
    ncd_text first, second;
    size_t second_begin;
    struct ncd_buf joined;
    struct ncd_trace alone[2], joint; /* of the first, the second, and both */
    double *bits_alone;               /* [bytes of the second text] of each */
    double *bits_joint;               /* ... */
};

static void joining_free(struct joining *j)
{
    ncd_buf_free(&j->joined);
    ncd_trace_free(&j->alone[0]);
    ncd_trace_free(&j->alone[1]);
    ncd_trace_free(&j->joint);
    free(j->bits_alone);
    free(j->bits_joint);
}

static ncd_status join(struct joining *j, const struct ncd_buf *separator,
                       ncd_error *err)
{
    if (ncd_buf_append(&j->joined, j->first.bytes, j->first.nbytes) ||
        ncd_buf_append(&j->joined, separator->bytes, separator->n) ||
        ncd_buf_append(&j->joined, j->second.bytes, j->second.nbytes))
        return ncd_fail_nomem(err);
    j->second_begin = j->first.nbytes + separator->n;
    return NCD_OK;
}

/* --- Bits --- */

/* How much of a token lies within begin .. end - 1. */
static size_t bytes_within(const struct ncd_token *t, size_t begin, size_t end)
{
    size_t from = t->at > begin ? t->at : begin;
    size_t to = t->at + t->nbytes < end ? t->at + t->nbytes : end;
    return from < to ? to - from : 0;
}

static double bits_within(const struct ncd_token *t, size_t begin, size_t end)
{
    size_t n = bytes_within(t, begin, end);
    return n == t->nbytes ? t->bits : t->bits * (double)n / (double)t->nbytes;
}

static double bits_of(const struct ncd_trace *trace, size_t begin, size_t end)
{
    double sum = 0;
    for (size_t i = 0; i < trace->n; i++)
        sum += bits_within(&trace->tokens[i], begin, end);
    return sum;
}

/* The bits of every byte from `begin` on. */
static void spread(const struct ncd_trace *trace, size_t begin, double *out)
{
    for (size_t i = 0; i < trace->n; i++) {
        const struct ncd_token *t = &trace->tokens[i];
        for (size_t at = t->at; at < t->at + t->nbytes; at++)
            if (at >= begin)
                out[at - begin] = t->bits / (double)t->nbytes;
    }
}

static double sum_of(const double *bits, size_t begin, size_t n)
{
    double sum = 0;
    for (size_t i = begin; bits && i < begin + n; i++)
        sum += bits[i];
    return sum;
}

static ncd_bill joint_bill(const struct joining *j)
{
    const struct ncd_trace *t = &j->joint;
    return (ncd_bill){
        .frame = t->frame_bits,
        .tables = t->table_bits,
        .first = bits_of(t, 0, j->first.nbytes),
        .separator = bits_of(t, j->first.nbytes, j->second_begin),
        .second = bits_of(t, j->second_begin, SIZE_MAX),
    };
}

static ncd_bill alone_bill(const struct joining *j)
{
    const struct ncd_trace *a = &j->alone[0], *b = &j->alone[1];
    return (ncd_bill){
        .frame = a->frame_bits + b->frame_bits,
        .tables = a->table_bits + b->table_bits,
        .first = bits_of(a, 0, SIZE_MAX),
        .second = bits_of(b, 0, SIZE_MAX),
    };
}

static ncd_status trace_all(struct joining *j, ncd_engine *engine,
                            ncd_joint *told, double **saved, ncd_error *err)
{
    size_t n = j->second.nbytes;
    ncd_status status = ncd_engine_trace(engine, j->first, &j->alone[0], err);
    if (status == NCD_OK)
        status = ncd_engine_trace(engine, j->second, &j->alone[1], err);
    if (status == NCD_OK)
        status =
            ncd_engine_trace(engine, ncd_buf_text(&j->joined), &j->joint, err);
    if (status != NCD_OK)
        return status;
    j->bits_alone = calloc(n + 1, sizeof *j->bits_alone);
    j->bits_joint = calloc(n + 1, sizeof *j->bits_joint);
    *saved = calloc(n + 1, sizeof **saved);
    if (!j->bits_alone || !j->bits_joint || !*saved)
        return ncd_fail_nomem(err);
    spread(&j->alone[1], 0, j->bits_alone);
    spread(&j->joint, j->second_begin, j->bits_joint);
    for (size_t i = 0; i < n; i++)
        (*saved)[i] = j->bits_alone[i] - j->bits_joint[i];
    told->saved = *saved;
    told->joint = joint_bill(j);
    told->alone = alone_bill(j);
    return NCD_OK;
}

/* --- Matches --- */

static ncd_match match_of(const struct joining *j, ncd_order order,
                          size_t first, size_t second, size_t n)
{
    int test_first = order == NCD_ORDER_TEST_FIRST;
    return (ncd_match){
        .test_offset = test_first ? first : second,
        .train_offset = test_first ? second : first,
        .nbytes = n,
        .bits_alone = sum_of(j->bits_alone, second, n),
        .bits_joint = sum_of(j->bits_joint, second, n),
    };
}

/* What a copy brings from the first text into the second; 0 where nothing. */
static int take_copy(const struct joining *j, ncd_order order,
                     const struct ncd_token *t, ncd_match *out)
{
    size_t begin = t->at > j->second_begin ? t->at : j->second_begin;
    size_t end = t->at + t->nbytes;
    if (end > j->first.nbytes + t->distance) /* copies from behind the first */
        end = j->first.nbytes + t->distance;
    if (t->distance == 0 || begin >= end)
        return 0;
    *out = match_of(j, order, begin - t->distance, begin - j->second_begin,
                    end - begin);
    return 1;
}

static ncd_status take_copies(const struct joining *j, ncd_joint *told,
                              ncd_match **matches, ncd_error *err)
{
    *matches = calloc(j->joint.n + 1, sizeof **matches);
    if (!*matches)
        return ncd_fail_nomem(err);
    for (size_t i = 0; i < j->joint.n; i++)
        told->n_matches += (size_t)take_copy(
            j, told->order, &j->joint.tokens[i], *matches + told->n_matches);
    return NCD_OK;
}

static ncd_status compare(const struct joining *j, ncd_joint *told,
                          ncd_match **matches, ncd_error *err)
{
    struct ncd_common_string *strings;
    if (ncd_common_strings(j->first, j->second, &strings, &told->n_matches) !=
        NCD_OK)
        return ncd_fail_nomem(err);
    *matches = calloc(told->n_matches + 1, sizeof **matches);
    for (size_t i = 0; *matches && i < told->n_matches; i++)
        (*matches)[i] = match_of(j, told->order, strings[i].first,
                                 strings[i].second, strings[i].nbytes);
    free(strings);
    return *matches ? NCD_OK : ncd_fail_nomem(err);
}

/* --- A pair --- */

static ncd_insight insight_of(const struct ncd_codec *codec)
{
    return !codec->trace   ? NCD_INSIGHT_NONE
           : codec->copies ? NCD_INSIGHT_PARSE
                           : NCD_INSIGHT_MODEL;
}

static ncd_status explain_joint(const struct ncd_measure *measure,
                                ncd_engine *engine, struct joining *j,
                                ncd_joint *told, double **saved,
                                ncd_match **matches, ncd_error *err)
{
    told->insight = insight_of(measure->spec.codec);
    ncd_status status = join(j, &measure->separator, err);
    if (status == NCD_OK)
        status =
            ncd_engine_size(engine, ncd_buf_text(&j->joined), &told->size, err);
    if (status == NCD_OK && told->insight != NCD_INSIGHT_NONE)
        status = trace_all(j, engine, told, saved, err);
    if (status != NCD_OK)
        return status;
    status = told->insight == NCD_INSIGHT_PARSE
                 ? take_copies(j, told, matches, err)
                 : compare(j, told, matches, err);
    told->matches = *matches;
    return status;
}

ncd_status ncd_pair_explain(const struct ncd_measure *measure,
                            ncd_engine *engine, ncd_text x, ncd_text y,
                            struct ncd_pair_view *view, ncd_error *err)
{
    ncd_explained_text *told = &view->told;
    ncd_status status = ncd_engine_pair(engine, x, y, &told->pair, err);
    for (int i = 0; i < 2 && status == NCD_OK; i++) {
        ncd_order order = i ? NCD_ORDER_TRAIN_FIRST : NCD_ORDER_TEST_FIRST;
        if (measure->order != NCD_ORDER_MEAN && measure->order != order)
            continue;
        struct joining j = {.first = i ? y : x, .second = i ? x : y};
        size_t n = told->n_joints++;
        told->joints[n] = (ncd_joint){.order = order};
        status = explain_joint(measure, engine, &j, &told->joints[n],
                               &view->saved[n], &view->matches[n], err);
        joining_free(&j);
    }
    return status;
}

void ncd_pair_view_free(struct ncd_pair_view *view)
{
    for (int i = 0; i < 2; i++) {
        free(view->saved[i]);
        free(view->matches[i]);
    }
    *view = (struct ncd_pair_view){0};
}
