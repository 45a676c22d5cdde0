/* SPDX-License-Identifier: MIT */
/*
 * Counts of an evaluation: a confusion matrix and what is derived from it. The
 * rows are true labels, the columns predicted ones. Only the cells that count
 * something are kept, since a set of many labels fills few of them.
 */
#ifndef NCD_EVAL_TALLY_H
#define NCD_EVAL_TALLY_H

#include "ncdclass.h"

struct ncd_tally_cell {
    uint32_t row, column;
    uint64_t n; /* 0: an empty slot */
};

struct ncd_tally_label {
    uint64_t support, n_predicted, n_correct;
};

struct ncd_tally {
    unsigned k;
    struct ncd_tally_label *labels; /* [n_labels] those counted so far */
    size_t n_labels, labels_capacity;
    struct ncd_tally_cell *cells; /* [n_slots] hash table; 0, or a power of 2 */
    size_t n_slots, n_cells;
    uint64_t n, n_correct, n_top2;
};

/* Counts one text; row and column are label numbers below 2^32. Statuses:
 * NOMEM. */
ncd_status ncd_tally_add(struct ncd_tally *tally, size_t row, size_t column,
                         int top2);

/* Support, predictions, hits, precision, recall and F1 of a label, which may
 * not have been counted yet. label and in_training are left alone. */
void ncd_tally_class(const struct ncd_tally *tally, size_t label,
                     ncd_class_score *score);

/* Sums the tally up; n_labels counts all rows and columns. */
void ncd_tally_score(const struct ncd_tally *tally, size_t n_labels,
                     ncd_score *score_out);

void ncd_tally_free(struct ncd_tally *tally);

#endif
