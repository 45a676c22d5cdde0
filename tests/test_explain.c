/* SPDX-License-Identifier: MIT */
/* Explanations: whatever they show adds up to what decided. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "explain/common_strings.h"
#include "support.h"

/* --- Traces --- */

/* The first are short enough to be compressed at every level. The longest takes
 * several blocks or chunks, whoever compresses it. */
enum { N_SHORT = 5, N_TEXTS = 8, LONGEST = 150000 };
static char room[N_TEXTS][LONGEST];
static ncd_text texts[N_TEXTS];

static void make_texts(void)
{
    static const size_t lengths[N_TEXTS] = {0,   1,    40,    3000,
                                            300, 9000, 70000, LONGEST};
    struct rng rng = {5};
    for (int i = 0; i < N_TEXTS; i++) {
        texts[i] = (ncd_text){room[i], lengths[i]};
        if (i == 4 || i == 5)
            random_bytes(&rng, (unsigned char *)room[i], lengths[i]);
        else if (i == 6)
            memset(room[i], 'a', lengths[i]);
        else
            random_english(&rng, (unsigned)i, room[i], lengths[i]);
    }
    for (size_t i = 0; i < LONGEST; i++)
        room[7][i] = "0123456789abcdef"[rng_below(&rng, 16)];
}

/* One check for all tokens: Check writes each of its checks to a file. */
static void expect_tokens_of(const char *spec, const struct ncd_trace *trace,
                             ncd_text text)
{
    const char *bytes = text.bytes;
    size_t at = 0, n_bad = 0;
    for (size_t i = 0; i < trace->n; i++) {
        const struct ncd_token *t = &trace->tokens[i];
        n_bad += t->at != at || t->nbytes == 0 || t->distance > at ||
                 !(t->bits >= 0);
        for (size_t j = at; t->distance && j < at + t->nbytes; j++)
            n_bad += bytes[j] != bytes[j - t->distance];
        at += t->nbytes;
    }
    ck_assert_msg(n_bad == 0 && at == text.nbytes,
                  "%s: %zu tokens are none of a text of %zu bytes", spec, n_bad,
                  text.nbytes);
}

static void expect_traces(const char *text_spec, int n_texts)
{
    struct ncd_codec_spec spec;
    struct ncd_trace trace = {0};
    void *context;
    ncd_error err;
    ck_status(ncd_codec_parse(text_spec, &spec, &err), NCD_OK, &err);
    ck_status(spec.codec->open(&spec, &context, &err), NCD_OK, &err);
    for (int i = 0; i < n_texts; i++) {
        double size;
        ncd_trace_clear(&trace);
        ck_status(spec.codec->size(context, texts[i], &size, &err), NCD_OK,
                  &err);
        ck_status(spec.codec->trace(context, texts[i], &trace, &err), NCD_OK,
                  &err);
        ck_assert_msg(ncd_trace_bits(&trace) == 8 * size,
                      "%s: text %d: %.17g bits in %g bytes", text_spec, i,
                      ncd_trace_bits(&trace), size);
        expect_tokens_of(text_spec, &trace, texts[i]);
    }
    ncd_trace_free(&trace);
    spec.codec->close(context);
}

START_TEST(tokens_add_up_to_the_size_at_every_level)
{
    int n_codecs = 0;
    make_texts();
    for (size_t i = 0; ncd_codec_get(i); i++) {
        const struct ncd_codec *codec = ncd_codec_get(i);
        if (!codec->trace)
            continue;
        n_codecs++;
        for (int level = codec->level_min; level <= codec->level_max; level++) {
            char spec[64];
            snprintf(spec, sizeof spec, "%s:%d", codec->name, level);
            expect_traces(spec, level == codec->level_min ||
                                        level == codec->level_initial
                                    ? N_TEXTS
                                    : N_SHORT);
        }
    }
    ck_assert_int_ge(n_codecs, 4);
    expect_traces("gzip:9,window=9,mem=1", N_TEXTS);
    expect_traces("zlib:1,window=12,mem=9", N_TEXTS);
    expect_traces("deflate:6,window=10", N_TEXTS);
    expect_traces("lzma:9,extreme=1", N_TEXTS);
    expect_traces("xz:1,dict=4096", N_TEXTS);
}
END_TEST

/* A range coder's tokens have fractions of a bit. What is beside them is a
 * header of 6 bytes, an end mark, and 5 bytes that the coder flushes. */
START_TEST(fractions_leave_no_more_than_the_frame)
{
    struct ncd_codec_spec spec;
    struct ncd_trace trace = {0};
    void *context;
    ncd_error err;
    make_texts();
    ck_status(ncd_codec_parse("lzma", &spec, &err), NCD_OK, &err);
    ck_status(spec.codec->open(&spec, &context, &err), NCD_OK, &err);
    for (int i = 1; i < 4; i++) {
        ncd_trace_clear(&trace);
        ck_status(spec.codec->trace(context, texts[i], &trace, &err), NCD_OK,
                  &err);
        ck_assert_msg(trace.frame_bits > 8 && trace.frame_bits < 8 * 13,
                      "text %d: %g bits", i, trace.frame_bits);
    }
    ncd_trace_free(&trace);
    spec.codec->close(context);
}
END_TEST

/* "aaaaaaaaaa" in one stored block, and as a literal and a copy in a block with
 * the fixed code: 'a' is 8 bits, length 9 is 7, distance 1 is 5. */
START_TEST(tokens_are_those_of_the_stream)
{
    static const unsigned char stored[] = {
        1, 10, 0, 245, 255, 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a'};
    static const unsigned char fixed[] = {0x4b, 0x84, 0x03, 0};
    ncd_text text = text_of("aaaaaaaaaa");
    struct ncd_trace trace = {0};
    ncd_error err;
    ck_status(ncd_trace_deflate((ncd_text){stored, sizeof stored}, text, &trace,
                                &err),
              NCD_OK, &err);
    ck_assert_uint_eq(trace.n, 10);
    ck_assert(trace.tokens[9].bits == 8 && trace.frame_bits == 40);
    ncd_trace_clear(&trace);
    ck_status(
        ncd_trace_deflate((ncd_text){fixed, sizeof fixed}, text, &trace, &err),
        NCD_OK, &err);
    ck_assert_uint_eq(trace.n, 2);
    ck_assert(trace.tokens[0].bits == 8 && trace.tokens[1].bits == 12);
    ck_assert(trace.tokens[1].nbytes == 9 && trace.tokens[1].distance == 1);
    ck_assert(trace.frame_bits == 3 + 7 + 2 && trace.table_bits == 0);
    ncd_trace_free(&trace);
}
END_TEST

/* Cut, altered, or of another text: refused, and never read beyond. */
START_TEST(readers_refuse_what_is_not_the_text)
{
    struct rng rng = {6};
    char text[500];
    struct ncd_trace trace = {0};
    struct ncd_buf packed = {0};
    ncd_error err;
    random_english(&rng, 1, text, sizeof text);
    pack_bytes(PACK_GZIP, text, sizeof text, &packed);
    const unsigned char *raw = packed.bytes + 10;
    size_t n = packed.n - 18;
    ncd_text whole = {text, sizeof text};
    for (size_t cut = 0; cut < n; cut++) {
        unsigned char *copy = malloc(cut + 1); /* its end is its end */
        memcpy(copy, raw, cut);
        ncd_trace_clear(&trace);
        ck_status(ncd_trace_deflate((ncd_text){copy, cut}, whole, &trace, &err),
                  NCD_ERR_CODEC, &err);
        ncd_trace_clear(&trace);
        ncd_status status =
            ncd_trace_lz4((ncd_text){copy, cut}, whole, &trace, &err);
        ck_assert_int_eq(status, NCD_ERR_CODEC);
        ncd_trace_clear(&trace);
        status = ncd_trace_lzma2((ncd_text){copy, cut}, whole, &trace, &err);
        ck_assert_int_eq(status, NCD_ERR_CODEC);
        free(copy);
    }
    for (size_t bit = 0; bit < 8 * n; bit++) {
        packed.bytes[10 + bit / 8] ^= (unsigned char)(1 << bit % 8);
        ncd_trace_clear(&trace);
        ncd_trace_deflate((ncd_text){raw, n}, whole, &trace, &err);
        packed.bytes[10 + bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    text[250] ^= 1;
    ncd_trace_clear(&trace);
    ck_status(ncd_trace_deflate((ncd_text){raw, n}, whole, &trace, &err),
              NCD_ERR_CODEC, &err);
    ncd_trace_free(&trace);
    ncd_buf_free(&packed);
}
END_TEST

START_TEST(common_strings_are_common)
{
    ncd_text first = text_of("the cat sat on the mat, purring"),
             second = text_of("a cat sat there; no purring on the mat");
    struct ncd_common_string *strings;
    size_t n, end = 0;
    ck_assert_int_eq(ncd_common_strings(first, second, &strings, &n), NCD_OK);
    ck_assert_uint_eq(n, 3);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_ge(strings[i].second, end);
        ck_assert_uint_ge(strings[i].nbytes, NCD_COMMON_LEAST);
        ck_assert_int_eq(memcmp((const char *)first.bytes + strings[i].first,
                                (const char *)second.bytes + strings[i].second,
                                strings[i].nbytes),
                         0);
        end = strings[i].second + strings[i].nbytes;
    }
    ck_assert_uint_eq(strings[0].nbytes, strlen(" cat sat "));
    free(strings);
    ck_assert_int_eq(
        ncd_common_strings((ncd_text){0}, (ncd_text){0}, &strings, &n), NCD_OK);
    ck_assert_uint_eq(n, 0);
    free(strings);
}
END_TEST

/* --- Explanations --- */

static ncd_model *train(const ncd_dataset *data, const ncd_options *options)
{
    ncd_model *model;
    ncd_error err;
    ck_status(ncd_model_train(data, options, &model, &err), NCD_OK, &err);
    return model;
}

static ncd_explanation *explanation_new(void)
{
    ncd_explanation *e;
    ck_assert_int_eq(ncd_explanation_new(&e), NCD_OK);
    return e;
}

static void explain(const ncd_model *model, ncd_text text,
                    const ncd_explain_options *options, ncd_explanation *e)
{
    ncd_error err;
    ck_status(ncd_model_explain(model, text, options, e, &err), NCD_OK, &err);
}

static int near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (1 + fabs(a) + fabs(b));
}

static double sum_of_bill(ncd_bill b)
{
    return b.frame + b.tables + b.first + b.separator + b.second;
}

static void expect_matches(const ncd_joint *j, ncd_text x, ncd_text y)
{
    size_t end = 0;
    for (size_t i = 0; i < j->n_matches; i++) {
        const ncd_match *m = &j->matches[i];
        size_t at =
            j->order == NCD_ORDER_TEST_FIRST ? m->train_offset : m->test_offset;
        ck_assert_uint_ge(at, end);
        ck_assert_uint_gt(m->nbytes, 0);
        ck_assert_uint_le(m->test_offset + m->nbytes, x.nbytes);
        ck_assert_uint_le(m->train_offset + m->nbytes, y.nbytes);
        ck_assert_int_eq(memcmp((const char *)x.bytes + m->test_offset,
                                (const char *)y.bytes + m->train_offset,
                                m->nbytes),
                         0);
        end = at + m->nbytes;
        double saved = m->bits_alone - m->bits_joint, sum = 0;
        for (size_t b = at; j->saved && b < end; b++)
            sum += j->saved[b];
        ck_assert(near(saved, sum));
    }
}

static void expect_joint(const ncd_joint *j, const ncd_pair *pair, ncd_text x,
                         ncd_text y)
{
    size_t n = j->order == NCD_ORDER_TEST_FIRST ? y.nbytes : x.nbytes;
    double saved = 0;
    expect_matches(j, x, y);
    if (j->insight == NCD_INSIGHT_NONE) {
        ck_assert_ptr_null(j->saved);
        ck_assert(sum_of_bill(j->joint) == 0 && sum_of_bill(j->alone) == 0);
        return;
    }
    for (size_t i = 0; i < n; i++)
        saved += j->saved[i];
    ck_assert(near(sum_of_bill(j->joint), 8 * j->size));
    ck_assert(near(sum_of_bill(j->alone), 8 * (pair->size_x + pair->size_y)));
    ck_assert(near(saved, j->alone.second - j->joint.second));
}

static void expect_neighbor(const ncd_model *model, const ncd_explanation *e,
                            size_t side, const ncd_explained_text *t)
{
    const ncd_dataset *data = ncd_model_dataset(model);
    const ncd_prediction *p = ncd_explanation_prediction(e);
    ncd_text x = ncd_explanation_text(e), y = ncd_dataset_text(data, t->index);
    double size = 0;
    ck_assert_uint_eq(ncd_dataset_class(data, t->index),
                      ncd_explanation_class(e, side));
    for (size_t i = 0; i < t->n_joints; i++) {
        expect_joint(&t->joints[i], &t->pair, x, y);
        size += t->joints[i].size / (double)t->n_joints;
    }
    ck_assert(near(size, t->pair.size_xy));
    for (size_t j = 0; j < ncd_prediction_n_neighbors(p, 0); j++) {
        ncd_neighbor neighbor = ncd_prediction_neighbor(p, 0, j);
        if (neighbor.index == t->index)
            ck_assert(neighbor.distance == t->pair.distance);
    }
}

/* All that an explanation of a kNN model claims. */
static void expect_sound(const ncd_model *model, const ncd_explanation *e,
                         size_t n_texts)
{
    const ncd_prediction *p = ncd_explanation_prediction(e);
    ck_assert_str_eq(ncd_explanation_label(e, 0),
                     ncd_prediction_label(p, 0, 0));
    for (size_t s = 0; s < ncd_explanation_n_sides(e); s++) {
        ck_assert_uint_eq(ncd_explanation_n_texts(e, s), n_texts);
        for (size_t i = 0; i < n_texts; i++)
            expect_neighbor(model, e, s, ncd_explanation_neighbor(e, s, i));
    }
    /* The nearest of all is the nearest of one side, if k is 1. */
    if (ncd_prediction_n_neighbors(p, 0) == 1)
        ck_assert_uint_eq(ncd_explanation_neighbor(e, 0, 0)->index,
                          ncd_prediction_neighbor(p, 0, 0).index);
}

static void expect_explained(const char *compressor, ncd_order order,
                             ncd_distance distance, size_t text_nbytes)
{
    ncd_dataset *data = random_dataset(60, 3, 4, text_nbytes);
    ncd_options options;
    ncd_explain_options how;
    ncd_explanation *e = explanation_new();
    char text[700];
    struct rng rng = {7};
    ncd_options_init(&options);
    options.threads = 1;
    options.compressor = compressor;
    options.order = order;
    options.distance = distance;
    ncd_explain_options_init(&how);
    how.threads = 1;
    how.n_texts = 2;
    ncd_model *model = train(data, &options);
    for (size_t n = 0; n <= sizeof text; n += n ? 233 : 1) {
        how.k = n % 2 ? 1 : 5;
        random_english(&rng, (unsigned)n % 3, text, n);
        explain(model, (ncd_text){text, n}, &how, e);
        expect_sound(model, e, 2);
    }
    ncd_explanation_free(e);
    ncd_model_free(model);
    ncd_dataset_free(data);
}

START_TEST(bits_add_up_to_the_distance_with_every_compressor)
{
    for (size_t i = 0; i < ncd_compressor_count(); i++)
        for (int order = 0; ncd_order_name((ncd_order)order); order++)
            expect_explained(ncd_compressor_get(i)->name, (ncd_order)order,
                             NCD_DISTANCE_NCD, 300);
}
END_TEST

START_TEST(bits_add_up_with_every_distance_and_level)
{
    for (int d = 0; ncd_distance_name((ncd_distance)d); d++)
        expect_explained("gzip", NCD_ORDER_MEAN, (ncd_distance)d, 100);
    for (int level = 0; level <= 9; level++) {
        char spec[32];
        snprintf(spec, sizeof spec, "zlib:%d", level);
        expect_explained(spec, NCD_ORDER_TEST_FIRST, NCD_DISTANCE_NCD, 700);
    }
    expect_explained("gzip:9,window=9", NCD_ORDER_TRAIN_FIRST, NCD_DISTANCE_NCD,
                     700);
}
END_TEST

/* A string that nothing else in the texts resembles. */
START_TEST(what_is_shared_is_found)
{
    static const char *const data_[] = {"a", "0123456789 quick brown fox 98765",
                                        "b", "[]{}()<>/*-+", NULL};
    for (size_t i = 0; i < ncd_compressor_count(); i++) {
        ncd_dataset *data = dataset_of(data_);
        ncd_options options;
        ncd_options_init(&options);
        options.threads = 1;
        options.compressor = ncd_compressor_get(i)->name;
        ncd_model *model = train(data, &options);
        ncd_explanation *e = explanation_new();
        explain(model, text_of("zzz quick brown fox"), NULL, e);
        size_t side = strcmp(ncd_explanation_label(e, 0), "a") != 0;
        const ncd_explained_text *t = ncd_explanation_neighbor(e, side, 0);
        const ncd_match *m = t->joints[0].matches;
        ck_assert_uint_eq(t->joints[0].n_matches, 1);
        ck_assert_uint_eq(m->test_offset, 3);
        ck_assert_uint_eq(m->train_offset, 10);
        ck_assert_uint_ge(m->nbytes, strlen(" quick brown fox"));
        if (t->joints[0].insight != NCD_INSIGHT_NONE)
            ck_assert(m->bits_alone - m->bits_joint > 40);
        ncd_explanation_free(e);
        ncd_model_free(model);
        ncd_dataset_free(data);
    }
}
END_TEST

START_TEST(the_other_side_is_the_runner_up_or_who_is_asked_for)
{
    static const char *const data_[] = {
        "a", "the cat purrs", "a", "the cat sat",   "b", "the cow sat there",
        "c", "1234567890",    "c", "0987612345678", NULL};
    ncd_dataset *data = dataset_of(data_);
    ncd_model *model = train(data, NULL);
    ncd_explanation *e = explanation_new();
    ncd_explain_options options;
    ncd_error err;
    ncd_explain_options_init(&options);
    options.threads = 1;
    options.k = 1; /* all agree, so that b is there by its distance alone */
    explain(model, text_of("the cat sat"), &options, e);
    ck_assert_uint_eq(ncd_explanation_n_sides(e), 2);
    ck_assert_str_eq(ncd_explanation_label(e, 0), "a");
    ck_assert_str_eq(ncd_explanation_label(e, 1), "b");
    ck_assert(ncd_explanation_share(e, 0) == 1);
    ck_assert(ncd_explanation_share(e, 1) == 0);
    options.against = "c";
    options.n_texts = 7; /* more than there are */
    explain(model, text_of("the cat sat"), &options, e);
    ck_assert_str_eq(ncd_explanation_label(e, 1), "c");
    ck_assert_uint_eq(ncd_explanation_n_texts(e, 0), 2);
    ck_assert_uint_eq(ncd_explanation_n_texts(e, 1), 2);
    options.against = "a";
    explain(model, text_of("the cat sat"), &options, e);
    ck_assert_str_eq(ncd_explanation_label(e, 1), "b");
    options.against = "d";
    ck_status(ncd_model_explain(model, text_of("x"), &options, e, &err),
              NCD_ERR_ARGUMENT, &err);
    options.against = NULL;
    options.n_texts = 0;
    ck_status(ncd_model_explain(model, text_of("x"), &options, e, &err),
              NCD_ERR_ARGUMENT, &err);
    explain(model, text_of("the cat sat"), NULL, e); /* usable again */
    ncd_explanation_free(e);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

START_TEST(one_label_has_no_other_side)
{
    static const char *const data_[] = {"a", "the cat", "a", "sat", NULL};
    ncd_dataset *data = dataset_of(data_);
    for (int m = NCD_METHOD_KNN; m <= NCD_METHOD_CLASS; m++) {
        ncd_options options;
        ncd_options_init(&options);
        options.threads = 1;
        options.method = (ncd_method)m;
        ncd_model *model = train(data, &options);
        ncd_explanation *e = explanation_new();
        explain(model, text_of("cat"), NULL, e);
        ck_assert_uint_eq(ncd_explanation_n_sides(e), 1);
        ck_assert_ptr_null(ncd_explanation_odds(e));
        ck_assert_uint_eq(ncd_explanation_n_texts(e, 0), m ? 0 : 1);
        ncd_explanation_free(e);
        ncd_model_free(model);
    }
    ncd_dataset_free(data);
}
END_TEST

/* --- Class models --- */

static void expect_odds(const ncd_explanation *e)
{
    const ncd_odds *odds = ncd_explanation_odds(e);
    double sum = odds->bias + odds->marks + odds->neighbors,
           size = fabs(odds->bias) + 1e-3;
    for (size_t i = 0; i < ncd_explanation_text(e).nbytes; i++) {
        sum += odds->bytes[i];
        size += fabs(odds->bytes[i]);
    }
    ck_assert(fabs(sum - odds->log_odds) <= 1e-9 * size);
    ck_assert(fabs(odds->bias + odds->lengths + odds->margins +
                   odds->neighbors - odds->log_odds) <= 1e-9 * size);
    double said =
        log2(ncd_explanation_share(e, 0) / ncd_explanation_share(e, 1));
    ck_assert_msg(fabs(said - odds->log_odds) <= 1e-9 * size,
                  "%.15g bits by the probabilities, %.15g by the bytes", said,
                  odds->log_odds);
}

static void expect_all_odds(const ncd_model *model, ncd_text text)
{
    const ncd_dataset *data = ncd_model_dataset(model);
    ncd_explanation *e = explanation_new();
    ncd_explain_options options;
    ncd_explain_options_init(&options);
    options.threads = 1;
    for (size_t c = 0; c < ncd_dataset_n_classes(data); c++) {
        options.against = ncd_dataset_label(data, c);
        explain(model, text, &options, e);
        ck_assert(ncd_explanation_share(e, 0) >= ncd_explanation_share(e, 1));
        expect_odds(e);
        ck_assert(ncd_explanation_code_length(e, c) > 0);
        ck_assert(ncd_explanation_code_length(e, SIZE_MAX) > 0);
    }
    ncd_explanation_free(e);
}

static void expect_odds_of(ncd_method method)
{
    ncd_dataset *data = random_dataset(70, 4, 12, 150);
    ncd_options options;
    char text[900];
    struct rng rng = {8};
    ncd_options_init(&options);
    options.threads = 1;
    options.method = method;
    ncd_model *model = train(data, &options);
    for (size_t n = 0; n < 80; n++) {
        random_english(&rng, (unsigned)n % 4, text, n);
        expect_all_odds(model, (ncd_text){text, n});
    }
    expect_all_odds(model, ncd_dataset_text(data, 0));
    random_bytes(&rng, (unsigned char *)text, 600); /* unseen, and NUL */
    expect_all_odds(model, (ncd_text){text, 600});
    memset(text, 'e', sizeof text); /* more often than counts */
    expect_all_odds(model, (ncd_text){text, sizeof text});
    expect_all_odds(model, text_of(" , the. "));
    ncd_model_free(model);
    ncd_dataset_free(data);
}

START_TEST(bytes_add_up_to_the_odds)
{
    expect_odds_of(NCD_METHOD_CLASS);
}
END_TEST

START_TEST(bytes_and_votes_add_up_to_the_odds)
{
    expect_odds_of(NCD_METHOD_BOTH);
}
END_TEST

/* Of a model of both kinds, neighbours and odds are explained. */
START_TEST(both_kinds_are_explained)
{
    ncd_dataset *data = random_dataset(71, 3, 10, 150);
    ncd_options options;
    ncd_options_init(&options);
    options.threads = 1;
    options.method = NCD_METHOD_BOTH;
    ncd_model *model = train(data, &options);
    ncd_explanation *e = explanation_new();
    explain(model, ncd_dataset_text(data, 4), NULL, e);
    expect_sound(model, e, 1);
    ck_assert_ptr_nonnull(ncd_explanation_odds(e));
    ck_assert(ncd_explanation_odds(e)->neighbors != 0);
    ncd_explanation_free(e);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

/* The words that tell the classes apart are where the odds are. */
START_TEST(telling_bytes_stand_out)
{
    static const char *const data_[] = {
        "sun",  "it is sunny here", "sun",  "how sunny it is",
        "rain", "it is rainy here", "rain", "how rainy it is",
        "sun",  "so sunny is it",   "rain", "so rainy is it",
        NULL};
    ncd_dataset *data = dataset_of(data_);
    ncd_options options;
    ncd_options_init(&options);
    options.threads = 1;
    options.method = NCD_METHOD_CLASS;
    ncd_model *model = train(data, &options);
    ncd_explanation *e = explanation_new();
    explain(model, text_of("is it rainy now"), NULL, e);
    const ncd_odds *odds = ncd_explanation_odds(e);
    double inside = 0, outside = 0;
    for (size_t i = 0; i < 15; i++) /* the word and what follows it */
        *(i >= 6 && i < 12 ? &inside : &outside) += odds->bytes[i];
    ck_assert_str_eq(ncd_explanation_label(e, 0), "rain");
    ck_assert(inside > 0 && inside > 3 * fabs(outside));
    ncd_explanation_free(e);
    ncd_model_free(model);
    ncd_dataset_free(data);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        tokens_add_up_to_the_size_at_every_level,
        fractions_leave_no_more_than_the_frame,
        tokens_are_those_of_the_stream,
        readers_refuse_what_is_not_the_text,
        common_strings_are_common,
        bits_add_up_to_the_distance_with_every_compressor,
        bits_add_up_with_every_distance_and_level,
        what_is_shared_is_found,
        the_other_side_is_the_runner_up_or_who_is_asked_for,
        one_label_has_no_other_side,
        bytes_add_up_to_the_odds,
        bytes_and_votes_add_up_to_the_odds,
        both_kinds_are_explained,
        telling_bytes_stand_out,
    };
    return run_tests("explain", tests, COUNT(tests), 60);
}
