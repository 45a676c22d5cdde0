/* SPDX-License-Identifier: MIT */
/* ncdclass matrix: all distances between the texts of one set or two. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { MATRIX_TSV, MATRIX_NPY };
static const char *const format_choices[] = {"tsv", "npy", NULL};

static const char *output_path;
static int format = MATRIX_TSV;
static int labels;

static const struct cli_option matrix_options[] = {
    {"output", 'o', OPTION_STRING, &output_path, "FILE",
     "file to write; standard output where not given", NULL},
    {"format", 0, OPTION_CHOICE, &format, "NAME", "output", format_choices},
    {"labels", 0, OPTION_FLAG, &labels, NULL,
     "TSV: a first row and a first column with the labels", NULL},
    {0},
};

static const struct cli_command command = {
    .name = "matrix",
    .summary = "Prints the distances of all texts of DATA to each other, or to "
               "those of DATA2,\na row for each text of DATA.",
    .usage = (const char *const[]){"matrix [OPTION...] DATA [DATA2]", NULL},
    .examples =
        (const char *const[]){
            "ncdclass matrix data.tsv > distances.tsv",
            "ncdclass matrix --format=npy -o d.npy test.tsv train.tsv",
            "ls *.txt | ncdclass matrix --input-format=list --labels -",
            "ncdclass matrix --input-format=lines --order=mean lines.txt",
            NULL},
    .groups =
        (const struct cli_option *const[]){matrix_options, compressor_options,
                                           reader_options, common_options,
                                           NULL},
};

struct writer {
    FILE *out;
    const ncd_dataset *rows, *columns;
};

static void put_label(FILE *out, const ncd_dataset *data, size_t i)
{
    fputs(ncd_dataset_label(data, ncd_dataset_class(data, i)), out);
}

static void write_head(const struct writer *w)
{
    size_t n = ncd_dataset_n_texts(w->columns);
    if (!labels)
        return;
    for (size_t j = 0; j < n; j++) {
        fputc('\t', w->out);
        put_label(w->out, w->columns, j);
    }
    fputc('\n', w->out);
}

/* NumPy's format 1.0 (numpy.lib.format): magic, length of the header, a Python
 * dict padded with blanks so that the data begin at a multiple of 64. */
static void write_npy_head(const struct writer *w)
{
    char dict[128];
    size_t n = (size_t)snprintf(
        dict, sizeof dict,
        "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu, %zu), }",
        ncd_dataset_n_texts(w->rows), ncd_dataset_n_texts(w->columns));
    size_t length = (10 + n + 1 + 63) / 64 * 64 - 10;
    fwrite("\x93NUMPY\x01\x00", 1, 8, w->out);
    fputc((int)(length & 0xff), w->out);
    fputc((int)(length >> 8), w->out);
    fprintf(w->out, "%-*s\n", (int)length - 1, dict);
}

static void write_npy_row(FILE *out, const double *row, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        unsigned char bytes[8];
        uint64_t bits;
        memcpy(&bits, &row[j], 8);
        for (int b = 0; b < 8; b++)
            bytes[b] = (unsigned char)(bits >> (8 * b));
        fwrite(bytes, 1, 8, out);
    }
}

static void write_tsv_row(const struct writer *w, size_t i, const double *row,
                          size_t n)
{
    char number[NUMBER_NBYTES];
    if (labels)
        put_label(w->out, w->rows, i);
    for (size_t j = 0; j < n; j++) {
        if (j || labels)
            fputc('\t', w->out);
        fputs(format_number(row[j], number), w->out);
    }
    fputc('\n', w->out);
}

static int write_row(void *arg, size_t i, const double *row, size_t n)
{
    const struct writer *w = arg;
    if (format == MATRIX_NPY)
        write_npy_row(w->out, row, n);
    else
        write_tsv_row(w, i, row, n);
    return ferror(w->out);
}

static ncd_status write_matrix(struct writer *w, ncd_error *err)
{
    ncd_options options;
    fill_options(&options, "rows");
    if (format == MATRIX_NPY)
        write_npy_head(w);
    else
        write_head(w);
    ncd_status status =
        ncd_matrix(w->rows, w->columns, &options, write_row, w, err);
    /* A write error is told, with its reason, when the stream is closed. */
    return status == NCD_ERR_CANCELLED && ferror(w->out) ? NCD_OK : status;
}

static ncd_status run(struct writer *w, ncd_error *err)
{
    ncd_output *output;
    if (!output_path) {
        w->out = stdout;
        return write_matrix(w, err);
    }
    /* Before the file is there: an interrupt must find it taken care of. */
    catch_interrupts();
    ncd_status status = ncd_output_create(output_path, &output, err);
    if (status != NCD_OK)
        return status;
    w->out = ncd_output_stream(output);
    status = write_matrix(w, err);
    if (status == NCD_OK)
        return ncd_output_commit(output, err);
    ncd_output_discard(output);
    return status;
}

static int matrix(char **paths, int n_paths)
{
    ncd_dataset *data[2] = {0};
    ncd_error err = {NCD_ERR_NOMEM, "out of memory"};
    ncd_status status = NCD_OK;
    for (int i = 0; i < n_paths && status == NCD_OK; i++) {
        status = ncd_dataset_new(&data[i]);
        if (status == NCD_OK)
            status = read_data(data[i], paths[i], 0, &err);
    }
    if (status == NCD_OK) {
        struct writer w = {.rows = data[0], .columns = data[n_paths - 1]};
        status = run(&w, &err);
    }
    ncd_dataset_free(data[0]);
    ncd_dataset_free(data[1]);
    return status == NCD_OK ? EXIT_DONE : fail_with(&err);
}

int cmd_matrix(int argc, char **argv)
{
    char **paths;
    int n_paths;
    int status = cli_parse(&command, argc, argv, &paths, &n_paths);
    if (status >= 0)
        return status;
    if (n_paths < 1 || n_paths > 2)
        return cli_usage_error(&command, "one or two data sets are needed");
    if (count_standard_inputs(paths, n_paths) > 1)
        return cli_usage_error(&command, STANDARD_INPUT_TWICE);
    return close_stdout(matrix(paths, n_paths));
}
