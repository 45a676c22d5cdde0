/* SPDX-License-Identifier: MIT */
/* Likely neighbours from what is shared; see candidates.h. */
#include "knn/candidates.h"

#include <stdlib.h>

#include "util/error.h"

/* Pairs that the plane is fitted to: so many second texts for each first. */
enum { N_FIRST = 200, N_SECOND = 5 };

void ncd_candidates_free(struct ncd_candidate_index *index)
{
    ncd_shared_free(&index->shared);
    *index = (struct ncd_candidate_index){0};
}

void ncd_candidate_scratch_free(struct ncd_candidate_scratch *s)
{
    ncd_gram_set_free(&s->grams);
    free(s->shared);
    free(s->best);
    *s = (struct ncd_candidate_scratch){0};
}

static ncd_status find_shared(const struct ncd_candidate_index *index,
                              ncd_text text, struct ncd_candidate_scratch *s)
{
    if (ncd_grow(&s->shared, &s->shared_capacity, index->n_texts + 1,
                 sizeof *s->shared) != NCD_OK)
        return NCD_ERR_NOMEM;
    return ncd_shared_find(&index->shared, text, &s->grams, s->shared);
}

/* --- The plane --- */

enum { N_TERMS = 5 };

/* Sums of the normal equations. */
struct fit {
    double matrix[N_TERMS][N_TERMS + 1];
};

/* Weighed by size, since a distance is a quotient of sizes: a few very long
 * texts would otherwise settle the slopes. */
static void add_sample(struct fit *fit, double both, struct ncd_shared shared,
                       double size)
{
    double row[N_TERMS + 1] = {
        1, both, shared.weight, shared.n_common, shared.n_bytes, size};
    for (int i = 0; i < N_TERMS; i++)
        for (int j = 0; j <= N_TERMS; j++)
            fit->matrix[i][j] += row[i] / both * (row[j] / both);
}

/*
 * Gauss and Jordan. A term that those before it determine, for instance because
 * it is the same for all pairs, is left with a slope of 0: its pivot, which is
 * what they leave of its sum of squares, is next to nothing.
 */
static void solve(struct fit *fit, double out[N_TERMS])
{
    for (int i = 0; i < N_TERMS; i++)
        out[i] = fit->matrix[i][i];
    for (int i = 0; i < N_TERMS; i++) {
        double *pivot = fit->matrix[i];
        int taken = pivot[i] > 1e-9 * out[i];
        for (int j = N_TERMS; j >= i; j--)
            pivot[j] = taken ? pivot[j] / pivot[i] : 0;
        for (int r = 0; r < N_TERMS; r++) {
            double factor = r == i ? 0 : fit->matrix[r][i];
            for (int j = i; j <= N_TERMS; j++)
                fit->matrix[r][j] -= factor * pivot[j];
        }
    }
    for (int i = 0; i < N_TERMS; i++)
        out[i] = fit->matrix[i][N_TERMS];
}

/* A well-mixed number below n for each i (Steele et al. 2014, SplitMix64). */
static size_t draw(uint64_t i, size_t n)
{
    uint64_t z = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)((z ^ z >> 31) % n);
}

static ncd_status add_samples(struct fit *fit,
                              const struct ncd_candidate_index *index,
                              const ncd_dataset *texts, const double *sizes,
                              ncd_engine *engine,
                              struct ncd_candidate_scratch *s, ncd_error *err)
{
    for (uint64_t f = 0; f < N_FIRST && index->n_texts; f++) {
        size_t i = draw(f, index->n_texts);
        if (find_shared(index, ncd_dataset_text(texts, i), s) != NCD_OK)
            return ncd_fail_nomem(err);
        for (uint64_t k = 0; k < N_SECOND; k++) {
            size_t j = draw(N_FIRST + f * N_SECOND + k, index->n_texts);
            double size;
            if (i == j)
                continue;
            ncd_status status = ncd_engine_join_pair(
                engine, ncd_dataset_text(texts, i), ncd_dataset_text(texts, j),
                HUGE_VAL, &size, err);
            if (status != NCD_OK)
                return status;
            add_sample(fit, sizes[i] + sizes[j], s->shared[j], size);
        }
    }
    return NCD_OK;
}

static ncd_status fit_plane(struct ncd_candidate_index *index,
                            const ncd_dataset *texts, const double *sizes,
                            ncd_engine *engine, ncd_error *err)
{
    struct fit fit = {0};
    struct ncd_candidate_scratch scratch = {0};
    double slopes[N_TERMS];
    ncd_status status =
        add_samples(&fit, index, texts, sizes, engine, &scratch, err);
    ncd_candidate_scratch_free(&scratch);
    solve(&fit, slopes);
    index->constant = slopes[0];
    index->together = slopes[1];
    index->by_weight = slopes[2];
    index->by_common = slopes[3];
    index->by_byte = slopes[4];
    return status;
}

ncd_status ncd_candidates_build(struct ncd_candidate_index *index,
                                const ncd_dataset *texts, const double *sizes,
                                ncd_engine *engine, ncd_error *err)
{
    ncd_status status = NCD_OK;
    *index =
        (struct ncd_candidate_index){.n_texts = ncd_dataset_n_texts(texts)};
    if (index->n_texts >= UINT32_MAX ||
        ncd_shared_build(&index->shared, texts) != NCD_OK)
        status = ncd_fail_nomem(err);
    else
        status = fit_plane(index, texts, sizes, engine, err);
    if (status != NCD_OK)
        ncd_candidates_free(index);
    return status;
}

/* --- Finding --- */

static int comes_before(struct ncd_candidate a, struct ncd_candidate b)
{
    if (a.distance != b.distance)
        return a.distance < b.distance;
    return a.index < b.index;
}

static int compare(const void *a, const void *b)
{
    const struct ncd_candidate *p = a, *q = b;
    return comes_before(*q, *p) - comes_before(*p, *q);
}

/* Moves the `wanted` first of n candidates to the front (Hoare 1961, FIND). */
static void select_first(struct ncd_candidate *c, size_t n, size_t wanted)
{
    size_t low = 0, high = n;
    while (high - low > 1 && wanted > low && wanted < high) {
        struct ncd_candidate pivot = c[low + (high - low) / 2];
        size_t i = low, j = high - 1;
        for (;; i++, j--) {
            while (comes_before(c[i], pivot))
                i++;
            while (comes_before(pivot, c[j]))
                j--;
            if (i >= j)
                break;
            struct ncd_candidate kept = c[i];
            c[i] = c[j];
            c[j] = kept;
        }
        /* c[low .. i) come before the pivot or are it; c[i] is no less. */
        if (i == low)
            i++;
        if (wanted <= i)
            high = i;
        else
            low = i;
    }
}

/*
 * Keeps a candidate if it may be among the `wanted` nearest. Twice as many are
 * kept as wanted, so that the farther half goes at once; `farthest` is what all
 * that stay come before, once some are gone.
 */
static void offer(struct ncd_candidate_scratch *s, size_t wanted,
                  double *farthest, struct ncd_candidate c)
{
    if (c.distance >= *farthest)
        return;
    s->best[s->n++] = c;
    if (s->n < 2 * wanted)
        return;
    select_first(s->best, s->n, wanted);
    s->n = wanted;
    *farthest = s->best[0].distance;
    for (size_t i = 1; i < wanted; i++)
        if (s->best[i].distance > *farthest)
            *farthest = s->best[i].distance;
}

static double estimate(const struct ncd_candidate_index *index, double both,
                       struct ncd_shared shared)
{
    return index->constant + index->together * both +
           index->by_weight * shared.weight +
           index->by_common * shared.n_common + index->by_byte * shared.n_bytes;
}

ncd_status ncd_candidates_find(const struct ncd_candidate_index *index,
                               const struct ncd_measure *measure,
                               const double *sizes, ncd_text text,
                               double text_size, const uint32_t *folds,
                               uint32_t own_fold, size_t wanted,
                               struct ncd_candidate_scratch *s, ncd_error *err)
{
    double farthest = HUGE_VAL;
    s->n = 0;
    if (wanted > index->n_texts)
        wanted = index->n_texts;
    if (wanted == 0)
        return NCD_OK;
    if (ncd_grow(&s->best, &s->best_capacity, 2 * wanted, sizeof *s->best) !=
            NCD_OK ||
        find_shared(index, text, s) != NCD_OK)
        return ncd_fail_nomem(err);
    for (size_t i = 0; i < index->n_texts; i++) {
        if (folds && folds[i] == own_fold)
            continue;
        double joint = estimate(index, text_size + sizes[i], s->shared[i]);
        double distance =
            ncd_distance_of(measure->distance, text_size, sizes[i], joint);
        offer(s, wanted, &farthest,
              (struct ncd_candidate){distance, (uint32_t)i});
    }
    if (s->n > wanted) {
        select_first(s->best, s->n, wanted);
        s->n = wanted;
    }
    qsort(s->best, s->n, sizeof *s->best, compare);
    return NCD_OK;
}
