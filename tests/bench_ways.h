/* SPDX-License-Identifier: MIT */
/*
 * Ways to search the nearest neighbours of the same queries: by the compression
 * library, by the size-only engine, approximately, with one thread or two. They
 * take turns in one process, so that whatever slows the machine down slows down
 * all of them.
 */
#ifndef NCD_TESTS_BENCH_WAYS_H
#define NCD_TESTS_BENCH_WAYS_H

#include "bench.h"
#include "knn/search.h"

enum { BENCH_K = 5, BENCH_MAX_ROUNDS = 5 };

struct way {
    const char *name;
    ncd_engine_kind engine;
    unsigned threads, n_candidates;
    struct ncd_measure measure;
    struct ncd_found found;
    double preparation;              /* seconds until the first answers */
    double rounds[BENCH_MAX_ROUNDS]; /* seconds for all queries */
    int n_rounds;
    double least, median; /* of the rounds */
};

/* Training texts and queries, and what is measured of each once. */
struct contest {
    const ncd_dataset *train;
    double *sizes; /* [n training texts] */
    ncd_text *queries;
    size_t n_queries;
    double mbytes; /* of all pairs, 10^6 bytes */
};

void open_contest(struct contest *c, const ncd_dataset *train,
                  const ncd_dataset *queries);
void close_contest(struct contest *c);

/* Opens the ways, and lets each of them answer a few queries, which makes the
 * training texts ready. */
void open_ways(struct way *ways, size_t n_ways, const struct contest *c);
void close_ways(struct way *ways, size_t n_ways);

/*
 * All queries, a few at a time, each way in turn. Neighbours and distances of
 * the exact ways must be those of the first way.
 */
void run_round(struct way *ways, size_t n_ways, const struct contest *c);

/* Rounds until at least `seconds` were spent on the way that took least, two of
 * them or more; then the least and the median. Warns where they lie apart. */
void run_rounds(struct way *ways, size_t n_ways, const struct contest *c,
                double seconds);

/* Sizes of all pairs by two measures, which must agree. Returns how many. */
size_t compare_sizes(const struct contest *c, const struct ncd_measure *plain,
                     const struct ncd_measure *fast);

#endif
