/* SPDX-License-Identifier: MIT */
/*
 * What a pair costs with each compressor: as kNN asks here, and by the call
 * that its library's manual shows first, with everything made anew for each
 * pair. The two take turns in one process, text by text; their sizes are
 * compared before anything is timed.
 *
 * usage: bench_compressors [FOLDER [CSV [SET...]]]
 *
 * FOLDER holds SET/train.tsv, the first texts of which are taken evenly.
 * Without it, the bundled sample is measured.
 */
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#ifdef HAVE_BZIP2
#include <bzlib.h>
#endif
#ifdef HAVE_LZ4
#include <lz4.h>
#include <lz4hc.h>
#endif
#ifdef HAVE_BROTLI
#include <brotli/encode.h>
#endif
#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#include "bench.h"
#include "ncd/deflate_size.h"
#include "ncd/measure.h"
#include "util/parallel.h"

enum {
    N_FIRST = 8,
    N_SECOND = 60,
    ROOM = 1 << 20,
    MIN_ROUNDS = 5,
    MAX_ROUNDS = 50
};
#define MIN_SECONDS 0.4

static unsigned char joined[ROOM], out[2 * ROOM];

/* --- As one would write it --- */

static size_t naive_gzip(const unsigned char *in, size_t n)
{
    z_stream stream = {0};
    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = (Bytef *)(uintptr_t)in;
    stream.avail_in = (uInt)n;
    stream.next_out = out;
    stream.avail_out = sizeof out;
    deflate(&stream, Z_FINISH);
    size_t size = stream.total_out;
    deflateEnd(&stream);
    return size;
}

static size_t naive_zlib(const unsigned char *in, size_t n)
{
    uLongf size = sizeof out;
    return compress2(out, &size, in, (uLong)n, 9) == Z_OK ? size : 0;
}

static size_t naive_zstd_3(const unsigned char *in, size_t n)
{
    return ZSTD_compress(out, sizeof out, in, n, 3);
}

static size_t naive_zstd_19(const unsigned char *in, size_t n)
{
    return ZSTD_compress(out, sizeof out, in, n, 19);
}

static size_t naive_lzma(const unsigned char *in, size_t n)
{
    lzma_options_lzma options;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options},
                             {LZMA_VLI_UNKNOWN, NULL}};
    size_t size = 0;
    lzma_lzma_preset(&options, 6);
    lzma_raw_buffer_encode(filters, NULL, in, n, out, &size, sizeof out);
    return size;
}

/* Not lzma_easy_buffer_encode, whose files are longer than those of xz: it
 * states the sizes in the block's header, too. */
static size_t naive_xz(const unsigned char *in, size_t n)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_easy_encoder(&stream, 6, LZMA_CHECK_CRC64) != LZMA_OK)
        return 0;
    stream.next_in = in;
    stream.avail_in = n;
    stream.next_out = out;
    stream.avail_out = sizeof out;
    lzma_ret result = lzma_code(&stream, LZMA_FINISH);
    size_t size = result == LZMA_STREAM_END ? stream.total_out : 0;
    lzma_end(&stream);
    return size;
}

#ifdef HAVE_BZIP2
static size_t naive_bzip2(const unsigned char *in, size_t n)
{
    unsigned size = sizeof out;
    BZ2_bzBuffToBuffCompress((char *)out, &size, (char *)(uintptr_t)in,
                             (unsigned)n, 9, 0, 0);
    return size;
}
#endif

#ifdef HAVE_LZ4
static size_t naive_lz4_1(const unsigned char *in, size_t n)
{
    return (size_t)LZ4_compress_default((const char *)in, (char *)out, (int)n,
                                        sizeof out);
}

static size_t naive_lz4_9(const unsigned char *in, size_t n)
{
    return (size_t)LZ4_compress_HC((const char *)in, (char *)out, (int)n,
                                   sizeof out, 9);
}
#endif

#ifdef HAVE_BROTLI
static size_t naive_brotli(const unsigned char *in, size_t n)
{
    size_t size = sizeof out;
    return BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC,
                                 n, in, &size, out)
               ? size
               : 0;
}
#endif

#ifdef HAVE_LIBDEFLATE
static size_t naive_libdeflate(const unsigned char *in, size_t n)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t size = libdeflate_deflate_compress(c, in, n, out, sizeof out);
    libdeflate_free_compressor(c);
    return size;
}
#endif

static const struct contest {
    const char *spec;
    size_t (*naive)(const unsigned char *in, size_t n);
    const char *call; /* what `naive` is */
    const char *way;  /* what is done here; NULL: one reused context */
} contests[] = {
    {"gzip:9", naive_gzip, "deflateInit2 to deflateEnd", NULL},
    {"zlib:9", naive_zlib, "compress2", NULL},
    {"zstd:3", naive_zstd_3, "ZSTD_compress", NULL},
    {"zstd:19", naive_zstd_19, "ZSTD_compress", NULL},
    {"lzma:6", naive_lzma, "lzma_raw_buffer_encode", NULL},
    {"xz:6", naive_xz, "lzma_easy_encoder to lzma_end", NULL},
#ifdef HAVE_BZIP2
    {"bzip2:9", naive_bzip2, "BZ2_bzBuffToBuffCompress", NULL},
#endif
#ifdef HAVE_LZ4
    {"lz4:1", naive_lz4_1, "LZ4_compress_default", NULL},
    {"lz4:9", naive_lz4_9, "LZ4_compress_HC", "counted behind a prefix"},
#endif
#ifdef HAVE_BROTLI
    {"brotli:5", naive_brotli, "BrotliEncoderCompress", NULL},
#endif
#ifdef HAVE_LIBDEFLATE
    {"libdeflate:6", naive_libdeflate, "libdeflate_alloc_compressor to free",
     NULL},
#endif
};

/* --- The contest --- */

struct texts {
    ncd_text first[N_FIRST], second[N_SECOND];
    size_t n_first, n_second;
    double mean_nbytes; /* of a pair */
};

/* The library's own way, as ready as the search makes it. */
struct here {
    struct ncd_measure measure;
    ncd_engine *engine;
    struct ncd_dsuffix items[N_SECOND];
    size_t n_items;
    const char *way;
};

static void open_here(struct here *h, const struct contest *c,
                      const struct texts *t)
{
    ncd_options options;
    ncd_error err;
    ncd_options_init(&options);
    options.compressor = c->spec;
    check(ncd_measure_init(&h->measure, &options, &err), &err);
    check(ncd_engine_new(&h->measure, &h->engine, &err), &err);
    h->n_items = 0;
    h->way = c->way ? c->way : "reused context";
    if (!ncd_measure_is_fast(&h->measure))
        return;
    h->way = "counted behind a prefix";
    for (; h->n_items < t->n_second; h->n_items++)
        check(ncd_engine_prepare(h->engine, t->second[h->n_items],
                                 &h->items[h->n_items], &err),
              &err);
}

static void close_here(struct here *h)
{
    while (h->n_items > 0)
        ncd_dsuffix_clear(&h->items[--h->n_items]);
    ncd_engine_close(h->engine);
    ncd_measure_free(&h->measure);
}

static void sizes_here(struct here *h, const struct texts *t, size_t i,
                       double *sizes)
{
    ncd_error err;
    ncd_engine_set_first(h->engine, t->first[i]);
    for (size_t j = 0; j < t->n_second; j++)
        check(ncd_engine_joint(h->engine, t->second[j],
                               h->n_items ? &h->items[j] : NULL, HUGE_VAL,
                               &sizes[j], &err),
              &err);
}

static void sizes_naive(const struct contest *c, const struct texts *t,
                        size_t i, double *sizes)
{
    size_t m = t->first[i].nbytes;
    memcpy(joined, t->first[i].bytes, m);
    joined[m] = ' ';
    for (size_t j = 0; j < t->n_second; j++) {
        ncd_text y = t->second[j];
        memcpy(joined + m + 1, y.bytes, y.nbytes);
        sizes[j] = (double)c->naive(joined, m + 1 + y.nbytes);
    }
}

static void compare_sizes(const struct contest *c, struct here *h,
                          const struct texts *t)
{
    double a[N_SECOND], b[N_SECOND];
    for (size_t i = 0; i < t->n_first; i++) {
        sizes_naive(c, t, i, a);
        sizes_here(h, t, i, b);
        if (memcmp(a, b, t->n_second * sizeof *a) != 0)
            die("sizes differ");
    }
}

/* Least seconds of a round over all texts. */
struct times {
    double naive, here;
    int n_rounds;
};

static struct times run(const struct contest *c, struct here *h,
                        const struct texts *t)
{
    struct times least = {HUGE_VAL, HUGE_VAL, 0};
    double sizes[N_SECOND], all = 0;
    while (least.n_rounds < MIN_ROUNDS ||
           (all < MIN_SECONDS && least.n_rounds < MAX_ROUNDS)) {
        double naive = 0, here = 0;
        for (size_t i = 0; i < t->n_first; i++) {
            double begin = ncd_clock();
            sizes_naive(c, t, i, sizes);
            double middle = ncd_clock();
            sizes_here(h, t, i, sizes);
            here += ncd_clock() - middle;
            naive += middle - begin;
        }
        least.naive = naive < least.naive ? naive : least.naive;
        least.here = here < least.here ? here : least.here;
        least.n_rounds++;
        all += naive + here;
    }
    return least;
}

static void run_contest(const struct contest *c, const char *set,
                        const struct texts *t, FILE *csv)
{
    static struct here h;
    char library[NCD_CODEC_LIBRARY_NBYTES];
    open_here(&h, c, t);
    ncd_codec_library(h.measure.spec.codec, library);
    compare_sizes(c, &h, t);
    struct times s = run(c, &h, t);
    double pairs = (double)(t->n_first * t->n_second);
    double naive = 1e6 * s.naive / pairs, here = 1e6 * s.here / pairs;
    printf("  %-13s %9.2f us naive  %9.2f us here  x %6.2f  %s\n", c->spec,
           naive, here, naive / here, h.way);
    if (csv)
        fprintf(csv, "%s,%.0f,%s,%s,%s,%s,%.3f,%.3f,%.2f,%d,%s\n", set,
                t->mean_nbytes, c->spec, library, c->call, h.way, naive, here,
                naive / here, s.n_rounds, cpu_name());
    close_here(&h);
}

static void choose_texts(struct texts *t, const ncd_dataset *data)
{
    size_t n = ncd_dataset_n_texts(data);
    t->n_first = n / 2 < N_FIRST ? n / 2 : N_FIRST;
    t->n_second = n - t->n_first < N_SECOND ? n - t->n_first : N_SECOND;
    double total[2] = {0, 0};
    for (size_t i = 0; i < t->n_first; i++) {
        t->first[i] = ncd_dataset_text(data, i);
        total[0] += (double)t->first[i].nbytes;
    }
    for (size_t j = 0; j < t->n_second; j++) {
        t->second[j] = ncd_dataset_text(data, t->n_first + j);
        total[1] += (double)t->second[j].nbytes;
    }
    t->mean_nbytes =
        total[0] / (double)t->n_first + total[1] / (double)t->n_second;
}

static void run_set(const char *folder, const char *set, FILE *csv)
{
    struct texts t;
    ncd_dataset *data =
        load_texts(folder, set, "train", N_FIRST + N_SECOND, ROOM / 2 - 1);
    choose_texts(&t, data);
    printf("%s: %zu x %zu texts, %.0f bytes a pair\n", set, t.n_first,
           t.n_second, t.mean_nbytes);
    for (size_t i = 0; i < sizeof contests / sizeof *contests; i++)
        run_contest(&contests[i], set, &t, csv);
    ncd_dataset_free(data);
}

int main(int argc, char **argv)
{
    static const char *const sets[] = {"ag-news-part5k", "mr-rtpolarity",
                                       "r8-allterms", "20news-bydate-raw",
                                       "imdb"};
    const char *folder = data_folder(argc, argv);
    FILE *csv = open_csv(argc > 2 ? argv[2] : NULL, "compressors.csv",
                         "set,nbytes_a_pair,compressor,library,naive_call,way,"
                         "naive_us,here_us,ratio,rounds,cpu");
    printf("microseconds a pair, %s\n", cpu_name());
    if (!folder)
        run_set(BUNDLED, "sample", csv);
    else if (argc > 3)
        for (int i = 3; i < argc; i++)
            run_set(folder, argv[i], csv);
    else
        for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
            run_set(folder, sets[i], csv);
    close_csv(csv);
    return 0;
}
