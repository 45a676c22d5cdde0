/* SPDX-License-Identifier: MIT */
/*
 * Explanations as JSON, one object a line. Offsets count bytes of the texts as
 * they are; where a text is not UTF-8, its JSON has U+FFFD for what is not, and
 * offsets are still those of the bytes.
 */
#include <jansson.h>
#include <string.h>

#include "cli.h"
#include "explain.h"

static json_t *json_text(ncd_text text)
{
    return json_bytes(text.bytes, text.nbytes);
}

static json_t *json_name(const char *name)
{
    return json_bytes(name, strlen(name));
}

static json_t *json_size(size_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *json_list(const double *values, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_real(values[i]));
    return list;
}

static json_t *json_label(const char *label, double share)
{
    return json_pack("{so, sf}", "label", json_name(label), "share", share);
}

/* --- kNN --- */

static json_t *json_bill(const ncd_bill *b)
{
    return json_pack("{sf, sf, sf, sf, sf}", "first", b->first, "separator",
                     b->separator, "second", b->second, "tables", b->tables,
                     "frame", b->frame);
}

static json_t *json_match(const ncd_joint *j, const ncd_match *m)
{
    json_t *object =
        json_pack("{so, so, so}", "text_offset", json_size(m->test_offset),
                  "neighbor_offset", json_size(m->train_offset), "nbytes",
                  json_size(m->nbytes));
    if (j->insight == NCD_INSIGHT_NONE)
        return object;
    json_object_set_new(object, "bits_alone", json_real(m->bits_alone));
    json_object_set_new(object, "bits_together", json_real(m->bits_joint));
    return object;
}

static json_t *json_joint(const ncd_joint *j, size_t second_nbytes)
{
    static const char *const insights[] = {"none", "model", "parse"};
    json_t *matches = json_array();
    for (size_t i = 0; i < j->n_matches; i++)
        json_array_append_new(matches, json_match(j, &j->matches[i]));
    json_t *object = json_pack(
        "{ss, ss, sf, so}", "order", ncd_order_name(j->order), "insight",
        insights[j->insight], "size", j->size, "matches", matches);
    if (j->insight == NCD_INSIGHT_NONE)
        return object;
    json_object_set_new(object, "alone", json_bill(&j->alone));
    json_object_set_new(object, "together", json_bill(&j->joint));
    json_object_set_new(object, "saved", json_list(j->saved, second_nbytes));
    return object;
}

static json_t *json_neighbor(const ncd_model *model, ncd_text test,
                             const ncd_explained_text *t)
{
    const ncd_dataset *data = ncd_model_dataset(model);
    ncd_text train = ncd_dataset_text(data, t->index);
    json_t *joints = json_array();
    for (size_t i = 0; i < t->n_joints; i++) {
        const ncd_joint *j = &t->joints[i];
        size_t n =
            j->order == NCD_ORDER_TEST_FIRST ? train.nbytes : test.nbytes;
        json_array_append_new(joints, json_joint(j, n));
    }
    return json_pack("{so, so, so, sf, sf, sf, sf, so}", "source",
                     json_name(ncd_dataset_source(data, t->index)), "line",
                     json_size(ncd_dataset_line(data, t->index)), "text",
                     json_text(train), "distance", t->pair.distance,
                     "size_text", t->pair.size_x, "size_neighbor",
                     t->pair.size_y, "size_together", t->pair.size_xy, "parses",
                     joints);
}

static json_t *json_side(const ncd_model *model, const ncd_explanation *e,
                         size_t side)
{
    json_t *object = json_label(ncd_explanation_label(e, side),
                                ncd_explanation_share(e, side));
    json_t *neighbors = json_array();
    size_t n = ncd_explanation_n_texts(e, side);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            neighbors, json_neighbor(model, ncd_explanation_text(e),
                                     ncd_explanation_neighbor(e, side, i)));
    if (n)
        json_object_set(object, "neighbors", neighbors);
    json_decref(neighbors);
    return object;
}

/* --- Class models --- */

static json_t *json_code_lengths(const ncd_model *model,
                                 const ncd_explanation *e)
{
    const ncd_dataset *data = ncd_model_dataset(model);
    json_t *classes = json_array();
    for (size_t c = 0; c < ncd_dataset_n_classes(data); c++)
        json_array_append_new(
            classes, json_pack("{so, sf}", "label",
                               json_name(ncd_dataset_label(data, c)), "bits",
                               ncd_explanation_code_length(e, c)));
    return json_pack("{sf, so}", "all_labels",
                     ncd_explanation_code_length(e, SIZE_MAX), "labels",
                     classes);
}

static json_t *json_odds(const ncd_explanation *e)
{
    const ncd_odds *o = ncd_explanation_odds(e);
    return json_pack("{sf, sf, sf, so, sf, sf, sf}", "log_odds", o->log_odds,
                     "bias", o->bias, "marks", o->marks, "bytes",
                     json_list(o->bytes, ncd_explanation_text(e).nbytes),
                     "lengths", o->lengths, "margins", o->margins, "neighbors",
                     o->neighbors);
}

/* --- All of it --- */

void explain_json(FILE *to, const ncd_model *model, const ncd_explanation *e)
{
    ncd_options options;
    ncd_model_options(model, &options);
    json_t *sides = json_array();
    for (size_t side = 0; side < ncd_explanation_n_sides(e); side++)
        json_array_append_new(sides, json_side(model, e, side));
    json_t *object = json_pack("{so, so, ss, so}", "text",
                               json_text(ncd_explanation_text(e)), "label",
                               json_name(ncd_explanation_label(e, 0)), "method",
                               ncd_method_name(options.method), "sides", sides);
    if (options.method != NCD_METHOD_KNN)
        json_object_set_new(object, "code_lengths",
                            json_code_lengths(model, e));
    if (ncd_explanation_odds(e))
        json_object_set_new(object, "odds", json_odds(e));
    if (options.method != NCD_METHOD_CLASS) {
        json_object_set_new(object, "compressor",
                            json_string(options.compressor));
        json_object_set_new(object, "distance",
                            json_string(ncd_distance_name(options.distance)));
    }
    json_dumpf(object, to, JSON_COMPACT);
    putc('\n', to);
    json_decref(object);
}
