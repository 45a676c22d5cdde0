/* SPDX-License-Identifier: MIT */
/*
 * Where bytes come from: a file or standard input, unpacked on the way when its
 * first bytes are those of gzip, xz or zstd, and handed out line by line or
 * whole. Reads take what is there and never wait for more than was asked, so
 * that a slow pipe is answered at once.
 */
#ifndef NCD_TEXT_INPUT_H
#define NCD_TEXT_INPUT_H

#include "ncdclass.h"

struct ncd_input;

/* path "-" is standard input. A UTF-8 byte order mark is dropped; a UTF-16 one
 * is an NCD_ERR_INPUT. Statuses: NOMEM, IO, INPUT. */
ncd_status ncd_input_open(const char *path, struct ncd_input **input_out,
                          ncd_error *err);
void ncd_input_close(struct ncd_input *input);

/* The path; "<stdin>" for "-". Lives as long as the input. */
const char *ncd_input_name(const struct ncd_input *input);

/* Lines end with a NUL from now on, and a line end is a byte like any other. */
void ncd_input_end_at_nul(struct ncd_input *input);

/*
 * The next line without its LF or CR LF, or NCD_END. Valid until the next call.
 * raw_out, which may be NULL, gets the line with its line end.
 */
ncd_status ncd_input_line(struct ncd_input *input, ncd_text *line_out,
                          ncd_text *raw_out, ncd_error *err);

/* The first line that holds a byte, as ncd_input_line would give it, without
 * taking it; NCD_END where there is none. */
ncd_status ncd_input_peek(struct ncd_input *input, ncd_text *line_out,
                          ncd_error *err);

/* All that is left. Valid until the next call. */
ncd_status ncd_input_rest(struct ncd_input *input, ncd_text *rest_out,
                          ncd_error *err);

/* Number of the line that ncd_input_line gave last, from 1. */
uint64_t ncd_input_line_number(const struct ncd_input *input);

/* Nonzero where ncd_input_line will answer without waiting. */
int ncd_input_ready(struct ncd_input *input);

/* Bytes read from the file, and its length or 0. */
uint64_t ncd_input_done(const struct ncd_input *input);
uint64_t ncd_input_total(const struct ncd_input *input);

#endif
