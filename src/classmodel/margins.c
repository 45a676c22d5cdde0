/* SPDX-License-Identifier: MIT */
/* What margins are made of: the features of a text; see margins.h. */
#include "classmodel/margins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classmodel/real.h"

#define MIN_TEXTS 2 /* that hold a feature */
/* Shorter windows of Latin letters are in every text and say little; not so of
 * ideographs and syllables. */
#define MIN_KIND 2

static int is_feature(uint64_t key)
{
    return !(key & (NCD_KEY_START | NCD_KEY_OPEN)) &&
           (ncd_key_kind(key) >= MIN_KIND || (key & NCD_KEY_WIDE));
}

/* Nodes begin .. end - 1, which are in n_in texts each. */
static void take_run(struct ncd_margins *m, const struct ncd_counts *c,
                     size_t begin, size_t end, uint32_t n_in)
{
    float idf =
        (float)(1 + ncd_ln(1 + (double)c->n_texts) - ncd_ln(1 + (double)n_in));
    for (size_t i = begin; i < end; i++) {
        int is_one = n_in >= MIN_TEXTS && is_feature(c->keys[i]) &&
                     m->n_features < NCD_MAX_FEATURES;
        m->features[i] = is_one ? (uint32_t)m->n_features++ : NCD_NO_NODE;
        m->idf[i] = is_one ? idf : 0;
    }
}

ncd_status ncd_margins_init(struct ncd_margins *m, const struct ncd_counts *c)
{
    size_t begin = 0;
    *m = (struct ncd_margins){0};
    m->features = malloc((c->n_nodes + 1) * sizeof *m->features);
    m->idf = malloc((c->n_nodes + 1) * sizeof *m->idf);
    if (!m->features || !m->idf)
        return NCD_ERR_NOMEM;
    for (size_t r = 0; r < c->n_runs; begin = c->runs[r++].end)
        take_run(m, c, begin, c->runs[r].end, c->runs[r].n_in);
    ncd_margins_damp(m);
    return NCD_OK;
}

void ncd_margins_damp(struct ncd_margins *m)
{
    for (int n = 1; n <= NCD_TIMES_MAX; n++)
        m->damped[n] = (float)(1 + ncd_ln(n));
}

void ncd_margins_free(struct ncd_margins *m)
{
    free(m->features);
    free(m->idf);
    *m = (struct ncd_margins){0};
}

static unsigned times_of(const struct ncd_reading *r, uint32_t node)
{
    uint32_t n = r->tally[node];
    return n < NCD_TIMES_MAX ? n : NCD_TIMES_MAX;
}

float ncd_margins_scale_of(double squares)
{
    return squares > 0 ? (float)(1 / sqrt(squares)) : 0;
}

float ncd_margins_scale(const struct ncd_margins *m,
                        const struct ncd_reading *r, int view)
{
    const struct ncd_distinct *distinct = &r->distinct[view];
    double squares = 0;
    for (size_t i = 0; i < distinct->n; i++) {
        uint32_t node = distinct->nodes[i];
        double x = (double)m->damped[times_of(r, node)] * (double)m->idf[node];
        squares += x * x;
    }
    return ncd_margins_scale_of(squares);
}

static int compare_entries(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a & (NCD_MAX_FEATURES - 1);
    uint32_t y = *(const uint32_t *)b & (NCD_MAX_FEATURES - 1);
    return (x > y) - (x < y);
}

/* The features of windows or of words, in the order of memory, through which
 * the fit goes again and again. Returns how many there are. */
static uint32_t take_features(uint32_t *entries, const struct ncd_margins *m,
                              const struct ncd_reading *r, int view)
{
    const struct ncd_distinct *distinct = &r->distinct[view];
    uint32_t n = 0;
    for (size_t i = 0; i < distinct->n; i++) {
        uint32_t node = distinct->nodes[i], feature = m->features[node];
        if (feature != NCD_NO_NODE)
            entries[n++] = feature | times_of(r, node) << NCD_FEATURE_BITS;
    }
    qsort(entries, n, sizeof *entries, compare_entries);
    return n;
}

/* Packs n entries of windows or of words, as ncd_feature_next reads them;
 * returns the units that they take. Without `out` it only counts. */
static size_t pack_entries(const uint32_t *entries, size_t n, uint16_t *out)
{
    uint32_t last = 0;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t feature = entries[i] & (NCD_MAX_FEATURES - 1);
        uint32_t times = entries[i] >> NCD_FEATURE_BITS;
        uint32_t step = (feature - last) << 1 | (times > 1);
        uint16_t units[3] = {(uint16_t)step};
        size_t n_units = 1;
        if (step > 0x7fff) {
            units[0] |= 0x8000;
            units[n_units++] = (uint16_t)(step >> 15);
        }
        if (times > 1)
            units[n_units++] = (uint16_t)times;
        if (out)
            memcpy(out + at, units, n_units * sizeof *units);
        at += n_units;
        last = feature;
    }
    return at;
}

static ncd_status pack_row(struct ncd_feature_row *row, const uint32_t *entries)
{
    const uint32_t *words = entries + row->n_windows;
    size_t n_words = row->n - row->n_windows;
    size_t n = pack_entries(entries, row->n_windows, NULL);
    row->packed = malloc((n + pack_entries(words, n_words, NULL) + 1) *
                         sizeof *row->packed);
    if (!row->packed)
        return NCD_ERR_NOMEM;
    pack_entries(entries, row->n_windows, row->packed);
    pack_entries(words, n_words, row->packed + n);
    return NCD_OK;
}

ncd_status ncd_feature_row_make(struct ncd_feature_row *row,
                                const struct ncd_margins *m,
                                const struct ncd_reading *r)
{
    size_t n = r->distinct[NCD_OF_WINDOWS].n + r->distinct[NCD_OF_WORDS].n;
    uint32_t *entries = malloc((n + 1) * sizeof *entries);
    if (!entries)
        return NCD_ERR_NOMEM;
    row->n_windows = take_features(entries, m, r, NCD_OF_WINDOWS);
    row->n = row->n_windows +
             take_features(entries + row->n_windows, m, r, NCD_OF_WORDS);
    ncd_status status = pack_row(row, entries);
    free(entries);
    row->scale_windows = ncd_margins_scale(m, r, NCD_OF_WINDOWS);
    row->scale_words = ncd_margins_scale(m, r, NCD_OF_WORDS);
    return status;
}

void ncd_feature_row_free(struct ncd_feature_row *row)
{
    free(row->packed);
    *row = (struct ncd_feature_row){0};
}

/* Fisher & Yates, with the generator of Steele, Lea & Flood 2014. */
void ncd_random_order(uint32_t *order, size_t n, uint64_t seed)
{
    uint64_t state = (seed + 1) << 32;
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (size_t i = n; i > 1; i--) {
        uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        size_t j = (size_t)((z ^ (z >> 31)) % i);
        uint32_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}
