/* SPDX-License-Identifier: MIT */
/*
 * What the statistical model believes before it has seen a byte, as fitted by
 * tools/ppm_fit, which writes ppm_tables.c: what text in general looks like,
 * and how far counts are to be believed. ppm_beliefs.h makes it ready for use.
 */
#ifndef NCD_CODEC_PPM_TABLES_H
#define NCD_CODEC_PPM_TABLES_H

#include <stdint.h>

/* Bytes in the longest context; one more must fit in 7 bytes. */
#define NCD_PPM_ORDER 6

/* Classes of bytes: each small letter, and what ncd_ppm_class_of says. */
#define NCD_PPM_CLASSES 49

/* How many bytes in a row the longest context has known: 0, 1, 2 to 3, 4 to 7,
 * and so on, 32 and more. The last class is for the opposite: hardly any of the
 * last bytes, at least so many, was known to a context of 2, and counts mean
 * nothing. */
#define NCD_PPM_RUNS 8
#define NCD_PPM_STRANGE 96
#define NCD_PPM_RUN_MAX 32

/* Contexts behind which the same byte always came, so far 1, 2, 3, or more
 * times; 0: all other contexts. */
#define NCD_PPM_SINGLE 5

/* How probable each class of the next byte is, behind a byte or two of given
 * classes: 'a' stands for 1, every letter on for 2^(-1/4) of it, 'A' to 'Z' for
 * what is below 'z'. What they stand for need not sum to 1. */
struct ncd_ppm_row {
    char behind[3]; /* a byte of each class */
    char levels[NCD_PPM_CLASSES + 1];
};

/* The first rows are behind one byte of every class; others are for pairs whose
 * bytes tell more than the last alone. */
#define NCD_PPM_PAIRS 512
#define NCD_PPM_ROWS (NCD_PPM_CLASSES + NCD_PPM_PAIRS)

#define NCD_PPM_WEIGHT_MAX 4095

struct ncd_ppm_tables {
    const char *fitted_on; /* names of sets, of which the training texts */
    struct ncd_ppm_row rows[NCD_PPM_ROWS];
    /* Of a byte within its class, 2^-12; they sum to 1. */
    uint16_t shares[256];
    /* Of each order: the weight of the next shorter one, in counts; discounts
     * of counts of 1, 2, and more, in 1/256, and factors to all three, in
     * 1/256, too. */
    uint16_t weight[NCD_PPM_ORDER + 1];
    uint16_t discounts[NCD_PPM_ORDER + 1][3];
    uint16_t by_run[NCD_PPM_ORDER + 1][NCD_PPM_RUNS];
    uint16_t by_single[NCD_PPM_ORDER + 1][NCD_PPM_SINGLE];
};

extern const struct ncd_ppm_tables ncd_ppm_tables;

#endif
