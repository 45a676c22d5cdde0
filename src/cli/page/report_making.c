/* SPDX-License-Identifier: MIT */
/* The end of a report page: overlap and duplicates, and all that is needed to
 * make the same figures again. */
#include <time.h>

#include "page/html.h"
#include "page/report_page.h"

/* --- Overlap --- */

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

static void overlap(const struct report_page *p, const ncd_dataset_summary *s)
{
    const ncd_report *r = p->report;
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
    fputs("</tbody></table></div>\n<div class=\"scroll\"><table class=\"rows\">"
          "<tbody>\n",
          p->to);
    count_row(p, "training texts", s->n_texts);
    count_row(p, "of them equal to an earlier one", s->n_repeated);
    count_row(p, "of them under more than one label", s->n_conflicting);
    count_row(p, "of them empty", s->n_empty);
    remarks(p);
    fputs("</tbody></table></div></section>\n", p->to);
}

/* --- How it was made --- */

static void setting(const struct report_page *p, const char *name,
                    const char *value)
{
    fprintf(p->to, "<dt>%s</dt><dd>", name);
    html_string(p->to, value);
    fputs("</dd>\n", p->to);
}

static void settings(const struct report_page *p)
{
    const ncd_options *o = &p->head->options;
    const ncd_search_stats *s = &p->report->search;
    char line[96], count[NUMBER_NBYTES];
    setting(p, "Method", ncd_method_name(o->method));
    if (o->method == NCD_METHOD_CLASS)
        return;
    setting(p, "Compressor", o->compressor);
    setting(p, "Library", p->head->library);
    setting(p, "Distance", ncd_distance_name(o->distance));
    setting(p, "Order", ncd_order_name(o->order));
    snprintf(line, sizeof line, "%u, %s", o->k, ncd_vote_name(o->vote));
    setting(p, "k, vote", line);
    setting(p, "Ties",
            "to the label of the nearest neighbour, never counted "
            "as both");
    snprintf(line, sizeof line,
             "%.2f %% if any tied label counted; not an "
             "accuracy",
             100 * p->report->score.top2);
    setting(p, "top2", line);
    setting(p, "Pairs", format_count(p->report->n_pairs, count));
    uint64_t pruned = s->pruned_before + s->pruned_during + s->pruned_after;
    setting(p, "Proved too far", format_count(pruned, count));
}

/* All libraries of compressors, each once: any of them may have had a part. */
static void versions(const struct report_page *p)
{
    fputs("<dt>Versions</dt><dd>ncdclass ", p->to);
    html_string(p->to, ncd_version());
    for (size_t i = 0; i < ncd_compressor_count(); i++) {
        const ncd_compressor_info *info = ncd_compressor_get(i);
        const ncd_compressor_info *before =
            i ? ncd_compressor_get(i - 1) : NULL;
        if (before && info->library == before->library)
            continue;
        fputs(", ", p->to);
        html_string(p->to, info->library);
        putc(' ', p->to);
        html_string(p->to, info->library_version);
    }
    fputs("</dd>\n", p->to);
}

static void made_at(const struct report_page *p)
{
    char when[32];
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) &&
        strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &utc))
        setting(p, "Made at", when);
}

ncd_status page_making(const struct report_page *p, ncd_error *err)
{
    ncd_dataset_summary summary;
    ncd_status status =
        ncd_dataset_summarize(ncd_model_dataset(p->model), &summary, err);
    if (status != NCD_OK)
        return status;
    overlap(p, &summary);
    page_section(p, "making", "How this was made");
    fputs("<p>Every test text counts, also those whose label training lacks. "
          "The command again:</p>\n<pre class=\"command\"><code>",
          p->to);
    html_string(p->to, p->head->command);
    fputs("</code></pre>\n<dl class=\"settings\">\n", p->to);
    settings(p);
    setting(p, "Training data", p->head->train);
    if (p->head->test)
        setting(p, "Test data", p->head->test);
    setting(p, "Protocol", p->head->protocol);
    versions(p);
    made_at(p);
    fputs("</dl></section>\n", p->to);
    return NCD_OK;
}
