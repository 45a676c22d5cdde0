/* SPDX-License-Identifier: MIT */
/*
 * What a page shows of single texts, gathered while they are evaluated: of each
 * cell of the confusion matrix the most telling texts, the most confident
 * mistakes of all, and how sure and how right every answer was. Memory is
 * bounded by cells and not by texts, but for 16 bytes of each.
 */
#ifndef NCD_CLI_GATHER_H
#define NCD_CLI_GATHER_H

#include <ncdclass.h>

/* Excerpts of texts end here; mistakes are explained, for which they must be
 * whole, but are not where an explanation would be too long for a page. */
#define EXCERPT_NBYTES 480
#define MISTAKE_NBYTES 16384
#define N_MISTAKES 10
#define N_TWINS 20
#define N_RANKS 5

/* A neighbour's number and distance, or a class's number and probability. */
struct rank {
    size_t number;
    double value;
};

struct kept_text {
    size_t class_true, class_predicted;
    double share_true, share_predicted;
    int in_training; /* these as in ncd_eval_text */
    size_t twin, fold;
    char *source;
    uint64_t line;
    char *bytes;                /* [nbytes] */
    size_t nbytes;              /* kept */
    size_t nbytes_text;         /* of the whole text */
    struct rank ranks[N_RANKS]; /* nearest or most probable first */
    size_t n_ranks;
};

/* The most telling texts of their kind, at most so many, best first. */
struct ranking {
    struct kept_text **texts; /* [n] */
    size_t n, limit;
};

struct cell {
    size_t class_predicted;
    struct ranking ranking;
};

struct cell_row {
    struct cell *cells; /* [n] those with a text, in the order they came up */
    size_t n;
};

struct answer {
    double share; /* of the vote, or probability */
    int correct;
    uint32_t fold; /* as in ncd_eval_text */
};

struct gathered {
    size_t n_per_cell;     /* texts kept of each cell */
    struct cell_row *rows; /* [n_rows] by number of the true class */
    size_t n_rows;
    char **labels; /* [n_rows] of the classes that had a test text, or NULL */
    struct ranking mistakes;
    struct ranking twins;   /* the first texts that are in training, too */
    struct answer *answers; /* [n_answers] in the order of the test data */
    size_t n_answers;
    int out_of_memory; /* some texts are missing */
};

/* The beginning of a text, whole characters of UTF-8. */
ncd_text beginning_of(ncd_text text, size_t limit_nbytes);

void gather_begin(struct gathered *gathered, size_t n_per_cell);

/* Takes one text in; as an ncd_eval_options.on_text. */
void gather_text(void *gathered, const ncd_eval_text *text);

/* The texts kept of a cell, NULL where there are none. */
const struct ranking *gathered_cell(const struct gathered *gathered,
                                    size_t class_true, size_t class_predicted);

void gather_free(struct gathered *gathered);

#endif
