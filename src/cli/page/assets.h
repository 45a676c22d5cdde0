/* SPDX-License-Identifier: MIT */
/* Styles and scripts of pages, NUL-terminated: the files of the same names
 * beside this one (page_css is page.css), put in by tools/embed. */
#ifndef NCD_CLI_ASSETS_H
#define NCD_CLI_ASSETS_H

extern const char explain_css[];
extern const char page_css[];
extern const char page_js[];
extern const char report_css[];
extern const char report_js[];

#endif
