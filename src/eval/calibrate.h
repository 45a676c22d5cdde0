/* SPDX-License-Identifier: MIT */
/* How far probabilities can be believed; the measures are described at
 * ncd_calibration in ncdclass.h. */
#ifndef NCD_EVAL_CALIBRATE_H
#define NCD_EVAL_CALIBRATE_H

#include "ncdclass.h"

/* Sums so far, in the struct that the results will stand in. */
void ncd_calibrate_begin(ncd_calibration *sums);

/* One text: its n_classes probabilities, and the numbers of the label with the
 * highest and of the true one, which may be beyond n_classes. */
void ncd_calibrate_add(ncd_calibration *sums, const double *probabilities,
                       size_t n_classes, size_t predicted, size_t label);

void ncd_calibrate_end(ncd_calibration *sums);

#endif
