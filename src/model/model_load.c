/* SPDX-License-Identifier: MIT */
/*
 * Reading the model file, whose format is described in model_file.h. The file
 * is not trusted: every length and number is checked before it is used.
 */
#include "model/model_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "model/class_table.h"
#include "model/class_wire.h"
#include "model/frames.h"
#include "model/model.h"
#include "model/wire.h"
#include "util/error.h"
#include "util/parallel.h"

enum {
    CONF,
    LABL,
    SRCS,
    ROWS,
    TEXT,
    SIZE,
    CLAS,
    MIXW,
    AUTO,
    TABL,
    N_TAGS,
    N_ALWAYS = SIZE
};
static const char tags[N_TAGS][5] = {"CONF", "LABL", "SRCS", "ROWS", "TEXT",
                                     "SIZE", "CLAS", "MIXW", "auto", "TABL"};

/* What the sections hold, before it is known to fit together. */
struct parts {
    struct ncd_buf section[N_TAGS]; /* unpacked, in the order of `tags` */
    int present[N_TAGS];
    ncd_text table; /* TABL, in the file */
    uint32_t version;
    uint64_t stored[N_TAGS]; /* bytes in the file */
};

static ncd_status fail_damaged(const char *path, const char *what,
                               ncd_error *err)
{
    return ncd_fail(err, NCD_ERR_MODEL, "%s: the model file is damaged: %s",
                    path, what);
}

/* Tells apart, in this order: a foreign file, a newer format, a file that is
 * too short or too long, and one with altered bytes. */
static ncd_status check_file(const char *path, const struct ncd_view *file,
                             ncd_error *err)
{
    if (file->n >= 5 && memcmp(file->bytes, NCD_MODEL_MAGIC, 5) == 0 &&
        memcmp(file->bytes, NCD_MODEL_MAGIC,
               file->n < NCD_MODEL_MAGIC_NBYTES ? file->n
                                                : NCD_MODEL_MAGIC_NBYTES) != 0)
        return fail_damaged(path,
                            "its line ends were changed, as by a transfer "
                            "in text mode",
                            err);
    if (file->n < NCD_MODEL_MAGIC_NBYTES ||
        memcmp(file->bytes, NCD_MODEL_MAGIC, NCD_MODEL_MAGIC_NBYTES) != 0)
        return ncd_fail(err, NCD_ERR_MODEL,
                        "%s: this is no ncdclass model file", path);
    struct ncd_cursor in = {file->bytes + NCD_MODEL_MAGIC_NBYTES,
                            file->bytes + file->n, 0};
    uint32_t version = ncd_get_u32(&in);
    ncd_get_u32(&in);
    uint64_t length = ncd_get_u64(&in);
    if (!in.failed && version > NCD_MODEL_VERSION)
        return ncd_fail(err, NCD_ERR_MODEL_NEWER,
                        "%s: the model has format version %u; this program "
                        "reads up to %d",
                        path, version, NCD_MODEL_VERSION);
    if (in.failed)
        return ncd_fail(err, NCD_ERR_MODEL,
                        "%s: the model file is truncated: it has %zu bytes",
                        path, file->n);
    if (file->n < NCD_MODEL_HEADER_NBYTES + NCD_MODEL_CHECKSUM_NBYTES ||
        length != file->n)
        return ncd_fail(err, NCD_ERR_MODEL,
                        "%s: the model file is truncated or has grown: it has "
                        "%zu bytes and should have %llu",
                        path, file->n, (unsigned long long)length);
    size_t n = file->n - NCD_MODEL_CHECKSUM_NBYTES;
    struct ncd_cursor trailer = {file->bytes + n, file->bytes + file->n, 0};
    if (XXH3_64bits(file->bytes, n) != ncd_get_u64(&trailer))
        return fail_damaged(path, "its checksum is wrong", err);
    return NCD_OK;
}

int ncd_is_model(const char *path)
{
    char begin[NCD_MODEL_MAGIC_NBYTES];
    struct stat st;
    /* What a pipe gives can't be put back. */
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t n = fread(begin, 1, sizeof begin, file);
    fclose(file);
    return n == sizeof begin && memcmp(begin, NCD_MODEL_MAGIC, n) == 0;
}

static ncd_status unpack(const char *path, uint32_t how, ncd_text stored,
                         uint64_t nbytes, struct ncd_buf *out, ncd_error *err)
{
    if (how == NCD_STORED_RAW && stored.nbytes == nbytes)
        return ncd_buf_append(out, stored.bytes, stored.nbytes) == NCD_OK
                   ? NCD_OK
                   : ncd_fail_nomem(err);
    if (how != NCD_STORED_ZSTD)
        return fail_damaged(path, "a section's length is wrong", err);
    ncd_status status = ncd_frames_unpack(stored, nbytes, ncd_threads(0), out);
    if (status == NCD_ERR_NOMEM)
        return ncd_fail_nomem(err);
    return status == NCD_OK
               ? NCD_OK
               : fail_damaged(path, "a section can't be unpacked", err);
}

static int tag_number(ncd_text tag)
{
    for (int i = 0; i < N_TAGS; i++)
        if (tag.nbytes == 4 && memcmp(tags[i], tag.bytes, 4) == 0)
            return i;
    return -1;
}

static ncd_status read_sections(const char *path, const struct ncd_view *file,
                                struct parts *parts, ncd_error *err)
{
    struct ncd_cursor in = {file->bytes + NCD_MODEL_MAGIC_NBYTES,
                            file->bytes + file->n - NCD_MODEL_CHECKSUM_NBYTES,
                            0};
    parts->version = ncd_get_u32(&in);
    uint32_t n = ncd_get_u32(&in);
    ncd_get_u64(&in);
    for (uint32_t i = 0; i < n; i++) {
        ncd_text tag = ncd_get_bytes(&in, 4);
        uint32_t how = ncd_get_u32(&in);
        uint64_t nbytes = ncd_get_u64(&in);
        ncd_text stored = ncd_get_bytes(&in, ncd_get_u64(&in));
        if (in.failed)
            return fail_damaged(path, "a section is cut off", err);
        int number = tag_number(tag);
        char first = *(const char *)tag.bytes;
        if (number < 0 && first >= 'A' && first <= 'Z')
            return ncd_fail(err, NCD_ERR_MODEL_NEWER,
                            "%s: the model has a part that only a later "
                            "version of this program reads",
                            path);
        if (number < 0)
            continue;
        if (parts->present[number]++)
            return fail_damaged(path, "a section comes twice", err);
        if (number == TABL) {
            if (how != NCD_STORED_RAW || nbytes != stored.nbytes)
                return fail_damaged(path, "a section's length is wrong", err);
            parts->table = stored;
            continue;
        }
        parts->stored[number] = stored.nbytes;
        ncd_status status =
            unpack(path, how, stored, nbytes, &parts->section[number], err);
        if (status != NCD_OK)
            return status;
    }
    for (int i = 0; i < N_ALWAYS; i++)
        if (!parts->present[i])
            return fail_damaged(path, "a section is missing", err);
    return NCD_OK;
}

static struct ncd_cursor cursor(const struct parts *parts, int section)
{
    static const unsigned char nothing[1];
    const struct ncd_buf *buf = &parts->section[section];
    if (!buf->bytes)
        return (struct ncd_cursor){nothing, nothing, 0};
    return (struct ncd_cursor){buf->bytes, buf->bytes + buf->n, 0};
}

static ncd_status read_names(const char *path, struct ncd_cursor in,
                             struct ncd_labels *names, ncd_error *err)
{
    while (in.at < in.end) {
        ncd_text name = ncd_get_text(&in);
        size_t number, expected = names->n;
        if (in.failed || memchr(name.bytes, 0, name.nbytes))
            return fail_damaged(path, "a name is malformed", err);
        if (ncd_labels_add(names, name, &number) != NCD_OK)
            return ncd_fail_nomem(err);
        if (number != expected)
            return fail_damaged(path, "a name comes twice", err);
    }
    return NCD_OK;
}

/* The data set takes over the texts. */
static ncd_status read_rows(const char *path, struct parts *parts,
                            ncd_dataset *d, ncd_error *err)
{
    struct ncd_cursor in = cursor(parts, ROWS), text = cursor(parts, TEXT);
    for (size_t i = 0; i < d->labels.n; i++) {
        const char *label = d->labels.names[i];
        if (ncd_label_has_control((ncd_text){label, strlen(label)}))
            return fail_damaged(path, "a label is malformed", err);
    }
    while (in.at < in.end) {
        uint64_t nbytes = ncd_get_varint(&in), class = ncd_get_varint(&in);
        uint64_t origin = ncd_get_varint(&in), line = ncd_get_varint(&in);
        size_t n = ncd_get_bytes(&text, nbytes).nbytes;
        if (in.failed || text.failed || class >= d->labels.n ||
            origin >= d->sources.n)
            return fail_damaged(path, "its rows are malformed", err);
        if (ncd_dataset_add_row(d, n, (uint32_t) class, (uint32_t)origin,
                                line) != NCD_OK)
            return ncd_fail_nomem(err);
    }
    if (text.at != text.end)
        return fail_damaged(path, "it has text that belongs to no row", err);
    d->bytes = parts->section[TEXT];
    parts->section[TEXT] = (struct ncd_buf){0};
    return NCD_OK;
}

static ncd_status read_sizes(const char *path, const struct parts *parts,
                             size_t n, double **sizes_out, ncd_error *err)
{
    struct ncd_cursor in = cursor(parts, SIZE);
    double *sizes = calloc(n + 1, sizeof *sizes);
    if (!sizes)
        return ncd_fail_nomem(err);
    int sane = 1;
    for (size_t i = 0; i < n; i++) {
        sizes[i] = ncd_get_double(&in);
        sane &= isfinite(sizes[i]) && sizes[i] >= 0;
    }
    if (!sane || in.failed || in.at != in.end) {
        free(sizes);
        return fail_damaged(path, "its sizes are malformed", err);
    }
    *sizes_out = sizes;
    return NCD_OK;
}

/* The value of `key` in the settings, as a string of its own; "" where there
 * is none. */
static ncd_status setting(const struct parts *parts, const char *key, char *out,
                          size_t room)
{
    const struct ncd_buf *conf = &parts->section[CONF];
    const char *at = (const char *)conf->bytes, *end = at ? at + conf->n : at;
    size_t n_key = strlen(key);
    out[0] = 0;
    while (at && at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = lf ? lf : end;
        size_t n = (size_t)(line_end - at);
        if (n > n_key && memcmp(at, key, n_key) == 0 && at[n_key] == '=' &&
            n - n_key - 1 < room) {
            memcpy(out, at + n_key + 1, n - n_key - 1);
            out[n - n_key - 1] = 0;
            return NCD_OK;
        }
        at = line_end + 1;
    }
    return NCD_ERR_MODEL;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Turns hexadecimal into bytes in place; returns how many, or -1. */
static int from_hexadecimal(char *text)
{
    int n = 0;
    for (const char *at = text; *at; at += 2) {
        int high = hex_digit(at[0]);
        int low = high < 0 ? -1 : hex_digit(at[1]);
        if (low < 0)
            return -1;
        text[n++] = (char)(high * 16 + low);
    }
    return n;
}

struct settings {
    char compressor[NCD_CODEC_SPEC_NBYTES];
    char library[NCD_CODEC_LIBRARY_NBYTES];
    char separator[2 * NCD_SEPARATOR_MAX + 1];
    ncd_options options;
};

static ncd_status read_settings(const char *path, const struct parts *parts,
                                struct settings *s, ncd_error *err)
{
    char distance[32], order[32], vote[32], method[32], k[16];
    const struct {
        const char *key;
        char *out;
        size_t room;
    } wanted[] = {{"compressor", s->compressor, sizeof s->compressor},
                  {"library", s->library, sizeof s->library},
                  {"separator", s->separator, sizeof s->separator},
                  {"distance", distance, sizeof distance},
                  {"order", order, sizeof order},
                  {"vote", vote, sizeof vote},
                  {"k", k, sizeof k}};
    int missing = 0, m = NCD_METHOD_KNN;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        missing |= setting(parts, wanted[i].key, wanted[i].out,
                           wanted[i].room) != NCD_OK;
    ncd_options_init(&s->options);
    int d = ncd_distance_parse(distance), o = ncd_order_parse(order);
    int v = ncd_vote_parse(vote), n = from_hexadecimal(s->separator);
    unsigned long number = strtoul(k, NULL, 10);
    /* Models of before there were methods don't name theirs. */
    if (setting(parts, "method", method, sizeof method) == NCD_OK)
        m = ncd_method_parse(method);
    if (m != NCD_METHOD_KNN && parts->version < NCD_MODEL_VERSION_OF_CLASS)
        return ncd_fail(err, NCD_ERR_MODEL,
                        "%s: a class model of an earlier version of this "
                        "program: train it again",
                        path);
    if (missing || m < 0 || m == NCD_METHOD_AUTO || d < 0 || o < 0 || v < 0 ||
        n < 0 || number == 0 || number > UINT32_MAX ||
        ncd_label_has_control((ncd_text){s->library, strlen(s->library)}))
        return fail_damaged(path, "its settings are malformed", err);
    s->options.compressor = s->compressor;
    s->options.separator = (ncd_text){s->separator, (size_t)n};
    s->options.distance = (ncd_distance)d;
    s->options.order = (ncd_order)o;
    s->options.vote = (ncd_vote)v;
    s->options.k = (unsigned)number;
    s->options.method = (ncd_method)m;
    return NCD_OK;
}

static ncd_status read_class_fit(const char *path, const struct parts *parts,
                                 struct ncd_class_fit *fit, ncd_error *err)
{
    struct ncd_cursor in = cursor(parts, CLAS);
    ncd_status status = ncd_get_class_fit(&in, fit);
    if (status == NCD_ERR_NOMEM)
        return ncd_fail_nomem(err);
    return status == NCD_OK
               ? NCD_OK
               : fail_damaged(path, "its class model is malformed", err);
}

static ncd_status read_power(const char *path, const struct parts *parts,
                             double *power, ncd_error *err)
{
    struct ncd_cursor in = cursor(parts, MIXW);
    *power = ncd_get_double(&in);
    return !in.failed && in.at == in.end && *power >= 0 &&
                   *power <= NCD_SANE_MOST
               ? NCD_OK
               : fail_damaged(path, "its power is malformed", err);
}

/* What the method has computed from the texts. */
static ncd_status read_known(const char *path, const struct parts *parts,
                             const struct settings *settings, size_t n_texts,
                             struct ncd_known *known, ncd_error *err)
{
    ncd_method method = settings->options.method;
    int has_classes = method != NCD_METHOD_KNN;
    int has_neighbors = method != NCD_METHOD_CLASS;
    ncd_status status = NCD_OK;
    known->library = settings->library;
    known->n_sizes = n_texts;
    if ((has_classes && !parts->present[CLAS]) ||
        (has_neighbors && !parts->present[SIZE]) ||
        (method == NCD_METHOD_BOTH && !parts->present[MIXW]))
        return fail_damaged(path, "a section is missing", err);
    if (has_neighbors)
        status = read_sizes(path, parts, n_texts, &known->sizes, err);
    if (status == NCD_OK && method == NCD_METHOD_BOTH)
        status = read_power(path, parts, &known->knn_weight, err);
    if (status == NCD_OK && has_classes)
        status = read_class_fit(path, parts, &known->fit, err);
    return status;
}

/* What training has left to be told. */
static ncd_status read_about(const char *path, const struct parts *parts,
                             ncd_model *model, ncd_error *err)
{
    struct ncd_cursor in = cursor(parts, AUTO);
    model->learnt_nbytes =
        parts->stored[CONF] + parts->stored[CLAS] + parts->stored[MIXW];
    return ncd_get_contenders(&in, &model->contenders) == NCD_OK
               ? NCD_OK
               : fail_damaged(path, "its contenders are malformed", err);
}

static ncd_status read_tables(const char *path, const struct parts *parts,
                              struct ncd_classmodel *tables,
                              struct ncd_known *known, ncd_error *err)
{
    if (!parts->present[TABL] || !ncd_class_table_is_native())
        return NCD_OK;
    known->tables = tables;
    return ncd_get_class_table(parts->table, ncd_threads(0), tables) == NCD_OK
               ? NCD_OK
               : fail_damaged(path, "its class model is malformed", err);
}

static ncd_status make_model(const char *path, struct parts *parts,
                             ncd_model **model_out, ncd_error *err)
{
    struct settings settings;
    struct ncd_known known = {0};
    struct ncd_classmodel tables;
    ncd_dataset *d;
    if (ncd_dataset_new(&d) != NCD_OK)
        return ncd_fail_nomem(err);
    ncd_status status = read_settings(path, parts, &settings, err);
    if (status == NCD_OK)
        status = read_names(path, cursor(parts, LABL), &d->labels, err);
    if (status == NCD_OK)
        status = read_names(path, cursor(parts, SRCS), &d->sources, err);
    if (status == NCD_OK)
        status = read_rows(path, parts, d, err);
    if (status == NCD_OK &&
        (d->n == 0 || ncd_dataset_first_unlabelled(d) < d->n))
        status =
            fail_damaged(path, "a text has no label, or there is none", err);
    if (status == NCD_OK)
        status = read_known(path, parts, &settings, d->n, &known, err);
    if (status == NCD_OK)
        status = read_tables(path, parts, &tables, &known, err);
    if (status != NCD_OK) {
        ncd_class_fit_free(&known.fit);
        free(known.sizes);
        ncd_dataset_free(d);
        return status;
    }
    ncd_model *model = NULL;
    status = ncd_model_make(d, &known, &settings.options, &model, err);
    if (status == NCD_OK) {
        status = read_about(path, parts, model, err);
        if (status == NCD_OK)
            *model_out = model;
        else
            ncd_model_free(model);
        return status;
    }
    /* What does not fit together shows only now. */
    return status == NCD_ERR_MODEL
               ? fail_damaged(path, "its class model fits other texts", err)
               : status;
}

ncd_status ncd_model_load(const char *path, ncd_model **model_out,
                          ncd_error *err)
{
    struct ncd_view file;
    struct parts parts = {0};
    ncd_status status = ncd_view_open(&file, path, err);
    if (status != NCD_OK)
        return status;
    status = check_file(path, &file, err);
    if (status == NCD_OK)
        status = read_sections(path, &file, &parts, err);
    if (status == NCD_OK)
        status = make_model(path, &parts, model_out, err);
    if (status == NCD_OK && parts.present[TABL])
        (*model_out)->file = file;
    else
        ncd_view_close(&file);
    for (int i = 0; i < N_TAGS; i++)
        ncd_buf_free(&parts.section[i]);
    return status;
}
