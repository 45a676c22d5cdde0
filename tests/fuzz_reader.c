/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing the readers. The input's first byte chooses the format ('0' auto, '1'
 * tsv, ...) and the second, less '0', sets options, a bit each, so that a
 * corpus file is a text like "20\na,b\n":
 *
 *     1 header   2 skip_bad   4 field names
 *     8, 16, 24 packed as gzip, xz, zstd   32 then cut off
 *
 * The third sets more of them, where it is no line feed:
 *
 *     1 unlabelled   2 a text column   4 records end with NUL
 *
 * "list" and "dir" are left out because they open whatever file is named.
 */
#include <stdlib.h>
#include <unistd.h>

#include "support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const formats[] = {"auto",  "tsv",      "csv",
                                      "jsonl", "fasttext", "lines"};

/* The file is standard input, so that it needs no name. */
static void put_on_stdin(const void *bytes, size_t n)
{
    static FILE *file;
    if (!file) {
        file = tmpfile();
        if (!file || dup2(fileno(file), STDIN_FILENO) < 0)
            abort();
    }
    if (ftruncate(STDIN_FILENO, 0) != 0 ||
        pwrite(STDIN_FILENO, bytes, n, 0) != (ssize_t)n ||
        lseek(STDIN_FILENO, 0, SEEK_SET) != 0)
        abort();
}

/* Reads to the end. A reader that gives an error for ever would hang; so many
 * records can't be in the input. */
static void read_all(const ncd_reader_options *options, size_t n)
{
    ncd_reader *reader;
    ncd_record record;
    ncd_error err;
    size_t n_calls = 0;
    if (ncd_reader_open("-", options, &reader, &err) != NCD_OK)
        return;
    ncd_status status = NCD_OK;
    while (status == NCD_OK || status == NCD_ERR_INPUT) {
        status = ncd_reader_next(reader, &record, &err);
        if (n_calls++ > 2000 * n + 100000)
            abort();
    }
    if (status != NCD_END && status != NCD_ERR_IO && status != NCD_ERR_NOMEM)
        abort();
    ncd_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 3)
        return 0;
    unsigned flags = (unsigned)data[1] - '0';
    unsigned packing = flags >> 3 & 3;
    ncd_reader_options options;
    ncd_reader_options_init(&options);
    options.format = formats[(unsigned)(data[0] - '0') % COUNT(formats)];
    options.header = (flags & 1) != 0;
    options.skip_bad = (flags & 2) != 0;
    options.label_field = flags & 4 ? "class" : NULL;
    options.text_field = flags & 4 ? "title,text" : NULL;
    unsigned more = data[2] == '\n' ? 0 : (unsigned)data[2] - '0';
    options.unlabelled = (more & 1) != 0;
    options.text_column = more & 2;
    options.nul = (more & 4) != 0;
    struct ncd_buf file = {0};
    if (packing)
        pack_bytes((enum packing)(packing - 1), data + 3, n - 3, &file);
    else if (ncd_buf_append(&file, data + 3, n - 3) != NCD_OK)
        abort();
    if (flags & 32 && file.n > 5)
        file.n -= 5;
    put_on_stdin(file.n ? file.bytes : data, file.n);
    read_all(&options, file.n);
    ncd_buf_free(&file);
    return 0;
}
