/* SPDX-License-Identifier: MIT */
/*
 * Making the table of counts; see counts.h.
 *
 * Each shard counts the new texts on its own. A gram that the table before has
 * is taken over with all its postings when a new text first shows it; those
 * that no new text has are moved as they are when the table is put together,
 * as if they were one shard more. A table from nothing is this with no table
 * before.
 */
#include <string.h>

#include "classmodel/counts_maker.h"
#include "util/error.h"
#include "util/parallel.h"

/* --- What stays of the table before --- */

static void spread_runs(const struct ncd_counts *c, uint32_t *n_in)
{
    for (size_t r = 0, i = 0; r < c->n_runs; r++)
        for (; i < c->runs[r].end; i++)
            n_in[i] = c->runs[r].n_in;
}

static ncd_status borrow(struct ncd_build *b, ncd_error *err)
{
    struct ncd_maker *m = &b->makers[NCD_STAYING];
    const struct ncd_counts *c = b->before;
    if (!c)
        return NCD_OK;
    b->touched = calloc(c->n_nodes + 1, 1);
    *m = (struct ncd_maker){.n_nodes = c->n_nodes,
                            .keys = c->keys,
                            .first = c->first,
                            .classes = c->classes,
                            .counts = c->counts,
                            .n_in = malloc((c->n_nodes + 1) * sizeof *m->n_in)};
    if (!b->touched || !m->n_in)
        return ncd_fail_nomem(err);
    spread_runs(c, m->n_in);
    return NCD_OK;
}

/* --- All of it --- */

static void count_places(struct ncd_counts *c, const struct ncd_build *b)
{
    for (size_t i = 0; i < b->n; i++) {
        ncd_text text = ncd_dataset_text(b->data, b->order[i]);
        uint32_t class = b->data->classes[b->order[i]];
        struct ncd_walk walk;
        uint64_t keys[NCD_KINDS];
        ncd_walk_begin(&walk, text);
        while (ncd_walk_next(&walk, keys))
            ;
        c->places[class] += walk.n_places;
        c->n_places += walk.n_places;
        c->words[class] += walk.n_words;
        c->n_words += walk.n_words;
    }
    c->n_texts += b->n;
}

/* The same, going on from the table before. */
static ncd_status make_places(struct ncd_build *b, ncd_error *err)
{
    struct ncd_counts *c = b->counts;
    const struct ncd_counts *before = b->before;
    c->places = calloc(c->n_classes + 1, sizeof *c->places);
    c->words = calloc(c->n_classes + 1, sizeof *c->words);
    if (!c->places || !c->words)
        return ncd_fail_nomem(err);
    if (before) {
        memcpy(c->places, before->places,
               before->n_classes * sizeof *c->places);
        memcpy(c->words, before->words, before->n_classes * sizeof *c->words);
        c->n_places = before->n_places;
        c->n_words = before->n_words;
        c->n_texts = before->n_texts;
    }
    count_places(c, b);
    return NCD_OK;
}

/* The texts to count, class by class. */
static size_t *order_texts(const struct ncd_build *b,
                           const unsigned char *leave_out, size_t *n_out)
{
    const ncd_dataset *data = b->data;
    size_t n_classes = data->labels.n, n = 0;
    size_t first = b->before ? b->before->n_texts : 0;
    size_t *order = calloc(data->n + 1, sizeof *order);
    size_t *at = calloc(n_classes + 2, sizeof *at);
    for (size_t i = first; order && at && i < data->n; i++)
        if (!leave_out || !leave_out[i]) {
            at[data->classes[i] + 1]++;
            n++;
        }
    for (size_t c = 0; order && at && c < n_classes; c++)
        at[c + 1] += at[c];
    for (size_t i = first; order && at && i < data->n; i++)
        if (!leave_out || !leave_out[i])
            order[at[data->classes[i]]++] = i;
    *n_out = n;
    if (!at) {
        free(order);
        order = NULL;
    }
    free(at);
    return order;
}

static ncd_status check(const ncd_dataset *data,
                        const struct ncd_counts *before, ncd_error *err)
{
    if (data->n >= UINT32_MAX || data->bytes.n >= UINT32_MAX / 2)
        return ncd_fail(err, NCD_ERR_INPUT,
                        "too much text for a class model: over 2 GB");
    if (before &&
        (before->n_texts > data->n || before->n_classes > data->labels.n))
        return ncd_fail(err, NCD_ERR_MODEL,
                        "the counts of the class model are of other texts");
    return NCD_OK;
}

ncd_status ncd_counts_build(struct ncd_counts *c, const ncd_dataset *data,
                            const unsigned char *leave_out,
                            const struct ncd_counts *before, unsigned threads,
                            ncd_error *err)
{
    *c = (struct ncd_counts){.n_classes = data->labels.n};
    struct ncd_build b = {.counts = c, .before = before, .data = data};
    ncd_status status = check(data, before, err);
    if (status != NCD_OK)
        return status;
    size_t *order = order_texts(&b, leave_out, &b.n);
    b.order = order;
    status = order ? make_places(&b, err) : ncd_fail_nomem(err);
    if (status == NCD_OK)
        status = borrow(&b, err);
    if (status == NCD_OK)
        status = ncd_parallel_for(NCD_N_SHARDS, threads, ncd_maker_run, &b,
                                  NULL, err);
    if (status == NCD_OK)
        status = ncd_makers_join(&b, err);
    for (size_t s = 0; s < NCD_N_MAKERS; s++)
        ncd_maker_free(&b.makers[s], s == NCD_STAYING);
    free(b.touched);
    free(order);
    return status;
}
