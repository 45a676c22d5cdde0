/* SPDX-License-Identifier: MIT */
/* What the views of explanations share; see explain.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "explain.h"

/* Bits a byte, spared or told, that are shown as strongly as can be. */
#define FULL_BITS 6.

static size_t character(ncd_text text, size_t at)
{
    size_t n =
        utf8_length((const unsigned char *)text.bytes + at, text.nbytes - at);
    return n ? n : 1;
}

static int strength_of(double bits, double full)
{
    double share = bits / full;
    return (int)(100 * (share > 1 ? 1 : share < -1 ? -1 : share));
}

/* A character is shown as one, so its bytes' odds are added up. Relative to the
 * strongest character: texts differ in how much any one says. */
struct shade *shade_by_odds(const ncd_explanation *e)
{
    ncd_text text = ncd_explanation_text(e);
    const ncd_odds *odds = ncd_explanation_odds(e);
    struct shade *shades = calloc(text.nbytes + 1, sizeof *shades);
    double *bits = calloc(text.nbytes + 1, sizeof *bits), strongest = 1e-300;
    for (size_t i = 0, n; shades && bits && i < text.nbytes; i += n) {
        n = character(text, i);
        for (size_t j = 0; j < n; j++)
            bits[i] += odds->bytes[i + j];
        strongest = fabs(bits[i]) > strongest ? fabs(bits[i]) : strongest;
    }
    for (size_t i = 0; shades && bits && i < text.nbytes; i++)
        shades[i].strength = strength_of(bits[i], strongest);
    if (!bits) {
        free(shades);
        shades = NULL;
    }
    free(bits);
    return shades;
}

struct shade *shade_by_matches(const ncd_joint *joint, int of_test,
                               size_t nbytes)
{
    struct shade *shades = calloc(nbytes + 1, sizeof *shades);
    for (size_t i = 0; shades && i < joint->n_matches; i++) {
        const ncd_match *m = &joint->matches[i];
        double saved = (m->bits_alone - m->bits_joint) / (double)m->nbytes;
        int strength = strength_of(saved, FULL_BITS);
        size_t at = of_test ? m->test_offset : m->train_offset;
        if (strength < 1) /* shared all the same */
            strength = 1;
        /* Strings of the first text may overlap; the best one shows. */
        for (size_t j = at; j < at + m->nbytes; j++)
            if (shades[j].strength < strength)
                shades[j] = (struct shade){strength, i + 1};
    }
    return shades;
}

size_t shade_end(ncd_text text, const struct shade *shades, size_t at)
{
    size_t end = at;
    do
        end += character(text, end);
    while (end < text.nbytes && shades[end].strength == shades[at].strength &&
           shades[end].group == shades[at].group);
    return end;
}

/* --- Matches --- */

static int compare_saved(const void *a, const void *b)
{
    const ncd_match *x = *(const ncd_match *const *)a;
    const ncd_match *y = *(const ncd_match *const *)b;
    double saved_x = x->bits_alone - x->bits_joint;
    double saved_y = y->bits_alone - y->bits_joint;
    if (saved_x != saved_y)
        return saved_x > saved_y ? -1 : 1;
    if (x->nbytes != y->nbytes)
        return x->nbytes > y->nbytes ? -1 : 1;
    return x < y ? -1 : 1;
}

const ncd_match **matches_by_bits(const ncd_joint *joint)
{
    const ncd_match **sorted = calloc(joint->n_matches + 1, sizeof *sorted);
    for (size_t i = 0; sorted && i < joint->n_matches; i++)
        sorted[i] = &joint->matches[i];
    if (sorted)
        qsort(sorted, joint->n_matches, sizeof *sorted, compare_saved);
    return sorted;
}

/* --- Words --- */

static int in_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || c >= 128;
}

static int compare_words(const void *a, const void *b)
{
    const struct told_word *x = a, *y = b;
    if (fabs(x->bits) != fabs(y->bits))
        return fabs(x->bits) > fabs(y->bits) ? -1 : 1;
    return x->at < y->at ? -1 : 1;
}

struct told_word *words_by_odds(const ncd_explanation *e, size_t most,
                                size_t *n_out, double *rest_out)
{
    ncd_text text = ncd_explanation_text(e);
    const unsigned char *b = text.bytes;
    const double *bytes = ncd_explanation_odds(e)->bytes;
    struct told_word *words = calloc(text.nbytes / 2 + 1, sizeof *words);
    size_t n = 0;
    double rest = 0;
    for (size_t i = 0; words && i < text.nbytes; i++) {
        if (!in_word(b[i])) {
            rest += bytes[i];
            continue;
        }
        if (i == 0 || !in_word(b[i - 1]))
            words[n++] = (struct told_word){.at = i};
        words[n - 1].nbytes++;
        words[n - 1].bits += bytes[i];
    }
    if (!words)
        return NULL;
    qsort(words, n, sizeof *words, compare_words);
    for (; n > most; n--)
        rest += words[n - 1].bits;
    *n_out = n;
    *rest_out = rest;
    return words;
}

struct shade *shade_words_by_odds(const ncd_explanation *e)
{
    size_t n;
    double rest;
    struct told_word *words = words_by_odds(e, SIZE_MAX, &n, &rest);
    struct shade *shades =
        calloc(ncd_explanation_text(e).nbytes + 1, sizeof *shades);
    for (size_t i = 0; words && shades && i < n; i++)
        for (size_t j = words[i].at; j < words[i].at + words[i].nbytes; j++)
            shades[j] = (struct shade){
                strength_of(words[i].bits, fabs(words[0].bits)), 0};
    if (!words) {
        free(shades);
        shades = NULL;
    }
    free(words);
    return shades;
}

/* --- Bills --- */

const char *bill_name(ncd_order order, int row)
{
    static const char *const names[N_BILL_ROWS] = {
        "the text", "separator", "the neighbour", "code tables", "frame"};
    if (order == NCD_ORDER_TRAIN_FIRST && row <= 2)
        row = 2 - row;
    return names[row];
}

double bill_row(const ncd_bill *bill, int row)
{
    const double rows[N_BILL_ROWS] = {bill->first, bill->separator,
                                      bill->second, bill->tables, bill->frame};
    return rows[row];
}

double bill_sum(const ncd_bill *bill)
{
    double sum = 0;
    for (int row = 0; row < N_BILL_ROWS; row++)
        sum += bill_row(bill, row);
    return sum;
}

const char *distance_formula(ncd_distance distance, const ncd_pair *pair,
                             char out[128])
{
    double x = pair->size_x, y = pair->size_y, xy = pair->size_xy;
    double less = x < y ? x : y, more = x < y ? y : x;
    switch (distance) {
    case NCD_DISTANCE_CDM:
        snprintf(out, 128, "%.6g / (%.6g + %.6g)", xy, x, y);
        break;
    case NCD_DISTANCE_CLM:
        snprintf(out, 128, "1 - (%.6g + %.6g - %.6g) / %.6g", x, y, xy, xy);
        break;
    case NCD_DISTANCE_COND:
        snprintf(out, 128, "(%.6g - %.6g) / %.6g", xy, y, x);
        break;
    case NCD_DISTANCE_NCD:
        snprintf(out, 128, "(%.6g - %.6g) / %.6g", xy, less, more);
        break;
    }
    return out;
}

const char *origin_of(const ncd_model *model, size_t index, char *out,
                      size_t room)
{
    const ncd_dataset *data = ncd_model_dataset(model);
    snprintf(out, room, "%s:%llu", ncd_dataset_source(data, index),
             (unsigned long long)ncd_dataset_line(data, index));
    return out;
}

const char *insight_told(ncd_insight insight)
{
    switch (insight) {
    case NCD_INSIGHT_PARSE:
        return "as the compressor found it";
    case NCD_INSIGHT_MODEL:
        return "bits as the compressor's model gives them, strings by "
               "comparison";
    case NCD_INSIGHT_NONE:
        break;
    }
    return "strings by comparison; this compressor does not tell what it "
           "found";
}
