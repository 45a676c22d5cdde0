/* SPDX-License-Identifier: MIT */
/* Training, which for kNN is taking the texts in and measuring their sizes. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "util/error.h"
#include "util/options.h"
#include "util/parallel.h"

void ncd_model_free(ncd_model *model)
{
    if (!model)
        return;
    ncd_dataset_free(model->dataset);
    ncd_measure_free(&model->measure);
    free(model->sizes);
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
    return NCD_OK;
}

static ncd_status compute_sizes(ncd_model *model, const ncd_options *options,
                                ncd_error *err)
{
    struct ncd_crew crew = {0};
    model->sizes =
        calloc(ncd_dataset_n_texts(model->dataset), sizeof *model->sizes);
    if (!model->sizes)
        return ncd_fail_nomem(err);
    ncd_status status = ncd_crew_prepare(&crew, &model->measure,
                                         ncd_threads(options->threads), err);
    if (status == NCD_OK)
        status =
            ncd_crew_sizes(&crew, model->dataset, options, model->sizes, err);
    ncd_crew_free(&crew);
    return status;
}

static size_t count_over_window(const ncd_model *model)
{
    size_t window = ncd_measure_window(&model->measure), n = 0;
    for (size_t i = 0; window && i < model->dataset->n; i++)
        n += ncd_dataset_text(model->dataset, i).nbytes > window / 2;
    return n;
}

ncd_status ncd_model_make(ncd_dataset *dataset, double *sizes,
                          const ncd_options *options, const char *library,
                          ncd_model **model_out, ncd_error *err)
{
    ncd_model *model = calloc(1, sizeof *model);
    if (!model) {
        ncd_dataset_free(dataset);
        free(sizes);
        return ncd_fail_nomem(err);
    }
    model->dataset = dataset;
    model->sizes = sizes;
    model->k = options->k;
    model->vote = options->vote;
    ncd_status status = check(dataset, options, err);
    if (status == NCD_OK)
        status = ncd_measure_init(&model->measure, options, err);
    if (status == NCD_OK) {
        ncd_codec_format(&model->measure.spec, model->spec);
        ncd_codec_library(model->measure.spec.codec, model->library_now);
        snprintf(model->library, sizeof model->library, "%s",
                 library ? library : model->library_now);
        model->n_over_window = count_over_window(model);
        if (!sizes || strcmp(model->library, model->library_now) != 0) {
            free(sizes);
            model->sizes = NULL;
            status = compute_sizes(model, options, err);
        }
    }
    if (status != NCD_OK) {
        ncd_model_free(model);
        return status;
    }
    *model_out = model;
    return NCD_OK;
}

ncd_status ncd_model_train(const ncd_dataset *dataset, const ncd_options *given,
                           ncd_model **model_out, ncd_error *err)
{
    ncd_options options;
    ncd_dataset *copy;
    ncd_options_init(&options);
    ncd_take_options(&options, given);
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
    return ncd_model_make(copy, NULL, &options, NULL, model_out, err);
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

void ncd_model_options(const ncd_model *model, ncd_options *options_out)
{
    ncd_options_init(options_out);
    options_out->compressor = model->spec;
    options_out->distance = model->measure.distance;
    options_out->order = model->measure.order;
    options_out->separator = ncd_buf_text(&model->measure.separator);
    options_out->k = model->k;
    options_out->vote = model->vote;
}

double ncd_model_size(const ncd_model *model, size_t i)
{
    return model->sizes[i];
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
