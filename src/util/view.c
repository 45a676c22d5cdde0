/* SPDX-License-Identifier: MIT */
/* Files in memory; see view.h. */
#include "util/view.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util/buf.h"
#include "util/error.h"

static int map(struct ncd_view *view, FILE *file)
{
    struct stat st;
    if (fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_size <= 0 || (uint64_t)st.st_size > SIZE_MAX)
        return 0;
    size_t n = (size_t)st.st_size;
    void *memory = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    if (memory == MAP_FAILED)
        return 0;
    *view = (struct ncd_view){memory, n, memory, 1};
    return 1;
}

static ncd_status read_all(struct ncd_view *view, FILE *file, const char *path,
                           ncd_error *err)
{
    struct ncd_buf out = {0};
    ncd_status status = NCD_OK;
    while (status == NCD_OK && !feof(file) && !ferror(file)) {
        if (ncd_buf_reserve(&out, 1 << 16) != NCD_OK)
            status = ncd_fail_nomem(err);
        else
            out.n += fread(out.bytes + out.n, 1, 1 << 16, file);
    }
    if (status == NCD_OK && ferror(file))
        status = ncd_fail_errno(err, path, "cannot read");
    *view = (struct ncd_view){out.bytes, out.n, out.bytes, 0};
    if (status != NCD_OK)
        ncd_view_close(view);
    return status;
}

ncd_status ncd_view_open(struct ncd_view *view, const char *path,
                         ncd_error *err)
{
    FILE *file = fopen(path, "rb");
    *view = (struct ncd_view){0};
    if (!file)
        return ncd_fail_errno(err, path, "cannot open");
    ncd_status status =
        map(view, file) ? NCD_OK : read_all(view, file, path, err);
    fclose(file);
    return status;
}

void ncd_view_close(struct ncd_view *view)
{
    if (view->is_mapped)
        munmap(view->memory, view->n);
    else
        free(view->memory);
    *view = (struct ncd_view){0};
}
