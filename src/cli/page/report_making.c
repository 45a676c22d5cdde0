/* SPDX-License-Identifier: MIT */
/* The end of a report page: all that is needed to make the same figures
 * again. */
#include <time.h>

#include "page/html.h"
#include "page/report_page.h"

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

void page_making(const struct report_page *p)
{
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
}
