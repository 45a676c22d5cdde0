/* SPDX-License-Identifier: MIT */
/* Prediction: search, then vote; or what each class knows. */
#include <stdlib.h>

#include "model/both.h"
#include "util/error.h"
#include "util/options.h"
#include "util/parallel.h"

struct ncd_prediction {
    const ncd_model *model;
    struct ncd_answering answering;
    struct ncd_ranked *ranked; /* [n][width] */
    size_t *n_ranked;          /* [n] */
    size_t width, ranked_capacity, n_ranked_capacity;
    double *probabilities; /* [n][n classes], where there are any */
    size_t probabilities_capacity;
};

void ncd_predict_options_init(ncd_predict_options *options)
{
    *options =
        (ncd_predict_options){.struct_nbytes = sizeof *options, .vote = -1};
}

ncd_status ncd_prediction_new(ncd_prediction **prediction_out)
{
    *prediction_out = calloc(1, sizeof **prediction_out);
    return *prediction_out ? NCD_OK : NCD_ERR_NOMEM;
}

void ncd_prediction_free(ncd_prediction *p)
{
    if (!p)
        return;
    ncd_answering_free(&p->answering);
    free(p->probabilities);
    free(p->ranked);
    free(p->n_ranked);
    free(p);
}

static ncd_status make_room(ncd_prediction *p, size_t n, size_t width,
                            ncd_error *err)
{
    p->width = width;
    if (ncd_grow(&p->ranked, &p->ranked_capacity, n * width + 1,
                 sizeof *p->ranked) != NCD_OK ||
        ncd_grow(&p->n_ranked, &p->n_ranked_capacity, n + 1,
                 sizeof *p->n_ranked) != NCD_OK)
        return ncd_fail_nomem(err);
    return NCD_OK;
}

static ncd_status vote_all(ncd_prediction *p, ncd_vote vote, ncd_error *err)
{
    const struct ncd_found *f = &p->answering.found;
    if (make_room(p, f->n, f->k, err) != NCD_OK)
        return NCD_ERR_NOMEM;
    for (size_t i = 0; i < f->n; i++)
        p->n_ranked[i] =
            ncd_vote_rank(p->model->dataset, f->items + i * f->k, f->counts[i],
                          vote, p->ranked + i * f->k);
    return NCD_OK;
}

/* By probability, the class with the lower number first among equals. */
static int compare_ranked(const void *a, const void *b)
{
    const struct ncd_ranked *x = a, *y = b;
    if (x->share != y->share)
        return x->share > y->share ? -1 : 1;
    return x->class < y->class ? -1 : 1;
}

void ncd_answering_free(struct ncd_answering *a)
{
    ncd_found_free(&a->found);
    ncd_class_crew_free(&a->crew);
}

/* Multiplies the class model's probabilities by what the neighbours say. */
static ncd_status ask_neighbors(const ncd_model *model,
                                const struct ncd_found *found, double *p,
                                ncd_error *err)
{
    size_t n_classes = model->dataset->labels.n;
    double *q = malloc((n_classes + 1) * sizeof *q);
    if (!q)
        return ncd_fail_nomem(err);
    for (size_t i = 0; i < found->n; i++) {
        ncd_neighbor_shares(model, found->items + i * found->k,
                            found->counts[i], q);
        ncd_both_mix(p + i * n_classes, q, n_classes, model->knn_weight);
    }
    free(q);
    return NCD_OK;
}

ncd_status ncd_model_probabilities(const ncd_model *model,
                                   const struct ncd_search *search,
                                   const struct ncd_queries *queries,
                                   unsigned threads,
                                   const struct ncd_progress *progress,
                                   struct ncd_answering *a, double *out,
                                   ncd_error *err)
{
    int is_both = model->method == NCD_METHOD_BOTH;
    ncd_status status = ncd_classmodel_predict(
        &model->class, &a->crew, queries->texts, queries->n, threads,
        is_both ? NULL : progress, out, err);
    if (status == NCD_OK && is_both)
        status =
            ncd_search_run(search, queries, threads, progress, &a->found, err);
    if (status == NCD_OK && is_both)
        status = ask_neighbors(model, &a->found, out, err);
    return status;
}

static ncd_status predict_classes(const ncd_model *model,
                                  const struct ncd_search *search,
                                  const struct ncd_queries *queries,
                                  unsigned threads,
                                  const struct ncd_progress *progress,
                                  ncd_prediction *p, ncd_error *err)
{
    size_t n_classes = model->dataset->labels.n, n = queries->n;
    if (ncd_grow(&p->probabilities, &p->probabilities_capacity,
                 n * n_classes + 1, sizeof *p->probabilities) != NCD_OK ||
        make_room(p, n, n_classes, err) != NCD_OK)
        return ncd_fail_nomem(err);
    ncd_status status =
        ncd_model_probabilities(model, search, queries, threads, progress,
                                &p->answering, p->probabilities, err);
    for (size_t i = 0; i < n && status == NCD_OK; i++) {
        struct ncd_ranked *ranked_ = p->ranked + i * n_classes;
        p->n_ranked[i] = n_classes;
        for (size_t c = 0; c < n_classes; c++)
            ranked_[c] = (struct ncd_ranked){
                (uint32_t)c, p->probabilities[i * n_classes + c]};
        qsort(ranked_, n_classes, sizeof *ranked_, compare_ranked);
    }
    return status;
}

ncd_status ncd_model_predict(const ncd_model *model, const ncd_text *texts,
                             size_t n, const ncd_predict_options *given,
                             ncd_prediction *p, ncd_error *err)
{
    ncd_predict_options own, *options = &own;
    ncd_predict_options_init(&own);
    ncd_take_options(&own, given);
    int vote = options->vote < 0 ? (int)model->vote : options->vote;
    if (!ncd_vote_name((ncd_vote)vote))
        return ncd_fail(err, NCD_ERR_ARGUMENT, "no such vote");
    struct ncd_search search =
        ncd_model_search(model, options->k ? options->k : model->k);
    search.n_candidates = options->n_candidates;
    struct ncd_queries queries = {texts, NULL, n};
    struct ncd_progress progress = {options->progress, options->progress_arg, 0,
                                    n, n};
    p->model = model;
    if (model->method != NCD_METHOD_KNN)
        return predict_classes(model, &search, &queries,
                               ncd_threads(options->threads), &progress, p,
                               err);
    ncd_status status =
        ncd_search_run(&search, &queries, ncd_threads(options->threads),
                       &progress, &p->answering.found, err);
    return status == NCD_OK ? vote_all(p, (ncd_vote)vote, err) : status;
}

size_t ncd_prediction_n_labels(const ncd_prediction *p, size_t i)
{
    return p->n_ranked[i];
}

static const struct ncd_ranked *ranked(const ncd_prediction *p, size_t i,
                                       size_t rank)
{
    return &p->ranked[i * p->width + rank];
}

size_t ncd_prediction_class(const ncd_prediction *p, size_t i, size_t rank)
{
    return ranked(p, i, rank)->class;
}

const char *ncd_prediction_label(const ncd_prediction *p, size_t i, size_t rank)
{
    return ncd_dataset_label(p->model->dataset, ranked(p, i, rank)->class);
}

double ncd_prediction_share(const ncd_prediction *p, size_t i, size_t rank)
{
    return ranked(p, i, rank)->share;
}

size_t ncd_prediction_n_neighbors(const ncd_prediction *p, size_t i)
{
    return p->model->method == NCD_METHOD_CLASS ? 0
                                                : p->answering.found.counts[i];
}

ncd_neighbor ncd_prediction_neighbor(const ncd_prediction *p, size_t i,
                                     size_t j)
{
    return p->answering.found.items[i * p->answering.found.k + j];
}
