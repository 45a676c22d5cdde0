/* SPDX-License-Identifier: MIT */
/*
 * The engine asked about the zlib it is linked to. Another zlib (a fork in
 * compatibility mode, a later version) may choose other matches; then sizes
 * must come from it and not from the engine. The corpus is made here, from a
 * fixed generator: word-like texts, periods, one repeated byte, noise, pieces
 * of the first text in the second, and lengths at which something changes.
 * Integer arithmetic only, so it is the same everywhere.
 */
#include "deflate_size.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 33100, N_SECOND = 12 };

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Words of 1 to 9 letters, few of them frequent. */
static void make_words(uint8_t *t, size_t n, uint32_t *seed)
{
    static const char letters[] = "etaoinshrdlucmfw";

    for (size_t i = 0; i < n;) {
        uint32_t r = next(seed), word = r % 8 < 5 ? r % 23 : r % 1009;
        uint32_t h = word * 2654435761u;
        for (uint32_t l = 1 + word % 9; l > 0 && i < n; l--) {
            t[i++] = (uint8_t)letters[h >> 28];
            h = h * 69069u + 1;
        }
        if (i < n)
            t[i++] = ' ';
    }
}

static void make_text(uint8_t *t, size_t n, unsigned kind, uint32_t *seed)
{
    uint32_t period = 1 + next(seed) % 270;

    if (kind % 5 < 2) {
        make_words(t, n, seed);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (kind % 5 == 2)
            t[i] = (uint8_t)(i < period ? next(seed) : t[i - period]);
        else
            t[i] = (uint8_t)(kind % 5 == 3 ? 'a' : next(seed));
}

/* Pieces of `from` written over t, so that the two have matches. */
static void mix_in(uint8_t *t, size_t n, const uint8_t *from, size_t n_from,
                   uint32_t *seed)
{
    for (size_t i = 0; i < n && n_from != 0;) {
        size_t len = 1 + next(seed) % 40, at = next(seed) % n_from;
        if (len > n - i)
            len = n - i;
        if (len > n_from - at)
            len = n_from - at;
        if (next(seed) % 3 == 0)
            memcpy(t + i, from + at, len);
        i += len;
    }
}

/* One second part: its size, and what the engine says with limits around it. */
static bool check_pair(struct ncd_dengine *e, struct ncd_dengine *ref,
                       const struct ncd_dsuffix *y, bool *equal)
{
    size_t truth, size;

    if (!ncd_dengine_size(ref, y, SIZE_MAX, &truth) ||
        !ncd_dengine_size(e, y, SIZE_MAX, &size))
        return false;
    *equal = *equal && size == truth;
    for (size_t limit = truth; limit <= truth + 1; limit++) {
        if (!ncd_dengine_size(e, y, limit, &size))
            return false;
        if (size != truth && !(size == NCD_DSIZE_PRUNED && truth >= limit))
            *equal = false;
    }
    return true;
}

static bool check_prefix(struct ncd_dengine *e, struct ncd_dengine *ref,
                         uint8_t *x, size_t nx, uint8_t *t, unsigned round,
                         unsigned n_second, uint32_t *seed, bool *equal)
{
    static const uint16_t lengths[N_SECOND] = {0,   1,   2,   3,   40,  90,
                                               130, 257, 258, 259, 300, 700};
    struct ncd_dsuffix y[N_SECOND];
    bool ok = true;
    unsigned n_built = 0;

    for (unsigned i = N_SECOND - n_second; i < N_SECOND && ok; i++) {
        make_text(t, lengths[i], round + i, seed);
        mix_in(t, lengths[i], x, nx, seed);
        ok = ncd_dsuffix_build(&y[n_built], e, t, lengths[i]);
        n_built += ok;
    }
    ok = ok && ncd_dengine_set_prefix(e, x, nx) &&
         ncd_dengine_set_prefix(ref, x, nx);
    for (unsigned i = 0; i < n_built && ok; i++)
        ok = check_pair(e, ref, &y[i], equal);
    while (n_built > 0)
        ncd_dsuffix_clear(&y[--n_built]);
    return ok;
}

static bool check_all(struct ncd_dengine *e, struct ncd_dengine *ref,
                      uint8_t *x, uint8_t *t, bool *equal)
{
    static const uint16_t lengths[] = {0,   1,   2,   31,  150, 150,
                                       257, 258, 400, 900, 4200};
    uint32_t seed = 20231u;
    bool ok = true;

    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths && ok; i++) {
        make_text(x, lengths[i], i % 5, &seed);
        ok = check_prefix(e, ref, x, lengths[i], t, i, N_SECOND, &seed, equal);
    }
    /* Beyond one block and the window's reach: noise, so that it is quick. */
    make_text(x, LONGEST, 4, &seed);
    return ok && check_prefix(e, ref, x, 16300, t, 0, 1, &seed, equal) &&
           check_prefix(e, ref, x, LONGEST - 900, t, 0, 1, &seed, equal);
}

bool ncd_dengine_check(int level, bool *equal_out)
{
    struct ncd_dengine *e = ncd_dengine_new(level, false);
    struct ncd_dengine *ref = ncd_dengine_new(level, true);
    uint8_t *x = malloc(LONGEST), *t = malloc(LONGEST);
    bool ok = e != NULL && ref != NULL && x != NULL && t != NULL;

    *equal_out = true;
    ok = ok && check_all(e, ref, x, t, equal_out);
    free(x);
    free(t);
    ncd_dengine_free(e);
    ncd_dengine_free(ref);
    return ok;
}
