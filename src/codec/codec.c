/* SPDX-License-Identifier: MIT */
/*
 * The table of compressors, and their specifications
 * `name[:level][,key=value]`.
 */
#include "codec/codec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codecs.h"
#include "codec/lz4_size.h"
#include "util/error.h"

static const struct ncd_codec *const table[] = {
    &ncd_codec_gzip,       &ncd_codec_zlib, &ncd_codec_deflate, &ncd_codec_zstd,
    &ncd_codec_lzma,       &ncd_codec_xz,   &ncd_codec_ppm,
#ifdef HAVE_BZIP2
    &ncd_codec_bzip2,
#endif
#ifdef HAVE_LZ4
    &ncd_codec_lz4,
#endif
#ifdef HAVE_BROTLI
    &ncd_codec_brotli,
#endif
#ifdef HAVE_LIBDEFLATE
    &ncd_codec_libdeflate,
#endif
};

#define N_CODECS (sizeof table / sizeof *table)

const struct ncd_codec *ncd_codec_get(size_t i)
{
    return i < N_CODECS ? table[i] : NULL;
}

static void list_names(char *out, size_t nbytes)
{
    size_t n = 0;
    out[0] = 0;
    for (size_t i = 0; i < N_CODECS && n < nbytes; i++)
        n += (size_t)snprintf(out + n, nbytes - n, " %s", table[i]->name);
}

static const struct ncd_codec *find_codec(const char *name, size_t n)
{
    for (size_t i = 0; i < N_CODECS; i++)
        if (strlen(table[i]->name) == n && memcmp(table[i]->name, name, n) == 0)
            return table[i];
    return NULL;
}

/* Reads a whole number that ends at ',' or the end; leaves *text there. */
static int parse_number(const char **text, int64_t *out)
{
    char *end;
    errno = 0;
    if (**text != '-' && (**text < '0' || **text > '9'))
        return 0;
    long long value = strtoll(*text, &end, 10);
    if (end == *text || errno || (*end && *end != ','))
        return 0;
    *text = end;
    *out = value;
    return 1;
}

static ncd_status parse_level(const char **text, struct ncd_codec_spec *spec,
                              ncd_error *err)
{
    const struct ncd_codec *codec = spec->codec;
    int64_t level;
    if (!parse_number(text, &level) || level < codec->level_min ||
        level > codec->level_max)
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "compressor %s: the level is a number from %d to %d",
                        codec->name, codec->level_min, codec->level_max);
    spec->level = (int)level;
    return NCD_OK;
}

static ncd_status parse_key(const char **text, struct ncd_codec_spec *spec,
                            ncd_error *err)
{
    const struct ncd_codec *codec = spec->codec;
    size_t n = strcspn(*text, "=,");
    for (size_t i = 0; codec->keys[i].name; i++) {
        const struct ncd_codec_key *key = &codec->keys[i];
        if (strlen(key->name) != n || memcmp(key->name, *text, n) != 0)
            continue;
        *text += n;
        int valued = **text == '=';
        *text += valued;
        if (!valued || !parse_number(text, &spec->values[i]) ||
            (spec->values[i] != key->initial &&
             (spec->values[i] < key->min || spec->values[i] > key->max)))
            return ncd_fail(err, NCD_ERR_ARGUMENT,
                            "compressor %s: %s is a number from %" PRId64
                            " to %" PRId64,
                            codec->name, key->name, key->min, key->max);
        return NCD_OK;
    }
    return ncd_fail(err, NCD_ERR_ARGUMENT,
                    "compressor %s has no key \"%.*s\" (see `ncdclass "
                    "compressors`)",
                    codec->name, (int)(n > 40 ? 40 : n), *text);
}

ncd_status ncd_codec_parse(const char *text, struct ncd_codec_spec *spec_out,
                           ncd_error *err)
{
    size_t n = strcspn(text, ":,");
    struct ncd_codec_spec spec = {.codec = find_codec(text, n)};
    if (!spec.codec) {
        char names[256];
        list_names(names, sizeof names);
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "no compressor \"%.*s\"; there are:%s",
                        (int)(n > 40 ? 40 : n), text, names);
    }
    spec.level = spec.codec->level_initial;
    for (size_t i = 0; spec.codec->keys[i].name; i++)
        spec.values[i] = spec.codec->keys[i].initial;

    const char *rest = text + n;
    ncd_status status = NCD_OK;
    if (*rest == ':') {
        rest++;
        status = parse_level(&rest, &spec, err);
    }
    while (status == NCD_OK && *rest == ',') {
        rest++;
        status = parse_key(&rest, &spec, err);
    }
    if (status == NCD_OK)
        *spec_out = spec;
    return status;
}

void ncd_codec_format(const struct ncd_codec_spec *spec,
                      char out[NCD_CODEC_SPEC_NBYTES])
{
    const struct ncd_codec *codec = spec->codec;
    size_t room = NCD_CODEC_SPEC_NBYTES;
    size_t n = (size_t)snprintf(out, room, "%s:%d", codec->name, spec->level);
    for (size_t i = 0; codec->keys[i].name; i++)
        if (spec->values[i] != codec->keys[i].initial)
            n += (size_t)snprintf(out + n, room - n, ",%s=%" PRId64,
                                  codec->keys[i].name, spec->values[i]);
}

int ncd_codec_is_plain_zlib(const struct ncd_codec_spec *spec)
{
    const struct ncd_codec *codec = spec->codec;
    for (size_t i = 0; codec->keys[i].name; i++)
        if (spec->values[i] != codec->keys[i].initial)
            return 0;
    return codec->zlib_form.is_zlib;
}

void ncd_codec_library(const struct ncd_codec *codec,
                       char out[NCD_CODEC_LIBRARY_NBYTES])
{
    snprintf(out, NCD_CODEC_LIBRARY_NBYTES, "%s %s", codec->library,
             codec->library_version());
}

size_t ncd_compressor_count(void)
{
    return N_CODECS;
}

/* The public view of the table is made on the first call. Two threads may make
 * it at once; both write the same values. */
const ncd_compressor_info *ncd_compressor_get(size_t i)
{
    static ncd_compressor_info infos[N_CODECS];
    static char keys[N_CODECS][96];
    if (i >= N_CODECS)
        return NULL;
    const struct ncd_codec *codec = table[i];
    struct ncd_codec_spec spec;
    if (ncd_codec_parse(codec->name, &spec, NULL) != NCD_OK)
        return NULL;
    size_t n = 0;
    for (const struct ncd_codec_key *key = codec->keys; key->name; key++)
        n += (size_t)snprintf(keys[i] + n, sizeof keys[i] - n,
                              "%s%s=%" PRId64 "..%" PRId64, n ? " " : "",
                              key->name, key->min, key->max);
    infos[i] = (ncd_compressor_info){
        .name = codec->name,
        .summary = codec->summary,
        .library = codec->library,
        .library_version = codec->library_version(),
        .level_min = codec->level_min,
        .level_max = codec->level_max,
        .level_default = codec->level_initial,
        .window = codec->window(&spec),
        .keys = keys[i],
    };
    return &infos[i];
}

int ncd_lz4_engine_agrees(int level)
{
#ifdef HAVE_LZ4
    if (level >= NCD_LZ4_LEVEL_MIN && level <= NCD_LZ4_LEVEL_MAX)
        return ncd_lz4_agrees(level);
#else
    (void)level;
#endif
    return -1;
}
