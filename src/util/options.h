/* SPDX-License-Identifier: MIT */
/*
 * Options structs grow by new members at their end, and begin with the size
 * that the caller was compiled with. What the caller's struct lacks keeps the
 * default.
 */
#ifndef NCD_UTIL_OPTIONS_H
#define NCD_UTIL_OPTIONS_H

#include <stddef.h>
#include <string.h>

/* own holds the defaults and its own size; given may be NULL. */
static inline void ncd_take_options(void *own, const void *given)
{
    size_t own_nbytes, nbytes;
    if (!given)
        return;
    memcpy(&own_nbytes, own, sizeof own_nbytes);
    memcpy(&nbytes, given, sizeof nbytes);
    memcpy(own, given, nbytes < own_nbytes ? nbytes : own_nbytes);
    memcpy(own, &own_nbytes, sizeof own_nbytes);
}

/* The way out: own, of own_nbytes, to a struct of the size that the caller
 * knows. What is newer than we are is 0. */
static inline void ncd_give_options(void *out, size_t nbytes, const void *own,
                                    size_t own_nbytes)
{
    memset(out, 0, nbytes);
    memcpy(out, own, nbytes < own_nbytes ? nbytes : own_nbytes);
    memcpy(out, &nbytes, sizeof nbytes);
}

#endif
