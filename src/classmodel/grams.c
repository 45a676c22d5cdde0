/* SPDX-License-Identifier: MIT */
/* The windows and words of a text; see grams.h. */
#include "classmodel/grams.h"

#include <utf8proc.h>

/* Multipliers with well-mixed bits: the golden ratio and a constant of
 * SplitMix64 (Steele, Lea & Flood 2014). */
#define MIX_1 UINT64_C(0x9e3779b97f4a7c15)
#define MIX_2 UINT64_C(0xbf58476d1ce4e5b9)

#define HASH_MASK                            \
    (((UINT64_C(1) << NCD_KIND_SHIFT) - 1) & \
     ~((UINT64_C(1) << NCD_KEY_FLAG_BITS) - 1))

static uint64_t hashed_key(uint64_t a, uint64_t b, unsigned kind,
                           uint64_t flags)
{
    uint64_t h = (a ^ (b + 1) * MIX_1) * MIX_2;
    h ^= h >> 32;
    return (h & HASH_MASK) | flags | (uint64_t)kind << NCD_KIND_SHIFT;
}

/* --- Characters --- */

/* Bytes that are to follow the first one of a character. */
static unsigned n_following(unsigned symbol)
{
    if (symbol < 0xc2 || symbol > 0xf4)
        return 0;
    return symbol < 0xe0 ? 1 : symbol < 0xf0 ? 2 : 3;
}

static int continues(const struct ncd_walk *walk, unsigned symbol)
{
    return walk->n_missing > 0 && symbol >= 0x80 && symbol < 0xc0;
}

/* Bytes that the last character lacks once the symbol has come. */
static unsigned missing_after(const struct ncd_walk *walk, unsigned symbol)
{
    return continues(walk, symbol) ? walk->n_missing - 1 : n_following(symbol);
}

/* A number that no code point has, for bytes that are no UTF-8. */
#define RAW(value) (0x110000u | (value))

/* What a character is in a word; 0: it is in none. */
static uint32_t letter_of(uint32_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c + ('a' - 'A');
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : 0;
    utf8proc_int32_t point = (utf8proc_int32_t)c;
    utf8proc_category_t category = utf8proc_category(point);
    if (category == UTF8PROC_CATEGORY_CN || category >= UTF8PROC_CATEGORY_PC)
        return 0;
    return (uint32_t)utf8proc_tolower(point);
}

/* --- Windows --- */

uint64_t ncd_walk_context(const struct ncd_walk *walk, unsigned kind)
{
    if (!ncd_walk_at_place(walk))
        return walk->windows[kind];
    return kind ? walk->windows[kind - 1] : NCD_NO_KEY;
}

static uint64_t flags_of(const struct ncd_walk *walk, unsigned symbol)
{
    int is_wide = continues(walk, symbol) && walk->is_wide;
    if (symbol == NCD_SYMBOL_END)
        return NCD_KEY_END;
    return (missing_after(walk, symbol) ? NCD_KEY_OPEN : 0) |
           (is_wide ? NCD_KEY_WIDE : 0);
}

uint64_t ncd_walk_window(const struct ncd_walk *walk, unsigned kind,
                         unsigned symbol)
{
    return hashed_key(ncd_walk_context(walk, kind), symbol, kind,
                      flags_of(walk, symbol));
}

/* From the longest on: each has the next shorter one of the row before for its
 * context. */
static void put_windows(struct ncd_walk *walk, unsigned symbol, uint64_t *keys)
{
    for (unsigned kind = NCD_WINDOWS; kind-- > 0;)
        keys[kind] = walk->windows[kind] = ncd_walk_window(walk, kind, symbol);
}

/* --- Words --- */

#define WORD_START ((uint64_t)NCD_WORD << NCD_KIND_SHIFT | NCD_KEY_START)
#define WORD_END ((uint64_t)NCD_WORD << NCD_KIND_SHIFT | NCD_KEY_END)

static void put_word(struct ncd_walk *walk, uint64_t word, uint64_t *keys)
{
    keys[NCD_WORD] = word;
    keys[NCD_PAIR] = hashed_key(walk->last_word, word, NCD_PAIR, 0);
    walk->last_word = word;
    walk->n_words++;
}

static void add_letter(struct ncd_walk *walk, uint32_t letter)
{
    walk->word = (walk->word ^ letter) * MIX_1 + 1;
}

/* A character that is complete. */
static void take_character(struct ncd_walk *walk, uint32_t c, uint64_t *keys)
{
    uint32_t letter = letter_of(c);
    if (letter) {
        add_letter(walk, letter);
    } else if (walk->word) {
        put_word(walk, hashed_key(walk->word, 0, NCD_WORD, 0), keys);
        walk->word = 0;
    }
}

/* Takes the symbol into the character that it continues, or begins. */
static void take_symbol(struct ncd_walk *walk, unsigned symbol, uint64_t *keys)
{
    unsigned n = missing_after(walk, symbol);
    if (continues(walk, symbol)) {
        walk->character = walk->character << 6 | (symbol & 0x3f);
        if (n == 0)
            take_character(walk, walk->character, keys);
    } else {
        if (walk->n_missing) /* in vain */
            add_letter(walk, RAW(walk->character));
        walk->character = symbol & (0x3fu >> n);
        walk->is_wide = n >= 2;
        if (symbol == NCD_SYMBOL_END)
            take_character(walk, 0, keys);
        else if (symbol < 0x80)
            take_character(walk, symbol, keys);
        else if (n == 0)
            add_letter(walk, RAW(symbol));
    }
    walk->n_missing = n;
}

/* --- Rows --- */

void ncd_walk_begin(struct ncd_walk *walk, ncd_text text)
{
    *walk = (struct ncd_walk){.bytes = text.bytes, .n = text.nbytes};
}

static void put_start(struct ncd_walk *walk, uint64_t *keys)
{
    for (unsigned kind = 0; kind < NCD_WINDOWS; kind++)
        keys[kind] = walk->windows[kind] =
            (uint64_t)kind << NCD_KIND_SHIFT | NCD_KEY_START;
    keys[NCD_WORD] = walk->last_word = WORD_START;
    keys[NCD_PAIR] = NCD_NO_KEY;
}

static void put_symbol(struct ncd_walk *walk, unsigned symbol, uint64_t *keys)
{
    keys[NCD_WORD] = keys[NCD_PAIR] = NCD_NO_KEY;
    walk->n_places += (size_t)ncd_walk_at_place(walk);
    put_windows(walk, symbol, keys);
    take_symbol(walk, symbol, keys);
}

int ncd_walk_next(struct ncd_walk *walk, uint64_t keys[NCD_KINDS])
{
    size_t row = walk->row++;
    if (row == 0) {
        put_start(walk, keys);
    } else if (row <= walk->n + 1) {
        put_symbol(walk, row <= walk->n ? walk->bytes[row - 1] : NCD_SYMBOL_END,
                   keys);
    } else if (row == walk->n + 2) {
        for (unsigned kind = 0; kind < NCD_WINDOWS; kind++)
            keys[kind] = NCD_NO_KEY;
        put_word(walk, WORD_END, keys);
    } else {
        return 0;
    }
    return 1;
}
