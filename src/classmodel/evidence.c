/* SPDX-License-Identifier: MIT */
/* Evidence for classes; see evidence.h. */
#include "classmodel/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "classmodel/real.h"
#include "util/error.h"
#include "util/parallel.h"

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

static ncd_status tally_node(struct ncd_reading *r, uint32_t node)
{
    if (node == NCD_NO_NODE || r->tally[node]++ > 0)
        return NCD_OK;
    if (ncd_grow(&r->distinct, &r->capacity, r->n_distinct + 1,
                 sizeof *r->distinct) != NCD_OK) {
        r->tally[node] = 0;
        return NCD_ERR_NOMEM;
    }
    r->distinct[r->n_distinct++] = node;
    return NCD_OK;
}

ncd_status ncd_reading_begin(struct ncd_reading *r, const struct ncd_counts *c,
                             ncd_text text)
{
    if (r->tally_n != c->n_nodes) {
        free(r->tally);
        r->tally = calloc(c->n_nodes + 1, sizeof *r->tally);
        r->tally_n = r->tally ? c->n_nodes : 0;
        if (!r->tally)
            return NCD_ERR_NOMEM;
    }
    r->n_distinct = 0;
    r->n_symbols = text.nbytes + 1;
    if (ncd_rows_find(&r->rows, c, text) != NCD_OK)
        return NCD_ERR_NOMEM;
    r->n_words = r->rows.n_words;
    for (size_t i = 0; i < r->rows.n * NCD_KINDS; i++)
        if (tally_node(r, r->rows.nodes[i]) != NCD_OK) {
            ncd_reading_end(r);
            return NCD_ERR_NOMEM;
        }
    return NCD_OK;
}

void ncd_reading_end(struct ncd_reading *r)
{
    for (size_t i = 0; i < r->n_distinct; i++)
        r->tally[r->distinct[i]] = 0;
    r->n_distinct = 0;
}

void ncd_reading_free(struct ncd_reading *r)
{
    ncd_rows_free(&r->rows);
    free(r->tally);
    free(r->distinct);
    *r = (struct ncd_reading){0};
}

/* --- Evidence of one text --- */

struct scan {
    const struct ncd_counts *counts;
    const struct ncd_smoothing *smoothing;
    struct ncd_reading *reading;
    uint32_t own;
    double *evidence;
};

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

/* All occurrences of a node as a symbol, of corpus probability p, and as a
 * context of the next kind. */
static void add_node(const struct scan *s, int kind, uint32_t node, double p)
{
    const struct ncd_counts *c = s->counts;
    uint64_t key = c->keys[node];
    double times = s->reading->tally[node];
    int is_symbol = !ncd_key_is_start(key);
    int is_context =
        !ncd_key_is_end(key) && kind != NCD_WINDOWS - 1 && kind != NCD_PAIR;
    double *symbols = s->evidence + (size_t)kind * c->n_classes;
    double *contexts = symbols + c->n_classes;
    s->reading->tally[node] |= DONE;
    for (uint32_t p_ = c->first[node]; p_ < c->first[node + 1]; p_++) {
        uint32_t n = count_of(s, p_, node), class = c->classes[p_];
        if (is_symbol)
            symbols[class] += times * symbol_gain(s->smoothing, kind, n, p);
        if (is_context)
            contexts[class] -=
                times * ncd_context_cost(s->smoothing, kind + 1, n);
    }
}

static void add_once(const struct scan *s, int kind, uint32_t node, double p)
{
    if (node != NCD_NO_NODE && !(s->reading->tally[node] & DONE))
        add_node(s, kind, node, p);
}

/* What class `own` gives to the symbol of probability p at the highest kind
 * whose context it has seen. */
static double own_p(const struct scan *s, int kind, uint32_t node,
                    uint32_t context, double p)
{
    double n = 0, n_context = 0, a = s->smoothing->class_mass[kind];
    if (node != NCD_NO_NODE)
        n = ncd_counts_of(s->counts, node, s->own) -
            (s->reading->tally[node] & ~DONE);
    if (context != NCD_NO_NODE)
        n_context = ncd_counts_of(s->counts, context, s->own) -
                    (s->reading->tally[context] & ~DONE);
    return (n + a * p) / (n_context + a);
}

/* The windows of a row: the corpus's probabilities, from the shortest context
 * to the longest. */
static void add_windows(const struct scan *s, const uint32_t *row,
                        struct ncd_code_lengths *lengths)
{
    const uint32_t *before = row - NCD_KINDS;
    uint64_t n_context = s->counts->n_symbols;
    double p = 1. / NCD_N_CODED;
    int kind = 0;
    if (s->own != NCD_NO_CLASS)
        n_context -= s->reading->n_symbols;
    for (;; kind++) {
        uint64_t n = row[kind] == NCD_NO_NODE ? 0 : total_of(s, row[kind]);
        p = corpus_p(s->smoothing, kind, n, n_context, p);
        add_once(s, kind, row[kind], p);
        if (kind == NCD_WINDOWS - 1 || before[kind] == NCD_NO_NODE)
            break;
        n_context = total_of(s, before[kind]);
    }
    if (!lengths)
        return;
    lengths->corpus -= ncd_ln(p) / NCD_LN2;
    if (kind > 0 && s->own != NCD_NO_CLASS)
        p = own_p(s, kind, row[kind], before[kind - 1], p);
    lengths->class -= ncd_ln(p) / NCD_LN2;
}

static void add_words(const struct scan *s, const uint32_t *row, uint32_t last)
{
    uint64_t n_context = s->counts->n_words;
    uint32_t word = row[NCD_WORD], pair = row[NCD_PAIR];
    if (word == NCD_NO_NODE)
        return;
    if (s->own != NCD_NO_CLASS)
        n_context -= s->reading->n_words;
    double p = corpus_p(s->smoothing, NCD_WORD, total_of(s, word), n_context,
                        NEW_WORD);
    add_once(s, NCD_WORD, word, p);
    if (pair == NCD_NO_NODE)
        return;
    p = corpus_p(s->smoothing, NCD_PAIR, total_of(s, pair), total_of(s, last),
                 p);
    add_once(s, NCD_PAIR, pair, p);
}

/* The lowest kinds have one context, in which every place stands. */
static void add_places(const struct scan *s)
{
    const struct ncd_counts *c = s->counts;
    const struct ncd_reading *r = s->reading;
    for (size_t class = 0; class < c->n_classes; class ++) {
        uint64_t symbols = c->symbols[class], words = c->words[class];
        if (class == s->own) {
            symbols -= r->n_symbols;
            words -= r->n_words;
        }
        s->evidence[class] -=
            (double)r->n_symbols * ncd_context_cost(s->smoothing, 0, symbols);
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
    struct scan s = {c, smoothing, r, own, evidence};
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
            add_windows(&s, row, lengths);
        add_words(&s, row, last_word);
        last_word = row[NCD_WORD] == NCD_NO_NODE ? last_word : row[NCD_WORD];
    }
    add_places(&s);
    for (size_t i = 0; i < r->n_distinct; i++)
        r->tally[r->distinct[i]] &= ~DONE;
}

/* --- A single symbol --- */

static uint64_t count_in(const struct ncd_counts *c, uint64_t key,
                         uint32_t class)
{
    uint32_t node = ncd_counts_find(c, key);
    if (node == NCD_NO_NODE)
        return 0;
    return class == NCD_NO_CLASS ? c->totals[node]
                                 : ncd_counts_of(c, node, class);
}

double ncd_symbol_probability(const struct ncd_counts *c,
                              const struct ncd_smoothing *s, uint32_t class,
                              unsigned kind, uint64_t window, unsigned symbol)
{
    uint64_t with = window << NCD_SYMBOL_BITS | symbol;
    double p = 1. / NCD_N_CODED;
    for (unsigned k = 0; k <= kind; k++) {
        uint64_t n_context =
            k ? count_in(c, ncd_window_key(window, k - 1), NCD_NO_CLASS)
              : c->n_symbols;
        p = corpus_p(s, (int)k,
                     count_in(c, ncd_window_key(with, k), NCD_NO_CLASS),
                     n_context, p);
    }
    if (class == NCD_NO_CLASS)
        return p;
    double a = s->class_mass[kind];
    double n = (double)count_in(c, ncd_window_key(with, kind), class);
    double n_context =
        (double)(kind ? count_in(c, ncd_window_key(window, kind - 1), class)
                      : c->symbols[class]);
    return (n + a * p) / (n_context + a);
}

/* --- Values for prediction --- */

#define BLOCK_NODES 4096

struct valuing {
    const struct ncd_counts *counts;
    const struct ncd_smoothing *smoothing;
    const double *mix;
    float *p; /* [n nodes] the corpus's probability of each, as a symbol */
    float *values;
    unsigned kind;
};

/* The corpus's probability of a window, whose shorter ones have theirs. */
static double window_p(const struct valuing *v, uint32_t node)
{
    const struct ncd_counts *c = v->counts;
    uint64_t symbols = c->keys[node] & NCD_PAYLOAD_MASK;
    uint64_t n_context = c->n_symbols;
    double shorter = 1. / NCD_N_CODED;
    if (v->kind > 0) {
        uint64_t context =
            ncd_window_key(symbols >> NCD_SYMBOL_BITS, v->kind - 1);
        uint64_t suffix = ncd_window_key(symbols, v->kind - 1);
        n_context = c->totals[ncd_counts_find(c, context)];
        shorter = (double)v->p[ncd_counts_find(c, suffix)];
    }
    return corpus_p(v->smoothing, (int)v->kind, c->totals[node], n_context,
                    shorter);
}

static ncd_status predict_block(void *job, size_t block, unsigned thread,
                                ncd_error *err)
{
    const struct valuing *v = job;
    const struct ncd_counts *c = v->counts;
    size_t end = (block + 1) * BLOCK_NODES;
    (void)thread;
    (void)err;
    for (size_t i = block * BLOCK_NODES; i < end && i < c->n_nodes; i++) {
        if (ncd_key_kind(c->keys[i]) != v->kind || ncd_key_is_start(c->keys[i]))
            continue;
        v->p[i] = v->kind < NCD_WINDOWS
                      ? (float)window_p(v, (uint32_t)i)
                      : (float)corpus_p(v->smoothing, NCD_WORD, c->totals[i],
                                        c->n_words, NEW_WORD);
    }
    return NCD_OK;
}

/* A pair's key does not tell its words, so the texts have to. */
static ncd_status predict_pairs(const struct valuing *v,
                                const ncd_dataset *data)
{
    const struct ncd_counts *c = v->counts;
    for (size_t i = 0; i < data->n; i++) {
        struct ncd_walk walk;
        uint64_t keys[NCD_KINDS];
        uint32_t last = NCD_NO_NODE;
        ncd_walk_begin(&walk, ncd_dataset_text(data, i));
        while (ncd_walk_next(&walk, keys)) {
            if (keys[NCD_WORD] == NCD_NO_KEY)
                continue;
            uint32_t word = ncd_counts_find(c, keys[NCD_WORD]), pair;
            if (last != NCD_NO_NODE && word != NCD_NO_NODE &&
                (pair = ncd_counts_find(c, keys[NCD_PAIR])) != NCD_NO_NODE &&
                v->p[pair] == 0)
                v->p[pair] =
                    (float)corpus_p(v->smoothing, NCD_PAIR, c->totals[pair],
                                    c->totals[last], (double)v->p[word]);
            last = word;
        }
    }
    return NCD_OK;
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
        int is_context =
            !ncd_key_is_end(key) && kind != NCD_WINDOWS - 1 && kind != NCD_PAIR;
        for (uint32_t p = c->first[i]; p < c->first[i + 1]; p++) {
            double value = 0;
            if (is_symbol)
                value =
                    v->mix[kind] * symbol_gain(v->smoothing, kind, c->counts[p],
                                               (double)v->p[i]);
            if (is_context)
                value -= v->mix[kind + 1] *
                         ncd_context_cost(v->smoothing, kind + 1, c->counts[p]);
            v->values[p] = (float)value;
        }
    }
    return NCD_OK;
}

ncd_status ncd_evidence_values(const struct ncd_counts *c,
                               const struct ncd_smoothing *s,
                               const ncd_dataset *data, const double *mix,
                               unsigned threads, float *value_out,
                               double *places_out, ncd_error *err)
{
    struct valuing v = {
        .counts = c, .smoothing = s, .mix = mix, .values = value_out};
    size_t n_blocks = (c->n_nodes + BLOCK_NODES - 1) / BLOCK_NODES;
    ncd_status status = NCD_OK;
    v.p = calloc(c->n_nodes + 1, sizeof *v.p);
    if (!v.p)
        return ncd_fail_nomem(err);
    for (v.kind = 0; v.kind <= NCD_WORD && status == NCD_OK; v.kind++)
        status =
            ncd_parallel_for(n_blocks, threads, predict_block, &v, NULL, err);
    if (status == NCD_OK)
        status = predict_pairs(&v, data);
    if (status == NCD_OK)
        status =
            ncd_parallel_for(n_blocks, threads, value_block, &v, NULL, err);
    for (size_t class = 0; class < c->n_classes; class ++) {
        places_out[class] = -mix[0] * ncd_context_cost(s, 0, c->symbols[class]);
        places_out[c->n_classes + class] =
            -mix[NCD_WORD] * ncd_context_cost(s, NCD_WORD, c->words[class]);
    }
    free(v.p);
    return status;
}
