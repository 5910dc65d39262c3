/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Reading the file of access keys, finding a key, and wiping them out.
 */

#include "sign/usage_credentials.h"
#include "base/usage_json.h"

#include <openssl/crypto.h>


/*
 * Tells whether a value can stand in a header: it is visible ASCII without a
 * comma, as that ends an access key there.
 */
static bool
usage_credentials_plain(usage_str_t text)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~' || text.data[i] == ',') {
            return false;
        }
    }

    return text.len > 0;
}


/*
 * Copies the value of a member, which has to be a string, of the nth access
 * key.
 */
static usage_result_t
usage_credentials_value(usage_str_t *to, const char *name, const json_t *value,
    size_t n, const usage_pool_t *pool, usage_error_t *error)
{
    usage_str_t text;

    if (!json_is_string(value)) {
        return usage_error(
            error, 500, "access key %zu: its \"%s\" is not a string", n, name);
    }

    text.data = json_string_value(value);
    text.len = json_string_length(value);

    return usage_str_copy(pool, text, to) == USAGE_OK
               ? USAGE_OK
               : usage_no_memory(pool, error);
}


/*
 * Reads the nth access key's object.
 */
static usage_result_t
usage_credentials_entry(usage_credential_t *credential, json_t *object,
    size_t n, const usage_pool_t *pool, usage_error_t *error)
{
    json_t        *value;
    const char    *name;
    usage_result_t rc;

    if (!json_is_object(object)) {
        return usage_error(error, 500,
            "access key %zu: not an object with \"sk\" and, where the key is "
            "temporary, \"security_token\"",
            n);
    }

    json_object_foreach (object, name, value) {

        if (strcmp(name, "sk") == 0) {
            rc = usage_credentials_value(
                &credential->secret, name, value, n, pool, error);

        } else if (strcmp(name, "security_token") == 0) {
            rc = usage_credentials_value(
                &credential->security_token, name, value, n, pool, error);

        } else {
            rc = usage_error(error, 500,
                "access key %zu: a member that is neither \"sk\" nor "
                "\"security_token\"",
                n);
        }

        if (rc != USAGE_OK) {
            return rc;
        }
    }

    if (credential->secret.len == 0) {
        return usage_error(
            error, 500, "access key %zu: no \"sk\", or an empty one", n);
    }

    if (credential->security_token.len > 0
        && !usage_credentials_plain(credential->security_token))
    {
        return usage_error(error, 500,
            "access key %zu: its \"security_token\" can't be sent in a header",
            n);
    }

    return USAGE_OK;
}


/*
 * Reads all access keys.
 */
static usage_result_t
usage_credentials_entries(usage_credentials_t *credentials, json_t *root,
    const usage_pool_t *pool, usage_error_t *error)
{
    json_t             *object;
    const char         *key;
    usage_str_t         name;
    usage_credential_t *credential;

    credentials->list = usage_alloc(
        pool, (json_object_size(root) + 1) * sizeof(usage_credential_t));

    if (credentials->list == NULL) {
        return usage_no_memory(pool, error);
    }

    json_object_foreach (root, key, object) {
        credential = &credentials->list[credentials->count];
        memset(credential, 0, sizeof(usage_credential_t));

        name.data = key;
        name.len = strlen(key);

        if (usage_str_copy(pool, name, &credential->access_key) != USAGE_OK) {
            return usage_no_memory(pool, error);
        }

        credentials->count++;

        if (!usage_credentials_plain(credential->access_key)) {
            return usage_error(error, 500,
                "access key %zu: empty, or with characters that can't be sent",
                credentials->count);
        }

        if (usage_credentials_entry(
                credential, object, credentials->count, pool, error)
            != USAGE_OK)
        {
            return USAGE_ERROR;
        }
    }

    return USAGE_OK;
}


/*
 * Overwrites jansson's copies of the secrets, which it frees as they are.
 */
static void
usage_credentials_wipe_json(json_t *root)
{
    json_t     *object, *value;
    const char *key, *name;

    json_object_foreach (root, key, object) {
        json_object_foreach (object, name, value) {
            if (json_is_string(value)) {
                OPENSSL_cleanse((void *) (uintptr_t) json_string_value(value),
                    json_string_length(value));
            }
        }
    }
}


usage_result_t
usage_credentials_read(usage_credentials_t *credentials, usage_str_t text,
    const usage_pool_t *pool, usage_error_t *error)
{
    json_t        *root;
    json_error_t   reason;
    usage_result_t rc;

    credentials->list = NULL;
    credentials->count = 0;

    root =
        usage_json_load(text, USAGE_JSON_ANY, JSON_REJECT_DUPLICATES, &reason);

    if (root == NULL) {

        /* (jansson's words would show a piece of the text) */

        return usage_error(error, 500,
            "not valid JSON, or an access key twice: line %d, column %d",
            reason.line, reason.column);
    }

    if (json_is_object(root)) {
        rc = usage_credentials_entries(credentials, root, pool, error);
        usage_credentials_wipe_json(root);

    } else {
        rc = usage_error(error, 500, "not a JSON object of access keys");
    }

    json_decref(root);

    return rc;
}


const usage_credential_t *
usage_credentials_find(
    const usage_credentials_t *credentials, usage_str_t access_key)
{
    size_t                    i;
    const usage_credential_t *found, *credential;

    found = NULL;

    for (i = 0; i < credentials->count; i++) {
        credential = &credentials->list[i];

        if (credential->access_key.len == access_key.len
            && CRYPTO_memcmp(
                   credential->access_key.data, access_key.data, access_key.len)
                   == 0)
        {
            found = credential;
        }
    }

    return found;
}


static void
usage_credentials_wipe_string(usage_str_t *text)
{
    OPENSSL_cleanse((void *) (uintptr_t) text->data, text->len);
    text->len = 0;
}


void
usage_credentials_wipe(usage_credentials_t *credentials)
{
    size_t i;

    for (i = 0; i < credentials->count; i++) {
        usage_credentials_wipe_string(&credentials->list[i].secret);
        usage_credentials_wipe_string(&credentials->list[i].security_token);
    }

    credentials->count = 0;
}
