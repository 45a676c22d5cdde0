/* SPDX-License-Identifier: MIT */
/*
 * Damaged and crafted model files. A good file is taken apart into its
 * sections; a test changes some and puts the file together again with the right
 * length and checksum, so that what is behind the checksum is reached.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "model/frames.h"
#include "model/model_file.h"
#include "model/wire.h"
#include "support.h"

enum { CONF, LABL, SRCS, ROWS, SIZE, TEXT, N_SECTIONS, MAX_SECTIONS = 8 };

struct section {
    char tag[5];
    uint32_t how;
    uint64_t nbytes, stored_nbytes; /* as the file claims */
    struct ncd_buf stored;
};

struct file {
    uint32_t version, n_claimed;
    size_t n;
    struct section sections[MAX_SECTIONS];
};

static const char *good_path, *model_path;

/* A model of four texts with two labels, saved once a test. */
static void save_small_model(void)
{
    const char *const rows[] = {
        "a", "one text", "b", "another one", "a", "third text", "b", "", NULL};
    ncd_model *model;
    ncd_error err;
    if (good_path)
        return;
    good_path = scratch("good");
    model_path = scratch("model");
    ncd_dataset *data = dataset_of(rows);
    ck_status(ncd_model_train(data, NULL, &model, &err), NCD_OK, &err);
    ck_status(ncd_model_save(model, good_path, &err), NCD_OK, &err);
    ncd_model_free(model);
    ncd_dataset_free(data);
}

static void set_raw(struct section *s, const void *bytes, size_t n)
{
    s->stored.n = 0;
    ck_assert_int_eq(ncd_buf_append(&s->stored, bytes, n), NCD_OK);
    s->how = NCD_STORED_RAW;
    s->nbytes = s->stored_nbytes = n;
}

static void read_section(struct ncd_cursor *in, struct section *s)
{
    memcpy(s->tag, ncd_get_bytes(in, 4).bytes, 4);
    uint32_t how = ncd_get_u32(in);
    uint64_t nbytes = ncd_get_u64(in);
    ncd_text stored = ncd_get_bytes(in, ncd_get_u64(in));
    ck_assert(!in->failed);
    if (how == NCD_STORED_RAW) {
        set_raw(s, stored.bytes, stored.nbytes);
        return;
    }
    unsigned char *raw = malloc(nbytes + 1);
    ck_assert_uint_eq(ZSTD_decompress(raw, nbytes, stored.bytes, stored.nbytes),
                      nbytes);
    set_raw(s, raw, nbytes);
    free(raw);
}

static struct file take_apart(void)
{
    static const char tags[][5] = {"CONF", "LABL", "SRCS",
                                   "ROWS", "SIZE", "TEXT"};
    struct file file = {.n_claimed = N_SECTIONS, .n = N_SECTIONS};
    save_small_model();
    struct ncd_buf whole = read_whole(good_path);
    struct ncd_cursor in = {whole.bytes + NCD_MODEL_MAGIC_NBYTES,
                            whole.bytes + whole.n, 0};
    file.version = ncd_get_u32(&in);
    ck_assert_uint_eq(ncd_get_u32(&in), N_SECTIONS);
    ck_assert_uint_eq(ncd_get_u64(&in), whole.n);
    for (int i = 0; i < N_SECTIONS; i++) {
        read_section(&in, &file.sections[i]);
        ck_assert_str_eq(file.sections[i].tag, tags[i]);
    }
    ck_assert_int_eq(in.end - in.at, NCD_MODEL_CHECKSUM_NBYTES);
    ncd_buf_free(&whole);
    return file;
}

static void free_file(struct file *file)
{
    for (int i = 0; i < MAX_SECTIONS; i++)
        ncd_buf_free(&file->sections[i].stored);
}

static void put_header(struct ncd_buf *out, const struct file *file)
{
    ck_assert_int_eq(
        ncd_buf_append(out, NCD_MODEL_MAGIC, NCD_MODEL_MAGIC_NBYTES), NCD_OK);
    ck_assert_int_eq(ncd_put_u32(out, file->version), NCD_OK);
    ck_assert_int_eq(ncd_put_u32(out, file->n_claimed), NCD_OK);
    ck_assert_int_eq(ncd_put_u64(out, 0), NCD_OK);
}

static void put_together(const struct file *file)
{
    struct ncd_buf out = {0};
    put_header(&out, file);
    for (size_t i = 0; i < file->n; i++) {
        const struct section *s = &file->sections[i];
        ck_assert_int_eq(ncd_buf_append(&out, s->tag, 4), NCD_OK);
        ck_assert_int_eq(ncd_put_u32(&out, s->how), NCD_OK);
        ck_assert_int_eq(ncd_put_u64(&out, s->nbytes), NCD_OK);
        ck_assert_int_eq(ncd_put_u64(&out, s->stored_nbytes), NCD_OK);
        ck_assert_int_eq(ncd_buf_append(&out, s->stored.bytes, s->stored.n),
                         NCD_OK);
    }
    for (int i = 0; i < 8; i++)
        out.bytes[16 + i] = (unsigned char)((out.n + 8) >> (8 * i));
    ck_assert_int_eq(ncd_put_u64(&out, XXH3_64bits(out.bytes, out.n)), NCD_OK);
    write_file(model_path, out.bytes, out.n);
    ncd_buf_free(&out);
}

static ncd_status load(ncd_error *err)
{
    ncd_model *model;
    ncd_status status = ncd_model_load(model_path, &model, err);
    if (status == NCD_OK)
        ncd_model_free(model);
    return status;
}

/* Frees the file, too, so that a case is three lines. */
static void expect(struct file *file, ncd_status expected, const char *what)
{
    ncd_error err = {.message = ""};
    put_together(file);
    ncd_status status = load(&err);
    ck_assert_msg(status == expected, "%s: status %d, not %d: %s", what,
                  (int)status, (int)expected, err.message);
    if (status != NCD_OK)
        ck_assert_int_eq(err.status, status);
    free_file(file);
}

static void expect_with(int section, const void *bytes, size_t n,
                        ncd_status expected, const char *what)
{
    struct file file = take_apart();
    set_raw(&file.sections[section], bytes, n);
    expect(&file, expected, what);
}

/* --- Damage --- */

START_TEST(a_file_put_together_again_loads)
{
    struct file file = take_apart();
    expect(&file, NCD_OK, "as it was");
}
END_TEST

START_TEST(a_truncated_file_is_refused_at_every_length)
{
    save_small_model();
    struct ncd_buf whole = read_whole(good_path);
    for (size_t n = 0; n < whole.n; n++) {
        ncd_error err;
        write_file(model_path, whole.bytes, n);
        ck_assert_int_eq(load(&err), NCD_ERR_MODEL);
        ck_assert_ptr_eq(strstr(err.message, model_path), err.message);
    }
    ck_assert_int_eq(ncd_buf_append(&whole, "", 1), NCD_OK);
    write_file(model_path, whole.bytes, whole.n);
    ck_assert_int_eq(load(NULL), NCD_ERR_MODEL);
    ncd_buf_free(&whole);
}
END_TEST

START_TEST(a_flipped_byte_is_noticed_anywhere)
{
    const unsigned char flips[] = {0x01, 0x80, 0xff};
    save_small_model();
    struct ncd_buf whole = read_whole(good_path);
    for (size_t i = 0; i < whole.n; i++) {
        for (size_t f = 0; f < COUNT(flips); f++) {
            ncd_error err;
            whole.bytes[i] ^= flips[f];
            write_file(model_path, whole.bytes, whole.n);
            ncd_status status = load(&err);
            int in_version = i >= 8 && i < 12;
            ck_assert_msg(status == NCD_ERR_MODEL ||
                              (in_version && status == NCD_ERR_MODEL_NEWER),
                          "byte %zu: status %d", i, (int)status);
            whole.bytes[i] ^= flips[f];
        }
    }
    ncd_buf_free(&whole);
}
END_TEST

START_TEST(a_newer_file_is_told_apart)
{
    struct file file = take_apart();
    file.version = NCD_MODEL_VERSION + 1;
    expect(&file, NCD_ERR_MODEL_NEWER, "version 4");
    file = take_apart();
    memcpy(file.sections[file.n].tag, "NEWS", 4);
    file.n_claimed = (uint32_t)++file.n;
    expect(&file, NCD_ERR_MODEL_NEWER, "a section that must be known");
    file = take_apart();
    memcpy(file.sections[file.n].tag, "note", 4);
    set_raw(&file.sections[file.n], "text", 4);
    file.n_claimed = (uint32_t)++file.n;
    expect(&file, NCD_OK, "a section that may be passed over");
}
END_TEST

/* --- Sections --- */

START_TEST(every_section_must_be_there_once)
{
    for (int i = 0; i < N_SECTIONS; i++) {
        struct file file = take_apart();
        memcpy(file.sections[i].tag, "note", 4);
        expect(&file, NCD_ERR_MODEL, "a section missing");
        file = take_apart();
        memcpy(file.sections[file.n].tag, file.sections[i].tag, 4);
        set_raw(&file.sections[file.n], file.sections[i].stored.bytes,
                file.sections[i].stored.n);
        file.n_claimed = (uint32_t)++file.n;
        expect(&file, NCD_ERR_MODEL, "a section twice");
    }
}
END_TEST

START_TEST(the_number_of_sections_must_be_right)
{
    const uint32_t counts[] = {0, 1, 5, 7, UINT32_MAX};
    for (size_t i = 0; i < COUNT(counts); i++) {
        struct file file = take_apart();
        file.n_claimed = counts[i];
        expect(&file, NCD_ERR_MODEL, "a wrong number of sections");
    }
}
END_TEST

START_TEST(lengths_of_sections_must_be_right)
{
    const uint64_t lengths[] = {
        0, 1, 1000, (uint64_t)1 << 32, (uint64_t)1 << 62, UINT64_MAX};
    for (int s = 0; s < N_SECTIONS; s++) {
        for (size_t i = 0; i < COUNT(lengths); i++) {
            struct file file = take_apart();
            file.sections[s].nbytes = lengths[i];
            expect(&file, NCD_ERR_MODEL, "a wrong length unpacked");
            file = take_apart();
            file.sections[s].stored_nbytes = lengths[i];
            expect(&file, NCD_ERR_MODEL, "a wrong length stored");
        }
    }
    struct file file = take_apart();
    file.sections[TEXT].how = 2;
    expect(&file, NCD_ERR_MODEL, "stored in an unknown way");
}
END_TEST

static void set_frame(struct section *s, const void *frame, size_t n,
                      uint64_t claimed)
{
    set_raw(s, frame, n);
    s->how = NCD_STORED_ZSTD;
    s->nbytes = claimed;
}

START_TEST(packed_sections_must_unpack_to_their_length)
{
    struct ncd_buf packed = {0};
    struct file file = take_apart();
    struct section *text = &file.sections[TEXT];
    size_t n = text->stored.n;
    pack_bytes(PACK_ZSTD, text->stored.bytes, n, &packed);
    set_frame(text, packed.bytes, packed.n, n);
    expect(&file, NCD_OK, "a good frame");
    for (size_t cut = 0; cut < packed.n; cut++) {
        file = take_apart();
        set_frame(&file.sections[TEXT], packed.bytes, cut, n);
        expect(&file, NCD_ERR_MODEL, "a cut frame");
    }
    file = take_apart();
    set_frame(&file.sections[TEXT], packed.bytes, packed.n, n + 1);
    expect(&file, NCD_ERR_MODEL, "a frame of another length");
    file = take_apart();
    set_frame(&file.sections[TEXT], "nonsense", 8, n);
    expect(&file, NCD_ERR_MODEL, "no frame");
    ncd_buf_free(&packed);
}
END_TEST

/* Long sections are several frames; what packs them depends on no thread. */
START_TEST(frames_give_back_what_they_were_given)
{
    const size_t n = ((size_t)8 << 20) + 4321;
    unsigned char *text = malloc(n);
    struct rng rng = {21};
    struct ncd_buf one = {0}, two = {0}, back = {0};
    for (size_t i = 0; i < n; i++)
        text[i] =
            i % 4096 < 8 ? (unsigned char)rng_below(&rng, 256) : text[i - 8];
    ck_assert_int_eq(ncd_frames_pack((ncd_text){text, n}, 1, &one), NCD_OK);
    ck_assert_int_eq(ncd_frames_pack((ncd_text){text, n}, 2, &two), NCD_OK);
    ck_assert_uint_eq(one.n, two.n);
    ck_assert_mem_eq(one.bytes, two.bytes, one.n);
    ck_assert_int_eq(ncd_frames_unpack(ncd_buf_text(&one), n, 2, &back),
                     NCD_OK);
    ck_assert_uint_eq(back.n, n);
    ck_assert_mem_eq(back.bytes, text, n);
    for (int i = -1; i <= 1; i += 2)
        ck_assert_int_eq(
            ncd_frames_unpack(ncd_buf_text(&one), n + (size_t)i, 2, &back),
            NCD_ERR_MODEL);
    one.n--;
    ck_assert_int_eq(ncd_frames_unpack(ncd_buf_text(&one), n, 2, &back),
                     NCD_ERR_MODEL);
    ncd_buf_free(&one);
    ncd_buf_free(&two);
    ncd_buf_free(&back);
    free(text);
}
END_TEST

START_TEST(nothing_is_a_frame_too)
{
    struct ncd_buf packed = {0}, back = {0};
    ck_assert_int_eq(ncd_frames_pack((ncd_text){NULL, 0}, 1, &packed), NCD_OK);
    ck_assert_uint_gt(packed.n, 0);
    ck_assert_int_eq(ncd_frames_unpack(ncd_buf_text(&packed), 0, 1, &back),
                     NCD_OK);
    ck_assert_uint_eq(back.n, 0);
    ck_assert_int_eq(ncd_frames_unpack(ncd_buf_text(&packed), 1, 1, &back),
                     NCD_ERR_MODEL);
    ncd_buf_free(&packed);
    ncd_buf_free(&back);
}
END_TEST

/* A frame of 22 bytes can claim any length; memory for it must not be asked
 * for before that is believable. */
START_TEST(a_frame_cannot_claim_what_it_cannot_hold)
{
    const uint64_t claims[] = {(uint64_t)1 << 46, (uint64_t)1 << 62};
    for (size_t i = 0; i < COUNT(claims); i++) {
        /* Magic, a descriptor for 8 bytes of length and a window, the length,
         * and an empty last block. */
        unsigned char frame[22] = {0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x50};
        for (int b = 0; b < 8; b++)
            frame[6 + b] = (unsigned char)(claims[i] >> (8 * b));
        frame[14] = 1;
        struct file file = take_apart();
        set_frame(&file.sections[TEXT], frame, 17, claims[i]);
        ck_assert_uint_eq(ZSTD_getFrameContentSize(frame, 17), claims[i]);
        expect(&file, NCD_ERR_MODEL, "an absurd length");
    }
}
END_TEST

/* --- What the sections hold --- */

/* The settings with every line that begins with `key` replaced by `line`. */
static void expect_setting(const char *key, const char *line,
                           ncd_status expected)
{
    struct file file = take_apart();
    struct section *conf = &file.sections[CONF];
    struct ncd_buf out = {0};
    char *text = strndup((const char *)conf->stored.bytes, conf->stored.n);
    for (char *save, *at = strtok_r(text, "\n", &save); at;
         at = strtok_r(NULL, "\n", &save)) {
        const char *kept = strncmp(at, key, strlen(key)) == 0 ? line : at;
        ck_assert_int_eq(ncd_buf_append(&out, kept, strlen(kept)), NCD_OK);
        ck_assert_int_eq(ncd_buf_append(&out, "\n", *kept != 0), NCD_OK);
    }
    set_raw(conf, out.bytes, out.n);
    free(text);
    ncd_buf_free(&out);
    expect(&file, expected, *line ? line : key);
}

START_TEST(every_setting_must_be_there)
{
    const char *const keys[] = {
        "compressor=", "library=", "separator=", "distance=",
        "order=",      "vote=",    "k="};
    for (size_t i = 0; i < COUNT(keys); i++)
        expect_setting(keys[i], "", NCD_ERR_MODEL);
    expect_with(CONF, NULL, 0, NCD_ERR_MODEL, "no settings");
    expect_with(CONF, "k", 1, NCD_ERR_MODEL, "half a setting");
    expect_with(CONF, "\n\n=\n", 4, NCD_ERR_MODEL, "empty settings");
    expect_setting("program=", "", NCD_OK);
    expect_setting("program=", "unknown=setting", NCD_OK);
}
END_TEST

START_TEST(settings_must_make_sense)
{
    char separator[700];
    expect_setting("k=", "k=0", NCD_ERR_MODEL);
    expect_setting("k=", "k=", NCD_ERR_MODEL);
    expect_setting("k=", "k=-1", NCD_ERR_MODEL);
    expect_setting("k=", "k=five", NCD_ERR_MODEL);
    expect_setting("k=", "k=4294967296", NCD_ERR_MODEL);
    expect_setting("k=", "k=99999999999999999999", NCD_ERR_MODEL);
    expect_setting("k=", "k=4294967295", NCD_OK);
    expect_setting("distance=", "distance=far", NCD_ERR_MODEL);
    expect_setting("order=", "order=", NCD_ERR_MODEL);
    expect_setting("vote=", "vote=none", NCD_ERR_MODEL);
    expect_setting("library=", "library=zlib \033[2J", NCD_ERR_MODEL);
    expect_setting("separator=", "separator=", NCD_OK);
    expect_setting("separator=", "separator=0", NCD_ERR_MODEL);
    expect_setting("separator=", "separator=0g", NCD_ERR_MODEL);
    expect_setting("separator=", "separator=2", NCD_ERR_MODEL);
    memset(separator, '0', sizeof separator);
    memcpy(separator, "separator=", 10);
    separator[10 + 512] = 0;
    expect_setting("separator=", separator, NCD_OK);
    memcpy(separator + 10 + 512, "00", 3);
    expect_setting("separator=", separator, NCD_ERR_MODEL);
}
END_TEST

START_TEST(a_compressor_of_another_build_is_an_argument)
{
    expect_setting("compressor=", "compressor=ppmz:5", NCD_ERR_ARGUMENT);
    expect_setting("compressor=", "compressor=gzip:77", NCD_ERR_ARGUMENT);
    expect_setting("compressor=", "compressor=", NCD_ERR_ARGUMENT);
}
END_TEST

START_TEST(labels_must_be_labels)
{
    expect_with(LABL, "\1a\1b", 4, NCD_OK, "as they were");
    expect_with(LABL, "", 0, NCD_ERR_MODEL, "no labels");
    expect_with(LABL, "\1a", 2, NCD_ERR_MODEL, "a label too few");
    expect_with(LABL, "\1a\1b\1c", 6, NCD_OK, "a label that no text has");
    expect_with(LABL, "\1a\1a", 4, NCD_ERR_MODEL, "a label twice");
    expect_with(LABL, "\1a\2b", 4, NCD_ERR_MODEL, "a label cut off");
    expect_with(LABL, "\1a\1\0", 4, NCD_ERR_MODEL, "a NUL");
    expect_with(LABL, "\1a\1\n", 4, NCD_ERR_MODEL, "a control character");
    expect_with(LABL, "\1a\xff", 3, NCD_ERR_MODEL, "a length cut off");
    expect_with(LABL, "\1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 12,
                NCD_ERR_MODEL, "a label of 2^64 - 1 bytes");
    expect_with(SRCS, "", 0, NCD_ERR_MODEL, "no source");
    expect_with(SRCS, "\0", 1, NCD_OK, "a source without a name");
    expect_with(SRCS, "\0\0", 2, NCD_ERR_MODEL, "two of them");
}
END_TEST

/* Status INPUT would blame the user's data. */
START_TEST(a_model_has_texts_with_labels)
{
    expect_with(LABL, "\1a\0", 3, NCD_ERR_MODEL, "an empty label");
    struct file file = take_apart();
    set_raw(&file.sections[ROWS], NULL, 0);
    set_raw(&file.sections[SIZE], NULL, 0);
    set_raw(&file.sections[TEXT], NULL, 0);
    expect(&file, NCD_ERR_MODEL, "no texts");
}
END_TEST

START_TEST(rows_must_fit_the_rest)
{
    static const struct {
        const char *what;
        size_t n;
        char bytes[32];
    } cases[] = {
        {"none", 0, ""},
        {"a label too high", 16, "\10\2\0\1\13\1\0\2\12\0\0\3\0\1\0\4"},
        {"a source too high", 16, "\10\0\1\1\13\1\0\2\12\0\0\3\0\1\0\4"},
        {"a text too long", 16, "\10\0\0\1\13\1\0\2\12\0\0\3\1\1\0\4"},
        {"texts too short", 16, "\7\0\0\1\13\1\0\2\12\0\0\3\0\1\0\4"},
        {"a row cut off", 15, "\10\0\0\1\13\1\0\2\12\0\0\3\0\1\0"},
        {"a row too few", 12, "\10\0\0\1\13\1\0\2\12\0\0\3"},
        {"a row too many", 20, "\10\0\0\1\13\1\0\2\12\0\0\3\0\1\0\4\0\0\0\0"},
        {"a number cut off", 13, "\10\0\0\1\13\1\0\2\12\0\0\3\xff"},
        {"a text of 2^63 bytes", 26,
         "\10\0\0\1\13\1\0\2\12\0\0\3\0\1\0\4"
         "\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"},
    };
    expect_with(ROWS, "\10\0\0\1\13\1\0\2\12\0\0\3\0\1\0\4", 16, NCD_OK,
                "as they were");
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_with(ROWS, cases[i].bytes, cases[i].n, NCD_ERR_MODEL,
                    cases[i].what);
}
END_TEST

static void expect_sizes(size_t n, double last, ncd_status expected)
{
    struct ncd_buf sizes = {0};
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(ncd_put_double(&sizes, i + 1 < n ? 30 : last), NCD_OK);
    expect_with(SIZE, sizes.bytes, sizes.n, expected, "sizes");
    ncd_buf_free(&sizes);
}

START_TEST(sizes_must_be_sizes)
{
    expect_sizes(4, 30, NCD_OK);
    expect_sizes(4, 0, NCD_OK);
    expect_sizes(3, 30, NCD_ERR_MODEL);
    expect_sizes(5, 30, NCD_ERR_MODEL);
    expect_sizes(0, 30, NCD_ERR_MODEL);
    expect_sizes(4, -1, NCD_ERR_MODEL);
    expect_sizes(4, (double)NAN, NCD_ERR_MODEL);
    expect_sizes(4, (double)INFINITY, NCD_ERR_MODEL);
    expect_with(SIZE, "abc", 3, NCD_ERR_MODEL, "a size cut off");
}
END_TEST

/* Random bytes behind a right checksum. */
START_TEST(random_sections_are_refused_or_loaded)
{
    struct rng rng = {60};
    for (int round = 0; round < 3000; round++) {
        struct file file = take_apart();
        struct section *s = &file.sections[rng_below(&rng, N_SECTIONS)];
        size_t at = rng_below(&rng, s->stored.n);
        s->stored.bytes[at] = (unsigned char)rng_below(&rng, 256);
        put_together(&file);
        ncd_status status = load(NULL);
        ck_assert_msg(status == NCD_OK || status == NCD_ERR_MODEL ||
                          status == NCD_ERR_ARGUMENT,
                      "%s byte %zu: %d", s->tag, at, (int)status);
        free_file(&file);
    }
}
END_TEST

/* --- Another version of the compression library --- */

START_TEST(another_library_version_measures_sizes_anew)
{
    struct file file = take_apart();
    double expected[4], wrong = 7;
    ncd_model *model;
    ncd_error err;
    ck_status(ncd_model_load(good_path, &model, &err), NCD_OK, &err);
    for (size_t i = 0; i < 4; i++)
        expected[i] = ncd_model_size(model, i);
    ncd_model_free(model);

    struct ncd_buf sizes = {0}, conf = {0};
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(ncd_put_double(&sizes, wrong), NCD_OK);
    set_raw(&file.sections[SIZE], sizes.bytes, sizes.n);
    put_together(&file);
    ck_status(ncd_model_load(model_path, &model, &err), NCD_OK, &err);
    ck_assert_double_eq(ncd_model_size(model, 0), wrong);
    ncd_model_free(model);

    /* The first of two settings counts. */
    const struct ncd_buf *old = &file.sections[CONF].stored;
    const char *library = "library=zlib 0.9\n";
    ck_assert_int_eq(ncd_buf_append(&conf, library, strlen(library)), NCD_OK);
    ck_assert_int_eq(ncd_buf_append(&conf, old->bytes, old->n), NCD_OK);
    set_raw(&file.sections[CONF], conf.bytes, conf.n);
    put_together(&file);
    ck_status(ncd_model_load(model_path, &model, &err), NCD_OK, &err);
    for (size_t i = 0; i < 4; i++)
        ck_assert_double_eq(ncd_model_size(model, i), expected[i]);
    ck_assert_str_eq(ncd_model_library(model), "zlib 0.9");
    ck_assert_str_ne(ncd_model_library_now(model), "zlib 0.9");
    ncd_model_free(model);
    ncd_buf_free(&sizes);
    ncd_buf_free(&conf);
    free_file(&file);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_file_put_together_again_loads,
        a_truncated_file_is_refused_at_every_length,
        a_flipped_byte_is_noticed_anywhere,
        a_newer_file_is_told_apart,
        every_section_must_be_there_once,
        the_number_of_sections_must_be_right,
        lengths_of_sections_must_be_right,
        packed_sections_must_unpack_to_their_length,
        frames_give_back_what_they_were_given,
        nothing_is_a_frame_too,
        a_frame_cannot_claim_what_it_cannot_hold,
        every_setting_must_be_there,
        settings_must_make_sense,
        a_compressor_of_another_build_is_an_argument,
        labels_must_be_labels,
        a_model_has_texts_with_labels,
        rows_must_fit_the_rest,
        sizes_must_be_sizes,
        random_sections_are_refused_or_loaded,
        another_library_version_measures_sizes_anew,
    };
    return run_tests("model_file", tests, COUNT(tests), 30);
}
