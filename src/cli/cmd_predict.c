/* SPDX-License-Identifier: MIT */
/*
 * ncdclass predict: one label a line. Lines of standard input are taken as many
 * at a time as are there, so that a file is classified on all cores and a slow
 * pipe line by line.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* A batch ends at whichever comes first. */
#define BATCH_TEXTS 256
#define BATCH_NBYTES (1u << 20)

static unsigned top = 1;
static int prob, neighbors, echo;
static const char *min_prob_text, *abstain_label = "?";
static double min_prob;
static int format = ROWS_TSV;
static unsigned n_candidates;

static const struct cli_option predict_options[] = {
    {"top", 'n', OPTION_COUNT, &top, "N", "the N best labels", NULL},
    {"prob", 'p', OPTION_FLAG, &prob, NULL,
     "the share of the vote, or the probability, after each label", NULL},
    {"min-prob", 0, OPTION_STRING, &min_prob_text, "P",
     "below that share or probability, abstain", NULL},
    {"abstain-label", 0, OPTION_STRING, &abstain_label, "LABEL",
     "what is printed then", NULL},
    {"neighbors", 0, OPTION_FLAG, &neighbors, NULL,
     "a line for each neighbour: text number, label, rank, its label, "
     "distance, file:line, its text",
     NULL},
    {"echo", 'e', OPTION_FLAG, &echo, NULL, "the text behind the labels", NULL},
    {"format", 0, OPTION_CHOICE, &format, "NAME", "output", row_format_choices},
    {0},
};

static const struct cli_command command = {
    .name = "predict",
    .summary = "Prints one label a line for each TEXT, or for each line of "
               "standard input.",
    .usage = (const char *const[]){"predict [OPTION...] MODEL [TEXT...]",
                                   "predict [OPTION...] MODEL < TEXTS", NULL},
    .examples =
        (const char *const[]){
            "ncdclass predict news.ncd \"rain stopped play at noon\"",
            "ncdclass predict news.ncd < texts.txt | sort | uniq -c",
            "ncdclass predict news.ncd --top 3 --prob --echo < texts.txt",
            "tail -f log | ncdclass predict log.ncd --format=jsonl", NULL},
    .groups = (const struct cli_option *const[]){predict_options, knn_options,
                                                 search_options, common_options,
                                                 NULL},
};

struct run {
    const ncd_model *model;
    ncd_predict_options options;
    ncd_prediction *prediction;
    uint64_t n_before; /* texts in earlier batches */
};

/* --- Output --- */

/* The label at a rank; in place of the first, where it is too uncertain, what
 * stands for not knowing. */
static const char *answer_label(const ncd_prediction *p, size_t i, size_t rank)
{
    return rank == 0 && ncd_prediction_share(p, i, 0) < min_prob
               ? abstain_label
               : ncd_prediction_label(p, i, rank);
}

static void print_row(const struct run *run, size_t i, ncd_text text)
{
    const ncd_prediction *p = run->prediction;
    enum row_format rows = (enum row_format)format;
    int column = 0;
    for (size_t rank = 0; rank < top; rank++) {
        int there = rank < ncd_prediction_n_labels(p, i);
        row_string(rows, &column, there ? answer_label(p, i, rank) : "");
        if (prob)
            row_number(rows, &column,
                       there ? ncd_prediction_share(p, i, rank) : 0);
    }
    if (echo)
        row_text(rows, &column, text);
    row_end(&column);
}

static const char *origin(const ncd_dataset *data, size_t index, char *out,
                          size_t room)
{
    snprintf(out, room, "%s:%llu", ncd_dataset_source(data, index),
             (unsigned long long)ncd_dataset_line(data, index));
    return out;
}

static void print_neighbors(const struct run *run, size_t i, ncd_text text)
{
    const ncd_prediction *p = run->prediction;
    const ncd_dataset *data = ncd_model_dataset(run->model);
    enum row_format rows = (enum row_format)format;
    char where[1024];
    for (size_t j = 0; j < ncd_prediction_n_neighbors(p, i); j++) {
        int column = 0;
        ncd_neighbor n = ncd_prediction_neighbor(p, i, j);
        row_number(rows, &column, (double)(run->n_before + i + 1));
        row_string(rows, &column, ncd_prediction_label(p, i, 0));
        row_number(rows, &column, (double)(j + 1));
        row_string(rows, &column,
                   ncd_dataset_label(data, ncd_dataset_class(data, n.index)));
        row_number(rows, &column, n.distance);
        row_string(rows, &column, origin(data, n.index, where, sizeof where));
        row_text(rows, &column, ncd_dataset_text(data, n.index));
        if (echo)
            row_text(rows, &column, text);
        row_end(&column);
    }
}

static json_t *json_label(const ncd_prediction *p, size_t i, size_t rank)
{
    const char *label = answer_label(p, i, rank);
    json_t *object = json_object();
    json_object_set_new(object, "label", json_bytes(label, strlen(label)));
    json_object_set_new(object, "share",
                        json_real(ncd_prediction_share(p, i, rank)));
    return object;
}

static json_t *json_neighbor(const ncd_dataset *data, ncd_neighbor n)
{
    json_t *object = json_object();
    const char *label =
        ncd_dataset_label(data, ncd_dataset_class(data, n.index));
    const char *source = ncd_dataset_source(data, n.index);
    ncd_text text = ncd_dataset_text(data, n.index);
    json_object_set_new(object, "label", json_bytes(label, strlen(label)));
    json_object_set_new(object, "distance", json_real(n.distance));
    json_object_set_new(object, "source", json_bytes(source, strlen(source)));
    json_object_set_new(
        object, "line",
        json_integer((json_int_t)ncd_dataset_line(data, n.index)));
    json_object_set_new(object, "text", json_bytes(text.bytes, text.nbytes));
    return object;
}

static void print_json(const struct run *run, size_t i, ncd_text text)
{
    const ncd_prediction *p = run->prediction;
    json_t *object = json_label(p, i, 0);
    if (!prob)
        json_object_del(object, "share");
    if (top > 1) {
        json_t *labels = json_array();
        for (size_t r = 0; r < top && r < ncd_prediction_n_labels(p, i); r++)
            json_array_append_new(labels, json_label(p, i, r));
        json_object_set_new(object, "labels", labels);
    }
    if (neighbors) {
        json_t *list = json_array();
        for (size_t j = 0; j < ncd_prediction_n_neighbors(p, i); j++)
            json_array_append_new(
                list, json_neighbor(ncd_model_dataset(run->model),
                                    ncd_prediction_neighbor(p, i, j)));
        json_object_set_new(object, "neighbors", list);
    }
    if (echo)
        json_object_set_new(object, "text",
                            json_bytes(text.bytes, text.nbytes));
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

static void print_answer(const struct run *run, size_t i, ncd_text text)
{
    if (format == ROWS_JSONL)
        print_json(run, i, text);
    else if (neighbors)
        print_neighbors(run, i, text);
    else
        print_row(run, i, text);
}

/* --- Input --- */

static ncd_status answer(struct run *run, const ncd_text *texts, size_t n,
                         ncd_error *err)
{
    ncd_status status = ncd_model_predict(run->model, texts, n, &run->options,
                                          run->prediction, err);
    if (status != NCD_OK)
        return status;
    for (size_t i = 0; i < n; i++)
        print_answer(run, i, texts[i]);
    run->n_before += n;
    /* Whoever is behind the pipe waits for this answer. Errors are sticky and
     * are reported when standard output is closed. */
    fflush(stdout);
    return NCD_OK;
}

/* Takes what is there, at least one line; NCD_END at the end of the input. */
static ncd_status take_batch(ncd_reader *reader, ncd_dataset *batch,
                             ncd_error *err)
{
    size_t nbytes = 0;
    ncd_dataset_clear(batch);
    do {
        ncd_record r;
        ncd_status status = ncd_reader_next(reader, &r, err);
        if (status == NCD_OK)
            status =
                ncd_dataset_add(batch, r.label, r.text, r.source, r.line, err);
        if (status != NCD_OK)
            return status;
        nbytes += r.text.nbytes;
    } while (ncd_dataset_n_texts(batch) < BATCH_TEXTS &&
             nbytes < BATCH_NBYTES && ncd_reader_ready(reader));
    return NCD_OK;
}

static ncd_status answer_batches(struct run *run, ncd_reader *reader,
                                 ncd_dataset *batch, ncd_error *err)
{
    ncd_text texts[BATCH_TEXTS];
    ncd_status status, answered;
    do {
        status = take_batch(reader, batch, err);
        if (status != NCD_OK && status != NCD_END)
            return status;
        size_t n = ncd_dataset_n_texts(batch);
        for (size_t i = 0; i < n; i++)
            texts[i] = ncd_dataset_text(batch, i);
        answered = n ? answer(run, texts, n, err) : NCD_OK;
        if (answered != NCD_OK)
            return answered;
    } while (status != NCD_END && !ferror(stdout));
    return NCD_OK;
}

static ncd_status answer_input(struct run *run, ncd_error *err)
{
    ncd_reader_options options;
    ncd_reader *reader;
    ncd_dataset *batch;
    ncd_reader_options_init(&options);
    options.format = "lines";
    if (isatty(STDIN_FILENO))
        note("reading texts from the terminal, one a line");
    ncd_status status = ncd_reader_open("-", &options, &reader, err);
    if (status != NCD_OK)
        return status;
    if (ncd_dataset_new(&batch) == NCD_OK) {
        status = answer_batches(run, reader, batch, err);
        ncd_dataset_free(batch);
    } else {
        *err = (ncd_error){NCD_ERR_NOMEM, "out of memory"};
        status = NCD_ERR_NOMEM;
    }
    ncd_reader_close(reader);
    return status;
}

static ncd_status answer_arguments(struct run *run, char **args, int n_args,
                                   ncd_error *err)
{
    ncd_text texts[BATCH_TEXTS];
    ncd_status status = NCD_OK;
    for (int first = 0; first < n_args && status == NCD_OK;) {
        size_t n = 0;
        for (; n < BATCH_TEXTS && first < n_args; n++, first++)
            texts[n] = (ncd_text){args[first], strlen(args[first])};
        status = answer(run, texts, n, err);
    }
    return status;
}

static ncd_status predict(const char *path, char **texts, int n_texts,
                          ncd_error *err)
{
    struct run run = {0};
    ncd_model *model;
    ncd_status status = ncd_model_load(path, &model, err);
    if (status != NCD_OK)
        return status;
    if (strcmp(ncd_model_library(model), ncd_model_library_now(model)) != 0)
        note("the model was trained with %s, this is %s; labels may differ",
             ncd_model_library(model), ncd_model_library_now(model));
    run.model = model;
    size_t n_classes = ncd_dataset_n_classes(ncd_model_dataset(model));
    if (top > n_classes)
        top = (unsigned)n_classes;
    ncd_predict_options_init(&run.options);
    if (cli_given(knn_options, "k"))
        run.options.k = measure_args.k;
    if (cli_given(knn_options, "vote"))
        run.options.vote = measure_args.vote;
    run.options.threads = run_args.threads;
    run.options.n_candidates = n_candidates;
    if (ncd_prediction_new(&run.prediction) != NCD_OK) {
        *err = (ncd_error){NCD_ERR_NOMEM, "out of memory"};
        status = NCD_ERR_NOMEM;
    } else if (n_texts > 0) {
        status = answer_arguments(&run, texts, n_texts, err);
    } else {
        status = answer_input(&run, err);
    }
    ncd_prediction_free(run.prediction);
    ncd_model_free(model);
    return status;
}

static int parse_share(const char *text, double *out)
{
    char *end;
    if (strspn(text, "0123456789.") != strlen(text))
        return 0;
    *out = strtod(text, &end);
    return end != text && !*end && *out <= 1;
}

int cmd_predict(int argc, char **argv)
{
    char **operands;
    int n_operands;
    ncd_error err;
    int status = cli_parse(&command, argc, argv, &operands, &n_operands);
    if (status >= 0)
        return status;
    if (n_operands == 0)
        return cli_usage_error(&command, "no model given");
    if (!parse_search(run_args.search, &n_candidates))
        return cli_usage_error(&command,
                               "--search is exact, approx or approx:N, not "
                               "\"%s\"",
                               run_args.search);
    if (min_prob_text && !parse_share(min_prob_text, &min_prob))
        return cli_usage_error(&command,
                               "--min-prob takes a number from 0 to 1, not "
                               "\"%s\"",
                               min_prob_text);
    if (neighbors && format != ROWS_JSONL && (prob || top > 1))
        return cli_usage_error(
            &command,
            "--neighbors goes with --prob and --top only in --format=jsonl");
    status = predict(operands[0], operands + 1, n_operands - 1, &err) == NCD_OK
                 ? EXIT_DONE
                 : fail_with(&err);
    return close_stdout(status);
}
