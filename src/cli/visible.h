/* SPDX-License-Identifier: MIT */
/* Texts on a terminal, which shows them and obeys nothing in them. */
#ifndef NCD_CLI_VISIBLE_H
#define NCD_CLI_VISIBLE_H

#include <ncdclass.h>

/* Whether a terminal might obey the UTF-8 character of so many bytes (0: it is
 * none) and not show it. */
int is_obeyed(const unsigned char *b, size_t length);

/*
 * Control characters, bytes that are not UTF-8, and marks that turn the
 * direction of writing are spelled out: \t, \x1b. A line break becomes `line`;
 * NULL: it is spelled out, too.
 */
void put_visible(FILE *to, ncd_text text, const char *line);
void put_visible_string(FILE *to, const char *string);

#endif
