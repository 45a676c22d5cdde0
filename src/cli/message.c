/* SPDX-License-Identifier: MIT */
/* Standard error: messages. Interrupts, a model file that is cut short in use,
 * and the end of standard output. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "colour.h"
#include "visible.h"

int quiet;
int verbose;

static volatile sig_atomic_t interrupted;

/* Names and labels may hold anything; a terminal would obey it. */
static void mask(char *message)
{
    unsigned char *b = (unsigned char *)message;
    for (size_t n = strlen(message), i = 0; i < n;) {
        size_t length = utf8_length(b + i, n - i), step = length ? length : 1;
        if (is_obeyed(b + i, length))
            memset(b + i, '?', step);
        i += step;
    }
}

__attribute__((format(printf, 2, 0))) static void vsay(enum colour which,
                                                       const char *format,
                                                       va_list args)
{
    char message[1200];
    vsnprintf(message, sizeof message, format, args);
    mask(message);
    end_progress();
    fflush(stdout);
    fprintf(stderr, "%sncdclass:%s %s\n", colour(stderr, which),
            colour(stderr, COLOUR_NONE), message);
}

void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsay(COLOUR_BAD, format, args);
    va_end(args);
}

void note(const char *format, ...)
{
    va_list args;
    if (quiet)
        return;
    va_start(args, format);
    vsay(COLOUR_NOTE, format, args);
    va_end(args);
}

void detail(const char *format, ...)
{
    va_list args;
    if (!verbose || quiet)
        return;
    va_start(args, format);
    vsay(COLOUR_FAINT, format, args);
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

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

int is_interrupted(void)
{
    return interrupted;
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

/* What is left to say then; a signal's handler may do little but write it. */
static char cut_short[PATH_MAX + 80];

static void on_bus_error(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)context;
    if (info->si_code != BUS_ADRERR)
        return; /* of another cause: it comes again, and is fatal */
    ssize_t n = write(STDERR_FILENO, cut_short, strlen(cut_short));
    (void)n;
    _exit(EXIT_FAILED);
}

void watch_model(const char *path)
{
    struct sigaction action = {.sa_sigaction = on_bus_error};
    action.sa_flags = (int)(SA_SIGINFO | SA_RESETHAND);
    snprintf(cut_short, sizeof cut_short,
             "ncdclass: %.*s: the model file was cut short, or can't be read "
             "any more",
             PATH_MAX, path);
    mask(cut_short);
    strcat(cut_short, "\n");
    sigaction(SIGBUS, &action, NULL);
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
