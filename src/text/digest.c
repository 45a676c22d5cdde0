/* SPDX-License-Identifier: MIT */
/* Hashes of texts, verbatim and folded; see digest.h. */
#include "text/digest.h"

#include <stdlib.h>
#include <utf8proc.h>
#include <xxhash.h>

#include "util/error.h"

static int is_left_out(utf8proc_category_t category)
{
    return category >= UTF8PROC_CATEGORY_PC || category == UTF8PROC_CATEGORY_CN;
}

/* Most text is ASCII, where the tables of Unicode need not be asked. */
static int fold_ascii(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c + 'a' - 'A';
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return c;
    return -1;
}

/* Folds one code point; out has room for what it can become. */
static size_t fold_codepoint(utf8proc_int32_t c, utf8proc_uint8_t *out)
{
    utf8proc_int32_t folded[8];
    int boundclass = 0;
    if (is_left_out(utf8proc_category(c)))
        return 0;
    utf8proc_ssize_t n =
        utf8proc_decompose_char(c, folded, 8, UTF8PROC_CASEFOLD, &boundclass);
    size_t nbytes = 0;
    for (utf8proc_ssize_t i = 0; i < n && i < 8; i++)
        nbytes += (size_t)utf8proc_encode_char(folded[i], out + nbytes);
    return nbytes;
}

ncd_status ncd_fold(ncd_text text, struct ncd_buf *out)
{
    const unsigned char *b = text.bytes;
    for (size_t i = 0; i < text.nbytes;) {
        utf8proc_uint8_t folded[32];
        size_t n = 0, step = 1;
        utf8proc_int32_t c;
        if (b[i] < 0x80) {
            int ascii = fold_ascii(b[i]);
            folded[0] = (utf8proc_uint8_t)ascii;
            n = ascii >= 0;
        } else {
            utf8proc_ssize_t left =
                text.nbytes - i > 4 ? 4 : (utf8proc_ssize_t)(text.nbytes - i);
            utf8proc_ssize_t used = utf8proc_iterate(b + i, left, &c);
            if (used > 0) {
                n = fold_codepoint(c, folded);
                step = (size_t)used;
            } else {
                folded[0] = b[i];
                n = 1;
            }
        }
        if (ncd_buf_append(out, folded, n) != NCD_OK)
            return NCD_ERR_NOMEM;
        i += step;
    }
    return NCD_OK;
}

ncd_status ncd_digest_text(enum ncd_digest_kind kind, ncd_text text,
                           struct ncd_buf *folded, struct ncd_digest *out)
{
    if (kind == NCD_DIGEST_FOLDED) {
        folded->n = 0;
        if (ncd_fold(text, folded) != NCD_OK)
            return NCD_ERR_NOMEM;
        text = ncd_buf_text(folded);
    }
    XXH128_hash_t hash = XXH3_128bits(text.bytes, text.nbytes);
    out->high = hash.high64;
    out->low = hash.low64;
    return NCD_OK;
}

static int compare_hash(const struct ncd_digest *a, const struct ncd_digest *b)
{
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    return (a->low > b->low) - (a->low < b->low);
}

static int compare_digest(const void *a, const void *b)
{
    const struct ncd_digest *p = a, *q = b;
    int order = compare_hash(p, q);
    return order ? order : (p->index > q->index) - (p->index < q->index);
}

ncd_status ncd_digest_dataset(enum ncd_digest_kind kind,
                              const ncd_dataset *dataset,
                              struct ncd_digest **sorted_out, ncd_error *err)
{
    struct ncd_buf folded = {0};
    struct ncd_digest *digests = calloc(dataset->n + 1, sizeof *digests);
    ncd_status status = digests ? NCD_OK : ncd_fail_nomem(err);
    for (size_t i = 0; i < dataset->n && status == NCD_OK; i++) {
        if (ncd_digest_text(kind, ncd_dataset_text(dataset, i), &folded,
                            &digests[i]) != NCD_OK)
            status = ncd_fail_nomem(err);
        digests[i].index = i;
    }
    ncd_buf_free(&folded);
    if (status != NCD_OK) {
        free(digests);
        return status;
    }
    qsort(digests, dataset->n, sizeof *digests, compare_digest);
    *sorted_out = digests;
    return NCD_OK;
}

size_t ncd_digest_find(const struct ncd_digest *sorted, size_t n,
                       const struct ncd_digest *digest, size_t *first_out)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_hash(&sorted[middle], digest) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < n && compare_hash(&sorted[end], digest) == 0)
        end++;
    *first_out = low;
    return end - low;
}
