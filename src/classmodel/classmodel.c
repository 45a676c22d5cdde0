/* SPDX-License-Identifier: MIT */
/* Training of class models, and prediction; see classmodel.h. */
#include "classmodel/classmodel.h"

#include <stdlib.h>
#include <string.h>

#include "classmodel/real.h"
#include "classmodel/softmax.h"
#include "util/error.h"
#include "util/prefetch.h"

/* Experts' opinions of texts x classes that the shared weights are fitted to,
 * at most: more would not move a dozen weights. */
#define MAX_OPINIONS 4000000

/* What the mix is thought to be while there is little to fit it to, and how
 * many cases that thought is worth. The means are those of the mixes of eleven
 * training sets and of draws of 5, 10 and 50 texts a class from them, rounded.
 */
static const double usual_mix[NCD_N_EXPERTS] = {.2, .5, .7, .8, 1.5, .9, 2};
#define PRECISION_MIX 2
#define PRECISION_BIAS 1

/* Tried for the power of length that evidence counts over: 0, 1/4, ... 1; by so
 * many texts. */
#define N_POWERS 5
#define POWER_STEP 0.25
#define MAX_TRIED 1500

/* Parts of the judged texts that a last stage is fitted without. */
#define N_PARTS 4

_Static_assert(NCD_N_EXPERTS <= NCD_SOFTMAX_MOST,
               "the regression has room for all experts");

#define NOT_JUDGED UINT32_MAX

struct training {
    struct ncd_classmodel *model;
    const ncd_dataset *data;
    struct ncd_reading *readings; /* [n threads] */
    int keeps_left_out;
    unsigned threads;
    const struct ncd_progress *progress; /* may be NULL */
    _Atomic float *p;                    /* [n nodes] see ncd_evidence_note */
    struct ncd_feature_row *rows;        /* [n texts] */
    uint32_t *folds;                     /* [n texts] */
    size_t n_judged;   /* texts that the weights are fitted to */
    size_t *judged;    /* [n_judged] */
    uint32_t *turns;   /* [n texts] their numbers in this list, or NOT_JUDGED */
    size_t *places;    /* [n_judged] the same, as they are moved about */
    uint32_t *truth;   /* [n_judged] */
    int16_t *margins;  /* [n_judged][n classes] in NCD_MARGIN_UNIT */
    int16_t *opinions; /* [n_judged][NCD_N_EXPERTS][n classes] */
    float *units;      /* [n_judged][NCD_N_EXPERTS] see softmax.h */
    uint32_t *lengths; /* [n_judged] in places, see ncd_walk */
    double *scratch;   /* [n threads][NCD_KINDS][n classes] */
    struct ncd_code_lengths *bits; /* [n_judged] */
};

/* --- Progress --- */

/* A loop's part of the whole, in hundredths. */
static struct ncd_progress part(const struct training *t, uint64_t before,
                                uint64_t span)
{
    struct ncd_progress p = {NULL, NULL, before, span, 100};
    if (t->progress) {
        p.fn = t->progress->fn;
        p.arg = t->progress->arg;
    }
    return p;
}

/* --- Reading the training texts --- */

static ncd_status make_row(void *job, size_t i, unsigned thread, ncd_error *err)
{
    const struct training *t = job;
    const struct ncd_classmodel *m = t->model;
    struct ncd_reading *reading = &t->readings[thread];
    if (ncd_reading_skim(reading, &m->counts, ncd_dataset_text(t->data, i)) !=
        NCD_OK)
        return ncd_fail_nomem(err);
    ncd_status status = ncd_feature_row_make(&t->rows[i], &m->margins, reading);
    ncd_reading_end(reading);
    return status == NCD_OK ? NCD_OK : ncd_fail_nomem(err);
}

/* The experts' opinions of judged text j, which is being read. */
static void judge(const struct training *t, size_t j, unsigned thread)
{
    const struct ncd_classmodel *m = t->model;
    struct ncd_reading *reading = &t->readings[thread];
    size_t n_classes = m->counts.n_classes;
    double *evidence = t->scratch + thread * NCD_KINDS * n_classes;
    float *units = t->units + j * NCD_N_EXPERTS;
    int16_t *out = t->opinions + j * NCD_N_EXPERTS * n_classes;
    ncd_evidence(&m->counts, &m->smoothing, reading, t->truth[j], evidence,
                 &t->bits[j]);
    t->lengths[j] = (uint32_t)reading->rows.n_places;
    for (size_t k = 0; k < NCD_KINDS; k++)
        units[k] = ncd_softmax_put(evidence + k * n_classes, n_classes,
                                   out + k * n_classes);
    units[NCD_MARGIN] = NCD_MARGIN_UNIT;
    memcpy(out + NCD_MARGIN * n_classes, t->margins + j * n_classes,
           n_classes * sizeof *out);
}

/* What prediction and judgement want to know of a text. */
static ncd_status weigh(void *job, size_t i, unsigned thread, ncd_error *err)
{
    const struct training *t = job;
    const struct ncd_classmodel *m = t->model;
    struct ncd_reading *reading = &t->readings[thread];
    if (ncd_reading_begin(reading, &m->counts, ncd_dataset_text(t->data, i)) !=
        NCD_OK)
        return ncd_fail_nomem(err);
    ncd_evidence_note(&m->counts, &m->smoothing, reading, t->p);
    if (t->turns && t->turns[i] != NOT_JUDGED)
        judge(t, t->turns[i], thread);
    ncd_reading_end(reading);
    return NCD_OK;
}

/* --- Fitting --- */

static double power_of(double length, double exponent)
{
    return ncd_exp(exponent * ncd_ln(length));
}

/* Takes the evidence of the first n judged texts over a power of length. */
static void divide_by_length(const struct training *t, size_t n, double power)
{
    for (size_t j = 0; j < n && power != 0; j++) {
        float factor = (float)power_of((double)t->lengths[j], -power);
        for (int k = 0; k < NCD_KINDS; k++)
            t->units[j * NCD_N_EXPERTS + k] *= factor;
    }
}

/* Mean square of each expert's opinions of the first n judged texts. */
static void measure_spread(const struct training *t, size_t n, double *squares)
{
    size_t n_classes = t->model->counts.n_classes;
    const int16_t *x = t->opinions;
    double sums[NCD_N_EXPERTS] = {0};
    for (size_t j = 0; j < n; j++)
        for (int k = 0; k < NCD_N_EXPERTS; k++) {
            double unit = (double)t->units[j * NCD_N_EXPERTS + k], sum = 0;
            for (size_t c = 0; c < n_classes; c++, x++)
                sum += (double)(*x * *x);
            sums[k] += unit * unit * sum;
        }
    for (int k = 0; k < NCD_N_EXPERTS; k++) {
        double square = sums[k] / ((double)n * (double)n_classes);
        squares[k] = square > 1e-12 ? square : 1e-12;
    }
}

/*
 * Fits mix and biases at the present power of length, from the values that
 * they have; opinions are weighed relative to their spread, so that one prior
 * suits all.
 *
 * No expert gets a negative weight. Taking a text out leaves its class with a
 * little less than the others, so that where there is nothing to learn, the
 * class that a text comes from is the one that evidence speaks against. A
 * negative weight would take that for knowledge.
 */
static ncd_status fit_mix(const struct training *t, size_t n,
                          struct ncd_class_fit *fit, double *loss_out,
                          ncd_error *err)
{
    size_t n_classes = t->model->counts.n_classes;
    double squares[NCD_N_EXPERTS];
    unsigned char frozen[NCD_N_EXPERTS] = {0};
    struct ncd_softmax_data data = {.n = n,
                                    .n_features = NCD_N_EXPERTS,
                                    .n_rows = NCD_N_EXPERTS,
                                    .n_classes = n_classes,
                                    .x = t->opinions,
                                    .units = t->units,
                                    .truth = t->truth,
                                    .frozen = frozen};
    struct ncd_softmax_prior prior = {usual_mix, squares, PRECISION_MIX,
                                      PRECISION_BIAS};
    ncd_status status;
    measure_spread(t, n, squares);
    do {
        status = ncd_softmax_fit(&data, &prior, t->threads, fit->mix,
                                 fit->biases, loss_out, err);
    } while (status == NCD_OK &&
             ncd_softmax_freeze(fit->mix, frozen, NCD_N_EXPERTS));
    return status;
}

/* Chooses the power of length, and takes the evidence over it. */
static ncd_status choose_power(const struct training *t,
                               struct ncd_class_fit *fit, ncd_error *err)
{
    size_t n = t->n_judged < MAX_TRIED ? t->n_judged : MAX_TRIED;
    ncd_status status = NCD_OK;
    double best = 0, loss;
    for (int i = 0; i < N_POWERS && status == NCD_OK; i++) {
        if (i > 0)
            divide_by_length(t, n, POWER_STEP);
        status = fit_mix(t, n, fit, &loss, err);
        if (status == NCD_OK && (i == 0 || loss < best)) {
            best = loss;
            fit->length_power = i * POWER_STEP;
        }
    }
    divide_by_length(t, n, -(N_POWERS - 1) * POWER_STEP);
    divide_by_length(t, t->n_judged, fit->length_power);
    return status;
}

/* --- The last stage, and what it is worth --- */

/* Scores of judged text j. */
static void score(const struct training *t, const struct ncd_class_fit *fit,
                  size_t j, double *scores)
{
    size_t n_classes = t->model->counts.n_classes;
    const int16_t *x = t->opinions + j * NCD_N_EXPERTS * n_classes;
    memcpy(scores, fit->biases, n_classes * sizeof *scores);
    for (int k = 0; k < NCD_N_EXPERTS; k++) {
        double weight = fit->mix[k] * (double)t->units[j * NCD_N_EXPERTS + k];
        for (size_t c = 0; c < n_classes; c++, x++)
            scores[c] += weight * *x;
    }
}

/* Mix, biases and temperature by the first n judged texts; fit has values to
 * start from. */
static ncd_status fit_last(const struct training *t, size_t n,
                           struct ncd_class_fit *fit, ncd_error *err)
{
    size_t n_classes = t->model->counts.n_classes;
    double loss, *scores = malloc((n_classes + 1) * sizeof *scores);
    struct ncd_temper_data data = {
        .n = n,
        .n_classes = n_classes,
        .x = malloc((n * n_classes + 1) * sizeof *data.x),
        .units = malloc((n * NCD_N_FACTORS + 1) * sizeof *data.units),
        .truth = t->truth};
    ncd_status status = scores && data.x && data.units
                            ? fit_mix(t, n, fit, &loss, err)
                            : ncd_fail_nomem(err);
    for (size_t j = 0; j < n && status == NCD_OK; j++) {
        score(t, fit, j, scores);
        ncd_temper_put(&data, j, scores);
    }
    if (status == NCD_OK)
        status = ncd_temper_fit(&data, t->threads, &fit->temper, err);
    free(scores);
    free(data.x);
    free(data.units);
    return status;
}

/* The probabilities of judged text j, which `fit` has not seen, and what they
 * say of it. */
static void assess_text(const struct training *t,
                        const struct ncd_class_fit *fit, size_t j,
                        double *scores, struct ncd_class_fit *out)
{
    size_t n_classes = t->model->counts.n_classes, best = 0;
    struct ncd_class_training *result = &out->training;
    score(t, fit, j, scores);
    ncd_temper_scores(fit->temper, scores, n_classes);
    ncd_softmax(scores, n_classes);
    for (size_t c = 0; c < n_classes; c++)
        best = scores[c] > scores[best] ? c : best;
    for (size_t c = 0; c < n_classes && out->left_out; c++)
        out->left_out[t->places[j] * n_classes + c] = (float)scores[c];
    double truth = scores[t->truth[j]];
    result->n_judged++;
    result->n_correct += best == t->truth[j];
    result->log_loss -= ncd_ln(truth > 1e-300 ? truth : 1e-300) / NCD_LN2;
}

static void swap_bytes(void *a, void *b, size_t nbytes)
{
    unsigned char *x = a, *y = b;
    for (size_t i = 0; i < nbytes; i++) {
        unsigned char kept = x[i];
        x[i] = y[i];
        y[i] = kept;
    }
}

/* Puts n judged texts from `first` on where the last n stand, and back. */
static void swap_with_last(struct training *t, size_t first, size_t n)
{
    size_t row = NCD_N_EXPERTS * t->model->counts.n_classes;
    for (size_t i = 0, a = first, b = t->n_judged - n; i < n && a < b;
         i++, a++, b++) {
        swap_bytes(t->opinions + a * row, t->opinions + b * row,
                   row * sizeof *t->opinions);
        swap_bytes(t->units + a * NCD_N_EXPERTS, t->units + b * NCD_N_EXPERTS,
                   NCD_N_EXPERTS * sizeof *t->units);
        swap_bytes(&t->truth[a], &t->truth[b], sizeof *t->truth);
        swap_bytes(&t->places[a], &t->places[b], sizeof *t->places);
    }
}

/* Fits the last stage without a part of the judged texts, and judges these. */
static ncd_status assess_part(struct training *t, size_t first, size_t n,
                              struct ncd_class_fit *out, ncd_error *err)
{
    size_t n_classes = t->model->counts.n_classes;
    struct ncd_class_fit fit = *out;
    double *scores = malloc((n_classes + 1) * sizeof *scores);
    fit.biases = malloc((n_classes + 1) * sizeof *fit.biases);
    ncd_status status = scores && fit.biases ? NCD_OK : ncd_fail_nomem(err);
    swap_with_last(t, first, n);
    if (status == NCD_OK) {
        memcpy(fit.biases, out->biases, n_classes * sizeof *fit.biases);
        status = fit_last(t, t->n_judged - n, &fit, err);
    }
    for (size_t j = t->n_judged - n; j < t->n_judged && status == NCD_OK; j++)
        assess_text(t, &fit, j, scores, out);
    swap_with_last(t, first, n);
    free(scores);
    free(fit.biases);
    return status;
}

/*
 * What the model is worth: each judged text is answered by a last stage that
 * was fitted to the others' parts only. (The power of length, one of five, was
 * chosen with it.) The parts start from the weights of the whole; since the
 * problem is convex, this saves steps and hardly changes where they end.
 */
static ncd_status assess(struct training *t, struct ncd_class_fit *fit,
                         ncd_error *err)
{
    size_t n_classes = t->model->counts.n_classes, n = t->n_judged;
    struct ncd_class_training *result = &fit->training;
    size_t n_parts = n < N_PARTS ? n : N_PARTS;
    ncd_status status = NCD_OK;
    if (t->keeps_left_out) {
        fit->left_out = calloc(n * n_classes + 1, sizeof *fit->left_out);
        if (!fit->left_out)
            return ncd_fail_nomem(err);
    }
    for (size_t i = 0; i < n_parts && status == NCD_OK; i++) {
        size_t first = i * n / n_parts, end = (i + 1) * n / n_parts;
        status = assess_part(t, first, end - first, fit, err);
    }
    result->log_loss /= (double)n;
    for (size_t j = 0; j < n; j++) {
        result->corpus_bits += t->bits[j].corpus;
        result->class_bits += t->bits[j].class;
        result->n_bytes += ncd_dataset_text(t->data, t->judged[j]).nbytes;
    }
    return status;
}

/* --- Training --- */

static ncd_status make_readings(struct ncd_reading **readings, unsigned *have,
                                unsigned want)
{
    if (*have >= want)
        return NCD_OK;
    struct ncd_reading *more = realloc(*readings, want * sizeof *more);
    if (!more)
        return NCD_ERR_NOMEM;
    memset(more + *have, 0, (want - *have) * sizeof *more);
    *readings = more;
    *have = want;
    return NCD_OK;
}

static void free_readings(struct ncd_reading **readings, unsigned *n)
{
    for (unsigned i = 0; i < *n; i++)
        ncd_reading_free(&(*readings)[i]);
    free(*readings);
    *readings = NULL;
    *n = 0;
}

/* Reads all texts, each thread with a reading of its own, which is as long as
 * the table and not kept. */
static ncd_status read_texts(struct training *t, ncd_task_fn fn,
                             struct ncd_progress progress, ncd_error *err)
{
    unsigned n_readings = 0;
    ncd_status status = NCD_OK;
    if (make_readings(&t->readings, &n_readings, t->threads) != NCD_OK)
        status = ncd_fail_nomem(err);
    if (status == NCD_OK)
        status =
            ncd_parallel_for(t->data->n, t->threads, fn, t, &progress, err);
    free_readings(&t->readings, &n_readings);
    return status;
}

/* Deals the texts of each class, shuffled, to the folds in turn. */
static ncd_status deal_folds(const ncd_dataset *data, uint32_t *folds,
                             ncd_error *err)
{
    size_t *order = calloc(data->n + 1, sizeof *order);
    if (!order)
        return ncd_fail_nomem(err);
    ncd_status status = ncd_dataset_shuffle(data, 1, order, err);
    for (size_t i = 0; i < data->n && status == NCD_OK; i++)
        folds[order[i]] = (uint32_t)(i % NCD_FOLDS);
    free(order);
    return status;
}

/* Nobody asks for the numbers of features once the rows are made. */
static void forget_features(struct ncd_classmodel *m)
{
    free(m->margins.features);
    m->margins.features = NULL;
}

static ncd_status fit_margins(struct training *t, ncd_error *err)
{
    struct ncd_progress fitting = part(t, 30, 40);
    struct ncd_classmodel *m = t->model;
    const ncd_dataset *d = t->data;
    struct ncd_class_fit *fit = &m->fit;
    t->rows = calloc(d->n, sizeof *t->rows);
    t->folds = calloc(d->n, sizeof *t->folds);
    fit->weights = calloc(m->counts.n_postings + 1, sizeof *fit->weights);
    fit->margin_biases =
        calloc(m->counts.n_classes, sizeof *fit->margin_biases);
    fit->n_classes = m->counts.n_classes;
    fit->n_postings = m->counts.n_postings;
    t->margins = calloc(t->n_judged * m->counts.n_classes, sizeof *t->margins);
    if (!t->rows || !t->folds || !fit->weights || !fit->margin_biases ||
        !t->margins)
        return ncd_fail_nomem(err);
    struct ncd_margins_data data = {.n = d->n,
                                    .rows = t->rows,
                                    .classes = d->classes,
                                    .folds = t->folds,
                                    .n_judged = t->n_judged,
                                    .judged = t->judged};
    ncd_status status = deal_folds(d, t->folds, err);
    if (status == NCD_OK)
        status = read_texts(t, make_row, part(t, 20, 10), err);
    forget_features(m);
    if (status == NCD_OK)
        status = ncd_margins_fit(&m->margins, &m->counts, &data, t->threads,
                                 fit->weights, fit->margin_biases, t->margins,
                                 &fitting, err);
    for (size_t i = 0; i < d->n; i++)
        ncd_feature_row_free(&t->rows[i]);
    free(t->rows);
    t->rows = NULL;
    return status;
}

/* Which texts are judged: all, or as many as the opinions have room for, in
 * random order, so that the first of them are a sample. */
static ncd_status choose_judged(struct training *t, ncd_error *err)
{
    size_t n = t->data->n, n_classes = t->model->counts.n_classes;
    uint64_t room = MAX_OPINIONS / NCD_N_EXPERTS / n_classes;
    t->n_judged = n <= room ? n : (size_t)(room > 0 ? room : 1);
    uint32_t *order = calloc(n, sizeof *order);
    t->judged = calloc(t->n_judged, sizeof *t->judged);
    t->places = calloc(t->n_judged, sizeof *t->places);
    t->truth = calloc(t->n_judged, sizeof *t->truth);
    t->turns = malloc(n * sizeof *t->turns);
    t->lengths = calloc(t->n_judged, sizeof *t->lengths);
    t->bits = calloc(t->n_judged, sizeof *t->bits);
    t->model->fit.biases = calloc(n_classes, sizeof *t->model->fit.biases);
    if (!t->judged || !t->places || !t->truth || !t->turns || !t->lengths ||
        !t->bits || !t->model->fit.biases || !order) {
        free(order);
        return ncd_fail_nomem(err);
    }
    ncd_random_order(order, n, 0);
    memset(t->turns, 0xff, n * sizeof *t->turns); /* NOT_JUDGED */
    for (size_t j = 0; j < t->n_judged; j++) {
        t->judged[j] = order[j];
        t->turns[order[j]] = (uint32_t)j;
        t->places[j] = j;
        t->truth[j] = t->data->classes[order[j]];
    }
    free(order);
    return NCD_OK;
}

static ncd_status weigh_texts(struct training *t, ncd_error *err)
{
    t->p = calloc(t->model->counts.n_nodes + 1, sizeof *t->p);
    return t->p ? read_texts(t, weigh, part(t, 70, 30), err)
                : ncd_fail_nomem(err);
}

/* All opinions of the judged texts. Room is made when the fit of the margins
 * has given back its own, since both are large. */
static ncd_status gather_opinions(struct training *t, ncd_error *err)
{
    size_t n_classes = t->model->counts.n_classes;
    t->opinions =
        calloc(t->n_judged * NCD_N_EXPERTS * n_classes, sizeof *t->opinions);
    t->units = calloc(t->n_judged * NCD_N_EXPERTS, sizeof *t->units);
    t->scratch = calloc(t->threads * NCD_KINDS * n_classes, sizeof *t->scratch);
    if (!t->opinions || !t->units || !t->scratch)
        return ncd_fail_nomem(err);
    ncd_status status = weigh_texts(t, err);
    free(t->margins);
    t->margins = NULL;
    return status;
}

static ncd_status fit_all(struct training *t, ncd_error *err)
{
    ncd_status status = choose_judged(t, err);
    if (status == NCD_OK)
        status = fit_margins(t, err);
    if (status == NCD_OK)
        status = gather_opinions(t, err);
    if (status == NCD_OK)
        status = choose_power(t, &t->model->fit, err);
    if (status == NCD_OK)
        status = fit_last(t, t->n_judged, &t->model->fit, err);
    if (status == NCD_OK)
        status = assess(t, &t->model->fit, err);
    return status;
}

/* The values that prediction adds up. */
static ncd_status finish(const struct training *t, ncd_error *err)
{
    struct ncd_classmodel *m = t->model;
    m->values = malloc((m->counts.n_postings + 1) * sizeof *m->values);
    m->place_values = calloc(2 * m->counts.n_classes, sizeof *m->place_values);
    if (!m->values || !m->place_values)
        return ncd_fail_nomem(err);
    ncd_evidence_values(&m->counts, &m->smoothing, t->p, m->fit.mix, t->threads,
                        m->values, m->place_values);
    return NCD_OK;
}

/* Counts the texts, those aside that `before` has counted. */
static ncd_status begin(struct training *t, const struct ncd_counts *before,
                        ncd_error *err)
{
    struct ncd_classmodel *m = t->model;
    ncd_status status =
        ncd_counts_build(&m->counts, t->data, NULL, before, t->threads, err);
    if (status == NCD_OK && ncd_margins_init(&m->margins, &m->counts) != NCD_OK)
        status = ncd_fail_nomem(err);
    return status;
}

/* What only training needs. */
static void end(struct training *t)
{
    free(t->p);
    free(t->rows);
    free(t->folds);
    free(t->judged);
    free(t->turns);
    free(t->places);
    free(t->truth);
    free(t->margins);
    free(t->opinions);
    free(t->units);
    free(t->lengths);
    free(t->scratch);
    free(t->bits);
}

ncd_status ncd_classmodel_train(struct ncd_classmodel *m,
                                const ncd_dataset *data,
                                const struct ncd_counts *before,
                                int keeps_left_out, unsigned threads,
                                const struct ncd_progress *progress,
                                ncd_error *err)
{
    struct training t = {.model = m,
                         .data = data,
                         .keeps_left_out = keeps_left_out,
                         .threads = threads,
                         .progress = progress};
    *m = (struct ncd_classmodel){0};
    ncd_smoothing_init(&m->smoothing);
    ncd_status status = begin(&t, before, err);
    if (status == NCD_OK)
        status = fit_all(&t, err);
    if (status == NCD_OK)
        status = finish(&t, err);
    end(&t);
    return status;
}

/* The tables follow from the texts and what was fitted. */
static ncd_status make_tables(struct ncd_classmodel *m, const ncd_dataset *data,
                              unsigned threads, ncd_error *err)
{
    struct training t = {.model = m, .data = data, .threads = threads};
    ncd_status status = begin(&t, NULL, err);
    forget_features(m);
    if (status == NCD_OK)
        status = weigh_texts(&t, err);
    if (status == NCD_OK)
        status = finish(&t, err);
    end(&t);
    return status;
}

ncd_status ncd_classmodel_restore(struct ncd_classmodel *m,
                                  const ncd_dataset *data,
                                  const struct ncd_classmodel *tables,
                                  struct ncd_class_fit *fit, unsigned threads,
                                  ncd_error *err)
{
    *m = tables ? *tables : (struct ncd_classmodel){0};
    m->fit = *fit;
    *fit = (struct ncd_class_fit){0};
    ncd_smoothing_init(&m->smoothing);
    ncd_margins_damp(&m->margins);
    ncd_status status = tables ? NCD_OK : make_tables(m, data, threads, err);
    if (status == NCD_OK && (m->counts.n_classes != data->labels.n ||
                             m->counts.n_texts != data->n ||
                             m->fit.n_classes != m->counts.n_classes ||
                             m->fit.n_postings != m->counts.n_postings))
        status = ncd_fail(err, NCD_ERR_MODEL,
                          "the weights of the class model fit other texts");
    return status;
}

void ncd_class_fit_free(struct ncd_class_fit *fit)
{
    free(fit->biases);
    free(fit->weights);
    free(fit->margin_biases);
    free(fit->left_out);
    *fit = (struct ncd_class_fit){0};
}

void ncd_classmodel_free(struct ncd_classmodel *m)
{
    ncd_class_fit_free(&m->fit);
    if (!m->is_mapped) {
        ncd_counts_free(&m->counts);
        ncd_margins_free(&m->margins);
        free(m->values);
        free(m->place_values);
    }
    *m = (struct ncd_classmodel){0};
}

/* --- Prediction --- */

struct prediction {
    const struct ncd_classmodel *model;
    struct ncd_class_crew *crew;
    const ncd_text *texts;
    double *out;
};

#define LINE 16 /* numbers of 4 bytes in a line of the cache */

/* Asks for what the nodes behind the d-th one will need. */
static void ask_ahead(const struct ncd_classmodel *m,
                      const struct ncd_reading *r,
                      const struct ncd_distinct *distinct, size_t d)
{
    if (d + 16 < distinct->n) {
        uint32_t node = distinct->nodes[d + 16];
        NCD_PREFETCH(&m->counts.first[node]);
        NCD_PREFETCH(&m->margins.idf[node]);
        NCD_PREFETCH(&r->tally[node]);
    }
    if (d + 8 < distinct->n) {
        const uint32_t *first = &m->counts.first[distinct->nodes[d + 8]];
        for (uint32_t p = first[0]; p < first[1]; p += LINE) {
            NCD_PREFETCH(&m->counts.classes[p]);
            NCD_PREFETCH(&m->values[p]);
            NCD_PREFETCH(&m->fit.weights[p]);
        }
    }
}

double ncd_classmodel_over(const struct ncd_classmodel *m,
                           const struct ncd_reading *r)
{
    return power_of((double)r->rows.n_places, -m->fit.length_power);
}

/* Adds a view's evidence and margins. The margins are scaled by what is known
 * only at the end, so they are summed up apart. */
static void add_view(const struct ncd_classmodel *m, struct ncd_reading *r,
                     int view, double over, double *scores)
{
    const struct ncd_counts *c = &m->counts;
    const struct ncd_distinct *distinct = &r->distinct[view];
    double squares = 0, *margins = r->sums;
    memset(margins, 0, c->n_classes * sizeof *margins);
    for (size_t d = 0; d < distinct->n; d++) {
        uint32_t node = distinct->nodes[d], n = r->tally[node];
        ask_ahead(m, r, distinct, d);
        double times = n * over;
        double x =
            (double)m->margins.damped[n < NCD_TIMES_MAX ? n : NCD_TIMES_MAX] *
            (double)m->margins.idf[node];
        squares += x * x;
        for (uint32_t q = c->first[node]; q < c->first[node + 1]; q++) {
            scores[c->classes[q]] += times * (double)m->values[q];
            margins[c->classes[q]] += x * (double)m->fit.weights[q];
        }
    }
    double scale =
        (double)ncd_margins_scale_of(squares) * m->fit.mix[NCD_MARGIN];
    for (size_t class = 0; class < c->n_classes; class ++)
        scores[class] += scale * margins[class];
}

double ncd_classmodel_scores(const struct ncd_classmodel *m,
                             struct ncd_reading *r, double *scores)
{
    size_t n_classes = m->counts.n_classes;
    double over = ncd_classmodel_over(m, r);
    for (size_t class = 0; class < n_classes; class ++)
        scores[class] =
            m->fit.biases[class] +
            m->fit.mix[NCD_MARGIN] * (double)m->fit.margin_biases[class] +
            over *
                ((double)r->rows.n_places * m->place_values[class] +
                 (double)r->rows.n_words * m->place_values[n_classes + class]);
    for (int view = 0; view < NCD_VIEWS; view++)
        add_view(m, r, view, over, scores);
    return ncd_temper_scores(m->fit.temper, scores, n_classes);
}

static ncd_status predict_text(void *job, size_t i, unsigned thread,
                               ncd_error *err)
{
    const struct prediction *p = job;
    const struct ncd_counts *c = &p->model->counts;
    struct ncd_reading *r = &p->crew->readings[thread];
    double *scores = p->out + i * c->n_classes;
    if (ncd_reading_skim(r, c, p->texts[i]) != NCD_OK)
        return ncd_fail_nomem(err);
    ncd_classmodel_scores(p->model, r, scores);
    ncd_reading_end(r);
    ncd_softmax(scores, c->n_classes);
    return NCD_OK;
}

ncd_status ncd_classmodel_predict(const struct ncd_classmodel *m,
                                  struct ncd_class_crew *crew,
                                  const ncd_text *texts, size_t n,
                                  unsigned threads,
                                  const struct ncd_progress *progress,
                                  double *out, ncd_error *err)
{
    struct prediction p = {m, crew, texts, out};
    if (make_readings(&crew->readings, &crew->n, threads) != NCD_OK)
        return ncd_fail_nomem(err);
    return ncd_parallel_for(n, threads, predict_text, &p, progress, err);
}

void ncd_class_crew_free(struct ncd_class_crew *crew)
{
    free_readings(&crew->readings, &crew->n);
}
