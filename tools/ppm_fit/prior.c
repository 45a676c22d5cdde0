/* SPDX-License-Identifier: MIT */
/*
 * What text in general looks like, from pairs and triples of classes of bytes:
 * the mean of how often each occurs in a byte of each language or set, so that
 * a large one counts no more than a small one. Rare pairs lean on the last
 * class alone, and nothing is impossible. Logarithms are our own, so that every
 * machine writes the same tables.
 */
#include <stdlib.h>
#include <string.h>

#include "classmodel/real.h"
#include "codec/ppm_beliefs.h"
#include "fit.h"

#define K NCD_PPM_CLASSES

/* How often in a pair's row, as a part of all bytes, the row of its last class
 * is counted; the same of that and the classes by themselves; what part of each
 * row is for classes by themselves or evenly; what each byte has at least. */
#define LEAN 2e-5
#define EVEN 0.007
#define LEAST 2e-6

struct shape {
    double triples[K][K][K];
    double bytes[256];
    double n;
};

/* Two blanks before the text, as in the model, and a line's end behind it. */
static void count_text(ncd_text text, struct shape *shape)
{
    const unsigned char *bytes = text.bytes;
    unsigned second_last = ncd_ppm_class_of(' '), last = second_last;
    for (size_t i = 0; i <= text.nbytes; i++) {
        unsigned byte = i < text.nbytes ? bytes[i] : '\n';
        unsigned now = ncd_ppm_class_of(byte);
        shape->triples[second_last][last][now]++;
        shape->bytes[byte]++;
        shape->n++;
        second_last = last;
        last = now;
    }
}

/* Adds `weight` times the shape's frequencies to the mean, and clears it. */
static void add_shape(struct shape *shape, double weight, struct shape *mean)
{
    double *from = &shape->triples[0][0][0], *to = &mean->triples[0][0][0];
    for (size_t i = 0; i < (size_t)K * K * K; i++)
        to[i] += weight * from[i] / shape->n;
    for (size_t i = 0; i < 256; i++)
        mean->bytes[i] += weight * shape->bytes[i] / shape->n;
    memset(shape, 0, sizeof *shape);
}

static void add_set(const struct set *set, double weight, struct shape *scratch,
                    struct shape *mean)
{
    size_t n = ncd_dataset_n_texts(set->texts);
    for (size_t i = 0; i < n; i++)
        count_text(ncd_dataset_text(set->texts, i), scratch);
    add_shape(scratch, weight, mean);
}

static void add_languages(const struct set *set, double weight,
                          struct shape *scratch, struct shape *mean)
{
    size_t n = ncd_dataset_n_texts(set->texts);
    size_t n_classes = ncd_dataset_n_classes(set->texts);
    for (size_t c = 0; c < n_classes; c++) {
        for (size_t i = 0; i < n; i++)
            if (ncd_dataset_class(set->texts, i) == c)
                count_text(ncd_dataset_text(set->texts, i), scratch);
        add_shape(scratch, weight / (double)n_classes, mean);
    }
}

/* --- Rows --- */

/* Frequencies of classes, of pairs, and behind any class. */
struct sums {
    double all, of[K], pairs[K][K], behind[K];
    double of_pair[K][K]; /* as the first two of a triple */
};

static void add_up(const struct shape *mean, struct sums *sums)
{
    memset(sums, 0, sizeof *sums);
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++)
            for (int k = 0; k < K; k++) {
                double f = mean->triples[i][j][k];
                sums->all += f;
                sums->of[k] += f;
                sums->pairs[j][k] += f;
                sums->behind[j] += f;
                sums->of_pair[i][j] += f;
            }
}

static double alone(const struct sums *sums, int k, double even)
{
    return (1 - even) * sums->of[k] / sums->all + even / K;
}

static double behind_one(const struct sums *sums, int j, int k)
{
    return (sums->pairs[j][k] + LEAN * alone(sums, k, 0.3)) /
           (sums->behind[j] + LEAN);
}

static double behind_two(const struct sums *sums, const struct shape *mean,
                         int i, int j, int k)
{
    return (mean->triples[i][j][k] + LEAN * behind_one(sums, j, k)) /
           (sums->of_pair[i][j] + LEAN);
}

/* The letter for a probability. */
static char letter_for(double p)
{
    int level = (int)(0.5 - 4 * ncd_ln(p) / NCD_LN2);
    level = level < 0 ? 0 : level > 51 ? 51 : level;
    return (char)(level < 26 ? 'a' + level : 'A' + level - 26);
}

static void put_letter(const struct sums *sums, int k, double p,
                       struct ncd_ppm_row *row)
{
    row->levels[k] = letter_for((1 - EVEN) * p + EVEN * alone(sums, k, 0.5));
}

/* The lowest byte of a class stands for it. */
static char byte_of(int class)
{
    unsigned byte = 0;
    while ((int)ncd_ppm_class_of(byte) != class)
        byte++;
    return (char)byte;
}

/* How many bits for each byte of text the row of a pair spares. */
static double gain_of(const struct sums *sums, const struct shape *mean, int i,
                      int j)
{
    double gain = 0;
    for (int k = 0; k < K; k++)
        gain +=
            mean->triples[i][j][k] *
            ncd_ln(behind_two(sums, mean, i, j, k) / behind_one(sums, j, k));
    return gain;
}

struct pair {
    int i, j;
    double gain;
};

static int by_gain(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->gain != y->gain)
        return x->gain < y->gain ? 1 : -1;
    return x->i != y->i ? x->i - y->i : x->j - y->j;
}

static int by_classes(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return x->i != y->i ? x->i - y->i : x->j - y->j;
}

static void fill_pairs(const struct sums *sums, const struct shape *mean,
                       struct ncd_ppm_row rows[NCD_PPM_PAIRS])
{
    static struct pair pairs[K * K];
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++)
            pairs[i * K + j] = (struct pair){i, j, gain_of(sums, mean, i, j)};
    qsort(pairs, (size_t)K * K, sizeof *pairs, by_gain);
    qsort(pairs, NCD_PPM_PAIRS, sizeof *pairs, by_classes);
    for (int n = 0; n < NCD_PPM_PAIRS; n++) {
        int i = pairs[n].i, j = pairs[n].j;
        rows[n].behind[0] = byte_of(i);
        rows[n].behind[1] = byte_of(j);
        for (int k = 0; k < K; k++)
            put_letter(sums, k, behind_two(sums, mean, i, j, k), &rows[n]);
    }
}

static void fill_singles(const struct sums *sums,
                         struct ncd_ppm_row rows[NCD_PPM_CLASSES])
{
    for (int j = 0; j < K; j++) {
        rows[j].behind[0] = byte_of(j);
        for (int k = 0; k < K; k++)
            put_letter(sums, k, behind_one(sums, j, k), &rows[j]);
    }
}

/* The largest of a class makes up for rounding. */
static void fill_shares(const struct shape *mean, uint16_t shares[256])
{
    for (unsigned k = 0; k < K; k++) {
        double sum = 0;
        int rest = 4096;
        unsigned largest = 256;
        for (unsigned b = 0; b < 256; b++)
            if (ncd_ppm_class_of(b) == k)
                sum += mean->bytes[b] + LEAST;
        for (unsigned b = 0; b < 256; b++) {
            if (ncd_ppm_class_of(b) != k)
                continue;
            int share = (int)(4096 * (mean->bytes[b] + LEAST) / sum);
            shares[b] = (uint16_t)(share > 8 ? share : 8);
            rest -= shares[b];
            if (largest == 256 || shares[b] > shares[largest])
                largest = b;
        }
        shares[largest] = (uint16_t)(shares[largest] + rest);
    }
}

void fit_prior(const struct set *sets, size_t n_sets,
               struct ncd_ppm_tables *tables)
{
    struct shape *mean = room(1, sizeof *mean);
    struct shape *scratch = room(1, sizeof *scratch);
    struct sums *sums = room(1, sizeof *sums);
    add_languages(&sets[0], 1, scratch, mean);
    for (size_t i = 1; i < n_sets; i++)
        add_set(&sets[i], 1 / (double)(n_sets - 1), scratch, mean);
    add_up(mean, sums);
    fill_singles(sums, tables->rows);
    fill_pairs(sums, mean, tables->rows + NCD_PPM_CLASSES);
    fill_shares(mean, tables->shares);
    free(mean);
    free(scratch);
    free(sums);
}
