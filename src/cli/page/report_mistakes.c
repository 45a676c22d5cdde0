/* SPDX-License-Identifier: MIT */
/*
 * The most confident mistakes on a report page, each with what made it: the
 * label that was given against the true one. By cross-validation a text is
 * explained by a model that has forgotten its fold, as the one that judged it.
 * There is one such model at a time: all mistakes of a fold are explained, and
 * put in order after that.
 */
#include <stdlib.h>
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

/* The model without the texts of a fold. */
static ncd_status forget(const struct report_page *p, size_t fold,
                         ncd_model **model_out, ncd_error *err)
{
    const ncd_dataset *data = ncd_model_dataset(p->model);
    ncd_dataset *texts;
    ncd_options run;
    ncd_status status = NCD_OK;
    fill_options(&run, "texts");
    if (ncd_dataset_new(&texts) != NCD_OK)
        return no_memory(err);
    for (size_t i = 0; i < ncd_dataset_n_texts(data) && status == NCD_OK; i++) {
        const char *label = ncd_dataset_label(data, ncd_dataset_class(data, i));
        if (p->gathered->answers[i].fold == fold)
            status = ncd_dataset_add(texts, (ncd_text){label, strlen(label)},
                                     ncd_dataset_text(data, i), NULL, 0, err);
    }
    if (status == NCD_OK)
        status = ncd_model_update(p->model, NULL, texts, &run, model_out, err);
    end_progress();
    ncd_dataset_free(texts);
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

static ncd_status mistake(const struct report_page *p, const ncd_model *model,
                          const struct kept_text *t, ncd_explanation *e,
                          ncd_error *err)
{
    ncd_status status = NCD_OK;
    fputs("<article class=\"why mistake\">", p->to);
    heading(p, t);
    if (t->nbytes == t->nbytes_text)
        status = explain(p, model, t, e, err);
    else
        plain_text(p, t);
    fputs("</article>\n", p->to);
    return status;
}

/* A mistake as it stands on the page, in memory that the caller frees. */
static ncd_status write_mistake(const struct report_page *p,
                                const ncd_model *model,
                                const struct kept_text *t, ncd_explanation *e,
                                char **html_out, ncd_error *err)
{
    struct report_page page = *p;
    size_t nbytes;
    page.to = open_memstream(html_out, &nbytes);
    if (!page.to)
        return no_memory(err);
    ncd_status status = mistake(&page, model, t, e, err);
    return fclose(page.to) == 0 || status != NCD_OK ? status : no_memory(err);
}

/* All mistakes of the fold that the first one is in; those of test data are in
 * the same one. */
static ncd_status write_fold(const struct report_page *p, size_t first,
                             ncd_explanation *e, char **html, ncd_error *err)
{
    const struct ranking *mistakes = &p->gathered->mistakes;
    size_t fold = mistakes->texts[first]->fold;
    ncd_model *others = NULL;
    ncd_status status = p->head->test ? NCD_OK : forget(p, fold, &others, err);
    for (size_t i = first; i < mistakes->n && status == NCD_OK; i++)
        if (mistakes->texts[i]->fold == fold)
            status = write_mistake(p, others ? others : p->model,
                                   mistakes->texts[i], e, &html[i], err);
    ncd_model_free(others);
    return status;
}

ncd_status page_mistakes(const struct report_page *p, ncd_error *err)
{
    const struct ranking *mistakes = &p->gathered->mistakes;
    char *html[N_MISTAKES] = {0};
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
        if (!html[i])
            status = write_fold(p, i, e, html, err);
    for (size_t i = 0; i < mistakes->n; i++) {
        fputs(html[i] ? html[i] : "", p->to);
        free(html[i]);
    }
    fputs("</section>\n", p->to);
    ncd_explanation_free(e);
    return status;
}
