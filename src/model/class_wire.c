/* SPDX-License-Identifier: MIT */
/* What a class model has fitted, as bytes; see class_wire.h. */
#include "model/class_wire.h"

#include <math.h>
#include <stdlib.h>

#define N_FIGURES 6

static void to_figures(const struct ncd_class_training *t, double *figures)
{
    figures[0] = (double)t->n_judged;
    figures[1] = (double)t->n_correct;
    figures[2] = (double)t->n_bytes;
    figures[3] = t->log_loss;
    figures[4] = t->corpus_bits;
    figures[5] = t->class_bits;
}

static void from_figures(const double *figures, struct ncd_class_training *t)
{
    *t = (struct ncd_class_training){.n_judged = (uint64_t)figures[0],
                                     .n_correct = (uint64_t)figures[1],
                                     .n_bytes = (uint64_t)figures[2],
                                     .log_loss = figures[3],
                                     .corpus_bits = figures[4],
                                     .class_bits = figures[5]};
}

static ncd_status put_doubles(struct ncd_buf *out, const double *values,
                              size_t n)
{
    ncd_status status = NCD_OK;
    for (size_t i = 0; i < n && status == NCD_OK; i++)
        status = ncd_put_double(out, values[i]);
    return status;
}

static ncd_status put_floats(struct ncd_buf *out, const float *values, size_t n)
{
    ncd_status status = NCD_OK;
    for (size_t i = 0; i < n && status == NCD_OK; i++)
        status = ncd_put_float(out, values[i]);
    return status;
}

ncd_status ncd_put_class_fit(struct ncd_buf *out,
                             const struct ncd_class_fit *fit)
{
    double figures[N_FIGURES];
    to_figures(&fit->training, figures);
    if (ncd_put_u64(out, fit->n_classes) != NCD_OK ||
        ncd_put_u64(out, fit->n_postings) != NCD_OK ||
        put_doubles(out, fit->mix, NCD_N_EXPERTS) != NCD_OK ||
        put_doubles(out, &fit->length_power, 1) != NCD_OK ||
        put_doubles(out, &fit->temper.plain, 1) != NCD_OK ||
        put_doubles(out, &fit->temper.scaled, 1) != NCD_OK ||
        put_doubles(out, figures, N_FIGURES) != NCD_OK ||
        put_doubles(out, fit->biases, fit->n_classes) != NCD_OK ||
        put_floats(out, fit->weights, fit->n_postings) != NCD_OK)
        return NCD_ERR_NOMEM;
    return put_floats(out, fit->margin_biases, fit->n_classes);
}

static int get_doubles(struct ncd_cursor *in, double *values, size_t n)
{
    int sane = 1;
    for (size_t i = 0; i < n; i++) {
        values[i] = ncd_get_double(in);
        sane &= fabs(values[i]) <= NCD_SANE_MOST; /* a NaN is not */
    }
    return sane;
}

static int get_floats(struct ncd_cursor *in, float *values, size_t n)
{
    int sane = 1;
    for (size_t i = 0; i < n; i++) {
        values[i] = ncd_get_float(in);
        sane &= fabs((double)values[i]) <= NCD_SANE_MOST;
    }
    return sane;
}

static ncd_status get_values(struct ncd_cursor *in, struct ncd_class_fit *fit)
{
    double figures[N_FIGURES];
    int sane = get_doubles(in, fit->mix, NCD_N_EXPERTS);
    sane &= get_doubles(in, &fit->length_power, 1);
    sane &= fit->length_power >= 0 && fit->length_power <= 1;
    sane &= get_doubles(in, &fit->temper.plain, 1);
    sane &= get_doubles(in, &fit->temper.scaled, 1);
    sane &= fit->temper.plain >= 0 && fit->temper.scaled >= 0;
    sane &= get_doubles(in, figures, N_FIGURES);
    for (int i = 0; i < N_FIGURES; i++)
        sane &= figures[i] >= 0;
    sane &= get_doubles(in, fit->biases, fit->n_classes);
    sane &= get_floats(in, fit->weights, fit->n_postings);
    sane &= get_floats(in, fit->margin_biases, fit->n_classes);
    if (!sane || in->failed || in->at != in->end)
        return NCD_ERR_MODEL;
    from_figures(figures, &fit->training);
    return NCD_OK;
}

ncd_status ncd_get_class_fit(struct ncd_cursor *in, struct ncd_class_fit *fit)
{
    uint64_t n_classes = ncd_get_u64(in), n_postings = ncd_get_u64(in);
    uint64_t left = (uint64_t)(in->end - in->at);
    *fit = (struct ncd_class_fit){0};
    /* A posting takes 4 bytes and a class 12. */
    if (in->failed || n_classes > left / 12 || n_postings > left / 4)
        return NCD_ERR_MODEL;
    fit->n_classes = (size_t)n_classes;
    fit->n_postings = (size_t)n_postings;
    fit->biases = calloc(fit->n_classes + 1, sizeof *fit->biases);
    fit->weights = calloc(fit->n_postings + 1, sizeof *fit->weights);
    fit->margin_biases = calloc(fit->n_classes + 1, sizeof *fit->margin_biases);
    ncd_status status = NCD_ERR_NOMEM;
    if (fit->biases && fit->weights && fit->margin_biases)
        status = get_values(in, fit);
    if (status != NCD_OK)
        ncd_class_fit_free(fit);
    return status;
}
