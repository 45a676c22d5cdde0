/* SPDX-License-Identifier: MIT */
/* Label names and their numbers; see labels.h. */
#include "text/labels.h"

#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

static int compare(const char *name, ncd_text text)
{
    size_t n = strlen(name);
    size_t shorter = n < text.nbytes ? n : text.nbytes;
    int order = shorter ? memcmp(name, text.bytes, shorter) : 0;
    if (order != 0)
        return order;
    return (n > text.nbytes) - (n < text.nbytes);
}

/* The place in `sorted` where the name is or belongs. */
static size_t place_of(const struct ncd_labels *labels, ncd_text name,
                       int *found)
{
    size_t low = 0, high = labels->n;
    *found = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(labels->names[labels->sorted[middle]], name);
        if (order == 0) {
            *found = 1;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int ncd_labels_find(const struct ncd_labels *labels, ncd_text name,
                    size_t *number_out)
{
    int found;
    size_t place = place_of(labels, name, &found);
    if (found)
        *number_out = labels->sorted[place];
    return found;
}

ncd_status ncd_labels_add(struct ncd_labels *labels, ncd_text name,
                          size_t *number_out)
{
    int found;
    size_t place = place_of(labels, name, &found);
    if (found) {
        *number_out = labels->sorted[place];
        return NCD_OK;
    }
    if (ncd_grow(&labels->names, &labels->names_capacity, labels->n + 1,
                 sizeof *labels->names) != NCD_OK ||
        ncd_grow(&labels->sorted, &labels->sorted_capacity, labels->n + 1,
                 sizeof *labels->sorted) != NCD_OK)
        return NCD_ERR_NOMEM;
    char *copy = malloc(name.nbytes + 1);
    if (!copy)
        return NCD_ERR_NOMEM;
    if (name.nbytes)
        memcpy(copy, name.bytes, name.nbytes);
    copy[name.nbytes] = 0;
    memmove(labels->sorted + place + 1, labels->sorted + place,
            (labels->n - place) * sizeof *labels->sorted);
    labels->sorted[place] = labels->n;
    labels->names[labels->n] = copy;
    *number_out = labels->n++;
    return NCD_OK;
}

void ncd_labels_clear(struct ncd_labels *labels)
{
    for (size_t i = 0; i < labels->n; i++)
        free(labels->names[i]);
    labels->n = 0;
}

void ncd_labels_free(struct ncd_labels *labels)
{
    ncd_labels_clear(labels);
    free(labels->names);
    free(labels->sorted);
    *labels = (struct ncd_labels){0};
}
