/* SPDX-License-Identifier: MIT */
/*
 * Charts as inline SVG, coloured by the page's style. The caller puts ticks,
 * lines and dots in units of its data; nothing is kept.
 */
#ifndef NCD_CLI_CHART_H
#define NCD_CLI_CHART_H

#include <stdio.h>

struct axis {
    const char *name;
    double low, high; /* of the data; low < high, and 0 < low where is_log */
    int is_log;
};

struct chart {
    FILE *to;
    struct axis x, y;
};

struct point {
    double x, y;
};

/* Opens the picture and draws its frame. `about` is what it shows, in words,
 * for those who don't see it; it may hold text from data. */
void chart_begin(const struct chart *chart, const char *about);
void chart_end(const struct chart *chart);

/* A tick with a line across the chart; NULL: only the line. */
void chart_x_tick(const struct chart *chart, double x, const char *label);
void chart_y_tick(const struct chart *chart, double y, const char *label);

/* Ticks of shares, in percent, at steps that fit the range. */
void chart_x_percents(const struct chart *chart);
void chart_y_percents(const struct chart *chart);

/* `style` is a class of report.css. */
void chart_line(const struct chart *chart, const char *style,
                const struct point *points, size_t n);
/* The area between two lines over the same x. */
void chart_band(const struct chart *chart, const struct point *low,
                const struct point *high, size_t n);
void chart_whisker(const struct chart *chart, double x, double low,
                   double high);
/* A dot, whose title tells its numbers where a pointer rests on it. */
void chart_dot(const struct chart *chart, const char *style, struct point at,
               const char *title);
/* A bar that stands on the x axis. height: share of the chart's own. */
void chart_column(const struct chart *chart, double from, double to,
                  double height);

/* The ends of a percent axis around shares from low to high: wider than they
 * are, in [0, 1], at whole steps. */
void chart_percent_range(struct axis *axis, double low, double high);

#endif
