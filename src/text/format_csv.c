/* SPDX-License-Identifier: MIT */
/*
 * CSV by libcsv, strictly RFC 4180: a quote inside an unquoted field or an
 * unfinished quoted one is an error. libcsv is given one line at a time, so
 * that we know the line on which each record begins; a record is complete when
 * it says so.
 *
 * Columns: without a header, the label is the first and all others are text
 * (AG News: class, title, description). With one, --label-field and
 * --text-field pick columns by name. Text columns are joined by one space.
 */
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "text/format.h"
#include "util/error.h"

struct csv_state {
    struct csv_parser parser;
    int parser_open;
    int begun;            /* the record at hand has had a byte */
    int complete;         /* ... and has ended */
    int n_records;        /* that the line at hand has ended */
    int failed_memory;    /* a callback ran out of memory */
    struct ncd_buf bytes; /* all fields of the record, one after another */
    size_t *ends;         /* [n_fields] end of each field in `bytes` */
    size_t n_fields, capacity;
    /* Roles of the columns, where a header names them. */
    size_t n_columns; /* 0: no header */
    size_t label_column;
    size_t *text_columns; /* [n_text] in the order in which they are joined */
    size_t n_text;
};

/* Blanks around a field are part of it (RFC 4180, 2.4). */
static int never_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void on_field(void *field, size_t n, void *arg)
{
    struct csv_state *s = arg;
    if (ncd_buf_append(&s->bytes, field, n) != NCD_OK ||
        ncd_grow(&s->ends, &s->capacity, s->n_fields + 1, sizeof *s->ends) !=
            NCD_OK) {
        s->failed_memory = 1;
        return;
    }
    s->ends[s->n_fields++] = s->bytes.n;
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

static ncd_text field(const struct csv_state *s, size_t i)
{
    size_t begin = i ? s->ends[i - 1] : 0;
    return (ncd_text){s->bytes.bytes ? s->bytes.bytes + begin : NULL,
                      s->ends[i] - begin};
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
    s->bytes.n = s->n_fields = 0;
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
    return s->complete ? NCD_OK : NCD_END;
}

static ncd_status append_text(struct ncd_reader *reader, ncd_text part,
                              int first)
{
    if (!first && ncd_buf_append(&reader->text, " ", 1) != NCD_OK)
        return NCD_ERR_NOMEM;
    return ncd_buf_append(&reader->text, part.bytes, part.nbytes);
}

static ncd_status next_csv(struct ncd_reader *reader, ncd_error *err)
{
    struct csv_state *s = reader->format_state;
    ncd_status status = next_fields(reader, err);
    if (status != NCD_OK)
        return status;
    if (s->n_columns && s->n_fields != s->n_columns) {
        char what[96];
        snprintf(what, sizeof what, "the record has %zu fields, the header %zu",
                 s->n_fields, s->n_columns);
        return ncd_reader_fail(reader, what, err);
    }
    if (s->n_fields < 2)
        return ncd_reader_fail(
            reader, "a record needs a label and at least one text field", err);
    reader->text.n = 0;
    size_t n_text = s->n_columns ? s->n_text : s->n_fields - 1;
    for (size_t i = 0; i < n_text; i++)
        if (append_text(reader,
                        field(s, s->n_columns ? s->text_columns[i] : i + 1),
                        i == 0) != NCD_OK)
            return ncd_fail_nomem(err);
    reader->record.text = ncd_buf_text(&reader->text);
    reader->record.label = field(s, s->label_column);
    if (reader->record.label.nbytes == 0)
        return ncd_reader_fail(reader, "the label is empty", err);
    return NCD_OK;
}

/* The column of that name, or n_fields. */
static size_t find_column(const struct csv_state *s, ncd_text name)
{
    size_t i = 0;
    while (i < s->n_fields &&
           (field(s, i).nbytes != name.nbytes ||
            memcmp(field(s, i).bytes, name.bytes, name.nbytes) != 0))
        i++;
    return i;
}

/* Columns of text in the order in which --text-field names them; all but the
 * label's where it doesn't. Returns 0 where one is not there. */
static int find_text_columns(struct csv_state *s, const char *names)
{
    for (size_t i = 0; !*names && i < s->n_fields; i++)
        if (i != s->label_column)
            s->text_columns[s->n_text++] = i;
    while (*names) {
        size_t n = strcspn(names, ",");
        size_t column = find_column(s, (ncd_text){names, n});
        if (column == s->n_fields || s->n_text == s->n_fields)
            return 0;
        s->text_columns[s->n_text++] = column;
        names += n + (names[n] == ',');
    }
    return s->n_text > 0;
}

/* Gives the columns of the header their roles. */
static ncd_status read_header(struct ncd_reader *reader, ncd_error *err)
{
    struct csv_state *s = reader->format_state;
    const char *label = reader->label_field;
    ncd_status status = next_fields(reader, err);
    if (status != NCD_OK)
        return status == NCD_END ? NCD_OK : status;
    s->text_columns = calloc(s->n_fields, sizeof *s->text_columns);
    if (!s->text_columns)
        return ncd_fail_nomem(err);
    if (*label)
        s->label_column = find_column(s, (ncd_text){label, strlen(label)});
    if (s->label_column == s->n_fields)
        return ncd_reader_fail(reader, "the header lacks the label's column",
                               err);
    if (!find_text_columns(s, reader->text_field))
        return ncd_reader_fail(reader, "the header lacks the text's column",
                               err);
    s->n_columns = s->n_fields;
    return NCD_OK;
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
        status = read_header(reader, err);
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
    free(s->ends);
    free(s->text_columns);
    free(s);
}

const struct ncd_format ncd_format_csv = {
    .name = "csv",
    .summary = "RFC 4180: label, then text in one or more fields",
    .has_header = 1,
    .has_fields = 1,
    .open = open_csv,
    .next = next_csv,
    .close = close_csv,
};
