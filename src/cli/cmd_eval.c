/* SPDX-License-Identifier: MIT */
/* ncdclass eval: how well it works, and on what the figures rest. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "page/gather.h"
#include "page/report_page.h"
#include "study.h"

static const char *train_path, *test_path, *predictions_path, *page_file;
static const char *sweep_specs;
static unsigned page_texts = 12;
static uint64_t compare_exact;
static unsigned n_candidates;
static uint64_t limit_train, limit_test, folds, seed = 1;
static unsigned n_seeds = 5;
static struct uint_list shots, sweep_k;
static int learning_curve, sweep, confusion, format = REPORT_TEXT;

static const struct cli_option eval_options[] = {
    {"train", 0, OPTION_STRING, &train_path, "DATA", "training data", NULL},
    {"test", 0, OPTION_STRING, &test_path, "DATA", "test data", NULL},
    {"folds", 0, OPTION_U64, &folds, "N",
     "N-fold cross-validation; kNN is otherwise left to leave-one-out, class "
     "models to 5 folds",
     NULL},
    {"shots", 0, OPTION_LIST, &shots, "N,...",
     "few-shot: train on N texts a class, drawn by seed", NULL},
    {"learning-curve", 0, OPTION_FLAG, &learning_curve, NULL,
     "score models of a half, a quarter... of the training texts, too", NULL},
    {"seeds", 0, OPTION_COUNT, &n_seeds, "N",
     "draws for each of --shots, or size of --learning-curve", NULL},
    {"seed", 0, OPTION_U64, &seed, "N", "first seed of draws and folds", NULL},
    {"sweep", 0, OPTION_FLAG, &sweep, NULL,
     "compare k from 1 to 25, all compressors, and class models", NULL},
    {"sweep-k", 0, OPTION_LIST, &sweep_k, "K,...",
     "score these k too, from the same search", NULL},
    {"sweep-compressors", 0, OPTION_STRING, &sweep_specs, "SPECS",
     "compare these, with blanks between; class stands for class models", NULL},
    {"limit-train", 0, OPTION_U64, &limit_train, "N",
     "use the first N training texts", NULL},
    {"limit-test", 0, OPTION_U64, &limit_test, "N",
     "use the first N test texts", NULL},
    {"confusion", 0, OPTION_FLAG, &confusion, NULL,
     "print the confusion matrix", NULL},
    {"compare-exact", 0, OPTION_U64, &compare_exact, "N",
     "search exactly too for the first N test texts", NULL},
    {"predictions", 0, OPTION_STRING, &predictions_path, "FILE",
     "write true TAB predicted label of each test text", NULL},
    {"report", 0, OPTION_STRING, &page_file, "FILE",
     "write a page for the browser: charts, mistakes, texts; one HTML file",
     NULL},
    {"report-texts", 0, OPTION_COUNT, &page_texts, "N",
     "texts of each cell of the confusion matrix on that page, at most", NULL},
    {"format", 0, OPTION_CHOICE, &format, "NAME", "output",
     report_format_choices},
    {0},
};

static const struct cli_command command = {
    .name = "eval",
    .summary =
        "Measures accuracy: on test data, by leave-one-out, or by few-shot "
        "draws. Without\ndata it uses the bundled sample. Every test text "
        "counts, labels that training lacks\ntoo; a tied vote goes to the "
        "label of the nearest neighbour and is never counted\nas both.",
    .usage =
        (const char *const[]){
            "eval [OPTION...] --train=DATA --test=DATA",
            "eval [OPTION...] MODEL TEST",
            "eval [OPTION...] DATA|MODEL   (leave-one-out; 5 folds "
            "where a class model takes part)",
            "eval [OPTION...]              (bundled sample)", NULL},
    .examples =
        (const char *const[]){
            "ncdclass eval --compressor=gzip",
            "ncdclass eval --train=train.tsv --test=test.tsv --confusion",
            "ncdclass eval --folds=10 --sweep-k=1,3,5,9 data.tsv",
            "ncdclass eval --train=a.csv --test=b.csv --shots=5,10,50 "
            "--seeds=5",
            "ncdclass eval model.ncd test.tsv --format=json",
            "ncdclass eval --report=report.html --learning-curve "
            "--sweep-k=1,3,9",
            NULL},
    .groups =
        (const struct cli_option *const[]){
            eval_options, method_options, compressor_options, knn_options,
            search_options, reader_options, common_options, NULL},
};

/* What the command line comes down to. */
struct plan {
    const char *model; /* a model file, or NULL */
    const char *train; /* or training data */
    const char *test;  /* NULL: cross-validation */
    struct report_head head;
    char protocol[48];
    ncd_options options;
    FILE *predictions, *page;
    struct gathered gathered;
};

/* --- One evaluation --- */

static void on_text(void *arg, const ncd_eval_text *text)
{
    struct plan *plan = arg;
    if (plan->predictions)
        fprintf(plan->predictions, "%s\t%s\n", text->label_true,
                text->label_predicted);
    if (plan->page)
        gather_text(&plan->gathered, text);
}

static void fill_eval_options(ncd_eval_options *o)
{
    ncd_eval_options_init(o);
    o->k = given_k();
    o->vote = given_vote();
    o->threads = run_args.threads;
    o->n_candidates = n_candidates;
    o->compare_exact = compare_exact;
    o->sweep_k = sweep_k.values;
    o->n_sweep_k = sweep_k.n;
    o->progress = on_progress;
    o->progress_arg = (void *)(uintptr_t) "test";
}

static ncd_status eval_test(const struct plan *plan, const ncd_model *model,
                            const ncd_eval_options *options,
                            ncd_report **report_out, ncd_error *err)
{
    ncd_reader *reader;
    ncd_status status = open_data(plan->test, limit_test, &reader, err);
    if (status != NCD_OK)
        return status;
    status = ncd_eval_test(model, reader, options, report_out, err);
    ncd_reader_close(reader);
    return status;
}

/* A class model is trained anew for each fold: by default, as few as serve. */
#define CLASS_FOLDS 5

static uint64_t n_folds(const ncd_model *model)
{
    ncd_options o;
    size_t n = ncd_dataset_n_texts(ncd_model_dataset(model));
    ncd_model_options(model, &o);
    if (folds || o.method == NCD_METHOD_KNN)
        return folds;
    return n < CLASS_FOLDS ? n : CLASS_FOLDS;
}

static ncd_status eval_model(const struct plan *plan, const ncd_model *model,
                             const ncd_eval_options *options,
                             ncd_report **report_out, ncd_error *err)
{
    ncd_status status = plan->test
                            ? eval_test(plan, model, options, report_out, err)
                            : ncd_eval_folds(model, n_folds(model), seed,
                                             options, report_out, err);
    end_progress();
    return status;
}

/* Settings that a report states: the model's, and what overrides them. */
static void fill_head(struct plan *plan, const ncd_model *model)
{
    ncd_model_options(model, &plan->head.options);
    if (!plan->test && n_folds(model)) {
        snprintf(plan->protocol, sizeof plan->protocol, "%" PRIu64 " folds",
                 n_folds(model));
        plan->head.protocol = plan->protocol;
    }
    if (given_k())
        plan->head.options.k = given_k();
    if (given_vote() >= 0)
        plan->head.options.vote = (ncd_vote)given_vote();
    plan->head.n_candidates = n_candidates;
    plan->head.library = ncd_model_library_now(model);
}

/* --- Evaluations around it --- */

/* A judge_fn: what any model of these texts is worth, by itself. */
static ncd_status judge_other(void *arg, const ncd_model *model,
                              ncd_report **report_out, ncd_error *err)
{
    const struct plan *plan = arg;
    ncd_options of_model;
    ncd_eval_options options;
    ncd_model_options(model, &of_model);
    fill_eval_options(&options);
    options.compare_exact = 0;
    if (of_model.method != NCD_METHOD_KNN)
        options.n_sweep_k = options.n_candidates = 0;
    return eval_model(plan, model, &options, report_out, err);
}

/* Of the smallest part of a learning curve: of most classes two texts, and one
 * for each fold. */
static size_t least_texts(const ncd_dataset *data)
{
    size_t least = 2 * ncd_dataset_n_classes(data);
    return least > 2 * folds ? least : 2 * folds;
}

struct studies {
    struct curve curve;
    struct comparison comparison;
};

static ncd_status run_studies(struct plan *plan, const ncd_model *model,
                              const ncd_report *report, struct studies *studies,
                              ncd_error *err)
{
    struct judge judge = {judge_other, plan};
    const ncd_dataset *data = ncd_model_dataset(model);
    ncd_options options;
    ncd_status status = NCD_OK;
    ncd_model_options(model, &options);
    options.threads = run_args.threads;
    options.progress = on_progress;
    options.progress_arg = (void *)(uintptr_t) "training texts";
    if (learning_curve) {
        status =
            run_curve(data, &options, judge, least_texts(data), seed, n_seeds,
                      report->score.accuracy, &studies->curve, err);
        plan->head.curve = &studies->curve;
    }
    if (status == NCD_OK && (sweep || sweep_specs)) {
        status = run_comparison(model, report, &options, sweep_specs, judge,
                                &studies->comparison, err);
        plan->head.comparison = &studies->comparison;
    }
    return status;
}

static ncd_status print_all(struct plan *plan, const ncd_model *model,
                            const ncd_report *report, ncd_error *err)
{
    ncd_status status = NCD_OK;
    if (plan->page)
        status = write_report_page(plan->page, &plan->head, report,
                                   &plan->gathered, model, err);
    if (status == NCD_OK)
        print_report((enum report_format)format, &plan->head, report);
    return status;
}

static ncd_status evaluate(struct plan *plan, const ncd_model *model,
                           ncd_error *err)
{
    ncd_report *report = NULL;
    ncd_options of_model;
    ncd_eval_options options;
    struct studies studies = {0};
    fill_eval_options(&options);
    ncd_model_options(model, &of_model);
    if (of_model.method != NCD_METHOD_KNN && (sweep || sweep_specs))
        options.n_sweep_k = 0; /* they are for the others */
    options.on_text = on_text;
    options.on_text_arg = plan;
    gather_begin(&plan->gathered, page_texts);
    ncd_status status = eval_model(plan, model, &options, &report, err);
    if (status == NCD_OK && plan->gathered.out_of_memory)
        status = no_memory(err);
    if (status == NCD_OK) {
        fill_head(plan, model);
        status = run_studies(plan, model, report, &studies, err);
    }
    if (status == NCD_OK)
        status = print_all(plan, model, report, err);
    curve_free(&studies.curve);
    comparison_free(&studies.comparison);
    gather_free(&plan->gathered);
    ncd_report_free(report);
    return status;
}

/* --- Few-shot --- */

static ncd_status eval_draw(struct plan *plan, const ncd_dataset *data,
                            unsigned n_shots, uint64_t draw_seed,
                            double *accuracy_out, uint64_t *n_test_out,
                            ncd_error *err)
{
    ncd_dataset *sample;
    ncd_model *model = NULL;
    ncd_report *report;
    ncd_eval_options options;
    fill_eval_options(&options);
    ncd_status status =
        ncd_dataset_sample(data, n_shots, draw_seed, &sample, err);
    if (status != NCD_OK)
        return status;
    status = ncd_model_train(sample, &plan->options, &model, err);
    if (status == NCD_OK)
        status = eval_test(plan, model, &options, &report, err);
    if (status == NCD_OK) {
        *accuracy_out = report->score.accuracy;
        *n_test_out = report->n_test;
        ncd_report_free(report);
    }
    ncd_model_free(model);
    ncd_dataset_free(sample);
    return status;
}

static ncd_status eval_shots(struct plan *plan, const ncd_dataset *data,
                             ncd_error *err)
{
    struct draws results[MAX_LIST];
    uint64_t n_test = 0;
    double *accuracies = calloc(shots.n * n_seeds, sizeof *accuracies);
    if (!accuracies)
        return no_memory(err);
    ncd_status status = NCD_OK;
    for (size_t i = 0; i < shots.n && status == NCD_OK; i++) {
        double *of_shots = accuracies + i * n_seeds;
        results[i] = (struct draws){shots.values[i], of_shots, n_seeds};
        for (unsigned s = 0; s < n_seeds && status == NCD_OK; s++)
            status = eval_draw(plan, data, shots.values[i], seed + s,
                               &of_shots[s], &n_test, err);
    }
    end_progress();
    if (status == NCD_OK)
        print_shots((enum report_format)format, &plan->head, n_test, results,
                    shots.n);
    free(accuracies);
    return status;
}

/* --- The plan --- */

static ncd_status run_data(struct plan *plan, ncd_error *err)
{
    ncd_dataset *data;
    ncd_model *model = NULL;
    if (ncd_dataset_new(&data) != NCD_OK)
        return no_memory(err);
    ncd_status status = read_data(data, plan->train, limit_train, err);
    if (status == NCD_OK)
        status = ncd_model_train(data, &plan->options, &model, err);
    if (status == NCD_OK && shots.n) {
        fill_head(plan, model);
        status = eval_shots(plan, data, err);
    } else if (status == NCD_OK) {
        ncd_dataset_free(data); /* the model has its own copy */
        data = NULL;
        status = evaluate(plan, model, err);
    }
    ncd_model_free(model);
    ncd_dataset_free(data);
    return status;
}

static ncd_status run_model(struct plan *plan, ncd_error *err)
{
    ncd_model *model;
    ncd_status status = load_model(plan->model, &model, err);
    if (status != NCD_OK)
        return status;
    status = evaluate(plan, model, err);
    ncd_model_free(model);
    return status;
}

/* A file that is there only once all of it could be written. */
static ncd_status open_output(const char *path, ncd_output **output_out,
                              FILE **stream_out, ncd_error *err)
{
    if (!path)
        return NCD_OK;
    catch_interrupts();
    ncd_status status = ncd_output_create(path, output_out, err);
    if (status == NCD_OK)
        *stream_out = ncd_output_stream(*output_out);
    return status;
}

static ncd_status close_output(ncd_output *output, ncd_status status,
                               ncd_error *err)
{
    if (output && status == NCD_OK)
        return ncd_output_commit(output, err);
    if (output)
        ncd_output_discard(output);
    return status;
}

static ncd_status run_plan(struct plan *plan, ncd_error *err)
{
    ncd_output *predictions = NULL, *page = NULL;
    ncd_status status =
        sweep || sweep_specs ? check_contenders(sweep_specs, err) : NCD_OK;
    if (status == NCD_OK)
        status = open_output(predictions_path, &predictions, &plan->predictions,
                             err);
    if (status == NCD_OK)
        status = open_output(page_file, &page, &plan->page, err);
    if (status == NCD_OK)
        status = plan->model ? run_model(plan, err) : run_data(plan, err);
    status = close_output(page, status, err);
    return close_output(predictions, status, err);
}

/* Fills the plan in from options and operands; returns -1 or a status. */
static int make_plan(struct plan *plan, char **operands, int n)
{
    plan->train = train_path;
    plan->test = test_path;
    if ((train_path || test_path) && n > 0)
        return cli_usage_error(&command,
                               "--train and --test, or operands, not both");
    if (!train_path && test_path)
        return cli_usage_error(&command, "--test needs --train");
    if (n > 2)
        return cli_usage_error(&command, "too many arguments");
    if (n > 0 && ncd_is_model(operands[0]))
        plan->model = operands[0];
    else if (n > 0)
        plan->train = operands[0];
    if (n > 1)
        plan->test = operands[1];
    if (plan->train && plan->test && strcmp(plan->train, "-") == 0 &&
        strcmp(plan->test, "-") == 0)
        return cli_usage_error(&command, STANDARD_INPUT_TWICE);
    return -1;
}

static int check_plan(const struct plan *plan)
{
    if (plan->model && (cli_given(compressor_options, NULL) ||
                        cli_given(method_options, NULL) || limit_train))
        return cli_usage_error(
            &command, "method, compressor, distance, order, separator and "
                      "training texts are the model's; train anew to "
                      "change them");
    if (shots.n && (plan->model || !plan->test))
        return cli_usage_error(&command,
                               "--shots needs --train and --test data");
    if (shots.n && strcmp(plan->test, "-") == 0)
        return cli_usage_error(&command, "--shots reads the test data several "
                                         "times; standard input can't be");
    if (shots.n && (predictions_path || page_file || learning_curve || sweep ||
                    sweep_specs || sweep_k.n || confusion))
        return cli_usage_error(&command, "--shots prints accuracies only");
    if ((learning_curve || sweep || sweep_specs) && plan->test &&
        strcmp(plan->test, "-") == 0)
        return cli_usage_error(&command,
                               "--learning-curve and --sweep read the test "
                               "data several times; standard input can't be");
    if (plan->test && folds)
        return cli_usage_error(&command, "--folds splits the training data; "
                                         "there is test data already");
    int status = take_search(&command, &n_candidates);
    if (status != EXIT_DONE)
        return status;
    if (compare_exact && !n_candidates)
        return cli_usage_error(&command,
                               "--compare-exact goes with --search=approx");
    if ((predictions_path && strcmp(predictions_path, "-") == 0) ||
        (page_file && strcmp(page_file, "-") == 0))
        return cli_usage_error(&command,
                               "--%s needs a file; the report goes to standard "
                               "output",
                               page_file ? "report" : "predictions");
    status = spare_others(&command, "report", page_file, '<', "page");
    if (status != EXIT_DONE)
        return status;
    if (!plan->test && limit_test)
        return cli_usage_error(&command, "--limit-test without test data");
    return -1;
}

/* What --sweep compares where --sweep-k does not say. */
static const struct uint_list usual_k = {{1, 2, 3, 5, 9, 15, 25}, 7};

int cmd_eval(int argc, char **argv)
{
    char **operands, *sample[2] = {NULL, NULL};
    int n_operands;
    struct plan plan = {0};
    ncd_error err;
    /* Before parsing, which moves operands to the end. */
    char *typed = command_typed(argc, argv);
    int status = cli_parse(&command, argc, argv, &operands, &n_operands);
    if (status < 0)
        status = make_plan(&plan, operands, n_operands);
    if (status >= 0) {
        free(typed);
        return status;
    }
    if (sweep && !sweep_k.n)
        sweep_k = usual_k;
    if (!plan.model && !plan.train) {
        sample[0] = sample_path("train.tsv");
        sample[1] = sample_path("test.tsv");
        plan.train = sample[0];
        plan.test = folds ? NULL : sample[1];
        if (!sample[0] || !sample[1]) {
            say("the bundled sample is not installed; name data to evaluate");
            status = EXIT_FAILED;
        }
    }
    if (status < 0)
        status = check_plan(&plan);
    if (status < 0) {
        fill_options(&plan.options, "training texts");
        plan.head.protocol = plan.test ? "test" : "leave-one-out";
        plan.head.train = plan.model ? plan.model : plan.train;
        plan.head.test = plan.test;
        plan.head.confusion = confusion;
        plan.head.command = typed ? typed : "";
        status = run_plan(&plan, &err) == NCD_OK ? EXIT_DONE : fail_with(&err);
    }
    free(typed);
    free(sample[0]);
    free(sample[1]);
    return close_stdout(status);
}
