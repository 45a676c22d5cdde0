/* SPDX-License-Identifier: MIT */
/*
 * What each byte of a text adds to the odds of one class against another: the
 * sum that prediction makes for both, taken apart again.
 *
 * What a gram adds as code length belongs to the byte that it codes, the last
 * one of a window; what it costs a class to have seen the gram as a context
 * belongs to the next byte, whose context it is; that of a word is spread over
 * the word. A learnt weight is spread over all bytes of its gram. What falls on
 * a start or end mark belongs to the marks.
 */
#ifndef NCD_CLASSMODEL_ODDS_H
#define NCD_CLASSMODEL_ODDS_H

#include "classmodel/classmodel.h"

/* In natural logarithms, class a over class b. */
struct ncd_class_odds {
    double bias, marks; /* what no byte adds */
    double lengths, margins;
};

/* bytes_out[bytes of the text]. Statuses: NOMEM. */
ncd_status ncd_classmodel_odds(const struct ncd_classmodel *model,
                               ncd_text text, size_t a, size_t b,
                               struct ncd_class_odds *odds_out,
                               double *bytes_out, ncd_error *err);

/* Bits of a text, its end included, by the longest windows: under every class,
 * class_bits_out[n_classes], and under the corpus. Statuses: NOMEM. */
ncd_status ncd_classmodel_code_lengths(const struct ncd_classmodel *model,
                                       ncd_text text, double *class_bits_out,
                                       double *corpus_bits_out, ncd_error *err);

#endif
