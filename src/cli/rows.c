/* SPDX-License-Identifier: MIT */
/*
 * Rows on standard output. In TSV a TAB or line break inside a text becomes one
 * space, since a row must stay a row; CSV (quoted where needed) and JSON keep
 * every character, on a terminal as visible.h shows it. JSON is Unicode, so
 * bytes that are not UTF-8 become U+FFFD.
 */
#include <csv.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "visible.h"

const char *const row_format_choices[] = {"tsv", "jsonl", "csv", NULL};

size_t utf8_length(const unsigned char *b, size_t n)
{
    static const unsigned char least[5][2] = {
        {0}, {0}, {0xc2, 0x80}, {0xe0, 0xa0}, {0xf0, 0x90}};
    size_t length = b[0] < 0x80 ? 1 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    if (length == 1)
        return 1;
    if (b[0] < 0xc2 || b[0] > 0xf4 || length > n)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    /* Overlong forms, surrogates, and what lies beyond U+10FFFF. */
    if ((b[0] == least[length][0] && b[1] < least[length][1]) ||
        (b[0] == 0xed && b[1] > 0x9f) || (b[0] == 0xf4 && b[1] > 0x8f))
        return 0;
    return length;
}

static json_t *replaced(const unsigned char *b, size_t n)
{
    char *valid = malloc(3 * n + 1), *to = valid;
    if (!valid)
        return NULL;
    for (size_t i = 0; i < n;) {
        size_t length = utf8_length(b + i, n - i);
        if (length) {
            memcpy(to, b + i, length);
            to += length;
            i += length;
        } else {
            memcpy(to, "\xef\xbf\xbd", 3);
            to += 3;
            i++;
        }
    }
    json_t *string = json_stringn(valid, (size_t)(to - valid));
    free(valid);
    return string;
}

json_t *json_bytes(const void *bytes, size_t nbytes)
{
    json_t *string = json_stringn(bytes, nbytes);
    return string ? string : replaced(bytes, nbytes);
}

/* A terminal shows what a text holds and obeys nothing of it. */
static int put_on_terminal(ncd_text text)
{
    static int is_terminal = -1;
    if (is_terminal < 0)
        is_terminal = isatty(STDOUT_FILENO);
    if (is_terminal)
        put_visible(stdout, text, " ");
    return is_terminal;
}

static void put_tsv(ncd_text text)
{
    const char *b = text.bytes;
    for (size_t i = 0; i < text.nbytes; i++) {
        int breaks = b[i] == '\t' || b[i] == '\n' || b[i] == '\r';
        putchar(breaks ? ' ' : b[i]);
    }
}

/* RFC 4180 asks for quotes around these. */
static int needs_quotes(ncd_text text)
{
    const char *b = text.bytes;
    for (size_t i = 0; i < text.nbytes; i++)
        if (b[i] == ',' || b[i] == '"' || b[i] == '\r' || b[i] == '\n')
            return 1;
    return 0;
}

/* A row of one empty field would be a blank line without quotes. */
static void put_csv(ncd_text text, int first)
{
    if (needs_quotes(text) || (first && text.nbytes == 0))
        csv_fwrite(stdout, text.bytes, text.nbytes);
    else
        fwrite(text.bytes, 1, text.nbytes, stdout);
}

void row_text(enum row_format format, int *column, ncd_text text)
{
    int first = (*column)++ == 0;
    if (!first)
        putchar(format == ROWS_CSV ? ',' : '\t');
    if (put_on_terminal(text))
        return;
    if (format == ROWS_CSV)
        put_csv(text, first);
    else
        put_tsv(text);
}

void row_string(enum row_format format, int *column, const char *string)
{
    row_text(format, column, (ncd_text){string, strlen(string)});
}

/* Numbers need no quotes. */
static void put_number(enum row_format format, int *column, const char *number)
{
    if ((*column)++)
        putchar(format == ROWS_CSV ? ',' : '\t');
    fputs(number, stdout);
}

void row_number(enum row_format format, int *column, double value)
{
    char number[NUMBER_NBYTES];
    put_number(format, column, format_number(value, number));
}

void row_share(enum row_format format, int *column, double share)
{
    char number[NUMBER_NBYTES];
    put_number(format, column, format_share(share, number));
}

void row_end(int *column)
{
    putchar('\n');
    *column = 0;
}
