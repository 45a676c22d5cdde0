/* SPDX-License-Identifier: MIT */
/* The windows and words of a text; see grams.h. */
#include "classmodel/grams.h"

/* Multipliers with well-mixed bits: the golden ratio and a constant of
 * SplitMix64 (Steele, Lea & Flood 2014). */
#define MIX_1 UINT64_C(0x9e3779b97f4a7c15)
#define MIX_2 UINT64_C(0xbf58476d1ce4e5b9)

/* 0, or what the byte is in a word. */
static unsigned fold(unsigned char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte + ('a' - 'A');
    if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
        byte >= 128)
        return byte;
    return 0;
}

static uint64_t mix(uint64_t h)
{
    h = (h ^ (h >> 30)) * MIX_2;
    return h ^ (h >> 31);
}

/* Bit 2 is set, which tells hashes from the marks. */
static uint64_t hashed_key(uint64_t hash, unsigned kind)
{
    return (mix(hash) & NCD_PAYLOAD_MASK) | 4 |
           (uint64_t)kind << NCD_KIND_SHIFT;
}

void ncd_walk_begin(struct ncd_walk *walk, ncd_text text)
{
    *walk = (struct ncd_walk){.bytes = text.bytes, .n = text.nbytes};
}

/* The words end at this row, or go on. */
static void put_word(struct ncd_walk *walk, uint64_t word, uint64_t *keys)
{
    keys[NCD_WORD] = word;
    keys[NCD_PAIR] = hashed_key(walk->last_word * MIX_1 + word, NCD_PAIR);
    walk->last_word = word;
}

static void put_windows(struct ncd_walk *walk, unsigned symbol, uint64_t *keys)
{
    walk->window = walk->window << NCD_SYMBOL_BITS | symbol;
    for (unsigned kind = 0; kind < NCD_WINDOWS; kind++)
        keys[kind] = ncd_window_key(walk->window, kind);
    keys[NCD_WORD] = keys[NCD_PAIR] = NCD_NO_KEY;
}

static void put_start(struct ncd_walk *walk, uint64_t *keys)
{
    for (unsigned kind = 0; kind < NCD_WINDOWS; kind++)
        put_windows(walk, NCD_SYMBOL_START, keys);
    keys[NCD_WORD] = walk->last_word = NCD_WORD_START;
}

int ncd_walk_next(struct ncd_walk *walk, uint64_t keys[NCD_KINDS])
{
    size_t row = walk->row++;
    if (row == 0) {
        put_start(walk, keys);
    } else if (row <= walk->n + 1) {
        unsigned char byte = row <= walk->n ? walk->bytes[row - 1] : 0;
        unsigned letter = fold(byte);
        put_windows(walk, row <= walk->n ? byte : NCD_SYMBOL_END, keys);
        if (letter) {
            walk->word = (walk->word ^ letter) * MIX_1 + 1;
        } else if (walk->word) {
            put_word(walk, hashed_key(walk->word, NCD_WORD), keys);
            walk->word = 0;
        }
    } else if (row == walk->n + 2) {
        for (unsigned kind = 0; kind < NCD_WINDOWS; kind++)
            keys[kind] = NCD_NO_KEY;
        put_word(walk, NCD_WORD_END, keys);
    } else {
        return 0;
    }
    return 1;
}
