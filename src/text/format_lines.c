/* SPDX-License-Identifier: MIT */
/*
 * The formats that are a matter of cutting a line: fastText's __label__, bare
 * lines, and lists of file names.
 */
#include <string.h>

#include "text/format.h"
#include "util/error.h"

static ncd_status next_fasttext(struct ncd_reader *reader, ncd_error *err)
{
    static const char prefix[] = "__label__";
    const size_t n_prefix = sizeof prefix - 1;
    ncd_text line;
    ncd_status status =
        ncd_reader_line(reader, &line, &reader->record.raw, err);
    if (status != NCD_OK)
        return status;
    const char *begin = line.bytes, *end = begin + line.nbytes;
    if (line.nbytes < n_prefix || memcmp(begin, prefix, n_prefix) != 0)
        return ncd_reader_fail(reader, "the line does not begin with __label__",
                               err);
    begin += n_prefix;
    const char *text = begin;
    while (text < end && *text != ' ' && *text != '\t')
        text++;
    reader->record.label = (ncd_text){begin, (size_t)(text - begin)};
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    reader->record.text = (ncd_text){text, (size_t)(end - text)};
    if (reader->record.label.nbytes == 0)
        return ncd_reader_fail(reader, "the label is empty", err);
    if (reader->record.text.nbytes >= n_prefix &&
        memcmp(text, prefix, n_prefix) == 0)
        return ncd_reader_fail(
            reader, "the text has several labels; it can have one", err);
    return NCD_OK;
}

static ncd_status next_line(struct ncd_reader *reader, ncd_error *err)
{
    ncd_status status = ncd_input_line(reader->input, &reader->record.text,
                                       &reader->record.raw, err);
    reader->record.line = ncd_input_line_number(reader->input);
    return status;
}

static ncd_status next_listed(struct ncd_reader *reader, ncd_error *err)
{
    ncd_text line;
    ncd_status status =
        ncd_reader_line(reader, &line, &reader->record.raw, err);
    if (status != NCD_OK)
        return status;
    if (memchr(line.bytes, 0, line.nbytes))
        return ncd_reader_fail(reader, "a file name can't hold a NUL", err);
    reader->label.n = 0;
    if (ncd_buf_append(&reader->label, line.bytes, line.nbytes) != NCD_OK ||
        ncd_buf_append(&reader->label, "", 1) != NCD_OK)
        return ncd_fail_nomem(err);
    ncd_error inner;
    status = ncd_reader_slurp(reader, (char *)reader->label.bytes, &inner);
    if (status == NCD_ERR_INPUT)
        return ncd_reader_fail(reader, inner.message, err);
    if (status != NCD_OK)
        return ncd_fail(err, status, "%s", inner.message);
    reader->record.label = (ncd_text){reader->label.bytes, line.nbytes};
    reader->record.text = ncd_buf_text(&reader->text);
    return status;
}

const struct ncd_format ncd_format_fasttext = {
    .name = "fasttext",
    .summary = "__label__x text, a line each",
    .next = next_fasttext,
};

const struct ncd_format ncd_format_lines = {
    .name = "lines",
    .summary = "a text a line, no labels",
    .unlabelled = NCD_WHOLE,
    .next = next_line,
};

const struct ncd_format ncd_format_list = {
    .name = "list",
    .summary = "a file name a line; the label is the name, the text the file",
    .next = next_listed,
};
