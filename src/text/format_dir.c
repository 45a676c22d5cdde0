/* SPDX-License-Identifier: MIT */
/*
 * A directory with one folder a label and one file a text (20 Newsgroups).
 * Folders and files come in byte order of their names, whatever the file system
 * or the locale; names that begin with a dot are passed over. A text is the
 * file's bytes, unpacked where it is compressed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text/format.h"
#include "util/error.h"

struct name_list {
    struct dirent **entries;
    int n;
};

struct dir_state {
    struct name_list labels, files; /* files: of the label at hand */
    int label, file;                /* the next of each */
    struct ncd_buf folder, path;
};

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void free_names(struct name_list *list)
{
    for (int i = 0; i < list->n; i++)
        free(list->entries[i]);
    free(list->entries);
    *list = (struct name_list){0};
}

static ncd_status read_names(const char *path, struct name_list *list,
                             ncd_error *err)
{
    free_names(list);
    int n = scandir(path, &list->entries, is_visible, by_bytes);
    if (n < 0)
        return errno == ENOMEM ? ncd_fail_nomem(err)
                               : ncd_fail_errno(err, path, "cannot read");
    list->n = n;
    return NCD_OK;
}

/* out = folder/name, with a NUL behind it that is not counted. */
static ncd_status join(struct ncd_buf *out, const char *folder,
                       const char *name, ncd_error *err)
{
    out->n = 0;
    if (ncd_buf_append(out, folder, strlen(folder)) != NCD_OK ||
        ncd_buf_append(out, "/", 1) != NCD_OK ||
        ncd_buf_append(out, name, strlen(name) + 1) != NCD_OK)
        return ncd_fail_nomem(err);
    out->n--;
    return NCD_OK;
}

static int is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static ncd_status next_label(struct ncd_reader *reader, ncd_error *err)
{
    struct dir_state *s = reader->format_state;
    const char *name = s->labels.entries[s->label++]->d_name;
    ncd_status status = join(&s->folder, reader->path, name, err);
    if (status != NCD_OK)
        return status;
    if (!is_folder((char *)s->folder.bytes))
        return ncd_fail(err, NCD_ERR_INPUT,
                        "%s: a file among the labels' folders",
                        (char *)s->folder.bytes);
    s->file = 0;
    return read_names((char *)s->folder.bytes, &s->files, err);
}

static ncd_status next_dir(struct ncd_reader *reader, ncd_error *err)
{
    struct dir_state *s = reader->format_state;
    while (s->file == s->files.n) {
        if (s->label == s->labels.n)
            return NCD_END;
        ncd_status status = next_label(reader, err);
        if (status != NCD_OK)
            return status;
    }
    const char *label = s->labels.entries[s->label - 1]->d_name;
    const char *name = s->files.entries[s->file++]->d_name;
    ncd_status status = join(&s->path, (char *)s->folder.bytes, name, err);
    if (status != NCD_OK)
        return status;
    const char *path = (char *)s->path.bytes;
    if (is_folder(path))
        return ncd_fail(err, NCD_ERR_INPUT,
                        "%s: a folder among the texts of a label", path);
    if (is_special(path)) /* a pipe would be waited for, for ever */
        return ncd_fail(err, NCD_ERR_INPUT, "%s: not a file", path);
    status = ncd_reader_slurp(reader, path, err);
    reader->record = (ncd_record){.label = {label, strlen(label)},
                                  .text = ncd_buf_text(&reader->text),
                                  .source = path,
                                  .line = 1};
    return status;
}

static ncd_status open_dir(struct ncd_reader *reader, ncd_error *err)
{
    struct dir_state *s = calloc(1, sizeof *s);
    if (!s)
        return ncd_fail_nomem(err);
    reader->format_state = s;
    ncd_status status = read_names(reader->path, &s->labels, err);
    if (status == NCD_OK && s->labels.n == 0)
        status =
            ncd_fail(err, NCD_ERR_INPUT,
                     "%s: the directory has no folders of texts", reader->path);
    return status;
}

static void close_dir(struct ncd_reader *reader)
{
    struct dir_state *s = reader->format_state;
    if (!s)
        return;
    free_names(&s->labels);
    free_names(&s->files);
    ncd_buf_free(&s->folder);
    ncd_buf_free(&s->path);
    free(s);
}

const struct ncd_format ncd_format_dir = {
    .name = "dir",
    .summary = "a directory: one folder a label, one file a text",
    .open = open_dir,
    .next = next_dir,
    .close = close_dir,
};
