/* SPDX-License-Identifier: MIT */
/* The tables of a class model as a part of a file; see class_table.h. */
#include "model/class_table.h"

#include <math.h>
#include <string.h>

#include "util/parallel.h"

enum {
    N_TEXTS,
    N_CLASSES,
    N_NODES,
    N_POSTINGS,
    N_RUNS,
    N_PLACES,
    N_WORDS,
    SLOTS
};
#define N_HEAD (SLOTS + NCD_N_SHARDS + 1) /* numbers of 8 bytes */

int ncd_class_table_is_native(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first;
}

/* --- Arrays --- */

struct array {
    void *at; /* the pointer in the model, of whatever type */
    size_t width;
    uint64_t n;
};

#define N_ARRAYS 12

/* In the order of the file: what is 8 bytes wide comes first, so that all are
 * aligned. */
static void list_arrays(struct ncd_classmodel *m, struct array *arrays)
{
    struct ncd_counts *c = &m->counts;
    uint64_t n_classes = c->n_classes, n_nodes = c->n_nodes;
    const struct array all[N_ARRAYS] = {
        {&c->places, 8, n_classes},
        {&c->words, 8, n_classes},
        {&m->place_values, 8, 2 * n_classes},
        {&c->runs, 8, c->n_runs},
        {&c->keys, 8, n_nodes},
        {&c->slots, 4, c->slot_first[NCD_N_SHARDS]},
        {&c->totals, 4, n_nodes},
        {&c->first, 4, n_nodes + 1},
        {&m->margins.idf, 4, n_nodes},
        {&c->classes, 4, c->n_postings},
        {&c->counts, 4, c->n_postings},
        {&m->values, 4, c->n_postings},
    };
    memcpy(arrays, all, sizeof all);
}

/* --- Writing --- */

uint64_t ncd_class_table_nbytes(const struct ncd_classmodel *model)
{
    struct ncd_classmodel m = *model;
    struct array arrays[N_ARRAYS];
    uint64_t n = 8 * N_HEAD;
    list_arrays(&m, arrays);
    for (int i = 0; i < N_ARRAYS; i++)
        n += arrays[i].width * arrays[i].n;
    return n;
}

ncd_status ncd_put_class_table(const struct ncd_classmodel *model,
                               ncd_status (*put)(void *to, const void *bytes,
                                                 size_t n),
                               void *to)
{
    struct ncd_classmodel m = *model;
    const struct ncd_counts *c = &model->counts;
    struct array arrays[N_ARRAYS];
    uint64_t head[N_HEAD] = {c->n_texts,    c->n_classes, c->n_nodes,
                             c->n_postings, c->n_runs,    c->n_places,
                             c->n_words};
    for (int s = 0; s <= NCD_N_SHARDS; s++)
        head[SLOTS + s] = c->slot_first[s];
    ncd_status status = put(to, head, sizeof head);
    list_arrays(&m, arrays);
    for (int i = 0; i < N_ARRAYS && status == NCD_OK; i++) {
        const void *address;
        memcpy(&address, arrays[i].at, sizeof address);
        status = put(to, address, arrays[i].width * (size_t)arrays[i].n);
    }
    return status;
}

/* --- Reading --- */

/* Sizes of which nothing can overflow below. */
static int read_head(const uint64_t *head, uint64_t nbytes,
                     struct ncd_counts *c)
{
    for (int i = 0; i < N_PLACES; i++)
        if (head[i] > nbytes && i != N_TEXTS)
            return 0;
    for (int s = 0; s < NCD_N_SHARDS; s++) {
        uint64_t n = head[SLOTS + s + 1] - head[SLOTS + s];
        if (head[SLOTS + s + 1] > nbytes || n > nbytes || n == 0 ||
            (n & (n - 1)) != 0)
            return 0;
        c->slot_first[s + 1] = (size_t)head[SLOTS + s + 1];
    }
    c->n_texts = (size_t)head[N_TEXTS];
    c->n_classes = (size_t)head[N_CLASSES];
    c->n_nodes = (size_t)head[N_NODES];
    c->n_postings = (size_t)head[N_POSTINGS];
    c->n_runs = (size_t)head[N_RUNS];
    c->n_places = head[N_PLACES];
    c->n_words = head[N_WORDS];
    return head[SLOTS] == 0;
}

/* Points the arrays into the section, which must be as long as they are. */
static int place_arrays(ncd_text section, struct ncd_classmodel *m)
{
    struct array arrays[N_ARRAYS];
    uint64_t at = 8 * N_HEAD;
    list_arrays(m, arrays);
    for (int i = 0; i < N_ARRAYS; i++) {
        uint64_t n = arrays[i].width * arrays[i].n;
        if (n > section.nbytes - at)
            return 0;
        const unsigned char *address =
            (const unsigned char *)section.bytes + at;
        memcpy(arrays[i].at, &address, sizeof address);
        at += n;
    }
    return at == section.nbytes;
}

/* Checks of parts of the arrays, so that threads share them. */
#define N_PARTS 64

struct checking {
    const struct ncd_classmodel *model;
};

/* Whether all are finite, and small enough for sums to stay so. */
static int are_sane(const float *values, size_t begin, size_t end)
{
    const float largest = (float)NCD_SANE_MOST;
    int sane = 1;
    for (size_t i = begin; i < end; i++)
        sane &= values[i] <= largest && values[i] >= -largest;
    return sane;
}

/* A text's margins are divided by what these come to: training gives 0, or 1
 * and more. */
static int idf_is_sane(const float *idf, size_t begin, size_t end)
{
    int sane = are_sane(idf, begin, end);
    for (size_t i = begin; i < end; i++)
        sane &= idf[i] == 0 || idf[i] >= 0.5f;
    return sane;
}

static int slots_are_sane(const struct ncd_counts *c, size_t begin, size_t end)
{
    int sane = 1;
    for (size_t i = begin; i < end; i++)
        sane &= c->slots[i] < c->n_nodes || c->slots[i] == NCD_NO_NODE;
    return sane;
}

static int nodes_are_sane(const struct ncd_counts *c, size_t begin, size_t end)
{
    int sane = 1;
    for (size_t i = begin; i < end; i++)
        sane &= c->first[i] <= c->first[i + 1] &&
                ncd_key_kind(c->keys[i]) < NCD_KINDS;
    return sane;
}

static int classes_are_sane(const struct ncd_counts *c, size_t begin,
                            size_t end)
{
    int sane = 1;
    for (size_t i = begin; i < end; i++)
        sane &= c->classes[i] < c->n_classes;
    return sane;
}

/* A search for a key ends at an empty slot. */
static int has_an_empty_slot(const struct ncd_counts *c, size_t shard)
{
    for (size_t i = c->slot_first[shard]; i < c->slot_first[shard + 1]; i++)
        if (c->slots[i] == NCD_NO_NODE)
            return 1;
    return 0;
}

static ncd_status check_part(void *job, size_t part, unsigned thread,
                             ncd_error *err)
{
    const struct ncd_classmodel *m = ((const struct checking *)job)->model;
    const struct ncd_counts *c = &m->counts;
    size_t n[] = {c->slot_first[NCD_N_SHARDS], c->n_nodes, c->n_postings};
    size_t begin[3], end[3];
    (void)thread;
    (void)err;
    for (int i = 0; i < 3; i++) {
        begin[i] = n[i] / N_PARTS * part;
        end[i] = part + 1 < N_PARTS ? n[i] / N_PARTS * (part + 1) : n[i];
    }
    int sane = slots_are_sane(c, begin[0], end[0]) &&
               nodes_are_sane(c, begin[1], end[1]) &&
               idf_is_sane(m->margins.idf, begin[1], end[1]) &&
               classes_are_sane(c, begin[2], end[2]) &&
               are_sane(m->values, begin[2], end[2]);
    return sane ? NCD_OK : NCD_ERR_MODEL;
}

/* Runs in fewer and fewer texts, which are all of the nodes. */
static int runs_are_sane(const struct ncd_counts *c)
{
    size_t n_in = c->n_texts + 1, end = 0;
    int sane = 1;
    for (size_t r = 0; r < c->n_runs; r++) {
        sane &= c->runs[r].n_in < n_in && c->runs[r].end > end;
        n_in = c->runs[r].n_in;
        end = c->runs[r].end;
    }
    return sane && n_in > 0 && end == c->n_nodes;
}

static int places_are_sane(const struct ncd_classmodel *m)
{
    int sane = 1;
    for (size_t i = 0; i < 2 * m->counts.n_classes; i++)
        sane &= fabs(m->place_values[i]) <= NCD_SANE_MOST;
    return sane;
}

ncd_status ncd_get_class_table(ncd_text section, unsigned threads,
                               struct ncd_classmodel *m)
{
    uint64_t head[N_HEAD];
    struct checking checking = {m};
    *m = (struct ncd_classmodel){.is_mapped = 1};
    if (section.nbytes < sizeof head ||
        (uintptr_t)section.bytes % sizeof(uint64_t) != 0)
        return NCD_ERR_MODEL;
    memcpy(head, section.bytes, sizeof head);
    if (!read_head(head, section.nbytes, &m->counts) ||
        !place_arrays(section, m))
        return NCD_ERR_MODEL;
    const struct ncd_counts *c = &m->counts;
    if (c->first[0] != 0 || c->first[c->n_nodes] != c->n_postings ||
        !runs_are_sane(c) || !places_are_sane(m))
        return NCD_ERR_MODEL;
    for (size_t s = 0; s < NCD_N_SHARDS; s++)
        if (!has_an_empty_slot(c, s))
            return NCD_ERR_MODEL;
    return ncd_parallel_for(N_PARTS, threads, check_part, &checking, NULL,
                            NULL);
}
