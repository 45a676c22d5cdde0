/* SPDX-License-Identifier: MIT */
/*
 * Views of an explanation: on a terminal, in a page, as JSON; and what the
 * first two share.
 */
#ifndef NCD_CLI_EXPLAIN_H
#define NCD_CLI_EXPLAIN_H

#include <ncdclass.h>

/* --- Views --- */

void explain_text(FILE *to, const ncd_model *model, const ncd_explanation *e);

/* One section of a page, whose style is to have explain_css. */
void explain_html(FILE *to, const ncd_model *model, const ncd_explanation *e);

/* The same for a page of many: without a heading and the longer tables; and how
 * to read it, once for all. */
void explain_html_brief(FILE *to, const ncd_model *model,
                        const ncd_explanation *e);
void explain_html_legend(FILE *to, const ncd_model *model);

/* One line. */
void explain_json(FILE *to, const ncd_model *model, const ncd_explanation *e);

/* --- Shades (explain_shade.c) --- */

/* How a byte is shown. */
struct shade {
    int strength; /* -100 .. 100: speaks against or for; 0: neither */
    size_t group; /* neighbours of different groups are shown apart */
};

/* Character by character; and word by word, for views without shades. Freed by
 * the caller; NULL where memory ran out. */
struct shade *shade_by_odds(const ncd_explanation *e);
struct shade *shade_words_by_odds(const ncd_explanation *e);

/* Of the test text or the training text of a pair: what is shared, by the bits
 * it spares. */
struct shade *shade_by_matches(const ncd_joint *joint, int of_test,
                               size_t nbytes);

/* Where the characters that begin at `at` and are shaded alike end. */
size_t shade_end(ncd_text text, const struct shade *shades, size_t at);

/* --- Matches --- */

/* [n_matches], those that spare most first. Freed by the caller; NULL where
 * memory ran out. */
const ncd_match **matches_by_bits(const ncd_joint *joint);

/* --- Words of the odds --- */

/* A run of letters and digits, as class models see words. */
struct told_word {
    size_t at, nbytes;
    double bits;
};

/* The words with the largest odds, for or against, at most `most`; what all
 * other bytes add goes to *rest_out. NULL where memory ran out. */
struct told_word *words_by_odds(const ncd_explanation *e, size_t most,
                                size_t *n_out, double *rest_out);

/* --- Bills --- */

/* The rows of a bill, and how the distance comes about: "(76 - 41) / 58". */
#define N_BILL_ROWS 5
double bill_row(const ncd_bill *bill, int row);
const char *bill_name(ncd_order order, int row);
double bill_sum(const ncd_bill *bill);
const char *distance_formula(ncd_distance distance, const ncd_pair *pair,
                             char out[128]);

/* "train.tsv:17" */
const char *origin_of(const ncd_model *model, size_t index, char *out,
                      size_t room);

/* How it is known what is shared, in words. */
const char *insight_told(ncd_insight insight);

#endif
