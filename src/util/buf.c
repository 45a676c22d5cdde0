/* SPDX-License-Identifier: MIT */
/* Growing arrays; see buf.h. */
#include "util/buf.h"

#include <stdlib.h>
#include <string.h>

ncd_status ncd_grow(void *items, size_t *capacity, size_t need,
                    size_t item_nbytes)
{
    if (need <= *capacity)
        return NCD_OK;
    size_t n = *capacity < 8 ? 8 : *capacity;
    while (n < need) {
        if (n > SIZE_MAX / 2)
            return NCD_ERR_NOMEM;
        n *= 2;
    }
    if (n > SIZE_MAX / item_nbytes)
        return NCD_ERR_NOMEM;
    /* The pointer is copied in and out because void ** may not alias T **. */
    void *old;
    memcpy(&old, items, sizeof old);
    void *grown = realloc(old, n * item_nbytes);
    if (!grown)
        return NCD_ERR_NOMEM;
    memcpy(items, &grown, sizeof grown);
    *capacity = n;
    return NCD_OK;
}

ncd_status ncd_buf_reserve(struct ncd_buf *buf, size_t more)
{
    if (more > SIZE_MAX - buf->n)
        return NCD_ERR_NOMEM;
    return ncd_grow(&buf->bytes, &buf->capacity, buf->n + more, 1);
}

ncd_status ncd_buf_append(struct ncd_buf *buf, const void *bytes, size_t n)
{
    if (n == 0)
        return NCD_OK;
    ncd_status status = ncd_buf_reserve(buf, n);
    if (status != NCD_OK)
        return status;
    memcpy(buf->bytes + buf->n, bytes, n);
    buf->n += n;
    return NCD_OK;
}

void ncd_buf_free(struct ncd_buf *buf)
{
    free(buf->bytes);
    *buf = (struct ncd_buf){0};
}

ncd_text ncd_buf_text(const struct ncd_buf *buf)
{
    return (ncd_text){buf->bytes, buf->n};
}
