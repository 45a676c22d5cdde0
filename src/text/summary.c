/* SPDX-License-Identifier: MIT */
/* What a data set holds, and samples of it. */
#include <stdlib.h>
#include <xxhash.h>

#include "text/dataset.h"
#include "text/digest.h"
#include "util/error.h"

static int run_conflicts(const ncd_dataset *d, const struct ncd_digest *run,
                         size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (d->classes[run[i].index] != d->classes[run[0].index])
            return 1;
    return 0;
}

ncd_status ncd_dataset_summarize(const ncd_dataset *d,
                                 ncd_dataset_summary *summary_out,
                                 ncd_error *err)
{
    struct ncd_digest *digests;
    ncd_status status =
        ncd_digest_dataset(NCD_DIGEST_VERBATIM, d, &digests, err);
    if (status != NCD_OK)
        return status;
    ncd_dataset_summary s = {
        .n_texts = d->n, .n_classes = d->labels.n, .n_bytes = d->bytes.n};
    for (size_t i = 0; i < d->n; i++)
        s.n_empty += ncd_dataset_text(d, i).nbytes == 0;
    for (size_t i = 0, first, n; i < d->n; i += n) {
        n = ncd_digest_find(digests + i, d->n - i, &digests[i], &first);
        s.n_repeated += n - 1;
        if (run_conflicts(d, digests + i, n))
            s.n_conflicting += n;
    }
    free(digests);
    *summary_out = s;
    return NCD_OK;
}

struct draw {
    uint32_t class;
    uint64_t key;
    size_t index;
};

static int compare_draw(const void *a, const void *b)
{
    const struct draw *p = a, *q = b;
    if (p->class != q->class)
        return p->class < q->class ? -1 : 1;
    if (p->key != q->key)
        return p->key < q->key ? -1 : 1;
    return (p->index > q->index) - (p->index < q->index);
}

static int compare_index(const void *a, const void *b)
{
    size_t p = *(const size_t *)a, q = *(const size_t *)b;
    return (p > q) - (p < q);
}

ncd_status ncd_dataset_shuffle(const ncd_dataset *d, uint64_t seed,
                               size_t *order_out, ncd_error *err)
{
    struct draw *draws = calloc(d->n + 1, sizeof *draws);
    if (!draws)
        return ncd_fail_nomem(err);
    for (size_t i = 0; i < d->n; i++) {
        unsigned char number[8];
        for (int b = 0; b < 8; b++)
            number[b] = (unsigned char)((uint64_t)i >> (8 * b));
        draws[i] = (struct draw){d->classes[i],
                                 XXH3_64bits_withSeed(number, 8, seed), i};
    }
    qsort(draws, d->n, sizeof *draws, compare_draw);
    for (size_t i = 0; i < d->n; i++)
        order_out[i] = draws[i].index;
    free(draws);
    return NCD_OK;
}

ncd_status ncd_dataset_sample(const ncd_dataset *d, size_t n_per_class,
                              uint64_t seed, ncd_dataset **sample_out,
                              ncd_error *err)
{
    size_t *order = calloc(d->n + 1, sizeof *order);
    if (!order)
        return ncd_fail_nomem(err);
    ncd_status status = ncd_dataset_shuffle(d, seed, order, err);
    if (status == NCD_OK) {
        size_t n = 0, of_class = 0;
        uint32_t before = 0;
        for (size_t i = 0; i < d->n; i++) {
            uint32_t class = d->classes[order[i]];
            of_class = i && class == before ? of_class + 1 : 0;
            before = class;
            if (of_class < n_per_class)
                order[n++] = order[i];
        }
        qsort(order, n, sizeof *order, compare_index);
        status = ncd_dataset_select(d, order, n, sample_out, err);
    }
    free(order);
    return status;
}

/* The place of a text among those of its class: it stands (2 rank + 1) /
 * (2 n_class) of the way along, so that any beginning of the order has each
 * class in its share. */
struct place {
    uint64_t odd;     /* 2 rank + 1 */
    uint64_t n_class; /* texts of the class */
    size_t index;
};

static int compare_place(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    /* Neither product can overflow with fewer than 2^31 texts of a class. */
    uint64_t x = p->odd * q->n_class, y = q->odd * p->n_class;
    return x != y ? (x > y) - (x < y)
                  : (p->index > q->index) - (p->index < q->index);
}

/* Places of a class, which has n texts of the shuffled order. */
static void place_class(struct place *places, const size_t *order, size_t n)
{
    for (size_t rank = 0; rank < n; rank++)
        places[rank] = (struct place){2 * rank + 1, n, order[rank]};
}

static void place_all(const ncd_dataset *d, const size_t *order,
                      struct place *places)
{
    for (size_t i = 0, n; i < d->n; i += n) {
        n = 1;
        while (i + n < d->n && d->classes[order[i + n]] == d->classes[order[i]])
            n++;
        place_class(places + i, order + i, n);
    }
    qsort(places, d->n, sizeof *places, compare_place);
}

ncd_status ncd_dataset_part(const ncd_dataset *d, size_t n_texts, uint64_t seed,
                            ncd_dataset **part_out, ncd_error *err)
{
    size_t n = n_texts < d->n ? n_texts : d->n;
    size_t *order = calloc(d->n + 1, sizeof *order);
    struct place *places = calloc(d->n + 1, sizeof *places);
    ncd_status status = order && places
                            ? ncd_dataset_shuffle(d, seed, order, err)
                            : ncd_fail_nomem(err);
    if (status == NCD_OK) {
        place_all(d, order, places);
        for (size_t i = 0; i < n; i++)
            order[i] = places[i].index;
        qsort(order, n, sizeof *order, compare_index);
        status = ncd_dataset_select(d, order, n, part_out, err);
    }
    free(order);
    free(places);
    return status;
}
