/* SPDX-License-Identifier: MIT */
/*
 * The tables of the statistical model.
 *
 * What text in general looks like is told without regard to English. The shares
 * of letters and of bytes of UTF-8 are means over 521 languages, each with the
 * same weight (training part of the set udhr-langid: the Universal Declaration
 * of Human Rights), those of capitals, digits and punctuation and the
 * transitions half that, half means over the other sets' training texts. The
 * weights were fitted by coordinate descent on the mean logarithm of the size
 * of training texts of 11 sets, English, Swahili, Kirundi and many languages,
 * of 100 bytes to 30 KB.
 */
#include "codec/ppm_tables.h"

const uint8_t ncd_ppm_class[256] = {
    6,  6,  6,  6,  6,  6,  6,  6,  6,  1,  1,  6,  6,  1,  6,  6,  6,  6,  6,
    6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  0,  7,  7,  7,  7,  7,
    7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  5,  5,  5,  5,  5,  5,  5,  5,  5,
    5,  7,  7,  7,  7,  7,  7,  7,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,
    4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  7,  7,  7,  7,
    7,  7,  2,  3,  3,  3,  2,  3,  3,  3,  2,  3,  3,  3,  3,  3,  2,  3,  3,
    3,  3,  3,  2,  3,  3,  3,  3,  3,  7,  7,  7,  7,  6,  8,  8,  8,  8,  8,
    8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,
    8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,
    8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,
    8,  8,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,
    9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  10, 10, 10, 10,
    10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
    10, 10, 10, 10, 10, 10, 10, 10, 10};

const uint16_t ncd_ppm_transitions[NCD_PPM_CLASSES][NCD_PPM_CLASSES] = {
    {74, 28, 786, 2328, 367, 74, 12, 142, 36, 172, 77},
    {410, 247, 653, 896, 328, 409, 85, 409, 328, 206, 125},
    {807, 28, 430, 2473, 37, 44, 12, 149, 36, 59, 21},
    {618, 28, 2079, 980, 37, 45, 12, 125, 36, 114, 22},
    {304, 28, 1657, 1041, 694, 55, 12, 145, 36, 100, 24},
    {876, 28, 79, 203, 80, 2139, 12, 603, 36, 24, 16},
    {410, 247, 653, 896, 328, 409, 85, 409, 328, 206, 125},
    {2306, 28, 393, 646, 167, 120, 12, 317, 36, 47, 24},
    {504, 28, 479, 499, 146, 215, 12, 151, 1115, 497, 450},
    {45, 28, 69, 94, 36, 44, 12, 44, 3684, 24, 16},
    {45, 28, 69, 94, 36, 44, 12, 44, 3684, 24, 16}};

const uint16_t ncd_ppm_shares[256] = {
    137,  137, 137,  137, 137,  137, 137, 137,  137, 1366, 1365, 137, 137, 1365,
    137,  137, 137,  137, 137,  136, 136, 136,  136, 136,  136,  136, 136, 136,
    136,  136, 136,  136, 4096, 30,  72,  28,   13,  13,   29,   531, 83,  87,
    27,   13,  1097, 325, 1158, 56,  450, 1499, 617, 334,  230,  216, 176, 164,
    163,  247, 76,   79,  27,   14,  65,  127,  17,  341,  173,  176, 176, 198,
    84,   101, 154,  262, 87,   174, 153, 260,  274, 163,  136,  26,  127, 241,
    291,  134, 51,   186, 23,   83,  22,  11,   20,  12,   16,   12,  22,  1484,
    148,  128, 219,  731, 67,   171, 215, 874,  102, 291,  288,  260, 636, 503,
    142,  49,  270,  301, 363,  504, 73,  113,  40,  162,  58,   8,   12,  8,
    8,    136, 176,  110, 86,   76,  65,  49,   37,  47,   69,   42,  41,  91,
    65,   80,  23,   42,  37,   46,  27,  26,   90,  56,   34,   31,  29,  88,
    37,   94,  34,   33,  43,   28,  42,  70,   37,  35,   143,  51,  52,  69,
    80,   76,  77,   54,  32,   51,  71,  62,   136, 95,   61,   59,  83,  83,
    49,   39,  122,  52,  95,   69,  85,  103,  84,  47,   8,    8,   12,  700,
    107,  116, 19,   17,  15,   397, 49,  8,    135, 8,    64,   34,  982, 501,
    54,   63,  8,    46,  23,   97,  227, 166,  43,  62,   54,   8,   57,  8,
    1303, 618, 240,  157, 192,  338, 191, 147,  110, 55,   315,  44,  54,  20,
    8,    35,  149,  8,   8,    8,   8,   8,    8,   8,    8,    8,   8,   8,
    8,    8,   8,    8};

const uint8_t ncd_ppm_run_class[NCD_PPM_RUN_MAX + 1] = {
    0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5,
    5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6};

/* Of each order: discounts in 1/256, and weight. */
static const struct ncd_ppm_weights plain[NCD_PPM_ORDER + 1] = {
    {{0, 154, 171, 264}, 400}, {{0, 154, 249, 285}, 4}, {{0, 303, 363, 447}, 0},
    {{0, 208, 337, 357}, 0},   {{0, 261, 363, 385}, 0}, {{0, 242, 363, 447}, 0},
    {{0, 327, 490, 603}, 0}};

/* Factors to the discounts, 1/256: by run, and by how often a context was seen
 * behind which the same byte always came. */
static const uint16_t by_run[NCD_PPM_ORDER + 1][NCD_PPM_RUNS] = {
    {256, 42, 17, 7, 7, 7, 7, 256},
    {238, 238, 238, 256, 256, 256, 256, 4096},
    {256, 190, 190, 190, 190, 190, 190, 4096},
    {256, 297, 276, 256, 256, 256, 256, 4096},
    {256, 204, 238, 238, 238, 238, 238, 4096},
    {256, 256, 256, 256, 256, 256, 256, 4096},
    {204, 204, 166, 149, 126, 92, 67, 4096}};
static const uint16_t by_single[NCD_PPM_ORDER + 1][NCD_PPM_SINGLE] = {
    {256, 466, 256, 256, 256}, {256, 220, 90, 5, 1},
    {256, 190, 238, 220, 204}, {256, 238, 204, 204, 190},
    {256, 190, 163, 151, 130}, {256, 220, 151, 112, 104},
    {256, 220, 163, 121, 130}};

static struct ncd_ppm_weights scaled(const struct ncd_ppm_weights *weights,
                                     uint64_t factor)
{
    struct ncd_ppm_weights out = {.weight = weights->weight};
    for (unsigned i = 1; i <= 3; i++) {
        uint64_t discount = weights->discounts[i] * factor >> 16;
        uint64_t most = 256 * i - 3;
        discount = discount < most ? discount : most;
        out.discounts[i] = (uint16_t)(discount ? discount : 1);
    }
    return out;
}

void ncd_ppm_fill_weights(
    struct ncd_ppm_weights weights[NCD_PPM_ORDER + 1][NCD_PPM_RUNS]
                                  [NCD_PPM_SINGLE])
{
    for (int o = 0; o <= NCD_PPM_ORDER; o++)
        for (int r = 0; r < NCD_PPM_RUNS; r++)
            for (int s = 0; s < NCD_PPM_SINGLE; s++)
                weights[o][r][s] =
                    scaled(&plain[o], (uint64_t)by_run[o][r] * by_single[o][s]);
}
