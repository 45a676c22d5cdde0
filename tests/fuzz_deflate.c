/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing the size-only DEFLATE engine, which must give zlib's sizes. The first
 * byte chooses the level ('4' to '9'), the second, less '0', how many 32nds of
 * the rest are the first text; what is left is the second.
 */
#include <stdlib.h>

#include "ncd/deflate_size.h"
#include "support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void demand(int truth)
{
    if (!truth)
        abort();
}

static void compare(struct ncd_dengine *fast, struct ncd_dengine *library,
                    ncd_text x, ncd_text y)
{
    struct ncd_dsuffix second;
    size_t size, truth;
    demand(ncd_dsuffix_build(&second, fast, y.bytes, y.nbytes));
    demand(ncd_dengine_set_prefix(fast, x.bytes, x.nbytes));
    demand(ncd_dengine_set_prefix(library, x.bytes, x.nbytes));
    demand(ncd_dengine_size(library, &second, SIZE_MAX, &truth));
    demand(ncd_dengine_size(fast, &second, SIZE_MAX, &size));
    demand(size == truth);
    for (size_t limit = truth; limit <= truth + 1; limit++) {
        demand(ncd_dengine_size(fast, &second, limit, &size));
        demand(size == truth || (size == NCD_DSIZE_PRUNED && truth >= limit));
    }
    ncd_dsuffix_clear(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct ncd_dengine *fast[6], *library[6];
    if (n < 2)
        return 0;
    int i = (data[0] - '0') % 6;
    i = i < 0 ? i + 6 : i;
    if (!fast[i]) {
        fast[i] = ncd_dengine_new(i + 4, false);
        library[i] = ncd_dengine_new(i + 4, true);
        demand(fast[i] && library[i]);
    }
    size_t cut = (n - 2) * ((size_t)(data[1] - '0') % 33) / 32;
    compare(fast[i], library[i], (ncd_text){data + 2, cut},
            (ncd_text){data + 2 + cut, n - 2 - cut});
    return 0;
}
