/* SPDX-License-Identifier: MIT */
/*
 * What the statistical model knows before it has seen a byte: what text in
 * general looks like, and how far counts are to be believed. ppm_tables.c says
 * where the numbers come from.
 */
#ifndef NCD_CODEC_PPM_TABLES_H
#define NCD_CODEC_PPM_TABLES_H

#include <stdint.h>

/* Bytes in the longest context; one more must fit in 7 bytes. */
#define NCD_PPM_ORDER 6

/* Classes of bytes: blanks, line ends, vowels, other small letters, capitals,
 * digits, control characters, punctuation; continuation and leading bytes of
 * UTF-8, of two and of more bytes. */
#define NCD_PPM_CLASSES 11
extern const uint8_t ncd_ppm_class[256];

/* Probability of a class after a class, and of a byte within its class, 2^-12;
 * each sums to 1. */
extern const uint16_t ncd_ppm_transitions[NCD_PPM_CLASSES][NCD_PPM_CLASSES];
extern const uint16_t ncd_ppm_shares[256];

/* How many bytes in a row the longest context has known, in classes. The last
 * class is for the opposite: hardly any of the last bytes, at least so many,
 * was known to a context of 2, and counts mean nothing. */
#define NCD_PPM_RUNS 8
#define NCD_PPM_STRANGE 48
#define NCD_PPM_RUN_MAX 32
extern const uint8_t ncd_ppm_run_class[NCD_PPM_RUN_MAX + 1];

/* Contexts behind which the same byte always came, so far 1, 2, 3, or more
 * times; 0: all other contexts. */
#define NCD_PPM_SINGLE 5

/* Of one order: discounts of counts of 0 (none), 1, 2, and more, each below the
 * count, in 1/256; weight of the next shorter order, in counts. */
struct ncd_ppm_weights {
    uint16_t discounts[4];
    uint16_t weight;
};

void ncd_ppm_fill_weights(
    struct ncd_ppm_weights weights[NCD_PPM_ORDER + 1][NCD_PPM_RUNS]
                                  [NCD_PPM_SINGLE]);

#endif
