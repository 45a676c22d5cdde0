/* SPDX-License-Identifier: MIT */
/*
 * ncdclass: classifying text by compression.
 *
 * A text is close to another when compressing both together costs little more
 * than compressing one of them. This library computes that distance with a
 * choice of compressors, finds the k nearest labelled texts, lets them vote,
 * and measures how well that works.
 *
 * Conventions that hold for every function below:
 *
 *   Status     Functions that can fail return an ncd_status and, where `err` is
 *              not NULL, describe the failure in it. The library never prints
 *              and never exits.
 *   Results    go through parameters named `..._out`, which are written only
 *              on NCD_OK unless stated otherwise.
 *   Ownership  Inputs are borrowed for the length of the call unless stated.
 *              What a constructor hands out is freed by the matching `..._free`
 *              or `..._close`, which accept NULL.
 *   Texts      are bytes. No encoding is assumed, NUL is a byte like any other.
 *   Sizes      are in bytes, as double: a statistical compressor's sizes are
 *              fractions of a byte. Those of gzip and its like are whole.
 *   Threads    Objects passed as const may be shared between threads; others
 *              belong to one thread at a time. Results never depend on the
 *              number of threads.
 *   Options    structs begin with their own size, so that they can grow. Fill
 *              them with their `..._init` and then set what differs. It is
 *              compiled where it is used and passes on the size that is known
 *              there (`..._init_sized`, for other languages), so that a newer
 *              library writes no more than an older program has room for.
 *              Structs without a size, which functions fill in, never change
 *              within a soversion.
 *
 * Ten lines that train and classify:
 *
 *     ncd_dataset *data; ncd_model *model; ncd_prediction *p; ncd_error err;
 *     ncd_dataset_new(&data);
 *     ncd_dataset_read(data, "train.tsv", NULL, &err);
 *     ncd_model_train(data, NULL, &model, &err);
 *     ncd_text text = {"goal in the last minute", 23};
 *     ncd_prediction_new(&p);
 *     ncd_model_predict(model, &text, 1, NULL, p, &err);
 *     puts(ncd_prediction_label(p, 0, 0));
 *     ncd_prediction_free(p); ncd_model_free(model); ncd_dataset_free(data);
 */
#ifndef NCDCLASS_H
#define NCDCLASS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NCD_API __attribute__((visibility("default")))
#else
#define NCD_API
#endif

#define NCD_VERSION_MAJOR 0
#define NCD_VERSION_MINOR 1
#define NCD_VERSION_PATCH 0

/* --- Basics ------------------------------------------------------------ */

typedef enum ncd_status {
    NCD_OK = 0,
    NCD_END,             /* no more records; not a failure */
    NCD_ERR_ARGUMENT,    /* the caller's mistake: an option out of range */
    NCD_ERR_NOMEM,       /* memory ran out */
    NCD_ERR_IO,          /* a file can't be opened, read, unpacked or written */
    NCD_ERR_INPUT,       /* the data is malformed; the message has the line */
    NCD_ERR_CODEC,       /* a compression library failed */
    NCD_ERR_MODEL,       /* not a model file, or a damaged one */
    NCD_ERR_MODEL_NEWER, /* a model file of a later version of this program */
    NCD_ERR_CANCELLED    /* a progress callback asked to stop */
} ncd_status;

typedef struct ncd_error {
    ncd_status status;
    /* One line, NUL-terminated, without a newline. Where an input is at fault
     * it begins with `file:line: `. Bytes are as in the input: mask control
     * characters before showing it on a terminal. */
    char message[1024];
} ncd_error;

/* A borrowed run of bytes. bytes may be NULL where nbytes is 0. */
typedef struct ncd_text {
    const void *bytes;
    size_t nbytes;
} ncd_text;

/*
 * Tells how far a long call has come; called from the calling thread only, at
 * most some ten times a second. total is 0 where it is not known. A nonzero
 * return asks to stop: the call then returns NCD_ERR_CANCELLED.
 */
typedef int (*ncd_progress_fn)(void *arg, uint64_t done, uint64_t total);

/* Version of the library, "0.1.0". Static storage. */
NCD_API const char *ncd_version(void);

/* Number of threads that a `threads` of 0 stands for: OMP_NUM_THREADS where
 * set, else the cores this process may use; 1 in a build without OpenMP. */
NCD_API unsigned ncd_default_threads(void);

/*
 * A file that appears whole or not at all: written under a temporary name in
 * the same folder and renamed by commit. A symbolic link is followed; what
 * exists and is no regular file (a pipe, a device) is written to directly, and
 * so is standard output, "-". Statuses: ARGUMENT (an empty name), NOMEM, IO.
 */
typedef struct ncd_output ncd_output;

NCD_API ncd_status ncd_output_create(const char *path, ncd_output **output_out,
                                     ncd_error *err);
/* The stream to write to; belongs to the output. */
NCD_API FILE *ncd_output_stream(ncd_output *output);
/* Both free the output, whatever they return. */
NCD_API ncd_status ncd_output_commit(ncd_output *output, ncd_error *err);
NCD_API void ncd_output_discard(ncd_output *output);

/* --- Compressors ------------------------------------------------------- */

/*
 * A compressor is chosen by a specification `name[:level][,key=value]...`,
 * for example `gzip`, `zstd:19`, `lzma:6,dict=65536`.
 */
typedef struct ncd_compressor_info {
    const char *name;
    const char *summary;         /* what is counted, in a line */
    const char *library;         /* "zlib" */
    const char *library_version; /* of the library in use at run time */
    int level_min, level_max, level_default;
    /* Bytes back that a match can reach at the default level. Where x and y
     * together exceed it, their distance is unreliable. 0: no limit. */
    size_t window;
    const char *keys; /* "window=9..15 mem=1..9", "" where none */
} ncd_compressor_info;

/* Number of compressors built in, and the i-th of them (static storage; NULL
 * past the end), in the order in which they are listed to users. */
NCD_API size_t ncd_compressor_count(void);
NCD_API const ncd_compressor_info *ncd_compressor_get(size_t i);

/* --- Distances --------------------------------------------------------- */

/*
 * With C(s) the compressed size of s, x the test text and y the training text
 * and C(xy) that of both joined in the chosen order:
 *
 *   NCD   (C(xy) - min(C(x), C(y))) / max(C(x), C(y))
 *         Cilibrasi & Vitanyi 2005
 *   CDM   C(xy) / (C(x) + C(y))
 *         Keogh, Lonardi & Ratanamahatana 2004
 *   CLM   1 - (C(x) + C(y) - C(xy)) / C(xy)
 *         Li, Chen, Li, Ma & Vitanyi 2004
 *   COND  (C(xy) - C(y)) / C(x)
 *         the cost of x once y is known
 *
 * A distance whose denominator is 0 (possible only for compressors that give 0
 * bytes for an empty text) is 0. Values are near [0, 1] and may exceed 1.
 */
typedef enum ncd_distance {
    NCD_DISTANCE_NCD,
    NCD_DISTANCE_CDM,
    NCD_DISTANCE_CLM,
    NCD_DISTANCE_COND
} ncd_distance;

/* Order of concatenation. MEAN is the mean of C(xy) and C(yx), which makes the
 * distance symmetric at twice the cost. */
typedef enum ncd_order {
    NCD_ORDER_TEST_FIRST, /* x, separator, y: as in Jiang et al. 2023 */
    NCD_ORDER_TRAIN_FIRST,
    NCD_ORDER_MEAN
} ncd_order;

/*
 * How the k nearest texts elect a label. Neighbours are totally ordered by
 * (distance, position in the training data). A tied vote goes to the label,
 * among the tied ones, of the nearest neighbour.
 */
typedef enum ncd_vote {
    NCD_VOTE_MAJORITY, /* one vote each */
    NCD_VOTE_WEIGHTED  /* 1/distance each; neighbours at a distance of 0 or
                          less, where there are any, vote alone, one each */
} ncd_vote;

/*
 * How a model classifies. KNN keeps the training texts and compares. CLASS
 * learns what the texts of each class are made of, codes a text with what each
 * class knows, and weighs the code lengths, and margins learnt beside them, as
 * leave-one-out over the training texts says; its answers are calibrated
 * probabilities. compressor, distance, order, separator, k and vote mean
 * nothing to it.
 * With one class, its probability is 1. A text of which nothing was seen is
 * judged by the labels' frequencies and by what seeing nothing tells. Windows
 * are of characters: UTF-8 is understood, and bytes that are no UTF-8 stand for
 * themselves. Training takes less than 2 GB of text.
 * AUTO, for training only, compares the class model, kNN by several
 * compressors, distances, orders and k, and BOTH with the best of these, by
 * leave-one-out on a sample of the training texts. The class model is chosen
 * unless the best kNN or BOTH wins more of these texts against it than it loses
 * by over three standard errors (there are some thirty contenders); of the two,
 * the one with more right.
 *
 * BOTH multiplies a class model's probabilities by a power of the neighbours'
 * shares of the vote, (votes + 1/classes) / (neighbours + 1), and normalises;
 * the power is fitted by leave-one-out. vote means nothing to it.
 */
typedef enum ncd_method {
    NCD_METHOD_KNN,
    NCD_METHOD_CLASS,
    NCD_METHOD_AUTO,
    NCD_METHOD_BOTH
} ncd_method;

/* Where sizes come from. Both give the same sizes, neighbours and labels. */
typedef enum ncd_engine_kind {
    NCD_ENGINE_AUTO, /* the size-only DEFLATE engine where it is exact, which it
                        checks against the zlib in use, likewise for lz4 at
                        levels 3 to 9; else as PLAIN */
    NCD_ENGINE_PLAIN /* every size from the compression library itself */
} ncd_engine_kind;

/* Whether the size-only DEFLATE engine gives the sizes of the zlib in use at a
 * level from 4 to 9, tried on a built-in corpus in a few milliseconds; -1 for
 * other levels, and where memory runs out. */
NCD_API int ncd_engine_agrees(int level);

/* The same of lz4 behind a prefix and the LZ4 in use, at a level from 3 to 9;
 * -1 for other levels, and in builds without lz4. 0 where memory runs out. */
NCD_API int ncd_lz4_engine_agrees(int level);

/* What the DEFLATE engine uses of this processor: "portable", "sse2" or "avx2".
 * Sizes are the same. A static string. */
NCD_API const char *ncd_engine_path(void);

typedef struct ncd_options {
    size_t struct_nbytes;
    const char *compressor;   /* specification; default "gzip" */
    ncd_distance distance;    /* default NCD_DISTANCE_NCD */
    ncd_order order;          /* default NCD_ORDER_TEST_FIRST */
    ncd_text separator;       /* between the two texts; default one 0x20 byte */
    unsigned k;               /* nearest neighbours that vote, >= 1; default 5.
                                 More than there are texts means all of them. */
    ncd_vote vote;            /* default NCD_VOTE_MAJORITY */
    unsigned threads;         /* 0 (default): ncd_default_threads() */
    ncd_progress_fn progress; /* may be NULL */
    void *progress_arg;
    ncd_engine_kind engine; /* default NCD_ENGINE_AUTO */
    ncd_method method;      /* default NCD_METHOD_KNN */
} ncd_options;

NCD_API void ncd_options_init_sized(ncd_options *options, size_t nbytes);
static inline void ncd_options_init(ncd_options *options)
{
    ncd_options_init_sized(options, sizeof *options);
}

/* Names as the command spells them ("ncd", "test-first", "majority"), static
 * storage, NULL past the end of each list; and the way back, which returns -1
 * for an unknown name. */
NCD_API const char *ncd_distance_name(ncd_distance distance);
NCD_API const char *ncd_order_name(ncd_order order);
NCD_API const char *ncd_vote_name(ncd_vote vote);
NCD_API const char *ncd_method_name(ncd_method method);
NCD_API int ncd_distance_parse(const char *name);
NCD_API int ncd_order_parse(const char *name);
NCD_API int ncd_vote_parse(const char *name);
NCD_API int ncd_method_parse(const char *name);

typedef struct ncd_pair {
    double size_x, size_y, size_xy; /* bytes */
    double distance;
} ncd_pair;

/*
 * An engine computes sizes and distances one at a time, reusing its memory. It
 * belongs to one thread at a time. options may be NULL for the defaults and is
 * not kept. Statuses: ARGUMENT (bad specification or value), NOMEM, CODEC.
 */
typedef struct ncd_engine ncd_engine;

NCD_API ncd_status ncd_engine_open(const ncd_options *options,
                                   ncd_engine **engine_out, ncd_error *err);
NCD_API void ncd_engine_close(ncd_engine *engine);

/* The compressed size of one text, in bytes. */
NCD_API ncd_status ncd_engine_size(ncd_engine *engine, ncd_text text,
                                   double *nbytes_out, ncd_error *err);

/* Sizes and distance of a pair, x being the test text. */
NCD_API ncd_status ncd_engine_pair(ncd_engine *engine, ncd_text x, ncd_text y,
                                   ncd_pair *pair_out, ncd_error *err);

/* --- Reading data ------------------------------------------------------ */

/*
 * Formats: "auto" (by content), "tsv" (label TAB text), "csv" (RFC 4180; label,
 * then one or more text fields, joined by one space), "jsonl" (one JSON object
 * a line), "fasttext" (__label__x text), "dir" (one folder a label, one file a
 * text), "lines" (a text a line, no label), "list" (a file name a line; label
 * is the name, text the contents). All but directories may be compressed by
 * gzip, xz or zstd, told by their first bytes; so may the files in a directory.
 *
 * A UTF-8 byte order mark is dropped, a CR before LF is part of the line end, a
 * missing last newline is fine, lines without any byte are passed over (an
 * empty text in format "lines"). A UTF-16 mark, an empty label and a label with
 * a control character are errors. Texts are otherwise taken as they are, save
 * that JSON must be valid UTF-8.
 */
typedef struct ncd_reader_options {
    size_t struct_nbytes;
    const char *format;      /* default "auto" */
    const char *label_field; /* JSON key, or CSV column name under `header`;
                                default: JSON "label", CSV the first column */
    const char *text_field;  /* the same for the text; several, separated by
                                commas, are joined by one space; default: JSON
                                "text", CSV all columns but the label */
    int header;              /* the first CSV or TSV record names the columns */
    int skip_bad;            /* pass over malformed records, counting them */
    uint64_t limit;          /* stop after so many records; 0: no limit */
    /* Records without labels: TSV and CSV have any number of columns, JSON
     * needs no label. The text is text_field's, which for TSV and CSV says that
     * there is a header, or that of text_column, counted from 1; 0: all
     * columns. Not for "fasttext", "dir", "list". */
    int unlabelled;
    unsigned text_column;
    int nul; /* records end with a NUL, not a line end; not for "csv", "dir" */
} ncd_reader_options;

NCD_API void ncd_reader_options_init_sized(ncd_reader_options *options,
                                           size_t nbytes);
static inline void ncd_reader_options_init(ncd_reader_options *options)
{
    ncd_reader_options_init_sized(options, sizeof *options);
}

/* What the reader hands out; valid until its next call. */
typedef struct ncd_record {
    ncd_text label; /* nbytes is 0 in format "lines" */
    ncd_text text;
    const char *source; /* file name */
    uint64_t line;      /* line in it on which the record begins, from 1; the
                           number of the record where records end with a NUL */
    ncd_text raw;       /* the record as the input has it, with its line end;
                           nbytes is 0 for directories */
} ncd_record;

typedef struct ncd_reader ncd_reader;

/* path "-" is standard input. options may be NULL; it is not kept.
 * Statuses: ARGUMENT, NOMEM, IO, INPUT (the format can't be told). */
NCD_API ncd_status ncd_reader_open(const char *path,
                                   const ncd_reader_options *options,
                                   ncd_reader **reader_out, ncd_error *err);
NCD_API void ncd_reader_close(ncd_reader *reader);

/* The next record, or NCD_END. After NCD_ERR_INPUT the reader is behind the
 * malformed record and may be called again; after other errors not. */
NCD_API ncd_status ncd_reader_next(ncd_reader *reader, ncd_record *record_out,
                                   ncd_error *err);

/* Nonzero where the next call will answer without waiting for a slow input. */
NCD_API int ncd_reader_ready(ncd_reader *reader);

/* Records passed over so far because they were malformed (skip_bad). */
NCD_API uint64_t ncd_reader_skipped(const ncd_reader *reader);

/* Bytes of the input used so far and in all (0 where not known), to show
 * progress with. */
NCD_API uint64_t ncd_reader_done(const ncd_reader *reader);
NCD_API uint64_t ncd_reader_total(const ncd_reader *reader);

/* The header as the input has it, with its line end; nbytes is 0 where there is
 * none. Lives as long as the reader. */
NCD_API ncd_text ncd_reader_header(const ncd_reader *reader);

/* The format in use ("tsv"), static storage. */
NCD_API const char *ncd_reader_format(const ncd_reader *reader);

/* The i-th format name and its description; NULL past the end. */
NCD_API const char *ncd_format_name(size_t i);
NCD_API const char *ncd_format_summary(size_t i);

/* --- Data sets --------------------------------------------------------- */

/* Labelled texts in memory. Texts are numbered from 0 in the order in which
 * they were added, classes in the order of their first text. */
typedef struct ncd_dataset ncd_dataset;

NCD_API ncd_status ncd_dataset_new(ncd_dataset **dataset_out);
NCD_API void ncd_dataset_free(ncd_dataset *dataset);

/* Copies one text in. An empty label stands for an unlabelled text. source may
 * be NULL, line 0. Statuses: NOMEM, INPUT (a label with a control character).
 * On error nothing is added. */
NCD_API ncd_status ncd_dataset_add(ncd_dataset *dataset, ncd_text label,
                                   ncd_text text, const char *source,
                                   uint64_t line, ncd_error *err);

/* Adds what a reader still gives, or all of the file or directory `path`.
 * On error the texts read before it stay in. */
NCD_API ncd_status ncd_dataset_fill(ncd_dataset *dataset, ncd_reader *reader,
                                    ncd_error *err);
NCD_API ncd_status ncd_dataset_read(ncd_dataset *dataset, const char *path,
                                    const ncd_reader_options *options,
                                    ncd_error *err);

/* Forgets all texts and labels, keeping the memory for the next ones. */
NCD_API void ncd_dataset_clear(ncd_dataset *dataset);

NCD_API size_t ncd_dataset_n_texts(const ncd_dataset *dataset);
NCD_API size_t ncd_dataset_n_classes(const ncd_dataset *dataset);
NCD_API ncd_text ncd_dataset_text(const ncd_dataset *dataset, size_t i);
NCD_API size_t ncd_dataset_class(const ncd_dataset *dataset, size_t i);
NCD_API const char *ncd_dataset_source(const ncd_dataset *dataset, size_t i);
NCD_API uint64_t ncd_dataset_line(const ncd_dataset *dataset, size_t i);
NCD_API const char *ncd_dataset_label(const ncd_dataset *dataset, size_t c);

typedef struct ncd_dataset_summary {
    uint64_t n_texts, n_classes, n_bytes;
    uint64_t n_empty;
    uint64_t n_repeated;    /* texts equal to an earlier one */
    uint64_t n_conflicting; /* texts that occur under more than one label */
} ncd_dataset_summary;

NCD_API ncd_status ncd_dataset_summarize(const ncd_dataset *dataset,
                                         ncd_dataset_summary *summary_out,
                                         ncd_error *err);

/*
 * A new set with n_per_class texts of each class (all, where a class has
 * fewer), drawn without replacement; texts keep their order. The draw depends
 * on the texts' order and the seed alone.
 */
NCD_API ncd_status ncd_dataset_sample(const ncd_dataset *dataset,
                                      size_t n_per_class, uint64_t seed,
                                      ncd_dataset **sample_out, ncd_error *err);

/*
 * A new set with n_texts of the texts (all, where there are fewer), each class
 * having its share as nearly as can be; texts keep their order. For the same
 * seed, what fewer texts hold more texts hold, too. The draw depends on the
 * texts' order and the seed alone.
 */
NCD_API ncd_status ncd_dataset_part(const ncd_dataset *dataset, size_t n_texts,
                                    uint64_t seed, ncd_dataset **part_out,
                                    ncd_error *err);

/*
 * Distances of every text of `rows` (as x) to every text of `columns` (as y;
 * may be `rows` itself). row_fn gets the rows in order, in the calling thread,
 * distances[n_columns]; a nonzero return stops with NCD_ERR_CANCELLED. Memory:
 * a few rows. Statuses: ARGUMENT, NOMEM, CODEC, CANCELLED.
 */
typedef int (*ncd_row_fn)(void *arg, size_t row, const double *distances,
                          size_t n_columns);

NCD_API ncd_status ncd_matrix(const ncd_dataset *rows,
                              const ncd_dataset *columns,
                              const ncd_options *options, ncd_row_fn row_fn,
                              void *arg, ncd_error *err);

/* --- Models ------------------------------------------------------------ */

/* Training texts with their sizes and all settings. Immutable, shareable. */
typedef struct ncd_model ncd_model;

/* Copies the data. Statuses: ARGUMENT (a bad option), INPUT (no texts, or one
 * without a label), NOMEM, CODEC, CANCELLED. */
NCD_API ncd_status ncd_model_train(const ncd_dataset *dataset,
                                   const ncd_options *options,
                                   ncd_model **model_out, ncd_error *err);

/* The same model, which takes the data over instead of copying them; they are
 * the caller's no more, also where training fails. */
NCD_API ncd_status ncd_model_train_taking(ncd_dataset *dataset,
                                          const ncd_options *options,
                                          ncd_model **model_out,
                                          ncd_error *err);
NCD_API void ncd_model_free(ncd_model *model);

/*
 * A new model with the settings of `model`, of its texts and of those added, or
 * less those forgotten; both may be NULL. A forgotten text takes the first one
 * with the same bytes and label with it. The new model answers exactly as one
 * trained on the texts that are left, in their order; sizes of texts that stay
 * are not computed again. A class model goes on counting where it was, unless
 * texts are forgotten; its weights, which hang on all texts, are fitted anew.
 * threads and progress are those of `run`, which may be NULL; its other members
 * are not looked at. Statuses: INPUT (no texts are left, one has no label, or
 * one to forget is not in the model; the message says which), NOMEM, CODEC,
 * CANCELLED.
 */
NCD_API ncd_status ncd_model_update(const ncd_model *model,
                                    const ncd_dataset *added,
                                    const ncd_dataset *forgotten,
                                    const ncd_options *run,
                                    ncd_model **model_out, ncd_error *err);

/*
 * Writes to a temporary name beside `path` and renames, so that a failure
 * leaves an existing file as it was. Statuses: NOMEM, IO.
 */
NCD_API ncd_status ncd_model_save(const ncd_model *model, const char *path,
                                  ncd_error *err);

/*
 * Statuses: IO, NOMEM, MODEL (foreign, truncated or altered), MODEL_NEWER,
 * ARGUMENT (its compressor is not in this build). Where the compression library
 * is another version than at training, sizes are computed anew. The tables of a
 * class model stay in the file, which is mapped into memory until the model is
 * freed: replace it by renaming, as ncd_model_save does, but don't write into
 * it or cut it short.
 */
NCD_API ncd_status ncd_model_load(const char *path, ncd_model **model_out,
                                  ncd_error *err);

/* Nonzero where `path` is a file that begins like a model file. */
NCD_API int ncd_is_model(const char *path);

/* What the model was trained on; lives as long as the model. */
NCD_API const ncd_dataset *ncd_model_dataset(const ncd_model *model);

/* The settings in force; strings live as long as the model. `compressor` is
 * the full specification ("gzip:9"). */
NCD_API void ncd_model_options_sized(const ncd_model *model,
                                     ncd_options *options_out, size_t nbytes);
static inline void ncd_model_options(const ncd_model *model,
                                     ncd_options *options_out)
{
    ncd_model_options_sized(model, options_out, sizeof *options_out);
}

/* Compressed size of training text i, bytes; 0 for a class model. */
NCD_API double ncd_model_size(const ncd_model *model, size_t i);

/* Library and version at training ("zlib 1.2.13") and now. */
NCD_API const char *ncd_model_library(const ncd_model *model);
NCD_API const char *ncd_model_library_now(const ncd_model *model);

/* Whether sizes of many pairs come from the size-only DEFLATE engine: the
 * compressor is one it can stand in for, and it agrees with the zlib in use. */
NCD_API int ncd_model_uses_engine(const ncd_model *model);

/* Window of the compressor in bytes, 0: no limit; and the number of training
 * texts that alone exceed half of it. */
NCD_API size_t ncd_model_window(const ncd_model *model);
NCD_API size_t ncd_model_n_over_window(const ncd_model *model);

/* Memory, in bytes, that approximate searches take for their index of the
 * training texts, as exact ones do from a few texts on: at most, to within
 * half a megabyte. 0 for a class model. */
NCD_API uint64_t ncd_model_index_nbytes(const ncd_model *model);

/*
 * What a class model found out about itself at training, from training texts
 * judged without what they taught it: the code lengths by exact leave-one-out,
 * the margins by fitting them to the other two thirds of the texts.
 */
typedef struct ncd_training {
    uint64_t n_judged;  /* texts; all, or a sample where there are very many */
    uint64_t n_correct; /* of those, that got their own label */
    double label_bits;  /* mean code length of their labels, bits a text */
    uint64_t n_bytes;   /* of the texts judged */
    double corpus_bits; /* their code length under the model of all texts */
    double class_bits;  /* ... under the model of their own class */
} ncd_training;

/*
 * What a model makes of its training data as a message, in bits (minimum
 * description length; Rissanen 1978). To somebody who gets the settings and
 * weights (model), then the texts (data), and who counts what he has read as
 * the program does, the labels remain to be told (labels). Without a model a
 * byte takes 8 bits, and a label the logarithm of their number. Text and label
 * bits are those of leave-one-out: each text is coded by what all others teach,
 * later ones, too. So they tell models apart, but nobody could read the message
 * from its beginning, where a text costs more; of few texts, much more.
 */
typedef struct ncd_description {
    double model_bits;  /* of the coded settings and weights in the file */
    double label_bits;  /* 0 for kNN, which was not asked */
    double data_bits;   /* class models: by the model of the text's own class;
                           kNN: each text alone by the compressor */
    double corpus_bits; /* class models: by the model of all texts; else 0 */
} ncd_description;

/* Of what training could not look at all, it is estimated from a sample.
 * Statuses: NOMEM. */
NCD_API ncd_status ncd_model_describe(const ncd_model *model,
                                      ncd_description *description_out,
                                      ncd_error *err);

/* What training with NCD_METHOD_AUTO compared, on the same texts. Those of BOTH
 * were judged, a half each, by the power that the other half gives. */
typedef struct ncd_contender {
    ncd_method method;
    unsigned k; /* 0 for a class model */
    uint64_t n_judged, n_correct;
    int chosen;
    const char *compressor; /* "gzip:9"; "" for a class model */
    ncd_distance distance;
    ncd_order order;
    uint64_t n_won, n_lost; /* texts that it alone, that the class model alone
                               gave the right label */
    double model_bits, label_bits, data_bits; /* as in ncd_description; a kNN
                               model's labels by shares as in NCD_METHOD_BOTH */
} ncd_contender;

/* Number of contenders (0 for a model whose method was given), and the i-th of
 * them, static as long as the model lives; NULL past the end. */
NCD_API size_t ncd_model_n_contenders(const ncd_model *model);
NCD_API const ncd_contender *ncd_model_contender(const ncd_model *model,
                                                 size_t i);

/* All 0 for a model of another method. */
NCD_API void ncd_model_training(const ncd_model *model,
                                ncd_training *training_out);

/* --- Prediction -------------------------------------------------------- */

typedef struct ncd_predict_options {
    size_t struct_nbytes;
    unsigned k;       /* 0 (default): the model's */
    int vote;         /* an ncd_vote, -1 (default): the model's */
    unsigned threads; /* 0 (default): ncd_default_threads() */
    ncd_progress_fn progress;
    void *progress_arg;
    /* 0 (default): exact search. Otherwise approximate: only the N training
     * texts are measured that, by the strings and bytes they share with a text,
     * are likely to be nearest, and of those, some are left by an estimate. */
    unsigned n_candidates;
} ncd_predict_options;

NCD_API void ncd_predict_options_init_sized(ncd_predict_options *options,
                                            size_t nbytes);
static inline void ncd_predict_options_init(ncd_predict_options *options)
{
    ncd_predict_options_init_sized(options, sizeof *options);
}

typedef struct ncd_neighbor {
    size_t index; /* of the training text */
    double distance;
} ncd_neighbor;

/* Answers for a batch of texts; reused from batch to batch. */
typedef struct ncd_prediction ncd_prediction;

NCD_API ncd_status ncd_prediction_new(ncd_prediction **prediction_out);
NCD_API void ncd_prediction_free(ncd_prediction *prediction);

/*
 * Classifies n texts, in parallel over them or, where they are few, over the
 * training texts. On error the contents of `prediction` are undefined.
 * Statuses: ARGUMENT, NOMEM, CODEC, CANCELLED.
 */
NCD_API ncd_status ncd_model_predict(const ncd_model *model,
                                     const ncd_text *texts, size_t n,
                                     const ncd_predict_options *options,
                                     ncd_prediction *prediction,
                                     ncd_error *err);

/*
 * Of text i of the batch: the number of labels that got a vote (class models
 * and both: all labels), the label at `rank` (0 is the prediction), its class
 * number and its share of the vote in [0, 1] (class models: its probability);
 * the number of neighbours (class models: 0) and the j-th nearest. Strings live
 * as long as the model. i, rank and j must be in range.
 */
NCD_API size_t ncd_prediction_n_labels(const ncd_prediction *p, size_t i);
NCD_API const char *ncd_prediction_label(const ncd_prediction *p, size_t i,
                                         size_t rank);
NCD_API size_t ncd_prediction_class(const ncd_prediction *p, size_t i,
                                    size_t rank);
NCD_API double ncd_prediction_share(const ncd_prediction *p, size_t i,
                                    size_t rank);
NCD_API size_t ncd_prediction_n_neighbors(const ncd_prediction *p, size_t i);
NCD_API ncd_neighbor ncd_prediction_neighbor(const ncd_prediction *p, size_t i,
                                             size_t j);

/* --- Explanations ------------------------------------------------------ */

/*
 * Why a text gets its label. The predicted label, side 0, is held against
 * another one, side 1: one that is asked for, or the runner-up, which is the
 * label of the second rank or, where all neighbours agree, that of the nearest
 * text with another label.
 *
 * kNN models: the nearest training texts of both labels, and what of the test
 * text the compressor finds again in each. Class models: what each byte of the
 * text adds to the odds of side 0 against side 1. Models of both kinds: both.
 *
 * Sums are those that decided: bits add up to the compressed sizes that a
 * distance is made of, and bytes to the odds. For gzip, zlib, deflate,
 * libdeflate, lz4, lzma and xz the bits are read from the compressed text
 * itself, for ppm from the model that codes it. zstd, bzip2 and brotli do not
 * tell theirs: only sizes, and strings that both texts have, are shown.
 */
typedef struct ncd_explanation ncd_explanation;

typedef struct ncd_explain_options {
    size_t struct_nbytes;
    unsigned k;       /* 0 (default): the model's */
    int vote;         /* an ncd_vote, -1 (default): the model's */
    unsigned threads; /* 0 (default): ncd_default_threads() */
    unsigned n_texts; /* nearest texts of each label; default 1 */
    /* Label of side 1; NULL (default), or the predicted label: the runner-up.
     */
    const char *against;
    ncd_progress_fn progress;
    void *progress_arg;
    unsigned n_candidates; /* as in ncd_predict_options */
} ncd_explain_options;

NCD_API void ncd_explain_options_init_sized(ncd_explain_options *options,
                                            size_t nbytes);
static inline void ncd_explain_options_init(ncd_explain_options *options)
{
    ncd_explain_options_init_sized(options, sizeof *options);
}

/* How it is known what two texts share. */
typedef enum ncd_insight {
    NCD_INSIGHT_NONE,  /* sizes are all there is; matches are strings that both
                          texts have, found by comparison, and have no bits */
    NCD_INSIGHT_MODEL, /* the bits of every byte; matches found by comparison */
    NCD_INSIGHT_PARSE  /* the matches and literals of the compressor's parse */
} ncd_insight;

/* A string of the second text that is also in the first. Bytes that a parse
 * copies from the separator, or from the second text itself, belong to none. */
typedef struct ncd_match {
    size_t test_offset, train_offset, nbytes; /* in the two texts */
    double bits_alone; /* what it costs where the second text is alone */
    double bits_joint; /* and behind the first text */
} ncd_match;

/* Where the bits of a compressed size go. Their sum is 8 times the size, to
 * within 1e-9 of it. */
typedef struct ncd_bill {
    double frame;     /* headers, checksums, padding, ends of blocks; and what
                         a range coder, whose tokens have fractions of a bit,
                         rounds and flushes */
    double tables;    /* descriptions of codes */
    double first;     /* bytes of the first text */
    double separator; /* ... */
    double second;    /* bytes of the second text */
} ncd_bill;

/*
 * Two texts, compressed as one. alone: of both texts by themselves, added up;
 * so that alone less joint is what they spare together, in each place and in
 * sum. A copy across two places is split by bytes. For NCD_INSIGHT_NONE all is
 * 0 and `saved` is NULL.
 */
typedef struct ncd_joint {
    ncd_order order; /* NCD_ORDER_TEST_FIRST or NCD_ORDER_TRAIN_FIRST */
    ncd_insight insight;
    double size; /* bytes */
    ncd_bill joint, alone;
    const double *saved; /* [bytes of the second text] bits each spares, less
                            than 0 where it costs more; the sum is
                            alone.second - joint.second */
    const ncd_match *matches; /* [n_matches] disjoint, as they stand in the
                                 second text */
    size_t n_matches;
} ncd_joint;

typedef struct ncd_explained_text {
    size_t index;    /* of the training text */
    ncd_pair pair;   /* sizes and distance, x being the test text */
    size_t n_joints; /* 1; of NCD_ORDER_MEAN, whose size_xy is the mean, 2 */
    ncd_joint joints[2];
} ncd_explained_text;

/*
 * log2 of the odds of side 0 against side 1, in bits, by what adds to it:
 * log_odds = bias + marks + neighbors + the sum of bytes, to within 1e-9 of the
 * sum of their absolute values; and log_odds is log2 of the ratio of the two
 * probabilities (with NCD_METHOD_BOTH: before the neighbours have had their
 * say). Of a byte is what each gram of the model adds: that which
 * codes the byte, and its part of each one that was learnt, spread evenly over
 * the bytes of the gram.
 */
typedef struct ncd_odds {
    double log_odds;
    double bias;         /* of the labels, whatever the text */
    double marks;        /* of the start and the end of the text */
    const double *bytes; /* [bytes of the text] */
    double lengths;      /* of log_odds: by code lengths */
    double margins;   /* ... by learnt weights; bias and neighbors are left */
    double neighbors; /* models of both kinds: of the votes, where the class
                         model gives both labels at least 1e-30; else 0 */
} ncd_odds;

NCD_API ncd_status ncd_explanation_new(ncd_explanation **explanation_out);
NCD_API void ncd_explanation_free(ncd_explanation *explanation);

/*
 * Explains what the model says of a text, into an explanation that is used
 * again from text to text; on error its contents are undefined. The model must
 * live as long as what was explained is looked at; the text is copied.
 * Takes about four searches, and memory in proportion to the texts shown.
 * Statuses: ARGUMENT (no such label), NOMEM, CODEC, CANCELLED.
 */
NCD_API ncd_status ncd_model_explain(const ncd_model *model, ncd_text text,
                                     const ncd_explain_options *options,
                                     ncd_explanation *explanation,
                                     ncd_error *err);

/* The text; and the answer, a batch of one. */
NCD_API ncd_text ncd_explanation_text(const ncd_explanation *e);
NCD_API const ncd_prediction *ncd_explanation_prediction(
    const ncd_explanation *e);

/* 2, or 1 where the model knows one label only, or an approximate search no
 * candidate with another one; and of each side the label, its class number and
 * its share of the vote or probability. */
NCD_API size_t ncd_explanation_n_sides(const ncd_explanation *e);
NCD_API const char *ncd_explanation_label(const ncd_explanation *e,
                                          size_t side);
NCD_API size_t ncd_explanation_class(const ncd_explanation *e, size_t side);
NCD_API double ncd_explanation_share(const ncd_explanation *e, size_t side);

/* kNN models: the nearest texts of a side, as many as were asked for and there
 * are, nearest first; none for class models. */
NCD_API size_t ncd_explanation_n_texts(const ncd_explanation *e, size_t side);
NCD_API const ncd_explained_text *ncd_explanation_neighbor(
    const ncd_explanation *e, size_t side, size_t i);

/* Class models, and both kinds, with two sides; otherwise NULL. */
NCD_API const ncd_odds *ncd_explanation_odds(const ncd_explanation *e);

/* Class models: bits that the text takes, its end included, coded with what a
 * class knows, or (class SIZE_MAX) with what all texts say; the longest windows
 * the model has. 0 for kNN models. */
NCD_API double ncd_explanation_code_length(const ncd_explanation *e,
                                           size_t class_number);

/* --- Evaluation -------------------------------------------------------- */

/* One evaluated text, as it is told to on_text, in the order of the test data;
 * valid during the call. */
typedef struct ncd_eval_text {
    const char *label_true;
    const char *label_predicted;
    ncd_text text;
    const char *source;
    uint64_t line;
    /* Numbers of the two labels: those of the model's data set, then, in the
     * order of their first text, labels that only test data has. */
    size_t class_true, class_predicted;
    /* Share of the vote, or probability, of the two labels. */
    double share_true, share_predicted;
    int in_training;      /* 2: verbatim, 1: but for case, space and
                             punctuation, 0: not, as ncd_overlap counts it */
    size_t twin; /* number of the first such training text; else undefined */
    size_t fold; /* of cross-validation: from 0, which the text is in; else 0 */
    const double *shares; /* [n_shares] class models: probability of each
                             class of the model's data set */
    size_t n_shares;      /* 0 for other models */
    const ncd_neighbor *neighbors; /* [n_neighbors] that voted, nearest first */
    size_t n_neighbors;
} ncd_eval_text;

typedef struct ncd_eval_options {
    size_t struct_nbytes;
    unsigned k; /* 0 (default): the model's */
    int vote;   /* -1 (default): the model's */
    unsigned threads;
    const unsigned *sweep_k; /* further values of k to score in the same run */
    size_t n_sweep_k;
    ncd_progress_fn progress; /* in test texts, or bytes of the test file */
    void *progress_arg;
    void (*on_text)(void *arg, const ncd_eval_text *text); /* may be NULL */
    void *on_text_arg;
    unsigned n_candidates;  /* as in ncd_predict_options */
    uint64_t compare_exact; /* search exactly too for the first so many texts,
                               and report the agreement */
} ncd_eval_options;

NCD_API void ncd_eval_options_init_sized(ncd_eval_options *options,
                                         size_t nbytes);
static inline void ncd_eval_options_init(ncd_eval_options *options)
{
    ncd_eval_options_init_sized(options, sizeof *options);
}

typedef struct ncd_score {
    unsigned k;
    uint64_t n_correct;
    double accuracy;
    double accuracy_low, accuracy_high; /* 95 % interval, Wilson 1927 */
    double macro_f1; /* mean F1 of the classes that occur or are predicted */
    /* Share of texts for which any of the labels tied for the most votes is the
     * true one: what the scorer of Jiang et al. 2023 called accuracy. */
    double top2;
} ncd_score;

typedef struct ncd_class_score {
    const char *label;
    uint64_t support; /* test texts with this label */
    uint64_t n_predicted;
    uint64_t n_correct;
    double precision, recall, f1; /* 0 where the denominator is 0 */
    int in_training;              /* 0: no training text has this label */
} ncd_class_score;

/* Test texts that also occur among the training texts. */
typedef struct ncd_overlap {
    uint64_t n; /* that overlap */
    uint64_t
        n_same_label; /* of those, with the same label on a training text */
    uint64_t n_rest, n_rest_correct; /* that don't */
    double accuracy_rest; /* n_rest_correct / n_rest; 0 where n_rest is 0 */
} ncd_overlap;

/* Where the sizes of the pairs came from; the sum is n_pairs for an exact
 * search, fewer for an approximate one. */
typedef struct ncd_search_stats {
    uint64_t pruned_before; /* too large by a bound taken before the parse */
    uint64_t pruned_during; /* ... taken during the parse */
    uint64_t pruned_after;  /* ... taken from the symbols, without a tree */
    uint64_t exact;         /* computed by the size-only DEFLATE engine */
    uint64_t library;       /* computed by the compression library */
} ncd_search_stats;

/* An approximate search held against the exact one. */
typedef struct ncd_agreement {
    uint64_t n_texts; /* compared; 0: not asked for */
    uint64_t n_same_label;
    uint64_t n_neighbors; /* of the exact search */
    uint64_t n_found;     /* of those, also found by the approximate one */
} ncd_agreement;

/* Of test texts whose predicted label had a probability in (low, high]. */
#define NCD_N_BINS 10
typedef struct ncd_bin {
    double low, high;
    uint64_t n, n_correct;
    double mean_probability; /* of the predicted labels; 0 where n is 0 */
} ncd_bin;

/* What is answered, and how well, if labels below a probability are withheld.
 */
typedef struct ncd_coverage {
    double probability; /* the least that is answered with */
    uint64_t n, n_correct;
} ncd_coverage;

#define NCD_N_COVERAGES 8
typedef struct ncd_calibration {
    uint64_t n;      /* texts with probabilities; 0: none */
    double log_loss; /* mean of -log2 of the true label's probability, bits; a
                        label that training lacks has 2^-50, and none less */
    double brier;    /* mean over texts of the squared error summed over labels,
                        in [0, 2] (Brier 1950) */
    double ece;      /* expected calibration error: mean over texts of their
                        bin's |accuracy - mean probability| */
    ncd_bin bins[NCD_N_BINS];
    ncd_coverage coverages[NCD_N_COVERAGES];
} ncd_calibration;

typedef struct ncd_report {
    uint64_t n_train; /* training texts; of cross-validation, all texts */
    uint64_t n_test;  /* every test text counts */
    uint64_t n_unseen_label; /* test texts whose label no training text has */
    uint64_t n_skipped;      /* malformed test records passed over (skip_bad) */
    uint64_t n_over_window;  /* test texts that alone exceed half the window */
    ncd_score score;
    ncd_score *sweep; /* [n_sweep], one for each of sweep_k */
    size_t n_sweep;
    const char *majority_label; /* most frequent in training, the earlier one
                                   of equals */
    double majority_accuracy;
    ncd_overlap verbatim; /* the same bytes */
    ncd_overlap folded;   /* the same after case folding and leaving out space,
                             punctuation and symbols */
    size_t n_classes;
    ncd_class_score *classes; /* [n_classes], by label in byte order */
    uint64_t *confusion; /* [n_classes][n_classes], row true, column predicted,
                            both as in `classes` */
    uint64_t n_pairs;    /* distances that a full search stands for; 0 for a
                            class model */
    ncd_search_stats search;
    ncd_agreement agreement;
    double seconds; /* wall time of the evaluation without training */
    double pairs_per_second;
    uint64_t peak_rss_bytes; /* of the process so far; 0 where not known */
    unsigned threads;
    uint64_t n_test_bytes;       /* of the test texts */
    ncd_calibration calibration; /* of the probabilities of class models */
} ncd_report;

/* Scores the model on what the reader still gives, in memory that does not
 * depend on how much that is. Statuses: as predict and ncd_reader_next. */
NCD_API ncd_status ncd_eval_test(const ncd_model *model, ncd_reader *test,
                                 const ncd_eval_options *options,
                                 ncd_report **report_out, ncd_error *err);

/*
 * Cross-validation on the training data. folds 0: leave-one-out. Otherwise text
 * i is in a fold that depends on (folds, seed, i) alone and is judged by the
 * texts of the other folds; each class is spread evenly. An overlap is then a
 * text that occurs in another fold too. A class model is trained anew for each
 * fold; for leave-one-out of it see ncd_model_training.
 */
NCD_API ncd_status ncd_eval_folds(const ncd_model *model, size_t folds,
                                  uint64_t seed,
                                  const ncd_eval_options *options,
                                  ncd_report **report_out, ncd_error *err);

NCD_API void ncd_report_free(ncd_report *report);

/* 95 % interval of a share of n_correct in n (Wilson 1927); [0, 1] for n = 0.
 */
NCD_API void ncd_share_interval(uint64_t n_correct, uint64_t n, double *low_out,
                                double *high_out);

/* Mean of n values and half the width of its 95 % interval by Student's t
 * (0 for n < 2). */
NCD_API void ncd_mean_interval(const double *values, size_t n, double *mean_out,
                               double *half_width_out);

/* --- Packing ----------------------------------------------------------- */

/*
 * Compresses texts with the compressor `ppm` and brings them back. A packer may
 * be primed with the training texts of a class of a model, or of all of it:
 * what looks like them takes less room then, and needs the same model to be
 * unpacked. Used are the last of these texts that together have no more than
 * NCD_PRIME_NBYTES, in their order, each followed by a newline.
 */
typedef struct ncd_packer ncd_packer;

#define NCD_PRIME_NBYTES (4u << 20)

/* model: NULL for none; its texts are copied. label: NULL for all classes.
 * Statuses: ARGUMENT (no such class), NOMEM. */
NCD_API ncd_status ncd_packer_open(const ncd_model *model, const char *label,
                                   ncd_packer **packer_out, ncd_error *err);
NCD_API void ncd_packer_close(ncd_packer *packer);

/*
 * Packs a text. *packed_out belongs to the packer and is valid until its next
 * call. *nbytes_out, may be NULL: header plus the size that ppm states, which
 * the packed text exceeds by at most 2 bytes. Slow: 20 to 80 KB a second, the
 * less the text repeats itself. Statuses: NOMEM.
 */
NCD_API ncd_status ncd_packer_pack(ncd_packer *packer, ncd_text text,
                                   ncd_text *packed_out, double *nbytes_out,
                                   ncd_error *err);

/*
 * The way back. Statuses: INPUT (not packed, or damaged: a check sum tells),
 * MODEL_NEWER (packed by a later version), ARGUMENT (packed with another model
 * or class, or with none), NOMEM.
 */
NCD_API ncd_status ncd_packer_unpack(ncd_packer *packer, ncd_text packed,
                                     ncd_text *text_out, ncd_error *err);

#ifdef __cplusplus
}
#endif

#endif /* NCDCLASS_H */
