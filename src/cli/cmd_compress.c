/* SPDX-License-Identifier: MIT */
/* ncdclass compress and decompress: a file by the compressor ppm. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char *model_path, *label;

static const struct cli_option prime_options[] = {
    {"model", 'm', OPTION_STRING, &model_path, "MODEL",
     "begin with what the texts of this model teach", NULL},
    {"class", 0, OPTION_STRING, &label, "LABEL",
     "only the texts of this class of the model", NULL},
    {0},
};

static const struct cli_command compress = {
    .name = "compress",
    .summary =
        "Compresses a file with the compressor ppm. With a model, its training "
        "texts (those of\na class, the last 4 MB) are learnt first; decompress "
        "then needs the same model, with\nthe same texts: none that an update "
        "has changed. IN and OUT may be -.",
    .usage = (const char *const[]){"compress [OPTION...] IN OUT", NULL},
    .examples =
        (const char *const[]){
            "ncdclass compress letter.txt letter.ncp",
            "ncdclass compress --model=news.ncd --class=sports in out", NULL},
    .groups = (const struct cli_option *const[]){prime_options, NULL},
};

static const struct cli_command decompress = {
    .name = "decompress",
    .summary = "Brings back what compress has made smaller. IN and OUT may be "
               "-.",
    .usage = (const char *const[]){"decompress [OPTION...] IN OUT", NULL},
    .examples =
        (const char *const[]){
            "ncdclass decompress letter.ncp letter.txt",
            "ncdclass decompress --model=news.ncd --class=sports in -", NULL},
    .groups = (const struct cli_option *const[]){prime_options, NULL},
};

static ncd_status open_packer(ncd_packer **packer_out, ncd_error *err)
{
    ncd_model *model = NULL;
    ncd_status status = NCD_OK;
    if (model_path)
        status = load_model(model_path, &model, err);
    if (status == NCD_OK)
        status = ncd_packer_open(model, label, packer_out, err);
    if (status == NCD_ERR_ARGUMENT && label)
        suggest_label(model, label, err);
    ncd_model_free(model);
    return status;
}

static ncd_status write_out(const char *path, ncd_text bytes, ncd_error *err)
{
    ncd_output *output;
    ncd_status status = ncd_output_create(path, &output, err);
    if (status != NCD_OK)
        return status;
    /* A short write shows when the output is committed. */
    if (bytes.nbytes)
        fwrite(bytes.bytes, 1, bytes.nbytes, ncd_output_stream(output));
    return ncd_output_commit(output, err);
}

static ncd_status pack(ncd_packer *packer, ncd_text in, const char *path,
                       ncd_error *err)
{
    ncd_text out;
    double stated;
    ncd_status status = ncd_packer_pack(packer, in, &out, &stated, err);
    if (status == NCD_OK)
        status = write_out(path, out, err);
    if (status == NCD_OK)
        note("%zu bytes to %zu (%.2f stated)", in.nbytes, out.nbytes, stated);
    return status;
}

static ncd_status unpack(ncd_packer *packer, ncd_text in, char **paths,
                         ncd_error *err)
{
    ncd_text out;
    ncd_error what;
    ncd_status status = ncd_packer_unpack(packer, in, &out, &what);
    if (status == NCD_OK)
        return write_out(paths[1], out, err);
    /* What is wrong is wrong with the file. */
    err->status = status;
    snprintf(err->message, sizeof err->message, "%.500s: %.500s", paths[0],
             what.message);
    return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    char **operands;
    int n_operands;
    int result = cli_parse(command, argc, argv, &operands, &n_operands);
    if (result >= 0)
        return result;
    if (n_operands != 2)
        return cli_usage_error(command, "two files are needed, %d given",
                               n_operands);
    if (label && !model_path)
        return cli_usage_error(command, "--class needs --model");

    ncd_error err;
    ncd_packer *packer = NULL;
    ncd_text in;
    ncd_status status = open_packer(&packer, &err);
    char *bytes = status == NCD_OK ? read_file(operands[0], &in.nbytes) : NULL;
    if (bytes) {
        in.bytes = bytes;
        status = command == &compress ? pack(packer, in, operands[1], &err)
                                      : unpack(packer, in, operands, &err);
    }
    result = status != NCD_OK ? fail_with(&err)
             : bytes          ? EXIT_DONE
                              : EXIT_FAILED;
    free(bytes);
    ncd_packer_close(packer);
    return result;
}

int cmd_compress(int argc, char **argv)
{
    return run(&compress, argc, argv);
}

int cmd_decompress(int argc, char **argv)
{
    return run(&decompress, argc, argv);
}
