/* SPDX-License-Identifier: MIT */
/*
 * A section's bytes as zstd frames, each of a piece of them, so that all
 * threads can pack and unpack. The pieces depend on nothing but the length: the
 * same bytes give the same frames.
 */
#ifndef NCD_MODEL_FRAMES_H
#define NCD_MODEL_FRAMES_H

#include "util/buf.h"

/* Appends the frames of `raw`. Statuses: NOMEM. */
ncd_status ncd_frames_pack(ncd_text raw, unsigned threads, struct ncd_buf *out);

/* Appends what the frames hold, which must be `nbytes`. No memory is asked for
 * before the frames could hold as much. Statuses: NOMEM, MODEL (malformed). */
ncd_status ncd_frames_unpack(ncd_text frames, uint64_t nbytes, unsigned threads,
                             struct ncd_buf *out);

#endif
