/* SPDX-License-Identifier: MIT */
/* Ways to search, in turn; see bench_ways.h. */
#include "bench_ways.h"

#include <stdlib.h>
#include <string.h>

#include "util/parallel.h"

enum { BLOCK = 16, WARM_UP = 4 };
/* A median so much above the least says that the machine was busy. */
#define WIDE_SPREAD 1.1

static void open_measure(struct way *w)
{
    ncd_options options;
    ncd_error err;
    ncd_options_init(&options);
    options.engine = w->engine;
    check(ncd_measure_init(&w->measure, &options, &err), &err);
}

void open_contest(struct contest *c, const ncd_dataset *train,
                  const ncd_dataset *queries)
{
    size_t n_train = ncd_dataset_n_texts(train);
    ncd_options options;
    ncd_error err;
    struct way w = {.engine = NCD_ENGINE_PLAIN};
    struct ncd_crew crew = {0};
    *c = (struct contest){.train = train,
                          .n_queries = ncd_dataset_n_texts(queries)};
    c->sizes = calloc(n_train + 1, sizeof *c->sizes);
    c->queries = calloc(c->n_queries + 1, sizeof *c->queries);
    if (!c->sizes || !c->queries)
        die("out of memory");
    c->mbytes = 1e-6 * (double)c->n_queries * (double)train->bytes.n;
    for (size_t i = 0; i < c->n_queries; i++) {
        c->queries[i] = ncd_dataset_text(queries, i);
        c->mbytes += 1e-6 * (double)n_train * (double)c->queries[i].nbytes;
    }
    open_measure(&w);
    ncd_options_init(&options);
    check(ncd_crew_prepare(&crew, &w.measure, 1, &err), &err);
    check(ncd_crew_sizes(&crew, train, 0, &options, c->sizes, &err), &err);
    ncd_crew_free(&crew);
    ncd_measure_free(&w.measure);
}

void close_contest(struct contest *c)
{
    free(c->sizes);
    free(c->queries);
}

static void search(struct way *w, const struct contest *c, size_t first,
                   size_t n)
{
    struct ncd_search s = {.measure = &w->measure,
                           .training = c->train,
                           .sizes = c->sizes,
                           .k = BENCH_K,
                           .n_candidates = w->n_candidates};
    struct ncd_queries queries = {c->queries + first, NULL, n};
    ncd_error err;
    check(ncd_search_run(&s, &queries, w->threads, NULL, &w->found, &err),
          &err);
}

void open_ways(struct way *ways, size_t n_ways, const struct contest *c)
{
    for (size_t i = 0; i < n_ways; i++) {
        struct way *w = &ways[i];
        open_measure(w);
        double began = ncd_clock();
        search(w, c, 0, c->n_queries < WARM_UP ? c->n_queries : WARM_UP);
        w->preparation = ncd_clock() - began;
        w->found.stats = (ncd_search_stats){0};
    }
}

void close_ways(struct way *ways, size_t n_ways)
{
    for (size_t i = 0; i < n_ways; i++) {
        ncd_found_free(&ways[i].found);
        ncd_measure_free(&ways[i].measure);
    }
}

static int same(const struct ncd_found *a, const struct ncd_found *b)
{
    return a->n == b->n && a->k == b->k &&
           memcmp(a->items, b->items, a->n * a->k * sizeof *a->items) == 0;
}

void run_round(struct way *ways, size_t n_ways, const struct contest *c)
{
    for (size_t i = 0; i < n_ways; i++)
        ways[i].rounds[ways[i].n_rounds] = 0;
    for (size_t first = 0; first < c->n_queries; first += BLOCK) {
        size_t left = c->n_queries - first, n = left < BLOCK ? left : BLOCK;
        for (size_t t = 0; t < n_ways; t++) {
            struct way *w = &ways[(t + first / BLOCK) % n_ways];
            double began = ncd_clock();
            search(w, c, first, n);
            w->rounds[w->n_rounds] += ncd_clock() - began;
        }
        for (size_t i = 1; i < n_ways; i++)
            if (!ways[i].n_candidates && !same(&ways[0].found, &ways[i].found))
                die("neighbours differ");
    }
    for (size_t i = 0; i < n_ways; i++)
        ways[i].n_rounds++;
}

static int compare(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

void run_rounds(struct way *ways, size_t n_ways, const struct contest *c,
                double seconds)
{
    double spent = 0;
    int n = 0;
    for (; n < BENCH_MAX_ROUNDS && (n < 2 || spent < seconds); n++) {
        run_round(ways, n_ways, c);
        double least = HUGE_VAL;
        for (size_t i = 0; i < n_ways; i++)
            least = ways[i].rounds[n] < least ? ways[i].rounds[n] : least;
        spent += least;
    }
    for (size_t i = 0; i < n_ways; i++) {
        struct way *w = &ways[i];
        qsort(w->rounds, (size_t)n, sizeof *w->rounds, compare);
        w->least = w->rounds[0];
        w->median = w->rounds[n / 2];
        if (w->median > WIDE_SPREAD * w->least)
            printf("  %s, %u threads: the times spread widely: the machine was "
                   "busy\n",
                   w->name, w->threads);
    }
}

size_t compare_sizes(const struct contest *c, const struct ncd_measure *plain,
                     const struct ncd_measure *fast)
{
    ncd_engine *a, *b;
    ncd_error err;
    struct ncd_crew crew = {0};
    struct ncd_prepared prepared = {0};
    size_t n = ncd_dataset_n_texts(c->train);
    ncd_text *y = calloc(n + 1, sizeof *y);
    if (!y)
        die("out of memory");
    for (size_t j = 0; j < n; j++)
        y[j] = ncd_dataset_text(c->train, j);
    check(ncd_crew_prepare(&crew, fast, 1, &err), &err);
    check(ncd_prepare(&prepared, &crew, y, n, &err), &err);
    check(ncd_engine_new(plain, &a, &err), &err);
    check(ncd_engine_new(fast, &b, &err), &err);
    for (size_t i = 0; i < c->n_queries; i++) {
        ncd_engine_set_first(a, c->queries[i]);
        ncd_engine_set_first(b, c->queries[i]);
        for (size_t j = 0; j < n; j++) {
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
    return c->n_queries * n;
}
