/* SPDX-License-Identifier: MIT */
/* Distances from sizes, and the names of what can be chosen; see measure.h. */
#include "ncd/measure.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "ncd/deflate_size.h"
#include "util/error.h"
#include "util/options.h"

static const char *const distance_names[] = {"ncd", "cdm", "clm", "cond"};
static const char *const order_names[] = {"test-first", "train-first", "mean"};
static const char *const vote_names[] = {"majority", "weighted"};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *name_of(const char *const *names, size_t n, int value)
{
    return value >= 0 && (size_t)value < n ? names[value] : NULL;
}

static int parse(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

const char *ncd_distance_name(ncd_distance distance)
{
    return name_of(distance_names, COUNT(distance_names), (int)distance);
}

const char *ncd_order_name(ncd_order order)
{
    return name_of(order_names, COUNT(order_names), (int)order);
}

const char *ncd_vote_name(ncd_vote vote)
{
    return name_of(vote_names, COUNT(vote_names), (int)vote);
}

int ncd_distance_parse(const char *name)
{
    return parse(distance_names, COUNT(distance_names), name);
}

int ncd_order_parse(const char *name)
{
    return parse(order_names, COUNT(order_names), name);
}

int ncd_vote_parse(const char *name)
{
    return parse(vote_names, COUNT(vote_names), name);
}

void ncd_options_init_sized(ncd_options *options, size_t nbytes)
{
    const ncd_options own = {
        .compressor = "gzip", .separator = {" ", 1}, .k = 5};
    ncd_give_options(options, nbytes, &own, sizeof own);
}

static double ratio(double numerator, double denominator)
{
    return denominator == 0 ? 0 : numerator / denominator;
}

double ncd_distance_of(ncd_distance distance, double x, double y, double xy)
{
    switch (distance) {
    case NCD_DISTANCE_CDM:
        return ratio(xy, x + y);
    case NCD_DISTANCE_CLM:
        return xy == 0 ? 0 : 1 - (x + y - xy) / xy;
    case NCD_DISTANCE_COND:
        return ratio(xy - y, x);
    case NCD_DISTANCE_NCD:
        break;
    }
    return ratio(xy - (x < y ? x : y), x < y ? y : x);
}

const char *ncd_engine_path(void)
{
    return ncd_dpath_best()->name;
}

/*
 * Whether the size-only engine agrees with the zlib in use at this level. It is
 * asked once a process; two threads that ask at once get the same answer.
 */
int ncd_engine_agrees(int level)
{
    enum { UNKNOWN, AGREES, DIFFERS };
    static atomic_int known[10];
    if (level < 4 || level > 9)
        return -1;
    int answer = atomic_load(&known[level]);
    if (answer == UNKNOWN) {
        bool equal = false;
        /* Out of memory: no answer, and the plain way is always right. */
        if (!ncd_dengine_check(level, &equal))
            return -1;
        answer = equal ? AGREES : DIFFERS;
        atomic_store(&known[level], answer);
    }
    return answer == AGREES;
}

/* The engine knows zlib's lazy matching with one space between the texts. */
static void choose_engine(struct ncd_measure *m, ncd_engine_kind kind)
{
    int level = m->spec.level;
    m->use_prefix = kind == NCD_ENGINE_AUTO && m->spec.codec->set_prefix;
    if (kind != NCD_ENGINE_AUTO || !ncd_codec_is_plain_zlib(&m->spec) ||
        level < 4 || m->separator.n != 1 || m->separator.bytes[0] != ' ')
        return;
    if (m->order == NCD_ORDER_MEAN)
        return;
    m->fast_level = level;
    m->wrapper_nbytes = m->spec.codec->zlib_form.wrapper_nbytes;
}

ncd_status ncd_measure_init(struct ncd_measure *measure,
                            const ncd_options *options, ncd_error *err)
{
    static atomic_uint_least64_t last_id;
    *measure = (struct ncd_measure){.id = atomic_fetch_add(&last_id, 1) + 1,
                                    .distance = options->distance,
                                    .order = options->order};
    if (!ncd_distance_name(options->distance) ||
        !ncd_order_name(options->order))
        return ncd_fail(err, NCD_ERR_ARGUMENT, "no such distance or order");
    if (options->separator.nbytes > NCD_SEPARATOR_MAX)
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "the separator has more than %d bytes",
                        NCD_SEPARATOR_MAX);
    ncd_status status =
        ncd_codec_parse(options->compressor, &measure->spec, err);
    if (status != NCD_OK)
        return status;
    if (ncd_buf_append(&measure->separator, options->separator.bytes,
                       options->separator.nbytes) != NCD_OK)
        return ncd_fail_nomem(err);
    choose_engine(measure, options->engine);
    return NCD_OK;
}

int ncd_measure_is_fast(const struct ncd_measure *m)
{
    return m->fast_level && ncd_engine_agrees(m->fast_level) == 1;
}

void ncd_measure_free(struct ncd_measure *measure)
{
    ncd_buf_free(&measure->separator);
}

size_t ncd_measure_window(const struct ncd_measure *measure)
{
    return measure->spec.codec->window(&measure->spec);
}
