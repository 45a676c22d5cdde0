/* SPDX-License-Identifier: MIT */
/*
 * The confusion matrix of a report page. The script draws it, in an order the
 * reader chooses, from the data at the end of the page; what is mixed up most
 * stands in a table that needs no script.
 */
#include <stdlib.h>

#include "page/html.h"
#include "page/report_page.h"

#define N_CONFUSIONS 10

struct confusion {
    size_t i, j;
    uint64_t n;
};

/* The cells off the diagonal with most texts, in order; returns how many. */
static size_t top_confusions(const ncd_report *r, struct confusion *top)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_classes; i++) {
        for (size_t j = 0; j < r->n_classes; j++) {
            uint64_t count = r->confusion[i * r->n_classes + j];
            size_t at = n;
            while (at > 0 && top[at - 1].n < count)
                at--;
            if (i == j || !count || at == N_CONFUSIONS)
                continue;
            n += n < N_CONFUSIONS;
            for (size_t k = n - 1; k > at; k--)
                top[k] = top[k - 1];
            top[at] = (struct confusion){i, j, count};
        }
    }
    return n;
}

static void confusions(const struct report_page *p)
{
    struct confusion top[N_CONFUSIONS];
    const ncd_report *r = p->report;
    size_t n = top_confusions(r, top);
    if (n == 0)
        return;
    fputs("<div class=\"scroll\"><table class=\"rows\" id=\"confusions\">"
          "<caption>Mixed up most often</caption><thead><tr><th>Is</th>"
          "<th>Taken for</th><th class=\"number\">Texts</th>"
          "<th class=\"number\">Of its class</th></tr></thead><tbody>\n",
          p->to);
    for (size_t k = 0; k < n; k++) {
        const ncd_class_score *is = &r->classes[top[k].i];
        fputs("<tr><td>", p->to);
        html_string(p->to, is->label);
        fputs("</td><td>", p->to);
        html_string(p->to, r->classes[top[k].j].label);
        fprintf(p->to,
                "</td><td class=\"number\"><button type=\"button\" "
                "class=\"open\" data-cell=\"%zu %zu\">",
                top[k].i, top[k].j);
        page_count(p, top[k].n);
        fprintf(p->to, "</button></td><td class=\"number\">%.1f %%</td></tr>\n",
                100 * (double)top[k].n / (double)is->support);
    }
    fputs("</tbody></table></div>\n", p->to);
}

void page_matrix(const struct report_page *p)
{
    page_section(p, "matrix", "Confusion matrix");
    fputs("<p class=\"soft\">Rows are the labels the texts have, columns those "
          "they were given. <span class=\"screen\">Choose a cell for the texts "
          "behind it, a label to bring to it what it is confused with; arrow "
          "keys move, Enter opens, Escape returns.</span></p>\n"
          "<div class=\"controls screen\">"
          "<label>Order <select id=\"order\">"
          "<option value=\"alike\">confused classes together</option>"
          "<option value=\"label\">by label</option>"
          "<option value=\"texts\">by texts</option>"
          "<option value=\"wrong\">by mistakes</option></select></label>"
          "<label>Shade <select id=\"shade\">"
          "<option value=\"row\">share of the row</option>"
          "<option value=\"column\">share of the column</option>"
          "<option value=\"count\">texts</option></select></label>"
          "</div>\n"
          "<div class=\"grid-and-texts\"><div class=\"scroll\" id=\"grid\">"
          "<noscript><p>The matrix needs scripts; the table below does "
          "not.</p></noscript></div>\n"
          "<div class=\"beside\"><p id=\"readout\" class=\"soft screen\" "
          "aria-live=\"polite\"></p>\n"
          "<div id=\"texts\" class=\"panel\" role=\"region\" tabindex=\"-1\" "
          "aria-label=\"Texts of the chosen cell\" hidden></div>\n",
          p->to);
    confusions(p);
    fputs("</div></div></section>\n", p->to);
}
