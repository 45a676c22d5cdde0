/* SPDX-License-Identifier: MIT */
/* Distances: formulas, orders of concatenation, engines, matrices. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ncd/crew.h"
#include "support.h"

static ncd_engine *open_engine(const ncd_options *options)
{
    ncd_engine *engine;
    ncd_error err;
    ck_status(ncd_engine_open(options, &engine, &err), NCD_OK, &err);
    return engine;
}

static double size_of(ncd_engine *engine, ncd_text text)
{
    double size;
    ncd_error err;
    ck_status(ncd_engine_size(engine, text, &size, &err), NCD_OK, &err);
    return size;
}

static ncd_pair pair_of(ncd_engine *engine, ncd_text x, ncd_text y)
{
    ncd_pair pair;
    ncd_error err;
    ck_status(ncd_engine_pair(engine, x, y, &pair, &err), NCD_OK, &err);
    return pair;
}

/* The size of three texts joined by hand. */
static double joined_size(ncd_engine *engine, ncd_text a, ncd_text b,
                          ncd_text c)
{
    struct ncd_buf joined = {0};
    ck_assert_int_eq(ncd_buf_append(&joined, a.bytes, a.nbytes), NCD_OK);
    ck_assert_int_eq(ncd_buf_append(&joined, b.bytes, b.nbytes), NCD_OK);
    ck_assert_int_eq(ncd_buf_append(&joined, c.bytes, c.nbytes), NCD_OK);
    double size = size_of(engine, ncd_buf_text(&joined));
    ncd_buf_free(&joined);
    return size;
}

/* --- Formulas --- */

START_TEST(distances_are_those_of_the_papers)
{
    /* x = 100, y = 80, xy = 120 */
    ck_assert_double_eq(ncd_distance_of(NCD_DISTANCE_NCD, 100, 80, 120), 0.4);
    ck_assert_double_eq(ncd_distance_of(NCD_DISTANCE_CDM, 100, 80, 120),
                        120.0 / 180);
    ck_assert_double_eq(ncd_distance_of(NCD_DISTANCE_CLM, 100, 80, 120), 0.5);
    ck_assert_double_eq(ncd_distance_of(NCD_DISTANCE_COND, 100, 80, 120), 0.4);
    /* and the other way round, where only the last differs */
    ck_assert_double_eq(ncd_distance_of(NCD_DISTANCE_NCD, 80, 100, 120), 0.4);
    ck_assert_double_eq(ncd_distance_of(NCD_DISTANCE_CDM, 80, 100, 120),
                        120.0 / 180);
    ck_assert_double_eq(ncd_distance_of(NCD_DISTANCE_CLM, 80, 100, 120), 0.5);
    ck_assert_double_eq(ncd_distance_of(NCD_DISTANCE_COND, 80, 100, 120), 0.25);
}
END_TEST

START_TEST(a_denominator_of_zero_gives_zero)
{
    for (int d = 0; ncd_distance_name((ncd_distance)d); d++)
        ck_assert_double_eq(ncd_distance_of((ncd_distance)d, 0, 0, 0), 0);
    ck_assert_double_eq(ncd_distance_of(NCD_DISTANCE_COND, 0, 5, 7), 0);
}
END_TEST

START_TEST(choices_have_names)
{
    ck_assert_str_eq(ncd_distance_name(NCD_DISTANCE_COND), "cond");
    ck_assert_ptr_null(ncd_distance_name((ncd_distance)4));
    ck_assert_ptr_null(ncd_order_name((ncd_order)3));
    ck_assert_ptr_null(ncd_vote_name((ncd_vote)2));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(ncd_distance_parse(ncd_distance_name((ncd_distance)i)),
                         i);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ncd_order_parse(ncd_order_name((ncd_order)i)), i);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(ncd_vote_parse(ncd_vote_name((ncd_vote)i)), i);
    ck_assert_int_eq(ncd_distance_parse("NCD"), -1);
    ck_assert_int_eq(ncd_order_parse(""), -1);
    ck_assert_int_eq(ncd_vote_parse("major"), -1);
}
END_TEST

/* --- Engines --- */

static const char *const compressors[] = {"gzip", "deflate:6", "zstd:3",
                                          "lzma:1"};

START_TEST(the_order_is_the_one_asked_for)
{
    ncd_dataset *data = random_dataset(20, 2, 3, 400);
    for (size_t c = 0; c < COUNT(compressors); c++) {
        ncd_options options;
        ncd_options_init(&options);
        options.compressor = compressors[c];
        options.separator = text_of("<->");
        ncd_text x = ncd_dataset_text(data, 0), y = ncd_dataset_text(data, 3);
        double got[3];
        ncd_engine *engine = NULL;
        for (int o = 0; o < 3; o++) {
            ncd_engine_close(engine);
            options.order = (ncd_order)o;
            engine = open_engine(&options);
            ncd_pair pair = pair_of(engine, x, y);
            got[o] = pair.size_xy;
            ck_assert_double_eq(pair.size_x, size_of(engine, x));
            ck_assert_double_eq(pair.size_y, size_of(engine, y));
        }
        ck_assert_double_eq(got[NCD_ORDER_TEST_FIRST],
                            joined_size(engine, x, options.separator, y));
        ck_assert_double_eq(got[NCD_ORDER_TRAIN_FIRST],
                            joined_size(engine, y, options.separator, x));
        ck_assert_double_eq(got[NCD_ORDER_MEAN], (got[0] + got[1]) / 2);
        ncd_engine_close(engine);
    }
    ncd_dataset_free(data);
}
END_TEST

START_TEST(the_mean_order_is_symmetric)
{
    ncd_dataset *data = random_dataset(21, 3, 4, 300);
    ncd_options options;
    ncd_options_init(&options);
    options.order = NCD_ORDER_MEAN;
    ncd_engine *engine = open_engine(&options);
    for (size_t i = 0; i < 12; i++) {
        for (size_t j = 0; j < i; j++) {
            ncd_text x = ncd_dataset_text(data, i);
            ncd_text y = ncd_dataset_text(data, j);
            ck_assert_double_eq(pair_of(engine, x, y).distance,
                                pair_of(engine, y, x).distance);
        }
    }
    ncd_engine_close(engine);
    ncd_dataset_free(data);
}
END_TEST

START_TEST(defaults_are_gzip_and_a_blank)
{
    ncd_options options;
    ncd_options_init(&options);
    ck_assert_uint_eq(options.struct_nbytes, sizeof options);
    ck_assert_str_eq(options.compressor, "gzip");
    ck_assert(same_text(options.separator, text_of(" ")));
    ck_assert_uint_eq(options.k, 5);
    ncd_engine *engine = open_engine(NULL);
    ncd_text x = text_of("one text"), y = text_of("another one");
    ncd_pair pair = pair_of(engine, x, y);
    ck_assert_double_eq(pair.size_xy, joined_size(engine, x, text_of(" "), y));
    ck_assert_double_eq(pair.distance,
                        ncd_distance_of(NCD_DISTANCE_NCD, pair.size_x,
                                        pair.size_y, pair.size_xy));
    ncd_engine_close(engine);
    ncd_engine_close(NULL);
}
END_TEST

START_TEST(empty_texts_have_distances)
{
    for (size_t i = 0; ncd_compressor_get(i); i++) {
        ncd_options options;
        ncd_options_init(&options);
        options.compressor = ncd_compressor_get(i)->name;
        for (int separated = 0; separated < 2; separated++) {
            options.separator.nbytes = (size_t)separated;
            ncd_engine *engine = open_engine(&options);
            ncd_text nothing = {NULL, 0}, text = text_of("some text");
            ncd_pair pairs[] = {pair_of(engine, nothing, nothing),
                                pair_of(engine, text, nothing),
                                pair_of(engine, nothing, text)};
            for (size_t p = 0; p < COUNT(pairs); p++)
                ck_assert(isfinite(pairs[p].distance));
            ncd_engine_close(engine);
        }
    }
}
END_TEST

/* Pairs in an order that shares a test text, changes it for one of the same
 * length, and uses memory that held another text before. */
START_TEST(a_reused_engine_gives_what_a_fresh_one_gives)
{
    ncd_dataset *data = random_dataset(22, 3, 5, 500);
    for (int o = 0; o < 3; o++) {
        ncd_options options;
        ncd_options_init(&options);
        options.order = (ncd_order)o;
        ncd_engine *kept = open_engine(&options);
        struct rng rng = {23};
        char x[600];
        for (int round = 0; round < 200; round++) {
            ncd_text from = ncd_dataset_text(data, rng_below(&rng, 15));
            size_t n = from.nbytes < 300 ? from.nbytes : 300;
            memcpy(x, from.bytes, n);
            ncd_text y = ncd_dataset_text(data, rng_below(&rng, 15));
            ncd_engine *fresh = open_engine(&options);
            ncd_pair a = pair_of(kept, (ncd_text){x, n}, y);
            ncd_pair b = pair_of(fresh, (ncd_text){x, n}, y);
            ck_assert_mem_eq(&a, &b, sizeof a);
            ncd_engine_close(fresh);
        }
        ncd_engine_close(kept);
    }
    ncd_dataset_free(data);
}
END_TEST

START_TEST(bad_options_are_refused)
{
    char separator[300];
    ncd_engine *engine;
    ncd_error err;
    ncd_options options;
    memset(separator, ' ', sizeof separator);
    for (int bad = 0; bad < 4; bad++) {
        ncd_options_init(&options);
        if (bad == 0)
            options.compressor = "gzip:10";
        if (bad == 1)
            options.distance = (ncd_distance)4;
        if (bad == 2)
            options.order = (ncd_order)3;
        if (bad == 3)
            options.separator = (ncd_text){separator, NCD_SEPARATOR_MAX + 1};
        ck_assert_int_eq(ncd_engine_open(&options, &engine, &err),
                         NCD_ERR_ARGUMENT);
        ck_assert_int_eq(err.status, NCD_ERR_ARGUMENT);
        ck_assert_str_ne(err.message, "");
    }
    options.separator.nbytes = NCD_SEPARATOR_MAX;
    ncd_engine_close(open_engine(&options));
}
END_TEST

/* --- Matrices --- */

struct rows {
    double *values; /* [n_rows][n_columns] */
    size_t n_rows, n_columns;
    size_t stop_at; /* ask to stop at this row; SIZE_MAX: never */
};

static int take_row(void *arg, size_t row, const double *distances,
                    size_t n_columns)
{
    struct rows *rows = arg;
    ck_assert_uint_eq(row, rows->n_rows);
    ck_assert_uint_eq(n_columns, rows->n_columns);
    memcpy(rows->values + row * n_columns, distances,
           n_columns * sizeof *distances);
    rows->n_rows++;
    return row == rows->stop_at;
}

static struct rows run_matrix(const ncd_dataset *x, const ncd_dataset *y,
                              const ncd_options *options)
{
    size_t n_columns = ncd_dataset_n_texts(y);
    struct rows rows = {
        calloc(ncd_dataset_n_texts(x) * n_columns + 1, sizeof(double)), 0,
        n_columns, SIZE_MAX};
    ncd_error err;
    ck_status(ncd_matrix(x, y, options, take_row, &rows, &err), NCD_OK, &err);
    ck_assert_uint_eq(rows.n_rows, ncd_dataset_n_texts(x));
    return rows;
}

START_TEST(matrix_rows_are_the_engines_distances)
{
    ncd_dataset *x = random_dataset(24, 3, 7, 200);
    ncd_dataset *y = random_dataset(25, 2, 6, 300);
    const unsigned threads[] = {1, 2, 3, 7, 40};
    for (int o = 0; o < 2; o++) {
        ncd_options options;
        ncd_options_init(&options);
        options.order = (ncd_order)o;
        options.distance = (ncd_distance)o;
        ncd_engine *engine = open_engine(&options);
        for (size_t t = 0; t < COUNT(threads); t++) {
            options.threads = threads[t];
            struct rows rows = run_matrix(x, y, &options);
            for (size_t i = 0; i < 21; i++)
                for (size_t j = 0; j < 12; j++)
                    ck_assert_double_eq(rows.values[i * 12 + j],
                                        pair_of(engine, ncd_dataset_text(x, i),
                                                ncd_dataset_text(y, j))
                                            .distance);
            free(rows.values);
        }
        ncd_engine_close(engine);
    }
    ncd_dataset_free(x);
    ncd_dataset_free(y);
}
END_TEST

START_TEST(a_matrix_may_be_square_or_empty)
{
    ncd_dataset *x = random_dataset(26, 2, 5, 200), *none;
    ck_assert_int_eq(ncd_dataset_new(&none), NCD_OK);
    ncd_options options;
    ncd_options_init(&options);
    options.order = NCD_ORDER_MEAN;
    struct rows rows = run_matrix(x, x, &options);
    for (size_t i = 0; i < 10; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_double_eq(rows.values[i * 10 + j],
                                rows.values[j * 10 + i]);
    free(rows.values);
    free(run_matrix(x, none, NULL).values);
    free(run_matrix(none, x, NULL).values);
    ncd_dataset_free(none);
    ncd_dataset_free(x);
}
END_TEST

START_TEST(a_row_can_stop_the_matrix)
{
    ncd_dataset *x = random_dataset(27, 2, 10, 100);
    struct rows rows = {calloc(400, sizeof(double)), 0, 20, 6};
    ncd_error err;
    ck_assert_int_eq(ncd_matrix(x, x, NULL, take_row, &rows, &err),
                     NCD_ERR_CANCELLED);
    ck_assert_int_eq(err.status, NCD_ERR_CANCELLED);
    ck_assert_uint_eq(rows.n_rows, 7);
    free(rows.values);
    ncd_dataset_free(x);
}
END_TEST

START_TEST(a_bad_option_stops_the_matrix)
{
    ncd_dataset *x = random_dataset(28, 2, 2, 100);
    struct rows rows = {NULL, 0, 4, SIZE_MAX};
    ncd_options options;
    ncd_error err;
    ncd_options_init(&options);
    options.compressor = "none";
    ck_assert_int_eq(ncd_matrix(x, x, &options, take_row, &rows, &err),
                     NCD_ERR_ARGUMENT);
    ncd_dataset_free(x);
}
END_TEST

/* --- Crews --- */

START_TEST(a_crew_keeps_its_engines_for_one_measure)
{
    struct ncd_crew crew = {0};
    struct ncd_measure one, two;
    ncd_options options;
    ncd_engine *first, *again;
    ncd_error err;
    ncd_options_init(&options);
    ck_status(ncd_measure_init(&one, &options, &err), NCD_OK, &err);
    options.compressor = "zstd";
    ck_status(ncd_measure_init(&two, &options, &err), NCD_OK, &err);
    ck_assert_uint_ne(one.id, two.id);
    ck_status(ncd_crew_prepare(&crew, &one, 3, &err), NCD_OK, &err);
    ck_status(ncd_crew_engine(&crew, 2, &first, &err), NCD_OK, &err);
    ck_status(ncd_crew_prepare(&crew, &one, 2, &err), NCD_OK, &err);
    ck_status(ncd_crew_engine(&crew, 2, &again, &err), NCD_OK, &err);
    ck_assert_ptr_eq(first, again);
    double gzip_size = size_of(first, text_of("some text"));
    ck_status(ncd_crew_prepare(&crew, &two, 3, &err), NCD_OK, &err);
    ck_status(ncd_crew_engine(&crew, 2, &again, &err), NCD_OK, &err);
    ck_assert_double_ne(size_of(again, text_of("some text")), gzip_size);
    ncd_crew_free(&crew);
    ncd_measure_free(&one);
    ncd_measure_free(&two);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        distances_are_those_of_the_papers,
        a_denominator_of_zero_gives_zero,
        choices_have_names,
        the_order_is_the_one_asked_for,
        the_mean_order_is_symmetric,
        defaults_are_gzip_and_a_blank,
        empty_texts_have_distances,
        a_reused_engine_gives_what_a_fresh_one_gives,
        bad_options_are_refused,
        matrix_rows_are_the_engines_distances,
        a_matrix_may_be_square_or_empty,
        a_row_can_stop_the_matrix,
        a_bad_option_stops_the_matrix,
        a_crew_keeps_its_engines_for_one_measure,
    };
    return run_tests("ncd", tests, COUNT(tests), 30);
}
