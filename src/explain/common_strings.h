/* SPDX-License-Identifier: MIT */
/*
 * Strings that two texts have in common, for compressors that do not tell what
 * they found: from left to right through the second text, the longest string
 * that is somewhere in the first, of at least NCD_COMMON_LEAST bytes.
 */
#ifndef NCD_EXPLAIN_COMMON_STRINGS_H
#define NCD_EXPLAIN_COMMON_STRINGS_H

#include "ncdclass.h"

/* Shorter ones are in any two texts. */
#define NCD_COMMON_LEAST 4

struct ncd_common_string {
    size_t first, second; /* offsets */
    size_t nbytes;
};

/* *strings_out is freed by the caller. Statuses: NOMEM. */
ncd_status ncd_common_strings(ncd_text first, ncd_text second,
                              struct ncd_common_string **strings_out,
                              size_t *n_out);

#endif
