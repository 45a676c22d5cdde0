/* SPDX-License-Identifier: MIT */
/*
 * Codecs that take a prefix once: sizes behind it are those of the whole text,
 * at every level, for texts made to find differences, for any limit, and
 * whatever the context did before.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LZ4
#include "codec/lz4_size.h"
#endif
#include "ncd/measure.h"
#include "support.h"

enum { LONGEST = 80000, N_SECOND = 5 };

/* A text in which the compressors have much to decide: pieces of words, noise,
 * runs of one byte, and repetitions of what was before in `from`, too. */
static void make_text(struct rng *rng, unsigned char *t, size_t n,
                      const unsigned char *from, size_t n_from)
{
    size_t kind = rng_below(rng, 7);
    for (size_t i = 0; i < n;) {
        size_t piece = 1 + rng_below(rng, 40), what = kind;
        if (kind == 6)
            what = rng_below(rng, 6);
        if (piece > n - i)
            piece = n - i;
        if (what == 0)
            random_bytes(rng, t + i, piece);
        else if (what == 1)
            memset(t + i, "a- ."[rng_below(rng, 4)], piece);
        else if (what == 2 && i > 0)
            for (size_t k = 0, at = rng_below(rng, i); k < piece; k++)
                t[i + k] = t[at + k];
        else if (what == 3 && n_from > piece)
            memcpy(t + i, from + rng_below(rng, n_from - piece), piece);
        else if (what == 4)
            for (size_t k = 0; k < piece; k++)
                t[i + k] = (unsigned char)('a' + (rng_below(rng, 8) == 0));
        else
            random_english(rng, 1, (char *)t + i, piece);
        i += piece;
    }
}

static size_t some_length(struct rng *rng)
{
    static const size_t most[] = {16, 40, 300, 700, 5000, 40000};
    size_t which = rng_below(rng, 60);
    return rng_below(rng, most[which < 58 ? which % 4 : which - 54]);
}

struct both {
    const struct ncd_codec_spec *spec;
    void *plain, *prefixed;
};

static double whole_size(const struct both *b, ncd_text text)
{
    double size;
    ncd_error err;
    ck_status(b->spec->codec->size(b->plain, text, &size, &err), NCD_OK, &err);
    return size;
}

static void expect_limit(const struct both *b, ncd_text second, double size,
                         double limit)
{
    double got;
    ncd_error err;
    ck_status(b->spec->codec->size_after_prefix(b->prefixed, second, limit,
                                                &got, &err),
              NCD_OK, &err);
    ck_assert_msg(got == size || (got == HUGE_VAL && size >= limit),
                  "%s:%d: %zu bytes, limit %g: %g, and %g in one",
                  b->spec->codec->name, b->spec->level, second.nbytes, limit,
                  got, size);
}

/* `joined` holds the first text in its first m bytes, and has room. */
static void expect_second(const struct both *b, struct rng *rng,
                          unsigned char *joined, size_t m, size_t n)
{
    make_text(rng, joined + m, n, joined, m);
    double size = whole_size(b, (ncd_text){(char *)joined, m + n});
    ncd_text second = {(char *)joined + m, n};
    expect_limit(b, second, size, HUGE_VAL);
    expect_limit(b, second, size, size - 3 + (double)rng_below(rng, 7));
    expect_limit(b, second, size, (double)rng_below(rng, 40) - 2);
    expect_limit(b, second, size, size + 0.5);
}

static void expect_prefix(const struct both *b, struct rng *rng, size_t m,
                          size_t longest)
{
    static unsigned char joined[2 * LONGEST];
    ncd_error err;
    make_text(rng, joined, m, joined, 0);
    ncd_text prefix = {(char *)joined, m};
    ck_status(b->spec->codec->set_prefix(b->prefixed, prefix, &err), NCD_OK,
              &err);
    for (int i = 0; i < N_SECOND; i++) {
        size_t n = some_length(rng);
        expect_second(b, rng, joined, m, n < longest ? n : longest);
    }
}

static void expect_codec(const char *text, int n_rounds)
{
    struct rng rng = {5};
    struct ncd_codec_spec spec;
    struct both b = {.spec = &spec};
    ncd_error err;
    ck_status(ncd_codec_parse(text, &spec, &err), NCD_OK, &err);
    ck_status(spec.codec->open(&spec, &b.plain, &err), NCD_OK, &err);
    ck_status(spec.codec->open(&spec, &b.prefixed, &err), NCD_OK, &err);
    for (int i = 0; i < n_rounds; i++)
        expect_prefix(&b, &rng, some_length(&rng), LONGEST);
    /* Lengths at which positions no longer fit 16 bits. */
    for (size_t m = 65532; m < 65538; m += 2)
        expect_prefix(&b, &rng, m, 12);
    spec.codec->close(b.plain);
    spec.codec->close(b.prefixed);
}

static void expect_all_codecs(int n_rounds)
{
    for (size_t i = 0; ncd_codec_get(i); i++) {
        const struct ncd_codec *codec = ncd_codec_get(i);
        ck_assert(!codec->set_prefix == !codec->size_after_prefix);
        for (int level = codec->level_min;
             codec->set_prefix && level <= codec->level_max; level++) {
            char spec[64];
            snprintf(spec, sizeof spec, "%s:%d", codec->name, level);
            expect_codec(spec, n_rounds);
        }
    }
}

START_TEST(sizes_behind_a_prefix_are_those_of_the_whole)
{
    expect_all_codecs(20);
}
END_TEST

/* Takes long, and so is in suite slow. */
START_TEST(sizes_behind_many_prefixes)
{
    expect_all_codecs(2000);
}
END_TEST

#ifdef HAVE_LZ4
START_TEST(lz4_of_known_version_is_counted)
{
    struct ncd_codec_spec spec;
    ck_assert_int_eq(ncd_codec_parse("lz4", &spec, NULL), NCD_OK);
    if (strcmp(spec.codec->library_version(), "1.9.4") != 0)
        return;
    for (int level = NCD_LZ4_LEVEL_MIN; level <= NCD_LZ4_LEVEL_MAX; level++)
        ck_assert_int_eq(ncd_lz4_agrees(level), 1);
    ck_assert_int_eq(ncd_lz4_agrees(NCD_LZ4_LEVEL_MIN - 1), 0);
    ck_assert_int_eq(ncd_lz4_agrees(NCD_LZ4_LEVEL_MAX + 1), 0);
}
END_TEST

/* The engine's joint sizes with and without the codec's prefix. First texts
 * come again, in buffers that are written over in between. */
START_TEST(engines_agree_with_and_without_a_prefix)
{
    ncd_options options;
    ncd_error err;
    ncd_engine *with, *without;
    struct rng rng = {9};
    ncd_options_init(&options);
    options.compressor = "lz4";
    ck_status(ncd_engine_open(&options, &with, &err), NCD_OK, &err);
    options.engine = NCD_ENGINE_PLAIN;
    ck_status(ncd_engine_open(&options, &without, &err), NCD_OK, &err);
    for (int i = 0; i < 300; i++) {
        static char first[64], second[64];
        random_english(&rng, 1, first, 1 + rng_below(&rng, 3) * 20);
        random_english(&rng, 1, second, sizeof second);
        ncd_text x = {first, rng_below(&rng, 41)};
        ncd_text y = {second, rng_below(&rng, sizeof second)};
        for (int round = 0; round < 3; round++) {
            double a, b;
            ck_status(ncd_engine_join_pair(with, x, y, HUGE_VAL, &a, &err),
                      NCD_OK, &err);
            ck_status(ncd_engine_join_pair(without, x, y, HUGE_VAL, &b, &err),
                      NCD_OK, &err);
            ck_assert_double_eq(a, b);
            if (rng_below(&rng, 4) == 0)
                ck_status(ncd_engine_size(with, y, &a, &err), NCD_OK, &err);
        }
    }
    ncd_search_stats stats = {0};
    ncd_engine_take_stats(with, &stats);
    ck_assert_uint_eq(stats.library, 900);
    ncd_engine_close(with);
    ncd_engine_close(without);
}
END_TEST
#endif

int main(int argc, char **argv)
{
    const TTest *const usual[] = {
        sizes_behind_a_prefix_are_those_of_the_whole,
#ifdef HAVE_LZ4
        lz4_of_known_version_is_counted,
        engines_agree_with_and_without_a_prefix,
#endif
    };
    const TTest *const slow[] = {sizes_behind_many_prefixes};
    if (argc > 1 && strcmp(argv[1], "slow") == 0)
        return run_tests("prefix", slow, COUNT(slow), 1500);
    return run_tests("prefix", usual, COUNT(usual), 60);
}
