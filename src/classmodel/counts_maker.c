/* SPDX-License-Identifier: MIT */
/* Counting in a shard; see counts_maker.h. */
#include "classmodel/counts_maker.h"

#include <string.h>

#include "util/error.h"
#include "util/prefetch.h"

void ncd_maker_free(struct ncd_maker *m, int is_borrowed)
{
    if (!is_borrowed) {
        free(m->keys);
        free(m->first);
        free(m->classes);
        free(m->counts);
    }
    free(m->slots);
    free(m->n_in);
    free(m->newest);
    free(m->last_text);
    free(m->last);
    free(m->previous);
    free(m->order);
    free(m->numbers);
    *m = (struct ncd_maker){0};
}

static ncd_status enlarge(struct ncd_maker *m)
{
    size_t n_slots = m->n_slots ? 2 * m->n_slots : NCD_MIN_SLOTS;
    uint32_t *slots = malloc(n_slots * sizeof *slots);
    if (!slots)
        return NCD_ERR_NOMEM;
    memset(slots, 0xff, n_slots * sizeof *slots);
    for (size_t node = 0; node < m->n_nodes; node++)
        ncd_put_in_slot(slots, n_slots, m->keys[node], (uint32_t)node);
    free(m->slots);
    m->slots = slots;
    m->n_slots = n_slots;
    return NCD_OK;
}

static ncd_status add_node(struct ncd_maker *m, uint64_t key)
{
    size_t n = m->n_nodes, *room = m->node_capacity;
    if (ncd_grow(&m->keys, &room[0], n + 1, sizeof *m->keys) != NCD_OK ||
        ncd_grow(&m->n_in, &room[1], n + 1, sizeof *m->n_in) != NCD_OK ||
        ncd_grow(&m->newest, &room[2], n + 1, sizeof *m->newest) != NCD_OK ||
        ncd_grow(&m->last_text, &room[3], n + 1, sizeof *m->last_text) !=
            NCD_OK ||
        ncd_grow(&m->last, &room[4], n + 1, sizeof *m->last) != NCD_OK)
        return NCD_ERR_NOMEM;
    m->keys[n] = key;
    m->n_in[n] = m->newest[n] = 0;
    m->last_text[n] = m->last[n] = NCD_NONE;
    m->n_nodes++;
    return NCD_OK;
}

/* Puts a posting before `next` of the same node, or at its end for NCD_NONE. */
static ncd_status add_posting(struct ncd_maker *m, size_t node, uint32_t class,
                              uint32_t previous, uint32_t next)
{
    size_t n = m->n_postings, *room = m->posting_capacity;
    if (ncd_grow(&m->classes, &room[0], n + 1, sizeof *m->classes) != NCD_OK ||
        ncd_grow(&m->counts, &room[1], n + 1, sizeof *m->counts) != NCD_OK ||
        ncd_grow(&m->previous, &room[2], n + 1, sizeof *m->previous) != NCD_OK)
        return NCD_ERR_NOMEM;
    m->classes[n] = class;
    m->counts[n] = 0;
    m->previous[n] = previous;
    *(next == NCD_NONE ? &m->last[node] : &m->previous[next]) = (uint32_t)n;
    m->n_postings++;
    return NCD_OK;
}

/* Counts the node for a class. Texts come class by class, so that the posting
 * is the last one, unless the table before knows higher classes. */
static ncd_status count_for(struct ncd_maker *m, size_t node, uint32_t class,
                            uint32_t n)
{
    uint32_t next = NCD_NONE, p = m->last[node];
    while (p != NCD_NONE && m->classes[p] > class) {
        next = p;
        p = m->previous[p];
    }
    if (p == NCD_NONE || m->classes[p] != class) {
        if (add_posting(m, node, class, p, next) != NCD_OK)
            return NCD_ERR_NOMEM;
        p = (uint32_t)m->n_postings - 1;
    }
    m->counts[p] += n;
    return NCD_OK;
}

/* Takes over what the table before has counted of the node last added. */
static ncd_status take_over(struct ncd_build *b, struct ncd_maker *m)
{
    size_t node = m->n_nodes - 1;
    const struct ncd_counts *c = b->before;
    uint32_t old = c ? ncd_counts_find(c, m->keys[node]) : NCD_NO_NODE;
    if (old == NCD_NO_NODE)
        return NCD_OK;
    b->touched[old] = 1;
    m->n_in[node] = b->makers[NCD_STAYING].n_in[old];
    for (uint32_t p = c->first[old]; p < c->first[old + 1]; p++)
        if (count_for(m, node, c->classes[p], c->counts[p]) != NCD_OK)
            return NCD_ERR_NOMEM;
    return NCD_OK;
}

/* The node of a key, which is made where it is not there. */
static ncd_status find_or_add(struct ncd_build *b, struct ncd_maker *m,
                              uint64_t key, size_t *node_out)
{
    if (ncd_slots_are_full(m->n_nodes, m->n_slots) && enlarge(m) != NCD_OK)
        return NCD_ERR_NOMEM;
    size_t i = ncd_key_slot(key, m->n_slots);
    while (m->slots[i] != NCD_NO_NODE && m->keys[m->slots[i]] != key)
        i = (i + 1) & (m->n_slots - 1);
    if (m->slots[i] == NCD_NO_NODE) {
        if (add_node(m, key) != NCD_OK || take_over(b, m) != NCD_OK)
            return NCD_ERR_NOMEM;
        m->slots[i] = (uint32_t)(m->n_nodes - 1);
    }
    *node_out = m->slots[i];
    return NCD_OK;
}

static ncd_status count(struct ncd_build *b, struct ncd_maker *m, uint64_t key,
                        uint32_t text)
{
    size_t node;
    if (find_or_add(b, m, key, &node) != NCD_OK ||
        count_for(m, node, b->data->classes[text], 1) != NCD_OK)
        return NCD_ERR_NOMEM;
    if (m->last_text[node] != text) {
        m->last_text[node] = text;
        m->newest[node] = text > m->newest[node] ? text : m->newest[node];
        m->n_in[node]++;
    }
    return NCD_OK;
}

/* --- A shard when all is counted --- */

/* Puts a chain of postings, whose last one is p, in order before `end`; returns
 * where they begin. */
static uint32_t put_chain(const struct ncd_maker *m, const uint32_t *from,
                          uint32_t p, uint32_t end, uint32_t *to)
{
    for (; p != NCD_NONE; p = m->previous[p])
        to[--end] = from[p];
    return end;
}

/* Postings of one array, node by node. */
static ncd_status sort_postings(const struct ncd_maker *m, uint32_t **postings)
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

struct keyed {
    uint64_t key;
    uint32_t node;
};

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = ((const struct keyed *)a)->key;
    uint64_t y = ((const struct keyed *)b)->key;
    return (x > y) - (x < y);
}

/* By newest text, and those of one text by key. ends: [n texts] zeros. */
static void sort_keyed(const struct ncd_maker *m, size_t n_texts,
                       uint32_t *ends, struct keyed *sorted)
{
    uint32_t n = 0;
    for (size_t i = 0; i < m->n_nodes; i++)
        ends[m->newest[i]]++;
    for (size_t text = 0; text < n_texts; text++) {
        n += ends[text];
        ends[text] = n - ends[text];
    }
    for (size_t i = 0; i < m->n_nodes; i++)
        sorted[ends[m->newest[i]]++] = (struct keyed){m->keys[i], (uint32_t)i};
    for (size_t text = 0, begin = 0; text < n_texts; begin = ends[text++])
        qsort(sorted + begin, ends[text] - begin, sizeof *sorted, compare_keys);
}

static ncd_status order_nodes(struct ncd_maker *m, size_t n_texts)
{
    uint32_t *ends = calloc(n_texts + 1, sizeof *ends);
    struct keyed *sorted = malloc((m->n_nodes + 1) * sizeof *sorted);
    m->order = malloc((m->n_nodes + 1) * sizeof *m->order);
    int ok = ends && sorted && m->order;
    if (ok)
        sort_keyed(m, n_texts, ends, sorted);
    for (size_t i = 0; ok && i < m->n_nodes; i++)
        m->order[i] = sorted[i].node;
    free(ends);
    free(sorted);
    return ok ? NCD_OK : NCD_ERR_NOMEM;
}

/* Gives back what only counting needs: the shard has to wait for the others. */
static ncd_status finish_shard(struct ncd_maker *m, size_t n_texts)
{
    ncd_give_back(&m->slots);
    ncd_give_back(&m->last_text);
    m->first = malloc((m->n_nodes + 1) * sizeof *m->first);
    if (!m->first || sort_postings(m, &m->classes) != NCD_OK ||
        sort_postings(m, &m->counts) != NCD_OK)
        return NCD_ERR_NOMEM;
    ncd_give_back(&m->previous);
    ncd_give_back(&m->last);
    ncd_status status = order_nodes(m, n_texts);
    ncd_give_back(&m->newest);
    return status;
}

/* Grams wait until memory has come: first the slots of so many, then the nodes
 * that are in them. */
#define N_WAITING 64

struct waiting {
    uint64_t keys[N_WAITING];
    size_t n;
};

static ncd_status count_waiting(struct ncd_build *b, struct ncd_maker *m,
                                struct waiting *w, uint32_t text)
{
    ncd_status status = NCD_OK;
    for (size_t i = 0; i < w->n; i++) {
        uint32_t node = m->slots[ncd_key_slot(w->keys[i], m->n_slots)];
        if (node == NCD_NO_NODE)
            continue;
        NCD_PREFETCH(&m->keys[node]);
        NCD_PREFETCH(&m->last[node]);
        NCD_PREFETCH(&m->last_text[node]);
    }
    for (size_t i = 0; i < w->n && status == NCD_OK; i++)
        status = count(b, m, w->keys[i], text);
    w->n = 0;
    return status;
}

/* Counts the text's grams of the shard. */
static ncd_status count_text(struct ncd_build *b, size_t shard, size_t text)
{
    struct ncd_maker *m = &b->makers[shard];
    struct waiting w = {.n = 0};
    struct ncd_walk walk;
    uint64_t keys[NCD_KINDS];
    ncd_status status = NCD_OK;
    ncd_walk_begin(&walk, ncd_dataset_text(b->data, text));
    while (status == NCD_OK && ncd_walk_next(&walk, keys)) {
        for (int kind = 0; kind < NCD_KINDS; kind++) {
            uint64_t key = keys[kind];
            if (ncd_key_shard(key) != shard || key == NCD_NO_KEY)
                continue;
            NCD_PREFETCH(&m->slots[ncd_key_slot(key, m->n_slots)]);
            w.keys[w.n++] = key;
        }
        if (w.n > N_WAITING - NCD_KINDS)
            status = count_waiting(b, m, &w, (uint32_t)text);
    }
    return status == NCD_OK ? count_waiting(b, m, &w, (uint32_t)text) : status;
}

ncd_status ncd_maker_run(void *job, size_t shard, unsigned thread,
                         ncd_error *err)
{
    struct ncd_build *b = job;
    struct ncd_maker *m = &b->makers[shard];
    ncd_status status = enlarge(m);
    (void)thread;
    for (size_t i = 0; i < b->n && status == NCD_OK; i++)
        status = count_text(b, shard, b->order[i]);
    if (status == NCD_OK)
        status = finish_shard(m, b->data->n);
    return status == NCD_OK ? NCD_OK : ncd_fail_nomem(err);
}
