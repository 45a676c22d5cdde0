/* SPDX-License-Identifier: MIT */
/* An evaluation as a page (html.h): what eval --report writes. One file for
 * each of its parts. */
#ifndef NCD_CLI_REPORT_PAGE_H
#define NCD_CLI_REPORT_PAGE_H

#include "cli.h"
#include "page/gather.h"

struct report_page {
    FILE *to;
    const struct report_head *head;
    const ncd_report *report;
    const struct gathered *gathered;
    const ncd_model *model;
    int has_probabilities; /* not kNN alone: shares are probabilities */
    const char *sure;      /* what shares are called: "probability" */
    size_t *numbers;       /* [n_classes] class numbers of report->classes */
};

/* Statuses: NOMEM, CODEC. Failures to write stay in the stream. */
ncd_status write_report_page(FILE *to, const struct report_head *head,
                             const ncd_report *report,
                             const struct gathered *gathered,
                             const ncd_model *model, ncd_error *err);

/* The parts, in their order, report_cards.c to report_making.c; each a section,
 * or nothing where there is nothing to show. */
void page_cards(const struct report_page *page);
void page_matrix(const struct report_page *page);
void page_classes(const struct report_page *page);
ncd_status page_confidence(const struct report_page *page, ncd_error *err);
void page_studies(const struct report_page *page);
ncd_status page_mistakes(const struct report_page *page, ncd_error *err);
ncd_status page_overlap(const struct report_page *page, ncd_error *err);
void page_making(const struct report_page *page);

/* What the script works on (report_data.c). */
void page_data(const struct report_page *page);

/* Begins a section; id is what the table of contents calls it. */
void page_section(const struct report_page *page, const char *id,
                  const char *title);

/* The last two parts of a path, which tell most. */
const char *page_path(const char *path);

/* "96.71" of a share; "1,234" of a count. */
void page_percent(const struct report_page *page, double share);
void page_count(const struct report_page *page, uint64_t count);

/* The name of a class by its number in the model, or in the test data. */
const char *page_label(const struct report_page *page, size_t number);

#endif
