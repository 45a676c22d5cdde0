/* SPDX-License-Identifier: MIT */
/*
 * Colour on terminals. `--color` decides; where it is auto, a stream is
 * coloured if it is a terminal that knows colours (TERM is set and not "dumb")
 * and NO_COLOR is unset or empty.
 */
#ifndef NCD_CLI_COLOUR_H
#define NCD_CLI_COLOUR_H

#include <stdio.h>

enum colour_when { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* As --color sets it, and the names it takes, for an OPTION_CHOICE. */
extern int colour_when;
extern const char *const colour_choices[];

/* What is coloured. Names say what is meant, so that a view never spells out an
 * escape sequence. */
enum colour {
    COLOUR_NONE, /* ends what was begun */
    COLOUR_BOLD,
    COLOUR_FAINT,
    COLOUR_GOOD,      /* green */
    COLOUR_BAD,       /* red */
    COLOUR_NOTE,      /* yellow */
    COLOUR_FOR_1,     /* speaks for, weakly */
    COLOUR_FOR_2,     /* ... */
    COLOUR_FOR_3,     /* ... strongly */
    COLOUR_AGAINST_1, /* speaks against, weakly */
    COLOUR_AGAINST_2, /* ... */
    COLOUR_AGAINST_3, /* ... strongly */
    N_COLOURS
};

/* Whether what goes to the stream is coloured. */
int colour_wanted(FILE *stream);

/* The escape sequence where it is, "" where not. Static storage. */
const char *colour(FILE *stream, enum colour which);

#endif
