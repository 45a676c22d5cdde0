/* SPDX-License-Identifier: MIT */
/* Learning curve, values of k, and other compressors on a report page. */
#include <string.h>

#include "page/chart.h"
#include "page/html.h"
#include "page/report_page.h"
#include "study.h"

/* --- Learning curve --- */

static void curve_range(const struct curve *c, struct axis *axis)
{
    double low = 1, high = 0;
    for (size_t i = 0; i < c->n; i++) {
        for (size_t s = 0; s < c->points[i].n; s++) {
            double a = c->points[i].accuracies[s];
            low = a < low ? a : low;
            high = a > high ? a : high;
        }
    }
    chart_percent_range(axis, low, high);
}

static void curve_marks(const struct chart *chart, const struct curve *c)
{
    struct point means[MAX_CURVE];
    for (size_t i = 0; i < c->n; i++) {
        double half;
        means[i].x = (double)c->points[i].size;
        ncd_mean_interval(c->points[i].accuracies, c->points[i].n, &means[i].y,
                          &half);
    }
    chart_line(chart, "main", means, c->n);
    for (size_t i = 0; i < c->n; i++) {
        for (size_t s = 0; s < c->points[i].n; s++) {
            double a = c->points[i].accuracies[s];
            char title[64];
            snprintf(title, sizeof title, "%zu texts: %.2f %%",
                     c->points[i].size, 100 * a);
            chart_dot(chart, "draw", (struct point){means[i].x, a}, title);
        }
    }
}

static void curve_table(const struct report_page *p, const struct curve *c)
{
    fputs("<details><summary>Figures</summary><table class=\"rows\"><thead><tr>"
          "<th class=\"number\">Texts</th><th class=\"number\">Accuracy</th>"
          "<th class=\"number\">Interval</th></tr></thead><tbody>\n",
          p->to);
    for (size_t i = 0; i < c->n; i++) {
        double mean, half;
        ncd_mean_interval(c->points[i].accuracies, c->points[i].n, &mean,
                          &half);
        fputs("<tr><td class=\"number\">", p->to);
        page_count(p, c->points[i].size);
        fprintf(p->to,
                "</td><td class=\"number\">%.2f %%</td>"
                "<td class=\"number\">",
                100 * mean);
        if (c->points[i].n > 1)
            fprintf(p->to, "± %.2f", 100 * half);
        fputs("</td></tr>\n", p->to);
    }
    fputs("</tbody></table></details>\n", p->to);
}

static void learning_curve(const struct report_page *p, const struct curve *c)
{
    if (c->n < 2)
        return;
    struct chart chart = {.to = p->to,
                          .x = {"training texts", (double)c->points[0].size,
                                (double)c->points[c->n - 1].size, 1},
                          .y = {"accuracy, %", 0, 1, 0}};
    /* Room at both ends for the dots. */
    chart.x.low /= 1.15;
    chart.x.high *= 1.15;
    curve_range(c, &chart.y);
    fprintf(p->to,
            "<figure><figcaption><h3>Learning curve</h3>Accuracy with fewer "
            "training texts; %zu draw%s of each size, each class keeping its "
            "share.</figcaption>\n",
            c->points[0].n, c->points[0].n == 1 ? "" : "s");
    chart_begin(&chart, "Learning curve: accuracy against the number of "
                        "training texts");
    for (size_t i = 0; i < c->n; i++) {
        char label[NUMBER_NBYTES];
        chart_x_tick(&chart, (double)c->points[i].size,
                     format_count(c->points[i].size, label));
    }
    chart_y_percents(&chart);
    curve_marks(&chart, c);
    chart_end(&chart);
    curve_table(p, c);
    fputs("</figure>\n", p->to);
}

/* --- k --- */

static void sort_by_k(ncd_score *scores, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        ncd_score item = scores[i];
        size_t j = i;
        for (; j > 0 && scores[j - 1].k > item.k; j--)
            scores[j] = scores[j - 1];
        scores[j] = item;
    }
}

static void k_marks(const struct chart *chart, const ncd_score *scores,
                    size_t n)
{
    struct point line[MAX_LIST], low[MAX_LIST], high[MAX_LIST];
    for (size_t i = 0; i < n; i++) {
        double k = (double)scores[i].k;
        line[i] = (struct point){k, scores[i].accuracy};
        low[i] = (struct point){k, scores[i].accuracy_low};
        high[i] = (struct point){k, scores[i].accuracy_high};
    }
    chart_band(chart, low, high, n);
    chart_line(chart, "main", line, n);
    for (size_t i = 0; i < n; i++) {
        char title[64];
        snprintf(title, sizeof title, "k = %u: %.2f %%", scores[i].k,
                 100 * scores[i].accuracy);
        chart_dot(chart, "main", line[i], title);
    }
}

static void by_k(const struct report_page *p)
{
    const ncd_report *r = p->report;
    ncd_score scores[MAX_LIST];
    double low = 1, high = 0;
    size_t n = r->n_sweep < MAX_LIST ? r->n_sweep : MAX_LIST;
    if (n < 2)
        return;
    memcpy(scores, r->sweep, n * sizeof *scores);
    sort_by_k(scores, n);
    for (size_t i = 0; i < n; i++) {
        low = scores[i].accuracy_low < low ? scores[i].accuracy_low : low;
        high = scores[i].accuracy_high > high ? scores[i].accuracy_high : high;
    }
    struct chart chart = {.to = p->to,
                          .x = {"k, nearest neighbours that vote",
                                (double)scores[0].k / 1.12,
                                (double)scores[n - 1].k * 1.12, 1},
                          .y = {"accuracy, %", 0, 1, 0}};
    chart_percent_range(&chart.y, low, high);
    fputs("<figure><figcaption><h3>Values of k</h3>From the same search; the "
          "band is the 95 % interval.</figcaption>\n",
          p->to);
    chart_begin(&chart, "Accuracy against k");
    for (size_t i = 0; i < n; i++) {
        char label[NUMBER_NBYTES];
        chart_x_tick(&chart, (double)scores[i].k,
                     format_count(scores[i].k, label));
    }
    chart_y_percents(&chart);
    k_marks(&chart, scores, n);
    chart_end(&chart);
    fputs("</figure>\n", p->to);
}

/* --- Compressors --- */

/* Where the scale of the bars begins and ends. */
static struct axis comparison_range(const struct comparison *c)
{
    struct axis axis = {"", 0, 1, 0};
    double low = 1, high = 0;
    for (size_t i = 0; i < c->n; i++) {
        const ncd_score *s = &c->items[i].report->score;
        low = s->accuracy_low < low ? s->accuracy_low : low;
        high = s->accuracy_high > high ? s->accuracy_high : high;
    }
    chart_percent_range(&axis, low, high);
    return axis;
}

static void contender_row(const struct report_page *p,
                          const struct contender *item, struct axis axis)
{
    const ncd_score *s = &item->report->score;
    const ncd_score *best = best_k(item->report);
    double wide = axis.high - axis.low;
    fprintf(p->to, "<tr%s><th scope=\"row\">",
            item->is_main ? " class=\"main\"" : "");
    html_string(p->to, item->name);
    fputs(" <small class=\"soft\">", p->to);
    html_string(p->to, item->library);
    fprintf(p->to,
            "</small></th><td class=\"number\" data-v=\"%.6f\">%.2f</td>"
            "<td><div class=\"range-bar\" role=\"img\" aria-label=\"95 %% "
            "interval %.2f to %.2f\"><b style=\"left:%.2f%%;width:%.2f%%\">"
            "</b><i style=\"left:%.2f%%\"></i></div></td>",
            s->accuracy, 100 * s->accuracy, 100 * s->accuracy_low,
            100 * s->accuracy_high, 100 * (s->accuracy_low - axis.low) / wide,
            100 * (s->accuracy_high - s->accuracy_low) / wide,
            100 * (s->accuracy - axis.low) / wide);
    if (best)
        fprintf(p->to,
                "<td class=\"number\" data-v=\"%.6f\">%.2f <small "
                "class=\"soft\">k = %u</small></td>",
                best->accuracy, 100 * best->accuracy, best->k);
    else
        fputs("<td class=\"number\" data-v=\"0\">–</td>", p->to);
    fprintf(p->to, "<td class=\"number\" data-v=\"%.3f\">%.2f</td></tr>\n",
            item->report->seconds, item->report->seconds);
}

static void comparison(const struct report_page *p, const struct comparison *c)
{
    struct axis axis = comparison_range(c);
    fputs("<div class=\"scroll\"><table class=\"rows sortable\" "
          "id=\"comparison\"><caption>Compressors and methods, on the same "
          "texts</caption><thead><tr>",
          p->to);
    fputs("<th><button type=\"button\" class=\"sort\">Compressor</button></th>"
          "<th class=\"number\"><button type=\"button\" class=\"sort\">"
          "Accuracy</button></th>",
          p->to);
    fprintf(p->to,
            "<th class=\"scale\"><span>%.0f</span><span>95 %% interval</span>"
            "<span>%.0f %%</span></th>",
            100 * axis.low, 100 * axis.high);
    fputs("<th class=\"number\"><button type=\"button\" class=\"sort\">Best k"
          "</button></th><th class=\"number\"><button type=\"button\" "
          "class=\"sort\">Seconds</button></th></tr></thead><tbody>\n",
          p->to);
    for (size_t i = 0; i < c->n; i++)
        contender_row(p, &c->items[i], axis);
    fputs("</tbody></table></div>\n", p->to);
}

void page_studies(const struct report_page *p)
{
    const struct report_head *h = p->head;
    int by_several_k = p->report->n_sweep > 1;
    if (!h->curve && !h->comparison && !by_several_k)
        return;
    page_section(p, "studies", "Comparison");
    if (h->test && (h->comparison || by_several_k))
        fputs("<p class=\"soft\">What is best here was found by looking at the "
              "test texts. Choose by leave-one-out on training texts "
              "(<code>ncdclass eval TRAIN</code>), then look here once.</p>\n",
              p->to);
    fputs("<div class=\"figures\">\n", p->to);
    if (h->curve)
        learning_curve(p, h->curve);
    by_k(p);
    fputs("</div>\n", p->to);
    if (h->comparison)
        comparison(p, h->comparison);
    fputs("</section>\n", p->to);
}
