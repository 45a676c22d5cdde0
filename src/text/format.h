/* SPDX-License-Identifier: MIT */
/*
 * The formats of labelled text, one file each behind one table (reader.c). A
 * format reads one record at a time out of the reader's input into the reader's
 * buffers.
 */
#ifndef NCD_TEXT_FORMAT_H
#define NCD_TEXT_FORMAT_H

#include "text/input.h"
#include "util/buf.h"

struct ncd_reader {
    const struct ncd_format *format;
    void *format_state;
    struct ncd_input *input; /* NULL for directories */
    char *path;
    /* Owned copies of the options; empty strings where not given. */
    char *label_field, *text_field;
    int header, skip_bad, unlabelled, nul;
    unsigned text_column; /* from 1; 0: not given */
    uint64_t limit, n_given, n_skipped;
    /* The record at hand. Formats point `record` into the line that they were
     * given, or into these where its parts must be put together. */
    struct ncd_buf label, text;
    struct ncd_buf header_raw;
    ncd_record record;
};

/* How a format gives the text of records without labels. */
enum ncd_unlabelled {
    NCD_NEVER,
    NCD_WHOLE,     /* the record is the text */
    NCD_BY_NAME,   /* it is under a name */
    NCD_IN_COLUMNS /* it is in a column, of a number or a name */
};

struct ncd_format {
    const char *name;
    const char *summary;
    int has_header; /* its first record may name the columns */
    int has_fields; /* label and text are found by name */
    enum ncd_unlabelled unlabelled;
    /* May be NULL. Takes the header where the reader has one, with
     * record.raw. */
    ncd_status (*open)(struct ncd_reader *reader, ncd_error *err);
    /* Fills reader->record, or NCD_END. After NCD_ERR_INPUT it stands behind
     * the malformed record. */
    ncd_status (*next)(struct ncd_reader *reader, ncd_error *err);
    /* May be NULL. */
    void (*close)(struct ncd_reader *reader);
};

extern const struct ncd_format ncd_format_tsv;
extern const struct ncd_format ncd_format_csv;
extern const struct ncd_format ncd_format_jsonl;
extern const struct ncd_format ncd_format_fasttext;
extern const struct ncd_format ncd_format_lines;
extern const struct ncd_format ncd_format_list;
extern const struct ncd_format ncd_format_dir;

/* `file:line: what` for the record at hand. */
ncd_status ncd_reader_fail(struct ncd_reader *reader, const char *what,
                           ncd_error *err);

/* The next line that holds a byte, and its number in record.line. */
ncd_status ncd_reader_line(struct ncd_reader *reader, ncd_text *line_out,
                           ncd_text *raw_out, ncd_error *err);

/* Puts the whole of a file, unpacked, into reader->text. */
ncd_status ncd_reader_slurp(struct ncd_reader *reader, const char *path,
                            ncd_error *err);

#endif
