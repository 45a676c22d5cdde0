/* SPDX-License-Identifier: MIT */
/* Looking up in the table of counts; see counts.h, and counts_build.c for how
 * it is made. */
#include "classmodel/counts.h"

#include <stdlib.h>
#include <string.h>

#include "util/prefetch.h"

/* Where the search for a key begins. */
static const uint32_t *first_slot(const struct ncd_counts *c, uint64_t key)
{
    unsigned shard = ncd_key_shard(key);
    size_t n_slots = c->slot_first[shard + 1] - c->slot_first[shard];
    return c->slots + c->slot_first[shard] + ncd_key_slot(key, n_slots);
}

uint32_t ncd_counts_find(const struct ncd_counts *c, uint64_t key)
{
    unsigned shard = ncd_key_shard(key);
    const uint32_t *slots = c->slots + c->slot_first[shard];
    size_t n_slots = c->slot_first[shard + 1] - c->slot_first[shard];
    for (size_t i = ncd_key_slot(key, n_slots);; i = (i + 1) & (n_slots - 1))
        if (slots[i] == NCD_NO_NODE || c->keys[slots[i]] == key)
            return slots[i];
}

void ncd_counts_free(struct ncd_counts *c)
{
    free(c->slots);
    free(c->keys);
    free(c->totals);
    free(c->runs);
    free(c->first);
    free(c->classes);
    free(c->counts);
    free(c->places);
    free(c->words);
    *c = (struct ncd_counts){0};
}

uint32_t ncd_counts_of(const struct ncd_counts *c, uint32_t node,
                       uint32_t class)
{
    for (uint32_t p = c->first[node]; p < c->first[node + 1]; p++)
        if (c->classes[p] == class)
            return c->counts[p];
    return 0;
}

/* --- Rows --- */

/* Rows are found in three steps, each so many rows behind the one before it
 * that the memory it asks for has come: the slots, the keys in them, the
 * nodes. */
#define BEHIND 6
#define N_WAITING 16 /* a power of two above 2 BEHIND */

static void ask_for_slots(const struct ncd_counts *c, const uint64_t *keys)
{
    for (int kind = 0; kind < NCD_KINDS; kind++)
        if (keys[kind] != NCD_NO_KEY)
            NCD_PREFETCH(first_slot(c, keys[kind]));
}

static void ask_for_keys(const struct ncd_counts *c, const uint64_t *keys)
{
    for (int kind = 0; kind < NCD_KINDS; kind++) {
        if (keys[kind] == NCD_NO_KEY)
            continue;
        uint32_t node = *first_slot(c, keys[kind]);
        if (node != NCD_NO_NODE)
            NCD_PREFETCH(&c->keys[node]);
    }
}

static void find_row(const struct ncd_counts *c, const uint64_t *keys,
                     uint32_t *out)
{
    /* A window that was never seen is part of no longer one that was. */
    uint32_t found = 0;
    for (int kind = 0; kind < NCD_WINDOWS; kind++)
        out[kind] = found = found == NCD_NO_NODE || keys[kind] == NCD_NO_KEY
                                ? NCD_NO_NODE
                                : ncd_counts_find(c, keys[kind]);
    out[NCD_WORD] = out[NCD_PAIR] = NCD_NO_NODE;
    if (keys[NCD_WORD] != NCD_NO_KEY)
        out[NCD_WORD] = ncd_counts_find(c, keys[NCD_WORD]);
    if (keys[NCD_PAIR] != NCD_NO_KEY && out[NCD_WORD] != NCD_NO_NODE)
        out[NCD_PAIR] = ncd_counts_find(c, keys[NCD_PAIR]);
}

ncd_status ncd_rows_find(struct ncd_rows *rows, const struct ncd_counts *c,
                         struct ncd_walk *walk, size_t n)
{
    uint64_t waiting[N_WAITING][NCD_KINDS];
    size_t n_left = ncd_walk_n_rows(walk->n) - walk->row;
    rows->n = n < n_left ? n : n_left;
    if (ncd_grow(&rows->nodes, &rows->capacity, rows->n * NCD_KINDS,
                 sizeof *rows->nodes) != NCD_OK ||
        ncd_grow(&rows->at_place, &rows->place_capacity, rows->n, 1) != NCD_OK)
        return NCD_ERR_NOMEM;
    for (size_t i = 0; i < rows->n + 2 * BEHIND; i++) {
        size_t j = i - BEHIND, k = j - BEHIND;
        if (i < rows->n) {
            rows->at_place[i] = (unsigned char)ncd_walk_at_place(walk);
            ncd_walk_next(walk, waiting[i % N_WAITING]);
            ask_for_slots(c, waiting[i % N_WAITING]);
        }
        if (i >= BEHIND && j < rows->n)
            ask_for_keys(c, waiting[j % N_WAITING]);
        if (i >= 2 * BEHIND)
            find_row(c, waiting[k % N_WAITING], rows->nodes + k * NCD_KINDS);
    }
    rows->n_places = walk->n_places;
    rows->n_words = walk->n_words;
    return NCD_OK;
}

void ncd_rows_free(struct ncd_rows *rows)
{
    free(rows->nodes);
    free(rows->at_place);
    *rows = (struct ncd_rows){0};
}
