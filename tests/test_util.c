/* SPDX-License-Identifier: MIT */
/* Arrays, messages, parallel loops, output files and numbers as bytes. */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "model/wire.h"
#include "support.h"
#include "util/error.h"
#include "util/parallel.h"

/* --- Arrays --- */

START_TEST(growing_keeps_the_contents)
{
    struct ncd_buf buf = {0};
    struct rng rng = {1};
    unsigned char expected[5000], piece[300];
    size_t n = 0;
    while (n < sizeof expected - sizeof piece) {
        size_t more = rng_below(&rng, sizeof piece);
        random_bytes(&rng, piece, more);
        memcpy(expected + n, piece, more);
        n += more;
        ck_assert_int_eq(ncd_buf_append(&buf, piece, more), NCD_OK);
        ck_assert_uint_eq(buf.n, n);
        ck_assert_uint_ge(buf.capacity, n);
    }
    ck_assert_mem_eq(buf.bytes, expected, n);
    ncd_buf_free(&buf);
    ck_assert_ptr_null(buf.bytes);
    ck_assert_uint_eq(buf.n + buf.capacity, 0);
}
END_TEST

START_TEST(appending_nothing_needs_no_pointer)
{
    struct ncd_buf buf = {0};
    ck_assert_int_eq(ncd_buf_append(&buf, NULL, 0), NCD_OK);
    ck_assert_uint_eq(buf.n, 0);
    ncd_buf_free(&buf);
}
END_TEST

START_TEST(requests_that_overflow_are_refused)
{
    uint64_t *items = NULL;
    size_t capacity = 0;
    ck_assert_int_eq(ncd_grow(&items, &capacity, 3, sizeof *items), NCD_OK);
    uint64_t *before = items;
    size_t capacity_before = capacity;
    const size_t needs[] = {SIZE_MAX, SIZE_MAX / 2 + 2, SIZE_MAX / 8 + 2};
    for (size_t i = 0; i < COUNT(needs); i++) {
        ck_assert_int_eq(ncd_grow(&items, &capacity, needs[i], sizeof *items),
                         NCD_ERR_NOMEM);
        ck_assert_ptr_eq(items, before);
        ck_assert_uint_eq(capacity, capacity_before);
    }
    free(items);
}
END_TEST

START_TEST(a_buffer_refuses_more_than_memory_has)
{
    struct ncd_buf buf = {0};
    ck_assert_int_eq(ncd_buf_append(&buf, "x", 1), NCD_OK);
    ck_assert_int_eq(ncd_buf_reserve(&buf, SIZE_MAX), NCD_ERR_NOMEM);
    ck_assert_int_eq(ncd_buf_reserve(&buf, SIZE_MAX - 1), NCD_ERR_NOMEM);
    ck_assert_uint_eq(buf.n, 1);
    ck_assert_int_eq(buf.bytes[0], 'x');
    ncd_buf_free(&buf);
}
END_TEST

/* --- Messages --- */

START_TEST(a_failure_needs_no_error_struct)
{
    ck_assert_int_eq(ncd_fail(NULL, NCD_ERR_CODEC, "%d", 1), NCD_ERR_CODEC);
    ck_assert_int_eq(ncd_fail_nomem(NULL), NCD_ERR_NOMEM);
}
END_TEST

START_TEST(a_long_message_is_cut)
{
    ncd_error err;
    char *longer = malloc(5000);
    memset(longer, 'm', 4999);
    longer[4999] = 0;
    ncd_fail(&err, NCD_ERR_INPUT, "%s", longer);
    ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
    ck_assert_int_eq(err.status, NCD_ERR_INPUT);
    free(longer);
}
END_TEST

START_TEST(the_version_is_that_of_the_header)
{
    char expected[32];
    snprintf(expected, sizeof expected, "%d.%d.%d", NCD_VERSION_MAJOR,
             NCD_VERSION_MINOR, NCD_VERSION_PATCH);
    ck_assert_str_eq(ncd_version(), expected);
    ck_assert_str_eq(ncd_version(), PROJECT_VERSION);
}
END_TEST

/* --- Parallel loops --- */

static const unsigned thread_counts[] = {1, 2, 3, 7, 64};

struct counting {
    atomic_uint *runs;
    unsigned threads;
    atomic_uint n_bad_threads;
};

static ncd_status count_run(void *arg, size_t task, unsigned thread,
                            ncd_error *err)
{
    struct counting *counting = arg;
    (void)err;
    atomic_fetch_add(&counting->runs[task], 1);
    if (thread >= counting->threads)
        atomic_fetch_add(&counting->n_bad_threads, 1);
    return NCD_OK;
}

START_TEST(each_task_runs_once)
{
    const size_t counts[] = {0, 1, 2, 7, 1000};
    for (size_t c = 0; c < COUNT(counts); c++) {
        for (size_t t = 0; t < COUNT(thread_counts); t++) {
            struct counting counting = {
                calloc(counts[c] + 1, sizeof *counting.runs), thread_counts[t],
                0};
            ncd_error err;
            ck_status(ncd_parallel_for(counts[c], thread_counts[t], count_run,
                                       &counting, NULL, &err),
                      NCD_OK, &err);
            for (size_t i = 0; i < counts[c]; i++)
                ck_assert_uint_eq(counting.runs[i], 1);
            ck_assert_uint_eq(counting.runs[counts[c]], 0);
            ck_assert_uint_eq(counting.n_bad_threads, 0);
            free(counting.runs);
        }
    }
}
END_TEST

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
}

/* Task 11 fails late, those after it at once. */
static ncd_status fail_from_11(void *arg, size_t task, unsigned thread,
                               ncd_error *err)
{
    (void)arg;
    (void)thread;
    if (task < 11)
        return NCD_OK;
    if (task == 11)
        pause_ms(30);
    return ncd_fail(err, task == 11 ? NCD_ERR_CODEC : NCD_ERR_INPUT, "task %zu",
                    task);
}

START_TEST(the_failure_of_the_lowest_task_wins)
{
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        for (int round = 0; round < 2; round++) {
            ncd_error err;
            ck_assert_int_eq(ncd_parallel_for(500, thread_counts[t],
                                              fail_from_11, NULL, NULL, &err),
                             NCD_ERR_CODEC);
            ck_assert_int_eq(err.status, NCD_ERR_CODEC);
            ck_assert_str_eq(err.message, "task 11");
            ck_assert_int_eq(ncd_parallel_for(500, thread_counts[t],
                                              fail_from_11, NULL, NULL, NULL),
                             NCD_ERR_CODEC);
        }
    }
}
END_TEST

struct watch {
    pthread_t caller;
    uint64_t n_calls, last;
    int stop_at;
    int wrong;
    atomic_uint n_run;
};

static ncd_status run_slowly(void *arg, size_t task, unsigned thread,
                             ncd_error *err)
{
    struct watch *watch = arg;
    (void)task;
    (void)thread;
    (void)err;
    atomic_fetch_add(&watch->n_run, 1);
    pause_ms(10);
    return NCD_OK;
}

static int watch_progress(void *arg, uint64_t done, uint64_t total)
{
    struct watch *watch = arg;
    watch->n_calls++;
    watch->wrong |= !pthread_equal(pthread_self(), watch->caller);
    watch->wrong |= total != 5000 || done < 1000 || done > 3000;
    watch->wrong |= done < watch->last;
    watch->last = done;
    return watch->stop_at && watch->n_calls >= (uint64_t)watch->stop_at;
}

START_TEST(progress_comes_in_order_from_the_caller)
{
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct watch watch = {.caller = pthread_self()};
        struct ncd_progress progress = {watch_progress, &watch, 1000, 2000,
                                        5000};
        ncd_error err;
        ck_status(ncd_parallel_for(40 * threads, threads, run_slowly, &watch,
                                   &progress, &err),
                  NCD_OK, &err);
        ck_assert_uint_eq(watch.n_run, 40 * threads);
        ck_assert_uint_ge(watch.n_calls, 1);
        ck_assert_int_eq(watch.wrong, 0);
    }
}
END_TEST

START_TEST(progress_can_cancel)
{
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct watch watch = {.caller = pthread_self(), .stop_at = 1};
        struct ncd_progress progress = {watch_progress, &watch, 1000, 2000,
                                        5000};
        ncd_error err;
        ck_assert_int_eq(ncd_parallel_for(100000, threads, run_slowly, &watch,
                                          &progress, &err),
                         NCD_ERR_CANCELLED);
        ck_assert_int_eq(err.status, NCD_ERR_CANCELLED);
        ck_assert_uint_eq(watch.n_calls, 1);
        ck_assert_uint_lt(watch.n_run, 1000);
    }
}
END_TEST

START_TEST(zero_threads_stand_for_all)
{
    ck_assert_uint_ge(ncd_default_threads(), 1);
    ck_assert_uint_eq(ncd_threads(0), ncd_default_threads());
    ck_assert_uint_eq(ncd_threads(5), 5);
}
END_TEST

/* --- Output files --- */

static ncd_output *begin_output(const char *path, const char *contents)
{
    ncd_output *output;
    ncd_error err;
    ck_status(ncd_output_create(path, &output, &err), NCD_OK, &err);
    ck_assert_int_ge(fputs(contents, ncd_output_stream(output)), 0);
    return output;
}

static void make_output(const char *path, const char *contents)
{
    ncd_error err;
    ck_status(ncd_output_commit(begin_output(path, contents), &err), NCD_OK,
              &err);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    return st.st_mode & 07777;
}

START_TEST(discarding_leaves_the_file)
{
    const char *folder = scratch("discard"), *path = scratch("discard/file");
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    write_string(path, "old");
    ncd_output_discard(begin_output(path, "new"));
    ck_assert(file_holds(path, "old"));
    ck_assert_uint_eq(count_names(folder), 1);
    ncd_output_discard(NULL);
}
END_TEST

START_TEST(committing_replaces_the_file)
{
    const char *folder = scratch("commit"), *path = scratch("commit/file");
    ncd_error err;
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    write_string(path, "old");
    ncd_output *output = begin_output(path, "new");
    fflush(ncd_output_stream(output));
    ck_assert(file_holds(path, "old"));
    ck_status(ncd_output_commit(output, &err), NCD_OK, &err);
    ck_assert(file_holds(path, "new"));
    ck_assert_uint_eq(count_names(folder), 1);
}
END_TEST

START_TEST(the_mode_is_kept_or_the_masks)
{
    const char *path = scratch("mode"), *fresh = scratch("fresh");
    write_string(path, "old");
    ck_assert_int_eq(chmod(path, 0640), 0);
    make_output(path, "new");
    ck_assert_uint_eq(mode_of(path), 0640);
    umask(027);
    make_output(fresh, "new");
    ck_assert_uint_eq(mode_of(fresh), 0640);
    ck_assert_uint_eq(umask(022), 027);
}
END_TEST

START_TEST(a_link_is_followed)
{
    const char *target = scratch("target"), *link = scratch("link");
    struct stat st;
    write_string(target, "old");
    ck_assert_int_eq(symlink("target", link), 0);
    make_output(link, "new");
    ck_assert_int_eq(lstat(link, &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    ck_assert(file_holds(target, "new"));
}
END_TEST

START_TEST(a_link_to_a_file_to_be_is_followed)
{
    const char *target = scratch("to-be"), *link = scratch("dangling");
    struct stat st;
    ck_assert_int_eq(symlink("to-be", link), 0);
    make_output(link, "new");
    ck_assert_int_eq(lstat(link, &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    ck_assert(file_holds(target, "new"));
}
END_TEST

/* A device is the same case, but a failing test would then cost the machine
 * its /dev/null. */
START_TEST(a_pipe_is_written_to_and_stays)
{
    const char *path = scratch("pipe");
    struct stat st;
    char got[8] = "";
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    ck_assert_int_ge(fd, 0);
    make_output(path, "new");
    ck_assert_int_eq(read(fd, got, sizeof got), 3);
    ck_assert_str_eq(got, "new");
    close(fd);
    ck_assert_int_eq(lstat(path, &st), 0);
    ck_assert(S_ISFIFO(st.st_mode));
}
END_TEST

START_TEST(a_missing_folder_is_an_error)
{
    const char *path = scratch("nowhere/file");
    char expected[1200];
    ncd_output *output;
    ncd_error err;
    snprintf(expected, sizeof expected,
             "%s: cannot create: No such file or directory", path);
    ck_assert_int_eq(ncd_output_create(path, &output, &err), NCD_ERR_IO);
    ck_assert_str_eq(err.message, expected);
    ck_assert_int_eq(ncd_output_create(scratch("."), &output, &err),
                     NCD_ERR_IO);
}
END_TEST

START_TEST(a_failed_write_leaves_the_file)
{
    const char *folder = scratch("full"), *path = scratch("full/file");
    struct rlimit limit = {4096, 4096};
    char block[20000] = "";
    ncd_error err;
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    write_string(path, "old");
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ncd_output *output = begin_output(path, "new");
    fwrite(block, 1, sizeof block, ncd_output_stream(output));
    ck_assert_int_eq(ncd_output_commit(output, &err), NCD_ERR_IO);
    ck_assert_msg(strstr(err.message, "File too large") != NULL, "%s",
                  err.message);
    ck_assert(file_holds(path, "old"));
    ck_assert_uint_eq(count_names(folder), 1);
}
END_TEST

/* --- Numbers as bytes --- */

static const uint64_t numbers[] = {0,          1,           0x7f,
                                   0x80,       0x3fff,      0x4000,
                                   0xffffffff, 0x100000000, 0x123456789abcdef0,
                                   UINT64_MAX};

static const double doubles[] = {0, -0.0, 1.5, -1e300, 5e-324, INFINITY, 0.1};

static void put_everything(struct ncd_buf *out)
{
    for (size_t i = 0; i < COUNT(numbers); i++) {
        ck_assert_int_eq(ncd_put_u32(out, (uint32_t)numbers[i]), NCD_OK);
        ck_assert_int_eq(ncd_put_u64(out, numbers[i]), NCD_OK);
        ck_assert_int_eq(ncd_put_varint(out, numbers[i]), NCD_OK);
    }
    for (size_t i = 0; i < COUNT(doubles); i++)
        ck_assert_int_eq(ncd_put_double(out, doubles[i]), NCD_OK);
    ck_assert_int_eq(ncd_put_text(out, (ncd_text){"a\0b", 3}), NCD_OK);
    ck_assert_int_eq(ncd_put_text(out, (ncd_text){NULL, 0}), NCD_OK);
}

/* Whether everything comes back as it was put. */
static int get_everything(struct ncd_cursor *in)
{
    int same = 1;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        same &= ncd_get_u32(in) == (uint32_t)numbers[i];
        same &= ncd_get_u64(in) == numbers[i];
        same &= ncd_get_varint(in) == numbers[i];
    }
    for (size_t i = 0; i < COUNT(doubles); i++) {
        double got = ncd_get_double(in);
        same &= memcmp(&got, &doubles[i], sizeof got) == 0;
    }
    same &= same_text(ncd_get_text(in), (ncd_text){"a\0b", 3});
    same &= ncd_get_text(in).nbytes == 0;
    return same && !in->failed;
}

START_TEST(numbers_survive_a_round_trip)
{
    struct ncd_buf buf = {0};
    put_everything(&buf);
    struct ncd_cursor in = {buf.bytes, buf.bytes + buf.n, 0};
    ck_assert(get_everything(&in));
    ck_assert_ptr_eq(in.at, in.end);
    ncd_buf_free(&buf);
}
END_TEST

START_TEST(numbers_are_little_endian)
{
    struct ncd_buf buf = {0};
    ck_assert_int_eq(ncd_put_u32(&buf, 0x01020304), NCD_OK);
    ck_assert_int_eq(ncd_put_varint(&buf, 300), NCD_OK);
    ck_assert_int_eq(ncd_put_double(&buf, 1), NCD_OK);
    ck_assert_uint_eq(buf.n, 14);
    ck_assert_mem_eq(buf.bytes, "\4\3\2\1\xac\2\0\0\0\0\0\0\xf0\x3f", 14);
    ncd_buf_free(&buf);
}
END_TEST

START_TEST(a_cut_off_value_fails_and_all_after_it)
{
    struct ncd_buf buf = {0};
    put_everything(&buf);
    for (size_t n = 0; n < buf.n; n++) {
        /* A copy of its own lets a sanitizer see a byte too many. */
        unsigned char *cut = malloc(n + 1);
        memcpy(cut, buf.bytes, n);
        struct ncd_cursor in = {cut, cut + n, 0};
        ck_assert(!get_everything(&in));
        ck_assert(in.failed);
        ck_assert_uint_eq(ncd_get_u64(&in), 0);
        ck_assert_uint_eq(ncd_get_varint(&in), 0);
        ck_assert_uint_eq(ncd_get_bytes(&in, 0).nbytes, 0);
        free(cut);
    }
    ncd_buf_free(&buf);
}
END_TEST

START_TEST(a_varint_without_end_fails)
{
    unsigned char bytes[32];
    memset(bytes, 0x80, sizeof bytes);
    struct ncd_cursor in = {bytes, bytes + sizeof bytes, 0};
    ck_assert_uint_eq(ncd_get_varint(&in), 0);
    ck_assert(in.failed);
}
END_TEST

START_TEST(a_length_beyond_the_end_fails)
{
    const uint64_t lengths[] = {4, 1000, UINT64_MAX};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct ncd_buf buf = {0};
        ck_assert_int_eq(ncd_put_varint(&buf, lengths[i]), NCD_OK);
        ck_assert_int_eq(ncd_buf_append(&buf, "abc", 3), NCD_OK);
        struct ncd_cursor in = {buf.bytes, buf.bytes + buf.n, 0};
        ck_assert_uint_eq(ncd_get_text(&in).nbytes, 0);
        ck_assert(in.failed);
        ncd_buf_free(&buf);
    }
}
END_TEST

START_TEST(options_fill_the_struct_that_the_caller_has)
{
    struct {
        ncd_options options;
        char behind[32];
    } older, newer;
    size_t nbytes = offsetof(ncd_options, engine);
    memset(&older, 0x55, sizeof older);
    ncd_options_init_sized(&older.options, nbytes);
    ck_assert_uint_eq(older.options.struct_nbytes, nbytes);
    ck_assert_uint_eq(older.options.k, 5);
    for (size_t i = nbytes; i < sizeof older; i++)
        ck_assert_int_eq(((char *)&older)[i], 0x55);
    memset(&newer, 0x55, sizeof newer);
    ncd_options_init_sized(&newer.options, sizeof newer);
    ck_assert_uint_eq(newer.options.struct_nbytes, sizeof newer);
    ck_assert_int_eq(newer.behind[0], 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        options_fill_the_struct_that_the_caller_has,
        growing_keeps_the_contents,
        appending_nothing_needs_no_pointer,
        requests_that_overflow_are_refused,
        a_buffer_refuses_more_than_memory_has,
        a_failure_needs_no_error_struct,
        a_long_message_is_cut,
        the_version_is_that_of_the_header,
        each_task_runs_once,
        the_failure_of_the_lowest_task_wins,
        progress_comes_in_order_from_the_caller,
        progress_can_cancel,
        zero_threads_stand_for_all,
        discarding_leaves_the_file,
        committing_replaces_the_file,
        the_mode_is_kept_or_the_masks,
        a_link_is_followed,
        a_link_to_a_file_to_be_is_followed,
        a_pipe_is_written_to_and_stays,
        a_missing_folder_is_an_error,
        a_failed_write_leaves_the_file,
        numbers_survive_a_round_trip,
        numbers_are_little_endian,
        a_cut_off_value_fails_and_all_after_it,
        a_varint_without_end_fails,
        a_length_beyond_the_end_fails,
    };
    return run_tests("util", tests, COUNT(tests), 20);
}
