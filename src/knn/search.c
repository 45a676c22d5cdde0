/* SPDX-License-Identifier: MIT */
/* Search of the k nearest training texts; see search.h. */
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

/* Queries from which on it pays to make training texts ready: making one ready
 * costs about as much as two pairs by the compression library. */
#define MIN_QUERIES_TO_PREPARE 4

/* Likely neighbours that an exact search visits first, for each of its k. */
#define SEEDS_PER_K 16

struct job {
    const struct ncd_search *search;
    const struct ncd_queries *queries;
    struct ncd_found *found;
    size_t n_training;
    double *query_sizes; /* [n queries] */
    int training_first;  /* training texts are first, queries prepared */
    size_t n_parts;      /* tiles that the training texts are cut into */
    size_t block;        /* queries a tile has */
};

/* --- One pair --- */

static int comes_before(ncd_neighbor a, ncd_neighbor b)
{
    if (a.distance != b.distance)
        return a.distance < b.distance;
    return a.index < b.index;
}

/* The real number near which C(xy) gives this distance. */
static double joint_for(ncd_distance kind, double distance, double x, double y)
{
    switch (kind) {
    case NCD_DISTANCE_CDM:
        return distance * (x + y);
    case NCD_DISTANCE_CLM:
        return (x + y) / (2 - distance);
    case NCD_DISTANCE_COND:
        return distance * x + y;
    case NCD_DISTANCE_NCD:
        break;
    }
    return x < y ? distance * y + x : distance * x + y;
}

/*
 * The least whole C(xy) with which text j is not among the k nearest. Every
 * distance grows with C(xy), in floating point too: the sizes are whole
 * numbers, so that sums of them are exact, and rounding the one quotient keeps
 * the order. All larger sizes are refused as well, therefore. Where sizes are
 * fractions, sums are rounded, which keeps their order, too; but CLM divides
 * one sum by another, and gets no limit then. The estimate is corrected by the
 * distances themselves: the result is exact.
 */
static double limit_for(const struct ncd_search *s,
                        const struct ncd_nearest *nearest, size_t j, double x)
{
    if (nearest->n < nearest->k)
        return HUGE_VAL;
    ncd_distance kind = s->measure->distance;
    ncd_neighbor last = nearest->items[nearest->k - 1];
    double y = s->sizes[j];
    if (kind == NCD_DISTANCE_CLM && (x != floor(x) || y != floor(y)))
        return HUGE_VAL;
    double size = ceil(joint_for(kind, last.distance, x, y));
    if (!(size >= 1 && size < 1e15))
        return HUGE_VAL;
    while (size > 1 &&
           !comes_before(
               (ncd_neighbor){j, ncd_distance_of(kind, x, y, size - 1)}, last))
        size--;
    while (comes_before((ncd_neighbor){j, ncd_distance_of(kind, x, y, size)},
                        last))
        size++;
    return size;
}

static ncd_status offer_pair(const struct job *job, ncd_engine *engine,
                             size_t q, size_t j,
                             const struct ncd_dsuffix *prepared,
                             struct ncd_nearest *nearest, ncd_error *err)
{
    const struct ncd_search *s = job->search;
    double x = job->query_sizes[q], xy;
    ncd_status status;
    if (s->folds && s->folds[j] == job->queries->folds[q])
        return NCD_OK;
    if (prepared)
        status = ncd_engine_joint(engine, (ncd_text){0}, prepared,
                                  limit_for(s, nearest, j, x), &xy, err);
    else
        status = ncd_engine_join_pair(engine, job->queries->texts[q],
                                      ncd_dataset_text(s->training, j),
                                      limit_for(s, nearest, j, x), &xy, err);
    if (status != NCD_OK || xy == NCD_SIZE_BEYOND)
        return status;
    double distance = ncd_distance_of(s->measure->distance, x, s->sizes[j], xy);
    ncd_nearest_offer(nearest, (ncd_neighbor){j, distance});
    return NCD_OK;
}

/* --- One tile --- */

struct tile {
    size_t query_begin, query_end, begin, end; /* of training texts */
    size_t part;
};

static struct tile tile_of(const struct job *job, size_t task)
{
    size_t block = task / job->n_parts, part = task % job->n_parts;
    struct tile tile = {.query_begin = block * job->block,
                        .query_end = (block + 1) * job->block,
                        .begin = part * job->n_training / job->n_parts,
                        .end = (part + 1) * job->n_training / job->n_parts,
                        .part = part};
    if (tile.query_end > job->queries->n)
        tile.query_end = job->queries->n;
    return tile;
}

/* The k nearest of a query among one part of the training texts. */
static struct ncd_nearest nearest_of(const struct job *job, size_t q,
                                     size_t part)
{
    struct ncd_found *f = job->found;
    size_t slot = q * job->n_parts + part;
    return (struct ncd_nearest){f->tile_items + slot * f->k,
                                f->tile_counts[slot], f->k};
}

static void keep(const struct job *job, size_t q, size_t part,
                 const struct ncd_nearest *nearest)
{
    job->found->tile_counts[q * job->n_parts + part] = nearest->n;
}

/* Scratch of one thread for the order in which training texts are visited. */
struct ncd_visits {
    struct ncd_candidate_scratch candidates;
    unsigned char *visited; /* [n_training] */
    size_t visited_capacity;
};

/* Looks for the candidates of a query, and marks them as visited. */
static ncd_status find_candidates(const struct job *job, size_t q,
                                  struct ncd_visits *v, ncd_error *err)
{
    const struct ncd_search *s = job->search;
    struct ncd_found *f = job->found;
    size_t wanted = s->n_candidates ? s->n_candidates : SEEDS_PER_K * f->k;
    if (ncd_grow(&v->visited, &v->visited_capacity, job->n_training + 1, 1) !=
        NCD_OK)
        return ncd_fail_nomem(err);
    memset(v->visited, 0, job->n_training);
    ncd_status status = ncd_candidates_find(
        &f->candidates, s->measure, s->sizes, job->queries->texts[q],
        job->query_sizes[q], s->folds, s->folds ? job->queries->folds[q] : 0,
        wanted, &v->candidates, err);
    for (size_t i = 0; i < v->candidates.n && status == NCD_OK; i++)
        v->visited[v->candidates.best[i].index] = 1;
    return status;
}

static ncd_status visit_candidates(const struct job *job, size_t q,
                                   ncd_engine *engine, struct ncd_visits *v,
                                   struct ncd_nearest *nearest, ncd_error *err)
{
    ncd_status status = find_candidates(job, q, v, err);
    for (size_t i = 0; i < v->candidates.n && status == NCD_OK; i++) {
        size_t j = v->candidates.best[i].index;
        status = offer_pair(job, engine, q, j,
                            ncd_prepared_item(&job->found->prepared, j),
                            nearest, err);
    }
    return status;
}

/* Query by query: the query is the first text, or nothing is prepared. */
static ncd_status run_by_query(const struct job *job, const struct tile *t,
                               ncd_engine *engine, struct ncd_visits *v,
                               ncd_error *err)
{
    ncd_status status = NCD_OK;
    struct ncd_found *f = job->found;
    for (size_t q = t->query_begin; q < t->query_end; q++) {
        struct ncd_nearest nearest = nearest_of(job, q, t->part);
        size_t end = job->search->n_candidates ? t->begin : t->end;
        ncd_engine_set_first(engine, job->queries->texts[q]);
        if (v)
            status = visit_candidates(job, q, engine, v, &nearest, err);
        for (size_t j = t->begin; j < end && status == NCD_OK; j++) {
            ncd_prepared_prefetch(&f->prepared, j + 1);
            if (!v || !v->visited[j])
                status = offer_pair(job, engine, q, j,
                                    ncd_prepared_item(&f->prepared, j),
                                    &nearest, err);
        }
        keep(job, q, t->part, &nearest);
    }
    return status;
}

/* Training text by training text, each being the first of its pairs. */
static ncd_status run_by_training(const struct job *job, const struct tile *t,
                                  ncd_engine *engine, ncd_error *err)
{
    ncd_status status = NCD_OK;
    const struct ncd_prepared *prepared = &job->found->prepared;
    for (size_t j = t->begin; j < t->end; j++) {
        ncd_engine_set_first(engine,
                             ncd_dataset_text(job->search->training, j));
        for (size_t q = t->query_begin; q < t->query_end && status == NCD_OK;
             q++) {
            struct ncd_nearest nearest = nearest_of(job, q, t->part);
            status = offer_pair(job, engine, q, j,
                                ncd_prepared_item(prepared, q), &nearest, err);
            keep(job, q, t->part, &nearest);
        }
    }
    return status;
}

/* Candidates are those of all training texts, so a tile must have all. */
static int uses_candidates(const struct job *job)
{
    return job->found->candidates.n_texts && job->n_parts == 1;
}

static ncd_status run_tile(void *arg, size_t task, unsigned thread,
                           ncd_error *err)
{
    const struct job *job = arg;
    struct tile tile = tile_of(job, task);
    ncd_engine *engine;
    for (size_t q = tile.query_begin; q < tile.query_end; q++)
        job->found->tile_counts[q * job->n_parts + tile.part] = 0;
    ncd_status status =
        ncd_crew_engine(&job->found->crew, thread, &engine, err);
    if (status != NCD_OK)
        return status;
    ncd_engine_guess(engine, job->search->n_candidates != 0);
    struct ncd_visits *visits =
        uses_candidates(job) ? &job->found->visits[thread] : NULL;
    return job->training_first ? run_by_training(job, &tile, engine, err)
                               : run_by_query(job, &tile, engine, visits, err);
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

/* --- Getting ready --- */

/* How many queries this measure has seen, this batch included. What is kept
 * from batch to batch belongs to one measure, and goes when it changes. */
static uint64_t count_queries(struct job *job)
{
    struct ncd_found *f = job->found;
    if (f->kept_for != job->search->measure->id) {
        ncd_prepared_clear(&f->prepared);
        ncd_candidates_free(&f->candidates);
        f->kept_for = job->search->measure->id;
        f->n_seen = 0;
    }
    f->n_seen += job->queries->n;
    return f->n_seen;
}

static ncd_status build_candidates(struct job *job, ncd_error *err)
{
    ncd_engine *engine;
    ncd_status status = ncd_crew_engine(&job->found->crew, 0, &engine, err);
    if (status != NCD_OK)
        return status;
    return ncd_candidates_build(&job->found->candidates, job->search->training,
                                job->search->sizes, engine, err);
}

static ncd_status prepare_training(struct job *job, ncd_error *err)
{
    struct ncd_found *f = job->found;
    ncd_text *texts = calloc(job->n_training + 1, sizeof *texts);
    if (!texts)
        return ncd_fail_nomem(err);
    for (size_t j = 0; j < job->n_training; j++)
        texts[j] = ncd_dataset_text(job->search->training, j);
    ncd_status status =
        ncd_prepare(&f->prepared, &f->crew, texts, job->n_training, err);
    free(texts);
    return status;
}

static ncd_status prepare(struct job *job, ncd_error *err)
{
    struct ncd_found *f = job->found;
    const struct ncd_search *s = job->search;
    int fast = count_queries(job) >= MIN_QUERIES_TO_PREPARE &&
               s->measure->order == NCD_ORDER_TEST_FIRST &&
               ncd_measure_is_fast(s->measure);
    ncd_status status = NCD_OK;
    /* Prepared queries are good for their own batch only. */
    if (s->measure->order != NCD_ORDER_TEST_FIRST)
        ncd_prepared_clear(&f->prepared);
    if (job->training_first)
        return ncd_prepare(&f->prepared, &f->crew, job->queries->texts,
                           job->queries->n, err);
    if (fast && !f->prepared.n)
        status = prepare_training(job, err);
    if (status == NCD_OK && (fast || s->n_candidates) && !f->candidates.n_texts)
        status = build_candidates(job, err);
    return status;
}

static ncd_status size_query(void *arg, size_t q, unsigned thread,
                             ncd_error *err)
{
    struct job *job = arg;
    ncd_engine *engine;
    ncd_status status =
        ncd_crew_engine(&job->found->crew, thread, &engine, err);
    if (status != NCD_OK)
        return status;
    return ncd_engine_size(engine, job->queries->texts[q], &job->query_sizes[q],
                           err);
}

static void cut(struct job *job, unsigned threads)
{
    size_t n = job->queries->n, most = job->n_training / MIN_TILE_TEXTS;
    size_t tiles = TILES_PER_THREAD * (size_t)threads;
    job->block = job->training_first && n ? n : 1;
    size_t blocks = (n + job->block - 1) / job->block;
    /* Candidates are those of all training texts, so a tile must have all. */
    int whole = threads == 1 || blocks == 0 || job->search->n_candidates;
    job->n_parts = whole ? 1 : (tiles + blocks - 1) / blocks;
    if (job->n_parts > most)
        job->n_parts = most ? most : 1;
}

/* One more than needed of each, so that even an empty batch has arrays. */
static ncd_status make_room(struct job *job, unsigned threads, ncd_error *err)
{
    struct ncd_found *f = job->found;
    size_t n = job->queries->n, n_slots = n * job->n_parts;
    f->n = n;
    f->k = job->search->k < job->n_training ? job->search->k : job->n_training;
    if (ncd_grow(&f->items, &f->items_capacity, n * f->k + 1,
                 sizeof *f->items) ||
        ncd_grow(&f->counts, &f->counts_capacity, n + 1, sizeof *f->counts) ||
        ncd_grow(&f->query_sizes, &f->query_sizes_capacity, n + 1,
                 sizeof *f->query_sizes) ||
        ncd_grow(&f->tile_items, &f->tile_items_capacity, n_slots * f->k + 1,
                 sizeof *f->tile_items) ||
        ncd_grow(&f->tile_counts, &f->tile_counts_capacity, n_slots + 1,
                 sizeof *f->tile_counts))
        return ncd_fail_nomem(err);
    job->query_sizes = f->query_sizes;
    if (f->n_visits >= threads)
        return NCD_OK;
    struct ncd_visits *visits = realloc(f->visits, threads * sizeof *visits);
    if (!visits)
        return ncd_fail_nomem(err);
    memset(visits + f->n_visits, 0, (threads - f->n_visits) * sizeof *visits);
    f->visits = visits;
    f->n_visits = threads;
    return NCD_OK;
}

static void take_stats(struct ncd_found *found)
{
    for (unsigned i = 0; i < found->crew.n; i++)
        if (found->crew.engines[i])
            ncd_engine_take_stats(found->crew.engines[i], &found->stats);
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
    job.training_first = search->measure->order == NCD_ORDER_TRAIN_FIRST &&
                         !search->n_candidates &&
                         queries->n >= MIN_QUERIES_TO_PREPARE &&
                         ncd_measure_is_fast(search->measure);
    cut(&job, threads);
    ncd_status status = make_room(&job, threads, err);
    if (status == NCD_OK)
        status = ncd_crew_prepare(&found->crew, search->measure, threads, err);
    if (status == NCD_OK)
        status =
            ncd_parallel_for(queries->n, threads, size_query, &job, NULL, err);
    if (status == NCD_OK)
        status = prepare(&job, err);
    size_t n_tiles = (queries->n + job.block - 1) / job.block * job.n_parts;
    if (status == NCD_OK)
        status =
            ncd_parallel_for(n_tiles, threads, run_tile, &job, progress, err);
    if (status == NCD_OK)
        merge_tiles(&job);
    take_stats(found);
    return status;
}

void ncd_found_free(struct ncd_found *found)
{
    free(found->items);
    free(found->counts);
    free(found->query_sizes);
    free(found->tile_items);
    free(found->tile_counts);
    for (unsigned i = 0; i < found->n_visits; i++) {
        ncd_candidate_scratch_free(&found->visits[i].candidates);
        free(found->visits[i].visited);
    }
    free(found->visits);
    ncd_candidates_free(&found->candidates);
    ncd_prepared_free(&found->prepared);
    ncd_crew_free(&found->crew);
    *found = (struct ncd_found){0};
}
