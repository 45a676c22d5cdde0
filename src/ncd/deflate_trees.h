/* SPDX-License-Identifier: MIT */
#ifndef NCD_DEFLATE_TREES_H
#define NCD_DEFLATE_TREES_H

#include "deflate_path.h"

#include <stddef.h>
#include <stdint.h>

/* Alphabet sizes of RFC 1951: 286 literal/length and 30 distance symbols. */
enum { NCD_DLIT = 286, NCD_DDIST = 30, NCD_DEOB = 256 };

/*
 * Symbol counts of one block. The arrays are padded to whole vectors; the
 * padding stays zero. `lit[NCD_DEOB]` is 1 in every finished block.
 * extra_bits: the extra bits of all lengths and distances of the block.
 * Counts fit 16 bits because zlib closes a block at 16,383 symbols.
 */
struct ncd_dcounts {
    uint16_t lit[320];
    uint16_t dist[32];
    uint32_t extra_bits;
};

/*
 * Bits in the stream after zlib (memLevel 8, default strategy) has written a
 * block with these counts, covering block_nbytes bytes of input, when
 * bits_before bits stood in the stream. The last block's padding to a byte is
 * the caller's. Exact: the same tree shapes as zlib, ties included.
 */
uint64_t ncd_dblock_bits(const struct ncd_dcounts *counts, size_t block_nbytes,
                         uint64_t bits_before);

/* Bitmaps of the symbols with a count: 5 words; returns that of distances. */
uint32_t ncd_dcounts_used(const struct ncd_dcounts *counts, uint64_t used[5]);

#endif
