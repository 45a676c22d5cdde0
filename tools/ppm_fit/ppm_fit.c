/* SPDX-License-Identifier: MIT */
/*
 * Fits what the compressor ppm believes before it has seen a byte, and writes
 * it as src/codec/ppm_tables.c.
 *
 * usage: ppm_fit [--rounds=N] LANGUAGES SET... >ppm_tables.c
 *        ppm_fit --check LANGUAGES SET...
 *        ppm_fit --costs SET...
 *        ppm_fit --print
 *
 * LANGUAGES and SET are files of training texts, of which the folder's name is
 * the set's: the tables in the tree are fitted on udhr-langid/train.tsv and the
 * others they name, in that order. --check fits again and fails where the
 * tables this program was built with differ; --costs says how small texts of a
 * set get with them; --print writes them again.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("ppm_fit: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(EXIT_FAILURE);
}

void *room(size_t n, size_t nbytes)
{
    void *p = calloc(n + 1, nbytes);
    if (!p)
        die("out of memory");
    return p;
}

/* The names of the sets, one after the other. */
static char *names_of(const struct set *sets, size_t n_sets)
{
    char *names = room(n_sets, sizeof sets->name + 1);
    for (size_t i = 0; i < n_sets; i++) {
        strcat(names, i ? " " : "");
        strcat(names, sets[i].name);
    }
    return names;
}

static char *printed(const struct ncd_ppm_tables *tables)
{
    char *text = NULL;
    size_t nbytes;
    FILE *out = open_memstream(&text, &nbytes);
    if (!out)
        die("out of memory");
    print_tables(out, tables);
    if (fclose(out) != 0)
        die("out of memory");
    return text;
}

/* The tables as fitted; `names` stays in use. */
static struct ncd_ppm_tables *fitted(const struct set *sets, size_t n_sets,
                                     unsigned n_rounds, const char *names)
{
    struct ncd_ppm_tables *tables = room(1, sizeof *tables);
    tables->fitted_on = names;
    fit_prior(sets, n_sets, tables);
    fit_weights(sets, n_sets, n_rounds, tables);
    return tables;
}

static void fit(const struct set *sets, size_t n_sets, unsigned n_rounds,
                int only_check)
{
    char *names = names_of(sets, n_sets);
    struct ncd_ppm_tables *tables = fitted(sets, n_sets, n_rounds, names);
    char *found = printed(tables), *built_in = printed(&ncd_ppm_tables);
    int same = strcmp(found, built_in) == 0;
    if (!only_check)
        fputs(found, stdout);
    free(found);
    free(built_in);
    free(tables);
    free(names);
    if (only_check && !same)
        die("these texts give other tables");
}

int main(int argc, char **argv)
{
    unsigned n_rounds = 30;
    const char *mode = "";
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++)
        if (strncmp(argv[at], "--rounds=", 9) == 0)
            n_rounds = (unsigned)atoi(argv[at] + 9);
        else
            mode = argv[at];
    size_t n_sets = (size_t)(argc - at);
    struct set *sets = room(n_sets, sizeof *sets);
    for (size_t i = 0; i < n_sets; i++)
        sets[i] = load_set(argv[at + (int)i]);
    int only_check = strcmp(mode, "--check") == 0;
    if (strcmp(mode, "--print") == 0 && n_sets == 0)
        print_tables(stdout, &ncd_ppm_tables);
    else if (strcmp(mode, "--costs") == 0 && n_sets > 0)
        print_costs(sets, n_sets, &ncd_ppm_tables);
    else if ((*mode == 0 || only_check) && n_sets > 1)
        fit(sets, n_sets, n_rounds, only_check);
    else
        die("wrong use; ppm_fit.c says how");
    for (size_t i = 0; i < n_sets; i++)
        ncd_dataset_free(sets[i].texts);
    free(sets);
    if (fflush(stdout) != 0 || ferror(stdout))
        die("cannot write");
    return EXIT_SUCCESS;
}
