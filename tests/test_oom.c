/* SPDX-License-Identifier: MIT */
/*
 * Running out of memory. The linker sends the library's allocations here
 * (--wrap), and allocation number N fails, for every N until the call succeeds:
 * each failure must come out as NCD_ERR_NOMEM and leave nothing behind.
 *
 * What other libraries allocate by themselves is not seen, save where they let
 * us hand them an allocator. jansson does, but its lexer tells a lack of memory
 * as malformed JSON, so that is left alone.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "support.h"
#include "text/dataset.h"

/* --- The failing allocator --- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t nbytes);
void *__real_realloc(void *old, size_t n);
char *__real_realpath(const char *path, char *out);
void __real_free(void *memory);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t nbytes);
void *__wrap_realloc(void *old, size_t n);
char *__wrap_strdup(const char *string);
char *__wrap_realpath(const char *path, char *out);
void __wrap_free(void *memory);

/* Check allocates, too, so only what happens while `active` counts. */
static int active;
static unsigned long n_allocations, fail_at;
static int failed;

/* What is allocated and not freed. */
enum { MAX_LIVE = 4096 };
static void *live[MAX_LIVE];
static size_t n_live;

static int must_fail(void)
{
    if (!active || ++n_allocations != fail_at)
        return 0;
    failed = 1;
    errno = ENOMEM;
    return 1;
}

static void *born(void *memory)
{
    if (active && memory && n_live < MAX_LIVE)
        live[n_live++] = memory;
    return memory;
}

static void died(const void *memory)
{
    for (size_t i = n_live; memory && i-- > 0;) {
        if (live[i] == memory) {
            live[i] = live[--n_live];
            return;
        }
    }
}

void *__wrap_malloc(size_t n)
{
    return must_fail() ? NULL : born(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t nbytes)
{
    return must_fail() ? NULL : born(__real_calloc(n, nbytes));
}

void *__wrap_realloc(void *old, size_t n)
{
    if (must_fail())
        return NULL;
    died(old);
    return born(__real_realloc(old, n));
}

char *__wrap_strdup(const char *string)
{
    size_t n = strlen(string) + 1;
    char *copy = __wrap_malloc(n);
    return copy ? memcpy(copy, string, n) : NULL;
}

char *__wrap_realpath(const char *path, char *out)
{
    return must_fail() ? NULL : born(__real_realpath(path, out));
}

void __wrap_free(void *memory)
{
    died(memory);
    __real_free(memory);
}

/* --- The loop over N --- */

/* What is tried; it frees all that it makes. */
typedef ncd_status (*attempt_fn)(void *arg, ncd_error *err);

static void fail_everywhere(const char *what, attempt_fn attempt, void *arg)
{
    for (fail_at = 1; fail_at < 100000; fail_at++) {
        ncd_error err = {.message = ""};
        n_allocations = n_live = 0;
        failed = 0;
        active = 1;
        ncd_status status = attempt(arg, &err);
        active = 0;
        ck_assert_msg(status == (failed ? NCD_ERR_NOMEM : NCD_OK) ||
                          status == NCD_OK,
                      "%s, allocation %lu: status %d: %s", what, fail_at,
                      (int)status, err.message);
        if (status != NCD_OK)
            ck_assert_msg(err.status == NCD_ERR_NOMEM || !err.message[0],
                          "%s: %s", what, err.message);
        ck_assert_msg(n_live == 0, "%s, allocation %lu: %zu leaks", what,
                      fail_at, n_live);
        if (!failed)
            return;
    }
    ck_abort_msg("%s never succeeds", what);
}

/* --- Data --- */

static ncd_status add_rows(void *arg, ncd_error *err)
{
    ncd_dataset *data;
    ncd_status status = ncd_dataset_new(&data);
    (void)arg;
    if (status != NCD_OK)
        return status;
    for (size_t i = 0; i < 40 && status == NCD_OK; i++) {
        char label[16];
        size_t n_texts = ncd_dataset_n_texts(data);
        size_t n_classes = ncd_dataset_n_classes(data);
        snprintf(label, sizeof label, "label%zu", i);
        status = ncd_dataset_add(data, text_of(label), text_of("some text"),
                                 "file", i, err);
        /* On error nothing is added. */
        if (status != NCD_OK && (ncd_dataset_n_texts(data) != n_texts ||
                                 ncd_dataset_n_classes(data) != n_classes))
            status = NCD_ERR_ARGUMENT;
    }
    ncd_dataset_free(data);
    return status;
}

START_TEST(adding_to_a_data_set)
{
    fail_everywhere("ncd_dataset_add", add_rows, NULL);
}
END_TEST

static ncd_status sample_and_sum_up(void *arg, ncd_error *err)
{
    ncd_dataset *sample;
    ncd_dataset_summary summary;
    ncd_status status = ncd_dataset_sample(arg, 2, 1, &sample, err);
    if (status != NCD_OK)
        return status;
    status = ncd_dataset_summarize(sample, &summary, err);
    ncd_dataset_free(sample);
    return status;
}

static ncd_status take_part(void *arg, ncd_error *err)
{
    ncd_dataset *part;
    ncd_status status = ncd_dataset_part(arg, 4, 1, &part, err);
    if (status == NCD_OK)
        ncd_dataset_free(part);
    return status;
}

START_TEST(samples_and_summaries)
{
    ncd_dataset *data = random_dataset(80, 3, 5, 50);
    fail_everywhere("ncd_dataset_sample", sample_and_sum_up, data);
    fail_everywhere("ncd_dataset_part", take_part, data);
    ncd_dataset_free(data);
}
END_TEST

/* --- Readers --- */

struct source {
    const char *path;
    ncd_reader_options options;
};

static ncd_status read_all(void *arg, ncd_error *err)
{
    const struct source *source = arg;
    ncd_reader *reader;
    ncd_record record;
    ncd_status status =
        ncd_reader_open(source->path, &source->options, &reader, err);
    if (status != NCD_OK)
        return status;
    while (status == NCD_OK)
        status = ncd_reader_next(reader, &record, err);
    ncd_reader_close(reader);
    return status == NCD_END ? NCD_OK : status;
}

static void read_with(const ncd_reader_options *options, const char *contents)
{
    struct source source = {.path = scratch(options->format),
                            .options = *options};
    if (contents)
        write_string(source.path, contents);
    fail_everywhere(options->format, read_all, &source);
}

static void read_format(const char *format, const char *contents, int header)
{
    ncd_reader_options options;
    ncd_reader_options_init(&options);
    options.format = format;
    options.header = header;
    read_with(&options, contents);
}

START_TEST(reading_lines)
{
    read_format("auto", "a\tx\nb\ty\n", 0);
    read_format("tsv", "label\ttext\na\tx\n\nb\ty", 1);
    read_format("fasttext", "__label__a x\n__label__b y\n", 0);
    read_format("lines", "x\n\ny\n", 0);
}
END_TEST

START_TEST(reading_csv)
{
    read_format("csv", "a,x,y\nb,\"quoted\nfield\",z\n", 0);
    read_format("csv", "class,title,body\na,x,y\n", 1);
}
END_TEST

START_TEST(reading_columns)
{
    ncd_reader_options options;
    ncd_reader_options_init(&options);
    options.format = "tsv";
    options.unlabelled = 1;
    options.text_field = "b,a";
    read_with(&options, "a\tb\tc\n1\t2\t3\n");
}
END_TEST

START_TEST(reading_jsonl)
{
    read_format("jsonl",
                "{\"label\":\"a\",\"text\":\"x\"}\n"
                "{\"label\":1,\"text\":\"a longer text \\u00e9\"}\n",
                0);
}
END_TEST

START_TEST(reading_a_list)
{
    char list[2100];
    write_string(scratch("one"), "text");
    snprintf(list, sizeof list, "%s\n%s\n", scratch("one"), scratch("one"));
    read_format("list", list, 0);
}
END_TEST

START_TEST(reading_compressed)
{
    for (int p = 0; p < N_PACKINGS; p++) {
        struct source source = {.path = scratch("packed")};
        struct ncd_buf file = {0};
        ncd_reader_options_init(&source.options);
        pack_bytes((enum packing)p, "a\tx\nb\ty\n", 8, &file);
        write_file(source.path, file.bytes, file.n);
        ncd_buf_free(&file);
        fail_everywhere(packing_names[p], read_all, &source);
    }
}
END_TEST

/* --- Distances --- */

static ncd_status measure_pair(void *arg, ncd_error *err)
{
    ncd_engine *engine;
    ncd_options options;
    ncd_pair pair;
    ncd_options_init(&options);
    options.compressor = arg;
    options.order = NCD_ORDER_MEAN;
    ncd_status status = ncd_engine_open(&options, &engine, err);
    if (status != NCD_OK)
        return status;
    status = ncd_engine_pair(engine, text_of("some text to compress"),
                             text_of("another text to compress"), &pair, err);
    ncd_engine_close(engine);
    return status;
}

START_TEST(measuring_a_pair)
{
    for (size_t i = 0; ncd_compressor_get(i); i++) {
        char spec[64];
        snprintf(spec, sizeof spec, "%s", ncd_compressor_get(i)->name);
        if (strcmp(spec, "brotli") != 0)
            fail_everywhere(spec, measure_pair, spec);
    }
}
END_TEST

/* On its own because libbrotlienc, as Debian builds it, ends the process when
 * its allocator returns NULL. */
START_TEST(measuring_a_pair_by_brotli)
{
#ifdef HAVE_BROTLI
    char spec[] = "brotli";
    fail_everywhere(spec, measure_pair, spec);
#endif
}
END_TEST

static ncd_status size_behind_prefix(void *arg, ncd_error *err)
{
    struct ncd_codec_spec spec;
    void *context;
    double size;
    ncd_status status = ncd_codec_parse(arg, &spec, err);
    if (status == NCD_OK)
        status = spec.codec->open(&spec, &context, err);
    if (status != NCD_OK)
        return status;
    status = spec.codec->set_prefix(context, text_of("some text"), err);
    for (int i = 0; i < 2 && status == NCD_OK; i++)
        status = spec.codec->size_after_prefix(
            context, text_of(i ? "a longer one to compress" : "another"),
            HUGE_VAL, &size, err);
    spec.codec->close(context);
    return status;
}

START_TEST(measuring_behind_a_prefix)
{
    char spec[] = "ppm";
    fail_everywhere("ppm behind a prefix", size_behind_prefix, spec);
}
END_TEST

static int take_row(void *arg, size_t row, const double *distances, size_t n)
{
    (void)arg;
    (void)row;
    (void)distances;
    (void)n;
    return 0;
}

static ncd_status measure_matrix(void *arg, ncd_error *err)
{
    ncd_options options;
    ncd_options_init(&options);
    options.threads = 1;
    return ncd_matrix(arg, arg, &options, take_row, NULL, err);
}

START_TEST(measuring_a_matrix)
{
    ncd_dataset *data = random_dataset(81, 2, 3, 50);
    fail_everywhere("ncd_matrix", measure_matrix, data);
    ncd_dataset_free(data);
}
END_TEST

/* --- Models --- */

/* Of the models below. */
static ncd_method method = NCD_METHOD_KNN;
static const char *compressor = "gzip";

static ncd_status train(void *arg, ncd_error *err)
{
    ncd_model *model;
    ncd_options options;
    ncd_options_init(&options);
    options.threads = 1;
    options.method = method;
    ncd_status status = ncd_model_train(arg, &options, &model, err);
    if (status == NCD_OK)
        ncd_model_free(model);
    return status;
}

static ncd_status train_taking(void *arg, ncd_error *err)
{
    ncd_model *model;
    ncd_dataset *data;
    ncd_options options;
    size_t all[] = {0, 1, 2};
    ncd_options_init(&options);
    options.threads = 1;
    options.method = method;
    ncd_status status = ncd_dataset_select(arg, all, COUNT(all), &data, err);
    if (status != NCD_OK)
        return status;
    status = ncd_model_train_taking(data, &options, &model, err);
    if (status == NCD_OK)
        ncd_model_free(model);
    return status;
}

START_TEST(training)
{
    ncd_dataset *data = random_dataset(82, 3, 4, 50);
    fail_everywhere("ncd_model_train", train, data);
    ncd_dataset_free(data);
}
END_TEST

static ncd_model *random_model(void)
{
    ncd_dataset *data = random_dataset(83, 3, 4, 50);
    ncd_model *model;
    ncd_error err;
    ncd_options options;
    ncd_options_init(&options);
    options.threads = 1;
    options.method = method;
    options.compressor = compressor;
    ck_status(ncd_model_train(data, &options, &model, &err), NCD_OK, &err);
    ncd_dataset_free(data);
    return model;
}

static ncd_status save(void *arg, ncd_error *err)
{
    return ncd_model_save(arg, scratch("model"), err);
}

static ncd_status load(void *arg, ncd_error *err)
{
    ncd_model *model;
    ncd_status status = ncd_model_load(arg, &model, err);
    if (status == NCD_OK)
        ncd_model_free(model);
    return status;
}

START_TEST(saving_and_loading)
{
    ncd_model *model = random_model();
    char path[1200];
    snprintf(path, sizeof path, "%s", scratch("model"));
    fail_everywhere("ncd_model_save", save, model);
    fail_everywhere("ncd_model_load", load, path);
    ncd_model_free(model);
}
END_TEST

static ncd_status predict(void *arg, ncd_error *err)
{
    ncd_prediction *prediction;
    ncd_predict_options options;
    const ncd_text texts[] = {text_of("tare nore"), text_of("some words")};
    ncd_predict_options_init(&options);
    options.threads = 1;
    ncd_status status = ncd_prediction_new(&prediction);
    if (status != NCD_OK)
        return status;
    status = ncd_model_predict(arg, texts, 2, &options, prediction, err);
    ncd_prediction_free(prediction);
    return status;
}

START_TEST(predicting)
{
    ncd_model *model = random_model();
    fail_everywhere("ncd_model_predict", predict, model);
    ncd_model_free(model);
}
END_TEST

static ncd_status pack(void *arg, ncd_error *err)
{
    ncd_packer *packer;
    ncd_text packed, back;
    struct ncd_buf copy = {0};
    ncd_status status = ncd_packer_open(arg, "class1", &packer, err);
    if (status != NCD_OK)
        return status;
    status = ncd_packer_pack(packer, text_of("tare nore"), &packed, NULL, err);
    if (status == NCD_OK)
        status = ncd_buf_append(&copy, packed.bytes, packed.nbytes);
    if (status == NCD_OK)
        status = ncd_packer_unpack(packer, ncd_buf_text(&copy), &back, err);
    ncd_buf_free(&copy);
    ncd_packer_close(packer);
    return status;
}

START_TEST(packing)
{
    ncd_model *model = random_model();
    fail_everywhere("ncd_packer", pack, model);
    ncd_model_free(model);
}
END_TEST

static const unsigned sweep[] = {1, 3};

static ncd_eval_options eval_options(void)
{
    ncd_eval_options options;
    ncd_eval_options_init(&options);
    options.threads = 1;
    options.sweep_k = sweep;
    options.n_sweep_k = COUNT(sweep);
    return options;
}

static ncd_status eval_test(void *arg, ncd_error *err)
{
    ncd_eval_options options = eval_options();
    ncd_reader *reader;
    ncd_report *report;
    ncd_status status = ncd_reader_open(scratch("test"), NULL, &reader, err);
    if (status != NCD_OK)
        return status;
    status = ncd_eval_test(arg, reader, &options, &report, err);
    if (status == NCD_OK)
        ncd_report_free(report);
    ncd_reader_close(reader);
    return status;
}

static ncd_status eval_folds(void *arg, ncd_error *err)
{
    ncd_eval_options options = eval_options();
    ncd_report *report;
    ncd_status status = ncd_eval_folds(arg, 3, 1, &options, &report, err);
    if (status == NCD_OK)
        ncd_report_free(report);
    return status;
}

START_TEST(evaluating)
{
    ncd_model *model = random_model();
    write_string(scratch("test"), "class0\ttare nore\nunseen\tsome words\n");
    fail_everywhere("ncd_eval_test", eval_test, model);
    fail_everywhere("ncd_eval_folds", eval_folds, model);
    ncd_model_free(model);
}
END_TEST

/* Of a model, texts to add, and texts to forget. */
static ncd_status update(void *arg, ncd_error *err)
{
    ncd_model *updated;
    ncd_options options;
    ncd_options_init(&options);
    options.threads = 1;
    void **all = arg;
    ncd_status status =
        ncd_model_update(all[0], all[1], all[2], &options, &updated, err);
    if (status == NCD_OK)
        ncd_model_free(updated);
    return status;
}

START_TEST(updating)
{
    ncd_model *model = random_model();
    static const char *const rows[] = {"class9", "tare nore", NULL};
    ncd_dataset *data = dataset_of(rows);
    ncd_model *more;
    ncd_error err;
    ck_status(ncd_model_update(model, data, NULL, NULL, &more, &err), NCD_OK,
              &err);
    void *both[] = {more, data, data};
    fail_everywhere("ncd_model_update", update, both);
    ncd_model_free(model);
    ncd_model_free(more);
    ncd_dataset_free(data);
}
END_TEST

START_TEST(class_models)
{
    static const char *const rows[] = {"a", "ab", "b", "cd", "b", "", NULL};
    ncd_dataset *data = dataset_of(rows);
    method = NCD_METHOD_CLASS;
    fail_everywhere("ncd_model_train, class", train, data);
    fail_everywhere("ncd_model_train_taking, class", train_taking, data);
    method = NCD_METHOD_AUTO;
    fail_everywhere("ncd_model_train, auto", train, data);
    fail_everywhere("ncd_model_train_taking, auto", train_taking, data);
    method = NCD_METHOD_CLASS;
    ncd_model *model = random_model();
    void *added[] = {model, data, NULL};
    fail_everywhere("ncd_model_update, class", update, added);
    ncd_dataset_free(data);
    char path[1200];
    snprintf(path, sizeof path, "%s", scratch("model"));
    fail_everywhere("ncd_model_save, class", save, model);
    fail_everywhere("ncd_model_load, class", load, path);
    fail_everywhere("ncd_model_predict, class", predict, model);
    ncd_model_free(model);
}
END_TEST

/* Twice, since an explanation is used again. */
static ncd_status explain(void *arg, ncd_error *err)
{
    ncd_explanation *e;
    ncd_explain_options options;
    ncd_explain_options_init(&options);
    options.threads = 1;
    options.k = 1;
    ncd_status status = ncd_explanation_new(&e);
    if (status != NCD_OK)
        return status;
    status = ncd_model_explain(arg, text_of("tare nore"), &options, e, err);
    options.against = "class1";
    if (status == NCD_OK)
        status = ncd_model_explain(arg, text_of("a longer text, tare nore"),
                                   &options, e, err);
    ncd_explanation_free(e);
    return status;
}

START_TEST(explaining)
{
    static const struct {
        ncd_method method;
        const char *compressor;
    } models[] = {{NCD_METHOD_KNN, "gzip"},
                  {NCD_METHOD_KNN, "ppm"},
                  {NCD_METHOD_KNN, "zstd"},
                  {NCD_METHOD_CLASS, "gzip"},
                  {NCD_METHOD_BOTH, "gzip"}};
    for (size_t i = 0; i < COUNT(models); i++) {
        method = models[i].method;
        compressor = models[i].compressor;
        ncd_model *model = random_model();
        fail_everywhere("ncd_model_explain", explain, model);
        ncd_model_free(model);
    }
}
END_TEST

/* --- Output --- */

static ncd_status write_output(void *arg, ncd_error *err)
{
    ncd_output *output;
    ncd_status status = ncd_output_create(arg, &output, err);
    if (status != NCD_OK)
        return status;
    fputs("new", ncd_output_stream(output));
    return ncd_output_commit(output, err);
}

START_TEST(writing_a_file)
{
    char path[1200];
    snprintf(path, sizeof path, "%s", scratch("output"));
    fail_everywhere("ncd_output_create, fresh", write_output, path);
    fail_everywhere("ncd_output_create, again", write_output, path);
    ck_assert(file_holds(path, "new"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        adding_to_a_data_set,
        samples_and_summaries,
        reading_lines,
        reading_csv,
        reading_columns,
        reading_jsonl,
        reading_a_list,
        reading_compressed,
        measuring_a_pair,
        measuring_a_pair_by_brotli,
        measuring_behind_a_prefix,
        measuring_a_matrix,
        training,
        saving_and_loading,
        predicting,
        packing,
        evaluating,
        updating,
        class_models,
        explaining,
        writing_a_file,
    };
    return run_tests("oom", tests, COUNT(tests), 60);
}
