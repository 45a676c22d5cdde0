/* SPDX-License-Identifier: MIT */
/* See ppm_beliefs.h. All of it in whole numbers, the same everywhere. */
#include "codec/ppm_beliefs.h"

/* --- Text in general --- */

/* Classes behind those of the small letters. */
enum {
    CAPITAL = 26,
    DIGIT,
    BLANK,
    LINE_END,
    FULL_STOP,
    COMMA,
    JOINER, /* of words: hyphen and apostrophe */
    CONTROL,
    PUNCTUATION,
    UTF8
};

/* Continuation bytes by quarters, leading bytes by alphabets: Latin, its
 * supplements, accents and Greek, Cyrillic, the rest of two bytes, and by the
 * first of three or four. */
static unsigned class_in_utf8(unsigned byte)
{
    static const uint8_t borders[NCD_PPM_CLASSES - UTF8 - 1] = {
        0x90, 0xa0, 0xb0, 0xc0, 0xc4, 0xcc, 0xd0,
        0xd2, 0xe0, 0xe1, 0xe2, 0xe3, 0xf0};
    unsigned n = 0;
    for (unsigned i = 0; i < sizeof borders; i++)
        n += byte >= borders[i];
    return UTF8 + n;
}

unsigned ncd_ppm_class_of(unsigned byte)
{
    if (byte >= 0x80)
        return class_in_utf8(byte);
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a';
    if (byte >= 'A' && byte <= 'Z')
        return CAPITAL;
    if (byte >= '0' && byte <= '9')
        return DIGIT;
    switch (byte) {
    case ' ':
        return BLANK;
    case '\t':
    case '\n':
    case '\r':
        return LINE_END;
    case '.':
        return FULL_STOP;
    case ',':
        return COMMA;
    case '-':
    case '\'':
        return JOINER;
    default:
        return byte < ' ' || byte == 0x7f ? CONTROL : PUNCTUATION;
    }
}

/* What a letter of a row stands for, 2^-16. */
static uint32_t value_of(char letter)
{
    static const uint32_t quarters[4] = {65536, 55109, 46341, 38968};
    unsigned level =
        letter >= 'a' ? (unsigned)letter - 'a' : (unsigned)letter - 'A' + 26;
    return quarters[level % 4] >> level / 4;
}

/* The sum is at most 49 times 2^16, and no class gets nothing, so that the
 * largest is at least 2^16 / 49 and can make up for the rounding. */
static void fill_row(const char *levels, uint16_t row_out[NCD_PPM_CLASSES])
{
    uint64_t sum = 0;
    uint32_t rest = 65536;
    int largest = 0;
    for (int k = 0; k < NCD_PPM_CLASSES; k++)
        sum += value_of(levels[k]);
    for (int k = 0; k < NCD_PPM_CLASSES; k++) {
        uint64_t p = ((uint64_t)value_of(levels[k]) << 16) / sum;
        row_out[k] = (uint16_t)(p ? p : 1);
        rest -= row_out[k];
        largest = row_out[k] > row_out[largest] ? k : largest;
    }
    row_out[largest] = (uint16_t)(row_out[largest] + rest);
}

static void fill_rows(struct ncd_ppm_beliefs *b,
                      const struct ncd_ppm_row rows[NCD_PPM_ROWS])
{
    for (int i = 0; i < NCD_PPM_ROWS; i++) {
        unsigned first = b->classes[(unsigned char)rows[i].behind[0]];
        unsigned second = b->classes[(unsigned char)rows[i].behind[1]];
        fill_row(rows[i].levels, b->rows[i]);
        if (i < NCD_PPM_CLASSES)
            for (int k = 0; k < NCD_PPM_CLASSES; k++)
                b->row_of[k][first] = (uint16_t)i;
        else
            b->row_of[first][second] = (uint16_t)i;
    }
}

/* --- Counts --- */

/* Where hardly a byte was known, the text is of none of the kinds the tables
 * know either: how often each byte came tells more than they do. Noise costs a
 * fiftieth so, not a thirtieth. */
#define STRANGE_DIVISOR 64

static struct ncd_ppm_weights weights_of(const struct ncd_ppm_tables *tables,
                                         int order, int run, int single)
{
    int is_strange = run == NCD_PPM_RUNS - 1;
    struct ncd_ppm_weights out = {
        .weight = (uint16_t)(tables->weight[order] /
                             (is_strange ? STRANGE_DIVISOR : 1))};
    uint64_t factor =
        (uint64_t)tables->by_run[order][run] * tables->by_single[order][single];
    for (unsigned i = 1; i <= 3; i++) {
        uint64_t discount = tables->discounts[order][i - 1] * factor >> 16;
        uint64_t most = 256 * i - 3;
        discount = discount < most ? discount : most;
        out.discounts[i] = (uint16_t)(discount ? discount : 1);
    }
    return out;
}

void ncd_ppm_believe(struct ncd_ppm_beliefs *b,
                     const struct ncd_ppm_tables *tables)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        b->classes[byte] = (uint8_t)ncd_ppm_class_of(byte);
        b->shares[byte] = tables->shares[byte];
    }
    fill_rows(b, tables->rows);
    for (int o = 0; o <= NCD_PPM_ORDER; o++)
        for (int r = 0; r < NCD_PPM_RUNS; r++)
            for (int s = 0; s < NCD_PPM_SINGLE; s++)
                b->weights[o][r][s] = weights_of(tables, o, r, s);
}
