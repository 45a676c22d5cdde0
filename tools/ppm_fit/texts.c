/* SPDX-License-Identifier: MIT */
/* Sets of texts, and longer texts joined from theirs. */
#include <string.h>

#include "fit.h"

const struct length lengths[N_LENGTHS] = {{100, 24},  {300, 16},  {1000, 10},
                                          {3000, 5},  {10000, 2}, {30000, 1},
                                          {100000, 1}};

/* The name of the folder a file is in. */
static void name_set(const char *path, struct set *set)
{
    const char *end = strrchr(path, '/');
    end = end ? end : path + strlen(path);
    const char *begin = end;
    while (begin > path && begin[-1] != '/')
        begin--;
    snprintf(set->name, sizeof set->name, "%.*s", (int)(end - begin), begin);
}

struct set load_set(const char *path)
{
    struct set set;
    ncd_error err;
    name_set(path, &set);
    if (ncd_dataset_new(&set.texts) != NCD_OK)
        die("out of memory");
    if (ncd_dataset_read(set.texts, path, NULL, &err) != NCD_OK)
        die("%s", err.message);
    if (ncd_dataset_n_texts(set.texts) == 0)
        die("%s: no texts", path);
    return set;
}

/* Steps by a prime, so that places are scattered over the set. */
void joined_text(const struct set *set, size_t nbytes, size_t number, char *out)
{
    size_t n = ncd_dataset_n_texts(set->texts), done = 0;
    for (size_t at = number * 7919 + nbytes; done < nbytes; at++) {
        ncd_text text = ncd_dataset_text(set->texts, at % n);
        size_t left = nbytes - done;
        size_t taken = text.nbytes < left ? text.nbytes : left;
        memcpy(out + done, text.bytes, taken);
        done += taken;
        if (done < nbytes)
            out[done++] = '\n';
    }
}
