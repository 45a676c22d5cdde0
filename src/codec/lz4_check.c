/* SPDX-License-Identifier: MIT */
/*
 * The linked LZ4 asked whether its sizes are those that lz4_size.c counts. The
 * texts are made here by a fixed generator: words, noise, runs of one byte,
 * repetitions at any distance, and the first text's pieces in the second.
 * Integer arithmetic only, so they are the same everywhere.
 */
#include <lz4hc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "codec/lz4_size.h"

enum {
    N_FIRST = 24,
    N_SECOND = 6,
    LONGEST = 9000,
    ROOM = LZ4_COMPRESSBOUND(2 * LONGEST)
};

struct check {
    void *state; /* of the library */
    char text[2 * LONGEST], out[ROOM];
    uint32_t seed;
};

static uint32_t below(struct check *c, uint32_t n)
{
    c->seed = c->seed * UINT32_C(1664525) + UINT32_C(1013904223);
    return (c->seed >> 8) % n;
}

/* One piece of some 1 to 40 bytes at text[i]; returns how long it is. */
static size_t add_piece(struct check *c, size_t i, unsigned kind)
{
    static const char letters[] = "etaoin shrdlu.";
    size_t n = 1 + below(c, kind % 3 == 0 ? 9 : 40), from = i;
    uint32_t word = below(c, 97);
    if (kind % 3 == 2 && i > 0)
        from = below(c, (uint32_t)i);
    for (size_t k = 0; k < n; k++) {
        char byte = letters[(word >> k % 5) % 14];
        if (kind % 3 == 1)
            byte = letters[word % 3];
        if (kind % 3 == 2)
            byte = from < i ? c->text[from + k] : (char)below(c, 256);
        c->text[i + k] = byte;
    }
    return n;
}

/* Fills text[from .. from + n), and some bytes more; what lies before may be
 * repeated. */
static void make_text(struct check *c, size_t from, size_t n)
{
    unsigned kind = below(c, 4);
    for (size_t i = from; i < from + n;)
        i += add_piece(c, i, kind < 3 ? kind : below(c, 3));
}

static size_t some_length(struct check *c)
{
    static const uint16_t most[] = {14, 40, 300, 900, 8900};
    uint32_t which = below(c, 16);
    return below(c, most[which < 15 ? which % 4 : 4]);
}

static int check_prefix(struct check *c, struct ncd_lz4_size *s, int level)
{
    size_t m = some_length(c);
    make_text(c, 0, m);
    ncd_lz4_set_prefix(s, (ncd_text){c->text, m});
    for (int i = 0; i < N_SECOND; i++) {
        size_t n = some_length(c);
        make_text(c, m, n);
        int size = LZ4_compress_HC_extStateHC(c->state, c->text, c->out,
                                              (int)(m + n), ROOM, level);
        ncd_text second = {c->text + m, n};
        if (size <= 0 ||
            ncd_lz4_size_after(s, second, SIZE_MAX) != (size_t)size)
            return 0;
    }
    return 1;
}

/* 1: all sizes are equal; 0: not; -1: out of memory. */
static int check_level(int level)
{
    struct check *c = calloc(1, sizeof *c);
    struct ncd_lz4_size *s = ncd_lz4_size_new(level);
    void *state = malloc((size_t)LZ4_sizeofStateHC());
    int same = c && s && state ? 1 : -1;
    if (same == 1) {
        c->state = state;
        c->seed = 7;
    }
    for (int i = 0; i < N_FIRST && same == 1; i++)
        same = check_prefix(c, s, level);
    free(state);
    ncd_lz4_size_free(s);
    free(c);
    return same;
}

int ncd_lz4_agrees(int level)
{
    enum { UNKNOWN, AGREES, DIFFERS };
    static atomic_int known[NCD_LZ4_LEVEL_MAX + 1];
    if (level < NCD_LZ4_LEVEL_MIN || level > NCD_LZ4_LEVEL_MAX)
        return 0;
    /* Two threads that ask at once get the same answer. */
    int answer = atomic_load(&known[level]);
    if (answer == UNKNOWN) {
        int same = check_level(level);
        if (same < 0)
            return 0;
        answer = same ? AGREES : DIFFERS;
        atomic_store(&known[level], answer);
    }
    return answer == AGREES;
}
