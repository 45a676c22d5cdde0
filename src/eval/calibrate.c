/* SPDX-License-Identifier: MIT */
/* Log loss, Brier score, calibration error and coverage; see calibrate.h. */
#include "eval/calibrate.h"

#include <math.h>

#define LEAST_PROBABILITY 0x1p-50

static const double thresholds[NCD_N_COVERAGES] = {0,   0.5, 0.6,  0.7,
                                                   0.8, 0.9, 0.95, 0.99};

void ncd_calibrate_begin(ncd_calibration *c)
{
    *c = (ncd_calibration){0};
    for (int i = 0; i < NCD_N_BINS; i++) {
        c->bins[i].low = (double)i / NCD_N_BINS;
        c->bins[i].high = (double)(i + 1) / NCD_N_BINS;
    }
    for (int i = 0; i < NCD_N_COVERAGES; i++)
        c->coverages[i].probability = thresholds[i];
}

void ncd_calibrate_add(ncd_calibration *c, const double *p, size_t n_classes,
                       size_t predicted, size_t label)
{
    double best = p[predicted], truth = label < n_classes ? p[label] : 0;
    double brier = label < n_classes ? 0 : 1;
    for (size_t i = 0; i < n_classes; i++)
        brier += (p[i] - (i == label)) * (p[i] - (i == label));
    c->n++;
    c->brier += brier;
    c->log_loss -= log2(truth > LEAST_PROBABILITY ? truth : LEAST_PROBABILITY);
    int bin = (int)ceil(best * NCD_N_BINS) - 1;
    bin = bin < 0 ? 0 : bin < NCD_N_BINS ? bin : NCD_N_BINS - 1;
    c->bins[bin].n++;
    c->bins[bin].n_correct += predicted == label;
    c->bins[bin].mean_probability += best;
    for (int i = 0; i < NCD_N_COVERAGES; i++) {
        c->coverages[i].n += best >= c->coverages[i].probability;
        c->coverages[i].n_correct +=
            best >= c->coverages[i].probability && predicted == label;
    }
}

void ncd_calibrate_end(ncd_calibration *c)
{
    if (c->n == 0)
        return;
    c->brier /= (double)c->n;
    c->log_loss /= (double)c->n;
    for (int i = 0; i < NCD_N_BINS; i++) {
        ncd_bin *b = &c->bins[i];
        c->ece += fabs((double)b->n_correct - b->mean_probability);
        if (b->n)
            b->mean_probability /= (double)b->n;
    }
    c->ece /= (double)c->n;
}
