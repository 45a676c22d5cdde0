/* SPDX-License-Identifier: MIT */
/*
 * Pages: one HTML file each, that needs nothing else and asks for nothing else.
 * All that comes from data goes through html_text or html_json, so that no
 * text, label or file name can become markup. Failures to write stay in the
 * stream, where ncd_output_commit finds them.
 */
#ifndef NCD_CLI_HTML_H
#define NCD_CLI_HTML_H

#include <ncdclass.h>

/* Begins a page: head, style, its title as a heading, and the main part. The
 * style is the one of all pages (page.css) and then `styles`, NULL-terminated.
 */
void html_begin(FILE *to, const char *title, const char *const *styles);

/* Ends it: a line on the program that made it, the script of all pages
 * (page.js) and then `script`, may be NULL. */
void html_end(FILE *to, const char *script);

/*
 * Bytes as text, good between tags and inside a quoted attribute. What is not
 * UTF-8 becomes U+FFFD, and control characters other than TAB and newline the
 * pictures of them (U+2400 and on), since they show nothing.
 */
void html_text(FILE *to, ncd_text text);
void html_string(FILE *to, const char *string);

/* The same as a JSON string with its quotes, which is safe inside a script
 * element, too. */
void html_json(FILE *to, ncd_text text);
void html_json_string(FILE *to, const char *string);

#endif
