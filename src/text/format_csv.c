/* SPDX-License-Identifier: MIT */
/*
 * CSV by libcsv, strictly RFC 4180: a quote inside an unquoted field or an
 * unfinished quoted one is an error. libcsv is given one line at a time, so
 * that we know the line on which each record begins; a record is complete when
 * it says so.
 *
 * Columns: without a header, the label is the first and all others are text
 * (AG News: class, title, description). With one, --label-field and
 * --text-field pick columns by name.
 */
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "text/columns.h"
#include "util/error.h"

struct csv_state {
    struct csv_parser parser;
    int parser_open;
    int begun;            /* the record at hand has had a byte */
    int complete;         /* ... and has ended */
    int n_records;        /* that the line at hand has ended */
    int failed_memory;    /* a callback ran out of memory */
    struct ncd_buf bytes; /* all fields of the record, one after another */
    struct ncd_buf raw;   /* its lines */
    struct ncd_columns columns;
};

/* Blanks around a field are part of it (RFC 4180, 2.4). */
static int never_space(unsigned char c)
{
    (void)c;
    return 0;
}

/* `bytes` may yet move: place_fields says where the fields are. */
static void on_field(void *field, size_t n, void *arg)
{
    struct csv_state *s = arg;
    if (ncd_buf_append(&s->bytes, field, n) != NCD_OK ||
        ncd_columns_add(&s->columns, (ncd_text){NULL, n}) != NCD_OK)
        s->failed_memory = 1;
}

static void place_fields(struct csv_state *s)
{
    const char *begin = s->bytes.n ? (const char *)s->bytes.bytes : "";
    for (size_t i = 0; i < s->columns.n; i++) {
        s->columns.fields[i].bytes = begin;
        begin += s->columns.fields[i].nbytes;
    }
}

static void on_record(int terminator, void *arg)
{
    struct csv_state *s = arg;
    (void)terminator;
    s->n_records++;
    s->complete = 1;
}

static ncd_status restart_parser(struct csv_state *s, ncd_error *err)
{
    if (s->parser_open)
        csv_free(&s->parser);
    s->parser_open = 0;
    if (csv_init(&s->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return ncd_fail_nomem(err);
    s->parser_open = 1;
    csv_set_space_func(&s->parser, never_space);
    return NCD_OK;
}

static ncd_status fail_record(struct ncd_reader *reader, const char *what,
                              ncd_error *err)
{
    ncd_status status = ncd_reader_fail(reader, what, err);
    if (restart_parser(reader->format_state, err) != NCD_OK)
        return NCD_ERR_NOMEM;
    return status;
}

/* Gives libcsv one line; at the end of the input, tells it so. */
static ncd_status feed(struct ncd_reader *reader, int *ended, ncd_error *err)
{
    struct csv_state *s = reader->format_state;
    ncd_text line, raw;
    ncd_status status = ncd_input_line(reader->input, &line, &raw, err);
    if (status != NCD_OK && status != NCD_END)
        return status;
    *ended = status == NCD_END;
    if (!*ended && !s->begun && line.nbytes > 0) {
        s->begun = 1;
        reader->record.line = ncd_input_line_number(reader->input);
    }
    if (!*ended && s->begun &&
        ncd_buf_append(&s->raw, raw.bytes, raw.nbytes) != NCD_OK)
        return ncd_fail_nomem(err);
    if (*ended) {
        if (csv_fini(&s->parser, on_field, on_record, s) != 0)
            return fail_record(reader, "a quoted field is never closed", err);
    } else if (csv_parse(&s->parser, raw.bytes, raw.nbytes, on_field, on_record,
                         s) != raw.nbytes) {
        if (csv_error(&s->parser) == CSV_ENOMEM)
            return ncd_fail_nomem(err);
        return fail_record(reader, "malformed CSV: a quote in the wrong place",
                           err);
    }
    return s->failed_memory ? ncd_fail_nomem(err) : NCD_OK;
}

static ncd_status next_fields(struct ncd_reader *reader, ncd_error *err)
{
    struct csv_state *s = reader->format_state;
    int ended = 0;
    s->bytes.n = s->raw.n = s->columns.n = 0;
    s->begun = s->complete = s->n_records = 0;
    while (!s->complete && !ended) {
        ncd_status status = feed(reader, &ended, err);
        if (status != NCD_OK)
            return status;
    }
    /* libcsv ends a record at a bare CR, too; RFC 4180 does not. */
    if (s->n_records > 1)
        return fail_record(
            reader, "malformed CSV: a CR in a field without quotes", err);
    place_fields(s);
    reader->record.raw = ncd_buf_text(&s->raw);
    return s->complete ? NCD_OK : NCD_END;
}

static ncd_status next_csv(struct ncd_reader *reader, ncd_error *err)
{
    struct csv_state *s = reader->format_state;
    ncd_status status = next_fields(reader, err);
    return status == NCD_OK ? ncd_columns_take(&s->columns, reader, err)
                            : status;
}

static ncd_status open_csv(struct ncd_reader *reader, ncd_error *err)
{
    struct csv_state *s = calloc(1, sizeof *s);
    if (!s)
        return ncd_fail_nomem(err);
    reader->format_state = s;
    if (!reader->header && (*reader->label_field || *reader->text_field))
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "%s: columns of a CSV file have names only with "
                        "--header",
                        reader->record.source);
    ncd_status status = restart_parser(s, err);
    if (status == NCD_OK && reader->header)
        status = next_fields(reader, err);
    if (status == NCD_OK || status == NCD_END)
        status = ncd_columns_open(&s->columns, reader, err);
    return status;
}

static void close_csv(struct ncd_reader *reader)
{
    struct csv_state *s = reader->format_state;
    if (!s)
        return;
    if (s->parser_open)
        csv_free(&s->parser);
    ncd_buf_free(&s->bytes);
    ncd_buf_free(&s->raw);
    ncd_columns_close(&s->columns);
    free(s);
}

const struct ncd_format ncd_format_csv = {
    .name = "csv",
    .summary = "RFC 4180: label, then text in one or more fields",
    .has_header = 1,
    .has_fields = 1,
    .unlabelled = NCD_IN_COLUMNS,
    .open = open_csv,
    .next = next_csv,
    .close = close_csv,
};
