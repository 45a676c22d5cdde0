/* SPDX-License-Identifier: MIT */
/* The command: finds the verb and hands over. */
#include <string.h>

#include "cli.h"
#include "suggest.h"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} verbs[] = {
    {"train", cmd_train, "make a model of labelled texts"},
    {"update", cmd_update, "add texts to a model, or take them out"},
    {"predict", cmd_predict, "label texts with a model"},
    {"explain", cmd_explain, "why a text gets its label"},
    {"eval", cmd_eval, "measure how well it works"},
    {"distance", cmd_distance, "distance of two files or strings"},
    {"matrix", cmd_matrix, "all distances between texts"},
    {"info", cmd_info, "what a model holds"},
    {"compress", cmd_compress,
     "make a file smaller, also by what a class knows"},
    {"decompress", cmd_decompress, "the way back"},
    {"compressors", cmd_compressors, "list the compressors"},
};

#define N_VERBS (sizeof verbs / sizeof *verbs)

/* What can stand first: a verb, or a question about the program. */
static const char *first_word(const void *table, size_t i)
{
    static const char *const questions[] = {"--help", "--version", NULL};
    return i < N_VERBS ? ((const struct verb *)table)[i].name
                       : questions[i - N_VERBS];
}

static void print_usage(FILE *out)
{
    fprintf(out, "usage: ncdclass VERB [OPTION...] [ARGUMENT...]\n"
                 "       ncdclass VERB --help\n"
                 "       ncdclass --version\n\n"
                 "Classifies text by compression: k nearest neighbours under "
                 "the normalized\ncompression distance, or what each class "
                 "knows.\n\nverbs:\n");
    for (size_t i = 0; i < N_VERBS; i++)
        fprintf(out, "  %-12s %s\n", verbs[i].name, verbs[i].summary);
    fprintf(out, "\nexamples:\n"
                 "  ncdclass train data.tsv\n"
                 "  ncdclass predict data.ncd \"some new text\"\n"
                 "  ncdclass eval --compressor=gzip\n"
                 "  tail -f log | ncdclass predict data.ncd --echo\n");
}

static int print_version(void)
{
    printf("ncdclass %s\n", ncd_version());
    for (size_t i = 0; i < ncd_compressor_count(); i++) {
        const ncd_compressor_info *info = ncd_compressor_get(i);
        const ncd_compressor_info *before =
            i ? ncd_compressor_get(i - 1) : NULL;
        if (!before || strcmp(before->library, info->library) != 0)
            printf("%s %s\n", info->library, info->library_version);
    }
    printf("size-only DEFLATE engine: %s\n",
           ncd_engine_agrees(9) == 1 ? "agrees with this zlib"
                                     : "not used, this zlib differs");
#ifdef _OPENMP
    printf("OpenMP, %u threads\n", ncd_default_threads());
#else
    printf("no OpenMP\n");
#endif
    return close_stdout(EXIT_DONE);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    int asks = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
               strcmp(name, "help") == 0;
    static char help[] = "--help";
    if (asks && argc > 2) { /* help VERB: VERB --help */
        name = argv[2];
        argv[1] = argv[2];
        argv[2] = help;
        argc = 3;
    } else if (asks) {
        print_usage(stdout);
        return close_stdout(EXIT_DONE);
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return print_version();
    for (size_t i = 0; i < N_VERBS; i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            int status = verbs[i].run(argc - 1, argv + 1);
            end_progress();
            return status;
        }
    }
    if (argc > 1) {
        char near[SUGGESTION_NBYTES];
        say("there is no verb \"%s\"%s", name,
            suggestion(name, first_word, verbs, near));
        fprintf(stderr, "Try `ncdclass --help`.\n");
    } else {
        print_usage(stderr);
    }
    return EXIT_USAGE;
}
