/* SPDX-License-Identifier: MIT */
/*
 * JSON Lines by jansson: one object a line. The label may be a string, a whole
 * number or a truth value; the text is a string, or several fields joined by
 * one space.
 */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "text/format.h"
#include "util/error.h"

static ncd_status fail_field(struct ncd_reader *reader, const char *name,
                             size_t n, const char *what, ncd_error *err)
{
    char message[160];
    snprintf(message, sizeof message, "the field \"%.*s\" %s",
             (int)(n > 64 ? 64 : n), name, what);
    return ncd_reader_fail(reader, message, err);
}

static ncd_status take_label(struct ncd_reader *reader, const json_t *object,
                             ncd_error *err)
{
    const char *name = *reader->label_field ? reader->label_field : "label";
    const json_t *value = json_object_get(object, name);
    char number[32];
    const char *label = number;
    size_t n;
    if (!value)
        return fail_field(reader, name, strlen(name), "is missing", err);
    if (json_is_string(value)) {
        label = json_string_value(value);
        n = json_string_length(value);
    } else if (json_is_integer(value)) {
        n = (size_t)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT,
                             json_integer_value(value));
    } else if (json_is_boolean(value)) {
        label = json_is_true(value) ? "true" : "false";
        n = strlen(label);
    } else {
        return fail_field(reader, name, strlen(name),
                          "is no string, whole number or truth value", err);
    }
    if (n == 0)
        return ncd_reader_fail(reader, "the label is empty", err);
    reader->label.n = 0;
    if (ncd_buf_append(&reader->label, label, n) != NCD_OK)
        return ncd_fail_nomem(err);
    reader->record.label = ncd_buf_text(&reader->label);
    return NCD_OK;
}

static ncd_status take_text(struct ncd_reader *reader, const json_t *object,
                            ncd_error *err)
{
    const char *names = *reader->text_field ? reader->text_field : "text";
    reader->text.n = 0;
    for (int first = 1; *names; first = 0) {
        size_t n = strcspn(names, ",");
        char name[256];
        if (n >= sizeof name)
            return fail_field(reader, names, n, "has too long a name", err);
        memcpy(name, names, n);
        name[n] = 0;
        const json_t *value = json_object_get(object, name);
        if (!json_is_string(value))
            return fail_field(reader, name, n,
                              value ? "is no string" : "is missing", err);
        if ((!first && ncd_buf_append(&reader->text, " ", 1) != NCD_OK) ||
            ncd_buf_append(&reader->text, json_string_value(value),
                           json_string_length(value)) != NCD_OK)
            return ncd_fail_nomem(err);
        names += n + (names[n] == ',');
    }
    reader->record.text = ncd_buf_text(&reader->text);
    return NCD_OK;
}

static ncd_status next_jsonl(struct ncd_reader *reader, ncd_error *err)
{
    ncd_text line;
    json_error_t wrong;
    ncd_status status =
        ncd_reader_line(reader, &line, &reader->record.raw, err);
    if (status != NCD_OK)
        return status;
    json_t *object =
        json_loadb(line.bytes, line.nbytes, JSON_ALLOW_NUL, &wrong);
    if (!object &&
        (json_error_code(&wrong) == json_error_out_of_memory || !wrong.text[0]))
        return ncd_fail_nomem(err);
    if (!object) {
        char what[JSON_ERROR_TEXT_LENGTH + 32];
        snprintf(what, sizeof what, "malformed JSON: %s", wrong.text);
        return ncd_reader_fail(reader, what, err);
    }
    if (json_is_object(object)) {
        if (!reader->unlabelled)
            status = take_label(reader, object, err);
        if (status == NCD_OK)
            status = take_text(reader, object, err);
    } else {
        status = ncd_reader_fail(reader, "the line is no JSON object", err);
    }
    json_decref(object);
    return status;
}

const struct ncd_format ncd_format_jsonl = {
    .name = "jsonl",
    .summary = "one JSON object a line, with a label and a text field",
    .has_fields = 1,
    .unlabelled = NCD_BY_NAME,
    .next = next_jsonl,
};
