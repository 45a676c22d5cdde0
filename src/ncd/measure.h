/* SPDX-License-Identifier: MIT */
/*
 * What is measured, and the engine that measures it. A measure is a compressor,
 * a distance, an order of concatenation and a separator: everything of the
 * options that a size depends on. It is const and shared; an engine is the
 * scratch memory of one thread.
 */
#ifndef NCD_NCD_MEASURE_H
#define NCD_NCD_MEASURE_H

#include "codec/codec.h"
#include "util/buf.h"

/* Longest separator, bytes. */
#define NCD_SEPARATOR_MAX 256

struct ncd_measure {
    uint64_t id; /* differs between any two measures of a process */
    struct ncd_codec_spec spec;
    ncd_distance distance;
    ncd_order order;
    struct ncd_buf separator;
};

/* From options; freed by ncd_measure_free. Statuses: ARGUMENT, NOMEM. */
ncd_status ncd_measure_init(struct ncd_measure *measure,
                            const ncd_options *options, ncd_error *err);
void ncd_measure_free(struct ncd_measure *measure);

/* Reach of the compressor, bytes; 0: no limit. */
size_t ncd_measure_window(const struct ncd_measure *measure);

/* The formulas of ncdclass.h. */
double ncd_distance_of(ncd_distance distance, double size_x, double size_y,
                       double size_xy);

/* The measure is borrowed; it must live while the engine is used, but the
 * engine may be closed later. */
ncd_status ncd_engine_new(const struct ncd_measure *measure,
                          ncd_engine **engine_out, ncd_error *err);

/*
 * Sets the test text that ncd_engine_joint compares, and gets its size. The
 * text is borrowed until the next call.
 */
ncd_status ncd_engine_set_test(ncd_engine *engine, ncd_text x, double *size_out,
                               ncd_error *err);

/* C(xy) of the test text and y, in the measure's order. */
ncd_status ncd_engine_joint(ncd_engine *engine, ncd_text y, double *size_out,
                            ncd_error *err);

#endif
