/* SPDX-License-Identifier: MIT */
/* Writing the model file; its format is described in model_file.h. */
#include "model/model_file.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "model/class_table.h"
#include "model/class_wire.h"
#include "model/frames.h"
#include "model/model.h"
#include "model/wire.h"
#include "util/error.h"
#include "util/parallel.h"

static ncd_status put_header(struct ncd_buf *out, const char *tag, uint32_t how,
                             uint64_t nbytes, uint64_t n_stored)
{
    if (ncd_buf_append(out, tag, 4) != NCD_OK ||
        ncd_put_u32(out, how) != NCD_OK || ncd_put_u64(out, nbytes) != NCD_OK)
        return NCD_ERR_NOMEM;
    return ncd_put_u64(out, n_stored);
}

/* Packed where that makes it smaller. */
static ncd_status put_section(struct ncd_buf *out, const char *tag,
                              const struct ncd_buf *raw)
{
    struct ncd_buf packed = {0};
    ncd_status status =
        ncd_frames_pack(ncd_buf_text(raw), ncd_threads(0), &packed);
    int is_smaller = packed.n < raw->n;
    const struct ncd_buf *stored = is_smaller ? &packed : raw;
    if (status == NCD_OK)
        status =
            put_header(out, tag, is_smaller ? NCD_STORED_ZSTD : NCD_STORED_RAW,
                       raw->n, stored->n);
    if (status == NCD_OK)
        status = ncd_buf_append(out, stored->bytes, stored->n);
    ncd_buf_free(&packed);
    return status;
}

static ncd_status put_line(struct ncd_buf *out, const char *key,
                           const char *value)
{
    if (ncd_buf_append(out, key, strlen(key)) != NCD_OK ||
        ncd_buf_append(out, "=", 1) != NCD_OK ||
        ncd_buf_append(out, value, strlen(value)) != NCD_OK)
        return NCD_ERR_NOMEM;
    return ncd_buf_append(out, "\n", 1);
}

/* The separator is any bytes, so it is written in hexadecimal. */
static char *hexadecimal(const struct ncd_buf *bytes)
{
    char *text = malloc(2 * bytes->n + 1);
    if (!text)
        return NULL;
    text[0] = 0;
    for (size_t i = 0; i < bytes->n; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes->bytes[i]);
    return text;
}

static ncd_status put_settings(struct ncd_buf *out, const ncd_model *m)
{
    char k[16];
    snprintf(k, sizeof k, "%u", m->k);
    char *separator = hexadecimal(&m->measure.separator);
    ncd_status status = NCD_ERR_NOMEM;
    if (separator && !put_line(out, "program", ncd_version()) &&
        !put_line(out, "compressor", m->spec) &&
        !put_line(out, "library", m->library_now) &&
        !put_line(out, "distance", ncd_distance_name(m->measure.distance)) &&
        !put_line(out, "order", ncd_order_name(m->measure.order)) &&
        !put_line(out, "separator", separator) && !put_line(out, "k", k) &&
        !put_line(out, "vote", ncd_vote_name(m->vote)) &&
        !put_line(out, "method", ncd_method_name(m->method)))
        status = NCD_OK;
    free(separator);
    return status;
}

static ncd_status put_names(struct ncd_buf *out, const struct ncd_labels *names)
{
    ncd_status status = NCD_OK;
    for (size_t i = 0; i < names->n && status == NCD_OK; i++)
        status = ncd_put_text(
            out, (ncd_text){names->names[i], strlen(names->names[i])});
    return status;
}

static ncd_status put_rows(struct ncd_buf *out, const ncd_model *m)
{
    const ncd_dataset *d = m->dataset;
    for (size_t i = 0; i < d->n; i++)
        if (ncd_put_varint(out, ncd_dataset_text(d, i).nbytes) != NCD_OK ||
            ncd_put_varint(out, d->classes[i]) != NCD_OK ||
            ncd_put_varint(out, d->origins[i]) != NCD_OK ||
            ncd_put_varint(out, d->lines[i]) != NCD_OK)
            return NCD_ERR_NOMEM;
    return NCD_OK;
}

static ncd_status put_sizes(struct ncd_buf *out, const ncd_model *m)
{
    ncd_status status = NCD_OK;
    for (size_t i = 0; i < m->dataset->n && status == NCD_OK; i++)
        status = ncd_put_double(out, m->sizes[i]);
    return status;
}

static ncd_status put_weights(struct ncd_buf *out, const ncd_model *m)
{
    return ncd_put_class_fit(out, &m->class.fit);
}

static ncd_status put_power(struct ncd_buf *out, const ncd_model *m)
{
    return ncd_put_double(out, m->knn_weight);
}

static ncd_status put_labels(struct ncd_buf *out, const ncd_model *m)
{
    return put_names(out, &m->dataset->labels);
}

static ncd_status put_sources(struct ncd_buf *out, const ncd_model *m)
{
    return put_names(out, &m->dataset->sources);
}

static ncd_status put_contenders(struct ncd_buf *out, const ncd_model *m)
{
    return ncd_put_contenders(out, &m->contenders);
}

static int always(const ncd_model *m)
{
    (void)m;
    return 1;
}

static int has_neighbors(const ncd_model *m)
{
    return m->method != NCD_METHOD_CLASS;
}

static int has_classes(const ncd_model *m)
{
    return m->method != NCD_METHOD_KNN;
}

static int is_both(const ncd_model *m)
{
    return m->method == NCD_METHOD_BOTH;
}

static int was_chosen(const ncd_model *m)
{
    return m->contenders.n > 0;
}

/* The sections but that of the texts, in their order. */
static const struct section {
    char tag[5];
    int is_learnt; /* from the texts, by training */
    int (*exists)(const ncd_model *m);
    ncd_status (*put)(struct ncd_buf *out, const ncd_model *m);
} sections[] = {
    {"CONF", 1, always, put_settings},
    {"LABL", 0, always, put_labels},
    {"SRCS", 0, always, put_sources},
    {"ROWS", 0, always, put_rows},
    {"SIZE", 0, has_neighbors, put_sizes},
    {"CLAS", 1, has_classes, put_weights},
    {"MIXW", 1, is_both, put_power},
    {"auto", 0, was_chosen, put_contenders},
};
#define N_SECTIONS (sizeof sections / sizeof *sections)

/* Of all kinds, or only what was learnt. */
static ncd_status put_sections(struct ncd_buf *out, struct ncd_buf *raw,
                               const ncd_model *m, int learnt, uint32_t *n_out)
{
    ncd_status status = NCD_OK;
    *n_out = 0;
    for (size_t i = 0; i < N_SECTIONS && status == NCD_OK; i++) {
        const struct section *s = &sections[i];
        if (!s->exists(m) || (learnt && !s->is_learnt))
            continue;
        raw->n = 0;
        status = s->put(raw, m);
        if (status == NCD_OK)
            status = put_section(out, s->tag, raw);
        ++*n_out;
    }
    return status;
}

ncd_status ncd_model_learnt_nbytes(const ncd_model *m, uint64_t *nbytes_out,
                                   ncd_error *err)
{
    struct ncd_buf out = {0}, raw = {0};
    uint32_t n;
    ncd_status status = put_sections(&out, &raw, m, 1, &n);
    *nbytes_out = out.n - n * NCD_MODEL_SECTION_NBYTES;
    ncd_buf_free(&out);
    ncd_buf_free(&raw);
    return status == NCD_OK ? NCD_OK : ncd_fail_nomem(err);
}

/* Writes over a number that was not known before. */
static void set_number(struct ncd_buf *out, size_t at, uint64_t value, int n)
{
    for (int i = 0; i < n; i++)
        out->bytes[at + i] = (unsigned char)(value >> (8 * i));
}

/* All of section TABL but its bytes, which begin at a round place in the file:
 * a section that readers pass over fills up the room before it. */
static ncd_status put_table_header(struct ncd_buf *out, uint64_t nbytes)
{
    static const char zeros[NCD_TABLE_ALIGNMENT];
    size_t end = out->n + 2 * NCD_MODEL_SECTION_NBYTES;
    size_t fill =
        (NCD_TABLE_ALIGNMENT - end % NCD_TABLE_ALIGNMENT) % NCD_TABLE_ALIGNMENT;
    if (put_header(out, "fill", NCD_STORED_RAW, fill, fill) != NCD_OK ||
        ncd_buf_append(out, zeros, fill) != NCD_OK)
        return NCD_ERR_NOMEM;
    return put_header(out, "TABL", NCD_STORED_RAW, nbytes, nbytes);
}

/* The file up to its last section's bytes, of which there are so many. */
static ncd_status put_head(struct ncd_buf *out, const ncd_model *m,
                           uint64_t table_nbytes)
{
    struct ncd_buf raw = {0};
    ncd_status status = NCD_ERR_NOMEM;
    uint32_t n = 0;
    if (!ncd_buf_append(out, NCD_MODEL_MAGIC, NCD_MODEL_MAGIC_NBYTES) &&
        !ncd_put_u32(out, NCD_MODEL_VERSION) && !ncd_put_u32(out, 0) &&
        !ncd_put_u64(out, 0))
        status = put_sections(out, &raw, m, 0, &n);
    ncd_buf_free(&raw);
    if (status == NCD_OK)
        status = put_section(out, "TEXT", &m->dataset->bytes);
    if (status == NCD_OK && table_nbytes)
        status = put_table_header(out, table_nbytes);
    if (status != NCD_OK)
        return status;
    set_number(out, 12, n + (table_nbytes ? 3 : 1), 4);
    set_number(out, 16, out->n + table_nbytes + NCD_MODEL_CHECKSUM_NBYTES, 8);
    return NCD_OK;
}

/* A file on its way out, and its checksum so far. */
struct sink {
    FILE *stream;
    XXH3_state_t *sum;
};

/* A short write leaves the stream's error flag, which commit checks. */
static ncd_status sink_put(void *to, const void *bytes, size_t n)
{
    const struct sink *sink = to;
    XXH3_64bits_update(sink->sum, bytes, n);
    fwrite(bytes, 1, n, sink->stream);
    return NCD_OK;
}

static ncd_status write_file(FILE *stream, const struct ncd_buf *head,
                             const ncd_model *m, int has_table)
{
    struct sink sink = {stream, XXH3_createState()};
    struct ncd_buf trailer = {0};
    ncd_status status = sink.sum ? NCD_OK : NCD_ERR_NOMEM;
    if (status == NCD_OK) {
        XXH3_64bits_reset(sink.sum);
        status = sink_put(&sink, head->bytes, head->n);
    }
    if (status == NCD_OK && has_table)
        status = ncd_put_class_table(&m->class, sink_put, &sink);
    if (status == NCD_OK)
        status = ncd_put_u64(&trailer, XXH3_64bits_digest(sink.sum));
    if (status == NCD_OK)
        fwrite(trailer.bytes, 1, trailer.n, stream);
    ncd_buf_free(&trailer);
    XXH3_freeState(sink.sum);
    return status;
}

ncd_status ncd_model_save(const ncd_model *model, const char *path,
                          ncd_error *err)
{
    struct ncd_buf head = {0};
    ncd_output *output;
    int has_table =
        model->method != NCD_METHOD_KNN && ncd_class_table_is_native();
    uint64_t table_nbytes =
        has_table ? ncd_class_table_nbytes(&model->class) : 0;
    ncd_status status = put_head(&head, model, table_nbytes);
    if (status != NCD_OK)
        ncd_fail_nomem(err);
    else
        status = ncd_output_create(path, &output, err);
    if (status == NCD_OK) {
        status = write_file(ncd_output_stream(output), &head, model, has_table);
        if (status == NCD_OK) {
            status = ncd_output_commit(output, err);
        } else {
            ncd_output_discard(output);
            ncd_fail_nomem(err);
        }
    }
    ncd_buf_free(&head);
    return status;
}
