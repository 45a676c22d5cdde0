/* SPDX-License-Identifier: MIT */
/*
 * What a text is made of, for a model of classes: at each place, the windows of
 * the last 1, 2, ... NCD_WINDOWS symbols, and where a word ends, the word and
 * the pair of it and the word before.
 *
 * Symbols are the 256 bytes, and marks for the start and the end, so that the
 * end of a text is coded like everything else in it. A window of m symbols
 * stands for its last symbol in the context of the m - 1 before it; a pair for
 * its second word in the context of the first. Words are runs of ASCII letters,
 * digits and bytes of 128 and above (letters in any script of UTF-8), with
 * ASCII capitals folded.
 *
 * Rows of a text of n bytes: the start mark; one for each byte; the end mark;
 * and one more, in which the sequence of words ends.
 */
#ifndef NCD_CLASSMODEL_GRAMS_H
#define NCD_CLASSMODEL_GRAMS_H

#include "ncdclass.h"

#define NCD_WINDOWS 4

/* Kinds 0 .. NCD_WINDOWS - 1 are windows of one symbol more than their number.
 */
enum { NCD_WORD = NCD_WINDOWS, NCD_PAIR, NCD_KINDS };

#define NCD_SYMBOL_BITS 9
#define NCD_SYMBOL_START 256u
#define NCD_SYMBOL_END 257u
#define NCD_N_CODED 257 /* symbols that are coded: all but the start mark */

/* A window's key holds the symbols themselves, so that two windows are never
 * confused; a word's is a hash. The topmost bits hold the kind. */
#define NCD_KIND_SHIFT 60
#define NCD_PAYLOAD_MASK ((UINT64_C(1) << NCD_KIND_SHIFT) - 1)
#define NCD_NO_KEY UINT64_MAX /* no such kind in this row */

static inline unsigned ncd_key_kind(uint64_t key)
{
    return (unsigned)(key >> NCD_KIND_SHIFT);
}

static inline uint64_t ncd_window_key(uint64_t symbols, unsigned kind)
{
    uint64_t mask = (UINT64_C(1) << ((kind + 1) * NCD_SYMBOL_BITS)) - 1;
    return (symbols & mask) | (uint64_t)kind << NCD_KIND_SHIFT;
}

#define NCD_WORD_START ((uint64_t)NCD_WORD << NCD_KIND_SHIFT | 1)
#define NCD_WORD_END ((uint64_t)NCD_WORD << NCD_KIND_SHIFT | 2)

/* Whether a gram is only a context (it is a start mark, or all of them), and
 * whether it is never one (it ends in the end mark). */
static inline int ncd_key_is_start(uint64_t key)
{
    if (ncd_key_kind(key) >= NCD_WORD)
        return key == NCD_WORD_START;
    return (key & ((1u << NCD_SYMBOL_BITS) - 1)) == NCD_SYMBOL_START;
}

static inline int ncd_key_is_end(uint64_t key)
{
    if (ncd_key_kind(key) >= NCD_WORD)
        return key == NCD_WORD_END;
    return (key & ((1u << NCD_SYMBOL_BITS) - 1)) == NCD_SYMBOL_END;
}

struct ncd_walk {
    const unsigned char *bytes;
    size_t n, row;
    uint64_t window;    /* the last symbols, the latest lowest */
    uint64_t word;      /* hash of the word so far; 0: none */
    uint64_t last_word; /* key of the word before */
};

void ncd_walk_begin(struct ncd_walk *walk, ncd_text text);

static inline size_t ncd_walk_n_rows(ncd_text text)
{
    return text.nbytes + 3;
}

/* The keys of the next row; 0 behind the last. */
int ncd_walk_next(struct ncd_walk *walk, uint64_t keys[NCD_KINDS]);

#endif
