/* SPDX-License-Identifier: MIT */
/*
 * How predict prints its answers: as rows of their own, or behind the record
 * that a text came from, which is then as it was but for its end.
 */
#ifndef NCD_CLI_ANSWER_H
#define NCD_CLI_ANSWER_H

#include "cli.h"

struct answer_style {
    int format; /* an enum row_format */
    unsigned top;
    int prob, neighbors, echo;
    double min_prob; /* below it, the label is: */
    const char *abstain_label;
    const char *label_field; /* name of the label's member or column */
    int nul;                 /* records end with a NUL */
};

/* What text i of a prediction is answered with. */
struct answer {
    const ncd_model *model;
    const ncd_prediction *prediction;
    size_t i;
    ncd_text text;
    uint64_t number; /* of the text, from 1 */
};

void print_answer(const struct answer_style *style,
                  const struct answer *answer);

/* The header of records in TSV or CSV, and names for the answer's columns. */
void print_header(const struct answer_style *style, ncd_text raw);

/* The record, in the style's format, and the answer. Statuses: INPUT (a JSON
 * object that has a member of that name; the message lacks file and line). */
ncd_status print_record(const struct answer_style *style,
                        const struct answer *answer, ncd_text raw,
                        ncd_error *err);

#endif
