/* SPDX-License-Identifier: MIT */
/*
 * Files that appear whole or not at all, so that a full disk, an interrupt or
 * an error never costs the user the file that was there. See ncdclass.h.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"

struct ncd_output {
    FILE *stream;
    char *path;      /* final name, links resolved */
    char *temporary; /* NULL where `path` is written to directly */
};

static void output_free(ncd_output *output)
{
    if (!output)
        return;
    free(output->path);
    free(output->temporary);
    free(output);
}

/* Where the link `path`, whose target is not there yet, points to. */
static char *target_of(const char *path)
{
    char target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0)
        return strdup(path);
    target[n] = 0;
    const char *slash = strrchr(path, '/');
    if (target[0] == '/' || !slash)
        return strdup(target);
    size_t n_folder = (size_t)(slash - path) + 1;
    char *joined = malloc(n_folder + (size_t)n + 1);
    if (joined) {
        memcpy(joined, path, n_folder);
        memcpy(joined + n_folder, target, (size_t)n + 1);
    }
    return joined;
}

/* The file behind a chain of links, which need not exist yet. */
static char *resolve(const char *path)
{
    char *real = realpath(path, NULL);
    if (real || errno == ENOMEM)
        return real;
    return errno == ENOENT ? target_of(path) : strdup(path);
}

/* Standard output under a descriptor of its own, so that it can be closed. */
static FILE *open_standard(void)
{
    int fd = dup(STDOUT_FILENO);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "wb");
    if (fd >= 0 && !stream)
        close(fd);
    return stream;
}

static int is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* mkstemp's mode is 0600; the file gets that of the one it replaces, or what
 * the user's mask leaves of 0666. */
static mode_t final_mode(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0)
        return st.st_mode & 07777;
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static FILE *open_temporary(ncd_output *output)
{
    static const char suffix[] = ".XXXXXX";
    size_t n = strlen(output->path);
    output->temporary = malloc(n + sizeof suffix);
    if (!output->temporary)
        return NULL;
    memcpy(output->temporary, output->path, n);
    memcpy(output->temporary + n, suffix, sizeof suffix);
    int fd = mkstemp(output->temporary);
    if (fd < 0) {
        free(output->temporary);
        output->temporary = NULL;
        return NULL;
    }
    FILE *stream = NULL;
    if (fchmod(fd, final_mode(output->path)) == 0)
        stream = fdopen(fd, "wb");
    if (!stream)
        close(fd);
    return stream;
}

ncd_status ncd_output_create(const char *path, ncd_output **output_out,
                             ncd_error *err)
{
    if (!*path)
        return ncd_fail(err, NCD_ERR_ARGUMENT, "the output has an empty name");
    ncd_output *output = calloc(1, sizeof *output);
    if (!output)
        return ncd_fail_nomem(err);
    output->path = resolve(path);
    if (!output->path) {
        output_free(output);
        return ncd_fail_nomem(err);
    }
    if (strcmp(path, "-") == 0)
        output->stream = open_standard();
    else if (is_special(output->path))
        output->stream = fopen(output->path, "wb");
    else
        output->stream = open_temporary(output);
    if (!output->stream) {
        ncd_status status = errno == ENOMEM
                                ? ncd_fail_nomem(err)
                                : ncd_fail_errno(err, path, "cannot create");
        ncd_output_discard(output);
        return status;
    }
    *output_out = output;
    return NCD_OK;
}

FILE *ncd_output_stream(ncd_output *output)
{
    return output->stream;
}

ncd_status ncd_output_commit(ncd_output *output, ncd_error *err)
{
    ncd_status status = NCD_OK;
    /* Without the fsync a crash soon after the rename may leave an empty file
     * under the final name. */
    int failed = fflush(output->stream) != 0 || ferror(output->stream);
    if (!failed && output->temporary)
        failed = fsync(fileno(output->stream)) != 0;
    if (fclose(output->stream) != 0)
        failed = 1;
    output->stream = NULL;
    if (!failed && output->temporary)
        failed = rename(output->temporary, output->path) != 0;
    if (failed) {
        status = ncd_fail_errno(err, output->path, "cannot write");
        ncd_output_discard(output);
        return status;
    }
    output_free(output);
    return status;
}

void ncd_output_discard(ncd_output *output)
{
    if (!output)
        return;
    if (output->stream)
        fclose(output->stream);
    if (output->temporary)
        unlink(output->temporary);
    output_free(output);
}
