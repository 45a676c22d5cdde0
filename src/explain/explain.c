/* SPDX-License-Identifier: MIT */
/*
 * Explanations: the answer first, then the label that it is held against, then
 * what speaks for either. The nearest texts of a label are found by the search
 * that predicts, with all texts of other labels in the query's fold, which is
 * left out.
 */
#include <stdlib.h>
#include <string.h>

#include "classmodel/odds.h"
#include "classmodel/real.h"
#include "explain/pair.h"
#include "model/both.h"
#include "model/model.h"
#include "util/error.h"
#include "util/options.h"

struct side {
    size_t class;
    double share;
    struct ncd_pair_view *views; /* [n] */
    size_t n;
};

struct ncd_explanation {
    const ncd_model *model;
    struct ncd_buf text;
    ncd_prediction *prediction;
    struct side sides[2];
    size_t n_sides;
    /* kNN */
    struct ncd_found found;
    uint32_t *folds; /* [n training texts] */
    size_t folds_capacity;
    /* Class models */
    ncd_odds odds;
    int has_odds;
    double *bytes; /* [bytes of the text] */
    size_t bytes_capacity;
    double *class_bits; /* [n classes + 1] the last is the corpus's */
    size_t class_bits_capacity;
};

void ncd_explain_options_init(ncd_explain_options *options)
{
    *options = (ncd_explain_options){
        .struct_nbytes = sizeof *options, .vote = -1, .n_texts = 1};
}

ncd_status ncd_explanation_new(ncd_explanation **explanation_out)
{
    ncd_explanation *e = calloc(1, sizeof *e);
    if (!e)
        return NCD_ERR_NOMEM;
    if (ncd_prediction_new(&e->prediction) != NCD_OK) {
        free(e);
        return NCD_ERR_NOMEM;
    }
    *explanation_out = e;
    return NCD_OK;
}

static void clear(ncd_explanation *e)
{
    for (int s = 0; s < 2; s++) {
        for (size_t i = 0; i < e->sides[s].n; i++)
            ncd_pair_view_free(&e->sides[s].views[i]);
        free(e->sides[s].views);
        e->sides[s] = (struct side){0};
    }
    e->n_sides = 0;
    e->has_odds = 0;
}

void ncd_explanation_free(ncd_explanation *e)
{
    if (!e)
        return;
    clear(e);
    ncd_prediction_free(e->prediction);
    ncd_found_free(&e->found);
    ncd_buf_free(&e->text);
    free(e->folds);
    free(e->bytes);
    free(e->class_bits);
    free(e);
}

/* --- Which labels --- */

static ncd_status predict(ncd_explanation *e, const ncd_explain_options *o,
                          ncd_error *err)
{
    ncd_text text = ncd_buf_text(&e->text);
    ncd_predict_options options;
    ncd_predict_options_init(&options);
    options.k = o->k;
    options.vote = o->vote;
    options.threads = o->threads;
    options.progress = o->progress;
    options.progress_arg = o->progress_arg;
    options.n_candidates = o->n_candidates;
    return ncd_model_predict(e->model, &text, 1, &options, e->prediction, err);
}

/* The k nearest texts of one class or, where `others`, of all but it. */
static ncd_status search(ncd_explanation *e, const ncd_explain_options *o,
                         size_t class, int others, size_t k, ncd_error *err)
{
    const ncd_dataset *data = e->model->dataset;
    ncd_text text = ncd_buf_text(&e->text);
    struct ncd_search search = ncd_model_search(e->model, k);
    struct ncd_queries queries = {&text, &(uint32_t){1}, 1};
    struct ncd_progress progress = {o->progress, o->progress_arg, 0, 1, 1};
    if (ncd_grow(&e->folds, &e->folds_capacity, data->n, sizeof *e->folds) !=
        NCD_OK)
        return ncd_fail_nomem(err);
    for (size_t i = 0; i < data->n; i++)
        e->folds[i] = (data->classes[i] == class) == others;
    search.folds = e->folds;
    search.n_candidates = o->n_candidates;
    return ncd_search_run(&search, &queries, ncd_threads(o->threads), &progress,
                          &e->found, err);
}

/* The share of a label, 0 where nobody voted for it. */
static double share_of(const ncd_explanation *e, size_t class)
{
    for (size_t rank = 0; rank < ncd_prediction_n_labels(e->prediction, 0);
         rank++)
        if (ncd_prediction_class(e->prediction, 0, rank) == class)
            return ncd_prediction_share(e->prediction, 0, rank);
    return 0;
}

static ncd_status find_runner_up(ncd_explanation *e,
                                 const ncd_explain_options *o, size_t *class,
                                 ncd_error *err)
{
    if (ncd_prediction_n_labels(e->prediction, 0) > 1) {
        *class = ncd_prediction_class(e->prediction, 0, 1);
        return NCD_OK;
    }
    ncd_status status = search(e, o, e->sides[0].class, 1, 1, err);
    if (status != NCD_OK)
        return status;
    if (e->found.counts[0] == 0) /* no candidate has another label */
        e->n_sides = 1;
    else
        *class = e->model->dataset->classes[e->found.items[0].index];
    return NCD_OK;
}

static ncd_status choose_sides(ncd_explanation *e, const ncd_explain_options *o,
                               ncd_error *err)
{
    const ncd_dataset *data = e->model->dataset;
    size_t other = SIZE_MAX;
    ncd_status status = NCD_OK;
    e->n_sides = data->labels.n > 1 ? 2 : 1;
    e->sides[0].class = ncd_prediction_class(e->prediction, 0, 0);
    if (o->against &&
        !ncd_labels_find(&data->labels,
                         (ncd_text){o->against, strlen(o->against)}, &other))
        return ncd_fail(err, NCD_ERR_ARGUMENT, "the model has no label \"%s\"",
                        o->against);
    if (e->n_sides == 2 && (!o->against || other == e->sides[0].class))
        status = find_runner_up(e, o, &other, err);
    e->sides[1].class = other;
    for (size_t s = 0; s < e->n_sides; s++)
        e->sides[s].share = share_of(e, e->sides[s].class);
    return status;
}

/* --- What speaks for them --- */

static ncd_status explain_side(ncd_explanation *e, const ncd_explain_options *o,
                               struct side *side, ncd_engine *engine,
                               ncd_error *err)
{
    const ncd_model *m = e->model;
    ncd_status status = search(e, o, side->class, 0, o->n_texts, err);
    if (status != NCD_OK)
        return status;
    size_t n = e->found.counts[0];
    side->views = calloc(n + 1, sizeof *side->views);
    if (!side->views)
        return ncd_fail_nomem(err);
    side->n = n;
    for (size_t i = 0; i < n && status == NCD_OK; i++) {
        size_t index = e->found.items[i].index;
        side->views[i].told.index = index;
        status = ncd_pair_explain(&m->measure, engine, ncd_buf_text(&e->text),
                                  ncd_dataset_text(m->dataset, index),
                                  &side->views[i], err);
    }
    return status;
}

static ncd_status explain_neighbors(ncd_explanation *e,
                                    const ncd_explain_options *o,
                                    ncd_error *err)
{
    ncd_engine *engine;
    ncd_status status = ncd_engine_new(&e->model->measure, &engine, err);
    if (status != NCD_OK)
        return status;
    for (size_t s = 0; s < e->n_sides && status == NCD_OK; s++)
        status = explain_side(e, o, &e->sides[s], engine, err);
    ncd_engine_close(engine);
    return status;
}

/* What the votes of a model of both kinds multiply the odds with; 0 for a class
 * model, of which there are no neighbours. */
static ncd_status votes_odds(const ncd_explanation *e, double *odds_out,
                             ncd_error *err)
{
    const ncd_model *m = e->model;
    size_t n = ncd_prediction_n_neighbors(e->prediction, 0);
    *odds_out = 0;
    if (m->method != NCD_METHOD_BOTH)
        return NCD_OK;
    ncd_neighbor *nearest = calloc(n + 1, sizeof *nearest);
    double *q = calloc(m->dataset->labels.n, sizeof *q);
    for (size_t j = 0; nearest && j < n; j++)
        nearest[j] = ncd_prediction_neighbor(e->prediction, 0, j);
    if (nearest && q) {
        ncd_neighbor_shares(m, nearest, n, q);
        *odds_out = m->knn_weight * (ncd_ln(q[e->sides[0].class]) -
                                     ncd_ln(q[e->sides[1].class]));
    }
    ncd_status status = nearest && q ? NCD_OK : ncd_fail_nomem(err);
    free(nearest);
    free(q);
    return status;
}

static ncd_status explain_odds(ncd_explanation *e, ncd_error *err)
{
    const struct ncd_classmodel *m = &e->model->class;
    size_t n_classes = e->model->dataset->labels.n, n = e->text.n;
    ncd_text text = ncd_buf_text(&e->text);
    struct ncd_class_odds odds;
    if (ncd_grow(&e->bytes, &e->bytes_capacity, n + 1, sizeof *e->bytes) !=
            NCD_OK ||
        ncd_grow(&e->class_bits, &e->class_bits_capacity, n_classes + 1,
                 sizeof *e->class_bits) != NCD_OK)
        return ncd_fail_nomem(err);
    ncd_status status = ncd_classmodel_code_lengths(
        m, text, e->class_bits, &e->class_bits[n_classes], err);
    if (status != NCD_OK || e->n_sides < 2)
        return status;
    status = ncd_classmodel_odds(m, text, e->sides[0].class, e->sides[1].class,
                                 &odds, e->bytes, err);
    double neighbors = 0;
    if (status == NCD_OK)
        status = votes_odds(e, &neighbors, err);
    if (status != NCD_OK)
        return status;
    double sum = odds.bias + odds.marks + neighbors;
    for (size_t i = 0; i < n; i++) {
        sum += e->bytes[i];
        e->bytes[i] /= NCD_LN2;
    }
    e->odds = (ncd_odds){.log_odds = sum / NCD_LN2,
                         .bias = odds.bias / NCD_LN2,
                         .marks = odds.marks / NCD_LN2,
                         .bytes = e->bytes,
                         .lengths = odds.lengths / NCD_LN2,
                         .margins = odds.margins / NCD_LN2,
                         .neighbors = neighbors / NCD_LN2};
    e->has_odds = 1;
    return NCD_OK;
}

ncd_status ncd_model_explain(const ncd_model *model, ncd_text text,
                             const ncd_explain_options *given,
                             ncd_explanation *e, ncd_error *err)
{
    ncd_explain_options options;
    ncd_explain_options_init(&options);
    ncd_take_options(&options, given);
    if (options.n_texts == 0)
        return ncd_fail(err, NCD_ERR_ARGUMENT, "n_texts must be at least 1");
    clear(e);
    e->model = model;
    e->text.n = 0;
    if (ncd_buf_append(&e->text, text.bytes, text.nbytes) != NCD_OK)
        return ncd_fail_nomem(err);
    ncd_status status = predict(e, &options, err);
    if (status == NCD_OK)
        status = choose_sides(e, &options, err);
    if (status != NCD_OK)
        return status;
    if (model->method != NCD_METHOD_KNN)
        status = explain_odds(e, err);
    if (status == NCD_OK && model->method != NCD_METHOD_CLASS)
        status = explain_neighbors(e, &options, err);
    return status;
}

/* --- Looking at them --- */

ncd_text ncd_explanation_text(const ncd_explanation *e)
{
    return ncd_buf_text(&e->text);
}

const ncd_prediction *ncd_explanation_prediction(const ncd_explanation *e)
{
    return e->prediction;
}

size_t ncd_explanation_n_sides(const ncd_explanation *e)
{
    return e->n_sides;
}

const char *ncd_explanation_label(const ncd_explanation *e, size_t side)
{
    return ncd_dataset_label(e->model->dataset, e->sides[side].class);
}

size_t ncd_explanation_class(const ncd_explanation *e, size_t side)
{
    return e->sides[side].class;
}

double ncd_explanation_share(const ncd_explanation *e, size_t side)
{
    return e->sides[side].share;
}

size_t ncd_explanation_n_texts(const ncd_explanation *e, size_t side)
{
    return e->sides[side].n;
}

const ncd_explained_text *ncd_explanation_neighbor(const ncd_explanation *e,
                                                   size_t side, size_t i)
{
    return &e->sides[side].views[i].told;
}

const ncd_odds *ncd_explanation_odds(const ncd_explanation *e)
{
    return e->has_odds ? &e->odds : NULL;
}

double ncd_explanation_code_length(const ncd_explanation *e, size_t class)
{
    size_t n_classes = e->model->dataset->labels.n;
    if (e->model->method == NCD_METHOD_KNN)
        return 0;
    return e->class_bits[class < n_classes ? class : n_classes];
}
