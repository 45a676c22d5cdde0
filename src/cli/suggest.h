/* SPDX-License-Identifier: MIT */
/* "Did you mean": the name that a mistyped word was most likely meant to be. */
#ifndef NCD_CLI_SUGGEST_H
#define NCD_CLI_SUGGEST_H

#include <stddef.h>

/* The i-th of the names there are; NULL past the end. */
typedef const char *(*name_fn)(const void *names, size_t i);

/* For a NULL-terminated array of names. */
const char *name_in_list(const void *names, size_t i);

/* The name that the word equals but for case, that it begins, or that is a few
 * letters away, in this order; NULL where none is near. */
const char *closest_name(const char *word, name_fn name, const void *names);

/* `; did you mean "NAME"?`, or "" where no name is near, or the word is one. */
#define SUGGESTION_NBYTES 96
const char *suggestion(const char *word, name_fn name, const void *names,
                       char out[SUGGESTION_NBYTES]);

#endif
