/* SPDX-License-Identifier: MIT */
/* Intervals of confidence. */
#ifndef NCD_EVAL_STATS_H
#define NCD_EVAL_STATS_H

#include "ncdclass.h"

/* 95 % interval of a share of n_correct in n (Wilson 1927); [0, 1] for n = 0.
 */
void ncd_wilson(uint64_t n_correct, uint64_t n, double *low_out,
                double *high_out);

#endif
