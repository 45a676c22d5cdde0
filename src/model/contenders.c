/* SPDX-License-Identifier: MIT */
/* What training compared, as bytes; see contenders.h. */
#include "model/contenders.h"

#include <math.h>
#include <string.h>

#include "text/labels.h"

#define N_NUMBERS 9
#define N_LENGTHS 3

static ncd_status put_contender(struct ncd_buf *out, const ncd_contender *c,
                                const char *spec)
{
    const uint64_t numbers[N_NUMBERS] = {(uint64_t)c->method,
                                         c->k,
                                         (uint64_t)c->distance,
                                         (uint64_t)c->order,
                                         c->n_judged,
                                         c->n_correct,
                                         c->n_won,
                                         c->n_lost,
                                         (uint64_t)c->chosen};
    const double lengths[N_LENGTHS] = {c->model_bits, c->label_bits,
                                       c->data_bits};
    ncd_status status = ncd_put_text(out, (ncd_text){spec, strlen(spec)});
    for (int i = 0; i < N_NUMBERS && status == NCD_OK; i++)
        status = ncd_put_varint(out, numbers[i]);
    for (int i = 0; i < N_LENGTHS && status == NCD_OK; i++)
        status = ncd_put_double(out, lengths[i]);
    return status;
}

ncd_status ncd_put_contenders(struct ncd_buf *out,
                              const struct ncd_contenders *contenders)
{
    ncd_status status = NCD_OK;
    for (size_t i = 0; i < contenders->n && status == NCD_OK; i++)
        status =
            put_contender(out, &contenders->items[i], contenders->specs[i]);
    return status;
}

static int get_contender(struct ncd_cursor *in, ncd_contender *c, char *spec)
{
    uint64_t numbers[N_NUMBERS];
    double lengths[N_LENGTHS];
    ncd_text name = ncd_get_text(in);
    int sane = !in->failed && name.nbytes < NCD_CODEC_SPEC_NBYTES &&
               !ncd_label_has_control(name);
    for (int i = 0; i < N_NUMBERS; i++)
        numbers[i] = ncd_get_varint(in);
    for (int i = 0; i < N_LENGTHS; i++) {
        lengths[i] = ncd_get_double(in);
        sane &= isfinite(lengths[i]) && lengths[i] >= 0;
    }
    if (!sane || in->failed || !ncd_method_name((ncd_method)numbers[0]) ||
        numbers[1] > UINT32_MAX ||
        !ncd_distance_name((ncd_distance)numbers[2]) ||
        !ncd_order_name((ncd_order)numbers[3]) || numbers[4] == 0)
        return 0;
    if (name.nbytes)
        memcpy(spec, name.bytes, name.nbytes);
    spec[name.nbytes] = 0;
    *c = (ncd_contender){.method = (ncd_method)numbers[0],
                         .k = (unsigned)numbers[1],
                         .compressor = spec,
                         .distance = (ncd_distance)numbers[2],
                         .order = (ncd_order)numbers[3],
                         .n_judged = numbers[4],
                         .n_correct = numbers[5],
                         .n_won = numbers[6],
                         .n_lost = numbers[7],
                         .chosen = numbers[8] != 0,
                         .model_bits = lengths[0],
                         .label_bits = lengths[1],
                         .data_bits = lengths[2]};
    return 1;
}

ncd_status ncd_get_contenders(struct ncd_cursor *in, struct ncd_contenders *out)
{
    for (out->n = 0; in->at < in->end; out->n++)
        if (out->n == NCD_MAX_CONTENDERS ||
            !get_contender(in, &out->items[out->n], out->specs[out->n]))
            return NCD_ERR_MODEL;
    return NCD_OK;
}
