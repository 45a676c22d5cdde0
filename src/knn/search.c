/* SPDX-License-Identifier: MIT */
/* Exact search of the k nearest training texts; see search.h. */
#include "knn/search.h"

#include <stdlib.h>
#include <string.h>

#include "knn/nearest.h"
#include "util/error.h"
#include "util/parallel.h"

/* Tiles a thread gets at least, to even out their different lengths, and
 * training texts a tile has at least, to be worth setting up its query. */
#define TILES_PER_THREAD 8
#define MIN_TILE_TEXTS 32

struct job {
    const struct ncd_search *search;
    const struct ncd_queries *queries;
    struct ncd_found *found;
    size_t n_training;
    size_t n_parts; /* tiles a query */
};

static ncd_status run_tile(void *arg, size_t task, unsigned thread,
                           ncd_error *err)
{
    const struct job *job = arg;
    const struct ncd_search *s = job->search;
    size_t q = task / job->n_parts, part = task % job->n_parts;
    size_t begin = part * job->n_training / job->n_parts;
    size_t end = (part + 1) * job->n_training / job->n_parts;
    struct ncd_nearest nearest = {job->found->tile_items + task * job->found->k,
                                  0, job->found->k};
    ncd_engine *engine;
    double size_x, size_xy;
    ncd_status status =
        ncd_crew_engine(&job->found->crew, thread, &engine, err);
    if (status == NCD_OK)
        status =
            ncd_engine_set_test(engine, job->queries->texts[q], &size_x, err);
    for (size_t j = begin; j < end && status == NCD_OK; j++) {
        if (s->folds && s->folds[j] == job->queries->folds[q])
            continue;
        status = ncd_engine_joint(engine, ncd_dataset_text(s->training, j),
                                  &size_xy, err);
        if (status == NCD_OK)
            ncd_nearest_offer(
                &nearest,
                (ncd_neighbor){j, ncd_distance_of(s->measure->distance, size_x,
                                                  s->sizes[j], size_xy)});
    }
    job->found->tile_counts[task] = nearest.n;
    return status;
}

static void merge_tiles(const struct job *job)
{
    struct ncd_found *found = job->found;
    size_t k = found->k;
    for (size_t q = 0; q < found->n; q++) {
        struct ncd_nearest nearest = {found->items + q * k, 0, k};
        for (size_t p = q * job->n_parts; p < (q + 1) * job->n_parts; p++)
            for (size_t i = 0; i < found->tile_counts[p]; i++)
                ncd_nearest_offer(&nearest, found->tile_items[p * k + i]);
        found->counts[q] = nearest.n;
    }
}

static ncd_status make_room(struct ncd_found *found, size_t n_tiles,
                            ncd_error *err)
{
    /* One more than needed, so that even an empty batch has an array. */
    if (ncd_grow(&found->items, &found->items_capacity, found->n * found->k + 1,
                 sizeof *found->items) ||
        ncd_grow(&found->counts, &found->counts_capacity, found->n + 1,
                 sizeof *found->counts) ||
        ncd_grow(&found->tile_items, &found->tile_items_capacity,
                 n_tiles * found->k + 1, sizeof *found->tile_items) ||
        ncd_grow(&found->tile_counts, &found->tile_counts_capacity, n_tiles + 1,
                 sizeof *found->tile_counts))
        return ncd_fail_nomem(err);
    return NCD_OK;
}

static size_t parts_for(size_t n_queries, size_t n_training, unsigned threads)
{
    if (n_queries == 0 || threads == 1)
        return 1;
    size_t parts = (TILES_PER_THREAD * threads + n_queries - 1) / n_queries;
    size_t most = n_training / MIN_TILE_TEXTS;
    if (parts > most)
        parts = most;
    return parts ? parts : 1;
}

ncd_status ncd_search_run(const struct ncd_search *search,
                          const struct ncd_queries *queries, unsigned threads,
                          const struct ncd_progress *progress,
                          struct ncd_found *found, ncd_error *err)
{
    struct job job = {.search = search,
                      .queries = queries,
                      .found = found,
                      .n_training = ncd_dataset_n_texts(search->training)};
    job.n_parts = parts_for(queries->n, job.n_training, threads);
    size_t n_tiles = queries->n * job.n_parts;
    found->n = queries->n;
    found->k = search->k < job.n_training ? search->k : job.n_training;
    ncd_status status = make_room(found, n_tiles, err);
    if (status == NCD_OK)
        status = ncd_crew_prepare(&found->crew, search->measure, threads, err);
    if (status == NCD_OK)
        status =
            ncd_parallel_for(n_tiles, threads, run_tile, &job, progress, err);
    if (status == NCD_OK)
        merge_tiles(&job);
    return status;
}

void ncd_found_free(struct ncd_found *found)
{
    free(found->items);
    free(found->counts);
    free(found->tile_items);
    free(found->tile_counts);
    ncd_crew_free(&found->crew);
    *found = (struct ncd_found){0};
}
