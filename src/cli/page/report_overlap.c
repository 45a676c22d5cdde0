/* SPDX-License-Identifier: MIT */
/* What test data and training data have in common on a report page, and what
 * stands in the training data more than once. */
#include "page/html.h"
#include "page/report_page.h"

/* Of a text that is listed. */
#define LISTED_NBYTES 120

static void overlap_row(const struct report_page *p, const char *name,
                        const ncd_overlap *o)
{
    double low, high;
    ncd_share_interval(o->n_rest_correct, o->n_rest, &low, &high);
    fprintf(p->to, "<tr><th scope=\"row\">%s</th><td class=\"number\">", name);
    page_count(p, o->n);
    fputs("</td><td class=\"number\">", p->to);
    page_count(p, o->n_same_label);
    fputs("</td><td class=\"number\">", p->to);
    if (o->n_rest)
        fprintf(p->to, "%.2f %% <small class=\"soft\">%.2f–%.2f</small>",
                100 * o->accuracy_rest, 100 * low, 100 * high);
    fputs("</td></tr>\n", p->to);
}

static void count_row(const struct report_page *p, const char *name, uint64_t n)
{
    fprintf(p->to, "<tr><th scope=\"row\">%s</th><td class=\"number\">", name);
    page_count(p, n);
    fputs("</td></tr>\n", p->to);
}

/* What else bears on the figures, where there is any. */
static void remarks(const struct report_page *p)
{
    const ncd_report *r = p->report;
    if (r->n_unseen_label)
        count_row(p,
                  "test texts whose label training lacks; they count as "
                  "wrong",
                  r->n_unseen_label);
    if (r->n_skipped)
        count_row(p, "malformed test records passed over", r->n_skipped);
    if (r->n_over_window)
        count_row(p, "test texts longer than half the compressor’s window",
                  r->n_over_window);
}

static void place(const struct report_page *p, const char *source,
                  uint64_t line)
{
    fputs("<td>", p->to);
    html_string(p->to, page_path(source));
    if (line)
        fprintf(p->to, ":%llu", (unsigned long long)line);
    fputs("</td>", p->to);
}

static void twin_row(const struct report_page *p, const struct kept_text *t)
{
    const ncd_dataset *data = ncd_model_dataset(p->model);
    const ncd_text text = {t->bytes, t->nbytes};
    const ncd_text shown = beginning_of(text, LISTED_NBYTES);
    size_t class = ncd_dataset_class(data, t->twin);
    fputs("<tr>", p->to);
    place(p, t->source, t->line);
    place(p, ncd_dataset_source(data, t->twin),
          ncd_dataset_line(data, t->twin));
    fputs("<td>", p->to);
    html_string(p->to, page_label(p, t->class_true));
    if (class != t->class_true) {
        fputs(", in training ", p->to);
        html_string(p->to, ncd_dataset_label(data, class));
    }
    fputs("</td><td dir=\"auto\">", p->to);
    html_text(p->to, shown);
    fprintf(p->to, "%s</td></tr>\n", shown.nbytes < t->nbytes_text ? " …" : "");
}

/* The first of them, each with the first place where training has it. */
static void twins(const struct report_page *p)
{
    const struct ranking *found = &p->gathered->twins;
    if (found->n == 0)
        return;
    fputs("<details><summary>", p->to);
    if (found->n < p->report->folded.n)
        fprintf(p->to, "The first %zu of them", found->n);
    else
        fputs("All of them", p->to);
    fputs("</summary>\n<div class=\"scroll\"><table class=\"rows\"><thead><tr>"
          "<th>Test text</th><th>First in training</th><th>Label</th>"
          "<th>Text</th></tr></thead><tbody>\n",
          p->to);
    for (size_t i = 0; i < found->n; i++)
        twin_row(p, found->texts[i]);
    fputs("</tbody></table></div></details>\n", p->to);
}

ncd_status page_overlap(const struct report_page *p, ncd_error *err)
{
    const ncd_report *r = p->report;
    ncd_dataset_summary s;
    ncd_status status =
        ncd_dataset_summarize(ncd_model_dataset(p->model), &s, err);
    if (status != NCD_OK)
        return status;
    page_section(p, "overlap", "Overlap and duplicates");
    fputs(
        "<p class=\"soft\">A test text that is in training, too, is no "
        "test.</p>\n<div class=\"scroll\"><table class=\"rows\"><thead><tr>"
        "<th>Test texts that are in training</th><th class=\"number\">Texts"
        "</th><th class=\"number\">With the same label</th>"
        "<th class=\"number\">Accuracy on the rest</th></tr></thead><tbody>\n",
        p->to);
    overlap_row(p, "the same bytes", &r->verbatim);
    overlap_row(p, "the same but for case, space and punctuation", &r->folded);
    fputs("</tbody></table></div>\n", p->to);
    twins(p);
    fputs("<div class=\"scroll\"><table class=\"rows\"><tbody>\n", p->to);
    count_row(p, "training texts", s.n_texts);
    count_row(p, "of them equal to an earlier one", s.n_repeated);
    count_row(p, "of them under more than one label", s.n_conflicting);
    count_row(p, "of them empty", s.n_empty);
    remarks(p);
    fputs("</tbody></table></div></section>\n", p->to);
    return NCD_OK;
}
