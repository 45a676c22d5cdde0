/* SPDX-License-Identifier: MIT */
/* Labelled texts in memory; see dataset.h. */
#include "text/dataset.h"

#include <stdlib.h>

#include "util/error.h"

ncd_status ncd_dataset_new(ncd_dataset **dataset_out)
{
    *dataset_out = calloc(1, sizeof **dataset_out);
    return *dataset_out ? NCD_OK : NCD_ERR_NOMEM;
}

void ncd_dataset_clear(ncd_dataset *d)
{
    ncd_labels_clear(&d->labels);
    ncd_labels_clear(&d->sources);
    d->bytes.n = 0;
    d->n = 0;
}

void ncd_dataset_free(ncd_dataset *d)
{
    if (!d)
        return;
    ncd_labels_free(&d->labels);
    ncd_labels_free(&d->sources);
    ncd_buf_free(&d->bytes);
    free(d->ends);
    free(d->lines);
    free(d->classes);
    free(d->origins);
    free(d);
}

static ncd_status reserve_row(ncd_dataset *d)
{
    size_t need = d->n + 1;
    if (ncd_grow(&d->ends, &d->ends_capacity, need, sizeof *d->ends) ||
        ncd_grow(&d->lines, &d->lines_capacity, need, sizeof *d->lines) ||
        ncd_grow(&d->classes, &d->classes_capacity, need, sizeof *d->classes) ||
        ncd_grow(&d->origins, &d->origins_capacity, need, sizeof *d->origins))
        return NCD_ERR_NOMEM;
    return NCD_OK;
}

/* U+0080..U+009F in UTF-8: a terminal obeys these, too. */
static int is_c1(const unsigned char *b, size_t n)
{
    return n > 1 && b[0] == 0xc2 && b[1] >= 0x80 && b[1] < 0xa0;
}

/* A label is printed on a line of its own and in columns, so it may not break
 * either; other control characters would only serve to fool a terminal. */
int ncd_label_has_control(ncd_text label)
{
    const unsigned char *b = label.bytes;
    for (size_t i = 0; i < label.nbytes; i++)
        if (b[i] < 0x20 || b[i] == 0x7f || is_c1(b + i, label.nbytes - i))
            return 1;
    return 0;
}

static ncd_text string_text(const char *s)
{
    size_t n = 0;
    while (s && s[n])
        n++;
    return (ncd_text){s, n};
}

static ncd_status fail_label(const char *source, uint64_t line, ncd_error *err)
{
    return ncd_fail(err, NCD_ERR_INPUT,
                    "%s:%llu: the label holds a control character",
                    source ? source : "text", (unsigned long long)line);
}

ncd_status ncd_dataset_add_row(ncd_dataset *d, size_t nbytes, uint32_t class,
                               uint32_t origin, uint64_t line)
{
    if (reserve_row(d) != NCD_OK)
        return NCD_ERR_NOMEM;
    d->ends[d->n] = (d->n ? d->ends[d->n - 1] : 0) + nbytes;
    d->lines[d->n] = line;
    d->classes[d->n] = class;
    d->origins[d->n] = origin;
    d->n++;
    return NCD_OK;
}

ncd_status ncd_dataset_add(ncd_dataset *d, ncd_text label, ncd_text text,
                           const char *source, uint64_t line, ncd_error *err)
{
    size_t class, origin;
    if (ncd_label_has_control(label))
        return fail_label(source, line, err);
    /* The label goes last of what can fail: a label without a text would be a
     * class that nobody asked for. */
    if (reserve_row(d) != NCD_OK ||
        ncd_buf_reserve(&d->bytes, text.nbytes) != NCD_OK ||
        ncd_labels_add(&d->sources, string_text(source), &origin) != NCD_OK ||
        ncd_labels_add(&d->labels, label, &class) != NCD_OK)
        return ncd_fail_nomem(err);
    if (class >= UINT32_MAX || origin >= UINT32_MAX)
        return ncd_fail(err, NCD_ERR_INPUT, "too many labels or files");
    ncd_buf_append(&d->bytes, text.bytes, text.nbytes);
    return ncd_dataset_add_row(d, text.nbytes, (uint32_t) class,
                               (uint32_t)origin, line);
}

ncd_status ncd_dataset_fill(ncd_dataset *d, ncd_reader *reader, ncd_error *err)
{
    ncd_record r;
    ncd_status status;
    while ((status = ncd_reader_next(reader, &r, err)) == NCD_OK) {
        status = ncd_dataset_add(d, r.label, r.text, r.source, r.line, err);
        if (status != NCD_OK)
            return status;
    }
    return status == NCD_END ? NCD_OK : status;
}

ncd_status ncd_dataset_read(ncd_dataset *d, const char *path,
                            const ncd_reader_options *options, ncd_error *err)
{
    ncd_reader *reader;
    ncd_status status = ncd_reader_open(path, options, &reader, err);
    if (status != NCD_OK)
        return status;
    status = ncd_dataset_fill(d, reader, err);
    ncd_reader_close(reader);
    return status;
}

ncd_status ncd_dataset_select(const ncd_dataset *d, const size_t *chosen,
                              size_t n, ncd_dataset **copy_out, ncd_error *err)
{
    ncd_dataset *copy;
    if (ncd_dataset_new(&copy) != NCD_OK)
        return ncd_fail_nomem(err);
    for (size_t j = 0; j < n; j++) {
        size_t i = chosen[j];
        ncd_status status =
            ncd_dataset_add(copy, string_text(d->labels.names[d->classes[i]]),
                            ncd_dataset_text(d, i),
                            d->sources.names[d->origins[i]], d->lines[i], err);
        if (status != NCD_OK) {
            ncd_dataset_free(copy);
            return status;
        }
    }
    *copy_out = copy;
    return NCD_OK;
}

size_t ncd_dataset_first_unlabelled(const ncd_dataset *d)
{
    size_t empty, i = 0;
    if (!ncd_labels_find(&d->labels, (ncd_text){NULL, 0}, &empty))
        return d->n;
    while (i < d->n && d->classes[i] != empty)
        i++;
    return i;
}

size_t ncd_dataset_n_texts(const ncd_dataset *d)
{
    return d->n;
}

size_t ncd_dataset_n_classes(const ncd_dataset *d)
{
    return d->labels.n;
}

ncd_text ncd_dataset_text(const ncd_dataset *d, size_t i)
{
    size_t begin = i ? d->ends[i - 1] : 0;
    if (d->ends[i] == begin)
        return (ncd_text){"", 0};
    return (ncd_text){d->bytes.bytes + begin, d->ends[i] - begin};
}

size_t ncd_dataset_class(const ncd_dataset *d, size_t i)
{
    return d->classes[i];
}

const char *ncd_dataset_source(const ncd_dataset *d, size_t i)
{
    return d->sources.names[d->origins[i]];
}

uint64_t ncd_dataset_line(const ncd_dataset *d, size_t i)
{
    return d->lines[i];
}

const char *ncd_dataset_label(const ncd_dataset *d, size_t c)
{
    return d->labels.names[c];
}
