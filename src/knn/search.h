/* SPDX-License-Identifier: MIT */
/*
 * Search of the k nearest training texts for a batch of queries.
 *
 * The rectangle queries x training texts is cut into tiles, which run in
 * parallel. Each tile keeps its own k nearest of each of its queries, and the
 * tiles of a query are then merged; since neighbours are totally ordered, the
 * cut does not show in the result.
 *
 * A text whose distance is provably not among the k smallest so far need not be
 * measured to the end; its size is asked for with a limit. What is left out
 * could not have changed the result.
 */
#ifndef NCD_KNN_SEARCH_H
#define NCD_KNN_SEARCH_H

#include "knn/candidates.h"
#include "ncd/prepared.h"
#include "text/dataset.h"
#include "util/parallel.h"

struct ncd_search {
    const struct ncd_measure *measure;
    const ncd_dataset *training;
    const double *sizes;   /* [n training texts] */
    const uint32_t *folds; /* [n training texts], or NULL: a query leaves out
                              the training texts of its own fold */
    size_t k;
    /* 0: exact. Otherwise approximate: only so many candidates of each query
     * are measured. */
    size_t n_candidates;
};

/* The queries of a batch. */
struct ncd_queries {
    const ncd_text *texts; /* [n] */
    const uint32_t *folds; /* [n], where the search has folds */
    size_t n;
};

/* Results and scratch, reused from batch to batch. */
struct ncd_found {
    size_t n, k;         /* queries, and room for neighbours of each */
    ncd_neighbor *items; /* [n][k], nearest first */
    size_t *counts;      /* [n] how many there are, at most k */
    size_t items_capacity, counts_capacity;
    double *query_sizes; /* [n] C(x) */
    size_t query_sizes_capacity;
    ncd_neighbor *tile_items; /* [n][parts][k] */
    size_t *tile_counts;      /* [n][parts] */
    size_t tile_items_capacity, tile_counts_capacity;
    struct ncd_crew crew;
    /* The second texts made ready: training texts (test text first) or the
     * queries of the batch (training text first). */
    struct ncd_prepared prepared;
    struct ncd_candidate_index candidates; /* of the same training texts */
    struct ncd_visits *visits;             /* [n_visits] one for each thread */
    unsigned n_visits;
    uint64_t kept_for;      /* id of the measure that the above belong to */
    uint64_t n_seen;        /* queries so far with that measure */
    ncd_search_stats stats; /* sums over all batches */
};

ncd_status ncd_search_run(const struct ncd_search *search,
                          const struct ncd_queries *queries, unsigned threads,
                          const struct ncd_progress *progress,
                          struct ncd_found *found, ncd_error *err);
void ncd_found_free(struct ncd_found *found);

#endif
