/* SPDX-License-Identifier: MIT */
/* Votes; see vote.h. */
#include "knn/vote.h"

/* Neighbours at no distance leave the others no weight (1/0), and the nearest
 * come first, so it is enough to look at the first. */
static double weight(ncd_vote vote, double distance, double nearest)
{
    if (vote == NCD_VOTE_MAJORITY)
        return 1;
    if (nearest <= 0)
        return distance <= 0;
    return 1 / distance;
}

/* Adds a vote; a label that had none yet is appended, so labels stand in the
 * order of their nearest neighbour. */
static size_t add_vote(struct ncd_ranked *ranked, size_t n, uint32_t class,
                       double votes)
{
    size_t i = 0;
    while (i < n && ranked[i].class != class)
        i++;
    if (i == n)
        ranked[n++] = (struct ncd_ranked){class, 0};
    ranked[i].share += votes;
    return n;
}

/* Insertion sort, because it is stable: labels with equal votes stay in the
 * order of their nearest neighbour. */
static void sort_by_share(struct ncd_ranked *ranked, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct ncd_ranked item = ranked[i];
        size_t j = i;
        for (; j > 0 && ranked[j - 1].share < item.share; j--)
            ranked[j] = ranked[j - 1];
        ranked[j] = item;
    }
}

size_t ncd_vote_rank(const ncd_dataset *training, const ncd_neighbor *neighbors,
                     size_t n, ncd_vote vote, struct ncd_ranked *ranked)
{
    size_t n_ranked = 0;
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        double votes =
            weight(vote, neighbors[i].distance, neighbors[0].distance);
        total += votes;
        if (votes > 0)
            n_ranked = add_vote(ranked, n_ranked,
                                training->classes[neighbors[i].index], votes);
    }
    sort_by_share(ranked, n_ranked);
    for (size_t i = 0; i < n_ranked; i++)
        ranked[i].share /= total;
    return n_ranked;
}
