/* SPDX-License-Identifier: MIT */
/* Temperatures, class models and neighbours together, and the choice. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classmodel/softmax.h"
#include "classmodel/temper.h"
#include "model/both.h"
#include "support.h"

/* --- Temperatures --- */

enum { N = 600, CLASSES = 3 };

/* Scores that say the right thing, some of them far too loudly. */
static void make_scores(float *scores, uint32_t *truth)
{
    struct rng rng = {5};
    for (int i = 0; i < N; i++) {
        double p[CLASSES], loud = i % 2 ? 8 : 1;
        for (int c = 0; c < CLASSES; c++)
            p[c] = (double)rng_below(&rng, 3000) / 1000;
        for (int c = 0; c < CLASSES; c++)
            scores[i * CLASSES + c] = (float)(loud * p[c]);
        ncd_softmax(p, CLASSES);
        double at = (double)rng_below(&rng, 1000000) / 1000000;
        truth[i] = at < p[0] ? 0 : at < p[0] + p[1] ? 1 : 2;
    }
}

static double bits_of(const float *scores, const uint32_t *truth,
                      struct ncd_temper temper)
{
    double bits = 0;
    for (int i = 0; i < N; i++) {
        double p[CLASSES];
        for (int c = 0; c < CLASSES; c++)
            p[c] = (double)scores[i * CLASSES + c];
        ncd_temper_scores(temper, p, CLASSES);
        ncd_softmax(p, CLASSES);
        bits -= log2(p[truth[i]]);
    }
    return bits / N;
}

/* Fits to n texts' scores: [n][n_classes]. */
static struct ncd_temper fit_temper(const float *scores, const uint32_t *truth,
                                    size_t n, size_t n_classes)
{
    int16_t x[N * CLASSES];
    float units[N * NCD_N_FACTORS];
    double row[CLASSES];
    struct ncd_temper_data data = {n, n_classes, x, units, truth};
    struct ncd_temper temper;
    ncd_error err;
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < n_classes; c++)
            row[c] = (double)scores[i * n_classes + c];
        ncd_temper_put(&data, i, row);
    }
    ck_status(ncd_temper_fit(&data, 2, &temper, &err), NCD_OK, &err);
    return temper;
}

START_TEST(temperature_shortens_the_code_and_keeps_the_order)
{
    float scores[N * CLASSES];
    uint32_t truth[N];
    make_scores(scores, truth);
    struct ncd_temper temper = fit_temper(scores, truth, N, CLASSES);
    ck_assert_double_ge(temper.plain, 0);
    ck_assert_double_gt(temper.scaled, 0);
    double fitted = bits_of(scores, truth, temper);
    ck_assert_double_lt(fitted, bits_of(scores, truth, NCD_NO_TEMPER) - 0.3);
    for (double step = -0.1; step < 0.2; step += 0.2) {
        struct ncd_temper near = temper;
        near.plain += fabs(step);
        near.scaled += step;
        ck_assert_double_gt(bits_of(scores, truth, near), fitted);
    }
    double three[CLASSES] = {-1, 5, 2};
    ncd_temper_scores(temper, three, CLASSES);
    ck_assert(three[1] > three[2] && three[2] > three[0]);
}
END_TEST

START_TEST(odd_scores_have_a_temperature)
{
    const float equal[4] = {1, 1, 2, 2}, wrong[4] = {0, 9, 0, 9}, one[1] = {3};
    const uint32_t truth[2] = {0, 0};
    struct ncd_temper temper = fit_temper(equal, truth, 2, 2);
    ck_assert(isfinite(temper.plain) && isfinite(temper.scaled));
    /* What is always wrong is not turned round. */
    temper = fit_temper(wrong, truth, 2, 2);
    ck_assert(temper.plain >= 0 && temper.scaled >= 0);
    ck_assert_double_gt(temper.plain + temper.scaled, 0);
    temper = fit_temper(one, truth, 1, 1);
    ck_assert_double_gt(temper.plain + temper.scaled, 0);
}
END_TEST

/* --- Both together --- */

START_TEST(mixing_is_a_product_of_experts)
{
    double p[3] = {0.5, 0.25, 0.25}, same[3] = {0.5, 0.25, 0.25};
    const double q[3] = {0.1, 0.8, 0.1};
    ncd_both_mix(same, q, 3, 0);
    for (int c = 0; c < 3; c++)
        ck_assert_double_eq_tol(same[c], p[c], 1e-12);
    ncd_both_mix(p, q, 3, 2);
    double sum = 0.5 * 0.01 + 0.25 * 0.64 + 0.25 * 0.01;
    ck_assert_double_eq_tol(p[0], 0.5 * 0.01 / sum, 1e-12);
    ck_assert_double_eq_tol(p[1], 0.25 * 0.64 / sum, 1e-12);
    ck_assert_double_eq_tol(p[0] + p[1] + p[2], 1, 1e-12);
    double none[2] = {0, 1};
    ncd_both_mix(none, q, 2, 1);
    ck_assert(none[0] >= 0 && none[0] < 1e-20);
}
END_TEST

/* Neighbours that know nothing get no say, those that know all a large one. */
START_TEST(the_weight_is_what_neighbours_are_worth)
{
    enum { M = 300 };
    float p[2 * M], noise[2 * M], good[2 * M];
    uint32_t truth[M];
    struct rng rng = {6};
    for (int i = 0; i < M; i++) {
        truth[i] = (uint32_t)rng_below(&rng, 2);
        p[2 * i] = truth[i] == 0 ? 0.6f : 0.4f;
        noise[2 * i] = rng_below(&rng, 2) ? 0.9f : 0.1f;
        good[2 * i] = truth[i] == 0 ? 0.8f : 0.2f;
        p[2 * i + 1] = 1 - p[2 * i];
        noise[2 * i + 1] = 1 - noise[2 * i];
        good[2 * i + 1] = 1 - good[2 * i];
    }
    ck_assert_double_lt(ncd_both_fit(p, noise, truth, M, 2), 0.15);
    ck_assert_double_gt(ncd_both_fit(p, good, truth, M, 2), 1);
}
END_TEST

static void expect_same_answers(const ncd_model *a, const ncd_model *b,
                                const ncd_dataset *test)
{
    ncd_prediction *p, *q;
    ncd_error err;
    ck_assert_int_eq(ncd_prediction_new(&p), NCD_OK);
    ck_assert_int_eq(ncd_prediction_new(&q), NCD_OK);
    for (size_t i = 0; i < test->n; i++) {
        ncd_text text = ncd_dataset_text(test, i);
        double sum = 0;
        ck_status(ncd_model_predict(a, &text, 1, NULL, p, &err), NCD_OK, &err);
        ck_status(ncd_model_predict(b, &text, 1, NULL, q, &err), NCD_OK, &err);
        ck_assert_uint_eq(ncd_prediction_n_labels(p, 0), 3);
        ck_assert_uint_eq(ncd_prediction_n_neighbors(p, 0), 3);
        for (size_t r = 0; r < 3; r++) {
            ck_assert_str_eq(ncd_prediction_label(p, 0, r),
                             ncd_prediction_label(q, 0, r));
            ck_assert_double_eq(ncd_prediction_share(p, 0, r),
                                ncd_prediction_share(q, 0, r));
            sum += ncd_prediction_share(p, 0, r);
        }
        ck_assert_double_eq_tol(sum, 1, 1e-9);
    }
    ncd_prediction_free(p);
    ncd_prediction_free(q);
}

START_TEST(a_saved_model_of_both_answers_alike)
{
    ncd_dataset *data = random_dataset(21, 3, 12, 150);
    ncd_dataset *test = random_dataset(22, 3, 4, 150);
    ncd_model *model = model_of(data, NCD_METHOD_BOTH, 1), *loaded;
    ncd_model *threads = model_of(data, NCD_METHOD_BOTH, 3);
    ncd_error err;
    const char *path = scratch("both.ncd");
    expect_same_file(model, threads);
    ck_status(ncd_model_save(model, path, &err), NCD_OK, &err);
    ck_status(ncd_model_load(path, &loaded, &err), NCD_OK, &err);
    expect_same_answers(model, loaded, test);
    expect_same_answers(model, threads, test);
    expect_same_file(model, loaded);
    ncd_model_free(model);
    ncd_model_free(threads);
    ncd_model_free(loaded);
    ncd_dataset_free(data);
    ncd_dataset_free(test);
}
END_TEST

START_TEST(updating_both_is_training_on_all)
{
    ncd_dataset *data = random_dataset(23, 3, 10, 120), *some;
    size_t chosen[20];
    ncd_error err;
    for (size_t i = 0; i < 20; i++)
        chosen[i] = i;
    ck_status(ncd_dataset_select(data, chosen, 20, &some, &err), NCD_OK, &err);
    ncd_model *whole = model_of(data, NCD_METHOD_BOTH, 2), *less;
    ncd_model *part = model_of(some, NCD_METHOD_BOTH, 2), *more;
    ck_status(ncd_model_update(whole, NULL, NULL, NULL, &more, &err), NCD_OK,
              &err);
    expect_same_file(whole, more);
    ncd_model_free(more);
    size_t rest[10];
    for (size_t i = 0; i < 10; i++)
        rest[i] = 20 + i;
    ncd_dataset *others;
    ck_status(ncd_dataset_select(data, rest, 10, &others, &err), NCD_OK, &err);
    ck_status(ncd_model_update(part, others, NULL, NULL, &more, &err), NCD_OK,
              &err);
    ck_status(ncd_model_update(whole, NULL, others, NULL, &less, &err), NCD_OK,
              &err);
    expect_same_file(whole, more);
    expect_same_file(part, less);
    ncd_model_free(whole);
    ncd_model_free(part);
    ncd_model_free(more);
    ncd_model_free(less);
    ncd_dataset_free(data);
    ncd_dataset_free(some);
    ncd_dataset_free(others);
}
END_TEST

/* --- The choice --- */

/* The rule of ncdclass.h, written down once more. */
static int may_win(const ncd_contender *c)
{
    double won = (double)c->n_won, lost = (double)c->n_lost;
    return won - lost > 3 * sqrt(won + lost);
}

static void expect_choice(const ncd_model *model, uint64_t n_judged)
{
    size_t n = ncd_model_n_contenders(model), chosen = n;
    const ncd_contender *best = ncd_model_contender(model, 0), *knn = NULL;
    ncd_options options;
    ck_assert_uint_ge(n, 1 + 4 + 1);
    ck_assert_int_eq(best->method, NCD_METHOD_CLASS);
    for (size_t i = 0; i < n; i++) {
        const ncd_contender *c = ncd_model_contender(model, i);
        ck_assert_uint_eq(c->n_judged, n_judged);
        ck_assert_uint_eq(c->n_correct + c->n_lost,
                          ncd_model_contender(model, 0)->n_correct + c->n_won);
        ck_assert_double_gt(c->label_bits, 0);
        ck_assert_double_gt(c->data_bits, 0);
        ck_assert_double_gt(c->model_bits, 0);
        if (c->method == NCD_METHOD_KNN &&
            (!knn || c->n_correct > knn->n_correct))
            knn = c;
        if (c->chosen) {
            ck_assert_uint_eq(chosen, n);
            chosen = i;
        }
    }
    const ncd_contender *both = ncd_model_contender(model, n - 1);
    ck_assert_int_eq(both->method, NCD_METHOD_BOTH);
    if (may_win(knn) && knn->n_correct > best->n_correct)
        best = knn;
    if (may_win(both) && both->n_correct > best->n_correct)
        best = both;
    ck_assert_ptr_eq(ncd_model_contender(model, chosen), best);
    ncd_model_options(model, &options);
    ck_assert_int_eq(best->method, options.method);
    if (best->method == NCD_METHOD_CLASS)
        return;
    ck_assert_uint_eq(best->k, options.k);
    ck_assert_str_eq(best->compressor, options.compressor);
    ck_assert_int_eq(best->distance, options.distance);
    ck_assert_int_eq(best->order, options.order);
}

/* Labels that follow a whole of bytes no gram of which says anything: each text
 * shuffles the same letters in its own way, and has two copies but for a byte.
 */
static ncd_dataset *copies(void)
{
    ncd_dataset *data;
    ncd_error err;
    struct rng rng = {9};
    ck_assert_int_eq(ncd_dataset_new(&data), NCD_OK);
    for (int i = 0; i < 40; i++) {
        char text[300];
        for (size_t j = 0; j < sizeof text; j++)
            text[j] = (char)('a' + rng_below(&rng, 2));
        const char *label = rng_below(&rng, 2) ? "x" : "y";
        for (char copy = '0'; copy < '3'; copy++) {
            text[0] = copy;
            ck_status(ncd_dataset_add(data, text_of(label),
                                      (ncd_text){text, sizeof text}, NULL, 0,
                                      &err),
                      NCD_OK, &err);
        }
    }
    return data;
}

START_TEST(the_best_by_training_texts_is_chosen)
{
    ncd_dataset *data = random_dataset(14, 3, 15, 150);
    ncd_model *model = model_of(data, NCD_METHOD_AUTO, 2), *loaded;
    ncd_error err;
    const char *path = scratch("auto.ncd");
    expect_choice(model, 45);
    ck_status(ncd_model_save(model, path, &err), NCD_OK, &err);
    ck_status(ncd_model_load(path, &loaded, &err), NCD_OK, &err);
    expect_choice(loaded, 45);
    expect_same_file(model, loaded);
    ncd_model_free(model);
    ncd_model_free(loaded);
    ncd_dataset_free(data);
}
END_TEST

START_TEST(neighbours_are_chosen_where_only_they_know)
{
    ncd_dataset *data = copies();
    ncd_model *model = model_of(data, NCD_METHOD_AUTO, 2);
    ncd_options options;
    expect_choice(model, 120);
    ncd_model_options(model, &options);
    ck_assert_int_ne(options.method, NCD_METHOD_CLASS);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

/* What is asked for comes on top of all that is tried anyway. */
START_TEST(there_is_room_for_all_contenders)
{
    ncd_dataset *data = random_dataset(15, 2, 8, 60);
    ncd_options options;
    ncd_model *model, *loaded;
    ncd_error err;
    const char *path = scratch("many.ncd");
    ncd_options_init(&options);
    options.method = NCD_METHOD_AUTO;
    options.compressor = "zlib";
    options.distance = NCD_DISTANCE_CLM;
    options.order = NCD_ORDER_MEAN;
    ck_status(ncd_model_train(data, &options, &model, &err), NCD_OK, &err);
    size_t n = ncd_model_n_contenders(model);
    ck_assert_uint_le(n, NCD_MAX_CONTENDERS);
    ck_assert_uint_ge(n, NCD_MAX_CONTENDERS - 4 * 2); /* lz4 and ppm may lack */
    expect_choice(model, 16);
    ck_status(ncd_model_save(model, path, &err), NCD_OK, &err);
    ck_status(ncd_model_load(path, &loaded, &err), NCD_OK, &err);
    ck_assert_uint_eq(ncd_model_n_contenders(loaded), n);
    expect_choice(loaded, 16);
    ncd_model_free(model);
    ncd_model_free(loaded);
    ncd_dataset_free(data);
}
END_TEST

static ncd_status read_back(const char *compressor, size_t n)
{
    struct ncd_contenders *all = calloc(1, sizeof *all);
    struct ncd_buf out = {0};
    all->n = 1;
    all->items[0] = (ncd_contender){.k = 1, .n_judged = 2, .n_correct = 1};
    strcpy(all->specs[0], compressor);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(ncd_put_contenders(&out, all), NCD_OK);
    struct ncd_cursor in = {out.bytes, out.bytes + out.n, 0};
    ncd_status status = ncd_get_contenders(&in, all);
    if (status == NCD_OK)
        ck_assert_uint_eq(all->n, n);
    ncd_buf_free(&out);
    free(all);
    return status;
}

START_TEST(contenders_of_a_file_are_not_trusted)
{
    ck_assert_int_eq(read_back("gzip:9", 1), NCD_OK);
    ck_assert_int_eq(read_back("gzip:9", NCD_MAX_CONTENDERS), NCD_OK);
    ck_assert_int_eq(read_back("gzip:9", NCD_MAX_CONTENDERS + 1),
                     NCD_ERR_MODEL);
    ck_assert_int_eq(read_back("\033[2J", 1), NCD_ERR_MODEL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        temperature_shortens_the_code_and_keeps_the_order,
        odd_scores_have_a_temperature,
        mixing_is_a_product_of_experts,
        the_weight_is_what_neighbours_are_worth,
        a_saved_model_of_both_answers_alike,
        updating_both_is_training_on_all,
        the_best_by_training_texts_is_chosen,
        neighbours_are_chosen_where_only_they_know,
        there_is_room_for_all_contenders,
        contenders_of_a_file_are_not_trusted,
    };
    return run_tests("auto", tests, COUNT(tests), 60);
}
