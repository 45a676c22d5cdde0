/* SPDX-License-Identifier: MIT */
/* Section CLAS of the model file: what a class model has fitted. */
#ifndef NCD_MODEL_CLASS_WIRE_H
#define NCD_MODEL_CLASS_WIRE_H

#include "classmodel/classmodel.h"
#include "model/wire.h"

ncd_status ncd_put_class_fit(struct ncd_buf *out,
                             const struct ncd_class_fit *fit);

/* Statuses: NOMEM, MODEL (malformed). On failure fit_out is empty. */
ncd_status ncd_get_class_fit(struct ncd_cursor *in,
                             struct ncd_class_fit *fit_out);

#endif
