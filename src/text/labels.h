/* SPDX-License-Identifier: MIT */
/*
 * Label names and their numbers. Numbers count from 0 in the order of first
 * appearance; a second, sorted index finds a name by bisection. Adding costs
 * O(number of labels), which is small beside the number of texts.
 */
#ifndef NCD_TEXT_LABELS_H
#define NCD_TEXT_LABELS_H

#include "ncdclass.h"

struct ncd_labels {
    char **names;   /* [n] NUL-terminated */
    size_t *sorted; /* [n] numbers in byte order of the names */
    size_t n, names_capacity, sorted_capacity;
};

/* The number of a label, adding it where it is new. Statuses: NOMEM. */
ncd_status ncd_labels_add(struct ncd_labels *labels, ncd_text name,
                          size_t *number_out);

/* Nonzero, and the number, where the label is known. */
int ncd_labels_find(const struct ncd_labels *labels, ncd_text name,
                    size_t *number_out);

/* Nonzero where a name can't be a label: it has a control character. */
int ncd_label_has_control(ncd_text name);

void ncd_labels_clear(struct ncd_labels *labels);
void ncd_labels_free(struct ncd_labels *labels);

#endif
