/* SPDX-License-Identifier: MIT */
/*
 * Counts of an evaluation: a confusion matrix and what is derived from it. The
 * columns are the training labels, the only ones that can be predicted; the
 * rows also have the labels that only test texts carry.
 */
#ifndef NCD_EVAL_TALLY_H
#define NCD_EVAL_TALLY_H

#include "ncdclass.h"

struct ncd_tally {
    unsigned k;
    size_t n_columns;
    size_t n_rows;
    uint64_t *counts; /* [n_rows][n_columns] */
    size_t capacity;
    uint64_t n, n_correct, n_top2;
};

/* Counts one text; row and column are label numbers. Statuses: NOMEM. */
ncd_status ncd_tally_add(struct ncd_tally *tally, size_t row, size_t column,
                         int top2);

/* Support, predictions, hits, precision, recall and F1 of a label, which may
 * have no row or no column yet. label and in_training are left alone. */
void ncd_tally_class(const struct ncd_tally *tally, size_t label,
                     ncd_class_score *score);

/* Sums the tally up; n_labels counts all rows and columns. */
void ncd_tally_score(const struct ncd_tally *tally, size_t n_labels,
                     ncd_score *score_out);

uint64_t ncd_tally_count(const struct ncd_tally *tally, size_t row,
                         size_t column);
void ncd_tally_free(struct ncd_tally *tally);

#endif
