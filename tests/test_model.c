/* SPDX-License-Identifier: MIT */
/* Training, predicting, saving and loading. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "support.h"

static ncd_model *train(const ncd_dataset *data, const ncd_options *options)
{
    ncd_model *model;
    ncd_error err;
    ck_status(ncd_model_train(data, options, &model, &err), NCD_OK, &err);
    return model;
}

static ncd_model *random_model(const ncd_options *options)
{
    ncd_dataset *data = random_dataset(50, 3, 10, 200);
    ncd_model *model = train(data, options);
    ncd_dataset_free(data);
    return model;
}

static void save(const ncd_model *model, const char *path)
{
    ncd_error err;
    ck_status(ncd_model_save(model, path, &err), NCD_OK, &err);
}

static ncd_model *load(const char *path)
{
    ncd_model *model;
    ncd_error err;
    ck_status(ncd_model_load(path, &model, &err), NCD_OK, &err);
    return model;
}

static ncd_prediction *predict(const ncd_model *model, const ncd_dataset *data,
                               const ncd_predict_options *options)
{
    size_t n = ncd_dataset_n_texts(data);
    ncd_text *texts = calloc(n + 1, sizeof *texts);
    ncd_prediction *p;
    ncd_error err;
    for (size_t i = 0; i < n; i++)
        texts[i] = ncd_dataset_text(data, i);
    ck_assert_int_eq(ncd_prediction_new(&p), NCD_OK);
    ck_status(ncd_model_predict(model, texts, n, options, p, &err), NCD_OK,
              &err);
    free(texts);
    return p;
}

static void expect_same_answer(const ncd_prediction *a, const ncd_prediction *b,
                               size_t i)
{
    ck_assert_uint_eq(ncd_prediction_n_labels(a, i),
                      ncd_prediction_n_labels(b, i));
    ck_assert_uint_eq(ncd_prediction_n_neighbors(a, i),
                      ncd_prediction_n_neighbors(b, i));
    for (size_t r = 0; r < ncd_prediction_n_labels(a, i); r++) {
        ck_assert_str_eq(ncd_prediction_label(a, i, r),
                         ncd_prediction_label(b, i, r));
        ck_assert_double_eq(ncd_prediction_share(a, i, r),
                            ncd_prediction_share(b, i, r));
    }
    for (size_t j = 0; j < ncd_prediction_n_neighbors(a, i); j++) {
        ncd_neighbor p = ncd_prediction_neighbor(a, i, j);
        ncd_neighbor q = ncd_prediction_neighbor(b, i, j);
        ck_assert_uint_eq(p.index, q.index);
        ck_assert_double_eq(p.distance, q.distance);
    }
}

/* Both models' answers to 20 texts they have not seen. */
static void expect_same_predictions(const ncd_model *a, const ncd_model *b)
{
    ncd_dataset *data = random_dataset(51, 4, 5, 150);
    ncd_prediction *p = predict(a, data, NULL), *q = predict(b, data, NULL);
    for (size_t i = 0; i < 20; i++)
        expect_same_answer(p, q, i);
    ncd_prediction_free(p);
    ncd_prediction_free(q);
    ncd_dataset_free(data);
}

static void expect_same_bytes(const char *a, const char *b)
{
    struct ncd_buf x = read_whole(a), y = read_whole(b);
    ck_assert(same_text(ncd_buf_text(&x), ncd_buf_text(&y)));
    ncd_buf_free(&x);
    ncd_buf_free(&y);
}

/* --- Training --- */

START_TEST(training_copies_data_and_settings)
{
    ncd_dataset *data = random_dataset(52, 3, 4, 100);
    char spec[] = "zstd:5", separator[] = "\0|";
    ncd_options options, got;
    ncd_options_init(&options);
    options.compressor = spec;
    options.separator = (ncd_text){separator, 2};
    options.distance = NCD_DISTANCE_CLM;
    options.order = NCD_ORDER_MEAN;
    options.vote = NCD_VOTE_WEIGHTED;
    options.k = 3;
    ncd_model *model = train(data, &options);
    spec[0] = separator[1] = '?';
    ncd_dataset_free(data);
    data = random_dataset(52, 3, 4, 100);
    ncd_model_options(model, &got);
    ck_assert_str_eq(got.compressor, "zstd:5");
    ck_assert(same_text(got.separator, (ncd_text){"\0|", 2}));
    ck_assert_int_eq(got.distance, NCD_DISTANCE_CLM);
    ck_assert_int_eq(got.order, NCD_ORDER_MEAN);
    ck_assert_int_eq(got.vote, NCD_VOTE_WEIGHTED);
    ck_assert_uint_eq(got.k, 3);
    const ncd_dataset *kept = ncd_model_dataset(model);
    ck_assert_uint_eq(ncd_dataset_n_texts(kept), 12);
    for (size_t i = 0; i < 12; i++)
        ck_assert(
            same_text(ncd_dataset_text(kept, i), ncd_dataset_text(data, i)));
    ncd_dataset_free(data);
    ncd_model_free(model);
    ncd_model_free(NULL);
}
END_TEST

START_TEST(training_measures_sizes)
{
    ncd_model *model = random_model(NULL);
    const ncd_dataset *data = ncd_model_dataset(model);
    ncd_engine *engine;
    ncd_error err;
    ck_status(ncd_engine_open(NULL, &engine, &err), NCD_OK, &err);
    for (size_t i = 0; i < ncd_dataset_n_texts(data); i++) {
        double size;
        ck_status(
            ncd_engine_size(engine, ncd_dataset_text(data, i), &size, &err),
            NCD_OK, &err);
        ck_assert_double_eq(ncd_model_size(model, i), size);
    }
    ck_assert_str_eq(ncd_model_library(model), ncd_model_library_now(model));
    ck_assert_ptr_eq(strstr(ncd_model_library(model), "zlib "),
                     ncd_model_library(model));
    ncd_engine_close(engine);
    ncd_model_free(model);
}
END_TEST

START_TEST(training_refuses_what_it_cannot_use)
{
    const char *const unlabelled[] = {"a", "x", "", "y", NULL};
    ncd_dataset *none, *some = dataset_of(unlabelled);
    ncd_dataset *good = random_dataset(53, 2, 2, 50);
    ncd_model *model;
    ncd_error err;
    ncd_options options;
    ck_assert_int_eq(ncd_dataset_new(&none), NCD_OK);
    ck_assert_int_eq(ncd_model_train(none, NULL, &model, &err), NCD_ERR_INPUT);
    ck_assert_int_eq(ncd_model_train(some, NULL, &model, &err), NCD_ERR_INPUT);
    ck_assert_ptr_eq(strstr(err.message, "given:2: "), err.message);
    for (int bad = 0; bad < 4; bad++) {
        ncd_options_init(&options);
        options.k = bad != 0;
        options.vote = bad == 1 ? (ncd_vote)2 : NCD_VOTE_MAJORITY;
        options.compressor = bad == 2 ? "zip" : "gzip";
        options.distance = bad == 3 ? (ncd_distance)9 : NCD_DISTANCE_NCD;
        ck_assert_int_eq(ncd_model_train(good, &options, &model, &err),
                         NCD_ERR_ARGUMENT);
    }
    ncd_dataset_free(none);
    ncd_dataset_free(some);
    ncd_dataset_free(good);
}
END_TEST

START_TEST(texts_beyond_half_the_window_are_counted)
{
    ncd_dataset *data;
    static char text[20000];
    ncd_error err;
    struct rng rng = {54};
    random_english(&rng, 0, text, sizeof text);
    ck_assert_int_eq(ncd_dataset_new(&data), NCD_OK);
    const size_t lengths[] = {100, 16384, 16385, 20000};
    for (size_t i = 0; i < COUNT(lengths); i++)
        ck_status(ncd_dataset_add(data, text_of("a"),
                                  (ncd_text){text, lengths[i]}, NULL, 0, &err),
                  NCD_OK, &err);
    ncd_model *model = train(data, NULL);
    ck_assert_uint_eq(ncd_model_window(model), 32768);
    ck_assert_uint_eq(ncd_model_n_over_window(model), 2);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

static int stop_at_once(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    return done <= total;
}

START_TEST(long_calls_can_be_stopped)
{
    ncd_dataset *data = random_dataset(55, 2, 200, 3000);
    ncd_options options;
    ncd_predict_options predict_options;
    ncd_model *model;
    ncd_prediction *p;
    ncd_error err;
    ncd_options_init(&options);
    options.compressor = "lzma:9";
    options.threads = 1;
    options.progress = stop_at_once;
    ck_assert_int_eq(ncd_model_train(data, &options, &model, &err),
                     NCD_ERR_CANCELLED);
    ncd_dataset_free(data);

    data = random_dataset(55, 2, 50, 500);
    options.compressor = "lzma:0";
    options.progress = NULL;
    model = train(data, &options);
    ncd_text texts[100];
    for (size_t i = 0; i < 100; i++)
        texts[i] = ncd_dataset_text(data, i);
    ncd_predict_options_init(&predict_options);
    predict_options.threads = 1;
    predict_options.progress = stop_at_once;
    ck_assert_int_eq(ncd_prediction_new(&p), NCD_OK);
    ck_assert_int_eq(
        ncd_model_predict(model, texts, 100, &predict_options, p, &err),
        NCD_ERR_CANCELLED);
    ncd_prediction_free(p);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

/* --- Prediction --- */

START_TEST(a_training_text_is_its_own_neighbour)
{
    ncd_model *model = random_model(NULL);
    ncd_predict_options options;
    ncd_predict_options_init(&options);
    options.k = 1;
    const ncd_dataset *data = ncd_model_dataset(model);
    ncd_prediction *p = predict(model, data, &options);
    for (size_t i = 0; i < ncd_dataset_n_texts(data); i++) {
        ck_assert_uint_eq(ncd_prediction_n_neighbors(p, i), 1);
        ck_assert_uint_eq(ncd_prediction_neighbor(p, i, 0).index, i);
        ck_assert_uint_eq(ncd_prediction_class(p, i, 0),
                          ncd_dataset_class(data, i));
        ck_assert_double_eq(ncd_prediction_share(p, i, 0), 1);
    }
    ncd_prediction_free(p);
    ncd_model_free(model);
}
END_TEST

START_TEST(answers_do_not_depend_on_threads_or_batches)
{
    ncd_model *model = random_model(NULL);
    ncd_dataset *data = random_dataset(56, 3, 10, 150);
    ncd_predict_options options;
    ncd_prediction *one;
    ncd_error err;
    const unsigned threads[] = {1, 2, 3, 7};
    ck_assert_int_eq(ncd_prediction_new(&one), NCD_OK);
    ncd_predict_options_init(&options);
    options.threads = 1;
    ncd_prediction *all = predict(model, data, &options);
    for (size_t t = 0; t < COUNT(threads); t++) {
        options.threads = threads[t];
        ncd_prediction *again = predict(model, data, &options);
        for (size_t i = 0; i < 30; i++)
            expect_same_answer(all, again, i);
        ncd_prediction_free(again);
        /* One by one: the training texts are then cut into tiles. */
        for (size_t i = 0; i < 30; i++) {
            ncd_text text = ncd_dataset_text(data, i);
            ck_status(ncd_model_predict(model, &text, 1, &options, one, &err),
                      NCD_OK, &err);
            ck_assert_str_eq(ncd_prediction_label(one, 0, 0),
                             ncd_prediction_label(all, i, 0));
            ck_assert_double_eq(ncd_prediction_neighbor(one, 0, 4).distance,
                                ncd_prediction_neighbor(all, i, 4).distance);
        }
    }
    ncd_prediction_free(one);
    ncd_prediction_free(all);
    ncd_dataset_free(data);
    ncd_model_free(model);
}
END_TEST

START_TEST(a_prediction_serves_one_model_after_another)
{
    ncd_options options;
    ncd_prediction *p;
    ncd_error err;
    ncd_text text = text_of("tare nore lire");
    const char *const compressors[] = {"gzip", "zstd", "gzip:1", "lzma:0"};
    ck_assert_int_eq(ncd_prediction_new(&p), NCD_OK);
    for (size_t c = 0; c < COUNT(compressors); c++) {
        ncd_options_init(&options);
        options.compressor = compressors[c];
        options.threads = 2;
        ncd_model *model = random_model(&options);
        ncd_prediction *fresh;
        ck_assert_int_eq(ncd_prediction_new(&fresh), NCD_OK);
        ck_status(ncd_model_predict(model, &text, 1, NULL, p, &err), NCD_OK,
                  &err);
        ck_status(ncd_model_predict(model, &text, 1, NULL, fresh, &err), NCD_OK,
                  &err);
        expect_same_answer(p, fresh, 0);
        ncd_prediction_free(fresh);
        ncd_model_free(model);
    }
    ncd_prediction_free(p);
    ncd_prediction_free(NULL);
}
END_TEST

START_TEST(options_of_a_prediction_override_the_models)
{
    ncd_options options;
    ncd_options_init(&options);
    options.k = 4;
    options.vote = NCD_VOTE_WEIGHTED;
    ncd_model *model = random_model(&options);
    ncd_dataset *data = random_dataset(57, 2, 3, 100);
    ncd_predict_options over;
    ncd_predict_options_init(&over);
    ncd_prediction *p = predict(model, data, &over);
    ck_assert_uint_eq(ncd_prediction_n_neighbors(p, 0), 4);
    ncd_prediction_free(p);
    over.k = 7;
    over.vote = NCD_VOTE_MAJORITY;
    p = predict(model, data, &over);
    ck_assert_uint_eq(ncd_prediction_n_neighbors(p, 0), 7);
    double votes = ncd_prediction_share(p, 0, 0) * 7;
    ck_assert_double_eq_tol(votes, (int)(votes + 0.5), 1e-9);
    ncd_prediction_free(p);
    over.k = 1000;
    p = predict(model, data, &over);
    ck_assert_uint_eq(ncd_prediction_n_neighbors(p, 5), 30);
    ck_assert_uint_eq(ncd_prediction_n_labels(p, 5), 3);
    over.vote = 2;
    ncd_text text = text_of("x");
    ncd_error err;
    ck_assert_int_eq(ncd_model_predict(model, &text, 1, &over, p, &err),
                     NCD_ERR_ARGUMENT);
    ncd_prediction_free(p);
    ncd_dataset_free(data);
    ncd_model_free(model);
}
END_TEST

START_TEST(any_text_can_be_classified)
{
    const char *const rows[] = {"only", "", NULL};
    ncd_dataset *data = dataset_of(rows);
    ncd_text texts[] = {{NULL, 0}, {"a\0b", 3}, {"\xff\xfe", 2}};
    ncd_prediction *p;
    ncd_error err;
    ck_assert_int_eq(ncd_prediction_new(&p), NCD_OK);
    for (size_t i = 0; ncd_compressor_get(i); i++) {
        ncd_options options;
        ncd_options_init(&options);
        options.compressor = ncd_compressor_get(i)->name;
        options.separator.nbytes = 0;
        ncd_model *model = train(data, &options);
        ck_status(ncd_model_predict(model, texts, 3, NULL, p, &err), NCD_OK,
                  &err);
        for (size_t t = 0; t < 3; t++)
            ck_assert_str_eq(ncd_prediction_label(p, t, 0), "only");
        ck_status(ncd_model_predict(model, texts, 0, NULL, p, &err), NCD_OK,
                  &err);
        ncd_model_free(model);
    }
    ncd_prediction_free(p);
    ncd_dataset_free(data);
}
END_TEST

/* --- Saving and loading --- */

START_TEST(a_loaded_model_predicts_the_same)
{
    const char *path = scratch("model");
    for (size_t c = 0; ncd_compressor_get(c); c++) {
        ncd_options options, got;
        ncd_options_init(&options);
        options.compressor = ncd_compressor_get(c)->name;
        options.separator = (ncd_text){"\0\n=", 3 * (c % 2)};
        options.distance = (ncd_distance)(c % 4);
        options.order = (ncd_order)(c % 3);
        options.vote = (ncd_vote)(c % 2);
        options.k = 1 + (unsigned)c;
        ncd_model *model = random_model(&options);
        save(model, path);
        ck_assert(ncd_is_model(path));
        ncd_model *loaded = load(path);
        ncd_model_options(loaded, &got);
        ck_assert(same_text(got.separator, options.separator));
        ck_assert_int_eq(got.distance, options.distance);
        ck_assert_int_eq(got.order, options.order);
        ck_assert_int_eq(got.vote, options.vote);
        ck_assert_uint_eq(got.k, options.k);
        for (size_t i = 0; i < 30; i++)
            ck_assert_double_eq(ncd_model_size(loaded, i),
                                ncd_model_size(model, i));
        expect_same_predictions(model, loaded);
        ncd_model_free(model);
        ncd_model_free(loaded);
    }
}
END_TEST

START_TEST(rows_survive_a_round_trip)
{
    const char *path = scratch("model");
    ncd_dataset *data;
    ncd_error err;
    ck_assert_int_eq(ncd_dataset_new(&data), NCD_OK);
    const ncd_text texts[] = {{"a\0b", 3}, {NULL, 0}, {"\xff\n", 2}};
    const char *const labels[] = {"\xc3\xa9 =", "b", "\xff"};
    const char *const sources[] = {"one", NULL, "two"};
    for (size_t i = 0; i < 6; i++)
        ck_status(ncd_dataset_add(data, text_of(labels[i % 3]), texts[i / 2],
                                  sources[i % 3], i * 1000000000000, &err),
                  NCD_OK, &err);
    ncd_model *model = train(data, NULL);
    save(model, path);
    ncd_model_free(model);
    model = load(path);
    const ncd_dataset *got = ncd_model_dataset(model);
    ck_assert_uint_eq(ncd_dataset_n_classes(got), 3);
    for (size_t i = 0; i < 6; i++) {
        ck_assert(same_text(ncd_dataset_text(got, i), texts[i / 2]));
        ck_assert_str_eq(ncd_dataset_label(got, ncd_dataset_class(got, i)),
                         labels[i % 3]);
        ck_assert_str_eq(ncd_dataset_source(got, i),
                         sources[i % 3] ? sources[i % 3] : "");
        ck_assert_uint_eq(ncd_dataset_line(got, i), i * 1000000000000);
    }
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

START_TEST(the_same_data_give_the_same_bytes)
{
    const char *one = scratch("one"), *two = scratch("two");
    for (unsigned threads = 1; threads <= 3; threads++) {
        ncd_options options;
        ncd_options_init(&options);
        options.threads = threads;
        ncd_model *model = random_model(&options);
        save(model, threads == 1 ? one : two);
        ncd_model_free(model);
        if (threads > 1)
            expect_same_bytes(one, two);
    }
    ncd_model *loaded = load(one);
    save(loaded, two);
    expect_same_bytes(one, two);
    ncd_model_free(loaded);
}
END_TEST

/* By taking the data over, too. */
START_TEST(data_taken_over_give_the_same_bytes)
{
    char copied[1200], taken[1200];
    snprintf(copied, sizeof copied, "%s", scratch("copied"));
    snprintf(taken, sizeof taken, "%s", scratch("taken"));
    static const ncd_method methods[] = {NCD_METHOD_KNN, NCD_METHOD_CLASS,
                                         NCD_METHOD_AUTO, NCD_METHOD_BOTH};
    for (size_t i = 0; i < COUNT(methods); i++) {
        ncd_dataset *data = random_dataset(51, 3, 10, 200);
        ncd_options options;
        ncd_error err;
        ncd_options_init(&options);
        options.method = methods[i];
        options.threads = 1;
        ncd_model *model = train(data, &options);
        save(model, copied);
        ncd_model_free(model);
        ck_status(ncd_model_train_taking(data, &options, &model, &err), NCD_OK,
                  &err);
        save(model, taken);
        ncd_model_free(model);
        expect_same_bytes(copied, taken);
    }
}
END_TEST

START_TEST(a_failed_save_leaves_the_file)
{
    const char *folder = scratch("full"), *path = scratch("full/model");
    struct rlimit limit = {300, 300};
    ncd_model *model = random_model(NULL);
    ncd_error err;
    ck_assert_int_eq(ncd_model_save(model, scratch("none/model"), &err),
                     NCD_ERR_IO);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    write_string(path, "old");
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(ncd_model_save(model, path, &err), NCD_ERR_IO);
    ck_assert(file_holds(path, "old"));
    ck_assert_uint_eq(count_names(folder), 1);
    ncd_model_free(model);
}
END_TEST

START_TEST(what_is_no_model_is_told_so)
{
    const char *path = scratch("foreign");
    const char *const foreign[] = {"", "a\tx\n", "\x89PNG\r\n\x1a\n", "\x89NCD",
                                   "NCDM\r\n\x1a"};
    ncd_model *model;
    ncd_error err;
    for (size_t i = 0; i < COUNT(foreign); i++) {
        write_string(path, foreign[i]);
        ck_assert(!ncd_is_model(path));
        ck_assert_int_eq(ncd_model_load(path, &model, &err), NCD_ERR_MODEL);
        ck_assert_ptr_eq(strstr(err.message, path), err.message);
        ck_assert_ptr_nonnull(strstr(err.message, "no ncdclass model"));
    }
    write_string(path, "\x89NCDM\n\x1a");
    ck_assert_int_eq(ncd_model_load(path, &model, &err), NCD_ERR_MODEL);
    ck_assert_ptr_nonnull(strstr(err.message, "line ends"));
    write_string(path, "\x89NCDM\r\n");
    ck_assert_int_eq(ncd_model_load(path, &model, &err), NCD_ERR_MODEL);
    ck_assert(!ncd_is_model(scratch("missing")));
    ck_assert_int_eq(ncd_model_load(scratch("missing"), &model, &err),
                     NCD_ERR_IO);
    ck_assert(!ncd_is_model(scratch(".")));
    ck_assert_int_eq(ncd_model_load(scratch("."), &model, &err), NCD_ERR_IO);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        training_copies_data_and_settings,
        training_measures_sizes,
        training_refuses_what_it_cannot_use,
        texts_beyond_half_the_window_are_counted,
        long_calls_can_be_stopped,
        a_training_text_is_its_own_neighbour,
        answers_do_not_depend_on_threads_or_batches,
        a_prediction_serves_one_model_after_another,
        options_of_a_prediction_override_the_models,
        any_text_can_be_classified,
        a_loaded_model_predicts_the_same,
        rows_survive_a_round_trip,
        the_same_data_give_the_same_bytes,
        data_taken_over_give_the_same_bytes,
        a_failed_save_leaves_the_file,
        what_is_no_model_is_told_so,
    };
    return run_tests("model", tests, COUNT(tests), 30);
}
