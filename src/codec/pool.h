/* SPDX-License-Identifier: MIT */
/*
 * Memory for libraries that can't be reset and must be opened anew for every
 * text (bzip2, brotli), or that free and allocate when they are (liblzma). Such
 * a library asks for the same few blocks every time, so a pool that keeps freed
 * blocks and hands them out again spares the system's allocator: for blocks of
 * this size that is a system call and a page fault for every 4 KB.
 *
 * Contents of a reused block are what was left in it, as with malloc.
 */
#ifndef NCD_CODEC_POOL_H
#define NCD_CODEC_POOL_H

#include <stddef.h>

#define NCD_POOL_BLOCKS 64

struct ncd_pool {
    struct ncd_pool_block {
        void *memory;
        size_t nbytes;
        int used;
    } blocks[NCD_POOL_BLOCKS];
};

/* NULL where memory ran out. Any number of blocks may be in use; those past
 * NCD_POOL_BLOCKS are plain malloc and free. */
void *ncd_pool_alloc(struct ncd_pool *pool, size_t nbytes);
void ncd_pool_release(struct ncd_pool *pool, void *memory);

/* Frees the kept blocks; none may be in use. */
void ncd_pool_free(struct ncd_pool *pool);

#endif
