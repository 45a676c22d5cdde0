/* SPDX-License-Identifier: MIT */
/*
 * Margins by dual coordinate descent; see margins.h.
 *
 * The classes' problems are independent. Each is copied out of the rows of all
 * texts: of every text the features that the class has seen, numbered within
 * the class. So what the passes go through is one stream of numbers and one
 * array of weights, of 16 bytes a feature and dense, and memory is needed for
 * the classes at hand only.
 */
#include <stdlib.h>
#include <string.h>

#include "classmodel/margins.h"
#include "util/error.h"
#include "util/parallel.h"

/* Each in an order of its own: going through the texts in one order, or to and
 * fro, converges several times more slowly. */
#define PASSES 5
#define COST 1.f /* of a margin that falls short by 1 */
#define SLACK (.5f / COST)

/* A text whose margins are beyond what is asked by so much is not looked at in
 * the pass after next, nor in every second one from there on. */
#define AT_EASE .25f

/* Classes are taken from the rows in so many blocks: few enough that reading
 * the rows for each costs little. */
#define MAX_BLOCKS 64

#define FEATURE_MASK (NCD_MAX_FEATURES - 1)

/* A class's problem. */
struct problem {
    uint32_t class;
    size_t n_entries, n_weights;
    uint32_t *entries; /* [n_entries] as in rows, but numbered in the class */
    size_t *first;     /* [n + 1] */
    uint32_t *n_windows; /* [n] */
    float *norms;        /* [n] squared lengths, with 1 for the bias */
    unsigned char *rests; /* [n] passes to leave the text out of */
    float *alphas;        /* [n][NCD_LANES] */
    float *weights;       /* [n_weights][NCD_LANES] times idf */
    float *squares;       /* [n_weights] of idf */
    /* [n_weights] lanes in which the class has seen the feature, a bit each. In
     * the others the weight stays 0: would it exist only because of the texts
     * that the lane leaves out, it would be learnt from other classes' texts
     * alone and speak against the very class that those texts are of. */
    unsigned char *seen;
    float biases[NCD_LANES];
};

struct fit {
    const struct ncd_margins *margins;
    const struct ncd_counts *counts;
    const struct ncd_margins_data *data;
    size_t n_blocks;
    uint32_t *nodes;   /* [n features] */
    size_t *first;     /* [n features + 1] */
    uint32_t *classes; /* [n postings of features] */
    uint32_t *order;   /* [PASSES][n] */
    float lanes[1 << NCD_LANES][NCD_LANES]; /* 1 for each bit that is set */
    float *weights_out, *biases_out, *held_out;
    size_t stride;
};

/* --- Copying the problems of a block of classes --- */

/* Where the block's postings of each feature are, and their numbers within
 * their classes. */
struct block {
    uint32_t c0, c1;
    struct problem *problems; /* [c1 - c0] */
    uint32_t *first;          /* [n features + 1] */
    uint32_t *classes;        /* [n postings] less c0 */
    uint32_t *numbers;        /* [n postings] */
};

static ncd_status index_block(const struct fit *f, struct block *b)
{
    size_t n_features = f->margins->n_features, n = 0;
    for (size_t p = 0; p < f->first[n_features]; p++)
        n += f->classes[p] >= b->c0 && f->classes[p] < b->c1;
    b->first = malloc((n_features + 1) * sizeof *b->first);
    b->classes = malloc((n + 1) * sizeof *b->classes);
    b->numbers = malloc((n + 1) * sizeof *b->numbers);
    if (!b->first || !b->classes || !b->numbers)
        return NCD_ERR_NOMEM;
    n = 0;
    for (size_t i = 0; i < n_features; i++) {
        b->first[i] = (uint32_t)n;
        for (size_t p = f->first[i]; p < f->first[i + 1]; p++) {
            if (f->classes[p] < b->c0 || f->classes[p] >= b->c1)
                continue;
            struct problem *problem = &b->problems[f->classes[p] - b->c0];
            problem->n_entries += f->counts->n_in[f->nodes[i]];
            b->classes[n] = f->classes[p] - b->c0;
            b->numbers[n++] = (uint32_t)problem->n_weights++;
        }
    }
    b->first[n_features] = (uint32_t)n;
    return NCD_OK;
}

static ncd_status make_room(struct problem *p, size_t n)
{
    p->entries = malloc((p->n_entries + 1) * sizeof *p->entries);
    p->first = calloc(n + 1, sizeof *p->first);
    p->n_windows = calloc(n, sizeof *p->n_windows);
    p->norms = calloc(n, sizeof *p->norms);
    p->rests = calloc(n, sizeof *p->rests);
    p->alphas = calloc(n * NCD_LANES, sizeof *p->alphas);
    p->weights = calloc((p->n_weights + 1) * NCD_LANES, sizeof *p->weights);
    p->squares = calloc(p->n_weights + 1, sizeof *p->squares);
    p->seen = calloc(p->n_weights + 1, sizeof *p->seen);
    return p->entries && p->first && p->n_windows && p->norms && p->rests &&
                   p->alphas && p->weights && p->squares && p->seen
               ? NCD_OK
               : NCD_ERR_NOMEM;
}

static void problem_free(struct problem *p)
{
    free(p->entries);
    free(p->first);
    free(p->n_windows);
    free(p->norms);
    free(p->rests);
    free(p->alphas);
    free(p->weights);
    free(p->squares);
    free(p->seen);
}

/* Deals a text's features to the classes that have seen them. */
static void deal_row(const struct fit *f, const struct block *b, size_t i,
                     size_t *ends)
{
    const struct ncd_feature_row *row = &f->data->rows[i];
    uint32_t n_classes = b->c1 - b->c0;
    for (uint32_t j = 0; j < row->n; j++) {
        uint32_t feature = row->entries[j] & FEATURE_MASK;
        uint32_t times = row->entries[j] & ~FEATURE_MASK;
        if (j == row->n_windows)
            for (uint32_t c = 0; c < n_classes; c++)
                b->problems[c].n_windows[i] =
                    (uint32_t)(ends[c] - b->problems[c].first[i]);
        for (uint32_t p = b->first[feature]; p < b->first[feature + 1]; p++) {
            uint32_t c = b->classes[p];
            b->problems[c].entries[ends[c]++] = b->numbers[p] | times;
        }
    }
    for (uint32_t c = 0; c < n_classes; c++) {
        struct problem *problem = &b->problems[c];
        if (row->n_windows == row->n)
            problem->n_windows[i] = (uint32_t)(ends[c] - problem->first[i]);
        problem->first[i + 1] = ends[c];
    }
}

static void copy_squares(const struct fit *f, const struct block *b)
{
    for (size_t i = 0; i < f->margins->n_features; i++) {
        float idf = f->margins->idf[f->nodes[i]];
        for (uint32_t p = b->first[i]; p < b->first[i + 1]; p++)
            b->problems[b->classes[p]].squares[b->numbers[p]] = idf * idf;
    }
}

static ncd_status copy_problems(const struct fit *f, struct block *b)
{
    size_t n_classes = b->c1 - b->c0;
    ncd_status status = index_block(f, b);
    for (size_t c = 0; c < n_classes && status == NCD_OK; c++)
        status = make_room(&b->problems[c], f->data->n);
    size_t *ends = calloc(n_classes, sizeof *ends);
    if (status != NCD_OK || !ends) {
        free(ends);
        return NCD_ERR_NOMEM;
    }
    for (size_t i = 0; i < f->data->n; i++)
        deal_row(f, b, i, ends);
    copy_squares(f, b);
    free(ends);
    return NCD_OK;
}

/* --- A class's passes --- */

static const uint32_t *entries_of(const struct problem *p, size_t i,
                                  size_t *n_windows, size_t *n)
{
    *n_windows = p->n_windows[i];
    *n = p->first[i + 1] - p->first[i];
    return p->entries + p->first[i];
}

/* Adds scale times the damped weights of n entries, those at even places and at
 * odd ones apart, so that one sum need not wait for the other. */
static void add_weights(const struct problem *p, const float *damped,
                        const uint32_t *entries, size_t n, float scale,
                        float *sums)
{
    float even[NCD_LANES] = {0}, odd[NCD_LANES] = {0};
    size_t j = 0;
    for (; j + 2 <= n; j += 2) {
        uint32_t e = entries[j], o = entries[j + 1];
        const float *we = p->weights + (size_t)(e & FEATURE_MASK) * NCD_LANES;
        const float *wo = p->weights + (size_t)(o & FEATURE_MASK) * NCD_LANES;
        float de = damped[e >> NCD_FEATURE_BITS];
        float d_o = damped[o >> NCD_FEATURE_BITS];
        for (int lane = 0; lane < NCD_LANES; lane++) {
            even[lane] += de * we[lane];
            odd[lane] += d_o * wo[lane];
        }
    }
    if (j < n) {
        uint32_t e = entries[j];
        const float *we = p->weights + (size_t)(e & FEATURE_MASK) * NCD_LANES;
        for (int lane = 0; lane < NCD_LANES; lane++)
            even[lane] += damped[e >> NCD_FEATURE_BITS] * we[lane];
    }
    for (int lane = 0; lane < NCD_LANES; lane++)
        sums[lane] += scale * (even[lane] + odd[lane]);
}

static void compute_margins(const struct fit *f, const struct problem *p,
                            size_t i, float *margins)
{
    const struct ncd_feature_row *row = &f->data->rows[i];
    size_t n_windows, n;
    const uint32_t *entries = entries_of(p, i, &n_windows, &n);
    memcpy(margins, p->biases, sizeof p->biases);
    add_weights(p, f->margins->damped, entries, n_windows, row->scale_windows,
                margins);
    add_weights(p, f->margins->damped, entries + n_windows, n - n_windows,
                row->scale_words, margins);
}

static void move_weights(const struct fit *f, struct problem *p,
                         const uint32_t *entries, size_t n, float scale,
                         const float *steps)
{
    for (size_t j = 0; j < n; j++) {
        uint32_t number = entries[j] & FEATURE_MASK;
        float *w = p->weights + (size_t)number * NCD_LANES;
        const float *seen = f->lanes[p->seen[number]];
        float x = scale * f->margins->damped[entries[j] >> NCD_FEATURE_BITS] *
                  p->squares[number];
        for (int lane = 0; lane < NCD_LANES; lane++)
            w[lane] += x * steps[lane] * seen[lane];
    }
}

static void move_all(const struct fit *f, struct problem *p, size_t i,
                     const float *steps)
{
    const struct ncd_feature_row *row = &f->data->rows[i];
    size_t n_windows, n;
    const uint32_t *entries = entries_of(p, i, &n_windows, &n);
    move_weights(f, p, entries, n_windows, row->scale_windows, steps);
    move_weights(f, p, entries + n_windows, n - n_windows, row->scale_words,
                 steps);
}

/* Turns the margins of text i into the steps of its dual variables; returns
 * whether there are any. */
static int find_steps(const struct fit *f, struct problem *p, size_t i,
                      float *margins)
{
    float y = f->data->classes[i] == p->class ? 1.f : -1.f;
    float scale = 1 / (p->norms[i] + SLACK), *alpha = p->alphas + i * NCD_LANES;
    int any = 0, at_ease = 1;
    for (uint32_t lane = 0; lane < NCD_LANES; lane++) {
        float gradient = y * margins[lane] - 1 + alpha[lane] * SLACK;
        float next = alpha[lane] - gradient * scale;
        float step = (next > 0 ? next : 0) - alpha[lane];
        if (lane == f->data->folds[i] + 1)
            step = 0;
        else
            at_ease &= alpha[lane] + step == 0 && gradient > AT_EASE;
        alpha[lane] += step;
        margins[lane] = step * y;
        p->biases[lane] += step * y;
        any |= step != 0;
    }
    p->rests[i] = (unsigned char)at_ease;
    return any;
}

/* Tells the features of the class's texts that it has seen them, in all lanes
 * but the one that leaves the text out. */
static void mark_seen(const struct fit *f, const struct problem *p)
{
    for (size_t i = 0; i < f->data->n; i++) {
        unsigned lanes = ((1u << NCD_LANES) - 1) & ~(2u << f->data->folds[i]);
        if (f->data->classes[i] != p->class)
            continue;
        for (size_t j = p->first[i]; j < p->first[i + 1]; j++)
            p->seen[p->entries[j] & FEATURE_MASK] |= (unsigned char)lanes;
    }
}

static float square_of(const struct fit *f, const struct problem *p,
                       const uint32_t *entries, size_t n, float scale)
{
    float sum = 0;
    for (size_t j = 0; j < n; j++) {
        float x = f->margins->damped[entries[j] >> NCD_FEATURE_BITS];
        sum += x * x * p->squares[entries[j] & FEATURE_MASK];
    }
    return sum * scale * scale;
}

/* A text's squared length for the class, which has weights only at the features
 * that it has seen. */
static void compute_norms(const struct fit *f, const struct problem *p)
{
    for (size_t i = 0; i < f->data->n; i++) {
        const struct ncd_feature_row *row = &f->data->rows[i];
        size_t n_windows, n;
        const uint32_t *entries = entries_of(p, i, &n_windows, &n);
        p->norms[i] =
            1 + square_of(f, p, entries, n_windows, row->scale_windows) +
            square_of(f, p, entries + n_windows, n - n_windows,
                      row->scale_words);
    }
}

static void solve(const struct fit *f, struct problem *p)
{
    float margins[NCD_LANES];
    size_t n = f->data->n;
    mark_seen(f, p);
    compute_norms(f, p);
    for (size_t j = 0; j < PASSES * n; j++) {
        size_t i = f->order[j];
        if (p->rests[i]) {
            p->rests[i]--;
            continue;
        }
        compute_margins(f, p, i, margins);
        if (find_steps(f, p, i, margins))
            move_all(f, p, i, margins);
    }
    for (size_t j = 0; j < f->data->n_judged; j++) {
        size_t i = f->data->judged[j];
        compute_margins(f, p, i, margins);
        f->held_out[j * f->stride + p->class] =
            margins[f->data->folds[i] + 1];
    }
    f->biases_out[p->class] = p->biases[0];
}

/* --- All classes --- */

/* Puts the weights of lane 0 where the postings are. */
static void put_weights(const struct fit *f, const struct block *b)
{
    for (size_t i = 0; i < f->margins->n_features; i++) {
        uint32_t posting = f->counts->first[f->nodes[i]];
        float idf = f->margins->idf[f->nodes[i]];
        for (uint32_t p = b->first[i]; p < b->first[i + 1]; p++) {
            const struct problem *problem = &b->problems[b->classes[p]];
            while (f->counts->classes[posting] != problem->class)
                posting++;
            f->weights_out[posting] =
                problem->weights[(size_t)b->numbers[p] * NCD_LANES] / idf;
        }
    }
}

static ncd_status fit_block(void *job, size_t number, unsigned thread,
                            ncd_error *err)
{
    const struct fit *f = job;
    size_t n_classes = f->counts->n_classes;
    struct block b = {
        .c0 = (uint32_t)(number * n_classes / f->n_blocks),
        .c1 = (uint32_t)((number + 1) * n_classes / f->n_blocks),
    };
    (void)thread;
    b.problems = calloc(b.c1 - b.c0, sizeof *b.problems);
    ncd_status status = b.problems ? NCD_OK : NCD_ERR_NOMEM;
    for (uint32_t c = b.c0; b.problems && c < b.c1; c++)
        b.problems[c - b.c0].class = c;
    if (status == NCD_OK)
        status = copy_problems(f, &b);
    for (uint32_t c = b.c0; c < b.c1 && status == NCD_OK; c++)
        solve(f, &b.problems[c - b.c0]);
    if (status == NCD_OK)
        put_weights(f, &b);
    for (uint32_t c = b.c0; b.problems && c < b.c1; c++)
        problem_free(&b.problems[c - b.c0]);
    free(b.problems);
    free(b.first);
    free(b.classes);
    free(b.numbers);
    return status == NCD_OK ? NCD_OK : ncd_fail_nomem(err);
}

/* The postings of the features, in their order. */
static ncd_status make_fit(struct fit *f)
{
    const struct ncd_counts *c = f->counts;
    size_t n_features = f->margins->n_features, n = 0, at = 0;
    f->nodes = malloc((n_features + 1) * sizeof *f->nodes);
    f->first = malloc((n_features + 1) * sizeof *f->first);
    f->order = malloc((PASSES * f->data->n + 1) * sizeof *f->order);
    if (!f->nodes || !f->first || !f->order)
        return NCD_ERR_NOMEM;
    for (size_t i = 0; i < c->n_nodes; i++)
        if (f->margins->features[i] != NCD_NO_NODE) {
            f->nodes[f->margins->features[i]] = (uint32_t)i;
            n += c->first[i + 1] - c->first[i];
        }
    f->classes = malloc((n + 1) * sizeof *f->classes);
    if (!f->classes)
        return NCD_ERR_NOMEM;
    for (size_t i = 0; i < n_features; i++) {
        uint32_t p = c->first[f->nodes[i]], end = c->first[f->nodes[i] + 1];
        f->first[i] = at;
        for (; p < end; p++)
            f->classes[at++] = c->classes[p];
    }
    f->first[n_features] = at;
    for (unsigned set = 0; set < 1u << NCD_LANES; set++)
        for (unsigned lane = 0; lane < NCD_LANES; lane++)
            f->lanes[set][lane] = (float)(set >> lane & 1);
    for (size_t pass = 0; pass < PASSES; pass++)
        ncd_random_order(f->order + pass * f->data->n, f->data->n, pass);
    return NCD_OK;
}

ncd_status ncd_margins_fit(const struct ncd_margins *m,
                           const struct ncd_counts *c,
                           const struct ncd_margins_data *data,
                           unsigned threads, float *weights_out,
                           float *biases_out, float *held_out, size_t stride,
                           const struct ncd_progress *progress, ncd_error *err)
{
    struct fit f = {.margins = m,
                    .counts = c,
                    .data = data,
                    .weights_out = weights_out,
                    .biases_out = biases_out,
                    .held_out = held_out,
                    .stride = stride};
    f.n_blocks = c->n_classes < MAX_BLOCKS ? c->n_classes : MAX_BLOCKS;
    ncd_status status = make_fit(&f);
    if (status == NCD_OK)
        status =
            ncd_parallel_for(f.n_blocks, threads, fit_block, &f, progress, err);
    else
        ncd_fail_nomem(err);
    free(f.nodes);
    free(f.first);
    free(f.classes);
    free(f.order);
    return status;
}
