/* SPDX-License-Identifier: MIT */
/* Class models: probabilities, leaving out, fitting, and odd data. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "classmodel/classmodel.h"
#include "classmodel/real.h"
#include "classmodel/softmax.h"
#include "model/class_table.h"
#include "model/model_file.h"
#include "support.h"

/* --- Numbers --- */

START_TEST(logarithm_and_exponential_are_right)
{
    struct rng rng = {1};
    for (int i = 0; i < 100000; i++) {
        double x = ldexp((double)(1 + rng_below(&rng, 1 << 30)),
                         (int)rng_below(&rng, 200) - 100);
        ck_assert_double_eq_tol(ncd_ln(x), log(x), 1e-13);
        double y = ((double)rng_below(&rng, 1 << 30) / (1 << 20)) - 650;
        ck_assert_double_eq_tol(ncd_exp(y) / exp(y), 1, 1e-12);
    }
    ck_assert_double_eq(ncd_ln(1), 0);
    ck_assert_double_eq(ncd_exp(0), 1);
    ck_assert_double_eq(ncd_exp(-1e9), 0);
}
END_TEST

START_TEST(cases_are_rounded_to_their_unit)
{
    enum { N = 1000 };
    double values[N], large[2] = {DBL_MAX / 1e280, -DBL_MAX / 1e280};
    const double zeros[3] = {0, -0., 0}, tiny[2] = {1e-300, -1e-300};
    int16_t x[N];
    struct rng rng = {3};
    for (int i = 0; i < N; i++)
        values[i] = ((double)rng_below(&rng, 2000001) - 1000000) / 977;
    values[17] = -1e6 / 900;
    float unit = ncd_softmax_put(values, N, x);
    ck_assert_int_eq(x[17], -INT16_MAX);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol((double)unit * x[i], values[i],
                                0.5001 * (double)unit);
    ck_assert(ncd_softmax_put(zeros, 3, x) == 0 && x[0] == 0 && x[1] == 0);
    /* Less than a float holds is nothing. */
    ck_assert(ncd_softmax_put(tiny, 2, x) == 0 && x[0] == 0 && x[1] == 0);
    ck_assert(isfinite(ncd_softmax_put(large, 2, x)));
    ck_assert(x[0] == INT16_MAX && x[1] == -INT16_MAX);
}
END_TEST

START_TEST(softmax_fit_finds_the_minimum)
{
    /* One feature that is the class's log odds up to a factor of 2. */
    enum { N = 400 };
    int16_t x[N * 2];
    float units[N];
    uint32_t truth[N];
    struct rng rng = {2};
    for (int i = 0; i < N; i++) {
        double odds = (double)rng_below(&rng, 5) - 2;
        double p = 1 / (1 + exp(-2 * odds));
        x[2 * i] = 0;
        x[2 * i + 1] = (int16_t)(4 * odds);
        units[i] = 0.25f;
        truth[i] = (double)rng_below(&rng, 1000) < 1000 * p;
    }
    struct ncd_softmax_data data = {N, 1, 1, 2, x, units, truth, NULL};
    double w = 0, b[2] = {0, 0}, mean = 0, square = 1, loss, other;
    struct ncd_softmax_prior weak = {&mean, &square, 1e-6, 1e-6};
    ncd_error err;
    ck_status(ncd_softmax_fit(&data, &weak, 1, &w, b, &loss, &err), NCD_OK,
              &err);
    ck_assert_double_eq_tol(w, 2, 0.5);
    for (int i = 0; i < 2; i++) {
        double near = w + (i ? 0.05 : -0.05), biases[2] = {b[0], b[1]};
        /* A prior so strong that nothing moves. */
        struct ncd_softmax_prior strong = {&near, &square, 1e12, 1e12};
        ck_status(
            ncd_softmax_fit(&data, &strong, 1, &near, biases, &other, &err),
            NCD_OK, &err);
        ck_assert_double_gt(other, loss);
    }
    /* Weights are drawn to the prior's mean, over the root of the square. */
    struct ncd_softmax_prior firm = {&mean, &square, 1e9, 1e-6};
    mean = 3;
    square = 4;
    ck_status(ncd_softmax_fit(&data, &firm, 1, &w, b, &other, &err), NCD_OK,
              &err);
    ck_assert_double_eq_tol(w, 1.5, 1e-3);
}
END_TEST

static double loss_at(const struct ncd_softmax_data *d, const double *w,
                      const double *b)
{
    double loss = 0;
    for (size_t i = 0; i < d->n; i++) {
        double sum = 0, truth = 0;
        for (size_t c = 0; c < d->n_classes; c++) {
            double score = b[c];
            for (size_t k = 0; k < d->n_features; k++)
                score += w[k] * (double)d->units[i * d->n_features + k] *
                         d->x[(i * d->n_rows + k) * d->n_classes + c];
            sum += exp(score);
            truth = c == d->truth[i] ? score : truth;
        }
        loss += log(sum) - truth;
    }
    return loss / (double)d->n;
}

/* Features that say nearly the same, in units far apart, one of them frozen:
 * no unknown has a better value nearby. */
START_TEST(softmax_fit_finds_it_where_features_are_alike)
{
    enum { N = 600, K = 5, C = 4 };
    static int16_t x[N][K][C];
    static float units[N][K];
    static uint32_t truth[N];
    struct rng rng = {41};
    for (int i = 0; i < N; i++) {
        truth[i] = (uint32_t)rng_below(&rng, C);
        for (int c = 0; c < C; c++) {
            int hint = (int)rng_below(&rng, 1500) + 500 * (c == (int)truth[i]);
            for (int k = 0; k < K; k++)
                x[i][k][c] = (int16_t)(hint + (int)rng_below(&rng, 300));
        }
        for (int k = 0; k < K; k++)
            units[i][k] = k == 1 ? 1.f : k == 2 ? 1e-5f : 1e-3f;
    }
    unsigned char frozen[K] = {0, 0, 0, 1, 0};
    struct ncd_softmax_data data = {N,       K,        K,     C,
                                    x[0][0], units[0], truth, frozen};
    double w[K] = {0}, b[C] = {0}, means[K] = {0}, loss;
    double squares[K] = {1, 1e6, 1e-4, 1, 1};
    struct ncd_softmax_prior weak = {means, squares, 1e-6, 1e-6};
    ncd_error err;
    ck_status(ncd_softmax_fit(&data, &weak, 1, w, b, &loss, &err), NCD_OK,
              &err);
    ck_assert_double_eq(w[3], 0);
    ck_assert_double_eq_tol(loss_at(&data, w, b), loss, 1e-12);
    ck_assert_double_lt(loss, 1.2); /* from ln 4 */
    for (int k = 0; k < K; k++)
        for (int sign = -1; sign <= 1 && k != 3; sign += 2) {
            double near[K];
            memcpy(near, w, sizeof near);
            near[k] += sign * 0.05 / sqrt(squares[k]);
            ck_assert_double_gt(loss_at(&data, near, b), loss);
        }
}
END_TEST

/* --- Counts and probabilities --- */

struct fixture {
    ncd_dataset *data;
    struct ncd_counts counts;
    struct ncd_smoothing smoothing;
};

static struct fixture fixture_of(ncd_dataset *data)
{
    struct fixture f = {.data = data};
    ncd_error err;
    ncd_smoothing_init(&f.smoothing);
    ck_status(ncd_counts_build(&f.counts, data, NULL, NULL, 2, &err), NCD_OK,
              &err);
    return f;
}

/* The texts with their small letters in a script of three bytes a letter. */
static ncd_dataset *other_script(ncd_dataset *data)
{
    ncd_dataset *other;
    struct ncd_buf text = {0};
    ncd_error err;
    ck_assert_int_eq(ncd_dataset_new(&other), NCD_OK);
    for (size_t i = 0; i < data->n; i++) {
        ncd_text from = ncd_dataset_text(data, i);
        const char *label = ncd_dataset_label(data, data->classes[i]);
        text.n = 0;
        for (size_t j = 0; j < from.nbytes; j++) {
            unsigned char c = ((const unsigned char *)from.bytes)[j];
            /* Ethiopic, from U+1200 on. */
            const unsigned char letter[] = {
                0xe1, (unsigned char)(0x88 + (c - 'a') / 8),
                (unsigned char)(0x80 + 8 * ((c - 'a') % 8))};
            int is_letter = c >= 'a' && c <= 'z';
            ck_assert_int_eq(ncd_buf_append(&text, is_letter ? letter : &c,
                                            is_letter ? 3 : 1),
                             NCD_OK);
        }
        ck_status(ncd_dataset_add(other, text_of(label), ncd_buf_text(&text),
                                  NULL, 0, &err),
                  NCD_OK, &err);
    }
    ncd_buf_free(&text);
    ncd_dataset_free(data);
    return other;
}

static void drop(struct fixture *f)
{
    ncd_counts_free(&f->counts);
    ncd_dataset_free(f->data);
}

/* A walk to somewhere in a training text, or in random bytes or characters. */
static void random_walk(struct rng *rng, const ncd_dataset *data,
                        unsigned char bytes[16], struct ncd_walk *walk)
{
    ncd_text text = ncd_dataset_text(data, rng_below(rng, data->n));
    uint64_t keys[NCD_KINDS];
    size_t which = rng_below(rng, 4);
    if (which < 2) {
        for (size_t i = 0; i < 16; i++)
            bytes[i] = (unsigned char)(which ? 0xe1 + rng_below(rng, 3)
                                             : rng_below(rng, 256));
        for (size_t i = 0; which && i < 15; i++)
            if (rng_below(rng, 3))
                bytes[i + 1] = 0x80;
        text = (ncd_text){bytes, 16};
    }
    ncd_walk_begin(walk, text);
    for (size_t n = 1 + rng_below(rng, text.nbytes + 1); n > 0; n--)
        ncd_walk_next(walk, keys);
}

START_TEST(probabilities_sum_to_one)
{
    struct rng rng = {3};
    struct fixture f = fixture_of(other_script(random_dataset(4, 3, 20, 120)));
    for (int round = 0; round < 300; round++) {
        unsigned char bytes[16];
        struct ncd_walk walk;
        random_walk(&rng, f.data, bytes, &walk);
        unsigned kind = (unsigned)rng_below(&rng, NCD_WINDOWS);
        uint32_t class = (uint32_t)rng_below(&rng, 4);
        double sum = 0;
        for (unsigned symbol = 0; symbol < NCD_N_CODED; symbol++) {
            double p = ncd_symbol_probability(&f.counts, &f.smoothing,
                                              class == 3 ? NCD_NO_CLASS : class,
                                              kind, &walk, symbol);
            ck_assert_double_gt(p, 0);
            sum += p;
        }
        ck_assert_double_eq_tol(sum, 1, 1e-12);
    }
    drop(&f);
}
END_TEST

/* The evidence of each kind of window, from single probabilities. */
START_TEST(evidence_is_the_sum_of_log_ratios)
{
    struct fixture f = fixture_of(other_script(random_dataset(5, 3, 10, 90)));
    struct ncd_reading reading = {0};
    ncd_text text =
        text_of("a word that no text has, \xe1\x88\x89\xe1\x88\xa1"
                "\xe1\x88, \xc3\xe9\xe1\x88\x89 and zz \x80 too\xe1");
    const unsigned char *bytes = text.bytes;
    double evidence[NCD_KINDS * 3];
    ck_assert_int_eq(ncd_reading_begin(&reading, &f.counts, text), NCD_OK);
    ncd_evidence(&f.counts, &f.smoothing, &reading, NCD_NO_CLASS, evidence,
                 NULL);
    ncd_reading_end(&reading);
    for (uint32_t class = 0; class < 3; class ++)
        for (unsigned kind = 0; kind < NCD_WINDOWS; kind++) {
            uint64_t keys[NCD_KINDS];
            struct ncd_walk walk;
            double sum = 0;
            ncd_walk_begin(&walk, text);
            ncd_walk_next(&walk, keys);
            for (size_t i = 0; i <= text.nbytes; i++) {
                unsigned symbol = i < text.nbytes ? bytes[i] : NCD_SYMBOL_END;
                sum += log(ncd_symbol_probability(&f.counts, &f.smoothing,
                                                  class, kind, &walk, symbol) /
                           ncd_symbol_probability(&f.counts, &f.smoothing,
                                                  NCD_NO_CLASS, kind, &walk,
                                                  symbol));
                ncd_walk_next(&walk, keys);
            }
            ck_assert_double_eq_tol(evidence[kind * 3 + class], sum, 1e-9);
        }
    ncd_reading_free(&reading);
    drop(&f);
}
END_TEST

/* --- Leaving out --- */

static void read_evidence(const struct fixture *f, ncd_text text, uint32_t own,
                          double *evidence, struct ncd_code_lengths *lengths)
{
    struct ncd_reading reading = {0};
    ck_assert_int_eq(ncd_reading_begin(&reading, &f->counts, text), NCD_OK);
    ncd_evidence(&f->counts, &f->smoothing, &reading, own, evidence, lengths);
    ncd_reading_end(&reading);
    ncd_reading_free(&reading);
}

/* A text's code length under a class, from single probabilities: at the highest
 * kind whose context the corpus has seen, and by the corpus where that is the
 * shortest. */
static double class_bits(const struct fixture *f, ncd_text text, uint32_t class)
{
    const unsigned char *bytes = text.bytes;
    uint64_t keys[NCD_KINDS];
    struct ncd_walk walk;
    double bits = 0;
    ncd_walk_begin(&walk, text);
    ncd_walk_next(&walk, keys);
    for (size_t i = 0; i <= text.nbytes; i++, ncd_walk_next(&walk, keys)) {
        unsigned kind = 0, symbol = i < text.nbytes ? bytes[i] : NCD_SYMBOL_END;
        while (kind + 1 < NCD_WINDOWS &&
               ncd_counts_find(&f->counts, ncd_walk_context(&walk, kind + 1)) !=
                   NCD_NO_NODE)
            kind++;
        int is_empty = ncd_walk_context(&walk, kind) == NCD_NO_KEY;
        bits -= ncd_ln(ncd_symbol_probability(&f->counts, &f->smoothing,
                                              is_empty ? NCD_NO_CLASS : class,
                                              kind, &walk, symbol)) /
                NCD_LN2;
    }
    return bits;
}

static void expect_exact_leaving_out(ncd_dataset *data)
{
    struct fixture whole = fixture_of(data);
    size_t n_classes = data->labels.n;
    unsigned char *leave_out = calloc(data->n, 1);
    double *removed = calloc(2 * NCD_KINDS * n_classes, sizeof *removed);
    double *without = removed + NCD_KINDS * n_classes;
    ncd_error err;
    for (size_t i = 0; i < data->n; i++) {
        struct fixture rest = whole;
        struct ncd_code_lengths a, b;
        leave_out[i] = 1;
        ck_status(
            ncd_counts_build(&rest.counts, data, leave_out, NULL, 1, &err),
            NCD_OK, &err);
        ncd_text text = ncd_dataset_text(data, i);
        read_evidence(&whole, text, data->classes[i], removed, &a);
        read_evidence(&rest, text, NCD_NO_CLASS, without, &b);
        for (size_t k = 0; k < NCD_KINDS * n_classes; k++)
            ck_assert_double_eq(removed[k], without[k]);
        ck_assert_double_eq(a.corpus, b.corpus);
        ck_assert_double_eq(a.class, class_bits(&rest, text, data->classes[i]));
        ncd_counts_free(&rest.counts);
        leave_out[i] = 0;
    }
    free(leave_out);
    free(removed);
    drop(&whole);
}

START_TEST(leaving_out_is_training_without)
{
    static const char *const odd[] = {"a",    "same", "a", "same",      "b",
                                      "same", "b",    "",  "c",         "alone",
                                      "a",    "aaaa", "d", "A a\xff a", NULL};
    expect_exact_leaving_out(random_dataset(6, 4, 6, 150));
    expect_exact_leaving_out(random_dataset(7, 2, 12, 20));
    expect_exact_leaving_out(other_script(random_dataset(8, 3, 6, 60)));
    expect_exact_leaving_out(dataset_of(odd));
}
END_TEST

/* --- Going on from a table --- */

#define EXPECT_SAME(a, b, array, n) \
    ck_assert_mem_eq((a)->array, (b)->array, (n) * sizeof *(a)->array)

static void expect_same_counts(const struct ncd_counts *a,
                               const struct ncd_counts *b)
{
    ck_assert_uint_eq(a->n_texts, b->n_texts);
    ck_assert_uint_eq(a->n_classes, b->n_classes);
    ck_assert_uint_eq(a->n_nodes, b->n_nodes);
    ck_assert_uint_eq(a->n_postings, b->n_postings);
    ck_assert_uint_eq(a->n_runs, b->n_runs);
    ck_assert_uint_eq(a->n_places, b->n_places);
    ck_assert_uint_eq(a->n_words, b->n_words);
    ck_assert_mem_eq(a->slot_first, b->slot_first, sizeof a->slot_first);
    EXPECT_SAME(a, b, slots, a->slot_first[NCD_N_SHARDS]);
    EXPECT_SAME(a, b, keys, a->n_nodes);
    EXPECT_SAME(a, b, totals, a->n_nodes);
    EXPECT_SAME(a, b, runs, a->n_runs);
    EXPECT_SAME(a, b, first, a->n_nodes + 1);
    EXPECT_SAME(a, b, classes, a->n_postings);
    EXPECT_SAME(a, b, counts, a->n_postings);
    EXPECT_SAME(a, b, places, a->n_classes);
    EXPECT_SAME(a, b, words, a->n_classes);
}

static ncd_dataset *first_texts(const ncd_dataset *data, size_t n)
{
    size_t chosen[200];
    ncd_dataset *first;
    ncd_error err;
    for (size_t i = 0; i < n; i++)
        chosen[i] = i;
    ck_status(ncd_dataset_select(data, chosen, n, &first, &err), NCD_OK, &err);
    return first;
}

/* Counts n texts at a time, each time going on. */
static void expect_same_in_steps(ncd_dataset *data, size_t step)
{
    struct fixture whole = fixture_of(data);
    struct ncd_counts before = {0}, counts;
    ncd_error err;
    for (size_t n = step;; n += step) {
        ncd_dataset *some = first_texts(data, n < data->n ? n : data->n);
        ck_status(ncd_counts_build(&counts, some, NULL,
                                   n > step ? &before : NULL, 2, &err),
                  NCD_OK, &err);
        ncd_dataset_free(some);
        ncd_counts_free(&before);
        before = counts;
        if (n >= data->n)
            break;
    }
    expect_same_counts(&whole.counts, &counts);
    ncd_counts_free(&counts);
    drop(&whole);
}

/* The classes by turns, and one after the other, so that new ones come late. */
START_TEST(counting_goes_on_where_it_was)
{
    static const size_t steps[] = {1, 7, 36, 71, 72};
    for (size_t i = 0; i < COUNT(steps); i++) {
        ncd_dataset *sorted, *data = random_dataset(31, 6, 12, 80);
        size_t order[72];
        ncd_error err;
        for (size_t j = 0; j < COUNT(order); j++)
            order[j] = j % 12 * 6 + j / 12;
        ck_status(ncd_dataset_select(data, order, 72, &sorted, &err), NCD_OK,
                  &err);
        expect_same_in_steps(data, steps[i]);
        expect_same_in_steps(sorted, steps[i]);
    }
}
END_TEST

START_TEST(counts_of_other_texts_are_refused)
{
    ncd_dataset *data = random_dataset(32, 3, 6, 80);
    ncd_dataset *fewer = first_texts(data, 17);
    struct fixture whole = fixture_of(data);
    struct ncd_counts counts;
    ncd_error err;
    ck_status(ncd_counts_build(&counts, fewer, NULL, &whole.counts, 1, &err),
              NCD_ERR_MODEL, &err);
    ncd_dataset_free(fewer);
    drop(&whole);
}
END_TEST

/* --- Training and prediction --- */

static double *predict_all(const ncd_dataset *data, const ncd_text *texts,
                           size_t n, unsigned threads)
{
    struct ncd_classmodel model;
    struct ncd_class_crew crew = {0};
    ncd_error err;
    double *out = calloc(n * data->labels.n, sizeof *out);
    ck_status(ncd_classmodel_train(&model, data, NULL, 0, threads, NULL, &err),
              NCD_OK, &err);
    ck_status(ncd_classmodel_predict(&model, &crew, texts, n, threads, NULL,
                                     out, &err),
              NCD_OK, &err);
    ncd_class_crew_free(&crew);
    ncd_classmodel_free(&model);
    return out;
}

static const char *const odd_texts[] = {"",  "\x01\xfe", "the",
                                        "A", "zzzzzzzz", "the house of the"};

static void fill_odd_texts(ncd_text *texts)
{
    for (size_t i = 0; i < COUNT(odd_texts); i++)
        texts[i] = text_of(odd_texts[i]);
}

START_TEST(threads_change_nothing)
{
    ncd_dataset *data = random_dataset(8, 5, 12, 200);
    ncd_text texts[COUNT(odd_texts)];
    size_t n = COUNT(odd_texts);
    fill_odd_texts(texts);
    double *one = predict_all(data, texts, n, 1);
    for (unsigned threads = 2; threads <= 7; threads += 5) {
        double *more = predict_all(data, texts, n, threads);
        ck_assert_mem_eq(one, more, n * data->labels.n * sizeof *one);
        free(more);
    }
    free(one);
    ncd_dataset_free(data);
}
END_TEST

/* Answers are the same whatever the compiler, its options and the threads. Who
 * changes what a fitted model answers makes a new NCD_MODEL_VERSION_OF_CLASS;
 * another fit needs none, since it is in the file. */
#define PINNED UINT64_C(0x93e24d0bc5e3b39d)

START_TEST(answers_are_pinned)
{
    ncd_dataset *data = other_script(random_dataset(15, 4, 30, 150));
    ncd_dataset *test = other_script(random_dataset(16, 4, 10, 150));
    ncd_text texts[40];
    for (size_t i = 0; i < test->n; i++)
        texts[i] = ncd_dataset_text(test, i);
    double *p = predict_all(data, texts, test->n, 2);
    XXH64_hash_t hash = XXH3_64bits(p, test->n * data->labels.n * sizeof *p);
    ck_assert_msg(hash == PINNED, "the answers hash to %016llx",
                  (unsigned long long)hash);
    free(p);
    ncd_dataset_free(data);
    ncd_dataset_free(test);
}
END_TEST

/* Whatever the data, probabilities are probabilities. */
static void expect_probabilities(ncd_dataset *data)
{
    ncd_text texts[COUNT(odd_texts)];
    size_t n_classes = data->labels.n;
    fill_odd_texts(texts);
    double *p = predict_all(data, texts, COUNT(odd_texts), 2);
    for (size_t i = 0; i < COUNT(odd_texts); i++) {
        double sum = 0;
        for (size_t c = 0; c < n_classes; c++) {
            ck_assert_double_ge(p[i * n_classes + c], 0);
            sum += p[i * n_classes + c];
        }
        ck_assert_double_eq_tol(sum, 1, 1e-9);
    }
    free(p);
    ncd_dataset_free(data);
}

START_TEST(odd_data_trains)
{
    static const char *const one_class[] = {"a", "one", "a", "two", NULL};
    static const char *const one_text[] = {"a", "one", NULL};
    static const char *const one_each[] = {"a", "one",   "b", "two",
                                           "c", "three", NULL};
    static const char *const empty[] = {"a", "", "b", "", NULL};
    static const char *const half_empty[] = {"a", "",    "b", "text",
                                             "b", "the", NULL};
    static const char *const conflict[] = {"a", "same", "b", "same",
                                           "a", "same", NULL};
    expect_probabilities(dataset_of(one_class));
    expect_probabilities(dataset_of(one_text));
    expect_probabilities(dataset_of(one_each));
    expect_probabilities(dataset_of(empty));
    expect_probabilities(dataset_of(half_empty));
    expect_probabilities(dataset_of(conflict));
}
END_TEST

/* The label that a model of `strings` gives to a text, and its probability. */
static uint32_t answer_of(const char *const *strings, ncd_text text, double *p)
{
    ncd_dataset *data = dataset_of(strings);
    double *all = predict_all(data, &text, 1, 1);
    uint32_t best = 0;
    for (uint32_t c = 1; c < data->labels.n; c++)
        best = all[c] > all[best] ? c : best;
    *p = all[best];
    free(all);
    ncd_dataset_free(data);
    return best;
}

START_TEST(odd_data_has_defined_answers)
{
    static const char *const one_class[] = {"a", "one", "a", "two", NULL};
    static const char *const one_text[] = {"a", "one", NULL};
    /* Twice as many of class b, which is first in no other respect. */
    static const char *const uneven[] = {"a", "the cat sat", "b", "4 8 15 16",
                                         "b", "23 42 4 8",   "a", "a cat purrs",
                                         "b", "15 16 23 4",  "b", "8 42 15 16",
                                         NULL};
    double p, q;
    ck_assert_uint_eq(answer_of(one_class, text_of("what?"), &p), 0);
    ck_assert_double_eq(p, 1);
    ck_assert_uint_eq(answer_of(one_text, text_of(""), &p), 0);
    ck_assert_double_eq(p, 1);
    /* Bytes never seen tell nothing, and are told apart by nothing. */
    uint32_t unseen = answer_of(uneven, text_of("\x01\x02\xf0\x9f"), &p);
    ck_assert_uint_eq(answer_of(uneven, text_of("\x03\x04\xf1\x8f"), &q),
                      unseen);
    ck_assert_double_eq(p, q);
    ck_assert_double_lt(p, .99);
    /* A thousand times as long as any text seen. */
    struct ncd_buf cats = {0}, numbers = {0};
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(ncd_buf_append(&cats, "the cat sat ", 12), NCD_OK);
        ck_assert_int_eq(ncd_buf_append(&numbers, "15 16 23 42 ", 12), NCD_OK);
    }
    ck_assert_uint_eq(answer_of(uneven, ncd_buf_text(&cats), &p), 0);
    ck_assert_double_le(p, 1);
    ck_assert_uint_eq(answer_of(uneven, ncd_buf_text(&numbers), &p), 1);
    ck_assert_double_le(p, 1);
    ncd_buf_free(&cats);
    ncd_buf_free(&numbers);
}
END_TEST

START_TEST(it_learns)
{
    ncd_dataset *data = random_dataset(9, 4, 40, 200);
    ncd_dataset *test = random_dataset(10, 4, 25, 200);
    ncd_text texts[100];
    size_t n_right = 0;
    for (size_t i = 0; i < test->n; i++)
        texts[i] = ncd_dataset_text(test, i);
    double *p = predict_all(data, texts, test->n, 2);
    for (size_t i = 0; i < test->n; i++) {
        size_t best = 0;
        for (size_t c = 1; c < 4; c++)
            best = p[i * 4 + c] > p[i * 4 + best] ? c : best;
        n_right += best == test->classes[i];
    }
    ck_assert_uint_ge(n_right, 90);
    free(p);
    ncd_dataset_free(data);
    ncd_dataset_free(test);
}
END_TEST

/* --- The whole model --- */

static ncd_model *class_model(const ncd_dataset *data)
{
    return model_of(data, NCD_METHOD_CLASS, 0);
}

static void expect_same_answers(const ncd_model *a, const ncd_model *b)
{
    ncd_prediction *p, *q;
    ncd_text texts[COUNT(odd_texts)];
    ncd_error err;
    fill_odd_texts(texts);
    ck_assert_int_eq(ncd_prediction_new(&p), NCD_OK);
    ck_assert_int_eq(ncd_prediction_new(&q), NCD_OK);
    ck_status(ncd_model_predict(a, texts, COUNT(odd_texts), NULL, p, &err),
              NCD_OK, &err);
    ck_status(ncd_model_predict(b, texts, COUNT(odd_texts), NULL, q, &err),
              NCD_OK, &err);
    for (size_t i = 0; i < COUNT(odd_texts); i++) {
        size_t n = ncd_prediction_n_labels(p, i);
        ck_assert_uint_eq(n, ncd_prediction_n_labels(q, i));
        ck_assert_uint_eq(ncd_prediction_n_neighbors(p, i), 0);
        for (size_t r = 0; r < n; r++) {
            ck_assert_str_eq(ncd_prediction_label(p, i, r),
                             ncd_prediction_label(q, i, r));
            ck_assert_double_eq(ncd_prediction_share(p, i, r),
                                ncd_prediction_share(q, i, r));
            if (r > 0)
                ck_assert_double_ge(ncd_prediction_share(p, i, r - 1),
                                    ncd_prediction_share(p, i, r));
        }
    }
    ncd_prediction_free(p);
    ncd_prediction_free(q);
}

START_TEST(a_saved_model_answers_alike)
{
    ncd_dataset *data = random_dataset(11, 3, 20, 150);
    ncd_model *model = class_model(data), *loaded;
    ncd_training a, b;
    ncd_error err;
    const char *path = scratch("class.ncd");
    ck_status(ncd_model_save(model, path, &err), NCD_OK, &err);
    ck_status(ncd_model_load(path, &loaded, &err), NCD_OK, &err);
    ncd_options options;
    ncd_model_options(loaded, &options);
    ck_assert_int_eq(options.method, NCD_METHOD_CLASS);
    expect_same_answers(model, loaded);
    ncd_model_training(model, &a);
    ncd_model_training(loaded, &b);
    ck_assert_mem_eq(&a, &b, sizeof a);
    ck_assert_uint_eq(a.n_judged, 60);
    ck_assert_double_gt(a.corpus_bits, 0);
    ncd_model_free(model);
    ncd_model_free(loaded);
    ncd_dataset_free(data);
}
END_TEST

/* Where the bytes of the last section are, TABL. */
static size_t table_begin(const struct ncd_buf *file)
{
    struct ncd_cursor in = {file->bytes + 12, file->bytes + file->n, 0};
    uint32_t n = ncd_get_u32(&in);
    size_t begin = 0;
    ncd_get_u64(&in);
    for (uint32_t i = 0; i < n; i++) {
        ncd_text tag = ncd_get_bytes(&in, 4);
        ncd_get_bytes(&in, 12);
        uint64_t nbytes = ncd_get_u64(&in);
        begin = (size_t)(in.at - file->bytes);
        ncd_get_bytes(&in, nbytes);
        if (i + 1 == n)
            ck_assert_mem_eq(tag.bytes, "TABL", 4);
    }
    ck_assert(!in.failed);
    ck_assert_uint_eq(begin % NCD_TABLE_ALIGNMENT, 0);
    return begin;
}

static void set_checksum(struct ncd_buf *file)
{
    file->n -= NCD_MODEL_CHECKSUM_NBYTES;
    ck_assert_int_eq(ncd_put_u64(file, XXH3_64bits(file->bytes, file->n)),
                     NCD_OK);
}

/* Numbers of 4 bytes: seven sizes, and where the shards' slots are. */
#define N_HEAD (2 * (7 + NCD_N_SHARDS + 1))

/* A model whose counts make no sense may learn nonsense from them. */
static void expect_going_on(const ncd_model *model, const ncd_dataset *data)
{
    ncd_model *updated;
    ncd_error err;
    ck_status(ncd_model_update(model, data, NULL, NULL, &updated, &err), NCD_OK,
              &err);
    ncd_model_free(updated);
}

/* With the checksum put right: what is altered is refused, or it answers and
 * takes new texts in. */
START_TEST(a_table_is_not_trusted)
{
    static const uint32_t odd[] = {0,          1,         1 << 20, 1u << 31,
                                   UINT32_MAX, 0x7fc00000 /* not a number */};
    ncd_dataset *data = random_dataset(12, 3, 10, 60);
    ncd_model *model = class_model(data), *loaded;
    const char *path = scratch("altered.ncd");
    struct rng rng = {13};
    int n_refused = 0, n_read = 0;
    ncd_error err;
    ck_status(ncd_model_save(model, path, &err), NCD_OK, &err);
    struct ncd_buf file = read_whole(path);
    size_t begin = table_begin(&file);
    size_t n_numbers = (file.n - NCD_MODEL_CHECKSUM_NBYTES - begin) / 4;
    for (int round = 0; round < 400; round++) {
        /* The head, where sizes are, and all of it. */
        size_t i = rng_below(&rng, round % 2 ? N_HEAD : n_numbers);
        unsigned char kept[4], *at = file.bytes + begin + 4 * i;
        memcpy(kept, at, 4);
        memcpy(at, &odd[rng_below(&rng, COUNT(odd))], 4);
        set_checksum(&file);
        write_file(path, file.bytes, file.n);
        ncd_status status = ncd_model_load(path, &loaded, &err);
        if (status == NCD_OK) {
            expect_same_answers(loaded, loaded);
            expect_going_on(loaded, data);
            ncd_model_free(loaded);
            n_read++;
        } else {
            ck_assert_int_eq(status, NCD_ERR_MODEL);
            n_refused++;
        }
        memcpy(at, kept, 4);
    }
    ck_assert_int_gt(n_refused, 50);
    ck_assert_int_gt(n_read, 50);
    ncd_buf_free(&file);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

START_TEST(class_models_of_earlier_versions_are_refused)
{
    ncd_dataset *data = random_dataset(14, 2, 5, 40);
    ncd_model *model = class_model(data), *loaded;
    const char *path = scratch("first.ncd");
    ncd_error err;
    ck_status(ncd_model_save(model, path, &err), NCD_OK, &err);
    struct ncd_buf file = read_whole(path);
    for (unsigned char version = 1; version < NCD_MODEL_VERSION_OF_CLASS;
         version++) {
        file.bytes[NCD_MODEL_MAGIC_NBYTES] = version;
        set_checksum(&file);
        write_file(path, file.bytes, file.n);
        ck_status(ncd_model_load(path, &loaded, &err), NCD_ERR_MODEL, &err);
        ck_assert_ptr_nonnull(strstr(err.message, "train it again"));
    }
    ncd_buf_free(&file);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

/* The texts from `first` on of every second or of all. */
static ncd_dataset *part_of(const ncd_dataset *data, size_t first, size_t step)
{
    size_t chosen[200], n = 0;
    ncd_dataset *part;
    ncd_error err;
    for (size_t i = first; i < data->n; i += step)
        chosen[n++] = i;
    ck_status(ncd_dataset_select(data, chosen, n, &part, &err), NCD_OK, &err);
    return part;
}

static void expect_same_model(ncd_model *a, ncd_model *b)
{
    expect_same_file(a, b);
    ncd_model_free(a);
    ncd_model_free(b);
}

START_TEST(updating_is_training_on_all)
{
    for (int method = NCD_METHOD_KNN; method <= NCD_METHOD_CLASS; method++) {
        ncd_dataset *all = random_dataset(13, 4, 15, 120);
        ncd_dataset *rest = part_of(all, 12, 1);
        size_t chosen[12];
        ncd_dataset *some;
        ncd_model *model, *updated, *reduced;
        ncd_error err;
        for (size_t i = 0; i < 12; i++)
            chosen[i] = i;
        ck_status(ncd_dataset_select(all, chosen, 12, &some, &err), NCD_OK,
                  &err);
        model = model_of(some, (ncd_method)method, 0);
        ck_status(ncd_model_update(model, rest, NULL, NULL, &updated, &err),
                  NCD_OK, &err);
        ncd_model_free(model);
        ck_status(ncd_model_update(updated, NULL, rest, NULL, &reduced, &err),
                  NCD_OK, &err);
        expect_same_model(updated, model_of(all, (ncd_method)method, 0));
        expect_same_model(reduced, model_of(some, (ncd_method)method, 0));
        ncd_dataset_free(all);
        ncd_dataset_free(some);
        ncd_dataset_free(rest);
    }
}
END_TEST

/* The first class as a whole, and texts out of the middle. */
START_TEST(forgetting_is_training_without)
{
    ncd_dataset *all = random_dataset(17, 4, 12, 90), *gone, *rest;
    size_t forgotten[48], kept[48], n_forgotten = 0, n_kept = 0;
    ncd_model *model, *reduced;
    ncd_error err;
    for (size_t i = 0; i < all->n; i++)
        if (all->classes[i] == 0 || i % 7 == 3)
            forgotten[n_forgotten++] = i;
        else
            kept[n_kept++] = i;
    ck_status(ncd_dataset_select(all, forgotten, n_forgotten, &gone, &err),
              NCD_OK, &err);
    ck_status(ncd_dataset_select(all, kept, n_kept, &rest, &err), NCD_OK, &err);
    model = class_model(all);
    ck_status(ncd_model_update(model, NULL, gone, NULL, &reduced, &err), NCD_OK,
              &err);
    expect_same_model(reduced, class_model(rest));
    ncd_model_free(model);
    ncd_dataset_free(all);
    ncd_dataset_free(gone);
    ncd_dataset_free(rest);
}
END_TEST

START_TEST(only_what_is_there_can_be_forgotten)
{
    static const char *const have[] = {"a", "one", "b", "two",
                                       "a", "one", NULL};
    static const char *const both[] = {"a", "one", "a", "one", NULL};
    static const char *const three[] = {"a", "one", "a", "one",
                                        "a", "one", NULL};
    static const char *const other_label[] = {"b", "one", NULL};
    ncd_dataset *data = dataset_of(have), *gone = dataset_of(both);
    ncd_model *model = class_model(data), *updated;
    ncd_error err;
    ck_status(ncd_model_update(model, NULL, gone, NULL, &updated, &err), NCD_OK,
              &err);
    ck_assert_uint_eq(ncd_dataset_n_texts(ncd_model_dataset(updated)), 1);
    ck_assert_uint_eq(ncd_dataset_n_classes(ncd_model_dataset(updated)), 1);
    ncd_model_free(updated);
    ncd_dataset_free(gone);
    gone = dataset_of(three);
    ck_status(ncd_model_update(model, NULL, gone, NULL, &updated, &err),
              NCD_ERR_INPUT, &err);
    ncd_dataset_free(gone);
    gone = dataset_of(other_label);
    ck_status(ncd_model_update(model, NULL, gone, NULL, &updated, &err),
              NCD_ERR_INPUT, &err);
    ncd_dataset_free(gone);
    ck_status(ncd_model_update(model, NULL, data, NULL, &updated, &err),
              NCD_ERR_INPUT, &err);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

START_TEST(folds_are_judged_by_the_others)
{
    ncd_dataset *data = random_dataset(12, 3, 20, 200);
    ncd_model *model = class_model(data);
    ncd_report *report;
    ncd_error err;
    ck_status(ncd_eval_folds(model, 4, 1, NULL, &report, &err), NCD_OK, &err);
    ck_assert_uint_eq(report->n_test, 60);
    ck_assert_uint_eq(report->calibration.n, 60);
    ck_assert_double_gt(report->score.accuracy, 0.6);
    uint64_t in_bins = 0;
    for (int i = 0; i < NCD_N_BINS; i++)
        in_bins += report->calibration.bins[i].n;
    ck_assert_uint_eq(in_bins, 60);
    ck_assert_uint_eq(report->calibration.coverages[0].n, 60);
    ncd_report_free(report);
    ck_status(ncd_eval_folds(model, 0, 1, NULL, &report, &err),
              NCD_ERR_ARGUMENT, &err);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {logarithm_and_exponential_are_right,
                                  cases_are_rounded_to_their_unit,
                                  softmax_fit_finds_the_minimum,
                                  softmax_fit_finds_it_where_features_are_alike,
                                  probabilities_sum_to_one,
                                  evidence_is_the_sum_of_log_ratios,
                                  leaving_out_is_training_without,
                                  threads_change_nothing,
                                  counting_goes_on_where_it_was,
                                  counts_of_other_texts_are_refused,
                                  answers_are_pinned,
                                  odd_data_trains,
                                  odd_data_has_defined_answers,
                                  it_learns,
                                  a_saved_model_answers_alike,
                                  a_table_is_not_trusted,
                                  class_models_of_earlier_versions_are_refused,
                                  updating_is_training_on_all,
                                  forgetting_is_training_without,
                                  only_what_is_there_can_be_forgotten,
                                  folds_are_judged_by_the_others};
    return run_tests("classmodel", tests, COUNT(tests), 60);
}
