/* SPDX-License-Identifier: MIT */
/* What a text shares with all training texts; see shared.h. */
#include "knn/shared.h"

#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

enum {
    GRAM_NBYTES = 5,
    BLOCK_TEXTS = 1 << 16,
    BYTE_WORDS = 256 / 64,
    COMMON_SHARE = 8, /* common: in more than one text of so many */
    MOST_COMMON = UINT16_MAX,
    /* A number for every eight bytes of text keeps most grams apart. */
    MIN_GRAM_BITS = 12,
    MAX_GRAM_BITS = 20,
    NBYTES_PER_GRAM = 8,
};

static size_t n_grams(const struct ncd_shared_index *index)
{
    return (size_t)1 << index->gram_bits;
}

/* --- The grams of a text --- */

static ncd_status make_room(const struct ncd_shared_index *index,
                            struct ncd_gram_set *set, size_t n)
{
    if (set->gram_bits != index->gram_bits) {
        free(set->seen);
        set->seen = calloc(n_grams(index) / 64, sizeof *set->seen);
        set->gram_bits = set->seen ? index->gram_bits : 0;
    }
    if (!set->seen)
        return NCD_ERR_NOMEM;
    return ncd_grow(&set->grams, &set->capacity, n + 1, sizeof *set->grams);
}

/* Their numbers are hashes by multiplication (Knuth 6.4). */
static ncd_status collect(const struct ncd_shared_index *index, ncd_text text,
                          struct ncd_gram_set *set)
{
    const unsigned char *b = text.bytes;
    uint64_t bytes = 0; /* the last eight */
    uint32_t price = 0; /* of the last five */
    set->n = 0;
    if (make_room(index, set, text.nbytes) != NCD_OK)
        return NCD_ERR_NOMEM;
    for (size_t i = 0; i < text.nbytes; i++) {
        bytes = bytes << 8 | b[i];
        price += index->prices[b[i]];
        if (i + 1 < GRAM_NBYTES)
            continue;
        uint64_t hash =
            (bytes << (64 - 8 * GRAM_NBYTES)) * UINT64_C(0x9e3779b97f4a7c15);
        uint32_t gram = (uint32_t)(hash >> (64 - index->gram_bits));
        uint64_t bit = UINT64_C(1) << (gram % 64);
        if (!(set->seen[gram / 64] & bit))
            set->grams[set->n++] = (struct ncd_gram){gram, price / GRAM_NBYTES};
        set->seen[gram / 64] |= bit;
        price -= index->prices[b[i + 1 - GRAM_NBYTES]];
    }
    for (size_t i = 0; i < set->n; i++)
        set->seen[set->grams[i].number / 64] = 0;
    return NCD_OK;
}

void ncd_gram_set_free(struct ncd_gram_set *set)
{
    free(set->seen);
    free(set->grams);
    free(set->marks);
    *set = (struct ncd_gram_set){0};
}

/* --- Prices --- */

/*
 * log2 of n / 2^16 in eighths, for n from 1: in whole numbers, since the last
 * digit of a library's logarithm may differ and a candidate with it.
 */
static uint32_t log2_eighths(uint64_t n)
{
    uint32_t eighths = 0;
    while (n >= UINT64_C(1) << 17) {
        n >>= 1;
        eighths += 8;
    }
    while (n < UINT64_C(1) << 16)
        n <<= 1;
    for (uint32_t half = 4; half; half /= 2) {
        n = n * n >> 16;
        if (n >= UINT64_C(1) << 17) {
            n >>= 1;
            eighths += half;
        }
    }
    return eighths;
}

/* How many grams to tell apart, in texts of so many bytes. */
static unsigned gram_bits_for(uint64_t n_bytes)
{
    unsigned bits = MIN_GRAM_BITS;
    while (bits < MAX_GRAM_BITS &&
           UINT64_C(1) << bits < n_bytes / NBYTES_PER_GRAM)
        bits++;
    return bits;
}

/* What each byte costs as a literal: log2 of all / how often it occurs. And how
 * many grams to tell apart. */
static void look_through(struct ncd_shared_index *index,
                         const ncd_dataset *texts)
{
    uint64_t counts[256] = {0}, all = 1;
    for (size_t i = 0; i < index->n_texts; i++) {
        ncd_text text = ncd_dataset_text(texts, i);
        const unsigned char *b = text.bytes;
        for (size_t j = 0; j < text.nbytes; j++)
            counts[b[j]]++;
        all += text.nbytes;
    }
    for (int i = 0; i < 256; i++)
        index->prices[i] = log2_eighths((all << 16) / (counts[i] + 1));
    index->gram_bits = gram_bits_for(all);
}

/* --- Bits --- */

/* Place in `common`, or n_common. */
static size_t place_of(const struct ncd_shared_index *index, uint32_t gram)
{
    size_t low = 0, high = index->n_common;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->common[middle] < gram)
            low = middle + 1;
        else
            high = middle;
    }
    return low < index->n_common && index->common[low] == gram
               ? low
               : index->n_common;
}

/* Sets the bits of a text, whose grams are in `set`. */
static void mark(const struct ncd_shared_index *index, ncd_text text,
                 const struct ncd_gram_set *set, uint64_t *marks)
{
    const unsigned char *b = text.bytes;
    memset(marks, 0, index->n_words * sizeof *marks);
    for (size_t i = 0; i < text.nbytes; i++)
        marks[b[i] / 64] |= UINT64_C(1) << (b[i] % 64);
    for (size_t i = 0; i < set->n; i++) {
        size_t place = place_of(index, set->grams[i].number);
        if (place < index->n_common)
            marks[BYTE_WORDS + place / 64] |= UINT64_C(1) << (place % 64);
    }
}

/* --- Lists --- */

static size_t block_end(const struct ncd_shared_index *index, size_t block)
{
    size_t end = (block + 1) * BLOCK_TEXTS;
    return end < index->n_texts ? end : index->n_texts;
}

/* Counts into starts[gram + 1] how many texts of each block hold each gram. */
static ncd_status count_texts(struct ncd_shared_index *index,
                              const ncd_dataset *texts,
                              struct ncd_gram_set *set)
{
    for (size_t b = 0; b < index->n_blocks; b++) {
        uint32_t *starts = calloc(n_grams(index) + 1, sizeof *starts);
        index->lists[b].starts = starts;
        if (!starts)
            return NCD_ERR_NOMEM;
        for (size_t i = b * BLOCK_TEXTS; i < block_end(index, b); i++) {
            if (collect(index, ncd_dataset_text(texts, i), set) != NCD_OK)
                return NCD_ERR_NOMEM;
            for (size_t j = 0; j < set->n; j++)
                starts[set->grams[j].number + 1]++;
        }
    }
    return NCD_OK;
}

/* Common grams lose their lists. */
static ncd_status take_common(struct ncd_shared_index *index)
{
    for (size_t gram = 0; gram < n_grams(index); gram++) {
        size_t n = 0;
        for (size_t b = 0; b < index->n_blocks; b++)
            n += index->lists[b].starts[gram + 1];
        if (n <= index->n_texts / COMMON_SHARE ||
            index->n_common == MOST_COMMON)
            continue;
        if (ncd_grow(&index->common, &index->common_capacity,
                     index->n_common + 1, sizeof *index->common) != NCD_OK)
            return NCD_ERR_NOMEM;
        index->common[index->n_common++] = (uint32_t)gram;
        for (size_t b = 0; b < index->n_blocks; b++)
            index->lists[b].starts[gram + 1] = 0;
    }
    index->n_words = BYTE_WORDS + (index->n_common + 63) / 64;
    index->marks =
        malloc((index->n_texts * index->n_words + 1) * sizeof *index->marks);
    return index->marks ? NCD_OK : NCD_ERR_NOMEM;
}

/* Turns the counts of a block into where each list begins. */
static ncd_status place_lists(const struct ncd_shared_index *index,
                              struct ncd_gram_lists *lists)
{
    for (size_t gram = 0; gram < n_grams(index); gram++) {
        if (lists->starts[gram + 1] > UINT32_MAX - lists->starts[gram])
            return NCD_ERR_NOMEM;
        lists->starts[gram + 1] += lists->starts[gram];
    }
    lists->texts = malloc((lists->starts[n_grams(index)] + (size_t)1) *
                          sizeof *lists->texts);
    return lists->texts ? NCD_OK : NCD_ERR_NOMEM;
}

/* Fills the lists of a block, and the bits of its texts; `fill` is where the
 * next text of each gram goes. */
static ncd_status fill_lists(struct ncd_shared_index *index, size_t block,
                             const ncd_dataset *texts, struct ncd_gram_set *set,
                             uint32_t *fill)
{
    struct ncd_gram_lists *lists = &index->lists[block];
    memcpy(fill, lists->starts, n_grams(index) * sizeof *fill);
    for (size_t i = block * BLOCK_TEXTS; i < block_end(index, block); i++) {
        ncd_text text = ncd_dataset_text(texts, i);
        if (collect(index, text, set) != NCD_OK)
            return NCD_ERR_NOMEM;
        mark(index, text, set, index->marks + i * index->n_words);
        for (size_t j = 0; j < set->n; j++) {
            uint32_t gram = set->grams[j].number;
            if (lists->starts[gram + 1] != lists->starts[gram])
                lists->texts[fill[gram]++] = (uint16_t)(i % BLOCK_TEXTS);
        }
    }
    return NCD_OK;
}

static ncd_status build(struct ncd_shared_index *index,
                        const ncd_dataset *texts, struct ncd_gram_set *set)
{
    index->lists = calloc(index->n_blocks + 1, sizeof *index->lists);
    if (!index->lists || count_texts(index, texts, set) != NCD_OK ||
        take_common(index) != NCD_OK)
        return NCD_ERR_NOMEM;
    uint32_t *fill = malloc(n_grams(index) * sizeof *fill);
    ncd_status status = fill ? NCD_OK : NCD_ERR_NOMEM;
    for (size_t b = 0; b < index->n_blocks && status == NCD_OK; b++) {
        status = place_lists(index, &index->lists[b]);
        if (status == NCD_OK)
            status = fill_lists(index, b, texts, set, fill);
    }
    free(fill);
    return status;
}

ncd_status ncd_shared_build(struct ncd_shared_index *index,
                            const ncd_dataset *texts)
{
    struct ncd_gram_set set = {0};
    size_t n = ncd_dataset_n_texts(texts);
    *index = (struct ncd_shared_index){
        .n_texts = n, .n_blocks = (n + BLOCK_TEXTS - 1) / BLOCK_TEXTS};
    look_through(index, texts);
    ncd_status status = build(index, texts, &set);
    ncd_gram_set_free(&set);
    if (status != NCD_OK)
        ncd_shared_free(index);
    return status;
}

void ncd_shared_free(struct ncd_shared_index *index)
{
    for (size_t b = 0; b < index->n_blocks && index->lists; b++) {
        free(index->lists[b].starts);
        free(index->lists[b].texts);
    }
    free(index->lists);
    free(index->common);
    free(index->marks);
    *index = (struct ncd_shared_index){0};
}

uint64_t ncd_shared_nbytes_most(size_t n_texts, uint64_t n_bytes)
{
    uint64_t n_blocks = ((uint64_t)n_texts + BLOCK_TEXTS - 1) / BLOCK_TEXTS;
    uint64_t n_starts = (UINT64_C(1) << gram_bits_for(n_bytes + 1)) + 1;
    /* A byte begins one gram at most, and the bits of common grams are rounded
     * up to a word. */
    return n_blocks * n_starts * sizeof(uint32_t) + n_bytes * sizeof(uint16_t) +
           n_texts * (uint64_t)(BYTE_WORDS + 1) * sizeof(uint64_t);
}

/* --- Counting bits --- */

#ifdef __GNUC__
#define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define ALWAYS_INLINE inline
#endif

static ALWAYS_INLINE uint32_t count_both(const uint64_t *a, const uint64_t *b,
                                         size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (uint32_t)__builtin_popcountll(a[i] & b[i]);
    return sum;
}

static ALWAYS_INLINE void count_marks(const struct ncd_shared_index *index,
                                      const uint64_t *marks,
                                      struct ncd_shared *shared)
{
    size_t n_words = index->n_words;
    for (size_t i = 0; i < index->n_texts; i++) {
        const uint64_t *of_text = index->marks + i * n_words;
        shared[i] = (struct ncd_shared){
            .n_bytes = (uint16_t)count_both(marks, of_text, BYTE_WORDS),
            .n_common =
                (uint16_t)count_both(marks + BYTE_WORDS, of_text + BYTE_WORDS,
                                     n_words - BYTE_WORDS)};
    }
}

/* The same with the processor's instruction, where it has it. */
#if defined(__GNUC__) && defined(__x86_64__)
__attribute__((target("popcnt"))) static void count_marks_popcnt(
    const struct ncd_shared_index *index, const uint64_t *marks,
    struct ncd_shared *shared)
{
    count_marks(index, marks, shared);
}
#endif

static void count_marks_fast(const struct ncd_shared_index *index,
                             const uint64_t *marks, struct ncd_shared *shared)
{
#if defined(__GNUC__) && defined(__x86_64__)
    if (__builtin_cpu_supports("popcnt")) {
        count_marks_popcnt(index, marks, shared);
        return;
    }
#endif
    count_marks(index, marks, shared);
}

/* --- Finding --- */

ncd_status ncd_shared_find(const struct ncd_shared_index *index, ncd_text text,
                           struct ncd_gram_set *set,
                           struct ncd_shared *shared_out)
{
    if (collect(index, text, set) != NCD_OK ||
        ncd_grow(&set->marks, &set->marks_capacity, index->n_words,
                 sizeof *set->marks) != NCD_OK)
        return NCD_ERR_NOMEM;
    mark(index, text, set, set->marks);
    count_marks_fast(index, set->marks, shared_out);
    for (size_t b = 0; b < index->n_blocks; b++) {
        const struct ncd_gram_lists *lists = &index->lists[b];
        struct ncd_shared *shared = shared_out + b * BLOCK_TEXTS;
        for (size_t i = 0; i < set->n; i++) {
            uint32_t gram = set->grams[i].number;
            uint32_t end = lists->starts[gram + 1];
            for (uint32_t p = lists->starts[gram]; p < end; p++)
                shared[lists->texts[p]].weight += set->grams[i].weight;
        }
    }
    return NCD_OK;
}
