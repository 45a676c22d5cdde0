/* SPDX-License-Identifier: MIT */
/* ncdclass info: what a model holds. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const struct cli_option no_options[] = {{0}};

static const struct cli_command command = {
    .name = "info",
    .summary = "Prints what a model holds: its settings, and its classes with "
               "their texts and bytes.",
    .usage = (const char *const[]){"info MODEL", NULL},
    .examples = (const char *const[]){"ncdclass info news.ncd", NULL},
    .groups = (const struct cli_option *const[]){no_options, NULL},
};

static ncd_status print_classes(const ncd_dataset *data, ncd_error *err)
{
    size_t n = ncd_dataset_n_classes(data);
    uint64_t *texts = calloc(2 * n + 1, sizeof *texts), *bytes = texts + n;
    if (!texts)
        return no_memory(err);
    for (size_t i = 0; i < ncd_dataset_n_texts(data); i++) {
        texts[ncd_dataset_class(data, i)]++;
        bytes[ncd_dataset_class(data, i)] += ncd_dataset_text(data, i).nbytes;
    }
    printf("\nlabel\ttexts\tbytes\n");
    for (size_t c = 0; c < n; c++)
        printf("%s\t%llu\t%llu\n", ncd_dataset_label(data, c),
               (unsigned long long)texts[c], (unsigned long long)bytes[c]);
    free(texts);
    return NCD_OK;
}

static void print_measure(const ncd_model *model, const ncd_options *o)
{
    printf("compressor\t%s\n", o->compressor);
    printf("library at training\t%s\n", ncd_model_library(model));
    printf("library now\t%s\n", ncd_model_library_now(model));
    printf("sizes of pairs from\t%s\n", ncd_model_uses_engine(model)
                                            ? "the size-only engine"
                                            : "the library");
    printf("window\t%zu\n", ncd_model_window(model));
    printf("texts over half the window\t%zu\n", ncd_model_n_over_window(model));
    printf("index of a search, bytes at most\t%llu\n",
           (unsigned long long)ncd_model_index_nbytes(model));
    printf("distance\t%s\n", ncd_distance_name(o->distance));
    printf("order\t%s\n", ncd_order_name(o->order));
    printf("separator bytes\t%zu\n", o->separator.nbytes);
    printf("k\t%u\n", o->k);
    printf("vote\t%s\n", ncd_vote_name(o->vote));
    printf(
        "ties\tby distance, then training order; equal votes to the label of "
        "the nearest\n");
}

static void print_training(const ncd_model *model)
{
    ncd_training t;
    ncd_model_training(model, &t);
    printf("left out, texts\t%llu\n", (unsigned long long)t.n_judged);
    printf("left out, right\t%llu\n", (unsigned long long)t.n_correct);
    printf("left out, bytes\t%llu\n", (unsigned long long)t.n_bytes);
    printf("bits a label\t%.4f\n", t.label_bits);
    printf("bits by the model of all texts\t%.0f\n", t.corpus_bits);
    printf("bits by the model of their class\t%.0f\n", t.class_bits);
}

static ncd_status print_info(const ncd_model *model, ncd_error *err)
{
    ncd_options o;
    ncd_dataset_summary s;
    const ncd_dataset *data = ncd_model_dataset(model);
    ncd_status status = ncd_dataset_summarize(data, &s, err);
    if (status != NCD_OK)
        return status;
    ncd_model_options(model, &o);
    printf("method\t%s\n", ncd_method_name(o.method));
    if (o.method != NCD_METHOD_KNN)
        print_training(model);
    if (o.method != NCD_METHOD_CLASS)
        print_measure(model, &o);
    printf("classes\t%llu\n", (unsigned long long)s.n_classes);
    printf("texts\t%llu\n", (unsigned long long)s.n_texts);
    printf("bytes\t%llu\n", (unsigned long long)s.n_bytes);
    printf("empty\t%llu\n", (unsigned long long)s.n_empty);
    printf("repeated\t%llu\n", (unsigned long long)s.n_repeated);
    printf("conflicting\t%llu\n", (unsigned long long)s.n_conflicting);
    print_contenders_table(model);
    status = print_message_lengths(stdout, model, err);
    return status == NCD_OK ? print_classes(data, err) : status;
}

int cmd_info(int argc, char **argv)
{
    char **operands;
    int n_operands;
    ncd_model *model;
    ncd_error err;
    int status = cli_parse(&command, argc, argv, &operands, &n_operands);
    if (status >= 0)
        return status;
    if (n_operands != 1)
        return cli_usage_error(&command, "one model is needed");
    if (load_model(operands[0], &model, &err) != NCD_OK)
        return fail_with(&err);
    status = print_info(model, &err) == NCD_OK ? EXIT_DONE : fail_with(&err);
    ncd_model_free(model);
    return close_stdout(status);
}
