/* SPDX-License-Identifier: MIT */
/* Reused blocks of memory; see pool.h. */
#include "codec/pool.h"

#include <stdlib.h>

/* A free block fits when it is large enough and not more than twice as large
 * as needed, so that small requests don't hold the large blocks. */
static int fits(const struct ncd_pool_block *block, size_t nbytes)
{
    return !block->used && block->memory && block->nbytes >= nbytes &&
           block->nbytes / 2 <= nbytes;
}

void *ncd_pool_alloc(struct ncd_pool *pool, size_t nbytes)
{
    struct ncd_pool_block *place = NULL;
    for (size_t i = 0; i < NCD_POOL_BLOCKS; i++) {
        struct ncd_pool_block *block = &pool->blocks[i];
        if (fits(block, nbytes)) {
            block->used = 1;
            return block->memory;
        }
        /* An empty place is better than one whose block must go. */
        if (!block->used && (!place || (place->memory && !block->memory)))
            place = block;
    }
    void *memory = malloc(nbytes ? nbytes : 1);
    if (memory && place) {
        free(place->memory);
        *place = (struct ncd_pool_block){memory, nbytes, 1};
    }
    return memory;
}

void ncd_pool_release(struct ncd_pool *pool, void *memory)
{
    if (!memory)
        return;
    for (size_t i = 0; i < NCD_POOL_BLOCKS; i++) {
        if (pool->blocks[i].memory == memory) {
            pool->blocks[i].used = 0;
            return;
        }
    }
    free(memory);
}

void ncd_pool_free(struct ncd_pool *pool)
{
    for (size_t i = 0; i < NCD_POOL_BLOCKS; i++)
        free(pool->blocks[i].memory);
    *pool = (struct ncd_pool){0};
}
