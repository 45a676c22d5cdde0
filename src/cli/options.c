/* SPDX-License-Identifier: MIT */
/*
 * Command-line options from tables: getopt_long does the parsing, and --help is
 * written from the same table, with the defaults that are in force.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define MAX_OPTIONS 64

/* Where getopt_long finds no letter it returns this plus the option's place. */
#define LONG_BASE 1000

struct flat {
    const struct cli_option *options[MAX_OPTIONS];
    struct option longs[MAX_OPTIONS + 2];
    char shorts[2 * MAX_OPTIONS + 4];
    int n;
};

static const struct cli_option *given[MAX_OPTIONS];
static int n_given;

int cli_given(const struct cli_option *group, const char *name)
{
    for (int i = 0; i < n_given; i++)
        for (const struct cli_option *o = group; o->name; o++)
            if (given[i] == o && (!name || strcmp(o->name, name) == 0))
                return 1;
    return 0;
}

int cli_usage_error(const struct cli_command *command, const char *format, ...)
{
    va_list args;
    char message[512];
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    say("%s: %s", command->name, message);
    fprintf(stderr, "Try `ncdclass %s --help`.\n", command->name);
    return EXIT_USAGE;
}

/* --- Help --- */

static void print_default(const struct cli_option *o)
{
    switch (o->kind) {
    case OPTION_STRING:
        if (*(const char **)o->target)
            printf(" [%s]", *(const char **)o->target);
        break;
    case OPTION_COUNT:
        if (*(unsigned *)o->target)
            printf(" [%u]", *(unsigned *)o->target);
        break;
    case OPTION_U64:
        if (*(uint64_t *)o->target)
            printf(" [%llu]", (unsigned long long)*(uint64_t *)o->target);
        break;
    case OPTION_CHOICE:
        if (*(int *)o->target >= 0)
            printf(" [%s]", o->choices[*(int *)o->target]);
        break;
    case OPTION_FLAG:
    case OPTION_LIST:
        break;
    }
}

static void print_option(const struct cli_option *o)
{
    char left[64], letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name,
             o->arg ? "=" : "", o->arg ? o->arg : "");
    printf("  %-26s", left);
    if (strlen(left) > 25)
        printf("\n  %-26s", "");
    printf("  %s", o->help);
    if (o->choices) {
        printf(":");
        for (const char *const *c = o->choices; *c; c++)
            printf("%s%s", c == o->choices ? " " : ", ", *c);
    }
    print_default(o);
    printf("\n");
}

static int print_help(const struct cli_command *command)
{
    for (const char *const *u = command->usage; *u; u++)
        printf("%s ncdclass %s\n", u == command->usage ? "usage:" : "      ",
               *u);
    printf("\n%s\n\noptions:\n", command->summary);
    for (const struct cli_option *const *g = command->groups; *g; g++)
        for (const struct cli_option *o = *g; o->name; o++)
            print_option(o);
    printf("  -h, --help                  show this help\n");
    printf("\nexamples:\n");
    for (const char *const *e = command->examples; *e; e++)
        printf("  %s\n", *e);
    return close_stdout(EXIT_DONE);
}

/* --- Values --- */

static int parse_u64(const char *text, uint64_t *out, const char *end_chars,
                     const char **end_out)
{
    char *end;
    errno = 0;
    /* strtoull takes a sign and leading blanks; we don't. */
    if (*text < '0' || *text > '9')
        return 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || !strchr(end_chars, *end))
        return 0;
    *out = value;
    *end_out = end;
    return 1;
}

static int parse_list(const char *text, struct uint_list *list)
{
    list->n = 0;
    for (;;) {
        uint64_t value;
        if (!parse_u64(text, &value, ",", &text) || value == 0 ||
            value > UINT32_MAX || list->n == MAX_LIST)
            return 0;
        list->values[list->n++] = (unsigned)value;
        if (!*text)
            return 1;
        text++;
    }
}

static int parse_choice(const struct cli_option *o, const char *text)
{
    for (int i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], text) == 0) {
            *(int *)o->target = i;
            return 1;
        }
    }
    return 0;
}

static int set_value(const struct cli_option *o, const char *text)
{
    uint64_t value;
    const char *end;
    switch (o->kind) {
    case OPTION_FLAG:
        *(int *)o->target = 1;
        return 1;
    case OPTION_STRING:
        *(const char **)o->target = text;
        return 1;
    case OPTION_COUNT:
        if (!parse_u64(text, &value, "", &end) || value == 0 ||
            value > UINT32_MAX)
            return 0;
        *(unsigned *)o->target = (unsigned)value;
        return 1;
    case OPTION_U64:
        return parse_u64(text, o->target, "", &end);
    case OPTION_CHOICE:
        return parse_choice(o, text);
    case OPTION_LIST:
        return parse_list(text, o->target);
    }
    return 0;
}

static int bad_value(const struct cli_command *command,
                     const struct cli_option *o, const char *text)
{
    char choices[256] = "";
    size_t n = 0;
    switch (o->kind) {
    case OPTION_COUNT:
        return cli_usage_error(
            command,
            "--%s takes a whole number from 1 to 4294967295, not \"%s\"",
            o->name, text);
    case OPTION_LIST:
        return cli_usage_error(command,
                               "--%s takes up to %d whole numbers of at least "
                               "1 with commas between them, not \"%s\"",
                               o->name, MAX_LIST, text);
    case OPTION_CHOICE:
        for (int i = 0; o->choices[i] && n < sizeof choices; i++)
            n += (size_t)snprintf(choices + n, sizeof choices - n, "%s%s",
                                  i ? ", " : "", o->choices[i]);
        return cli_usage_error(command, "--%s is one of %s, not \"%s\"",
                               o->name, choices, text);
    case OPTION_FLAG:
    case OPTION_STRING:
    case OPTION_U64:
        break;
    }
    return cli_usage_error(command, "--%s takes a whole number, not \"%s\"",
                           o->name, text);
}

/* --- Parsing --- */

static void flatten(const struct cli_command *command, struct flat *flat)
{
    size_t n_shorts = 0;
    flat->shorts[n_shorts++] = ':'; /* missing arguments come back as ':' */
    flat->shorts[n_shorts++] = 'h';
    for (const struct cli_option *const *g = command->groups; *g; g++) {
        for (const struct cli_option *o = *g; o->name; o++) {
            int takes = o->kind != OPTION_FLAG;
            flat->longs[flat->n] = (struct option){
                o->name, takes ? required_argument : no_argument, NULL,
                LONG_BASE + flat->n};
            flat->options[flat->n++] = o;
            if (o->letter)
                flat->shorts[n_shorts++] = o->letter;
            if (o->letter && takes)
                flat->shorts[n_shorts++] = ':';
        }
    }
    flat->longs[flat->n] = (struct option){"help", no_argument, NULL, 'h'};
    flat->shorts[n_shorts] = 0;
}

static const struct cli_option *find_option(const struct flat *flat, int code)
{
    if (code >= LONG_BASE)
        return flat->options[code - LONG_BASE];
    for (int i = 0; i < flat->n; i++)
        if (flat->options[i]->letter == code)
            return flat->options[i];
    return NULL;
}

/* Whether several options begin like `--given[=value]`. */
static int is_ambiguous(const struct flat *flat, const char *given_option)
{
    int n_fits = 0;
    if (strncmp(given_option, "--", 2) != 0)
        return 0;
    size_t n = strcspn(given_option + 2, "=");
    for (int i = 0; i < flat->n; i++)
        n_fits += strncmp(flat->options[i]->name, given_option + 2, n) == 0;
    return n_fits > 1;
}

int cli_parse(const struct cli_command *command, int argc, char **argv,
              char ***operands, int *n_operands)
{
    struct flat flat = {0};
    int code;
    flatten(command, &flat);
    opterr = 0;
    while ((code = getopt_long(argc, argv, flat.shorts, flat.longs, NULL)) !=
           -1) {
        if (code == 'h')
            return print_help(command);
        if (code == '?' && optopt && optopt < LONG_BASE)
            return cli_usage_error(command, "there is no option -%c", optopt);
        if (code == '?' && optopt >= LONG_BASE)
            return cli_usage_error(command, "--%s takes no value",
                                   flat.options[optopt - LONG_BASE]->name);
        if (code == '?')
            return cli_usage_error(command,
                                   is_ambiguous(&flat, argv[optind - 1])
                                       ? "%s is ambiguous"
                                       : "there is no option %s",
                                   argv[optind - 1]);
        if (code == ':')
            return cli_usage_error(command, "%s needs a value",
                                   argv[optind - 1]);
        const struct cli_option *o = find_option(&flat, code);
        if (!set_value(o, optarg))
            return bad_value(command, o, optarg);
        if (n_given < MAX_OPTIONS)
            given[n_given++] = o;
    }
    *operands = argv + optind;
    *n_operands = argc - optind;
    return -1;
}
