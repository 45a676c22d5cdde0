/* SPDX-License-Identifier: MIT */
/*
 * Readers. A file is read to its end and what came is written down, one record
 * a line: `label|text|line`, or `!message` for a malformed one, the file's name
 * replaced by F. A line feed or a NUL within is written as \n or \0.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

static struct ncd_buf journal;

static void note_bytes(ncd_text text)
{
    const char *b = text.bytes;
    for (size_t i = 0; i < text.nbytes; i++) {
        const char *escape = b[i] == '\n' ? "\\n" : b[i] ? NULL : "\\0";
        if (escape)
            ncd_buf_append(&journal, escape, 2);
        else
            ncd_buf_append(&journal, b + i, 1);
    }
}

static void note_string(const char *string)
{
    ncd_buf_append(&journal, string, strlen(string));
}

static void note_record(const ncd_record *record)
{
    char line[32];
    snprintf(line, sizeof line, "|%d\n", (int)record->line);
    note_bytes(record->label);
    note_string("|");
    note_bytes(record->text);
    note_string(line);
}

static void note_error(const char *path, const ncd_error *err)
{
    size_t n = strlen(path);
    const char *message = err->message;
    note_string("!");
    if (strncmp(message, path, n) == 0) {
        note_string("F");
        message += n;
    }
    note_string(message);
    note_string("\n");
}

static ncd_reader_options options_for(const char *format)
{
    ncd_reader_options options;
    ncd_reader_options_init(&options);
    options.format = format;
    return options;
}

/* Writes down all of a file or directory; ends with the status where it is not
 * that of an orderly end. */
static const char *journal_of_path(const char *path,
                                   const ncd_reader_options *options)
{
    ncd_reader *reader = NULL;
    ncd_error err;
    ncd_record record;
    journal.n = 0;
    ncd_status status = ncd_reader_open(path, options, &reader, &err);
    if (status != NCD_OK)
        note_error(path, &err);
    while (status == NCD_OK || (status == NCD_ERR_INPUT && reader)) {
        status = ncd_reader_next(reader, &record, &err);
        if (status == NCD_OK)
            note_record(&record);
        else if (status != NCD_END)
            note_error(path, &err);
        ck_assert_msg(journal.n < 100000, "the reader does not end");
    }
    ncd_reader_close(reader);
    ncd_buf_append(&journal, "", 1);
    return (const char *)journal.bytes;
}

static const char *journal_of(const char *contents,
                              const ncd_reader_options *options)
{
    const char *path = scratch("data");
    write_string(path, contents);
    return journal_of_path(path, options);
}

static void expect(const char *format, const char *contents,
                   const char *expected)
{
    ncd_reader_options options = options_for(format);
    ck_assert_str_eq(journal_of(contents, &options), expected);
}

/* --- TSV --- */

START_TEST(tsv_is_label_tab_text)
{
    expect("tsv", "a\tx y\nb\tz\n", "a|x y|1\nb|z|2\n");
    expect("tsv", "a b\t x\ty \n", "a b| x\ty |1\n");
    expect("tsv", "a\t\n", "a||1\n");
    expect("tsv", "", "");
    expect("tsv", "a\tx", "a|x|1\n");
    expect("tsv", "a\t\"x\n", "a|\"x|1\n");
    expect("tsv",
           "\xef\xbb\xbf"
           "a\tx\r\n",
           "a|x|1\n");
    expect("tsv", "\n\r\na\tx\n\nb\ty", "a|x|3\nb|y|5\n");
}
END_TEST

START_TEST(tsv_tells_what_is_wrong)
{
    expect("tsv", "a\tx\nno tab\nb\ty\n",
           "a|x|1\n!F:2: no TAB between label and text\nb|y|3\n");
    expect("tsv", "\tx\n", "!F:1: the label is empty\n");
}
END_TEST

START_TEST(texts_may_hold_nul)
{
    const char *path = scratch("nul");
    ncd_reader_options options = options_for("tsv");
    write_file(path, "a\tx\0y\n", 6);
    ck_assert_str_eq(journal_of_path(path, &options), "a|x\\0y|1\n");
}
END_TEST

/* --- CSV --- */

START_TEST(csv_is_label_then_text_fields)
{
    expect("csv", "a,x\nb,y,z\n", "a|x|1\nb|y z|2\n");
    expect("csv", "\"a\",\"x, \"\"y\"\"\"\r\n", "a|x, \"y\"|1\n");
    expect("csv", "a, x ,\n", "a| x  |1\n");
    expect("csv", "a,\n", "a||1\n");
    expect("csv", "a,x", "a|x|1\n");
    expect("csv", "a,\"x\"", "a|x|1\n");
    expect("csv", "\xef\xbb\xbf\"a\",x\n", "a|x|1\n");
    expect("csv", "", "");
}
END_TEST

START_TEST(csv_counts_lines_not_records)
{
    expect("csv", "a,\"1\n2\n\n3\"\n\nb,y\n", "a|1\\n2\\n\\n3|1\nb|y|6\n");
    expect("csv", "a,\"1\r\n2\"\nb,y\n", "a|1\r\\n2|1\nb|y|3\n");
}
END_TEST

START_TEST(csv_tells_what_is_wrong)
{
    expect("csv", "a,x\nb,y\"z\nc,z\n",
           "a|x|1\n!F:2: malformed CSV: a quote in the wrong place\nc|z|3\n");
    expect("csv", "a,\"x\"y\nb,z\n",
           "!F:1: malformed CSV: a quote in the wrong place\nb|z|2\n");
    expect("csv", "a,x\nb,\"y\nz\n",
           "a|x|1\n!F:2: a quoted field is never closed\n");
    expect("csv", "a,x\nalone\nb,y\n",
           "a|x|1\n!F:2: a record needs a label and at least one text field\n"
           "b|y|3\n");
    expect("csv", ",x\n", "!F:1: the label is empty\n");
}
END_TEST

/* A bare CR ends no line, so it can't begin a record either. */
START_TEST(csv_does_not_join_records_at_a_bare_cr)
{
    ncd_reader_options options = options_for("csv");
    const char *got = journal_of("a,b\rc,d\n", &options);
    ck_assert_msg(strstr(got, "b c d") == NULL, "%s", got);
}
END_TEST

START_TEST(csv_headers_name_columns)
{
    ncd_reader_options options = options_for("csv");
    const char *file = "id,title,class,body\n1,t,a,b\n2,u,b,\"c\nd\"\n";
    options.header = 1;
    ck_assert_str_eq(journal_of(file, &options), "1|t a b|2\n2|u b c\\nd|3\n");
    options.label_field = "class";
    ck_assert_str_eq(journal_of(file, &options), "a|1 t b|2\nb|2 u c\\nd|3\n");
    options.text_field = "title,body";
    ck_assert_str_eq(journal_of(file, &options), "a|t b|2\nb|u c\\nd|3\n");
    options.text_field = "body";
    ck_assert_str_eq(journal_of(file, &options), "a|b|2\nb|c\\nd|3\n");
    options.text_field = "class";
    ck_assert_str_eq(journal_of(file, &options), "a|a|2\nb|b|3\n");
    ck_assert_str_eq(journal_of("class,class \nx,y\n", &options), "x|x|2\n");
    ck_assert_str_eq(journal_of("", &options), "");
}
END_TEST

START_TEST(csv_headers_must_have_the_columns)
{
    ncd_reader_options options = options_for("csv");
    const char *file = "id,title\n1,t\n";
    options.header = 1;
    options.label_field = "class";
    ck_assert_str_eq(journal_of(file, &options),
                     "!F:1: the header has no column \"class\"\n");
    options.label_field = "id";
    options.text_field = "body";
    ck_assert_str_eq(journal_of(file, &options),
                     "!F:1: the header has no column \"body\"\n");
    options.text_field = NULL;
    ck_assert_str_eq(journal_of("id,title\n1,t,u\n2\n3,v\n", &options),
                     "!F:2: the record has 3 fields, the header 2\n"
                     "!F:3: the record has 1 fields, the header 2\n3|v|4\n");
}
END_TEST

/* One misspelt name of several would else silently leave a column out. */
START_TEST(csv_headers_must_have_all_text_columns)
{
    ncd_reader_options options = options_for("csv");
    options.header = 1;
    options.label_field = "id";
    options.text_field = "title,bodi";
    const char *got = journal_of("id,title,body\n1,t,b\n", &options);
    ck_assert_msg(got[0] == '!', "%s", got);
}
END_TEST

START_TEST(csv_names_need_a_header)
{
    ncd_reader_options options = options_for("csv");
    ncd_reader *reader;
    ncd_error err;
    const char *path = scratch("data");
    write_string(path, "a,b\n");
    options.label_field = "a";
    ck_assert_int_eq(ncd_reader_open(path, &options, &reader, &err),
                     NCD_ERR_ARGUMENT);
}
END_TEST

START_TEST(a_tsv_header_is_passed_over)
{
    ncd_reader_options options = options_for("tsv");
    options.header = 1;
    ck_assert_str_eq(journal_of("label\ttext\na\tx\n", &options), "a|x|2\n");
    ck_assert_str_eq(journal_of("", &options), "");
}
END_TEST

/* --- JSON Lines --- */

START_TEST(jsonl_is_an_object_a_line)
{
    expect("jsonl", "{\"label\":\"a\",\"text\":\"x\\ny\"}\n", "a|x\\ny|1\n");
    expect("jsonl", "{\"text\":\"x\", \"label\":1, \"more\":[1]}\n", "1|x|1\n");
    expect("jsonl",
           "{\"label\":true,\"text\":\"\"}\n\n"
           "{\"label\":false,\"text\":\"\\u00e9\"}",
           "true||1\nfalse|\xc3\xa9|3\n");
    expect("jsonl", "{\"label\":\"a\",\"text\":\"x\\u0000y\"}\r\n",
           "a|x\\0y|1\n");
}
END_TEST

START_TEST(jsonl_joins_the_fields_asked_for)
{
    ncd_reader_options options = options_for("jsonl");
    const char *file = "{\"c\":\"a\",\"title\":\"t\",\"body\":\"b\"}\n";
    options.label_field = "c";
    options.text_field = "body";
    ck_assert_str_eq(journal_of(file, &options), "a|b|1\n");
    options.text_field = "title,body";
    ck_assert_str_eq(journal_of(file, &options), "a|t b|1\n");
    options.text_field = "title,bodi";
    ck_assert_str_eq(journal_of(file, &options),
                     "!F:1: the field \"bodi\" is missing\n");
}
END_TEST

START_TEST(jsonl_tells_what_is_wrong)
{
    expect("jsonl", "{\"text\":\"x\"}\n",
           "!F:1: the field \"label\" is missing\n");
    expect("jsonl", "{\"label\":\"a\"}\n",
           "!F:1: the field \"text\" is missing\n");
    expect("jsonl", "{\"label\":\"a\",\"text\":1}\n",
           "!F:1: the field \"text\" is no string\n");
    expect("jsonl", "{\"label\":1.5,\"text\":\"x\"}\n",
           "!F:1: the field \"label\" is no string, whole number or truth "
           "value\n");
    expect("jsonl", "{\"label\":\"\",\"text\":\"x\"}\n",
           "!F:1: the label is empty\n");
    expect("jsonl", "[1]\n{\"label\":\"a\",\"text\":\"x\"}\n",
           "!F:1: the line is no JSON object\na|x|2\n");
}
END_TEST

START_TEST(jsonl_must_be_json_in_utf8)
{
    const char *const bad[] = {"{\"label\":\"a\",", "{\"label\":\"\xff\"}",
                               "nonsense", "{\"label\":\"a\"} trailing"};
    ncd_reader_options options = options_for("jsonl");
    for (size_t i = 0; i < COUNT(bad); i++) {
        const char *got = journal_of(bad[i], &options);
        ck_assert_msg(strncmp(got, "!F:1: malformed JSON: ", 22) == 0, "%s",
                      got);
    }
}
END_TEST

/* --- fastText, lines, lists --- */

START_TEST(fasttext_is_prefix_label_text)
{
    expect("fasttext", "__label__a x y\n__label__b\tz\n__label__c\n",
           "a|x y|1\nb|z|2\nc||3\n");
    expect("fasttext", "__label__a  \t x \n", "a|x |1\n");
    expect("fasttext", "plain\n",
           "!F:1: the line does not begin with __label__\n");
    expect("fasttext", "__label__ x\n", "!F:1: the label is empty\n");
    expect("fasttext", "__label__a __label__b x\n__label__c x\n",
           "!F:1: the text has several labels; it can have one\nc|x|2\n");
}
END_TEST

START_TEST(lines_are_texts_even_empty_ones)
{
    expect("lines", "x\n\n\r\ny", "|x|1\n||2\n||3\n|y|4\n");
    expect("lines", "", "");
    expect("lines", "\n", "||1\n");
}
END_TEST

START_TEST(a_list_names_files)
{
    char list[4000], expected[4000];
    const char *one = scratch("one"), *two = scratch("two");
    struct ncd_buf packed = {0};
    ncd_reader_options options = options_for("list");
    write_string(one, "text\nof one\n");
    pack_bytes(PACK_ZSTD, "two", 3, &packed);
    write_file(two, packed.bytes, packed.n);
    ncd_buf_free(&packed);
    snprintf(list, sizeof list, "%s\n\n%s\r\n", one, two);
    snprintf(expected, sizeof expected, "%s|text\\nof one\\n|1\n%s|two|3\n",
             one, two);
    ck_assert_str_eq(journal_of(list, &options), expected);
}
END_TEST

START_TEST(a_listed_file_that_is_missing_is_a_bad_record)
{
    char list[4000], expected[4000];
    const char *one = scratch("one"), *none = scratch("none");
    ncd_reader_options options = options_for("list");
    write_string(one, "x");
    snprintf(list, sizeof list, "%s\n%s\n", none, one);
    snprintf(expected, sizeof expected,
             "!F:1: %s: cannot open: No such file or directory\n%s|x|2\n", none,
             one);
    ck_assert_str_eq(journal_of(list, &options), expected);
}
END_TEST

/* --- Directories --- */

static void put_in(const char *folder, const char *name, const char *contents)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (contents)
        write_string(path, contents);
    else
        ck_assert_int_eq(mkdir(path, 0700), 0);
}

START_TEST(a_directory_comes_in_byte_order)
{
    const char *dir = scratch("dir");
    ncd_reader_options options = options_for("auto");
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    put_in(dir, "b", NULL);
    put_in(dir, "B", NULL);
    put_in(dir, "a", NULL);
    put_in(dir, "empty", NULL);
    put_in(dir, ".hidden", NULL);
    put_in(dir, ".hidden/1", "no");
    put_in(dir, "b/2", "two\n");
    put_in(dir, "b/10", "ten\n");
    put_in(dir, "b/.swp", "no");
    put_in(dir, "B/1", "\xef\xbb\xbfone");
    put_in(dir, "a/1", "");
    ck_assert_str_eq(journal_of_path(dir, &options),
                     "B|one|1\na||1\nb|ten\\n|1\nb|two\\n|1\n");
    options.format = "dir";
    ck_assert_str_eq(journal_of_path(dir, &options),
                     "B|one|1\na||1\nb|ten\\n|1\nb|two\\n|1\n");
}
END_TEST

START_TEST(a_directory_has_folders_of_files)
{
    const char *dir = scratch("wrong");
    ncd_reader_options options = options_for("dir");
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    ck_assert_str_eq(journal_of_path(dir, &options),
                     "!F: the directory has no folders of texts\n");
    put_in(dir, "a", NULL);
    put_in(dir, "a/nested", NULL);
    put_in(dir, "a/x", "x");
    put_in(dir, "b", "a file");
    ck_assert_str_eq(journal_of_path(dir, &options),
                     "!F/a/nested: a folder among the texts of a label\n"
                     "a|x|1\n"
                     "!F/b: a file among the labels' folders\n");
}
END_TEST

START_TEST(a_record_of_a_directory_names_its_file)
{
    const char *dir = scratch("named");
    char expected[1200];
    ncd_reader *reader;
    ncd_record record;
    ncd_error err;
    struct ncd_buf packed = {0};
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    put_in(dir, "a", NULL);
    pack_bytes(PACK_GZIP, "packed", 6, &packed);
    write_file(scratch("named/a/x.gz"), packed.bytes, packed.n);
    ncd_buf_free(&packed);
    ck_status(ncd_reader_open(dir, NULL, &reader, &err), NCD_OK, &err);
    ck_assert_str_eq(ncd_reader_format(reader), "dir");
    ck_status(ncd_reader_next(reader, &record, &err), NCD_OK, &err);
    snprintf(expected, sizeof expected, "%s/a/x.gz", dir);
    ck_assert_str_eq(record.source, expected);
    ck_assert(same_text(record.text, text_of("packed")));
    ncd_reader_close(reader);
}
END_TEST

/* --- Choosing the format --- */

static const char *guessed(const char *contents)
{
    ncd_reader *reader;
    ncd_error err;
    const char *path = scratch("guess"), *format = "none";
    write_string(path, contents);
    ncd_status status = ncd_reader_open(path, NULL, &reader, &err);
    if (status == NCD_OK) {
        format = ncd_reader_format(reader);
        ncd_reader_close(reader);
    } else {
        ck_assert_int_eq(status, NCD_ERR_INPUT);
        ck_assert_ptr_eq(strstr(err.message, path), err.message);
    }
    return format;
}

START_TEST(the_first_line_tells_the_format)
{
    ck_assert_str_eq(guessed("a\tx\n"), "tsv");
    ck_assert_str_eq(guessed("\n\r\na\tx, y\n"), "tsv");
    ck_assert_str_eq(guessed("a,x\n"), "csv");
    ck_assert_str_eq(guessed("\"a\tb\",x\n"), "csv");
    ck_assert_str_eq(guessed("{\"label\":\"a\",\t\"text\":\"x\"}\n"), "jsonl");
    ck_assert_str_eq(guessed("__label__a x, y\tz\n"), "fasttext");
    ck_assert_str_eq(guessed("\xef\xbb\xbf{}\n"), "jsonl");
    ck_assert_str_eq(guessed("nothing\na\tx\n"), "none");
    ck_assert_str_eq(guessed(""), "tsv");
    ck_assert_str_eq(guessed("\n\n"), "tsv");
}
END_TEST

START_TEST(formats_have_names)
{
    size_t n = 0;
    ncd_error err;
    ncd_reader *reader;
    while (ncd_format_name(n)) {
        ck_assert_ptr_nonnull(ncd_format_summary(n));
        n++;
    }
    ck_assert_uint_eq(n, 7);
    ck_assert_ptr_null(ncd_format_summary(n));
    ncd_reader_options options = options_for("excel");
    ck_assert_int_eq(ncd_reader_open(scratch("x"), &options, &reader, &err),
                     NCD_ERR_ARGUMENT);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(strstr(err.message, ncd_format_name(i)) != NULL, "%s",
                      err.message);
}
END_TEST

START_TEST(a_missing_file_is_an_io_error)
{
    ncd_reader *reader;
    ncd_error err;
    for (size_t i = 0; ncd_format_name(i); i++) {
        ncd_reader_options options = options_for(ncd_format_name(i));
        ck_assert_int_eq(
            ncd_reader_open(scratch("missing"), &options, &reader, &err),
            NCD_ERR_IO);
        ck_assert_ptr_nonnull(strstr(err.message, "No such file"));
    }
}
END_TEST

/* --- Skipping and limits --- */

START_TEST(bad_records_can_be_skipped)
{
    ncd_reader_options options = options_for("tsv");
    ncd_reader *reader;
    ncd_record record;
    ncd_error err;
    const char *path = scratch("bad");
    write_string(path, "bad\na\tx\nworse\n\tempty\nb\ty\nlast");
    options.skip_bad = 1;
    ck_status(ncd_reader_open(path, &options, &reader, &err), NCD_OK, &err);
    ck_status(ncd_reader_next(reader, &record, &err), NCD_OK, &err);
    ck_assert_uint_eq(record.line, 2);
    ck_assert_uint_eq(ncd_reader_skipped(reader), 1);
    ck_status(ncd_reader_next(reader, &record, &err), NCD_OK, &err);
    ck_assert_uint_eq(record.line, 5);
    ck_assert_uint_eq(ncd_reader_skipped(reader), 3);
    ck_status(ncd_reader_next(reader, &record, &err), NCD_END, &err);
    ck_assert_uint_eq(ncd_reader_skipped(reader), 4);
    ck_assert_uint_eq(ncd_reader_done(reader), ncd_reader_total(reader));
    ncd_reader_close(reader);
}
END_TEST

START_TEST(a_label_with_a_control_character_is_a_bad_record)
{
    ncd_reader_options options = options_for("tsv");
    const char *file = "a\x01\tx\nb\ty\n";
    ck_assert_str_eq(journal_of(file, &options),
                     "!F:1: the label holds a control character\nb|y|2\n");
    options.skip_bad = 1;
    ck_assert_str_eq(journal_of(file, &options), "b|y|2\n");
    options.format = "csv";
    ck_assert_str_eq(journal_of("\"a\nb\",x\nb,y\n", &options), "b|y|3\n");
}
END_TEST

/* Damage is no bad record with others behind it, so it can't be skipped. */
START_TEST(damaged_compressed_data_cannot_be_skipped)
{
    const char *path = scratch("damaged");
    ncd_reader_options options = options_for("tsv");
    options.skip_bad = 1;
    for (int p = 0; p < N_PACKINGS; p++) {
        struct ncd_buf file = {0};
        struct rng rng = {8};
        char text[3000] = "a\tx\nb\t";
        random_english(&rng, 0, text + 6, sizeof text - 6);
        pack_bytes((enum packing)p, text, sizeof text, &file);
        write_file(path, file.bytes, file.n - 20);
        ncd_buf_free(&file);
        ncd_reader *reader;
        ncd_record record;
        ncd_error err;
        ncd_status status = ncd_reader_open(path, &options, &reader, &err);
        int opened = status == NCD_OK;
        while (status == NCD_OK)
            status = ncd_reader_next(reader, &record, &err);
        ck_assert_int_eq(status, NCD_ERR_IO);
        ck_assert_ptr_eq(strstr(err.message, path), err.message);
        if (opened)
            ncd_reader_close(reader);
    }
}
END_TEST

/* But in a file of a list it is, since there are other files. */
START_TEST(a_damaged_listed_file_is_a_bad_record)
{
    char list[4000], expected[1200];
    const char *good = scratch("good"), *damaged = scratch("cut");
    ncd_reader_options options = options_for("list");
    write_string(good, "x");
    snprintf(list, sizeof list, "%s\n%s\n", damaged, good);
    snprintf(expected, sizeof expected, "\n%s|x|2\n", good);
    for (int p = 0; p < N_PACKINGS; p++) {
        struct ncd_buf file = {0};
        pack_bytes((enum packing)p, "some text", 9, &file);
        write_file(damaged, file.bytes, file.n - 1);
        ncd_buf_free(&file);
        const char *got = journal_of(list, &options);
        ck_assert_int_eq(got[0], '!');
        ck_assert_ptr_nonnull(strstr(got, expected));
    }
}
END_TEST

/* --- Records without labels --- */

static ncd_reader_options unlabelled(const char *format)
{
    ncd_reader_options options = options_for(format);
    options.unlabelled = 1;
    return options;
}

START_TEST(columns_of_unlabelled_records_have_numbers)
{
    ncd_reader_options options = unlabelled("tsv");
    ck_assert_str_eq(journal_of("a\tx y\n", &options), "|a x y|1\n");
    options.text_column = 2;
    ck_assert_str_eq(journal_of("a\tx\tb\n\nc\t\tb\nd\n", &options),
                     "|x|1\n||3\n!F:4: the record has no column 2\n");
    options.format = "csv";
    ck_assert_str_eq(journal_of("a,\"x,\ny\"\nb,z\n", &options),
                     "|x,\\ny|1\n|z|3\n");
    options.header = 1;
    ck_assert_str_eq(journal_of("id,t\n1,x\n2\n", &options),
                     "|x|2\n!F:3: the record has 1 fields, the header 2\n");
}
END_TEST

START_TEST(columns_of_unlabelled_records_have_names)
{
    ncd_reader_options options = unlabelled("tsv");
    options.text_field = "t,id";
    ck_assert_str_eq(journal_of("id\tt\n1\tx\n", &options), "|x 1|2\n");
    ck_assert_str_eq(journal_of("id\tT\n1\tx\n", &options),
                     "!F:1: the header has no column \"t\"\n");
    ck_assert_str_eq(journal_of("", &options), "");
    options.format = "auto";
    ck_assert_str_eq(journal_of("id,t\n1,x\n", &options), "|x 1|2\n");
    ck_assert_str_eq(journal_of("{\"id\":\"1\",\"t\":\"x\"}\n", &options),
                     "|x 1|1\n");
}
END_TEST

START_TEST(unlabelled_records_must_have_a_place_for_the_text)
{
    static const char *const contents = "__label__a x\n";
    ncd_reader_options options = unlabelled("fasttext");
    ck_assert_str_eq(journal_of(contents, &options),
                     "!F: format fasttext is for labelled texts\n");
    options = unlabelled("jsonl");
    options.text_column = 1;
    ck_assert_str_eq(journal_of(contents, &options),
                     "!F: columns have no numbers in format jsonl\n");
    options = options_for("tsv");
    options.text_column = 1;
    ck_assert_str_eq(journal_of(contents, &options),
                     "!F: columns have no numbers in format tsv\n");
    options = unlabelled("tsv");
    options.text_column = 1;
    options.text_field = "text";
    ck_assert_str_eq(journal_of(contents, &options),
                     "!F: the text has a column or a field, not both\n");
    options = unlabelled("csv");
    options.nul = 1;
    ck_assert_str_eq(journal_of(contents, &options),
                     "!F: records of format csv can't end with a NUL\n");
}
END_TEST

START_TEST(records_may_end_with_nul)
{
    const char *path = scratch("nul");
    ncd_reader_options options = options_for("lines");
    options.nul = 1;
    write_file(path, "a\nb\r\n\0\0c", 8);
    ck_assert_str_eq(journal_of_path(path, &options),
                     "|a\\nb\r\\n|1\n||2\n|c|3\n");
    options.format = "auto";
    write_file(path, "a\tx\ny\0b\tz\0", 10);
    ck_assert_str_eq(journal_of_path(path, &options), "a|x\\ny|1\nb|z|2\n");
}
END_TEST

/* Header and raw records, one after another, are the file. */
static void expect_whole(const ncd_reader_options *options,
                         const char *contents)
{
    const char *path = scratch("whole");
    ncd_reader *reader;
    ncd_record record;
    ncd_error err;
    struct ncd_buf whole = {0};
    write_string(path, contents);
    ck_status(ncd_reader_open(path, options, &reader, &err), NCD_OK, &err);
    ncd_text header = ncd_reader_header(reader);
    ck_assert_int_eq(header.nbytes > 0, options->header);
    ncd_buf_append(&whole, header.bytes, header.nbytes);
    while (ncd_reader_next(reader, &record, &err) == NCD_OK)
        ncd_buf_append(&whole, record.raw.bytes, record.raw.nbytes);
    ncd_buf_append(&whole, "", 1);
    ck_assert_str_eq((char *)whole.bytes, contents);
    ncd_buf_free(&whole);
    ncd_reader_close(reader);
}

START_TEST(raw_records_are_the_file)
{
    ncd_reader_options options = options_for("tsv");
    expect_whole(&options, "a\tx\r\nb\ty");
    options.header = 1;
    expect_whole(&options, "label\ttext\r\nb\ty\n");
    options.format = "csv";
    expect_whole(&options,
                 "l,t,\"more\nlines\"\r\na,\"x\r\n\"\"y\"\"\",\nb,,z");
    options = options_for("jsonl");
    expect_whole(&options, "{\"label\":1, \"text\" :\"\"}  \r\n"
                           "{\"label\":2,\"text\":\"\"}");
    options = options_for("lines");
    expect_whole(&options, "a\r\n\n\nb");
    options = options_for("fasttext");
    expect_whole(&options, "__label__a b\n");
}
END_TEST

START_TEST(a_limit_counts_what_is_given)
{
    ncd_reader_options options = options_for("tsv");
    options.limit = 2;
    options.skip_bad = 1;
    ck_assert_str_eq(journal_of("a\tx\nbad\nb\ty\nc\tz\n", &options),
                     "a|x|1\nb|y|3\n");
    options.limit = 10;
    ck_assert_str_eq(journal_of("a\tx\n", &options), "a|x|1\n");
}
END_TEST

START_TEST(compressed_records_keep_their_lines)
{
    const char *path = scratch("packed");
    ncd_reader_options options = options_for("auto");
    for (int p = 0; p < N_PACKINGS; p++) {
        struct ncd_buf file = {0};
        pack_bytes((enum packing)p, "a\tx\nbad", 7, &file);
        pack_bytes((enum packing)p, "\nb\ty", 4, &file);
        write_file(path, file.bytes, file.n);
        ncd_buf_free(&file);
        ck_assert_str_eq(journal_of_path(path, &options),
                         "a|x|1\n!F:2: no TAB between label and text\nb|y|3\n");
    }
}
END_TEST

START_TEST(standard_input_has_a_name)
{
    int ends[2];
    ncd_reader *reader;
    ncd_record record;
    ncd_error err;
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(write(ends[1], "a\tx\nbad\n", 8), 8);
    ck_status(ncd_reader_open("-", NULL, &reader, &err), NCD_OK, &err);
    ck_assert(ncd_reader_ready(reader));
    ck_status(ncd_reader_next(reader, &record, &err), NCD_OK, &err);
    ck_assert_str_eq(record.source, "<stdin>");
    ck_assert_int_eq(ncd_reader_next(reader, &record, &err), NCD_ERR_INPUT);
    ck_assert_str_eq(err.message, "<stdin>:2: no TAB between label and text");
    ck_assert(!ncd_reader_ready(reader));
    ncd_reader_close(reader);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        tsv_is_label_tab_text,
        tsv_tells_what_is_wrong,
        texts_may_hold_nul,
        csv_is_label_then_text_fields,
        csv_counts_lines_not_records,
        csv_tells_what_is_wrong,
        csv_does_not_join_records_at_a_bare_cr,
        csv_headers_name_columns,
        csv_headers_must_have_the_columns,
        csv_headers_must_have_all_text_columns,
        csv_names_need_a_header,
        a_tsv_header_is_passed_over,
        jsonl_is_an_object_a_line,
        jsonl_joins_the_fields_asked_for,
        jsonl_tells_what_is_wrong,
        jsonl_must_be_json_in_utf8,
        fasttext_is_prefix_label_text,
        lines_are_texts_even_empty_ones,
        a_list_names_files,
        a_listed_file_that_is_missing_is_a_bad_record,
        a_directory_comes_in_byte_order,
        a_directory_has_folders_of_files,
        a_record_of_a_directory_names_its_file,
        the_first_line_tells_the_format,
        formats_have_names,
        a_missing_file_is_an_io_error,
        bad_records_can_be_skipped,
        a_label_with_a_control_character_is_a_bad_record,
        damaged_compressed_data_cannot_be_skipped,
        a_damaged_listed_file_is_a_bad_record,
        columns_of_unlabelled_records_have_numbers,
        columns_of_unlabelled_records_have_names,
        unlabelled_records_must_have_a_place_for_the_text,
        records_may_end_with_nul,
        raw_records_are_the_file,
        a_limit_counts_what_is_given,
        compressed_records_keep_their_lines,
        standard_input_has_a_name,
    };
    return run_tests("reader", tests, COUNT(tests), 5);
}
