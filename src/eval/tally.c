/* SPDX-License-Identifier: MIT */
/* Counts of an evaluation; see tally.h. */
#include "eval/tally.h"

#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

/* The cell's slot, or the empty one where it belongs. */
static struct ncd_tally_cell *find(struct ncd_tally_cell *cells, size_t n_slots,
                                   uint32_t row, uint32_t column)
{
    /* Fibonacci hashing (Knuth): the upper half of the product is mixed. */
    uint64_t key = (uint64_t)row << 32 | column;
    uint64_t hash = (key ^ key >> 29) * 0x9e3779b97f4a7c15u;
    size_t i = (size_t)(hash >> 32) & (n_slots - 1);
    while (cells[i].n && (cells[i].row != row || cells[i].column != column))
        i = (i + 1) & (n_slots - 1);
    return &cells[i];
}

/* Makes the table twice as large. */
static ncd_status enlarge(struct ncd_tally *t)
{
    size_t n_slots = t->n_slots ? 2 * t->n_slots : 64;
    struct ncd_tally_cell *cells = calloc(n_slots, sizeof *cells);
    if (!cells)
        return NCD_ERR_NOMEM;
    for (size_t i = 0; i < t->n_slots; i++) {
        const struct ncd_tally_cell *old = &t->cells[i];
        if (old->n)
            *find(cells, n_slots, old->row, old->column) = *old;
    }
    free(t->cells);
    t->cells = cells;
    t->n_slots = n_slots;
    return NCD_OK;
}

static ncd_status make_labels(struct ncd_tally *t, size_t n)
{
    if (n <= t->n_labels)
        return NCD_OK;
    if (ncd_grow(&t->labels, &t->labels_capacity, n, sizeof *t->labels) !=
        NCD_OK)
        return NCD_ERR_NOMEM;
    memset(t->labels + t->n_labels, 0, (n - t->n_labels) * sizeof *t->labels);
    t->n_labels = n;
    return NCD_OK;
}

ncd_status ncd_tally_add(struct ncd_tally *t, size_t row, size_t column,
                         int top2)
{
    if (make_labels(t, (row > column ? row : column) + 1) != NCD_OK ||
        (2 * t->n_cells >= t->n_slots && enlarge(t) != NCD_OK))
        return NCD_ERR_NOMEM;
    struct ncd_tally_cell *cell =
        find(t->cells, t->n_slots, (uint32_t)row, (uint32_t)column);
    t->n_cells += cell->n == 0;
    *cell =
        (struct ncd_tally_cell){(uint32_t)row, (uint32_t)column, cell->n + 1};
    t->labels[row].support++;
    t->labels[column].n_predicted++;
    t->labels[row].n_correct += row == column;
    t->n++;
    t->n_correct += row == column;
    t->n_top2 += top2 != 0;
    return NCD_OK;
}

static double ratio(double numerator, double denominator)
{
    return denominator == 0 ? 0 : numerator / denominator;
}

void ncd_tally_class(const struct ncd_tally *t, size_t label,
                     ncd_class_score *score)
{
    struct ncd_tally_label counts = {0};
    if (label < t->n_labels)
        counts = t->labels[label];
    score->support = counts.support;
    score->n_predicted = counts.n_predicted;
    score->n_correct = counts.n_correct;
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
    free(t->labels);
    free(t->cells);
}
