/* SPDX-License-Identifier: MIT */
/* Likely neighbours from shared grams; see candidates.h. */
#include "knn/candidates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"

#define GRAM_NBYTES 4
#define GRAM_BITS 18
#define N_GRAMS ((size_t)1 << GRAM_BITS)

/* Grams that more than one text in MAX_SHARE holds are left out. */
#define MAX_SHARE 4

/* Pairs of training texts that the line is fitted to. */
#define N_SAMPLES 1000

/* Multiplicative hashing (Knuth 6.4) of the bytes as a number. */
static uint32_t gram_at(const unsigned char *b)
{
    uint32_t bytes = (uint32_t)b[0] | (uint32_t)b[1] << 8 |
                     (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    return bytes * 2654435761u >> (32 - GRAM_BITS);
}

/* The distinct grams of a text. The bits of `seen` are clear before and after.
 */
static ncd_status collect(struct ncd_gram_set *g, ncd_text text)
{
    const unsigned char *b = text.bytes;
    g->n = 0;
    if (text.nbytes < GRAM_NBYTES)
        return NCD_OK;
    size_t n = text.nbytes - GRAM_NBYTES + 1;
    if (ncd_grow(&g->grams, &g->capacity, n, sizeof *g->grams) != NCD_OK)
        return NCD_ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        uint32_t gram = gram_at(b + i);
        uint64_t bit = UINT64_C(1) << (gram % 64);
        if (!(g->seen[gram / 64] & bit))
            g->grams[g->n++] = gram;
        g->seen[gram / 64] |= bit;
    }
    for (size_t i = 0; i < g->n; i++)
        g->seen[g->grams[i] / 64] = 0;
    return NCD_OK;
}

static void free_grams(struct ncd_gram_set *g)
{
    free(g->seen);
    free(g->grams);
}

void ncd_candidates_free(struct ncd_candidate_index *index)
{
    free(index->starts);
    free(index->postings);
    free(index->weights);
    *index = (struct ncd_candidate_index){0};
}

/* --- Weights --- */

/*
 * log2 of n / 2^16 in eighths, for n from 1: in whole numbers, since the last
 * digit of a library's logarithm may differ and a candidate with it.
 */
static uint32_t log2_eighths(uint64_t n)
{
    uint32_t eighths = 0;
    while (n >= UINT64_C(1) << 17) {
        n >>= 1;
        eighths += 8;
    }
    while (n < UINT64_C(1) << 16)
        n <<= 1;
    for (uint32_t half = 4; half; half /= 2) {
        n = n * n >> 16;
        if (n >= UINT64_C(1) << 17) {
            n >>= 1;
            eighths += half;
        }
    }
    return eighths;
}

/* What each byte costs as a literal: log2 of all / how often it occurs, in
 * eighths of a bit. */
static void price_bytes(const ncd_dataset *texts, size_t n_texts,
                        uint32_t prices[256])
{
    uint64_t counts[256] = {0}, all = 1;
    for (size_t i = 0; i < n_texts; i++) {
        ncd_text text = ncd_dataset_text(texts, i);
        const unsigned char *b = text.bytes;
        for (size_t j = 0; j < text.nbytes; j++)
            counts[b[j]]++;
        all += text.nbytes;
    }
    for (int i = 0; i < 256; i++)
        prices[i] = log2_eighths((all << 16) / (counts[i] + 1));
}

/* A gram weighs what a byte of it costs in the mean. Of grams with one number,
 * the last text's counts. */
static void weigh_grams(struct ncd_candidate_index *index,
                        const ncd_dataset *texts)
{
    uint32_t prices[256];
    price_bytes(texts, index->n_texts, prices);
    for (size_t i = 0; i < index->n_texts; i++) {
        ncd_text text = ncd_dataset_text(texts, i);
        const unsigned char *b = text.bytes;
        for (size_t j = 0; j + GRAM_NBYTES <= text.nbytes; j++)
            index->weights[gram_at(b + j)] =
                (uint8_t)((prices[b[j]] + prices[b[j + 1]] + prices[b[j + 2]] +
                           prices[b[j + 3]]) /
                          4);
    }
}

/* --- Lists --- */

/* Counts into starts[gram + 1] how many texts hold each gram. */
static ncd_status count_texts(struct ncd_candidate_index *index,
                              const ncd_dataset *texts, struct ncd_gram_set *g)
{
    for (size_t i = 0; i < index->n_texts; i++) {
        if (collect(g, ncd_dataset_text(texts, i)) != NCD_OK)
            return NCD_ERR_NOMEM;
        for (size_t j = 0; j < g->n; j++)
            index->starts[g->grams[j] + 1]++;
    }
    return NCD_OK;
}

/* Turns the counts into where each list begins. Grams that too many texts hold
 * get no list: theirs would be the longest and say the least. */
static ncd_status place_lists(struct ncd_candidate_index *index)
{
    for (size_t gram = 0; gram < N_GRAMS; gram++) {
        uint32_t n = index->starts[gram + 1];
        if (n > index->n_texts / MAX_SHARE + 1)
            n = 0;
        if (n > UINT32_MAX - index->starts[gram])
            return NCD_ERR_NOMEM;
        index->starts[gram + 1] = index->starts[gram] + n;
    }
    return NCD_OK;
}

/* A gram without a list: too common, or in no training text. */
static int has_no_list(const struct ncd_candidate_index *index, uint32_t gram)
{
    return index->starts[gram + 1] == index->starts[gram];
}

/* Fills the lists; `fill` is where the next text of each goes. */
static ncd_status fill_lists(struct ncd_candidate_index *index,
                             const ncd_dataset *texts, struct ncd_gram_set *g)
{
    uint32_t *fill = malloc(N_GRAMS * sizeof *fill);
    ncd_status status = fill ? NCD_OK : NCD_ERR_NOMEM;
    if (fill)
        memcpy(fill, index->starts, N_GRAMS * sizeof *fill);
    for (size_t i = 0; i < index->n_texts && status == NCD_OK; i++) {
        status = collect(g, ncd_dataset_text(texts, i));
        for (size_t j = 0; j < g->n && status == NCD_OK; j++)
            if (!has_no_list(index, g->grams[j]))
                index->postings[fill[g->grams[j]]++] = (uint32_t)i;
    }
    free(fill);
    return status;
}

/* --- The line --- */

/* Weight of the grams that two texts share, but for those too common. */
static ncd_status weigh_shared(const struct ncd_candidate_index *index,
                               struct ncd_gram_set *x, struct ncd_gram_set *y,
                               ncd_text x_text, ncd_text y_text, double *out)
{
    if (collect(x, x_text) != NCD_OK || collect(y, y_text) != NCD_OK)
        return NCD_ERR_NOMEM;
    size_t sum = 0;
    for (size_t i = 0; i < x->n; i++)
        x->seen[x->grams[i] / 64] |= UINT64_C(1) << (x->grams[i] % 64);
    for (size_t i = 0; i < y->n; i++) {
        uint32_t gram = y->grams[i];
        if ((x->seen[gram / 64] >> (gram % 64) & 1) &&
            !has_no_list(index, gram))
            sum += index->weights[gram];
    }
    for (size_t i = 0; i < x->n; i++)
        x->seen[x->grams[i] / 64] = 0;
    *out = (double)sum;
    return NCD_OK;
}

/* Sums of the normal equations for size = a * both + b * shared + c. */
struct fit {
    double matrix[3][4];
};

static void add_sample(struct fit *fit, double both, double shared, double size)
{
    double row[4] = {both, shared, 1, size};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++)
            fit->matrix[i][j] += row[i] * row[j];
}

static void swap_rows(struct fit *fit, int a, int b)
{
    for (int j = 0; j < 4; j++) {
        double kept = fit->matrix[a][j];
        fit->matrix[a][j] = fit->matrix[b][j];
        fit->matrix[b][j] = kept;
    }
}

/* Gauss and Jordan with pivoting; returns 0 where the samples don't determine
 * the line, for instance because all texts are equal. */
static int solve(struct fit *fit, double out[3])
{
    for (int i = 0; i < 3; i++) {
        int pivot = i;
        for (int r = i + 1; r < 3; r++)
            if (fabs(fit->matrix[r][i]) > fabs(fit->matrix[pivot][i]))
                pivot = r;
        swap_rows(fit, i, pivot);
        if (fabs(fit->matrix[i][i]) < 1e-9)
            return 0;
        for (int r = 0; r < 3; r++) {
            double factor = fit->matrix[r][i] / fit->matrix[i][i];
            for (int j = i; j < 4 && r != i; j++)
                fit->matrix[r][j] -= factor * fit->matrix[i][j];
        }
    }
    for (int i = 0; i < 3; i++)
        out[i] = fit->matrix[i][3] / fit->matrix[i][i];
    return 1;
}

/* A well-mixed number below n for each i (Steele et al. 2014, SplitMix64). */
static size_t draw(uint64_t i, size_t n)
{
    uint64_t z = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)((z ^ z >> 31) % n);
}

static ncd_status fit_line(struct ncd_candidate_index *index,
                           const ncd_dataset *texts, const double *sizes,
                           ncd_engine *engine, struct ncd_gram_set *x,
                           struct ncd_gram_set *y, ncd_error *err)
{
    struct fit fit = {0};
    double line[3];
    for (uint64_t s = 0; s < N_SAMPLES; s++) {
        size_t i = draw(2 * s, index->n_texts);
        size_t j = draw(2 * s + 1, index->n_texts);
        ncd_text x_text = ncd_dataset_text(texts, i);
        ncd_text y_text = ncd_dataset_text(texts, j);
        double shared, size;
        if (i == j)
            continue;
        if (weigh_shared(index, x, y, x_text, y_text, &shared) != NCD_OK)
            return ncd_fail_nomem(err);
        ncd_status status =
            ncd_engine_join_pair(engine, x_text, y_text, HUGE_VAL, &size, err);
        if (status != NCD_OK)
            return status;
        add_sample(&fit, sizes[i] + sizes[j], shared, size);
    }
    if (!solve(&fit, line)) {
        line[0] = 1;
        line[1] = -0.01;
        line[2] = 0;
    }
    index->together = line[0];
    index->by_bit = line[1];
    index->constant = line[2];
    return NCD_OK;
}

/* --- The index --- */

static ncd_status build_lists(struct ncd_candidate_index *index,
                              const ncd_dataset *texts, struct ncd_gram_set *g)
{
    if (count_texts(index, texts, g) != NCD_OK || place_lists(index) != NCD_OK)
        return NCD_ERR_NOMEM;
    index->postings =
        malloc((index->starts[N_GRAMS] + 1u) * sizeof *index->postings);
    return index->postings ? fill_lists(index, texts, g) : NCD_ERR_NOMEM;
}

ncd_status ncd_candidates_build(struct ncd_candidate_index *index,
                                const ncd_dataset *texts, const double *sizes,
                                ncd_engine *engine, ncd_error *err)
{
    struct ncd_gram_set x = {.seen = calloc(N_GRAMS / 64, sizeof *x.seen)};
    struct ncd_gram_set y = {.seen = calloc(N_GRAMS / 64, sizeof *y.seen)};
    ncd_status status = NCD_OK;
    *index = (struct ncd_candidate_index){
        .n_texts = ncd_dataset_n_texts(texts),
        .starts = calloc(N_GRAMS + 1, sizeof *index->starts),
        .weights = calloc(N_GRAMS, sizeof *index->weights)};
    if (index->weights)
        weigh_grams(index, texts);
    if (!x.seen || !y.seen || !index->starts || !index->weights ||
        index->n_texts >= UINT32_MAX || build_lists(index, texts, &x) != NCD_OK)
        status = ncd_fail_nomem(err);
    else
        status = fit_line(index, texts, sizes, engine, &x, &y, err);
    free_grams(&x);
    free_grams(&y);
    if (status != NCD_OK)
        ncd_candidates_free(index);
    return status;
}

/* --- Finding --- */

static void score(const struct ncd_candidate_index *index,
                  struct ncd_gram_set *g, uint32_t *scores)
{
    memset(scores, 0, index->n_texts * sizeof *scores);
    for (size_t i = 0; i < g->n; i++) {
        uint32_t begin = index->starts[g->grams[i]];
        uint32_t end = index->starts[g->grams[i] + 1];
        uint32_t weight = index->weights[g->grams[i]];
        for (uint32_t p = begin; p < end; p++)
            scores[index->postings[p]] += weight;
    }
}

/* Keeps the `wanted` nearest in a sorted array, as ncd_nearest_offer does. */
static void offer(struct ncd_candidate_scratch *s, size_t wanted,
                  struct ncd_candidate c)
{
    if (s->n == wanted) {
        if (wanted == 0 || c.distance >= s->best[s->n - 1].distance)
            return;
        s->n--;
    }
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->best[middle].distance <= c.distance)
            low = middle + 1;
        else
            high = middle;
    }
    memmove(s->best + low + 1, s->best + low, (s->n - low) * sizeof *s->best);
    s->best[low] = c;
    s->n++;
}

ncd_status ncd_candidates_find(const struct ncd_candidate_index *index,
                               const struct ncd_measure *measure,
                               const double *sizes, ncd_text text,
                               double text_size, const uint32_t *folds,
                               uint32_t own_fold, size_t wanted,
                               struct ncd_candidate_scratch *s, ncd_error *err)
{
    if (wanted > index->n_texts)
        wanted = index->n_texts;
    if (ncd_grow(&s->scores, &s->scores_capacity, index->n_texts + 1,
                 sizeof *s->scores) != NCD_OK ||
        ncd_grow(&s->best, &s->best_capacity, wanted + 1, sizeof *s->best) !=
            NCD_OK)
        return ncd_fail_nomem(err);
    if (!s->grams.seen)
        s->grams.seen = calloc(N_GRAMS / 64, sizeof *s->grams.seen);
    if (!s->grams.seen || collect(&s->grams, text) != NCD_OK)
        return ncd_fail_nomem(err);
    score(index, &s->grams, s->scores);
    s->n = 0;
    for (size_t i = 0; i < index->n_texts; i++) {
        if (folds && folds[i] == own_fold)
            continue;
        double joint = index->together * (text_size + sizes[i]) +
                       index->by_bit * s->scores[i] + index->constant;
        offer(
            s, wanted,
            (struct ncd_candidate){
                ncd_distance_of(measure->distance, text_size, sizes[i], joint),
                (uint32_t)i});
    }
    return NCD_OK;
}

void ncd_candidate_scratch_free(struct ncd_candidate_scratch *s)
{
    free(s->scores);
    free(s->best);
    free_grams(&s->grams);
    *s = (struct ncd_candidate_scratch){0};
}
