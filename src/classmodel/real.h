/* SPDX-License-Identifier: MIT */
/*
 * Logarithm and exponential from the four operations alone. A label may hang on
 * the last bit of a code length, and C libraries differ there; these give the
 * same bits wherever doubles are IEEE's.
 */
#ifndef NCD_CLASSMODEL_REAL_H
#define NCD_CLASSMODEL_REAL_H

#include <stdint.h>
#include <string.h>

#define NCD_LN2 0.693147180559945309417

/* Natural logarithm of a positive, finite, normal x. With x = m 2^e and m in
 * [sqrt(1/2), sqrt(2)), ln m = 2 artanh((m - 1) / (m + 1)), whose series is cut
 * where what is left is below 1e-15. */
static inline double ncd_ln(double x)
{
    uint64_t bits;
    double m;
    memcpy(&bits, &x, sizeof bits);
    /* Shifts the border between two exponents from 1 to sqrt(1/2). */
    uint64_t shifted = bits - UINT64_C(0x3fe6a09e667f3bcd);
    int64_t e = (int64_t)shifted >> 52;
    bits -= (uint64_t)e << 52;
    memcpy(&m, &bits, sizeof m);
    double s = (m - 1) / (m + 1), q = s * s;
    double series =
        1 + q * (1. / 3 +
                 q * (1. / 5 +
                      q * (1. / 7 +
                           q * (1. / 9 +
                                q * (1. / 11 +
                                     q * (1. / 13 +
                                          q * (1. / 15 + q * (1. / 17))))))));
    return (double)e * NCD_LN2 + 2 * s * series;
}

#define NCD_EXP_LEAST (-700.) /* e^x is near the smallest normal number */

/* e^x for x of NCD_EXP_LEAST to 700. With x = k ln 2 + r and |r| <= ln 2 / 2,
 * Taylor's series of e^r is cut where what is left is below 1e-14. The last bit
 * of a number as large as `whole` is worth 1, so that adding it rounds x / ln 2
 * and leaves k in the low bits: with neither a branch nor a conversion, loops
 * can take several x at once. */
static inline double ncd_exp_within(double x)
{
    static const double inverse[] = {1,       1,       1. / 2, 1. / 3, 1. / 4,
                                     1. / 5,  1. / 6,  1. / 7, 1. / 8, 1. / 9,
                                     1. / 10, 1. / 11, 1. / 12};
    const double whole = 0x1.8p52;
    double rounded = x * (1 / NCD_LN2) + whole, power;
    double r = x - (rounded - whole) * NCD_LN2, sum = 1;
    for (int i = 12; i >= 1; i--)
        sum = 1 + sum * (r * inverse[i]);
    uint64_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    bits = (bits + 1023) << 52;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

/* e^x, 0 below NCD_EXP_LEAST; x below 700. */
static inline double ncd_exp(double x)
{
    return x < NCD_EXP_LEAST ? 0 : ncd_exp_within(x);
}

#endif
