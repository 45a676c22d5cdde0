/* SPDX-License-Identifier: MIT */
/* The version in use, from the numbers of the public header. */
#include "ncdclass.h"

#define STRING_(x) #x
#define STRING(x) STRING_(x)

const char *ncd_version(void)
{
    return STRING(NCD_VERSION_MAJOR) "." STRING(NCD_VERSION_MINOR) "." STRING(
        NCD_VERSION_PATCH);
}
