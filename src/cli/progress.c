/* SPDX-License-Identifier: MIT */
/*
 * Progress on standard error: a bar, how fast it goes, and how long it will
 * yet take. Only on terminals, unless it is asked for.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "colour.h"

int want_progress, want_no_progress;

#define INTERVAL_S 0.1
#define BAR_WIDTH 24

static struct {
    int shown;
    const void *what;     /* that is counted */
    uint64_t first, last; /* counts when it began, and now */
    double began, told;
} progress;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int width_of_terminal(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

static void format_time(double seconds, char *out, size_t room)
{
    unsigned s = seconds < 4e9 ? (unsigned)(seconds + 0.5) : 4000000000u;
    if (s >= 3600)
        snprintf(out, room, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, room, "%u:%02u", s / 60, s % 60);
}

/* "1,234/s", and with a known end ", 0:12 left"; "" before it can be told. */
static void format_speed(uint64_t done, uint64_t total, double passed,
                         char *out, size_t room)
{
    char number[NUMBER_NBYTES], left[24];
    double rate = (double)(done - progress.first) / passed;
    out[0] = 0;
    if (passed < 0.5 || done <= progress.first)
        return;
    if (rate >= 10)
        format_count((uint64_t)rate, number);
    else
        snprintf(number, sizeof number, "%.1f", rate);
    if (total == 0) {
        snprintf(out, room, "%s/s", number);
        return;
    }
    format_time((double)(total - done) / rate, left, sizeof left);
    snprintf(out, room, "%s/s, %s left", number, left);
}

static void print_bar(double share, int width)
{
    int full = (int)(share * width);
    fprintf(stderr, "%s", colour(stderr, COLOUR_GOOD));
    for (int i = 0; i < full; i++)
        fputc('#', stderr);
    fprintf(stderr, "%s", colour(stderr, COLOUR_NONE));
    for (int i = full; i < width; i++)
        fputc('.', stderr);
}

static void print_progress(const char *what, uint64_t done, uint64_t total,
                           double passed)
{
    char speed[80], text[160], count[NUMBER_NBYTES];
    double share = total ? (double)done / (double)total : 0;
    format_speed(done, total, passed, speed, sizeof speed);
    if (total)
        snprintf(text, sizeof text, " %3.0f %% of the %.40s  %s", 100 * share,
                 what, speed);
    else
        snprintf(text, sizeof text, "%s %.40s  %s", format_count(done, count),
                 what, speed);
    int room = width_of_terminal() - 1 - (int)strlen(text);
    fputc('\r', stderr);
    if (total && room > 8)
        print_bar(share, room < BAR_WIDTH ? room : BAR_WIDTH);
    /* A line that wraps could not be taken away again. */
    fprintf(stderr, "%.*s\033[K", width_of_terminal() - 1, text);
}

static int is_wanted(void)
{
    if (want_progress || want_no_progress)
        return want_progress;
    return isatty(STDERR_FILENO) && !quiet;
}

int on_progress(void *arg, uint64_t done, uint64_t total)
{
    if (is_interrupted())
        return 1;
    if (!is_wanted())
        return 0;
    double t = now();
    if (!progress.shown || progress.what != arg || done < progress.last) {
        progress.began = t;
        progress.first = done;
    } else if (t - progress.told < INTERVAL_S) {
        return 0;
    }
    progress.shown = 1;
    progress.what = arg;
    progress.last = done;
    progress.told = t;
    if (total && done > total)
        done = total;
    print_progress(arg, done, total, t - progress.began);
    return 0;
}

void end_progress(void)
{
    if (progress.shown)
        fprintf(stderr, "\r\033[K");
    progress.shown = 0;
}
