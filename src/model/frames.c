/* SPDX-License-Identifier: MIT */
/* Sections as zstd frames; see frames.h. */
#include "model/frames.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "util/parallel.h"

#define LEVEL 9
/* Twice the window of the level, so that little is lost at the borders. */
#define PIECE_NBYTES ((size_t)8 << 20)

/* Where a frame is, and what it holds. */
struct frame {
    unsigned char *packed;
    const char *raw;
    size_t n_packed, n_raw;
};

/* --- Packing --- */

/* The level's tables are larger than small sections themselves; with a quarter
 * as many entries as there are bytes they find as much. */
static int log_of_tables(size_t n)
{
    int log = 10;
    while ((size_t)4 << log < n && log < 20)
        log++;
    return log;
}

static ncd_status pack_piece(void *job, size_t i, unsigned thread,
                             ncd_error *err)
{
    struct frame *f = (struct frame *)job + i;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    (void)thread;
    (void)err;
    if (!context)
        return NCD_ERR_NOMEM;
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, log_of_tables(f->n_raw));
    ZSTD_CCtx_setParameter(context, ZSTD_c_chainLog, log_of_tables(f->n_raw));
    f->n_packed =
        ZSTD_compress2(context, f->packed, f->n_packed, f->raw, f->n_raw);
    ZSTD_freeCCtx(context);
    /* The only way it can fail with enough room. */
    return ZSTD_isError(f->n_packed) ? NCD_ERR_NOMEM : NCD_OK;
}

ncd_status ncd_frames_pack(ncd_text raw, unsigned threads, struct ncd_buf *out)
{
    const char *bytes = raw.nbytes ? raw.bytes : "";
    size_t n = raw.nbytes ? (raw.nbytes - 1) / PIECE_NBYTES + 1 : 1;
    size_t room = ZSTD_compressBound(PIECE_NBYTES);
    size_t last = raw.nbytes - (n - 1) * PIECE_NBYTES;
    struct frame *frames = calloc(n, sizeof *frames);
    if (!frames || ncd_buf_reserve(out, (n - 1) * room + ZSTD_compressBound(
                                                             last)) != NCD_OK) {
        free(frames);
        return NCD_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++)
        frames[i] = (struct frame){
            .packed = out->bytes + out->n + i * room,
            .raw = bytes + i * PIECE_NBYTES,
            .n_packed = i + 1 < n ? room : ZSTD_compressBound(last),
            .n_raw = i + 1 < n ? PIECE_NBYTES : last};
    ncd_status status =
        ncd_parallel_for(n, threads, pack_piece, frames, NULL, NULL);
    for (size_t i = 0; i < n && status == NCD_OK; i++) {
        memmove(out->bytes + out->n, frames[i].packed, frames[i].n_packed);
        out->n += frames[i].n_packed;
    }
    free(frames);
    return status;
}

/* --- Unpacking --- */

struct unpacking {
    const unsigned char *packed;
    unsigned char *raw;
    const struct place {
        size_t packed, raw; /* offsets */
    } * places;             /* [n + 1] */
};

static ncd_status unpack_frame(void *job, size_t i, unsigned thread,
                               ncd_error *err)
{
    const struct unpacking *u = job;
    const struct place *p = &u->places[i];
    size_t n = p[1].raw - p[0].raw;
    (void)thread;
    (void)err;
    return ZSTD_decompress(u->raw + p[0].raw, n, u->packed + p[0].packed,
                           p[1].packed - p[0].packed) == n
               ? NCD_OK
               : NCD_ERR_MODEL;
}

/* Finds the frames, which together must hold nbytes. */
static ncd_status find_frames(ncd_text frames, uint64_t nbytes,
                              struct place **places, size_t *n_out)
{
    const unsigned char *bytes = frames.bytes;
    size_t capacity = 0, n = 0;
    struct place at = {0, 0};
    do {
        if (ncd_grow(places, &capacity, n + 2, sizeof **places) != NCD_OK)
            return NCD_ERR_NOMEM;
        size_t left = frames.nbytes - at.packed;
        size_t packed = ZSTD_findFrameCompressedSize(bytes + at.packed, left);
        if (ZSTD_isError(packed))
            return NCD_ERR_MODEL;
        unsigned long long raw =
            ZSTD_getFrameContentSize(bytes + at.packed, packed);
        if (raw > nbytes - at.raw) /* and so are the marks of errors */
            return NCD_ERR_MODEL;
        (*places)[n++] = at;
        at.packed += packed;
        at.raw += (size_t)raw;
        (*places)[n] = at;
    } while (at.packed < frames.nbytes);
    *n_out = n;
    return at.raw == nbytes ? NCD_OK : NCD_ERR_MODEL;
}

ncd_status ncd_frames_unpack(ncd_text frames, uint64_t nbytes, unsigned threads,
                             struct ncd_buf *out)
{
    struct place *places = NULL;
    size_t n = 0;
    /* A block is at most 128 KiB of text in 4 bytes. */
    if (nbytes / (128 * 1024) > frames.nbytes / 4 || nbytes > SIZE_MAX)
        return NCD_ERR_MODEL;
    ncd_status status = find_frames(frames, nbytes, &places, &n);
    if (status == NCD_OK)
        status = ncd_buf_reserve(out, nbytes ? (size_t)nbytes : 1);
    if (status == NCD_OK) {
        struct unpacking u = {frames.bytes, out->bytes + out->n, places};
        status = ncd_parallel_for(n, threads, unpack_frame, &u, NULL, NULL);
    }
    if (status == NCD_OK)
        out->n += (size_t)nbytes;
    free(places);
    return status;
}
