/* SPDX-License-Identifier: MIT */
/* Softmax regression; see softmax.h. */
#include "classmodel/softmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classmodel/real.h"
#include "util/error.h"
#include "util/parallel.h"

#define HISTORY 10
#define MAX_STEPS 100
#define MAX_HALVINGS 30
#define ENOUGH 1e-7 /* relative decrease at which it has converged */

/* Sums are taken chunk by chunk, and the chunks' in order, so that they are the
 * same for any number of threads. */
#define N_CHUNKS 32

int ncd_softmax_freeze(double *w, unsigned char *frozen, size_t n)
{
    int any = 0;
    for (size_t k = 0; k < n; k++)
        if (w[k] < 0) {
            w[k] = 0;
            any = frozen[k] = 1;
        }
    return any;
}

/* Products of a pass over the data from which on threads save more than they
 * cost. */
#define MANY 100000

struct problem {
    const struct ncd_softmax_data *data;
    const struct ncd_softmax_prior *prior;
    unsigned threads;
    size_t n;         /* unknowns: weights, then biases */
    size_t n_biases;  /* n_classes, or 0 */
    const double *at; /* [n] */
    double *partial;  /* [N_CHUNKS][n + 1] gradient and loss */
    double *scores;   /* [N_CHUNKS][n_classes] */
};

float ncd_softmax_put(const double *values, size_t n, int16_t *x)
{
    double most = 0;
    for (size_t c = 0; c < n; c++)
        most = fabs(values[c]) > most ? fabs(values[c]) : most;
    float unit = (float)(most / INT16_MAX);
    for (size_t c = 0; c < n; c++) {
        double number = unit > 0 ? values[c] / (double)unit : 0;
        number += number < 0 ? -.5 : .5;
        x[c] = (int16_t)(number > INT16_MAX    ? INT16_MAX
                         : number < -INT16_MAX ? -INT16_MAX
                                               : number);
    }
    return unit;
}

/* Of the largest probability: less is 0. */
#define LEAST 1e-304

void ncd_softmax(double *scores, size_t n)
{
    double best = scores[0], sum = 0;
    for (size_t c = 1; c < n; c++)
        best = scores[c] > best ? scores[c] : best;
    /* A loop for each step, so that compilers take several classes at once. */
    for (size_t c = 0; c < n; c++) {
        double less = scores[c] - best;
        scores[c] = less < NCD_EXP_LEAST ? NCD_EXP_LEAST : less;
    }
    for (size_t c = 0; c < n; c++)
        scores[c] = ncd_exp_within(scores[c]);
    for (size_t c = 0; c < n; c++) {
        scores[c] = scores[c] < LEAST ? 0 : scores[c];
        sum += scores[c];
    }
    for (size_t c = 0; c < n; c++)
        scores[c] /= sum;
}

/* Features whose sums are taken at once, so that none waits for another. */
#define AT_ONCE 4

/* Adds the gradient of a case's features from k on. */
static void sum_rows(const struct ncd_softmax_data *d, const int16_t *x,
                     const float *units, size_t k, const double *q,
                     double *sums)
{
    size_t n = d->n_features - k < AT_ONCE ? d->n_features - k : AT_ONCE;
    const int16_t *rows[AT_ONCE];
    double found[AT_ONCE] = {0};
    for (size_t i = 0; i < AT_ONCE; i++)
        rows[i] = x + (k + (i < n ? i : 0)) % d->n_rows * d->n_classes;
    for (size_t c = 0; c < d->n_classes; c++)
        for (size_t i = 0; i < AT_ONCE; i++)
            found[i] += q[c] * rows[i][c];
    for (size_t i = 0; i < n; i++)
        sums[k + i] += (double)units[k + i] * found[i];
}

/* Adds a case's loss and gradient to sums; q: [n_classes] scratch. */
static void sum_case(const struct problem *p, size_t i, double *q, double *sums)
{
    const struct ncd_softmax_data *d = p->data;
    size_t n_classes = d->n_classes;
    const int16_t *x = d->x + i * d->n_rows * n_classes;
    const float *units = d->units + i * d->n_features;
    for (size_t c = 0; c < n_classes; c++)
        q[c] = c < p->n_biases ? p->at[d->n_features + c] : 0;
    for (size_t k = 0; k < d->n_features; k++) {
        const int16_t *row = x + k % d->n_rows * n_classes;
        double weight = p->at[k] * (double)units[k];
        for (size_t c = 0; c < n_classes; c++)
            q[c] += weight * row[c];
    }
    ncd_softmax(q, n_classes);
    double truth = q[d->truth[i]];
    sums[p->n] -= ncd_ln(truth > 1e-300 ? truth : 1e-300);
    q[d->truth[i]] -= 1;
    for (size_t k = 0; k < d->n_features; k += AT_ONCE)
        sum_rows(d, x, units, k, q, sums);
    for (size_t c = 0; c < p->n_biases; c++)
        sums[d->n_features + c] += q[c];
}

static ncd_status sum_chunk(void *job, size_t chunk, unsigned thread,
                            ncd_error *err)
{
    const struct problem *p = job;
    const struct ncd_softmax_data *d = p->data;
    size_t begin = chunk * d->n / N_CHUNKS, end = (chunk + 1) * d->n / N_CHUNKS;
    double *sums = p->partial + chunk * (p->n + 1);
    (void)thread;
    (void)err;
    memset(sums, 0, (p->n + 1) * sizeof *sums);
    for (size_t i = begin; i < end; i++)
        sum_case(p, i, p->scores + chunk * d->n_classes, sums);
    return NCD_OK;
}

/* Loss without and with the prior, and its gradient, at `at`. */
static double evaluate(struct problem *p, const double *at, double *gradient,
                       double *loss_out)
{
    p->at = at;
    ncd_parallel_for(N_CHUNKS, p->threads, sum_chunk, p, NULL, NULL);
    double scale = 1. / (double)p->data->n, loss = 0, prior = 0;
    memset(gradient, 0, p->n * sizeof *gradient);
    for (size_t chunk = 0; chunk < N_CHUNKS; chunk++) {
        const double *sums = p->partial + chunk * (p->n + 1);
        for (size_t i = 0; i < p->n; i++)
            gradient[i] += sums[i] * scale;
        loss += sums[p->n] * scale;
    }
    for (size_t i = 0; i < p->n; i++) {
        int is_weight = i < p->data->n_features;
        double off = at[i], strength = scale * p->prior->precision_b;
        if (is_weight) {
            off -= p->prior->means[i] / sqrt(p->prior->squares[i]);
            strength = scale * p->prior->precision_w * p->prior->squares[i];
        }
        gradient[i] += strength * off;
        if (is_weight && p->data->frozen && p->data->frozen[i])
            gradient[i] = 0;
        prior += strength * off * off / 2;
    }
    *loss_out = loss;
    return loss + prior;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The last steps and changes of the gradient, newest last. */
struct history {
    double *s, *y; /* [HISTORY][n] */
    double rho[HISTORY];
    size_t n_kept, n;
};

static void remember(struct history *h, const double *step,
                     const double *change)
{
    double curvature = dot(step, change, h->n);
    if (curvature <= 0)
        return;
    if (h->n_kept == HISTORY) {
        size_t nbytes = (HISTORY - 1) * h->n * sizeof *h->s;
        memmove(h->s, h->s + h->n, nbytes);
        memmove(h->y, h->y + h->n, nbytes);
        memmove(h->rho, h->rho + 1, (HISTORY - 1) * sizeof *h->rho);
        h->n_kept--;
    }
    memcpy(h->s + h->n_kept * h->n, step, h->n * sizeof *step);
    memcpy(h->y + h->n_kept * h->n, change, h->n * sizeof *change);
    h->rho[h->n_kept++] = 1 / curvature;
}

/* The gradient times the approximate inverse Hessian, in place: the two loops
 * of Nocedal 1980. */
static void direct(const struct history *h, double *q)
{
    double alpha[HISTORY];
    for (size_t i = h->n_kept; i-- > 0;) {
        alpha[i] = h->rho[i] * dot(h->s + i * h->n, q, h->n);
        for (size_t j = 0; j < h->n; j++)
            q[j] -= alpha[i] * h->y[i * h->n + j];
    }
    if (h->n_kept) {
        const double *y = h->y + (h->n_kept - 1) * h->n;
        double scale = 1 / (h->rho[h->n_kept - 1] * dot(y, y, h->n));
        for (size_t j = 0; j < h->n; j++)
            q[j] *= scale;
    }
    for (size_t i = 0; i < h->n_kept; i++) {
        double beta = h->rho[i] * dot(h->y + i * h->n, q, h->n);
        for (size_t j = 0; j < h->n; j++)
            q[j] += (alpha[i] - beta) * h->s[i * h->n + j];
    }
}

/* Vectors of the search, one allocation. */
struct vectors {
    double *at, *next, *gradient, *next_gradient, *direction;
};

/* One step of backtracking line search; 0 where there is no decrease left. */
static int step(struct problem *p, struct history *h, struct vectors *v,
                double *value, double *loss)
{
    size_t n = p->n;
    memcpy(v->direction, v->gradient, n * sizeof *v->gradient);
    direct(h, v->direction);
    double slope = dot(v->direction, v->gradient, n), length = 1, next_loss;
    for (int i = 0; i < MAX_HALVINGS; i++, length /= 2) {
        for (size_t j = 0; j < n; j++)
            v->next[j] = v->at[j] - length * v->direction[j];
        double next = evaluate(p, v->next, v->next_gradient, &next_loss);
        if (!(next <= *value - 1e-4 * length * slope))
            continue;
        for (size_t j = 0; j < n; j++) {
            v->at[j] = v->next[j] - v->at[j];
            v->direction[j] = v->next_gradient[j] - v->gradient[j];
        }
        remember(h, v->at, v->direction);
        memcpy(v->at, v->next, n * sizeof *v->at);
        memcpy(v->gradient, v->next_gradient, n * sizeof *v->gradient);
        int goes_on = *value - next > ENOUGH * fabs(next);
        *value = next;
        *loss = next_loss;
        return goes_on;
    }
    return 0;
}

static void search(struct problem *p, struct history *h, struct vectors *v,
                   double *loss)
{
    double value = evaluate(p, v->at, v->gradient, loss);
    for (int i = 0; i < MAX_STEPS && step(p, h, v, &value, loss); i++)
        ;
}

ncd_status ncd_softmax_fit(const struct ncd_softmax_data *data,
                           const struct ncd_softmax_prior *prior,
                           unsigned threads, double *w, double *b,
                           double *loss_out, ncd_error *err)
{
    size_t n_biases = b ? data->n_classes : 0;
    size_t n = data->n_features + n_biases;
    int is_small = data->n * data->n_features * data->n_classes < MANY;
    struct problem p = {.data = data,
                        .prior = prior,
                        .threads = is_small ? 1 : threads,
                        .n = n,
                        .n_biases = n_biases};
    double *memory = calloc((5 + 2 * HISTORY) * n, sizeof *memory);
    p.partial = calloc(N_CHUNKS * (n + 1), sizeof *p.partial);
    p.scores = calloc(N_CHUNKS * data->n_classes, sizeof *p.scores);
    ncd_status status = NCD_OK;
    if (memory && p.partial && p.scores) {
        struct vectors v = {memory, memory + n, memory + 2 * n, memory + 3 * n,
                            memory + 4 * n};
        struct history h = {
            .s = memory + 5 * n, .y = memory + (5 + HISTORY) * n, .n = n};
        memcpy(v.at, w, data->n_features * sizeof *w);
        if (b)
            memcpy(v.at + data->n_features, b, n_biases * sizeof *b);
        search(&p, &h, &v, loss_out);
        memcpy(w, v.at, data->n_features * sizeof *w);
        if (b)
            memcpy(b, v.at + data->n_features, n_biases * sizeof *b);
    } else {
        status = ncd_fail_nomem(err);
    }
    free(memory);
    free(p.partial);
    free(p.scores);
    return status;
}
