/* SPDX-License-Identifier: MIT */
/*
 * Unpacking of input files, one format each behind a small table; input.c picks
 * the one whose magic bytes begin the file.
 */
#ifndef NCD_TEXT_DECODER_H
#define NCD_TEXT_DECODER_H

#include "ncdclass.h"

struct ncd_decoder {
    const char *name;
    unsigned char magic[6];
    size_t magic_nbytes;
    /* NULL where memory ran out. */
    void *(*open)(void);
    /*
     * Unpacks from in[*in_used .. n_in) to out[0 .. room), moves *in_used on
     * and sets *n_out. at_end: the file has nothing behind n_in. Returns NULL,
     * or what is wrong with the data (static storage). A file that ends in the
     * middle of a stream is told by at_end with no output and no message left
     * to give: the decoder then returns "truncated".
     */
    const char *(*step)(void *state, const unsigned char *in, size_t n_in,
                        size_t *in_used, int at_end, unsigned char *out,
                        size_t room, size_t *n_out);
    void (*close)(void *state);
};

/* The decoder whose magic begins the n bytes, or NULL. */
const struct ncd_decoder *ncd_decoder_find(const unsigned char *bytes,
                                           size_t n);

/* Whether more than these n bytes is needed to tell that a file is packed, or
 * begins with a byte order mark. */
int ncd_decoder_undecided(const unsigned char *bytes, size_t n);

#endif
