/* SPDX-License-Identifier: MIT */
/* Failures as status plus message; see error.h. */
#include "util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

ncd_status ncd_fail(ncd_error *err, ncd_status status, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
        err->status = status;
    }
    return status;
}

ncd_status ncd_fail_nomem(ncd_error *err)
{
    return ncd_fail(err, NCD_ERR_NOMEM, "out of memory");
}

ncd_status ncd_fail_errno(ncd_error *err, const char *path, const char *what)
{
    /* strerror may use a static buffer; the message is copied at once. */
    return ncd_fail(err, NCD_ERR_IO, "%s: %s: %s", path, what, strerror(errno));
}
