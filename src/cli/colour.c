/* SPDX-License-Identifier: MIT */
/* Colour on terminals; see colour.h. */
#include "colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int colour_when = COLOUR_AUTO;
const char *const colour_choices[] = {"auto", "always", "never", NULL};

/*
 * The eight basic colours follow the terminal's own scheme, so they suit dark
 * and light ones. Grounds need the palette of 256 (SGR 48;5;N, its cube of 6 x
 * 6 x 6); the text on them is black or white, whichever can be read, whatever
 * the scheme. A pale ground would glare from a dark terminal: what is weak has
 * the colour of the text instead.
 */
static const char *const sequences[N_COLOURS] = {
    [COLOUR_NONE] = "\033[0m",
    [COLOUR_BOLD] = "\033[1m",
    [COLOUR_FAINT] = "\033[2m",
    [COLOUR_GOOD] = "\033[32m",
    [COLOUR_BAD] = "\033[31m",
    [COLOUR_NOTE] = "\033[33m",
    [COLOUR_FOR_1] = "\033[32m",
    [COLOUR_FOR_2] = "\033[38;5;16;48;5;114m",
    [COLOUR_FOR_3] = "\033[38;5;231;48;5;28m",
    [COLOUR_AGAINST_1] = "\033[31m",
    [COLOUR_AGAINST_2] = "\033[38;5;16;48;5;210m",
    [COLOUR_AGAINST_3] = "\033[38;5;231;48;5;124m",
};

int colour_wanted(FILE *stream)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    if (colour_when != COLOUR_AUTO)
        return colour_when == COLOUR_ALWAYS;
    if (none && *none)
        return 0;
    if (!term || strcmp(term, "dumb") == 0)
        return 0;
    return isatty(fileno(stream));
}

const char *colour(FILE *stream, enum colour which)
{
    return colour_wanted(stream) ? sequences[which] : "";
}
