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
#include "colour.h"
#include "suggest.h"

#define MAX_OPTIONS 64

/* Where getopt_long finds no letter it returns this plus the option's place. */
#define LONG_BASE 1000

/* Help stands in this column, and is so wide. */
#define HELP_INDENT 30
#define HELP_WIDTH 50
#define HELP_NBYTES 512

/* What every verb has. */
static const struct cli_option global_options[] = {
    {"quiet", 'q', OPTION_FLAG, &quiet, NULL, "only failures on standard error",
     NULL},
    {"verbose", 'v', OPTION_FLAG, &verbose, NULL,
     "say more about what is done and found", NULL},
    {"color", 0, OPTION_CHOICE, &colour_when, "WHEN",
     "colour: auto is on terminals, unless NO_COLOR is set", colour_choices},
    {0},
};

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

/* Appends to a text that is cut off where it has no more room. */
__attribute__((format(printf, 2, 3))) static void append(char text[HELP_NBYTES],
                                                         const char *format,
                                                         ...)
{
    va_list args;
    size_t n = strlen(text);
    va_start(args, format);
    vsnprintf(text + n, HELP_NBYTES - n, format, args);
    va_end(args);
}

static void append_default(char text[HELP_NBYTES], const struct cli_option *o)
{
    switch (o->kind) {
    case OPTION_STRING:
    case OPTION_COMPRESSOR:
    case OPTION_FORMAT:
        if (*(const char **)o->target)
            append(text, " [%s]", *(const char **)o->target);
        break;
    case OPTION_COUNT:
        if (*(unsigned *)o->target)
            append(text, " [%u]", *(unsigned *)o->target);
        break;
    case OPTION_U64:
        if (*(uint64_t *)o->target)
            append(text, " [%llu]", (unsigned long long)*(uint64_t *)o->target);
        break;
    case OPTION_CHOICE:
        if (*(int *)o->target >= 0)
            append(text, " [%s]", o->choices[*(int *)o->target]);
        break;
    case OPTION_FLAG:
    case OPTION_LIST:
        break;
    }
}

/* In lines that fit beside the names of the options. */
static void print_wrapped(const char *text)
{
    while (strlen(text) > HELP_WIDTH) {
        size_t n = HELP_WIDTH;
        while (n > 0 && text[n] != ' ')
            n--;
        if (n == 0)
            break; /* one long word */
        printf("%.*s\n%*s", (int)n, text, HELP_INDENT, "");
        text += n + 1;
    }
    printf("%s\n", text);
}

static void print_option(const struct cli_option *o)
{
    char left[64], letter[8] = "    ", text[HELP_NBYTES] = "";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name,
             o->arg ? "=" : "", o->arg ? o->arg : "");
    printf("  %-*s", HELP_INDENT - 4, left);
    if (strlen(left) > HELP_INDENT - 5)
        printf("\n%*s", HELP_INDENT - 2, "");
    append(text, "%s", o->help);
    for (const char *const *c = o->choices; c && *c; c++)
        append(text, "%s %s", c == o->choices ? ":" : ",", *c);
    append_default(text, o);
    printf("  ");
    print_wrapped(text);
}

static void print_heading(const char *text)
{
    printf("\n%s%s%s\n", colour(stdout, COLOUR_BOLD), text,
           colour(stdout, COLOUR_NONE));
}

static int print_help(const struct cli_command *command,
                      const struct flat *flat)
{
    for (const char *const *u = command->usage; *u; u++)
        printf("%s ncdclass %s\n", u == command->usage ? "usage:" : "      ",
               *u);
    printf("\n%s\n", command->summary);
    print_heading("options:");
    for (int i = 0; i < flat->n; i++)
        print_option(flat->options[i]);
    printf("  -h, --help                  show this help\n");
    print_heading("examples:");
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

static const char *compressor_name(const void *unused, size_t i)
{
    const ncd_compressor_info *info = ncd_compressor_get(i);
    (void)unused;
    return info ? info->name : NULL;
}

static const char *format_name(const void *unused, size_t i)
{
    (void)unused;
    return ncd_format_name(i);
}

/* The names that a value may begin with, where they are known. */
static name_fn names_of(const struct cli_option *o)
{
    return o->kind == OPTION_COMPRESSOR ? compressor_name
           : o->kind == OPTION_FORMAT   ? format_name
           : o->kind == OPTION_CHOICE   ? name_in_list
                                        : NULL;
}

/* The name itself, without level and keys. */
#define NAME_NBYTES 48
static const char *name_in(const char *text, char out[NAME_NBYTES])
{
    snprintf(out, NAME_NBYTES, "%.*s", (int)strcspn(text, ":,"), text);
    return out;
}

/* Whether a name is right, or so far from all names that the library, which
 * lists them, had better say so. */
static int is_no_slip(const struct cli_option *o, const char *text)
{
    char name[NAME_NBYTES];
    const char *closest = closest_name(name_in(text, name), names_of(o), NULL);
    return !closest || strcmp(closest, name) == 0 || strcmp(name, "auto") == 0;
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
    case OPTION_COMPRESSOR:
    case OPTION_FORMAT:
        *(const char **)o->target = text;
        return is_no_slip(o, text);
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
    char choices[256] = "", near[SUGGESTION_NBYTES], name[NAME_NBYTES];
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
        return cli_usage_error(
            command, "--%s is one of %s, not \"%s\"%s", o->name, choices, text,
            suggestion(text, name_in_list, o->choices, near));
    case OPTION_COMPRESSOR:
    case OPTION_FORMAT:
        suggestion(name_in(text, name), names_of(o), NULL, near);
        return cli_usage_error(command, "no %s \"%s\"%s",
                               o->kind == OPTION_COMPRESSOR ? "compressor"
                                                            : "input format",
                               name, near);
    case OPTION_FLAG:
    case OPTION_STRING:
    case OPTION_U64:
        break;
    }
    return cli_usage_error(command, "--%s takes a whole number, not \"%s\"",
                           o->name, text);
}

/* --- Parsing --- */

static void flatten_group(const struct cli_option *group, struct flat *flat)
{
    char *shorts = flat->shorts + strlen(flat->shorts);
    for (const struct cli_option *o = group; o->name; o++) {
        int takes = o->kind != OPTION_FLAG;
        flat->longs[flat->n] =
            (struct option){o->name, takes ? required_argument : no_argument,
                            NULL, LONG_BASE + flat->n};
        flat->options[flat->n++] = o;
        if (o->letter)
            *shorts++ = o->letter;
        if (o->letter && takes)
            *shorts++ = ':';
    }
}

static void flatten(const struct cli_command *command, struct flat *flat)
{
    strcpy(flat->shorts, ":h"); /* ':': missing arguments come back as ':' */
    for (const struct cli_option *const *g = command->groups; *g; g++)
        flatten_group(*g, flat);
    flatten_group(global_options, flat);
    flat->longs[flat->n] = (struct option){"help", no_argument, NULL, 'h'};
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

static const char *long_name(const void *flat, size_t i)
{
    return ((const struct flat *)flat)->longs[i].name;
}

/* What getopt_long did not understand, the word it stands in being `word`. */
static int bad_option(const struct cli_command *command,
                      const struct flat *flat, int code, const char *word)
{
    char name[NAME_NBYTES], near[SUGGESTION_NBYTES];
    if (code == ':')
        return cli_usage_error(command, "%s needs a value", word);
    if (optopt && optopt < LONG_BASE)
        return cli_usage_error(command, "there is no option -%c", optopt);
    if (optopt >= LONG_BASE)
        return cli_usage_error(command, "--%s takes no value",
                               flat->options[optopt - LONG_BASE]->name);
    if (is_ambiguous(flat, word))
        return cli_usage_error(command, "%s is ambiguous", word);
    word += strspn(word, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    const char *closest = closest_name(name, long_name, flat);
    near[0] = 0;
    if (closest)
        snprintf(near, sizeof near, "; did you mean --%.60s?", closest);
    return cli_usage_error(command, "there is no option --%s%s", name, near);
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
            return print_help(command, &flat);
        if (code == '?' || code == ':')
            return bad_option(command, &flat, code, argv[optind - 1]);
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
