/* SPDX-License-Identifier: MIT */
/* Learning curves and comparisons; see study.h. */
#include "study.h"

#include <stdlib.h>
#include <string.h>

/* --- Learning curve --- */

static ncd_status judge_part(const ncd_dataset *data,
                             const ncd_options *options, struct judge judge,
                             size_t n, uint64_t seed, double *accuracy_out,
                             ncd_error *err)
{
    ncd_dataset *part;
    ncd_model *model = NULL;
    ncd_report *report = NULL;
    ncd_status status = ncd_dataset_part(data, n, seed, &part, err);
    if (status != NCD_OK)
        return status;
    status = ncd_model_train(part, options, &model, err);
    ncd_dataset_free(part);
    if (status == NCD_OK)
        status = judge.fn(judge.arg, model, &report, err);
    if (status == NCD_OK)
        *accuracy_out = report->score.accuracy;
    ncd_report_free(report);
    ncd_model_free(model);
    return status;
}

/* Sizes of the curve, growing, all texts last; returns how many. */
static size_t curve_sizes(size_t n_texts, size_t least, size_t *sizes)
{
    size_t n = 1;
    while (n < MAX_CURVE && (n_texts >> n) >= least)
        n++;
    for (size_t i = 0; i < n; i++)
        sizes[i] = n_texts >> (n - 1 - i);
    return n;
}

ncd_status run_curve(const ncd_dataset *data, const ncd_options *options,
                     struct judge judge, size_t least, uint64_t seed,
                     size_t n_seeds, double whole, struct curve *curve,
                     ncd_error *err)
{
    size_t sizes[MAX_CURVE];
    ncd_status status = NCD_OK;
    *curve = (struct curve){
        .n = curve_sizes(ncd_dataset_n_texts(data), least, sizes),
        .accuracies = calloc(MAX_CURVE * n_seeds, sizeof(double))};
    if (!curve->accuracies)
        return no_memory(err);
    for (size_t i = 0; i < curve->n; i++) {
        double *accuracies = curve->accuracies + i * n_seeds;
        int is_whole = i + 1 == curve->n;
        size_t n_draws = is_whole ? 1 : n_seeds;
        curve->points[i] = (struct draws){sizes[i], accuracies, n_draws};
        accuracies[0] = whole;
        for (size_t s = 0; s < n_draws && !is_whole && status == NCD_OK; s++)
            status = judge_part(data, options, judge, sizes[i], seed + s,
                                &accuracies[s], err);
    }
    return status;
}

void curve_free(struct curve *curve)
{
    free(curve->accuracies);
}

/* --- Comparison --- */

static const char class_word[] = "class";

/* The i-th word of a list, or the i-th of all compressors and, at last, class
 * models; 0 past the end. */
static int contender_spec(const char *specs, size_t i, char out[SPEC_NBYTES])
{
    if (!specs) {
        const ncd_compressor_info *info = ncd_compressor_get(i);
        if (!info && i > ncd_compressor_count())
            return 0;
        snprintf(out, SPEC_NBYTES, "%s", info ? info->name : class_word);
        return 1;
    }
    for (;; i--) {
        specs += strspn(specs, " ");
        size_t n = strcspn(specs, " ");
        if (i == 0 && n)
            snprintf(out, SPEC_NBYTES, "%.*s", (int)n, specs);
        if (i == 0 || n == 0)
            return n != 0;
        specs += n;
    }
}

static void set_contender(ncd_options *options, const char *spec)
{
    int is_class = strcmp(spec, class_word) == 0;
    options->method = is_class ? NCD_METHOD_CLASS : NCD_METHOD_KNN;
    options->compressor = is_class ? "gzip" : spec;
}

ncd_status check_contenders(const char *specs, ncd_error *err)
{
    char spec[SPEC_NBYTES];
    for (size_t i = 0; contender_spec(specs, i, spec); i++) {
        if (i + 1 == MAX_CONTENDERS) {
            *err = (ncd_error){NCD_ERR_ARGUMENT, "too many to compare"};
            return err->status;
        }
        ncd_options options;
        ncd_engine *engine = NULL;
        ncd_options_init(&options);
        set_contender(&options, spec);
        ncd_status status = ncd_engine_open(&options, &engine, err);
        ncd_engine_close(engine);
        if (status != NCD_OK)
            return status;
    }
    return NCD_OK;
}

static void name_contender(struct contender *c, const ncd_model *model)
{
    ncd_options options;
    ncd_model_options(model, &options);
    int is_class = options.method == NCD_METHOD_CLASS;
    int is_knn = options.method == NCD_METHOD_KNN;
    snprintf(c->name, sizeof c->name, "%s%s%s",
             is_knn ? "" : ncd_method_name(options.method),
             is_class || is_knn ? "" : " ", is_class ? "" : options.compressor);
    snprintf(c->library, sizeof c->library, "%s",
             is_class ? "" : ncd_model_library_now(model));
}

static int is_there(const struct comparison *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->items[i].name, name) == 0)
            return 1;
    return 0;
}

static ncd_status add_contender(struct comparison *c, const ncd_dataset *data,
                                const ncd_options *options, struct judge judge,
                                ncd_error *err)
{
    struct contender *next = &c->items[c->n];
    ncd_model *model = NULL;
    ncd_status status = ncd_model_train(data, options, &model, err);
    if (status != NCD_OK)
        return status;
    *next = (struct contender){0};
    name_contender(next, model);
    if (!is_there(c, next->name))
        status = judge.fn(judge.arg, model, &next->report, err);
    c->n += next->report != NULL;
    ncd_model_free(model);
    return status;
}

ncd_status run_comparison(const ncd_model *model, const ncd_report *report,
                          const ncd_options *given, const char *specs,
                          struct judge judge, struct comparison *c,
                          ncd_error *err)
{
    char spec[SPEC_NBYTES];
    ncd_status status = NCD_OK;
    ncd_options options = *given;
    *c = (struct comparison){.n = 1};
    name_contender(&c->items[0], model);
    c->items[0].is_main = 1;
    /* Freed by its owner: comparison_free passes over it. */
    c->items[0].report = (ncd_report *)(uintptr_t)report;
    for (size_t i = 0; status == NCD_OK && contender_spec(specs, i, spec);
         i++) {
        set_contender(&options, spec);
        status =
            add_contender(c, ncd_model_dataset(model), &options, judge, err);
    }
    return status;
}

void comparison_free(struct comparison *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (!c->items[i].is_main)
            ncd_report_free(c->items[i].report);
}
