/* SPDX-License-Identifier: MIT */
/*
 * Common strings by chains of places that begin alike. A string that is found
 * is passed over as a whole, and no place is compared further than the longest,
 * so that each byte of the second text costs at most MAX_PLACES comparisons.
 */
#include "explain/common_strings.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

/* Places tried, the earliest first. */
#define MAX_PLACES 256

#define HASH_BITS 15
#define NOWHERE SIZE_MAX

struct places {
    const unsigned char *bytes;
    size_t n;
    size_t *heads; /* [1 << HASH_BITS] */
    size_t *next;  /* [n] the next place with the same hash */
};

static size_t hash(const unsigned char *bytes)
{
    uint32_t gram = bytes[0] | (uint32_t)bytes[1] << 8 |
                    (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return gram * UINT32_C(2654435761) >> (32 - HASH_BITS);
}

static void chain_places(struct places *p)
{
    memset(p->heads, 0xff, sizeof *p->heads << HASH_BITS);
    for (size_t i = p->n < NCD_COMMON_LEAST ? 0 : p->n - NCD_COMMON_LEAST + 1;
         i-- > 0;) {
        size_t h = hash(p->bytes + i);
        p->next[i] = p->heads[h];
        p->heads[h] = i;
    }
}

static size_t common_length(const unsigned char *a, size_t n_a,
                            const unsigned char *b, size_t n_b)
{
    size_t n = 0;
    while (n < n_a && n < n_b && a[n] == b[n])
        n++;
    return n;
}

/* The longest string of the first text that `at` begins with. */
static struct ncd_common_string longest(const struct places *p,
                                        const unsigned char *at, size_t n)
{
    struct ncd_common_string best = {0};
    size_t i = p->heads[hash(at)];
    for (int tried = 0; i != NOWHERE && tried < MAX_PLACES;
         tried++, i = p->next[i]) {
        size_t length = common_length(p->bytes + i, p->n - i, at, n);
        if (length > best.nbytes)
            best = (struct ncd_common_string){.first = i, .nbytes = length};
    }
    return best;
}

static ncd_status find_all(const struct places *p, ncd_text second,
                           struct ncd_common_string **strings, size_t *n)
{
    const unsigned char *bytes = second.bytes;
    size_t capacity = 0;
    for (size_t i = 0; i + NCD_COMMON_LEAST <= second.nbytes;) {
        struct ncd_common_string s = longest(p, bytes + i, second.nbytes - i);
        if (s.nbytes < NCD_COMMON_LEAST) {
            i++;
            continue;
        }
        s.second = i;
        if (ncd_grow(strings, &capacity, *n + 1, sizeof **strings) != NCD_OK)
            return NCD_ERR_NOMEM;
        (*strings)[(*n)++] = s;
        i += s.nbytes;
    }
    return NCD_OK;
}

ncd_status ncd_common_strings(ncd_text first, ncd_text second,
                              struct ncd_common_string **strings_out,
                              size_t *n_out)
{
    struct places p = {.bytes = first.bytes, .n = first.nbytes};
    ncd_status status = NCD_ERR_NOMEM;
    *strings_out = NULL;
    *n_out = 0;
    p.heads = malloc(sizeof *p.heads << HASH_BITS);
    p.next = malloc((p.n + 1) * sizeof *p.next);
    if (p.heads && p.next) {
        chain_places(&p);
        status = find_all(&p, second, strings_out, n_out);
    }
    free(p.heads);
    free(p.next);
    if (status != NCD_OK) {
        free(*strings_out);
        *strings_out = NULL;
    }
    return status;
}
