/* SPDX-License-Identifier: MIT */
/*
 * The one place where threads are made. A loop of independent tasks is handed
 * out in increasing order to OpenMP's threads; without OpenMP it runs on one.
 * Everything a task computes must depend on its index alone, never on the
 * thread, which serves only to pick scratch memory.
 */
#ifndef NCD_UTIL_PARALLEL_H
#define NCD_UTIL_PARALLEL_H

#include "ncdclass.h"

/* One task. `thread` is below the number of threads asked for. */
typedef ncd_status (*ncd_task_fn)(void *job, size_t task, unsigned thread,
                                  ncd_error *err);

/* Where a loop's progress goes. The loop takes it from `before` to before +
 * span, so that several loops can make up one whole. */
struct ncd_progress {
    ncd_progress_fn fn;
    void *arg;
    uint64_t before, span, total;
};

/*
 * Runs tasks 0 .. n-1 on up to `threads` threads (at least 1). The first
 * failure stops the loop and is returned; of several it is the one with the
 * lowest index, since tasks start in order and those started are finished.
 * progress may be NULL.
 */
ncd_status ncd_parallel_for(size_t n, unsigned threads, ncd_task_fn fn,
                            void *job, const struct ncd_progress *progress,
                            ncd_error *err);

/* threads, or ncd_default_threads() for 0. */
unsigned ncd_threads(unsigned threads);

/* Seconds on a clock that only goes forward. */
double ncd_clock(void);

#endif
