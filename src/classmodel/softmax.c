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
    size_t n;            /* unknowns: weights, then biases */
    size_t n_biases;     /* n_classes, or 0 */
    const double *at;    /* [n] */
    double *probability; /* [N_CHUNKS][n_classes] scratch */
    double *product;     /* the same */
    /* What is added up over the cases: so many sums, and how a case adds its
     * own, given its probabilities and scratch for one class each. */
    size_t n_sums;
    void (*add)(const struct problem *p, size_t i, double *probability,
                double *product, double *sums);
    double *partial; /* [N_CHUNKS][n_sums] */
    double *sums;    /* [n_sums] */
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

/* --- Sums over the cases --- */

static const int16_t *row_of(const struct ncd_softmax_data *d, size_t i,
                             size_t k)
{
    return d->x + (i * d->n_rows + k % d->n_rows) * d->n_classes;
}

static void find_probabilities(const struct problem *p, size_t i, double *q)
{
    const struct ncd_softmax_data *d = p->data;
    for (size_t c = 0; c < d->n_classes; c++)
        q[c] = c < p->n_biases ? p->at[d->n_features + c] : 0;
    for (size_t k = 0; k < d->n_features; k++) {
        const int16_t *row = row_of(d, i, k);
        double weight = p->at[k] * (double)d->units[i * d->n_features + k];
        for (size_t c = 0; c < d->n_classes; c++)
            q[c] += weight * row[c];
    }
    ncd_softmax(q, d->n_classes);
}

static ncd_status sum_chunk(void *job, size_t chunk, unsigned thread,
                            ncd_error *err)
{
    const struct problem *p = job;
    const struct ncd_softmax_data *d = p->data;
    size_t begin = chunk * d->n / N_CHUNKS, end = (chunk + 1) * d->n / N_CHUNKS;
    double *sums = p->partial + chunk * p->n_sums;
    double *q = p->probability + chunk * d->n_classes;
    (void)thread;
    (void)err;
    memset(sums, 0, p->n_sums * sizeof *sums);
    for (size_t i = begin; i < end; i++) {
        find_probabilities(p, i, q);
        p->add(p, i, q, p->product + chunk * d->n_classes, sums);
    }
    return NCD_OK;
}

/* Means over the cases of what they add. */
static void average(struct problem *p)
{
    double scale = 1. / (double)p->data->n;
    ncd_parallel_for(N_CHUNKS, p->threads, sum_chunk, p, NULL, NULL);
    memset(p->sums, 0, p->n_sums * sizeof *p->sums);
    for (size_t chunk = 0; chunk < N_CHUNKS; chunk++)
        for (size_t i = 0; i < p->n_sums; i++)
            p->sums[i] += p->partial[chunk * p->n_sums + i] * scale;
}

/* How strongly the prior holds unknown i. */
static double strength_of(const struct problem *p, size_t i)
{
    double scale = 1. / (double)p->data->n;
    return i < p->data->n_features
               ? scale * p->prior->precision_w * p->prior->squares[i]
               : scale * p->prior->precision_b;
}

static int is_frozen(const struct problem *p, size_t i)
{
    return i < p->data->n_features && p->data->frozen && p->data->frozen[i];
}

/* --- Loss and gradient --- */

/* Features whose sums are taken at once, so that none waits for another. */
#define AT_ONCE 4

/* Adds the gradient of a case's features from k on. */
static void add_rows(const struct ncd_softmax_data *d, size_t i, size_t k,
                     const double *q, double *sums)
{
    size_t n = d->n_features - k < AT_ONCE ? d->n_features - k : AT_ONCE;
    const float *units = d->units + i * d->n_features;
    const int16_t *rows[AT_ONCE];
    double found[AT_ONCE] = {0};
    for (size_t j = 0; j < AT_ONCE; j++)
        rows[j] = row_of(d, i, k + (j < n ? j : 0));
    for (size_t c = 0; c < d->n_classes; c++)
        for (size_t j = 0; j < AT_ONCE; j++)
            found[j] += q[c] * rows[j][c];
    for (size_t j = 0; j < n; j++)
        sums[k + j] += (double)units[k + j] * found[j];
}

/* A case's gradient, and behind it its loss. */
static void add_gradient(const struct problem *p, size_t i, double *q,
                         double *scratch, double *sums)
{
    const struct ncd_softmax_data *d = p->data;
    double truth = q[d->truth[i]];
    (void)scratch;
    sums[p->n] -= ncd_ln(truth > 1e-300 ? truth : 1e-300);
    q[d->truth[i]] -= 1;
    for (size_t k = 0; k < d->n_features; k += AT_ONCE)
        add_rows(d, i, k, q, sums);
    for (size_t c = 0; c < p->n_biases; c++)
        sums[d->n_features + c] += q[c];
}

/* Loss without and with the prior, and its gradient, at `at`. */
static double evaluate(struct problem *p, const double *at, double *gradient,
                       double *loss_out)
{
    double prior = 0;
    p->at = at;
    p->n_sums = p->n + 1;
    p->add = add_gradient;
    average(p);
    for (size_t i = 0; i < p->n; i++) {
        double off = at[i], strength = strength_of(p, i);
        if (i < p->data->n_features)
            off -= p->prior->means[i] / sqrt(p->prior->squares[i]);
        gradient[i] = is_frozen(p, i) ? 0 : p->sums[i] + strength * off;
        prior += strength * off * off / 2;
    }
    *loss_out = p->sums[p->n];
    return *loss_out + prior;
}

/* --- Curvature --- */

/*
 * The Hessian without what lies between weights and biases, or between one
 * bias and another. Weights of features that say much the same pull at each
 * other; searching along its inverse, they need a few steps in place of dozens.
 */
struct curvature {
    double *weights; /* [n_features][n_features] Cholesky's lower factor */
    double *biases;  /* [n_biases] */
};

/* A case's covariances of features, and variances of classes. */
static void add_curvature(const struct problem *p, size_t i, double *q,
                          double *product, double *sums)
{
    const struct ncd_softmax_data *d = p->data;
    const float *units = d->units + i * d->n_features;
    size_t n = d->n_features;
    double means[NCD_SOFTMAX_MOST];
    for (size_t k = 0; k < n; k++) {
        const int16_t *row = row_of(d, i, k);
        means[k] = 0;
        for (size_t c = 0; c < d->n_classes; c++) {
            product[c] = q[c] * row[c];
            means[k] += product[c];
        }
        for (size_t l = 0; l <= k; l++) {
            const int16_t *other = row_of(d, i, l);
            double square = 0;
            for (size_t c = 0; c < d->n_classes; c++)
                square += product[c] * other[c];
            sums[k * n + l] += (double)units[k] * (double)units[l] *
                               (square - means[k] * means[l]);
        }
    }
    for (size_t c = 0; c < p->n_biases; c++)
        sums[n * n + c] += q[c] * (1 - q[c]);
}

/* Cholesky's factor of a symmetric matrix, in place of its lower half. What is
 * not positive, by rounding, counts as next to nothing. */
static void factorise(double *m, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double least = 1e-12 * m[k * n + k];
        for (size_t l = 0; l <= k; l++) {
            double sum = m[k * n + l];
            for (size_t j = 0; j < l; j++)
                sum -= m[k * n + j] * m[l * n + j];
            if (l < k)
                m[k * n + l] = sum / m[l * n + l];
            else
                m[k * n + k] = sqrt(sum > least ? sum : least);
        }
    }
}

/* Solves for the vector in place, by a factor and by its transpose. */
static void solve(const double *m, size_t n, double *q)
{
    for (size_t k = 0; k < n; k++) {
        for (size_t l = 0; l < k; l++)
            q[k] -= m[k * n + l] * q[l];
        q[k] /= m[k * n + k];
    }
    for (size_t k = n; k-- > 0;) {
        for (size_t l = k + 1; l < n; l++)
            q[k] -= m[l * n + k] * q[l];
        q[k] /= m[k * n + k];
    }
}

static void measure(struct problem *p, const double *at,
                    struct curvature *curve)
{
    size_t n = p->data->n_features;
    p->at = at;
    p->n_sums = n * n + p->n_biases;
    p->add = add_curvature;
    average(p);
    for (size_t k = 0; k < n; k++) {
        for (size_t l = 0; l <= k; l++)
            curve->weights[k * n + l] =
                is_frozen(p, k) || is_frozen(p, l) ? 0 : p->sums[k * n + l];
        curve->weights[k * n + k] += strength_of(p, k);
    }
    factorise(curve->weights, n);
    for (size_t c = 0; c < p->n_biases; c++)
        curve->biases[c] = p->sums[n * n + c] + strength_of(p, n + c);
}

/* --- The search --- */

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

static void divide_by(const struct problem *p, const struct curvature *curve,
                      double *q)
{
    size_t n = p->data->n_features;
    solve(curve->weights, n, q);
    for (size_t c = 0; c < p->n_biases; c++)
        q[n + c] /= curve->biases[c];
}

/* The gradient times the approximate inverse Hessian, in place: the two loops
 * of Nocedal 1980, with the curvature in place of a multiple of identity. */
static void direct(const struct problem *p, const struct history *h,
                   const struct curvature *curve, double *q)
{
    double alpha[HISTORY];
    for (size_t i = h->n_kept; i-- > 0;) {
        alpha[i] = h->rho[i] * dot(h->s + i * h->n, q, h->n);
        for (size_t j = 0; j < h->n; j++)
            q[j] -= alpha[i] * h->y[i * h->n + j];
    }
    divide_by(p, curve, q);
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
static int step(struct problem *p, struct history *h,
                const struct curvature *curve, struct vectors *v, double *value,
                double *loss)
{
    size_t n = p->n;
    memcpy(v->direction, v->gradient, n * sizeof *v->gradient);
    direct(p, h, curve, v->direction);
    double slope = dot(v->direction, v->gradient, n), length = 1, next_loss;
    if (slope < ENOUGH * fabs(*value)) /* twice what there is to gain */
        return 0;
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

/* The curvature is that of where the search is, or was a few steps ago. */
static void search(struct problem *p, struct history *h,
                   struct curvature *curve, struct vectors *v, double *loss)
{
    double value = evaluate(p, v->at, v->gradient, loss);
    int goes_on = 1;
    for (int i = 0; i < MAX_STEPS && goes_on; i++) {
        if (i % HISTORY == 0) {
            measure(p, v->at, curve);
            h->n_kept = 0;
        }
        goes_on = step(p, h, curve, v, &value, loss);
    }
}

ncd_status ncd_softmax_fit(const struct ncd_softmax_data *data,
                           const struct ncd_softmax_prior *prior,
                           unsigned threads, double *w, double *b,
                           double *loss_out, ncd_error *err)
{
    size_t n_biases = b ? data->n_classes : 0, n_weights = data->n_features;
    size_t n = n_weights + n_biases, n_sums = n_weights * n_weights + n + 1;
    int is_small = data->n * data->n_features * data->n_classes < MANY;
    struct problem p = {.data = data,
                        .prior = prior,
                        .threads = is_small ? 1 : threads,
                        .n = n,
                        .n_biases = n_biases};
    size_t n_vectors = (5 + 2 * HISTORY) * n;
    size_t n_scratch = N_CHUNKS * data->n_classes;
    double *memory = calloc(n_vectors + 2 * n_scratch + (N_CHUNKS + 2) * n_sums,
                            sizeof *memory);
    if (!memory)
        return ncd_fail_nomem(err);
    struct vectors v = {memory, memory + n, memory + 2 * n, memory + 3 * n,
                        memory + 4 * n};
    struct history h = {
        .s = memory + 5 * n, .y = memory + (5 + HISTORY) * n, .n = n};
    p.probability = memory + n_vectors;
    p.product = p.probability + n_scratch;
    p.partial = p.product + n_scratch;
    p.sums = p.partial + N_CHUNKS * n_sums;
    struct curvature curve = {.weights = p.sums + n_sums,
                              .biases =
                                  p.sums + n_sums + n_weights * n_weights};
    memcpy(v.at, w, n_weights * sizeof *w);
    if (b)
        memcpy(v.at + n_weights, b, n_biases * sizeof *b);
    search(&p, &h, &curve, &v, loss_out);
    memcpy(w, v.at, n_weights * sizeof *w);
    if (b)
        memcpy(b, v.at + n_weights, n_biases * sizeof *b);
    free(memory);
    return NCD_OK;
}
