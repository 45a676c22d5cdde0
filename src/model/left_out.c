/* SPDX-License-Identifier: MIT */
/* Texts left out; see left_out.h. */
#include "model/left_out.h"

#include <stdlib.h>

#include "util/error.h"

/* Pairs that one search may measure, and texts that it may judge. */
#define MAX_PAIRS 1000000
#define MAX_JUDGED 1000
#define MIN_JUDGED 50

static size_t sample_size(size_t n_texts, uint64_t n_most)
{
    size_t n = MAX_PAIRS / n_texts;
    n = n < MIN_JUDGED ? MIN_JUDGED : n > MAX_JUDGED ? MAX_JUDGED : n;
    return n < n_most ? n : (size_t)n_most;
}

ncd_status ncd_left_out_draw(struct ncd_left_out *s, const ncd_dataset *data,
                             uint64_t n_most, ncd_error *err)
{
    s->n = sample_size(data->n, n_most);
    s->texts = calloc(s->n, sizeof *s->texts);
    s->query_folds = calloc(s->n, sizeof *s->query_folds);
    s->truth = calloc(s->n, sizeof *s->truth);
    s->indices = calloc(data->n, sizeof *s->indices);
    s->folds = calloc(data->n, sizeof *s->folds);
    if (!s->texts || !s->query_folds || !s->truth || !s->indices || !s->folds)
        return ncd_fail_nomem(err);
    ncd_random_order(s->indices, data->n, 0);
    for (size_t i = 0; i < data->n; i++)
        s->folds[i] = (uint32_t)i;
    for (size_t j = 0; j < s->n; j++) {
        s->texts[j] = ncd_dataset_text(data, s->indices[j]);
        s->query_folds[j] = s->indices[j];
        s->truth[j] = data->classes[s->indices[j]];
    }
    return NCD_OK;
}

void ncd_left_out_free(struct ncd_left_out *s)
{
    free(s->texts);
    free(s->query_folds);
    free(s->truth);
    free(s->indices);
    free(s->folds);
    *s = (struct ncd_left_out){0};
}

ncd_status ncd_left_out_search(const struct ncd_left_out *s,
                               const ncd_model *model, size_t k,
                               const ncd_options *run, struct ncd_found *found,
                               ncd_error *err)
{
    struct ncd_search search =
        ncd_model_search(model, k < model->dataset->n ? k : model->dataset->n);
    struct ncd_queries queries = {s->texts, s->query_folds, s->n};
    struct ncd_progress progress = {run->progress, run->progress_arg, 0, s->n,
                                    s->n};
    search.folds = s->folds;
    return ncd_search_run(&search, &queries, ncd_threads(run->threads),
                          &progress, found, err);
}
