/* SPDX-License-Identifier: MIT */
/*
 * Choosing the method by what the training texts say. Variants of nearest
 * neighbours, the class model, and both together judge the same training texts,
 * each left out; nothing else is looked at. How many neighbours' texts can be
 * measured in reasonable time bounds the sample.
 *
 * Variants of kNN are searched one property at a time, from what the caller
 * asked for: first the compressor, then the distance, then the order, each with
 * every k. CLM is not among the distances, being a monotone function of CDM
 * that gives the same neighbours; nor is the mean of both orders, which costs
 * twice.
 *
 * The class model is the cheapest to ask, and has the field unless another is
 * right so much more often that chance does not explain it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classmodel/real.h"
#include "model/both.h"
#include "util/error.h"

#define N_OF(array) (sizeof(array) / sizeof *(array))

static const unsigned numbers[] = {1, 3, 5, 9};
#define MOST_NEIGHBORS 9

static const char *const compressors[] = {"gzip", "lz4", "ppm"};
static const ncd_distance distances[] = {NCD_DISTANCE_NCD, NCD_DISTANCE_CDM,
                                         NCD_DISTANCE_COND};
static const ncd_order orders[] = {NCD_ORDER_TEST_FIRST, NCD_ORDER_TRAIN_FIRST};

/* Compressors without a fast way through many pairs take part where the texts
 * judged and all texts make so few bytes of pairs: some seconds' worth. */
#define SLOW_NBYTES (UINT64_C(32) << 20)

/* The class model, both together, and every k of what was asked for and of each
 * other compressor, distance and order; what was asked for may be none of
 * those listed. */
_Static_assert(2 + N_OF(numbers) * (1 + N_OF(compressors) + N_OF(distances) +
                                    N_OF(orders)) ==
                   NCD_MAX_CONTENDERS,
               "there is room for all contenders");

struct contest {
    const ncd_dataset *data;
    const ncd_options *run;
    struct ncd_left_out sample;
    ncd_model *class; /* the model that the others are held against */
    ncd_model *knn;   /* the best of its kind so far; may be NULL */
    struct ncd_contenders all;
    size_t best_knn;      /* the number of that model among them */
    unsigned char *right; /* [sample.n] whether the class model is */
    float *shares,
        *next;     /* [sample.n][n classes] of the best kNN, of another */
    double *p, *q; /* [n classes] scratch */
};

/* --- Judging --- */

static ncd_contender *add(struct contest *t, const ncd_model *model, unsigned k,
                          ncd_error *err)
{
    struct ncd_contenders *all = &t->all;
    ncd_description about;
    if (ncd_model_describe(model, &about, err) != NCD_OK)
        return NULL;
    ncd_contender *c = &all->items[all->n];
    *c = (ncd_contender){.method = model->method,
                         .k = k,
                         .distance = model->measure.distance,
                         .order = model->measure.order,
                         .model_bits = about.model_bits,
                         .data_bits = about.data_bits};
    if (model->method != NCD_METHOD_CLASS)
        memcpy(all->specs[all->n], model->spec, sizeof model->spec);
    all->n++;
    return c;
}

/* Counts text j's answer, and what its label costs where it has the probability
 * p: times what makes the texts judged all texts. */
static void count(const struct contest *t, ncd_contender *c, size_t j,
                  int right, double p)
{
    double texts = (double)t->data->n / (double)t->sample.n;
    c->n_judged++;
    c->n_correct += right;
    c->n_won += right && !t->right[j];
    c->n_lost += !right && t->right[j];
    c->label_bits -= texts * ncd_ln(p > 1e-300 ? p : 1e-300) / NCD_LN2;
}

static size_t best_of(const double *p, size_t n)
{
    size_t best = 0;
    for (size_t c = 1; c < n; c++)
        best = p[c] > p[best] ? c : best;
    return best;
}

static void take_row(double *row, const float *rows, size_t j, size_t n)
{
    for (size_t c = 0; c < n; c++)
        row[c] = (double)rows[j * n + c];
}

static ncd_status judge_class(struct contest *t, ncd_error *err)
{
    size_t n_classes = t->data->labels.n;
    ncd_contender *c = add(t, t->class, 0, err);
    for (size_t j = 0; j < t->sample.n && c; j++) {
        uint32_t truth = t->sample.truth[j];
        take_row(t->p, t->class->class.fit.left_out, j, n_classes);
        t->right[j] = best_of(t->p, n_classes) == truth;
        count(t, c, j, t->right[j], t->p[truth]);
    }
    return c ? NCD_OK : NCD_ERR_NOMEM;
}

/* The answers of k neighbours; their shares go to t->next. */
static void judge_k(struct contest *t, const ncd_model *knn,
                    const struct ncd_found *found, ncd_contender *c)
{
    struct ncd_ranked ranked[MOST_NEIGHBORS];
    size_t n_classes = t->data->labels.n;
    for (size_t j = 0; j < t->sample.n; j++) {
        const ncd_neighbor *nearest = found->items + j * found->k;
        size_t n = found->counts[j] < c->k ? found->counts[j] : c->k;
        uint32_t truth = t->sample.truth[j];
        int right = n > 0 &&
                    ncd_vote_rank(t->data, nearest, n, knn->vote, ranked) > 0 &&
                    ranked[0].class == truth;
        ncd_neighbor_shares(knn, nearest, n, t->q);
        count(t, c, j, right, t->q[truth]);
        for (size_t i = 0; i < n_classes; i++)
            t->next[j * n_classes + i] = (float)t->q[i];
    }
}

/* Takes a model in that has won against the best so far. */
static void crown(struct contest *t, ncd_model *knn)
{
    float *kept = t->shares;
    t->shares = t->next;
    t->next = kept;
    t->best_knn = t->all.n - 1;
    if (t->knn != knn)
        ncd_model_free(t->knn);
    t->knn = knn;
    knn->k = t->all.items[t->best_knn].k;
}

static ncd_status judge_knn(struct contest *t, ncd_model *knn, ncd_error *err)
{
    struct ncd_found found = {0};
    ncd_status status = ncd_left_out_search(&t->sample, knn, MOST_NEIGHBORS,
                                            t->run, &found, err);
    for (size_t i = 0; i < N_OF(numbers) && status == NCD_OK; i++) {
        ncd_contender *c = add(t, knn, numbers[i], err);
        if (!c) {
            status = NCD_ERR_NOMEM;
            break;
        }
        judge_k(t, knn, &found, c);
        if (!t->knn || c->n_correct > t->all.items[t->best_knn].n_correct)
            crown(t, knn);
    }
    ncd_found_free(&found);
    return status;
}

static ncd_status try_knn(struct contest *t, const ncd_options *options,
                          ncd_error *err)
{
    ncd_model *knn = NULL;
    ncd_options one = *options;
    one.method = NCD_METHOD_KNN;
    ncd_status status = ncd_model_train(t->data, &one, &knn, err);
    if (status == NCD_OK)
        status = judge_knn(t, knn, err);
    if (knn != t->knn)
        ncd_model_free(knn);
    return status;
}

/* --- Variants of kNN --- */

static int is_slow(const char *name)
{
    return strcmp(name, "ppm") == 0;
}

/* Whether a compressor is in this build, and what it would cost is bearable. */
static int takes_part(const struct contest *t, const char *name)
{
    struct ncd_codec_spec spec;
    uint64_t nbytes = (uint64_t)t->sample.n * t->data->bytes.n;
    return (!is_slow(name) || nbytes <= SLOW_NBYTES) &&
           ncd_codec_parse(name, &spec, NULL) == NCD_OK;
}

/* What was asked for, with the properties of the best so far. */
static ncd_options best_options(const struct contest *t)
{
    ncd_options options = *t->run, best;
    ncd_model_options(t->knn, &best);
    options.compressor = best.compressor;
    options.distance = best.distance;
    options.order = best.order;
    return options;
}

static ncd_status try_compressors(struct contest *t, ncd_error *err)
{
    ncd_options options = *t->run;
    const struct ncd_codec *given = t->knn->measure.spec.codec;
    ncd_status status = NCD_OK;
    for (size_t i = 0; i < N_OF(compressors) && status == NCD_OK; i++) {
        options.compressor = compressors[i];
        if (strcmp(compressors[i], given->name) != 0 &&
            takes_part(t, compressors[i]))
            status = try_knn(t, &options, err);
    }
    return status;
}

static ncd_status try_knns(struct contest *t, ncd_error *err)
{
    ncd_status status = try_knn(t, t->run, err);
    if (status == NCD_OK)
        status = try_compressors(t, err);
    for (size_t i = 0; i < N_OF(distances) && status == NCD_OK; i++) {
        ncd_options options = best_options(t);
        options.distance = distances[i];
        if (distances[i] != t->run->distance)
            status = try_knn(t, &options, err);
    }
    for (size_t i = 0; i < N_OF(orders) && status == NCD_OK; i++) {
        ncd_options options = best_options(t);
        options.order = orders[i];
        if (orders[i] != t->run->order)
            status = try_knn(t, &options, err);
    }
    return status;
}

/* --- Both together --- */

/* Judges n of the sample's texts by the weight that the m from `other` on give.
 */
static void judge_part(struct contest *t, ncd_contender *c, size_t first,
                       size_t n, size_t other, size_t m)
{
    size_t n_classes = t->data->labels.n;
    const float *p = t->class->class.fit.left_out;
    double weight =
        ncd_both_fit(p + other * n_classes, t->shares + other * n_classes,
                     t->sample.truth + other, m, n_classes);
    for (size_t j = first; j < first + n; j++) {
        uint32_t truth = t->sample.truth[j];
        take_row(t->p, p, j, n_classes);
        take_row(t->q, t->shares, j, n_classes);
        ncd_both_mix(t->p, t->q, n_classes, weight);
        count(t, c, j, best_of(t->p, n_classes) == truth, t->p[truth]);
    }
}

static ncd_status judge_both(struct contest *t, ncd_error *err)
{
    size_t n = t->sample.n, half = n / 2;
    ncd_contender *c = add(t, t->knn, t->knn->k, err);
    if (!c)
        return NCD_ERR_NOMEM;
    c->method = NCD_METHOD_BOTH;
    c->model_bits =
        t->all.items[0].model_bits + 8. * sizeof t->class->knn_weight;
    c->data_bits = t->all.items[0].data_bits;
    judge_part(t, c, 0, half, half, n - half);
    judge_part(t, c, half, n - half, 0, half);
    return NCD_OK;
}

/* The class model takes the neighbours of the best kNN model. */
static void become_both(struct contest *t)
{
    ncd_model *m = t->class, *knn = t->knn;
    struct ncd_measure measure = m->measure;
    m->method = NCD_METHOD_BOTH;
    m->knn_weight =
        ncd_both_fit(m->class.fit.left_out, t->shares, t->sample.truth,
                     t->sample.n, t->data->labels.n);
    m->measure = knn->measure;
    knn->measure = measure;
    m->sizes = knn->sizes;
    knn->sizes = NULL;
    m->k = knn->k;
    m->vote = knn->vote;
    m->n_over_window = knn->n_over_window;
    memcpy(m->spec, knn->spec, sizeof m->spec);
    memcpy(m->library, knn->library, sizeof m->library);
    memcpy(m->library_now, knn->library_now, sizeof m->library_now);
}

/* --- The contest --- */

/* Standard errors by which a contender has to win. A difference without merit
 * is larger than 3 once in 740 times; with some thirty contenders, once in 25.
 */
#define STANDARD_ERRORS 3

/* Whether the texts that a contender alone is right about outnumber those that
 * the class model alone is right about by more than chance does. */
static int is_better(const ncd_contender *c)
{
    double difference = (double)c->n_won - (double)c->n_lost;
    return difference >
           STANDARD_ERRORS * sqrt((double)c->n_won + (double)c->n_lost);
}

static ncd_model *choose(struct contest *t)
{
    ncd_contender *items = t->all.items;
    const size_t finalists[] = {t->best_knn, t->all.n - 1}; /* kNN, both */
    size_t best = 0;
    for (size_t f = 0; f < N_OF(finalists); f++) {
        size_t i = finalists[f];
        if (is_better(&items[i]) && items[i].n_correct > items[best].n_correct)
            best = i;
    }
    items[best].chosen = 1;
    if (items[best].method == NCD_METHOD_BOTH)
        become_both(t);
    ncd_model *chosen =
        items[best].method == NCD_METHOD_KNN ? t->knn : t->class;
    chosen->contenders = t->all;
    for (size_t i = 0; i < t->all.n; i++)
        chosen->contenders.items[i].compressor = chosen->contenders.specs[i];
    return chosen;
}

static ncd_status begin(struct contest *t, ncd_error *err)
{
    size_t n_classes = t->data->labels.n;
    ncd_options one = *t->run;
    one.method = NCD_METHOD_CLASS;
    ncd_status status = ncd_model_train_copy(t->data, &one, 1, &t->class, err);
    if (status == NCD_OK)
        status = ncd_left_out_draw(&t->sample, t->data,
                                   t->class->class.fit.training.n_judged, err);
    if (status != NCD_OK)
        return status;
    t->right = calloc(t->sample.n + 1, 1);
    t->p = calloc(n_classes + 1, sizeof *t->p);
    t->q = calloc(n_classes + 1, sizeof *t->q);
    t->shares = calloc(t->sample.n * n_classes + 1, sizeof *t->shares);
    t->next = calloc(t->sample.n * n_classes + 1, sizeof *t->next);
    return t->right && t->p && t->q && t->shares && t->next
               ? NCD_OK
               : ncd_fail_nomem(err);
}

static void finish(struct contest *t, const ncd_model *chosen)
{
    if (t->class != chosen)
        ncd_model_free(t->class);
    if (t->knn != chosen)
        ncd_model_free(t->knn);
    ncd_left_out_free(&t->sample);
    free(t->right);
    free(t->shares);
    free(t->next);
    free(t->p);
    free(t->q);
}

ncd_status ncd_model_train_auto(const ncd_dataset *dataset,
                                const ncd_options *options,
                                ncd_model **model_out, ncd_error *err)
{
    struct contest *t = calloc(1, sizeof *t);
    ncd_model *chosen = NULL;
    if (!t)
        return ncd_fail_nomem(err);
    t->data = dataset;
    t->run = options;
    ncd_status status = begin(t, err);
    if (status == NCD_OK)
        status = judge_class(t, err);
    if (status == NCD_OK)
        status = try_knns(t, err);
    if (status == NCD_OK)
        status = judge_both(t, err);
    if (status == NCD_OK)
        chosen = choose(t);
    finish(t, chosen);
    free(t);
    if (status == NCD_OK)
        *model_out = chosen;
    return status;
}
