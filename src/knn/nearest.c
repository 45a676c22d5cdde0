/* SPDX-License-Identifier: MIT */
/*
 * The k nearest so far, as a sorted array: once it is full, most candidates are
 * refused by one comparison with the last.
 */
#include "knn/nearest.h"

#include <string.h>

static int comes_before(ncd_neighbor a, ncd_neighbor b)
{
    if (a.distance != b.distance)
        return a.distance < b.distance;
    return a.index < b.index;
}

void ncd_nearest_offer(struct ncd_nearest *nearest, ncd_neighbor candidate)
{
    ncd_neighbor *items = nearest->items;
    if (nearest->n == nearest->k) {
        if (nearest->k == 0 || !comes_before(candidate, items[nearest->k - 1]))
            return;
        nearest->n--;
    }
    size_t low = 0, high = nearest->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (comes_before(items[middle], candidate))
            low = middle + 1;
        else
            high = middle;
    }
    memmove(items + low + 1, items + low, (nearest->n - low) * sizeof *items);
    items[low] = candidate;
    nearest->n++;
}
