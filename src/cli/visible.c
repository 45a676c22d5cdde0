/* SPDX-License-Identifier: MIT */
/* Texts on a terminal; see visible.h. */
#include "visible.h"

#include <string.h>

#include "cli.h"

/* U+0080..U+009F, which are control characters, too. */
static int is_c1(const unsigned char *b, size_t length)
{
    return length == 2 && b[0] == 0xc2 && b[1] < 0xa0;
}

/* U+061C, U+200E, U+200F, U+202A..U+202E, U+2066..U+2069 (Unicode Standard
 * Annex 9): text that is not where it seems to be. */
static int turns_direction(const unsigned char *b, size_t length)
{
    if (length == 2)
        return b[0] == 0xd8 && b[1] == 0x9c;
    if (length != 3 || b[0] != 0xe2)
        return 0;
    if (b[1] == 0x80)
        return b[2] == 0x8e || b[2] == 0x8f || (b[2] >= 0xaa && b[2] <= 0xae);
    return b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9;
}

static void spell_out(FILE *to, const unsigned char *b, size_t n)
{
    static const char letters[] = "abtnvfr"; /* of 7 to 13 */
    for (size_t i = 0; i < n; i++)
        if (b[i] >= 7 && b[i] <= 13)
            fprintf(to, "\\%c", letters[b[i] - 7]);
        else
            fprintf(to, "\\x%02x", b[i]);
}

int is_obeyed(const unsigned char *b, size_t length)
{
    return length == 0 || b[0] < 0x20 || b[0] == 0x7f || is_c1(b, length) ||
           turns_direction(b, length);
}

void put_visible(FILE *to, ncd_text text, const char *line)
{
    const unsigned char *b = text.bytes;
    for (size_t i = 0; i < text.nbytes;) {
        size_t length = utf8_length(b + i, text.nbytes - i);
        size_t n = length ? length : 1;
        if (line && b[i] == '\n')
            fputs(line, to);
        else if (is_obeyed(b + i, length))
            spell_out(to, b + i, n);
        else
            fwrite(b + i, 1, n, to);
        i += n;
    }
}

void put_visible_string(FILE *to, const char *string)
{
    put_visible(to, (ncd_text){string, strlen(string)}, NULL);
}
