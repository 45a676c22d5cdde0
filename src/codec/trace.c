/* SPDX-License-Identifier: MIT */
/* Lists of tokens; see trace.h. */
#include "codec/trace.h"

#include <stdlib.h>

#include "util/buf.h"

void ncd_trace_clear(struct ncd_trace *trace)
{
    trace->n = 0;
    trace->frame_bits = trace->table_bits = 0;
}

void ncd_trace_free(struct ncd_trace *trace)
{
    free(trace->tokens);
    *trace = (struct ncd_trace){0};
}

size_t ncd_trace_end(const struct ncd_trace *trace)
{
    if (trace->n == 0)
        return 0;
    const struct ncd_token *last = &trace->tokens[trace->n - 1];
    return last->at + last->nbytes;
}

ncd_status ncd_trace_add(struct ncd_trace *trace, size_t nbytes,
                         size_t distance, double bits)
{
    size_t at = ncd_trace_end(trace);
    if (ncd_grow(&trace->tokens, &trace->capacity, trace->n + 1,
                 sizeof *trace->tokens) != NCD_OK)
        return NCD_ERR_NOMEM;
    trace->tokens[trace->n++] = (struct ncd_token){at, nbytes, distance, bits};
    return NCD_OK;
}

double ncd_trace_bits(const struct ncd_trace *trace)
{
    double sum = trace->frame_bits + trace->table_bits;
    for (size_t i = 0; i < trace->n; i++)
        sum += trace->tokens[i].bits;
    return sum;
}
