/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The check of a signature that takes the secret.
 */

#include "sign/usage_signature.h"

#include <openssl/crypto.h>


/*
 * Says that the signature is wrong.  It tells the client's developer enough to
 * find the step that differs, and nothing that depends on whether the access
 * key is known.
 */
static usage_result_t
usage_signature_wrong(const usage_signature_t *signature,
    const usage_signed_t *request, usage_str_t canonical, usage_error_t *error)
{
    static const usage_str_t name = usage_string("host");

    char                  hex[USAGE_SIGN_HEX_LEN];
    usage_str_t           host;
    const usage_header_t *header;

    header = usage_sign_header(request, name);
    host.data = header == NULL ? "" : header->value.data;
    host.len = header == NULL ? 0 : header->value.len;

    if (usage_sign_hash(canonical, hex) != USAGE_OK) {
        return usage_error(error, 500, "libcrypto makes no SHA-256");
    }

    return usage_error(error, 401,
        "the signature differs. SHA-256 of the canonical request here: %.*s. "
        "If it is the same at the client, its access key or secret is wrong or "
        "not known here; else compare: host %.*s, body of %zu bytes, signed "
        "headers %.*s",
        USAGE_SIGN_HEX_LEN, hex, usage_shown(host), host.data,
        request->body.len, usage_shown(signature->names),
        signature->names.data);
}


usage_result_t
usage_signature_check(const usage_signature_t *signature,
    const usage_signed_t *request, const usage_str_t *secret,
    const usage_pool_t *pool, usage_error_t *error)
{
    static const usage_str_t nobody = usage_string("no secret");

    bool        right;
    char        value[USAGE_SIGN_HEX_LEN];
    unsigned    reading;
    usage_str_t headers, canonical, first;

    right = false;
    first.data = "";
    first.len = 0;

    if (usage_sign_headers(request, signature->names, pool, &headers)
        != USAGE_OK) {
        return usage_no_memory(pool, error);
    }

    for (reading = 0; reading < USAGE_SIGN_READINGS; reading++) {

        if (!usage_sign_differs(request, reading)) {
            continue;
        }

        if (usage_sign_canonical(
                request, headers, signature->content, reading, pool, &canonical)
                != USAGE_OK
            || usage_sign_signature(canonical, signature->date,
                   secret == NULL ? nobody : *secret, value)
                   != USAGE_OK)
        {
            return usage_error(
                error, 500, "the signature could not be verified");
        }

        if (reading == 0) {
            first = canonical;
        }

        right |= CRYPTO_memcmp(value, signature->value.data, USAGE_SIGN_HEX_LEN)
                 == 0;
    }

    if (right && secret != NULL) {
        return USAGE_OK;
    }

    return usage_signature_wrong(signature, request, first, error);
}
