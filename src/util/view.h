/* SPDX-License-Identifier: MIT */
/*
 * A whole file in memory: mapped where it is a regular file, so that only what
 * is looked at is read, otherwise read. A mapping follows the file, not its
 * name: a file that is replaced by renaming, as this program writes all of its,
 * stays as it was; one that is cut short while it is mapped raises SIGBUS in the
 * reader, as in every program that maps files. The command ends by a message.
 */
#ifndef NCD_UTIL_VIEW_H
#define NCD_UTIL_VIEW_H

#include "ncdclass.h"

struct ncd_view {
    const unsigned char *bytes; /* aligned for every type */
    size_t n;
    void *memory;
    int is_mapped;
};

/* Statuses: NOMEM, IO. */
ncd_status ncd_view_open(struct ncd_view *view, const char *path,
                         ncd_error *err);
void ncd_view_close(struct ncd_view *view);

#endif
