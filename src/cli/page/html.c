/* SPDX-License-Identifier: MIT */
/* Pages and the escaping of what stands in them; see html.h. */
#include "page/html.h"

#include <string.h>

#include "cli.h"
#include "page/assets.h"

/* --- Escaping --- */

/* What stands for an ASCII character; NULL: it may stand as it is. */
typedef const char *escape_fn(unsigned char c);

static const char *escape_html(unsigned char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* No "<" is left, so nothing can look like the end of the script element. */
static const char *escape_json(unsigned char c)
{
    switch (c) {
    case '<':
        return "\\u003c";
    case '>':
        return "\\u003e";
    case '&':
        return "\\u0026";
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

static int is_control(unsigned char c)
{
    return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
}

/* U+2400 shows NUL, U+2401 the next, and U+2421 DEL. */
static void put_picture(FILE *to, unsigned char c)
{
    const unsigned char picture[] = {0xe2, 0x90, c == 0x7f ? 0xa1 : 0x80 + c};
    fwrite(picture, 1, sizeof picture, to);
}

static void put_escaped(FILE *to, ncd_text text, escape_fn *escape)
{
    const unsigned char *b = text.bytes;
    for (size_t i = 0; i < text.nbytes;) {
        size_t length = utf8_length(b + i, text.nbytes - i);
        int is_c1 = length == 2 && b[i] == 0xc2 && b[i + 1] < 0xa0;
        const char *instead = length == 1 ? escape(b[i]) : NULL;
        if (length == 0 || is_c1)
            fputs("\xef\xbf\xbd", to);
        else if (length == 1 && is_control(b[i]))
            put_picture(to, b[i]);
        else if (instead)
            fputs(instead, to);
        else
            fwrite(b + i, 1, length, to);
        i += length ? length : 1;
    }
}

void html_text(FILE *to, ncd_text text)
{
    put_escaped(to, text, escape_html);
}

void html_string(FILE *to, const char *string)
{
    html_text(to, (ncd_text){string, strlen(string)});
}

void html_json(FILE *to, ncd_text text)
{
    putc('"', to);
    put_escaped(to, text, escape_json);
    putc('"', to);
}

void html_json_string(FILE *to, const char *string)
{
    html_json(to, (ncd_text){string, strlen(string)});
}

/* --- Pages --- */

/* The policy forbids the browser every request, whatever the page may hold. */
void html_begin(FILE *to, const char *title, const char *const *styles)
{
    fputs("<!DOCTYPE html>\n"
          "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
          "'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
          "base-uri 'none'; form-action 'none'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, "
          "initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
          to);
    html_string(to, title);
    fprintf(to, "</title>\n<style>\n%s", page_css);
    for (; *styles; styles++)
        fputs(*styles, to);
    fputs("</style>\n</head>\n<body>\n<header class=\"top\"><h1>", to);
    html_string(to, title);
    fputs("</h1><button type=\"button\" id=\"theme\" hidden>Dark</button>"
          "</header>\n<main>\n",
          to);
}

void html_end(FILE *to, const char *script)
{
    fprintf(to,
            "</main>\n<footer class=\"bottom\">Made by ncdclass %s. This page "
            "is one file and asks for no other.</footer>\n"
            "<script>\n%s%s</script>\n</body>\n</html>\n",
            ncd_version(), page_js, script ? script : "");
}
