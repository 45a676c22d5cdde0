/* SPDX-License-Identifier: MIT */
/*
 * Evaluations around the one that was asked for: with fewer training texts, and
 * with other compressors and methods. Each trains models of the same texts and
 * has them judged the same way.
 */
#ifndef NCD_CLI_STUDY_H
#define NCD_CLI_STUDY_H

#include "cli.h"

/* Judges a model by the protocol of the command line. */
typedef ncd_status judge_fn(void *arg, const ncd_model *model,
                            ncd_report **report_out, ncd_error *err);

struct judge {
    judge_fn *fn;
    void *arg;
};

/* --- Learning curve --- */

#define MAX_CURVE 8

struct curve {
    struct draws points[MAX_CURVE]; /* [n] by growing number of texts */
    size_t n;
    double *accuracies; /* of all points */
};

/*
 * Halves the training texts, each class keeping its share, until fewer than
 * `least` would be left; of every size n_seeds draws, of all texts the one
 * there is, which has accuracy `whole`. Draws of the same seed lie inside each
 * other. options are those to train with.
 */
ncd_status run_curve(const ncd_dataset *data, const ncd_options *options,
                     struct judge judge, size_t least, uint64_t seed,
                     size_t n_seeds, double whole, struct curve *curve_out,
                     ncd_error *err);
void curve_free(struct curve *curve);

/* --- Comparison --- */

#define MAX_CONTENDERS 32
#define SPEC_NBYTES 64

struct contender {
    char name[SPEC_NBYTES]; /* "gzip:9", or "class" */
    char library[SPEC_NBYTES];
    ncd_report *report;
    int is_main; /* the one that the rest of the report is about */
};

struct comparison {
    struct contender items[MAX_CONTENDERS]; /* [n] */
    size_t n;
};

/* Looks at a list of compressors, "class" among them, with blanks between;
 * NULL stands for all there are. Statuses: ARGUMENT. */
ncd_status check_contenders(const char *specs, ncd_error *err);

/* Trains and judges them. What comes out the same as `model`, judged already in
 * `report`, is not judged again; `report` stays the caller's. */
ncd_status run_comparison(const ncd_model *model, const ncd_report *report,
                          const ncd_options *options, const char *specs,
                          struct judge judge, struct comparison *out,
                          ncd_error *err);
void comparison_free(struct comparison *comparison);

#endif
