/* SPDX-License-Identifier: MIT */
/* Intervals of confidence; see ncdclass.h. */

#include <math.h>

#include "ncdclass.h"

#define Z_95 1.959963984540054

void ncd_share_interval(uint64_t n_correct, uint64_t n, double *low_out,
                        double *high_out)
{
    *low_out = 0;
    *high_out = 1;
    if (n == 0)
        return;
    double p = (double)n_correct / (double)n, z2n = Z_95 * Z_95 / (double)n;
    double centre = (p + z2n / 2) / (1 + z2n);
    double half = Z_95 * sqrt(p * (1 - p) / (double)n + z2n / (4 * (double)n)) /
                  (1 + z2n);
    /* At the ends the exact bound is p itself; rounding must not cross it. */
    *low_out = n_correct == 0 ? 0 : centre - half;
    *high_out = n_correct == n ? 1 : centre + half;
}

/* The 97.5 % quantile of Student's t. */
static double t_quantile(size_t freedom)
{
    static const double exact[] = {
        0,      12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469,
        2.3646, 2.3060,  2.2622, 2.2281, 2.2010, 2.1788, 2.1604,
        2.1448, 2.1314,  2.1199, 2.1098, 2.1009, 2.0930, 2.0860};
    if (freedom < sizeof exact / sizeof *exact)
        return exact[freedom];
    /* First terms of the expansion in 1/freedom around the normal quantile
     * (Fisher & Cornish 1960); good to four digits from 20 on. */
    double z = Z_95, v = (double)freedom;
    return z + (z * z * z + z) / (4 * v) +
           (5 * pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * v * v);
}

void ncd_mean_interval(const double *values, size_t n, double *mean_out,
                       double *half_width_out)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    *mean_out = n ? sum / (double)n : 0;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - *mean_out) * (values[i] - *mean_out);
    *half_width_out = 0;
    if (n >= 2)
        *half_width_out =
            t_quantile(n - 1) * sqrt(squares / (double)(n - 1) / (double)n);
}
