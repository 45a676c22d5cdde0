/* SPDX-License-Identifier: MIT */
/* Evidence for classes; see evidence.h. */
#include "classmodel/evidence.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "classmodel/real.h"
#include "util/error.h"
#include "util/parallel.h"
#include "util/prefetch.h"

/* Probability of a word before any was seen; it cancels out of the evidence,
 * since a word that no text has seen has no class that saw it. */
#define NEW_WORD (1. / (1 << 20))

/* Marks, in the tally, a node whose postings were already added up. */
#define DONE (UINT32_C(1) << 31)

void ncd_smoothing_init(struct ncd_smoothing *s)
{
    static const double class_mass[NCD_KINDS] = {100, 30, 10, 5, 300, 3};
    static const double corpus_mass[NCD_KINDS] = {50, 20, 8, 4, 10, 4};
    for (int kind = 0; kind < NCD_KINDS; kind++) {
        s->class_mass[kind] = class_mass[kind];
        s->corpus_mass[kind] = corpus_mass[kind];
        for (int n = 0; n < NCD_LOG_TABLE; n++)
            s->logs[kind][n] = ncd_ln(1 + n / class_mass[kind]);
    }
}

double ncd_context_cost(const struct ncd_smoothing *s, int kind, uint64_t n)
{
    return n < NCD_LOG_TABLE ? s->logs[kind][n]
                             : ncd_ln(1 + (double)n / s->class_mass[kind]);
}

static double symbol_gain(const struct ncd_smoothing *s, int kind, uint64_t n,
                          double p)
{
    return n ? ncd_ln(1 + (double)n / (s->class_mass[kind] * p)) : 0;
}

static double corpus_p(const struct ncd_smoothing *s, int kind, uint64_t n,
                       uint64_t n_context, double shorter)
{
    double b = s->corpus_mass[kind];
    return ((double)n + b * shorter) / ((double)n_context + b);
}

/* --- Reading a text --- */

static ncd_status tally_node(struct ncd_reading *r, uint32_t node,
                             struct ncd_distinct *distinct)
{
    if (node == NCD_NO_NODE || r->tally[node]++ > 0)
        return NCD_OK;
    if (ncd_grow(&distinct->nodes, &distinct->capacity, distinct->n + 1,
                 sizeof *distinct->nodes) != NCD_OK) {
        r->tally[node] = 0;
        return NCD_ERR_NOMEM;
    }
    distinct->nodes[distinct->n++] = node;
    return NCD_OK;
}

/* Rows that are there at a time, where they are not kept: they fit into the
 * nearer caches. */
#define SKIM_ROWS 4096

/* Rows whose tallies are asked for in advance. */
#define AHEAD 8

static ncd_status tally_rows(struct ncd_reading *r)
{
    const uint32_t *row = r->rows.nodes;
    for (size_t i = 0; i < r->rows.n; i++, row += NCD_KINDS)
        for (unsigned kind = 0; kind < NCD_KINDS; kind++) {
            if (i + AHEAD < r->rows.n &&
                row[AHEAD * NCD_KINDS + kind] != NCD_NO_NODE)
                NCD_PREFETCH(&r->tally[row[AHEAD * NCD_KINDS + kind]]);
            if (tally_node(r, row[kind], &r->distinct[ncd_view_of(kind)]) !=
                NCD_OK)
                return NCD_ERR_NOMEM;
        }
    return NCD_OK;
}

static ncd_status make_room(struct ncd_reading *r, const struct ncd_counts *c)
{
    if (r->tally_n != c->n_nodes) {
        free(r->tally);
        r->tally = calloc(c->n_nodes + 1, sizeof *r->tally);
        r->tally_n = r->tally ? c->n_nodes : 0;
    }
    ncd_status status =
        ncd_grow(&r->sums, &r->sums_n, c->n_classes, sizeof *r->sums);
    return r->tally ? status : NCD_ERR_NOMEM;
}

static ncd_status make_products(struct ncd_reading *r,
                                const struct ncd_counts *c)
{
    size_t n = r->n_products, need = NCD_KINDS * c->n_classes;
    ncd_status status =
        ncd_grow(&r->products, &r->n_products, need, sizeof *r->products);
    for (; n < r->n_products; n++)
        r->products[n] = 1;
    return status;
}

/* Reads n rows at a time. */
static ncd_status read_rows(struct ncd_reading *r, const struct ncd_counts *c,
                            ncd_text text, size_t n)
{
    struct ncd_walk walk;
    ncd_status status = make_room(r, c);
    ncd_walk_begin(&walk, text);
    while (status == NCD_OK && walk.row < ncd_walk_n_rows(text.nbytes)) {
        status = ncd_rows_find(&r->rows, c, &walk, n);
        if (status == NCD_OK)
            status = tally_rows(r);
    }
    if (status != NCD_OK)
        ncd_reading_end(r);
    return status;
}

ncd_status ncd_reading_begin(struct ncd_reading *r, const struct ncd_counts *c,
                             ncd_text text)
{
    if (make_products(r, c) != NCD_OK)
        return NCD_ERR_NOMEM;
    return read_rows(r, c, text, ncd_walk_n_rows(text.nbytes));
}

ncd_status ncd_reading_skim(struct ncd_reading *r, const struct ncd_counts *c,
                            ncd_text text)
{
    return read_rows(r, c, text, SKIM_ROWS);
}

void ncd_reading_end(struct ncd_reading *r)
{
    for (int view = 0; view < NCD_VIEWS; view++) {
        struct ncd_distinct *distinct = &r->distinct[view];
        for (size_t i = 0; i < distinct->n; i++)
            r->tally[distinct->nodes[i]] = 0;
        distinct->n = 0;
    }
}

void ncd_reading_free(struct ncd_reading *r)
{
    ncd_rows_free(&r->rows);
    free(r->tally);
    free(r->sums);
    free(r->products);
    for (int view = 0; view < NCD_VIEWS; view++)
        free(r->distinct[view].nodes);
    *r = (struct ncd_reading){0};
}

/* --- Probabilities of a row --- */

struct scan {
    const struct ncd_counts *counts;
    const struct ncd_smoothing *smoothing;
    struct ncd_reading *reading;
    uint32_t own;
    double *evidence;
    size_t n_added[NCD_VIEWS]; /* nodes so far */
};

/* The empty context, which is no node. */
#define EMPTY (NCD_NO_NODE - 1)

/* Occurrences in the corpus, and those of a posting, without the text. */
static uint64_t total_of(const struct scan *s, uint32_t node)
{
    uint64_t own = s->own == NCD_NO_CLASS ? 0 : s->reading->tally[node] & ~DONE;
    return s->counts->totals[node] - own;
}

static uint32_t count_of(const struct scan *s, uint32_t posting, uint32_t node)
{
    uint32_t n = s->counts->counts[posting];
    return s->counts->classes[posting] == s->own
               ? n - (s->reading->tally[node] & ~DONE)
               : n;
}

/* The context of row i's window: EMPTY, a node, or NCD_NO_NODE where the corpus
 * has never seen it. */
static uint32_t context_of(const struct scan *s, size_t i, int kind)
{
    const uint32_t *before = s->reading->rows.nodes + (i - 1) * NCD_KINDS;
    if (!s->reading->rows.at_place[i])
        return before[kind];
    return kind ? before[kind - 1] : EMPTY;
}

static uint64_t context_total(const struct scan *s, uint32_t context)
{
    if (context == NCD_NO_NODE)
        return 0;
    if (context != EMPTY)
        return total_of(s, context);
    return s->counts->n_places -
           (s->own == NCD_NO_CLASS ? 0 : s->reading->rows.n_places);
}

/* The corpus's probabilities of the symbol of row i, from the shortest context
 * to the longest that was seen; returns how many there are. */
static int predict_symbol(const struct scan *s, size_t i, double *p_out)
{
    const uint32_t *row = s->reading->rows.nodes + i * NCD_KINDS;
    double p = 1. / NCD_N_CODED;
    int kind = 0;
    for (; kind < NCD_WINDOWS; kind++) {
        uint64_t n_context = context_total(s, context_of(s, i, kind));
        if (kind > 0 && n_context == 0)
            break;
        uint64_t n = row[kind] == NCD_NO_NODE ? 0 : total_of(s, row[kind]);
        p = corpus_p(s->smoothing, kind, n, n_context, p);
        p_out[kind] = p;
    }
    return kind;
}

/* The same of the word of a row and of the pair of it and `last`, 0 where there
 * is none that was seen. */
static void predict_word(const struct scan *s, const uint32_t *row,
                         uint32_t last, double *word_out, double *pair_out)
{
    uint64_t n_context = s->counts->n_words;
    uint32_t word = row[NCD_WORD], pair = row[NCD_PAIR];
    *word_out = *pair_out = 0;
    if (word == NCD_NO_NODE)
        return;
    if (s->own != NCD_NO_CLASS)
        n_context -= s->reading->rows.n_words;
    *word_out = corpus_p(s->smoothing, NCD_WORD, total_of(s, word), n_context,
                         NEW_WORD);
    if (pair != NCD_NO_NODE)
        *pair_out = corpus_p(s->smoothing, NCD_PAIR, total_of(s, pair),
                             total_of(s, last), *word_out);
}

/* --- Evidence of one text --- */

/*
 * Most symbols of a text occur once, so that a class's evidence is a sum of
 * thousands of logarithms: it is the logarithm of their product, taken whenever
 * that has become large. No factor is below 1.
 */
#define LARGE 1e150

static void add_gain(const struct scan *s, size_t at, double times,
                     double ratio)
{
    double *product = &s->reading->products[at];
    if (times > 1) {
        s->evidence[at] += times * ncd_ln(ratio);
        return;
    }
    *product *= ratio;
    if (*product > LARGE) {
        s->evidence[at] += ncd_ln(*product);
        *product = 1;
    }
}

static void add_products(const struct scan *s)
{
    double *products = s->reading->products;
    for (size_t i = 0; i < NCD_KINDS * s->counts->n_classes; i++)
        if (products[i] != 1) {
            s->evidence[i] += ncd_ln(products[i]);
            products[i] = 1;
        }
}

/* All occurrences of a node as a symbol, of corpus probability p, and as a
 * context. */
static void add_node(const struct scan *s, int kind, uint32_t node, double p)
{
    const struct ncd_counts *c = s->counts;
    uint64_t key = c->keys[node];
    double times = s->reading->tally[node];
    int is_symbol = !ncd_key_is_start(key);
    unsigned of = ncd_key_context_of(key);
    double per = 1 / (s->smoothing->class_mass[kind] * p);
    size_t symbols = (size_t)kind * c->n_classes;
    double *contexts = s->evidence + of * c->n_classes;
    s->reading->tally[node] |= DONE;
    for (uint32_t p_ = c->first[node]; p_ < c->first[node + 1]; p_++) {
        uint32_t n = count_of(s, p_, node), class = c->classes[p_];
        if (is_symbol)
            add_gain(s, symbols + class, times, 1 + n * per);
        if (of < NCD_KINDS)
            contexts[class] -=
                times * ncd_context_cost(s->smoothing, (int)of, n);
    }
}

/* Nodes ahead of the one added up of which the postings are asked for; where
 * these are, twice as many. */
#define NODES_AHEAD 8

/* Nodes are added up in the order in which they were found. */
static void ask_ahead(struct scan *s, int view)
{
    const struct ncd_counts *c = s->counts;
    const struct ncd_distinct *distinct = &s->reading->distinct[view];
    size_t near = s->n_added[view]++ + NODES_AHEAD, far = near + NODES_AHEAD;
    if (far < distinct->n) {
        uint32_t node = distinct->nodes[far];
        NCD_PREFETCH(&c->first[node]);
        NCD_PREFETCH(&c->keys[node]);
        NCD_PREFETCH(&c->totals[node]);
    }
    if (near < distinct->n) {
        uint32_t first = c->first[distinct->nodes[near]];
        NCD_PREFETCH(&c->classes[first]);
        NCD_PREFETCH(&c->counts[first]);
    }
}

static void add_once(struct scan *s, int kind, uint32_t node, double p)
{
    if (node == NCD_NO_NODE || s->reading->tally[node] & DONE)
        return;
    ask_ahead(s, ncd_view_of((unsigned)kind));
    add_node(s, kind, node, p);
}

/* What class `own` gives to the symbol of probability p in a context. */
static double own_p(const struct scan *s, int kind, uint32_t node,
                    uint32_t context, double p)
{
    double n = 0, a = s->smoothing->class_mass[kind];
    if (node != NCD_NO_NODE)
        n = ncd_counts_of(s->counts, node, s->own) -
            (s->reading->tally[node] & ~DONE);
    double n_context = ncd_counts_of(s->counts, context, s->own) -
                       (s->reading->tally[context] & ~DONE);
    return (n + a * p) / (n_context + a);
}

static void add_windows(struct scan *s, size_t i,
                        struct ncd_code_lengths *lengths)
{
    const uint32_t *row = s->reading->rows.nodes + i * NCD_KINDS;
    double p[NCD_WINDOWS];
    int n = predict_symbol(s, i, p);
    for (int kind = 0; kind < n; kind++)
        add_once(s, kind, row[kind], p[kind]);
    if (!lengths)
        return;
    uint32_t context = context_of(s, i, n - 1);
    double longest = p[n - 1];
    lengths->corpus -= ncd_ln(longest) / NCD_LN2;
    if (context < EMPTY && s->own != NCD_NO_CLASS)
        longest = own_p(s, n - 1, row[n - 1], context, longest);
    lengths->class -= ncd_ln(longest) / NCD_LN2;
}

static void add_words(struct scan *s, size_t i, uint32_t last)
{
    const uint32_t *row = s->reading->rows.nodes + i * NCD_KINDS;
    double word, pair;
    predict_word(s, row, last, &word, &pair);
    add_once(s, NCD_WORD, row[NCD_WORD], word);
    add_once(s, NCD_PAIR, row[NCD_PAIR], pair);
}

/* The lowest kinds have one context, in which every place stands. */
static void add_places(const struct scan *s)
{
    const struct ncd_counts *c = s->counts;
    const struct ncd_rows *r = &s->reading->rows;
    for (size_t class = 0; class < c->n_classes; class ++) {
        uint64_t places = c->places[class], words = c->words[class];
        if (class == s->own) {
            places -= r->n_places;
            words -= r->n_words;
        }
        s->evidence[class] -=
            (double)r->n_places * ncd_context_cost(s->smoothing, 0, places);
        s->evidence[NCD_WORD * c->n_classes + class] -=
            (double)r->n_words *
            ncd_context_cost(s->smoothing, NCD_WORD, words);
    }
}

void ncd_evidence(const struct ncd_counts *c,
                  const struct ncd_smoothing *smoothing, struct ncd_reading *r,
                  uint32_t own, double *evidence,
                  struct ncd_code_lengths *lengths)
{
    struct scan s = {c, smoothing, r, own, evidence, {0}};
    const uint32_t *row = r->rows.nodes;
    uint32_t last_word = row[NCD_WORD];
    memset(evidence, 0, NCD_KINDS * c->n_classes * sizeof *evidence);
    if (lengths)
        *lengths = (struct ncd_code_lengths){0};
    for (int kind = 0; kind < NCD_KINDS; kind++)
        add_once(&s, kind, row[kind], 1); /* start marks: contexts only */
    for (size_t i = 1; i < r->rows.n; i++) {
        row += NCD_KINDS;
        if (i + 1 < r->rows.n)
            add_windows(&s, i, lengths);
        add_words(&s, i, last_word);
        last_word = row[NCD_WORD] == NCD_NO_NODE ? last_word : row[NCD_WORD];
    }
    add_products(&s);
    add_places(&s);
    for (int view = 0; view < NCD_VIEWS; view++)
        for (size_t i = 0; i < r->distinct[view].n; i++)
            r->tally[r->distinct[view].nodes[i]] &= ~DONE;
}

/* --- A single symbol --- */

static uint64_t count_in(const struct ncd_counts *c, uint64_t key,
                         uint32_t class)
{
    if (key == NCD_NO_KEY) /* the empty context */
        return class == NCD_NO_CLASS ? c->n_places : c->places[class];
    uint32_t node = ncd_counts_find(c, key);
    if (node == NCD_NO_NODE)
        return 0;
    return class == NCD_NO_CLASS ? c->totals[node]
                                 : ncd_counts_of(c, node, class);
}

double ncd_symbol_probability(const struct ncd_counts *c,
                              const struct ncd_smoothing *s, uint32_t class,
                              unsigned kind, const struct ncd_walk *walk,
                              unsigned symbol)
{
    double p = 1. / NCD_N_CODED;
    for (unsigned k = 0; k <= kind; k++)
        p = corpus_p(
            s, (int)k,
            count_in(c, ncd_walk_window(walk, k, symbol), NCD_NO_CLASS),
            count_in(c, ncd_walk_context(walk, k), NCD_NO_CLASS), p);
    if (class == NCD_NO_CLASS)
        return p;
    double a = s->class_mass[kind];
    double n = (double)count_in(c, ncd_walk_window(walk, kind, symbol), class);
    double n_context = (double)count_in(c, ncd_walk_context(walk, kind), class);
    return (n + a * p) / (n_context + a);
}

/* --- Values for prediction --- */

#define BLOCK_NODES 4096

struct valuing {
    const struct ncd_counts *counts;
    const struct ncd_smoothing *smoothing;
    const double *mix;
    const _Atomic float *p;
    float *values;
};

static void note(_Atomic float *p, uint32_t node, double value)
{
    if (node != NCD_NO_NODE)
        atomic_store_explicit(&p[node], (float)value, memory_order_relaxed);
}

void ncd_evidence_note(const struct ncd_counts *c,
                       const struct ncd_smoothing *smoothing,
                       struct ncd_reading *r, _Atomic float *p_out)
{
    struct scan s = {c, smoothing, r, NCD_NO_CLASS, NULL, {0}};
    const uint32_t *row = r->rows.nodes;
    uint32_t last_word = row[NCD_WORD];
    for (size_t i = 1; i < r->rows.n; i++) {
        double p[NCD_KINDS];
        int n = i + 1 < r->rows.n ? predict_symbol(&s, i, p) : 0;
        row += NCD_KINDS;
        for (int kind = 0; kind < n; kind++)
            note(p_out, row[kind], p[kind]);
        if (row[NCD_WORD] == NCD_NO_NODE)
            continue;
        predict_word(&s, row, last_word, &p[NCD_WORD], &p[NCD_PAIR]);
        note(p_out, row[NCD_WORD], p[NCD_WORD]);
        note(p_out, row[NCD_PAIR], p[NCD_PAIR]);
        last_word = row[NCD_WORD];
    }
}

static ncd_status value_block(void *job, size_t block, unsigned thread,
                              ncd_error *err)
{
    const struct valuing *v = job;
    const struct ncd_counts *c = v->counts;
    size_t end = (block + 1) * BLOCK_NODES;
    (void)thread;
    (void)err;
    for (size_t i = block * BLOCK_NODES; i < end && i < c->n_nodes; i++) {
        uint64_t key = c->keys[i];
        int kind = (int)ncd_key_kind(key), is_symbol = !ncd_key_is_start(key);
        unsigned of = ncd_key_context_of(key);
        double at =
            (double)atomic_load_explicit(&v->p[i], memory_order_relaxed);
        for (uint32_t p = c->first[i]; p < c->first[i + 1]; p++) {
            double value = 0;
            if (is_symbol)
                value = v->mix[kind] *
                        symbol_gain(v->smoothing, kind, c->counts[p], at);
            if (of < NCD_KINDS)
                value -= v->mix[of] *
                         ncd_context_cost(v->smoothing, (int)of, c->counts[p]);
            v->values[p] = (float)value;
        }
    }
    return NCD_OK;
}

void ncd_evidence_values(const struct ncd_counts *c,
                         const struct ncd_smoothing *s, const _Atomic float *p,
                         const double *mix, unsigned threads, float *value_out,
                         double *place_values_out)
{
    struct valuing v = {c, s, mix, p, value_out};
    size_t n_blocks = (c->n_nodes + BLOCK_NODES - 1) / BLOCK_NODES;
    ncd_parallel_for(n_blocks, threads, value_block, &v, NULL, NULL);
    for (size_t class = 0; class < c->n_classes; class ++) {
        place_values_out[class] =
            -mix[0] * ncd_context_cost(s, 0, c->places[class]);
        place_values_out[c->n_classes + class] =
            -mix[NCD_WORD] * ncd_context_cost(s, NCD_WORD, c->words[class]);
    }
}
