/* SPDX-License-Identifier: MIT */
/*
 * What the parts of making a table of counts share: counting in a shard
 * (counts_maker.c), putting the shards together (counts_join.c), and the whole
 * (counts_build.c).
 */
#ifndef NCD_CLASSMODEL_COUNTS_MAKER_H
#define NCD_CLASSMODEL_COUNTS_MAKER_H

#include <stdlib.h>

#include "classmodel/counts.h"

#define NCD_NONE UINT32_MAX

/* A shard in the making. */
struct ncd_maker {
    uint32_t *slots;
    size_t n_slots, n_nodes, n_postings;
    uint64_t *keys;
    uint32_t *n_in;             /* [n_nodes] */
    uint32_t *newest;           /* [n_nodes] the last of the texts it is in */
    uint32_t *last_text;        /* [n_nodes] counted; NCD_NONE: none yet */
    uint32_t *last;             /* [n_nodes] posting, of the highest class */
    uint32_t *classes, *counts; /* [n_postings] */
    uint32_t *previous;         /* [n_postings] of the same node; or NCD_NONE */
    size_t node_capacity[5], posting_capacity[3];
    /* Once all is counted: the postings stand node by node then, and what only
     * counting needs is gone. */
    uint32_t *first;   /* [n_nodes + 1] */
    uint32_t *order;   /* [n_nodes] of the nodes, by newest text and key */
    uint32_t *numbers; /* [n_nodes] in the table; NCD_NONE: not taken over */
};

/* The shards, and one more for what stays of the table before, whose keys and
 * postings are borrowed from it. */
#define NCD_STAYING NCD_N_SHARDS
#define NCD_N_MAKERS (NCD_N_SHARDS + 1)

struct ncd_build {
    struct ncd_counts *counts;
    const struct ncd_counts *before; /* may be NULL */
    const ncd_dataset *data;
    const size_t *order; /* [n] the texts to count, class by class */
    size_t n;
    struct ncd_maker makers[NCD_N_MAKERS];
    unsigned char *touched; /* [n nodes before] new texts have it */
};

static inline void ncd_give_back(uint32_t **array)
{
    free(*array);
    *array = NULL;
}

/* Whether so many nodes leave enough slots empty. */
static inline int ncd_slots_are_full(size_t n_nodes, size_t n_slots)
{
    return n_nodes >= n_slots / 4 * 3;
}

#define NCD_MIN_SLOTS 64

static inline void ncd_put_in_slot(uint32_t *slots, size_t n_slots,
                                   uint64_t key, uint32_t node)
{
    size_t i = ncd_key_slot(key, n_slots);
    while (slots[i] != NCD_NO_NODE)
        i = (i + 1) & (n_slots - 1);
    slots[i] = node;
}

/* Counts what is the shard's in the new texts: a task of an ncd_build. */
ncd_status ncd_maker_run(void *build, size_t shard, unsigned thread,
                         ncd_error *err);
void ncd_maker_free(struct ncd_maker *maker, int is_borrowed);

/* Makes the table of all shards, which are used up. Statuses: NOMEM, INPUT. */
ncd_status ncd_makers_join(struct ncd_build *build, ncd_error *err);

#endif
