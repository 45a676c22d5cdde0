/* SPDX-License-Identifier: MIT */
/*
 * Making the table of counts; see counts.h.
 *
 * Each shard counts the new texts on its own. A gram that the table before has
 * is taken over with all its postings when a new text first shows it; those
 * that no new text has are moved as they are when the table is put together,
 * as if they were one shard more. A table from nothing is this with no table
 * before.
 */
#include <stdlib.h>
#include <string.h>

#include "classmodel/counts.h"
#include "util/error.h"
#include "util/parallel.h"

#define NONE UINT32_MAX

/* A shard in the making. */
struct maker {
    uint32_t *slots;
    size_t n_slots, n_nodes, n_postings;
    uint64_t *keys;
    uint32_t *n_in;             /* [n_nodes] */
    uint32_t *newest;           /* [n_nodes] the last of the texts it is in */
    uint32_t *last_text;        /* [n_nodes] counted; NONE: none yet */
    uint32_t *last;             /* [n_nodes] posting, of the highest class */
    uint32_t *classes, *counts; /* [n_postings] */
    uint32_t *previous;         /* [n_postings] of the same node; or NONE */
    size_t node_capacity[5], posting_capacity[3];
    /* Once all is counted: the postings stand node by node then, and what only
     * counting needs is gone. */
    uint32_t *first;   /* [n_nodes + 1] */
    uint32_t *order;   /* [n_nodes] of the nodes, by newest text and key */
    uint32_t *numbers; /* [n_nodes] in the table; NONE: not taken over */
};

/* The makers of the shards, and one more for what stays of the table before,
 * whose keys and postings are borrowed from it. */
#define STAYING NCD_N_SHARDS
#define N_MAKERS (NCD_N_SHARDS + 1)

struct build {
    struct ncd_counts *counts;
    const struct ncd_counts *before; /* may be NULL */
    const ncd_dataset *data;
    const size_t *order; /* [n] the texts to count, class by class */
    size_t n;
    struct maker makers[N_MAKERS];
    unsigned char *touched; /* [n nodes before] new texts have it */
};

/* --- Counting in a shard --- */

static void give_back(uint32_t **array)
{
    free(*array);
    *array = NULL;
}

static void maker_free(struct maker *m, int is_borrowed)
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
    *m = (struct maker){0};
}

/* Whether so many nodes leave enough slots empty. */
static int is_full(size_t n_nodes, size_t n_slots)
{
    return n_nodes >= n_slots / 4 * 3;
}

#define MIN_SLOTS 64

static void put_in_slot(uint32_t *slots, size_t n_slots, uint64_t key,
                        uint32_t node)
{
    size_t i = ncd_key_slot(key, n_slots);
    while (slots[i] != NCD_NO_NODE)
        i = (i + 1) & (n_slots - 1);
    slots[i] = node;
}

static ncd_status enlarge(struct maker *m)
{
    size_t n_slots = m->n_slots ? 2 * m->n_slots : MIN_SLOTS;
    uint32_t *slots = malloc(n_slots * sizeof *slots);
    if (!slots)
        return NCD_ERR_NOMEM;
    memset(slots, 0xff, n_slots * sizeof *slots);
    for (size_t node = 0; node < m->n_nodes; node++)
        put_in_slot(slots, n_slots, m->keys[node], (uint32_t)node);
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
        ncd_grow(&m->newest, &room[2], n + 1, sizeof *m->newest) != NCD_OK ||
        ncd_grow(&m->last_text, &room[3], n + 1, sizeof *m->last_text) !=
            NCD_OK ||
        ncd_grow(&m->last, &room[4], n + 1, sizeof *m->last) != NCD_OK)
        return NCD_ERR_NOMEM;
    m->keys[n] = key;
    m->n_in[n] = m->newest[n] = 0;
    m->last_text[n] = m->last[n] = NONE;
    m->n_nodes++;
    return NCD_OK;
}

/* Puts a posting before `next` of the same node, or at its end for NONE. */
static ncd_status add_posting(struct maker *m, size_t node, uint32_t class,
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
    *(next == NONE ? &m->last[node] : &m->previous[next]) = (uint32_t)n;
    m->n_postings++;
    return NCD_OK;
}

/* Counts the node for a class. Texts come class by class, so that the posting
 * is the last one, unless the table before knows higher classes. */
static ncd_status count_for(struct maker *m, size_t node, uint32_t class,
                            uint32_t n)
{
    uint32_t next = NONE, p = m->last[node];
    while (p != NONE && m->classes[p] > class) {
        next = p;
        p = m->previous[p];
    }
    if (p == NONE || m->classes[p] != class) {
        if (add_posting(m, node, class, p, next) != NCD_OK)
            return NCD_ERR_NOMEM;
        p = (uint32_t)m->n_postings - 1;
    }
    m->counts[p] += n;
    return NCD_OK;
}

/* Takes over what the table before has counted of the node last added. */
static ncd_status take_over(struct build *b, struct maker *m)
{
    size_t node = m->n_nodes - 1;
    const struct ncd_counts *c = b->before;
    uint32_t old = c ? ncd_counts_find(c, m->keys[node]) : NCD_NO_NODE;
    if (old == NCD_NO_NODE)
        return NCD_OK;
    b->touched[old] = 1;
    m->n_in[node] = b->makers[STAYING].n_in[old];
    for (uint32_t p = c->first[old]; p < c->first[old + 1]; p++)
        if (count_for(m, node, c->classes[p], c->counts[p]) != NCD_OK)
            return NCD_ERR_NOMEM;
    return NCD_OK;
}

/* The node of a key, which is made where it is not there. */
static ncd_status find_or_add(struct build *b, struct maker *m, uint64_t key,
                              size_t *node_out)
{
    if (is_full(m->n_nodes, m->n_slots) && enlarge(m) != NCD_OK)
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

static ncd_status count(struct build *b, struct maker *m, uint64_t key,
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
static uint32_t put_chain(const struct maker *m, const uint32_t *from,
                          uint32_t p, uint32_t end, uint32_t *to)
{
    for (; p != NONE; p = m->previous[p])
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
static void sort_keyed(const struct maker *m, size_t n_texts, uint32_t *ends,
                       struct keyed *sorted)
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

static ncd_status order_nodes(struct maker *m, size_t n_texts)
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
static ncd_status finish_shard(struct maker *m, size_t n_texts)
{
    give_back(&m->slots);
    give_back(&m->last_text);
    m->first = malloc((m->n_nodes + 1) * sizeof *m->first);
    if (!m->first || sort_postings(m, &m->classes) != NCD_OK ||
        sort_postings(m, &m->counts) != NCD_OK)
        return NCD_ERR_NOMEM;
    give_back(&m->previous);
    give_back(&m->last);
    ncd_status status = order_nodes(m, n_texts);
    give_back(&m->newest);
    return status;
}

static ncd_status make_shard(void *job, size_t shard, unsigned thread,
                             ncd_error *err)
{
    struct build *b = job;
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
                if (ncd_key_shard(keys[kind]) != shard ||
                    keys[kind] == NCD_NO_KEY)
                    continue;
                if (count(b, m, keys[kind], (uint32_t)text) != NCD_OK)
                    return ncd_fail_nomem(err);
            }
    }
    return finish_shard(m, b->data->n) == NCD_OK ? NCD_OK : ncd_fail_nomem(err);
}

/* --- What stays of the table before --- */

static void spread_runs(const struct ncd_counts *c, uint32_t *n_in)
{
    for (size_t r = 0, i = 0; r < c->n_runs; r++)
        for (; i < c->runs[r].end; i++)
            n_in[i] = c->runs[r].n_in;
}

static ncd_status borrow(struct build *b, ncd_error *err)
{
    struct maker *m = &b->makers[STAYING];
    const struct ncd_counts *c = b->before;
    if (!c)
        return NCD_OK;
    b->touched = calloc(c->n_nodes + 1, 1);
    *m = (struct maker){.n_nodes = c->n_nodes,
                        .keys = c->keys,
                        .first = c->first,
                        .classes = c->classes,
                        .counts = c->counts,
                        .n_in = malloc((c->n_nodes + 1) * sizeof *m->n_in)};
    if (!b->touched || !m->n_in)
        return ncd_fail_nomem(err);
    spread_runs(c, m->n_in);
    return NCD_OK;
}

/* --- Putting the shards together --- */

/* One array of the table is made after the other, and what the shards have of
 * it given back at once, so that little is there twice. */

/* How many nodes are in so many texts; returns the n_runs that there are. */
static size_t count_nodes(const struct build *b, uint32_t *n_nodes)
{
    size_t n_runs = 0;
    for (size_t s = 0; s < N_MAKERS; s++) {
        const struct maker *m = &b->makers[s];
        for (size_t i = 0; i < m->n_nodes; i++)
            if (s != STAYING || !b->touched[i])
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
static void number_shard(struct build *b, size_t s, uint32_t *at)
{
    struct maker *staying = &b->makers[STAYING], *m = &b->makers[s];
    for (size_t i = 0; i < staying->n_nodes; i++)
        if (ncd_key_shard(staying->keys[i]) == s)
            staying->numbers[i] = b->touched[i] ? NONE : at[staying->n_in[i]]++;
    for (size_t i = 0; i < m->n_nodes; i++)
        m->numbers[m->order[i]] = at[m->n_in[m->order[i]]]++;
}

static ncd_status number_nodes(struct build *b)
{
    struct ncd_counts *c = b->counts;
    uint32_t *at = calloc(c->n_texts + 1, sizeof *at);
    ncd_status status = at ? NCD_OK : NCD_ERR_NOMEM;
    for (size_t s = 0; s < N_MAKERS; s++) {
        struct maker *m = &b->makers[s];
        m->numbers = malloc((m->n_nodes + 1) * sizeof *m->numbers);
        status = m->numbers ? status : NCD_ERR_NOMEM;
    }
    if (status == NCD_OK)
        status = make_runs(c, at, count_nodes(b, at));
    for (size_t s = 0; s < NCD_N_SHARDS && status == NCD_OK; s++)
        number_shard(b, s, at);
    free(at);
    for (size_t s = 0; s < N_MAKERS; s++) {
        give_back(&b->makers[s].n_in);
        give_back(&b->makers[s].order);
    }
    return status;
}

static ncd_status place_keys(struct build *b)
{
    struct ncd_counts *c = b->counts;
    c->keys = malloc((c->n_nodes + 1) * sizeof *c->keys);
    for (size_t s = 0; c->keys && s < N_MAKERS; s++) {
        struct maker *m = &b->makers[s];
        for (size_t i = 0; i < m->n_nodes; i++)
            if (m->numbers[i] != NONE)
                c->keys[m->numbers[i]] = m->keys[i];
        if (s != STAYING)
            free(m->keys);
        m->keys = NULL;
    }
    return c->keys ? NCD_OK : NCD_ERR_NOMEM;
}

/* In the order of nodes, so that the slots depend on the keys alone, and the
 * most common find the place that is looked at first. */
static ncd_status place_slots(struct build *b)
{
    struct ncd_counts *c = b->counts;
    size_t n_nodes[NCD_N_SHARDS] = {0};
    for (size_t i = 0; i < c->n_nodes; i++)
        n_nodes[ncd_key_shard(c->keys[i])]++;
    for (size_t s = 0; s < NCD_N_SHARDS; s++) {
        size_t n_slots = MIN_SLOTS;
        while (n_nodes[s] > 0 && is_full(n_nodes[s] - 1, n_slots))
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
        put_in_slot(c->slots + first, c->slot_first[s + 1] - first, c->keys[i],
                    (uint32_t)i);
    }
    return NCD_OK;
}

static ncd_status place_totals(struct build *b)
{
    struct ncd_counts *c = b->counts;
    c->totals = malloc((c->n_nodes + 1) * sizeof *c->totals);
    c->first = malloc((c->n_nodes + 1) * sizeof *c->first);
    if (!c->totals || !c->first)
        return NCD_ERR_NOMEM;
    for (size_t s = 0; s < N_MAKERS; s++) {
        const struct maker *m = &b->makers[s];
        for (size_t i = 0; i < m->n_nodes; i++) {
            uint32_t node = m->numbers[i], total = 0;
            if (node == NONE)
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

static void place_postings(const struct ncd_counts *c, const struct maker *m,
                           const uint32_t *from, uint32_t *to)
{
    for (size_t i = 0; i < m->n_nodes; i++)
        if (m->numbers[i] != NONE)
            memcpy(to + c->first[m->numbers[i]], from + m->first[i],
                   (m->first[i + 1] - m->first[i]) * sizeof *to);
}

static ncd_status place_classes(struct build *b)
{
    struct ncd_counts *c = b->counts;
    c->classes = malloc((c->n_postings + 1) * sizeof *c->classes);
    for (size_t s = 0; c->classes && s < N_MAKERS; s++) {
        struct maker *m = &b->makers[s];
        place_postings(c, m, m->classes, c->classes);
        if (s != STAYING)
            give_back(&m->classes);
    }
    return c->classes ? NCD_OK : NCD_ERR_NOMEM;
}

static ncd_status place_counts(struct build *b)
{
    struct ncd_counts *c = b->counts;
    c->counts = malloc((c->n_postings + 1) * sizeof *c->counts);
    for (size_t s = 0; c->counts && s < N_MAKERS; s++) {
        struct maker *m = &b->makers[s];
        place_postings(c, m, m->counts, c->counts);
        if (s != STAYING)
            give_back(&m->counts);
    }
    return c->counts ? NCD_OK : NCD_ERR_NOMEM;
}

static ncd_status join(struct build *b, ncd_error *err)
{
    static ncd_status (*const steps[])(struct build *) = {
        number_nodes, place_keys,    place_slots,
        place_totals, place_classes, place_counts};
    ncd_status status = NCD_OK;
    uint64_t n_nodes = 0, n_postings = 0;
    for (size_t s = 0; s < N_MAKERS; s++) {
        const struct maker *m = &b->makers[s];
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
    c->n_texts += b->n;
}

/* The same, going on from the table before. */
static ncd_status make_places(struct build *b, ncd_error *err)
{
    struct ncd_counts *c = b->counts;
    const struct ncd_counts *before = b->before;
    c->places = calloc(c->n_classes + 1, sizeof *c->places);
    c->words = calloc(c->n_classes + 1, sizeof *c->words);
    if (!c->places || !c->words)
        return ncd_fail_nomem(err);
    if (before) {
        memcpy(c->places, before->places,
               before->n_classes * sizeof *c->places);
        memcpy(c->words, before->words, before->n_classes * sizeof *c->words);
        c->n_places = before->n_places;
        c->n_words = before->n_words;
        c->n_texts = before->n_texts;
    }
    count_places(c, b);
    return NCD_OK;
}

/* The texts to count, class by class. */
static size_t *order_texts(const struct build *b,
                           const unsigned char *leave_out, size_t *n_out)
{
    const ncd_dataset *data = b->data;
    size_t n_classes = data->labels.n, n = 0;
    size_t first = b->before ? b->before->n_texts : 0;
    size_t *order = calloc(data->n + 1, sizeof *order);
    size_t *at = calloc(n_classes + 2, sizeof *at);
    for (size_t i = first; order && at && i < data->n; i++)
        if (!leave_out || !leave_out[i]) {
            at[data->classes[i] + 1]++;
            n++;
        }
    for (size_t c = 0; order && at && c < n_classes; c++)
        at[c + 1] += at[c];
    for (size_t i = first; order && at && i < data->n; i++)
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

static ncd_status check(const ncd_dataset *data,
                        const struct ncd_counts *before, ncd_error *err)
{
    if (data->n >= UINT32_MAX || data->bytes.n >= UINT32_MAX / 2)
        return ncd_fail(err, NCD_ERR_INPUT,
                        "too much text for a class model: over 2 GB");
    if (before &&
        (before->n_texts > data->n || before->n_classes > data->labels.n))
        return ncd_fail(err, NCD_ERR_MODEL,
                        "the counts of the class model are of other texts");
    return NCD_OK;
}

ncd_status ncd_counts_build(struct ncd_counts *c, const ncd_dataset *data,
                            const unsigned char *leave_out,
                            const struct ncd_counts *before, unsigned threads,
                            ncd_error *err)
{
    *c = (struct ncd_counts){.n_classes = data->labels.n};
    struct build b = {.counts = c, .before = before, .data = data};
    ncd_status status = check(data, before, err);
    if (status != NCD_OK)
        return status;
    size_t *order = order_texts(&b, leave_out, &b.n);
    b.order = order;
    status = order ? make_places(&b, err) : ncd_fail_nomem(err);
    if (status == NCD_OK)
        status = borrow(&b, err);
    if (status == NCD_OK)
        status =
            ncd_parallel_for(NCD_N_SHARDS, threads, make_shard, &b, NULL, err);
    if (status == NCD_OK)
        status = join(&b, err);
    for (size_t s = 0; s < N_MAKERS; s++)
        maker_free(&b.makers[s], s == STAYING);
    free(b.touched);
    free(order);
    return status;
}
