/* SPDX-License-Identifier: MIT */
/*
 * Labelled texts in memory: all bytes in one buffer, and a few columns of
 * numbers, 32 bytes a text. The columns are open to the layers above, which
 * read them and, for loading a model, fill them.
 */
#ifndef NCD_TEXT_DATASET_H
#define NCD_TEXT_DATASET_H

#include "text/labels.h"
#include "util/buf.h"

struct ncd_dataset {
    struct ncd_labels labels;
    struct ncd_labels sources; /* file names, numbered the same way */
    struct ncd_buf bytes;
    size_t n;
    /* [n] where each text ends in `bytes`; it begins where the one before it
     * ends. */
    size_t *ends;
    uint64_t *lines;   /* [n] line in its source, 0: none */
    uint32_t *classes; /* [n] number in `labels` */
    uint32_t *origins; /* [n] number in `sources` */
    size_t ends_capacity, lines_capacity, classes_capacity, origins_capacity;
};

/* A row for the next nbytes bytes of the buffer, whose label and source have
 * numbers already. For those who fill the buffer themselves. */
ncd_status ncd_dataset_add_row(ncd_dataset *dataset, size_t nbytes,
                               uint32_t class, uint32_t origin, uint64_t line);

/* Number of the first text whose label is empty, or n. */
size_t ncd_dataset_first_unlabelled(const ncd_dataset *dataset);

/*
 * The numbers of all texts, class by class, shuffled within each class. Every
 * text gets a hash of its index and the seed; their order is the shuffle, which
 * therefore depends on nothing else. order_out[n].
 */
ncd_status ncd_dataset_shuffle(const ncd_dataset *dataset, uint64_t seed,
                               size_t *order_out, ncd_error *err);

/* A copy with the texts `chosen` names, in that order; their classes are
 * numbered anew. */
ncd_status ncd_dataset_select(const ncd_dataset *dataset, const size_t *chosen,
                              size_t n, ncd_dataset **copy_out, ncd_error *err);

#endif
