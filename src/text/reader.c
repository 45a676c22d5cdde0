/* SPDX-License-Identifier: MIT */
/*
 * Readers: choosing the format, skipping what is malformed, counting. The
 * formats themselves are in format_*.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text/format.h"
#include "text/labels.h"
#include "util/error.h"
#include "util/options.h"

static const struct ncd_format *const formats[] = {
    &ncd_format_tsv, &ncd_format_csv,   &ncd_format_jsonl, &ncd_format_fasttext,
    &ncd_format_dir, &ncd_format_lines, &ncd_format_list,
};

#define N_FORMATS (sizeof formats / sizeof *formats)

const char *ncd_format_name(size_t i)
{
    return i < N_FORMATS ? formats[i]->name : NULL;
}

const char *ncd_format_summary(size_t i)
{
    return i < N_FORMATS ? formats[i]->summary : NULL;
}

void ncd_reader_options_init_sized(ncd_reader_options *options, size_t nbytes)
{
    const ncd_reader_options own = {.format = "auto"};
    ncd_give_options(options, nbytes, &own, sizeof own);
}

ncd_status ncd_reader_fail(struct ncd_reader *reader, const char *what,
                           ncd_error *err)
{
    return ncd_fail(err, NCD_ERR_INPUT, "%s:%llu: %s", reader->record.source,
                    (unsigned long long)reader->record.line, what);
}

ncd_status ncd_reader_line(struct ncd_reader *reader, ncd_text *line_out,
                           ncd_text *raw_out, ncd_error *err)
{
    ncd_status status;
    do {
        status = ncd_input_line(reader->input, line_out, raw_out, err);
    } while (status == NCD_OK && line_out->nbytes == 0);
    reader->record.line = ncd_input_line_number(reader->input);
    return status;
}

ncd_status ncd_reader_slurp(struct ncd_reader *reader, const char *path,
                            ncd_error *err)
{
    struct ncd_input *input;
    ncd_text rest;
    ncd_status status = ncd_input_open(path, &input, err);
    reader->text.n = 0;
    if (status == NCD_OK) {
        status = ncd_input_rest(input, &rest, err);
        if (status == NCD_OK &&
            ncd_buf_append(&reader->text, rest.bytes, rest.nbytes) != NCD_OK)
            status = ncd_fail_nomem(err);
        ncd_input_close(input);
    }
    /* One file that can't be read is a bad record, not the end. */
    if (status == NCD_ERR_IO) {
        status = NCD_ERR_INPUT;
        if (err)
            err->status = status;
    }
    return status;
}

/* --- Choosing the format --- */

static int begins_with(ncd_text line, const char *prefix)
{
    size_t n = strlen(prefix);
    return line.nbytes >= n && memcmp(line.bytes, prefix, n) == 0;
}

/* By the first line that holds a byte. A TAB outside quotes means label TAB
 * text even where there are commas, since texts hold commas more often than
 * CSV fields hold TABs. */
static const struct ncd_format *guess(ncd_text line)
{
    if (begins_with(line, "{"))
        return &ncd_format_jsonl;
    if (begins_with(line, "__label__"))
        return &ncd_format_fasttext;
    if (begins_with(line, "\""))
        return &ncd_format_csv;
    if (memchr(line.bytes, '\t', line.nbytes))
        return &ncd_format_tsv;
    if (memchr(line.bytes, ',', line.nbytes))
        return &ncd_format_csv;
    return NULL;
}

static ncd_status choose_by_content(struct ncd_reader *reader, ncd_error *err)
{
    ncd_text line;
    ncd_status status = ncd_input_peek(reader->input, &line, err);
    if (status == NCD_END) {
        reader->format = &ncd_format_tsv; /* an empty file: no records */
        return NCD_OK;
    }
    if (status != NCD_OK)
        return status;
    reader->format = guess(line);
    if (reader->format)
        return NCD_OK;
    return ncd_fail(err, NCD_ERR_INPUT,
                    "%s: cannot tell the format: the first line holds no TAB, "
                    "no comma, no JSON object and no __label__; say which with "
                    "--input-format",
                    ncd_input_name(reader->input));
}

static ncd_status choose_by_name(struct ncd_reader *reader, const char *name,
                                 ncd_error *err)
{
    for (size_t i = 0; i < N_FORMATS; i++)
        if (strcmp(formats[i]->name, name) == 0)
            reader->format = formats[i];
    if (reader->format)
        return NCD_OK;
    return ncd_fail(err, NCD_ERR_ARGUMENT,
                    "no input format \"%.40s\"; there are: auto tsv csv jsonl "
                    "fasttext dir lines list",
                    name);
}

static int is_directory(const char *path)
{
    struct stat st;
    return strcmp(path, "-") != 0 && stat(path, &st) == 0 &&
           S_ISDIR(st.st_mode);
}

static ncd_status choose_format(struct ncd_reader *reader, const char *name,
                                ncd_error *err)
{
    ncd_status status = NCD_OK;
    int by_content = strcmp(name, "auto") == 0;
    if (!by_content)
        status = choose_by_name(reader, name, err);
    else if (is_directory(reader->path))
        reader->format = &ncd_format_dir;
    if (status != NCD_OK || reader->format == &ncd_format_dir)
        return status;
    status = ncd_input_open(reader->path, &reader->input, err);
    if (status == NCD_OK)
        reader->record.source = ncd_input_name(reader->input);
    if (status == NCD_OK && reader->nul)
        ncd_input_end_at_nul(reader->input);
    if (status == NCD_OK && by_content)
        status = choose_by_content(reader, err);
    return status;
}

static ncd_status check_unlabelled(const struct ncd_reader *reader,
                                   ncd_error *err)
{
    const struct ncd_format *f = reader->format;
    if (reader->unlabelled && f->unlabelled == NCD_NEVER)
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "%s: format %s is for labelled texts",
                        reader->record.source, f->name);
    if (reader->text_column &&
        (f->unlabelled != NCD_IN_COLUMNS || !reader->unlabelled))
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "%s: columns have no numbers in format %s",
                        reader->record.source, f->name);
    if (reader->text_column && *reader->text_field)
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "%s: the text has a column or a field, not both",
                        reader->record.source);
    return NCD_OK;
}

/* An option without effect is a misunderstanding, better told than kept. */
static ncd_status check_options(const struct ncd_reader *reader, ncd_error *err)
{
    const struct ncd_format *f = reader->format;
    int named = *reader->label_field || *reader->text_field;
    int has_fields = f->has_fields ||
                     (reader->unlabelled && f->unlabelled == NCD_IN_COLUMNS);
    if (reader->header && !f->has_header)
        return ncd_fail(err, NCD_ERR_ARGUMENT, "%s: format %s has no header",
                        reader->record.source, f->name);
    if (named && !has_fields)
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "%s: format %s has no fields with names",
                        reader->record.source, f->name);
    if (reader->nul && (f == &ncd_format_csv || f == &ncd_format_dir))
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "%s: records of format %s can't end with a NUL",
                        reader->record.source, f->name);
    return check_unlabelled(reader, err);
}

/* --- The public face --- */

static ncd_status copy_options(struct ncd_reader *reader, const char *path,
                               const ncd_reader_options *options,
                               ncd_error *err)
{
    reader->header = options->header;
    reader->skip_bad = options->skip_bad;
    reader->limit = options->limit;
    reader->unlabelled = options->unlabelled;
    reader->text_column = options->text_column;
    reader->nul = options->nul;
    reader->path = strdup(path);
    reader->label_field =
        strdup(options->label_field ? options->label_field : "");
    reader->text_field = strdup(options->text_field ? options->text_field : "");
    if (!reader->path || !reader->label_field || !reader->text_field)
        return ncd_fail_nomem(err);
    reader->record.source = reader->path;
    return NCD_OK;
}

static ncd_status open_format(struct ncd_reader *reader, ncd_error *err)
{
    const struct ncd_format *f = reader->format;
    if (reader->unlabelled && *reader->text_field && f->has_header)
        reader->header = 1;
    ncd_status status = f->open ? f->open(reader, err) : NCD_OK;
    const ncd_text *raw = &reader->record.raw;
    if (status == NCD_OK && reader->header &&
        ncd_buf_append(&reader->header_raw, raw->bytes, raw->nbytes) != NCD_OK)
        return ncd_fail_nomem(err);
    return status;
}

ncd_status ncd_reader_open(const char *path, const ncd_reader_options *given,
                           ncd_reader **reader_out, ncd_error *err)
{
    ncd_reader_options own, *options = &own;
    ncd_reader_options_init(&own);
    ncd_take_options(&own, given);
    ncd_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return ncd_fail_nomem(err);
    ncd_status status = copy_options(reader, path, options, err);
    if (status == NCD_OK)
        status = choose_format(reader,
                               options->format ? options->format : "auto", err);
    if (status == NCD_OK)
        status = check_options(reader, err);
    if (status == NCD_OK)
        status = open_format(reader, err);
    if (status != NCD_OK) {
        ncd_reader_close(reader);
        return status;
    }
    *reader_out = reader;
    return NCD_OK;
}

void ncd_reader_close(ncd_reader *reader)
{
    if (!reader)
        return;
    if (reader->format && reader->format->close)
        reader->format->close(reader);
    ncd_input_close(reader->input);
    ncd_buf_free(&reader->label);
    ncd_buf_free(&reader->text);
    ncd_buf_free(&reader->header_raw);
    free(reader->path);
    free(reader->label_field);
    free(reader->text_field);
    free(reader);
}

static ncd_status next_record(ncd_reader *reader, ncd_error *err)
{
    ncd_status status = reader->format->next(reader, err);
    if (status == NCD_OK && ncd_label_has_control(reader->record.label))
        return ncd_reader_fail(reader, "the label holds a control character",
                               err);
    return status;
}

ncd_status ncd_reader_next(ncd_reader *reader, ncd_record *record_out,
                           ncd_error *err)
{
    if (reader->limit && reader->n_given == reader->limit)
        return NCD_END;
    ncd_status status = next_record(reader, err);
    while (status == NCD_ERR_INPUT && reader->skip_bad) {
        reader->n_skipped++;
        status = next_record(reader, err);
    }
    if (status == NCD_OK) {
        reader->n_given++;
        *record_out = reader->record;
    }
    return status;
}

int ncd_reader_ready(ncd_reader *reader)
{
    return !reader->input || ncd_input_ready(reader->input);
}

uint64_t ncd_reader_skipped(const ncd_reader *reader)
{
    return reader->n_skipped;
}

uint64_t ncd_reader_done(const ncd_reader *reader)
{
    return reader->input ? ncd_input_done(reader->input) : reader->n_given;
}

uint64_t ncd_reader_total(const ncd_reader *reader)
{
    return reader->input ? ncd_input_total(reader->input) : 0;
}

ncd_text ncd_reader_header(const ncd_reader *reader)
{
    return ncd_buf_text(&reader->header_raw);
}

const char *ncd_reader_format(const ncd_reader *reader)
{
    return reader->format->name;
}
