/* SPDX-License-Identifier: MIT */
/* Charts; see chart.h. Coordinates are in units of the picture, which scales.
 */
#include "page/chart.h"

#include <math.h>

#include "page/html.h"

#define WIDTH 440.0
#define HEIGHT 290.0
#define LEFT 52.0
#define RIGHT 14.0
#define TOP 12.0
#define BOTTOM 44.0

/* Where a value stands between the ends of its axis, from 0 to 1. */
static double along(const struct axis *axis, double value)
{
    if (axis->is_log)
        return log(value / axis->low) / log(axis->high / axis->low);
    return (value - axis->low) / (axis->high - axis->low);
}

static double at_x(const struct chart *c, double x)
{
    return LEFT + along(&c->x, x) * (WIDTH - LEFT - RIGHT);
}

static double at_y(const struct chart *c, double y)
{
    return HEIGHT - BOTTOM - along(&c->y, y) * (HEIGHT - TOP - BOTTOM);
}

void chart_begin(const struct chart *c, const char *about)
{
    fprintf(c->to,
            "<svg class=\"chart\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
            "aria-label=\"",
            WIDTH, HEIGHT);
    html_string(c->to, about);
    fputs("\">\n", c->to);
    fprintf(c->to,
            "<text class=\"name\" x=\"%.1f\" y=\"%.1f\" "
            "text-anchor=\"middle\">",
            (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6);
    html_string(c->to, c->x.name);
    fprintf(c->to,
            "</text><text class=\"name\" text-anchor=\"middle\" "
            "transform=\"translate(13 %.1f) rotate(-90)\">",
            (TOP + HEIGHT - BOTTOM) / 2);
    html_string(c->to, c->y.name);
    fputs("</text>\n", c->to);
}

void chart_end(const struct chart *c)
{
    fputs("</svg>\n", c->to);
}

void chart_x_tick(const struct chart *c, double value, const char *label)
{
    double x = at_x(c, value);
    fprintf(c->to,
            "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>"
            "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
            "text-anchor=\"middle\">",
            x, HEIGHT - BOTTOM, TOP, x, HEIGHT - BOTTOM + 16);
    html_string(c->to, label ? label : "");
    fputs("</text>\n", c->to);
}

void chart_y_tick(const struct chart *c, double value, const char *label)
{
    double y = at_y(c, value);
    fprintf(c->to,
            "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>"
            "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">",
            LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4);
    html_string(c->to, label ? label : "");
    fputs("</text>\n", c->to);
}

/* --- Axes of shares --- */

/* The step that gives an axis about five ticks. */
static double percent_step(double low, double high)
{
    static const double steps[] = {.001, .002, .005, .01, .02, .05, .1};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if ((high - low) / steps[i] < 6.5)
            return steps[i];
    return .2;
}

void chart_percent_range(struct axis *axis, double low, double high)
{
    double margin = (high - low) / 10 > .002 ? (high - low) / 10 : .002;
    double step = percent_step(low - margin, high + margin);
    axis->low = floor((low - margin) / step) * step;
    axis->high = ceil((high + margin) / step) * step;
    axis->low = axis->low < 0 ? 0 : axis->low;
    axis->high = axis->high > 1 ? 1 : axis->high;
}

static void percents(const struct chart *c, const struct axis *axis,
                     void (*tick)(const struct chart *, double, const char *))
{
    char label[32];
    double step = percent_step(axis->low, axis->high);
    /* Counted in whole steps, or errors would add up. */
    /* Adding 0 makes 0 of -0, which would show. */
    for (double i = ceil(axis->low / step - 1e-9) + 0.;
         i * step <= axis->high + step * 1e-6; i++) {
        snprintf(label, sizeof label, "%.*f", step < .01, 100 * i * step);
        tick(c, i * step, label);
    }
}

void chart_x_percents(const struct chart *c)
{
    percents(c, &c->x, chart_x_tick);
}

void chart_y_percents(const struct chart *c)
{
    percents(c, &c->y, chart_y_tick);
}

/* --- Marks --- */

static void put_points(const struct chart *c, const struct point *points,
                       size_t n, int backwards, char command)
{
    for (size_t i = 0; i < n; i++) {
        struct point p = points[backwards ? n - 1 - i : i];
        fprintf(c->to, "%c%.1f %.1f", i ? 'L' : command, at_x(c, p.x),
                at_y(c, p.y));
    }
}

void chart_line(const struct chart *c, const char *style,
                const struct point *points, size_t n)
{
    fprintf(c->to, "<path class=\"line %s\" d=\"", style);
    put_points(c, points, n, 0, 'M');
    fputs("\"/>\n", c->to);
}

void chart_band(const struct chart *c, const struct point *low,
                const struct point *high, size_t n)
{
    if (n == 0)
        return;
    fputs("<path class=\"band\" d=\"", c->to);
    put_points(c, low, n, 0, 'M');
    put_points(c, high, n, 1, 'L');
    fputs("Z\"/>\n", c->to);
}

void chart_whisker(const struct chart *c, double x, double low, double high)
{
    fprintf(c->to, "<path class=\"whisker\" d=\"M%.1f %.1fV%.1f\"/>\n",
            at_x(c, x), at_y(c, low), at_y(c, high));
}

void chart_dot(const struct chart *c, const char *style, struct point at,
               const char *title)
{
    fprintf(c->to,
            "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\">"
            "<title>",
            style, at_x(c, at.x), at_y(c, at.y));
    html_string(c->to, title);
    fputs("</title></circle>\n", c->to);
}

void chart_column(const struct chart *c, double from, double to, double height)
{
    double left = at_x(c, from), right = at_x(c, to);
    double tall = height * (HEIGHT - TOP - BOTTOM);
    fprintf(c->to,
            "<rect class=\"column\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
            "height=\"%.1f\"/>\n",
            left + 1, HEIGHT - BOTTOM - tall, right - left - 2, tall);
}
