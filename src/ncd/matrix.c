/* SPDX-License-Identifier: MIT */
/*
 * Distance matrices, a block of rows at a time: the rows of a block are
 * computed in parallel and then handed out in order, so that memory is a few
 * rows whatever the size of the matrix.
 */
#include <stdlib.h>

#include "ncd/prepared.h"
#include "util/error.h"
#include "util/options.h"
#include "util/parallel.h"

struct matrix {
    const ncd_dataset *rows, *columns;
    const struct ncd_measure *measure;
    struct ncd_crew crew;
    struct ncd_prepared prepared; /* columns, or nothing */
    double *column_sizes;         /* [n_columns] */
    double *block;                /* [block_rows][n_columns] */
    size_t first_row, n_columns;
};

static ncd_status compute_row(void *arg, size_t task, unsigned thread,
                              ncd_error *err)
{
    struct matrix *m = arg;
    double *out = m->block + task * m->n_columns;
    ncd_text x = ncd_dataset_text(m->rows, m->first_row + task);
    double size_x, size_xy;
    ncd_engine *engine;
    ncd_status status = ncd_crew_engine(&m->crew, thread, &engine, err);
    if (status == NCD_OK)
        status = ncd_engine_size(engine, x, &size_x, err);
    if (status == NCD_OK)
        ncd_engine_set_first(engine, x);
    for (size_t j = 0; j < m->n_columns && status == NCD_OK; j++) {
        const struct ncd_dsuffix *prepared = ncd_prepared_item(&m->prepared, j);
        ncd_text y = ncd_dataset_text(m->columns, j);
        status =
            prepared
                ? ncd_engine_joint(engine, y, prepared, HUGE_VAL, &size_xy, err)
                : ncd_engine_join_pair(engine, x, y, HUGE_VAL, &size_xy, err);
        if (status == NCD_OK)
            out[j] = ncd_distance_of(m->measure->distance, size_x,
                                     m->column_sizes[j], size_xy);
    }
    return status;
}

/* Worth it where the columns are second and meet more than a few rows. */
static ncd_status prepare_columns(struct matrix *m, ncd_error *err)
{
    if (m->measure->order != NCD_ORDER_TEST_FIRST ||
        ncd_dataset_n_texts(m->rows) < 3 || !ncd_measure_is_fast(m->measure))
        return NCD_OK;
    ncd_text *texts = calloc(m->n_columns + 1, sizeof *texts);
    if (!texts)
        return ncd_fail_nomem(err);
    for (size_t j = 0; j < m->n_columns; j++)
        texts[j] = ncd_dataset_text(m->columns, j);
    ncd_status status =
        ncd_prepare(&m->prepared, &m->crew, texts, m->n_columns, err);
    free(texts);
    return status;
}

static ncd_status run_blocks(struct matrix *m, const ncd_options *options,
                             size_t block_rows, ncd_row_fn row_fn, void *arg,
                             ncd_error *err)
{
    size_t n_rows = ncd_dataset_n_texts(m->rows);
    for (m->first_row = 0; m->first_row < n_rows; m->first_row += block_rows) {
        size_t n = n_rows - m->first_row;
        if (n > block_rows)
            n = block_rows;
        struct ncd_progress progress = {
            options->progress, options->progress_arg, m->first_row, n, n_rows};
        ncd_status status =
            ncd_parallel_for(n, m->crew.n, compute_row, m, &progress, err);
        if (status != NCD_OK)
            return status;
        for (size_t i = 0; i < n; i++)
            if (row_fn(arg, m->first_row + i, m->block + i * m->n_columns,
                       m->n_columns) != 0)
                return ncd_fail(err, NCD_ERR_CANCELLED, "cancelled");
    }
    return NCD_OK;
}

ncd_status ncd_matrix(const ncd_dataset *rows, const ncd_dataset *columns,
                      const ncd_options *given, ncd_row_fn row_fn, void *arg,
                      ncd_error *err)
{
    ncd_options own, *options = &own;
    struct ncd_measure measure;
    ncd_options_init(&own);
    ncd_take_options(&own, given);
    unsigned threads = ncd_threads(options->threads);
    size_t block_rows = 4 * (size_t)threads;
    struct matrix m = {.rows = rows,
                       .columns = columns,
                       .measure = &measure,
                       .n_columns = ncd_dataset_n_texts(columns)};
    ncd_status status = ncd_measure_init(&measure, options, err);
    if (status == NCD_OK)
        status = ncd_crew_prepare(&m.crew, &measure, threads, err);
    if (status == NCD_OK) {
        m.column_sizes = calloc(m.n_columns + 1, sizeof(double));
        m.block = calloc(block_rows * m.n_columns + 1, sizeof(double));
        if (!m.column_sizes || !m.block)
            status = ncd_fail_nomem(err);
    }
    if (status == NCD_OK) {
        /* The sizes are a small part of the work; its progress is the rows'. */
        ncd_options quiet = *options;
        quiet.progress = NULL;
        status =
            ncd_crew_sizes(&m.crew, columns, 0, &quiet, m.column_sizes, err);
    }
    if (status == NCD_OK)
        status = prepare_columns(&m, err);
    if (status == NCD_OK)
        status = run_blocks(&m, options, block_rows, row_fn, arg, err);
    free(m.column_sizes);
    free(m.block);
    ncd_prepared_free(&m.prepared);
    ncd_crew_free(&m.crew);
    ncd_measure_free(&measure);
    return status;
}
