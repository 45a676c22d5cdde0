/* SPDX-License-Identifier: MIT */
/*
 * Reporting a failure: one call that fills the caller's ncd_error, where there
 * is one, and returns the status, so that failing is one `return` statement.
 */
#ifndef NCD_UTIL_ERROR_H
#define NCD_UTIL_ERROR_H

#include "ncdclass.h"

ncd_status ncd_fail(ncd_error *err, ncd_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

ncd_status ncd_fail_nomem(ncd_error *err);

/* `path: what: strerror(errno)` */
ncd_status ncd_fail_errno(ncd_error *err, const char *path, const char *what);

#endif
