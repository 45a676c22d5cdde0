/* SPDX-License-Identifier: MIT */
/*
 * ncdclass predict: one label a line; or, where records have columns or fields,
 * the record as it is and the label behind it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "cli.h"
#include "stream.h"

/* Operands that are answered at a time. */
#define N_AT_ONCE 256

static struct answer_style style = {
    .top = 1, .abstain_label = "?", .label_field = "label"};
static const char *min_prob_text;
static unsigned n_candidates;

/* How standard input is cut into texts. */
static int nul;
static unsigned column;
static const char *field, *record_format = "auto";
static int header, skip_bad;

static const struct cli_option predict_options[] = {
    {"top", 'n', OPTION_COUNT, &style.top, "N", "the N best labels", NULL},
    {"prob", 'p', OPTION_FLAG, &style.prob, NULL,
     "the share of the vote, or the probability, after each label; rounded, "
     "but for JSON",
     NULL},
    {"min-prob", 0, OPTION_STRING, &min_prob_text, "P",
     "below that share or probability, abstain", NULL},
    {"abstain-label", 0, OPTION_STRING, &style.abstain_label, "LABEL",
     "what is printed then", NULL},
    {"neighbors", 0, OPTION_FLAG, &style.neighbors, NULL,
     "a line for each neighbour: text number, label, rank, its label, "
     "distance, file:line, its text",
     NULL},
    {"echo", 'e', OPTION_FLAG, &style.echo, NULL, "the text behind the labels",
     NULL},
    {"format", 0, OPTION_CHOICE, &style.format, "NAME", "output",
     row_format_choices},
    {0},
};

static const struct cli_option input_options[] = {
    {"null", '0', OPTION_FLAG, &nul, NULL,
     "texts or records end with a NUL, not a line end", NULL},
    {0},
};

static const struct cli_option record_options[] = {
    {"column", 0, OPTION_COUNT, &column, "N",
     "input has columns (TSV, CSV): column N is the text, and the label is "
     "put behind the record",
     NULL},
    {"field", 0, OPTION_STRING, &field, "NAME",
     "the same for the column or the JSON member of that name", NULL},
    {"input-format", 'f', OPTION_FORMAT, &record_format, "NAME",
     "format of these records: auto, tsv, csv, jsonl", NULL},
    {"header", 0, OPTION_FLAG, &header, NULL,
     "the first record names the columns (--field implies it)", NULL},
    {"label-field", 0, OPTION_STRING, &style.label_field, "NAME",
     "name of the label's column or member", NULL},
    {"skip-bad", 0, OPTION_FLAG, &skip_bad, NULL, "pass over malformed records",
     NULL},
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
            "ncdclass predict news.ncd --field=title < news.csv > labelled.csv",
            "tail -f log | ncdclass predict log.ncd --format=jsonl", NULL},
    .groups = (const struct cli_option *const[]){predict_options, input_options,
                                                 record_options, knn_options,
                                                 search_options, common_options,
                                                 NULL},
};

struct run {
    const ncd_model *model;
    ncd_predict_options options;
    ncd_prediction *prediction;
    uint64_t n_before; /* texts in earlier batches */
    ncd_text *texts;   /* [capacity] those of the batch at hand */
    size_t capacity;
};

/* --- Answering --- */

static int by_record(void)
{
    return column || field;
}

static ncd_status print_one(const struct run *run, size_t i,
                            const ncd_dataset *records, ncd_error *err)
{
    struct answer answer = {run->model, run->prediction, i, run->texts[i],
                            run->n_before + i + 1};
    ncd_error inner;
    if (!records) {
        print_answer(&style, &answer);
        return NCD_OK;
    }
    ncd_status status =
        print_record(&style, &answer, ncd_dataset_text(records, i), &inner);
    if (status != NCD_OK) {
        err->status = status;
        snprintf(err->message, sizeof err->message, "%s:%llu: %.900s",
                 ncd_dataset_source(records, i),
                 (unsigned long long)ncd_dataset_line(records, i),
                 inner.message);
    }
    return status;
}

/* Answers the first n of run->texts; records may be NULL. */
static ncd_status answer(struct run *run, size_t n, const ncd_dataset *records,
                         ncd_error *err)
{
    ncd_status status = ncd_model_predict(run->model, run->texts, n,
                                          &run->options, run->prediction, err);
    for (size_t i = 0; i < n && status == NCD_OK; i++)
        status = print_one(run, i, records, err);
    run->n_before += n;
    /* Whoever is behind the pipe waits for this answer. Errors are sticky and
     * are reported when standard output is closed. */
    fflush(stdout);
    return status;
}

static ncd_status make_room(struct run *run, size_t n, ncd_error *err)
{
    if (n <= run->capacity)
        return NCD_OK;
    ncd_text *grown = realloc(run->texts, n * sizeof *grown);
    if (!grown)
        return no_memory(err);
    run->texts = grown;
    run->capacity = n;
    return NCD_OK;
}

static ncd_status answer_arguments(struct run *run, char **args, int n_args,
                                   ncd_error *err)
{
    ncd_status status = make_room(run, N_AT_ONCE, err);
    for (int first = 0; first < n_args && status == NCD_OK;) {
        size_t n = 0;
        for (; n < N_AT_ONCE && first < n_args; n++, first++)
            run->texts[n] = (ncd_text){args[first], strlen(args[first])};
        status = answer(run, n, NULL, err);
    }
    return status;
}

static ncd_status answer_batch(struct run *run, const struct batch *batch,
                               ncd_error *err)
{
    size_t n = ncd_dataset_n_texts(batch->texts);
    ncd_status status = make_room(run, n, err);
    if (status != NCD_OK)
        return status;
    for (size_t i = 0; i < n; i++)
        run->texts[i] = ncd_dataset_text(batch->texts, i);
    return answer(run, n, batch->records, err);
}

static ncd_status answer_stream(struct run *run, struct stream *stream,
                                ncd_error *err)
{
    static char what[] = "texts";
    /* Between answers on the same terminal it would only disturb. */
    const int shows_progress = !isatty(STDOUT_FILENO);
    const struct batch *batch;
    ncd_status status;
    do {
        status = stream_take(stream, &batch, err);
        if (status == NCD_OK)
            status = answer_batch(run, batch, err);
        if (shows_progress && !ferror(stdout))
            on_progress(what, run->n_before, 0);
    } while (status == NCD_OK && !ferror(stdout));
    if (status != NCD_END)
        return status;
    uint64_t skipped = stream_skipped(stream);
    if (skipped)
        note("passed over %llu malformed record%s", (unsigned long long)skipped,
             skipped == 1 ? "" : "s");
    return NCD_OK;
}

/* Records are handed on in the format they have. */
static ncd_status take_format(const struct stream *stream, ncd_error *err)
{
    const char *format = stream_format(stream);
    while (strcmp(row_format_choices[style.format], format) != 0)
        style.format++;
    if (!style.neighbors || style.format == ROWS_JSONL)
        return NCD_OK;
    *err = (ncd_error){NCD_ERR_ARGUMENT,
                       "of records, only those of JSON have room for "
                       "--neighbors"};
    return NCD_ERR_ARGUMENT;
}

static ncd_status answer_input(struct run *run, struct stream *stream,
                               ncd_error *err)
{
    ncd_status status = stream_begin(stream, err);
    if (status == NCD_OK && by_record())
        status = take_format(stream, err);
    if (status == NCD_OK && stream_header(stream).nbytes)
        print_header(&style, stream_header(stream));
    return status == NCD_OK ? answer_stream(run, stream, err) : status;
}

static ncd_status open_input(struct stream **stream_out, ncd_error *err)
{
    ncd_reader_options options;
    ncd_reader_options_init(&options);
    options.format = by_record() ? record_format : "lines";
    options.unlabelled = by_record();
    options.text_column = column;
    options.text_field = field;
    options.header = header;
    options.skip_bad = skip_bad;
    options.nul = style.nul = nul;
    if (isatty(STDIN_FILENO))
        note("reading texts from the terminal, one a line");
    return stream_open(&options, by_record(), stream_out, err);
}

/* --- The verb --- */

static void fill_predict_options(ncd_predict_options *options)
{
    ncd_predict_options_init(options);
    options->k = given_k();
    options->vote = given_vote();
    options->threads = run_args.threads;
    options->n_candidates = n_candidates;
}

static ncd_status check_method(const ncd_model *model, ncd_error *err)
{
    ncd_options of_model;
    ncd_model_options(model, &of_model);
    note_options_without_use(of_model.method);
    if (of_model.method != NCD_METHOD_CLASS || !style.neighbors)
        return NCD_OK;
    *err = (ncd_error){NCD_ERR_ARGUMENT,
                       "--neighbors: a class model asks no neighbours"};
    return NCD_ERR_ARGUMENT;
}

/* stream is NULL where texts are given. */
static ncd_status predict(const char *path, char **texts, int n_texts,
                          struct stream *stream, ncd_error *err)
{
    struct run run = {0};
    ncd_model *model;
    ncd_status status = load_model(path, &model, err);
    if (status != NCD_OK)
        return status;
    run.model = model;
    size_t n_classes = ncd_dataset_n_classes(ncd_model_dataset(model));
    if (style.top > n_classes)
        style.top = (unsigned)n_classes;
    fill_predict_options(&run.options);
    status = check_method(model, err);
    if (status == NCD_OK && ncd_prediction_new(&run.prediction) != NCD_OK)
        status = no_memory(err);
    if (status == NCD_OK)
        status = stream ? answer_input(&run, stream, err)
                        : answer_arguments(&run, texts, n_texts, err);
    ncd_prediction_free(run.prediction);
    free(run.texts);
    ncd_model_free(model);
    return status;
}

/* While the model is loaded, input is read already. */
static ncd_status open_and_predict(const char *path, char **texts, int n_texts,
                                   ncd_error *err)
{
    struct stream *stream = NULL;
    ncd_status status = n_texts ? NCD_OK : open_input(&stream, err);
    if (status == NCD_OK)
        status = predict(path, texts, n_texts, stream, err);
    stream_close(stream);
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

/* What is wrong with options that are right by themselves; NULL: nothing. */
static const char *contradiction(int n_texts)
{
    int records = cli_given(record_options, NULL);
    if (n_texts && (nul || records))
        return "texts on the command line and options for standard input";
    if (column && field)
        return "--column and --field both say where the text is";
    if (records && !by_record())
        return "options for records need --column or --field";
    if (by_record() && (style.echo || cli_given(predict_options, "format")))
        return "with --column or --field, the record itself is printed: "
               "--echo and --format have no meaning";
    if (style.neighbors && !by_record() && style.format != ROWS_JSONL &&
        (style.prob || style.top > 1))
        return "--neighbors goes with --prob and --top only in --format=jsonl";
    return NULL;
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
    if ((status = take_search(&command, &n_candidates)) != EXIT_DONE)
        return status;
    if (min_prob_text && !parse_share(min_prob_text, &style.min_prob))
        return cli_usage_error(&command,
                               "--min-prob takes a number from 0 to 1, not "
                               "\"%s\"",
                               min_prob_text);
    if (contradiction(n_operands - 1))
        return cli_usage_error(&command, "%s", contradiction(n_operands - 1));
    note_file_as_text(operands + 1, n_operands - 1);
    ncd_status answered =
        open_and_predict(operands[0], operands + 1, n_operands - 1, &err);
    status = answered == NCD_OK ? EXIT_DONE : fail_with(&err);
    return close_stdout(status);
}
