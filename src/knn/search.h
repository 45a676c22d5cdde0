/* SPDX-License-Identifier: MIT */
/*
 * Exact search of the k nearest training texts for a batch of queries.
 *
 * The rectangle queries x training texts is cut into tiles, which run in
 * parallel: a tile is one query and all training texts where there are many
 * queries, and one query and a part of the training texts where there are few.
 * Each tile keeps its own k nearest, and the tiles of a query are then merged;
 * since neighbours are totally ordered, the cut does not show in the result.
 */
#ifndef NCD_KNN_SEARCH_H
#define NCD_KNN_SEARCH_H

#include "ncd/crew.h"
#include "text/dataset.h"
#include "util/parallel.h"

struct ncd_search {
    const struct ncd_measure *measure;
    const ncd_dataset *training;
    const double *sizes;   /* [n training texts] */
    const uint32_t *folds; /* [n training texts], or NULL: a query leaves out
                              the training texts of its own fold */
    size_t k;
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
    ncd_neighbor *tile_items;
    size_t *tile_counts;
    size_t tile_items_capacity, tile_counts_capacity;
    struct ncd_crew crew;
};

ncd_status ncd_search_run(const struct ncd_search *search,
                          const struct ncd_queries *queries, unsigned threads,
                          const struct ncd_progress *progress,
                          struct ncd_found *found, ncd_error *err);
void ncd_found_free(struct ncd_found *found);

#endif
