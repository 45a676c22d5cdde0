/* SPDX-License-Identifier: MIT */
/* ncdclass train: data in, model file out, and what the data is like. */
#include <limits.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char *output_path;
static uint64_t limit;

static const struct cli_option train_options[] = {
    {"output", 'o', OPTION_STRING, &output_path, "MODEL",
     "model file; the data's base name with .ncd where not given", NULL},
    {"limit-train", 0, OPTION_U64, &limit, "N",
     "use the first N texts of each input", NULL},
    {0},
};

static const struct cli_command command = {
    .name = "train",
    .summary = "Writes one model file that holds everything `predict` needs.",
    .usage = (const char *const[]){"train [OPTION...] DATA...", NULL},
    .examples =
        (const char *const[]){
            "ncdclass train data.tsv",
            "ncdclass train -o news.ncd part-*.csv.gz",
            "ncdclass train --method=class data.tsv",
            "ncdclass train --compressor=zstd:19 -k 3 folders/",
            "ncdclass train --label-field=topic --text-field=title,body "
            "x.jsonl",
            NULL},
    .groups = (const struct cli_option *const[]){train_options, method_options,
                                                 compressor_options,
                                                 knn_options, reader_options,
                                                 common_options, NULL},
};

static int has_suffix(const char *name, size_t n, const char *suffix)
{
    size_t m = strlen(suffix);
    return n > m && memcmp(name + n - m, suffix, m) == 0;
}

/* The last part of a path, and its length; what "." and ".." stand for must be
 * asked of the system. */
static const char *base_name(const char *path, char room[PATH_MAX], size_t *n)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    *n = end - begin;
    if (path[begin] == '.' &&
        (*n == 1 || (*n == 2 && path[begin + 1] == '.')) && room &&
        realpath(path, room))
        return base_name(room, NULL, n);
    return path + begin;
}

/* data.tsv.gz -> data.ncd, in the current folder. */
static char *default_output(const char *data)
{
    static const char *const suffixes[] = {".gz",  ".xz",    ".zst",  ".tsv",
                                           ".csv", ".jsonl", ".json", ".txt"};
    char room[PATH_MAX];
    size_t n;
    const char *base =
        base_name(strcmp(data, "-") == 0 ? "stdin" : data, room, &n);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (has_suffix(base, n, suffixes[i]))
            n -= strlen(suffixes[i]);
    char *path = malloc(n + 5);
    if (path) {
        memcpy(path, base, n);
        strcpy(path + n, ".ncd");
    }
    return path;
}

static void print_training(FILE *out, const ncd_model *model)
{
    ncd_training t;
    ncd_model_training(model, &t);
    double n = (double)t.n_judged, n_bytes = (double)t.n_bytes;
    size_t n_texts = ncd_dataset_n_texts(ncd_model_dataset(model));
    ncd_options o;
    ncd_model_options(model, &o);
    fprintf(out, "method       %s\n", ncd_method_name(o.method));
    fprintf(out,
            "left out     %.2f %% of %s%llu texts get their label, each judged "
            "without itself\n",
            100 * (double)t.n_correct / n,
            t.n_judged < n_texts ? "a sample of " : "",
            (unsigned long long)t.n_judged);
    if (t.n_bytes)
        fprintf(out,
                "bits a byte  8 by no model, %.3f by that of all texts, %.3f "
                "by that of their class\n",
                t.corpus_bits / n_bytes, t.class_bits / n_bytes);
    fprintf(out, "bits a label %.3f\n", t.label_bits);
}

static ncd_status print_model_summary(const ncd_model *model, const char *path,
                                      ncd_error *err)
{
    ncd_dataset_summary s;
    ncd_options options;
    char texts[NUMBER_NBYTES], bytes[NUMBER_NBYTES];
    ncd_status status =
        ncd_dataset_summarize(ncd_model_dataset(model), &s, err);
    if (status != NCD_OK)
        return status;
    ncd_model_options(model, &options);
    FILE *out = strcmp(path, "-") == 0 ? stderr : stdout;
    fprintf(out, "classes      %llu\n", (unsigned long long)s.n_classes);
    fprintf(out, "texts        %s\n", format_count(s.n_texts, texts));
    fprintf(out, "bytes        %s\n", format_count(s.n_bytes, bytes));
    fprintf(out, "empty        %llu\n", (unsigned long long)s.n_empty);
    fprintf(out, "repeated     %llu\n", (unsigned long long)s.n_repeated);
    fprintf(out, "conflicting  %llu\n", (unsigned long long)s.n_conflicting);
    print_contenders(out, model);
    if (options.method != NCD_METHOD_KNN)
        print_training(out, model);
    if (options.method != NCD_METHOD_CLASS)
        fprintf(out, "compressor   %s (%s)\n", options.compressor,
                ncd_model_library(model));
    fprintf(out, "model        %s\n", path);
    if (verbose)
        status = print_message_lengths(out, model, err);
    size_t n_over = ncd_model_n_over_window(model);
    if (n_over)
        note("%zu of the texts exceed half the compressor's window of %zu "
             "bytes; distances from them are unreliable",
             n_over, ncd_model_window(model));
    return status;
}

ncd_status hand_over(ncd_model *model, const char *path, ncd_error *err)
{
    ncd_status status = ncd_model_save(model, path, err);
    end_progress();
    if (status == NCD_OK)
        status = print_model_summary(model, path, err);
    ncd_model_free(model);
    return status;
}

/* Before training, which takes long where there are many labels. */
static void note_odd_labels(const ncd_dataset *data)
{
    size_t n = ncd_dataset_n_texts(data),
           n_classes = ncd_dataset_n_classes(data);
    if (n >= 20 && n < 2 * n_classes)
        note("%zu labels for %zu texts: does the label stand first in each "
             "line?",
             n_classes, n);
}

/* Training has stages, each with large arrays of its own. Once glibc has seen
 * one freed, it keeps up to twice as much for later, of every thread, and the
 * next stage would get its memory besides. */
static void return_memory_at_once(void)
{
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, 128 * 1024); /* where it is at the start */
#endif
}

static ncd_status train(char **paths, int n_paths, const char *output,
                        ncd_error *err)
{
    ncd_dataset *data;
    ncd_model *model = NULL;
    ncd_options options;
    fill_options(&options, "texts");
    return_memory_at_once();
    if (ncd_dataset_new(&data) != NCD_OK)
        return no_memory(err);
    ncd_status status = NCD_OK;
    for (int i = 0; i < n_paths && status == NCD_OK; i++)
        status = read_data(data, paths[i], limit, err);
    catch_interrupts();
    note_options_without_use(options.method);
    if (status == NCD_OK) {
        note_odd_labels(data);
        status = ncd_model_train_taking(data, &options, &model, err);
    } else {
        ncd_dataset_free(data);
    }
    return status == NCD_OK ? hand_over(model, output, err) : status;
}

int cmd_train(int argc, char **argv)
{
    char **paths;
    int n_paths;
    ncd_error err;
    int status = cli_parse(&command, argc, argv, &paths, &n_paths);
    if (status >= 0)
        return status;
    if (n_paths == 0)
        return cli_usage_error(&command, "no data given");
    if (count_standard_inputs(paths, n_paths) > 1)
        return cli_usage_error(&command, STANDARD_INPUT_TWICE);
    status = spare_others(&command, "output", output_path, MODEL_FIRST_BYTE,
                          "model");
    if (status != EXIT_DONE)
        return status;
    char *output = output_path ? strdup(output_path) : default_output(paths[0]);
    if (!output) {
        say("out of memory");
        return EXIT_FAILED;
    }
    status = train(paths, n_paths, output, &err) == NCD_OK ? EXIT_DONE
                                                           : fail_with(&err);
    free(output);
    return close_stdout(status);
}
