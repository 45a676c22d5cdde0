/* SPDX-License-Identifier: MIT */
/*
 * The most confident mistakes on a report page, each with what made it: the
 * label that was given against the true one. A text that is in training, as by
 * leave-one-out, is explained by a model that has forgotten it; where that is
 * not what judged it, as with the models of folds, the text stands alone.
 */
#include <string.h>

#include "explain.h"
#include "page/html.h"
#include "page/report_page.h"

static void heading(const struct report_page *p, const struct kept_text *t)
{
    fputs("<h3>", p->to);
    html_string(p->to, page_label(p, t->class_true));
    fputs(" <span class=\"soft\">taken for</span> ", p->to);
    html_string(p->to, page_label(p, t->class_predicted));
    fprintf(p->to,
            "</h3>\n<p class=\"soft where\">%s %.1f %%, of the true label %.1f "
            "%% · ",
            p->sure, 100 * t->share_predicted, 100 * t->share_true);
    html_string(p->to, page_path(t->source));
    fprintf(p->to, ":%llu</p>\n", (unsigned long long)t->line);
}

static void plain_text(const struct report_page *p, const struct kept_text *t)
{
    fputs("<p class=\"text\" dir=\"auto\" tabindex=\"0\">", p->to);
    html_text(p->to, (ncd_text){t->bytes, t->nbytes});
    if (t->nbytes < t->nbytes_text)
        fprintf(p->to,
                "<span class=\"soft\"> … %zu more bytes; too long to be "
                "explained here</span>",
                t->nbytes_text - t->nbytes);
    fputs("</p>\n", p->to);
}

/* A model without the text, where that is what judged it; *model_out is NULL
 * where there is none. */
static ncd_status forget(const struct report_page *p, const struct kept_text *t,
                         ncd_model **model_out, ncd_error *err)
{
    ncd_dataset *text;
    const char *label = page_label(p, t->class_true);
    *model_out = NULL;
    if (p->has_probabilities || strcmp(p->head->protocol, "leave-one-out") != 0)
        return NCD_OK;
    if (ncd_dataset_new(&text) != NCD_OK)
        return no_memory(err);
    ncd_status status =
        ncd_dataset_add(text, (ncd_text){label, strlen(label)},
                        (ncd_text){t->bytes, t->nbytes}, NULL, 0, err);
    if (status == NCD_OK)
        status = ncd_model_update(p->model, NULL, text, NULL, model_out, err);
    ncd_dataset_free(text);
    return status;
}

static int has_label(const ncd_model *model, const char *label)
{
    const ncd_dataset *data = ncd_model_dataset(model);
    for (size_t c = 0; c < ncd_dataset_n_classes(data); c++)
        if (strcmp(ncd_dataset_label(data, c), label) == 0)
            return 1;
    return 0;
}

static ncd_status explain(const struct report_page *p, const ncd_model *model,
                          const struct kept_text *t, ncd_explanation *e,
                          ncd_error *err)
{
    ncd_explain_options options;
    const char *label = page_label(p, t->class_true);
    ncd_explain_options_init(&options);
    options.k = p->head->options.k;
    options.vote = p->has_probabilities ? -1 : (int)p->head->options.vote;
    options.threads = p->report->threads;
    options.n_candidates = p->head->n_candidates;
    options.against = has_label(model, label) ? label : NULL;
    ncd_status status = ncd_model_explain(
        model, (ncd_text){t->bytes, t->nbytes}, &options, e, err);
    if (status != NCD_OK)
        return status;
    const char *given = page_label(p, t->class_predicted);
    if (strcmp(ncd_explanation_label(e, 0), given) == 0)
        explain_html_brief(p->to, model, e);
    else
        plain_text(p, t);
    return NCD_OK;
}

static ncd_status mistake(const struct report_page *p,
                          const struct kept_text *t, ncd_explanation *e,
                          ncd_error *err)
{
    ncd_model *others = NULL;
    int is_whole = t->nbytes == t->nbytes_text;
    ncd_status status = is_whole ? forget(p, t, &others, err) : NCD_OK;
    if (status != NCD_OK)
        return status;
    fputs("<article class=\"why mistake\">", p->to);
    heading(p, t);
    if (is_whole && (p->head->test || others))
        status = explain(p, others ? others : p->model, t, e, err);
    else
        plain_text(p, t);
    fputs("</article>\n", p->to);
    ncd_model_free(others);
    return status;
}

ncd_status page_mistakes(const struct report_page *p, ncd_error *err)
{
    const struct ranking *mistakes = &p->gathered->mistakes;
    ncd_explanation *e;
    if (mistakes->n == 0)
        return NCD_OK;
    if (ncd_explanation_new(&e) != NCD_OK)
        return no_memory(err);
    page_section(p, "mistakes", "Most confident mistakes");
    fputs("<p class=\"soft\">", p->to);
    explain_html_legend(p->to, p->model);
    fputs("</p>\n", p->to);
    ncd_status status = NCD_OK;
    for (size_t i = 0; i < mistakes->n && status == NCD_OK; i++)
        status = mistake(p, mistakes->texts[i], e, err);
    fputs("</section>\n", p->to);
    ncd_explanation_free(e);
    return status;
}
