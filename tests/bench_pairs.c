/* SPDX-License-Identifier: MIT */
/*
 * What a pair costs: the library's engine against the least that could be
 * written, a loop over zlib with one stream that is reset. Both join the two
 * texts, compress them and compute the distance; sizes must agree before
 * anything is timed. Rounds of both alternate in one process, so that whatever
 * slows the machine down slows down both.
 *
 *     bench_pairs [FILE.csv]
 *
 * Texts are generated; where NCDCLASS_DATASETS names a folder with
 * SET/train.tsv or SET/train.tsv.xz, their first texts are measured, too.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "bench.h"
#include "ncd/measure.h"
#include "support.h"
#include "text/dataset.h"
#include "util/parallel.h"

enum { MAX_ROUNDS = 1000, MIN_ROUNDS = 5 };
#define MIN_SECONDS 1.0
/* A median so much above the minimum says that the machine was busy. */
#define WIDE_SPREAD 1.1

/* --- The two contestants --- */

struct slice {
    char name[64];
    ncd_dataset *x, *y;
    double *y_sizes;
    double total_nbytes;
};

struct plain {
    z_stream stream;
    unsigned char *joined, *out;
    size_t room;
};

static void plain_open(struct plain *p, size_t longest)
{
    *p = (struct plain){.room = 2 * longest + 1};
    if (deflateInit2(&p->stream, 9, Z_DEFLATED, 15 + 16, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        exit(EXIT_FAILURE);
    p->joined = malloc(p->room + 1);
    p->out = malloc(deflateBound(&p->stream, p->room));
    if (!p->joined || !p->out)
        exit(EXIT_FAILURE);
}

static void plain_close(struct plain *p)
{
    deflateEnd(&p->stream);
    free(p->joined);
    free(p->out);
}

static double plain_size(struct plain *p, const void *bytes, size_t n)
{
    deflateReset(&p->stream);
    p->stream.next_in = (Bytef *)(uintptr_t)bytes;
    p->stream.avail_in = (uInt)n;
    p->stream.next_out = p->out;
    p->stream.avail_out = (uInt)deflateBound(&p->stream, n);
    deflate(&p->stream, Z_FINISH);
    return (double)p->stream.total_out;
}

static double plain_pairs(struct plain *p, const struct slice *s, double *out)
{
    double sum = 0;
    for (size_t i = 0; i < s->x->n; i++) {
        ncd_text x = ncd_dataset_text(s->x, i);
        double size_x = plain_size(p, x.bytes, x.nbytes);
        memcpy(p->joined, x.bytes, x.nbytes);
        p->joined[x.nbytes] = ' ';
        for (size_t j = 0; j < s->y->n; j++) {
            ncd_text y = ncd_dataset_text(s->y, j);
            memcpy(p->joined + x.nbytes + 1, y.bytes, y.nbytes);
            double xy = plain_size(p, p->joined, x.nbytes + 1 + y.nbytes);
            double size_y = s->y_sizes[j];
            double low = size_x < size_y ? size_x : size_y;
            double high = size_x < size_y ? size_y : size_x;
            sum += (xy - low) / high;
            if (out)
                out[i * s->y->n + j] = xy;
        }
    }
    return sum;
}

static double engine_pairs(ncd_engine *engine, const struct slice *s,
                           double *out)
{
    double sum = 0, size_x, xy;
    ncd_error err;
    for (size_t i = 0; i < s->x->n; i++) {
        ncd_text x = ncd_dataset_text(s->x, i);
        check(ncd_engine_size(engine, x, &size_x, &err), &err);
        ncd_engine_set_first(engine, x);
        for (size_t j = 0; j < s->y->n; j++) {
            check(ncd_engine_joint(engine, ncd_dataset_text(s->y, j), NULL,
                                   HUGE_VAL, &xy, &err),
                  &err);
            sum += ncd_distance_of(NCD_DISTANCE_NCD, size_x, s->y_sizes[j], xy);
            if (out)
                out[i * s->y->n + j] = xy;
        }
    }
    return sum;
}

/* --- Timing --- */

struct times {
    double rounds[MAX_ROUNDS]; /* microseconds a pair */
    size_t n;
    double seconds;
};

struct result {
    double plain_min, plain_median, engine_min, engine_median;
    double pairs_per_second[2]; /* at 1 and 2 threads */
    size_t n_rounds;
};

static int compare(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

static void take(struct times *t, double seconds, size_t n_pairs)
{
    t->rounds[t->n++] = seconds * 1e6 / (double)n_pairs;
    t->seconds += seconds;
}

static void sum_up(struct times *t, double *min_out, double *median_out)
{
    qsort(t->rounds, t->n, sizeof *t->rounds, compare);
    *min_out = t->rounds[0];
    *median_out = t->rounds[t->n / 2];
}

static int ignore_row(void *arg, size_t row, const double *distances, size_t n)
{
    (void)arg;
    (void)row;
    (void)distances;
    (void)n;
    return 0;
}

/* Pairs a second of the public interface, the best of several runs. */
static double matrix_speed(const struct slice *s, unsigned threads)
{
    ncd_options options;
    ncd_error err;
    double best = 0, total = 0;
    ncd_options_init(&options);
    options.threads = threads;
    for (int round = 0; round < MIN_ROUNDS || total < MIN_SECONDS; round++) {
        double begin = ncd_clock();
        check(ncd_matrix(s->x, s->y, &options, ignore_row, NULL, &err), &err);
        double seconds = ncd_clock() - begin;
        double speed = (double)(s->x->n * s->y->n) / seconds;
        best = speed > best ? speed : best;
        total += seconds;
    }
    return best;
}

static void check_sizes(struct plain *p, ncd_engine *engine,
                        const struct slice *s)
{
    size_t n = s->x->n * s->y->n;
    double *a = calloc(n, sizeof *a), *b = calloc(n, sizeof *b);
    if (!a || !b)
        exit(EXIT_FAILURE);
    double sum_a = plain_pairs(p, s, a), sum_b = engine_pairs(engine, s, b);
    if (memcmp(a, b, n * sizeof *a) != 0 || sum_a != sum_b) {
        fprintf(stderr, "bench_pairs: %s: sizes differ\n", s->name);
        exit(EXIT_FAILURE);
    }
    free(a);
    free(b);
}

static struct result measure(const struct slice *s, size_t longest)
{
    static struct times plain_times, engine_times;
    struct result r;
    struct plain plain;
    ncd_engine *engine;
    ncd_error err;
    size_t n_pairs = s->x->n * s->y->n;
    /* Used below, so that no compiler leaves the work out. */
    double sum = 0;
    plain_times.n = engine_times.n = 0;
    plain_times.seconds = engine_times.seconds = 0;
    plain_open(&plain, longest);
    check(ncd_engine_open(NULL, &engine, &err), &err);
    check_sizes(&plain, engine, s);
    while (plain_times.n < MAX_ROUNDS &&
           (plain_times.n < MIN_ROUNDS || plain_times.seconds < MIN_SECONDS ||
            engine_times.seconds < MIN_SECONDS)) {
        double begin = ncd_clock();
        sum += plain_pairs(&plain, s, NULL);
        double middle = ncd_clock();
        sum += engine_pairs(engine, s, NULL);
        take(&engine_times, ncd_clock() - middle, n_pairs);
        take(&plain_times, middle - begin, n_pairs);
    }
    r.n_rounds = plain_times.n;
    if (!(sum > 0))
        exit(EXIT_FAILURE);
    sum_up(&plain_times, &r.plain_min, &r.plain_median);
    sum_up(&engine_times, &r.engine_min, &r.engine_median);
    ncd_engine_close(engine);
    plain_close(&plain);
    for (unsigned t = 0; t < 2; t++)
        r.pairs_per_second[t] = matrix_speed(s, t + 1);
    return r;
}

/* --- Slices --- */

/* Fills in the sizes of y; returns the longest text. */
static size_t prepare(struct slice *s)
{
    ncd_engine *engine;
    ncd_error err;
    size_t longest = 0;
    check(ncd_engine_open(NULL, &engine, &err), &err);
    s->y_sizes = calloc(s->y->n + 1, sizeof *s->y_sizes);
    s->total_nbytes = (double)(s->x->bytes.n + s->y->bytes.n);
    for (size_t j = 0; j < s->y->n; j++) {
        ncd_text y = ncd_dataset_text(s->y, j);
        check(ncd_engine_size(engine, y, &s->y_sizes[j], &err), &err);
        longest = y.nbytes > longest ? y.nbytes : longest;
    }
    for (size_t i = 0; i < s->x->n; i++) {
        size_t n = ncd_dataset_text(s->x, i).nbytes;
        longest = n > longest ? n : longest;
    }
    ncd_engine_close(engine);
    return longest;
}

static void run_slice(struct slice *s, FILE *csv)
{
    if (s->x->n == 0 || s->y->n == 0)
        return;
    size_t longest = prepare(s);
    struct result r = measure(s, longest);
    double ratio = r.engine_min / r.plain_min;
    double nbytes = s->total_nbytes / (double)(s->x->n + s->y->n);
    printf("%-24s %7.0f %9.2f %9.2f %9.2f %9.2f %7.3f %10.0f %10.0f\n", s->name,
           nbytes, r.plain_min, r.plain_median, r.engine_min, r.engine_median,
           ratio, r.pairs_per_second[0], r.pairs_per_second[1]);
    if (r.plain_median > WIDE_SPREAD * r.plain_min ||
        r.engine_median > WIDE_SPREAD * r.engine_min)
        printf("  the times spread widely: the machine was busy\n");
    fflush(stdout);
    if (csv)
        fprintf(csv,
                "%s,%zu,%zu,%.1f,%zu,%.4f,%.4f,%.4f,%.4f,%.4f,%.0f,%.0f,"
                "zlib %s,\"%s\"\n",
                s->name, s->x->n, s->y->n, nbytes, r.n_rounds, r.plain_min,
                r.plain_median, r.engine_min, r.engine_median, ratio,
                r.pairs_per_second[0], r.pairs_per_second[1], zlibVersion(),
                cpu_name());
    free(s->y_sizes);
}

static void run_generated(size_t nbytes, size_t n_x, size_t n_y, FILE *csv)
{
    struct slice s = {.x = random_dataset(1, 1, n_x, nbytes),
                      .y = random_dataset(2, 1, n_y, nbytes)};
    snprintf(s.name, sizeof s.name, "generated-%zu", nbytes);
    run_slice(&s, csv);
    ncd_dataset_free(s.x);
    ncd_dataset_free(s.y);
}

/* The first 20 texts of a file against the next 200. */
static void run_file(const char *name, const char *path, FILE *csv)
{
    ncd_reader_options options;
    struct slice s = {0};
    ncd_dataset *all;
    ncd_error err = {.message = "out of memory"};
    size_t chosen[220];
    ncd_reader_options_init(&options);
    options.limit = COUNT(chosen);
    options.skip_bad = 1;
    check(ncd_dataset_new(&all), &err);
    check(ncd_dataset_read(all, path, &options, &err), &err);
    size_t n = ncd_dataset_n_texts(all);
    for (size_t i = 0; i < n; i++)
        chosen[i] = i;
    size_t n_x = n < 20 ? n / 2 : 20;
    check(ncd_dataset_select(all, chosen, n_x, &s.x, &err), &err);
    check(ncd_dataset_select(all, chosen + n_x, n - n_x, &s.y, &err), &err);
    snprintf(s.name, sizeof s.name, "%.60s", name);
    run_slice(&s, csv);
    ncd_dataset_free(s.x);
    ncd_dataset_free(s.y);
    ncd_dataset_free(all);
}

static void run_sets(const char *folder, FILE *csv)
{
    struct dirent **sets;
    int n = scandir(folder, &sets, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        static const char *const names[] = {"train.tsv", "train.tsv.xz"};
        for (size_t j = 0; j < COUNT(names); j++) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s/%s", folder, sets[i]->d_name,
                     names[j]);
            if (sets[i]->d_name[0] != '.' && access(path, R_OK) == 0) {
                run_file(sets[i]->d_name, path, csv);
                break;
            }
        }
        free(sets[i]);
    }
    if (n >= 0)
        free(sets);
}

int main(int argc, char **argv)
{
    const char *folder = getenv("NCDCLASS_DATASETS");
    FILE *csv = open_csv(argc > 1 ? argv[1] : NULL, "pairs.csv",
                         "slice,n_x,n_y,mean_nbytes,n_rounds,plain_min_us,"
                         "plain_median_us,library_min_us,library_median_us,"
                         "ratio,pairs_per_s_1_thread,pairs_per_s_2_threads,"
                         "codec,cpu");
    printf("gzip:9 by zlib %s; %s; %u threads; microseconds a pair\n",
           zlibVersion(), cpu_name(), ncd_default_threads());
    printf("%-24s %7s %9s %9s %9s %9s %7s %10s %10s\n", "slice", "bytes",
           "zlib min", "median", "here min", "median", "ratio", "pairs/s 1",
           "pairs/s 2");
    run_generated(100, 20, 300, csv);
    run_generated(500, 20, 200, csv);
    run_generated(2000, 10, 100, csv);
    if (folder)
        run_sets(folder, csv);
    close_csv(csv);
    return EXIT_SUCCESS;
}
