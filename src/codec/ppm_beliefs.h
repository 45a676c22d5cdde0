/* SPDX-License-Identifier: MIT */
/* The tables of the statistical model, ready for use. */
#ifndef NCD_CODEC_PPM_BELIEFS_H
#define NCD_CODEC_PPM_BELIEFS_H

#include "codec/ppm_tables.h"

/* Of one order: discounts of counts of 0 (none), 1, 2, and more, each below the
 * count, in 1/256; weight of the next shorter order, in counts. */
struct ncd_ppm_weights {
    uint16_t discounts[4];
    uint16_t weight;
};

struct ncd_ppm_beliefs {
    uint8_t classes[256];
    uint16_t shares[256];
    /* Of the classes of the last byte but one and of the last, which row. */
    uint16_t row_of[NCD_PPM_CLASSES][NCD_PPM_CLASSES];
    uint16_t rows[NCD_PPM_ROWS][NCD_PPM_CLASSES]; /* 2^-16; each sums to 1 */
    struct ncd_ppm_weights weights[NCD_PPM_ORDER + 1][NCD_PPM_RUNS]
                                  [NCD_PPM_SINGLE];
};

/* The class of a byte, below NCD_PPM_CLASSES. */
unsigned ncd_ppm_class_of(unsigned byte);

void ncd_ppm_believe(struct ncd_ppm_beliefs *beliefs,
                     const struct ncd_ppm_tables *tables);

/* The probability of a byte behind two others in text in general, 2^-28; over
 * all 256 it sums to 1. */
static inline uint32_t ncd_ppm_prior(const struct ncd_ppm_beliefs *b,
                                     unsigned second_last, unsigned last,
                                     unsigned byte)
{
    unsigned row = b->row_of[b->classes[second_last]][b->classes[last]];
    return (uint32_t)b->rows[row][b->classes[byte]] * b->shares[byte];
}

#endif
