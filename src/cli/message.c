/* SPDX-License-Identifier: MIT */
/* Standard error: messages and progress. And the end of standard output. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

int quiet;
int show_progress = -1;

static volatile sig_atomic_t interrupted;
static int progress_shown;
static double progress_began;

__attribute__((format(printf, 1, 0))) static void vsay(const char *format,
                                                       va_list args)
{
    char message[1200];
    int n = vsnprintf(message, sizeof message, format, args);
    /* Names and labels may hold anything; a terminal would obey it. */
    for (int i = 0; i < n && i < (int)sizeof message - 1; i++)
        if ((unsigned char)message[i] < 0x20 || message[i] == 0x7f)
            message[i] = '?';
    end_progress();
    fflush(stdout);
    fprintf(stderr, "ncdclass: %s\n", message);
}

void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsay(format, args);
    va_end(args);
}

void note(const char *format, ...)
{
    va_list args;
    if (quiet)
        return;
    va_start(args, format);
    vsay(format, args);
    va_end(args);
}

ncd_status no_memory(ncd_error *err)
{
    *err = (ncd_error){NCD_ERR_NOMEM, "out of memory"};
    return NCD_ERR_NOMEM;
}

int fail_with(const ncd_error *err)
{
    say("%s", err->message);
    return err->status == NCD_ERR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void print_time(double seconds)
{
    unsigned s = (unsigned)(seconds + 0.5);
    if (s >= 3600)
        fprintf(stderr, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
    else
        fprintf(stderr, "%u:%02u", s / 60, s % 60);
}

int on_progress(void *arg, uint64_t done, uint64_t total)
{
    if (interrupted)
        return 1;
    if (show_progress < 0)
        show_progress = isatty(STDERR_FILENO) && !quiet;
    if (!show_progress)
        return 0;
    if (!progress_shown)
        progress_began = now();
    progress_shown = 1;
    double passed = now() - progress_began;
    if (total == 0) {
        fprintf(stderr, "\r%llu %s\033[K", (unsigned long long)done,
                (const char *)arg);
        return 0;
    }
    double share = (double)done / (double)total;
    fprintf(stderr, "\r%3.0f %% of the %s", 100 * share, (const char *)arg);
    if (share > 0.01 && passed > 1) {
        fprintf(stderr, ", ");
        print_time(passed * (1 - share) / share);
        fprintf(stderr, " left");
    }
    fprintf(stderr, "\033[K");
    return 0;
}

void end_progress(void)
{
    if (progress_shown)
        fprintf(stderr, "\r\033[K");
    progress_shown = 0;
}

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

void catch_interrupts(void)
{
    static const int signals[] = {SIGINT, SIGTERM};
    for (int i = 0; i < 2; i++) {
        struct sigaction action = {.sa_handler = on_interrupt}, before;
        action.sa_flags = (int)SA_RESETHAND;
        /* nohup and background jobs of a script ignore them: so do we. */
        if (sigaction(signals[i], NULL, &before) == 0 &&
            before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

int close_stdout(int status)
{
    int failed = ferror(stdout);
    if (fclose(stdout) != 0)
        failed = 1;
    if (!failed)
        return status;
    say("standard output: cannot write: %s", strerror(errno));
    return EXIT_FAILED;
}
