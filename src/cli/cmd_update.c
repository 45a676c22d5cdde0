/* SPDX-License-Identifier: MIT */
/* ncdclass update: texts into a model, or out of it. */
#include "cli.h"

static const char *output_path;
static int forget;

static const struct cli_option update_options[] = {
    {"output", 'o', OPTION_STRING, &output_path, "MODEL",
     "model file to write; MODEL itself where not given", NULL},
    {"forget", 0, OPTION_FLAG, &forget, NULL,
     "take the texts out in place of in", NULL},
    {0},
};

static const struct cli_command command = {
    .name = "update",
    .summary =
        "Adds labelled texts to a model, or takes them out. The model then "
        "answers exactly\nas if it had been trained, with its method and "
        "settings, on the texts it holds. A\nclass model counts new texts "
        "only, but all its weights are fitted again, since they\nhang on all "
        "texts: that takes three quarters as long as training or more.",
    .usage = (const char *const[]){"update [OPTION...] MODEL DATA...", NULL},
    .examples =
        (const char *const[]){
            "ncdclass update news.ncd today.tsv",
            "ncdclass update --forget news.ncd withdrawn.tsv",
            "ncdclass update -o more.ncd news.ncd part-*.csv.gz", NULL},
    .groups = (const struct cli_option *const[]){update_options, reader_options,
                                                 common_options, NULL},
};

static ncd_status update(const char *path, char **data_paths, int n_paths,
                         const char *output, ncd_error *err)
{
    ncd_dataset *data;
    ncd_model *model = NULL, *updated = NULL;
    ncd_options run;
    fill_options(&run, "texts");
    if (ncd_dataset_new(&data) != NCD_OK)
        return no_memory(err);
    ncd_status status = load_model(path, &model, err);
    for (int i = 0; i < n_paths && status == NCD_OK; i++)
        status = read_data(data, data_paths[i], 0, err);
    catch_interrupts();
    if (status == NCD_OK && ncd_model_n_contenders(model))
        note("the method was chosen by training and is kept; `train "
             "--method=auto` would choose again");
    if (status == NCD_OK)
        status = ncd_model_update(model, forget ? NULL : data,
                                  forget ? data : NULL, &run, &updated, err);
    ncd_dataset_free(data);
    ncd_model_free(model);
    return status == NCD_OK ? hand_over(updated, output, err) : status;
}

int cmd_update(int argc, char **argv)
{
    char **operands;
    int n_operands;
    ncd_error err;
    int status = cli_parse(&command, argc, argv, &operands, &n_operands);
    if (status >= 0)
        return status;
    if (n_operands < 2)
        return cli_usage_error(&command, "a model and data are needed");
    if (count_standard_inputs(operands + 1, n_operands - 1) > 1)
        return cli_usage_error(&command, STANDARD_INPUT_TWICE);
    status = spare_others(&command, "output", output_path, MODEL_FIRST_BYTE,
                          "model");
    if (status != EXIT_DONE)
        return status;
    const char *output = output_path ? output_path : operands[0];
    status = update(operands[0], operands + 1, n_operands - 1, output, &err) ==
                     NCD_OK
                 ? EXIT_DONE
                 : fail_with(&err);
    return close_stdout(status);
}
