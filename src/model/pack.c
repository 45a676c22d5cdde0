/* SPDX-License-Identifier: MIT */
/*
 * Texts packed by the compressor ppm, and unpacked: the arithmetic code with
 * what is needed to tell a damaged file, or another model than it was packed
 * with, from a good one.
 *
 *     magic      4 bytes   89 'N' 'C' 'P'
 *     version    1 byte    of this format, and of the statistical model
 *     check      4 bytes   XXH3-64, cut to 32 bits, of the text, then of all
 *                          that follows here
 *     prime      1 byte    0: not primed, 1: primed
 *     digest     8 bytes   XXH3-64 of the priming text, where primed
 *     length     varint    of the text
 *     code
 *
 * Numbers are little-endian. A text of up to 127 bytes has so a header of 11
 * bytes, or 19.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "codec/ppm_coder.h"
#include "model/model.h"
#include "model/wire.h"
#include "text/dataset.h"
#include "util/error.h"

#define MAGIC "\x89NCP"
enum { MAGIC_NBYTES = 4, CHECK_AT = 5, BODY_AT = 9 };

struct ncd_packer {
    struct ncd_ppm *model;
    int primed;
    struct ncd_buf prime;
    struct ncd_buf out;
};

/* --- Priming --- */

/* The texts of the class from this one on, of all classes where c is
 * SIZE_MAX. */
static ncd_status add_texts(struct ncd_buf *prime, const ncd_dataset *d,
                            size_t c, size_t first)
{
    for (size_t i = first; i < d->n; i++) {
        ncd_text text = ncd_dataset_text(d, i);
        if (c != SIZE_MAX && ncd_dataset_class(d, i) != c)
            continue;
        if (ncd_buf_append(prime, text.bytes, text.nbytes) != NCD_OK ||
            ncd_buf_append(prime, "\n", 1) != NCD_OK)
            return NCD_ERR_NOMEM;
    }
    return NCD_OK;
}

/* The first of the last texts that fit. */
static size_t first_that_fits(const ncd_dataset *d, size_t c)
{
    size_t nbytes = 0, first = d->n;
    for (size_t i = d->n; i-- > 0;) {
        if (c != SIZE_MAX && ncd_dataset_class(d, i) != c)
            continue;
        nbytes += ncd_dataset_text(d, i).nbytes + 1;
        if (nbytes > NCD_PRIME_NBYTES)
            break;
        first = i;
    }
    return first;
}

static ncd_status prime_with(ncd_packer *p, const ncd_model *model,
                             const char *label, ncd_error *err)
{
    const ncd_dataset *d = model->dataset;
    size_t c = SIZE_MAX;
    for (size_t i = 0; label && i < ncd_dataset_n_classes(d); i++)
        if (strcmp(ncd_dataset_label(d, i), label) == 0)
            c = i;
    if (label && c == SIZE_MAX)
        return ncd_fail(err, NCD_ERR_ARGUMENT, "the model has no class \"%s\"",
                        label);
    if (add_texts(&p->prime, d, c, first_that_fits(d, c)) != NCD_OK)
        return ncd_fail_nomem(err);
    p->primed = 1;
    return NCD_OK;
}

ncd_status ncd_packer_open(const ncd_model *model, const char *label,
                           ncd_packer **packer_out, ncd_error *err)
{
    ncd_packer *p = calloc(1, sizeof *p);
    if (!p)
        return ncd_fail_nomem(err);
    p->model = ncd_ppm_new();
    ncd_status status = p->model ? NCD_OK : ncd_fail_nomem(err);
    if (status == NCD_OK && model)
        status = prime_with(p, model, label, err);
    if (status != NCD_OK) {
        ncd_packer_close(p);
        return status;
    }
    *packer_out = p;
    return NCD_OK;
}

void ncd_packer_close(ncd_packer *p)
{
    if (!p)
        return;
    ncd_ppm_free(p->model);
    ncd_buf_free(&p->prime);
    ncd_buf_free(&p->out);
    free(p);
}

/* --- Packing --- */

static uint64_t digest_of(const struct ncd_buf *prime)
{
    return XXH3_64bits(prime->bytes, prime->n);
}

/* The seed of the one is the hash of the other. */
static uint32_t check_of(ncd_text text, ncd_text body)
{
    uint64_t seed = XXH3_64bits(text.bytes, text.nbytes);
    return (uint32_t)XXH3_64bits_withSeed(body.bytes, body.nbytes, seed);
}

static ncd_status put_head(const ncd_packer *p, uint64_t nbytes,
                           struct ncd_buf *out)
{
    const unsigned char version = NCD_PPM_VERSION;
    const unsigned char primed = (unsigned char)p->primed;
    ncd_status status = NCD_ERR_NOMEM;
    if (!ncd_buf_append(out, MAGIC, MAGIC_NBYTES) &&
        !ncd_buf_append(out, &version, 1) && !ncd_put_u32(out, 0) &&
        !ncd_buf_append(out, &primed, 1))
        status = p->primed ? ncd_put_u64(out, digest_of(&p->prime)) : NCD_OK;
    return status == NCD_OK ? ncd_put_varint(out, nbytes) : status;
}

ncd_status ncd_packer_pack(ncd_packer *p, ncd_text text, ncd_text *packed_out,
                           double *nbytes_out, ncd_error *err)
{
    double cost;
    p->out.n = 0;
    if (put_head(p, text.nbytes, &p->out) != NCD_OK)
        return ncd_fail_nomem(err);
    size_t n_head = p->out.n;
    if (ncd_ppm_encode(p->model, ncd_buf_text(&p->prime), text, &p->out,
                       &cost) != NCD_OK)
        return ncd_fail_nomem(err);
    ncd_text body = {p->out.bytes + BODY_AT, p->out.n - BODY_AT};
    uint32_t check = check_of(text, body);
    for (int i = 0; i < 4; i++)
        p->out.bytes[CHECK_AT + i] = (unsigned char)(check >> (8 * i));
    *packed_out = ncd_buf_text(&p->out);
    if (nbytes_out)
        *nbytes_out = cost + (double)n_head;
    return NCD_OK;
}

/* --- Unpacking --- */

struct head {
    uint32_t check;
    int primed;
    uint64_t digest, nbytes;
    ncd_text body, code;
};

static ncd_status damaged(ncd_error *err, const char *what)
{
    return ncd_fail(err, NCD_ERR_INPUT, "the packed text is damaged: %s", what);
}

static ncd_status get_head(ncd_text packed, struct head *head, ncd_error *err)
{
    const unsigned char *bytes = packed.bytes;
    if (packed.nbytes < BODY_AT || memcmp(bytes, MAGIC, MAGIC_NBYTES) != 0)
        return ncd_fail(err, NCD_ERR_INPUT,
                        "this is not a text packed by `ncdclass compress`");
    if (bytes[MAGIC_NBYTES] > NCD_PPM_VERSION)
        return ncd_fail(err, NCD_ERR_MODEL_NEWER,
                        "packed by a later version of this program");
    if (bytes[MAGIC_NBYTES] < NCD_PPM_VERSION)
        return ncd_fail(err, NCD_ERR_INPUT,
                        "packed by an earlier version of this program, whose "
                        "statistical model is not this one's");
    struct ncd_cursor in = {bytes + CHECK_AT, bytes + packed.nbytes, 0};
    head->check = ncd_get_u32(&in);
    head->body = (ncd_text){in.at, (size_t)(in.end - in.at)};
    ncd_text flag = ncd_get_bytes(&in, 1);
    if (in.failed || *(const unsigned char *)flag.bytes > 1)
        return damaged(err, "its header");
    head->primed = *(const unsigned char *)flag.bytes;
    head->digest = head->primed ? ncd_get_u64(&in) : 0;
    head->nbytes = ncd_get_varint(&in);
    head->code = (ncd_text){in.at, (size_t)(in.end - in.at)};
    return in.failed ? damaged(err, "its header") : NCD_OK;
}

/* A packed text is told from a damaged one by its check, a wrong model already
 * by the digest, before anything is decoded. */
static ncd_status check_prime(const ncd_packer *p, const struct head *head,
                              ncd_error *err)
{
    if (head->primed && !p->primed)
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "packed with a model's texts: give the same model "
                        "(and class)");
    if (!head->primed && p->primed)
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "packed without a model: give none");
    if (head->primed && head->digest != digest_of(&p->prime))
        return ncd_fail(err, NCD_ERR_ARGUMENT,
                        "packed with the texts of another model or class");
    return NCD_OK;
}

/*
 * A byte costs at least 2^-14 bits, since the 255 others have 2^-22 each; 2^-14
 * is less than 255 * 2^-22 * log2(e). So many bytes of code can't stand for
 * more text than this, whatever a damaged length says.
 */
static int is_possible(const struct head *head)
{
    uint64_t n_bits = 8 * ((uint64_t)head->code.nbytes + 8);
    return head->nbytes >> 14 <= n_bits;
}

ncd_status ncd_packer_unpack(ncd_packer *p, ncd_text packed, ncd_text *text_out,
                             ncd_error *err)
{
    struct head head = {0};
    ncd_status status = get_head(packed, &head, err);
    if (status == NCD_OK)
        status = check_prime(p, &head, err);
    if (status != NCD_OK)
        return status;
    if (!is_possible(&head))
        return damaged(err, "its length");
    p->out.n = 0;
    status = ncd_ppm_decode(p->model, ncd_buf_text(&p->prime), head.code,
                            head.nbytes, &p->out);
    if (status == NCD_ERR_NOMEM)
        return ncd_fail_nomem(err);
    if (status != NCD_OK ||
        check_of(ncd_buf_text(&p->out), head.body) != head.check)
        return damaged(err, "its check sum differs");
    *text_out = ncd_buf_text(&p->out);
    return NCD_OK;
}
