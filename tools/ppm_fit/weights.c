/* SPDX-License-Identifier: MIT */
/*
 * Weights and discounts, by coordinate descent: each number in turn is made
 * somewhat larger or smaller, and stays so where the mean over sets and lengths
 * of the logarithm of their texts' sizes falls. A number that stays where it is
 * is tried with half the step in the next round.
 */
#include <math.h>
#include <stdlib.h>

#include "classmodel/real.h"
#include "codec/ppm_model.h"
#include "fit.h"

/* Lengths that count, up to 30 KB. */
#define N_FITTED (N_LENGTHS - 1)

/* A round that gains less than this, of the mean logarithm, is the last. */
#define LEAST_GAIN 2e-5

struct number {
    uint16_t *at;
    unsigned least, most;
    double step; /* as a part of the number */
    int upwards; /* tried first, since it has gained last */
};

struct fit {
    const struct set *sets;
    size_t n_sets;
    struct ncd_ppm_tables *tables;
    char *text; /* of the longest length */
};

/* --- What is made small --- */

/* Bytes of all texts of one length. */
static double cost(const struct set *set, const struct length *length,
                   struct ncd_ppm *model, char *text)
{
    double sum = 0;
    for (size_t i = 0; i < length->n; i++) {
        joined_text(set, length->nbytes, i, text);
        ncd_text whole = {text, length->nbytes};
        if (ncd_ppm_start(model, whole.nbytes) != NCD_OK ||
            ncd_ppm_take(model, whole, HUGE_VAL, NULL) != NCD_OK)
            die("out of memory");
        sum += ncd_ppm_cost(model);
    }
    return sum;
}

static struct ncd_ppm *model_of(const struct ncd_ppm_tables *tables)
{
    struct ncd_ppm *model = ncd_ppm_new_believing(tables);
    if (!model)
        die("out of memory");
    return model;
}

static double objective(const struct fit *fit)
{
    struct ncd_ppm *model = model_of(fit->tables);
    double sum = 0;
    for (size_t i = 0; i < fit->n_sets; i++)
        for (size_t l = 0; l < N_FITTED; l++)
            sum += ncd_ln(cost(&fit->sets[i], &lengths[l], model, fit->text));
    ncd_ppm_free(model);
    return sum / (double)(fit->n_sets * N_FITTED);
}

/* --- What is moved --- */

/* Plain ones to begin with. Where counts mean nothing (the last class of runs)
 * nearly all of them is discounted. */
static void fill_plain(struct ncd_ppm_tables *tables)
{
    static const uint16_t weights[NCD_PPM_ORDER + 1] = {400, 4, 1};
    static const uint16_t discounts[3] = {200, 320, 384};
    for (int o = 0; o <= NCD_PPM_ORDER; o++) {
        tables->weight[o] = weights[o];
        for (int i = 0; i < 3; i++)
            tables->discounts[o][i] = discounts[i];
        for (int r = 0; r < NCD_PPM_RUNS; r++)
            tables->by_run[o][r] = o && r == NCD_PPM_RUNS - 1 ? 4096 : 256;
        for (int s = 0; s < NCD_PPM_SINGLE; s++)
            tables->by_single[o][s] = 256;
    }
}

enum {
    N_NUMBERS_MAX = (NCD_PPM_ORDER + 1) * (4 + NCD_PPM_RUNS + NCD_PPM_SINGLE)
};

static void add(struct number *numbers, size_t *n, uint16_t *at, unsigned least,
                unsigned most)
{
    numbers[(*n)++] = (struct number){at, least, most, 0.25, 0};
}

/* The first of each factor is 1, since discounts are fitted, too; only the
 * first orders have weights. */
static size_t list_numbers(struct ncd_ppm_tables *t,
                           struct number numbers[N_NUMBERS_MAX])
{
    size_t n = 0;
    for (int o = 0; o <= NCD_PPM_ORDER; o++) {
        if (t->weight[o])
            add(numbers, &n, &t->weight[o], 1, NCD_PPM_WEIGHT_MAX);
        for (unsigned i = 0; i < 3; i++)
            add(numbers, &n, &t->discounts[o][i], 1, 256 * (i + 1) - 3);
        for (int r = 1; r < NCD_PPM_RUNS; r++)
            add(numbers, &n, &t->by_run[o][r], 1, 4096);
        for (int s = 1; s < NCD_PPM_SINGLE; s++)
            add(numbers, &n, &t->by_single[o][s], 1, 1024);
    }
    return n;
}

/* The number a step away, within its limits. */
static unsigned moved(const struct number *number, int upwards)
{
    unsigned was = *number->at;
    unsigned step = (unsigned)(was * number->step + 0.5);
    step = step ? step : 1;
    if (upwards)
        return was + step < number->most ? was + step : number->most;
    return was > number->least + step ? was - step : number->least;
}

/* Returns whether it has gained. */
static int try(const struct fit *fit, struct number *number, int upwards,
               double *best)
{
    uint16_t was = *number->at;
    *number->at = (uint16_t)moved(number, upwards);
    if (*number->at == was)
        return 0;
    double now = objective(fit);
    if (now < *best) {
        *best = now;
        number->upwards = upwards;
        return 1;
    }
    *number->at = was;
    return 0;
}

void fit_weights(const struct set *sets, size_t n_sets, unsigned n_rounds,
                 struct ncd_ppm_tables *tables)
{
    struct fit fit = {sets, n_sets, tables,
                      room(lengths[N_LENGTHS - 1].nbytes, 1)};
    struct number *numbers = room(N_NUMBERS_MAX, sizeof *numbers);
    fill_plain(tables);
    size_t n = list_numbers(tables, numbers);
    double best = objective(&fit), before = HUGE_VAL;
    for (unsigned r = 0; r < n_rounds && before - best > LEAST_GAIN; r++) {
        fprintf(stderr, "round %u: %.6f\n", r, best);
        before = best;
        for (size_t i = 0; i < n; i++)
            if (!try(&fit, &numbers[i], numbers[i].upwards, &best) &&
                !try(&fit, &numbers[i], !numbers[i].upwards, &best))
                numbers[i].step /= 2;
    }
    fprintf(stderr, "at the end: %.6f\n", best);
    free(numbers);
    free(fit.text);
}

/* --- What comes of it --- */

void print_costs(const struct set *sets, size_t n_sets,
                 const struct ncd_ppm_tables *tables)
{
    struct ncd_ppm *model = model_of(tables);
    char *text = room(lengths[N_LENGTHS - 1].nbytes, 1);
    printf("set,nbytes,bits_a_byte\n");
    for (size_t i = 0; i < n_sets; i++)
        for (size_t l = 0; l < N_LENGTHS; l++) {
            double nbytes = cost(&sets[i], &lengths[l], model, text);
            printf("%s,%zu,%.4f\n", sets[i].name, lengths[l].nbytes,
                   8 * nbytes / (double)(lengths[l].nbytes * lengths[l].n));
        }
    free(text);
    ncd_ppm_free(model);
}
