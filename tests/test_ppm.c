/* SPDX-License-Identifier: MIT */
/* The statistical model and its coder: probabilities, sizes, round trips. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codecs.h"
#include "codec/ppm_beliefs.h"
#include "codec/ppm_coder.h"
#include "support.h"

#define ONE ((uint64_t)1 << NCD_PPM_ONE_LOG2)

static ncd_text part(const char *bytes, size_t n)
{
    return (ncd_text){bytes, n};
}

static double cost_of(struct ncd_ppm *model, ncd_text text)
{
    ck_assert_int_eq(ncd_ppm_start(model, text.nbytes), NCD_OK);
    ck_assert_int_eq(ncd_ppm_take(model, text, HUGE_VAL, NULL), NCD_OK);
    return ncd_ppm_cost(model);
}

/* --- Round trips --- */

static void expect_round_trip(struct ncd_ppm *model, ncd_text prime,
                              ncd_text text)
{
    struct ncd_buf code = {0}, back = {0};
    double cost = -1;
    ck_assert_int_eq(ncd_ppm_encode(model, prime, text, &code, &cost), NCD_OK);
    ck_assert_double_ge((double)code.n, cost - 1);
    ck_assert_double_le((double)code.n, cost + 2);
    ck_assert_int_eq(
        ncd_ppm_decode(model, prime, ncd_buf_text(&code), text.nbytes, &back),
        NCD_OK);
    ck_assert(same_text(ncd_buf_text(&back), text));
    if (prime.nbytes == 0)
        ck_assert_double_eq(cost, cost_of(model, text));
    ncd_buf_free(&code);
    ncd_buf_free(&back);
}

enum { N_TEXTS = 10, LONGEST = 65536 };
static char room[N_TEXTS][LONGEST];
static size_t lengths[N_TEXTS];

static void make_texts(void)
{
    struct rng rng = {21};
    const size_t english[] = {480, LONGEST, 40, 3000};
    for (int i = 0; i < 4; i++)
        random_english(&rng, (unsigned)i, room[i], lengths[i] = english[i]);
    lengths[4] = 0;
    lengths[5] = 1;
    room[5][0] = '\xff';
    for (int i = 0; i < 256; i++)
        room[6][i] = (char)i;
    lengths[6] = 256;
    random_bytes(&rng, (unsigned char *)room[7], lengths[7] = 20000);
    memset(room[8], 'a', lengths[8] = LONGEST);
    /* A new byte behind every context, again and again. */
    for (int i = 0; i < 65536; i++)
        room[9][i] = (char)(i % 2 ? i / 512 : i / 2);
    lengths[9] = 65536;
}

START_TEST(texts_of_all_sorts_come_back)
{
    struct ncd_ppm *model = ncd_ppm_new();
    make_texts();
    for (int i = 0; i < N_TEXTS; i++)
        expect_round_trip(model, (ncd_text){0}, part(room[i], lengths[i]));
    ncd_ppm_free(model);
}
END_TEST

START_TEST(primed_texts_come_back)
{
    struct ncd_ppm *model = ncd_ppm_new();
    make_texts();
    for (int p = 0; p < N_TEXTS; p++)
        for (int i = 0; i < N_TEXTS; i++)
            expect_round_trip(
                model, part(room[p], lengths[p] < 5000 ? lengths[p] : 5000),
                part(room[i], lengths[i] < 2000 ? lengths[i] : 2000));
    ncd_ppm_free(model);
}
END_TEST

START_TEST(a_long_text_comes_back)
{
    struct rng rng = {22};
    struct ncd_ppm *model = ncd_ppm_new();
    size_t n = 100000;
    char *text = malloc(n);
    for (size_t i = 0; i < n; i += 20000)
        random_english(&rng, (unsigned)i, text + i, 20000);
    random_bytes(&rng, (unsigned char *)text + n / 2, 10000);
    expect_round_trip(model, (ncd_text){0}, part(text, n));
    free(text);
    ncd_ppm_free(model);
}
END_TEST

/* --- Probabilities --- */

/* Takes the text a byte at a time, and looks at all 256 in every place. */
static void expect_sums(struct ncd_ppm *model, ncd_text text)
{
    static struct ncd_ppm_set after[256];
    const unsigned char *bytes = text.bytes;
    uint32_t p[256];
    memset(after, 0, sizeof after);
    ck_assert_int_eq(ncd_ppm_start(model, 0), NCD_OK);
    for (size_t i = 0; i < text.nbytes; i++) {
        uint64_t sum = 0;
        uint32_t least = UINT32_MAX;
        ncd_ppm_spread(model, after, p);
        for (int b = 0; b < 256; b++) {
            least = p[b] < least ? p[b] : least;
            sum += p[b];
        }
        double before = ncd_ppm_cost(model);
        ncd_status status =
            ncd_ppm_take(model, (ncd_text){bytes + i, 1}, HUGE_VAL, NULL);
        double paid = 8 * (ncd_ppm_cost(model) - before);
        double asked = -log2((double)p[bytes[i]] / (double)ONE);
        /* In one, since every ck_assert is a system call. */
        ck_assert_msg(status == NCD_OK && least > 0 && sum <= ONE &&
                          sum >= ONE - ONE / 200000 &&
                          fabs(paid - asked) < 1e-5,
                      "at %zu: least %u, sum %llu, paid %g, asked %g", i, least,
                      (unsigned long long)sum, paid, asked);
        if (i)
            after[bytes[i - 1]].bits[bytes[i] / 64] |= UINT64_C(1)
                                                       << (bytes[i] % 64);
    }
}

START_TEST(probabilities_sum_to_one_and_are_what_is_paid)
{
    struct ncd_ppm *model = ncd_ppm_new();
    make_texts();
    for (int i = 0; i < N_TEXTS; i++)
        expect_sums(model,
                    part(room[i], lengths[i] < 8000 ? lengths[i] : 8000));
    expect_sums(model, part(room[8], LONGEST)); /* counts come to their end */
    ncd_ppm_free(model);
}
END_TEST

START_TEST(what_is_believed_are_probabilities)
{
    static struct ncd_ppm_beliefs beliefs;
    unsigned n_wrong = 0;
    ncd_ppm_believe(&beliefs, &ncd_ppm_tables);
    for (unsigned second_last = 0; second_last < 256; second_last++)
        for (unsigned last = 0; last < 256; last++) {
            uint64_t sum = 0;
            for (unsigned byte = 0; byte < 256; byte++)
                sum += ncd_ppm_prior(&beliefs, second_last, last, byte);
            n_wrong += sum != UINT64_C(1) << 28;
        }
    ck_assert_uint_eq(n_wrong, 0);
}
END_TEST

/* A row that says nothing, and one that is sure, are probabilities, too. */
START_TEST(any_row_is_made_to_sum_to_one)
{
    static struct ncd_ppm_beliefs beliefs;
    static struct ncd_ppm_tables tables;
    tables = ncd_ppm_tables;
    memset(tables.rows[0].levels, 'a', NCD_PPM_CLASSES);
    memset(tables.rows[1].levels, 'Z', NCD_PPM_CLASSES);
    memset(tables.rows[2].levels, 'Z', NCD_PPM_CLASSES);
    tables.rows[2].levels[0] = 'a';
    ncd_ppm_believe(&beliefs, &tables);
    for (int r = 0; r < NCD_PPM_ROWS; r++) {
        unsigned sum = 0, least = 65536;
        for (int k = 0; k < NCD_PPM_CLASSES; k++) {
            unsigned p = beliefs.rows[r][k];
            sum += p;
            least = p < least ? p : least;
        }
        ck_assert_uint_eq(sum, 65536);
        ck_assert_uint_gt(least, 0);
    }
}
END_TEST

START_TEST(each_class_has_its_rows)
{
    static struct ncd_ppm_beliefs beliefs;
    ncd_ppm_believe(&beliefs, &ncd_ppm_tables);
    int used[NCD_PPM_ROWS] = {0}, n_used = 0;
    for (int i = 0; i < NCD_PPM_CLASSES; i++)
        for (int j = 0; j < NCD_PPM_CLASSES; j++) {
            int row = beliefs.row_of[i][j];
            if (row < NCD_PPM_CLASSES) /* of the last class */
                ck_assert_uint_eq(
                    beliefs.classes[(unsigned char)ncd_ppm_tables.rows[row]
                                        .behind[0]],
                    (unsigned)j);
            else
                n_used += !used[row]++;
        }
    ck_assert_int_eq(n_used, NCD_PPM_PAIRS); /* no pair has two */
}
END_TEST

START_TEST(discounts_are_below_their_counts)
{
    static struct ncd_ppm_beliefs beliefs;
    ncd_ppm_believe(&beliefs, &ncd_ppm_tables);
    for (int o = 0; o <= NCD_PPM_ORDER; o++)
        for (int r = 0; r < NCD_PPM_RUNS; r++)
            for (int s = 0; s < NCD_PPM_SINGLE; s++)
                for (unsigned i = 1; i <= 3; i++) {
                    unsigned discount = beliefs.weights[o][r][s].discounts[i];
                    ck_assert_uint_gt(discount, 0);
                    ck_assert_uint_lt(discount, 256 * i);
                    ck_assert_uint_le(beliefs.weights[o][r][s].weight,
                                      NCD_PPM_WEIGHT_MAX);
                }
}
END_TEST

/* --- States --- */

START_TEST(a_reused_model_costs_what_a_fresh_one_does)
{
    struct ncd_ppm *reused = ncd_ppm_new();
    make_texts();
    for (int round = 0; round < 30; round++) { /* stamps come round */
        for (int i = 0; i < N_TEXTS; i++) {
            size_t n = lengths[i] < 1000 || round == 0 ? lengths[i] : 1000;
            struct ncd_ppm *fresh = ncd_ppm_new();
            ck_assert_double_eq(cost_of(reused, part(room[i], n)),
                                cost_of(fresh, part(room[i], n)));
            ncd_ppm_free(fresh);
        }
    }
    ncd_ppm_free(reused);
}
END_TEST

static double after_prefix(void *context, ncd_text text, double limit)
{
    double size = -1;
    ck_assert_int_eq(
        ncd_codec_ppm.size_after_prefix(context, text, limit, &size, NULL),
        NCD_OK);
    return size;
}

static double size_in(void *context, const char *bytes, size_t n)
{
    double size = -1;
    ck_assert_int_eq(ncd_codec_ppm.size(context, part(bytes, n), &size, NULL),
                     NCD_OK);
    return size;
}

static void *open_context(void)
{
    void *context;
    struct ncd_codec_spec spec;
    ck_assert_int_eq(ncd_codec_parse("ppm", &spec, NULL), NCD_OK);
    ck_assert_int_eq(ncd_codec_ppm.open(&spec, &context, NULL), NCD_OK);
    return context;
}

/* Prefix and text in one, of all pairs, and often enough to wear out marks. */
START_TEST(a_prefix_changes_no_size)
{
    static char joined[2 * LONGEST];
    void *context = open_context(), *plain = open_context();
    make_texts();
    for (int x = 0; x < N_TEXTS; x++) {
        ncd_text prefix = part(room[x], lengths[x] < 3000 ? lengths[x] : 3000);
        memcpy(joined, room[x], prefix.nbytes);
        ck_assert_int_eq(ncd_codec_ppm.set_prefix(context, prefix, NULL),
                         NCD_OK);
        for (int i = 0; i < 110; i++) { /* 40, and all texts x limits */
            int y = i % N_TEXTS;
            size_t n = lengths[y] < 500 || i < N_TEXTS ? lengths[y] : 500;
            if (i >= 40)
                n = n < 20 ? n : 20;
            memcpy(joined + prefix.nbytes, room[y], n);
            double whole = size_in(plain, joined, prefix.nbytes + n);
            double size = after_prefix(context, part(room[y], n), HUGE_VAL);
            ck_assert_msg(size == whole, "%d and %d of %zu: %.9g, whole %.9g",
                          x, y, n, size, whole);
            double limit = whole * (i % 7 + 1) / 5;
            size = after_prefix(context, part(room[y], n), limit);
            ck_assert(size == whole || (size == HUGE_VAL && whole >= limit));
        }
    }
    ncd_codec_ppm.close(context);
    ncd_codec_ppm.close(plain);
}
END_TEST

START_TEST(a_limit_spares_work)
{
    void *context = open_context();
    make_texts();
    ncd_codec_ppm.set_prefix(context, part(room[0], 480), NULL);
    double whole = after_prefix(context, part(room[3], 3000), HUGE_VAL);
    ck_assert_double_eq(after_prefix(context, part(room[3], 3000), whole / 2),
                        HUGE_VAL);
    ck_assert_double_eq(
        after_prefix(context, part(room[3], 3000), whole + 1e-6), whole);
    ncd_codec_ppm.close(context);
}
END_TEST

/* Where the table is full all is forgotten, at the same place however the text
 * is cut. */
START_TEST(a_full_table_is_forgotten)
{
    struct rng rng = {24};
    size_t n = 1300000;
    struct ncd_ppm *model = ncd_ppm_new();
    unsigned char *noise = malloc(n);
    random_bytes(&rng, noise, n);
    double whole = cost_of(model, (ncd_text){noise, n});
    ck_assert_double_lt(whole, 1.025 * (double)n);
    ck_assert_int_eq(ncd_ppm_start(model, 0), NCD_OK);
    for (size_t at = 0; at < n; at += 99991) {
        size_t rest = n - at < 99991 ? n - at : 99991;
        ck_assert_int_eq(
            ncd_ppm_take(model, (ncd_text){noise + at, rest}, HUGE_VAL, NULL),
            NCD_OK);
    }
    ck_assert_double_eq(ncd_ppm_cost(model), whole);
    int marked = 1;
    ck_assert_int_eq(ncd_ppm_mark(model, n, &marked), NCD_OK);
    ck_assert_int_eq(marked, 0);
    free(noise);
    ncd_ppm_free(model);
}
END_TEST

/* --- Damage --- */

START_TEST(damaged_code_gives_another_text_or_a_failure)
{
    struct rng rng = {23};
    struct ncd_ppm *model = ncd_ppm_new();
    struct ncd_buf code = {0}, back = {0};
    make_texts();
    ck_assert_int_eq(
        ncd_ppm_encode(model, (ncd_text){0}, part(room[3], 1000), &code, NULL),
        NCD_OK);
    for (int i = 0; i < 200; i++) {
        size_t at = rng_below(&rng, code.n);
        unsigned char flip = (unsigned char)(1 + rng_below(&rng, 255));
        code.bytes[at] ^= flip;
        back.n = 0;
        ncd_status status = ncd_ppm_decode(
            model, (ncd_text){0},
            (ncd_text){code.bytes, code.n - rng_below(&rng, 20)}, 1000, &back);
        ck_assert(status == NCD_OK || status == NCD_ERR_INPUT);
        ck_assert(back.n < 1000 || memcmp(back.bytes, room[3], 1000) != 0);
        code.bytes[at] ^= flip;
    }
    ncd_buf_free(&code);
    ncd_buf_free(&back);
    ncd_ppm_free(model);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        texts_of_all_sorts_come_back,
        primed_texts_come_back,
        a_long_text_comes_back,
        probabilities_sum_to_one_and_are_what_is_paid,
        what_is_believed_are_probabilities,
        any_row_is_made_to_sum_to_one,
        each_class_has_its_rows,
        discounts_are_below_their_counts,
        a_reused_model_costs_what_a_fresh_one_does,
        a_prefix_changes_no_size,
        a_limit_spares_work,
        a_full_table_is_forgotten,
        damaged_code_gives_another_text_or_a_failure,
    };
    return run_tests("ppm", tests, COUNT(tests), 300);
}
