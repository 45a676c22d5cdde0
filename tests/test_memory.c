/* SPDX-License-Identifier: MIT */
/*
 * What is kept of the training texts while a search runs, and in a model file.
 * The linker sends the library's allocations here (--wrap), where their bytes
 * are counted, as large as the system made them.
 *
 *     test_memory             a few generated sets; at most 8 bytes for each
 *                             byte of training text
 *     test_memory TRAIN...    the same for real sets, as CSV
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "knn/search.h"
#include "model/model.h"
#include "support.h"
#include "text/dataset.h"

#define MOST_BYTES_A_BYTE 8.0

/* --- Counting --- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t nbytes);
void *__real_realloc(void *old, size_t n);
void __real_free(void *memory);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t nbytes);
void *__wrap_realloc(void *old, size_t n);
void __wrap_free(void *memory);

static size_t live_nbytes;

static void *born(void *memory)
{
    live_nbytes += malloc_usable_size(memory);
    return memory;
}

void *__wrap_malloc(size_t n)
{
    return born(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t nbytes)
{
    return born(__real_calloc(n, nbytes));
}

void *__wrap_realloc(void *old, size_t n)
{
    size_t before = malloc_usable_size(old);
    void *memory = __real_realloc(old, n);
    if (memory)
        live_nbytes += malloc_usable_size(memory) - before;
    return memory;
}

void __wrap_free(void *memory)
{
    live_nbytes -= malloc_usable_size(memory);
    __real_free(memory);
}

/* --- What is kept --- */

struct kept {
    size_t n_texts, text_nbytes;
    double prepared, candidates;  /* bytes, in memory */
    double model_file, text_gzip; /* bytes, in files */
};

static void demand(ncd_status status, const ncd_error *err)
{
    if (status == NCD_OK)
        return;
    fprintf(stderr, "test_memory: %s\n", err->message);
    exit(EXIT_FAILURE);
}

/* A search of a few texts, after which all is in memory that a search keeps. */
static void measure_search(const ncd_dataset *train, const double *sizes,
                           const struct ncd_measure *measure, struct kept *kept)
{
    struct ncd_found found = {0};
    struct ncd_search search = {
        .measure = measure, .training = train, .sizes = sizes, .k = 5};
    ncd_text texts[8];
    ncd_error err;
    for (size_t i = 0; i < COUNT(texts); i++)
        texts[i] = ncd_dataset_text(train, i * 7 % ncd_dataset_n_texts(train));
    struct ncd_queries queries = {texts, NULL, COUNT(texts)};
    demand(ncd_search_run(&search, &queries, 1, NULL, &found, &err), &err);
    size_t all = live_nbytes;
    ncd_prepared_free(&found.prepared);
    kept->prepared = (double)(all - live_nbytes);
    all = live_nbytes;
    ncd_candidates_free(&found.candidates);
    kept->candidates = (double)(all - live_nbytes);
    ncd_found_free(&found);
}

static void measure_files(const ncd_dataset *train, struct kept *kept)
{
    ncd_model *model;
    ncd_error err;
    struct stat info;
    const char *path = scratch("model.ncd");
    demand(ncd_model_train(train, NULL, &model, &err), &err);
    demand(ncd_model_save(model, path, &err), &err);
    ncd_model_free(model);
    if (stat(path, &info) != 0)
        exit(EXIT_FAILURE);
    kept->model_file = (double)info.st_size;
    uLongf n = compressBound(train->bytes.n);
    Bytef *packed = malloc(n);
    if (!packed || compress2(packed, &n, train->bytes.bytes, train->bytes.n, 9))
        exit(EXIT_FAILURE);
    kept->text_gzip = (double)n;
    free(packed);
}

static struct kept measure(const ncd_dataset *train)
{
    struct kept kept = {.n_texts = ncd_dataset_n_texts(train),
                        .text_nbytes = train->bytes.n};
    ncd_options options;
    struct ncd_measure m;
    struct ncd_crew crew = {0};
    ncd_error err;
    double *sizes = calloc(kept.n_texts + 1, sizeof *sizes);
    ncd_options_init(&options);
    demand(ncd_measure_init(&m, &options, &err), &err);
    demand(ncd_crew_prepare(&crew, &m, 1, &err), &err);
    demand(ncd_crew_sizes(&crew, train, 0, &options, sizes, &err), &err);
    measure_search(train, sizes, &m, &kept);
    measure_files(train, &kept);
    ncd_crew_free(&crew);
    ncd_measure_free(&m);
    free(sizes);
    return kept;
}

/* --- Generated sets --- */

static const size_t lengths[] = {110, 240, 600, 2000};

START_TEST(prepared_texts_stay_below_eight_bytes_a_byte)
{
    size_t length = lengths[_i];
    ncd_dataset *train = random_dataset(31, 4, 60, length);
    struct kept kept = measure(train);
    double each = kept.prepared / (double)kept.text_nbytes;
    /* Where the engine is not used, nothing is prepared. */
    if (ncd_engine_agrees(9) == 1)
        ck_assert_double_gt(each, 1);
    ck_assert_msg(each <= MOST_BYTES_A_BYTE,
                  "texts of %zu bytes: %.2f bytes are kept for each", length,
                  each);
    ncd_dataset_free(train);
}
END_TEST

START_TEST(a_model_file_is_near_its_compressed_text)
{
    ncd_dataset *train = random_dataset(32, 4, 200, lengths[_i]);
    struct kept kept = measure(train);
    /* Sizes, labels and places of the texts come on top. */
    double room = 1.25 * kept.text_gzip + 12 * (double)kept.n_texts + 1000;
    ck_assert_msg(kept.model_file <= room, "%.0f bytes; the text takes %.0f",
                  kept.model_file, kept.text_gzip);
    ncd_dataset_free(train);
}
END_TEST

/* --- Real sets --- */

static void print_set(const char *path)
{
    ncd_dataset *train;
    ncd_error err;
    demand(ncd_dataset_new(&train), &err);
    demand(ncd_dataset_read(train, path, NULL, &err), &err);
    struct kept k = measure(train);
    double n = (double)k.text_nbytes;
    printf("%s,%zu,%zu,%.0f,%.0f,%.2f,%.2f,%.0f,%.0f,%.2f\n", path, k.n_texts,
           k.text_nbytes, k.prepared, k.candidates, k.prepared / n,
           k.candidates / n, k.model_file, k.text_gzip,
           k.model_file / k.text_gzip);
    ncd_dataset_free(train);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        printf("set,texts,text_nbytes,prepared_nbytes,candidates_nbytes,"
               "prepared_per_byte,candidates_per_byte,model_file_nbytes,"
               "text_zlib_9_nbytes,model_per_zlib\n");
    for (int i = 1; i < argc; i++)
        print_set(argv[i]);
    if (argc > 1)
        return EXIT_SUCCESS;
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, prepared_texts_stay_below_eight_bytes_a_byte, 0,
                        COUNT(lengths));
    tcase_add_loop_test(tests, a_model_file_is_near_its_compressed_text, 0,
                        COUNT(lengths));
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
