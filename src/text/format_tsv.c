/* SPDX-License-Identifier: MIT */
/*
 * TSV. With labels, a record is label TAB text, and the text may hold further
 * TABs; without, it has columns.
 */
#include <stdlib.h>
#include <string.h>

#include "text/columns.h"
#include "util/error.h"

static ncd_status next_line(struct ncd_reader *reader, ncd_text *line_out,
                            ncd_error *err)
{
    return ncd_reader_line(reader, line_out, &reader->record.raw, err);
}

static ncd_status cut(struct ncd_reader *reader, ncd_text line, ncd_error *err)
{
    struct ncd_columns *columns = reader->format_state;
    const char *begin = line.bytes, *end = begin + line.nbytes, *tab;
    columns->n = 0;
    do {
        tab = memchr(begin, '\t', (size_t)(end - begin));
        ncd_text field = {begin, (size_t)((tab ? tab : end) - begin)};
        if (ncd_columns_add(columns, field) != NCD_OK)
            return ncd_fail_nomem(err);
        begin = tab ? tab + 1 : end;
    } while (tab);
    return NCD_OK;
}

static ncd_status open_tsv(struct ncd_reader *reader, ncd_error *err)
{
    ncd_text line;
    struct ncd_columns *columns = NULL;
    ncd_status status = NCD_OK;
    if (reader->unlabelled) {
        columns = reader->format_state = calloc(1, sizeof *columns);
        if (!columns)
            return ncd_fail_nomem(err);
    }
    if (reader->header) {
        status = next_line(reader, &line, err);
        if (status == NCD_OK && columns)
            status = cut(reader, line, err);
    }
    if ((status == NCD_OK || status == NCD_END) && columns)
        status = ncd_columns_open(columns, reader, err);
    return status == NCD_END ? NCD_OK : status;
}

static ncd_status take_label(struct ncd_reader *reader, ncd_text line,
                             ncd_error *err)
{
    const char *begin = line.bytes;
    const char *tab = memchr(begin, '\t', line.nbytes);
    if (!tab)
        return ncd_reader_fail(reader, "no TAB between label and text", err);
    size_t n = (size_t)(tab - begin);
    reader->record.label = (ncd_text){begin, n};
    reader->record.text = (ncd_text){tab + 1, line.nbytes - n - 1};
    if (n == 0)
        return ncd_reader_fail(reader, "the label is empty", err);
    return NCD_OK;
}

static ncd_status next_tsv(struct ncd_reader *reader, ncd_error *err)
{
    ncd_text line;
    ncd_status status = next_line(reader, &line, err);
    if (status != NCD_OK)
        return status;
    if (!reader->unlabelled)
        return take_label(reader, line, err);
    status = cut(reader, line, err);
    return status == NCD_OK
               ? ncd_columns_take(reader->format_state, reader, err)
               : status;
}

static void close_tsv(struct ncd_reader *reader)
{
    if (reader->format_state)
        ncd_columns_close(reader->format_state);
    free(reader->format_state);
}

const struct ncd_format ncd_format_tsv = {
    .name = "tsv",
    .summary = "label TAB text, a line each",
    .has_header = 1,
    .unlabelled = NCD_IN_COLUMNS,
    .open = open_tsv,
    .next = next_tsv,
    .close = close_tsv,
};
