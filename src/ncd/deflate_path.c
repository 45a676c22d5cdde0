/* SPDX-License-Identifier: MIT */
/* The paths there are, and which of them this processor can go. */
#include "deflate_engine.h"

#undef ncd_dengine_parse

#define DECLARE(path)                                                      \
    size_t NCD_PATH_JOIN_(ncd_dengine_parse, path)(                        \
        struct ncd_dengine * e, const struct ncd_dsuffix *y, size_t limit)

DECLARE(base);

#ifdef NCD_PATH_PORTABLE
DECLARE(portable);
#endif

#ifdef NCD_PATH_AVX2
DECLARE(avx2);

/* All that the build lets the compiler use on this path. */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}
#endif

/* The later, the faster. */
static const struct ncd_dpath paths[] = {
#ifdef NCD_PATH_PORTABLE
    {"portable", ncd_dengine_parse_portable, NULL},
#endif
#ifdef __SSE2__
    {"sse2", ncd_dengine_parse_base, NULL},
#else
    {"portable", ncd_dengine_parse_base, NULL},
#endif
#ifdef NCD_PATH_AVX2
    {"avx2", ncd_dengine_parse_avx2, has_avx2},
#endif
};

const struct ncd_dpath *ncd_dpath_get(size_t i)
{
    return i < sizeof paths / sizeof *paths ? &paths[i] : NULL;
}

bool ncd_dpath_is_there(const struct ncd_dpath *path)
{
    return path->is_there == NULL || path->is_there();
}

const struct ncd_dpath *ncd_dpath_best(void)
{
    size_t i = sizeof paths / sizeof *paths - 1;

    while (!ncd_dpath_is_there(&paths[i]))
        i--;
    return &paths[i];
}
