/* SPDX-License-Identifier: MIT */
/* What a model says of its own training: what was compared, and how long the
 * training data are as a message. For `train` and `info`. */
#include <math.h>
#include <stdio.h>

#include "cli.h"

#define NAME_NBYTES 192

/* "class", "both gzip:9 ncd test-first k=5". */
static const char *name_of(const ncd_contender *c, char out[NAME_NBYTES])
{
    if (c->method == NCD_METHOD_CLASS)
        snprintf(out, NAME_NBYTES, "%s", ncd_method_name(c->method));
    else
        snprintf(out, NAME_NBYTES, "%s %s %s %s k=%u",
                 ncd_method_name(c->method), c->compressor,
                 ncd_distance_name(c->distance), ncd_order_name(c->order),
                 c->k);
    return out;
}

void print_contenders(FILE *out, const ncd_model *model)
{
    size_t n = ncd_model_n_contenders(model);
    char name[NAME_NBYTES];
    for (size_t i = 0; i < n; i++) {
        const ncd_contender *c = ncd_model_contender(model, i);
        if (i == 0)
            fprintf(out, "contenders   %llu texts, each left out\n",
                    (unsigned long long)c->n_judged);
        fprintf(out, "  %6.2f %%   %s",
                100 * (double)c->n_correct / (double)c->n_judged,
                name_of(c, name));
        if (i > 0)
            fprintf(out, " (+%llu -%llu)", (unsigned long long)c->n_won,
                    (unsigned long long)c->n_lost);
        fprintf(out, "%s\n", c->chosen ? ", chosen" : "");
    }
}

void print_contenders_table(const ncd_model *model)
{
    size_t n = ncd_model_n_contenders(model);
    char name[NAME_NBYTES];
    for (size_t i = 0; i < n; i++)
        if (ncd_model_contender(model, i)->chosen)
            printf("chosen\t%s\n",
                   name_of(ncd_model_contender(model, i), name));
    if (n)
        printf("\ncontender\tleft out\tright\tright alone\twrong alone\n");
    for (size_t i = 0; i < n; i++) {
        const ncd_contender *c = ncd_model_contender(model, i);
        printf("%s\t%llu\t%llu\t%llu\t%llu\n", name_of(c, name),
               (unsigned long long)c->n_judged,
               (unsigned long long)c->n_correct, (unsigned long long)c->n_won,
               (unsigned long long)c->n_lost);
    }
}

/* --- As a message --- */

static uint64_t n_bytes_of(const ncd_dataset *data)
{
    uint64_t n = 0;
    for (size_t i = 0; i < ncd_dataset_n_texts(data); i++)
        n += ncd_dataset_text(data, i).nbytes;
    return n;
}

static void print_row(FILE *out, const char *name, double model, double labels,
                      double texts, uint64_t n_bytes)
{
    fprintf(out, "%s\t%.0f\t%.0f\t%.0f\t%.0f\t", name, model, labels, texts,
            model + labels + texts);
    if (n_bytes)
        fprintf(out, "%.3f\n", texts / (double)n_bytes);
    else
        fputs("-\n", out);
}

/* The model itself, where nothing else was compared. */
static void print_own_rows(FILE *out, const ncd_model *model,
                           const ncd_description *d, double no_labels,
                           uint64_t n_bytes)
{
    ncd_options o;
    ncd_model_options(model, &o);
    const char *name = ncd_method_name(o.method);
    if (o.method == NCD_METHOD_KNN) {
        print_row(out, name, d->model_bits, no_labels, d->data_bits, n_bytes);
        return;
    }
    print_row(out, "all texts' model", 0, no_labels, d->corpus_bits, n_bytes);
    print_row(out, "class", d->model_bits, d->label_bits, d->data_bits,
              n_bytes);
}

ncd_status print_message_lengths(FILE *out, const ncd_model *model,
                                 ncd_error *err)
{
    const ncd_dataset *data = ncd_model_dataset(model);
    uint64_t n_bytes = n_bytes_of(data);
    double n_classes = (double)ncd_dataset_n_classes(data);
    double no_labels = (double)ncd_dataset_n_texts(data) * log2(n_classes);
    char name[NAME_NBYTES];
    ncd_description d;
    ncd_status status = ncd_model_describe(model, &d, err);
    if (status != NCD_OK)
        return status;
    fprintf(out,
            "\nmessage by\tmodel bits\tlabel bits\ttext bits\tbits\ttext bits "
            "a byte\n");
    print_row(out, "no model", 0, no_labels, 8 * (double)n_bytes, n_bytes);
    if (ncd_model_n_contenders(model) == 0)
        print_own_rows(out, model, &d, no_labels, n_bytes);
    for (size_t i = 0; i < ncd_model_n_contenders(model); i++) {
        const ncd_contender *c = ncd_model_contender(model, i);
        print_row(out, name_of(c, name), c->model_bits, c->label_bits,
                  c->data_bits, n_bytes);
    }
    ncd_options o;
    ncd_model_options(model, &o);
    if (o.method != NCD_METHOD_KNN || ncd_model_n_contenders(model))
        fputs("(of class models: each text left out, coded by what the others "
              "teach)\n",
              out);
    return NCD_OK;
}
