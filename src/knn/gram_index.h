#ifndef NCD_GRAM_INDEX_H
#define NCD_GRAM_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which texts contain which three-byte strings (by zlib's hash of them), to
 * visit likely neighbours first. Memory: 2 or 4 bytes per distinct trigram of
 * a text (2 below 65,536 texts), 128 KB for the table.
 */
struct ncd_gram_index {
    uint32_t *start;        /* 32,769: postings of hash h in start[h .. h+1) */
    uint16_t *post16;
    uint32_t *post32;
    size_t n_texts;
};

bool ncd_gram_index_build(struct ncd_gram_index *g, const void *const *texts,
                          const size_t *nbytes, size_t n_texts);
void ncd_gram_index_clear(struct ncd_gram_index *g);

/*
 * scores_out[i]: distinct trigrams that `text` and text i share, of those not
 * in more than a quarter of the texts.
 */
void ncd_gram_index_scores(const struct ncd_gram_index *g, const void *text,
                           size_t nbytes, uint16_t *scores_out);

#endif
