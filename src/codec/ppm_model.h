/* SPDX-License-Identifier: MIT */
/*
 * A statistical model of bytes: what the compressor `ppm` is made of. It gives
 * the next byte a probability from how often that byte has followed the last 0
 * to 6 bytes, learns the byte, and goes on.
 *
 * The estimate of each order is interpolated with that of the next shorter one:
 *
 *     p_o(s) = (c(s) - D(c(s))) / (n + t) + M / (n + t) * p_{o-1}(s)
 *
 * c(s) is the count of s after the last o bytes, n the sum of these counts, D a
 * discount that depends on the count, M = t plus the sum of the discounts, t
 * the weight of the shorter order (orders 0 to 2 only). A count goes up only
 * in the longest context that knew the byte, and in longer ones, so that the
 * counts of a short context say in how many longer contexts a byte was new.
 * Kneser & Ney 1995; Teh 2006 for the same as Pitman-Yor processes; Cleary &
 * Witten 1984 for the use in compression. Ours differs in that the discounts
 * depend on how well the longest context has predicted lately, and on how often
 * a context was seen that always had the same byte behind it; and in what is
 * below order 0: not 1/256, but what text in general has behind the last two
 * bytes.
 *
 * All arithmetic is in whole numbers, rounded down, so that every machine and
 * compiler gets the same probabilities; over the 256 bytes they never sum to
 * more than 1, and to 1 less a few millionths. Only the byte that comes is
 * looked up, not its 255 rivals, which is what makes sizes cheap; who decodes
 * asks for all 256.
 */
#ifndef NCD_CODEC_PPM_MODEL_H
#define NCD_CODEC_PPM_MODEL_H

#include "ncdclass.h"

/* Probabilities are in units of 2^-30. */
#define NCD_PPM_ONE_LOG2 30

struct ncd_ppm;

/* Goes up with whatever changes a probability: what was packed by another can't
 * be unpacked, and its sizes are not ours. */
#define NCD_PPM_VERSION 2

/* NULL where memory ran out. */
struct ncd_ppm *ncd_ppm_new(void);

/* The same with other tables than our own, to fit them. */
struct ncd_ppm_tables;
struct ncd_ppm *ncd_ppm_new_believing(const struct ncd_ppm_tables *tables);

void ncd_ppm_free(struct ncd_ppm *model);

/* Forgets everything. A hint of how many bytes will come spares growing. */
ncd_status ncd_ppm_start(struct ncd_ppm *model, size_t nbytes_expected);

/*
 * Codes and learns a text in sequence after those before it since the start,
 * and adds up what it costs. Stops early, with something missing, where the
 * cost since the start has come to `limit` bytes or more; it is then
 * meaningless to go on. *beyond_out tells. Statuses: NOMEM.
 */
ncd_status ncd_ppm_take(struct ncd_ppm *model, ncd_text text, double limit,
                        int *beyond_out);

/* Cost since the start, bytes, exact to a millionth of a bit for every byte. */
double ncd_ppm_cost(const struct ncd_ppm *model);

/*
 * Remembers this state, to which ncd_ppm_rewind comes back, any number of
 * times. Between mark and rewind there may be no more than nbytes bytes.
 * *marked_out is 0 where so much can't be taken back: then nothing has changed.
 * Statuses: NOMEM.
 */
ncd_status ncd_ppm_mark(struct ncd_ppm *model, size_t nbytes, int *marked_out);

/* Returns 0 where the mark is worn out (after some 250 times): start again. */
int ncd_ppm_rewind(struct ncd_ppm *model);

/*
 * The probabilities of all bytes to come next, each what ncd_ppm_take would
 * count for it. after: for each byte, the set of bytes that have followed it
 * since the start, or more.
 */
struct ncd_ppm_set {
    uint64_t bits[4];
};
void ncd_ppm_spread(struct ncd_ppm *model, const struct ncd_ppm_set after[256],
                    uint32_t p_out[256]);

#endif
