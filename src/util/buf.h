/* SPDX-License-Identifier: MIT */
/*
 * Growing arrays. ncd_grow makes room in any array whose capacity is kept
 * beside it; ncd_buf is the array of bytes that most of the program needs.
 * Growth doubles, so that appending n items costs O(n).
 */
#ifndef NCD_UTIL_BUF_H
#define NCD_UTIL_BUF_H

#include "ncdclass.h"

/*
 * Makes *items hold at least `need` items of item_nbytes each; *capacity counts
 * items. Returns NCD_ERR_NOMEM with everything as it was. The caller passes the
 * address of its own pointer, which may be of any object type.
 */
ncd_status ncd_grow(void *items, size_t *capacity, size_t need,
                    size_t item_nbytes);

struct ncd_buf {
    unsigned char *bytes;
    size_t n, capacity;
};

/* Makes room for `more` bytes after those in use. */
ncd_status ncd_buf_reserve(struct ncd_buf *buf, size_t more);
ncd_status ncd_buf_append(struct ncd_buf *buf, const void *bytes, size_t n);
void ncd_buf_free(struct ncd_buf *buf);

/* The bytes in use, as a text. */
ncd_text ncd_buf_text(const struct ncd_buf *buf);

#endif
