/* SPDX-License-Identifier: MIT */
/* Every codec there is; codec.c lists those that this build has. */
#ifndef NCD_CODEC_CODECS_H
#define NCD_CODEC_CODECS_H

#include "codec/codec.h"

extern const struct ncd_codec ncd_codec_gzip;
extern const struct ncd_codec ncd_codec_zlib;
extern const struct ncd_codec ncd_codec_deflate;
extern const struct ncd_codec ncd_codec_zstd;
extern const struct ncd_codec ncd_codec_lzma;
extern const struct ncd_codec ncd_codec_xz;
extern const struct ncd_codec ncd_codec_ppm;
extern const struct ncd_codec ncd_codec_bzip2;
extern const struct ncd_codec ncd_codec_lz4;
extern const struct ncd_codec ncd_codec_brotli;
extern const struct ncd_codec ncd_codec_libdeflate;

#endif
