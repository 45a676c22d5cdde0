/* SPDX-License-Identifier: MIT */
/*
 * Standard input, read ahead by a thread of its own: while texts are being
 * answered, those that come are gathered, up to a bound, and the next batch is
 * whatever is there. So a slow input is answered record by record, and a fast
 * one many at a time, on all cores, without waiting for either.
 */
#ifndef NCD_CLI_STREAM_H
#define NCD_CLI_STREAM_H

#include <ncdclass.h>

struct stream;

/* Texts, and where they are asked for the records that they come from: of text
 * i in `texts`, `records` has the raw record as text i. */
struct batch {
    ncd_dataset *texts;
    ncd_dataset *records; /* NULL: not asked for */
};

/* Begins to read, and does not wait for input. What the options point to must
 * outlive the stream. Statuses: NOMEM. */
ncd_status stream_open(const ncd_reader_options *options, int keep_records,
                       struct stream **stream_out, ncd_error *err);

/* Waits until the format is known. Statuses: as ncd_reader_open. */
ncd_status stream_begin(struct stream *stream, ncd_error *err);

/* The format, and the header where there is one; behind stream_begin. */
const char *stream_format(const struct stream *stream);
ncd_text stream_header(const struct stream *stream);

/*
 * What came since the last call, at least one record; valid until the next
 * call. NCD_END and failures come after all records read before them. Statuses:
 * as ncd_reader_next.
 */
ncd_status stream_take(struct stream *stream, const struct batch **batch_out,
                       ncd_error *err);

/* Malformed records that were passed over; to be asked at the end. */
uint64_t stream_skipped(const struct stream *stream);

/* A stream that is not at its end may be waiting for input, and is left to end
 * with the process. */
void stream_close(struct stream *stream);

#endif
