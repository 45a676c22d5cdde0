/* SPDX-License-Identifier: MIT */
/* The most confident mistakes on a report page, and why they were made. */
#include "html.h"
#include "report_page.h"

static void mistake(const struct report_page *p, const struct kept_text *t)
{
    fputs("<article class=\"mistake\"><h3>", p->to);
    html_string(p->to, page_label(p, t->class_true));
    fputs(" <span class=\"soft\">taken for</span> ", p->to);
    html_string(p->to, page_label(p, t->class_predicted));
    fprintf(p->to, "</h3><p class=\"soft\">%.1f %% %s; ",
            100 * t->share_predicted, p->sure);
    html_string(p->to, t->source);
    fprintf(p->to, ":%llu</p><p class=\"text\">", (unsigned long long)t->line);
    html_text(p->to, (ncd_text){t->bytes, t->nbytes});
    fputs("</p></article>\n", p->to);
}

ncd_status page_mistakes(const struct report_page *p, ncd_error *err)
{
    const struct ranking *mistakes = &p->gathered->mistakes;
    (void)err;
    if (mistakes->n == 0)
        return NCD_OK;
    page_section(p, "mistakes", "Most confident mistakes");
    for (size_t i = 0; i < mistakes->n; i++)
        mistake(p, mistakes->texts[i]);
    fputs("</section>\n", p->to);
    return NCD_OK;
}
