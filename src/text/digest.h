/* SPDX-License-Identifier: MIT */
/*
 * Texts told apart by a 128-bit hash, to find repeated ones without comparing
 * every pair. At 128 bits, two different texts among a billion collide with a
 * probability below 10^-20.
 */
#ifndef NCD_TEXT_DIGEST_H
#define NCD_TEXT_DIGEST_H

#include "text/dataset.h"

/* One text's hash and the text's number. */
struct ncd_digest {
    uint64_t high, low;
    size_t index;
};

/* A kind of hash: of the bytes, or of the text after folding. */
enum ncd_digest_kind { NCD_DIGEST_VERBATIM, NCD_DIGEST_FOLDED };

/* folded is scratch memory for NCD_DIGEST_FOLDED. Statuses: NOMEM. */
ncd_status ncd_digest_text(enum ncd_digest_kind kind, ncd_text text,
                           struct ncd_buf *folded, struct ncd_digest *out);

/* The digests of all texts, sorted by (hash, index); freed with free. */
ncd_status ncd_digest_dataset(enum ncd_digest_kind kind,
                              const ncd_dataset *dataset,
                              struct ncd_digest **sorted_out, ncd_error *err);

/* The run of equal hashes in `sorted`: first index and length, 0 where there
 * is none. */
size_t ncd_digest_find(const struct ncd_digest *sorted, size_t n,
                       const struct ncd_digest *digest, size_t *first_out);

/*
 * Appends the text to `out` after case folding, without white space,
 * punctuation and symbols (Unicode categories Z*, P*, S* and C*). Bytes that
 * are not UTF-8 are kept as they are. Statuses: NOMEM.
 */
ncd_status ncd_fold(ncd_text text, struct ncd_buf *out);

#endif
