/* SPDX-License-Identifier: BSD-2-Clause */

#include "share/usage_seal.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>


/* the first byte of a value */
#define USAGE_SEAL_VERSION 1

/* bytes of a length, as a name counts it */
#define USAGE_SEAL_LENGTH 8


static usage_result_t
usage_seal_derive(usage_str_t secret, usage_str_t space, const char *label,
    unsigned char key[USAGE_SEAL_KEY])
{
    int          rc;
    EVP_KDF     *kdf;
    OSSL_PARAM   params[5];
    EVP_KDF_CTX *ctx;

    /* libcrypto only reads what its parameters point to */

    params[0] = OSSL_PARAM_construct_utf8_string(
        OSSL_KDF_PARAM_DIGEST, (char *) (uintptr_t) "SHA256", 0);
    params[1] = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_KEY, (void *) (uintptr_t) secret.data, secret.len);
    params[2] = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_SALT, (void *) (uintptr_t) space.data, space.len);
    params[3] = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_INFO, (void *) (uintptr_t) label, strlen(label));
    params[4] = OSSL_PARAM_construct_end();

    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    rc = ctx != NULL ? EVP_KDF_derive(ctx, key, USAGE_SEAL_KEY, params) : 0;

    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);

    return rc == 1 ? USAGE_OK : USAGE_ERROR;
}


usage_result_t
usage_seal_init(usage_seal_t *seal, usage_str_t secret, usage_str_t space)
{
    if (usage_seal_derive(secret, space, "usage names", seal->names)
        != USAGE_OK) {
        return USAGE_ERROR;
    }

    return usage_seal_derive(secret, space, "usage values", seal->values);
}


/*
 * Adds a part of a name, and its length, so that no other parts give the same
 * bytes.
 */
static bool
usage_seal_part(EVP_MAC_CTX *mac, const void *data, size_t len)
{
    size_t        i;
    unsigned char length[USAGE_SEAL_LENGTH];

    for (i = 0; i < USAGE_SEAL_LENGTH; i++) {
        length[i] = (unsigned char) ((uint64_t) len >> (8 * i));
    }

    return EVP_MAC_update(mac, length, sizeof(length)) == 1
           && (len == 0 || EVP_MAC_update(mac, data, len) == 1);
}


static usage_result_t
usage_seal_mac(EVP_MAC_CTX *mac, const usage_seal_t *seal, const char *what,
    const usage_str_t *parts, size_t n, unsigned char digest[USAGE_SEAL_KEY])
{
    size_t     i, len;
    OSSL_PARAM params[2];

    params[0] = OSSL_PARAM_construct_utf8_string(
        OSSL_MAC_PARAM_DIGEST, (char *) (uintptr_t) "SHA256", 0);
    params[1] = OSSL_PARAM_construct_end();

    if (EVP_MAC_init(mac, seal->names, USAGE_SEAL_KEY, params) != 1
        || !usage_seal_part(mac, what, strlen(what)))
    {
        return USAGE_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (!usage_seal_part(mac, parts[i].data, parts[i].len)) {
            return USAGE_ERROR;
        }
    }

    return EVP_MAC_final(mac, digest, &len, USAGE_SEAL_KEY) == 1 ? USAGE_OK
                                                                 : USAGE_ERROR;
}


usage_result_t
usage_seal_name(const usage_seal_t *seal, const char *what,
    const usage_str_t *parts, size_t n, char name[USAGE_SEAL_NAME])
{
    static const char digits[] = "0123456789abcdef";

    size_t         i;
    char          *p;
    EVP_MAC       *hmac;
    EVP_MAC_CTX   *mac;
    unsigned char  digest[USAGE_SEAL_KEY];
    usage_result_t rc;

    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    mac = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
    rc = mac != NULL ? usage_seal_mac(mac, seal, what, parts, n, digest)
                     : USAGE_ERROR;

    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(hmac);

    if (rc != USAGE_OK) {
        return USAGE_ERROR;
    }

    memcpy(name, USAGE_SEAL_PREFIX, sizeof(USAGE_SEAL_PREFIX) - 1);
    p = name + sizeof(USAGE_SEAL_PREFIX) - 1;

    for (i = 0; i < USAGE_SEAL_KEY; i++) {
        *p++ = digits[digest[i] >> 4];
        *p++ = digits[digest[i] & 0xf];
    }

    return USAGE_OK;
}


/*
 * Begins to encrypt or to decrypt a value: its associated data.
 */
static bool
usage_seal_begin(EVP_CIPHER_CTX *cipher, const usage_seal_t *seal,
    const char *name, const unsigned char *nonce, bool encrypts)
{
    int           len;
    unsigned char version;

    version = USAGE_SEAL_VERSION;

    return EVP_CipherInit_ex(
               cipher, EVP_aes_256_gcm(), NULL, seal->values, nonce, encrypts)
               == 1
           && EVP_CipherUpdate(cipher, NULL, &len, &version, 1) == 1
           && EVP_CipherUpdate(cipher, NULL, &len, (const unsigned char *) name,
                  (int) USAGE_SEAL_NAME)
                  == 1;
}


usage_result_t
usage_seal_close(const usage_seal_t *seal, const char *name,
    const unsigned char nonce[USAGE_SEAL_NONCE], usage_str_t text, char *out)
{
    int             len;
    bool            done;
    unsigned char  *p;
    EVP_CIPHER_CTX *cipher;

    cipher = EVP_CIPHER_CTX_new();

    if (cipher == NULL || text.len > INT_MAX) {
        EVP_CIPHER_CTX_free(cipher);
        return USAGE_ERROR;
    }

    p = (unsigned char *) out;

    *p++ = USAGE_SEAL_VERSION;
    memcpy(p, nonce, USAGE_SEAL_NONCE);
    p += USAGE_SEAL_NONCE;

    done = usage_seal_begin(cipher, seal, name, nonce, true)
           && EVP_CipherUpdate(cipher, p, &len,
                  (const unsigned char *) text.data, (int) text.len)
                  == 1
           && EVP_CipherFinal_ex(cipher, p + len, &len) == 1
           && EVP_CIPHER_CTX_ctrl(
                  cipher, EVP_CTRL_AEAD_GET_TAG, USAGE_SEAL_TAG, p + text.len)
                  == 1;

    EVP_CIPHER_CTX_free(cipher);

    return done ? USAGE_OK : USAGE_ERROR;
}


usage_result_t
usage_seal_open(const usage_seal_t *seal, const char *name, usage_str_t sealed,
    char *out, size_t *len)
{
    int                  n;
    bool                 done;
    unsigned char        tag[USAGE_SEAL_TAG];
    EVP_CIPHER_CTX      *cipher;
    const unsigned char *p;

    p = (const unsigned char *) sealed.data;

    if (sealed.len < USAGE_SEAL_EXTRA || sealed.len > INT_MAX
        || p[0] != USAGE_SEAL_VERSION)
    {
        return USAGE_ERROR;
    }

    *len = sealed.len - USAGE_SEAL_EXTRA;
    memcpy(tag, p + 1 + USAGE_SEAL_NONCE + *len, USAGE_SEAL_TAG);

    cipher = EVP_CIPHER_CTX_new();

    if (cipher == NULL) {
        return USAGE_ERROR;
    }

    done = usage_seal_begin(cipher, seal, name, p + 1, false)
           && EVP_CipherUpdate(cipher, (unsigned char *) out, &n,
                  p + 1 + USAGE_SEAL_NONCE, (int) *len)
                  == 1
           && EVP_CIPHER_CTX_ctrl(
                  cipher, EVP_CTRL_AEAD_SET_TAG, USAGE_SEAL_TAG, tag)
                  == 1
           && EVP_CipherFinal_ex(cipher, (unsigned char *) out + n, &n) == 1;

    EVP_CIPHER_CTX_free(cipher);

    return done ? USAGE_OK : USAGE_ERROR;
}
