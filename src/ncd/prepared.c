/* SPDX-License-Identifier: MIT */
/* Texts made ready to be the second part of many pairs; see prepared.h. */
#include "ncd/prepared.h"

#include <stdlib.h>

#include "ncd/deflate_size.h"
#include "util/error.h"
#include "util/parallel.h"

struct job {
    struct ncd_crew *crew;
    const ncd_text *texts;
    struct ncd_dsuffix *items;
};

static ncd_status prepare_one(void *arg, size_t i, unsigned thread,
                              ncd_error *err)
{
    struct job *job = arg;
    ncd_engine *engine;
    ncd_status status = ncd_crew_engine(job->crew, thread, &engine, err);
    if (status != NCD_OK)
        return status;
    return ncd_engine_prepare(engine, job->texts[i], &job->items[i], err);
}

ncd_status ncd_prepare(struct ncd_prepared *prepared, struct ncd_crew *crew,
                       const ncd_text *texts, size_t n, ncd_error *err)
{
    ncd_prepared_clear(prepared);
    if (ncd_grow(&prepared->items, &prepared->capacity, n + 1,
                 sizeof *prepared->items) != NCD_OK)
        return ncd_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        prepared->items[i] = (struct ncd_dsuffix){0};
    prepared->n = n;
    struct job job = {crew, texts, prepared->items};
    ncd_status status =
        ncd_parallel_for(n, crew->n, prepare_one, &job, NULL, err);
    if (status != NCD_OK)
        ncd_prepared_clear(prepared);
    return status;
}

void ncd_prepared_clear(struct ncd_prepared *prepared)
{
    for (size_t i = 0; i < prepared->n; i++)
        ncd_dsuffix_clear(&prepared->items[i]);
    prepared->n = 0;
}

void ncd_prepared_free(struct ncd_prepared *prepared)
{
    ncd_prepared_clear(prepared);
    free(prepared->items);
    *prepared = (struct ncd_prepared){0};
}

void ncd_prepared_prefetch(const struct ncd_prepared *prepared, size_t i)
{
    if (i < prepared->n)
        ncd_dsuffix_prefetch(&prepared->items[i]);
}

const struct ncd_dsuffix *ncd_prepared_item(const struct ncd_prepared *prepared,
                                            size_t i)
{
    return i < prepared->n ? &prepared->items[i] : NULL;
}
