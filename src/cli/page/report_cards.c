/* SPDX-License-Identifier: MIT */
/* The cards at the head of a report page: what it comes down to, and how far
 * that can be believed. */
#include <math.h>

#include "page/html.h"
#include "page/report_page.h"

static void card_begin(const struct report_page *p, const char *name)
{
    fprintf(p->to,
            "<div class=\"card\"><div class=\"name\">%s</div>"
            "<div class=\"figure\">",
            name);
}

static void card_note(const struct report_page *p)
{
    fputs("</div><div class=\"note\">", p->to);
}

static void card_end(const struct report_page *p)
{
    fputs("</div></div>\n", p->to);
}

/* A scale from 0 to 100 % with the interval and the point in it. */
static void gauge(const struct report_page *p, double low, double value,
                  double high, double baseline)
{
    fprintf(p->to,
            "</div><div class=\"gauge\" aria-hidden=\"true\">"
            "<i class=\"range\" style=\"left:%.2f%%;width:%.2f%%\"></i>"
            "<i class=\"base\" style=\"left:%.2f%%\"></i>"
            "<i class=\"value\" style=\"left:%.2f%%\"></i>",
            100 * low, 100 * (high - low), 100 * baseline, 100 * value);
}

static void accuracy_card(const struct report_page *p)
{
    const ncd_report *r = p->report;
    const ncd_score *s = &r->score;
    card_begin(p, "Accuracy");
    page_percent(p, s->accuracy);
    fputs("<small> %</small>", p->to);
    gauge(p, s->accuracy_low, s->accuracy, s->accuracy_high,
          r->majority_accuracy);
    card_note(p);
    page_count(p, s->n_correct);
    fputs(" of ", p->to);
    page_count(p, r->n_test);
    fputs(" right; 95 % interval ", p->to);
    page_percent(p, s->accuracy_low);
    fputs("–", p->to);
    page_percent(p, s->accuracy_high);
    card_end(p);
}

/*
 * Half the 95 % interval of macro F1, by the delta method (Takahashi, Yamamoto,
 * Kuchiba & Koyama 2022). A text with true label i and predicted label j moves
 * F1 of class c, which is 2 right / (support + predicted), by
 *
 *     (2 [i = j = c] - F1 ([i = c] + [j = c])) / (support + predicted),
 *
 * and these add up to 0 over all texts, so their squares are the variance.
 */
static double macro_f1_half(const ncd_report *r)
{
    double sum = 0;
    size_t n = r->n_classes, n_counted = 0;
    for (size_t i = 0; i < n; i++) {
        const ncd_class_score *a = &r->classes[i];
        n_counted += a->support || a->n_predicted;
        for (size_t j = 0; j < n; j++) {
            const ncd_class_score *b = &r->classes[j];
            double count = (double)r->confusion[i * n + j];
            if (count == 0)
                continue;
            double move =
                (2 * (i == j) - a->f1) / (double)(a->support + a->n_predicted);
            move -= b->f1 / (double)(b->support + b->n_predicted);
            sum += count * move * move;
        }
    }
    return n_counted ? 1.959963984540054 * sqrt(sum) / (double)n_counted : 0;
}

static void macro_f1_card(const struct report_page *p)
{
    const ncd_report *r = p->report;
    double f1 = r->score.macro_f1, half = macro_f1_half(r);
    double low = f1 > half ? f1 - half : 0;
    double high = f1 + half < 1 ? f1 + half : 1;
    card_begin(p, "Macro F1");
    page_percent(p, f1);
    gauge(p, low, f1, high, 0);
    card_note(p);
    fprintf(p->to, "mean over %zu classes; 95 %% interval %.2f–%.2f",
            r->n_classes, 100 * low, 100 * high);
    card_end(p);
}

static void baseline_card(const struct report_page *p)
{
    const ncd_report *r = p->report;
    uint64_t n = (uint64_t)llround(r->majority_accuracy * (double)r->n_test);
    double low, high;
    ncd_share_interval(n, r->n_test, &low, &high);
    card_begin(p, "Baseline");
    page_percent(p, r->majority_accuracy);
    fputs("<small> %</small>", p->to);
    gauge(p, low, r->majority_accuracy, high, 0);
    card_note(p);
    fputs("if all were called “", p->to);
    html_string(p->to, r->majority_label);
    fputs("”", p->to);
    card_end(p);
}

static void calibration_card(const struct report_page *p)
{
    const ncd_calibration *c = &p->report->calibration;
    if (!c->n)
        return;
    card_begin(p, "Calibration error");
    fprintf(p->to, "%.3f", c->ece);
    card_note(p);
    fprintf(p->to,
            "how far probabilities are off in the mean; log loss %.3f bits, "
            "Brier score %.3f",
            c->log_loss, c->brier);
    card_end(p);
}

static void overlap_card(const struct report_page *p)
{
    const ncd_report *r = p->report;
    const ncd_overlap *o = &r->folded;
    card_begin(p, "Seen in training");
    page_percent(p, r->n_test ? (double)o->n / (double)r->n_test : 0);
    fputs("<small> %</small>", p->to);
    card_note(p);
    if (o->n && o->n_rest) {
        double low, high;
        ncd_share_interval(o->n_rest_correct, o->n_rest, &low, &high);
        page_count(p, o->n);
        fprintf(p->to,
                " test texts; without them accuracy is %.2f %% (%.2f–%.2f)",
                100 * o->accuracy_rest, 100 * low, 100 * high);
    } else {
        fputs(o->n ? "every test text"
                   : "no test text is among the training "
                     "texts",
              p->to);
    }
    card_end(p);
}

static void speed_card(const struct report_page *p)
{
    const ncd_report *r = p->report;
    double seconds = r->seconds > 0 ? r->seconds : 1e-9;
    card_begin(p, "Texts a second");
    page_count(p, (uint64_t)((double)r->n_test / seconds));
    card_note(p);
    fprintf(p->to, "%.2f s on %u thread%s, peak memory %.0f MB", r->seconds,
            r->threads, r->threads == 1 ? "" : "s",
            (double)r->peak_rss_bytes / 1e6);
    card_end(p);
}

void page_cards(const struct report_page *p)
{
    fputs("<section class=\"cards\" aria-label=\"Summary\">\n", p->to);
    accuracy_card(p);
    macro_f1_card(p);
    calibration_card(p);
    baseline_card(p);
    overlap_card(p);
    speed_card(p);
    fputs("</section>\n", p->to);
}
