/* SPDX-License-Identifier: MIT */
/* The k nearest, their votes, and the search against brute force. */
#include <stdlib.h>
#include <string.h>

#include "knn/nearest.h"
#include "knn/search.h"
#include "knn/vote.h"
#include "support.h"

/* Neighbours are ordered by distance, then by position. */
static int compare(const void *a, const void *b)
{
    const ncd_neighbor *p = a, *q = b;
    if (p->distance != q->distance)
        return p->distance < q->distance ? -1 : 1;
    return (p->index > q->index) - (p->index < q->index);
}

static void expect_same(const ncd_neighbor *got, const ncd_neighbor *expected,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(got[i].index, expected[i].index);
        ck_assert_double_eq(got[i].distance, expected[i].distance);
    }
}

/* --- Nearest --- */

START_TEST(the_nearest_are_the_first_of_the_sorted)
{
    struct rng rng = {30};
    for (int round = 0; round < 500; round++) {
        ncd_neighbor all[100], kept[120];
        size_t n = rng_below(&rng, 101), k = rng_below(&rng, 120);
        /* Few distances, so that many tie; indices in random order. */
        for (size_t i = 0; i < n; i++)
            all[i] = (ncd_neighbor){i, (double)rng_below(&rng, 6) / 5 - 0.2};
        for (size_t i = n; i > 1; i--) {
            size_t j = rng_below(&rng, i);
            ncd_neighbor swap = all[i - 1];
            all[i - 1] = all[j];
            all[j] = swap;
        }
        struct ncd_nearest nearest = {kept, 0, k};
        for (size_t i = 0; i < n; i++)
            ncd_nearest_offer(&nearest, all[i]);
        qsort(all, n, sizeof *all, compare);
        ck_assert_uint_eq(nearest.n, n < k ? n : k);
        expect_same(kept, all, nearest.n);
    }
}
END_TEST

/* --- Votes --- */

enum { MAX_VOTERS = 8 };

struct voters {
    ncd_dataset *training;
    ncd_neighbor neighbors[MAX_VOTERS];
    size_t n;
};

/* Neighbours with these labels, one letter each, at these distances. */
static struct voters voters_of(const char *labels, const double *distances)
{
    struct voters v = {.n = strlen(labels)};
    ncd_error err;
    ck_assert_int_eq(ncd_dataset_new(&v.training), NCD_OK);
    for (size_t i = 0; i < v.n; i++) {
        ck_status(ncd_dataset_add(v.training, (ncd_text){labels + i, 1},
                                  text_of("x"), NULL, 0, &err),
                  NCD_OK, &err);
        v.neighbors[i] = (ncd_neighbor){i, distances[i]};
    }
    return v;
}

/* Labels in the order in which they come out, a letter each, and shares. */
static void expect_vote(ncd_vote vote, const char *labels,
                        const double *distances, const char *expected,
                        const double *shares)
{
    struct voters v = voters_of(labels, distances);
    struct ncd_ranked ranked[MAX_VOTERS];
    size_t n = ncd_vote_rank(v.training, v.neighbors, v.n, vote, ranked);
    ck_assert_uint_eq(n, strlen(expected));
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const char *label = ncd_dataset_label(v.training, ranked[i].class);
        ck_assert_msg(label[0] == expected[i], "%s: %zu is %s, not %c", labels,
                      i, label, expected[i]);
        ck_assert_double_eq_tol(ranked[i].share, shares[i], 1e-12);
        sum += ranked[i].share;
    }
    if (n > 0)
        ck_assert_double_eq_tol(sum, 1, 1e-12);
    ncd_dataset_free(v.training);
}

#define NUMBERS(...) ((const double[]){__VA_ARGS__})

START_TEST(the_majority_wins)
{
    const double *far = NUMBERS(.1, .2, .3, .4, .5);
    expect_vote(NCD_VOTE_MAJORITY, "abb", far, "ba", NUMBERS(2. / 3, 1. / 3));
    expect_vote(NCD_VOTE_MAJORITY, "a", far, "a", NUMBERS(1));
    expect_vote(NCD_VOTE_MAJORITY, "aaaaa", far, "a", NUMBERS(1));
    expect_vote(NCD_VOTE_MAJORITY, "", far, "", far);
}
END_TEST

START_TEST(a_tie_goes_to_the_nearest)
{
    const double *far = NUMBERS(.1, .2, .3, .4, .5, .6);
    expect_vote(NCD_VOTE_MAJORITY, "ab", far, "ab", NUMBERS(.5, .5));
    expect_vote(NCD_VOTE_MAJORITY, "abba", far, "ab", NUMBERS(.5, .5));
    /* c is nearest but not among the tied. */
    expect_vote(NCD_VOTE_MAJORITY, "cbaab", far, "bac", NUMBERS(.4, .4, .2));
    expect_vote(NCD_VOTE_MAJORITY, "cba", far, "cba",
                NUMBERS(1. / 3, 1. / 3, 1. / 3));
    expect_vote(NCD_VOTE_WEIGHTED, "ba", NUMBERS(.25, .25), "ba",
                NUMBERS(.5, .5));
}
END_TEST

START_TEST(weights_are_inverse_distances)
{
    /* 10 against 2 + 2 */
    expect_vote(NCD_VOTE_WEIGHTED, "abb", NUMBERS(.1, .5, .5), "ab",
                NUMBERS(10. / 14, 4. / 14));
    expect_vote(NCD_VOTE_WEIGHTED, "abb", NUMBERS(.5, .5, .5), "ba",
                NUMBERS(2. / 3, 1. / 3));
}
END_TEST

START_TEST(neighbours_at_no_distance_vote_alone)
{
    expect_vote(NCD_VOTE_WEIGHTED, "abb", NUMBERS(0, .1, .1), "a", NUMBERS(1));
    expect_vote(NCD_VOTE_WEIGHTED, "abbc", NUMBERS(-.2, -.1, 0, .1), "ba",
                NUMBERS(2. / 3, 1. / 3));
    expect_vote(NCD_VOTE_WEIGHTED, "ab", NUMBERS(-.1, 0), "ab",
                NUMBERS(.5, .5));
    expect_vote(NCD_VOTE_MAJORITY, "abb", NUMBERS(0, .1, .1), "ba",
                NUMBERS(2. / 3, 1. / 3));
}
END_TEST

/* --- Search --- */

struct setup {
    ncd_dataset *training, *queries;
    struct ncd_measure measure;
    double *sizes;
    ncd_text *texts;
    uint32_t *folds, *query_folds;
    ncd_engine *engine;
    struct ncd_search search;
};

static void set_up(struct setup *s, size_t n_training, size_t n_queries)
{
    ncd_options options;
    ncd_error err;
    s->training = random_dataset(40, 2, n_training / 2, 60);
    s->queries = random_dataset(41, 1, n_queries, 60);
    ncd_options_init(&options);
    options.compressor = "deflate:1";
    ck_status(ncd_measure_init(&s->measure, &options, &err), NCD_OK, &err);
    ck_status(ncd_engine_open(&options, &s->engine, &err), NCD_OK, &err);
    s->sizes = calloc(n_training + 1, sizeof *s->sizes);
    s->folds = calloc(n_training + 1, sizeof *s->folds);
    s->texts = calloc(n_queries + 1, sizeof *s->texts);
    s->query_folds = calloc(n_queries + 1, sizeof *s->query_folds);
    for (size_t i = 0; i < n_training; i++) {
        s->folds[i] = (uint32_t)(i * 7 % 3);
        ck_status(ncd_engine_size(s->engine, ncd_dataset_text(s->training, i),
                                  &s->sizes[i], &err),
                  NCD_OK, &err);
    }
    for (size_t i = 0; i < n_queries; i++) {
        s->texts[i] = ncd_dataset_text(s->queries, i);
        s->query_folds[i] = (uint32_t)(i % 3);
    }
    s->search = (struct ncd_search){.measure = &s->measure,
                                    .training = s->training,
                                    .sizes = s->sizes,
                                    .k = 1};
}

static void tear_down(struct setup *s)
{
    ncd_dataset_free(s->training);
    ncd_dataset_free(s->queries);
    ncd_measure_free(&s->measure);
    ncd_engine_close(s->engine);
    free(s->sizes);
    free(s->texts);
    free(s->folds);
    free(s->query_folds);
}

/* All neighbours of a query, sorted. Returns how many. */
static size_t brute_force(struct setup *s, size_t query, int with_folds,
                          ncd_neighbor *out)
{
    size_t n = 0;
    for (size_t j = 0; j < ncd_dataset_n_texts(s->training); j++) {
        ncd_pair pair;
        ncd_error err;
        if (with_folds && s->folds[j] == s->query_folds[query])
            continue;
        ck_status(ncd_engine_pair(s->engine, s->texts[query],
                                  ncd_dataset_text(s->training, j), &pair,
                                  &err),
                  NCD_OK, &err);
        out[n++] = (ncd_neighbor){j, pair.distance};
    }
    qsort(out, n, sizeof *out, compare);
    return n;
}

static void expect_brute_force(struct setup *s, size_t n_queries, size_t k,
                               unsigned threads, int with_folds,
                               struct ncd_found *found)
{
    struct ncd_queries queries = {s->texts, with_folds ? s->query_folds : NULL,
                                  n_queries};
    size_t n_training = ncd_dataset_n_texts(s->training);
    ncd_neighbor *all = calloc(n_training + 1, sizeof *all);
    ncd_error err;
    s->search.k = k;
    s->search.folds = with_folds ? s->folds : NULL;
    ck_status(ncd_search_run(&s->search, &queries, threads, NULL, found, &err),
              NCD_OK, &err);
    ck_assert_uint_eq(found->n, n_queries);
    for (size_t q = 0; q < n_queries; q++) {
        size_t n = brute_force(s, q, with_folds, all);
        ck_assert_uint_eq(found->counts[q], n < k ? n : k);
        expect_same(found->items + q * found->k, all, found->counts[q]);
    }
    free(all);
}

static const unsigned thread_counts[] = {1, 2, 3, 7};

START_TEST(the_search_finds_what_brute_force_finds)
{
    const size_t n_queries[] = {0, 1, 3, 30}, ks[] = {1, 5, 100, 1000};
    struct setup s;
    set_up(&s, 100, 30);
    /* One result for all runs: whatever the one before left must not show. */
    struct ncd_found found = {0};
    for (size_t t = 0; t < COUNT(thread_counts); t++)
        for (size_t q = 0; q < COUNT(n_queries); q++)
            for (size_t k = 0; k < COUNT(ks); k++)
                expect_brute_force(&s, n_queries[q], ks[k], thread_counts[t], 0,
                                   &found);
    ncd_found_free(&found);
    tear_down(&s);
}
END_TEST

START_TEST(a_query_leaves_out_its_own_fold)
{
    struct setup s;
    set_up(&s, 100, 30);
    struct ncd_found found = {0};
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        expect_brute_force(&s, 2, 4, thread_counts[t], 1, &found);
        expect_brute_force(&s, 30, 90, thread_counts[t], 1, &found);
    }
    ncd_found_free(&found);
    tear_down(&s);
}
END_TEST

START_TEST(a_handful_of_texts_can_be_searched)
{
    struct setup s;
    set_up(&s, 2, 5);
    struct ncd_found found = {0};
    for (size_t t = 0; t < COUNT(thread_counts); t++)
        expect_brute_force(&s, 5, 5, thread_counts[t], 0, &found);
    ncd_found_free(&found);
    tear_down(&s);
}
END_TEST

/* Equal texts tie, and the earlier ones are nearer. */
START_TEST(equal_texts_come_in_training_order)
{
    struct setup s;
    set_up(&s, 150, 1);
    size_t same[150];
    ncd_dataset *copies;
    ncd_error err;
    for (size_t i = 0; i < 150; i++) {
        same[i] = 3;
        s.sizes[i] = s.sizes[3];
    }
    ck_status(ncd_dataset_select(s.training, same, 150, &copies, &err), NCD_OK,
              &err);
    ncd_dataset_free(s.training);
    s.search.training = s.training = copies;
    s.search.k = 20;
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        struct ncd_found found = {0};
        struct ncd_queries queries = {s.texts, NULL, 1};
        ck_status(ncd_search_run(&s.search, &queries, thread_counts[t], NULL,
                                 &found, &err),
                  NCD_OK, &err);
        for (size_t i = 0; i < 20; i++)
            ck_assert_uint_eq(found.items[i].index, i);
        ncd_found_free(&found);
    }
    tear_down(&s);
}
END_TEST

/* --- Candidates --- */

static int holds(ncd_text text, const char *gram)
{
    for (size_t i = 0; i + 5 <= text.nbytes; i++)
        if (memcmp((const char *)text.bytes + i, gram, 5) == 0)
            return 1;
    return 0;
}

/* Of nine texts, a gram is common that two of them hold. */
START_TEST(what_is_shared_is_what_one_can_count)
{
    static const char *const texts[] = {
        "a", "the red fox",  "a", "the red cat", "a", "a dog barks",
        "a", "dogs bark",    "a", "a",           "a", "0123456789",
        "a", "bark bark",    "a", "fox",         "a", "red the",
        NULL};
    static const char query[] = "the red dog barks at 0123456";
    ncd_dataset *data = dataset_of(texts);
    struct ncd_shared_index index;
    struct ncd_gram_set set = {0};
    struct ncd_shared shared[9];
    ck_assert_uint_eq(ncd_dataset_n_texts(data), 9);
    ck_assert_int_eq(ncd_shared_build(&index, data), NCD_OK);
    ck_assert_int_eq(ncd_shared_find(&index, text_of(query), &set, shared),
                     NCD_OK);
    for (size_t i = 0; i < 9; i++) {
        ncd_text text = ncd_dataset_text(data, i);
        size_t n_common = 0, n_rare = 0, n_bytes = 0;
        for (size_t q = 0; q + 5 < sizeof query; q++) {
            size_t n = 0;
            for (size_t j = 0; j < 9; j++)
                n += (size_t)holds(ncd_dataset_text(data, j), query + q);
            n_common += n > 1 && holds(text, query + q);
            n_rare += n == 1 && holds(text, query + q);
        }
        for (int byte = 0; byte < 256; byte++)
            n_bytes += memchr(query, byte, sizeof query - 1) &&
                       memchr(text.bytes, byte, text.nbytes);
        ck_assert_uint_eq(shared[i].n_common, n_common);
        ck_assert_uint_eq(shared[i].n_bytes, n_bytes);
        /* A byte costs a bit at least, and fewer than ten here. */
        ck_assert_uint_ge(shared[i].weight, 8 * n_rare);
        ck_assert_uint_le(shared[i].weight, 80 * n_rare);
    }
    ncd_gram_set_free(&set);
    ncd_shared_free(&index);
    ncd_dataset_free(data);
}
END_TEST

/* More texts than one list can number. */
START_TEST(lists_go_on_in_further_blocks)
{
    enum { MANY = 140000 };
    ncd_dataset *data, *few = random_dataset(8, 2, 5, 30);
    size_t *chosen = calloc(MANY, sizeof *chosen);
    struct ncd_shared *shared = calloc(MANY, sizeof *shared);
    struct ncd_shared_index index;
    struct ncd_gram_set set = {0};
    ncd_error err;
    ck_assert(chosen && shared);
    chosen[3] = chosen[65536] = chosen[139999] = 7; /* others: 0 */
    ck_status(ncd_dataset_select(few, chosen, MANY, &data, &err), NCD_OK, &err);
    ck_assert_int_eq(ncd_shared_build(&index, data), NCD_OK);
    ck_assert_int_eq(
        ncd_shared_find(&index, ncd_dataset_text(few, 7), &set, shared),
        NCD_OK);
    ck_assert_uint_gt(shared[3].weight, 0);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_uint_eq(shared[i].weight,
                          chosen[i] ? shared[3].weight : shared[0].weight);
    ck_assert_uint_lt(shared[0].weight, shared[3].weight);
    ncd_gram_set_free(&set);
    ncd_shared_free(&index);
    ncd_dataset_free(data);
    ncd_dataset_free(few);
    free(chosen);
    free(shared);
}
END_TEST

static uint64_t nbytes_of(const struct ncd_shared_index *index)
{
    size_t n_grams = (size_t)1 << index->gram_bits;
    uint64_t n = index->n_texts * index->n_words * sizeof *index->marks;
    for (size_t b = 0; b < index->n_blocks; b++)
        n += (n_grams + 1) * sizeof *index->lists[b].starts +
             index->lists[b].starts[n_grams] * sizeof *index->lists[b].texts;
    return n;
}

START_TEST(an_index_is_no_larger_than_it_is_said_to_be)
{
    const size_t n_texts[] = {1, 10, 500, 2000};
    for (size_t i = 0; i < COUNT(n_texts); i++) {
        struct ncd_shared_index index;
        ncd_dataset *texts = random_dataset(50, 1, n_texts[i], 300);
        ck_assert_int_eq(ncd_shared_build(&index, texts), NCD_OK);
        uint64_t n = nbytes_of(&index);
        uint64_t most = ncd_shared_nbytes_most(n_texts[i], 300 * n_texts[i]);
        ck_assert_uint_le(n, most);
        ck_assert_uint_ge(n, most / 2);
        ncd_shared_free(&index);
        ncd_dataset_free(texts);
    }
}
END_TEST

/* However few are wanted, they are the first of all, in order. */
START_TEST(fewer_candidates_are_the_first_of_all)
{
    struct setup s;
    struct ncd_found found = {0};
    struct ncd_candidate_scratch all = {0}, some = {0};
    ncd_error err;
    set_up(&s, 100, 10);
    struct ncd_queries queries = {s.texts, NULL, 10};
    s.search.k = 3;
    s.search.n_candidates = 5;
    ck_status(ncd_search_run(&s.search, &queries, 1, NULL, &found, &err),
              NCD_OK, &err);
    for (size_t wanted = 1; wanted <= 100; wanted++) {
        size_t q = wanted % 10;
        for (int way = 0; way < 2; way++)
            ck_status(ncd_candidates_find(
                          &found.candidates, s.search.measure, s.sizes,
                          s.texts[q], found.query_sizes[q], NULL, 0,
                          way ? wanted : 100, way ? &some : &all, &err),
                      NCD_OK, &err);
        ck_assert_uint_eq(all.n, 100);
        ck_assert_uint_eq(some.n, wanted);
        for (size_t i = 0; i < wanted; i++) {
            ck_assert_uint_eq(some.best[i].index, all.best[i].index);
            ck_assert(i == 0 ||
                      all.best[i - 1].distance <= all.best[i].distance);
        }
    }
    ncd_candidate_scratch_free(&all);
    ncd_candidate_scratch_free(&some);
    ncd_found_free(&found);
    tear_down(&s);
}
END_TEST

/* What is kept from batch to batch may meet other training texts, more or
 * fewer. */
START_TEST(scratch_serves_searches_of_any_size)
{
    const size_t sizes[] = {20, 2000, 20, 2000};
    struct ncd_found kept = {0};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct setup s;
        struct ncd_found fresh = {0};
        ncd_error err;
        set_up(&s, sizes[i], 10);
        struct ncd_queries queries = {s.texts, NULL, 10};
        s.search.k = 3;
        s.search.n_candidates = 7;
        ck_status(ncd_search_run(&s.search, &queries, 1, NULL, &kept, &err),
                  NCD_OK, &err);
        ck_status(ncd_search_run(&s.search, &queries, 1, NULL, &fresh, &err),
                  NCD_OK, &err);
        ck_assert_uint_eq(kept.k, fresh.k);
        expect_same(kept.items, fresh.items, 10 * fresh.k);
        ncd_found_free(&fresh);
        tear_down(&s);
    }
    ncd_found_free(&kept);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_nearest_are_the_first_of_the_sorted,
        the_majority_wins,
        a_tie_goes_to_the_nearest,
        weights_are_inverse_distances,
        neighbours_at_no_distance_vote_alone,
        the_search_finds_what_brute_force_finds,
        a_query_leaves_out_its_own_fold,
        a_handful_of_texts_can_be_searched,
        equal_texts_come_in_training_order,
        what_is_shared_is_what_one_can_count,
        lists_go_on_in_further_blocks,
        an_index_is_no_larger_than_it_is_said_to_be,
        fewer_candidates_are_the_first_of_all,
        scratch_serves_searches_of_any_size,
    };
    return run_tests("knn", tests, COUNT(tests), 60);
}
