/* SPDX-License-Identifier: MIT */
/*
 * Model files taken apart and put together again, with the right lengths and
 * checksum, so that what is behind these can be tested. Taken apart, a file is
 * its sections, unpacked, each behind its tag, with "\n--\n" between them:
 * something that a fuzzer can cut and join.
 */
#ifndef NCD_TESTS_MODEL_PARTS_H
#define NCD_TESTS_MODEL_PARTS_H

#include "support.h"

#define MODEL_PARTS_MOST 16

struct model_parts {
    struct ncd_buf part[MODEL_PARTS_MOST]; /* tag and bytes */
    size_t n;
};

/* The file's sections but for what only fills it up. */
struct model_parts model_take_apart(const char *path);
void model_parts_free(struct model_parts *parts);

/* The number of the section; it must be there. */
size_t model_part(const struct model_parts *parts, const char *tag);

/* The sections and what separates them. */
void model_join_parts(const struct model_parts *parts, struct ncd_buf *out);

/* Any bytes, as the file that joined parts stand for. */
void model_put_together(ncd_text joined, struct ncd_buf *out);

#endif
