/* SPDX-License-Identifier: MIT */
#ifndef NCD_DEFLATE_BORDER_H
#define NCD_DEFLATE_BORDER_H

/*
 * Where x ends and y begins. The last positions of x have hashes that reach
 * into y: they are hung into x's chains for one pair, if a match may begin in
 * x and end in y at all.
 */
#include "deflate_engine.h"

/* What stood in e->follow before hanging, the newest last. */
struct border {
    uint32_t hash[2];
    uint8_t before[2];
    unsigned n;
};

/*
 * Whether a match may begin in x and end in y. The text around some position
 * s of y then reads like that around y's beginning: a space before y[s] =
 * y[0], and before that x's last byte, or after it y[1].
 */
static inline bool may_cross(const struct ncd_dengine *e,
                             const struct ncd_dsuffix *y)
{
    return y->begin_repeats ||
           (e->m >= 2 && (y->before_begin >> (e->buf[e->m - 2] % 64) & 1) != 0);
}

/* The last two positions of x need the chains of their hashes for their own
 * searches. */
static inline void link_border(struct ncd_dengine *e, uint32_t total)
{
    uint32_t m = (uint32_t)e->m, last = m - 1;
    uint32_t h = last + 3 <= total ? hash3(e->buf + last) : 0;

    if (last + 3 <= total)
        e->prev[last] = e->head[h];
    if (m >= 2 && m + 1 <= total) {
        uint32_t g = hash3(e->buf + m - 2);
        e->prev[m - 2] = e->head[g];
        if (g == h && last + 3 <= total)
            e->prev[last] = (uint16_t)(m - 2);
    }
}

static inline uint32_t border_start(uint32_t m, uint32_t n_bytes)
{
    return m > n_bytes ? m - n_bytes + 1 : 1;
}

static void hang_border(struct ncd_dengine *e, uint32_t total,
                        struct border *border)
{
    uint32_t m = (uint32_t)e->m;

    border->n = 0;
    for (uint32_t p = border_start(m, 3); p < m && p + 3 <= total; p++) {
        uint32_t h = hash3(e->buf + p);
        insert(e, p, h);
        border->hash[border->n] = h;
        border->before[border->n++] = e->follow[h];
        e->follow[h] = 0xff;
    }
    for (uint32_t n = MIN_GRAM; n <= MAX_GRAM; n++)
        for (uint32_t p = border_start(m, n); p < m && p + n <= total; p++)
            insert_gram(e, n, p);
}

static void unhang_border(struct ncd_dengine *e, uint32_t total,
                          struct border *border)
{
    uint32_t m = (uint32_t)e->m;

    for (uint32_t p = m; p-- > border_start(m, 3);)
        if (p + 3 <= total) {
            uint32_t h = hash3(e->buf + p);
            e->head[h] = e->prev[p];
        }
    while (border->n != 0) {
        border->n--;
        e->follow[border->hash[border->n]] = border->before[border->n];
    }
    for (uint32_t n = MIN_GRAM; n <= MAX_GRAM; n++)
        for (uint32_t p = m; p-- > border_start(m, n);)
            if (p + n <= total) {
                struct grams *g = &e->grams[n - MIN_GRAM];
                g->head[hash_gram(load64(e->buf + p), n, e->gram_shift)] =
                    g->prev[p];
            }
}

#endif
