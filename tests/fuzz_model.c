/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing the model loader. An input that begins with 'r' is the rest of it as
 * a file. One that begins with 's' is the parts of one, which are put together
 * (model_parts.h). model_seeds writes a corpus.
 */
#include <stdlib.h>
#include <unistd.h>

#include "model_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(int held)
{
    if (!held)
        abort();
}

static char path[] = "/tmp/ncdclass-fuzz-XXXXXX";

static void remove_file(void)
{
    unlink(path);
}

/* The path of the file that is written anew for every input. */
static const char *write_model(const void *bytes, size_t n)
{
    static int fd = -1;
    if (fd < 0) {
        fd = mkstemp(path);
        must(fd >= 0 && atexit(remove_file) == 0);
    }
    must(pwrite(fd, bytes, n, 0) == (ssize_t)n && ftruncate(fd, (off_t)n) == 0);
    return path;
}

/* A model whose counts make no sense may learn nonsense from them. */
static void add_text(const ncd_model *model, ncd_text text)
{
    ncd_dataset *data;
    ncd_model *updated;
    ncd_options options;
    ncd_error err;
    ncd_options_init(&options);
    options.threads = 1;
    must(ncd_dataset_new(&data) == NCD_OK);
    must(ncd_dataset_add(data, text_of("new"), text, "-", 1, &err) == NCD_OK);
    if (ncd_model_update(model, data, NULL, &options, &updated, &err) == NCD_OK)
        ncd_model_free(updated);
    ncd_dataset_free(data);
}

/* What loads must work. */
static void use(const ncd_model *model)
{
    ncd_prediction *p;
    ncd_predict_options options;
    ncd_error err;
    ncd_text text = text_of("some text to classify");
    ncd_predict_options_init(&options);
    options.threads = 1;
    must(ncd_prediction_new(&p) == NCD_OK);
    if (ncd_model_predict(model, &text, 1, &options, p, &err) == NCD_OK)
        must(ncd_prediction_n_labels(p, 0) > 0 &&
             ncd_prediction_label(p, 0, 0)[0] != 0);
    ncd_prediction_free(p);

    ncd_explanation *e;
    ncd_explain_options explaining;
    ncd_explain_options_init(&explaining);
    explaining.threads = 1;
    must(ncd_explanation_new(&e) == NCD_OK);
    ncd_model_explain(model, text, &explaining, e, &err);
    ncd_explanation_free(e);
    add_text(model, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct ncd_buf file = {0};
    ncd_model *model;
    ncd_error err;
    if (n < 1)
        return 0;
    if (data[0] == 's')
        model_put_together((ncd_text){data + 1, n - 1}, &file);
    else
        must(ncd_buf_append(&file, data + 1, n - 1) == NCD_OK);
    const char *name = write_model(file.n ? file.bytes : data, file.n);
    if (ncd_model_load(name, &model, &err) == NCD_OK) {
        use(model);
        ncd_model_free(model);
    }
    ncd_buf_free(&file);
    return 0;
}
