/* SPDX-License-Identifier: MIT */
/*
 * Inputs; see input.h. Two buffers: `raw` holds what was read and not yet
 * unpacked, `ready` the unpacked bytes, of which those before `taken` have been
 * handed out. A plain file is read into `ready` directly.
 */
#include "text/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/decoder.h"
#include "util/buf.h"
#include "util/error.h"

#define CHUNK 65536u

struct ncd_input {
    char *name;
    int fd;
    int at_file_end;
    int at_end; /* `ready` holds all that is left */
    uint64_t done, total;
    const struct ncd_decoder *decoder;
    void *decoder_state;
    struct ncd_buf raw;
    size_t raw_used;
    struct ncd_buf ready;
    size_t taken;
    size_t searched; /* no line end lies in ready[taken .. searched) */
    uint64_t line_number;
    char line_end; /* LF or NUL */
};

static ncd_status fail(struct ncd_input *in, const char *what, ncd_error *err)
{
    return ncd_fail(err, NCD_ERR_INPUT, "%s: %s", in->name, what);
}

/* One read(2) onto the end of buf. */
static ncd_status read_some(struct ncd_input *in, struct ncd_buf *buf,
                            ncd_error *err)
{
    if (ncd_buf_reserve(buf, CHUNK) != NCD_OK)
        return ncd_fail_nomem(err);
    ssize_t n;
    do {
        n = read(in->fd, buf->bytes + buf->n, CHUNK);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return ncd_fail_errno(err, in->name, "cannot read");
    buf->n += (size_t)n;
    in->done += (uint64_t)n;
    in->at_file_end = n == 0;
    return NCD_OK;
}

static void drop_used(struct ncd_buf *buf, size_t *used)
{
    if (*used == 0)
        return;
    memmove(buf->bytes, buf->bytes + *used, buf->n - *used);
    buf->n -= *used;
    *used = 0;
}

/* Adds what one step of the decoder gives to `ready`. */
static ncd_status step(struct ncd_input *in, size_t *n_out, ncd_error *err)
{
    if (ncd_buf_reserve(&in->ready, CHUNK) != NCD_OK)
        return ncd_fail_nomem(err);
    const char *wrong = in->decoder->step(
        in->decoder_state, in->raw.bytes, in->raw.n, &in->raw_used,
        in->at_file_end, in->ready.bytes + in->ready.n, CHUNK, n_out);
    /* Not NCD_ERR_INPUT, which stands for one bad record with others behind
     * it: there is no way on. */
    if (wrong)
        return ncd_fail(err, NCD_ERR_IO, "%s: %s", in->name, wrong);
    in->ready.n += *n_out;
    return NCD_OK;
}

/* Goes on until there is output, or the file has ended and a step with nothing
 * left to take has found nothing missing. */
static ncd_status unpack_some(struct ncd_input *in, ncd_error *err)
{
    for (;;) {
        size_t n, used = in->raw_used;
        ncd_status status = step(in, &n, err);
        if (status != NCD_OK || n > 0)
            return status;
        if (in->raw_used > used)
            continue;
        if (in->at_file_end) {
            in->at_end = 1;
            return NCD_OK;
        }
        drop_used(&in->raw, &in->raw_used);
        status = read_some(in, &in->raw, err);
        if (status != NCD_OK)
            return status;
    }
}

/* Adds at least one byte to `ready`, or sets at_end. */
static ncd_status fill(struct ncd_input *in, ncd_error *err)
{
    size_t searched = in->searched - in->taken;
    drop_used(&in->ready, &in->taken);
    in->searched = searched;
    if (in->decoder)
        return unpack_some(in, err);
    ncd_status status = read_some(in, &in->ready, err);
    in->at_end = in->at_file_end;
    return status;
}

/* Reads until the first bytes tell what the file is, or it ends. A pipe that
 * gives "ok\n" and then waits must not be waited for: what can't be a magic
 * number or a byte order mark any more is plain text. */
static ncd_status start(struct ncd_input *in, ncd_error *err)
{
    do {
        ncd_status status = read_some(in, &in->ready, err);
        if (status != NCD_OK)
            return status;
    } while (!in->at_file_end &&
             ncd_decoder_undecided(in->ready.bytes, in->ready.n));
    in->at_end = in->at_file_end;
    in->decoder = ncd_decoder_find(in->ready.bytes, in->ready.n);
    if (!in->decoder)
        return NCD_OK;
    in->decoder_state = in->decoder->open();
    if (!in->decoder_state)
        return ncd_fail_nomem(err);
    in->raw = in->ready;
    in->ready = (struct ncd_buf){0};
    in->at_end = 0;
    while (in->ready.n < 3 && !in->at_end) {
        ncd_status status = unpack_some(in, err);
        if (status != NCD_OK)
            return status;
    }
    return NCD_OK;
}

static ncd_status check_mark(struct ncd_input *in, ncd_error *err)
{
    const unsigned char *b = in->ready.bytes;
    size_t n = in->ready.n;
    if (n >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf)
        in->taken = in->searched = 3;
    if (n >= 2 &&
        ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff)))
        return fail(in,
                    "the text is UTF-16; convert it first "
                    "(iconv -f utf-16 -t utf-8)",
                    err);
    return NCD_OK;
}

static ncd_status open_file(struct ncd_input *in, const char *path,
                            ncd_error *err)
{
    struct stat st;
    in->fd = strcmp(path, "-") == 0 ? STDIN_FILENO
                                    : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0 || fstat(in->fd, &st) != 0)
        return ncd_fail_errno(err, in->name, "cannot open");
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return ncd_fail_errno(err, in->name, "cannot read");
    }
    if (S_ISREG(st.st_mode))
        in->total = (uint64_t)st.st_size;
    return NCD_OK;
}

ncd_status ncd_input_open(const char *path, struct ncd_input **input_out,
                          ncd_error *err)
{
    struct ncd_input *in = calloc(1, sizeof *in);
    if (!in)
        return ncd_fail_nomem(err);
    in->fd = -1;
    in->line_end = '\n';
    in->name = strdup(strcmp(path, "-") == 0 ? "<stdin>" : path);
    ncd_status status =
        in->name ? open_file(in, path, err) : ncd_fail_nomem(err);
    if (status == NCD_OK)
        status = start(in, err);
    if (status == NCD_OK)
        status = check_mark(in, err);
    if (status != NCD_OK) {
        ncd_input_close(in);
        return status;
    }
    *input_out = in;
    return NCD_OK;
}

void ncd_input_close(struct ncd_input *in)
{
    if (!in)
        return;
    if (in->decoder_state)
        in->decoder->close(in->decoder_state);
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    ncd_buf_free(&in->raw);
    ncd_buf_free(&in->ready);
    free(in->name);
    free(in);
}

const char *ncd_input_name(const struct ncd_input *in)
{
    return in->name;
}

void ncd_input_end_at_nul(struct ncd_input *in)
{
    in->line_end = 0;
}

/* Finds the LF that ends the line at `taken`, reading on as needed. NULL with
 * NCD_OK: the last line has none. */
static ncd_status find_line_end(struct ncd_input *in, unsigned char **lf_out,
                                ncd_error *err)
{
    *lf_out = NULL;
    for (;;) {
        if (in->searched < in->ready.n)
            *lf_out = memchr(in->ready.bytes + in->searched, in->line_end,
                             in->ready.n - in->searched);
        if (*lf_out)
            return NCD_OK;
        in->searched = in->ready.n;
        if (in->at_end)
            return NCD_OK;
        ncd_status status = fill(in, err);
        if (status != NCD_OK)
            return status;
    }
}

static ncd_text without_line_end(const struct ncd_input *in, ncd_text raw)
{
    const char *b = raw.bytes;
    if (raw.nbytes && b[raw.nbytes - 1] == in->line_end) {
        raw.nbytes--;
        if (in->line_end == '\n' && raw.nbytes && b[raw.nbytes - 1] == '\r')
            raw.nbytes--;
    }
    return raw;
}

ncd_status ncd_input_line(struct ncd_input *in, ncd_text *line_out,
                          ncd_text *raw_out, ncd_error *err)
{
    unsigned char *lf;
    ncd_status status = find_line_end(in, &lf, err);
    if (status != NCD_OK)
        return status;
    if (!lf && in->taken == in->ready.n)
        return NCD_END;
    unsigned char *begin = in->ready.bytes + in->taken;
    unsigned char *end = lf ? lf + 1 : in->ready.bytes + in->ready.n;
    ncd_text raw = {begin, (size_t)(end - begin)};
    in->taken = in->searched = (size_t)(end - in->ready.bytes);
    in->line_number++;
    if (raw_out)
        *raw_out = raw;
    *line_out = without_line_end(in, raw);
    return NCD_OK;
}

/* Where the first line begins that holds a byte. */
static size_t first_byte(const struct ncd_input *in)
{
    size_t i = in->taken;
    const unsigned char *b = in->ready.bytes;
    while (i < in->ready.n &&
           (b[i] == '\n' || b[i] == '\r' || b[i] == in->line_end))
        i++;
    return i;
}

ncd_status ncd_input_peek(struct ncd_input *in, ncd_text *line_out,
                          ncd_error *err)
{
    for (;;) {
        size_t line = first_byte(in), left = in->ready.n - line;
        unsigned char *begin = in->ready.bytes + line;
        unsigned char *lf = left ? memchr(begin, in->line_end, left) : NULL;
        if (!left && in->at_end)
            return NCD_END;
        if (lf || in->at_end) {
            size_t n = lf ? (size_t)(lf + 1 - begin) : left;
            *line_out = without_line_end(in, (ncd_text){begin, n});
            return NCD_OK;
        }
        ncd_status status = fill(in, err);
        if (status != NCD_OK)
            return status;
    }
}

ncd_status ncd_input_rest(struct ncd_input *in, ncd_text *rest_out,
                          ncd_error *err)
{
    while (!in->at_end) {
        ncd_status status = fill(in, err);
        if (status != NCD_OK)
            return status;
    }
    *rest_out = (ncd_text){in->ready.n ? in->ready.bytes + in->taken : NULL,
                           in->ready.n - in->taken};
    in->taken = in->searched = in->ready.n;
    return NCD_OK;
}

uint64_t ncd_input_line_number(const struct ncd_input *in)
{
    return in->line_number;
}

static int file_readable(const struct ncd_input *in)
{
    struct pollfd p = {.fd = in->fd, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

int ncd_input_ready(struct ncd_input *in)
{
    for (;;) {
        if (in->at_end)
            return 1;
        if (in->searched < in->ready.n &&
            memchr(in->ready.bytes + in->searched, in->line_end,
                   in->ready.n - in->searched))
            return 1;
        in->searched = in->ready.n;
        if (!file_readable(in))
            return 0;
        /* An error will come again, with its message, from the call that
         * takes the line. */
        if (fill(in, NULL) != NCD_OK)
            return 1;
    }
}

uint64_t ncd_input_done(const struct ncd_input *in)
{
    return in->done;
}

uint64_t ncd_input_total(const struct ncd_input *in)
{
    return in->total;
}
