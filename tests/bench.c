/* SPDX-License-Identifier: MIT */
/* What the benchmarks share; see bench.h. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void die(const char *what)
{
    fprintf(stderr, "benchmark: %s\n", what);
    exit(EXIT_FAILURE);
}

void check(ncd_status status, const ncd_error *err)
{
    if (status != NCD_OK)
        die(err->message);
}

static ncd_dataset *load_all(const char *folder, const char *set,
                             const char *part)
{
    char path[4096];
    ncd_error err;
    ncd_dataset *all;
    int n = snprintf(path, sizeof path - 4, "%s/%s/%s.tsv", folder, set, part);
    if (n < 0 || (size_t)n >= sizeof path - 4)
        die("too long a path");
    if (access(path, R_OK) != 0)
        strcat(path, ".xz");
    if (ncd_dataset_new(&all) != NCD_OK)
        die("out of memory");
    check(ncd_dataset_read(all, path, NULL, &err), &err);
    return all;
}

ncd_dataset *load_texts(const char *folder, const char *set, const char *part,
                        size_t n, size_t longest)
{
    ncd_error err;
    ncd_dataset *all = load_all(folder, set, part), *some;
    size_t n_all = ncd_dataset_n_texts(all), n_chosen = 0;
    n = n < n_all ? n : n_all;
    size_t *chosen = calloc(n + 1, sizeof *chosen);
    if (!chosen)
        die("out of memory");
    for (size_t i = 0; i < n; i++)
        if (ncd_dataset_text(all, i * n_all / n).nbytes <= longest)
            chosen[n_chosen++] = i * n_all / n;
    check(ncd_dataset_select(all, chosen, n_chosen, &some, &err), &err);
    free(chosen);
    ncd_dataset_free(all);
    return some;
}

const char *cpu_name(void)
{
    static char name[128] = "unknown";
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            snprintf(name, sizeof name, "%s", strchr(line, ':') + 2);
            name[strcspn(name, "\n,")] = 0;
            break;
        }
    }
    if (file)
        fclose(file);
    return name;
}

const char *data_folder(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : getenv("NCDCLASS_DATASETS");
    return folder && *folder ? folder : NULL;
}

struct bench_set parse_set(size_t n_queries, const char *text)
{
    struct bench_set set = {.n_train = SIZE_MAX / 2, .n_queries = n_queries};
    size_t n = strcspn(text, ":");
    if (n >= sizeof set.name)
        die("too long a name");
    memcpy(set.name, text, n);
    if (text[n])
        sscanf(text + n, ":%zu:%zu", &set.n_train, &set.n_queries);
    return set;
}

FILE *open_csv(const char *path, const char *name, const char *header)
{
    const char *folder = getenv("NCDCLASS_RESULTS");
    char place[4096];
    if (!path) {
        if (!folder || !*folder)
            return NULL;
        snprintf(place, sizeof place, "%s/%s", folder, name);
        path = place;
    }
    FILE *csv = fopen(path, "w");
    if (!csv || fprintf(csv, "%s\n", header) < 0)
        die("cannot write the CSV file");
    return csv;
}

void close_csv(FILE *csv)
{
    if (csv && (ferror(csv) || fclose(csv) != 0))
        die("cannot write the CSV file");
}
