/* SPDX-License-Identifier: MIT */
/* What the benchmarks share. All of it ends the program where it fails. */
#ifndef NCD_TESTS_BENCH_H
#define NCD_TESTS_BENCH_H

#include <stdio.h>

#include "text/dataset.h"

void die(const char *what);
void check(ncd_status status, const ncd_error *err);

/* n texts of at most longest bytes, evenly spaced, of FOLDER/SET/PART.tsv or
 * .tsv.xz. */
ncd_dataset *load_texts(const char *folder, const char *set, const char *part,
                        size_t n, size_t longest);

/* A data set, and how much of it is measured. */
struct bench_set {
    char name[64];
    size_t n_train, n_queries;
};

/* NAME[:TRAIN[:QUERIES]]: all training texts and n_queries where it says
 * nothing else. */
struct bench_set parse_set(size_t n_queries, const char *text);

/* The model name of the processor, without commas. */
const char *cpu_name(void);

/* The first argument, or else the environment's NCDCLASS_DATASETS; NULL. */
const char *data_folder(int argc, char **argv);

/* The file at `path`; where that is NULL, `name` in the folder that the
 * environment calls NCDCLASS_RESULTS; NULL where neither is given. */
FILE *open_csv(const char *path, const char *name, const char *header);
void close_csv(FILE *csv); /* NULL is fine */

#endif
