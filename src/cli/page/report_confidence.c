/* SPDX-License-Identifier: MIT */
/*
 * Confidence on a report page: how right the answers are that are as sure as
 * that, and how right those are that are left if the unsure ones are withheld.
 * Probabilities of class models are made for it; votes of neighbours are not,
 * and the page shows what they are worth.
 */
#include <math.h>
#include <stdlib.h>

#include "page/chart.h"
#include "page/html.h"
#include "page/report_page.h"

#define N_BINS 10
#define MAX_STEPS 160

struct bin {
    uint64_t n, n_correct;
    double sum; /* of shares */
};

/* --- Reliability --- */

static void fill_bins(const struct gathered *g, struct bin *bins)
{
    for (size_t i = 0; i < g->n_answers; i++) {
        /* Bins are open below, as those of ncd_bin. */
        int b = (int)ceil(g->answers[i].share * N_BINS) - 1;
        b = b < 0 ? 0 : b < N_BINS ? b : N_BINS - 1;
        bins[b].n++;
        bins[b].n_correct += g->answers[i].correct != 0;
        bins[b].sum += g->answers[i].share;
    }
}

static double expected_error(const struct bin *bins, size_t n)
{
    double sum = 0;
    for (int i = 0; i < N_BINS; i++)
        sum += fabs((double)bins[i].n_correct - bins[i].sum);
    return n ? sum / (double)n : 0;
}

static void bin_marks(const struct chart *chart, const struct bin *b)
{
    char title[96];
    double low, high, mean = b->sum / (double)b->n;
    double right = (double)b->n_correct / (double)b->n;
    ncd_share_interval(b->n_correct, b->n, &low, &high);
    chart_whisker(chart, mean, low, high);
    snprintf(title, sizeof title, "%llu texts: sure %.1f %%, right %.1f %%",
             (unsigned long long)b->n, 100 * mean, 100 * right);
    chart_dot(chart, "main", (struct point){mean, right}, title);
}

static void reliability_table(const struct report_page *p,
                              const struct bin *bins)
{
    fputs("<details><summary>Figures</summary><table class=\"rows\"><thead>"
          "<tr><th>Between</th><th class=\"number\">Texts</th>"
          "<th class=\"number\">Sure</th><th class=\"number\">Right</th></tr>"
          "</thead><tbody>\n",
          p->to);
    for (int i = 0; i < N_BINS; i++)
        if (bins[i].n)
            fprintf(p->to,
                    "<tr><td>%d–%d %%</td><td class=\"number\">%llu</td>"
                    "<td class=\"number\">%.1f %%</td>"
                    "<td class=\"number\">%.1f %%</td></tr>\n",
                    10 * i, 10 * (i + 1), (unsigned long long)bins[i].n,
                    100 * bins[i].sum / (double)bins[i].n,
                    100 * (double)bins[i].n_correct / (double)bins[i].n);
    fputs("</tbody></table></details>\n", p->to);
}

static void reliability(const struct report_page *p)
{
    const struct gathered *g = p->gathered;
    struct bin bins[N_BINS] = {{0}};
    struct chart chart = {
        .to = p->to, .x = {"sure, %", 0, 1, 0}, .y = {"right, %", 0, 1, 0}};
    const struct point diagonal[] = {{0, 0}, {1, 1}};
    uint64_t most = 1;
    fill_bins(g, bins);
    for (int i = 0; i < N_BINS; i++)
        most = bins[i].n > most ? bins[i].n : most;
    fprintf(p->to,
            "<figure><figcaption><h3>Reliability</h3>Right answers among those "
            "that are as sure; on the line, %s could be taken at its word. "
            "Off by %.1f points in the mean. Columns: how many "
            "texts.</figcaption>\n",
            p->sure, 100 * expected_error(bins, g->n_answers));
    chart_begin(&chart, "Reliability diagram: share of right answers against "
                        "how sure they are");
    chart_x_percents(&chart);
    chart_y_percents(&chart);
    for (int i = 0; i < N_BINS; i++)
        if (bins[i].n)
            chart_column(&chart, (double)i / N_BINS, (double)(i + 1) / N_BINS,
                         .35 * (double)bins[i].n / (double)most);
    chart_line(&chart, "ideal", diagonal, 2);
    for (int i = 0; i < N_BINS; i++)
        if (bins[i].n)
            bin_marks(&chart, &bins[i]);
    chart_end(&chart);
    reliability_table(p, bins);
    fputs("</figure>\n", p->to);
}

/* --- Accuracy and coverage --- */

static int compare_answer(const void *a, const void *b)
{
    double x = ((const struct answer *)a)->share;
    double y = ((const struct answer *)b)->share;
    return (x < y) - (x > y);
}

/* One point of the curve: the n surest answers, all those at least as sure as
 * `share`. */
struct step {
    size_t n, n_correct;
    double share;
};

/* Points where the share falls, thinned out to MAX_STEPS. */
static size_t coverage_steps(const struct answer *sorted, size_t n,
                             struct step *steps)
{
    size_t n_steps = 0, n_correct = 0;
    for (size_t i = 0; i < n; i++) {
        n_correct += sorted[i].correct != 0;
        int is_end = i + 1 == n || sorted[i + 1].share < sorted[i].share;
        size_t due = n * (n_steps + 1) / MAX_STEPS;
        if (is_end && (i + 1 >= due || i + 1 == n) && n_steps < MAX_STEPS)
            steps[n_steps++] = (struct step){i + 1, n_correct, sorted[i].share};
    }
    return n_steps;
}

/* The surest answers that are right as often as asked. */
static void coverage_table(const struct report_page *p,
                           const struct step *steps, size_t n_steps, size_t n)
{
    static const double wanted[] = {.9, .95, .98, .99};
    fputs("<details><summary>Figures</summary><table class=\"rows\"><thead><tr>"
          "<th>Right at least</th><th class=\"number\">Answered</th>"
          "<th class=\"number\">If as sure as</th></tr></thead><tbody>\n",
          p->to);
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
        const struct step *best = NULL;
        for (size_t i = 0; i < n_steps; i++)
            if ((double)steps[i].n_correct >= wanted[w] * (double)steps[i].n)
                best = &steps[i];
        fprintf(p->to, "<tr><td>%.0f %%</td>", 100 * wanted[w]);
        if (best)
            fprintf(p->to,
                    "<td class=\"number\">%.1f %%</td>"
                    "<td class=\"number\">%.1f %%</td></tr>\n",
                    100 * (double)best->n / (double)n, 100 * best->share);
        else
            fputs("<td class=\"number\">never</td><td></td></tr>\n", p->to);
    }
    fputs("</tbody></table></details>\n", p->to);
}

static void coverage_chart(const struct report_page *p,
                           const struct step *steps, size_t n_steps, size_t n)
{
    struct point line[MAX_STEPS], low[MAX_STEPS], high[MAX_STEPS];
    struct chart chart = {
        .to = p->to, .x = {"answered, %", 0, 1, 0}, .y = {"right, %", 0, 1, 0}};
    double least = 1;
    for (size_t i = 0; i < n_steps; i++) {
        double x = (double)steps[i].n / (double)n;
        line[i] =
            (struct point){x, (double)steps[i].n_correct / (double)steps[i].n};
        low[i].x = high[i].x = x;
        ncd_share_interval(steps[i].n_correct, steps[i].n, &low[i].y,
                           &high[i].y);
        least = line[i].y < least ? line[i].y : least;
    }
    if (n_steps && low[n_steps - 1].y < least)
        least = low[n_steps - 1].y;
    chart_percent_range(&chart.y, least, 1);
    for (size_t i = 0; i < n_steps; i++)
        low[i].y = low[i].y > chart.y.low ? low[i].y : chart.y.low;
    chart_begin(&chart, "Accuracy against coverage: share of right answers if "
                        "the least sure ones are withheld");
    chart_x_percents(&chart);
    chart_y_percents(&chart);
    chart_band(&chart, low, high, n_steps);
    chart_line(&chart, "main", line, n_steps);
    for (size_t i = 0; i < n_steps && n_steps <= 16; i++) {
        char title[96];
        snprintf(title, sizeof title,
                 "as sure as %.1f %%: %.1f %% answered, %.1f %% right",
                 100 * steps[i].share, 100 * line[i].x, 100 * line[i].y);
        chart_dot(&chart, "main", line[i], title);
    }
    chart_end(&chart);
}

static ncd_status coverage(const struct report_page *p, ncd_error *err)
{
    const struct gathered *g = p->gathered;
    struct step steps[MAX_STEPS];
    struct answer *sorted = calloc(g->n_answers + 1, sizeof *sorted);
    if (!sorted)
        return no_memory(err);
    for (size_t i = 0; i < g->n_answers; i++)
        sorted[i] = g->answers[i];
    qsort(sorted, g->n_answers, sizeof *sorted, compare_answer);
    size_t n_steps = coverage_steps(sorted, g->n_answers, steps);
    fprintf(p->to,
            "<figure><figcaption><h3>Accuracy and coverage</h3>What is left, "
            "and how right it is, if answers below some %s are withheld "
            "(<code>predict --min-prob</code>).</figcaption>\n",
            p->sure);
    coverage_chart(p, steps, n_steps, g->n_answers);
    coverage_table(p, steps, n_steps, g->n_answers);
    fputs("</figure>\n", p->to);
    free(sorted);
    return NCD_OK;
}

ncd_status page_confidence(const struct report_page *p, ncd_error *err)
{
    page_section(p, "confidence", "Confidence");
    if (!p->has_probabilities)
        fputs("<p class=\"soft\">Neighbours give no probabilities; here their "
              "share of the vote stands in for one.</p>\n",
              p->to);
    fputs("<div class=\"figures\">\n", p->to);
    reliability(p);
    ncd_status status = coverage(p, err);
    fputs("</div></section>\n", p->to);
    return status;
}
