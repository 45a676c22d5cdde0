/* SPDX-License-Identifier: MIT */
/* Data and models, read for a verb; and what is said where one stands in the
 * other's place. */
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "suggest.h"

ncd_status open_data(const char *path, uint64_t limit, ncd_reader **reader_out,
                     ncd_error *err)
{
    ncd_reader_options options;
    fill_reader_options(&options, limit);
    if (!ncd_is_model(path))
        return ncd_reader_open(path, &options, reader_out, err);
    err->status = NCD_ERR_INPUT;
    snprintf(err->message, sizeof err->message,
             "%.900s: this is a model, not data", path);
    return err->status;
}

/* In parts of the input where its length is known; returns nonzero to stop. */
static int tell_reading(ncd_reader *reader, size_t n_texts)
{
    static char input[] = "input", texts[] = "texts";
    uint64_t total = ncd_reader_total(reader);
    return total ? on_progress(input, ncd_reader_done(reader), total)
                 : on_progress(texts, n_texts, 0);
}

/* ncd_dataset_fill with progress. */
static ncd_status fill(ncd_dataset *data, ncd_reader *reader, ncd_error *err)
{
    ncd_record r;
    ncd_status status;
    for (size_t n = 1; (status = ncd_reader_next(reader, &r, err)) == NCD_OK;
         n++) {
        status = ncd_dataset_add(data, r.label, r.text, r.source, r.line, err);
        if (status != NCD_OK)
            return status;
        /* Not at each text, since each call asks what time it is. */
        if (n % 1024 == 0 && tell_reading(reader, n)) {
            *err = (ncd_error){NCD_ERR_CANCELLED, "cancelled"};
            return NCD_ERR_CANCELLED;
        }
    }
    end_progress();
    return status == NCD_END ? NCD_OK : status;
}

ncd_status read_data(ncd_dataset *data, const char *path, uint64_t limit,
                     ncd_error *err)
{
    ncd_reader *reader;
    ncd_status status = open_data(path, limit, &reader, err);
    if (status != NCD_OK)
        return status;
    size_t n_before = ncd_dataset_n_texts(data);
    status = fill(data, reader, err);
    uint64_t skipped = ncd_reader_skipped(reader);
    if (status == NCD_OK)
        detail("%s: format %s, %zu texts read", path, ncd_reader_format(reader),
               ncd_dataset_n_texts(data) - n_before);
    if (status == NCD_OK && skipped)
        note("%s: passed over %llu malformed record%s", path,
             (unsigned long long)skipped, skipped == 1 ? "" : "s");
    if (status == NCD_OK && ncd_dataset_n_texts(data) == n_before)
        note("%s: there are no texts in it", path);
    ncd_reader_close(reader);
    return status;
}

static void describe_model(const char *path, const ncd_model *model)
{
    ncd_options o;
    const ncd_dataset *data = ncd_model_dataset(model);
    ncd_model_options(model, &o);
    detail("%s: %s, %zu texts of %zu classes%s%s", path,
           ncd_method_name(o.method), ncd_dataset_n_texts(data),
           ncd_dataset_n_classes(data),
           o.method == NCD_METHOD_CLASS ? "" : ", ",
           o.method == NCD_METHOD_CLASS ? "" : o.compressor);
    if (o.method != NCD_METHOD_CLASS && ncd_model_uses_engine(model))
        detail("sizes of pairs from the size-only engine, %s code",
               ncd_engine_path());
}

/* Whether a file or folder begins with a labelled text. */
static int is_data(const char *path)
{
    ncd_reader_options options;
    ncd_reader *reader;
    ncd_record record;
    struct stat there;
    ncd_reader_options_init(&options);
    if (stat(path, &there) != 0 ||
        !(S_ISREG(there.st_mode) || S_ISDIR(there.st_mode)) ||
        ncd_reader_open(path, &options, &reader, NULL) != NCD_OK)
        return 0;
    int is_labelled = ncd_reader_next(reader, &record, NULL) == NCD_OK;
    ncd_reader_close(reader);
    return is_labelled;
}

ncd_status load_model(const char *path, ncd_model **model_out, ncd_error *err)
{
    watch_model(path);
    ncd_status status = ncd_model_load(path, model_out, err);
    if (status != NCD_OK && !ncd_is_model(path) && is_data(path))
        snprintf(err->message, sizeof err->message,
                 "%.400s: this is data, not a model; `ncdclass train %.400s` "
                 "makes a model of it",
                 path, path);
    if (status != NCD_OK)
        return status;
    const char *then = ncd_model_library(*model_out);
    const char *now = ncd_model_library_now(*model_out);
    if (strcmp(then, now) != 0)
        note("the model was trained with %s, this is %s; labels may differ",
             then, now);
    describe_model(path, *model_out);
    return NCD_OK;
}

static const char *label_name(const void *data, size_t i)
{
    return i < ncd_dataset_n_classes(data) ? ncd_dataset_label(data, i) : NULL;
}

void note_file_as_text(char *const *texts, int n)
{
    struct stat there;
    if (n == 1 && stat(texts[0], &there) == 0 && S_ISREG(there.st_mode))
        note("\"%s\" is taken as the text itself, not as a file; for each line "
             "of the file: < %s",
             texts[0], texts[0]);
}

void suggest_label(const ncd_model *model, const char *label, ncd_error *err)
{
    char near[SUGGESTION_NBYTES];
    size_t n = strlen(err->message);
    suggestion(label, label_name, ncd_model_dataset(model), near);
    snprintf(err->message + n, sizeof err->message - n, "%s", near);
}
