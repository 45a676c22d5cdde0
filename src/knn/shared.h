/* SPDX-License-Identifier: MIT */
/*
 * What a text shares with each training text, for all of them at once.
 *
 * To a compressor, what two texts share are runs of bytes. Counted are the
 * distinct strings of five bytes (grams) that both have, each at what a byte of
 * it costs as a literal in the mean, since rare bytes save more; and the
 * distinct bytes that both have, which one code describes once.
 *
 * A gram has a list of the texts that hold it. The common ones, which more than
 * one text in eight holds, have a bit in each text instead: their lists would
 * be most of the work. Bytes have bits, too. Bits are counted 64 at a time.
 *
 * Memory: for each distinct gram of a text 2 bytes, or, if it is common, less
 * than 1; 32 bytes a text; and for every 65,536 texts a table of half a byte to
 * one for each byte of all texts, at least 16 KB and at most 4 MB.
 */
#ifndef NCD_KNN_SHARED_H
#define NCD_KNN_SHARED_H

#include "text/dataset.h"

/* Texts that hold each gram, of up to 65,536 texts. */
struct ncd_gram_lists {
    uint32_t *starts; /* [n grams + 1] where the list of each begins */
    uint16_t *texts;  /* in increasing order, counted from the first */
};

struct ncd_shared_index {
    size_t n_texts, n_blocks;
    unsigned gram_bits;           /* grams are numbers below 2^gram_bits */
    uint32_t prices[256];         /* of a byte as a literal, bits / 8 */
    struct ncd_gram_lists *lists; /* [n_blocks] */
    uint32_t *common;             /* [n_common] grams, rising */
    size_t n_common, common_capacity;
    /* Bits of each text: 4 words for its bytes, the others for common grams. */
    uint64_t *marks; /* [n_texts][n_words] */
    size_t n_words;
};

/* What is shared with one training text. */
struct ncd_shared {
    uint32_t weight;   /* of grams that are not common, bits / 8 */
    uint16_t n_common; /* common grams, at most 65,535 */
    uint16_t n_bytes;  /* distinct bytes */
};

/* The distinct grams of a text, and scratch to find them. */
struct ncd_gram_set {
    uint64_t *seen;     /* a bit for each gram, zero between uses */
    unsigned gram_bits; /* of the index that it was last used with */
    struct ncd_gram {
        uint32_t number, weight;
    } * grams;
    size_t n, capacity;
    uint64_t *marks; /* [n_words] of the index */
    size_t marks_capacity;
};

/* Statuses: OK, NOMEM. */
ncd_status ncd_shared_build(struct ncd_shared_index *index,
                            const ncd_dataset *texts);
void ncd_shared_free(struct ncd_shared_index *index);

/* Bytes that an index of so many texts takes at most, but for the list of
 * common grams (a quarter of a megabyte). */
uint64_t ncd_shared_nbytes_most(size_t n_texts, uint64_t n_bytes);

/* shared_out: [n_texts]. `set` is scratch, all zero at first, and may be used
 * with one index after another. Statuses: OK, NOMEM. */
ncd_status ncd_shared_find(const struct ncd_shared_index *index, ncd_text text,
                           struct ncd_gram_set *set,
                           struct ncd_shared *shared_out);
void ncd_gram_set_free(struct ncd_gram_set *set);

#endif
