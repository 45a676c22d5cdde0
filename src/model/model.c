/* SPDX-License-Identifier: MIT */
/* Training, which for kNN is taking the texts in and measuring their sizes; see
 * classmodel.h for what it is for class models. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "model/both.h"
#include "util/error.h"
#include "util/options.h"
#include "util/parallel.h"

void ncd_model_free(ncd_model *model)
{
    if (!model)
        return;
    ncd_dataset_free(model->dataset);
    ncd_measure_free(&model->measure);
    ncd_classmodel_free(&model->class);
    free(model->sizes);
    ncd_view_close(&model->file);
    free(model);
}

static ncd_status check(const ncd_dataset *dataset, const ncd_options *options,
                        ncd_error *err)
{
    if (ncd_dataset_n_texts(dataset) == 0)
        return ncd_fail(err, NCD_ERR_INPUT, "there are no training texts");
    size_t i = ncd_dataset_first_unlabelled(dataset);
    if (i < ncd_dataset_n_texts(dataset))
        return ncd_fail(err, NCD_ERR_INPUT,
                        "%s:%llu: a training text without a label",
                        ncd_dataset_source(dataset, i),
                        (unsigned long long)ncd_dataset_line(dataset, i));
    if (options->k == 0)
        return ncd_fail(err, NCD_ERR_ARGUMENT, "k must be at least 1");
    if (!ncd_vote_name(options->vote))
        return ncd_fail(err, NCD_ERR_ARGUMENT, "no such vote");
    if (!ncd_method_name(options->method))
        return ncd_fail(err, NCD_ERR_ARGUMENT, "no such method");
    return NCD_OK;
}

/* Sizes of the texts from `first` on. */
static ncd_status compute_sizes(ncd_model *model, size_t first,
                                const ncd_options *options, ncd_error *err)
{
    struct ncd_crew crew = {0};
    ncd_status status = ncd_crew_prepare(&crew, &model->measure,
                                         ncd_threads(options->threads), err);
    if (status == NCD_OK)
        status = ncd_crew_sizes(&crew, model->dataset, first, options,
                                model->sizes, err);
    ncd_crew_free(&crew);
    return status;
}

static size_t count_over_window(const ncd_model *model)
{
    size_t window = ncd_measure_window(&model->measure), n = 0;
    if (model->method == NCD_METHOD_CLASS)
        return 0;
    for (size_t i = 0; window && i < model->dataset->n; i++)
        n += ncd_dataset_text(model->dataset, i).nbytes > window / 2;
    return n;
}

/* The sizes of the texts: of those that are not known, and of all where another
 * library computed them. */
static ncd_status make_sizes(ncd_model *model, struct ncd_known *known,
                             const ncd_options *options, ncd_error *err)
{
    size_t n = model->dataset->n, n_known = known->n_sizes;
    if (model->method == NCD_METHOD_CLASS)
        return NCD_OK;
    model->sizes = known->sizes;
    known->sizes = NULL;
    if (!model->sizes)
        model->sizes = calloc(n, sizeof *model->sizes);
    if (!model->sizes)
        return ncd_fail_nomem(err);
    if (strcmp(model->library, model->library_now) != 0)
        n_known = 0;
    return n_known < n ? compute_sizes(model, n_known, options, err) : NCD_OK;
}

static ncd_status make_class(ncd_model *model, struct ncd_known *known,
                             const ncd_options *options, ncd_error *err)
{
    unsigned threads = ncd_threads(options->threads);
    struct ncd_progress progress = {options->progress, options->progress_arg, 0,
                                    model->dataset->n, model->dataset->n};
    if (model->method == NCD_METHOD_KNN)
        return NCD_OK;
    if (known->fit.weights)
        return ncd_classmodel_restore(&model->class, model->dataset,
                                      known->tables, &known->fit, threads, err);
    int keeps_left_out =
        known->keeps_left_out || model->method == NCD_METHOD_BOTH;
    return ncd_classmodel_train(&model->class, model->dataset, known->counts,
                                keeps_left_out, threads, &progress, err);
}

static ncd_status make(ncd_model *model, struct ncd_known *known,
                       const ncd_options *options, ncd_error *err)
{
    ncd_status status = check(model->dataset, options, err);
    if (status == NCD_OK)
        status = ncd_measure_init(&model->measure, options, err);
    if (status != NCD_OK)
        return status;
    ncd_codec_format(&model->measure.spec, model->spec);
    ncd_codec_library(model->measure.spec.codec, model->library_now);
    snprintf(model->library, sizeof model->library, "%s",
             known->library ? known->library : model->library_now);
    model->n_over_window = count_over_window(model);
    int is_trained = known->fit.weights == NULL;
    model->knn_weight = known->knn_weight;
    status = make_class(model, known, options, err);
    if (status == NCD_OK)
        status = make_sizes(model, known, options, err);
    if (status == NCD_OK && model->method == NCD_METHOD_BOTH && is_trained)
        status = ncd_both_train(model, options, err);
    return status;
}

ncd_status ncd_model_make(ncd_dataset *dataset, struct ncd_known *known,
                          const ncd_options *options, ncd_model **model_out,
                          ncd_error *err)
{
    ncd_status status = NCD_ERR_NOMEM;
    ncd_model *model = calloc(1, sizeof *model);
    if (model) {
        model->dataset = dataset;
        model->k = options->k;
        model->vote = options->vote;
        model->method = options->method;
        status = make(model, known, options, err);
    } else {
        ncd_dataset_free(dataset);
        ncd_fail_nomem(err);
    }
    free(known->sizes);
    ncd_class_fit_free(&known->fit);
    if (status != NCD_OK)
        ncd_model_free(model);
    else
        *model_out = model;
    return status;
}

ncd_status ncd_model_train_copy(const ncd_dataset *dataset,
                                const ncd_options *options, int keeps_left_out,
                                ncd_model **model_out, ncd_error *err)
{
    struct ncd_known known = {.keeps_left_out = keeps_left_out};
    ncd_dataset *copy;
    size_t n = ncd_dataset_n_texts(dataset);
    size_t *all = calloc(n + 1, sizeof *all);
    if (!all)
        return ncd_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        all[i] = i;
    ncd_status status = ncd_dataset_select(dataset, all, n, &copy, err);
    free(all);
    if (status != NCD_OK)
        return status;
    return ncd_model_make(copy, &known, options, model_out, err);
}

ncd_status ncd_model_train(const ncd_dataset *dataset, const ncd_options *given,
                           ncd_model **model_out, ncd_error *err)
{
    ncd_options options;
    ncd_options_init(&options);
    ncd_take_options(&options, given);
    if (options.method == NCD_METHOD_AUTO)
        return ncd_model_train_auto(dataset, &options, model_out, err);
    return ncd_model_train_copy(dataset, &options, 0, model_out, err);
}

/* The labels of a data set are numbered in the order in which they come, as
 * those of a copy would be. */
ncd_status ncd_model_train_taking(ncd_dataset *dataset,
                                  const ncd_options *given,
                                  ncd_model **model_out, ncd_error *err)
{
    ncd_options options;
    struct ncd_known nothing = {0};
    ncd_options_init(&options);
    ncd_take_options(&options, given);
    if (options.method != NCD_METHOD_AUTO)
        return ncd_model_make(dataset, &nothing, &options, model_out, err);
    ncd_status status = ncd_model_train_auto(dataset, &options, model_out, err);
    ncd_dataset_free(dataset);
    return status;
}

struct ncd_search ncd_model_search(const ncd_model *model, size_t k)
{
    return (struct ncd_search){.measure = &model->measure,
                               .training = model->dataset,
                               .sizes = model->sizes,
                               .k = k};
}

const ncd_dataset *ncd_model_dataset(const ncd_model *model)
{
    return model->dataset;
}

void ncd_model_options_sized(const ncd_model *model, ncd_options *options_out,
                             size_t nbytes)
{
    ncd_options own;
    ncd_options_init(&own);
    own.compressor = model->spec;
    own.distance = model->measure.distance;
    own.order = model->measure.order;
    own.separator = ncd_buf_text(&model->measure.separator);
    own.k = model->k;
    own.vote = model->vote;
    own.method = model->method;
    ncd_give_options(options_out, nbytes, &own, sizeof own);
}

double ncd_model_size(const ncd_model *model, size_t i)
{
    return model->sizes ? model->sizes[i] : 0;
}

const char *ncd_model_library(const ncd_model *model)
{
    return model->library;
}

const char *ncd_model_library_now(const ncd_model *model)
{
    return model->library_now;
}

int ncd_model_uses_engine(const ncd_model *model)
{
    return ncd_measure_is_fast(&model->measure);
}

size_t ncd_model_window(const ncd_model *model)
{
    return ncd_measure_window(&model->measure);
}

size_t ncd_model_n_over_window(const ncd_model *model)
{
    return model->n_over_window;
}

uint64_t ncd_model_index_nbytes(const ncd_model *model)
{
    const ncd_dataset *d = model->dataset;
    return model->method == NCD_METHOD_CLASS
               ? 0
               : ncd_shared_nbytes_most(d->n, d->bytes.n);
}

void ncd_model_training(const ncd_model *model, ncd_training *training_out)
{
    const struct ncd_class_training *t = &model->class.fit.training;
    *training_out = (ncd_training){.n_judged = t->n_judged,
                                   .n_correct = t->n_correct,
                                   .label_bits = t->log_loss,
                                   .n_bytes = t->n_bytes,
                                   .corpus_bits = t->corpus_bits,
                                   .class_bits = t->class_bits};
}

size_t ncd_model_n_contenders(const ncd_model *model)
{
    return model->contenders.n;
}

const ncd_contender *ncd_model_contender(const ncd_model *model, size_t i)
{
    return i < model->contenders.n ? &model->contenders.items[i] : NULL;
}

ncd_status ncd_model_describe(const ncd_model *model, ncd_description *out,
                              ncd_error *err)
{
    const struct ncd_class_training *t = &model->class.fit.training;
    const ncd_dataset *d = model->dataset;
    uint64_t nbytes = model->learnt_nbytes;
    if (nbytes == 0 && ncd_model_learnt_nbytes(model, &nbytes, err) != NCD_OK)
        return NCD_ERR_NOMEM;
    *out = (ncd_description){.model_bits = 8 * (double)nbytes};
    if (model->method == NCD_METHOD_KNN) {
        for (size_t i = 0; i < d->n; i++)
            out->data_bits += 8 * model->sizes[i];
        return NCD_OK;
    }
    /* Empty texts cost an end mark each. */
    double share = t->n_judged ? (double)d->n / (double)t->n_judged : 0;
    if (t->n_bytes)
        share = (double)d->bytes.n / (double)t->n_bytes;
    out->data_bits = share * t->class_bits;
    out->corpus_bits = share * t->corpus_bits;
    out->label_bits = (double)d->n * t->log_loss;
    return NCD_OK;
}

/* --- Names of methods --- */

static const char *const method_names[] = {"knn", "class", "auto", "both"};
#define N_METHODS (sizeof method_names / sizeof *method_names)

const char *ncd_method_name(ncd_method method)
{
    return (size_t)method < N_METHODS ? method_names[method] : NULL;
}

int ncd_method_parse(const char *name)
{
    for (size_t i = 0; i < N_METHODS; i++)
        if (strcmp(name, method_names[i]) == 0)
            return (int)i;
    return -1;
}
