/* SPDX-License-Identifier: MIT */
/*
 * The whole k-nearest-neighbours search, by zlib with one reused stream, by the
 * size-only engine, and approximately, in one process and in turn.
 *
 * usage: bench_search [FOLDER [CSV [SET:N_TRAIN:N_TEST]...]]
 *
 * FOLDER holds SET/train.tsv and SET/test.tsv (.xz too); else the environment
 * names it (NCDCLASS_DATASETS, and for the CSV file the folder
 * NCDCLASS_RESULTS). Texts are taken evenly from each file. Before anything is
 * timed, the sizes of all pairs are compared; and the neighbours of every timed
 * exact search, with their distances, must be the library's. Without a folder
 * the bundled sample is measured.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bench_ways.h"

#define MIN_SECONDS 1.0

static const struct bench_set defaults[] = {
    {"ag-news-part5k", 5000, 96}, {"mr-rtpolarity", 9596, 64},
    {"r8-allterms", 5485, 64},    {"20news-bydate-raw", 3000, 32},
    {"imdb", 4000, 32},
};

static double share(uint64_t part, const ncd_search_stats *s)
{
    uint64_t all = s->pruned_before + s->pruned_during + s->pruned_after +
                   s->exact + s->library;
    return all ? 100 * (double)part / (double)all : 0;
}

static void report(const struct bench_set *set, const struct way *w,
                   const struct way *plain, const struct contest *c, FILE *csv)
{
    const ncd_search_stats *s = &w->found.stats;
    size_t n_pairs = set->n_train * set->n_queries;
    double us = 1e6 * w->least / (double)n_pairs;
    double ratio = plain->least / w->least;
    printf("  %-10s %u thread%s  %8.3f us/pair  %11.0f pairs/s  %8.1f MB/s  "
           "x %6.2f  pruned %4.1f+%4.1f+%4.1f %%  library %.2f %%\n",
           w->name, w->threads, w->threads == 1 ? " " : "s", us,
           (double)n_pairs / w->least, c->mbytes / w->least, ratio,
           share(s->pruned_before, s), share(s->pruned_during, s),
           share(s->pruned_after, s), share(s->library, s));
    if (csv)
        fprintf(csv,
                "%s,%zu,%zu,%s,%u,%zu,%.4f,%.4f,%.0f,%.2f,%.3f,%.2f,%.2f,%.2f,"
                "%.3f,%.3f,%s,gzip:9 k=%d,%s\n",
                set->name, set->n_train, set->n_queries, w->name, w->threads,
                n_pairs, us, 1e6 * w->median / (double)n_pairs,
                (double)n_pairs / w->least, c->mbytes / w->least, ratio,
                share(s->pruned_before, s), share(s->pruned_during, s),
                share(s->pruned_after, s), share(s->library, s), w->preparation,
                zlibVersion(), BENCH_K, cpu_name());
}

static void run_set(const char *folder, struct bench_set set, FILE *csv)
{
    ncd_dataset *train =
        load_texts(folder, set.name, "train", set.n_train, SIZE_MAX);
    ncd_dataset *test =
        load_texts(folder, set.name, "test", set.n_queries, SIZE_MAX);
    set.n_train = ncd_dataset_n_texts(train);
    set.n_queries = ncd_dataset_n_texts(test);
    struct way ways[] = {
        {.name = "library", .engine = NCD_ENGINE_PLAIN, .threads = 1},
        {.name = "library", .engine = NCD_ENGINE_PLAIN, .threads = 2},
        {.name = "engine", .threads = 1},
        {.name = "engine", .threads = 2},
        {.name = "approx:400", .threads = 1, .n_candidates = 400},
    };
    size_t n_ways = sizeof ways / sizeof *ways, n_compared = 0;
    struct contest c;
    open_contest(&c, train, test);
    open_ways(ways, n_ways, &c);
    if (ncd_measure_is_fast(&ways[2].measure))
        n_compared = compare_sizes(&c, &ways[0].measure, &ways[2].measure);
    printf("%s: %zu x %zu texts, %zu sizes compared\n", set.name, set.n_train,
           set.n_queries, n_compared);
    run_rounds(ways, n_ways, &c, MIN_SECONDS);
    for (size_t w = 0; w < n_ways; w++)
        report(&set, &ways[w], &ways[0], &c, csv);
    close_ways(ways, n_ways);
    close_contest(&c);
    ncd_dataset_free(train);
    ncd_dataset_free(test);
}

int main(int argc, char **argv)
{
    const char *folder = data_folder(argc, argv);
    FILE *csv =
        open_csv(argc > 2 ? argv[2] : NULL, "search.csv",
                 "set,n_train,n_test,way,threads,pairs,us_per_pair,"
                 "median_us_per_pair,pairs_per_second,mb_per_second,"
                 "ratio_to_library,pruned_before,pruned_during,pruned_after,"
                 "by_library,warm_up_seconds,zlib,settings,cpu");
    printf("zlib %s, size-only engine %s, k = %d, %s\n", zlibVersion(),
           ncd_engine_agrees(9) == 1 ? "agrees" : "not used", BENCH_K,
           cpu_name());
    if (!folder)
        run_set(BUNDLED, (struct bench_set){"sample", 300, 120}, csv);
    else if (argc > 3)
        for (int i = 3; i < argc; i++)
            run_set(folder, parse_set(64, argv[i]), csv);
    else
        for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
            run_set(folder, defaults[i], csv);
    close_csv(csv);
    return 0;
}
