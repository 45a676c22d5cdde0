/* SPDX-License-Identifier: MIT */
/*
 * What the unit tests share: running a list of tests, a folder for their files,
 * random texts, and compressed files. Every test runs in a process of its own
 * (Check forks), and no test program starts threads before it forks.
 */
#ifndef NCD_TESTS_SUPPORT_H
#define NCD_TESTS_SUPPORT_H

#include <check.h>
#include <stdint.h>

#include "ncdclass.h"
#include "util/buf.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Runs the tests of one module; returns the program's exit status. Check stops
 * a test after seconds_each. */
int run_tests(const char *module, const TTest *const *tests, size_t n,
              double seconds_each);

/* --- Texts --- */

/* The bytes of a string, without its NUL. */
ncd_text text_of(const char *string);
int same_text(ncd_text a, ncd_text b);

/* Seeded random numbers (splitmix64): the same on every machine. */
struct rng {
    uint64_t state;
};
uint64_t rng_next(struct rng *rng);
/* 0 .. n - 1 */
size_t rng_below(struct rng *rng, size_t n);

void random_bytes(struct rng *rng, unsigned char *out, size_t n);

/* Words of a small vocabulary, the first ones more often, with blanks and full
 * stops: compresses much as English does. theme shifts the vocabulary, so that
 * texts of one theme are closer to each other. */
void random_english(struct rng *rng, unsigned theme, char *out, size_t n);

/* A set of n_classes x n_each texts, "class0", "class1", ... in turn. */
ncd_dataset *random_dataset(uint64_t seed, size_t n_classes, size_t n_each,
                            size_t text_nbytes);

/* The same from a list of label, text, label, text, ..., NULL. */
ncd_dataset *dataset_of(const char *const *labels_and_texts);

/* --- Files --- */

/* A path in a folder that is removed at the end; the string lives until the
 * eighth call after this one. */
const char *scratch(const char *name);

void write_file(const char *path, const void *bytes, size_t n);
void write_string(const char *path, const char *string);
struct ncd_buf read_whole(const char *path);
int file_holds(const char *path, const char *string);

/* --- Models --- */

/* Trained with k = 3; threads 0: as many as there are. */
ncd_model *model_of(const ncd_dataset *data, ncd_method method,
                    unsigned threads);

/* That both are written as the same bytes. */
void expect_same_file(const ncd_model *a, const ncd_model *b);

/* How many names a folder has. */
size_t count_names(const char *folder);

enum packing { PACK_GZIP, PACK_XZ, PACK_ZSTD, N_PACKINGS };
extern const char *const packing_names[N_PACKINGS];

/* Appends the bytes as one gzip member, xz stream or zstd frame. */
void pack_bytes(enum packing packing, const void *bytes, size_t n,
                struct ncd_buf *out);

/* --- Failing --- */

/* Demands a status; where it differs, shows the message. */
#define ck_status(expression, expected, err)                                   \
    do {                                                                       \
        ncd_status got_ = (expression);                                        \
        ck_assert_msg(got_ == (expected), "%s gives %d (%s), not %s",          \
                      #expression, (int)got_,                                  \
                      got_ == NCD_OK || got_ == NCD_END ? "" : (err)->message, \
                      #expected);                                              \
    } while (0)

#endif
