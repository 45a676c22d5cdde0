/* SPDX-License-Identifier: MIT */
/* What the unit tests share; see support.h. */
#include "support.h"

#include <dirent.h>
#include <ftw.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define MAX_PATH 512

static char folder[MAX_PATH];

/* Tests ask for more memory than there is; that must fail as it does without
 * a sanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* clang's OpenMP library keeps what it allocates for each of its threads. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libomp.so";
}

/* Check's assertions work only within its tests, but fuzzers and benchmarks use
 * this file, too. */
#define must(held)                                                           \
    do {                                                                     \
        if (!(held)) {                                                       \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, \
                    #held);                                                  \
            abort();                                                         \
        }                                                                    \
    } while (0)

/* --- Running --- */

static void make_folder(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/ncdclass-test-XXXXXX",
             base && *base ? base : "/tmp");
    must(mkdtemp(folder) != NULL);
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int run_tests(const char *module, const TTest *const *tests, size_t n,
              double seconds_each)
{
    Suite *suite = suite_create(module);
    TCase *tcase = tcase_create(module);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_set_timeout(tcase, seconds_each);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- Texts --- */

ncd_text text_of(const char *string)
{
    return (ncd_text){string, strlen(string)};
}

int same_text(ncd_text a, ncd_text b)
{
    return a.nbytes == b.nbytes &&
           (a.nbytes == 0 || memcmp(a.bytes, b.bytes, a.nbytes) == 0);
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t rng_below(struct rng *rng, size_t n)
{
    return (size_t)(rng_next(rng) % n);
}

void random_bytes(struct rng *rng, unsigned char *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)rng_next(rng);
}

/* The word of a number: two to five syllables, always the same. */
static size_t make_word(size_t number, char out[16])
{
    static const char syllables[] = "tarenolisumakedivopi";
    size_t n = 0;
    for (size_t rest = number * 7 + 3; rest > 0 && n < 10; rest /= 10) {
        memcpy(out + n, syllables + 2 * (rest % 10), 2);
        n += 2;
    }
    out[n++] = number % 11 == 0 ? '.' : ' ';
    if (number % 11 == 0)
        out[n++] = ' ';
    return n;
}

void random_english(struct rng *rng, unsigned theme, char *out, size_t n)
{
    for (size_t i = 0; i < n;) {
        char word[16];
        /* The product of two uniform numbers favours the small ones. */
        size_t rank = rng_below(rng, 40) * rng_below(rng, 40) / 4;
        size_t number = rank < 20 ? rank : rank + 400 * (size_t)theme;
        size_t length = make_word(number, word);
        if (length > n - i)
            length = n - i;
        memcpy(out + i, word, length);
        i += length;
    }
}

ncd_dataset *random_dataset(uint64_t seed, size_t n_classes, size_t n_each,
                            size_t text_nbytes)
{
    struct rng rng = {seed};
    ncd_dataset *dataset;
    ncd_error err;
    char *text = malloc(2 * text_nbytes + 1);
    must(text != NULL);
    must(ncd_dataset_new(&dataset) == NCD_OK);
    for (size_t i = 0; i < n_classes * n_each; i++) {
        char label[32];
        snprintf(label, sizeof label, "class%zu", i % n_classes);
        size_t n = text_nbytes / 2 + rng_below(&rng, text_nbytes + 1);
        random_english(&rng, (unsigned)(i % n_classes), text, n);
        must(ncd_dataset_add(dataset, text_of(label), (ncd_text){text, n},
                             "random", i + 1, &err) == NCD_OK);
    }
    free(text);
    return dataset;
}

ncd_dataset *dataset_of(const char *const *strings)
{
    ncd_dataset *dataset;
    ncd_error err;
    must(ncd_dataset_new(&dataset) == NCD_OK);
    for (size_t i = 0; strings[i]; i += 2)
        must(ncd_dataset_add(dataset, text_of(strings[i]),
                             text_of(strings[i + 1]), "given", i / 2 + 1,
                             &err) == NCD_OK);
    return dataset;
}

/* --- Files --- */

const char *scratch(const char *name)
{
    static char paths[8][2 * MAX_PATH];
    static size_t next;
    char *path = paths[next++ % COUNT(paths)];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void write_file(const char *path, const void *bytes, size_t n)
{
    /* A new file: some file systems write one that is truncated and filled
     * again to the disk at once, which takes milliseconds. */
    remove(path);
    FILE *file = fopen(path, "wb");
    must(file != NULL);
    must((n ? fwrite(bytes, 1, n, file) : 0) == n);
    must(fclose(file) == 0);
}

void write_string(const char *path, const char *string)
{
    write_file(path, string, strlen(string));
}

struct ncd_buf read_whole(const char *path)
{
    struct ncd_buf buf = {0};
    FILE *file = fopen(path, "rb");
    must(file != NULL);
    size_t n;
    do {
        must(ncd_buf_reserve(&buf, 4096) == NCD_OK);
        n = fread(buf.bytes + buf.n, 1, 4096, file);
        buf.n += n;
    } while (n > 0);
    fclose(file);
    return buf;
}

int file_holds(const char *path, const char *string)
{
    struct ncd_buf buf = read_whole(path);
    int same = same_text(ncd_buf_text(&buf), text_of(string));
    ncd_buf_free(&buf);
    return same;
}

size_t count_names(const char *path)
{
    DIR *dir = opendir(path);
    must(dir != NULL);
    size_t n = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..");
    closedir(dir);
    return n;
}

/* --- Compressed files --- */

const char *const packing_names[N_PACKINGS] = {"gzip", "xz", "zstd"};

static size_t pack_gzip(const void *bytes, size_t n, unsigned char *out,
                        size_t room)
{
    z_stream stream = {0};
    must(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) ==
         Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)n;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    must(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    size_t used = stream.total_out;
    deflateEnd(&stream);
    return used;
}

static size_t pack_xz(const void *bytes, size_t n, unsigned char *out,
                      size_t room)
{
    size_t used = 0;
    must(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, bytes, n, out,
                                 &used, room) == LZMA_OK);
    return used;
}

void pack_bytes(enum packing packing, const void *bytes, size_t n,
                struct ncd_buf *out)
{
    size_t room = n + n / 8 + 1024, used = 0;
    if (n == 0)
        bytes = "";
    must(ncd_buf_reserve(out, room) == NCD_OK);
    if (packing == PACK_GZIP)
        used = pack_gzip(bytes, n, out->bytes + out->n, room);
    else if (packing == PACK_XZ)
        used = pack_xz(bytes, n, out->bytes + out->n, room);
    else
        used = ZSTD_compress(out->bytes + out->n, room, bytes, n, 3);
    must(used <= room);
    out->n += used;
}

/* --- Models --- */

ncd_model *model_of(const ncd_dataset *data, ncd_method method,
                    unsigned threads)
{
    ncd_options options;
    ncd_model *model;
    ncd_error err;
    ncd_options_init(&options);
    options.method = method;
    options.threads = threads;
    options.k = 3;
    must(ncd_model_train(data, &options, &model, &err) == NCD_OK);
    return model;
}

static struct ncd_buf file_of(const ncd_model *model)
{
    ncd_error err;
    const char *path = scratch("model.ncd");
    must(ncd_model_save(model, path, &err) == NCD_OK);
    return read_whole(path);
}

void expect_same_file(const ncd_model *a, const ncd_model *b)
{
    struct ncd_buf x = file_of(a), y = file_of(b);
    ck_assert_uint_eq(x.n, y.n);
    ck_assert_mem_eq(x.bytes, y.bytes, x.n);
    ncd_buf_free(&x);
    ncd_buf_free(&y);
}
