/* SPDX-License-Identifier: MIT */
/*
 * Choosing the method by what the training texts say. Nearest neighbours of a
 * few numbers k and the class model judge the same training texts, each left
 * out; nothing else is looked at. How many neighbours' texts can be measured in
 * reasonable time bounds the sample.
 */
#include <stdlib.h>

#include "model/model.h"
#include "util/error.h"
#include "util/parallel.h"

/* Pairs that the comparison may measure, and texts that it may judge. */
#define MAX_PAIRS 1000000
#define MAX_JUDGED 1000
#define MIN_JUDGED 50

static const unsigned numbers[] = {1, 3, 5, 9};
#define N_NUMBERS (sizeof numbers / sizeof *numbers)
#define MOST_NEIGHBORS 9

/* The texts that are left out in turn, each a fold of its own. */
struct sample {
    ncd_text *texts;       /* [n] */
    uint32_t *indices;     /* [n training texts], the first n count */
    uint32_t *query_folds; /* [n] */
    uint32_t *folds;       /* [n training texts] */
    size_t n;
};

static size_t sample_size(size_t n_texts, uint64_t n_judged)
{
    size_t n = MAX_PAIRS / n_texts;
    n = n < MIN_JUDGED ? MIN_JUDGED : n > MAX_JUDGED ? MAX_JUDGED : n;
    return n < n_judged ? n : (size_t)n_judged;
}

static ncd_status draw(struct sample *s, const ncd_dataset *data,
                       uint64_t n_judged, ncd_error *err)
{
    s->n = sample_size(data->n, n_judged);
    s->texts = calloc(s->n, sizeof *s->texts);
    s->query_folds = calloc(s->n, sizeof *s->query_folds);
    s->indices = calloc(data->n, sizeof *s->indices);
    s->folds = calloc(data->n, sizeof *s->folds);
    if (!s->texts || !s->query_folds || !s->indices || !s->folds)
        return ncd_fail_nomem(err);
    /* The order in which the class model has judged them. */
    ncd_random_order(s->indices, data->n, 0);
    for (size_t i = 0; i < data->n; i++)
        s->folds[i] = (uint32_t)i;
    for (size_t j = 0; j < s->n; j++) {
        s->texts[j] = ncd_dataset_text(data, s->indices[j]);
        s->query_folds[j] = s->indices[j];
    }
    return NCD_OK;
}

static void drop(struct sample *s)
{
    free(s->texts);
    free(s->query_folds);
    free(s->indices);
    free(s->folds);
}

static uint64_t count_right(const struct sample *s, const ncd_model *knn,
                            const struct ncd_found *found, unsigned k)
{
    struct ncd_ranked ranked[MOST_NEIGHBORS];
    const ncd_dataset *data = knn->dataset;
    uint64_t n_right = 0;
    for (size_t j = 0; j < s->n; j++) {
        size_t n = found->counts[j] < k ? found->counts[j] : k;
        if (n > 0 && ncd_vote_rank(data, found->items + j * found->k, n,
                                   knn->vote, ranked) > 0)
            n_right += ranked[0].class == data->classes[s->indices[j]];
    }
    return n_right;
}

static ncd_status judge_knn(const struct sample *s, const ncd_model *knn,
                            const ncd_options *options, ncd_contender *out,
                            ncd_error *err)
{
    size_t k =
        knn->dataset->n < MOST_NEIGHBORS ? knn->dataset->n : MOST_NEIGHBORS;
    struct ncd_search search = ncd_model_search(knn, k);
    struct ncd_queries queries = {s->texts, s->query_folds, s->n};
    struct ncd_progress progress = {options->progress, options->progress_arg, 0,
                                    s->n, s->n};
    struct ncd_found found = {0};
    search.folds = s->folds;
    ncd_status status =
        ncd_search_run(&search, &queries, ncd_threads(options->threads),
                       &progress, &found, err);
    for (size_t i = 0; i < N_NUMBERS && status == NCD_OK; i++)
        out[i] = (ncd_contender){NCD_METHOD_KNN, numbers[i], s->n,
                                 count_right(s, knn, &found, numbers[i]), 0};
    ncd_found_free(&found);
    return status;
}

/* Compares, and hands out the better model; the other is freed. */
static ncd_status choose(ncd_model *class, ncd_model *knn,
                         const ncd_options *options, ncd_model **model_out,
                         ncd_error *err)
{
    struct sample s = {0};
    ncd_contender all[1 + N_NUMBERS] = {{NCD_METHOD_CLASS, 0, 0, 0, 0}};
    const struct ncd_class_fit *fit = &class->class.fit;
    ncd_status status = draw(&s, class->dataset, fit->training.n_judged, err);
    if (status == NCD_OK)
        status = judge_knn(&s, knn, options, all + 1, err);
    size_t best = 0;
    for (size_t j = 0; j < s.n && status == NCD_OK; j++)
        all[0].n_correct += fit->right[j];
    all[0].n_judged = s.n;
    for (size_t i = 1; i <= N_NUMBERS; i++)
        best = all[i].n_correct > all[best].n_correct ? i : best;
    drop(&s);
    if (status != NCD_OK)
        return status;
    all[best].chosen = 1;
    ncd_model *chosen = best == 0 ? class : knn;
    if (best > 0)
        chosen->k = all[best].k;
    chosen->n_contenders = 1 + N_NUMBERS;
    for (size_t i = 0; i <= N_NUMBERS; i++)
        chosen->contenders[i] = all[i];
    *model_out = chosen;
    return NCD_OK;
}

ncd_status ncd_model_train_auto(const ncd_dataset *dataset,
                                const ncd_options *options,
                                ncd_model **model_out, ncd_error *err)
{
    ncd_model *class = NULL, *knn = NULL, *chosen = NULL;
    ncd_options one = *options;
    one.method = NCD_METHOD_CLASS;
    ncd_status status = ncd_model_train(dataset, &one, &class, err);
    one.method = NCD_METHOD_KNN;
    if (status == NCD_OK)
        status = ncd_model_train(dataset, &one, &knn, err);
    if (status == NCD_OK)
        status = choose(class, knn, options, &chosen, err);
    if (chosen != class)
        ncd_model_free(class);
    if (chosen != knn)
        ncd_model_free(knn);
    if (status == NCD_OK)
        *model_out = chosen;
    return status;
}
