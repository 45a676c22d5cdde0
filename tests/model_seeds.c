/* SPDX-License-Identifier: MIT */
/*
 * Writes the corpus of the model loader's fuzzer, out of models that this very
 * program trains and saves, so that no seed is of an earlier format. Each is
 * loaded first and must end as it was made to: in a model, or in the one
 * message that it was altered for.
 *
 * usage: model_seeds FOLDER
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model_parts.h"

static void must(int held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "model_seeds: %s\n", what);
    exit(EXIT_FAILURE);
}

/* --- What is altered --- */

static void nothing(struct model_parts *p)
{
    (void)p;
}

static void drop(struct model_parts *p, const char *tag)
{
    size_t i = model_part(p, tag);
    ncd_buf_free(&p->part[i]);
    for (p->n--; i < p->n; i++)
        p->part[i] = p->part[i + 1];
    p->part[p->n] = (struct ncd_buf){0};
}

static void set(struct model_parts *p, const char *tag, const char *bytes)
{
    struct ncd_buf *part = &p->part[model_part(p, tag)];
    part->n = 4;
    must(ncd_buf_append(part, bytes, strlen(bytes)) == NCD_OK, "no memory");
}

static void no_tables(struct model_parts *p)
{
    drop(p, "TABL");
}

static void no_text(struct model_parts *p)
{
    drop(p, "TEXT");
}

static void no_settings(struct model_parts *p)
{
    set(p, "CONF", "k=5\n");
}

static void one_letter(struct model_parts *p)
{
    struct ncd_buf *text = &p->part[model_part(p, "TEXT")];
    text->bytes[4] = 'x';
    drop(p, "TABL");
}

static void more_text(struct model_parts *p)
{
    struct ncd_buf *text = &p->part[model_part(p, "TEXT")];
    must(ncd_buf_append(text, "more", 4) == NCD_OK, "no memory");
}

/* In the first of the numbers that were fitted, behind two that count. */
static void not_a_number(struct model_parts *p)
{
    memset(p->part[model_part(p, "CLAS")].bytes + 4 + 2 * 8, 0xff, 8);
}

/* The number of nodes, a page too many. */
static void long_tables(struct model_parts *p)
{
    p->part[model_part(p, "TABL")].bytes[4 + 2 * 8 + 1] += 16;
}

static void library(struct model_parts *p)
{
    struct ncd_buf *conf = &p->part[model_part(p, "CONF")];
    struct ncd_buf both = {0};
    /* The first of two settings counts. */
    must(!ncd_buf_append(&both, "CONFlibrary=zlib 0.9\n", 21) &&
             !ncd_buf_append(&both, conf->bytes + 4, conf->n - 4),
         "no memory");
    ncd_buf_free(conf);
    *conf = both;
}

static const struct seed {
    const char *name;
    ncd_method method;
    void (*alter)(struct model_parts *p);
    const char *message; /* what it is refused with; NULL: it loads */
} seeds[] = {
    {"knn", NCD_METHOD_KNN, nothing, NULL},
    {"knn-other-library", NCD_METHOD_KNN, library, NULL},
    {"knn-no-text", NCD_METHOD_KNN, no_text, "a section is missing"},
    {"knn-no-settings", NCD_METHOD_KNN, no_settings, "settings are malformed"},
    {"knn-more-text", NCD_METHOD_KNN, more_text, "belongs to no row"},
    {"class", NCD_METHOD_CLASS, nothing, NULL},
    {"class-no-tables", NCD_METHOD_CLASS, no_tables, NULL},
    {"class-one-letter", NCD_METHOD_CLASS, one_letter, "fits other texts"},
    {"class-not-a-number", NCD_METHOD_CLASS, not_a_number,
     "class model is malformed"},
    {"class-long-tables", NCD_METHOD_CLASS, long_tables,
     "class model is malformed"},
    {"both", NCD_METHOD_BOTH, nothing, NULL},
    {"auto", NCD_METHOD_AUTO, nothing, NULL},
};

/* --- Making them --- */

static void save_model(const char *path, ncd_method method)
{
    /* A seed is replayed from each of its beginnings: few texts, and short. */
    const char *const rows[] = {"a",  "aab", "b", "bba", "a",
                                "ab", "b",   "b", NULL};
    ncd_dataset *data = dataset_of(rows);
    ncd_options options;
    ncd_model *model;
    ncd_error err;
    ncd_options_init(&options);
    options.method = method;
    options.threads = 1;
    must(ncd_model_train(data, &options, &model, &err) == NCD_OK &&
             ncd_model_save(model, path, &err) == NCD_OK,
         err.message);
    ncd_model_free(model);
    ncd_dataset_free(data);
}

/* What a joined seed is loaded as; written to `path` for that. */
static void demand(const struct seed *seed, ncd_text joined, const char *path)
{
    struct ncd_buf file = {0};
    ncd_model *model;
    ncd_error err = {NCD_OK, ""};
    model_put_together(joined, &file);
    write_file(path, file.bytes, file.n);
    ncd_buf_free(&file);
    ncd_status status = ncd_model_load(path, &model, &err);
    if (status == NCD_OK)
        ncd_model_free(model);
    int as_expected = seed->message ? strstr(err.message, seed->message) != NULL
                                    : status == NCD_OK;
    if (!as_expected)
        fprintf(stderr, "%s: \"%s\", not \"%s\"\n", seed->name, err.message,
                seed->message ? seed->message : "");
    must(as_expected, "a seed does not do what it is for");
}

static void write_seed(const struct seed *seed, const char *path)
{
    struct ncd_buf joined = {0};
    save_model(path, seed->method);
    struct model_parts parts = model_take_apart(path);
    seed->alter(&parts);
    must(ncd_buf_append(&joined, "s", 1) == NCD_OK, "no memory");
    model_join_parts(&parts, &joined);
    demand(seed, (ncd_text){joined.bytes + 1, joined.n - 1}, path);
    write_file(path, joined.bytes, joined.n);
    model_parts_free(&parts);
    ncd_buf_free(&joined);
}

int main(int argc, char **argv)
{
    must(argc == 2, "a folder is needed");
    mkdir(argv[1], 0777); /* it may be there */
    for (size_t i = 0; i < COUNT(seeds); i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], seeds[i].name);
        write_seed(&seeds[i], path);
    }
    return EXIT_SUCCESS;
}
