/* SPDX-License-Identifier: MIT */
/* The command line as it could be typed again, for those who want the same
 * figures. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Words of these characters need no quotes. */
#define PLAIN_CHARACTERS                                             \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
    "%+,-./:=@_"

static char *put_quoted(char *to, const char *word)
{
    *to++ = ' ';
    if (*word && !word[strspn(word, PLAIN_CHARACTERS)])
        return stpcpy(to, word);
    *to++ = '\'';
    for (; *word; word++) {
        if (*word == '\'')
            to = stpcpy(to, "'\\'");
        *to++ = *word;
    }
    *to++ = '\'';
    *to = 0;
    return to;
}

char *command_typed(int argc, char **argv)
{
    static const char program[] = "ncdclass";
    size_t n = sizeof program;
    for (int i = 0; i < argc; i++)
        n += 4 * strlen(argv[i]) + 3;
    char *typed = malloc(n);
    if (!typed)
        return NULL;
    char *to = stpcpy(typed, program);
    for (int i = 0; i < argc; i++)
        to = put_quoted(to, argv[i]);
    return typed;
}
