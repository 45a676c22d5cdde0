/* SPDX-License-Identifier: MIT */
/* ncdclass distance: two files or strings, one number. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static int strings, sizes;

static const struct cli_option distance_options[] = {
    {"strings", 's', OPTION_FLAG, &strings, NULL,
     "A and B are the texts themselves, not files", NULL},
    {"sizes", 0, OPTION_FLAG, &sizes, NULL,
     "print C(x), C(y), C(xy) and the distance", NULL},
    {0},
};

static const struct cli_command command = {
    .name = "distance",
    .summary =
        "Prints the distance of B from A. A file is taken as it is; - is "
        "standard input.",
    .usage = (const char *const[]){"distance [OPTION...] A B", NULL},
    .examples =
        (const char *const[]){"ncdclass distance one.txt two.txt",
                              "ncdclass distance -s \"ab ab\" \"ab ab ab\"",
                              "ncdclass distance -c xz:9 --sizes one two",
                              NULL},
    .groups =
        (const struct cli_option *const[]){distance_options, compressor_options,
                                           common_options, NULL},
};

static int print_distance(ncd_text x, ncd_text y)
{
    ncd_options options;
    ncd_engine *engine;
    ncd_error err;
    ncd_pair pair;
    char n[4][NUMBER_NBYTES];
    fill_options(&options, "texts");
    ncd_status status = ncd_engine_open(&options, &engine, &err);
    if (status != NCD_OK)
        return fail_with(&err);
    status = ncd_engine_pair(engine, x, y, &pair, &err);
    ncd_engine_close(engine);
    if (status != NCD_OK)
        return fail_with(&err);
    if (sizes)
        printf("%s\t%s\t%s\t", format_number(pair.size_x, n[0]),
               format_number(pair.size_y, n[1]),
               format_number(pair.size_xy, n[2]));
    printf("%s\n", format_number(pair.distance, n[3]));
    return EXIT_DONE;
}

static int distance_of_files(char **paths)
{
    ncd_text texts[2];
    char *bytes[2] = {0};
    int status = EXIT_FAILED;
    bytes[0] = read_file(paths[0], &texts[0].nbytes);
    if (bytes[0])
        bytes[1] = read_file(paths[1], &texts[1].nbytes);
    if (bytes[0] && bytes[1]) {
        texts[0].bytes = bytes[0];
        texts[1].bytes = bytes[1];
        status = print_distance(texts[0], texts[1]);
    }
    free(bytes[0]);
    free(bytes[1]);
    return status;
}

int cmd_distance(int argc, char **argv)
{
    char **operands;
    int n_operands;
    int status = cli_parse(&command, argc, argv, &operands, &n_operands);
    if (status >= 0)
        return status;
    if (n_operands != 2)
        return cli_usage_error(&command, "two %s are needed, %d given",
                               strings ? "strings" : "files", n_operands);
    if (!strings && count_standard_inputs(operands, n_operands) > 1)
        return cli_usage_error(&command, STANDARD_INPUT_TWICE);
    if (strings)
        status = print_distance((ncd_text){operands[0], strlen(operands[0])},
                                (ncd_text){operands[1], strlen(operands[1])});
    else
        status = distance_of_files(operands);
    return close_stdout(status);
}
