/* SPDX-License-Identifier: MIT */
/* What training compared, kept with the model. */
#ifndef NCD_MODEL_CONTENDERS_H
#define NCD_MODEL_CONTENDERS_H

#include "codec/codec.h"
#include "model/wire.h"

/* As many as training compares at most (auto.c). */
#define NCD_MAX_CONTENDERS 38

struct ncd_contenders {
    ncd_contender items[NCD_MAX_CONTENDERS];
    char specs[NCD_MAX_CONTENDERS][NCD_CODEC_SPEC_NBYTES]; /* compressors */
    size_t n;
};

/* Section `auto` of the model file (model_file.h). */
ncd_status ncd_put_contenders(struct ncd_buf *out,
                              const struct ncd_contenders *contenders);

/* Statuses: MODEL (malformed). */
ncd_status ncd_get_contenders(struct ncd_cursor *in,
                              struct ncd_contenders *contenders_out);

#endif
