/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing the model loader. An input that begins with 'r' is the rest of it as
 * a file. One that begins with 's' holds sections, each behind its tag, with
 * "\n--\n" between them, and is put together with the right lengths and
 * checksum, so that what is behind these is reached. Of ROWS, '0' is taken from
 * each byte to let a corpus file be text.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "model/class_table.h"
#include "model/model_file.h"
#include "model/wire.h"
#include "support.h"

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

/* Where the next section ends. */
static const uint8_t *section_end(const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 4 && memcmp(at, "\n--\n", 4) != 0)
        at++;
    return end - at >= 4 ? at : end;
}

static void put_raw(struct ncd_buf *out, const void *tag, const void *bytes,
                    size_t n)
{
    must(!ncd_buf_append(out, tag, 4) && !ncd_put_u32(out, NCD_STORED_RAW) &&
         !ncd_put_u64(out, n) && !ncd_put_u64(out, n) &&
         !ncd_buf_append(out, bytes, n));
}

/* Returns how many sections that makes: TABL must begin at a round place. */
static uint32_t put_section(struct ncd_buf *out, const uint8_t *at,
                            const uint8_t *end)
{
    static const uint8_t zeros[NCD_TABLE_ALIGNMENT];
    size_t n = (size_t)(end - at) - 4;
    int is_table = memcmp(at, "TABL", 4) == 0;
    if (is_table) {
        size_t begin = out->n + 2 * NCD_MODEL_SECTION_NBYTES;
        put_raw(out, "fill", zeros, -begin % NCD_TABLE_ALIGNMENT);
    }
    put_raw(out, at, at + 4, n);
    for (size_t i = 0; i < n && memcmp(at, "ROWS", 4) == 0; i++)
        out->bytes[out->n - n + i] -= '0';
    return is_table ? 2 : 1;
}

static void set_number(struct ncd_buf *out, size_t at, uint64_t value, int n)
{
    for (int i = 0; i < n; i++)
        out->bytes[at + (size_t)i] = (unsigned char)(value >> (8 * i));
}

static void put_together(const uint8_t *at, const uint8_t *end,
                         struct ncd_buf *out)
{
    uint32_t n = 0;
    must(!ncd_buf_append(out, NCD_MODEL_MAGIC, NCD_MODEL_MAGIC_NBYTES) &&
         !ncd_put_u32(out, NCD_MODEL_VERSION) && !ncd_put_u32(out, 0) &&
         !ncd_put_u64(out, 0));
    while (end - at >= 4) {
        const uint8_t *stop = section_end(at + 4, end);
        n += put_section(out, at, stop);
        at = end - stop >= 4 ? stop + 4 : end;
    }
    set_number(out, 12, n, 4);
    set_number(out, 16, out->n + NCD_MODEL_CHECKSUM_NBYTES, 8);
    must(!ncd_put_u64(out, XXH3_64bits(out->bytes, out->n)));
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
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct ncd_buf file = {0};
    ncd_model *model;
    ncd_error err;
    if (n < 1)
        return 0;
    if (data[0] == 's')
        put_together(data + 1, data + n, &file);
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
