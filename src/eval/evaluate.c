/* SPDX-License-Identifier: MIT */
/*
 * Evaluation on test data and by cross-validation. Both feed batches of
 * labelled texts to the same accounting; what a batch costs in memory is
 * bounded, so that a test set of any length can be scored. Every text counts.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "eval/calibrate.h"
#include "eval/overlap.h"
#include "eval/tally.h"
#include "model/model.h"
#include "text/format.h"
#include "util/error.h"
#include "util/options.h"
#include "util/parallel.h"

/* A batch ends at whichever comes first. Large enough to keep all threads busy
 * to its end, small beside any training set worth the name. */
#define BATCH_TEXTS 1024
#define BATCH_NBYTES (4u << 20)

struct evaluation {
    const ncd_model *model;
    const ncd_eval_options *options;
    ncd_vote vote;
    unsigned threads;
    const uint32_t *folds; /* [n training texts], or NULL */
    struct ncd_search search;
    struct ncd_found found;
    /* Neighbours by the approximate search, of the texts that agreement is
     * measured on; `found` then serves the exact one, with all that is ready
     * in it. */
    struct ncd_found approximate;
    struct ncd_ranked *exact_ranked; /* [search.k] scratch */
    struct ncd_ranked *ranked;       /* [search.k] scratch */
    struct ncd_labels labels;  /* training labels, then unseen test labels */
    struct ncd_tally *tallies; /* [n_tallies]: of k, then of sweep_k */
    size_t n_tallies;
    struct ncd_overlap_index overlaps[2];
    struct ncd_answering answering; /* of class models, and both */
    /* [n][n training labels] of the batch's texts, or, by cross-validation, of
     * all texts; NULL where the model has no probabilities. */
    double *probabilities;
    ncd_report *report;
    double started;
};

/* One batch: texts with labels, and their folds where there are any. */
struct batch {
    const ncd_dataset *data;
    size_t first, n; /* texts first .. first + n - 1 of `data` */
    ncd_text *texts; /* [n] */
};

void ncd_eval_options_init_sized(ncd_eval_options *options, size_t nbytes)
{
    const ncd_eval_options own = {.vote = -1};
    ncd_give_options(options, nbytes, &own, sizeof own);
}

/* --- Setting up and taking down --- */

static ncd_status check_options(const ncd_model *model,
                                const ncd_eval_options *options, ncd_error *err)
{
    if (model->method != NCD_METHOD_KNN &&
        (options->n_sweep_k || options->n_candidates))
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "a class model has no neighbours to choose k or "
                        "candidates of");
    if (options->vote >= 0 && !ncd_vote_name((ncd_vote)options->vote))
        return ncd_fail(err, NCD_ERR_ARGUMENT, "no such vote");
    for (size_t i = 0; i < options->n_sweep_k; i++)
        if (options->sweep_k[i] == 0)
            return ncd_fail(err, NCD_ERR_ARGUMENT, "k must be at least 1");
    return NCD_OK;
}

static ncd_status init_tallies(struct evaluation *e)
{
    const ncd_eval_options *o = e->options;
    e->n_tallies = 1 + o->n_sweep_k;
    e->tallies = calloc(e->n_tallies, sizeof *e->tallies);
    if (!e->tallies)
        return NCD_ERR_NOMEM;
    for (size_t i = 0; i < e->n_tallies; i++) {
        struct ncd_tally *t = &e->tallies[i];
        t->k = i ? o->sweep_k[i - 1] : o->k ? o->k : e->model->k;
        if (t->k > e->search.k)
            e->search.k = t->k;
    }
    if (e->search.k > e->model->dataset->n)
        e->search.k = e->model->dataset->n;
    e->ranked = calloc(e->search.k, sizeof *e->ranked);
    e->exact_ranked = calloc(e->search.k, sizeof *e->exact_ranked);
    return e->ranked && e->exact_ranked ? NCD_OK : NCD_ERR_NOMEM;
}

static ncd_status init_labels(struct evaluation *e)
{
    const struct ncd_labels *known = &e->model->dataset->labels;
    for (size_t i = 0; i < known->n; i++) {
        size_t number;
        ncd_text name = {known->names[i], strlen(known->names[i])};
        if (ncd_labels_add(&e->labels, name, &number) != NCD_OK)
            return NCD_ERR_NOMEM;
    }
    return NCD_OK;
}

static ncd_status begin(struct evaluation *e, const ncd_model *model,
                        const ncd_eval_options *options, const uint32_t *folds,
                        ncd_error *err)
{
    *e = (struct evaluation){.model = model,
                             .options = options,
                             .folds = folds,
                             .threads = ncd_threads(options->threads),
                             .search = ncd_model_search(model, 0),
                             .started = ncd_clock()};
    e->search.folds = folds;
    e->search.n_candidates = options->n_candidates;
    ncd_status status = check_options(model, options, err);
    if (status != NCD_OK)
        return status;
    e->vote = options->vote < 0 ? model->vote : (ncd_vote)options->vote;
    e->report = calloc(1, sizeof *e->report);
    if (!e->report || init_tallies(e) != NCD_OK || init_labels(e) != NCD_OK)
        return ncd_fail_nomem(err);
    ncd_calibrate_begin(&e->report->calibration);
    status = ncd_overlap_init(&e->overlaps[0], NCD_DIGEST_VERBATIM,
                              model->dataset, folds, err);
    if (status == NCD_OK)
        status = ncd_overlap_init(&e->overlaps[1], NCD_DIGEST_FOLDED,
                                  model->dataset, folds, err);
    return status;
}

static void finish(struct evaluation *e)
{
    for (size_t i = 0; e->tallies && i < e->n_tallies; i++)
        ncd_tally_free(&e->tallies[i]);
    free(e->tallies);
    free(e->ranked);
    free(e->exact_ranked);
    ncd_found_free(&e->found);
    ncd_found_free(&e->approximate);
    ncd_answering_free(&e->answering);
    free(e->probabilities);
    ncd_labels_free(&e->labels);
    ncd_overlap_free(&e->overlaps[0]);
    ncd_overlap_free(&e->overlaps[1]);
    ncd_report_free(e->report);
}

/* --- Accounting --- */

/* Whether any label that is tied for the most votes is the true one. */
static int is_top2(const struct ncd_ranked *ranked, size_t n, size_t label)
{
    for (size_t i = 0; i < n && ranked[i].share == ranked[0].share; i++)
        if (ranked[i].class == label)
            return 1;
    return 0;
}

/* The label that wins when nobody votes: a fold may hold every text. */
#define NO_NEIGHBOR_CLASS 0

/* Votes for the text told of, whose true label is set, into tally t. */
static ncd_status tally_votes(struct evaluation *e, size_t t, size_t query,
                              ncd_eval_text *told)
{
    const struct ncd_found *f = &e->found;
    size_t n = f->counts[query], label = told->class_true;
    if (n > e->tallies[t].k)
        n = e->tallies[t].k;
    told->neighbors = f->items + query * f->k;
    told->n_neighbors = n;
    size_t n_ranked = ncd_vote_rank(e->model->dataset, told->neighbors, n,
                                    e->vote, e->ranked);
    told->class_predicted = n_ranked ? e->ranked[0].class : NO_NEIGHBOR_CLASS;
    told->share_predicted = n_ranked ? e->ranked[0].share : 0;
    told->share_true = 0;
    for (size_t i = 0; i < n_ranked; i++)
        if (e->ranked[i].class == label)
            told->share_true = e->ranked[i].share;
    return ncd_tally_add(&e->tallies[t], label, told->class_predicted,
                         is_top2(e->ranked, n_ranked, label));
}

/* The same of a class model, with the probabilities p of a text. */
static ncd_status tally_probabilities(struct evaluation *e, const double *p,
                                      ncd_eval_text *told)
{
    size_t n_classes = e->model->dataset->labels.n, best = 0;
    size_t label = told->class_true;
    for (size_t c = 1; c < n_classes; c++)
        best = p[c] > p[best] ? c : best;
    told->shares = p;
    told->n_shares = n_classes;
    told->class_predicted = best;
    told->share_predicted = p[best];
    told->share_true = label < n_classes ? p[label] : 0;
    ncd_calibrate_add(&e->report->calibration, p, n_classes, best, label);
    return ncd_tally_add(&e->tallies[0], label, best, best == label);
}

/* Counts the text where it is in training, too, and sets in_training. */
static ncd_status account_overlap(struct evaluation *e, uint32_t fold,
                                  ncd_eval_text *told, ncd_error *err)
{
    /* Verbatim last: who has the same bytes has the same words. */
    ncd_overlap *counts[] = {&e->report->folded, &e->report->verbatim};
    struct ncd_overlap_index *indexes[] = {&e->overlaps[1], &e->overlaps[0]};
    for (int o = 0; o < 2; o++) {
        uint64_t before = counts[o]->n;
        ncd_status status =
            ncd_overlap_count(indexes[o], told->text, fold, told->class_true,
                              told->class_predicted == told->class_true,
                              counts[o], &told->twin, err);
        if (status != NCD_OK)
            return status;
        if (counts[o]->n > before)
            told->in_training = o + 1;
    }
    return NCD_OK;
}

static ncd_status account(struct evaluation *e, const struct batch *b, size_t i,
                          ncd_error *err)
{
    size_t n_training_labels = e->model->dataset->labels.n;
    const ncd_dataset *d = b->data;
    ncd_report *r = e->report;
    ncd_eval_text told = {.label_true =
                              ncd_dataset_label(d, d->classes[b->first + i]),
                          .text = b->texts[i],
                          .source = ncd_dataset_source(d, b->first + i),
                          .line = ncd_dataset_line(d, b->first + i)};
    ncd_text name = {told.label_true, strlen(told.label_true)};
    if (ncd_labels_add(&e->labels, name, &told.class_true) != NCD_OK)
        return ncd_fail_nomem(err);
    /* What is told is the last vote, that of tally 0. */
    for (size_t t = e->n_tallies; t-- > 1;)
        if (tally_votes(e, t, i, &told) != NCD_OK)
            return ncd_fail_nomem(err);
    /* By cross-validation, those of all texts are there at once. */
    size_t row = e->folds ? b->first + i : i;
    ncd_status tallied =
        e->probabilities
            ? tally_probabilities(e, e->probabilities + row * n_training_labels,
                                  &told)
            : tally_votes(e, 0, i, &told);
    if (tallied != NCD_OK)
        return ncd_fail_nomem(err);
    told.fold = e->folds ? e->folds[b->first + i] : 0;
    ncd_status status = account_overlap(e, (uint32_t)told.fold, &told, err);
    if (status != NCD_OK)
        return status;
    r->n_test_bytes += b->texts[i].nbytes;
    r->n_unseen_label += told.class_true >= n_training_labels;
    size_t window = ncd_model_window(e->model);
    r->n_over_window += window && b->texts[i].nbytes > window / 2;
    told.label_predicted = e->labels.names[told.class_predicted];
    if (e->options->on_text)
        e->options->on_text(e->options->on_text_arg, &told);
    return NCD_OK;
}

/* --- Agreement of the approximate search --- */

static int is_found(const struct ncd_found *found, size_t query, size_t index)
{
    for (size_t i = 0; i < found->counts[query]; i++)
        if (found->items[query * found->k + i].index == index)
            return 1;
    return 0;
}

/* The first neighbours of a query, as many as k asks for, and their vote. */
static size_t vote_of(const struct evaluation *e, const struct ncd_found *f,
                      size_t query, struct ncd_ranked *ranked)
{
    size_t n = f->counts[query], k = e->tallies[0].k;
    n = n < k ? n : k;
    ncd_vote_rank(e->model->dataset, f->items + query * f->k, n, e->vote,
                  ranked);
    return n;
}

static void count_agreement(struct evaluation *e, size_t query)
{
    ncd_agreement *a = &e->report->agreement;
    vote_of(e, &e->approximate, query, e->ranked);
    size_t n = vote_of(e, &e->found, query, e->exact_ranked);
    a->n_texts++;
    a->n_same_label += n && e->approximate.counts[query] &&
                       e->ranked[0].class == e->exact_ranked[0].class;
    a->n_neighbors += n;
    for (size_t i = 0; i < n; i++)
        a->n_found += is_found(&e->approximate, query,
                               e->found.items[query * e->found.k + i].index);
}

/* Copies what was found for the first n queries. */
static ncd_status keep_found(struct ncd_found *kept,
                             const struct ncd_found *found, size_t n)
{
    size_t n_items = n * found->k;
    if (ncd_grow(&kept->items, &kept->items_capacity, n_items + 1,
                 sizeof *kept->items) ||
        ncd_grow(&kept->counts, &kept->counts_capacity, n + 1,
                 sizeof *kept->counts))
        return NCD_ERR_NOMEM;
    memcpy(kept->items, found->items, n_items * sizeof *kept->items);
    memcpy(kept->counts, found->counts, n * sizeof *kept->counts);
    kept->n = n;
    kept->k = found->k;
    return NCD_OK;
}

/* Searches exactly too, for what is left of the texts to compare. */
static ncd_status compare_exact(struct evaluation *e,
                                const struct ncd_queries *queries,
                                ncd_error *err)
{
    uint64_t left = e->options->compare_exact - e->report->agreement.n_texts;
    struct ncd_queries some = *queries;
    struct ncd_search search = e->search;
    search.n_candidates = 0;
    if (some.n > left)
        some.n = (size_t)left;
    if (e->probabilities || some.n == 0 || e->search.n_candidates == 0)
        return NCD_OK;
    if (keep_found(&e->approximate, &e->found, some.n) != NCD_OK)
        return ncd_fail_nomem(err);
    /* Time and counts of the report are those of the search that was asked
     * for. */
    double began = ncd_clock();
    ncd_search_stats stats = e->found.stats;
    ncd_status status =
        ncd_search_run(&search, &some, e->threads, NULL, &e->found, err);
    e->found.stats = stats;
    for (size_t i = 0; i < some.n && status == NCD_OK; i++)
        count_agreement(e, i);
    e->started += ncd_clock() - began;
    return status;
}

/* Neighbours, or probabilities, of a batch. */
static ncd_status answer(struct evaluation *e,
                         const struct ncd_queries *queries,
                         const struct ncd_progress *progress, ncd_error *err)
{
    if (e->model->method == NCD_METHOD_KNN)
        return ncd_search_run(&e->search, queries, e->threads, progress,
                              &e->found, err);
    if (e->folds)
        return NCD_OK;
    return ncd_model_probabilities(e->model, &e->search, queries, e->threads,
                                   progress, &e->answering, e->probabilities,
                                   err);
}

static ncd_status run_batch(struct evaluation *e, struct batch *b,
                            struct ncd_progress progress, ncd_error *err)
{
    struct ncd_queries queries = {b->texts,
                                  e->folds ? e->folds + b->first : NULL, b->n};
    for (size_t i = 0; i < b->n; i++)
        b->texts[i] = ncd_dataset_text(b->data, b->first + i);
    progress.fn = e->options->progress;
    progress.arg = e->options->progress_arg;
    ncd_status status = answer(e, &queries, &progress, err);
    for (size_t i = 0; i < b->n && status == NCD_OK; i++)
        status = account(e, b, i, err);
    if (status == NCD_OK)
        status = compare_exact(e, &queries, err);
    return status;
}

/* --- The report --- */

static size_t majority_class(const ncd_dataset *training, uint64_t *counts)
{
    size_t best = 0;
    for (size_t i = 0; i < training->n; i++)
        counts[training->classes[i]]++;
    for (size_t c = 1; c < training->labels.n; c++)
        if (counts[c] > counts[best])
            best = c;
    return best;
}

/* From the cells that count something: of the others, memory that calloc gives
 * is not even touched. */
static ncd_status report_confusion(struct evaluation *e)
{
    const struct ncd_tally *t = &e->tallies[0];
    ncd_report *r = e->report;
    size_t n = r->n_classes;
    size_t *place = calloc(n, sizeof *place); /* of each label in `classes` */
    r->confusion =
        n > SIZE_MAX / n ? NULL : calloc(n * n, sizeof *r->confusion);
    for (size_t i = 0; place && i < n; i++)
        place[e->labels.sorted[i]] = i;
    for (size_t i = 0; place && r->confusion && i < t->n_slots; i++) {
        const struct ncd_tally_cell *cell = &t->cells[i];
        if (cell->n)
            r->confusion[place[cell->row] * n + place[cell->column]] = cell->n;
    }
    free(place);
    return place && r->confusion ? NCD_OK : NCD_ERR_NOMEM;
}

static ncd_status report_classes(struct evaluation *e)
{
    ncd_report *r = e->report;
    const struct ncd_labels *labels = &e->labels;
    r->classes = calloc(labels->n, sizeof *r->classes);
    if (!r->classes)
        return NCD_ERR_NOMEM;
    for (size_t i = 0; i < labels->n; i++, r->n_classes++) {
        size_t label = labels->sorted[i];
        ncd_class_score *c = &r->classes[i];
        c->label = strdup(labels->names[label]);
        if (!c->label)
            return NCD_ERR_NOMEM;
        c->in_training = label < e->model->dataset->labels.n;
        ncd_tally_class(&e->tallies[0], label, c);
    }
    return report_confusion(e);
}

static ncd_status report_majority(struct evaluation *e)
{
    ncd_report *r = e->report;
    const ncd_dataset *training = e->model->dataset;
    uint64_t *counts = calloc(training->labels.n, sizeof *counts);
    if (!counts)
        return NCD_ERR_NOMEM;
    size_t majority = majority_class(training, counts);
    free(counts);
    ncd_class_score score;
    ncd_tally_class(&e->tallies[0], majority, &score);
    r->majority_accuracy =
        r->n_test ? (double)score.support / (double)r->n_test : 0;
    r->majority_label = strdup(training->labels.names[majority]);
    return r->majority_label ? NCD_OK : NCD_ERR_NOMEM;
}

static void report_overlap(ncd_overlap *overlap)
{
    if (overlap->n_rest)
        overlap->accuracy_rest =
            (double)overlap->n_rest_correct / (double)overlap->n_rest;
}

static void report_cost(struct evaluation *e)
{
    ncd_report *r = e->report;
    struct rusage usage;
    r->threads = e->threads;
    r->seconds = ncd_clock() - e->started;
    r->pairs_per_second = r->seconds > 0 ? (double)r->n_pairs / r->seconds : 0;
    /* Linux counts ru_maxrss in KiB. */
    if (getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss > 0)
        r->peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
}

static ncd_status make_report(struct evaluation *e, ncd_report **report_out,
                              ncd_error *err)
{
    ncd_report *r = e->report;
    r->n_train = e->model->dataset->n;
    r->n_test = e->tallies[0].n;
    ncd_tally_score(&e->tallies[0], e->labels.n, &r->score);
    r->n_sweep = e->n_tallies - 1;
    r->sweep = calloc(r->n_sweep + 1, sizeof *r->sweep);
    if (!r->sweep || report_classes(e) != NCD_OK ||
        report_majority(e) != NCD_OK)
        return ncd_fail_nomem(err);
    for (size_t i = 0; i < r->n_sweep; i++)
        ncd_tally_score(&e->tallies[i + 1], e->labels.n, &r->sweep[i]);
    report_overlap(&r->verbatim);
    report_overlap(&r->folded);
    ncd_calibrate_end(&r->calibration);
    r->search = e->found.stats;
    report_cost(e);
    *report_out = r;
    e->report = NULL;
    return NCD_OK;
}

void ncd_report_free(ncd_report *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_classes; i++)
        free((void *)(uintptr_t)r->classes[i].label);
    free((void *)(uintptr_t)r->majority_label);
    free(r->classes);
    free(r->confusion);
    free(r->sweep);
    free(r);
}

/* --- On test data --- */

static ncd_status read_batch(ncd_reader *test, ncd_dataset *data,
                             ncd_error *err)
{
    ncd_status status = NCD_OK;
    ncd_record record;
    ncd_dataset_clear(data);
    while (data->n < BATCH_TEXTS && data->bytes.n < BATCH_NBYTES) {
        status = ncd_reader_next(test, &record, err);
        if (status == NCD_OK)
            status = ncd_dataset_add(data, record.label, record.text,
                                     record.source, record.line, err);
        if (status != NCD_OK)
            return status;
    }
    return NCD_OK;
}

static ncd_status make_probabilities(struct evaluation *e, size_t n)
{
    if (e->model->method == NCD_METHOD_KNN)
        return NCD_OK;
    e->probabilities =
        calloc(n * e->model->dataset->labels.n, sizeof *e->probabilities);
    return e->probabilities ? NCD_OK : NCD_ERR_NOMEM;
}

static ncd_status run_test(struct evaluation *e, ncd_reader *test,
                           struct batch *b, ncd_dataset *data, ncd_error *err)
{
    ncd_status status = NCD_OK, read_status = NCD_OK;
    uint64_t done = ncd_reader_done(test);
    while (read_status == NCD_OK && status == NCD_OK) {
        read_status = read_batch(test, data, err);
        if (read_status != NCD_OK && read_status != NCD_END)
            return read_status;
        b->n = data->n;
        if (b->n == 0)
            break;
        uint64_t now = ncd_reader_done(test);
        struct ncd_progress progress = {.before = done,
                                        .span = now - done,
                                        .total = ncd_reader_total(test)};
        done = now;
        status = run_batch(e, b, progress, err);
        if (e->model->method == NCD_METHOD_KNN)
            e->report->n_pairs += (uint64_t)b->n * e->model->dataset->n;
    }
    return status;
}

ncd_status ncd_eval_test(const ncd_model *model, ncd_reader *test,
                         const ncd_eval_options *given, ncd_report **report_out,
                         ncd_error *err)
{
    ncd_eval_options options;
    struct evaluation e;
    ncd_dataset *data = NULL;
    ncd_eval_options_init(&options);
    ncd_take_options(&options, given);
    ncd_status status = begin(&e, model, &options, NULL, err);
    struct batch b = {.texts = calloc(BATCH_TEXTS, sizeof *b.texts)};
    if (status == NCD_OK && (!b.texts || ncd_dataset_new(&data) != NCD_OK ||
                             make_probabilities(&e, BATCH_TEXTS) != NCD_OK))
        status = ncd_fail_nomem(err);
    b.data = data;
    if (status == NCD_OK)
        status = run_test(&e, test, &b, data, err);
    if (status == NCD_OK && e.tallies[0].n == 0)
        status = ncd_fail(err, NCD_ERR_INPUT, "%s: there are no test texts",
                          test->record.source);
    if (status == NCD_OK) {
        e.report->n_skipped = ncd_reader_skipped(test);
        status = make_report(&e, report_out, err);
    }
    free(b.texts);
    ncd_dataset_free(data);
    finish(&e);
    return status;
}

/* --- Cross-validation --- */

/* Deals the texts of each class, shuffled, to the folds in turn; the dealing
 * goes on from class to class, so that folds differ by one text at most. */
static ncd_status assign_folds(const ncd_dataset *d, size_t n_folds,
                               uint64_t seed, uint32_t *folds, ncd_error *err)
{
    size_t *order = calloc(d->n + 1, sizeof *order);
    if (!order)
        return ncd_fail_nomem(err);
    ncd_status status = ncd_dataset_shuffle(d, seed, order, err);
    for (size_t i = 0; i < d->n && status == NCD_OK; i++)
        folds[order[i]] = (uint32_t)(i % n_folds);
    free(order);
    return status;
}

/* The texts in a fold, or outside it, in order. */
static size_t list_fold(const struct evaluation *e, uint32_t fold, int inside,
                        size_t *list)
{
    size_t n = 0;
    for (size_t i = 0; i < e->model->dataset->n; i++)
        if ((e->folds[i] == fold) == inside)
            list[n++] = i;
    return n;
}

/* Probabilities of the texts in `list` by a model of other texts, whose classes
 * have numbers of their own. */
static ncd_status ask_other(struct evaluation *e, const ncd_model *other,
                            const size_t *list, size_t n, ncd_error *err)
{
    const ncd_dataset *d = e->model->dataset;
    size_t n_other = other->dataset->labels.n;
    ncd_text *texts = calloc(n + 1, sizeof *texts);
    double *theirs = calloc(n * n_other + 1, sizeof *theirs);
    ncd_status status = texts && theirs ? NCD_OK : ncd_fail_nomem(err);
    struct ncd_search search = ncd_model_search(other, other->k);
    struct ncd_queries queries = {texts, NULL, n};
    for (size_t i = 0; i < n && status == NCD_OK; i++)
        texts[i] = ncd_dataset_text(d, list[i]);
    if (status == NCD_OK)
        status = ncd_model_probabilities(other, &search, &queries, e->threads,
                                         NULL, &e->answering, theirs, err);
    for (size_t c = 0; c < n_other && status == NCD_OK; c++) {
        const char *name = other->dataset->labels.names[c];
        size_t class = 0;
        ncd_labels_find(&d->labels, (ncd_text){name, strlen(name)}, &class);
        for (size_t i = 0; i < n; i++)
            e->probabilities[list[i] * d->labels.n + class] =
                theirs[i * n_other + c];
    }
    free(texts);
    free(theirs);
    return status;
}

static ncd_status judge_fold(struct evaluation *e, uint32_t fold, size_t *list,
                             ncd_error *err)
{
    ncd_dataset *rest;
    ncd_model *other = NULL;
    ncd_options options;
    ncd_model_options(e->model, &options);
    options.threads = e->threads;
    size_t n = list_fold(e, fold, 0, list);
    ncd_status status =
        ncd_dataset_select(e->model->dataset, list, n, &rest, err);
    if (status != NCD_OK)
        return status;
    status = ncd_model_train(rest, &options, &other, err);
    ncd_dataset_free(rest);
    n = list_fold(e, fold, 1, list);
    if (status == NCD_OK)
        status = ask_other(e, other, list, n, err);
    ncd_model_free(other);
    return status;
}

/* A class model for each fold, of the texts outside it. */
static ncd_status judge_folds(struct evaluation *e, size_t n_folds,
                              ncd_error *err)
{
    size_t n = e->model->dataset->n;
    if (e->model->method == NCD_METHOD_KNN)
        return NCD_OK;
    size_t *list = calloc(n, sizeof *list);
    if (!list || make_probabilities(e, n) != NCD_OK) {
        free(list);
        return ncd_fail_nomem(err);
    }
    ncd_status status = NCD_OK;
    for (size_t f = 0; f < n_folds && status == NCD_OK; f++) {
        if (e->options->progress &&
            e->options->progress(e->options->progress_arg, f, n_folds) != 0)
            status = ncd_fail(err, NCD_ERR_CANCELLED, "cancelled");
        else
            status = judge_fold(e, (uint32_t)f, list, err);
    }
    free(list);
    return status;
}

static ncd_status run_folds(struct evaluation *e, size_t n_folds,
                            struct batch *b, ncd_error *err)
{
    size_t n = e->model->dataset->n;
    ncd_status status = NCD_OK;
    for (b->first = 0; b->first < n && status == NCD_OK; b->first += b->n) {
        b->n = n - b->first < BATCH_TEXTS ? n - b->first : BATCH_TEXTS;
        struct ncd_progress progress = {
            .before = b->first, .span = b->n, .total = n};
        status = run_batch(e, b, progress, err);
    }
    /* A text is compared with all texts but those of its fold. */
    for (size_t f = 0; f < n_folds && !e->probabilities; f++) {
        uint64_t in_fold = n / n_folds + (f < n % n_folds);
        e->report->n_pairs += in_fold * (n - in_fold);
    }
    return status;
}

ncd_status ncd_eval_folds(const ncd_model *model, size_t folds, uint64_t seed,
                          const ncd_eval_options *given,
                          ncd_report **report_out, ncd_error *err)
{
    ncd_eval_options options;
    ncd_eval_options_init(&options);
    ncd_take_options(&options, given);
    struct evaluation e = {0};
    const ncd_dataset *d = model->dataset;
    size_t n_folds = folds ? folds : d->n;
    if (d->n < 2)
        return ncd_fail(err, NCD_ERR_INPUT,
                        "cross-validation needs at least 2 texts");
    if (folds == 0 && model->method != NCD_METHOD_KNN)
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "leave-one-out of a class model is what training "
                        "reports; ask for a number of folds");
    if (n_folds < 2 || n_folds > d->n)
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "%zu folds of %zu texts: there must be at least 2 "
                        "folds, and no more than texts",
                        n_folds, d->n);
    uint32_t *fold_of = calloc(d->n, sizeof *fold_of);
    struct batch b = {.data = d, .texts = calloc(BATCH_TEXTS, sizeof *b.texts)};
    ncd_status status = fold_of && b.texts
                            ? assign_folds(d, n_folds, seed, fold_of, err)
                            : ncd_fail_nomem(err);
    if (status == NCD_OK)
        status = begin(&e, model, &options, fold_of, err);
    if (status == NCD_OK)
        status = judge_folds(&e, n_folds, err);
    if (status == NCD_OK)
        status = run_folds(&e, n_folds, &b, err);
    if (status == NCD_OK)
        status = make_report(&e, report_out, err);
    free(fold_of);
    free(b.texts);
    finish(&e);
    return status;
}
