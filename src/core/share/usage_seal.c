/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A value that is sealed: the version, the nonce, the text encrypted, the tag.
 * The tag is over the version and the entry's name as well, so a value can't be
 * put in the place of another.
 */

#include "share/usage_seal.h"

#include <limits.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>


#define SEAL_VERSION 1

/* of HKDF: another use of the same secret gives other keys */
#define SEAL_SALT "ngx_http_usage_module usage_share 1"


/*
 * Makes a parameter of libcrypto, which reads data, and never writes to it.
 */
static OSSL_PARAM
usage_seal_param(const char *key, const char *data, size_t len)
{
    return OSSL_PARAM_construct_octet_string(key, (void *) data, len);
}


usage_result_t
usage_seal_init(usage_seal_t *seal, usage_str_t secret, usage_str_t ns)
{
    int           rc;
    char          sha256[] = "SHA256";
    EVP_KDF      *kdf;
    OSSL_PARAM    params[5];
    EVP_KDF_CTX  *ctx;
    unsigned char keys[2 * USAGE_SEAL_KEY];

    params[0] = OSSL_PARAM_construct_utf8_string(
        OSSL_KDF_PARAM_DIGEST, sha256, sizeof(sha256) - 1);
    params[1] = usage_seal_param(OSSL_KDF_PARAM_KEY, secret.data, secret.len);
    params[2] =
        usage_seal_param(OSSL_KDF_PARAM_SALT, SEAL_SALT, sizeof(SEAL_SALT) - 1);
    params[3] = usage_seal_param(OSSL_KDF_PARAM_INFO, ns.data, ns.len);
    params[4] = OSSL_PARAM_construct_end();

    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    rc = ctx == NULL ? 0 : EVP_KDF_derive(ctx, keys, sizeof(keys), params);

    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);

    if (rc != 1) {
        return USAGE_ERROR;
    }

    memcpy(seal->names, keys, USAGE_SEAL_KEY);
    memcpy(seal->values, keys + USAGE_SEAL_KEY, USAGE_SEAL_KEY);
    OPENSSL_cleanse(keys, sizeof(keys));

    return USAGE_OK;
}


/*
 * Adds a part of a name, with its length before it.
 */
static int
usage_seal_part(EVP_MAC_CTX *ctx, usage_str_t part)
{
    size_t        i;
    unsigned char length[8];

    for (i = 0; i < sizeof(length); i++) {
        length[i] = (unsigned char) ((uint64_t) part.len >> (56 - 8 * i));
    }

    return EVP_MAC_update(ctx, length, sizeof(length)) == 1
           && EVP_MAC_update(ctx, (const unsigned char *) part.data, part.len)
                  == 1;
}


/*
 * Writes the HMAC of a name's parts.
 */
static int
usage_seal_hmac(EVP_MAC_CTX *ctx, const usage_seal_t *seal, usage_str_t what,
    const usage_str_t *parts, size_t n, unsigned char digest[USAGE_SEAL_KEY])
{
    char       sha256[] = "SHA256";
    size_t     i, len;
    OSSL_PARAM params[2];

    params[0] = OSSL_PARAM_construct_utf8_string(
        OSSL_MAC_PARAM_DIGEST, sha256, sizeof(sha256) - 1);
    params[1] = OSSL_PARAM_construct_end();

    if (EVP_MAC_init(ctx, seal->names, USAGE_SEAL_KEY, params) != 1
        || !usage_seal_part(ctx, what))
    {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (!usage_seal_part(ctx, parts[i])) {
            return 0;
        }
    }

    return EVP_MAC_final(ctx, digest, &len, USAGE_SEAL_KEY) == 1
           && len == USAGE_SEAL_KEY;
}


usage_result_t
usage_seal_name(const usage_seal_t *seal, const char *what,
    const usage_str_t *parts, size_t n, char name[USAGE_SEAL_NAME])
{
    static const char        digits[] = "0123456789abcdef";
    static const usage_str_t prefix = usage_string(USAGE_SEAL_PREFIX);

    int           rc;
    char         *p;
    size_t        i;
    EVP_MAC      *mac;
    EVP_MAC_CTX  *ctx;
    usage_str_t   kind;
    unsigned char digest[USAGE_SEAL_KEY];

    kind.data = what;
    kind.len = strlen(what);

    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    rc = ctx != NULL && usage_seal_hmac(ctx, seal, kind, parts, n, digest);

    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);

    if (!rc) {
        return USAGE_ERROR;
    }

    p = usage_str_write(name, prefix);

    for (i = 0; i < sizeof(digest); i++) {
        *p++ = digits[digest[i] >> 4];
        *p++ = digits[digest[i] & 0xf];
    }

    return USAGE_OK;
}


/*
 * Begins to encrypt or to decrypt: the key, the nonce, and what else the tag is
 * over.
 */
static int
usage_seal_begin(EVP_CIPHER_CTX *ctx, const usage_seal_t *seal,
    const char *name, const unsigned char *nonce, int encrypt)
{
    int           len;
    unsigned char version;

    version = SEAL_VERSION;

    return EVP_CipherInit_ex2(
               ctx, EVP_aes_256_gcm(), seal->values, nonce, encrypt, NULL)
               == 1
           && EVP_CipherUpdate(ctx, NULL, &len, &version, 1) == 1
           && EVP_CipherUpdate(ctx, NULL, &len, (const unsigned char *) name,
                  (int) USAGE_SEAL_NAME)
                  == 1;
}


/*
 * Encrypts or decrypts all of a text.  libcrypto takes an empty one for the
 * end.
 */
static int
usage_seal_text(EVP_CIPHER_CTX *ctx, usage_str_t text, unsigned char *out)
{
    int len;

    return text.len == 0
           || (EVP_CipherUpdate(ctx, out, &len,
                   (const unsigned char *) text.data, (int) text.len)
                   == 1
               && (size_t) len == text.len);
}


usage_result_t
usage_seal_close(const usage_seal_t *seal, const char *name,
    const unsigned char nonce[USAGE_SEAL_NONCE], usage_str_t text, char *out)
{
    int             len, rc;
    unsigned char  *p;
    EVP_CIPHER_CTX *ctx;

    if (text.len > INT_MAX) {
        return USAGE_ERROR;
    }

    p = (unsigned char *) out;
    *p++ = SEAL_VERSION;
    memcpy(p, nonce, USAGE_SEAL_NONCE);
    p += USAGE_SEAL_NONCE;

    ctx = EVP_CIPHER_CTX_new();

    rc = ctx != NULL && usage_seal_begin(ctx, seal, name, nonce, 1)
         && usage_seal_text(ctx, text, p)
         && EVP_CipherFinal_ex(ctx, p + text.len, &len) == 1
         && EVP_CIPHER_CTX_ctrl(
                ctx, EVP_CTRL_AEAD_GET_TAG, USAGE_SEAL_TAG, p + text.len)
                == 1;

    EVP_CIPHER_CTX_free(ctx);

    return rc ? USAGE_OK : USAGE_ERROR;
}


usage_result_t
usage_seal_open(const usage_seal_t *seal, const char *name, usage_str_t sealed,
    char *out, size_t *len)
{
    int             left, rc;
    usage_str_t     text;
    EVP_CIPHER_CTX *ctx;
    unsigned char   tag[USAGE_SEAL_TAG], none[USAGE_SEAL_TAG];

    if (sealed.len < USAGE_SEAL_EXTRA || sealed.len > INT_MAX
        || sealed.data[0] != SEAL_VERSION)
    {
        return USAGE_ERROR;
    }

    text.data = sealed.data + 1 + USAGE_SEAL_NONCE;
    text.len = sealed.len - USAGE_SEAL_EXTRA;
    memcpy(tag, text.data + text.len, USAGE_SEAL_TAG);

    ctx = EVP_CIPHER_CTX_new();

    rc = ctx != NULL
         && usage_seal_begin(
             ctx, seal, name, (const unsigned char *) sealed.data + 1, 0)
         && usage_seal_text(ctx, text, (unsigned char *) out)
         && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, USAGE_SEAL_TAG, tag)
                == 1
         && EVP_CipherFinal_ex(ctx, none, &left) == 1;

    EVP_CIPHER_CTX_free(ctx);

    *len = text.len;

    if (!rc) {

        /* what was decrypted is not to be trusted */

        memset(out, 0, text.len);
        *len = 0;
    }

    return rc ? USAGE_OK : USAGE_ERROR;
}
