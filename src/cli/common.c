/* SPDX-License-Identifier: MIT */
/* Options and helpers that several verbs share. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

const char *const distance_choices[] = {"ncd", "cdm", "clm", "cond", NULL};
const char *const order_choices[] = {"test-first", "train-first", "mean", NULL};
static const char *const engine_choices[] = {"auto", "zlib", NULL};
static const char *const method_choices[] = {"knn", "class", "auto", "both",
                                             NULL};
const char *const vote_choices[] = {"majority", "weighted", NULL};

struct measure_args measure_args = {
    .compressor = "gzip", .separator = " ", .k = 5};
struct reader_args reader_args = {.format = "auto"};
struct run_args run_args = {.search = "exact"};

const struct cli_option compressor_options[] = {
    {"compressor", 'c', OPTION_COMPRESSOR, &measure_args.compressor, "SPEC",
     "name[:level][,key=value]; see `ncdclass compressors`", NULL},
    {"distance", 'd', OPTION_CHOICE, &measure_args.distance, "NAME", "distance",
     distance_choices},
    {"order", 0, OPTION_CHOICE, &measure_args.order, "NAME",
     "order of concatenation", order_choices},
    {"separator", 0, OPTION_STRING, &measure_args.separator, "TEXT",
     "what stands between the two texts", NULL},
    {"engine", 0, OPTION_CHOICE, &measure_args.engine, "NAME",
     "zlib: every size from the compression library itself; same results",
     engine_choices},
    {0},
};

const struct cli_option method_options[] = {
    {"method", 'm', OPTION_CHOICE, &measure_args.method, "NAME",
     "nearest neighbours, what each class knows, both together, or the best "
     "by leave-one-out",
     method_choices},
    {0},
};

const struct cli_option knn_options[] = {
    {"k", 'k', OPTION_COUNT, &measure_args.k, "N",
     "nearest neighbours that vote", NULL},
    {"vote", 0, OPTION_CHOICE, &measure_args.vote, "NAME", "vote",
     vote_choices},
    {0},
};

const struct cli_option reader_options[] = {
    {"input-format", 'f', OPTION_FORMAT, &reader_args.format, "NAME",
     "auto, tsv, csv, jsonl, fasttext, dir, lines, list", NULL},
    {"label-field", 0, OPTION_STRING, &reader_args.label_field, "NAME",
     "JSON key or CSV column of the label", NULL},
    {"text-field", 0, OPTION_STRING, &reader_args.text_field, "NAMES",
     "the same of the text; several with commas", NULL},
    {"header", 0, OPTION_FLAG, &reader_args.header, NULL,
     "the first CSV or TSV record names the columns", NULL},
    {"skip-bad", 0, OPTION_FLAG, &reader_args.skip_bad, NULL,
     "pass over malformed records", NULL},
    {0},
};

const struct cli_option common_options[] = {
    {"threads", 't', OPTION_COUNT, &run_args.threads, "N",
     "threads; all cores where not given", NULL},
    {"progress", 0, OPTION_FLAG, &want_progress, NULL,
     "show progress even if standard error is no terminal", NULL},
    {"no-progress", 0, OPTION_FLAG, &want_no_progress, NULL, "show no progress",
     NULL},
    {0},
};

const struct cli_option search_options[] = {
    {"search", 0, OPTION_STRING, &run_args.search, "NAME",
     "exact, or approx[:N]: only N likely candidates", NULL},
    {0},
};

/* 0 where it is malformed. */
static int parse_search(const char *text, unsigned *n_candidates_out)
{
    static const char approx[] = "approx";
    char *end;
    *n_candidates_out = 0;
    if (strcmp(text, "exact") == 0)
        return 1;
    if (strncmp(text, approx, sizeof approx - 1) != 0)
        return 0;
    text += sizeof approx - 1;
    *n_candidates_out = DEFAULT_CANDIDATES;
    if (!*text)
        return 1;
    if (text[0] != ':' || text[1] < '1' || text[1] > '9')
        return 0;
    unsigned long n = strtoul(text + 1, &end, 10);
    *n_candidates_out = (unsigned)n;
    return !*end && n <= 1000000000;
}

int take_search(const struct cli_command *command, unsigned *n_candidates_out)
{
    if (parse_search(run_args.search, n_candidates_out))
        return EXIT_DONE;
    return cli_usage_error(command,
                           "--search is exact, approx or approx:N, not \"%s\"",
                           run_args.search);
}

void fill_options(ncd_options *options, const char *what)
{
    ncd_options_init(options);
    options->compressor = measure_args.compressor;
    options->distance = (ncd_distance)measure_args.distance;
    options->order = (ncd_order)measure_args.order;
    options->vote = (ncd_vote)measure_args.vote;
    options->method = (ncd_method)measure_args.method;
    options->engine = (ncd_engine_kind)measure_args.engine;
    options->separator =
        (ncd_text){measure_args.separator, strlen(measure_args.separator)};
    options->k = measure_args.k;
    options->threads = run_args.threads;
    options->progress = on_progress;
    options->progress_arg = (void *)(uintptr_t)what;
}

unsigned given_k(void)
{
    return cli_given(knn_options, "k") ? measure_args.k : 0;
}

int given_vote(void)
{
    return cli_given(knn_options, "vote") ? measure_args.vote : -1;
}

void note_options_without_use(ncd_method method)
{
    if (method == NCD_METHOD_CLASS &&
        (cli_given(compressor_options, NULL) || cli_given(knn_options, NULL) ||
         cli_given(search_options, NULL)))
        note("a class model asks no neighbours: options of the compressor, of "
             "distances, neighbours and their search have no use");
}

void fill_reader_options(ncd_reader_options *options, uint64_t limit)
{
    ncd_reader_options_init(options);
    options->format = reader_args.format;
    options->label_field = reader_args.label_field;
    options->text_field = reader_args.text_field;
    options->header = reader_args.header;
    options->skip_bad = reader_args.skip_bad;
    options->limit = limit;
}

int count_standard_inputs(char *const *paths, int n)
{
    int count = 0;
    for (int i = 0; i < n; i++)
        count += strcmp(paths[i], "-") == 0;
    return count;
}

char *read_file(const char *path, size_t *n_out)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *bytes = NULL;
    size_t n = 0, room = 0;
    int failed = !file;
    while (!failed && !feof(file)) {
        if (n == room) {
            room = room ? 2 * room : 1 << 16;
            char *grown = realloc(bytes, room);
            if (!grown) {
                failed = 1;
                break;
            }
            bytes = grown;
        }
        n += fread(bytes + n, 1, room - n, file);
        failed = ferror(file);
    }
    if (failed) {
        say("%s: cannot read: %s", path, strerror(errno));
        free(bytes);
        bytes = NULL;
    }
    if (file && file != stdin)
        fclose(file);
    *n_out = n;
    return bytes;
}

static int may_replace(const char *path, unsigned char first)
{
    struct stat there;
    if (stat(path, &there) != 0 || !S_ISREG(there.st_mode))
        return 1;
    FILE *file = fopen(path, "rb");
    int found = file ? getc(file) : EOF;
    if (file)
        fclose(file);
    return found == first || found == EOF;
}

int spare_others(const struct cli_command *command, const char *option,
                 const char *path, unsigned char first, const char *kind)
{
    if (!path || may_replace(path, first))
        return EXIT_DONE;
    return cli_usage_error(command,
                           "--%s=%s would replace a file that is no %s", option,
                           path, kind);
}

/* folder/name, where such a file can be read. */
static char *readable(const char *folder, const char *name)
{
    size_t n = strlen(folder) + strlen(name) + 2;
    char *path = malloc(n);
    if (!path)
        return NULL;
    snprintf(path, n, "%s/%s", folder, name);
    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* Beside the running program: PREFIX/bin/ncdclass has the sample in
 * PREFIX/share, and one in a build directory has it in the source tree that
 * holds the build directory. */
static char *beside_program(const char *name)
{
    static const char *const places[] = {"share/ncdclass/sample",
                                         "datasets/sample"};
    char folder[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 32);
    if (n <= 0)
        return NULL;
    folder[n] = 0;
    for (int up = 0; up < 5; up++) {
        char *slash = strrchr(folder, '/');
        if (!slash)
            return NULL;
        for (int i = 0; i < 2; i++) {
            strcpy(slash + 1, places[i]);
            char *path = readable(folder, name);
            if (path)
                return path;
        }
        *slash = 0;
    }
    return NULL;
}

char *sample_path(const char *name)
{
    const char *folder = getenv("NCDCLASS_SAMPLE");
    if (folder)
        return readable(folder, name);
    char *path = beside_program(name);
    return path ? path : readable(SAMPLE_DIR, name);
}

const char *format_number(double value, char out[NUMBER_NBYTES])
{
    if (value == floor(value) && fabs(value) < 1e15) {
        snprintf(out, NUMBER_NBYTES, "%.0f", value);
        return out;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, NUMBER_NBYTES, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    return out;
}

const char *format_share(double share, char out[NUMBER_NBYTES])
{
    double doubt = share < 0.5 ? share : 1 - share;
    double error = fmax(5e-7, fmin(5e-5, doubt / 20));
    for (int decimals = 0; decimals <= 6; decimals++) {
        snprintf(out, NUMBER_NBYTES, "%.*f", decimals, share);
        if (fabs(strtod(out, NULL) - share) <= error)
            break;
    }
    return out;
}

const char *format_count(uint64_t value, char out[NUMBER_NBYTES])
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    char *to = out;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = 0;
    return out;
}
