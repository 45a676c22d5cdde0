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

/* e^x, 0 where it would be less than the smallest normal number; x below 700.
 * With x = k ln 2 + r and |r| <= ln 2 / 2, Taylor's series of e^r is cut where
 * what is left is below 1e-14. */
static inline double ncd_exp(double x)
{
    static const double inverse[] = {1,       1,       1. / 2, 1. / 3, 1. / 4,
                                     1. / 5,  1. / 6,  1. / 7, 1. / 8, 1. / 9,
                                     1. / 10, 1. / 11, 1. / 12};
    if (x < -700)
        return 0;
    int64_t k = (int64_t)(x * (1 / NCD_LN2) + (x < 0 ? -0.5 : 0.5));
    double r = x - (double)k * NCD_LN2, sum = 1, power;
    for (int i = 12; i >= 1; i--)
        sum = 1 + sum * (r * inverse[i]);
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

#endif
