/* SPDX-License-Identifier: MIT */
/* The tables as C. */
#include "fit.h"

static void print_bytes(FILE *out, const char *bytes, int n)
{
    fputc('"', out);
    for (int i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte > ' ' && byte < 0x7f && byte != '"' && byte != '\\')
            fputc(byte, out);
        else
            fprintf(out, "\\%03o", byte);
    }
    fputc('"', out);
}

static void print_row(FILE *out, const struct ncd_ppm_row *row, int n_behind)
{
    fputs("        {", out);
    print_bytes(out, row->behind, n_behind);
    fprintf(out, ", \"%.*s\"},\n", NCD_PPM_CLASSES, row->levels);
}

static void print_numbers(FILE *out, const uint16_t *numbers, int n)
{
    for (int i = 0; i < n; i++)
        fprintf(out, "%s%u%s", i % 12 ? " " : "\n         ", numbers[i],
                i + 1 < n ? "," : "");
}

/* [n_rows][n] */
static void print_array(FILE *out, const char *name, const uint16_t *numbers,
                        int n_rows, int n)
{
    fprintf(out, "    .%s =\n        {", name);
    for (int r = 0; r < n_rows; r++) {
        fputs("\n         {", out);
        for (int i = 0; i < n; i++)
            fprintf(out, "%s%u", i ? ", " : "", numbers[r * n + i]);
        fputs("},", out);
    }
    fputs("\n        },\n", out);
}

void print_tables(FILE *out, const struct ncd_ppm_tables *t)
{
    fprintf(out,
            "/* SPDX-License-Identifier: MIT */\n"
            "/*\n"
            " * What the statistical model believes before it has seen a byte."
            " Written by\n"
            " * ppm_fit (tools/ppm_fit) from the training texts of the sets it"
            " names; of the\n"
            " * first, many languages in equal parts. Not to be changed by"
            " hand.\n"
            " */\n"
            "#include \"codec/ppm_tables.h\"\n"
            "\n"
            "/* clang-format off */\n"
            "const struct ncd_ppm_tables ncd_ppm_tables = {\n"
            "    .fitted_on =\n        \"");
    for (const char *name = t->fitted_on; *name; name++)
        fputs(*name == ' ' ? " \"\n        \"" : (char[]){*name, 0}, out);
    fputs("\",\n    .rows = {\n", out);
    for (int i = 0; i < NCD_PPM_ROWS; i++)
        print_row(out, &t->rows[i], i < NCD_PPM_CLASSES ? 1 : 2);
    fputs("    },\n    .shares =\n        {", out);
    print_numbers(out, t->shares, 256);
    fputs("},\n    .weight =\n        {", out);
    print_numbers(out, t->weight, NCD_PPM_ORDER + 1);
    fputs("},\n", out);
    print_array(out, "discounts", *t->discounts, NCD_PPM_ORDER + 1, 3);
    print_array(out, "by_run", *t->by_run, NCD_PPM_ORDER + 1, NCD_PPM_RUNS);
    print_array(out, "by_single", *t->by_single, NCD_PPM_ORDER + 1,
                NCD_PPM_SINGLE);
    fputs("};\n", out);
}
