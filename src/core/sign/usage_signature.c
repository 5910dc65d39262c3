/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a request says of its signature, before anything of it is checked.
 */

#include "sign/usage_signature_private.h"

#include <strings.h>


static const usage_str_t usage_signature_authorization =
    usage_string("authorization");


bool
usage_signature_is(const usage_signed_t *request)
{
    static const usage_str_t kind = usage_string("hmac-sha256");
    static const usage_str_t x_sdk_date = usage_string("x-sdk-date");

    size_t                i;
    const usage_header_t *header;

    if (usage_sign_header(request, x_sdk_date) != NULL) {
        return true;
    }

    header = usage_sign_header(request, usage_signature_authorization);

    if (header == NULL) {
        return false;
    }

    for (i = 0; i + kind.len <= header->value.len; i++) {
        if (strncasecmp(header->value.data + i, kind.data, kind.len) == 0) {
            return true;
        }
    }

    return false;
}


/*
 * Takes start off *text, and the part behind it, which goes up to a comma, or
 * up to the end of the text.  false: the text begins otherwise, or the part is
 * empty.
 */
static bool
usage_signature_part(usage_str_t *text, const char *start, usage_str_t *part)
{
    size_t      len;
    const char *p;

    len = strlen(start);

    if (text->len < len || memcmp(text->data, start, len) != 0) {
        return false;
    }

    part->data = text->data + len;
    p = memchr(part->data, ',', text->len - len);
    part->len = p == NULL ? text->len - len : (size_t) (p - part->data);

    text->data = part->data + part->len;
    text->len -= len + part->len;

    return part->len > 0;
}


bool
usage_signature_split(
    usage_signature_t *signature, const usage_signed_t *request)
{
    static const usage_str_t nothing = usage_string("");

    usage_str_t           text;
    const usage_header_t *header;

    signature->access_key = nothing;
    signature->names = nothing;
    signature->value = nothing;

    header = usage_sign_header(request, usage_signature_authorization);
    if (header == NULL) {
        return false;
    }

    text = header->value;

    return usage_signature_part(
               &text, USAGE_SIGN_ALGORITHM " Access=", &signature->access_key)
           && usage_signature_part(&text, ", SignedHeaders=", &signature->names)
           && usage_signature_part(&text, ", Signature=", &signature->value)
           && text.len == 0;
}


usage_str_t
usage_signature_access_key(const usage_signed_t *request)
{
    usage_signature_t signature;

    (void) usage_signature_split(&signature, request);

    return signature.access_key;
}


usage_str_t
usage_signature_names(const usage_signed_t *request)
{
    usage_signature_t signature;

    (void) usage_signature_split(&signature, request);

    return signature.names;
}


bool
usage_signature_signs(usage_str_t names, usage_str_t name)
{
    usage_str_t one;

    while (usage_sign_next_name(&names, &one)) {
        if (one.len == name.len
            && strncasecmp(one.data, name.data, name.len) == 0) {
            return true;
        }
    }

    return false;
}
