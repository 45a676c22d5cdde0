/* SPDX-License-Identifier: MIT */
/*
 * The data that the script of a report page works on: labels, the cells of the
 * confusion matrix that have texts, and the texts kept of each. Texts are the
 * bulk of a page, so there are fewer of each cell where all would be too much.
 */
#include "page/html.h"
#include "page/report_page.h"

/* Of texts and neighbours' beginnings; with all else a page stays below 3 MB.
 */
#define BUDGET_NBYTES (3u << 19)
#define NEIGHBOR_NBYTES 160

/* What a stored text takes beside its own bytes. */
#define OVERHEAD_NBYTES 120

static const struct ranking *cell_at(const struct report_page *p, size_t i,
                                     size_t j)
{
    return gathered_cell(p->gathered, p->numbers[i], p->numbers[j]);
}

static size_t text_nbytes(const struct report_page *p,
                          const struct kept_text *text)
{
    size_t neighbor = p->has_probabilities ? 0 : NEIGHBOR_NBYTES;
    return text->nbytes + neighbor + OVERHEAD_NBYTES;
}

/* Bytes of all texts, if there are at most `limit` of a cell. */
static size_t all_nbytes(const struct report_page *p, size_t limit)
{
    size_t sum = 0;
    for (size_t i = 0; i < p->gathered->n_rows; i++) {
        const struct cell_row *row = &p->gathered->rows[i];
        for (size_t j = 0; j < row->n; j++) {
            const struct ranking *r = &row->cells[j].ranking;
            for (size_t k = 0; k < r->n && k < limit; k++)
                sum += text_nbytes(p, r->texts[k]);
        }
    }
    return sum;
}

static size_t texts_of_a_cell(const struct report_page *p)
{
    size_t limit = p->gathered->n_per_cell;
    while (limit > 1 && all_nbytes(p, limit) > BUDGET_NBYTES)
        limit--;
    return limit;
}

static void put_ranks(const struct report_page *p, const struct kept_text *t)
{
    const ncd_dataset *training = ncd_model_dataset(p->model);
    fputs(",\"ranks\":[", p->to);
    for (size_t i = 0; i < t->n_ranks; i++) {
        size_t number = t->ranks[i].number;
        size_t class =
            p->has_probabilities ? number : ncd_dataset_class(training, number);
        fputs(i ? ",[" : "[", p->to);
        html_json_string(p->to, ncd_dataset_label(training, class));
        fprintf(p->to, ",%.4f]", t->ranks[i].value);
    }
    putc(']', p->to);
    if (p->has_probabilities || t->n_ranks == 0)
        return;
    size_t nearest = t->ranks[0].number;
    fputs(",\"near\":", p->to);
    html_json(p->to, beginning_of(ncd_dataset_text(training, nearest),
                                  NEIGHBOR_NBYTES));
}

static void put_text(const struct report_page *p, const struct kept_text *t)
{
    fprintf(p->to,
            "{\"sure\":%.4f,\"line\":%llu,\"source\":", t->share_predicted,
            (unsigned long long)t->line);
    html_json_string(p->to, page_path(t->source));
    fputs(",\"text\":", p->to);
    html_json(p->to, (ncd_text){t->bytes, t->nbytes});
    if (t->nbytes < t->nbytes_text)
        fprintf(p->to, ",\"more\":%zu", t->nbytes_text - t->nbytes);
    if (t->in_training)
        fprintf(p->to, ",\"seen\":%d", t->in_training);
    put_ranks(p, t);
    putc('}', p->to);
}

static void put_cell(const struct report_page *p, size_t i, size_t j,
                     size_t limit)
{
    const ncd_report *r = p->report;
    const struct ranking *texts = cell_at(p, i, j);
    fprintf(p->to, "[%zu,%zu,%llu,[", i, j,
            (unsigned long long)r->confusion[i * r->n_classes + j]);
    for (size_t k = 0; texts && k < texts->n && k < limit; k++) {
        if (k)
            putc(',', p->to);
        put_text(p, texts->texts[k]);
    }
    fputs("]]", p->to);
}

void page_data(const struct report_page *p)
{
    const ncd_report *r = p->report;
    size_t limit = texts_of_a_cell(p), n_cells = 0;
    fprintf(p->to,
            "<script type=\"application/json\" id=\"data\">\n{\"sure\":\"%s\","
            "\"votes\":%s,\"limit\":%zu,\"labels\":[",
            p->sure, p->has_probabilities ? "false" : "true", limit);
    for (size_t i = 0; i < r->n_classes; i++) {
        if (i)
            putc(',', p->to);
        html_json_string(p->to, r->classes[i].label);
    }
    fputs("],\n\"cells\":[", p->to);
    for (size_t i = 0; i < r->n_classes; i++) {
        for (size_t j = 0; j < r->n_classes; j++) {
            if (!r->confusion[i * r->n_classes + j])
                continue;
            fputs(n_cells++ ? ",\n" : "\n", p->to);
            put_cell(p, i, j, limit);
        }
    }
    fputs("]}\n</script>\n", p->to);
}
