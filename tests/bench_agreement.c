/* SPDX-License-Identifier: MIT */
/*
 * How often the approximate search answers as the exact one does, and what it
 * costs, by the number of candidates: what the default number, the features of
 * candidates.h and the margins of deflate_guess.h are chosen by. Test texts
 * have no part in it: the queries are training texts, evenly taken, each
 * searched among all others.
 *
 * usage: bench_agreement FOLDER CSV [-c CACHE] [-n N,...] [SET:N_TRAIN:N]...
 *
 * FOLDER holds SET/train.tsv (.xz too); N of N_TRAIN texts, evenly taken from
 * it, are queries. CACHE is a folder where the exact neighbours are kept for
 * the next trial: they stay the same as long as the texts do.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "knn/search.h"
#include "knn/vote.h"

enum { K = 5, BLOCK = 16, LIBRARY_PAIRS = 8, MAX_COUNTS = 16 };

static const struct bench_set defaults[] = {
    {"ag-news-part5k", 5000, 1000},
    {"ag-news-desc-lower-part10k", 10000, 500},
    {"20news-bydate-raw", 3000, 500},
    {"20news-bydate-raw", 11314, 250},
    {"r8-allterms", 5485, 1000},
    {"ohsumed-single23", 3357, 500},
    {"imdb", 4000, 500},
    {"imdb", 25000, 100},
    {"mr-rtpolarity", 9596, 500},
    {"trec6", 5452, 500},
    {"sms-spam-dedup", 4129, 500},
    {"debian-sections", 25301, 250},
    {"clinc150", 15000, 300},
    {"dbpedia14-part", 11200, 300},
    {"udhr-langid", 10420, 300},
    {"masakhanews-run", 1117, 200},
};

/* One set: training texts, every one in a fold of its own, and some of them as
 * queries; the answers of the exact search. */
struct trial {
    ncd_dataset *train;
    struct ncd_measure measure, library;
    ncd_engine *engine; /* of the library */
    double *sizes;
    uint32_t *folds;
    size_t n_queries;
    ncd_text *texts;     /* [n_queries] */
    uint32_t *numbers;   /* [n_queries] which training texts they are */
    ncd_neighbor *exact; /* [n_queries][K] */
    double library_seconds;
    size_t n_library_pairs;
};

struct outcome {
    unsigned n_candidates;
    struct ncd_found found;
    double seconds;
    size_t n_same_label, n_same_neighbors, n_correct, n_exact_correct;
};

/* Of this thread, without what others take from it. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *room(size_t n, size_t nbytes)
{
    void *p = calloc(n + 1, nbytes);
    if (!p)
        die("out of memory");
    return p;
}

static void open_trial(struct trial *t, const char *folder,
                       const struct bench_set *set)
{
    ncd_options options;
    ncd_error err;
    struct ncd_crew crew = {0};
    *t = (struct trial){.train = load_texts(folder, set->name, "train",
                                            set->n_train, SIZE_MAX)};
    size_t n = ncd_dataset_n_texts(t->train);
    t->n_queries = set->n_queries < n ? set->n_queries : n;
    ncd_options_init(&options);
    check(ncd_measure_init(&t->measure, &options, &err), &err);
    options.engine = NCD_ENGINE_PLAIN;
    check(ncd_measure_init(&t->library, &options, &err), &err);
    check(ncd_engine_new(&t->library, &t->engine, &err), &err);
    t->sizes = room(n, sizeof *t->sizes);
    t->folds = room(n, sizeof *t->folds);
    t->texts = room(t->n_queries, sizeof *t->texts);
    t->numbers = room(t->n_queries, sizeof *t->numbers);
    t->exact = room(t->n_queries * K, sizeof *t->exact);
    for (size_t i = 0; i < n; i++)
        t->folds[i] = (uint32_t)i;
    for (size_t i = 0; i < t->n_queries; i++) {
        t->numbers[i] = (uint32_t)((2 * i + 1) * n / (2 * t->n_queries));
        t->texts[i] = ncd_dataset_text(t->train, t->numbers[i]);
    }
    check(ncd_crew_prepare(&crew, &t->measure, 1, &err), &err);
    check(ncd_crew_sizes(&crew, t->train, 0, &options, t->sizes, &err), &err);
    ncd_crew_free(&crew);
}

static void close_trial(struct trial *t)
{
    ncd_engine_close(t->engine);
    ncd_measure_free(&t->measure);
    ncd_measure_free(&t->library);
    ncd_dataset_free(t->train);
    free(t->sizes);
    free(t->folds);
    free(t->texts);
    free(t->numbers);
    free(t->exact);
}

static void search(const struct trial *t, unsigned n_candidates, size_t first,
                   size_t n, struct ncd_found *found)
{
    struct ncd_search s = {.measure = &t->measure,
                           .training = t->train,
                           .sizes = t->sizes,
                           .folds = t->folds,
                           .k = K,
                           .n_candidates = n_candidates};
    struct ncd_queries queries = {t->texts + first, t->numbers + first, n};
    ncd_error err;
    check(ncd_search_run(&s, &queries, 1, NULL, found, &err), &err);
}

/* --- Exact neighbours, kept --- */

static void cache_path(char path[4096], const char *cache,
                       const struct bench_set *set)
{
    snprintf(path, 4096, "%s/%s-%zu-%zu-%d.neighbors", cache, set->name,
             set->n_train, set->n_queries, K);
}

static int load_exact(struct trial *t, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t n = t->n_queries * K;
    int there = file && fread(t->exact, sizeof *t->exact, n, file) == n;
    if (file)
        fclose(file);
    return there;
}

static void find_exact(struct trial *t, const char *cache,
                       const struct bench_set *set)
{
    struct ncd_found found = {0};
    char path[4096];
    cache_path(path, cache ? cache : "", set);
    if (cache && load_exact(t, path))
        return;
    search(t, 0, 0, t->n_queries, &found);
    if (found.k != K)
        die("a set needs more texts than neighbours");
    memcpy(t->exact, found.items, t->n_queries * K * sizeof *t->exact);
    ncd_found_free(&found);
    FILE *file = cache ? fopen(path, "wb") : NULL;
    if (file)
        fwrite(t->exact, sizeof *t->exact, t->n_queries * K, file);
    if (file && fclose(file) != 0)
        die(path);
}

/* --- Approximate neighbours, and how they compare --- */

static uint32_t label_of(const struct trial *t, const ncd_neighbor *neighbors)
{
    struct ncd_ranked ranked[K];
    ncd_vote_rank(t->train, neighbors, K, NCD_VOTE_MAJORITY, ranked);
    return ranked[0].class;
}

static void compare(const struct trial *t, size_t query,
                    const ncd_neighbor *found, struct outcome *o)
{
    const ncd_neighbor *exact = t->exact + query * K;
    uint32_t label = label_of(t, found), exact_label = label_of(t, exact);
    uint32_t truth = t->train->classes[t->numbers[query]];
    o->n_same_label += label == exact_label;
    o->n_correct += label == truth;
    o->n_exact_correct += exact_label == truth;
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++)
            o->n_same_neighbors += exact[i].index == found[j].index;
}

/* What a pair takes by the library, from a few of each query of a block. */
static void time_library(struct trial *t, size_t first, size_t n)
{
    size_t n_train = ncd_dataset_n_texts(t->train);
    ncd_error err;
    double began = cpu_seconds(), size;
    for (size_t i = first; i < first + n; i++) {
        ncd_engine_set_first(t->engine, t->texts[i]);
        for (size_t p = 0; p < LIBRARY_PAIRS; p++) {
            size_t j = (i * LIBRARY_PAIRS + p) * 7919 % n_train;
            check(ncd_engine_joint(t->engine, ncd_dataset_text(t->train, j),
                                   NULL, HUGE_VAL, &size, &err),
                  &err);
        }
    }
    t->library_seconds += cpu_seconds() - began;
    t->n_library_pairs += n * LIBRARY_PAIRS;
}

static void run_trial(struct trial *t, struct outcome *o, size_t n_outcomes)
{
    for (size_t i = 0; i < n_outcomes; i++)
        search(t, o[i].n_candidates, 0, BLOCK, &o[i].found);
    for (size_t first = 0; first < t->n_queries; first += BLOCK) {
        size_t left = t->n_queries - first, n = left < BLOCK ? left : BLOCK;
        time_library(t, first, n);
        for (size_t i = 0; i < n_outcomes; i++) {
            double began = cpu_seconds();
            search(t, o[i].n_candidates, first, n, &o[i].found);
            o[i].seconds += cpu_seconds() - began;
            for (size_t q = 0; q < n; q++)
                compare(t, first + q, o[i].found.items + q * K, &o[i]);
        }
    }
}

static void report(const struct bench_set *set, const struct trial *t,
                   const struct outcome *o, FILE *csv)
{
    double n = (double)t->n_queries, us = 1e6 * o->seconds / n;
    size_t n_train = ncd_dataset_n_texts(t->train);
    double ratio = t->library_seconds / (double)t->n_library_pairs *
                   (double)(n_train - 1) * n / o->seconds;
    double label = 100 * (double)o->n_same_label / n;
    double neighbors = 100 * (double)o->n_same_neighbors / n / K;
    double accuracy = 100 * (double)o->n_correct / n;
    double exact = 100 * (double)o->n_exact_correct / n;
    printf("  %5u candidates  labels %6.2f %%  neighbours %6.2f %%  accuracy "
           "%6.2f (exact %6.2f)  %9.1f us a query  x %6.1f\n",
           o->n_candidates, label, neighbors, accuracy, exact, us, ratio);
    if (csv)
        fprintf(csv, "%s,%zu,%zu,%u,%.2f,%.2f,%.2f,%.2f,%.1f,%.2f\n", set->name,
                n_train, t->n_queries, o->n_candidates, label, neighbors,
                accuracy, exact, us, ratio);
}

static void run_set(const char *folder, const char *cache, struct bench_set set,
                    const unsigned *counts, size_t n_counts, FILE *csv)
{
    struct trial t;
    struct outcome outcomes[MAX_COUNTS] = {0};
    open_trial(&t, folder, &set);
    find_exact(&t, cache, &set);
    for (size_t i = 0; i < n_counts; i++)
        outcomes[i].n_candidates = counts[i];
    run_trial(&t, outcomes, n_counts);
    printf("%s: %zu of %zu texts\n", set.name, t.n_queries,
           ncd_dataset_n_texts(t.train));
    for (size_t i = 0; i < n_counts; i++) {
        report(&set, &t, &outcomes[i], csv);
        ncd_found_free(&outcomes[i].found);
    }
    fflush(stdout);
    close_trial(&t);
}

static size_t parse_counts(const char *text, unsigned counts[MAX_COUNTS])
{
    size_t n = 0;
    for (char *end; *text && n < MAX_COUNTS; text = *end ? end + 1 : end)
        counts[n++] = (unsigned)strtoul(text, &end, 10);
    return n;
}

int main(int argc, char **argv)
{
    unsigned counts[MAX_COUNTS] = {100, 200, 300, 400, 600, 800};
    size_t n_counts = 6;
    const char *cache = NULL;
    int i = 3;
    if (argc < 3) {
        printf("usage: bench_agreement FOLDER CSV [-c CACHE] [-n N,...] "
               "[SET:N_TRAIN:N]...\n");
        return 77; /* skipped */
    }
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        if (argv[i][1] == 'c')
            cache = argv[i + 1];
        else
            n_counts = parse_counts(argv[i + 1], counts);
    }
    FILE *csv = open_csv(argv[2], "agreement_training.csv",
                         "set,training_texts,queries,candidates,"
                         "same_label_percent,same_neighbors_percent,"
                         "accuracy_approximate,accuracy_exact,us_per_query,"
                         "ratio_to_library");
    if (i == argc)
        for (size_t s = 0; s < sizeof defaults / sizeof *defaults; s++)
            run_set(argv[1], cache, defaults[s], counts, n_counts, csv);
    for (; i < argc; i++)
        run_set(argv[1], cache, parse_set(200, argv[i]), counts, n_counts, csv);
    close_csv(csv);
    return 0;
}
