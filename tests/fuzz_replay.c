/* SPDX-License-Identifier: MIT */
/*
 * The main program of a fuzzer without a fuzzing engine: runs it on every file
 * given, and on every beginning of each, which costs little and finds much.
 */
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

int main(int argc, char **argv)
{
    int status = argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
    for (int i = 1; i < argc; i++)
        if (replay(argv[i]) != EXIT_SUCCESS)
            status = EXIT_FAILURE;
    return status;
}
