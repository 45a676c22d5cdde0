/* SPDX-License-Identifier: MIT */
/* ncdclass compressors: the table of what --compressor takes. */
#include "cli.h"

static int check;

static const struct cli_option check_options[] = {
    {"check", 0, OPTION_FLAG, &check, NULL,
     "hold the size-only DEFLATE engine against the zlib in use", NULL},
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

/* Where an engine disagrees it is not used; that is no failure of the program,
 * but whoever asks wants to know. */
static int check_engine(void)
{
    int all = 1;
    printf("size-only engine, %s code\n", ncd_engine_path());
    for (int level = 4; level <= 9; level++) {
        int agrees = ncd_engine_agrees(level) == 1;
        printf("level %d: %s\n", level, agrees ? "agrees" : "differs");
        all &= agrees;
    }
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
        return check_engine();
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
