/* SPDX-License-Identifier: MIT */
/*
 * Sizes of LZ4 blocks of prefix . text, without the blocks, for many texts
 * behind one prefix. They are those of the library's lazy compressor, levels 3
 * to 9; the parse of the prefix is done once, up to where the text could begin
 * to matter, and resumed for each text. (For the fast compressor of levels 1
 * and 2 this was tried and is no faster than the library.)
 *
 * Written from the behaviour of LZ4 1.9.4; another version may choose
 * otherwise, which ncd_lz4_agrees finds out.
 *
 * Threads: an object belongs to one thread.
 */
#ifndef NCD_CODEC_LZ4_SIZE_H
#define NCD_CODEC_LZ4_SIZE_H

#include <stddef.h>
#include <stdint.h>

#include "ncdclass.h"

enum {
    NCD_LZ4_LEVEL_MIN = 3,
    NCD_LZ4_LEVEL_MAX = 9,
    /* Longest prefix and text together, bytes: positions fit 16 bits, and
     * every match is within LZ4's reach of 65,535. */
    NCD_LZ4_TOTAL_MAX = 65534
};

struct ncd_lz4_size;

/* level: NCD_LZ4_LEVEL_MIN to NCD_LZ4_LEVEL_MAX. NULL if out of memory. */
struct ncd_lz4_size *ncd_lz4_size_new(int level);
void ncd_lz4_size_free(struct ncd_lz4_size *s);

/* Sets the prefix, of which a copy is made: at most NCD_LZ4_TOTAL_MAX bytes. */
void ncd_lz4_set_prefix(struct ncd_lz4_size *s, ncd_text prefix);

/*
 * Bytes of the block of prefix . text, together at most NCD_LZ4_TOTAL_MAX
 * bytes; where the size is at least `limit`, SIZE_MAX may be returned.
 */
size_t ncd_lz4_size_after(struct ncd_lz4_size *s, ncd_text text, size_t limit);

/*
 * Whether the linked library gives the same sizes at this level, tried on
 * built-in texts in a few milliseconds at the first call of a process.
 * Returns 0 where memory ran out, too.
 */
int ncd_lz4_agrees(int level);

#endif
