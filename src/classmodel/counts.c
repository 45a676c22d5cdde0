/* SPDX-License-Identifier: MIT */
/* The table of counts; see counts.h. */
#include "classmodel/counts.h"

#include <stdlib.h>
#include <string.h>

#include "util/error.h"
#include "util/parallel.h"
#include "util/prefetch.h"

/* A shard in the making. Texts come class by class, so that the posting of the
 * present class is the last one of its node. */
struct maker {
    uint32_t *slots;
    size_t n_slots, n_nodes, n_postings;
    uint64_t *keys;
    uint32_t *n_in;             /* [n_nodes] */
    uint32_t *last_text;        /* [n_nodes]; at last the node's number */
    uint32_t *last;             /* [n_nodes] posting, UINT32_MAX: none */
    uint32_t *classes, *counts; /* [n_postings] */
    uint32_t *previous;         /* [n_postings] of the same node */
    size_t node_capacity[4], posting_capacity[3];
    /* [n_nodes + 1] once all is counted: the postings stand node by node then,
     * and `last` and `previous` are gone. */
    uint32_t *first;
};

struct build {
    struct ncd_counts *counts;
    const ncd_dataset *data;
    const size_t *order; /* [n texts] of those to count, class by class */
    size_t n;
    struct maker *makers; /* [NCD_N_SHARDS] */
};

/* --- Hashing --- */

/* Keys are hashes already: the uppermost bits of the hash choose the shard, the
 * lowest the slot. */
static unsigned shard_of(uint64_t key)
{
    return (unsigned)(key >> (NCD_KIND_SHIFT - NCD_SHARD_BITS)) &
           (NCD_N_SHARDS - 1);
}

static size_t slot_of(uint64_t key, size_t n_slots)
{
    return (size_t)(key >> NCD_KEY_FLAG_BITS) & (n_slots - 1);
}

/* Where the search for a key begins. */
static const uint32_t *first_slot(const struct ncd_counts *c, uint64_t key)
{
    unsigned shard = shard_of(key);
    size_t n_slots = c->slot_first[shard + 1] - c->slot_first[shard];
    return c->slots + c->slot_first[shard] + slot_of(key, n_slots);
}

uint32_t ncd_counts_find(const struct ncd_counts *c, uint64_t key)
{
    unsigned shard = shard_of(key);
    const uint32_t *slots = c->slots + c->slot_first[shard];
    size_t n_slots = c->slot_first[shard + 1] - c->slot_first[shard];
    for (size_t i = slot_of(key, n_slots);; i = (i + 1) & (n_slots - 1))
        if (slots[i] == NCD_NO_NODE || c->keys[slots[i]] == key)
            return slots[i];
}

/* --- Building a shard --- */

static void maker_free(struct maker *m)
{
    free(m->slots);
    free(m->keys);
    free(m->n_in);
    free(m->last_text);
    free(m->last);
    free(m->classes);
    free(m->counts);
    free(m->previous);
    free(m->first);
    *m = (struct maker){0};
}

static ncd_status enlarge(struct maker *m)
{
    size_t n_slots = m->n_slots ? 2 * m->n_slots : 64;
    uint32_t *slots = malloc(n_slots * sizeof *slots);
    if (!slots)
        return NCD_ERR_NOMEM;
    memset(slots, 0xff, n_slots * sizeof *slots);
    for (size_t node = 0; node < m->n_nodes; node++) {
        size_t i = slot_of(m->keys[node], n_slots);
        while (slots[i] != NCD_NO_NODE)
            i = (i + 1) & (n_slots - 1);
        slots[i] = (uint32_t)node;
    }
    free(m->slots);
    m->slots = slots;
    m->n_slots = n_slots;
    return NCD_OK;
}

static ncd_status add_node(struct maker *m, uint64_t key)
{
    size_t n = m->n_nodes, *room = m->node_capacity;
    if (ncd_grow(&m->keys, &room[0], n + 1, sizeof *m->keys) != NCD_OK ||
        ncd_grow(&m->n_in, &room[1], n + 1, sizeof *m->n_in) != NCD_OK ||
        ncd_grow(&m->last_text, &room[2], n + 1, sizeof *m->last_text) !=
            NCD_OK ||
        ncd_grow(&m->last, &room[3], n + 1, sizeof *m->last) != NCD_OK)
        return NCD_ERR_NOMEM;
    m->keys[n] = key;
    m->n_in[n] = 0;
    m->last_text[n] = m->last[n] = UINT32_MAX;
    m->n_nodes++;
    return NCD_OK;
}

static ncd_status add_posting(struct maker *m, size_t node, uint32_t class)
{
    size_t n = m->n_postings, *room = m->posting_capacity;
    if (ncd_grow(&m->classes, &room[0], n + 1, sizeof *m->classes) != NCD_OK ||
        ncd_grow(&m->counts, &room[1], n + 1, sizeof *m->counts) != NCD_OK ||
        ncd_grow(&m->previous, &room[2], n + 1, sizeof *m->previous) != NCD_OK)
        return NCD_ERR_NOMEM;
    m->classes[n] = class;
    m->counts[n] = 0;
    m->previous[n] = m->last[node];
    m->last[node] = (uint32_t)n;
    m->n_postings++;
    return NCD_OK;
}

static ncd_status count(struct maker *m, uint64_t key, uint32_t text,
                        uint32_t class)
{
    if (m->n_nodes >= m->n_slots / 4 * 3 && enlarge(m) != NCD_OK)
        return NCD_ERR_NOMEM;
    size_t i = slot_of(key, m->n_slots);
    while (m->slots[i] != NCD_NO_NODE && m->keys[m->slots[i]] != key)
        i = (i + 1) & (m->n_slots - 1);
    if (m->slots[i] == NCD_NO_NODE) {
        if (add_node(m, key) != NCD_OK)
            return NCD_ERR_NOMEM;
        m->slots[i] = (uint32_t)(m->n_nodes - 1);
    }
    size_t node = m->slots[i];
    if (m->last[node] == UINT32_MAX || m->classes[m->last[node]] != class)
        if (add_posting(m, node, class) != NCD_OK)
            return NCD_ERR_NOMEM;
    m->counts[m->last[node]]++;
    if (m->last_text[node] != text) {
        m->last_text[node] = text;
        m->n_in[node]++;
    }
    return NCD_OK;
}

/* Puts a chain of postings, whose last one is p, in order before `end`; returns
 * where they begin. */
static uint32_t put_chain(const struct maker *m, const uint32_t *from,
                          uint32_t p, uint32_t end, uint32_t *to)
{
    for (; p != UINT32_MAX; p = m->previous[p])
        to[--end] = from[p];
    return end;
}

/* Postings of one array, node by node. */
static ncd_status sort_postings(const struct maker *m, uint32_t **postings)
{
    uint32_t *sorted = malloc((m->n_postings + 1) * sizeof *sorted);
    if (!sorted)
        return NCD_ERR_NOMEM;
    uint32_t at = (uint32_t)m->n_postings;
    for (size_t i = m->n_nodes; i-- > 0;) {
        m->first[i + 1] = at;
        at = put_chain(m, *postings, m->last[i], at, sorted);
    }
    m->first[0] = at;
    free(*postings);
    *postings = sorted;
    return NCD_OK;
}

/* Gives back what only counting needs: the shard has to wait for the others. */
static ncd_status finish_shard(struct maker *m)
{
    m->first = malloc((m->n_nodes + 1) * sizeof *m->first);
    if (!m->first || sort_postings(m, &m->classes) != NCD_OK ||
        sort_postings(m, &m->counts) != NCD_OK)
        return NCD_ERR_NOMEM;
    free(m->previous);
    free(m->last);
    m->previous = m->last = NULL;
    return NCD_OK;
}

static ncd_status make_shard(void *job, size_t shard, unsigned thread,
                             ncd_error *err)
{
    const struct build *b = job;
    struct maker *m = &b->makers[shard];
    uint64_t keys[NCD_KINDS];
    (void)thread;
    if (enlarge(m) != NCD_OK)
        return ncd_fail_nomem(err);
    for (size_t i = 0; i < b->n; i++) {
        size_t text = b->order[i];
        struct ncd_walk walk;
        ncd_walk_begin(&walk, ncd_dataset_text(b->data, text));
        while (ncd_walk_next(&walk, keys))
            for (int kind = 0; kind < NCD_KINDS; kind++) {
                if (shard_of(keys[kind]) != shard || keys[kind] == NCD_NO_KEY)
                    continue;
                if (count(m, keys[kind], (uint32_t)text,
                          b->data->classes[text]) != NCD_OK)
                    return ncd_fail_nomem(err);
            }
    }
    return finish_shard(m) == NCD_OK ? NCD_OK : ncd_fail_nomem(err);
}

/* --- Putting the shards together --- */

/* One array of the table is made after the other, and what the shards have of
 * it given back at once, so that little is there twice. */

static void give_back(uint32_t **array)
{
    free(*array);
    *array = NULL;
}

/* Numbers the nodes of all shards by falling number of texts, those of equal
 * number in the order of the shards and within them as they came. Writes over
 * last_text, which is no longer needed. */
static ncd_status number_nodes(struct ncd_counts *c, struct maker *makers)
{
    uint32_t n = 0, *at = calloc(c->n_texts + 1, sizeof *at);
    if (!at)
        return NCD_ERR_NOMEM;
    for (size_t s = 0; s < NCD_N_SHARDS; s++)
        for (size_t i = 0; i < makers[s].n_nodes; i++)
            at[makers[s].n_in[i]]++;
    for (size_t n_in = c->n_texts + 1; n_in-- > 0;) {
        uint32_t n_nodes = at[n_in];
        at[n_in] = n;
        n += n_nodes;
    }
    for (size_t s = 0; s < NCD_N_SHARDS; s++)
        for (size_t i = 0; i < makers[s].n_nodes; i++)
            makers[s].last_text[i] = at[makers[s].n_in[i]]++;
    free(at);
    return NCD_OK;
}

static ncd_status place_slots(struct ncd_counts *c, struct maker *makers)
{
    c->slots = malloc(c->slot_first[NCD_N_SHARDS] * sizeof *c->slots);
    for (size_t s = 0; c->slots && s < NCD_N_SHARDS; s++) {
        struct maker *m = &makers[s];
        uint32_t *slots = c->slots + c->slot_first[s];
        for (size_t i = 0; i < m->n_slots; i++)
            slots[i] = m->slots[i] == NCD_NO_NODE ? NCD_NO_NODE
                                                  : m->last_text[m->slots[i]];
        give_back(&m->slots);
    }
    return c->slots ? NCD_OK : NCD_ERR_NOMEM;
}

static ncd_status place_keys(struct ncd_counts *c, struct maker *makers)
{
    c->keys = malloc((c->n_nodes + 1) * sizeof *c->keys);
    for (size_t s = 0; c->keys && s < NCD_N_SHARDS; s++) {
        struct maker *m = &makers[s];
        for (size_t i = 0; i < m->n_nodes; i++)
            c->keys[m->last_text[i]] = m->keys[i];
        free(m->keys);
        m->keys = NULL;
    }
    return c->keys ? NCD_OK : NCD_ERR_NOMEM;
}

static ncd_status place_n_in(struct ncd_counts *c, struct maker *makers)
{
    c->n_in = malloc((c->n_nodes + 1) * sizeof *c->n_in);
    for (size_t s = 0; c->n_in && s < NCD_N_SHARDS; s++) {
        struct maker *m = &makers[s];
        for (size_t i = 0; i < m->n_nodes; i++)
            c->n_in[m->last_text[i]] = m->n_in[i];
        give_back(&m->n_in);
    }
    return c->n_in ? NCD_OK : NCD_ERR_NOMEM;
}

static ncd_status place_totals(struct ncd_counts *c, struct maker *makers)
{
    c->totals = malloc((c->n_nodes + 1) * sizeof *c->totals);
    c->first = malloc((c->n_nodes + 1) * sizeof *c->first);
    if (!c->totals || !c->first)
        return NCD_ERR_NOMEM;
    for (size_t s = 0; s < NCD_N_SHARDS; s++) {
        const struct maker *m = &makers[s];
        for (size_t i = 0; i < m->n_nodes; i++) {
            uint32_t node = m->last_text[i], total = 0;
            for (uint32_t p = m->first[i]; p < m->first[i + 1]; p++)
                total += m->counts[p];
            c->totals[node] = total;
            c->first[node + 1] = m->first[i + 1] - m->first[i];
        }
    }
    c->first[0] = 0;
    for (size_t i = 0; i < c->n_nodes; i++)
        c->first[i + 1] += c->first[i];
    return NCD_OK;
}

static void place_postings(const struct ncd_counts *c, const struct maker *m,
                           const uint32_t *from, uint32_t *to)
{
    for (size_t i = 0; i < m->n_nodes; i++)
        memcpy(to + c->first[m->last_text[i]], from + m->first[i],
               (m->first[i + 1] - m->first[i]) * sizeof *to);
}

static ncd_status place_classes(struct ncd_counts *c, struct maker *makers)
{
    c->classes = malloc((c->n_postings + 1) * sizeof *c->classes);
    for (size_t s = 0; c->classes && s < NCD_N_SHARDS; s++) {
        place_postings(c, &makers[s], makers[s].classes, c->classes);
        give_back(&makers[s].classes);
    }
    return c->classes ? NCD_OK : NCD_ERR_NOMEM;
}

static ncd_status place_counts(struct ncd_counts *c, struct maker *makers)
{
    c->counts = malloc((c->n_postings + 1) * sizeof *c->counts);
    for (size_t s = 0; c->counts && s < NCD_N_SHARDS; s++) {
        place_postings(c, &makers[s], makers[s].counts, c->counts);
        give_back(&makers[s].counts);
    }
    return c->counts ? NCD_OK : NCD_ERR_NOMEM;
}

static ncd_status join(struct ncd_counts *c, struct maker *makers,
                       ncd_error *err)
{
    static ncd_status (*const steps[])(struct ncd_counts *, struct maker *) = {
        number_nodes, place_slots,   place_keys,  place_n_in,
        place_totals, place_classes, place_counts};
    ncd_status status = NCD_OK;
    for (size_t s = 0; s < NCD_N_SHARDS; s++) {
        c->slot_first[s + 1] = c->slot_first[s] + makers[s].n_slots;
        c->n_nodes += makers[s].n_nodes;
        c->n_postings += makers[s].n_postings;
    }
    if (c->n_nodes >= UINT32_MAX || c->n_postings >= UINT32_MAX)
        return ncd_fail(err, NCD_ERR_INPUT,
                        "too much text for a class model: more than 2^32 "
                        "different contexts");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (status == NCD_OK)
            status = steps[i](c, makers);
    return status == NCD_OK ? NCD_OK : ncd_fail_nomem(err);
}

/* --- All of it --- */

static void count_places(struct ncd_counts *c, const struct build *b)
{
    for (size_t i = 0; i < b->n; i++) {
        ncd_text text = ncd_dataset_text(b->data, b->order[i]);
        uint32_t class = b->data->classes[b->order[i]];
        struct ncd_walk walk;
        uint64_t keys[NCD_KINDS];
        ncd_walk_begin(&walk, text);
        while (ncd_walk_next(&walk, keys))
            ;
        c->places[class] += walk.n_places;
        c->n_places += walk.n_places;
        c->words[class] += walk.n_words;
        c->n_words += walk.n_words;
    }
    c->n_texts = b->n;
}

/* The texts to count, class by class. */
static size_t *order_texts(const ncd_dataset *data,
                           const unsigned char *leave_out, size_t *n_out)
{
    size_t n_classes = data->labels.n, n = 0;
    size_t *order = calloc(data->n + 1, sizeof *order);
    size_t *at = calloc(n_classes + 2, sizeof *at);
    for (size_t i = 0; order && at && i < data->n; i++)
        if (!leave_out || !leave_out[i]) {
            at[data->classes[i] + 1]++;
            n++;
        }
    for (size_t c = 0; order && at && c < n_classes; c++)
        at[c + 1] += at[c];
    for (size_t i = 0; order && at && i < data->n; i++)
        if (!leave_out || !leave_out[i])
            order[at[data->classes[i]]++] = i;
    *n_out = n;
    if (!at) {
        free(order);
        order = NULL;
    }
    free(at);
    return order;
}

ncd_status ncd_counts_build(struct ncd_counts *c, const ncd_dataset *data,
                            const unsigned char *leave_out, unsigned threads,
                            ncd_error *err)
{
    *c = (struct ncd_counts){.n_classes = data->labels.n};
    struct build b = {.counts = c, .data = data};
    if (data->n >= UINT32_MAX || data->bytes.n >= UINT32_MAX / 2)
        return ncd_fail(err, NCD_ERR_INPUT,
                        "too much text for a class model: over 2 GB");
    size_t *order = order_texts(data, leave_out, &b.n);
    b.order = order;
    b.makers = calloc(NCD_N_SHARDS, sizeof *b.makers);
    c->places = calloc(c->n_classes + 1, sizeof *c->places);
    c->words = calloc(c->n_classes + 1, sizeof *c->words);
    ncd_status status = NCD_OK;
    if (!order || !b.makers || !c->places || !c->words)
        status = ncd_fail_nomem(err);
    else
        count_places(c, &b);
    if (status == NCD_OK)
        status =
            ncd_parallel_for(NCD_N_SHARDS, threads, make_shard, &b, NULL, err);
    if (status == NCD_OK)
        status = join(c, b.makers, err);
    for (size_t s = 0; b.makers && s < NCD_N_SHARDS; s++)
        maker_free(&b.makers[s]);
    free(b.makers);
    free(order);
    return status;
}

void ncd_counts_free(struct ncd_counts *c)
{
    free(c->slots);
    free(c->keys);
    free(c->totals);
    free(c->n_in);
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
