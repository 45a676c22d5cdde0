/* SPDX-License-Identifier: MIT */
/* Answers of predict; see answer.h. */
#include "answer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The label at a rank; in place of the first, where it is too uncertain, what
 * stands for not knowing. */
static const char *label_at(const struct answer_style *style,
                            const struct answer *a, size_t rank)
{
    if (rank == 0 &&
        ncd_prediction_share(a->prediction, a->i, 0) < style->min_prob)
        return style->abstain_label;
    return ncd_prediction_label(a->prediction, a->i, rank);
}

/* --- TSV and CSV --- */

static void print_labels(const struct answer_style *style,
                         const struct answer *a, int *column)
{
    const ncd_prediction *p = a->prediction;
    enum row_format rows = (enum row_format)style->format;
    for (size_t rank = 0; rank < style->top; rank++) {
        int there = rank < ncd_prediction_n_labels(p, a->i);
        row_string(rows, column, there ? label_at(style, a, rank) : "");
        if (style->prob)
            row_share(rows, column,
                      there ? ncd_prediction_share(p, a->i, rank) : 0);
    }
}

static void print_row(const struct answer_style *style, const struct answer *a)
{
    int column = 0;
    print_labels(style, a, &column);
    if (style->echo)
        row_text((enum row_format)style->format, &column, a->text);
    row_end(&column);
}

static const char *origin(const ncd_dataset *data, size_t index, char *out,
                          size_t room)
{
    snprintf(out, room, "%s:%llu", ncd_dataset_source(data, index),
             (unsigned long long)ncd_dataset_line(data, index));
    return out;
}

static void print_neighbors(const struct answer_style *style,
                            const struct answer *a)
{
    const ncd_prediction *p = a->prediction;
    const ncd_dataset *data = ncd_model_dataset(a->model);
    enum row_format rows = (enum row_format)style->format;
    char where[1024];
    for (size_t j = 0; j < ncd_prediction_n_neighbors(p, a->i); j++) {
        int column = 0;
        ncd_neighbor n = ncd_prediction_neighbor(p, a->i, j);
        row_number(rows, &column, (double)a->number);
        row_string(rows, &column, ncd_prediction_label(p, a->i, 0));
        row_number(rows, &column, (double)(j + 1));
        row_string(rows, &column,
                   ncd_dataset_label(data, ncd_dataset_class(data, n.index)));
        row_number(rows, &column, n.distance);
        row_string(rows, &column, origin(data, n.index, where, sizeof where));
        row_text(rows, &column, ncd_dataset_text(data, n.index));
        if (style->echo)
            row_text(rows, &column, a->text);
        row_end(&column);
    }
}

/* --- JSON --- */

static json_t *json_label(const struct answer_style *style,
                          const struct answer *a, size_t rank)
{
    const char *label = label_at(style, a, rank);
    json_t *object = json_object();
    json_object_set_new(object, style->label_field,
                        json_bytes(label, strlen(label)));
    json_object_set_new(
        object, "share",
        json_real(ncd_prediction_share(a->prediction, a->i, rank)));
    return object;
}

static json_t *json_neighbor(const ncd_dataset *data, ncd_neighbor n)
{
    json_t *object = json_object();
    const char *label =
        ncd_dataset_label(data, ncd_dataset_class(data, n.index));
    const char *source = ncd_dataset_source(data, n.index);
    ncd_text text = ncd_dataset_text(data, n.index);
    json_object_set_new(object, "label", json_bytes(label, strlen(label)));
    json_object_set_new(object, "distance", json_real(n.distance));
    json_object_set_new(object, "source", json_bytes(source, strlen(source)));
    json_object_set_new(
        object, "line",
        json_integer((json_int_t)ncd_dataset_line(data, n.index)));
    json_object_set_new(object, "text", json_bytes(text.bytes, text.nbytes));
    return object;
}

static json_t *json_answer(const struct answer_style *style,
                           const struct answer *a)
{
    const ncd_prediction *p = a->prediction;
    json_t *object = json_label(style, a, 0);
    if (!style->prob)
        json_object_del(object, "share");
    if (style->top > 1) {
        json_t *labels = json_array();
        size_t n = ncd_prediction_n_labels(p, a->i);
        for (size_t r = 0; r < style->top && r < n; r++)
            json_array_append_new(labels, json_label(style, a, r));
        json_object_set_new(object, "labels", labels);
    }
    if (style->neighbors) {
        json_t *list = json_array();
        for (size_t j = 0; j < ncd_prediction_n_neighbors(p, a->i); j++)
            json_array_append_new(
                list, json_neighbor(ncd_model_dataset(a->model),
                                    ncd_prediction_neighbor(p, a->i, j)));
        json_object_set_new(object, "neighbors", list);
    }
    if (style->echo)
        json_object_set_new(object, "text",
                            json_bytes(a->text.bytes, a->text.nbytes));
    return object;
}

static void print_json(const struct answer_style *style, const struct answer *a)
{
    json_t *object = json_answer(style, a);
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

void print_answer(const struct answer_style *style, const struct answer *a)
{
    if (style->format == ROWS_JSONL)
        print_json(style, a);
    else if (style->neighbors)
        print_neighbors(style, a);
    else
        print_row(style, a);
}

/* --- Behind records --- */

/* Takes the end off a record; one at the end of the input may have none. */
static ncd_text cut_end(const struct answer_style *style, ncd_text *raw)
{
    static const char nul_end[] = "", lf[] = "\n";
    const char *b = raw->bytes;
    size_t n = raw->nbytes;
    if (style->nul)
        n -= n && b[n - 1] == 0;
    else if (n && b[n - 1] == '\n')
        n -= n > 1 && b[n - 2] == '\r' ? 2 : 1;
    ncd_text end = {b + n, raw->nbytes - n};
    if (end.nbytes == 0)
        end = (ncd_text){style->nul ? nul_end : lf, 1};
    raw->nbytes = n;
    return end;
}

static void put(ncd_text text)
{
    fwrite(text.bytes, 1, text.nbytes, stdout);
}

void print_header(const struct answer_style *style, ncd_text raw)
{
    enum row_format rows = (enum row_format)style->format;
    ncd_text end = cut_end(style, &raw);
    char name[64];
    int column = 1;
    put(raw);
    for (unsigned rank = 1; rank <= style->top; rank++) {
        snprintf(name, sizeof name, rank > 1 ? "%.40s_%u" : "%.40s",
                 style->label_field, rank);
        row_string(rows, &column, name);
        snprintf(name, sizeof name, rank > 1 ? "share_%u" : "share", rank);
        if (style->prob)
            row_string(rows, &column, name);
    }
    put(end);
}

/* A member that is there twice would be lost to most programs. */
static ncd_status check_members(json_t *answer, ncd_text record, ncd_error *err)
{
    json_t *object =
        json_loadb(record.bytes, record.nbytes, JSON_ALLOW_NUL, NULL);
    const char *name;
    json_t *value;
    ncd_status status = NCD_OK;
    json_object_foreach(answer, name, value)
    {
        if (!json_object_get(object, name))
            continue;
        err->status = status = NCD_ERR_INPUT;
        snprintf(err->message, sizeof err->message,
                 "there is a member \"%.40s\" already; --label-field names "
                 "that of the label",
                 name);
    }
    json_decref(object);
    return status;
}

/* The members go before the brace that ends the object. */
static ncd_status print_members(const struct answer_style *style,
                                const struct answer *a, ncd_text record,
                                ncd_error *err)
{
    json_t *object = json_answer(style, a);
    char *members = json_dumps(object, JSON_COMPACT);
    ncd_status status = check_members(object, record, err);
    const char *b = record.bytes;
    size_t n = record.nbytes;
    json_decref(object);
    if (!members)
        status = no_memory(err);
    if (status == NCD_OK) {
        while (b[n - 1] != '}')
            n--;
        put((ncd_text){b, n - 1});
        members[0] = ','; /* in place of the brace that begins it */
        fputs(members, stdout);
        put((ncd_text){b + n, record.nbytes - n});
    }
    free(members);
    return status;
}

ncd_status print_record(const struct answer_style *style,
                        const struct answer *a, ncd_text raw, ncd_error *err)
{
    ncd_text end = cut_end(style, &raw);
    int column = 1;
    if (style->format == ROWS_JSONL) {
        ncd_status status = print_members(style, a, raw, err);
        if (status != NCD_OK)
            return status;
    } else {
        put(raw);
        print_labels(style, a, &column);
    }
    put(end);
    return NCD_OK;
}
