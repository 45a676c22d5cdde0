/* SPDX-License-Identifier: MIT */
/*
 * Compressors behind one table of function pointers. We need lengths, not
 * streams, so a codec has one operation: the compressed size of a text. To add
 * one, write one file with a `const struct ncd_codec` and add a line to the
 * table in codec.c.
 *
 * kNN asks for the sizes of many texts that begin alike. A codec that can take
 * the beginning once says so by set_prefix and size_after_prefix; the size is
 * still that of the whole text.
 *
 * A codec must be a function of the text alone: a context that has compressed
 * other texts before gives the same size as a fresh one (tests hold every codec
 * to it), and no error is ever expressed as a size.
 */
#ifndef NCD_CODEC_CODEC_H
#define NCD_CODEC_CODEC_H

#include "codec/trace.h"

#define NCD_CODEC_MAX_KEYS 2

/* A `key=value` setting; values are whole numbers. */
struct ncd_codec_key {
    const char *name;
    int64_t min, max, initial;
};

struct ncd_codec;

/* A parsed specification: codec, level, and a value for each of its keys. */
struct ncd_codec_spec {
    const struct ncd_codec *codec;
    int level;
    int64_t values[NCD_CODEC_MAX_KEYS];
};

/* Codecs that are zlib's DEFLATE within a wrapper of constant length. */
struct ncd_zlib_form {
    int is_zlib;
    unsigned wrapper_nbytes;
};

struct ncd_codec {
    const char *name;
    const char *summary;
    const char *library;
    const char *(*library_version)(void);
    int level_min, level_max, level_initial;
    struct ncd_codec_key keys[NCD_CODEC_MAX_KEYS + 1]; /* ends at name NULL */
    /* How far back a match can reach, bytes; 0: no limit. */
    size_t (*window)(const struct ncd_codec_spec *spec);
    ncd_status (*open)(const struct ncd_codec_spec *spec, void **context_out,
                       ncd_error *err);
    ncd_status (*size)(void *context, ncd_text text, double *nbytes_out,
                       ncd_error *err);
    /*
     * Optional, both or neither. size_after_prefix: exactly what size gives for
     * the prefix followed by the text; where that is at least `limit` bytes,
     * HUGE_VAL may be given instead (limit HUGE_VAL: always the size). The
     * prefix is borrowed, and stays set until the next call of set_prefix or
     * size.
     */
    ncd_status (*set_prefix)(void *context, ncd_text prefix, ncd_error *err);
    ncd_status (*size_after_prefix)(void *context, ncd_text text, double limit,
                                    double *nbytes_out, ncd_error *err);
    void (*close)(void *context);
    /*
     * Optional: where the bits of the text's size go, told into a cleared
     * trace; together they are 8 times what size gives. copies: the tokens
     * include those that copy.
     */
    ncd_status (*trace)(void *context, ncd_text text, struct ncd_trace *trace,
                        ncd_error *err);
    int copies;
    struct ncd_zlib_form zlib_form; /* all 0 for other codecs */
};

/* Whether the spec is zlib's DEFLATE with its default window and memory. */
int ncd_codec_is_plain_zlib(const struct ncd_codec_spec *spec);

/* The i-th codec in listing order, NULL past the end. */
const struct ncd_codec *ncd_codec_get(size_t i);

/* Statuses: ARGUMENT, with a message that names what would have been right. */
ncd_status ncd_codec_parse(const char *text, struct ncd_codec_spec *spec_out,
                           ncd_error *err);

/* The full specification, "gzip:9" or "lzma:6,dict=65536" (keys at their
 * initial value are left out), always shorter than this. */
#define NCD_CODEC_SPEC_NBYTES 128
void ncd_codec_format(const struct ncd_codec_spec *spec,
                      char out[NCD_CODEC_SPEC_NBYTES]);

/* "zlib 1.2.13", always shorter than this. */
#define NCD_CODEC_LIBRARY_NBYTES 64
void ncd_codec_library(const struct ncd_codec *codec,
                       char out[NCD_CODEC_LIBRARY_NBYTES]);

#endif
