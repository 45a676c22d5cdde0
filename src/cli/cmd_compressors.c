/* SPDX-License-Identifier: MIT */
/* ncdclass compressors: the table of what --compressor takes. */
#include "cli.h"

static int check;

static const struct cli_option check_options[] = {
    {"check", 0, OPTION_FLAG, &check, NULL,
     "hold the size-only engines against the zlib and LZ4 in use", NULL},
    {0},
};

static const struct cli_command command = {
    .name = "compressors",
    .summary = "Lists the compressors of this build: name, library and its "
               "version, level range,\ndefault level, window in bytes, keys.",
    .usage = (const char *const[]){"compressors [--check]", NULL},
    .examples = (const char *const[]){"ncdclass compressors", NULL},
    .groups = (const struct cli_option *const[]){check_options, NULL},
};

/* Prints whether an engine agrees at levels `from` to 9; 0 if not at one. */
static int check_levels(const char *prefix, int (*agrees)(int level), int from)
{
    int all = 1;
    for (int level = from; level <= 9; level++) {
        int same = agrees(level) == 1;
        printf("%slevel %d: %s\n", prefix, level, same ? "agrees" : "differs");
        all &= same;
    }
    return all;
}

/* Where an engine disagrees it is not used; that is no failure of the program,
 * but whoever asks wants to know. */
static int check_engines(void)
{
    printf("size-only engine, %s code\n", ncd_engine_path());
    int all = check_levels("", ncd_engine_agrees, 4);
    if (ncd_lz4_engine_agrees(9) >= 0)
        all &= check_levels("lz4 ", ncd_lz4_engine_agrees, 3);
    return close_stdout(all ? EXIT_DONE : EXIT_FAILED);
}

int cmd_compressors(int argc, char **argv)
{
    char **operands;
    int n_operands;
    int status = cli_parse(&command, argc, argv, &operands, &n_operands);
    if (status >= 0)
        return status;
    if (n_operands)
        return cli_usage_error(&command, "it takes no arguments");
    if (check)
        return check_engines();
    printf("%-11s %-20s %-8s %-7s %-10s %s\n", "name", "library", "levels",
           "default", "window", "what is counted; keys");
    for (size_t i = 0; i < ncd_compressor_count(); i++) {
        const ncd_compressor_info *c = ncd_compressor_get(i);
        char library[64], levels[32];
        snprintf(library, sizeof library, "%s %s", c->library,
                 c->library_version);
        snprintf(levels, sizeof levels, "%d..%d", c->level_min, c->level_max);
        printf("%-11s %-20s %-8s %-7d %-10zu %s%s%s\n", c->name, library,
               levels, c->level_default, c->window, c->summary,
               *c->keys ? "; " : "", c->keys);
    }
    return close_stdout(EXIT_DONE);
}
