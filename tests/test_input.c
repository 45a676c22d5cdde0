/* SPDX-License-Identifier: MIT */
/* Inputs: unpacking, line ends, marks, and what is wrong with a file. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "text/decoder.h"
#include "text/input.h"

static struct ncd_input *open_input(const char *path)
{
    struct ncd_input *in;
    ncd_error err;
    ck_status(ncd_input_open(path, &in, &err), NCD_OK, &err);
    return in;
}

static struct ncd_input *open_bytes(const void *bytes, size_t n)
{
    const char *path = scratch("input");
    write_file(path, bytes, n);
    return open_input(path);
}

static void expect_line(struct ncd_input *in, const char *expected)
{
    ncd_text line;
    ncd_error err;
    ck_status(ncd_input_line(in, &line, NULL, &err), NCD_OK, &err);
    ck_assert_msg(same_text(line, text_of(expected)), "\"%.*s\", not \"%s\"",
                  (int)line.nbytes, (const char *)line.bytes, expected);
}

static void expect_end(struct ncd_input *in)
{
    ncd_text line;
    ncd_error err;
    ck_status(ncd_input_line(in, &line, NULL, &err), NCD_END, &err);
    ck_status(ncd_input_line(in, &line, NULL, &err), NCD_END, &err);
    ncd_input_close(in);
}

/* Reads all lines; returns the status at the end and how many bytes, line ends
 * included, came before. */
static ncd_status read_through(const char *path, size_t *n_out, ncd_error *err)
{
    struct ncd_input *in;
    ncd_text line, raw;
    *n_out = 0;
    ncd_status status = ncd_input_open(path, &in, err);
    if (status != NCD_OK)
        return status;
    while ((status = ncd_input_line(in, &line, &raw, err)) == NCD_OK)
        *n_out += raw.nbytes;
    ncd_input_close(in);
    return status;
}

/* --- Lines --- */

START_TEST(lines_end_in_lf_cr_lf_or_the_end)
{
    struct ncd_input *in = open_bytes("one\ntwo\r\n\n\r\nthree\r", 18);
    expect_line(in, "one");
    expect_line(in, "two");
    expect_line(in, "");
    expect_line(in, "");
    ck_assert_uint_eq(ncd_input_line_number(in), 4);
    expect_line(in, "three\r");
    ck_assert_uint_eq(ncd_input_line_number(in), 5);
    expect_end(in);
}
END_TEST

START_TEST(a_cr_elsewhere_is_a_byte)
{
    struct ncd_input *in = open_bytes("a\rb\r\r\n", 6);
    expect_line(in, "a\rb\r");
    expect_end(in);
}
END_TEST

START_TEST(the_raw_line_has_its_end)
{
    struct ncd_input *in = open_bytes("one\r\ntwo", 8);
    ncd_text line, raw;
    ncd_error err;
    ck_status(ncd_input_line(in, &line, &raw, &err), NCD_OK, &err);
    ck_assert(same_text(raw, text_of("one\r\n")));
    ck_status(ncd_input_line(in, &line, &raw, &err), NCD_OK, &err);
    ck_assert(same_text(raw, text_of("two")));
    expect_end(in);
}
END_TEST

START_TEST(nul_is_a_byte)
{
    struct ncd_input *in = open_bytes("a\0b\n\0", 5);
    ncd_text line;
    ncd_error err;
    ck_status(ncd_input_line(in, &line, NULL, &err), NCD_OK, &err);
    ck_assert(same_text(line, (ncd_text){"a\0b", 3}));
    ck_status(ncd_input_line(in, &line, NULL, &err), NCD_OK, &err);
    ck_assert(same_text(line, (ncd_text){"", 1}));
    expect_end(in);
}
END_TEST

START_TEST(an_empty_file_has_no_lines)
{
    expect_end(open_bytes("", 0));
}
END_TEST

/* Lines of all lengths around the size of a read, the last a megabyte. */
START_TEST(long_lines_come_whole)
{
    const size_t lengths[] = {0,     1,     65534,   65535, 65536,
                              65537, 65538, 1000000, 3};
    struct ncd_buf file = {0};
    struct rng rng = {5};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        ck_assert_int_eq(ncd_buf_reserve(&file, lengths[i] + 1), NCD_OK);
        random_bytes(&rng, file.bytes + file.n, lengths[i]);
        for (size_t j = 0; j < lengths[i]; j++)
            if (file.bytes[file.n + j] == '\n')
                file.bytes[file.n + j] = 'n';
        file.n += lengths[i];
        ck_assert_int_eq(ncd_buf_append(&file, "\n", 1), NCD_OK);
    }
    struct ncd_input *in = open_bytes(file.bytes, file.n);
    size_t at = 0;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        ncd_text line, raw;
        ncd_error err;
        ck_status(ncd_input_line(in, &line, &raw, &err), NCD_OK, &err);
        ck_assert(same_text(raw, (ncd_text){file.bytes + at, lengths[i] + 1}));
        at += lengths[i] + 1;
    }
    ck_assert_uint_eq(ncd_input_done(in), file.n);
    ck_assert_uint_eq(ncd_input_total(in), file.n);
    expect_end(in);
    ncd_buf_free(&file);
}
END_TEST

START_TEST(peeking_takes_nothing)
{
    struct ncd_input *in = open_bytes("\n\r\nfirst\r\nsecond", 16);
    ncd_text line;
    ncd_error err;
    for (int i = 0; i < 2; i++) {
        ck_status(ncd_input_peek(in, &line, &err), NCD_OK, &err);
        ck_assert(same_text(line, text_of("first")));
    }
    expect_line(in, "");
    expect_line(in, "");
    expect_line(in, "first");
    ck_status(ncd_input_peek(in, &line, &err), NCD_OK, &err);
    ck_assert(same_text(line, text_of("second")));
    expect_line(in, "second");
    ck_assert_int_eq(ncd_input_peek(in, &line, &err), NCD_END);
    expect_end(in);
}
END_TEST

START_TEST(the_rest_is_what_lines_left)
{
    struct ncd_input *in = open_bytes("one\ntwo\nthree", 13);
    ncd_text rest;
    ncd_error err;
    expect_line(in, "one");
    ck_status(ncd_input_rest(in, &rest, &err), NCD_OK, &err);
    ck_assert(same_text(rest, text_of("two\nthree")));
    ck_status(ncd_input_rest(in, &rest, &err), NCD_OK, &err);
    ck_assert_uint_eq(rest.nbytes, 0);
    expect_end(in);
}
END_TEST

/* --- Byte order marks --- */

START_TEST(a_utf8_mark_is_dropped_once)
{
    struct ncd_input *in = open_bytes("\xef\xbb\xbf\xef\xbb\xbf"
                                      "a\n",
                                      8);
    expect_line(in, "\xef\xbb\xbf"
                    "a");
    expect_end(in);
    expect_end(open_bytes("\xef\xbb\xbf", 3));
    in = open_bytes("\xef\xbb", 2);
    expect_line(in, "\xef\xbb");
    expect_end(in);
}
END_TEST

START_TEST(utf16_is_refused)
{
    const char *const marks[] = {"\xff\xfe"
                                 "a",
                                 "\xfe\xff"
                                 "a"};
    const char *path = scratch("utf16");
    for (size_t i = 0; i < COUNT(marks); i++) {
        struct ncd_input *in;
        ncd_error err;
        write_string(path, marks[i]);
        ck_assert_int_eq(ncd_input_open(path, &in, &err), NCD_ERR_INPUT);
        ck_assert_ptr_eq(strstr(err.message, path), err.message);
        ck_assert_ptr_nonnull(strstr(err.message, "UTF-16"));
    }
}
END_TEST

/* --- Compressed files --- */

static void write_packed(const char *path, enum packing packing,
                         const char *const *parts)
{
    struct ncd_buf file = {0};
    for (size_t i = 0; parts[i]; i++)
        pack_bytes(packing, parts[i], strlen(parts[i]), &file);
    write_file(path, file.bytes, file.n);
    ncd_buf_free(&file);
}

START_TEST(compressed_files_are_unpacked)
{
    const char *const parts[] = {"\xef\xbb\xbf"
                                 "one\r\ntw",
                                 "", "o\nthree", NULL};
    for (int p = 0; p < N_PACKINGS; p++) {
        const char *path = scratch("packed");
        write_packed(path, (enum packing)p, parts);
        struct ncd_input *in = open_input(path);
        expect_line(in, "one");
        expect_line(in, "two");
        expect_line(in, "three");
        ck_assert_uint_eq(ncd_input_done(in), ncd_input_total(in));
        expect_end(in);
    }
}
END_TEST

START_TEST(an_empty_compressed_file_is_empty)
{
    const char *const parts[] = {"", NULL};
    for (int p = 0; p < N_PACKINGS; p++) {
        const char *path = scratch("packed");
        write_packed(path, (enum packing)p, parts);
        expect_end(open_input(path));
    }
}
END_TEST

START_TEST(compressed_utf16_is_refused)
{
    const char *const parts[] = {"\xff",
                                 "\xfe"
                                 "a",
                                 NULL};
    for (int p = 0; p < N_PACKINGS; p++) {
        const char *path = scratch("packed");
        struct ncd_input *in;
        ncd_error err;
        write_packed(path, (enum packing)p, parts);
        ck_assert_int_eq(ncd_input_open(path, &in, &err), NCD_ERR_INPUT);
    }
}
END_TEST

/* Packs to a thousandth and back: output that does not fit one step. */
START_TEST(a_large_compressed_file_comes_whole)
{
    size_t n = 3000000;
    char *text = malloc(n);
    struct rng rng = {6};
    memset(text, 'a', n);
    random_english(&rng, 0, text + n / 2, 300000);
    for (int p = 0; p < N_PACKINGS; p++) {
        const char *path = scratch("packed");
        struct ncd_buf file = {0};
        ncd_text rest;
        ncd_error err;
        pack_bytes((enum packing)p, text, n, &file);
        write_file(path, file.bytes, file.n);
        struct ncd_input *in = open_input(path);
        ck_status(ncd_input_rest(in, &rest, &err), NCD_OK, &err);
        ck_assert(same_text(rest, (ncd_text){text, n}));
        ncd_input_close(in);
        ncd_buf_free(&file);
    }
    free(text);
}
END_TEST

/* A short file and one that takes several reads to unpack. */
static size_t truncation_text(int large, char *out, size_t room)
{
    struct rng rng = {7};
    size_t n = large ? room : 60;
    random_english(&rng, 0, out, n);
    out[n / 2] = '\n';
    return n;
}

START_TEST(a_truncated_file_is_an_error)
{
    static char text[200000];
    const char *path = scratch("cut");
    for (int p = 0; p < N_PACKINGS; p++) {
        for (int large = 0; large < 2; large++) {
            struct ncd_buf file = {0};
            size_t n_text = truncation_text(large, text, sizeof text);
            pack_bytes((enum packing)p, text, n_text, &file);
            size_t step = large ? file.n / 50 : 1;
            for (size_t n = 6; n < file.n; n += step) {
                size_t n_read;
                ncd_error err;
                write_file(path, file.bytes, n);
                ncd_status status = read_through(path, &n_read, &err);
                ck_assert_msg(status == NCD_ERR_IO,
                              "%s: %zu of %zu bytes give status %d",
                              packing_names[p], n, file.n, (int)status);
                ck_assert_msg(strstr(err.message, "too early") != NULL, "%s",
                              err.message);
            }
            ncd_buf_free(&file);
        }
    }
}
END_TEST

START_TEST(bytes_after_the_end_are_an_error)
{
    const char *const garbage[] = {"x", "garbage\n", "\x1f\x8b\x08", "\x28"};
    const char *path = scratch("garbage");
    for (int p = 0; p < N_PACKINGS; p++) {
        for (size_t g = 0; g < COUNT(garbage); g++) {
            struct ncd_buf file = {0};
            size_t n_read;
            ncd_error err;
            pack_bytes((enum packing)p, "text\n", 5, &file);
            ck_assert_int_eq(
                ncd_buf_append(&file, garbage[g], strlen(garbage[g])), NCD_OK);
            write_file(path, file.bytes, file.n);
            ck_assert_msg(read_through(path, &n_read, &err) == NCD_ERR_IO,
                          "%s followed by \"%s\"", packing_names[p],
                          garbage[g]);
            ck_assert_ptr_eq(strstr(err.message, path), err.message);
            ncd_buf_free(&file);
        }
    }
}
END_TEST

/* zstd's frames have no checksum here and some headers hold bytes that don't
 * matter (gzip's time), so a flipped one may go unseen; but nothing else. */
START_TEST(a_damaged_file_is_read_or_refused)
{
    const char *path = scratch("damaged");
    char text[60];
    size_t n_text = truncation_text(0, text, sizeof text);
    for (int p = 0; p < N_PACKINGS; p++) {
        struct ncd_buf file = {0};
        pack_bytes((enum packing)p, text, n_text, &file);
        for (size_t i = 0; i < file.n; i++) {
            size_t n_read;
            ncd_error err;
            file.bytes[i] ^= 0x10;
            write_file(path, file.bytes, file.n);
            ncd_status status = read_through(path, &n_read, &err);
            ck_assert(status == NCD_END || status == NCD_ERR_IO);
            file.bytes[i] ^= 0x10;
        }
        ncd_buf_free(&file);
    }
}
END_TEST

/* --- Where bytes come from --- */

START_TEST(what_cant_be_opened_is_named)
{
    char expected[1200];
    const char *path = scratch("missing");
    struct ncd_input *in;
    ncd_error err;
    snprintf(expected, sizeof expected,
             "%s: cannot open: No such file or directory", path);
    ck_assert_int_eq(ncd_input_open(path, &in, &err), NCD_ERR_IO);
    ck_assert_str_eq(err.message, expected);
    ck_assert_int_eq(ncd_input_open(scratch("."), &in, &err), NCD_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "Is a directory"));
}
END_TEST

/* A line that a pipe holds is given out before the writer goes on. */
START_TEST(a_slow_pipe_is_answered_at_once)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(write(ends[1], "ok\nha", 5), 5);
    struct ncd_input *in = open_input("-");
    ck_assert_str_eq(ncd_input_name(in), "<stdin>");
    ck_assert_uint_eq(ncd_input_total(in), 0);
    ck_assert(ncd_input_ready(in));
    expect_line(in, "ok");
    ck_assert(!ncd_input_ready(in));
    ck_assert_int_eq(write(ends[1], "lf\n", 3), 3);
    ck_assert(ncd_input_ready(in));
    expect_line(in, "half");
    ck_assert(!ncd_input_ready(in));
    close(ends[1]);
    ck_assert(ncd_input_ready(in));
    expect_end(in);
}
END_TEST

START_TEST(magic_bytes_pick_the_decoder)
{
    for (int p = 0; p < N_PACKINGS; p++) {
        struct ncd_buf file = {0};
        pack_bytes((enum packing)p, "text", 4, &file);
        const struct ncd_decoder *decoder =
            ncd_decoder_find(file.bytes, file.n);
        ck_assert_ptr_nonnull(decoder);
        ck_assert_str_eq(decoder->name, packing_names[p]);
        ck_assert_ptr_null(ncd_decoder_find(file.bytes, 2));
        ncd_buf_free(&file);
    }
    ck_assert_ptr_null(ncd_decoder_find((const unsigned char *)"text", 4));
    ck_assert_ptr_null(ncd_decoder_find(NULL, 0));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        lines_end_in_lf_cr_lf_or_the_end,
        a_cr_elsewhere_is_a_byte,
        the_raw_line_has_its_end,
        nul_is_a_byte,
        an_empty_file_has_no_lines,
        long_lines_come_whole,
        peeking_takes_nothing,
        the_rest_is_what_lines_left,
        a_utf8_mark_is_dropped_once,
        utf16_is_refused,
        compressed_files_are_unpacked,
        an_empty_compressed_file_is_empty,
        compressed_utf16_is_refused,
        a_large_compressed_file_comes_whole,
        a_truncated_file_is_an_error,
        bytes_after_the_end_are_an_error,
        a_damaged_file_is_read_or_refused,
        what_cant_be_opened_is_named,
        a_slow_pipe_is_answered_at_once,
        magic_bytes_pick_the_decoder,
    };
    return run_tests("input", tests, COUNT(tests), 20);
}
