/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing what unpacks. An input that begins with 'r' is the rest of it as a
 * packed text; with 'p', the rest is a text that is packed and then altered:
 * the byte whose place the second byte says, less '0', becomes the third byte,
 * so that such inputs hold for every format. With 'd', the rest is arithmetic
 * code, to be decoded to as many bytes as the second byte says, less ' '; with
 * 't', a text, which must come back from its packed form and cost what it says.
 */
#include <stdlib.h>

#include "codec/ppm_coder.h"
#include "support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void demand(int truth)
{
    if (!truth)
        abort();
}

static void round_trip(ncd_packer *packer, ncd_text text)
{
    ncd_text packed, back;
    ncd_error err;
    struct ncd_buf copy = {0};
    double stated;
    demand(ncd_packer_pack(packer, text, &packed, &stated, &err) == NCD_OK);
    demand((double)packed.nbytes <= stated + 2 &&
           (double)packed.nbytes >= stated - 1);
    demand(ncd_buf_append(&copy, packed.bytes, packed.nbytes) == NCD_OK);
    demand(ncd_packer_unpack(packer, ncd_buf_text(&copy), &back, &err) ==
           NCD_OK);
    demand(same_text(text, back));
    ncd_buf_free(&copy);
}

static void altered(ncd_packer *packer, ncd_text text, size_t at,
                    unsigned char byte)
{
    ncd_text packed, out;
    ncd_error err;
    struct ncd_buf copy = {0};
    demand(ncd_packer_pack(packer, text, &packed, NULL, &err) == NCD_OK);
    demand(ncd_buf_append(&copy, packed.bytes, packed.nbytes) == NCD_OK);
    if (at < copy.n)
        copy.bytes[at] = byte;
    ncd_packer_unpack(packer, ncd_buf_text(&copy), &out, &err);
    ncd_buf_free(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static ncd_packer *packer;
    static struct ncd_ppm *model;
    static struct ncd_buf text;
    ncd_error err;
    ncd_text out;
    if (!packer) {
        demand(ncd_packer_open(NULL, NULL, &packer, &err) == NCD_OK);
        demand((model = ncd_ppm_new()) != NULL);
    }
    text.n = 0;
    if (n > 0 && data[0] == 'r')
        ncd_packer_unpack(packer, (ncd_text){data + 1, n - 1}, &out, &err);
    if (n > 2 && data[0] == 'p')
        altered(packer, (ncd_text){data + 3, n - 3}, data[1] - (size_t)'0',
                data[2]);
    if (n > 1 && data[0] == 'd')
        ncd_ppm_decode(model, (ncd_text){0}, (ncd_text){data + 2, n - 2},
                       data[1] - (data[1] >= ' ' ? ' ' : 0u), &text);
    if (n > 0 && data[0] == 't')
        round_trip(packer, (ncd_text){data + 1, n - 1});
    return 0;
}
