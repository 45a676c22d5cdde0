/* SPDX-License-Identifier: MIT */
/* Explanations in a page: a section each, that stands by itself. */
#include <math.h>
#include <stdlib.h>

#include "cli.h"
#include "explain.h"
#include "page/html.h"

#define MAX_WORDS 20

/* Strengths are told apart in steps of this, so that runs are longer. */
#define STEP 5

/* --- Shaded texts --- */

static int step_of(struct shade shade)
{
    return shade.strength / STEP * STEP;
}

static void put_match_title(FILE *to, const ncd_joint *j, size_t group)
{
    const ncd_match *m = &j->matches[group - 1];
    if (j->insight == NCD_INSIGHT_NONE)
        return;
    fprintf(to, " title=\"%.1f bits spared: %.1f alone, %.1f together\"",
            m->bits_alone - m->bits_joint, m->bits_alone, m->bits_joint);
}

/* joint: NULL where shades are odds. */
static void put_mark(FILE *to, struct shade shade, const ncd_joint *joint)
{
    fprintf(to, "<mark class=\"%s%s\" style=\"--s:%d%%\"",
            shade.strength < 0 ? "against" : "for",
            shade.group ? " shared" : "", abs(step_of(shade)));
    if (shade.group && joint)
        put_match_title(to, joint, shade.group);
    putc('>', to);
}

static void put_shaded(FILE *to, ncd_text text, struct shade *shades,
                       const ncd_joint *joint)
{
    fputs("<p class=\"text\">", to);
    for (size_t i = 0, end; shades && i < text.nbytes; i = end) {
        struct shade shade = shades[i];
        int marked = step_of(shade) || shade.group;
        end = shade_end(text, shades, i);
        while (end < text.nbytes && shades[end].group == shade.group &&
               step_of(shades[end]) == step_of(shade))
            end = shade_end(text, shades, end);
        if (marked)
            put_mark(to, shade, joint);
        html_text(to, (ncd_text){(const char *)text.bytes + i, end - i});
        fputs(marked ? "</mark>" : "", to);
    }
    fputs("</p>\n", to);
    free(shades);
}

/* --- Tables --- */

static void put_number(FILE *to, double value)
{
    fprintf(to, "<td class=\"n\">%.1f</td>", value);
}

static void put_match(FILE *to, const ncd_joint *j, ncd_text test,
                      const ncd_match *m)
{
    fputs("<tr>", to);
    if (j->insight != NCD_INSIGHT_NONE) {
        put_number(to, m->bits_alone - m->bits_joint);
        put_number(to, m->bits_alone);
        put_number(to, m->bits_joint);
    }
    fprintf(to, "<td class=\"n\">%zu</td><td><code>", m->nbytes);
    html_text(to,
              (ncd_text){(const char *)test.bytes + m->test_offset, m->nbytes});
    fputs("</code></td></tr>\n", to);
}

static void put_matches(FILE *to, const ncd_joint *j, ncd_text test)
{
    const ncd_match **sorted = matches_by_bits(j);
    if (!sorted || j->n_matches == 0) {
        fputs("<p class=\"soft\">Nothing is shared.</p>\n", to);
        free(sorted);
        return;
    }
    fprintf(to,
            "<details><summary>%zu shared string%s, %s</summary>\n"
            "<div class=\"cells\"><table><thead><tr>%s"
            "<th class=\"n\">bytes</th><th>shared</th></tr></thead><tbody>\n",
            j->n_matches, j->n_matches == 1 ? "" : "s",
            insight_told(j->insight),
            j->insight == NCD_INSIGHT_NONE
                ? ""
                : "<th class=\"n\">bits spared</th><th class=\"n\">alone</th>"
                  "<th class=\"n\">together</th>");
    for (size_t i = 0; i < j->n_matches; i++)
        put_match(to, j, test, sorted[i]);
    fputs("</tbody></table></div></details>\n", to);
    free(sorted);
}

static void put_bill_row(FILE *to, const char *name, double alone, double joint,
                         const char *class)
{
    fprintf(to, "<tr%s><th scope=\"row\">%s</th>", class, name);
    put_number(to, alone);
    put_number(to, joint);
    put_number(to, alone - joint);
    fputs("</tr>\n", to);
}

static void put_bill(FILE *to, const ncd_joint *j)
{
    double alone = bill_sum(&j->alone), joint = bill_sum(&j->joint);
    fputs("<details><summary>Where the bits go</summary>"
          "<div class=\"cells\"><table><thead><tr><th></th>"
          "<th class=\"n\">alone</th><th class=\"n\">together</th>"
          "<th class=\"n\">spared</th></tr></thead><tbody>\n",
          to);
    for (int row = 0; row < N_BILL_ROWS; row++)
        put_bill_row(to, bill_name(j->order, row), bill_row(&j->alone, row),
                     bill_row(&j->joint, row), "");
    put_bill_row(to, "sum, bits", alone, joint, " class=\"sum\"");
    fprintf(to,
            "<tr><th scope=\"row\">bytes</th><td class=\"n\">%.6g</td>"
            "<td class=\"n\">%.6g</td><td class=\"n\">%.6g</td></tr>\n",
            alone / 8, joint / 8, (alone - joint) / 8);
    fputs("</tbody></table></div></details>\n", to);
}

/* --- kNN --- */

static void put_joint(FILE *to, const ncd_joint *j, ncd_text test,
                      ncd_text train)
{
    if (j->order == NCD_ORDER_TRAIN_FIRST)
        fputs("<p class=\"soft\">Compressed with the neighbour first.</p>", to);
    put_shaded(to, test, shade_by_matches(j, 1, test.nbytes), j);
    put_shaded(to, train, shade_by_matches(j, 0, train.nbytes), j);
    put_matches(to, j, test);
    if (j->insight != NCD_INSIGHT_NONE)
        put_bill(to, j);
}

static void put_neighbor(FILE *to, const ncd_model *model,
                         const ncd_explanation *e, size_t side,
                         const ncd_explained_text *t)
{
    ncd_options options;
    char where[1024], formula[128];
    ncd_model_options(model, &options);
    fputs("<h3>", to);
    html_string(to, ncd_explanation_label(e, side));
    fputs(" <small>", to);
    html_string(to, origin_of(model, t->index, where, sizeof where));
    fprintf(to, "</small></h3>\n<p>distance %.6g = %s</p>\n", t->pair.distance,
            distance_formula(options.distance, &t->pair, formula));
    for (size_t i = 0; i < t->n_joints; i++)
        put_joint(to, &t->joints[i], ncd_explanation_text(e),
                  ncd_dataset_text(ncd_model_dataset(model), t->index));
}

static void put_neighbors(FILE *to, const ncd_model *model,
                          const ncd_explanation *e)
{
    fputs("<div class=\"sides\">\n", to);
    for (size_t side = 0; side < ncd_explanation_n_sides(e); side++) {
        fputs("<div>\n", to);
        for (size_t i = 0; i < ncd_explanation_n_texts(e, side); i++)
            put_neighbor(to, model, e, side,
                         ncd_explanation_neighbor(e, side, i));
        fputs("</div>\n", to);
    }
    fputs("</div>\n", to);
}

/* --- Class models --- */

static void put_odds_row(FILE *to, double bits, double most, const char *class)
{
    fprintf(to,
            "<tr%s><td class=\"n\">%+.2f</td><td><span class=\"bar %s\" "
            "style=\"width:%.1frem\"></span></td><td>",
            class, bits, bits < 0 ? "against" : "for",
            most > 0 ? 6 * fabs(bits) / most : 0);
}

static void put_words(FILE *to, const ncd_explanation *e, int open)
{
    enum { N_SUMS = 5 };
    static const char *const names[N_SUMS] = {
        "all other bytes", "start and end of the text",
        "the labels, whatever the text", "the neighbours' votes", "sum"};
    const ncd_odds *odds = ncd_explanation_odds(e);
    ncd_text text = ncd_explanation_text(e);
    size_t n = 0;
    double rest = 0, most = fabs(odds->log_odds);
    struct told_word *words = words_by_odds(e, MAX_WORDS, &n, &rest);
    const double values[N_SUMS] = {rest, odds->marks, odds->bias,
                                   odds->neighbors, odds->log_odds};
    for (size_t i = 0; i < N_SUMS; i++)
        most = fabs(values[i]) > most ? fabs(values[i]) : most;
    if (words && n > 0 && fabs(words[0].bits) > most)
        most = fabs(words[0].bits);
    fprintf(to,
            "<details%s><summary>Bits for the label, word by word</summary>"
            "<div class=\"cells\"><table><tbody>\n",
            open ? " open" : "");
    for (size_t i = 0; words && i < n; i++) {
        put_odds_row(to, words[i].bits, most, "");
        fputs("<code>", to);
        html_text(to, (ncd_text){(const char *)text.bytes + words[i].at,
                                 words[i].nbytes});
        fputs("</code></td></tr>\n", to);
    }
    for (int i = 0; i < N_SUMS; i++) {
        if (i == N_SUMS - 2 && values[i] == 0)
            continue; /* a class model has no neighbours */
        put_odds_row(to, values[i], most,
                     i == N_SUMS - 1 ? " class=\"sum\"" : "");
        fprintf(to, "%s</td></tr>\n", names[i]);
    }
    fputs("</tbody></table></div></details>\n", to);
    free(words);
}

static void put_code_lengths(FILE *to, const ncd_model *model,
                             const ncd_explanation *e)
{
    const ncd_dataset *data = ncd_model_dataset(model);
    const ncd_prediction *p = ncd_explanation_prediction(e);
    size_t nbytes = ncd_explanation_text(e).nbytes;
    double n = nbytes ? (double)nbytes : 1; /* all bits: those of the end */
    fprintf(to,
            "<details><summary>Code lengths, label by label</summary>"
            "<div class=\"cells\"><table><thead><tr><th>label</th>"
            "<th class=\"n\">%s</th><th class=\"n\">probability</th>"
            "</tr></thead><tbody>\n",
            nbytes ? "bits a byte" : "bits");
    for (size_t rank = 0; rank < ncd_prediction_n_labels(p, 0); rank++) {
        size_t c = ncd_prediction_class(p, 0, rank);
        fputs("<tr><td>", to);
        html_string(to, ncd_dataset_label(data, c));
        fprintf(to,
                "</td><td class=\"n\">%.3f</td><td class=\"n\">%.2f&nbsp;%%"
                "</td></tr>\n",
                ncd_explanation_code_length(e, c) / n,
                100 * ncd_prediction_share(p, 0, rank));
    }
    fprintf(to,
            "<tr class=\"sum\"><td>all together</td><td class=\"n\">%.3f</td>"
            "<td></td></tr>\n</tbody></table></div></details>\n",
            ncd_explanation_code_length(e, SIZE_MAX) / n);
}

static void put_odds(FILE *to, const ncd_model *model, const ncd_explanation *e)
{
    if (ncd_explanation_odds(e)) {
        put_shaded(to, ncd_explanation_text(e), shade_by_odds(e), NULL);
        fputs("<p class=\"soft\"><mark class=\"for\" "
              "style=\"--s:70%\">green</mark> speaks for ",
              to);
        html_string(to, ncd_explanation_label(e, 0));
        fputs(", <mark class=\"against\" style=\"--s:70%\">red</mark> for ",
              to);
        html_string(to, ncd_explanation_label(e, 1));
        fputs(".</p>\n", to);
        put_words(to, e, 1);
    }
    put_code_lengths(to, model, e);
}

/* --- All of it --- */

static const char neighbors_legend[] =
    "The text above, its neighbour below. Marked is what they share, the "
    "stronger the more bits it spares.";

void explain_html(FILE *to, const ncd_model *model, const ncd_explanation *e)
{
    ncd_options options;
    ncd_model_options(model, &options);
    fputs("<section class=\"why\">\n<h2>", to);
    html_string(to, ncd_explanation_label(e, 0));
    fprintf(to, " <small>%s %.1f&nbsp;%%",
            options.method == NCD_METHOD_KNN ? "votes" : "probability",
            100 * ncd_explanation_share(e, 0));
    if (ncd_explanation_n_sides(e) > 1) {
        fputs(", against ", to);
        html_string(to, ncd_explanation_label(e, 1));
        fprintf(to, " %.1f&nbsp;%%", 100 * ncd_explanation_share(e, 1));
    }
    fputs("</small></h2>\n", to);
    if (options.method != NCD_METHOD_KNN)
        put_odds(to, model, e);
    if (options.method != NCD_METHOD_CLASS) {
        fprintf(to, "<p class=\"soft\">%s</p>\n", neighbors_legend);
        put_neighbors(to, model, e);
    }
    fputs("</section>\n", to);
}

void explain_html_legend(FILE *to, const ncd_model *model)
{
    ncd_options options;
    ncd_model_options(model, &options);
    if (options.method != NCD_METHOD_KNN)
        fputs("<mark class=\"for\" style=\"--s:70%\">Green</mark> speaks for "
              "the label that was given, <mark class=\"against\" "
              "style=\"--s:70%\">red</mark> for the other. ",
              to);
    if (options.method != NCD_METHOD_CLASS)
        fputs(neighbors_legend, to);
}

void explain_html_brief(FILE *to, const ncd_model *model,
                        const ncd_explanation *e)
{
    ncd_options options;
    ncd_model_options(model, &options);
    if (ncd_explanation_odds(e)) {
        put_shaded(to, ncd_explanation_text(e), shade_by_odds(e), NULL);
        put_words(to, e, 0);
    }
    if (options.method != NCD_METHOD_CLASS)
        put_neighbors(to, model, e);
}
