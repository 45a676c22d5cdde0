/* SPDX-License-Identifier: MIT */
/* Class model and nearest neighbours together; see both.h. */
#include "model/both.h"

#include <stdlib.h>

#include "classmodel/real.h"
#include "classmodel/softmax.h"
#include "util/error.h"

#define MAX_WEIGHT 4.
/* Golden section: each step leaves 0.618 of the range, 30 of them 2e-6. */
#define N_STEPS 30
#define GOLDEN 0.6180339887498949
/* Of a prior that wants w small, in texts. */
#define PRECISION 1

/* A probability of a class model may be all but 0. */
#define LEAST 1e-30

void ncd_neighbor_shares(const ncd_model *model, const ncd_neighbor *nearest,
                         size_t n, double *q)
{
    const ncd_dataset *data = model->dataset;
    size_t n_classes = data->labels.n;
    for (size_t c = 0; c < n_classes; c++)
        q[c] = 1. / (double)n_classes;
    for (size_t i = 0; i < n; i++)
        q[data->classes[nearest[i].index]] += 1;
    for (size_t c = 0; c < n_classes; c++)
        q[c] /= (double)n + 1;
}

void ncd_both_mix(double *p, const double *q, size_t n_classes, double weight)
{
    for (size_t c = 0; c < n_classes; c++)
        p[c] = ncd_ln(p[c] > LEAST ? p[c] : LEAST) + weight * ncd_ln(q[c]);
    ncd_softmax(p, n_classes);
}

/* Code length of the labels at a weight, nats, and the prior's. */
static double loss_at(const float *p, const float *q, const uint32_t *truth,
                      size_t n, size_t n_classes, double weight)
{
    double loss = PRECISION * weight * weight / 2;
    for (size_t i = 0; i < n; i++, p += n_classes, q += n_classes) {
        double sum = 0, own = 0;
        for (size_t c = 0; c < n_classes; c++) {
            double of_class = (double)p[c] > LEAST ? (double)p[c] : LEAST;
            double score = ncd_ln(of_class) + weight * ncd_ln((double)q[c]);
            sum += ncd_exp(score);
            own = c == truth[i] ? score : own;
        }
        loss += ncd_ln(sum) - own;
    }
    return loss;
}

double ncd_both_fit(const float *p, const float *q, const uint32_t *truth,
                    size_t n, size_t n_classes)
{
    double low = 0, high = MAX_WEIGHT;
    for (int i = 0; i < N_STEPS; i++) {
        double a = high - GOLDEN * (high - low),
               b = low + GOLDEN * (high - low);
        if (loss_at(p, q, truth, n, n_classes, a) <=
            loss_at(p, q, truth, n, n_classes, b))
            high = b;
        else
            low = a;
    }
    return (low + high) / 2;
}

ncd_status ncd_both_train(ncd_model *m, const ncd_options *run, ncd_error *err)
{
    struct ncd_left_out s = {0};
    struct ncd_found found = {0};
    size_t n_classes = m->dataset->labels.n;
    const struct ncd_class_fit *fit = &m->class.fit;
    float *q = NULL;
    double *row = NULL;
    ncd_status status =
        ncd_left_out_draw(&s, m->dataset, fit->training.n_judged, err);
    if (status == NCD_OK)
        status = ncd_left_out_search(&s, m, m->k, run, &found, err);
    if (status == NCD_OK) {
        q = malloc((s.n * n_classes + 1) * sizeof *q);
        row = malloc((n_classes + 1) * sizeof *row);
        status = q && row ? NCD_OK : ncd_fail_nomem(err);
    }
    for (size_t j = 0; j < s.n && status == NCD_OK; j++) {
        ncd_neighbor_shares(m, found.items + j * found.k, found.counts[j], row);
        for (size_t c = 0; c < n_classes; c++)
            q[j * n_classes + c] = (float)row[c];
    }
    if (status == NCD_OK)
        m->knn_weight = ncd_both_fit(fit->left_out, q, s.truth, s.n, n_classes);
    free(q);
    free(row);
    ncd_found_free(&found);
    ncd_left_out_free(&s);
    return status;
}
