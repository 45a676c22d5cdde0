/* SPDX-License-Identifier: MIT */
/* Records of columns; see columns.h. */
#include "text/columns.h"

#include <stdlib.h>
#include <string.h>

#include "util/error.h"

ncd_status ncd_columns_add(struct ncd_columns *c, ncd_text field)
{
    if (ncd_grow(&c->fields, &c->capacity, c->n + 1, sizeof *c->fields) !=
        NCD_OK)
        return NCD_ERR_NOMEM;
    c->fields[c->n++] = field;
    return NCD_OK;
}

void ncd_columns_close(struct ncd_columns *c)
{
    free(c->fields);
    free(c->texts);
}

/* --- Roles --- */

/* The field that equals the name, or n. */
static size_t find(const struct ncd_columns *c, const char *name, size_t nbytes)
{
    size_t i = 0;
    while (i < c->n && (c->fields[i].nbytes != nbytes ||
                        memcmp(c->fields[i].bytes, name, nbytes) != 0))
        i++;
    return i;
}

/* In the order in which --text-field names them. Returns the rest of the names
 * from the first one on that is not there, or NULL. */
static const char *find_texts(struct ncd_columns *c, const char *names)
{
    while (*names) {
        size_t n = strcspn(names, ",");
        size_t column = find(c, names, n);
        if (column == c->n || c->n_texts == c->n)
            return names;
        c->texts[c->n_texts++] = column;
        names += n + (names[n] == ',');
    }
    return NULL;
}

static ncd_status fail_column(struct ncd_reader *reader, const char *name,
                              size_t nbytes, ncd_error *err)
{
    char what[128];
    snprintf(what, sizeof what, "the header has no column \"%.*s\"",
             nbytes < 80 ? (int)nbytes : 80, name);
    return ncd_reader_fail(reader, what, err);
}

static ncd_status read_names(struct ncd_columns *c, struct ncd_reader *reader,
                             ncd_error *err)
{
    const char *label = reader->label_field;
    if (*label && !reader->unlabelled)
        c->label = find(c, label, strlen(label));
    if (c->label == c->n)
        return fail_column(reader, label, strlen(label), err);
    const char *missing = find_texts(c, reader->text_field);
    if (missing)
        return fail_column(reader, missing, strcspn(missing, ","), err);
    if (!c->n_texts && !reader->unlabelled && c->n < 2)
        return ncd_reader_fail(reader, "the header has no column for texts",
                               err);
    c->n_header = c->n;
    return NCD_OK;
}

ncd_status ncd_columns_open(struct ncd_columns *c, struct ncd_reader *reader,
                            ncd_error *err)
{
    c->label = reader->unlabelled ? NCD_NO_COLUMN : 0;
    c->texts = calloc(c->n + 1, sizeof *c->texts);
    if (!c->texts)
        return ncd_fail_nomem(err);
    if (reader->text_column)
        c->texts[c->n_texts++] = reader->text_column - 1;
    return reader->header && c->n ? read_names(c, reader, err) : NCD_OK;
}

/* --- Records --- */

static ncd_status check(const struct ncd_columns *c, struct ncd_reader *reader,
                        ncd_error *err)
{
    char what[96];
    if (c->n_header && c->n != c->n_header) {
        snprintf(what, sizeof what, "the record has %zu fields, the header %zu",
                 c->n, c->n_header);
        return ncd_reader_fail(reader, what, err);
    }
    if (c->label != NCD_NO_COLUMN && c->n < 2)
        return ncd_reader_fail(
            reader, "a record needs a label and at least one text field", err);
    if (reader->text_column > c->n) {
        snprintf(what, sizeof what, "the record has no column %u",
                 reader->text_column);
        return ncd_reader_fail(reader, what, err);
    }
    return NCD_OK;
}

static ncd_status join(const struct ncd_columns *c, struct ncd_reader *reader,
                       ncd_error *err)
{
    size_t n = c->n_texts ? c->n_texts : c->n;
    int first = 1;
    reader->text.n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!c->n_texts && i == c->label)
            continue;
        ncd_text part = c->fields[c->n_texts ? c->texts[i] : i];
        if ((!first && ncd_buf_append(&reader->text, " ", 1) != NCD_OK) ||
            ncd_buf_append(&reader->text, part.bytes, part.nbytes) != NCD_OK)
            return ncd_fail_nomem(err);
        first = 0;
    }
    reader->record.text = ncd_buf_text(&reader->text);
    return NCD_OK;
}

ncd_status ncd_columns_take(const struct ncd_columns *c,
                            struct ncd_reader *reader, ncd_error *err)
{
    ncd_status status = check(c, reader, err);
    if (status == NCD_OK)
        status = join(c, reader, err);
    if (status != NCD_OK || c->label == NCD_NO_COLUMN)
        return status;
    reader->record.label = c->fields[c->label];
    if (reader->record.label.nbytes == 0)
        return ncd_reader_fail(reader, "the label is empty", err);
    return NCD_OK;
}
