/* SPDX-License-Identifier: MIT */
/*
 * The statistical model; see ppm_model.h for what it computes.
 *
 * A node stands for a string of 1 to 7 bytes that has occurred. It plays two
 * parts: as the last byte in the context of those before it, it holds how often
 * it was counted; as a context, the sums over what came behind it. The child of
 * one step's context of o bytes is so the next step's context of o + 1.
 *
 * Nodes of one byte are in an array, longer ones in a hash table with open
 * addressing. The whole string and its length are the key, so that results do
 * not depend on the table's size. Nodes carry a stamp: one with an old stamp is
 * an empty slot, and forgetting everything is a matter of a new stamp.
 *
 * Marking and coming back is made of the same stuff. After a mark new nodes get
 * a stamp of their own, which the rewind makes old; a node from before the mark
 * is copied to a journal when it first changes. No node from before stands
 * behind a newer one in its chain of probes, so the newer ones can vanish at
 * once.
 */
#include "codec/ppm_model.h"

#include <stdlib.h>
#include <string.h>

#include "codec/ppm_beliefs.h"
#include "util/buf.h"

#define ORDER NCD_PPM_ORDER

/* Slots of the smallest table; and nodes at which everything is forgotten,
 * which bounds the memory at 16 bytes for each of 2^23 slots. */
#define SLOTS_MIN 1024u
#define NODES_MAX (6u << 20)

/* Where the table may grow and forget: at multiples of this position. */
#define CHUNK 4096u

/* Counts end here; a context that has come so far has learnt enough. */
#define COUNT_MAX 65535u
#define TYPES_MAX 255u

#define STAMP_MAX 255u

/* Before the first byte; no context reaches back there, only the prior does. */
#define BLANKS UINT64_C(0x2020202020202020)

/* Of a context, how many bytes have come behind it once, twice, and more often:
 * a byte each, the lowest first; above them the stamp. */
#define STAMP_SHIFT 24
#define TYPES 0x00ffffffu

struct node {
    uint64_t key;
    uint16_t count; /* of the string's last byte behind the ones before */
    uint16_t total; /* of the counts of what came behind the string */
    uint32_t types_stamp;
};

struct change {
    struct node *at;
    struct node was;
};

/* Where in the text the model stands. */
struct place {
    struct node *contexts[ORDER + 1]; /* of 0, 1, ... bytes */
    int n_contexts;
    uint64_t history; /* the last 8 bytes, the newest lowest; blanks before */
    unsigned run;     /* of bytes that the longest context knew, bounded */
    unsigned strange; /* grows while no context of 2 knows a byte, bounded */
    uint64_t position;
    /* The product of all probabilities: mantissa / 2^31, in [1, 2), times
     * 2^-n_bits. */
    uint64_t mantissa, n_bits;
    size_t n_nodes;
};

struct ncd_ppm {
    struct place now, marked;
    struct node root, singles[256];
    struct node *slots; /* [mask + 1] in use of [capacity] */
    size_t capacity, mask;
    int shift;                  /* 64 - log2(mask + 1) */
    uint32_t base_stamp, stamp; /* before and since the mark */
    struct change *journal;
    size_t n_changes, journal_capacity;
    struct ncd_ppm_beliefs beliefs;
    uint64_t inverses[1024]; /* 2^40 / n */
};

/* --- Nodes --- */

/* Here and in find_from, | and & make one branch of several, none of which can
 * be predicted. */
static int is_live(const struct ncd_ppm *m, const struct node *node)
{
    uint32_t stamp = node->types_stamp >> STAMP_SHIFT;
    return (stamp == m->stamp) | (stamp == m->base_stamp);
}

static unsigned n_types(const struct node *context)
{
    uint32_t types = context->types_stamp;
    return (types & 0xff) + (types >> 8 & 0xff) + (types >> 16 & 0xff);
}

static uint64_t key_of(uint64_t history, int nbytes)
{
    uint64_t bytes = history & (UINT64_MAX >> (64 - 8 * nbytes));
    return bytes | (uint64_t)nbytes << 56;
}

/* The node of a key, or the empty slot where it would be. Fibonacci hashing, of
 * whose product the highest bits depend on the whole key. */
static struct node *find_from(const struct ncd_ppm *m, size_t i, uint64_t key)
{
    while (is_live(m, &m->slots[i]) & (m->slots[i].key != key))
        i = (i + 1) & m->mask;
    return &m->slots[i];
}

static size_t slot_of(const struct ncd_ppm *m, uint64_t key)
{
    return (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> m->shift);
}

static struct node *find(const struct ncd_ppm *m, uint64_t key)
{
    return find_from(m, slot_of(m, key), key);
}

static int holds(const struct ncd_ppm *m, const struct node *node, uint64_t key)
{
    return is_live(m, node) && node->key == key;
}

static struct node *find_string(struct ncd_ppm *m, uint64_t history, int nbytes)
{
    return nbytes == 1 ? &m->singles[history & 0xff]
                       : find(m, key_of(history, nbytes));
}

/* --- Probabilities --- */

static uint64_t inverse_of(const struct ncd_ppm *m, unsigned n)
{
    return n < 1024 ? m->inverses[n] : (UINT64_C(1) << 40) / n;
}

/* What a context does to the estimate of the next shorter one. */
struct blend {
    uint64_t inverse; /* 2^40 / (n + t) */
    uint64_t rest;    /* M / (n + t), 2^-30 */
    const struct ncd_ppm_weights *weights;
};

static struct blend blend_of(const struct ncd_ppm *m, int order, unsigned run,
                             const struct node *context)
{
    uint32_t types = context->types_stamp;
    unsigned total = context->total;
    unsigned single = total < NCD_PPM_SINGLE ? total : NCD_PPM_SINGLE - 1;
    single = n_types(context) == 1 ? single : 0;
    const struct ncd_ppm_weights *w = &m->beliefs.weights[order][run][single];
    uint64_t inverse = inverse_of(m, total + w->weight);
    uint64_t mass = 256u * w->weight + w->discounts[1] * (types & 0xff) +
                    w->discounts[2] * (types >> 8 & 0xff) +
                    w->discounts[3] * (types >> 16 & 0xff);
    return (struct blend){inverse, mass * inverse >> 18, w};
}

/*
 * The sum over all bytes is no more than before, 1: count - discount and mass
 * add up to n + t in units of 1/256, and both parts are rounded down. No part
 * overflows: the first is at most 2^48 before the shift, the second 2^60.
 */
static uint64_t blended(const struct blend *blend, unsigned count, uint64_t p)
{
    unsigned discount = blend->weights->discounts[count < 3 ? count : 3];
    uint64_t own = (256u * count - discount) * blend->inverse >> 18;
    return own + (blend->rest * p >> NCD_PPM_ONE_LOG2);
}

/*
 * No byte is ever impossible: 2^-14 of the probability is spread evenly, which
 * makes 22 bits the most a byte can cost. Of p, rounded up, 2^-14 is taken
 * away: 256 times 255 units are given, 256 are lost by rounding, 2^16 are
 * there.
 */
static uint32_t with_floor(uint64_t p)
{
    return (uint32_t)(p - (p >> 14) + 255);
}

static uint64_t prior_of(const struct ncd_ppm *m, unsigned byte)
{
    return (uint64_t)ncd_ppm_prior(&m->beliefs, m->now.history >> 8 & 0xff,
                                   m->now.history & 0xff, byte)
           << (NCD_PPM_ONE_LOG2 - 28);
}

/* By powers of two. */
static unsigned run_of(const struct ncd_ppm *m)
{
    if (m->now.strange == NCD_PPM_STRANGE)
        return NCD_PPM_RUNS - 1;
    return m->now.run ? 32 - (unsigned)__builtin_clz(m->now.run) : 0;
}

/* --- One step --- */

/* The children of all contexts by the byte that comes. */
struct step {
    uint64_t history;
    struct node *children[ORDER + 1];
    int known; /* the longest order that knew the byte, -1: none */
};

static uint32_t look_up(struct ncd_ppm *m, unsigned byte, struct step *step)
{
    struct place *at = &m->now;
    unsigned run = run_of(m);
    uint64_t p = prior_of(m, byte);
    step->history = at->history << 8 | byte;
    step->known = -1;
    for (int o = 0; o < at->n_contexts; o++)
        step->children[o] = find_string(m, step->history, o + 1);
    for (int o = 0; o < at->n_contexts && at->contexts[o]->total; o++) {
        const struct node *child = step->children[o];
        unsigned count = is_live(m, child) ? child->count : 0;
        step->known = count ? o : step->known;
        struct blend blend = blend_of(m, o, run, at->contexts[o]);
        p = blended(&blend, count, p);
    }
    return with_floor(p);
}

/* About to change the node. The journal has room for one more than it needs, so
 * that it is written to in any case. */
static void touch(struct ncd_ppm *m, struct node *node)
{
    uint32_t types = node->types_stamp;
    m->journal[m->n_changes] = (struct change){node, *node};
    m->n_changes += types >> STAMP_SHIFT != m->stamp;
    node->types_stamp = (types & TYPES) | m->stamp << STAMP_SHIFT;
}

/* The child's node, made where it isn't there yet. Its slot may have gone to
 * another child of the same step. */
static struct node *child_node(struct ncd_ppm *m, struct node *child,
                               uint64_t key)
{
    if (holds(m, child, key)) {
        touch(m, child);
        return child;
    }
    if (key >> 56 > 1) {
        child = find_from(m, (size_t)(child - m->slots), key);
        m->now.n_nodes++;
    }
    *child = (struct node){.key = key, .types_stamp = m->stamp << STAMP_SHIFT};
    return child;
}

/* What one more of a count of 0, 1, 2, and more does to the types. */
static const uint32_t type_changes[4] = {0x1, 0x100 - 0x1, 0x10000 - 0x100, 0};

static void count(struct ncd_ppm *m, struct node *context, struct node *child)
{
    if (context->total == COUNT_MAX ||
        (child->count == 0 && n_types(context) == TYPES_MAX))
        return;
    touch(m, context);
    context->total++;
    context->types_stamp += type_changes[child->count < 3 ? child->count : 3];
    child->count++;
}

static void learn(struct ncd_ppm *m, struct step *step)
{
    struct place *at = &m->now;
    int first = step->known < 0 ? 0 : step->known;
    for (int o = first; o < at->n_contexts; o++) {
        step->children[o] =
            child_node(m, step->children[o], key_of(step->history, o + 1));
        count(m, at->contexts[o], step->children[o]);
    }
    if (step->known < ORDER)
        at->run = 0;
    else if (at->run < NCD_PPM_RUN_MAX)
        at->run++;
    if (step->known > 1)
        at->strange -= (at->strange + 3) / 4;
    else if (at->strange < NCD_PPM_STRANGE)
        at->strange++;
    if (at->n_contexts <= ORDER)
        at->n_contexts++;
    for (int o = 1; o < at->n_contexts; o++)
        at->contexts[o] = step->children[o - 1];
    at->history = step->history;
    at->position++;
}

static void pay(struct place *at, uint32_t p)
{
    uint64_t product = at->mantissa * p;
    int zeros = __builtin_clzll(product);
    at->mantissa = product << zeros >> 32;
    at->n_bits += (uint64_t)zeros - (64 - 32 - NCD_PPM_ONE_LOG2);
}

/* --- Memory --- */

static void forget(struct ncd_ppm *m)
{
    if (m->stamp == STAMP_MAX) {
        memset(m->slots, 0, m->capacity * sizeof *m->slots);
        memset(m->singles, 0, sizeof m->singles);
        m->stamp = 0;
    }
    m->base_stamp = ++m->stamp;
    m->n_changes = 0;
    m->root = (struct node){.types_stamp = m->stamp << STAMP_SHIFT};
    m->now.contexts[0] = &m->root;
    m->now.n_contexts = 1;
    m->now.run = m->now.strange = 0;
    m->now.n_nodes = 0;
}

/* Slots that `n_nodes` leave an eighth free of; mostly it is more, since not
 * every byte makes as many nodes as it may. */
static size_t slots_for(size_t n_nodes)
{
    size_t n = SLOTS_MIN;
    while (n / 8 * 7 < n_nodes)
        n *= 2;
    return n;
}

/* n is a power of two. */
static void use_slots(struct ncd_ppm *m, size_t n)
{
    m->mask = n - 1;
    m->shift = __builtin_clzll(n) + 1;
}

/* A table of n slots; what is in them may be stale. */
static ncd_status make_slots(struct ncd_ppm *m, size_t n)
{
    if (n > m->capacity) {
        struct node *slots = calloc(n, sizeof *slots);
        if (!slots)
            return NCD_ERR_NOMEM;
        free(m->slots);
        m->slots = slots;
        m->capacity = n;
    }
    use_slots(m, n);
    return NCD_OK;
}

static ncd_status grow(struct ncd_ppm *m, size_t n_nodes)
{
    size_t n = slots_for(n_nodes), n_old = m->mask + 1;
    if (n <= n_old)
        return NCD_OK;
    struct node *old = m->slots;
    struct node *slots = calloc(n, sizeof *slots);
    if (!slots)
        return NCD_ERR_NOMEM;
    m->slots = slots;
    use_slots(m, n);
    m->capacity = n;
    for (size_t i = 0; i < n_old; i++)
        if (is_live(m, &old[i]))
            *find(m, old[i].key) = old[i];
    struct place *at = &m->now;
    for (int o = 2; o < at->n_contexts; o++)
        at->contexts[o] = find(m, key_of(at->history, o));
    free(old);
    return NCD_OK;
}

struct ncd_ppm *ncd_ppm_new_believing(const struct ncd_ppm_tables *tables)
{
    struct ncd_ppm *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    ncd_ppm_believe(&m->beliefs, tables);
    if (ncd_grow(&m->journal, &m->journal_capacity, 1, sizeof *m->journal) !=
        NCD_OK) {
        free(m);
        return NULL;
    }
    for (unsigned n = 1; n < 1024; n++)
        m->inverses[n] = (UINT64_C(1) << 40) / n;
    if (ncd_ppm_start(m, 0) != NCD_OK) {
        ncd_ppm_free(m);
        return NULL;
    }
    return m;
}

struct ncd_ppm *ncd_ppm_new(void)
{
    return ncd_ppm_new_believing(&ncd_ppm_tables);
}

void ncd_ppm_free(struct ncd_ppm *m)
{
    if (!m)
        return;
    free(m->slots);
    free(m->journal);
    free(m);
}

ncd_status ncd_ppm_start(struct ncd_ppm *m, size_t nbytes_expected)
{
    /* More than half of the nodes a text may make, as short ones do; long ones
     * repeat themselves and make less. */
    size_t n_short = nbytes_expected < 4 * CHUNK ? nbytes_expected : 4 * CHUNK;
    size_t n_nodes = ORDER * n_short * 3 / 4 + 2 * (nbytes_expected - n_short);
    if (make_slots(m, slots_for(n_nodes < NODES_MAX ? n_nodes : NODES_MAX)) !=
        NCD_OK)
        return NCD_ERR_NOMEM;
    m->now = (struct place){.history = BLANKS, .mantissa = UINT64_C(1) << 31};
    forget(m);
    return NCD_OK;
}

/* --- Texts --- */

/* The least whole number of bits that is a cost of `limit` bytes. */
static uint64_t bits_of(double limit)
{
    if (!(limit < (double)(UINT64_MAX >> 5)))
        return UINT64_MAX;
    uint64_t bits = limit > 0 ? (uint64_t)(8 * limit) : 0;
    return bits + ((double)bits < 8 * limit);
}

/* Asks for the memory of the next step's nodes: where they are is known ahead,
 * and no order's slot has to wait for the order before. */
static void prefetch(const struct ncd_ppm *m, uint64_t history)
{
    for (int nbytes = 2; nbytes <= ORDER + 1; nbytes++)
        __builtin_prefetch(&m->slots[slot_of(m, key_of(history, nbytes))]);
}

static int take_chunk(struct ncd_ppm *m, const unsigned char *bytes, size_t n,
                      uint64_t limit)
{
    struct step step;
    /* The mantissa holds up to one bit of what n_bits says. */
    for (size_t i = 0; i < n && m->now.n_bits <= limit; i++) {
        if (i + 1 < n)
            prefetch(m, m->now.history << 16 | (unsigned)bytes[i] << 8 |
                            bytes[i + 1]);
        pay(&m->now, look_up(m, bytes[i], &step));
        learn(m, &step);
    }
    return m->now.n_bits > limit;
}

ncd_status ncd_ppm_take(struct ncd_ppm *m, ncd_text text, double limit,
                        int *beyond_out)
{
    const unsigned char *bytes = text.bytes;
    uint64_t limit_bits = bits_of(limit);
    int beyond = 0;
    for (size_t i = 0; i < text.nbytes && !beyond;) {
        size_t n = CHUNK - (size_t)(m->now.position % CHUNK);
        n = n < text.nbytes - i ? n : text.nbytes - i;
        if (m->now.position % CHUNK == 0 && m->now.n_nodes > NODES_MAX)
            forget(m);
        if (m->base_stamp == m->stamp &&
            grow(m, m->now.n_nodes + ORDER * n) != NCD_OK)
            return NCD_ERR_NOMEM;
        beyond = take_chunk(m, bytes + i, n, limit_bits);
        i += n;
    }
    if (beyond_out)
        *beyond_out = beyond;
    return NCD_OK;
}

/* Bits of the mantissa's logarithm by squaring: a square of 2^32 or more gives
 * a 1 and is halved. */
double ncd_ppm_cost(const struct ncd_ppm *m)
{
    uint64_t x = m->now.mantissa; /* 2^31 .. 2^32, as 1 .. 2 */
    uint64_t fraction = 0;
    for (int i = 0; i < 24; i++) {
        x = x * x >> 31;
        fraction <<= 1;
        if (x >> 32) {
            fraction |= 1;
            x >>= 1;
        }
    }
    double bits = (double)m->now.n_bits - (double)fraction / (1 << 24);
    return bits > 0 ? bits / 8 : 0;
}

/* --- Mark and rewind --- */

ncd_status ncd_ppm_mark(struct ncd_ppm *m, size_t nbytes, int *marked_out)
{
    /* In one step at most the contexts and children of all orders change. */
    size_t n_changes = nbytes < NODES_MAX ? nbytes * (2 * ORDER + 2) : 0;
    size_t n_old = m->now.n_nodes + 257; /* each changes once */
    size_t n_nodes = m->now.n_nodes + ORDER * nbytes;
    *marked_out = 0;
    if (nbytes > NODES_MAX / ORDER || n_nodes > NODES_MAX ||
        m->stamp == STAMP_MAX)
        return NCD_OK;
    if (ncd_grow(&m->journal, &m->journal_capacity,
                 (n_changes < n_old ? n_changes : n_old) + 1,
                 sizeof *m->journal) != NCD_OK ||
        grow(m, n_nodes) != NCD_OK)
        return NCD_ERR_NOMEM;
    m->marked = m->now;
    m->n_changes = 0;
    m->stamp++;
    *marked_out = 1;
    return NCD_OK;
}

int ncd_ppm_rewind(struct ncd_ppm *m)
{
    for (size_t i = m->n_changes; i-- > 0;)
        *m->journal[i].at = m->journal[i].was;
    m->n_changes = 0;
    m->now = m->marked;
    if (m->stamp == STAMP_MAX)
        return 0;
    m->stamp++;
    return 1;
}

/* --- All bytes at once --- */

/* Keeps those of the n bytes that have a node behind the context of this order,
 * counted or not: without one there is none behind a longer context. */
static int keep_nodes(struct ncd_ppm *m, int order, unsigned char *bytes,
                      unsigned counts[256], int n)
{
    int n_kept = 0;
    for (int i = 0; i < n; i++) {
        const struct node *child =
            find_string(m, m->now.history << 8 | bytes[i], order + 1);
        int live = is_live(m, child);
        counts[bytes[i]] = live ? child->count : 0;
        if (live)
            bytes[n_kept++] = bytes[i];
    }
    return n_kept;
}

/* What has followed a context has followed every shorter one, so that a few
 * bytes are left to look up from order 1 on. */
void ncd_ppm_spread(struct ncd_ppm *m, const struct ncd_ppm_set after[256],
                    uint32_t p_out[256])
{
    unsigned char bytes[256];
    unsigned counts[256] = {0};
    uint64_t p[256];
    int n = 0;
    for (unsigned b = 0; b < 256; b++) {
        bytes[n++] = (unsigned char)b;
        p[b] = prior_of(m, b);
    }
    for (int o = 0; o < m->now.n_contexts && m->now.contexts[o]->total; o++) {
        if (o == 1) {
            const struct ncd_ppm_set *set = &after[m->now.history & 0xff];
            for (int i = n = 0; i < 256; i++)
                if (set->bits[i / 64] >> (i % 64) & 1)
                    bytes[n++] = (unsigned char)i;
            memset(counts, 0, sizeof counts);
        }
        struct blend blend = blend_of(m, o, run_of(m), m->now.contexts[o]);
        n = keep_nodes(m, o, bytes, counts, n);
        for (unsigned b = 0; b < 256; b++)
            p[b] = blended(&blend, counts[b], p[b]);
    }
    for (unsigned b = 0; b < 256; b++)
        p_out[b] = with_floor(p[b]);
}
