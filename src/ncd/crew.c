/* SPDX-License-Identifier: MIT */
/* One engine for each thread; see crew.h. */
#include "ncd/crew.h"

#include <stdlib.h>

#include "util/error.h"
#include "util/parallel.h"

void ncd_crew_free(struct ncd_crew *crew)
{
    for (unsigned i = 0; i < crew->n; i++)
        ncd_engine_close(crew->engines[i]);
    free(crew->engines);
    *crew = (struct ncd_crew){0};
}

ncd_status ncd_crew_prepare(struct ncd_crew *crew,
                            const struct ncd_measure *measure, unsigned threads,
                            ncd_error *err)
{
    if (crew->measure_id == measure->id && crew->n >= threads) {
        crew->measure = measure;
        return NCD_OK;
    }
    ncd_crew_free(crew);
    crew->engines = calloc(threads, sizeof *crew->engines);
    if (!crew->engines)
        return ncd_fail_nomem(err);
    crew->measure = measure;
    crew->measure_id = measure->id;
    crew->n = threads;
    return NCD_OK;
}

ncd_status ncd_crew_engine(struct ncd_crew *crew, unsigned thread,
                           ncd_engine **engine_out, ncd_error *err)
{
    ncd_status status = NCD_OK;
    if (!crew->engines[thread])
        status = ncd_engine_new(crew->measure, &crew->engines[thread], err);
    *engine_out = crew->engines[thread];
    return status;
}

struct sizes_job {
    struct ncd_crew *crew;
    const ncd_dataset *texts;
    size_t first;
    double *sizes;
};

static ncd_status size_one(void *arg, size_t i, unsigned thread, ncd_error *err)
{
    struct sizes_job *job = arg;
    ncd_engine *engine;
    ncd_status status = ncd_crew_engine(job->crew, thread, &engine, err);
    if (status != NCD_OK)
        return status;
    i += job->first;
    return ncd_engine_size(engine, ncd_dataset_text(job->texts, i),
                           &job->sizes[i], err);
}

ncd_status ncd_crew_sizes(struct ncd_crew *crew, const ncd_dataset *texts,
                          size_t first, const ncd_options *options,
                          double *sizes_out, ncd_error *err)
{
    struct sizes_job job = {crew, texts, first, sizes_out};
    size_t n = ncd_dataset_n_texts(texts) - first;
    struct ncd_progress progress = {options->progress, options->progress_arg, 0,
                                    n, n};
    return ncd_parallel_for(n, crew->n, size_one, &job, &progress, err);
}
