/* SPDX-License-Identifier: MIT */
/* Temperatures of texts; see temper.h. */
#include "classmodel/temper.h"

#include <math.h>
#include <stdlib.h>

#include "classmodel/softmax.h"
#include "util/error.h"

/* Keeps scores that are all but equal from being blown up. */
#define LEAST_SPREAD 0.1

/* Strength of the prior, in cases. Its means are 0: whoever has seen few texts
 * is unsure. (Draws of 5 and 10 texts a class from ten training sets, judged by
 * other training texts, want 16 rather than 1 or 6.) */
#define PRECISION 16

enum { PLAIN, SCALED, N_FACTORS };

static double spread_of(const double *scores, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t c = 0; c < n; c++)
        sum += scores[c];
    for (size_t c = 0; c < n; c++) {
        double off = scores[c] - sum / (double)n;
        squares += off * off;
    }
    return LEAST_SPREAD + sqrt(squares / (double)n);
}

double ncd_temper_scores(struct ncd_temper temper, double *scores, size_t n)
{
    double factor = temper.plain + temper.scaled / spread_of(scores, n);
    for (size_t c = 0; c < n; c++)
        scores[c] *= factor;
    return factor;
}

/* Both factors' features of a text, from its scores. */
static void put_features(const float *scores, size_t n, double *scratch,
                         float *x)
{
    for (size_t c = 0; c < n; c++)
        scratch[c] = (double)scores[c];
    double spread = spread_of(scratch, n);
    for (size_t c = 0; c < n; c++) {
        x[PLAIN * n + c] = scores[c];
        x[SCALED * n + c] = (float)(scratch[c] / spread);
    }
}

static ncd_status fit(struct ncd_softmax_data *data, unsigned threads,
                      struct ncd_temper *temper_out, ncd_error *err)
{
    double factors[N_FACTORS], loss;
    double means[N_FACTORS] = {0, 0}, squares[N_FACTORS] = {1, 1};
    struct ncd_softmax_prior prior = {means, squares, PRECISION, 0};
    unsigned char frozen[N_FACTORS] = {0};
    ncd_status status;
    data->frozen = frozen;
    do {
        factors[PLAIN] = !frozen[PLAIN];
        factors[SCALED] = 0;
        status =
            ncd_softmax_fit(data, &prior, threads, factors, NULL, &loss, err);
    } while (status == NCD_OK &&
             ncd_softmax_freeze(factors, frozen, N_FACTORS));
    *temper_out = (struct ncd_temper){factors[PLAIN], factors[SCALED]};
    /* Scores that say the opposite of the truth have nothing to scale. */
    if (factors[PLAIN] + factors[SCALED] <= 0)
        *temper_out = NCD_NO_TEMPER;
    return status;
}

ncd_status ncd_temper_fit(const float *scores, const uint32_t *truth, size_t n,
                          size_t n_classes, unsigned threads,
                          struct ncd_temper *temper_out, ncd_error *err)
{
    float *x = malloc((n * N_FACTORS * n_classes + 1) * sizeof *x);
    double *scratch = malloc((n_classes + 1) * sizeof *scratch);
    struct ncd_softmax_data data = {n, N_FACTORS, n_classes, x, truth, NULL};
    ncd_status status = x && scratch ? NCD_OK : ncd_fail_nomem(err);
    for (size_t i = 0; i < n && status == NCD_OK; i++)
        put_features(scores + i * n_classes, n_classes, scratch,
                     x + i * N_FACTORS * n_classes);
    if (status == NCD_OK)
        status = fit(&data, threads, temper_out, err);
    free(x);
    free(scratch);
    return status;
}
