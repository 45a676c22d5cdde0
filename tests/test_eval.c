/* SPDX-License-Identifier: MIT */
/* Counts, intervals, evaluation on test data and cross-validation. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/calibrate.h"
#include "eval/tally.h"
#include "support.h"
#include "text/dataset.h"

/* --- Counts --- */

static void add_times(struct ncd_tally *tally, size_t row, size_t column, int n)
{
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(ncd_tally_add(tally, row, column, row != 0), NCD_OK);
}

START_TEST(metrics_are_those_computed_by_hand)
{
    struct ncd_tally tally = {.k = 3};
    ncd_class_score c[4];
    ncd_score score;
    /* Row 2 is a label that training does not have. */
    add_times(&tally, 2, 0, 1);
    add_times(&tally, 0, 0, 5);
    add_times(&tally, 0, 1, 1);
    add_times(&tally, 1, 0, 2);
    add_times(&tally, 1, 1, 3);
    for (size_t i = 0; i < 4; i++)
        ncd_tally_class(&tally, i, &c[i]);
    ck_assert_uint_eq(c[0].support, 6);
    ck_assert_uint_eq(c[0].n_predicted, 8);
    ck_assert_uint_eq(c[0].n_correct, 5);
    ck_assert_double_eq(c[0].precision, 5. / 8);
    ck_assert_double_eq(c[0].recall, 5. / 6);
    ck_assert_double_eq(c[0].f1, 10. / 14);
    ck_assert_double_eq(c[1].precision, 3. / 4);
    ck_assert_double_eq(c[1].recall, 3. / 5);
    ck_assert_double_eq(c[1].f1, 6. / 9);
    ck_assert_uint_eq(c[2].support, 1);
    ck_assert_double_eq(c[2].precision + c[2].recall + c[2].f1, 0);
    ck_assert_uint_eq(c[3].support + c[3].n_predicted, 0);

    ncd_tally_score(&tally, 4, &score);
    ck_assert_uint_eq(score.k, 3);
    ck_assert_uint_eq(score.n_correct, 8);
    ck_assert_double_eq(score.accuracy, 8. / 12);
    ck_assert_double_eq(score.top2, 6. / 12);
    /* Label 3 neither occurs nor is predicted, and does not count. */
    ck_assert_double_eq_tol(score.macro_f1, (10. / 14 + 6. / 9) / 3, 1e-15);
    ck_assert_uint_eq(tally.n_cells, 5);
    ncd_tally_free(&tally);
}
END_TEST

/* Against a matrix with all cells, through several sizes of the table. */
START_TEST(cells_are_counted_once_each)
{
    enum { N = 90 };
    static uint64_t matrix[N][N];
    struct ncd_tally tally = {.k = 1};
    struct rng rng = {17};
    for (int i = 0; i < 5000; i++) {
        size_t row = rng_below(&rng, N), column = rng_below(&rng, N);
        matrix[row][column]++;
        add_times(&tally, row, column, 1);
    }
    for (size_t i = 0; i < tally.n_slots; i++) {
        const struct ncd_tally_cell *cell = &tally.cells[i];
        if (cell->n == 0)
            continue;
        ck_assert_uint_eq(cell->n, matrix[cell->row][cell->column]);
        matrix[cell->row][cell->column] = 0;
    }
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            ck_assert_uint_eq(matrix[i][j], 0);
    ncd_tally_free(&tally);
}
END_TEST

START_TEST(macro_f1_counts_classes_that_are_only_predicted)
{
    struct ncd_tally tally = {.k = 1};
    ncd_score score;
    add_times(&tally, 0, 0, 3);
    add_times(&tally, 0, 1, 1);
    ncd_tally_score(&tally, 3, &score);
    ck_assert_double_eq_tol(score.macro_f1, (6. / 7 + 0) / 2, 1e-15);
    ncd_tally_free(&tally);
}
END_TEST

START_TEST(nothing_counted_scores_zero)
{
    struct ncd_tally tally = {.k = 1};
    ncd_score score;
    ncd_tally_score(&tally, 2, &score);
    ck_assert_double_eq(score.accuracy, 0);
    ck_assert_double_eq(score.macro_f1, 0);
    ck_assert_double_eq(score.accuracy_low, 0);
    ck_assert_double_eq(score.accuracy_high, 1);
    ncd_tally_free(&tally);
}
END_TEST

/* --- Intervals --- */

START_TEST(wilson_intervals_are_known)
{
    static const struct {
        uint64_t n_correct, n;
        double low, high;
    } cases[] = {{0, 0, 0, 1},
                 {8, 10, 0.4901625, 0.9433178},
                 {0, 10, 0, 0.2775328},
                 {10, 10, 0.7224672, 1},
                 {50, 100, 0.4038315, 0.5961685},
                 {1, 1, 0.2065493, 1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        double low, high;
        ncd_share_interval(cases[i].n_correct, cases[i].n, &low, &high);
        ck_assert_double_eq_tol(low, cases[i].low, 1e-6);
        ck_assert_double_eq_tol(high, cases[i].high, 1e-6);
    }
}
END_TEST

/* The bounds are the shares p at which the observed one is just 1.96 standard
 * deviations of p away. */
START_TEST(wilson_bounds_solve_their_equation)
{
    for (uint64_t n = 1; n < 400; n += 7) {
        for (uint64_t x = 0; x <= n; x += 3) {
            double p = (double)x / (double)n, bounds[2];
            ncd_share_interval(x, n, &bounds[0], &bounds[1]);
            ck_assert(bounds[0] >= 0 && bounds[0] <= p);
            ck_assert(bounds[1] <= 1 && bounds[1] >= p);
            for (int b = 0; b < 2; b++) {
                double q = bounds[b];
                if (q == p)
                    continue;
                double z = fabs(p - q) / sqrt(q * (1 - q) / (double)n);
                ck_assert_double_eq_tol(z, 1.959964, 1e-6);
            }
        }
    }
}
END_TEST

START_TEST(student_intervals_are_known)
{
    const double three[] = {1, 2, 3};
    double mean, half, values[200];
    ncd_mean_interval(three, 3, &mean, &half);
    ck_assert_double_eq(mean, 2);
    ck_assert_double_eq_tol(half, 4.30265 / sqrt(3), 1e-4);
    ncd_mean_interval(three, 1, &mean, &half);
    ck_assert_double_eq(mean, 1);
    ck_assert_double_eq(half, 0);
    ncd_mean_interval(NULL, 0, &mean, &half);
    ck_assert_double_eq(mean, 0);
    ck_assert_double_eq(half, 0);
    /* Values of variance 1 around 5: half of them 1 - e below, half above. */
    static const struct {
        size_t n;
        double t;
    } known[] = {{2, 12.7062},  {6, 2.57058},  {20, 2.09302},
                 {22, 2.07961}, {30, 2.04523}, {100, 1.98422}};
    for (size_t i = 0; i < COUNT(known); i++) {
        double n = (double)known[i].n, deviation = sqrt((n - 1) / n);
        for (size_t j = 0; j < known[i].n; j++)
            values[j] = j % 2 ? 5 + deviation : 5 - deviation;
        ncd_mean_interval(values, known[i].n, &mean, &half);
        ck_assert_double_eq_tol(mean, 5, 1e-12);
        ck_assert_double_eq_tol(half, known[i].t / sqrt(n), 1e-4);
    }
}
END_TEST

/* --- On test data --- */

static ncd_model *train(const ncd_dataset *data, unsigned k)
{
    ncd_options options;
    ncd_model *model;
    ncd_error err;
    ncd_options_init(&options);
    options.compressor = "deflate:1";
    options.k = k;
    options.threads = 1;
    ck_status(ncd_model_train(data, &options, &model, &err), NCD_OK, &err);
    return model;
}

static ncd_model *train_rows(const char *const *rows, unsigned k)
{
    ncd_dataset *data = dataset_of(rows);
    ncd_model *model = train(data, k);
    ncd_dataset_free(data);
    return model;
}

static ncd_model *train_random(unsigned k)
{
    ncd_dataset *data = random_dataset(70, 3, 10, 80);
    ncd_model *model = train(data, k);
    ncd_dataset_free(data);
    return model;
}

static ncd_reader *open_tsv(const char *path, int skip_bad)
{
    ncd_reader_options options;
    ncd_reader *reader;
    ncd_error err;
    ncd_reader_options_init(&options);
    options.format = "tsv";
    options.skip_bad = skip_bad;
    ck_status(ncd_reader_open(path, &options, &reader, &err), NCD_OK, &err);
    return reader;
}

static ncd_report *evaluate(const ncd_model *model, const char *path,
                            const ncd_eval_options *options)
{
    ncd_reader *reader = open_tsv(path, 1);
    ncd_report *report;
    ncd_error err;
    ck_status(ncd_eval_test(model, reader, options, &report, &err), NCD_OK,
              &err);
    ncd_reader_close(reader);
    return report;
}

static const char *write_tsv(const char *contents)
{
    const char *path = scratch("test.tsv");
    write_string(path, contents);
    return path;
}

/* A test file of n lines of random English in 4 classes, one of them unknown to
 * the model. */
static const char *write_random_tsv(size_t n)
{
    ncd_dataset *data = random_dataset(71, 4, n / 4, 60);
    struct ncd_buf out = {0};
    const char *path = scratch("random.tsv");
    for (size_t i = 0; i < ncd_dataset_n_texts(data); i++) {
        const char *label = ncd_dataset_label(data, ncd_dataset_class(data, i));
        ncd_text text = ncd_dataset_text(data, i);
        ck_assert_int_eq(ncd_buf_append(&out, label, strlen(label)), NCD_OK);
        ck_assert_int_eq(ncd_buf_append(&out, "\t", 1), NCD_OK);
        ck_assert_int_eq(ncd_buf_append(&out, text.bytes, text.nbytes), NCD_OK);
        ck_assert_int_eq(ncd_buf_append(&out, "\n", 1), NCD_OK);
    }
    write_file(path, out.bytes, out.n);
    ncd_buf_free(&out);
    ncd_dataset_free(data);
    return path;
}

/* Everything but what it cost. */
static void expect_same_report(const ncd_report *a, const ncd_report *b)
{
    ck_assert_uint_eq(a->n_test, b->n_test);
    ck_assert_uint_eq(a->n_train, b->n_train);
    ck_assert_uint_eq(a->n_unseen_label, b->n_unseen_label);
    ck_assert_uint_eq(a->n_pairs, b->n_pairs);
    ck_assert_mem_eq(&a->score, &b->score, sizeof a->score);
    ck_assert_mem_eq(&a->verbatim, &b->verbatim, sizeof a->verbatim);
    ck_assert_mem_eq(&a->folded, &b->folded, sizeof a->folded);
    ck_assert_uint_eq(a->n_classes, b->n_classes);
    for (size_t i = 0; i < a->n_classes; i++) {
        ck_assert_str_eq(a->classes[i].label, b->classes[i].label);
        ck_assert_double_eq(a->classes[i].f1, b->classes[i].f1);
    }
    ck_assert_mem_eq(a->confusion, b->confusion,
                     a->n_classes * a->n_classes * sizeof *a->confusion);
}

START_TEST(every_test_text_counts)
{
    const char *const rows[] = {"b", "one text here",   "a", "number two",
                                "b", "and a third one", NULL};
    ncd_model *model = train_rows(rows, 1);
    const char *path = write_tsv("a\tnumber two\nbad line\nc\tone text here\n"
                                 "b\tone text here\nb\tnumber two\n\tempty\n");
    ncd_report *r = evaluate(model, path, NULL);
    ck_assert_uint_eq(r->n_train, 3);
    ck_assert_uint_eq(r->n_test, 4);
    ck_assert_uint_eq(r->n_skipped, 2);
    ck_assert_uint_eq(r->n_unseen_label, 1);
    ck_assert_uint_eq(r->n_pairs, 12);
    ck_assert_uint_eq(r->score.n_correct, 2);
    ck_assert_double_eq(r->score.accuracy, .5);
    ck_assert_str_eq(r->majority_label, "b");
    ck_assert_double_eq(r->majority_accuracy, .5);
    ck_assert_uint_eq(r->n_classes, 3);
    const char *const labels[] = {"a", "b", "c"};
    const uint64_t confusion[] = {1, 0, 0, 1, 1, 0, 0, 1, 0};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_str_eq(r->classes[i].label, labels[i]);
        ck_assert_int_eq(r->classes[i].in_training, i < 2);
    }
    ck_assert_mem_eq(r->confusion, confusion, sizeof confusion);
    ncd_report_free(r);
    ncd_report_free(NULL);
    ncd_model_free(model);
}
END_TEST

START_TEST(top2_takes_any_of_the_tied)
{
    const char *const rows[] = {"a", "the quick brown fox jumps over", "b",
                                "0123456789 9876543210", NULL};
    ncd_model *model = train_rows(rows, 2);
    /* Both neighbours vote; the nearer wins, and the other is second. */
    const char *path = write_tsv("a\tthe quick brown fox jumps\n"
                                 "b\tthe quick brown fox jumps\n"
                                 "c\tthe quick brown fox jumps\n");
    ncd_report *r = evaluate(model, path, NULL);
    ck_assert_uint_eq(r->score.n_correct, 1);
    ck_assert_double_eq(r->score.top2, 2. / 3);
    ncd_report_free(r);
    ncd_model_free(model);
}
END_TEST

START_TEST(overlap_with_training_is_counted)
{
    const char *const rows[] = {"a", "same text",   "b", "same text",
                                "a", "Other, one!", NULL};
    ncd_model *model = train_rows(rows, 1);
    const char *path = write_tsv("a\tsame text\nc\tsame text\na\tother one\n"
                                 "b\tcompletely different\n");
    ncd_report *r = evaluate(model, path, NULL);
    ck_assert_uint_eq(r->verbatim.n, 2);
    ck_assert_uint_eq(r->verbatim.n_same_label, 1);
    ck_assert_uint_eq(r->verbatim.n_rest, 2);
    ck_assert_uint_eq(r->folded.n, 3);
    ck_assert_uint_eq(r->folded.n_same_label, 2);
    ck_assert_uint_eq(r->folded.n_rest, 1);
    ck_assert_double_eq(r->folded.accuracy_rest,
                        (double)r->folded.n_rest_correct);
    ncd_report_free(r);
    ncd_model_free(model);
}
END_TEST

struct told {
    size_t n, n_correct;
    uint64_t last_line;
};

static void on_text(void *arg, const ncd_eval_text *text)
{
    struct told *told = arg;
    ck_assert_uint_gt(text->line, told->last_line);
    ck_assert_ptr_nonnull(text->source);
    told->last_line = text->line;
    told->n++;
    told->n_correct += strcmp(text->label_true, text->label_predicted) == 0;
}

/* What is told of each text is what prediction says of it. */
struct told_shares {
    const ncd_model *model;
    ncd_prediction *prediction;
    int seen[3]; /* texts by in_training */
};

static void expect_shares(void *arg, const ncd_eval_text *text)
{
    struct told_shares *told = arg;
    const ncd_dataset *training = ncd_model_dataset(told->model);
    ncd_prediction *p = told->prediction;
    ncd_error err;
    double share_true = 0;
    ck_status(ncd_model_predict(told->model, &text->text, 1, NULL, p, &err),
              NCD_OK, &err);
    ck_assert_uint_eq(text->class_predicted, ncd_prediction_class(p, 0, 0));
    ck_assert_double_eq(text->share_predicted, ncd_prediction_share(p, 0, 0));
    for (size_t rank = 0; rank < ncd_prediction_n_labels(p, 0); rank++) {
        size_t c = ncd_prediction_class(p, 0, rank);
        double share = ncd_prediction_share(p, 0, rank);
        if (c == text->class_true)
            share_true = share;
        if (text->n_shares)
            ck_assert_double_eq(text->shares[c], share);
    }
    ck_assert_double_eq(text->share_true, share_true);
    ck_assert_uint_eq(text->n_neighbors, ncd_prediction_n_neighbors(p, 0));
    for (size_t j = 0; j < text->n_neighbors; j++)
        ck_assert_uint_eq(text->neighbors[j].index,
                          ncd_prediction_neighbor(p, 0, j).index);
    if (text->class_true < ncd_dataset_n_classes(training))
        ck_assert_str_eq(ncd_dataset_label(training, text->class_true),
                         text->label_true);
    told->seen[text->in_training]++;
    if (text->in_training == 2)
        ck_assert(
            same_text(text->text, ncd_dataset_text(training, text->twin)));
    ck_assert_uint_eq(text->fold, 0);
}

static void check_told(const ncd_model *model, const unsigned *sweep, size_t n)
{
    struct told_shares told = {.model = model};
    ncd_eval_options options;
    ncd_eval_options_init(&options);
    options.on_text = expect_shares;
    options.on_text_arg = &told;
    options.sweep_k = sweep;
    options.n_sweep_k = n;
    ck_assert_int_eq(ncd_prediction_new(&told.prediction), NCD_OK);
    ncd_report *r = evaluate(model,
                             write_tsv("a\tthe same bytes\nb\tThe SAME: bytes\n"
                                       "c\tothers altogether\n"),
                             &options);
    ck_assert_int_eq(told.seen[2], 1);
    ck_assert_int_eq(told.seen[1], 1);
    ck_assert_int_eq(told.seen[0], 1);
    ncd_report_free(r);
    ncd_prediction_free(told.prediction);
}

START_TEST(what_is_told_is_what_is_predicted)
{
    static const unsigned sweep[] = {1, 7};
    ncd_dataset *data = random_dataset(91, 3, 9, 60);
    ncd_error err;
    ncd_model *model;
    ncd_options options;
    ncd_text label = {"a", 1}, text = {"the same bytes", 14};
    ck_status(ncd_dataset_add(data, label, text, "x", 1, &err), NCD_OK, &err);
    model = train(data, 3);
    check_told(model, sweep, 2);
    ncd_model_free(model);
    ncd_options_init(&options);
    options.method = NCD_METHOD_CLASS;
    ck_status(ncd_model_train(data, &options, &model, &err), NCD_OK, &err);
    check_told(model, NULL, 0);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

/* More texts than a batch holds, so that batches and unseen labels meet. */
START_TEST(scores_are_those_of_predicting_one_by_one)
{
    ncd_model *model = train_random(5);
    const char *path = write_random_tsv(1200);
    struct told told = {0};
    ncd_eval_options options;
    ncd_eval_options_init(&options);
    options.on_text = on_text;
    options.on_text_arg = &told;
    ncd_report *r = evaluate(model, path, &options);
    ncd_dataset *data;
    ncd_prediction *p;
    ncd_error err;
    size_t n_correct = 0;
    ck_assert_int_eq(ncd_dataset_new(&data), NCD_OK);
    ck_assert_int_eq(ncd_prediction_new(&p), NCD_OK);
    ck_status(ncd_dataset_read(data, path, NULL, &err), NCD_OK, &err);
    for (size_t i = 0; i < ncd_dataset_n_texts(data); i++) {
        ncd_text text = ncd_dataset_text(data, i);
        ck_status(ncd_model_predict(model, &text, 1, NULL, p, &err), NCD_OK,
                  &err);
        n_correct +=
            strcmp(ncd_prediction_label(p, 0, 0),
                   ncd_dataset_label(data, ncd_dataset_class(data, i))) == 0;
    }
    ck_assert_uint_eq(r->n_test, 1200);
    ck_assert_uint_eq(r->n_unseen_label, 300);
    ck_assert_uint_eq(r->score.n_correct, n_correct);
    ck_assert_uint_eq(told.n, 1200);
    ck_assert_uint_eq(told.n_correct, n_correct);
    ncd_report_free(r);
    ncd_prediction_free(p);
    ncd_dataset_free(data);
    ncd_model_free(model);
}
END_TEST

START_TEST(a_sweep_equals_separate_runs)
{
    ncd_model *model = train_random(5);
    const char *path = write_random_tsv(100);
    const unsigned ks[] = {1, 9, 2, 1000};
    ncd_eval_options options;
    for (int vote = -1; vote < 2; vote++) {
        ncd_eval_options_init(&options);
        options.vote = vote;
        options.k = 3;
        options.sweep_k = ks;
        options.n_sweep_k = COUNT(ks);
        ncd_report *all = evaluate(model, path, &options);
        ck_assert_uint_eq(all->n_sweep, COUNT(ks));
        ck_assert_uint_eq(all->score.k, 3);
        options.n_sweep_k = 0;
        for (size_t i = 0; i < COUNT(ks); i++) {
            options.k = ks[i];
            ncd_report *one = evaluate(model, path, &options);
            ck_assert_mem_eq(&one->score, &all->sweep[i], sizeof one->score);
            ncd_report_free(one);
        }
        ncd_report_free(all);
    }
    ncd_model_free(model);
}
END_TEST

static const unsigned thread_counts[] = {1, 2, 3, 7};

START_TEST(reports_do_not_depend_on_threads)
{
    ncd_model *model = train_random(5);
    const char *path = write_random_tsv(100);
    ncd_report *tested = NULL, *crossed = NULL;
    ncd_eval_options options;
    ncd_error err;
    ncd_eval_options_init(&options);
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        ncd_report *a, *b;
        options.threads = thread_counts[t];
        a = evaluate(model, path, &options);
        ck_status(ncd_eval_folds(model, 4, 1, &options, &b, &err), NCD_OK,
                  &err);
        ck_assert_uint_eq(a->threads, thread_counts[t]);
        if (t > 0) {
            expect_same_report(a, tested);
            expect_same_report(b, crossed);
        }
        ncd_report_free(tested);
        ncd_report_free(crossed);
        tested = a;
        crossed = b;
    }
    ncd_report_free(tested);
    ncd_report_free(crossed);
    ncd_model_free(model);
}
END_TEST

START_TEST(a_malformed_test_file_is_an_error)
{
    ncd_model *model = train_random(1);
    const char *path = write_tsv("a\tx\nbad\n");
    ncd_reader *reader = open_tsv(path, 0);
    ncd_report *report;
    ncd_error err;
    char expected[1200];
    snprintf(expected, sizeof expected, "%s:2: no TAB", path);
    ck_assert_int_eq(ncd_eval_test(model, reader, NULL, &report, &err),
                     NCD_ERR_INPUT);
    ck_assert_ptr_eq(strstr(err.message, expected), err.message);
    ncd_reader_close(reader);
    reader = open_tsv(write_tsv(""), 0);
    ck_assert_int_eq(ncd_eval_test(model, reader, NULL, &report, &err),
                     NCD_ERR_INPUT);
    ncd_reader_close(reader);
    ncd_model_free(model);
}
END_TEST

START_TEST(bad_options_are_refused)
{
    ncd_model *model = train_random(1);
    const unsigned zero = 0;
    for (int bad = 0; bad < 2; bad++) {
        ncd_eval_options options;
        ncd_report *report;
        ncd_error err;
        ncd_eval_options_init(&options);
        options.vote = bad == 0 ? 2 : -1;
        options.sweep_k = &zero;
        options.n_sweep_k = bad == 1;
        ncd_reader *reader = open_tsv(write_tsv("a\tx\n"), 0);
        ck_assert_int_eq(ncd_eval_test(model, reader, &options, &report, &err),
                         NCD_ERR_ARGUMENT);
        ck_assert_int_eq(ncd_eval_folds(model, 2, 0, &options, &report, &err),
                         NCD_ERR_ARGUMENT);
        ncd_reader_close(reader);
    }
    ncd_model_free(model);
}
END_TEST

static int stop_at_once(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    (void)done;
    (void)total;
    return 1;
}

START_TEST(an_evaluation_can_be_stopped)
{
    ncd_dataset *data = random_dataset(72, 2, 150, 3000);
    ncd_model *model = train(data, 1);
    ncd_eval_options options;
    ncd_report *report;
    ncd_error err;
    ncd_eval_options_init(&options);
    options.progress = stop_at_once;
    options.threads = 1;
    ck_assert_int_eq(ncd_eval_folds(model, 0, 0, &options, &report, &err),
                     NCD_ERR_CANCELLED);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

/* --- Cross-validation --- */

/* What is predicted for text i by the texts of other folds, in a model made of
 * them alone. */
static const char *judge(const ncd_dataset *data, size_t i, const size_t *folds,
                         unsigned k, char out[32])
{
    size_t chosen[64], n = 0;
    ncd_dataset *others;
    ncd_prediction *p;
    ncd_error err;
    ncd_text text = ncd_dataset_text(data, i);
    for (size_t j = 0; j < ncd_dataset_n_texts(data); j++)
        if (folds[j] != folds[i])
            chosen[n++] = j;
    ck_status(ncd_dataset_select(data, chosen, n, &others, &err), NCD_OK, &err);
    ncd_model *model = train(others, k);
    ck_assert_int_eq(ncd_prediction_new(&p), NCD_OK);
    ck_status(ncd_model_predict(model, &text, 1, NULL, p, &err), NCD_OK, &err);
    snprintf(out, 32, "%s", ncd_prediction_label(p, 0, 0));
    ncd_prediction_free(p);
    ncd_model_free(model);
    ncd_dataset_free(others);
    return out;
}

struct expected {
    const ncd_dataset *data;
    const size_t *folds;
    size_t n;
};

static void expect_judgement(void *arg, const ncd_eval_text *text)
{
    struct expected *e = arg;
    size_t i = e->n++;
    char label[32];
    ck_assert_uint_eq(text->line, i + 1);
    ck_assert_str_eq(text->label_true,
                     ncd_dataset_label(e->data, ncd_dataset_class(e->data, i)));
    ck_assert_str_eq(text->label_predicted,
                     judge(e->data, i, e->folds, 3, label));
}

static ncd_report *cross_validate(const ncd_dataset *data, size_t n_folds,
                                  uint64_t seed, const size_t *folds)
{
    struct expected expected = {data, folds, 0};
    ncd_model *model = train(data, 3);
    ncd_eval_options options;
    ncd_report *report;
    ncd_error err;
    ncd_eval_options_init(&options);
    options.on_text = expect_judgement;
    options.on_text_arg = &expected;
    ck_status(ncd_eval_folds(model, n_folds, seed, &options, &report, &err),
              NCD_OK, &err);
    ck_assert_uint_eq(expected.n, ncd_dataset_n_texts(data));
    ncd_model_free(model);
    return report;
}

START_TEST(leave_one_out_is_training_without_the_text)
{
    ncd_dataset *data = random_dataset(73, 3, 9, 60);
    size_t folds[27];
    for (size_t i = 0; i < 27; i++)
        folds[i] = i;
    ncd_report *r = cross_validate(data, 0, 0, folds);
    ck_assert_uint_eq(r->n_test, 27);
    ck_assert_uint_eq(r->n_train, 27);
    ck_assert_uint_eq(r->n_pairs, 27 * 26);
    ncd_report *other = cross_validate(data, 0, 5, folds);
    expect_same_report(r, other);
    ncd_report_free(r);
    ncd_report_free(other);
    ncd_dataset_free(data);
}
END_TEST

/* Folds are dealt to the texts in the order of the shuffle. */
static void deal(const ncd_dataset *data, size_t n_folds, uint64_t seed,
                 size_t *folds)
{
    size_t order[64];
    ncd_error err;
    ck_status(ncd_dataset_shuffle(data, seed, order, &err), NCD_OK, &err);
    for (size_t i = 0; i < ncd_dataset_n_texts(data); i++)
        folds[order[i]] = i % n_folds;
}

static void expect_balanced(const ncd_dataset *data, const size_t *folds,
                            size_t n_folds)
{
    size_t n = ncd_dataset_n_texts(data), n_classes = 3;
    for (size_t f = 0; f < n_folds; f++) {
        size_t in_fold = 0, of_class[3] = {0};
        for (size_t i = 0; i < n; i++) {
            in_fold += folds[i] == f;
            of_class[ncd_dataset_class(data, i)] += folds[i] == f;
        }
        ck_assert(in_fold == n / n_folds || in_fold == n / n_folds + 1);
        for (size_t c = 0; c < n_classes; c++)
            ck_assert(of_class[c] == n / 3 / n_folds ||
                      of_class[c] == n / 3 / n_folds + 1);
    }
}

START_TEST(folds_are_balanced_and_leave_themselves_out)
{
    ncd_dataset *data = random_dataset(74, 3, 11, 60);
    const size_t counts[] = {2, 4, 5, 33};
    for (size_t c = 0; c < COUNT(counts); c++) {
        size_t folds[33];
        deal(data, counts[c], 7, folds);
        expect_balanced(data, folds, counts[c]);
        ncd_report *r = cross_validate(data, counts[c], 7, folds);
        uint64_t n_pairs = 0;
        for (size_t i = 0; i < 33; i++)
            for (size_t j = 0; j < 33; j++)
                n_pairs += folds[i] != folds[j];
        ck_assert_uint_eq(r->n_test, 33);
        ck_assert_uint_eq(r->n_pairs, n_pairs);
        ncd_report_free(r);
    }
    ncd_dataset_free(data);
}
END_TEST

START_TEST(overlap_is_with_other_folds)
{
    const char *const rows[] = {
        "a", "twin text", "b", "alone", "a", "twin text", "b", "Alone!", NULL};
    ncd_model *model = train_rows(rows, 1);
    ncd_report *r;
    ncd_error err;
    ck_status(ncd_eval_folds(model, 0, 0, NULL, &r, &err), NCD_OK, &err);
    ck_assert_uint_eq(r->verbatim.n, 2);
    ck_assert_uint_eq(r->verbatim.n_same_label, 2);
    ck_assert_uint_eq(r->verbatim.n_rest, 2);
    ck_assert_uint_eq(r->folded.n, 4);
    ck_assert_uint_eq(r->folded.n_rest, 0);
    ck_assert_double_eq(r->folded.accuracy_rest, 0);
    ncd_report_free(r);
    ncd_model_free(model);
}
END_TEST

START_TEST(folds_need_two_and_no_more_than_texts)
{
    const char *const one[] = {"a", "alone", NULL};
    ncd_model *model = train_random(1), *single = train_rows(one, 1);
    const size_t bad[] = {1, 31, SIZE_MAX};
    ncd_report *r;
    ncd_error err;
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_int_eq(ncd_eval_folds(model, bad[i], 0, NULL, &r, &err),
                         NCD_ERR_ARGUMENT);
    ck_assert_int_eq(ncd_eval_folds(single, 0, 0, NULL, &r, &err),
                     NCD_ERR_INPUT);
    ncd_model_free(model);
    ncd_model_free(single);
}
END_TEST

/* Three texts by hand: right, wrong, and of a label that training lacks. */
START_TEST(calibration_is_what_it_says)
{
    static const double p[][2] = {{.85, .15}, {.65, .35}, {.25, .75}};
    ncd_calibration c;
    ncd_calibrate_begin(&c);
    ncd_calibrate_add(&c, p[0], 2, 0, 0);
    ncd_calibrate_add(&c, p[1], 2, 0, 1);
    ncd_calibrate_add(&c, p[2], 2, 1, 2);
    ncd_calibrate_end(&c);
    ck_assert_uint_eq(c.n, 3);
    ck_assert_double_eq_tol(c.log_loss, (-log2(.85) - log2(.35) + 50) / 3,
                            1e-12);
    double brier = 2 * .15 * .15 + 2 * .65 * .65 + (1 + .25 * .25 + .75 * .75);
    ck_assert_double_eq_tol(c.brier, brier / 3, 1e-12);
    ck_assert_double_eq_tol(c.ece, (.15 + .65 + .75) / 3, 1e-12);
    for (int i = 0; i < NCD_N_BINS; i++) {
        ck_assert_uint_eq(c.bins[i].n, i == 6 || i == 7 || i == 8);
        ck_assert_uint_eq(c.bins[i].n_correct, i == 8);
    }
    ck_assert_double_eq(c.bins[7].mean_probability, .75);
    for (int i = 0; i < NCD_N_COVERAGES; i++) {
        double least = c.coverages[i].probability;
        ck_assert_uint_eq(c.coverages[i].n,
                          (least <= .85) + (least <= .65) + (least <= .75));
        ck_assert_uint_eq(c.coverages[i].n_correct, least <= .85);
    }
    ck_assert_double_eq(c.coverages[0].probability, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        metrics_are_those_computed_by_hand,
        cells_are_counted_once_each,
        macro_f1_counts_classes_that_are_only_predicted,
        nothing_counted_scores_zero,
        wilson_intervals_are_known,
        wilson_bounds_solve_their_equation,
        student_intervals_are_known,
        every_test_text_counts,
        top2_takes_any_of_the_tied,
        overlap_with_training_is_counted,
        what_is_told_is_what_is_predicted,
        scores_are_those_of_predicting_one_by_one,
        a_sweep_equals_separate_runs,
        reports_do_not_depend_on_threads,
        a_malformed_test_file_is_an_error,
        bad_options_are_refused,
        an_evaluation_can_be_stopped,
        leave_one_out_is_training_without_the_text,
        folds_are_balanced_and_leave_themselves_out,
        overlap_is_with_other_folds,
        folds_need_two_and_no_more_than_texts,
        calibration_is_what_it_says,
    };
    return run_tests("eval", tests, COUNT(tests), 60);
}
