/* SPDX-License-Identifier: MIT */
/*
 * The whole k-nearest-neighbours search, by the compression library and by the
 * size-only engine, in one process and in alternation.
 *
 * usage: bench_search [FOLDER [CSV [SET:N_TRAIN:N_TEST]...]]
 *
 * FOLDER holds SET/train.tsv and SET/test.tsv (.xz too). Texts are taken evenly
 * from each file. Before anything is timed, sizes of pairs are compared; and
 * the neighbours of every timed search, with their distances, must be the
 * library's. Without a folder the benchmark runs on the bundled sample.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "knn/search.h"
#include "util/parallel.h"

#define K 5
#define BLOCK 16 /* queries between which the engines take turns */
#define MIN_SECONDS 1.0
#define MAX_ROUNDS 5

struct set {
    char name[64];
    size_t n_train, n_test;
};

static const struct set defaults[] = {
    {"ag-news-part5k", 5000, 96},    {"mr-rtpolarity", 9596, 64},
    {"r8-allterms", 5485, 64},       {"20news-bydate-raw", 3000, 32},
    {"imdb", 5000, 32},
};

/* One way to search, and what it took. */
struct way {
    const char *name;
    ncd_engine_kind engine;
    unsigned threads, n_candidates;
    struct ncd_measure measure;
    struct ncd_found found;
    double seconds, least; /* of a round: sum over rounds, and least */
    double round;
    double preparation;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_search: %s\n", what);
    exit(1);
}

static void check(ncd_status status, const ncd_error *err)
{
    if (status != NCD_OK)
        die(err->message);
}

/* n texts, evenly spaced, of SET/part. */
static ncd_dataset *load(const char *folder, const struct set *set,
                         const char *part, size_t n)
{
    char path[1024];
    ncd_error err;
    ncd_dataset *all, *some;
    snprintf(path, sizeof path, "%s/%s/%s.tsv", folder, set->name, part);
    FILE *there = fopen(path, "rb");
    if (there)
        fclose(there);
    else
        strcat(path, ".xz");
    if (ncd_dataset_new(&all) != NCD_OK)
        die("out of memory");
    check(ncd_dataset_read(all, path, NULL, &err), &err);
    size_t n_all = ncd_dataset_n_texts(all);
    n = n < n_all ? n : n_all;
    size_t *chosen = calloc(n + 1, sizeof *chosen);
    if (!chosen)
        die("out of memory");
    for (size_t i = 0; i < n; i++)
        chosen[i] = i * n_all / n;
    check(ncd_dataset_select(all, chosen, n, &some, &err), &err);
    free(chosen);
    ncd_dataset_free(all);
    return some;
}

static void open_way(struct way *w, ncd_distance distance)
{
    ncd_options options;
    ncd_error err;
    ncd_options_init(&options);
    options.engine = w->engine;
    options.distance = distance;
    check(ncd_measure_init(&w->measure, &options, &err), &err);
}

static void search(struct way *w, const ncd_dataset *train, const double *sizes,
                   const ncd_text *texts, size_t n)
{
    struct ncd_search s = {.measure = &w->measure,
                           .training = train,
                           .sizes = sizes,
                           .k = K,
                           .n_candidates = w->n_candidates};
    struct ncd_queries queries = {texts, NULL, n};
    ncd_error err;
    check(ncd_search_run(&s, &queries, w->threads, NULL, &w->found, &err), &err);
}

static int same(const struct ncd_found *a, const struct ncd_found *b)
{
    return a->n == b->n && a->k == b->k &&
           memcmp(a->items, b->items, a->n * a->k * sizeof *a->items) == 0;
}

/* Sizes of some pairs by both engines. */
static size_t compare_sizes(const ncd_dataset *train, const ncd_text *texts,
                            size_t n, const struct ncd_measure *plain,
                            const struct ncd_measure *fast)
{
    ncd_engine *a, *b;
    ncd_error err;
    struct ncd_crew crew = {0};
    struct ncd_prepared prepared = {0};
    size_t n_train = ncd_dataset_n_texts(train), n_pairs = 0;
    ncd_text *y = calloc(n_train + 1, sizeof *y);
    if (!y)
        die("out of memory");
    for (size_t j = 0; j < n_train; j++)
        y[j] = ncd_dataset_text(train, j);
    check(ncd_crew_prepare(&crew, fast, 1, &err), &err);
    check(ncd_prepare(&prepared, &crew, y, n_train, &err), &err);
    check(ncd_engine_new(plain, &a, &err), &err);
    check(ncd_engine_new(fast, &b, &err), &err);
    for (size_t i = 0; i < n; i++) {
        ncd_engine_set_first(a, texts[i]);
        ncd_engine_set_first(b, texts[i]);
        for (size_t j = i % 7; j < n_train; j += 7, n_pairs++) {
            double p, q;
            check(ncd_engine_joint(a, y[j], NULL, HUGE_VAL, &p, &err), &err);
            check(ncd_engine_joint(b, y[j], ncd_prepared_item(&prepared, j),
                                   HUGE_VAL, &q, &err),
                  &err);
            if (p != q)
                die("sizes differ");
        }
    }
    ncd_engine_close(a);
    ncd_engine_close(b);
    ncd_prepared_free(&prepared);
    ncd_crew_free(&crew);
    free(y);
    return n_pairs;
}

/* One round: all queries, block by block, each way in turn. */
static void run_round(struct way *ways, size_t n_ways, const ncd_dataset *train,
                      const double *sizes, const ncd_text *texts, size_t n)
{
    for (size_t w = 0; w < n_ways; w++)
        ways[w].round = 0;
    for (size_t first = 0; first < n; first += BLOCK) {
        size_t block = n - first < BLOCK ? n - first : BLOCK;
        for (size_t t = 0; t < n_ways; t++) {
            struct way *w = &ways[(t + first / BLOCK) % n_ways];
            double began = ncd_clock();
            search(w, train, sizes, texts + first, block);
            w->round += ncd_clock() - began;
        }
        for (size_t w = 1; w < n_ways; w++)
            if (!ways[w].n_candidates && !same(&ways[0].found, &ways[w].found))
                die("neighbours differ");
    }
    for (size_t w = 0; w < n_ways; w++) {
        ways[w].seconds += ways[w].round;
        if (ways[w].least == 0 || ways[w].round < ways[w].least)
            ways[w].least = ways[w].round;
    }
}

static double share(uint64_t part, const ncd_search_stats *s)
{
    uint64_t all = s->pruned_before + s->pruned_during + s->pruned_after +
                   s->exact + s->library;
    return all ? 100 * (double)part / (double)all : 0;
}

static void report(const struct set *set, const struct way *w,
                   const struct way *plain, size_t n_pairs, double mbytes,
                   FILE *csv)
{
    const ncd_search_stats *s = &w->found.stats;
    double us = 1e6 * w->least / (double)n_pairs;
    double ratio = plain->least / w->least;
    printf("  %-16s %u thread%s  %8.3f us/pair  %11.0f pairs/s  %8.1f MB/s  "
           "x %6.2f  pruned %4.1f+%4.1f+%4.1f %%  library %.2f %%\n",
           w->name, w->threads, w->threads == 1 ? " " : "s", us,
           (double)n_pairs / w->least, mbytes / w->least, ratio,
           share(s->pruned_before, s), share(s->pruned_during, s),
           share(s->pruned_after, s), share(s->library, s));
    if (csv)
        fprintf(csv,
                "%s,%zu,%zu,%s,%u,%zu,%.4f,%.0f,%.2f,%.3f,%.2f,%.2f,%.2f,%.3f,"
                "%.3f,%s,gzip:9 k=%d\n",
                set->name, set->n_train, set->n_test, w->name, w->threads,
                n_pairs, us, (double)n_pairs / w->least, mbytes / w->least,
                ratio, share(s->pruned_before, s), share(s->pruned_during, s),
                share(s->pruned_after, s), share(s->library, s),
                w->preparation, zlibVersion(), K);
}

static void run_set(const char *folder, struct set set, FILE *csv)
{
    ncd_dataset *train = load(folder, &set, "train", set.n_train);
    ncd_dataset *test = load(folder, &set, "test", set.n_test);
    set.n_train = ncd_dataset_n_texts(train);
    set.n_test = ncd_dataset_n_texts(test);
    struct way ways[] = {
        {.name = "library", .engine = NCD_ENGINE_PLAIN, .threads = 1},
        {.name = "library", .engine = NCD_ENGINE_PLAIN, .threads = 2},
        {.name = "engine", .threads = 1},
        {.name = "engine", .threads = 2},
        {.name = "approx:400", .threads = 1, .n_candidates = 400},
    };
    size_t n_ways = sizeof ways / sizeof *ways, n_pairs = set.n_train * set.n_test;
    ncd_error err;
    ncd_options options;
    ncd_options_init(&options);
    ncd_text *texts = calloc(set.n_test + 1, sizeof *texts);
    double *sizes = calloc(set.n_train + 1, sizeof *sizes);
    if (!texts || !sizes)
        die("out of memory");
    for (size_t w = 0; w < n_ways; w++)
        open_way(&ways[w], NCD_DISTANCE_NCD);
    double mbytes = 1e-6 * (double)set.n_test * (double)train->bytes.n;
    for (size_t i = 0; i < set.n_test; i++) {
        texts[i] = ncd_dataset_text(test, i);
        mbytes += 1e-6 * (double)set.n_train * (double)texts[i].nbytes;
    }
    struct ncd_crew crew = {0};
    check(ncd_crew_prepare(&crew, &ways[0].measure, 1, &err), &err);
    check(ncd_crew_sizes(&crew, train, 0, &options, sizes, &err), &err);
    ncd_crew_free(&crew);
    size_t n_compared = 0;
    if (ncd_measure_is_fast(&ways[2].measure))
        n_compared =
            compare_sizes(train, texts, set.n_test < 8 ? set.n_test : 8,
                          &ways[0].measure, &ways[2].measure);
    printf("%s: %zu x %zu texts, %zu sizes compared\n", set.name, set.n_train,
           set.n_test, n_compared);
    /* Warms up, and makes the training texts ready outside the timing. */
    for (size_t w = 0; w < n_ways; w++) {
        double began = ncd_clock();
        search(&ways[w], train, sizes, texts, set.n_test < 4 ? set.n_test : 4);
        ways[w].preparation = ncd_clock() - began;
        ways[w].found.stats = (ncd_search_stats){0};
    }
    for (int r = 0; r < MAX_ROUNDS && (r < 2 || ways[2].seconds < MIN_SECONDS);
         r++)
        run_round(ways, n_ways, train, sizes, texts, set.n_test);
    for (size_t w = 0; w < n_ways; w++)
        report(&set, &ways[w], &ways[w < 2 ? 0 : 0], n_pairs, mbytes, csv);
    for (size_t w = 0; w < n_ways; w++) {
        ncd_found_free(&ways[w].found);
        ncd_measure_free(&ways[w].measure);
    }
    free(texts);
    free(sizes);
    ncd_dataset_free(train);
    ncd_dataset_free(test);
}

static struct set parse_set(const char *text)
{
    struct set set = {.n_train = SIZE_MAX / 2, .n_test = 64};
    size_t n = strcspn(text, ":");
    if (n >= sizeof set.name)
        die("too long a name");
    memcpy(set.name, text, n);
    if (text[n])
        sscanf(text + n, ":%zu:%zu", &set.n_train, &set.n_test);
    return set;
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : getenv("NCDCLASS_DATASETS");
    FILE *csv = NULL;
    if (argc > 2) {
        csv = fopen(argv[2], "w");
        if (!csv)
            die("cannot write the CSV file");
        fprintf(csv, "set,n_train,n_test,way,threads,pairs,us_per_pair,"
                     "pairs_per_second,mb_per_second,ratio_to_library,"
                     "pruned_before,pruned_during,pruned_after,by_library,"
                     "warm_up_seconds,zlib,settings\n");
    }
    printf("zlib %s, size-only engine %s, k = %d\n", zlibVersion(),
           ncd_engine_agrees(9) == 1 ? "agrees" : "not used", K);
    if (!folder || !*folder)
        run_set(BUNDLED, (struct set){"sample", 300, 120}, csv);
    else if (argc > 3)
        for (int i = 3; i < argc; i++)
            run_set(folder, parse_set(argv[i]), csv);
    else
        for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
            run_set(folder, defaults[i], csv);
    if (csv && fclose(csv) != 0)
        die("cannot write the CSV file");
    return 0;
}
