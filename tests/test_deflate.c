/* SPDX-License-Identifier: MIT */
/*
 * The size-only DEFLATE engine against zlib, whose sizes it must give to the
 * byte: texts of many characters and of the lengths at which something changes
 * in zlib, at every level with lazy matching, and with limits around the truth.
 *
 * As it is, some thousand pairs; NCD_DEFLATE_PAIRS=1000000 in the environment
 * makes it a long test (suite "slow").
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "ncd/deflate_size.h"
#include "support.h"

#define MAX_TEXT 72000
#define PAD 64
#define N_SECOND 4

/* Around the shortest and longest match, the distance at which three bytes are
 * too far, a block's symbols, the window, where it slides, and twice that. */
static const size_t edges[] = {0,     1,     2,     3,     4,     5,     255,
                               256,   257,   258,   259,   260,   263,   4094,
                               4095,  4096,  4097,  4098,  16381, 16383, 16384,
                               32500, 32505, 32506, 32507, 32767, 32768, 32769,
                               65272, 65273, 65274, 65275, 65535, 65536, 70000};

static size_t any_length(struct rng *rng)
{
    switch (rng_below(rng, 24)) {
    case 0:
        return edges[rng_below(rng, COUNT(edges))];
    case 1:
    case 2:
        return rng_below(rng, 6);
    case 3:
        return rng_below(rng, 4000);
    default:
        return rng_below(rng, 400);
    }
}

/* --- Texts of different characters --- */

static void make_alphabet(struct rng *rng, uint8_t *t, size_t n)
{
    size_t alphabet = 1 + rng_below(rng, rng_below(rng, 2) ? 256 : 30);
    for (size_t i = 0; i < n; i++)
        t[i] = (uint8_t)('a' + rng_below(rng, alphabet));
}

static void make_period(struct rng *rng, uint8_t *t, size_t n)
{
    size_t period = 1 + rng_below(rng, 300);
    for (size_t i = 0; i < n; i++)
        t[i] = i < period ? (uint8_t)rng_next(rng) : t[i - period];
}

/* Counts that fall by half from byte to byte want codes of more than 15 bits,
 * which zlib then cuts. */
static void make_skewed(struct rng *rng, uint8_t *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t c = 'a';
        while (c < 'a' + 24 && rng_below(rng, 5) < 2)
            c++;
        t[i] = c;
    }
}

/* Pieces of the other text and of itself, between noise. */
static void make_copies(struct rng *rng, uint8_t *t, size_t n, ncd_text other)
{
    size_t chunk = 1 + rng_below(rng, rng_below(rng, 2) ? 300 : 12), i = 0;
    while (i < n) {
        size_t length = 1 + rng_below(rng, chunk);
        size_t what = rng_below(rng, 3);
        const uint8_t *from = what == 0 ? t : other.bytes;
        size_t n_from = what == 0 ? i : what == 1 ? other.nbytes : 0;
        size_t at = n_from ? rng_below(rng, n_from) : 0;
        if (n_from > 20 && rng_below(rng, 8) == 0)
            at = n_from - 1 - rng_below(rng, 20);
        for (; length && i < n; length--, at++, i++)
            t[i] = at < n_from ? from[at] : (uint8_t)('a' + rng_below(rng, 26));
    }
}

static void make_text(struct rng *rng, uint8_t *t, size_t n, ncd_text other)
{
    switch (rng_below(rng, 8)) {
    case 0:
        make_alphabet(rng, t, n);
        break;
    case 1:
        make_period(rng, t, n);
        break;
    case 2:
        make_skewed(rng, t, n);
        break;
    case 3:
        memset(t, (int)rng_below(rng, 256), n);
        break;
    case 4:
        random_bytes(rng, t, n);
        break;
    case 5:
        random_english(rng, (unsigned)rng_below(rng, 3), (char *)t, n);
        break;
    default:
        make_copies(rng, t, n, other);
    }
}

/* --- Pairs --- */

struct engines {
    struct ncd_dengine *fast, *library;
};

static size_t size_by(struct ncd_dengine *engine, const struct ncd_dsuffix *y,
                      size_t limit)
{
    size_t size = 0;
    ck_assert(ncd_dengine_size(engine, y, limit, &size));
    return size;
}

/* With any limit the engine gives the size, or says that it is not below. */
static void check_pair(const struct engines *e, struct rng *rng,
                       const struct ncd_dsuffix *y)
{
    size_t truth = size_by(e->library, y, SIZE_MAX);
    ck_assert_uint_eq(size_by(e->fast, y, SIZE_MAX), truth);
    for (size_t limit = truth - 1; limit <= truth + 2; limit++) {
        size_t size = size_by(e->fast, y, limit);
        ck_assert(size == truth ||
                  (size == NCD_DSIZE_PRUNED && truth >= limit));
    }
    size_t limit = rng_below(rng, 2 * truth + 2);
    size_t size = size_by(e->fast, y, limit);
    ck_assert(size == truth || (size == NCD_DSIZE_PRUNED && truth >= limit));
}

/* Any of the paths that this processor can go. */
static const struct ncd_dpath *any_path(struct rng *rng)
{
    const struct ncd_dpath *path;
    size_t n = 0;
    while (ncd_dpath_get(n))
        n++;
    do
        path = ncd_dpath_get(rng_below(rng, n));
    while (!ncd_dpath_is_there(path));
    return path;
}

static size_t check_prefix(const struct engines *e, struct rng *rng,
                           uint8_t *first, uint8_t *second)
{
    struct ncd_dsuffix y[N_SECOND];
    ncd_text x = {first, any_length(rng)};
    make_text(rng, first, x.nbytes, (ncd_text){second, 200});
    size_t n = 1 + rng_below(rng, N_SECOND);
    for (size_t i = 0; i < n; i++) {
        size_t nbytes = any_length(rng);
        make_text(rng, second, nbytes, x);
        ck_assert(ncd_dsuffix_build(&y[i], e->fast, second, nbytes));
    }
    ncd_dengine_take_path(e->fast, any_path(rng));
    ck_assert(ncd_dengine_set_prefix(e->fast, first, x.nbytes));
    ck_assert(ncd_dengine_set_prefix(e->library, first, x.nbytes));
    for (size_t i = 0; i < n; i++) {
        check_pair(e, rng, &y[i]);
        ncd_dsuffix_clear(&y[i]);
    }
    return n;
}

static size_t n_pairs(void)
{
    const char *wanted = getenv("NCD_DEFLATE_PAIRS");
    return wanted ? strtoul(wanted, NULL, 10) : 3000;
}

START_TEST(sizes_are_those_of_zlib)
{
    int level = 4 + _i;
    struct rng rng = {(uint64_t)(n_pairs() + (size_t)_i)};
    struct engines e = {ncd_dengine_new(level, false),
                        ncd_dengine_new(level, true)};
    uint8_t *first = calloc(1, MAX_TEXT + PAD);
    uint8_t *second = calloc(1, MAX_TEXT + PAD);
    ck_assert(e.fast && e.library && first && second);
    /* Most pairs at the level that is used most. */
    size_t n = n_pairs() / (level == 9 ? 2 : 10);
    for (size_t done = 0; done < n;)
        done += check_prefix(&e, &rng, first, second);
    ncd_dengine_free(e.fast);
    ncd_dengine_free(e.library);
    free(first);
    free(second);
}
END_TEST

/* A prefix and a suffix do not wear out, whatever was asked in between. */
START_TEST(reuse_changes_nothing)
{
    static uint8_t text[3][600];
    struct rng rng = {5};
    struct ncd_dsuffix y[3];
    struct ncd_dengine *e = ncd_dengine_new(9, false);
    size_t sizes[3];
    ck_assert(e != NULL);
    for (int i = 0; i < 3; i++) {
        random_english(&rng, (unsigned)i, (char *)text[i], sizeof text[i]);
        ck_assert(ncd_dsuffix_build(&y[i], e, text[i], sizeof text[i]));
    }
    ck_assert(ncd_dengine_set_prefix(e, text[0], sizeof text[0]));
    for (int i = 0; i < 3; i++)
        sizes[i] = size_by(e, &y[i], SIZE_MAX);
    for (int round = 0; round < 3; round++) {
        ck_assert(ncd_dengine_set_prefix(e, text[1], 100));
        size_by(e, &y[round], 50);
        ck_assert(ncd_dengine_set_prefix(e, text[0], sizeof text[0]));
        for (int i = 2; i >= 0; i--)
            ck_assert_uint_eq(size_by(e, &y[i], SIZE_MAX), sizes[i]);
    }
    for (int i = 0; i < 3; i++)
        ncd_dsuffix_clear(&y[i]);
    ncd_dengine_free(e);
}
END_TEST

START_TEST(agrees_with_the_zlib_in_use)
{
    bool equal = false;
    ck_assert(ncd_dengine_check(4 + _i, &equal));
    ck_assert(equal);
    ck_assert_int_eq(ncd_engine_agrees(4 + _i), 1);
}
END_TEST

/* A fork of zlib has other sizes. The check must notice: whether it does is
 * tried on texts that are not the check's own. */
START_TEST(a_zlib_that_differs_is_not_imitated)
{
    int level = 4 + _i, n_different = 0;
    struct ncd_dengine *fast = ncd_dengine_new(level, false);
    struct ncd_dengine *library = ncd_dengine_new(level, true);
    char x[400], y[400];
    ck_assert(fast && library);
    for (unsigned i = 0; i < 200; i++) {
        struct rng rng = {i};
        struct ncd_dsuffix suffix;
        random_english(&rng, i % 3, x, sizeof x);
        random_english(&rng, i % 5, y, sizeof y);
        ck_assert(ncd_dsuffix_build(&suffix, fast, y, sizeof y));
        ck_assert(ncd_dengine_set_prefix(fast, x, sizeof x));
        ck_assert(ncd_dengine_set_prefix(library, x, sizeof x));
        n_different += size_by(fast, &suffix, SIZE_MAX) !=
                       size_by(library, &suffix, SIZE_MAX);
        ncd_dsuffix_clear(&suffix);
    }
    ck_assert(n_different == 0 || ncd_engine_agrees(level) == 0);
    ncd_dengine_free(fast);
    ncd_dengine_free(library);
}
END_TEST

START_TEST(other_levels_have_no_engine)
{
    ck_assert_int_eq(ncd_engine_agrees(3), -1);
    ck_assert_int_eq(ncd_engine_agrees(10), -1);
    ck_assert_int_eq(ncd_engine_agrees(-1), -1);
}
END_TEST

/* The whole search with and without the engine. */
START_TEST(searches_agree)
{
    static const ncd_order orders[] = {NCD_ORDER_TEST_FIRST,
                                       NCD_ORDER_TRAIN_FIRST, NCD_ORDER_MEAN};
    static const char *const specs[] = {"gzip", "zlib:6", "deflate:4"};
    ncd_dataset *train = random_dataset(1, 4, 30, 300);
    ncd_dataset *test = random_dataset(2, 4, 6, 300);
    ncd_text texts[24];
    ncd_model *models[2];
    ncd_prediction *p[2];
    ncd_options o;
    ncd_error err;
    for (size_t i = 0; i < COUNT(texts); i++)
        texts[i] = ncd_dataset_text(test, i);
    for (int way = 0; way < 2; way++) {
        ncd_options_init(&o);
        o.engine = way ? NCD_ENGINE_PLAIN : NCD_ENGINE_AUTO;
        o.compressor = specs[_i / 4 % 3];
        o.order = orders[_i % 3];
        o.distance = (ncd_distance)(_i % 4);
        o.threads = 1;
        ck_assert_int_eq(ncd_model_train(train, &o, &models[way], &err),
                         NCD_OK);
        ck_assert_int_eq(ncd_prediction_new(&p[way]), NCD_OK);
        ncd_predict_options predict;
        ncd_predict_options_init(&predict);
        predict.threads = 1;
        ck_assert_int_eq(ncd_model_predict(models[way], texts, COUNT(texts),
                                           &predict, p[way], &err),
                         NCD_OK);
    }
    for (size_t i = 0; i < COUNT(texts); i++) {
        for (size_t j = 0; j < ncd_prediction_n_neighbors(p[0], i); j++) {
            ncd_neighbor a = ncd_prediction_neighbor(p[0], i, j);
            ncd_neighbor b = ncd_prediction_neighbor(p[1], i, j);
            ck_assert_uint_eq(a.index, b.index);
            ck_assert(a.distance == b.distance);
        }
    }
    for (int way = 0; way < 2; way++) {
        ncd_prediction_free(p[way]);
        ncd_model_free(models[way]);
    }
    ncd_dataset_free(train);
    ncd_dataset_free(test);
}
END_TEST

/* What is kept from batch to batch belongs to the batch's own way: a large one,
 * then a small one, in one prediction. */
START_TEST(batches_of_different_size_agree)
{
    ncd_dataset *train = random_dataset(5, 3, 20, 200);
    ncd_dataset *test = random_dataset(6, 3, 3, 200);
    ncd_text texts[9];
    ncd_neighbor found[2][9];
    for (size_t i = 0; i < COUNT(texts); i++)
        texts[i] = ncd_dataset_text(test, i);
    for (int way = 0; way < 2; way++) {
        ncd_model *model;
        ncd_prediction *p;
        ncd_options o;
        ncd_error err;
        ncd_predict_options predict;
        ncd_options_init(&o);
        o.engine = way ? NCD_ENGINE_PLAIN : NCD_ENGINE_AUTO;
        o.order = _i ? NCD_ORDER_TRAIN_FIRST : NCD_ORDER_TEST_FIRST;
        o.threads = 1;
        ncd_predict_options_init(&predict);
        predict.threads = 1;
        ck_assert_int_eq(ncd_model_train(train, &o, &model, &err), NCD_OK);
        ck_assert_int_eq(ncd_prediction_new(&p), NCD_OK);
        for (size_t first = 0, n = 7; first < 9; first += n, n = 2) {
            ck_assert_int_eq(
                ncd_model_predict(model, texts + first, n, &predict, p, &err),
                NCD_OK);
            for (size_t i = 0; i < n; i++)
                found[way][first + i] = ncd_prediction_neighbor(p, i, 0);
        }
        ncd_prediction_free(p);
        ncd_model_free(model);
    }
    for (size_t i = 0; i < COUNT(texts); i++) {
        ck_assert_uint_eq(found[0][i].index, found[1][i].index);
        ck_assert(found[0][i].distance == found[1][i].distance);
    }
    ncd_dataset_free(train);
    ncd_dataset_free(test);
}
END_TEST

/* All training texts as candidates is the exact search, for any compressor. */
START_TEST(enough_candidates_are_exact)
{
    static const char *const specs[] = {"gzip", "zstd", "lzma:0"};
    ncd_dataset *train = random_dataset(3, 3, 20, 200);
    ncd_model *model;
    ncd_prediction *p[2];
    ncd_options o;
    ncd_error err;
    char bytes[200];
    struct rng rng = {9};
    random_english(&rng, 1, bytes, sizeof bytes);
    ncd_text text = {bytes, sizeof bytes};
    ncd_options_init(&o);
    o.compressor = specs[_i];
    o.threads = 1;
    ck_assert_int_eq(ncd_model_train(train, &o, &model, &err), NCD_OK);
    for (int way = 0; way < 2; way++) {
        ncd_predict_options predict;
        ncd_predict_options_init(&predict);
        predict.threads = 1;
        predict.n_candidates = way ? 60 : 0;
        ck_assert_int_eq(ncd_prediction_new(&p[way]), NCD_OK);
        ck_assert_int_eq(
            ncd_model_predict(model, &text, 1, &predict, p[way], &err), NCD_OK);
    }
    for (size_t j = 0; j < ncd_prediction_n_neighbors(p[0], 0); j++)
        ck_assert_uint_eq(ncd_prediction_neighbor(p[0], 0, j).index,
                          ncd_prediction_neighbor(p[1], 0, j).index);
    ncd_prediction_free(p[0]);
    ncd_prediction_free(p[1]);
    ncd_model_free(model);
    ncd_dataset_free(train);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("deflate");
    TCase *tests = tcase_create("deflate");
    tcase_set_timeout(tests, getenv("NCD_DEFLATE_PAIRS") ? 7200 : 120);
    /* Another library under zlib's name, such as zlib-ng, is free to differ. */
    if (!strstr(zlibVersion(), "zlib-ng") || getenv("NCD_DEFLATE_PAIRS")) {
        tcase_add_loop_test(tests, sizes_are_those_of_zlib, 0, 6);
        tcase_add_loop_test(tests, agrees_with_the_zlib_in_use, 0, 6);
    }
    tcase_add_loop_test(tests, a_zlib_that_differs_is_not_imitated, 0, 6);
    tcase_add_test(tests, reuse_changes_nothing);
    tcase_add_test(tests, other_levels_have_no_engine);
    tcase_add_loop_test(tests, searches_agree, 0, 12);
    tcase_add_loop_test(tests, batches_of_different_size_agree, 0, 2);
    tcase_add_loop_test(tests, enough_candidates_are_exact, 0, 3);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
