/* SPDX-License-Identifier: MIT */
/* Compressors: sizes, specifications, and the pool of memory. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#ifdef HAVE_BZIP2
#include <bzlib.h>
#endif

#include "codec/codecs.h"
#include "codec/pool.h"
#include "support.h"

/* --- Sizes --- */

enum { N_TEXTS = 12, LONGEST = 300000 };
static char room[N_TEXTS][LONGEST];
static ncd_text texts[N_TEXTS];

static void set_text(int i, size_t n)
{
    texts[i] = (ncd_text){room[i], n};
}

/* Texts of all sorts, long and short in turn, so that whatever a long one
 * leaves in a context is there when a short one comes. */
static void make_texts(void)
{
    struct rng rng = {11};
    const size_t english[] = {480, LONGEST, 40, 2000, 70000, 480};
    for (int i = 0; i < 6; i++) {
        random_english(&rng, (unsigned)i, room[i], english[i]);
        set_text(i, english[i]);
    }
    set_text(6, 0);
    random_bytes(&rng, (unsigned char *)room[7], 70000);
    set_text(7, 70000);
    room[8][0] = 'x';
    set_text(8, 1);
    memset(room[9], 'a', LONGEST);
    set_text(9, LONGEST);
    random_bytes(&rng, (unsigned char *)room[10], 300);
    set_text(10, 300);
    memset(room[11], 0, 1000);
    set_text(11, 1000);
}

static struct ncd_codec_spec spec_of(const char *text)
{
    struct ncd_codec_spec spec;
    ncd_error err;
    ck_status(ncd_codec_parse(text, &spec, &err), NCD_OK, &err);
    return spec;
}

static void *open_codec(const struct ncd_codec_spec *spec)
{
    void *context;
    ncd_error err;
    char name[NCD_CODEC_SPEC_NBYTES];
    ncd_codec_format(spec, name);
    ncd_status status = spec->codec->open(spec, &context, &err);
    ck_assert_msg(status == NCD_OK, "%s does not open: %s", name, err.message);
    return context;
}

static double size_in(const struct ncd_codec_spec *spec, void *context,
                      ncd_text text)
{
    double size = -1;
    ncd_error err;
    char name[NCD_CODEC_SPEC_NBYTES];
    ncd_codec_format(spec, name);
    ncd_status status = spec->codec->size(context, text, &size, &err);
    ck_assert_msg(status == NCD_OK, "%s: %zu bytes: %s", name, text.nbytes,
                  err.message);
    return size;
}

static double fresh_size(const char *text_spec, ncd_text text)
{
    struct ncd_codec_spec spec = spec_of(text_spec);
    void *context = open_codec(&spec);
    double size = size_in(&spec, context, text);
    spec.codec->close(context);
    return size;
}

/* Sizes of all texts, each by a context of its own, and then forwards and
 * backwards by one context that is kept. */
static void expect_reuse_equals_fresh(const char *text_spec)
{
    struct ncd_codec_spec spec = spec_of(text_spec);
    double fresh[N_TEXTS];
    for (int i = 0; i < N_TEXTS; i++)
        fresh[i] = fresh_size(text_spec, texts[i]);
    void *context = open_codec(&spec);
    for (int round = 0; round < 2; round++) {
        for (int j = 0; j < N_TEXTS; j++) {
            int i = round ? N_TEXTS - 1 - j : j;
            double size = size_in(&spec, context, texts[i]);
            ck_assert_msg(size == fresh[i],
                          "%s: text %d of %zu bytes: %g reused, %g fresh",
                          text_spec, i, texts[i].nbytes, size, fresh[i]);
        }
    }
    spec.codec->close(context);
}

START_TEST(a_reused_context_gives_the_size_of_a_fresh_one)
{
    make_texts();
    for (size_t i = 0; ncd_codec_get(i); i++) {
        const struct ncd_codec *codec = ncd_codec_get(i);
        const int levels[] = {codec->level_min, codec->level_initial,
                              (codec->level_initial + codec->level_min) / 2};
        for (size_t l = 0; l < COUNT(levels); l++) {
            char spec[64];
            snprintf(spec, sizeof spec, "%s:%d", codec->name, levels[l]);
            expect_reuse_equals_fresh(spec);
        }
    }
}
END_TEST

/* Takes long, and so is in suite slow. */
START_TEST(a_reused_context_at_every_level)
{
    make_texts();
    for (size_t i = 0; ncd_codec_get(i); i++) {
        const struct ncd_codec *codec = ncd_codec_get(i);
        for (int level = codec->level_min; level <= codec->level_max; level++) {
            char spec[64];
            snprintf(spec, sizeof spec, "%s:%d", codec->name, level);
            expect_reuse_equals_fresh(spec);
        }
    }
}
END_TEST

START_TEST(a_reused_context_with_keys_too)
{
    const char *const specs[] = {
        "gzip:6,window=9",
        "deflate:9,window=12,mem=1",
        "zlib:1,mem=9",
        "zstd:1,window=10",
        "zstd:9,window=17",
        "zstd:-7",
        "lzma:0,dict=4096",
        "lzma:2,extreme=1",
        "xz:1,dict=65536",
#ifdef HAVE_BROTLI
        "brotli:5,window=10",
        "brotli:9,window=16",
#endif
#ifdef HAVE_LZ4
        "lz4:1",
        "lz4:3",
        "lz4:12",
#endif
#ifdef HAVE_LIBDEFLATE
        "libdeflate:1",
        "libdeflate:12",
#endif
    };
    make_texts();
    for (size_t i = 0; i < COUNT(specs); i++)
        expect_reuse_equals_fresh(specs[i]);
}
END_TEST

START_TEST(sizes_are_sane)
{
    make_texts();
    for (size_t i = 0; ncd_codec_get(i); i++) {
        const char *name = ncd_codec_get(i)->name;
        double empty = fresh_size(name, texts[6]);
        double one = fresh_size(name, texts[8]);
        double english = fresh_size(name, texts[4]);
        double noise = fresh_size(name, texts[7]);
        double equal = fresh_size(name, texts[9]);
        ck_assert_double_ge(empty, 0);
        ck_assert_double_ge(one, empty);
        ck_assert_double_gt(one, 0);
        ck_assert_double_lt(english, 50000);
        ck_assert_double_ge(noise, 70000);
        ck_assert_double_lt(noise, 71500);
        ck_assert_double_lt(equal, 3000);
        ck_assert_double_gt(fresh_size(name, texts[1]), english);
    }
}
END_TEST

START_TEST(twice_the_text_costs_little_more)
{
    static char twice[4000];
    make_texts();
    memcpy(twice, room[3], 2000);
    memcpy(twice + 2000, room[3], 2000);
    for (size_t i = 0; ncd_codec_get(i); i++) {
        const char *name = ncd_codec_get(i)->name;
        double once = fresh_size(name, texts[3]);
        double both = fresh_size(name, (ncd_text){twice, 4000});
        ck_assert_double_ge(both, once);
        ck_assert_msg(both < 1.6 * once, "%s: %g and twice %g", name, once,
                      both);
    }
}
END_TEST

START_TEST(wrappers_add_what_is_documented)
{
    make_texts();
    for (int level = 1; level <= 9; level += 4) {
        char gzip[32], zlib[32], deflate[32];
        snprintf(gzip, sizeof gzip, "gzip:%d", level);
        snprintf(zlib, sizeof zlib, "zlib:%d", level);
        snprintf(deflate, sizeof deflate, "deflate:%d", level);
        for (int i = 0; i < N_TEXTS; i++) {
            double bare = fresh_size(deflate, texts[i]);
            ck_assert_double_eq(fresh_size(gzip, texts[i]), bare + 18);
            ck_assert_double_eq(fresh_size(zlib, texts[i]), bare + 6);
        }
    }
}
END_TEST

START_TEST(zlib_sizes_are_those_of_compress2)
{
    uLongf bound = compressBound(LONGEST);
    Bytef *out = malloc(bound);
    make_texts();
    for (int level = 1; level <= 9; level++) {
        char spec[32];
        snprintf(spec, sizeof spec, "zlib:%d", level);
        for (int i = 0; i < N_TEXTS; i++) {
            uLongf n = bound;
            ck_assert_int_eq(
                compress2(out, &n, texts[i].bytes, texts[i].nbytes, level),
                Z_OK);
            ck_assert_double_eq(fresh_size(spec, texts[i]), (double)n);
        }
    }
    free(out);
}
END_TEST

/* One call with room for everything, as Python's gzip.compress makes it. */
static double plain_gzip(ncd_text text, int level, int bits, int mem)
{
    z_stream stream = {0};
    ck_assert_int_eq(deflateInit2(&stream, level, Z_DEFLATED, bits + 16, mem,
                                  Z_DEFAULT_STRATEGY),
                     Z_OK);
    uLong bound = deflateBound(&stream, text.nbytes);
    Bytef *out = malloc(bound);
    stream.next_in = (Bytef *)(uintptr_t)text.bytes;
    stream.avail_in = (uInt)text.nbytes;
    stream.next_out = out;
    stream.avail_out = (uInt)bound;
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    double size = (double)stream.total_out;
    deflateEnd(&stream);
    free(out);
    return size;
}

START_TEST(gzip_sizes_are_those_of_one_plain_call)
{
    const int settings[][3] = {{0, 15, 8}, {1, 15, 8}, {6, 15, 8},
                               {9, 15, 8}, {9, 9, 8},  {6, 12, 1}};
    make_texts();
    for (size_t s = 0; s < COUNT(settings); s++) {
        const int *set = settings[s];
        char spec[64];
        snprintf(spec, sizeof spec, "gzip:%d,window=%d,mem=%d", set[0], set[1],
                 set[2]);
        for (int i = 0; i < N_TEXTS; i++)
            ck_assert_double_eq(fresh_size(spec, texts[i]),
                                plain_gzip(texts[i], set[0], set[1], set[2]));
    }
}
END_TEST

/* Our smaller block must not show. 4 equal bytes are the worst case of bzip2's
 * run-length code, at lengths around the block's end. */
START_TEST(bzip2_sizes_are_those_of_the_full_block)
{
#ifdef HAVE_BZIP2
    static char out[400000], runs[100000];
    make_texts();
    for (size_t i = 0; i < sizeof runs; i++)
        runs[i] = "ab"[i / 4 % 2];
    for (size_t n = 79900; n < 80100; n += 23) {
        unsigned size = sizeof out;
        ck_assert_int_eq(
            BZ2_bzBuffToBuffCompress(out, &size, runs, (unsigned)n, 9, 0, 0),
            BZ_OK);
        ck_assert_double_eq(fresh_size("bzip2", (ncd_text){runs, n}), size);
    }
    for (int i = 0; i < N_TEXTS; i++) {
        unsigned size = sizeof out;
        ck_assert_int_eq(BZ2_bzBuffToBuffCompress(out, &size, room[i],
                                                  (unsigned)texts[i].nbytes, 9,
                                                  0, 0),
                         BZ_OK);
        ck_assert_double_eq(fresh_size("bzip2", texts[i]), size);
    }
#endif
}
END_TEST

/* The dictionary that fits the text must not show either. */
START_TEST(lzma_sizes_are_those_of_the_presets_dictionary)
{
    make_texts();
    for (int i = 0; i < N_TEXTS; i++) {
        ck_assert_double_eq(fresh_size("lzma:6", texts[i]),
                            fresh_size("lzma:6,dict=8388608", texts[i]));
        ck_assert_double_eq(fresh_size("xz:6", texts[i]),
                            fresh_size("xz:6,dict=8388608", texts[i]));
    }
}
END_TEST

/* --- Canary --- */

struct canary {
    const char *spec, *library;
    double english, twice;
};

/* Sizes of one text and of it joined to itself by a blank. Another version of
 * a library may rightly give others; these only tell when ours change. */
static const struct canary canaries[] = {
    {"gzip", "zlib 1.2.13", 238, 248},
    {"zlib:1", "zlib 1.2.13", 234, 244},
    {"zstd", "libzstd 1.5.4", 257, 262},
    {"zstd:19", "libzstd 1.5.4", 234, 241},
    {"lzma", "liblzma 5.4.1", 248, 254},
    {"xz:1", "liblzma 5.4.1", 312, 320},
    {"bzip2", "libbz2 1.0.8, 13-Jul-2019", 205, 267},
    {"lz4", "liblz4 1.9.4", 364, 371},
    {"brotli", "libbrotlienc 1.0.9", 231, 239},
    {"libdeflate", "libdeflate 1.14", 232, 241},
    {"ppm", "ppm 2", 160.42960100620985, 176.21466609835625},
};

static const struct ncd_codec *codec_in_build(const char *spec)
{
    struct ncd_codec_spec parsed;
    return ncd_codec_parse(spec, &parsed, NULL) == NCD_OK ? parsed.codec : NULL;
}

START_TEST(known_versions_give_known_sizes)
{
    static char twice[961];
    make_texts();
    memcpy(twice, room[0], 480);
    twice[480] = ' ';
    memcpy(twice + 481, room[0], 480);
    for (size_t i = 0; i < COUNT(canaries); i++) {
        const struct canary *canary = &canaries[i];
        char library[NCD_CODEC_LIBRARY_NBYTES];
        const struct ncd_codec *codec = codec_in_build(canary->spec);
        if (!codec)
            continue;
        ncd_codec_library(codec, library);
        if (strcmp(library, canary->library) != 0)
            continue;
        double english = fresh_size(canary->spec, texts[0]);
        double both = fresh_size(canary->spec, (ncd_text){twice, 961});
        ck_assert_msg(english == canary->english && both == canary->twice,
                      "%s: %.17g and %.17g", canary->spec, english, both);
    }
}
END_TEST

/* --- Specifications --- */

static void expect_round_trip(const char *text, const char *full)
{
    struct ncd_codec_spec spec = spec_of(text), again;
    char out[NCD_CODEC_SPEC_NBYTES];
    ncd_codec_format(&spec, out);
    ck_assert_str_eq(out, full);
    again = spec_of(out);
    ck_assert_ptr_eq(again.codec, spec.codec);
    ck_assert_int_eq(again.level, spec.level);
    ck_assert_mem_eq(again.values, spec.values, sizeof spec.values);
}

START_TEST(specifications_survive_a_round_trip)
{
    expect_round_trip("gzip", "gzip:9");
    expect_round_trip("gzip:1", "gzip:1");
    expect_round_trip("gzip,mem=9", "gzip:9,mem=9");
    expect_round_trip("gzip:6,window=15,mem=8", "gzip:6");
    expect_round_trip("gzip:0,mem=1,window=9", "gzip:0,window=9,mem=1");
    expect_round_trip("zstd:-7", "zstd:-7");
    expect_round_trip("lzma:6,dict=65536,extreme=1",
                      "lzma:6,dict=65536,extreme=1");
    for (size_t i = 0; ncd_codec_get(i); i++) {
        const struct ncd_codec *codec = ncd_codec_get(i);
        char full[64];
        snprintf(full, sizeof full, "%s:%d", codec->name, codec->level_initial);
        expect_round_trip(codec->name, full);
    }
}
END_TEST

static void expect_bad(const char *text, const char *hint)
{
    struct ncd_codec_spec spec;
    ncd_error err;
    ck_assert_msg(ncd_codec_parse(text, &spec, &err) == NCD_ERR_ARGUMENT,
                  "\"%s\" is taken", text);
    ck_assert_int_eq(err.status, NCD_ERR_ARGUMENT);
    ck_assert_msg(strstr(err.message, hint) != NULL, "\"%s\": %s", text,
                  err.message);
}

START_TEST(bad_specifications_are_told_what_is_right)
{
    const char *const unknown[] = {"",      "zip", "gzi",    "gzipp", "GZIP",
                                   " gzip", ":9",  ",mem=1", "gzip;9"};
    for (size_t i = 0; i < COUNT(unknown); i++)
        expect_bad(unknown[i], "there are: gzip zlib");
    const char *const level[] = {
        "gzip:",       "gzip:10",  "gzip:-1",  "gzip:x",
        "gzip:9x",     "gzip:9:9", "gzip:1.5", "gzip:99999999999999999999",
        "gzip:,mem=1", "gzip: 9",  "gzip:+9"};
    for (size_t i = 0; i < COUNT(level); i++)
        expect_bad(level[i], "a number from 0 to 9");
    const char *const value[] = {
        "gzip,mem",   "gzip,mem=",   "gzip,mem=0",   "gzip,mem=10",
        "gzip,mem=x", "gzip,mem=1x", "gzip,mem=1:2", "gzip,mem=8,mem=x"};
    for (size_t i = 0; i < COUNT(value); i++)
        expect_bad(value[i], "mem is a number from 1 to 9");
    expect_bad("gzip,window=8", "from 9 to 15");
    expect_bad("gzip,dict=9", "no key \"dict\"");
    expect_bad("gzip,", "no key \"\"");
    expect_bad("gzip:9,", "no key \"\"");
    expect_bad("gzip:9,,mem=1", "no key \"\"");
    expect_bad("gzip:9, mem=1", "no key \" mem\"");
}
END_TEST

/* Whatever parses works: no value in a key's range is refused later. */
START_TEST(every_value_of_a_key_works)
{
    make_texts();
    for (size_t i = 0; ncd_codec_get(i); i++) {
        const struct ncd_codec *codec = ncd_codec_get(i);
        for (const struct ncd_codec_key *key = codec->keys; key->name; key++) {
            /* The lowest values, then ever larger ones, but none that takes
             * gigabytes. */
            int64_t most = key->max > 1 << 24 ? 1 << 24 : key->max;
            for (int64_t v = key->min; v <= most; v = v < 40 ? v + 1 : 2 * v) {
                char text[96];
                snprintf(text, sizeof text, "%s,%s=%d", codec->name, key->name,
                         (int)v);
                struct ncd_codec_spec spec;
                if (ncd_codec_parse(text, &spec, NULL) == NCD_OK)
                    fresh_size(text, texts[0]);
            }
        }
    }
}
END_TEST

START_TEST(every_level_works)
{
    make_texts();
    for (size_t i = 0; ncd_codec_get(i); i++) {
        const struct ncd_codec *codec = ncd_codec_get(i);
        for (int level = codec->level_min; level <= codec->level_max; level++) {
            char text[64];
            struct ncd_codec_spec spec;
            snprintf(text, sizeof text, "%s:%d", codec->name, level);
            spec = spec_of(text);
            ck_assert_double_gt(fresh_size(text, texts[0]), 0);
            ck_assert(spec.codec->window(&spec) == 0 ||
                      spec.codec->window(&spec) >= 512);
        }
    }
}
END_TEST

START_TEST(the_public_list_shows_the_table)
{
    size_t n = ncd_compressor_count();
    ck_assert_uint_ge(n, 6);
    for (size_t i = 0; i < n; i++) {
        const ncd_compressor_info *info = ncd_compressor_get(i);
        const struct ncd_codec *codec = ncd_codec_get(i);
        ck_assert_str_eq(info->name, codec->name);
        ck_assert_int_eq(info->level_default, codec->level_initial);
        ck_assert_str_ne(info->library_version, "");
        ck_assert_str_ne(info->summary, "");
        for (const struct ncd_codec_key *key = codec->keys; key->name; key++)
            ck_assert_ptr_nonnull(strstr(info->keys, key->name));
    }
    ck_assert_ptr_null(ncd_compressor_get(n));
    ck_assert_ptr_null(ncd_codec_get(n));
    ck_assert_str_eq(ncd_compressor_get(0)->keys, "window=9..15 mem=1..9");
    ck_assert_uint_eq(ncd_compressor_get(0)->window, 32768);
}
END_TEST

/* --- The pool --- */

START_TEST(a_freed_block_comes_again)
{
    static struct ncd_pool pool;
    void *first = ncd_pool_alloc(&pool, 1000);
    void *second = ncd_pool_alloc(&pool, 1000);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_ptr_ne(first, second);
    ncd_pool_release(&pool, first);
    ck_assert_ptr_eq(ncd_pool_alloc(&pool, 800), first);
    ncd_pool_release(&pool, second);
    ck_assert_ptr_ne(ncd_pool_alloc(&pool, 1001), second);
    ncd_pool_release(&pool, NULL);
    ncd_pool_free(&pool);
}
END_TEST

START_TEST(blocks_never_overlap)
{
    static struct ncd_pool pool;
    static unsigned char *blocks[200];
    static size_t lengths[200];
    struct rng rng = {12};
    for (int round = 0; round < 20000; round++) {
        size_t i = rng_below(&rng, COUNT(blocks));
        if (blocks[i]) {
            size_t n_kept = 0;
            while (n_kept < lengths[i] && blocks[i][n_kept] == i)
                n_kept++;
            ck_assert_uint_eq(n_kept, lengths[i]);
            ncd_pool_release(&pool, blocks[i]);
            blocks[i] = NULL;
        } else {
            lengths[i] = rng_below(&rng, 300);
            blocks[i] = ncd_pool_alloc(&pool, lengths[i]);
            ck_assert_ptr_nonnull(blocks[i]);
            memset(blocks[i], (int)i, lengths[i]);
        }
    }
    for (size_t i = 0; i < COUNT(blocks); i++)
        ncd_pool_release(&pool, blocks[i]);
    ncd_pool_free(&pool);
}
END_TEST

START_TEST(the_pool_refuses_the_impossible)
{
    static struct ncd_pool pool;
    ck_assert_ptr_null(ncd_pool_alloc(&pool, SIZE_MAX / 2));
    ncd_pool_free(&pool);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const slow[] = {a_reused_context_at_every_level};
    if (argc > 1 && strcmp(argv[1], "slow") == 0)
        return run_tests("codec, every level", slow, COUNT(slow), 1200);
    const TTest *const tests[] = {
        a_reused_context_gives_the_size_of_a_fresh_one,
        a_reused_context_with_keys_too,
        sizes_are_sane,
        twice_the_text_costs_little_more,
        wrappers_add_what_is_documented,
        zlib_sizes_are_those_of_compress2,
        gzip_sizes_are_those_of_one_plain_call,
        bzip2_sizes_are_those_of_the_full_block,
        lzma_sizes_are_those_of_the_presets_dictionary,
        known_versions_give_known_sizes,
        specifications_survive_a_round_trip,
        bad_specifications_are_told_what_is_right,
        every_value_of_a_key_works,
        every_level_works,
        the_public_list_shows_the_table,
        a_freed_block_comes_again,
        blocks_never_overlap,
        the_pool_refuses_the_impossible,
    };
    return run_tests("codec", tests, COUNT(tests), 120);
}
