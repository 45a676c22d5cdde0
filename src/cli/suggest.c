/* SPDX-License-Identifier: MIT */
/* "Did you mean"; see suggest.h. */
#include "suggest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Longer words are no slips of the finger. */
#define MAX_LETTERS 40

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * Letters to insert, delete, replace or swap with their neighbour to make one
 * word of the other: optimal string alignment, in three rows of the table of
 * Damerau 1964 and Wagner & Fischer 1974.
 */
static size_t edits(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t rows[3][MAX_LETTERS + 1] = {{0}};
    for (size_t j = 0; j <= n_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];
        const size_t *higher = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1,
                           above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], higher[j - 2] + 1);
        }
    }
    return rows[n_a % 3][n_b];
}

/* 0 is nearest. */
static size_t distance(const char *word, const char *name)
{
    size_t n = strlen(word), n_name = strlen(name);
    if (strcasecmp(word, name) == 0)
        return 0;
    if (n > 1 && n < n_name && strncasecmp(word, name, n) == 0)
        return 1;
    if (n > MAX_LETTERS || n_name > MAX_LETTERS)
        return SIZE_MAX;
    return 1 + edits(word, n, name, n_name);
}

const char *name_in_list(const void *names, size_t i)
{
    return ((const char *const *)names)[i];
}

const char *closest_name(const char *word, name_fn name, const void *names)
{
    const char *best = NULL, *candidate;
    /* One slip in three letters. */
    size_t bound = 2 + (strlen(word) + 1) / 3;
    for (size_t i = 0; (candidate = name(names, i)); i++) {
        size_t d = distance(word, candidate);
        if (d < bound) {
            bound = d;
            best = candidate;
        }
    }
    return best;
}

const char *suggestion(const char *word, name_fn name, const void *names,
                       char out[SUGGESTION_NBYTES])
{
    const char *best = closest_name(word, name, names);
    out[0] = 0;
    if (best && strcmp(best, word) != 0)
        snprintf(out, SUGGESTION_NBYTES, "; did you mean \"%.60s\"?", best);
    return out;
}
