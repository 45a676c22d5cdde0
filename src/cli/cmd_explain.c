/* SPDX-License-Identifier: MIT */
/* ncdclass explain: why a text gets its label. */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "explain.h"
#include "page/assets.h"
#include "page/html.h"

enum { FORMAT_TEXT, FORMAT_HTML, FORMAT_JSON };
static const char *const format_choices[] = {"text", "html", "json", NULL};
static int format = FORMAT_TEXT;
static const char *against, *output_path = "-";
static unsigned n_texts = 1, n_candidates;

static const struct cli_option explain_options[] = {
    {"against", 0, OPTION_STRING, &against, "LABEL",
     "the label it is held against; the runner-up where not given", NULL},
    {"neighbors", 'n', OPTION_COUNT, &n_texts, "N",
     "nearest texts of each label", NULL},
    {"format", 0, OPTION_CHOICE, &format, "NAME", "output", format_choices},
    {"output", 'o', OPTION_STRING, &output_path, "FILE",
     "where it is written; -: standard output", NULL},
    {0},
};

static const struct cli_command command = {
    .name = "explain",
    .summary =
        "Shows why each TEXT, or each line of standard input, gets its label: "
        "what it\nshares with the nearest texts of that label and of the "
        "runner-up, in bits that\nthe compressor spares, or what each of its "
        "bytes adds to the odds of the label.",
    .usage = (const char *const[]){"explain [OPTION...] MODEL [TEXT...]",
                                   "explain [OPTION...] MODEL < TEXTS", NULL},
    .examples =
        (const char *const[]){
            "ncdclass explain news.ncd \"rain stopped play at noon\"",
            "ncdclass explain news.ncd --against=politics \"rain stopped "
            "play\"",
            "ncdclass explain news.ncd --format=html -o why.html < texts.txt",
            "ncdclass explain news.ncd --format=json \"some text\" | jq "
            ".odds.bytes",
            NULL},
    .groups = (const struct cli_option *const[]){explain_options, knn_options,
                                                 search_options, common_options,
                                                 NULL},
};

struct run {
    const ncd_model *model;
    ncd_explain_options options;
    ncd_explanation *explanation;
    FILE *to;
    uint64_t n_shown;
};

static ncd_status show(struct run *run, ncd_text text, ncd_error *err)
{
    ncd_status status = ncd_model_explain(run->model, text, &run->options,
                                          run->explanation, err);
    if (status != NCD_OK)
        return status;
    end_progress();
    if (format == FORMAT_TEXT && run->n_shown)
        putc('\n', run->to);
    switch (format) {
    case FORMAT_HTML:
        explain_html(run->to, run->model, run->explanation);
        break;
    case FORMAT_JSON:
        explain_json(run->to, run->model, run->explanation);
        break;
    default:
        explain_text(run->to, run->model, run->explanation);
    }
    run->n_shown++;
    fflush(run->to);
    return NCD_OK;
}

static ncd_status show_input(struct run *run, ncd_error *err)
{
    ncd_reader_options options;
    ncd_reader *reader;
    ncd_record record;
    ncd_reader_options_init(&options);
    options.format = "lines";
    if (isatty(STDIN_FILENO))
        note("reading texts from the terminal, one a line");
    ncd_status status = ncd_reader_open("-", &options, &reader, err);
    if (status != NCD_OK)
        return status;
    while (!ferror(run->to) &&
           (status = ncd_reader_next(reader, &record, err)) == NCD_OK &&
           (status = show(run, record.text, err)) == NCD_OK)
        ;
    ncd_reader_close(reader);
    return status == NCD_END ? NCD_OK : status;
}

static ncd_status show_all(struct run *run, char **texts, int n, ncd_error *err)
{
    ncd_status status = NCD_OK;
    if (format == FORMAT_HTML)
        html_begin(run->to, "Why these labels",
                   (const char *const[]){explain_css, NULL});
    if (n == 0)
        status = show_input(run, err);
    for (int i = 0; i < n && status == NCD_OK; i++)
        status = show(run, (ncd_text){texts[i], strlen(texts[i])}, err);
    if (format == FORMAT_HTML)
        html_end(run->to, NULL);
    return status;
}

static ncd_status explain_to(struct run *run, char **texts, int n,
                             ncd_error *err)
{
    ncd_output *output;
    if (ncd_explanation_new(&run->explanation) != NCD_OK)
        return no_memory(err);
    ncd_status status = ncd_output_create(output_path, &output, err);
    if (status == NCD_OK) {
        run->to = ncd_output_stream(output);
        status = show_all(run, texts, n, err);
        if (status == NCD_OK)
            status = ncd_output_commit(output, err);
        else
            ncd_output_discard(output);
    }
    ncd_explanation_free(run->explanation);
    return status;
}

static ncd_status explain(const char *path, char **texts, int n, ncd_error *err)
{
    ncd_model *model;
    ncd_status status = load_model(path, &model, err);
    if (status != NCD_OK)
        return status;
    struct run run = {.model = model};
    ncd_options progress;
    fill_options(&progress, "search");
    ncd_explain_options_init(&run.options);
    run.options.k = given_k();
    run.options.vote = given_vote();
    run.options.threads = run_args.threads;
    run.options.n_texts = n_texts;
    run.options.against = against;
    run.options.progress = progress.progress;
    run.options.progress_arg = progress.progress_arg;
    run.options.n_candidates = n_candidates;
    status = explain_to(&run, texts, n, err);
    if (status == NCD_ERR_ARGUMENT && against)
        suggest_label(model, against, err);
    ncd_model_free(model);
    return status;
}

int cmd_explain(int argc, char **argv)
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
    catch_interrupts();
    note_file_as_text(operands + 1, n_operands - 1);
    status = explain(operands[0], operands + 1, n_operands - 1, &err) == NCD_OK
                 ? EXIT_DONE
                 : fail_with(&err);
    return close_stdout(status);
}
