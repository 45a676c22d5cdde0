/* SPDX-License-Identifier: MIT */
/* Temperatures of texts; see temper.h. */
#include "classmodel/temper.h"

#include <math.h>

#include "classmodel/softmax.h"

/* Keeps scores that are all but equal from being blown up. */
#define LEAST_SPREAD 0.1

/* Strength of the prior, in cases. Its means are 0: whoever has seen few texts
 * is unsure. (Draws of 5 and 10 texts a class from ten training sets, judged by
 * other training texts, want 16 rather than 1 or 6.) */
#define PRECISION 16

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

void ncd_temper_put(struct ncd_temper_data *data, size_t i,
                    const double *scores)
{
    size_t n = data->n_classes;
    float unit = ncd_softmax_put(scores, n, data->x + i * n);
    data->units[i * NCD_N_FACTORS + NCD_PLAIN] = unit;
    data->units[i * NCD_N_FACTORS + NCD_SCALED] =
        (float)((double)unit / spread_of(scores, n));
}

ncd_status ncd_temper_fit(const struct ncd_temper_data *data, unsigned threads,
                          struct ncd_temper *temper_out, ncd_error *err)
{
    double factors[NCD_N_FACTORS], loss;
    double means[NCD_N_FACTORS] = {0, 0}, squares[NCD_N_FACTORS] = {1, 1};
    struct ncd_softmax_prior prior = {means, squares, PRECISION, 0};
    unsigned char frozen[NCD_N_FACTORS] = {0};
    struct ncd_softmax_data cases = {
        .n = data->n,
        .n_features = NCD_N_FACTORS,
        .n_rows = 1,
        .n_classes = data->n_classes,
        .x = data->x,
        .units = data->units,
        .truth = data->truth,
        .frozen = frozen,
    };
    ncd_status status;
    do {
        factors[NCD_PLAIN] = !frozen[NCD_PLAIN];
        factors[NCD_SCALED] = 0;
        status =
            ncd_softmax_fit(&cases, &prior, threads, factors, NULL, &loss, err);
    } while (status == NCD_OK &&
             ncd_softmax_freeze(factors, frozen, NCD_N_FACTORS));
    *temper_out = (struct ncd_temper){factors[NCD_PLAIN], factors[NCD_SCALED]};
    /* Scores that say the opposite of the truth have nothing to scale. */
    if (factors[NCD_PLAIN] + factors[NCD_SCALED] <= 0)
        *temper_out = NCD_NO_TEMPER;
    return status;
}
