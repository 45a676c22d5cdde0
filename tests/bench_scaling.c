/* SPDX-License-Identifier: MIT */
/*
 * How the time of a search grows with the training set, and what a second
 * thread gives: plain zlib, the size-only engine, and the approximate search.
 *
 * usage: bench_scaling CSV TRAIN...
 *
 * The training files are joined; each training set is taken evenly from them,
 * so that all are of one kind, and so are the queries, which are in none of the
 * sets. tools/plot draws the CSV file.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bench_ways.h"

enum { N_QUERIES = 16 };
#define MIN_SECONDS 0.2

static const size_t training_sizes[] = {1000,  2000,  5000,  10000,
                                        20000, 50000, 100000};

/* n texts, evenly, of every 100th or of all others; NULL: there are not so
 * many. */
static ncd_dataset *choose(const ncd_dataset *all, int every_100th, size_t n)
{
    size_t n_all = ncd_dataset_n_texts(all), n_left = 0;
    size_t *chosen = calloc(n_all + 1, sizeof *chosen);
    ncd_dataset *some = NULL;
    ncd_error err;
    if (!chosen)
        die("out of memory");
    for (size_t i = 0; i < n_all; i++)
        if ((i % 100 == 50) == every_100th)
            chosen[n_left++] = i;
    if (n_left >= n) {
        for (size_t i = 0; i < n; i++)
            chosen[i] = chosen[i * n_left / n];
        check(ncd_dataset_select(all, chosen, n, &some, &err), &err);
    }
    free(chosen);
    return some;
}

static void report(const struct way *w, const struct contest *c, FILE *csv)
{
    size_t n = ncd_dataset_n_texts(c->train);
    double ms = 1e3 * w->least / (double)c->n_queries;
    double us = 1e3 * ms / (double)n;
    printf("  %-10s %u thread%s  %10.2f ms/query  %8.3f us/pair\n", w->name,
           w->threads, w->threads == 1 ? " " : "s", ms, us);
    if (csv)
        fprintf(csv, "%zu,%.0f,%s,%u,%zu,%.4f,%.4f,%.3f,%s,%s\n", n,
                (double)c->train->bytes.n / (double)n, w->name, w->threads,
                c->n_queries, ms, us, w->preparation, zlibVersion(),
                cpu_name());
}

static void run_size(const ncd_dataset *all, size_t n, FILE *csv)
{
    struct way ways[] = {
        {.name = "zlib", .engine = NCD_ENGINE_PLAIN, .threads = 1},
        {.name = "zlib", .engine = NCD_ENGINE_PLAIN, .threads = 2},
        {.name = "engine", .threads = 1},
        {.name = "engine", .threads = 2},
        {.name = "approx:400", .threads = 1, .n_candidates = 400},
        {.name = "approx:400", .threads = 2, .n_candidates = 400},
    };
    size_t n_ways = sizeof ways / sizeof *ways;
    ncd_dataset *train = choose(all, 0, n);
    ncd_dataset *queries = choose(all, 1, N_QUERIES);
    if (!train || !queries) {
        printf("%zu texts: there are not so many\n", n);
        ncd_dataset_free(train);
        ncd_dataset_free(queries);
        return;
    }
    struct contest c;
    open_contest(&c, train, queries);
    open_ways(ways, n_ways, &c);
    printf("%zu texts\n", n);
    run_rounds(ways, n_ways, &c, MIN_SECONDS);
    for (size_t i = 0; i < n_ways; i++)
        report(&ways[i], &c, csv);
    fflush(stdout);
    close_ways(ways, n_ways);
    close_contest(&c);
    ncd_dataset_free(queries);
    ncd_dataset_free(train);
}

int main(int argc, char **argv)
{
    ncd_dataset *all;
    ncd_error err;
    if (argc < 3) {
        printf("usage: bench_scaling CSV TRAIN...\n");
        return 77; /* skipped */
    }
    if (ncd_dataset_new(&all) != NCD_OK)
        die("out of memory");
    for (int i = 2; i < argc; i++)
        check(ncd_dataset_read(all, argv[i], NULL, &err), &err);
    FILE *csv = open_csv(argv[1], "scaling.csv",
                         "n_train,mean_nbytes,way,threads,queries,ms_per_query,"
                         "us_per_pair,warm_up_seconds,zlib,cpu");
    printf("%zu texts of %d files, zlib %s, k = %d, %s\n",
           ncd_dataset_n_texts(all), argc - 2, zlibVersion(), BENCH_K,
           cpu_name());
    for (size_t i = 0; i < sizeof training_sizes / sizeof *training_sizes; i++)
        run_size(all, training_sizes[i], csv);
    close_csv(csv);
    ncd_dataset_free(all);
    return 0;
}
