/* SPDX-License-Identifier: MIT */
/* Texts and answers for a page; see gather.h. */
#include "page/gather.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"

void gather_begin(struct gathered *g, size_t n_per_cell)
{
    *g = (struct gathered){.n_per_cell = n_per_cell,
                           .mistakes.limit = N_MISTAKES,
                           .twins.limit = N_TWINS};
}

/* --- One text --- */

static void kept_free(struct kept_text *kept)
{
    if (!kept)
        return;
    free(kept->source);
    free(kept->bytes);
    free(kept);
}

ncd_text beginning_of(ncd_text text, size_t limit)
{
    const unsigned char *b = text.bytes;
    if (text.nbytes <= limit)
        return text;
    text.nbytes = limit;
    while (text.nbytes > limit - 3 && (b[text.nbytes] & 0xc0) == 0x80)
        text.nbytes--;
    return text;
}

static void keep_ranks(struct kept_text *kept, const ncd_eval_text *text)
{
    for (size_t i = 0; i < text->n_neighbors && i < N_RANKS && !text->n_shares;
         i++)
        kept->ranks[kept->n_ranks++] = (struct rank){
            text->neighbors[i].index, text->neighbors[i].distance};
    for (size_t c = 0; c < text->n_shares; c++) {
        size_t at = kept->n_ranks < N_RANKS ? kept->n_ranks++ : N_RANKS;
        for (; at > 0 && kept->ranks[at - 1].value < text->shares[c]; at--)
            if (at < N_RANKS)
                kept->ranks[at] = kept->ranks[at - 1];
        if (at < N_RANKS)
            kept->ranks[at] = (struct rank){c, text->shares[c]};
    }
}

static struct kept_text *keep(const ncd_eval_text *text, size_t limit)
{
    struct kept_text *kept = calloc(1, sizeof *kept);
    if (!kept)
        return NULL;
    size_t n = beginning_of(text->text, limit).nbytes;
    *kept = (struct kept_text){.class_true = text->class_true,
                               .class_predicted = text->class_predicted,
                               .share_true = text->share_true,
                               .share_predicted = text->share_predicted,
                               .in_training = text->in_training,
                               .twin = text->twin,
                               .fold = text->fold,
                               .source = strdup(text->source),
                               .line = text->line,
                               .bytes = malloc(n + 1),
                               .nbytes = n,
                               .nbytes_text = text->text.nbytes};
    if (!kept->source || !kept->bytes) {
        kept_free(kept);
        return NULL;
    }
    if (n)
        memcpy(kept->bytes, text->text.bytes, n);
    keep_ranks(kept, text);
    return kept;
}

/* --- The most telling ones --- */

/* Of wrong answers the surest tell most, of right ones the least sure. */
static double interest(size_t class_true, size_t class_predicted, double share)
{
    return class_true == class_predicted ? -share : share;
}

static int tells_more(const ncd_eval_text *a, const struct kept_text *b)
{
    double x = interest(a->class_true, a->class_predicted, a->share_predicted);
    double y = interest(b->class_true, b->class_predicted, b->share_predicted);
    if (x != y)
        return x > y;
    /* Equal votes: the nearer the nearest neighbour, the surer. */
    if (a->n_neighbors && !a->n_shares && b->n_ranks &&
        a->neighbors[0].distance != b->ranks[0].value)
        return (a->neighbors[0].distance < b->ranks[0].value) ==
               (a->class_true != a->class_predicted);
    return 0;
}

/* Puts the text at a place of the ranking, if it has such a place. */
static int put_text(struct ranking *r, size_t at, const ncd_eval_text *text,
                    size_t limit_nbytes)
{
    if (at == r->limit)
        return 1;
    if (!r->texts)
        r->texts = calloc(r->limit, sizeof *r->texts);
    struct kept_text *kept = r->texts ? keep(text, limit_nbytes) : NULL;
    if (!kept)
        return 0;
    if (r->n == r->limit)
        kept_free(r->texts[--r->n]);
    memmove(r->texts + at + 1, r->texts + at, (r->n - at) * sizeof *r->texts);
    r->texts[at] = kept;
    r->n++;
    return 1;
}

/* Texts told of earlier stay before their equals. */
static int rank_text(struct ranking *r, const ncd_eval_text *text,
                     size_t limit_nbytes)
{
    size_t at = r->n;
    while (at > 0 && tells_more(text, r->texts[at - 1]))
        at--;
    return put_text(r, at, text, limit_nbytes);
}

static void ranking_free(struct ranking *r)
{
    for (size_t i = 0; i < r->n; i++)
        kept_free(r->texts[i]);
    free(r->texts);
}

/* --- Cells --- */

/* Room for one more item in an array of n, which doubles at powers of two. */
static void *one_more(void *items, size_t n, size_t nbytes)
{
    return n & (n - 1) ? items : realloc(items, (n ? 2 * n : 1) * nbytes);
}

static struct cell *find_cell(const struct cell_row *row, size_t predicted)
{
    for (size_t i = 0; i < row->n; i++)
        if (row->cells[i].class_predicted == predicted)
            return &row->cells[i];
    return NULL;
}

static struct cell *make_cell(struct cell_row *row, size_t predicted,
                              size_t limit)
{
    struct cell *cell = find_cell(row, predicted);
    if (cell)
        return cell;
    struct cell *cells = one_more(row->cells, row->n, sizeof *cells);
    if (!cells)
        return NULL;
    row->cells = cells;
    cell = &cells[row->n++];
    *cell = (struct cell){.class_predicted = predicted, .ranking.limit = limit};
    return cell;
}

static int make_rows(struct gathered *g, size_t n)
{
    while (g->n_rows < n) {
        struct cell_row *rows = one_more(g->rows, g->n_rows, sizeof *rows);
        if (rows)
            g->rows = rows;
        char **labels = one_more(g->labels, g->n_rows, sizeof *labels);
        if (labels)
            g->labels = labels;
        if (!rows || !labels)
            return 0;
        rows[g->n_rows] = (struct cell_row){0};
        labels[g->n_rows++] = NULL;
    }
    return 1;
}

static int take_cell(struct gathered *g, const ncd_eval_text *text)
{
    size_t number = text->class_true;
    if (!make_rows(g, number + 1))
        return 0;
    if (!g->labels[number])
        g->labels[number] = strdup(text->label_true);
    struct cell *cell =
        make_cell(&g->rows[number], text->class_predicted, g->n_per_cell);
    return g->labels[number] && cell &&
           rank_text(&cell->ranking, text, EXCERPT_NBYTES);
}

/* --- All texts --- */

static int take_answer(struct gathered *g, const ncd_eval_text *text)
{
    struct answer *answers =
        one_more(g->answers, g->n_answers, sizeof *answers);
    if (!answers)
        return 0;
    g->answers = answers;
    g->answers[g->n_answers++] = (struct answer){
        text->share_predicted, text->class_true == text->class_predicted,
        (uint32_t)text->fold};
    return 1;
}

void gather_text(void *arg, const ncd_eval_text *text)
{
    struct gathered *g = arg;
    int taken = take_answer(g, text) && take_cell(g, text);
    if (text->class_true != text->class_predicted)
        taken = taken && rank_text(&g->mistakes, text, MISTAKE_NBYTES);
    if (text->in_training)
        taken = taken && put_text(&g->twins, g->twins.n, text, EXCERPT_NBYTES);
    g->out_of_memory |= !taken;
}

const struct ranking *gathered_cell(const struct gathered *g, size_t class_true,
                                    size_t class_predicted)
{
    if (class_true >= g->n_rows)
        return NULL;
    struct cell *cell = find_cell(&g->rows[class_true], class_predicted);
    return cell ? &cell->ranking : NULL;
}

void gather_free(struct gathered *g)
{
    for (size_t i = 0; i < g->n_rows; i++) {
        for (size_t j = 0; j < g->rows[i].n; j++)
            ranking_free(&g->rows[i].cells[j].ranking);
        free(g->rows[i].cells);
        free(g->labels[i]);
    }
    free(g->rows);
    free(g->labels);
    ranking_free(&g->mistakes);
    ranking_free(&g->twins);
    free(g->answers);
}
