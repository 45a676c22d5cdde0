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
#include "util/prefetch.h"

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
#define MAX_BLOCKS 256

#define FEATURE_MASK (NCD_MAX_FEATURES - 1)

/* Weights are asked for so many entries before they are needed: those of a
 * class are more than the nearer caches hold. */
#define AHEAD 16

/* A class's problem. */
struct problem {
    uint32_t class;
    uint32_t *entries;    /* as in rows, but numbered in the class; AHEAD more
                             behind the last one, which are 0 */
    size_t *first;        /* [n + 1] */
    uint32_t *n_windows;  /* [n] */
    float *norms;         /* [n] squared lengths, with 1 for the bias */
    unsigned char *rests; /* [n] passes to leave the text out of */
    float *alphas;        /* [n][NCD_LANES] */
    float *weights;       /* [n weights][NCD_LANES] times idf */
    float *squares;       /* [n weights] of idf */
    /* [n weights] lanes in which the class has seen the feature, a bit each. In
     * the others the weight stays 0: would it exist only because of the texts
     * that the lane leaves out, it would be learnt from other classes' texts
     * alone and speak against the very class that those texts are of. */
    unsigned char *seen;
    float biases[NCD_LANES];
};

/* How much of it there is. */
struct demand {
    size_t n_entries, n_weights;
};

struct fit {
    const struct ncd_margins *margins;
    const struct ncd_counts *counts;
    const struct ncd_margins_data *data;
    size_t n_blocks;
    uint32_t *nodes;        /* [n features] */
    struct demand *demands; /* [n classes] */
    /* [n threads] room for any block, kept from one to the next: memory given
     * back in between would be torn to pieces. */
    unsigned char **rooms;
    size_t room_nbytes;
    uint32_t *order;                        /* [PASSES][n] */
    float lanes[1 << NCD_LANES][NCD_LANES]; /* 1 for each bit that is set */
    float *weights_out, *biases_out;
    int16_t *held_out;
};

/* --- Room for a block of classes --- */

/* Where the block's postings of each feature are, and their numbers within
 * their classes. */
struct block {
    uint32_t c0, c1;
    struct problem *problems; /* [c1 - c0] */
    size_t *ends;             /* [c1 - c0] scratch */
    uint32_t *first;          /* [n features + 1] */
    uint32_t *classes;        /* [n postings] less c0 */
    uint32_t *numbers;        /* [n postings] */
};

static void set_classes(const struct fit *f, size_t number, struct block *b)
{
    size_t n_classes = f->counts->n_classes;
    b->c0 = (uint32_t)(number * n_classes / f->n_blocks);
    b->c1 = (uint32_t)((number + 1) * n_classes / f->n_blocks);
}

/* Takes n items of the room, zeros; without room it only counts. */
static void *take(unsigned char *room, size_t *used, size_t n, size_t nbytes)
{
    size_t at = *used, size = n * nbytes;
    *used += (size + 15) / 16 * 16;
    return room ? memset(room + at, 0, size) : NULL;
}

static void lay_out_problem(const struct fit *f, struct problem *p,
                            const struct demand *d, unsigned char *room,
                            size_t *used)
{
    size_t n = f->data->n;
    struct problem all = {
        .entries = take(room, used, d->n_entries + AHEAD, sizeof *all.entries),
        .first = take(room, used, n + 1, sizeof *all.first),
        .n_windows = take(room, used, n, sizeof *all.n_windows),
        .norms = take(room, used, n, sizeof *all.norms),
        .rests = take(room, used, n, sizeof *all.rests),
        .alphas = take(room, used, n * NCD_LANES, sizeof *all.alphas),
        .weights =
            take(room, used, d->n_weights * NCD_LANES, sizeof *all.weights),
        .squares = take(room, used, d->n_weights, sizeof *all.squares),
        .seen = take(room, used, d->n_weights, sizeof *all.seen),
    };
    if (room)
        *p = all;
}

/* Returns the bytes that the block takes. */
static size_t lay_out(const struct fit *f, struct block *b, unsigned char *room)
{
    size_t used = 0, n_classes = b->c1 - b->c0, n = 0;
    for (uint32_t c = b->c0; c < b->c1; c++)
        n += f->demands[c].n_weights;
    b->problems = take(room, &used, n_classes, sizeof *b->problems);
    b->ends = take(room, &used, n_classes, sizeof *b->ends);
    b->first = take(room, &used, f->margins->n_features + 1, sizeof *b->first);
    b->classes = take(room, &used, n, sizeof *b->classes);
    b->numbers = take(room, &used, n, sizeof *b->numbers);
    for (size_t c = 0; c < n_classes; c++) {
        lay_out_problem(f, room ? &b->problems[c] : NULL,
                        &f->demands[b->c0 + c], room, &used);
        if (room)
            b->problems[c].class = b->c0 + (uint32_t)c;
    }
    return used;
}

/* --- Copying the problems of a block --- */

static void index_block(const struct fit *f, const struct block *b)
{
    const struct ncd_counts *c = f->counts;
    size_t n_features = f->margins->n_features;
    uint32_t n = 0;
    for (size_t i = 0; i < n_features; i++) {
        uint32_t node = f->nodes[i];
        b->first[i] = n;
        for (uint32_t p = c->first[node]; p < c->first[node + 1]; p++) {
            if (c->classes[p] < b->c0)
                continue;
            if (c->classes[p] >= b->c1)
                break;
            b->classes[n] = c->classes[p] - b->c0;
            b->numbers[n] = (uint32_t)b->ends[b->classes[n]]++;
            n++;
        }
    }
    b->first[n_features] = n;
}

/* Deals a text's features to the classes that have seen them. */
static void deal_row(const struct fit *f, const struct block *b, size_t i)
{
    size_t *ends = b->ends;
    const struct ncd_feature_row *row = &f->data->rows[i];
    struct ncd_feature_walk walk = {row->packed, 0};
    uint32_t n_classes = b->c1 - b->c0;
    for (uint32_t j = 0; j < row->n; j++) {
        if (j == row->n_windows) {
            for (uint32_t c = 0; c < n_classes; c++)
                b->problems[c].n_windows[i] =
                    (uint32_t)(ends[c] - b->problems[c].first[i]);
            walk.feature = 0;
        }
        uint32_t entry = ncd_feature_next(&walk);
        uint32_t feature = entry & FEATURE_MASK, times = entry & ~FEATURE_MASK;
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

static void copy_problems(const struct fit *f, const struct block *b)
{
    index_block(f, b);
    memset(b->ends, 0, (b->c1 - b->c0) * sizeof *b->ends);
    for (size_t i = 0; i < f->data->n; i++)
        deal_row(f, b, i);
    copy_squares(f, b);
}

/* --- A class's passes --- */

static const uint32_t *entries_of(const struct problem *p, size_t i,
                                  size_t *n_windows, size_t *n)
{
    *n_windows = p->n_windows[i];
    *n = p->first[i + 1] - p->first[i];
    return p->entries + p->first[i];
}

static const float *weights_at(const struct problem *p, uint32_t entry)
{
    return p->weights + (size_t)(entry & FEATURE_MASK) * NCD_LANES;
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
        const float *we = weights_at(p, e), *wo = weights_at(p, o);
        NCD_PREFETCH(weights_at(p, entries[j + AHEAD]));
        NCD_PREFETCH(weights_at(p, entries[j + AHEAD + 1]));
        float de = damped[e >> NCD_FEATURE_BITS];
        float d_o = damped[o >> NCD_FEATURE_BITS];
        for (int lane = 0; lane < NCD_LANES; lane++) {
            even[lane] += de * we[lane];
            odd[lane] += d_o * wo[lane];
        }
    }
    if (j < n) {
        uint32_t e = entries[j];
        const float *we = weights_at(p, e);
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
        p->norms[i] = 1 +
                      square_of(f, p, entries, n_windows, row->scale_windows) +
                      square_of(f, p, entries + n_windows, n - n_windows,
                                row->scale_words);
    }
}

static int16_t in_units(float margin)
{
    const float most = INT16_MAX * NCD_MARGIN_UNIT;
    float within = margin > most ? most : margin < -most ? -most : margin;
    return (int16_t)(within / NCD_MARGIN_UNIT + (within < 0 ? -.5f : .5f));
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
        f->held_out[j * f->counts->n_classes + p->class] =
            in_units(margins[f->data->folds[i] + 1]);
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
    struct block b;
    (void)err;
    set_classes(f, number, &b);
    lay_out(f, &b, f->rooms[thread]);
    copy_problems(f, &b);
    for (uint32_t c = b.c0; c < b.c1; c++)
        solve(f, &b.problems[c - b.c0]);
    put_weights(f, &b);
    return NCD_OK;
}

/* In how many rows each feature is. */
static void count_rows(const struct fit *f, uint32_t *n_rows)
{
    for (size_t i = 0; i < f->data->n; i++) {
        const struct ncd_feature_row *row = &f->data->rows[i];
        struct ncd_feature_walk walk = {row->packed, 0};
        for (uint32_t j = 0; j < row->n; j++) {
            if (j == row->n_windows)
                walk.feature = 0;
            n_rows[ncd_feature_next(&walk) & FEATURE_MASK]++;
        }
    }
}

static ncd_status find_demands(struct fit *f)
{
    const struct ncd_counts *c = f->counts;
    uint32_t *n_rows = calloc(f->margins->n_features + 1, sizeof *n_rows);
    f->demands = calloc(c->n_classes + 1, sizeof *f->demands);
    if (!n_rows || !f->demands) {
        free(n_rows);
        return NCD_ERR_NOMEM;
    }
    count_rows(f, n_rows);
    for (size_t i = 0; i < f->margins->n_features; i++) {
        uint32_t node = f->nodes[i];
        for (uint32_t p = c->first[node]; p < c->first[node + 1]; p++) {
            struct demand *demand = &f->demands[c->classes[p]];
            demand->n_weights++;
            demand->n_entries += n_rows[i];
        }
    }
    free(n_rows);
    return NCD_OK;
}

static ncd_status make_fit(struct fit *f)
{
    f->nodes = malloc((f->margins->n_features + 1) * sizeof *f->nodes);
    f->order = malloc((PASSES * f->data->n + 1) * sizeof *f->order);
    if (!f->nodes || !f->order)
        return NCD_ERR_NOMEM;
    size_t n = 0;
    for (size_t i = 0; i < f->counts->n_nodes; i++)
        if (f->margins->idf[i] != 0)
            f->nodes[n++] = (uint32_t)i;
    for (unsigned set = 0; set < 1u << NCD_LANES; set++)
        for (unsigned lane = 0; lane < NCD_LANES; lane++)
            f->lanes[set][lane] = (float)(set >> lane & 1);
    for (size_t pass = 0; pass < PASSES; pass++)
        ncd_random_order(f->order + pass * f->data->n, f->data->n, pass);
    return find_demands(f);
}

static ncd_status make_rooms(struct fit *f, unsigned threads)
{
    for (size_t i = 0; i < f->n_blocks; i++) {
        struct block b;
        set_classes(f, i, &b);
        size_t nbytes = lay_out(f, &b, NULL);
        f->room_nbytes = nbytes > f->room_nbytes ? nbytes : f->room_nbytes;
    }
    f->rooms = calloc(threads, sizeof *f->rooms);
    for (unsigned i = 0; f->rooms && i < threads; i++) {
        f->rooms[i] = malloc(f->room_nbytes);
        if (!f->rooms[i])
            return NCD_ERR_NOMEM;
    }
    return f->rooms ? NCD_OK : NCD_ERR_NOMEM;
}

ncd_status ncd_margins_fit(const struct ncd_margins *m,
                           const struct ncd_counts *c,
                           const struct ncd_margins_data *data,
                           unsigned threads, float *weights_out,
                           float *biases_out, int16_t *held_out,
                           const struct ncd_progress *progress, ncd_error *err)
{
    struct fit f = {.margins = m,
                    .counts = c,
                    .data = data,
                    .weights_out = weights_out,
                    .biases_out = biases_out,
                    .held_out = held_out};
    f.n_blocks = c->n_classes < MAX_BLOCKS ? c->n_classes : MAX_BLOCKS;
    if (threads > f.n_blocks)
        threads = (unsigned)f.n_blocks;
    ncd_status status = make_fit(&f);
    if (status == NCD_OK)
        status = make_rooms(&f, threads);
    if (status == NCD_OK)
        status =
            ncd_parallel_for(f.n_blocks, threads, fit_block, &f, progress, err);
    else
        ncd_fail_nomem(err);
    free(f.nodes);
    free(f.demands);
    free(f.order);
    for (unsigned i = 0; f.rooms && i < threads; i++)
        free(f.rooms[i]);
    free(f.rooms);
    return status;
}
