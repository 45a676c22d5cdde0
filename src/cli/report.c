/* SPDX-License-Identifier: MIT */
/*
 * Reports of evaluations: for people (text), for scripts (TSV, whose first
 * column says what a row is; columns and rows are only ever added), and as one
 * JSON object.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "cli.h"
#include "study.h"

const char *const report_format_choices[] = {"text", "tsv", "json", NULL};

static double percent(double share)
{
    return 100 * share;
}

const ncd_score *best_k(const ncd_report *r)
{
    const ncd_score *best = NULL;
    for (size_t i = 0; i < r->n_sweep; i++)
        if (!best || r->sweep[i].n_correct > best->n_correct)
            best = &r->sweep[i];
    return best;
}

/* --- Text --- */

static void text_head(const struct report_head *h)
{
    printf("data         %s%s%s (%s)\n", h->train, h->test ? " / " : "",
           h->test ? h->test : "", h->protocol);
    if (h->options.method != NCD_METHOD_KNN)
        printf("method       %s\n", ncd_method_name(h->options.method));
    if (h->options.method == NCD_METHOD_CLASS)
        return;
    printf("compressor   %s (%s)\n", h->options.compressor, h->library);
    printf("distance     %s, %s, k = %u, %s vote\n",
           ncd_distance_name(h->options.distance),
           ncd_order_name(h->options.order), h->options.k,
           ncd_vote_name(h->options.vote));
}

static void text_overlap(const char *name, const ncd_overlap *o,
                         uint64_t n_test)
{
    printf("%-12s %llu of %llu test texts also in training", name,
           (unsigned long long)o->n, (unsigned long long)n_test);
    if (o->n)
        printf(" (%llu with the same label)",
               (unsigned long long)o->n_same_label);
    if (o->n && o->n_rest)
        printf("; accuracy on the rest %.2f %%", percent(o->accuracy_rest));
    printf("\n");
}

static int label_width(const ncd_report *r)
{
    size_t width = 5;
    for (size_t i = 0; i < r->n_classes; i++)
        if (strlen(r->classes[i].label) > width)
            width = strlen(r->classes[i].label);
    return width > 30 ? 30 : (int)width;
}

static void text_classes(const ncd_report *r)
{
    int width = label_width(r);
    printf("\n%-*s precision  recall      F1  support\n", width, "label");
    for (size_t i = 0; i < r->n_classes; i++) {
        const ncd_class_score *c = &r->classes[i];
        printf("%-*s    %6.2f  %6.2f  %6.2f  %7llu%s\n", width, c->label,
               percent(c->precision), percent(c->recall), percent(c->f1),
               (unsigned long long)c->support,
               c->in_training ? "" : "  (not in training)");
    }
}

static void text_confusion(const ncd_report *r)
{
    int width = label_width(r);
    printf("\nrows: true label; columns: predicted\n%-*s", width, "");
    for (size_t j = 0; j < r->n_classes; j++)
        printf(" %6.6s", r->classes[j].label);
    printf("\n");
    for (size_t i = 0; i < r->n_classes; i++) {
        printf("%-*s", width, r->classes[i].label);
        for (size_t j = 0; j < r->n_classes; j++)
            printf(" %6llu",
                   (unsigned long long)r->confusion[i * r->n_classes + j]);
        printf("\n");
    }
}

static void text_sweep(const ncd_report *r)
{
    printf("\n    k  accuracy            95 %%  macro F1    top2\n");
    for (size_t i = 0; i < r->n_sweep; i++) {
        const ncd_score *s = &r->sweep[i];
        printf("%5u    %6.2f   %6.2f-%6.2f    %6.2f  %6.2f\n", s->k,
               percent(s->accuracy), percent(s->accuracy_low),
               percent(s->accuracy_high), percent(s->macro_f1),
               percent(s->top2));
    }
}

static void text_search(const ncd_report *r)
{
    const ncd_search_stats *s = &r->search;
    const ncd_agreement *a = &r->agreement;
    uint64_t pruned = s->pruned_before + s->pruned_during + s->pruned_after;
    uint64_t n = pruned + s->exact + s->library;
    if (s->exact + pruned && n)
        printf("pairs        %.1f %% proved too far (%.1f before, %.1f during, "
               "%.1f after the parse), %.1f %% sized, %.1f %% by the library\n",
               percent((double)pruned / (double)n),
               percent((double)s->pruned_before / (double)n),
               percent((double)s->pruned_during / (double)n),
               percent((double)s->pruned_after / (double)n),
               percent((double)s->exact / (double)n),
               percent((double)s->library / (double)n));
    if (a->n_texts)
        printf("agreement    %.2f %% of the labels, %.2f %% of the neighbours "
               "of the exact search on %llu texts\n",
               percent((double)a->n_same_label / (double)a->n_texts),
               percent((double)a->n_found / (double)a->n_neighbors),
               (unsigned long long)a->n_texts);
}

static void text_time(const ncd_report *r)
{
    char pairs[NUMBER_NBYTES];
    double seconds = r->seconds > 0 ? r->seconds : 1e-9;
    printf("time         %.2f s, ", r->seconds);
    if (r->calibration.n)
        printf("%.2f MB a second, ", (double)r->n_test_bytes / 1e6 / seconds);
    else
        printf("%s pairs a second, ",
               format_count((uint64_t)r->pairs_per_second, pairs));
    printf("%u thread%s, peak memory %.1f MB\n", r->threads,
           r->threads == 1 ? "" : "s", (double)r->peak_rss_bytes / 1e6);
}

/* What the probabilities are worth. */
static void text_calibration(const ncd_calibration *c)
{
    if (!c->n)
        return;
    printf("log loss     %.4f bits a label\n", c->log_loss);
    printf("Brier        %.4f\n", c->brier);
    printf("calibration  %.4f expected error\n", c->ece);
}

static void text_reliability(const ncd_calibration *c)
{
    if (!c->n)
        return;
    printf("\nprobability    texts  mean %%  right %%\n");
    for (int i = 0; i < NCD_N_BINS; i++) {
        const ncd_bin *b = &c->bins[i];
        if (b->n)
            printf("%.1f to %.1f  %7llu  %6.2f   %6.2f\n", b->low, b->high,
                   (unsigned long long)b->n, percent(b->mean_probability),
                   percent((double)b->n_correct / (double)b->n));
    }
    printf("\nat least  answered %%  right %%\n");
    for (int i = 0; i < NCD_N_COVERAGES; i++) {
        const ncd_coverage *v = &c->coverages[i];
        if (v->n)
            printf("    %.2f      %6.2f   %6.2f\n", v->probability,
                   percent((double)v->n / (double)c->n),
                   percent((double)v->n_correct / (double)v->n));
    }
}

/* --- Draws: few-shot, and the points of a learning curve --- */

static void text_draws(const struct draws *r)
{
    double mean, half;
    ncd_mean_interval(r->accuracies, r->n, &mean, &half);
    printf("%5zu    %6.2f  +- %5.2f ", r->size, percent(mean), percent(half));
    for (size_t i = 0; i < r->n; i++)
        printf(" %6.2f", percent(r->accuracies[i]));
    printf("\n");
}

static void text_curve(const struct curve *curve)
{
    printf("\ntexts  accuracy     95 %%   of each seed\n");
    for (size_t i = 0; i < curve->n; i++)
        text_draws(&curve->points[i]);
}

static void text_comparison(const struct comparison *c)
{
    printf("\n%-18s accuracy            95 %%   best k   seconds\n",
           "compared");
    for (size_t i = 0; i < c->n; i++) {
        const ncd_report *r = c->items[i].report;
        const ncd_score *best = best_k(r);
        printf("%-18s   %6.2f   %6.2f-%6.2f   ", c->items[i].name,
               percent(r->score.accuracy), percent(r->score.accuracy_low),
               percent(r->score.accuracy_high));
        if (best)
            printf("%3u: %5.2f", best->k, percent(best->accuracy));
        else
            printf("%9s", "");
        printf("  %8.2f\n", r->seconds);
    }
}

static void text_report(const struct report_head *h, const ncd_report *r)
{
    const ncd_score *s = &r->score;
    text_head(h);
    printf("texts        %llu training, %llu test\n",
           (unsigned long long)r->n_train, (unsigned long long)r->n_test);
    printf("\naccuracy     %.2f %% (%llu of %llu; 95 %%: %.2f-%.2f)\n",
           percent(s->accuracy), (unsigned long long)s->n_correct,
           (unsigned long long)r->n_test, percent(s->accuracy_low),
           percent(s->accuracy_high));
    printf("macro F1     %.2f\n", percent(s->macro_f1));
    printf("majority     %.2f %% (always \"%s\")\n",
           percent(r->majority_accuracy), r->majority_label);
    if (!r->calibration.n)
        printf("top2         %.2f %% (any tied label counts; not an "
               "accuracy)\n",
               percent(s->top2));
    text_calibration(&r->calibration);
    text_overlap("overlap", &r->verbatim, r->n_test);
    text_overlap("  folded", &r->folded, r->n_test);
    if (r->n_unseen_label)
        printf("unseen       %llu test texts have a label that training lacks; "
               "they count as wrong\n",
               (unsigned long long)r->n_unseen_label);
    if (r->n_skipped)
        printf("left out     %llu malformed test records\n",
               (unsigned long long)r->n_skipped);
    if (r->n_over_window)
        printf("long         %llu test texts exceed half the compressor's "
               "window\n",
               (unsigned long long)r->n_over_window);
    text_time(r);
    text_search(r);
    if (r->n_sweep)
        text_sweep(r);
    text_reliability(&r->calibration);
    text_classes(r);
    if (h->confusion)
        text_confusion(r);
    if (h->curve)
        text_curve(h->curve);
    if (h->comparison)
        text_comparison(h->comparison);
}

/* --- JSON --- */

static json_t *json_string_of(const char *s)
{
    return json_bytes(s, strlen(s));
}

static json_t *json_count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static void json_head(json_t *o, const struct report_head *h)
{
    json_object_set_new(o, "protocol", json_string_of(h->protocol));
    json_object_set_new(o, "train", json_string_of(h->train));
    if (h->test)
        json_object_set_new(o, "test", json_string_of(h->test));
    json_object_set_new(o, "version", json_string_of(ncd_version()));
    json_object_set_new(o, "method",
                        json_string_of(ncd_method_name(h->options.method)));
    json_object_set_new(o, "compressor", json_string_of(h->options.compressor));
    json_object_set_new(o, "library", json_string_of(h->library));
    json_object_set_new(o, "distance",
                        json_string_of(ncd_distance_name(h->options.distance)));
    json_object_set_new(o, "order",
                        json_string_of(ncd_order_name(h->options.order)));
    json_object_set_new(o, "k", json_count(h->options.k));
    json_object_set_new(o, "vote",
                        json_string_of(ncd_vote_name(h->options.vote)));
}

static void json_score(json_t *o, const ncd_score *s)
{
    json_object_set_new(o, "accuracy", json_real(s->accuracy));
    json_object_set_new(o, "accuracy_low", json_real(s->accuracy_low));
    json_object_set_new(o, "accuracy_high", json_real(s->accuracy_high));
    json_object_set_new(o, "n_correct", json_count(s->n_correct));
    json_object_set_new(o, "macro_f1", json_real(s->macro_f1));
    json_object_set_new(o, "top2", json_real(s->top2));
}

static json_t *json_overlap(const ncd_overlap *overlap)
{
    json_t *o = json_object();
    json_object_set_new(o, "n", json_count(overlap->n));
    json_object_set_new(o, "n_same_label", json_count(overlap->n_same_label));
    json_object_set_new(o, "n_rest", json_count(overlap->n_rest));
    json_object_set_new(o, "accuracy_rest",
                        overlap->n_rest ? json_real(overlap->accuracy_rest)
                                        : json_null());
    return o;
}

static json_t *json_search(const ncd_report *r)
{
    json_t *o = json_object();
    json_object_set_new(o, "pruned_before",
                        json_count(r->search.pruned_before));
    json_object_set_new(o, "pruned_during",
                        json_count(r->search.pruned_during));
    json_object_set_new(o, "pruned_after", json_count(r->search.pruned_after));
    json_object_set_new(o, "exact", json_count(r->search.exact));
    json_object_set_new(o, "library", json_count(r->search.library));
    return o;
}

static json_t *json_agreement(const ncd_agreement *a)
{
    json_t *o = json_object();
    json_object_set_new(o, "n_texts", json_count(a->n_texts));
    json_object_set_new(o, "n_same_label", json_count(a->n_same_label));
    json_object_set_new(o, "n_neighbors", json_count(a->n_neighbors));
    json_object_set_new(o, "n_found", json_count(a->n_found));
    return o;
}

static json_t *json_calibration(const ncd_calibration *c)
{
    json_t *o = json_object(), *bins = json_array(), *coverages = json_array();
    json_object_set_new(o, "n", json_count(c->n));
    json_object_set_new(o, "log_loss", json_real(c->log_loss));
    json_object_set_new(o, "brier", json_real(c->brier));
    json_object_set_new(o, "expected_error", json_real(c->ece));
    for (int i = 0; i < NCD_N_BINS; i++) {
        const ncd_bin *b = &c->bins[i];
        json_t *bin = json_object();
        json_object_set_new(bin, "low", json_real(b->low));
        json_object_set_new(bin, "high", json_real(b->high));
        json_object_set_new(bin, "n", json_count(b->n));
        json_object_set_new(bin, "n_correct", json_count(b->n_correct));
        json_object_set_new(bin, "mean_probability",
                            json_real(b->mean_probability));
        json_array_append_new(bins, bin);
    }
    for (int i = 0; i < NCD_N_COVERAGES; i++) {
        const ncd_coverage *v = &c->coverages[i];
        json_t *row = json_object();
        json_object_set_new(row, "probability", json_real(v->probability));
        json_object_set_new(row, "n", json_count(v->n));
        json_object_set_new(row, "n_correct", json_count(v->n_correct));
        json_array_append_new(coverages, row);
    }
    json_object_set_new(o, "bins", bins);
    json_object_set_new(o, "coverage", coverages);
    return o;
}

static json_t *json_classes(const ncd_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_classes; i++) {
        const ncd_class_score *c = &r->classes[i];
        json_t *o = json_object();
        json_object_set_new(o, "label", json_string_of(c->label));
        json_object_set_new(o, "precision", json_real(c->precision));
        json_object_set_new(o, "recall", json_real(c->recall));
        json_object_set_new(o, "f1", json_real(c->f1));
        json_object_set_new(o, "support", json_count(c->support));
        json_object_set_new(o, "in_training", json_boolean(c->in_training));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *json_confusion(const ncd_report *r)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < r->n_classes; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < r->n_classes; j++)
            json_array_append_new(
                row, json_count(r->confusion[i * r->n_classes + j]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *json_sweep(const ncd_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_sweep; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "k", json_count(r->sweep[i].k));
        json_score(o, &r->sweep[i]);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *json_draws(const char *size, const struct draws *r)
{
    double mean, half;
    json_t *o = json_object(), *runs = json_array();
    ncd_mean_interval(r->accuracies, r->n, &mean, &half);
    for (size_t i = 0; i < r->n; i++)
        json_array_append_new(runs, json_real(r->accuracies[i]));
    json_object_set_new(o, size, json_count(r->size));
    json_object_set_new(o, "accuracy_mean", json_real(mean));
    json_object_set_new(o, "accuracy_half_interval", json_real(half));
    json_object_set_new(o, "accuracies", runs);
    return o;
}

static json_t *json_curve(const struct curve *curve)
{
    json_t *list = json_array();
    for (size_t i = 0; i < curve->n; i++)
        json_array_append_new(list, json_draws("n_train", &curve->points[i]));
    return list;
}

static json_t *json_comparison(const struct comparison *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->n; i++) {
        const struct contender *item = &c->items[i];
        json_t *o = json_object();
        json_object_set_new(o, "name", json_string_of(item->name));
        json_object_set_new(o, "library", json_string_of(item->library));
        json_score(o, &item->report->score);
        json_object_set_new(o, "seconds", json_real(item->report->seconds));
        json_object_set_new(o, "by_k", json_sweep(item->report));
        json_array_append_new(list, o);
    }
    return list;
}

static void print_json(json_t *o)
{
    json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    putchar('\n');
    json_decref(o);
}

static void json_report(const struct report_head *h, const ncd_report *r)
{
    json_t *o = json_object();
    json_head(o, h);
    json_object_set_new(o, "n_train", json_count(r->n_train));
    json_object_set_new(o, "n_test", json_count(r->n_test));
    json_score(o, &r->score);
    json_object_set_new(o, "majority_label", json_string_of(r->majority_label));
    json_object_set_new(o, "majority_accuracy",
                        json_real(r->majority_accuracy));
    json_object_set_new(o, "overlap_verbatim", json_overlap(&r->verbatim));
    json_object_set_new(o, "overlap_folded", json_overlap(&r->folded));
    json_object_set_new(o, "n_unseen_label", json_count(r->n_unseen_label));
    json_object_set_new(o, "n_skipped", json_count(r->n_skipped));
    json_object_set_new(o, "n_over_window", json_count(r->n_over_window));
    json_object_set_new(o, "n_pairs", json_count(r->n_pairs));
    json_object_set_new(o, "search", json_search(r));
    if (r->agreement.n_texts)
        json_object_set_new(o, "agreement", json_agreement(&r->agreement));
    json_object_set_new(o, "seconds", json_real(r->seconds));
    json_object_set_new(o, "pairs_per_second", json_real(r->pairs_per_second));
    json_object_set_new(o, "peak_rss_bytes", json_count(r->peak_rss_bytes));
    json_object_set_new(o, "threads", json_count(r->threads));
    json_object_set_new(o, "n_test_bytes", json_count(r->n_test_bytes));
    if (r->calibration.n)
        json_object_set_new(o, "calibration",
                            json_calibration(&r->calibration));
    if (r->n_sweep)
        json_object_set_new(o, "by_k", json_sweep(r));
    json_object_set_new(o, "classes", json_classes(r));
    if (h->confusion)
        json_object_set_new(o, "confusion", json_confusion(r));
    if (h->curve)
        json_object_set_new(o, "learning_curve", json_curve(h->curve));
    if (h->comparison)
        json_object_set_new(o, "comparison", json_comparison(h->comparison));
    print_json(o);
}

/* --- TSV --- */

static void tsv_string(const char *name, const char *value)
{
    printf("summary\t%s\t%s\n", name, value);
}

static void tsv_number(const char *name, double value)
{
    char number[NUMBER_NBYTES];
    tsv_string(name, format_number(value, number));
}

static void tsv_head(const struct report_head *h)
{
    tsv_string("protocol", h->protocol);
    tsv_string("train", h->train);
    tsv_string("test", h->test ? h->test : "");
    tsv_string("version", ncd_version());
    tsv_string("method", ncd_method_name(h->options.method));
    tsv_string("compressor", h->options.compressor);
    tsv_string("library", h->library);
    tsv_string("distance", ncd_distance_name(h->options.distance));
    tsv_string("order", ncd_order_name(h->options.order));
    tsv_number("k", h->options.k);
    tsv_string("vote", ncd_vote_name(h->options.vote));
}

static void tsv_score(const ncd_score *s)
{
    tsv_number("accuracy", s->accuracy);
    tsv_number("accuracy_low", s->accuracy_low);
    tsv_number("accuracy_high", s->accuracy_high);
    tsv_number("n_correct", (double)s->n_correct);
    tsv_number("macro_f1", s->macro_f1);
    tsv_number("top2", s->top2);
}

static void tsv_calibration(const ncd_calibration *c)
{
    if (!c->n)
        return;
    tsv_number("log_loss", c->log_loss);
    tsv_number("brier", c->brier);
    tsv_number("expected_calibration_error", c->ece);
    for (int i = 0; i < NCD_N_BINS; i++)
        printf("bin\t%.1f\t%.1f\t%llu\t%llu\t%.6f\n", c->bins[i].low,
               c->bins[i].high, (unsigned long long)c->bins[i].n,
               (unsigned long long)c->bins[i].n_correct,
               c->bins[i].mean_probability);
    for (int i = 0; i < NCD_N_COVERAGES; i++)
        printf("coverage\t%.2f\t%llu\t%llu\n", c->coverages[i].probability,
               (unsigned long long)c->coverages[i].n,
               (unsigned long long)c->coverages[i].n_correct);
}

static void tsv_rows(const struct report_head *h, const ncd_report *r)
{
    for (size_t i = 0; i < r->n_sweep; i++) {
        const ncd_score *s = &r->sweep[i];
        printf("k\t%u\t%.6f\t%.6f\t%.6f\t%.6f\t%.6f\n", s->k, s->accuracy,
               s->accuracy_low, s->accuracy_high, s->macro_f1, s->top2);
    }
    for (size_t i = 0; i < r->n_classes; i++) {
        const ncd_class_score *c = &r->classes[i];
        printf("class\t%s\t%.6f\t%.6f\t%.6f\t%llu\n", c->label, c->precision,
               c->recall, c->f1, (unsigned long long)c->support);
    }
    for (size_t i = 0; h->confusion && i < r->n_classes; i++)
        for (size_t j = 0; j < r->n_classes; j++)
            printf("confusion\t%s\t%s\t%llu\n", r->classes[i].label,
                   r->classes[j].label,
                   (unsigned long long)r->confusion[i * r->n_classes + j]);
}

static void tsv_draws(const char *row, const struct draws *r)
{
    double mean, half;
    char number[NUMBER_NBYTES];
    ncd_mean_interval(r->accuracies, r->n, &mean, &half);
    printf("%s\t%zu\t%.6f\t%.6f", row, r->size, mean, half);
    for (size_t i = 0; i < r->n; i++)
        printf("\t%s", format_number(r->accuracies[i], number));
    printf("\n");
}

static void tsv_studies(const struct report_head *h)
{
    for (size_t i = 0; h->curve && i < h->curve->n; i++)
        tsv_draws("curve", &h->curve->points[i]);
    for (size_t i = 0; h->comparison && i < h->comparison->n; i++) {
        const struct contender *c = &h->comparison->items[i];
        const ncd_score *s = &c->report->score;
        printf("compared\t%s\t%s\t%.6f\t%.6f\t%.6f\t%.6f\t%.2f\n", c->name,
               c->library, s->accuracy, s->accuracy_low, s->accuracy_high,
               s->macro_f1, c->report->seconds);
    }
}

static void tsv_report(const struct report_head *h, const ncd_report *r)
{
    tsv_head(h);
    tsv_number("n_train", (double)r->n_train);
    tsv_number("n_test", (double)r->n_test);
    tsv_score(&r->score);
    tsv_string("majority_label", r->majority_label);
    tsv_number("majority_accuracy", r->majority_accuracy);
    tsv_number("overlap_verbatim", (double)r->verbatim.n);
    tsv_number("accuracy_without_verbatim", r->verbatim.accuracy_rest);
    tsv_number("overlap_folded", (double)r->folded.n);
    tsv_number("accuracy_without_folded", r->folded.accuracy_rest);
    tsv_number("n_unseen_label", (double)r->n_unseen_label);
    tsv_number("n_skipped", (double)r->n_skipped);
    tsv_number("n_over_window", (double)r->n_over_window);
    tsv_number("n_pairs", (double)r->n_pairs);
    tsv_number("pruned_before", (double)r->search.pruned_before);
    tsv_number("pruned_during", (double)r->search.pruned_during);
    tsv_number("pruned_after", (double)r->search.pruned_after);
    tsv_number("sized_exactly", (double)r->search.exact);
    tsv_number("sized_by_library", (double)r->search.library);
    tsv_number("agreement_texts", (double)r->agreement.n_texts);
    tsv_number("agreement_labels", (double)r->agreement.n_same_label);
    tsv_number("agreement_neighbors", (double)r->agreement.n_neighbors);
    tsv_number("agreement_found", (double)r->agreement.n_found);
    tsv_number("seconds", r->seconds);
    tsv_number("pairs_per_second", r->pairs_per_second);
    tsv_number("peak_rss_bytes", (double)r->peak_rss_bytes);
    tsv_number("threads", r->threads);
    tsv_number("n_test_bytes", (double)r->n_test_bytes);
    tsv_calibration(&r->calibration);
    tsv_rows(h, r);
    tsv_studies(h);
}

void print_report(enum report_format format, const struct report_head *head,
                  const ncd_report *report)
{
    switch (format) {
    case REPORT_TEXT:
        text_report(head, report);
        break;
    case REPORT_TSV:
        tsv_report(head, report);
        break;
    case REPORT_JSON:
        json_report(head, report);
        break;
    }
}

/* --- Few-shot --- */

void print_shots(enum report_format format, const struct report_head *head,
                 uint64_t n_test, const struct draws *results, size_t n)
{
    json_t *list = NULL, *o = NULL;
    switch (format) {
    case REPORT_TEXT:
        text_head(head);
        printf("texts        %llu test\n\n", (unsigned long long)n_test);
        printf("shots  accuracy     95 %%   of each seed\n");
        for (size_t i = 0; i < n; i++)
            text_draws(&results[i]);
        break;
    case REPORT_TSV:
        tsv_head(head);
        tsv_number("n_test", (double)n_test);
        for (size_t i = 0; i < n; i++)
            tsv_draws("shots", &results[i]);
        break;
    case REPORT_JSON:
        o = json_object();
        list = json_array();
        json_head(o, head);
        json_object_set_new(o, "n_test", json_count(n_test));
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, json_draws("shots", &results[i]));
        json_object_set_new(o, "by_shots", list);
        print_json(o);
        break;
    }
}
