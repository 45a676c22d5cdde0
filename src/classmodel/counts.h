/* SPDX-License-Identifier: MIT */
/*
 * How often each class has seen each gram: one table for all classes.
 *
 * A node is a gram with its count over all texts; its postings are the counts
 * of the classes that have seen it, in increasing order of classes, and no
 * others. So a class costs something only where it has seen a context, and 500
 * classes cost no more than 5 do.
 *
 * The table is built in shards by the hash of the key, each on one thread,
 * which is why neither its contents nor their order depend on the number of
 * threads. Nodes are numbered by falling number of texts, so that those that
 * texts ask for again and again lie close together in every array; those in
 * equally many texts by shard, and then by the newest of their texts, whose
 * grams so lie close together, too. Since texts are only ever added behind the
 * others, a gram without new texts keeps its place among its like: a table goes
 * on from that of the texts before as if it had been made of all.
 */
#ifndef NCD_CLASSMODEL_COUNTS_H
#define NCD_CLASSMODEL_COUNTS_H

#include "classmodel/grams.h"
#include "text/dataset.h"

#define NCD_NO_NODE UINT32_MAX
#define NCD_NO_CLASS UINT32_MAX

#define NCD_SHARD_BITS 3
#define NCD_N_SHARDS (1 << NCD_SHARD_BITS)

/* The nodes up to `end`, from that of the run before, are in n_in texts each.
 */
struct ncd_run {
    uint32_t n_in, end;
};

struct ncd_counts {
    size_t n_texts, n_classes, n_nodes, n_postings, n_runs;
    /* Hash table: shard s has the slots from slot_first[s] on, a power of two
     * many; a slot holds a node or NCD_NO_NODE. */
    size_t slot_first[NCD_N_SHARDS + 1];
    uint32_t *slots;
    uint64_t *keys;       /* [n_nodes] */
    uint32_t *totals;     /* [n_nodes] occurrences */
    struct ncd_run *runs; /* [n_runs] */
    uint32_t *first;      /* [n_nodes + 1] first posting */
    uint32_t *classes;    /* [n_postings] */
    uint32_t *counts;     /* [n_postings] occurrences in texts of the class */
    /* The empty context, that of the shortest windows and of words: places
     * where a character may begin, and words, of each class and of all. */
    uint64_t *places, *words; /* [n_classes] */
    uint64_t n_places, n_words;
};

/* Keys are hashes already: the uppermost bits of the hash choose the shard, the
 * lowest the slot. */
static inline unsigned ncd_key_shard(uint64_t key)
{
    return (unsigned)(key >> (NCD_KIND_SHIFT - NCD_SHARD_BITS)) &
           (NCD_N_SHARDS - 1);
}

static inline size_t ncd_key_slot(uint64_t key, size_t n_slots)
{
    return (size_t)(key >> NCD_KEY_FLAG_BITS) & (n_slots - 1);
}

/* Counts the texts whose `leave_out` is zero (NULL: all of them); the classes
 * are those of the data set. `before` may be the table of the first texts, as
 * many as it says: these are not read again, and the result is the same, to the
 * byte. Statuses: NOMEM, INPUT (2 GB of text or more, of which nothing here
 * overflows 32 bits), MODEL (the table before is of more texts or classes). */
ncd_status ncd_counts_build(struct ncd_counts *counts, const ncd_dataset *data,
                            const unsigned char *leave_out,
                            const struct ncd_counts *before, unsigned threads,
                            ncd_error *err);
void ncd_counts_free(struct ncd_counts *counts);

/* The node of a key, or NCD_NO_NODE. */
uint32_t ncd_counts_find(const struct ncd_counts *counts, uint64_t key);

/* Nodes of rows of a text, reused from text to text. */
struct ncd_rows {
    uint32_t *nodes;         /* [n][NCD_KINDS] */
    unsigned char *at_place; /* [n] whether a character begins there */
    size_t n, capacity, place_capacity;
    size_t n_places, n_words; /* of the text so far, see ncd_walk */
};

/* Finds the next n rows of a walk, or as many as are left, in place of those
 * that were there. Statuses: NOMEM. */
ncd_status ncd_rows_find(struct ncd_rows *rows, const struct ncd_counts *counts,
                         struct ncd_walk *walk, size_t n);
void ncd_rows_free(struct ncd_rows *rows);

/* What a class has counted of a node; 0 where it has not seen it. */
uint32_t ncd_counts_of(const struct ncd_counts *counts, uint32_t node,
                       uint32_t class);

#endif
