/* SPDX-License-Identifier: MIT */
/* Odds, taken apart; see odds.h. Slower than prediction, which needs no bytes.
 */
#include "classmodel/odds.h"

#include <stdlib.h>
#include <string.h>

#include "classmodel/real.h"
#include "util/error.h"

/* Bytes begin .. end - 1 of a text; either may lie on a mark, outside it. */
struct span {
    ptrdiff_t begin, end;
};

struct taking {
    const struct ncd_classmodel *model;
    struct ncd_reading reading;
    size_t a, b;
    float scales[NCD_VIEWS];
    double over; /* the power of length that evidence is divided by */
    ptrdiff_t n; /* bytes of the text */
    struct span word, last_word;
    ptrdiff_t begins[NCD_WINDOWS]; /* of the windows at the present row */
    struct ncd_class_odds *odds;
    double *bytes;
};

static int is_empty(struct span span)
{
    return span.begin >= span.end;
}

/* Evenly over what of the span is in the text. */
static void give(struct taking *t, struct span span, double value)
{
    struct span in = {span.begin > 0 ? span.begin : 0,
                      span.end < t->n ? span.end : t->n};
    if (is_empty(in))
        t->odds->marks += value;
    for (ptrdiff_t i = in.begin; i < in.end; i++)
        t->bytes[i] += value / (double)(in.end - in.begin);
}

static void give_length(struct taking *t, struct span span, double value)
{
    t->odds->lengths += value;
    give(t, span, value);
}

static void give_margin(struct taking *t, struct span span, double value)
{
    t->odds->margins += value;
    give(t, span, value);
}

/* --- One node --- */

/* What a node is worth to class a less what it is to b. */
struct worth {
    double value, context_cost, weight;
};

static void add_posting(const struct taking *t, unsigned context_of,
                        uint32_t posting, double sign, struct worth *worth)
{
    const struct ncd_classmodel *m = t->model;
    worth->value += sign * (double)m->values[posting];
    worth->weight += sign * (double)m->fit.weights[posting];
    if (context_of < NCD_WINDOWS)
        worth->context_cost += sign * m->fit.mix[context_of] *
                               ncd_context_cost(&m->smoothing, (int)context_of,
                                                m->counts.counts[posting]);
}

static struct worth worth_of(const struct taking *t, uint32_t node)
{
    const struct ncd_counts *c = &t->model->counts;
    uint64_t key = c->keys[node];
    unsigned context_of = ncd_key_context_of(key);
    struct worth worth = {0};
    for (uint32_t p = c->first[node]; p < c->first[node + 1]; p++) {
        if (c->classes[p] == t->a)
            add_posting(t, context_of, p, 1, &worth);
        if (c->classes[p] == t->b)
            add_posting(t, context_of, p, -1, &worth);
    }
    return worth;
}

/* The margin that one of a node's occurrences adds. */
static double margin_of(const struct taking *t, uint32_t node, double weight)
{
    const struct ncd_classmodel *m = t->model;
    uint32_t n = t->reading.tally[node];
    int view = ncd_view_of(ncd_key_kind(m->counts.keys[node]));
    double x = (double)m->margins.damped[n < NCD_TIMES_MAX ? n : NCD_TIMES_MAX];
    x *= (double)m->margins.idf[node] * (double)t->scales[view];
    return m->fit.mix[NCD_MARGIN] * x * weight / n;
}

/* --- Rows --- */

static void take_windows(struct taking *t, const uint32_t *nodes, size_t row)
{
    ptrdiff_t at = (ptrdiff_t)row - 1; /* the byte */
    for (int kind = 0; kind < NCD_WINDOWS; kind++) {
        if (nodes[kind] == NCD_NO_NODE)
            break;
        struct worth w = worth_of(t, nodes[kind]);
        give_length(t, (struct span){at, at + 1},
                    t->over * (w.value + w.context_cost));
        give_length(t, (struct span){at + 1, at + 2},
                    -t->over * w.context_cost);
        give_margin(t, (struct span){t->begins[kind], at + 1},
                    margin_of(t, nodes[kind], w.weight));
    }
}

static void take_words(struct taking *t, const uint32_t *nodes)
{
    struct span pair = {t->last_word.begin, t->word.end};
    if (is_empty(t->last_word)) /* the start mark */
        pair = t->word;
    if (is_empty(t->word)) /* the end mark */
        pair = t->last_word;
    for (int kind = NCD_WORD; kind <= NCD_PAIR; kind++) {
        if (nodes[kind] == NCD_NO_NODE)
            continue;
        struct worth w = worth_of(t, nodes[kind]);
        give_length(t, t->word, t->over * w.value);
        give_margin(t, kind == NCD_WORD ? t->word : pair,
                    margin_of(t, nodes[kind], w.weight));
    }
}

/* What each place and each word adds, whatever comes there. */
static double place(const struct taking *t, int words)
{
    const double *values =
        t->model->place_values + (words ? t->model->counts.n_classes : 0);
    return t->over * (values[t->a] - values[t->b]);
}

/* A character begins at a byte, and is the last one of all windows. */
static void begin_character(struct taking *t, ptrdiff_t at)
{
    for (int kind = NCD_WINDOWS - 1; kind > 0; kind--)
        t->begins[kind] = t->begins[kind - 1];
    t->begins[0] = at;
}

/* Goes through the rows as ncd_rows_find has. */
static void take_rows(struct taking *t, ncd_text text)
{
    const uint32_t *nodes = t->reading.rows.nodes;
    struct ncd_walk walk;
    uint64_t keys[NCD_KINDS];
    ncd_walk_begin(&walk, text);
    for (size_t row = 0; ncd_walk_next(&walk, keys);
         row++, nodes += NCD_KINDS) {
        ptrdiff_t at = (ptrdiff_t)row - 1;
        if (t->reading.rows.at_place[row])
            begin_character(t, at);
        if (t->reading.rows.at_place[row] && at >= 0 && at <= t->n)
            give_length(t, (struct span){at, at + 1}, place(t, 0));
        take_windows(t, nodes, row);
        t->word.end = t->begins[0] < t->n ? t->begins[0] : t->n;
        if (at > t->n) /* the words end */
            t->word.begin = t->word.end;
        if (keys[NCD_PAIR] != NCD_NO_KEY)
            give_length(t, t->word, place(t, 1));
        take_words(t, nodes);
        if (keys[NCD_WORD] != NCD_NO_KEY)
            t->last_word = t->word;
        /* The next one begins behind this character at best. */
        if (walk.word == 0 && ncd_walk_at_place(&walk))
            t->word.begin = at + 1;
    }
}

/* How sure the model is of the text as a whole bears on all parts alike. */
static void multiply(struct taking *t, double factor)
{
    t->odds->bias *= factor;
    t->odds->marks *= factor;
    t->odds->lengths *= factor;
    t->odds->margins *= factor;
    for (ptrdiff_t i = 0; i < t->n; i++)
        t->bytes[i] *= factor;
}

ncd_status ncd_classmodel_odds(const struct ncd_classmodel *m, ncd_text text,
                               size_t a, size_t b, struct ncd_class_odds *odds,
                               double *bytes, ncd_error *err)
{
    struct taking t = {.model = m,
                       .a = a,
                       .b = b,
                       .n = (ptrdiff_t)text.nbytes,
                       .odds = odds,
                       .bytes = bytes};
    const struct ncd_class_fit *fit = &m->fit;
    double *scores = malloc(m->counts.n_classes * sizeof *scores);
    if (!scores || ncd_reading_begin(&t.reading, &m->counts, text) != NCD_OK) {
        free(scores);
        ncd_reading_free(&t.reading);
        return ncd_fail_nomem(err);
    }
    for (int view = 0; view < NCD_VIEWS; view++)
        t.scales[view] = ncd_margins_scale(&m->margins, &t.reading, view);
    t.over = ncd_classmodel_over(m, &t.reading);
    *odds = (struct ncd_class_odds){
        .bias = fit->biases[a] - fit->biases[b] +
                fit->mix[NCD_MARGIN] * ((double)fit->margin_biases[a] -
                                        (double)fit->margin_biases[b])};
    memset(bytes, 0, text.nbytes * sizeof *bytes);
    take_rows(&t, text);
    multiply(&t, ncd_classmodel_scores(m, &t.reading, scores));
    free(scores);
    ncd_reading_end(&t.reading);
    ncd_reading_free(&t.reading);
    return NCD_OK;
}

ncd_status ncd_classmodel_code_lengths(const struct ncd_classmodel *m,
                                       ncd_text text, double *class_bits,
                                       double *corpus_bits, ncd_error *err)
{
    size_t n_classes = m->counts.n_classes;
    struct ncd_reading reading = {0};
    struct ncd_code_lengths lengths;
    double *evidence = calloc(NCD_KINDS * n_classes, sizeof *evidence);
    ncd_status status = NCD_ERR_NOMEM;
    if (evidence)
        status = ncd_reading_begin(&reading, &m->counts, text);
    if (status == NCD_OK) {
        ncd_evidence(&m->counts, &m->smoothing, &reading, NCD_NO_CLASS,
                     evidence, &lengths);
        ncd_reading_end(&reading);
        *corpus_bits = lengths.corpus;
        const double *longest = evidence + (NCD_WINDOWS - 1) * n_classes;
        for (size_t c = 0; c < n_classes; c++)
            class_bits[c] = lengths.corpus - longest[c] / NCD_LN2;
    }
    ncd_reading_free(&reading);
    free(evidence);
    return status == NCD_OK ? NCD_OK : ncd_fail_nomem(err);
}
