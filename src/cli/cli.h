/* SPDX-License-Identifier: MIT */
/*
 * What the verbs of the command share: options from a table, messages,
 * progress, opening of data. The command includes the public header only, so it
 * can do nothing that a user of the library can't.
 */
#ifndef NCD_CLI_CLI_H
#define NCD_CLI_CLI_H

#include <ncdclass.h>

/* Exit statuses of the command. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* --- Options (options.c) --- */

#define MAX_LIST 32

struct uint_list {
    unsigned values[MAX_LIST];
    size_t n;
};

enum option_kind {
    OPTION_FLAG,       /* int, set to 1 */
    OPTION_STRING,     /* const char * */
    OPTION_COUNT,      /* unsigned, at least 1 */
    OPTION_U64,        /* uint64_t */
    OPTION_CHOICE,     /* int, index into `choices` */
    OPTION_COMPRESSOR, /* const char *, a compressor's specification */
    OPTION_FORMAT,     /* const char *, the name of an input format */
    OPTION_LIST        /* struct uint_list, numbers of at least 1 */
};

/* One option. What *target holds before parsing is the default that --help
 * shows. */
struct cli_option {
    const char *name;
    char letter; /* 0: none */
    enum option_kind kind;
    void *target;
    const char *arg; /* "N", "FILE"; NULL for flags */
    const char *help;
    const char *const *choices; /* NULL-terminated */
};

struct cli_command {
    const char *name;
    const char *summary;
    const char *const *usage;    /* NULL-terminated, without the program */
    const char *const *examples; /* NULL-terminated */
    /* Groups of options, each ending at name NULL; NULL-terminated. What every
     * verb has, --quiet and the like, is added by itself. */
    const struct cli_option *const *groups;
};

extern const char *const distance_choices[];
extern const char *const order_choices[];
extern const char *const vote_choices[];

/*
 * Parses argv[1..], sets the targets, and leaves the operands at the front of
 * *operands, *n_operands of them. Returns -1 to go on, or the exit status.
 */
int cli_parse(const struct cli_command *command, int argc, char **argv,
              char ***operands, int *n_operands);

/* `ncdclass VERB: message` and how to get help. Returns EXIT_USAGE. */
int cli_usage_error(const struct cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether an option was given on the command line. */
int cli_given(const struct cli_option *group, const char *name);

/* --- Messages (message.c) --- */

extern int quiet, verbose;

/* `ncdclass: message` on standard error, control characters masked. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, unless --quiet. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, if --verbose. */
void detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says in *err that memory ran out, and returns that. */
ncd_status no_memory(ncd_error *err);

/* Reports a failure of the library; returns the exit status it stands for. */
int fail_with(const ncd_error *err);

/* Lets Ctrl-C end long calls in an orderly way; a second one kills. */
void catch_interrupts(void);
int is_interrupted(void);

/* A model's file is mapped into memory, and reading what is no longer there
 * raises a signal: from now on it ends the program with a message. */
void watch_model(const char *path);

/* Writes the buffered output; returns the exit status, EXIT_FAILED and a
 * message where standard output could not take everything. */
int close_stdout(int status);

/* --- Progress (progress.c) --- */

/* --progress and --no-progress; neither: where standard error is a terminal. */
extern int want_progress, want_no_progress;

/* An ncd_progress_fn: shows progress where wanted, and asks to stop after an
 * interrupt. arg is what is counted, for instance "texts". */
int on_progress(void *arg, uint64_t done, uint64_t total);

/* Takes the progress line away. */
void end_progress(void);

/* --- Shared by several verbs (common.c) --- */

/* Options in the making, as the option tables set them. */
struct measure_args {
    const char *compressor;
    int distance, order, vote, engine, method;
    const char *separator;
    unsigned k;
};

struct reader_args {
    const char *format, *label_field, *text_field;
    int header, skip_bad;
};

struct run_args {
    unsigned threads;   /* 0: all */
    const char *search; /* "exact", "approx", "approx:N" */
};

/* Candidates of an approximate search where N is not given. */
#define DEFAULT_CANDIDATES 400

extern struct measure_args measure_args;
extern struct reader_args reader_args;
extern struct run_args run_args;

extern const struct cli_option
    compressor_options[]; /* what a size depends on */
extern const struct cli_option knn_options[];
extern const struct cli_option method_options[];
extern const struct cli_option search_options[];
extern const struct cli_option reader_options[];
extern const struct cli_option common_options[];

/* Candidates of the search that --search asks for, 0 for an exact one. Returns
 * EXIT_DONE, or EXIT_USAGE after a message where it is malformed. */
int take_search(const struct cli_command *command, unsigned *n_candidates_out);

/* --k and --vote where they were given; else 0 and -1, which stand for the
 * model's. */
unsigned given_k(void);
int given_vote(void);

/* Tells of options given that mean nothing to the method. */
void note_options_without_use(ncd_method method);

/* The library's options out of the arguments; `what` is counted by progress. */
void fill_options(ncd_options *options, const char *what);
void fill_reader_options(ncd_reader_options *options, uint64_t limit);

/* How many of the paths are "-", which can be read once only. */
int count_standard_inputs(char *const *paths, int n);
#define STANDARD_INPUT_TWICE "standard input can be read only once"

/* All of a file ("-": standard input), in memory that the caller frees; NULL
 * and a message where it can't be read. */
char *read_file(const char *path, size_t *nbytes_out);

/* EXIT_DONE where writing a path (NULL: nowhere) loses nothing but what can be
 * made again: there is no such file, or an empty one, or one that begins with
 * the byte of the kind that is to be written. Else EXIT_USAGE and a message.
 * `--report DATA`, the page's name forgotten, must not replace the data. */
int spare_others(const struct cli_command *command, const char *option,
                 const char *path, unsigned char first, const char *kind);
#define MODEL_FIRST_BYTE 0x89

/* Path of a file of the bundled sample ("train.tsv"), NULL where it is not
 * installed; freed by the caller. */
char *sample_path(const char *name);

/* The shortest decimal that reads back as the same double. */
#define NUMBER_NBYTES 32
const char *format_number(double value, char out[NUMBER_NBYTES]);

/* A share or probability for people: four decimals, near 0 and 1 up to six, so
 * that 0.999996 is not called certain; none that are 0. */
const char *format_share(double share, char out[NUMBER_NBYTES]);

/* "1,234,567" */
const char *format_count(uint64_t value, char out[NUMBER_NBYTES]);

/* The command line of a verb, quoted for a shell (typed.c). Freed by the
 * caller; NULL where memory runs out. */
char *command_typed(int argc, char **argv);

/* --- Data and models (load.c) --- */

/* Opens data to be read as the options say; a model is no data. */
ncd_status open_data(const char *path, uint64_t limit, ncd_reader **reader_out,
                     ncd_error *err);

/* Reads a data set, adding to `data`; notes skipped records, and none at all.
 */
ncd_status read_data(ncd_dataset *data, const char *path, uint64_t limit,
                     ncd_error *err);

/* Loads a model; notes a compression library that is not the one it was trained
 * with. Says of data what makes a model of it. */
ncd_status load_model(const char *path, ncd_model **model_out, ncd_error *err);

/* Notes that the only text on the command line is the name of a file. */
void note_file_as_text(char *const *texts, int n);

/* Adds to the message that the model has no such label which one was meant, if
 * one is near. */
void suggest_label(const ncd_model *model, const char *label, ncd_error *err);

/* --- Rows of output (rows.c) --- */

enum row_format { ROWS_TSV, ROWS_JSONL, ROWS_CSV };
extern const char *const row_format_choices[];

/* Length of the UTF-8 character that begins at b, where n >= 1 bytes are left;
 * 0 where there is none. */
size_t utf8_length(const unsigned char *b, size_t n);

/* JSON text from bytes, which need not be UTF-8. */
struct json_t *json_bytes(const void *bytes, size_t nbytes);

/* Columns of one row, to standard output; see rows.c. */
void row_text(enum row_format format, int *column, ncd_text text);
void row_string(enum row_format format, int *column, const char *string);
void row_number(enum row_format format, int *column, double value);
void row_share(enum row_format format, int *column, double share);
void row_end(int *column);

/* --- Reports of evaluations (report.c) --- */

enum report_format { REPORT_TEXT, REPORT_TSV, REPORT_JSON };
extern const char *const report_format_choices[];

struct curve;
struct comparison;

/* What was evaluated, for the head of a report. */
struct report_head {
    const char *protocol; /* "test", "leave-one-out", "10 folds" */
    const char *train, *test;
    const char *command; /* as it could be typed again */
    ncd_options options;
    unsigned n_candidates; /* of an approximate search; 0: exact */
    const char *library;
    int confusion; /* print the matrix */
    /* NULL where not asked for; see study.h. */
    const struct curve *curve;
    const struct comparison *comparison;
};

void print_report(enum report_format format, const struct report_head *head,
                  const ncd_report *report);

/* The score of the k with the most right answers, the first of equals; NULL
 * where only one k was scored. */
const ncd_score *best_k(const ncd_report *report);

/* Results of draws of one size from the training texts, one for each seed. */
struct draws {
    size_t size;              /* texts a class, or in all */
    const double *accuracies; /* [n] */
    size_t n;
};

void print_shots(enum report_format format, const struct report_head *head,
                 uint64_t n_test, const struct draws *results,
                 size_t n_results);

/* --- What training found out (account.c) --- */

/* What method auto has compared, as text and as tab-separated lines; nothing
 * where the method was given. */
void print_contenders(FILE *out, const ncd_model *model);
void print_contenders_table(const ncd_model *model);

/* The training data as a message, bits by each model that was tried. */
ncd_status print_message_lengths(FILE *out, const ncd_model *model,
                                 ncd_error *err);

/* --- Verbs --- */

/* Saves a model, says what it was made of (on standard error where the model
 * itself went to standard output), and frees it (cmd_train.c). */
ncd_status hand_over(ncd_model *model, const char *path, ncd_error *err);

int cmd_train(int argc, char **argv);
int cmd_update(int argc, char **argv);
int cmd_predict(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_distance(int argc, char **argv);
int cmd_matrix(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_compressors(int argc, char **argv);
int cmd_compress(int argc, char **argv);
int cmd_decompress(int argc, char **argv);

#endif
