/*
 * An inverted index from trigrams to texts. The number of shared distinct
 * trigrams says much about how well one text compresses the other, and costs
 * a few increments per pair. Lists of trigrams that every fourth text has say
 * little and are the longest: they are left out when scoring.
 */
#include "gram_index.h"

#include <stdlib.h>
#include <string.h>

enum { N_HASHES = 1 << 15 };

/*
 * The distinct hashes of a text, as zlib computes them; `stamp[h] == mark`
 * for those seen. Returns how many.
 */
static size_t distinct(const uint8_t *t, size_t n, uint32_t *stamp,
                       uint32_t mark, uint16_t *out)
{
    size_t k = 0;

    for (size_t i = 0; i + 3 <= n; i++) {
        uint32_t h = ((uint32_t)t[i] << 10 ^ (uint32_t)t[i + 1] << 5 ^
                      t[i + 2]) & (N_HASHES - 1);
        if (stamp[h] != mark) {
            stamp[h] = mark;
            out[k++] = (uint16_t)h;
        }
    }
    return k;
}

bool ncd_gram_index_build(struct ncd_gram_index *g, const void *const *texts,
                          const size_t *nbytes, size_t n_texts)
{
    uint32_t *stamp = calloc(N_HASHES, sizeof *stamp);
    uint16_t *grams = malloc(N_HASHES * sizeof *grams);
    uint32_t *fill = calloc(N_HASHES, sizeof *fill);

    memset(g, 0, sizeof *g);
    g->n_texts = n_texts;
    g->start = calloc(N_HASHES + 1, sizeof *g->start);
    if (stamp == NULL || grams == NULL || fill == NULL || g->start == NULL)
        goto fail;
    for (size_t i = 0; i < n_texts; i++) {
        size_t k = distinct(texts[i], nbytes[i], stamp, (uint32_t)i + 1, grams);
        while (k-- > 0)
            g->start[grams[k] + 1]++;
    }
    for (size_t h = 0; h < N_HASHES; h++)
        g->start[h + 1] += g->start[h];
    size_t n_post = (size_t)g->start[N_HASHES] + 1;
    if (n_texts <= 65536)
        g->post16 = malloc(n_post * sizeof *g->post16);
    else
        g->post32 = malloc(n_post * sizeof *g->post32);
    if (g->post16 == NULL && g->post32 == NULL)
        goto fail;
    memcpy(fill, g->start, N_HASHES * sizeof *fill);
    memset(stamp, 0, N_HASHES * sizeof *stamp);
    for (size_t i = 0; i < n_texts; i++) {
        size_t k = distinct(texts[i], nbytes[i], stamp, (uint32_t)i + 1, grams);
        while (k-- > 0)
            if (g->post16 != NULL)
                g->post16[fill[grams[k]]++] = (uint16_t)i;
            else
                g->post32[fill[grams[k]]++] = (uint32_t)i;
    }
    free(stamp);
    free(grams);
    free(fill);
    return true;
fail:
    free(stamp);
    free(grams);
    free(fill);
    ncd_gram_index_clear(g);
    return false;
}

void ncd_gram_index_clear(struct ncd_gram_index *g)
{
    free(g->start);
    free(g->post16);
    free(g->post32);
    memset(g, 0, sizeof *g);
}

void ncd_gram_index_scores(const struct ncd_gram_index *g, const void *text,
                           size_t nbytes, uint16_t *scores_out)
{
    uint64_t seen[N_HASHES / 64] = {0};
    const uint8_t *t = text;

    memset(scores_out, 0, g->n_texts * sizeof *scores_out);
    for (size_t i = 0; i + 3 <= nbytes; i++) {
        uint32_t h = ((uint32_t)t[i] << 10 ^ (uint32_t)t[i + 1] << 5 ^
                      t[i + 2]) & (N_HASHES - 1);
        uint32_t from = g->start[h], to = g->start[h + 1];
        if ((seen[h / 64] >> (h % 64) & 1) != 0 || to - from > g->n_texts / 4)
            continue;
        seen[h / 64] |= UINT64_C(1) << (h % 64);
        if (g->post16 != NULL)
            for (uint32_t p = from; p < to; p++)
                scores_out[g->post16[p]]++;
        else
            for (uint32_t p = from; p < to; p++)
                scores_out[g->post32[p]]++;
    }
}
