/* SPDX-License-Identifier: MIT */
/* Labels, texts in memory, samples, summaries, and folding. */
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "text/dataset.h"
#include "text/digest.h"

/* --- Labels --- */

/* Short random names, of few letters so that many repeat; NUL-free. */
static size_t random_name(struct rng *rng, char *out)
{
    size_t n = rng_below(rng, 5);
    for (size_t i = 0; i < n; i++)
        out[i] = "ab\x80\xff z"[rng_below(rng, 6)];
    out[n] = 0;
    return n;
}

START_TEST(labels_agree_with_a_linear_search)
{
    static char model[2000][8];
    size_t n_model = 0;
    struct ncd_labels labels = {0};
    struct rng rng = {2};
    for (int round = 0; round < 2000; round++) {
        char name[8];
        size_t n = random_name(&rng, name), number = 0, known = 0;
        while (known < n_model && strcmp(model[known], name) != 0)
            known++;
        ck_assert_int_eq(ncd_labels_find(&labels, (ncd_text){name, n}, &number),
                         known < n_model);
        if (known < n_model)
            ck_assert_uint_eq(number, known);
        else
            strcpy(model[n_model++], name);
        ck_assert_int_eq(ncd_labels_add(&labels, (ncd_text){name, n}, &number),
                         NCD_OK);
        ck_assert_uint_eq(number, known);
        ck_assert_uint_eq(labels.n, n_model);
    }
    for (size_t i = 0; i < n_model; i++)
        ck_assert_str_eq(labels.names[i], model[i]);
    for (size_t i = 1; i < n_model; i++)
        ck_assert_int_lt(strcmp(labels.names[labels.sorted[i - 1]],
                                labels.names[labels.sorted[i]]),
                         0);
    ncd_labels_clear(&labels);
    ck_assert_uint_eq(labels.n, 0);
    ncd_labels_free(&labels);
}
END_TEST

START_TEST(a_prefix_is_another_label)
{
    struct ncd_labels labels = {0};
    size_t a, ab, empty, again;
    ck_assert_int_eq(ncd_labels_add(&labels, text_of("ab"), &ab), NCD_OK);
    ck_assert_int_eq(ncd_labels_add(&labels, text_of("a"), &a), NCD_OK);
    ck_assert_int_eq(ncd_labels_add(&labels, (ncd_text){NULL, 0}, &empty),
                     NCD_OK);
    ck_assert_int_eq(ncd_labels_add(&labels, (ncd_text){"abc", 2}, &again),
                     NCD_OK);
    ck_assert_uint_eq(ab, 0);
    ck_assert_uint_eq(a, 1);
    ck_assert_uint_eq(empty, 2);
    ck_assert_uint_eq(again, ab);
    ncd_labels_free(&labels);
}
END_TEST

/* --- Data sets --- */

START_TEST(texts_are_copied_in)
{
    ncd_dataset *dataset;
    ncd_error err;
    char label[] = "news", text[] = "a\0b", source[] = "file";
    ck_assert_int_eq(ncd_dataset_new(&dataset), NCD_OK);
    ck_status(ncd_dataset_add(dataset, text_of(label), (ncd_text){text, 3},
                              source, 7, &err),
              NCD_OK, &err);
    label[0] = text[0] = source[0] = '?';
    ck_status(ncd_dataset_add(dataset, (ncd_text){NULL, 0}, (ncd_text){NULL, 0},
                              NULL, 0, &err),
              NCD_OK, &err);
    ck_assert_uint_eq(ncd_dataset_n_texts(dataset), 2);
    ck_assert_uint_eq(ncd_dataset_n_classes(dataset), 2);
    ck_assert_str_eq(ncd_dataset_label(dataset, 0), "news");
    ck_assert(same_text(ncd_dataset_text(dataset, 0), (ncd_text){"a\0b", 3}));
    ck_assert_str_eq(ncd_dataset_source(dataset, 0), "file");
    ck_assert_uint_eq(ncd_dataset_line(dataset, 0), 7);
    ck_assert_uint_eq(ncd_dataset_class(dataset, 1), 1);
    ck_assert_uint_eq(ncd_dataset_text(dataset, 1).nbytes, 0);
    ck_assert_ptr_nonnull(ncd_dataset_text(dataset, 1).bytes);
    ck_assert_str_eq(ncd_dataset_source(dataset, 1), "");
    ncd_dataset_free(dataset);
    ncd_dataset_free(NULL);
}
END_TEST

START_TEST(a_label_holds_no_control_character)
{
    const char *const bad[] = {"a\tb", "a\n", "\x1b[0m", "\x7f", "\xc2\x9b"};
    ncd_dataset *dataset;
    ncd_error err;
    ck_assert_int_eq(ncd_dataset_new(&dataset), NCD_OK);
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_int_eq(ncd_dataset_add(dataset, text_of(bad[i]), text_of("x"),
                                         "file", 3, &err),
                         NCD_ERR_INPUT);
    ck_assert_ptr_eq(strstr(err.message, "file:3: "), err.message);
    ck_assert_int_eq(ncd_dataset_add(dataset, (ncd_text){"a\0b", 3},
                                     text_of("x"), NULL, 0, &err),
                     NCD_ERR_INPUT);
    ck_assert_uint_eq(ncd_dataset_n_texts(dataset), 0);
    ck_assert_uint_eq(ncd_dataset_n_classes(dataset), 0);
    ck_status(ncd_dataset_add(dataset, text_of("caf\xc3\xa9 \xff"),
                              text_of("x"), NULL, 0, &err),
              NCD_OK, &err);
    ncd_dataset_free(dataset);
}
END_TEST

START_TEST(clearing_forgets_everything)
{
    ncd_dataset *dataset = random_dataset(1, 3, 5, 50);
    ncd_error err;
    ncd_dataset_clear(dataset);
    ck_assert_uint_eq(ncd_dataset_n_texts(dataset), 0);
    ck_assert_uint_eq(ncd_dataset_n_classes(dataset), 0);
    ck_status(
        ncd_dataset_add(dataset, text_of("new"), text_of("x"), "f", 1, &err),
        NCD_OK, &err);
    ck_assert_str_eq(ncd_dataset_label(dataset, 0), "new");
    ck_assert(same_text(ncd_dataset_text(dataset, 0), text_of("x")));
    ck_assert_str_eq(ncd_dataset_source(dataset, 0), "f");
    ncd_dataset_free(dataset);
}
END_TEST

START_TEST(the_first_unlabelled_text_is_found)
{
    const char *const some[] = {"a", "x", "", "y", "b", "z", "", "w", NULL};
    const char *const none[] = {"a", "x", NULL};
    ncd_dataset *with = dataset_of(some), *without = dataset_of(none);
    ck_assert_uint_eq(ncd_dataset_first_unlabelled(with), 1);
    ck_assert_uint_eq(ncd_dataset_first_unlabelled(without), 1);
    ncd_dataset_free(with);
    ncd_dataset_free(without);
}
END_TEST

START_TEST(reading_adds_what_the_file_holds)
{
    const char *path = scratch("set.tsv");
    ncd_dataset *dataset;
    ncd_error err;
    write_string(path, "a\tx\nb\ty\nbad\nc\tz\n");
    ck_assert_int_eq(ncd_dataset_new(&dataset), NCD_OK);
    ck_assert_int_eq(ncd_dataset_read(dataset, path, NULL, &err),
                     NCD_ERR_INPUT);
    ck_assert_uint_eq(ncd_dataset_n_texts(dataset), 2);
    ncd_reader_options options;
    ncd_reader_options_init(&options);
    options.skip_bad = 1;
    ck_status(ncd_dataset_read(dataset, path, &options, &err), NCD_OK, &err);
    ck_assert_uint_eq(ncd_dataset_n_texts(dataset), 5);
    ck_assert_str_eq(ncd_dataset_source(dataset, 4), path);
    ck_assert_uint_eq(ncd_dataset_line(dataset, 4), 4);
    ncd_dataset_free(dataset);
}
END_TEST

static void expect_same_row(const ncd_dataset *a, size_t i,
                            const ncd_dataset *b, size_t j)
{
    ck_assert(same_text(ncd_dataset_text(a, i), ncd_dataset_text(b, j)));
    ck_assert_str_eq(ncd_dataset_label(a, ncd_dataset_class(a, i)),
                     ncd_dataset_label(b, ncd_dataset_class(b, j)));
    ck_assert_str_eq(ncd_dataset_source(a, i), ncd_dataset_source(b, j));
    ck_assert_uint_eq(ncd_dataset_line(a, i), ncd_dataset_line(b, j));
}

START_TEST(a_selection_has_the_texts_asked_for)
{
    ncd_dataset *all = random_dataset(3, 3, 4, 40), *some;
    ncd_error err;
    const size_t chosen[] = {5, 0, 11, 5};
    ck_status(ncd_dataset_select(all, chosen, COUNT(chosen), &some, &err),
              NCD_OK, &err);
    ck_assert_uint_eq(ncd_dataset_n_texts(some), COUNT(chosen));
    for (size_t i = 0; i < COUNT(chosen); i++)
        expect_same_row(some, i, all, chosen[i]);
    ck_assert_str_eq(ncd_dataset_label(some, 0), "class2");
    ncd_dataset_free(some);
    ncd_dataset_free(all);
}
END_TEST

/* --- Samples --- */

START_TEST(a_sample_has_so_many_of_each_class_in_order)
{
    ncd_dataset *all = random_dataset(4, 3, 20, 40), *sample;
    ncd_error err;
    ck_status(
        ncd_dataset_add(all, text_of("rare"), text_of("x"), "random", 61, &err),
        NCD_OK, &err);
    ck_status(ncd_dataset_sample(all, 5, 1, &sample, &err), NCD_OK, &err);
    size_t counts[4] = {0};
    ck_assert_uint_eq(ncd_dataset_n_texts(sample), 16);
    for (size_t i = 0; i < 16; i++) {
        uint64_t line = ncd_dataset_line(sample, i);
        expect_same_row(sample, i, all, (size_t)line - 1);
        ck_assert(i == 0 || ncd_dataset_line(sample, i - 1) < line);
        counts[ncd_dataset_class(all, (size_t)line - 1)]++;
    }
    ck_assert_uint_eq(counts[0], 5);
    ck_assert_uint_eq(counts[1], 5);
    ck_assert_uint_eq(counts[2], 5);
    ck_assert_uint_eq(counts[3], 1);
    ncd_dataset_free(sample);
    ncd_dataset_free(all);
}
END_TEST

/* The lines of the texts drawn, as a bit set. */
static uint64_t drawn(const ncd_dataset *all, size_t n_per_class, uint64_t seed)
{
    ncd_dataset *sample;
    ncd_error err;
    uint64_t set = 0;
    ck_status(ncd_dataset_sample(all, n_per_class, seed, &sample, &err), NCD_OK,
              &err);
    for (size_t i = 0; i < ncd_dataset_n_texts(sample); i++)
        set |= (uint64_t)1 << ncd_dataset_line(sample, i);
    ncd_dataset_free(sample);
    return set;
}

START_TEST(a_sample_depends_on_the_seed_alone)
{
    ncd_dataset *all = random_dataset(5, 3, 20, 20);
    int n_different = 0;
    uint64_t seen = 0;
    for (uint64_t seed = 0; seed < 30; seed++) {
        uint64_t set = drawn(all, 4, seed);
        ck_assert_uint_eq(set, drawn(all, 4, seed));
        n_different += set != drawn(all, 4, seed + 1);
        seen |= set;
        /* A larger sample of the same seed holds the smaller one. */
        ck_assert_uint_eq(set & ~drawn(all, 5, seed), 0);
    }
    ck_assert_int_eq(n_different, 30);
    /* In 30 draws of a fifth, each text is missing with 0.8^30 = 0.1 %. */
    ck_assert_uint_eq(seen, ((uint64_t)1 << 61) - 2);
    ncd_dataset_free(all);
}
END_TEST

/* A bit for each line of the texts in a part. */
static uint64_t part_lines(const ncd_dataset *all, size_t n, uint64_t seed,
                           size_t *of_class)
{
    uint64_t set = 0;
    ncd_dataset *part;
    ncd_error err;
    memset(of_class, 0, 3 * sizeof *of_class);
    ck_status(ncd_dataset_part(all, n, seed, &part, &err), NCD_OK, &err);
    for (size_t i = 0; i < ncd_dataset_n_texts(part); i++) {
        uint64_t line = ncd_dataset_line(part, i);
        expect_same_row(part, i, all, (size_t)line - 1);
        ck_assert(i == 0 || ncd_dataset_line(part, i - 1) < line);
        set |= (uint64_t)1 << (line - 1);
        of_class[ncd_dataset_class(all, (size_t)line - 1)]++;
    }
    ck_assert_uint_eq(ncd_dataset_n_texts(part),
                      n < ncd_dataset_n_texts(all) ? n
                                                   : ncd_dataset_n_texts(all));
    ncd_dataset_free(part);
    return set;
}

START_TEST(parts_lie_inside_each_other_and_keep_shares)
{
    ncd_dataset *all = random_dataset(6, 3, 20, 40);
    size_t whole[3], of_class[3], n = ncd_dataset_n_texts(all);
    ck_assert_uint_le(n, 64);
    uint64_t before = 0, everything = part_lines(all, SIZE_MAX, 1, whole);
    for (size_t m = 0; m <= n; m++) {
        uint64_t set = part_lines(all, m, 1, of_class);
        ck_assert_uint_eq(set & before, before);
        before = set;
        for (int c = 0; c < 3; c++) {
            double share = (double)whole[c] * (double)m / (double)n;
            ck_assert_double_le((double)of_class[c], share + 1);
            ck_assert_double_ge((double)of_class[c], share - 1);
        }
    }
    ck_assert_uint_eq(before, everything);
    ck_assert_uint_eq(part_lines(all, n / 2, 1, of_class),
                      part_lines(all, n / 2, 1, of_class));
    ck_assert_uint_ne(part_lines(all, n / 2, 1, of_class),
                      part_lines(all, n / 2, 2, of_class));
    ncd_dataset_free(all);
}
END_TEST

START_TEST(a_shuffle_is_a_permutation_by_class)
{
    ncd_dataset *all = random_dataset(6, 4, 10, 20);
    size_t order[40], other[40], seen[40] = {0};
    ncd_error err;
    ck_status(ncd_dataset_shuffle(all, 1, order, &err), NCD_OK, &err);
    ck_status(ncd_dataset_shuffle(all, 2, other, &err), NCD_OK, &err);
    for (size_t i = 0; i < 40; i++) {
        seen[order[i]]++;
        ck_assert_uint_eq(ncd_dataset_class(all, order[i]), i / 10);
    }
    for (size_t i = 0; i < 40; i++)
        ck_assert_uint_eq(seen[i], 1);
    ck_assert(memcmp(order, other, sizeof order) != 0);
    ncd_dataset_free(all);
}
END_TEST

/* --- Summaries --- */

START_TEST(a_summary_counts_repeated_and_conflicting_texts)
{
    const char *const rows[] = {"a", "x", "b", "y", "a", "x", "b", "x", "a",
                                "",  "a", "z", "a", "z", "a", "z", NULL};
    ncd_dataset *dataset = dataset_of(rows);
    ncd_dataset_summary summary;
    ncd_error err;
    ck_status(ncd_dataset_summarize(dataset, &summary, &err), NCD_OK, &err);
    ck_assert_uint_eq(summary.n_texts, 8);
    ck_assert_uint_eq(summary.n_classes, 2);
    ck_assert_uint_eq(summary.n_bytes, 7);
    ck_assert_uint_eq(summary.n_empty, 1);
    ck_assert_uint_eq(summary.n_repeated, 4);    /* x twice, z twice */
    ck_assert_uint_eq(summary.n_conflicting, 3); /* x, three times */
    ncd_dataset_clear(dataset);
    ck_status(ncd_dataset_summarize(dataset, &summary, &err), NCD_OK, &err);
    ck_assert_uint_eq(summary.n_texts + summary.n_repeated, 0);
    ncd_dataset_free(dataset);
}
END_TEST

/* --- Folding and digests --- */

static void expect_fold(const char *text, const char *expected)
{
    struct ncd_buf out = {0};
    ck_assert_int_eq(ncd_fold(text_of(text), &out), NCD_OK);
    ck_assert_msg(same_text(ncd_buf_text(&out), text_of(expected)),
                  "\"%s\" folds to \"%.*s\"", text, (int)out.n,
                  (const char *)out.bytes);
    ncd_buf_free(&out);
}

START_TEST(folding_leaves_letters_and_digits)
{
    expect_fold("Hello, World 42!", "helloworld42");
    expect_fold("", "");
    expect_fold(" \t\r\n.-_$+<^`|~", "");
    expect_fold("\xc3\x89t\xc3\xa9", "\xc3\xa9t\xc3\xa9"); /* E acute */
    expect_fold("Stra\xc3\x9f"
                "e",
                "strasse"); /* sharp s */
    expect_fold("\xce\xa3\xcf\x82\xcf\x83", "\xcf\x83\xcf\x83\xcf\x83");
    expect_fold("a\xe2\x80\x94\xc2\xab"
                "b\xc2\xbb\xc2\xa0"
                "c",
                "abc");
    expect_fold("\xe4\xb8\xad\xe3\x80\x82\xe6\x96\x87",
                "\xe4\xb8\xad\xe6\x96\x87"); /* Chinese with a full stop */
    expect_fold("\xf0\x9f\x98\x80z", "z");   /* an emoji */
}
END_TEST

START_TEST(folding_keeps_bytes_that_are_not_utf8)
{
    expect_fold("A\xff\xfe"
                "B",
                "a\xff\xfe"
                "b");
    expect_fold("\xe2\x80", "\xe2\x80");         /* cut off */
    expect_fold("\xc0\xaf", "\xc0\xaf");         /* too long a form */
    expect_fold("\xed\xa0\x80", "\xed\xa0\x80"); /* a surrogate */
    expect_fold("\xe2X", "\xe2x");
}
END_TEST

START_TEST(folding_any_bytes_needs_three_times_the_room_at_most)
{
    struct rng rng = {10};
    for (int round = 0; round < 2000; round++) {
        unsigned char bytes[64];
        struct ncd_buf once = {0}, twice = {0};
        size_t n = rng_below(&rng, sizeof bytes);
        random_bytes(&rng, bytes, n);
        ck_assert_int_eq(ncd_fold((ncd_text){bytes, n}, &once), NCD_OK);
        ck_assert_uint_le(once.n, 3 * n);
        ncd_buf_free(&once);
        ncd_buf_free(&twice);
    }
}
END_TEST

START_TEST(digests_find_all_equal_texts)
{
    const char *const rows[] = {"a",    "Same.", "a",     "other", "b",
                                "same", "b",     "Same.", NULL};
    ncd_dataset *dataset = dataset_of(rows);
    const size_t expected[2][3] = {{2, 0, 3}, {3, 0, 2}};
    for (int kind = 0; kind < 2; kind++) {
        struct ncd_buf folded = {0};
        struct ncd_digest *sorted, digest;
        size_t first;
        ncd_error err;
        ck_status(ncd_digest_dataset((enum ncd_digest_kind)kind, dataset,
                                     &sorted, &err),
                  NCD_OK, &err);
        ck_assert_int_eq(ncd_digest_text((enum ncd_digest_kind)kind,
                                         text_of("Same."), &folded, &digest),
                         NCD_OK);
        ck_assert_uint_eq(ncd_digest_find(sorted, 4, &digest, &first),
                          expected[kind][0]);
        ck_assert_uint_eq(sorted[first].index, expected[kind][1]);
        ck_assert_uint_eq(sorted[first + 1].index, kind ? 2 : 3);
        ck_assert_int_eq(ncd_digest_text((enum ncd_digest_kind)kind,
                                         text_of("none"), &folded, &digest),
                         NCD_OK);
        ck_assert_uint_eq(ncd_digest_find(sorted, 4, &digest, &first), 0);
        free(sorted);
        ncd_buf_free(&folded);
    }
    ncd_dataset_free(dataset);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        labels_agree_with_a_linear_search,
        a_prefix_is_another_label,
        texts_are_copied_in,
        a_label_holds_no_control_character,
        clearing_forgets_everything,
        the_first_unlabelled_text_is_found,
        reading_adds_what_the_file_holds,
        a_selection_has_the_texts_asked_for,
        a_sample_has_so_many_of_each_class_in_order,
        a_sample_depends_on_the_seed_alone,
        parts_lie_inside_each_other_and_keep_shares,
        a_shuffle_is_a_permutation_by_class,
        a_summary_counts_repeated_and_conflicting_texts,
        folding_leaves_letters_and_digits,
        folding_keeps_bytes_that_are_not_utf8,
        folding_any_bytes_needs_three_times_the_room_at_most,
        digests_find_all_equal_texts,
    };
    return run_tests("dataset", tests, COUNT(tests), 20);
}
