/* SPDX-License-Identifier: MIT */
/* A model of more texts, or of fewer. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "text/digest.h"
#include "util/error.h"
#include "util/options.h"
#include "util/parallel.h"

static int same_label(const ncd_dataset *a, size_t i, const ncd_dataset *b,
                      size_t j)
{
    return strcmp(ncd_dataset_label(a, a->classes[i]),
                  ncd_dataset_label(b, b->classes[j])) == 0;
}

/* Marks the first text of `have` that is text i of `forgotten` and still there;
 * 0 where there is none. */
static int forget_one(const ncd_dataset *have, const struct ncd_digest *sorted,
                      const ncd_dataset *forgotten, size_t i,
                      const struct ncd_digest *digest, unsigned char *gone)
{
    size_t first, n = ncd_digest_find(sorted, have->n, digest, &first);
    for (size_t k = first; k < first + n; k++) {
        size_t j = sorted[k].index;
        if (!gone[j] && same_label(have, j, forgotten, i)) {
            gone[j] = 1;
            return 1;
        }
    }
    return 0;
}

static ncd_status forget(const ncd_dataset *have, const ncd_dataset *forgotten,
                         unsigned char *gone, ncd_error *err)
{
    struct ncd_digest *sorted, digest;
    struct ncd_buf folded = {0};
    ncd_status status =
        ncd_digest_dataset(NCD_DIGEST_VERBATIM, have, &sorted, err);
    if (status != NCD_OK)
        return status;
    for (size_t i = 0; i < forgotten->n && status == NCD_OK; i++) {
        if (ncd_digest_text(NCD_DIGEST_VERBATIM, ncd_dataset_text(forgotten, i),
                            &folded, &digest) != NCD_OK)
            status = ncd_fail_nomem(err);
        else if (!forget_one(have, sorted, forgotten, i, &digest, gone))
            status =
                ncd_fail(err, NCD_ERR_INPUT,
                         "%s:%llu: the model has no such text to forget",
                         ncd_dataset_source(forgotten, i),
                         (unsigned long long)ncd_dataset_line(forgotten, i));
    }
    ncd_buf_free(&folded);
    free(sorted);
    return status;
}

static ncd_status append(ncd_dataset *to, const ncd_dataset *from,
                         ncd_error *err)
{
    ncd_status status = NCD_OK;
    for (size_t i = 0; i < from->n && status == NCD_OK; i++) {
        const char *label = ncd_dataset_label(from, from->classes[i]);
        status = ncd_dataset_add(
            to, (ncd_text){label, strlen(label)}, ncd_dataset_text(from, i),
            ncd_dataset_source(from, i), ncd_dataset_line(from, i), err);
    }
    return status;
}

/* The texts that stay; kept_out: [n texts of the model] their numbers. */
static ncd_status keep_rest(const ncd_model *model,
                            const ncd_dataset *forgotten, size_t *kept_out,
                            ncd_dataset **rest_out, ncd_error *err)
{
    const ncd_dataset *have = model->dataset;
    unsigned char *gone = calloc(have->n + 1, 1);
    size_t n = 0;
    if (!gone)
        return ncd_fail_nomem(err);
    ncd_status status = forgotten ? forget(have, forgotten, gone, err) : NCD_OK;
    for (size_t i = 0; i < have->n; i++)
        if (!gone[i])
            kept_out[n++] = i;
    free(gone);
    return status == NCD_OK
               ? ncd_dataset_select(have, kept_out, n, rest_out, err)
               : status;
}

/* Sizes of the texts that stay, with room for n. */
static ncd_status keep_sizes(const ncd_model *model, const size_t *kept,
                             size_t n_kept, size_t n, double **sizes_out)
{
    *sizes_out = NULL;
    if (!model->sizes)
        return NCD_OK;
    double *sizes = malloc((n + 1) * sizeof *sizes);
    if (!sizes)
        return NCD_ERR_NOMEM;
    for (size_t i = 0; i < n_kept; i++)
        sizes[i] = model->sizes[kept[i]];
    *sizes_out = sizes;
    return NCD_OK;
}

static ncd_status remake(const ncd_model *model, ncd_dataset *texts,
                         size_t n_kept, const size_t *kept,
                         const ncd_options *run, ncd_model **model_out,
                         ncd_error *err)
{
    struct ncd_known known = {.library = model->library_now, .n_sizes = n_kept};
    int keeps_all = n_kept == model->dataset->n;
    if (keeps_all && model->method != NCD_METHOD_KNN)
        known.counts = &model->class.counts;
    ncd_options options;
    ncd_model_options(model, &options);
    options.threads = run->threads;
    options.progress = run->progress;
    options.progress_arg = run->progress_arg;
    options.engine = run->engine;
    if (keep_sizes(model, kept, n_kept, texts->n, &known.sizes) != NCD_OK) {
        ncd_dataset_free(texts);
        return ncd_fail_nomem(err);
    }
    return ncd_model_make(texts, &known, &options, model_out, err);
}

ncd_status ncd_model_update(const ncd_model *model, const ncd_dataset *added,
                            const ncd_dataset *forgotten,
                            const ncd_options *given, ncd_model **model_out,
                            ncd_error *err)
{
    ncd_options run;
    ncd_dataset *texts = NULL;
    ncd_options_init(&run);
    ncd_take_options(&run, given);
    size_t *kept = calloc(model->dataset->n + 1, sizeof *kept);
    if (!kept)
        return ncd_fail_nomem(err);
    ncd_status status = keep_rest(model, forgotten, kept, &texts, err);
    size_t n_kept = status == NCD_OK ? texts->n : 0;
    if (status == NCD_OK && added)
        status = append(texts, added, err);
    if (status == NCD_OK && texts->n == 0) {
        ncd_dataset_free(texts);
        status =
            ncd_fail(err, NCD_ERR_INPUT, "nothing would be left of the model");
        texts = NULL;
    }
    if (status == NCD_OK)
        status = remake(model, texts, n_kept, kept, &run, model_out, err);
    else
        ncd_dataset_free(texts);
    free(kept);
    return status;
}
