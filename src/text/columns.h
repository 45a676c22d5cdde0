/* SPDX-License-Identifier: MIT */
/*
 * Records of columns, as CSV and TSV have them: a format cuts a record into
 * fields, and what is here says which of them are its label and its text. Text
 * columns are joined by one space.
 */
#ifndef NCD_TEXT_COLUMNS_H
#define NCD_TEXT_COLUMNS_H

#include "text/format.h"

struct ncd_columns {
    ncd_text *fields; /* [n] of the record at hand; set by the format */
    size_t n, capacity;
    size_t n_header; /* columns that the header names; 0: no header */
    size_t label;    /* NCD_NO_COLUMN: records have none */
    size_t *texts;   /* [n_texts] in the order in which they are joined; */
    size_t n_texts;  /* 0: all but the label's */
};

#define NCD_NO_COLUMN SIZE_MAX

/* Adds a field to the record at hand, which begins where n is set to 0. */
ncd_status ncd_columns_add(struct ncd_columns *columns, ncd_text field);

/* Gives the columns their roles by the reader's options and, where the reader
 * has a header, by the names in it: the record at hand. Statuses: NOMEM,
 * INPUT (a name that is not there). */
ncd_status ncd_columns_open(struct ncd_columns *columns,
                            struct ncd_reader *reader, ncd_error *err);
void ncd_columns_close(struct ncd_columns *columns);

/* Label and text of the record at hand, into reader->record. Statuses: NOMEM,
 * INPUT (too few fields, too many, an empty label). */
ncd_status ncd_columns_take(const struct ncd_columns *columns,
                            struct ncd_reader *reader, ncd_error *err);

#endif
