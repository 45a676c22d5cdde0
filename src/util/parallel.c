/* SPDX-License-Identifier: MIT */
/* Parallel loops; see parallel.h. */
#include "util/parallel.h"

#include <stdatomic.h>
#include <time.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "util/error.h"

#define PROGRESS_INTERVAL_S 0.1

struct loop {
    size_t n;
    ncd_task_fn fn;
    void *job;
    const struct ncd_progress *progress;
    atomic_size_t next, n_done;
    atomic_bool stop;
    /* The failure with the lowest task so far; guarded by `recording`. */
    atomic_flag recording;
    size_t failed_task;
    ncd_status status;
    ncd_error *err;
};

double ncd_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

unsigned ncd_default_threads(void)
{
#ifdef _OPENMP
    int n = omp_get_max_threads();
    return n > 0 ? (unsigned)n : 1;
#else
    return 1;
#endif
}

unsigned ncd_threads(unsigned threads)
{
    return threads ? threads : ncd_default_threads();
}

/* Failures are rare, so waiting for one's turn by spinning is good enough. */
static void record_failure(struct loop *loop, size_t task, ncd_status status,
                           const ncd_error *err)
{
    while (atomic_flag_test_and_set(&loop->recording))
        ;
    if (loop->status == NCD_OK || task < loop->failed_task) {
        loop->failed_task = task;
        loop->status = status;
        if (loop->err)
            *loop->err = *err;
    }
    atomic_flag_clear(&loop->recording);
    atomic_store(&loop->stop, 1);
}

static void report_progress(struct loop *loop, double *last)
{
    const struct ncd_progress *p = loop->progress;
    double now = ncd_clock();
    if (now - *last < PROGRESS_INTERVAL_S)
        return;
    *last = now;
    double share = (double)atomic_load(&loop->n_done) / (double)loop->n;
    uint64_t done = p->before + (uint64_t)(share * (double)p->span);
    if (p->fn(p->arg, done, p->total) != 0) {
        ncd_error err;
        ncd_fail(&err, NCD_ERR_CANCELLED, "cancelled");
        record_failure(loop, 0, NCD_ERR_CANCELLED, &err);
    }
}

static void work(struct loop *loop, unsigned thread)
{
    ncd_error err;
    double last = -PROGRESS_INTERVAL_S; /* the first task is told at once */
    int reports = thread == 0 && loop->progress && loop->progress->fn;
    while (!atomic_load(&loop->stop)) {
        size_t task = atomic_fetch_add(&loop->next, 1);
        if (task >= loop->n)
            break;
        ncd_status status = loop->fn(loop->job, task, thread, &err);
        if (status != NCD_OK)
            record_failure(loop, task, status, &err);
        atomic_fetch_add(&loop->n_done, 1);
        if (reports)
            report_progress(loop, &last);
    }
}

ncd_status ncd_parallel_for(size_t n, unsigned threads, ncd_task_fn fn,
                            void *job, const struct ncd_progress *progress,
                            ncd_error *err)
{
    struct loop loop = {.n = n,
                        .fn = fn,
                        .job = job,
                        .progress = progress,
                        .err = err,
                        .recording = ATOMIC_FLAG_INIT};
    if (threads > n)
        threads = n ? (unsigned)n : 1;
#ifdef _OPENMP
    if (threads > 1) {
#pragma omp parallel num_threads(threads)
        work(&loop, (unsigned)omp_get_thread_num());
        return loop.status;
    }
#endif
    work(&loop, 0);
    return loop.status;
}
