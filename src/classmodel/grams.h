/* SPDX-License-Identifier: MIT */
/*
 * What a text is made of, for a model of classes: at each byte, the windows of
 * the last 1, 2, ... NCD_WINDOWS characters, and where a word ends, the word
 * and the pair of it and the word before.
 *
 * What is coded are symbols: the 256 bytes and a mark for the end, so that the
 * end of a text is coded like everything else in it. But contexts are counted
 * in characters of UTF-8, since three letters tell as much in any script, and
 * three bytes are one letter of Amharic. A window holds its last character as
 * far as it has come and the ones before it as a whole; so the context of a
 * byte that begins a character is the window of one character less, and that
 * of a byte within one the same window a byte earlier. Bytes that are no UTF-8
 * are characters of their own. (A byte that begins a character says how many
 * are to follow; should another come first, it belongs to the character all
 * the same, which is then at an end: a coder must know its context before it
 * knows the byte.)
 *
 * A pair stands for its second word in the context of the first. Words are runs
 * of letters, marks and digits in any script, with capitals folded; bytes that
 * are no UTF-8 are letters, too, as they are in Latin-1.
 *
 * Rows of a text of n bytes: the start mark; one for each byte; the end mark;
 * and one more, in which the sequence of words ends.
 */
#ifndef NCD_CLASSMODEL_GRAMS_H
#define NCD_CLASSMODEL_GRAMS_H

#include "ncdclass.h"

#define NCD_WINDOWS 4

/* Kinds 0 .. NCD_WINDOWS - 1 are windows of one character more than their
 * number. */
enum { NCD_WORD = NCD_WINDOWS, NCD_PAIR, NCD_KINDS };

#define NCD_SYMBOL_END 256u
#define NCD_N_CODED 257

/* A key is a hash, of 56 bits, of what its gram is made of: of a window's
 * context and last symbol, of a word's letters, of a pair's words. Below are
 * flags, above is the kind. Were there 30 million grams, as in 150 MB of text,
 * the odds were a hundred to one that no two had the same key. */
#define NCD_KEY_START UINT64_C(1) /* the start mark, and nothing else */
#define NCD_KEY_END UINT64_C(2)   /* ends in the end mark */
#define NCD_KEY_OPEN UINT64_C(4)  /* its last character is not complete */
#define NCD_KEY_WIDE UINT64_C(8)  /* its last character has 3 bytes or more */
#define NCD_KEY_FLAG_BITS 4
#define NCD_KIND_SHIFT 60
#define NCD_NO_KEY UINT64_MAX /* no such gram in this row, or no context */

static inline unsigned ncd_key_kind(uint64_t key)
{
    return (unsigned)(key >> NCD_KIND_SHIFT);
}

/* Windows and words are two views of the same text, and weighed apart. */
enum { NCD_OF_WINDOWS, NCD_OF_WORDS, NCD_VIEWS };

static inline int ncd_view_of(unsigned kind)
{
    return kind < NCD_WORD ? NCD_OF_WINDOWS : NCD_OF_WORDS;
}

/* A gram that is only a context. */
static inline int ncd_key_is_start(uint64_t key)
{
    return (key & NCD_KEY_START) != 0;
}

/* The kind of the grams whose context a gram is; NCD_KINDS where it is none's.
 * Keys from a file may hold anything. */
static inline unsigned ncd_key_context_of(uint64_t key)
{
    unsigned kind = ncd_key_kind(key);
    if (kind < NCD_WINDOWS && (key & NCD_KEY_OPEN))
        return kind;
    if (kind == NCD_WINDOWS - 1 || kind >= NCD_PAIR || (key & NCD_KEY_END))
        return NCD_KINDS;
    return kind + 1;
}

struct ncd_walk {
    const unsigned char *bytes;
    size_t n, row;
    uint64_t windows[NCD_WINDOWS]; /* keys of the row before */
    unsigned n_missing;            /* bytes that the last character lacks */
    int is_wide;                   /* it has 3 bytes or more */
    uint32_t character;            /* its code point so far */
    uint64_t word;                 /* hash of the word so far; 0: none */
    uint64_t last_word;            /* key of the word before */
    /* Of the rows so far: places where a character may begin, that of the end
     * mark among them, and words with the end of their sequence. */
    size_t n_places, n_words;
};

void ncd_walk_begin(struct ncd_walk *walk, ncd_text text);

static inline size_t ncd_walk_n_rows(size_t text_nbytes)
{
    return text_nbytes + 3;
}

/* Whether the symbol that comes next begins a character, so that its context
 * is that of one character less. */
static inline int ncd_walk_at_place(const struct ncd_walk *walk)
{
    return walk->n_missing == 0;
}

/* The keys of the next row; 0 behind the last. */
int ncd_walk_next(struct ncd_walk *walk, uint64_t keys[NCD_KINDS]);

/* The key of the context of the symbol that comes next, NCD_NO_KEY for that of
 * the shortest windows, which is empty; and of the window if it were `symbol`.
 */
uint64_t ncd_walk_context(const struct ncd_walk *walk, unsigned kind);
uint64_t ncd_walk_window(const struct ncd_walk *walk, unsigned kind,
                         unsigned symbol);

#endif
