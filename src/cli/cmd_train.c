/* SPDX-License-Identifier: MIT */
/* ncdclass train: data in, model file out, and what the data is like. */
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
            "ncdclass train --compressor=zstd:19 -k 3 folders/",
            "ncdclass train --label-field=topic --text-field=title,body "
            "x.jsonl",
            NULL},
    .groups =
        (const struct cli_option *const[]){train_options, compressor_options,
                                           knn_options, reader_options,
                                           common_options, NULL},
};

static int has_suffix(const char *name, size_t n, const char *suffix)
{
    size_t m = strlen(suffix);
    return n > m && memcmp(name + n - m, suffix, m) == 0;
}

/* data.tsv.gz -> data.ncd, in the current folder. */
static char *default_output(const char *data)
{
    static const char *const suffixes[] = {".gz",  ".xz",    ".zst",  ".tsv",
                                           ".csv", ".jsonl", ".json", ".txt"};
    if (strcmp(data, "-") == 0)
        data = "stdin";
    size_t end = strlen(data);
    while (end > 1 && data[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && data[begin - 1] != '/')
        begin--;
    size_t n = end - begin;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (has_suffix(data + begin, n, suffixes[i]))
            n -= strlen(suffixes[i]);
    char *path = malloc(n + 5);
    if (path) {
        memcpy(path, data + begin, n);
        strcpy(path + n, ".ncd");
    }
    return path;
}

static ncd_status print_summary(const ncd_model *model, const char *path,
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
    printf("classes      %llu\n", (unsigned long long)s.n_classes);
    printf("texts        %s\n", format_count(s.n_texts, texts));
    printf("bytes        %s\n", format_count(s.n_bytes, bytes));
    printf("empty        %llu\n", (unsigned long long)s.n_empty);
    printf("repeated     %llu\n", (unsigned long long)s.n_repeated);
    printf("conflicting  %llu\n", (unsigned long long)s.n_conflicting);
    printf("compressor   %s (%s)\n", options.compressor,
           ncd_model_library(model));
    printf("model        %s\n", path);
    size_t n_over = ncd_model_n_over_window(model);
    if (n_over)
        note("%zu of the texts exceed half the compressor's window of %zu "
             "bytes; distances from them are unreliable",
             n_over, ncd_model_window(model));
    return NCD_OK;
}

static ncd_status train(char **paths, int n_paths, const char *output,
                        ncd_error *err)
{
    ncd_dataset *data;
    ncd_model *model = NULL;
    ncd_options options;
    fill_options(&options, "texts");
    if (ncd_dataset_new(&data) != NCD_OK) {
        *err = (ncd_error){NCD_ERR_NOMEM, "out of memory"};
        return NCD_ERR_NOMEM;
    }
    ncd_status status = NCD_OK;
    for (int i = 0; i < n_paths && status == NCD_OK; i++)
        status = read_data(data, paths[i], limit, err);
    if (status == NCD_OK)
        status = ncd_model_train(data, &options, &model, err);
    ncd_dataset_free(data);
    if (status == NCD_OK)
        status = ncd_model_save(model, output, err);
    end_progress();
    if (status == NCD_OK)
        status = print_summary(model, output, err);
    ncd_model_free(model);
    return status;
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
