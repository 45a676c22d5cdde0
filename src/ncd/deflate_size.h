/* SPDX-License-Identifier: MIT */
#ifndef NCD_DEFLATE_SIZE_H
#define NCD_DEFLATE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Sizes of zlib's raw DEFLATE streams of x . ' ' . y, without the streams.
 * x is the engine's prefix, y a prepared suffix; which of them is the text to
 * be classified is the caller's affair.
 *
 * Threads: suffixes are read-only once built and may be shared; an engine
 * belongs to one thread.
 */

/* The marker "provably not below the limit"; never a size. */
#define NCD_DSIZE_PRUNED SIZE_MAX

/* From this length on, to look back for a hash takes longer than to keep where
 * it stood. */
enum { NCD_DSUFFIX_LONG = 2048 };

/*
 * What is known beforehand of a text used as second part, for one level.
 * Memory: 5 bytes per byte of text and 2 bits, plus about 260 bytes; 2 bytes
 * more per byte of texts from NCD_DSUFFIX_LONG on.
 */
struct ncd_dsuffix {
    uint8_t *text;         /* own copy, followed by 72 zero bytes */
    uint16_t *chain;       /* long texts: one more than the last position with
                              the same hash, 0 = none; else NULL */
    uint16_t *self_dist;   /* longest match inside the text; 0 = none */
    uint8_t *self_len;     /* its length - 2, at most 255; 0 = none */
    uint8_t *next;         /* class of the byte three positions on */
    uint64_t *cross;       /* bit p; one word to spare:
                              : text[p .. p+2] repeats y's beginning */
    uint64_t *self_cover;  /* bit p: some self-match covers p */
    uint64_t before_begin; /* bit b % 64: b, a space, text[0] occur */
    size_t n;
    uint16_t top_hash[8]; /* the hashes of most positions, falling */
    uint16_t top_count[8];
    bool begin_repeats; /* a space, text[0], text[1] occur */
    bool deep;          /* some self-match may be beyond zlib's budget */
    uint8_t level;
};

/* How the sizes asked for were found; each pair is counted once. */
struct ncd_dstats {
    uint64_t pruned_before; /* by a bound taken before the parse */
    uint64_t pruned_during; /* by the symbols of a part of the parse */
    uint64_t pruned_after;  /* by all symbols, no tree built */
    uint64_t trees;         /* exact */
    uint64_t zlib;          /* handed to zlib */
};

struct ncd_dengine;

/* A way to compute sizes, of those compiled in: they differ in what they want
 * of the processor and in speed, not in sizes. */
struct ncd_dpath {
    const char *name;
    size_t (*parse)(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                    size_t limit);
    bool (*is_there)(void); /* NULL: always */
};

/* The i-th path, NULL past the end; whether this processor can go it; the
 * fastest of those. */
const struct ncd_dpath *ncd_dpath_get(size_t i);
bool ncd_dpath_is_there(const struct ncd_dpath *path);
const struct ncd_dpath *ncd_dpath_best(void);

/*
 * An engine for a level from 4 to 9 (those that use lazy matching);
 * windowBits 15, memLevel 8, default strategy. NULL if out of memory.
 * use_zlib: every size comes from zlib itself, as a reference.
 */
struct ncd_dengine *ncd_dengine_new(int level, bool use_zlib);
void ncd_dengine_free(struct ncd_dengine *e);

/* Engines take the best path unless told otherwise. */
void ncd_dengine_take_path(struct ncd_dengine *e, const struct ncd_dpath *path);

const struct ncd_dstats *ncd_dengine_stats(const struct ncd_dengine *e);

/*
 * Prepares `text` as a second part for the engine's level. The text is
 * copied. Returns false if out of memory. The engine serves as scratch and
 * loses its prefix.
 */
bool ncd_dsuffix_build(struct ncd_dsuffix *s, struct ncd_dengine *e,
                       const void *text, size_t n);
void ncd_dsuffix_clear(struct ncd_dsuffix *s);

/*
 * Asks for the memory of a suffix soon to be used. Worth about a tenth of the
 * time where the training texts together do not fit the processor's caches.
 */
static inline void ncd_dsuffix_prefetch(const struct ncd_dsuffix *s)
{
#ifdef __GNUC__
    const char *p = (const char *)s->cross, *end = (const char *)s->text + s->n;
    for (; p < end; p += 64)
        __builtin_prefetch(p);
#else
    (void)s;
#endif
}

/* Sets x. The text is copied. Returns false if out of memory. */
bool ncd_dengine_set_prefix(struct ncd_dengine *e, const void *text, size_t n);

/*
 * Size in bytes of the raw stream for x . ' ' . y, or NCD_DSIZE_PRUNED if it
 * is at least `limit` (SIZE_MAX: always the size). Returns false if zlib
 * failed (memory). A size at or above the limit may still be returned.
 */
bool ncd_dengine_size(struct ncd_dengine *e, const struct ncd_dsuffix *y,
                      size_t limit, size_t *size_out);

/*
 * Whether NCD_DSIZE_PRUNED may also mean "very likely not below the limit", by
 * an estimate in place of a bound. Off at first. Sizes are exact either way.
 */
void ncd_dengine_guess(struct ncd_dengine *e, bool guesses);

/*
 * Compares engines of this level with the linked zlib on a built-in corpus of
 * a few hundred pairs, in a few milliseconds. *equal_out: whether all sizes
 * agree and all prunings were right. Returns false if out of memory.
 */
bool ncd_dengine_check(int level, bool *equal_out);

#endif
