/* SPDX-License-Identifier: MIT */
/*
 * Explanations on a terminal. With colour, what speaks for the label has a
 * green ground and what speaks against it a red one, in three strengths;
 * without, brackets and braces stand around what is strong.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "colour.h"
#include "explain.h"
#include "visible.h"

#define MAX_WORDS 12
#define MAX_MATCHES 12
#define INDENT "    "

/* --- Shaded texts --- */

/* -3 .. 3, what can be told apart: without colour, only the sign. What is
 * shared is always shown. */
static int tone_of(struct shade shade, int coloured)
{
    int sign = shade.strength < 0 ? -1 : 1, size = abs(shade.strength);
    if (!coloured)
        return size < 25 && !shade.group ? 0 : sign;
    if (size >= 60)
        return 3 * sign;
    if (size >= 25 || shade.group)
        return 2 * sign;
    return size >= 8 ? sign : 0;
}

/* Colour ends with the line, or it would fill the margin. */
static void put_coloured(FILE *to, ncd_text run, enum colour which)
{
    const char *bytes = run.bytes;
    for (size_t i = 0; i < run.nbytes; i++) {
        const char *end = memchr(bytes + i, '\n', run.nbytes - i);
        size_t n = end ? (size_t)(end - bytes) - i : run.nbytes - i;
        fputs(n ? colour(to, which) : "", to);
        put_visible(to, (ncd_text){bytes + i, n}, NULL);
        fputs(n ? colour(to, COLOUR_NONE) : "", to);
        i += n;
        if (end)
            fputs("\n" INDENT, to);
    }
}

static void put_run(FILE *to, ncd_text run, int tone, int coloured)
{
    if (tone && coloured) {
        put_coloured(to, run,
                     tone > 0 ? COLOUR_FOR_1 + (enum colour)(tone - 1)
                              : COLOUR_AGAINST_1 + (enum colour)(-tone - 1));
        return;
    }
    fputs(tone > 0 ? "[" : tone < 0 ? "{" : "", to);
    put_visible(to, run, "\n" INDENT);
    fputs(tone > 0 ? "]" : tone < 0 ? "}" : "", to);
}

static void put_shaded(FILE *to, ncd_text text, const struct shade *shades)
{
    int coloured = colour_wanted(to);
    fputs(INDENT, to);
    if (!shades)
        put_visible(to, text, "\n" INDENT);
    for (size_t i = 0, end; shades && i < text.nbytes; i = end) {
        int tone = tone_of(shades[i], coloured);
        end = shade_end(text, shades, i);
        while (end < text.nbytes && shades[end].group == shades[i].group &&
               tone_of(shades[end], coloured) == tone)
            end = shade_end(text, shades, end);
        put_run(to, (ncd_text){(const char *)text.bytes + i, end - i}, tone,
                coloured);
    }
    putc('\n', to);
}

static void put_label(FILE *to, const ncd_explanation *e, size_t side)
{
    fputs(colour(to, COLOUR_BOLD), to);
    put_visible_string(to, ncd_explanation_label(e, side));
    fputs(colour(to, COLOUR_NONE), to);
}

/* --- What is shared --- */

static void put_match(FILE *to, const ncd_joint *j, ncd_text test,
                      const ncd_match *m)
{
    if (j->insight == NCD_INSIGHT_NONE)
        fprintf(to, INDENT "%9zu  \"", m->nbytes);
    else
        fprintf(to, INDENT "%9.1f %9.1f %9.1f %9zu  \"",
                m->bits_alone - m->bits_joint, m->bits_alone, m->bits_joint,
                m->nbytes);
    put_visible(
        to, (ncd_text){(const char *)test.bytes + m->test_offset, m->nbytes},
        NULL);
    fputs("\"\n", to);
}

static void put_matches(FILE *to, const ncd_joint *j, ncd_text test)
{
    const ncd_match **sorted = matches_by_bits(j);
    double others = 0;
    size_t i = 0;
    if (!sorted || j->n_matches == 0) {
        fputs(INDENT "nothing is shared\n", to);
        free(sorted);
        return;
    }
    fputs(j->insight == NCD_INSIGHT_NONE ? INDENT "    bytes  shared\n"
                                         : INDENT
              "   spared     alone  together     bytes  shared\n",
          to);
    for (i = 0; i < j->n_matches && i < MAX_MATCHES; i++)
        put_match(to, j, test, sorted[i]);
    size_t n_others = j->n_matches - i;
    for (; i < j->n_matches; i++)
        others += sorted[i]->bits_alone - sorted[i]->bits_joint;
    if (n_others && j->insight != NCD_INSIGHT_NONE)
        fprintf(to, INDENT "%9.1f in %zu more\n", others, n_others);
    else if (n_others)
        fprintf(to, INDENT "%9zu more\n", n_others);
    free(sorted);
}

/* --- Where the bits go --- */

static void put_bill_row(FILE *to, const char *name, double alone, double joint)
{
    fprintf(to, INDENT "%9.1f %9.1f %9.1f  %s\n", alone - joint, alone, joint,
            name);
}

static void put_bill(FILE *to, const ncd_joint *j, const ncd_pair *pair)
{
    fputs(INDENT "   spared     alone  together  bits\n", to);
    for (int row = 0; row < N_BILL_ROWS; row++)
        put_bill_row(to, bill_name(j->order, row), bill_row(&j->alone, row),
                     bill_row(&j->joint, row));
    put_bill_row(to, "sum", bill_sum(&j->alone), bill_sum(&j->joint));
    fprintf(to, INDENT "%9.6g %9.6g %9.6g  bytes: %.6g + %.6g alone\n",
            pair->size_x + pair->size_y - j->size, pair->size_x + pair->size_y,
            j->size, pair->size_x, pair->size_y);
}

static void put_joint(FILE *to, const ncd_explained_text *t, const ncd_joint *j,
                      ncd_text test, ncd_text train)
{
    struct shade *in_test = shade_by_matches(j, 1, test.nbytes);
    struct shade *in_train = shade_by_matches(j, 0, train.nbytes);
    fprintf(to, "  %s (%s)\n",
            j->order == NCD_ORDER_TEST_FIRST ? "the text, then the neighbour"
                                             : "the neighbour, then the text",
            insight_told(j->insight));
    put_shaded(to, test, in_test);
    putc('\n', to);
    put_shaded(to, train, in_train);
    putc('\n', to);
    free(in_test);
    free(in_train);
    put_matches(to, j, test);
    if (j->insight == NCD_INSIGHT_NONE)
        return;
    putc('\n', to);
    put_bill(to, j, &t->pair);
}

static void put_neighbor(FILE *to, const ncd_model *model,
                         const ncd_explanation *e, size_t side,
                         const ncd_explained_text *t)
{
    const ncd_dataset *data = ncd_model_dataset(model);
    ncd_options options;
    char where[1024], formula[128];
    ncd_model_options(model, &options);
    putc('\n', to);
    put_label(to, e, side);
    fputs("  ", to);
    put_visible_string(to, origin_of(model, t->index, where, sizeof where));
    fprintf(to, "\n  distance %.6g = %s\n", t->pair.distance,
            distance_formula(options.distance, &t->pair, formula));
    if (t->n_joints > 1)
        fprintf(to, "  %.6g is the mean of both orders\n", t->pair.size_xy);
    for (size_t i = 0; i < t->n_joints; i++)
        put_joint(to, t, &t->joints[i], ncd_explanation_text(e),
                  ncd_dataset_text(data, t->index));
}

static void put_neighbors(FILE *to, const ncd_model *model,
                          const ncd_explanation *e)
{
    for (size_t side = 0; side < ncd_explanation_n_sides(e); side++)
        for (size_t i = 0; i < ncd_explanation_n_texts(e, side); i++)
            put_neighbor(to, model, e, side,
                         ncd_explanation_neighbor(e, side, i));
}

/* --- Class models --- */

static void put_words(FILE *to, const ncd_explanation *e)
{
    const ncd_odds *odds = ncd_explanation_odds(e);
    ncd_text text = ncd_explanation_text(e);
    size_t n = 0;
    double rest = 0;
    struct told_word *words = words_by_odds(e, MAX_WORDS, &n, &rest);
    fputs("\n" INDENT "     bits\n", to);
    for (size_t i = 0; words && i < n; i++) {
        fprintf(to, INDENT "%+9.2f  \"", words[i].bits);
        put_visible(
            to,
            (ncd_text){(const char *)text.bytes + words[i].at, words[i].nbytes},
            NULL);
        fputs("\"\n", to);
    }
    free(words);
    fprintf(to, INDENT "%+9.2f  all other bytes\n", rest);
    fprintf(to, INDENT "%+9.2f  start and end of the text\n", odds->marks);
    fprintf(to, INDENT "%+9.2f  the labels, whatever the text\n", odds->bias);
    if (odds->neighbors != 0)
        fprintf(to, INDENT "%+9.2f  the neighbours' votes\n", odds->neighbors);
    fprintf(to, INDENT "%+9.2f  sum: %+.2f by code lengths, %+.2f by margins\n",
            odds->log_odds, odds->lengths, odds->margins);
}

static void put_code_lengths(FILE *to, const ncd_model *model,
                             const ncd_explanation *e)
{
    const ncd_dataset *data = ncd_model_dataset(model);
    const ncd_prediction *p = ncd_explanation_prediction(e);
    size_t nbytes = ncd_explanation_text(e).nbytes;
    double n = nbytes ? (double)nbytes : 1; /* all bits: those of the end */
    fprintf(to, "\n  %11s  probability\n", nbytes ? "bits a byte" : "bits");
    for (size_t rank = 0; rank < ncd_prediction_n_labels(p, 0) && rank < 5;
         rank++) {
        size_t c = ncd_prediction_class(p, 0, rank);
        fprintf(to, INDENT "%9.3f%11.2f %%  ",
                ncd_explanation_code_length(e, c) / n,
                100 * ncd_prediction_share(p, 0, rank));
        put_visible_string(to, ncd_dataset_label(data, c));
        putc('\n', to);
    }
    fprintf(to, INDENT "%9.3f               all labels together\n",
            ncd_explanation_code_length(e, SIZE_MAX) / n);
}

static void put_odds(FILE *to, const ncd_model *model, const ncd_explanation *e)
{
    if (ncd_explanation_odds(e)) {
        struct shade *shades =
            colour_wanted(to) ? shade_by_odds(e) : shade_words_by_odds(e);
        putc('\n', to);
        put_shaded(to, ncd_explanation_text(e), shades);
        free(shades);
        put_words(to, e);
    }
    put_code_lengths(to, model, e);
}

/* --- All of it --- */

void explain_text(FILE *to, const ncd_model *model, const ncd_explanation *e)
{
    ncd_options options;
    ncd_model_options(model, &options);
    put_label(to, e, 0);
    fprintf(to, ", %s %.1f %%",
            options.method == NCD_METHOD_KNN ? "votes" : "probability",
            100 * ncd_explanation_share(e, 0));
    if (ncd_explanation_n_sides(e) > 1) {
        fputs(", against ", to);
        put_label(to, e, 1);
        fprintf(to, ", %.1f %%", 100 * ncd_explanation_share(e, 1));
    }
    putc('\n', to);
    if (options.method != NCD_METHOD_KNN)
        put_odds(to, model, e);
    put_neighbors(to, model, e);
}
