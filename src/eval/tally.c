/* SPDX-License-Identifier: MIT */
/* Counts of an evaluation; see tally.h. */
#include "eval/tally.h"

#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

ncd_status ncd_tally_add(struct ncd_tally *t, size_t row, size_t column,
                         int top2)
{
    if (row >= t->n_rows) {
        size_t have = t->n_rows * t->n_columns;
        size_t need = (row + 1) * t->n_columns;
        if (ncd_grow(&t->counts, &t->capacity, need, sizeof *t->counts) !=
            NCD_OK)
            return NCD_ERR_NOMEM;
        memset(t->counts + have, 0, (need - have) * sizeof *t->counts);
        t->n_rows = row + 1;
    }
    t->counts[row * t->n_columns + column]++;
    t->n++;
    t->n_correct += row == column;
    t->n_top2 += top2 != 0;
    return NCD_OK;
}

uint64_t ncd_tally_count(const struct ncd_tally *t, size_t row, size_t column)
{
    if (row >= t->n_rows || column >= t->n_columns)
        return 0;
    return t->counts[row * t->n_columns + column];
}

static double ratio(double numerator, double denominator)
{
    return denominator == 0 ? 0 : numerator / denominator;
}

void ncd_tally_class(const struct ncd_tally *t, size_t label,
                     ncd_class_score *score)
{
    score->support = score->n_predicted = 0;
    for (size_t c = 0; c < t->n_columns; c++)
        score->support += ncd_tally_count(t, label, c);
    for (size_t r = 0; r < t->n_rows; r++)
        score->n_predicted += ncd_tally_count(t, r, label);
    score->n_correct = ncd_tally_count(t, label, label);
    double correct = (double)score->n_correct;
    double support = (double)score->support;
    double predicted = (double)score->n_predicted;
    score->precision = ratio(correct, predicted);
    score->recall = ratio(correct, support);
    score->f1 = ratio(2 * correct, support + predicted);
}

void ncd_tally_score(const struct ncd_tally *t, size_t n_labels,
                     ncd_score *score_out)
{
    double sum_f1 = 0;
    size_t n_counted = 0;
    for (size_t label = 0; label < n_labels; label++) {
        ncd_class_score class;
        ncd_tally_class(t, label, &class);
        sum_f1 += class.f1;
        n_counted += class.support || class.n_predicted;
    }
    double n = (double)t->n;
    *score_out = (ncd_score){.k = t->k,
                             .n_correct = t->n_correct,
                             .accuracy = ratio((double)t->n_correct, n),
                             .macro_f1 = ratio(sum_f1, (double)n_counted),
                             .top2 = ratio((double)t->n_top2, n)};
    ncd_share_interval(t->n_correct, t->n, &score_out->accuracy_low,
                       &score_out->accuracy_high);
}

void ncd_tally_free(struct ncd_tally *t)
{
    free(t->counts);
}
