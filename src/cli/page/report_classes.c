/* SPDX-License-Identifier: MIT */
/* A row for each class on a report page; the script sorts them. */
#include "page/html.h"
#include "page/report_page.h"

static void head_cell(const struct report_page *p, const char *name, int number)
{
    fprintf(p->to,
            "<th scope=\"col\"%s><button type=\"button\" "
            "class=\"sort\">%s</button></th>",
            number ? " class=\"number\"" : "", name);
}

/* A share with its bar and, where low < high, its interval. */
static void share_cell(const struct report_page *p, double share, double low,
                       double high)
{
    fprintf(p->to,
            "<td class=\"number\" data-v=\"%.6f\">%.1f<div class=\"share-bar\" "
            "aria-hidden=\"true\"><i style=\"width:%.1f%%\"></i>",
            share, 100 * share, 100 * share);
    if (low < high)
        fprintf(p->to, "<b style=\"left:%.1f%%;width:%.1f%%\"></b>", 100 * low,
                100 * (high - low));
    fputs("</div></td>", p->to);
}

static void interval_cell(const struct report_page *p, uint64_t n_right,
                          uint64_t n)
{
    double low, high;
    ncd_share_interval(n_right, n, &low, &high);
    share_cell(p, n ? (double)n_right / (double)n : 0, n ? low : 0,
               n ? high : 0);
}

/* What the texts of class i are most often taken for. */
static void taken_cell(const struct report_page *p, size_t i)
{
    const ncd_report *r = p->report;
    const uint64_t *row = r->confusion + i * r->n_classes;
    size_t most = i ? 0 : 1;
    for (size_t j = 0; j < r->n_classes; j++)
        if (j != i && row[j] > row[most])
            most = j;
    uint64_t n = most < r->n_classes ? row[most] : 0;
    fprintf(p->to, "<td class=\"taken\" data-v=\"%llu\">",
            (unsigned long long)n);
    if (n) {
        html_string(p->to, r->classes[most].label);
        fprintf(p->to,
                " <button type=\"button\" class=\"open\" "
                "data-cell=\"%zu %zu\">",
                i, most);
        page_count(p, n);
        fputs("</button>", p->to);
    }
    fputs("</td>", p->to);
}

static void row(const struct report_page *p, size_t i)
{
    const ncd_class_score *c = &p->report->classes[i];
    fputs("<tr><th scope=\"row\">", p->to);
    html_string(p->to, c->label);
    if (!c->in_training)
        fputs(" <small class=\"soft\">not in training</small>", p->to);
    fprintf(p->to, "</th><td class=\"number\" data-v=\"%llu\">",
            (unsigned long long)c->support);
    page_count(p, c->support);
    fputs("</td>", p->to);
    interval_cell(p, c->n_correct, c->support);
    interval_cell(p, c->n_correct, c->n_predicted);
    share_cell(p, c->f1, 0, 0);
    taken_cell(p, i);
    fputs("</tr>\n", p->to);
}

void page_classes(const struct report_page *p)
{
    page_section(p, "classes", "Classes");
    fputs("<p class=\"soft\">Recall is the share of a class’s texts that were "
          "found, precision the share of the texts given its label that have "
          "it, F1 their harmonic mean; thin lines are 95 % intervals.</p>\n"
          "<div class=\"scroll tall\"><table class=\"rows sortable\" "
          "id=\"class-rows\"><thead><tr>",
          p->to);
    head_cell(p, "Class", 0);
    head_cell(p, "Texts", 1);
    head_cell(p, "Recall", 1);
    head_cell(p, "Precision", 1);
    head_cell(p, "F1", 1);
    head_cell(p, "Most often taken for", 0);
    fputs("</tr></thead><tbody>\n", p->to);
    for (size_t i = 0; i < p->report->n_classes; i++)
        row(p, i);
    fputs("</tbody></table></div></section>\n", p->to);
}
