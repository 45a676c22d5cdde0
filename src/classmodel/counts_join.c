/* SPDX-License-Identifier: MIT */
/*
 * Putting the shards together; see counts_maker.h. One array of the table is
 * made after the other, and what the shards have of it given back at once, so
 * that little is there twice.
 */
#include "classmodel/counts_maker.h"

#include <string.h>

#include "util/error.h"

/* How many nodes are in so many texts; returns the n_runs that there are. */
static size_t count_nodes(const struct ncd_build *b, uint32_t *n_nodes)
{
    size_t n_runs = 0;
    for (size_t s = 0; s < NCD_N_MAKERS; s++) {
        const struct ncd_maker *m = &b->makers[s];
        for (size_t i = 0; i < m->n_nodes; i++)
            if (s != NCD_STAYING || !b->touched[i])
                n_runs += n_nodes[m->n_in[i]]++ == 0;
    }
    return n_runs;
}

/* Turns the numbers of nodes into those of the first node of each run. */
static ncd_status make_runs(struct ncd_counts *c, uint32_t *at, size_t n_runs)
{
    uint32_t n = 0;
    c->runs = malloc((n_runs + 1) * sizeof *c->runs);
    if (!c->runs)
        return NCD_ERR_NOMEM;
    for (size_t n_in = c->n_texts + 1; n_in-- > 0;) {
        uint32_t n_nodes = at[n_in];
        at[n_in] = n;
        n += n_nodes;
        if (n_nodes > 0)
            c->runs[c->n_runs++] = (struct ncd_run){(uint32_t)n_in, n};
    }
    c->n_nodes = n;
    return NCD_OK;
}

/* Numbers the nodes of shard s: those that stay come first, since the newest
 * texts of all others are new. */
static void number_shard(struct ncd_build *b, size_t s, uint32_t *at)
{
    struct ncd_maker *staying = &b->makers[NCD_STAYING], *m = &b->makers[s];
    for (size_t i = 0; i < staying->n_nodes; i++)
        if (ncd_key_shard(staying->keys[i]) == s)
            staying->numbers[i] =
                b->touched[i] ? NCD_NONE : at[staying->n_in[i]]++;
    for (size_t i = 0; i < m->n_nodes; i++)
        m->numbers[m->order[i]] = at[m->n_in[m->order[i]]]++;
}

static ncd_status number_nodes(struct ncd_build *b)
{
    struct ncd_counts *c = b->counts;
    uint32_t *at = calloc(c->n_texts + 1, sizeof *at);
    ncd_status status = at ? NCD_OK : NCD_ERR_NOMEM;
    for (size_t s = 0; s < NCD_N_MAKERS; s++) {
        struct ncd_maker *m = &b->makers[s];
        m->numbers = malloc((m->n_nodes + 1) * sizeof *m->numbers);
        status = m->numbers ? status : NCD_ERR_NOMEM;
    }
    if (status == NCD_OK)
        status = make_runs(c, at, count_nodes(b, at));
    for (size_t s = 0; s < NCD_N_SHARDS && status == NCD_OK; s++)
        number_shard(b, s, at);
    free(at);
    for (size_t s = 0; s < NCD_N_MAKERS; s++) {
        ncd_give_back(&b->makers[s].n_in);
        ncd_give_back(&b->makers[s].order);
    }
    return status;
}

static ncd_status place_keys(struct ncd_build *b)
{
    struct ncd_counts *c = b->counts;
    c->keys = malloc((c->n_nodes + 1) * sizeof *c->keys);
    for (size_t s = 0; c->keys && s < NCD_N_MAKERS; s++) {
        struct ncd_maker *m = &b->makers[s];
        for (size_t i = 0; i < m->n_nodes; i++)
            if (m->numbers[i] != NCD_NONE)
                c->keys[m->numbers[i]] = m->keys[i];
        if (s != NCD_STAYING)
            free(m->keys);
        m->keys = NULL;
    }
    return c->keys ? NCD_OK : NCD_ERR_NOMEM;
}

/* In the order of nodes, so that the slots depend on the keys alone, and the
 * most common find the place that is looked at first. */
static ncd_status place_slots(struct ncd_build *b)
{
    struct ncd_counts *c = b->counts;
    size_t n_nodes[NCD_N_SHARDS] = {0};
    for (size_t i = 0; i < c->n_nodes; i++)
        n_nodes[ncd_key_shard(c->keys[i])]++;
    for (size_t s = 0; s < NCD_N_SHARDS; s++) {
        size_t n_slots = NCD_MIN_SLOTS;
        while (n_nodes[s] > 0 && ncd_slots_are_full(n_nodes[s] - 1, n_slots))
            n_slots *= 2;
        c->slot_first[s + 1] = c->slot_first[s] + n_slots;
    }
    size_t n = c->slot_first[NCD_N_SHARDS];
    c->slots = malloc(n * sizeof *c->slots);
    if (!c->slots)
        return NCD_ERR_NOMEM;
    memset(c->slots, 0xff, n * sizeof *c->slots);
    for (size_t i = 0; i < c->n_nodes; i++) {
        size_t s = ncd_key_shard(c->keys[i]), first = c->slot_first[s];
        ncd_put_in_slot(c->slots + first, c->slot_first[s + 1] - first,
                        c->keys[i], (uint32_t)i);
    }
    return NCD_OK;
}

static ncd_status place_totals(struct ncd_build *b)
{
    struct ncd_counts *c = b->counts;
    c->totals = malloc((c->n_nodes + 1) * sizeof *c->totals);
    c->first = malloc((c->n_nodes + 1) * sizeof *c->first);
    if (!c->totals || !c->first)
        return NCD_ERR_NOMEM;
    for (size_t s = 0; s < NCD_N_MAKERS; s++) {
        const struct ncd_maker *m = &b->makers[s];
        for (size_t i = 0; i < m->n_nodes; i++) {
            uint32_t node = m->numbers[i], total = 0;
            if (node == NCD_NONE)
                continue;
            for (uint32_t p = m->first[i]; p < m->first[i + 1]; p++)
                total += m->counts[p];
            c->totals[node] = total;
            c->first[node + 1] = m->first[i + 1] - m->first[i];
        }
    }
    c->first[0] = 0;
    for (size_t i = 0; i < c->n_nodes; i++)
        c->first[i + 1] += c->first[i];
    c->n_postings = c->first[c->n_nodes];
    return NCD_OK;
}

/* Classes of postings, or their counts: of each shard, the array that `of`
 * finds in it. */
static uint32_t *place_postings(struct ncd_build *b,
                                uint32_t **(*of)(struct ncd_maker *m))
{
    const struct ncd_counts *c = b->counts;
    uint32_t *to = malloc((c->n_postings + 1) * sizeof *to);
    for (size_t s = 0; to && s < NCD_N_MAKERS; s++) {
        struct ncd_maker *m = &b->makers[s];
        uint32_t **from = of(m);
        for (size_t i = 0; i < m->n_nodes; i++)
            if (m->numbers[i] != NCD_NONE)
                memcpy(to + c->first[m->numbers[i]], *from + m->first[i],
                       (m->first[i + 1] - m->first[i]) * sizeof *to);
        if (s != NCD_STAYING)
            ncd_give_back(from);
    }
    return to;
}

static uint32_t **classes_of(struct ncd_maker *m)
{
    return &m->classes;
}

static uint32_t **counts_of(struct ncd_maker *m)
{
    return &m->counts;
}

static ncd_status place_classes_and_counts(struct ncd_build *b)
{
    b->counts->classes = place_postings(b, classes_of);
    if (b->counts->classes)
        b->counts->counts = place_postings(b, counts_of);
    return b->counts->counts ? NCD_OK : NCD_ERR_NOMEM;
}

ncd_status ncd_makers_join(struct ncd_build *b, ncd_error *err)
{
    static ncd_status (*const steps[])(struct ncd_build *) = {
        number_nodes, place_keys, place_slots, place_totals,
        place_classes_and_counts};
    ncd_status status = NCD_OK;
    uint64_t n_nodes = 0, n_postings = 0;
    for (size_t s = 0; s < NCD_N_MAKERS; s++) {
        const struct ncd_maker *m = &b->makers[s];
        n_nodes += m->n_nodes;
        n_postings += m->n_nodes ? m->first[m->n_nodes] : 0;
    }
    if (n_nodes >= UINT32_MAX || n_postings >= UINT32_MAX)
        return ncd_fail(err, NCD_ERR_INPUT,
                        "too much text for a class model: more than 2^32 "
                        "different contexts");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (status == NCD_OK)
            status = steps[i](b);
    return status == NCD_OK ? NCD_OK : ncd_fail_nomem(err);
}
