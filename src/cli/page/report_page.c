/* SPDX-License-Identifier: MIT */
/* The page of an evaluation: its order, and what its parts share. */
#include "page/report_page.h"

#include <stdlib.h>
#include <string.h>

#include "page/assets.h"
#include "page/html.h"

void page_percent(const struct report_page *p, double share)
{
    fprintf(p->to, "%.2f", 100 * share);
}

void page_count(const struct report_page *p, uint64_t count)
{
    char number[NUMBER_NBYTES];
    fputs(format_count(count, number), p->to);
}

void page_section(const struct report_page *p, const char *id,
                  const char *title)
{
    fprintf(p->to,
            "<section class=\"part\" id=\"%s\" aria-labelledby=\"%s-title\">\n"
            "<h2 id=\"%s-title\">%s</h2>\n",
            id, id, id, title);
}

const char *page_label(const struct report_page *p, size_t number)
{
    const ncd_dataset *data = ncd_model_dataset(p->model);
    if (number < ncd_dataset_n_classes(data))
        return ncd_dataset_label(data, number);
    return p->gathered->labels[number];
}

/* --- Numbers of the classes --- */

static int compare_label(const void *label, const void *class_score)
{
    return strcmp(label, ((const ncd_class_score *)class_score)->label);
}

static void set_number(struct report_page *p, size_t number)
{
    const char *label = page_label(p, number);
    const ncd_report *r = p->report;
    const ncd_class_score *found =
        label ? bsearch(label, r->classes, r->n_classes, sizeof *r->classes,
                        compare_label)
              : NULL;
    if (found)
        p->numbers[found - r->classes] = number;
}

static ncd_status set_numbers(struct report_page *p, ncd_error *err)
{
    size_t n_known = ncd_dataset_n_classes(ncd_model_dataset(p->model));
    p->numbers = calloc(p->report->n_classes, sizeof *p->numbers);
    if (!p->numbers)
        return no_memory(err);
    for (size_t i = 0; i < n_known; i++)
        set_number(p, i);
    for (size_t i = n_known; i < p->gathered->n_rows; i++)
        set_number(p, i);
    return NCD_OK;
}

/* --- The page --- */

static void lead(const struct report_page *p)
{
    const struct report_head *h = p->head;
    FILE *to = p->to;
    fputs("<p class=\"lead\">", to);
    if (h->options.method != NCD_METHOD_KNN)
        fputs(h->options.method == NCD_METHOD_CLASS ? "A class model"
                                                    : "A class model and the",
              to);
    if (h->options.method != NCD_METHOD_CLASS) {
        fprintf(to, "%s %u nearest neighbours by ",
                h->options.method == NCD_METHOD_KNN ? "The" : "", h->options.k);
        html_string(to, h->options.compressor);
    }
    fputs(", trained on ", to);
    page_count(p, p->report->n_train);
    fputs(" texts of <code>", to);
    html_string(to, h->train);
    fputs("</code>, judged ", to);
    if (h->test) {
        fputs("on the ", to);
        page_count(p, p->report->n_test);
        fputs(" texts of <code>", to);
        html_string(to, h->test);
        fputs("</code>", to);
    } else {
        fputs("on the same texts by ", to);
        html_string(to, h->protocol);
        fputs(", each by what the others teach", to);
    }
    fputs(".</p>\n", to);
}

const char *page_path(const char *path)
{
    const char *at = path + strlen(path);
    for (int slashes = 0; at > path; at--)
        if (at[-1] == '/' && ++slashes == 2)
            break;
    return at;
}

static void contents(const struct report_page *p)
{
    fputs("<nav class=\"contents screen\" aria-label=\"Parts of this page\">"
          "<a href=\"#matrix\">Confusion</a><a href=\"#classes\">Classes</a>"
          "<a href=\"#confidence\">Confidence</a>",
          p->to);
    if (p->head->curve || p->head->comparison || p->report->n_sweep)
        fputs("<a href=\"#studies\">Comparison</a>", p->to);
    if (p->gathered->mistakes.n)
        fputs("<a href=\"#mistakes\">Mistakes</a>", p->to);
    fputs("<a href=\"#overlap\">Overlap</a><a href=\"#making\">How it was "
          "made</a></nav>\n",
          p->to);
}

static ncd_status write_parts(struct report_page *p, ncd_error *err)
{
    lead(p);
    contents(p);
    page_cards(p);
    page_matrix(p);
    page_classes(p);
    ncd_status status = page_confidence(p, err);
    if (status != NCD_OK)
        return status;
    page_studies(p);
    status = page_mistakes(p, err);
    if (status == NCD_OK)
        status = page_overlap(p, err);
    if (status == NCD_OK)
        page_making(p);
    return status;
}

ncd_status write_report_page(FILE *to, const struct report_head *head,
                             const ncd_report *report,
                             const struct gathered *gathered,
                             const ncd_model *model, ncd_error *err)
{
    int has_probabilities = head->options.method != NCD_METHOD_KNN;
    struct report_page p = {.to = to,
                            .head = head,
                            .report = report,
                            .gathered = gathered,
                            .model = model,
                            .has_probabilities = has_probabilities,
                            .sure = has_probabilities ? "probability"
                                                      : "share of the vote"};
    ncd_status status = set_numbers(&p, err);
    if (status == NCD_OK) {
        html_begin(to, page_path(head->test ? head->test : head->train),
                   (const char *const[]){explain_css, report_css, NULL});
        status = write_parts(&p, err);
    }
    if (status == NCD_OK) {
        page_data(&p);
        html_end(to, report_js);
    }
    free(p.numbers);
    return status;
}
