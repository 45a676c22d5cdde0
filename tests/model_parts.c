/* SPDX-License-Identifier: MIT */
/* Model files taken apart and put together; see model_parts.h. */
#include "model_parts.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "model/class_table.h"
#include "model/frames.h"
#include "model/model_file.h"
#include "model/wire.h"

static const char between[4] = {'\n', '-', '-', '\n'};

static void must(int held)
{
    if (!held)
        abort();
}

/* --- Apart --- */

/* Adds the section that comes next, unless it is one that fills up room. */
static void take_section(struct ncd_cursor *in, struct model_parts *parts)
{
    ncd_text tag = ncd_get_bytes(in, 4);
    uint32_t how = ncd_get_u32(in);
    uint64_t nbytes = ncd_get_u64(in);
    ncd_text stored = ncd_get_bytes(in, ncd_get_u64(in));
    must(!in->failed && parts->n < MODEL_PARTS_MOST);
    if (memcmp(tag.bytes, "fill", 4) == 0)
        return;
    struct ncd_buf *part = &parts->part[parts->n++];
    must(ncd_buf_append(part, tag.bytes, 4) == NCD_OK);
    must((how == NCD_STORED_RAW
              ? ncd_buf_append(part, stored.bytes, stored.nbytes)
              : ncd_frames_unpack(stored, nbytes, 1, part)) == NCD_OK);
}

struct model_parts model_take_apart(const char *path)
{
    struct model_parts parts = {0};
    struct ncd_buf whole = read_whole(path);
    struct ncd_cursor in = {whole.bytes + NCD_MODEL_HEADER_NBYTES,
                            whole.bytes + whole.n - NCD_MODEL_CHECKSUM_NBYTES,
                            0};
    while (in.at < in.end)
        take_section(&in, &parts);
    ncd_buf_free(&whole);
    return parts;
}

void model_parts_free(struct model_parts *parts)
{
    for (size_t i = 0; i < MODEL_PARTS_MOST; i++)
        ncd_buf_free(&parts->part[i]);
}

size_t model_part(const struct model_parts *parts, const char *tag)
{
    size_t i = 0;
    while (i < parts->n && memcmp(parts->part[i].bytes, tag, 4) != 0)
        i++;
    must(i < parts->n);
    return i;
}

/* --- Together --- */

void model_join_parts(const struct model_parts *parts, struct ncd_buf *out)
{
    for (size_t i = 0; i < parts->n; i++) {
        const struct ncd_buf *part = &parts->part[i];
        must(!ncd_buf_append(out, between, i ? sizeof between : 0) &&
             !ncd_buf_append(out, part->bytes, part->n));
    }
}

/* Where the next section ends. */
static const uint8_t *section_end(const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 4 && memcmp(at, between, sizeof between) != 0)
        at++;
    return end - at >= 4 ? at : end;
}

static void put_raw(struct ncd_buf *out, const void *tag, const void *bytes,
                    size_t n)
{
    must(!ncd_buf_append(out, tag, 4) && !ncd_put_u32(out, NCD_STORED_RAW) &&
         !ncd_put_u64(out, n) && !ncd_put_u64(out, n) &&
         !ncd_buf_append(out, bytes, n));
}

/* Returns how many sections that makes: TABL must begin at a round place. */
static uint32_t put_section(struct ncd_buf *out, const uint8_t *at,
                            const uint8_t *end)
{
    static const uint8_t zeros[NCD_TABLE_ALIGNMENT];
    int is_table = memcmp(at, "TABL", 4) == 0;
    if (is_table) {
        size_t begin = out->n + 2 * NCD_MODEL_SECTION_NBYTES;
        put_raw(out, "fill", zeros, -begin % NCD_TABLE_ALIGNMENT);
    }
    put_raw(out, at, at + 4, (size_t)(end - at) - 4);
    return is_table ? 2 : 1;
}

static void set_number(struct ncd_buf *out, size_t at, uint64_t value, int n)
{
    for (int i = 0; i < n; i++)
        out->bytes[at + (size_t)i] = (unsigned char)(value >> (8 * i));
}

void model_put_together(ncd_text joined, struct ncd_buf *out)
{
    const uint8_t *at = joined.bytes, *end = at + joined.nbytes;
    uint32_t n = 0;
    must(!ncd_buf_append(out, NCD_MODEL_MAGIC, NCD_MODEL_MAGIC_NBYTES) &&
         !ncd_put_u32(out, NCD_MODEL_VERSION) && !ncd_put_u32(out, 0) &&
         !ncd_put_u64(out, 0));
    while (end - at >= 4) {
        const uint8_t *stop = section_end(at + 4, end);
        n += put_section(out, at, stop);
        at = end - stop >= 4 ? stop + 4 : end;
    }
    set_number(out, 12, n, 4);
    set_number(out, 16, out->n + NCD_MODEL_CHECKSUM_NBYTES, 8);
    must(!ncd_put_u64(out, XXH3_64bits(out->bytes, out->n)));
}
