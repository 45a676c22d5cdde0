/* SPDX-License-Identifier: MIT */
/* What the parts of ppm_fit share. All of it ends the program where it fails.
 */
#ifndef NCD_PPM_FIT_H
#define NCD_PPM_FIT_H

#include <stdio.h>

#include "codec/ppm_tables.h"
#include "ncdclass.h"

void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *room(size_t n, size_t nbytes); /* zeros */

/* --- Texts --- */

struct set {
    char name[64];
    ncd_dataset *texts;
};

struct set load_set(const char *path);

/* Lengths of the texts that weights are fitted to, and how many of each. */
enum { N_LENGTHS = 7 };
extern const struct length {
    size_t nbytes, n;
} lengths[N_LENGTHS];

/* A text of at most nbytes to `out`: texts of the set joined by newlines and
 * cut, from a place on that hangs on the length and the text's number only. */
void joined_text(const struct set *set, size_t nbytes, size_t number,
                 char *out);

/* --- The parts of the tables --- */

/* Rows and shares, means over the sets; the languages of the first, each of
 * which is a label there, make up one half, the other sets the other. */
void fit_prior(const struct set *sets, size_t n_sets,
               struct ncd_ppm_tables *tables);

/* Weights and discounts by coordinate descent from plain ones, on lengths up to
 * 30 KB. At most n_rounds, less where they no longer gain. */
void fit_weights(const struct set *sets, size_t n_sets, unsigned n_rounds,
                 struct ncd_ppm_tables *tables);

/* Prints bits a byte for each set and length. */
void print_costs(const struct set *sets, size_t n_sets,
                 const struct ncd_ppm_tables *tables);

/* The source file of the tables. */
void print_tables(FILE *out, const struct ncd_ppm_tables *tables);

#endif
