/* SPDX-License-Identifier: MIT */
/*
 * The main program of a fuzzer without a fuzzing engine: runs it on every file
 * of the folders given, and on every beginning of each, which costs little and
 * finds much.
 */
#include <dirent.h>
#include <stdlib.h>

#include "support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return EXIT_FAILURE;
    }
    static uint8_t whole[1 << 20];
    size_t n = fread(whole, 1, sizeof whole, file);
    fclose(file);
    for (size_t cut = 0; cut <= n; cut++) {
        /* A copy of its own lets a sanitizer see a byte too many. */
        uint8_t *copy = malloc(cut + 1);
        if (!copy)
            return EXIT_FAILURE;
        for (size_t i = 0; i < cut; i++)
            copy[i] = whole[i];
        LLVMFuzzerTestOneInput(copy, cut);
        free(copy);
    }
    return EXIT_SUCCESS;
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Returns how many files the folder has, or -1. */
static int replay_folder(const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_file, alphasort), failed = n < 0;
    if (failed)
        perror(folder);
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        failed |= replay(path) != EXIT_SUCCESS;
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return failed ? -1 : n;
}

int main(int argc, char **argv)
{
    int status = argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
    for (int i = 1; i < argc; i++)
        if (replay_folder(argv[i]) <= 0) /* an empty one tests nothing */
            status = EXIT_FAILURE;
    return status;
}
