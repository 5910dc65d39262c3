/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What libcrypto computes: the hash of a body or of a canonical request, and
 * the signature.
 */

#include "sign/usage_sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>


/*
 * Writes a digest of SHA-256 in hexadecimal digits.
 */
static void
usage_sign_hex(const unsigned char *digest, char hex[USAGE_SIGN_HEX_LEN])
{
    static const char digits[] = "0123456789abcdef";

    size_t i;

    for (i = 0; i < USAGE_SIGN_HEX_LEN / 2; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 0xf];
    }
}


usage_result_t
usage_sign_hash(usage_str_t text, char hex[USAGE_SIGN_HEX_LEN])
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (EVP_Digest(text.data, text.len, digest, NULL, EVP_sha256(), NULL) != 1)
    {
        return USAGE_ERROR;
    }

    usage_sign_hex(digest, hex);

    return USAGE_OK;
}


usage_result_t
usage_sign_signature(usage_str_t canonical, usage_str_t date,
    usage_str_t secret, char signature[USAGE_SIGN_HEX_LEN])
{
    static const usage_str_t algorithm =
        usage_string(USAGE_SIGN_ALGORITHM "\n");

    char  text[sizeof(USAGE_SIGN_ALGORITHM "\n") + USAGE_SIGN_DATE_LEN + 1
              + USAGE_SIGN_HEX_LEN];
    char *p;
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (date.len != USAGE_SIGN_DATE_LEN) {
        return USAGE_ERROR;
    }

    p = usage_str_write(text, algorithm);
    p = usage_str_write(p, date);
    *p++ = '\n';

    if (usage_sign_hash(canonical, p) != USAGE_OK
        || HMAC(EVP_sha256(), secret.data, (int) secret.len,
               (unsigned char *) text, (size_t) (p - text) + USAGE_SIGN_HEX_LEN,
               digest, NULL)
               == NULL)
    {
        return USAGE_ERROR;
    }

    usage_sign_hex(digest, signature);

    return USAGE_OK;
}
