/* SPDX-License-Identifier: MIT */
/*
 * An arithmetic coder over the statistical model: what shows that its sizes can
 * be had. The code is at most 2 bytes longer than the model's cost.
 */
#ifndef NCD_CODEC_PPM_CODER_H
#define NCD_CODEC_PPM_CODER_H

#include "codec/ppm_model.h"
#include "util/buf.h"

/*
 * Codes the text as what follows `prime`, and appends it to code_out, without a
 * length. cost_out, may be NULL: what the model says it costs, bytes. The
 * model's state before and after doesn't matter. Statuses: NOMEM.
 */
ncd_status ncd_ppm_encode(struct ncd_ppm *model, ncd_text prime, ncd_text text,
                          struct ncd_buf *code_out, double *cost_out);

/*
 * Appends the text of text_nbytes to text_out. Bytes that are no code of such a
 * text give some other text, or NCD_ERR_INPUT, as do too few of them. Statuses:
 * INPUT, NOMEM.
 */
ncd_status ncd_ppm_decode(struct ncd_ppm *model, ncd_text prime, ncd_text code,
                          uint64_t text_nbytes, struct ncd_buf *text_out);

#endif
