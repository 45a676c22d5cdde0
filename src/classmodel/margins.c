/* SPDX-License-Identifier: MIT */
/* Margins by dual coordinate descent; see margins.h. */
#include "classmodel/margins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classmodel/real.h"
#include "util/error.h"
#include "util/parallel.h"

#define MIN_TEXTS 2 /* that hold a feature */
#define MIN_KIND 2  /* shorter windows are in every text, and say little */
/* Each in an order of its own: going through the texts in one order, or to and
 * fro, converges several times more slowly. */
#define PASSES 5
#define COST 1.f /* of a margin that falls short by 1 */

struct posting {
    uint32_t class;
    /* Lanes in which the class has seen the feature, a bit each. In the others
     * the weight stays 0: would it exist only because of the texts that the
     * lane leaves out, it would be learnt from other classes' texts alone and
     * speak against the very class that those texts are of. */
    uint32_t seen;
    float w[NCD_LANES];
};

struct fit {
    const struct ncd_feature_row *rows;
    const uint32_t *classes, *folds;
    size_t n, n_classes, n_blocks;
    uint32_t *first;          /* [n_features + 1] */
    float *idf;               /* [n_features] */
    struct posting *postings; /* of features only */
    float *biases;            /* [n_classes][NCD_LANES] */
    float *alphas;            /* [n][n_classes][NCD_LANES] */
    float *squares;           /* [n][n_classes] of a text's seen features */
    float *margins;           /* [n_classes][NCD_LANES] scratch */
    uint32_t *order;          /* [PASSES][n] */
    const float *damped;
    float *held_out;
    float lanes[1 << NCD_LANES][NCD_LANES]; /* 1 for each bit that is set */
};

/* --- Features --- */

ncd_status ncd_margins_init(struct ncd_margins *m, const struct ncd_counts *c)
{
    *m = (struct ncd_margins){0};
    m->features = malloc((c->n_nodes + 1) * sizeof *m->features);
    m->idf = calloc(c->n_nodes + 1, sizeof *m->idf);
    if (!m->features || !m->idf)
        return NCD_ERR_NOMEM;
    double ln_n = ncd_ln(1 + (double)c->n_texts);
    for (size_t i = 0; i < c->n_nodes; i++) {
        m->features[i] = NCD_NO_NODE;
        if (c->n_in[i] < MIN_TEXTS || ncd_key_is_start(c->keys[i]) ||
            ncd_key_kind(c->keys[i]) < MIN_KIND)
            continue;
        m->idf[i] = (float)(1 + ln_n - ncd_ln(1 + (double)c->n_in[i]));
        m->features[i] = (uint32_t)m->n_features++;
    }
    for (int n = 1; n <= NCD_TIMES_MAX; n++)
        m->damped[n] = (float)(1 + ncd_ln(n));
    return NCD_OK;
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

void ncd_margins_scale(const struct ncd_margins *m, const struct ncd_counts *c,
                       const struct ncd_reading *r, float *windows_out,
                       float *words_out)
{
    double squares[2] = {0, 0};
    for (size_t i = 0; i < r->n_distinct; i++) {
        uint32_t node = r->distinct[i];
        double x = (double)m->damped[times_of(r, node)] * (double)m->idf[node];
        squares[ncd_key_kind(c->keys[node]) >= NCD_WORD] += x * x;
    }
    *windows_out = squares[0] > 0 ? (float)(1 / sqrt(squares[0])) : 0;
    *words_out = squares[1] > 0 ? (float)(1 / sqrt(squares[1])) : 0;
}

static int compare_nodes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Appends the features of windows or of words. */
static void take_features(struct ncd_feature_row *row,
                          const struct ncd_margins *m,
                          const struct ncd_counts *c,
                          const struct ncd_reading *r, int words)
{
    for (size_t i = 0; i < r->n_distinct; i++) {
        uint32_t node = r->distinct[i];
        if (m->features[node] == NCD_NO_NODE ||
            (ncd_key_kind(c->keys[node]) >= NCD_WORD) != words)
            continue;
        row->features[row->n] = m->features[node];
        row->times[row->n++] = (unsigned char)times_of(r, node);
    }
}

ncd_status ncd_feature_row_make(struct ncd_feature_row *row,
                                const struct ncd_margins *m,
                                const struct ncd_counts *c,
                                const struct ncd_reading *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_distinct; i++)
        n += m->features[r->distinct[i]] != NCD_NO_NODE;
    row->features = malloc((n + 1) * sizeof *row->features);
    row->times = malloc(n + 1);
    if (!row->features || !row->times)
        return NCD_ERR_NOMEM;
    /* In the order of memory, through which the fit goes again and again. */
    qsort(r->distinct, r->n_distinct, sizeof *r->distinct, compare_nodes);
    row->n = 0;
    take_features(row, m, c, r, 0);
    row->n_windows = row->n;
    take_features(row, m, c, r, 1);
    ncd_margins_scale(m, c, r, &row->scale_windows, &row->scale_words);
    return NCD_OK;
}

void ncd_feature_row_free(struct ncd_feature_row *row)
{
    free(row->features);
    free(row->times);
    *row = (struct ncd_feature_row){0};
}

/* --- Fitting --- */

static float value_of(const struct fit *f, const struct ncd_feature_row *row,
                      uint32_t i)
{
    float scale = i < row->n_windows ? row->scale_windows : row->scale_words;
    return f->damped[row->times[i]] * f->idf[row->features[i]] * scale;
}

static void prefetch(const struct fit *f, const struct ncd_feature_row *row,
                     uint32_t i)
{
#ifdef __GNUC__
    if (i + 16 < row->n)
        __builtin_prefetch(&f->first[row->features[i + 16]]);
    if (i + 8 < row->n)
        __builtin_prefetch(&f->postings[f->first[row->features[i + 8]]]);
#else
    (void)f, (void)row, (void)i;
#endif
}

/* Margins of a text for the classes from c0 to before c1. */
static void compute_margins(const struct fit *f,
                            const struct ncd_feature_row *row, uint32_t c0,
                            uint32_t c1)
{
    memcpy(f->margins + c0 * NCD_LANES, f->biases + c0 * NCD_LANES,
           (size_t)(c1 - c0) * NCD_LANES * sizeof *f->margins);
    for (uint32_t i = 0; i < row->n; i++) {
        float x = value_of(f, row, i);
        uint32_t feature = row->features[i];
        const struct posting *p = f->postings + f->first[feature];
        const struct posting *end = f->postings + f->first[feature + 1];
        prefetch(f, row, i);
        for (; p < end && p->class < c1; p++) {
            if (p->class < c0)
                continue;
            float *out = f->margins + p->class * NCD_LANES;
            for (int lane = 0; lane < NCD_LANES; lane++)
                out[lane] += x * p->w[lane];
        }
    }
}

/* Tells the features of text i that its class has seen them, in all lanes but
 * the one that leaves the text out. */
static void mark_seen(const struct fit *f, size_t i)
{
    const struct ncd_feature_row *row = &f->rows[i];
    uint32_t lanes = ((1u << NCD_LANES) - 1) & ~(2u << f->folds[i]);
    for (uint32_t j = 0; j < row->n; j++) {
        struct posting *p = f->postings + f->first[row->features[j]];
        while (p->class != f->classes[i])
            p++;
        p->seen |= lanes;
    }
}

/* A text's squared length for each class, which has weights only at the
 * features that it has seen; 1 is the bias's. */
static void compute_squares(const struct fit *f, size_t i, uint32_t c0,
                            uint32_t c1)
{
    const struct ncd_feature_row *row = &f->rows[i];
    float *out = f->squares + i * f->n_classes;
    for (uint32_t c = c0; c < c1; c++)
        out[c] = 1;
    for (uint32_t j = 0; j < row->n; j++) {
        float x = value_of(f, row, j);
        uint32_t feature = row->features[j];
        prefetch(f, row, j);
        for (uint32_t p = f->first[feature]; p < f->first[feature + 1]; p++)
            if (f->postings[p].class >= c0 && f->postings[p].class < c1)
                out[f->postings[p].class] += x * x;
    }
}

/* Adds x times the steps, which stand where the margins stood. */
static void add_steps(const struct fit *f, const struct ncd_feature_row *row,
                      uint32_t c0, uint32_t c1)
{
    for (uint32_t i = 0; i < row->n; i++) {
        float x = value_of(f, row, i);
        uint32_t feature = row->features[i];
        struct posting *p = f->postings + f->first[feature];
        struct posting *end = f->postings + f->first[feature + 1];
        prefetch(f, row, i);
        for (; p < end && p->class < c1; p++) {
            if (p->class < c0)
                continue;
            const float *step = f->margins + p->class * NCD_LANES;
            const float *seen = f->lanes[p->seen];
            for (int lane = 0; lane < NCD_LANES; lane++)
                p->w[lane] += x * step[lane] * seen[lane];
        }
    }
}

/* Turns the margins of text i into the steps of its dual variables. */
static int find_steps(const struct fit *f, size_t i, uint32_t c0, uint32_t c1)
{
    const float slack = .5f / COST;
    int any = 0;
    for (uint32_t c = c0; c < c1; c++) {
        float y = f->classes[i] == c ? 1.f : -1.f;
        float *margin = f->margins + c * NCD_LANES;
        float scale = 1 / (f->squares[i * f->n_classes + c] + slack);
        float *alpha = f->alphas + (i * f->n_classes + c) * NCD_LANES;
        for (uint32_t lane = 0; lane < NCD_LANES; lane++) {
            float gradient = y * margin[lane] - 1 + alpha[lane] * slack;
            float next = alpha[lane] - gradient * scale;
            float step = (next > 0 ? next : 0) - alpha[lane];
            if (lane == f->folds[i] + 1)
                step = 0;
            alpha[lane] += step;
            margin[lane] = step * y;
            f->biases[c * NCD_LANES + lane] += step * y;
            any |= step != 0;
        }
    }
    return any;
}

/* All passes for a block of classes, which no other block touches. */
static ncd_status fit_block(void *job, size_t block, unsigned thread,
                            ncd_error *err)
{
    const struct fit *f = job;
    uint32_t c0 = (uint32_t)(block * f->n_classes / f->n_blocks);
    uint32_t c1 = (uint32_t)((block + 1) * f->n_classes / f->n_blocks);
    (void)thread;
    (void)err;
    for (size_t i = 0; i < f->n; i++)
        compute_squares(f, i, c0, c1);
    for (int pass = 0; pass < PASSES; pass++)
        for (size_t j = 0; j < f->n; j++) {
            size_t i = f->order[(size_t)pass * f->n + j];
            compute_margins(f, &f->rows[i], c0, c1);
            if (find_steps(f, i, c0, c1))
                add_steps(f, &f->rows[i], c0, c1);
        }
    for (size_t i = 0; i < f->n; i++) {
        compute_margins(f, &f->rows[i], c0, c1);
        for (uint32_t c = c0; c < c1; c++)
            f->held_out[i * f->n_classes + c] =
                f->margins[c * NCD_LANES + f->folds[i] + 1];
    }
    return NCD_OK;
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

static size_t n_feature_postings(const struct ncd_margins *m,
                                 const struct ncd_counts *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_nodes; i++)
        if (m->features[i] != NCD_NO_NODE)
            n += c->first[i + 1] - c->first[i];
    return n;
}

static ncd_status make_fit(struct fit *f, const struct ncd_margins *m,
                           const struct ncd_counts *c)
{
    f->first = malloc((m->n_features + 1) * sizeof *f->first);
    f->idf = malloc((m->n_features + 1) * sizeof *f->idf);
    f->postings = calloc(n_feature_postings(m, c) + 1, sizeof *f->postings);
    f->biases = calloc(f->n_classes * NCD_LANES, sizeof *f->biases);
    f->alphas = calloc(f->n * f->n_classes * NCD_LANES, sizeof *f->alphas);
    f->squares = calloc(f->n * f->n_classes, sizeof *f->squares);
    f->margins = calloc(f->n_classes * NCD_LANES, sizeof *f->margins);
    f->order = malloc((PASSES * f->n + 1) * sizeof *f->order);
    if (!f->first || !f->idf || !f->postings || !f->biases || !f->alphas ||
        !f->squares || !f->margins || !f->order)
        return NCD_ERR_NOMEM;
    uint32_t n = 0;
    for (size_t i = 0; i < c->n_nodes; i++) {
        if (m->features[i] == NCD_NO_NODE)
            continue;
        f->first[m->features[i]] = n;
        f->idf[m->features[i]] = m->idf[i];
        for (uint32_t p = c->first[i]; p < c->first[i + 1]; p++)
            f->postings[n++].class = c->classes[p];
    }
    f->first[m->n_features] = n;
    for (size_t i = 0; i < f->n; i++)
        mark_seen(f, i);
    for (unsigned set = 0; set < 1u << NCD_LANES; set++)
        for (unsigned lane = 0; lane < NCD_LANES; lane++)
            f->lanes[set][lane] = (float)(set >> lane & 1);
    for (size_t pass = 0; pass < PASSES; pass++)
        ncd_random_order(f->order + pass * f->n, f->n, pass);
    return NCD_OK;
}

static void take_weights(const struct fit *f, const struct ncd_margins *m,
                         const struct ncd_counts *c, float *weights,
                         float *biases)
{
    for (size_t i = 0; i < c->n_nodes; i++)
        for (uint32_t p = c->first[i]; p < c->first[i + 1]; p++)
            weights[p] =
                m->features[i] == NCD_NO_NODE
                    ? 0
                    : f->postings[f->first[m->features[i]] + p - c->first[i]]
                          .w[0];
    for (size_t class = 0; class < f->n_classes; class ++)
        biases[class] = f->biases[class * NCD_LANES];
}

ncd_status ncd_margins_fit(const struct ncd_margins *m,
                           const struct ncd_counts *c,
                           const struct ncd_feature_row *rows,
                           const uint32_t *classes, const uint32_t *folds,
                           size_t n, unsigned threads, float *weights_out,
                           float *biases_out, float *held_out, ncd_error *err)
{
    struct fit f = {.rows = rows,
                    .classes = classes,
                    .folds = folds,
                    .n = n,
                    .n_classes = c->n_classes,
                    .damped = m->damped,
                    .held_out = held_out};
    f.n_blocks = threads < f.n_classes ? threads : f.n_classes;
    ncd_status status = make_fit(&f, m, c);
    if (status == NCD_OK) {
        status =
            ncd_parallel_for(f.n_blocks, threads, fit_block, &f, NULL, err);
        take_weights(&f, m, c, weights_out, biases_out);
    } else {
        ncd_fail_nomem(err);
    }
    free(f.first);
    free(f.idf);
    free(f.postings);
    free(f.biases);
    free(f.alphas);
    free(f.squares);
    free(f.margins);
    free(f.order);
    return status;
}
