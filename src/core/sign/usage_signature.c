/* SPDX-License-Identifier: BSD-2-Clause */

#include "sign/usage_signature.h"

#include <openssl/crypto.h>
#include <strings.h>


static const usage_str_t usage_signature_authorization =
    usage_string("authorization");
static const usage_str_t usage_signature_x_sdk_date =
    usage_string("x-sdk-date");
static const usage_str_t usage_signature_content =
    usage_string("x-sdk-content-sha256");
static const usage_str_t usage_signature_host = usage_string("host");


static const usage_header_t *
usage_signature_first(const usage_signed_t *request, usage_str_t name)
{
    size_t i;

    i = 0;

    return usage_sign_header(request, name, &i);
}


static bool
usage_signature_twice(const usage_signed_t *request, usage_str_t name)
{
    size_t i;

    i = 0;

    return usage_sign_header(request, name, &i) != NULL
           && usage_sign_header(request, name, &i) != NULL;
}


bool
usage_signature_is(const usage_signed_t *request)
{
    static const usage_str_t kind = usage_string("hmac-sha256");

    size_t                i;
    const usage_header_t *header;

    if (usage_signature_first(request, usage_signature_x_sdk_date) != NULL) {
        return true;
    }

    header = usage_signature_first(request, usage_signature_authorization);

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
 * Takes start off *text, and what comes before end, which is the part.
 */
static bool
usage_signature_part(
    usage_str_t *text, const char *start, char end, usage_str_t *part)
{
    size_t      len;
    const char *p;

    len = strlen(start);

    if (text->len < len || memcmp(text->data, start, len) != 0) {
        return false;
    }

    part->data = text->data + len;
    p = memchr(part->data, end, text->len - len);
    part->len = p == NULL ? text->len - len : (size_t) (p - part->data);

    text->data = part->data + part->len;
    text->len -= len + part->len;

    return part->len > 0;
}


usage_str_t
usage_signature_access_key(const usage_signed_t *request)
{
    usage_str_t           key, text;
    const usage_header_t *header;

    key.data = "";
    key.len = 0;

    header = usage_signature_first(request, usage_signature_authorization);

    if (header != NULL) {
        text = header->value;

        if (!usage_signature_part(
                &text, USAGE_SIGN_ALGORITHM " Access=", ',', &key)) {
            key.len = 0;
        }
    }

    return key;
}


usage_str_t
usage_signature_names(const usage_signed_t *request)
{
    usage_str_t           names, text;
    const usage_header_t *header;

    names.data = "";
    names.len = 0;

    header = usage_signature_first(request, usage_signature_authorization);

    if (header != NULL) {
        text = header->value;

        if (!usage_signature_part(
                &text, USAGE_SIGN_ALGORITHM " Access=", ',', &names)
            || !usage_signature_part(&text, ", SignedHeaders=", ',', &names))
        {
            names.len = 0;
        }
    }

    return names;
}


bool
usage_signature_signs(usage_str_t names, usage_str_t name)
{
    const char *p, *end, *last;

    last = names.data + names.len;

    for (p = names.data; p < last; p = end + 1) {
        end = memchr(p, ';', (size_t) (last - p));

        if (end == NULL) {
            end = last;
        }

        if ((size_t) (end - p) == name.len
            && strncasecmp(p, name.data, name.len) == 0) {
            return true;
        }
    }

    return false;
}


static bool
usage_signature_is_hex(usage_str_t text)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        if (!((text.data[i] >= '0' && text.data[i] <= '9')
                || (text.data[i] >= 'a' && text.data[i] <= 'f')))
        {
            return false;
        }
    }

    return text.len == USAGE_SIGN_HEX_LEN;
}


/*
 * The Authorization to the letter: what is written otherwise is not what the
 * client's signer wrote.
 */
static usage_result_t
usage_signature_parse(usage_signature_t *signature,
    const usage_signed_t *request, usage_error_t *error)
{
    usage_str_t           text;
    const usage_header_t *header;

    header = usage_signature_first(request, usage_signature_authorization);

    if (header == NULL) {
        return usage_error(error, 401,
            "X-Sdk-Date is sent, but no Authorization with the signature, and "
            "no X-Auth-Token");
    }

    text = header->value;

    if (!usage_signature_part(
            &text, USAGE_SIGN_ALGORITHM " Access=", ',', &signature->access_key)
        || !usage_signature_part(
            &text, ", SignedHeaders=", ',', &signature->names)
        || !usage_signature_part(&text, ", Signature=", ',', &signature->value)
        || text.len != 0 || !usage_signature_is_hex(signature->value))
    {
        return usage_error(error, 401,
            "Authorization has not the form \"" USAGE_SIGN_ALGORITHM
            " Access=<access key>, SignedHeaders=<names, joined by ;>, "
            "Signature=<64 lower-case hexadecimal digits>\"");
    }

    return USAGE_OK;
}


/*
 * One name of SignedHeaders, in order.  Which ones it has is the signer's
 * matter: the vendor's for Go leaves out Host.
 */
static usage_result_t
usage_signature_name(usage_str_t name, usage_str_t last, usage_error_t *error)
{
    size_t i;
    bool   lower;

    lower = name.len > 0;

    for (i = 0; i < name.len; i++) {
        lower = lower && (name.data[i] < 'A' || name.data[i] > 'Z');
    }

    if (!lower || usage_str_order(last, name) >= 0) {
        return usage_error(error, 401,
            "SignedHeaders has to be names in lower case, sorted, each once, "
            "joined by \";\"; at fault: \"%.*s\"",
            usage_shown(name), name.data);
    }

    return USAGE_OK;
}


/*
 * Whether a header of each name was sent.
 */
static usage_result_t
usage_signature_sent(const usage_str_t *names, size_t count,
    const usage_signed_t *request, usage_error_t *error)
{
    bool   sent[USAGE_SIGNATURE_NAMES_MAX + 1] = { false };
    size_t i;

    for (i = 0; i < request->count; i++) {
        sent[usage_sign_find(names, count, request->headers[i].name)] = true;
    }

    for (i = 0; i < count && sent[i]; i++) {
        /* void */
    }

    if (i == count) {
        return USAGE_OK;
    }

    return usage_error(error, 401,
        "the header \"%.*s\" is in SignedHeaders, but did not arrive%s",
        usage_shown(names[i]), names[i].data,
        memchr(names[i].data, '_', names[i].len) == NULL
            ? ""
            : " (nginx passes by names with \"_\", unless "
              "underscores_in_headers is on)");
}


static usage_result_t
usage_signature_check_names(const usage_signature_t *signature,
    const usage_signed_t *request, usage_error_t *error)
{
    size_t      n;
    const char *end;
    usage_str_t last, rest, names[USAGE_SIGNATURE_NAMES_MAX];

    last.data = "";
    last.len = 0;
    rest = signature->names;

    for (n = 0; n < USAGE_SIGNATURE_NAMES_MAX; n++) {
        end = memchr(rest.data, ';', rest.len);

        names[n].data = rest.data;
        names[n].len = end == NULL ? rest.len : (size_t) (end - rest.data);

        if (usage_signature_name(names[n], last, error) != USAGE_OK) {
            return USAGE_ERROR;
        }

        if (end == NULL) {
            return usage_signature_sent(names, n + 1, request, error);
        }

        last = names[n];

        rest.data = end + 1;
        rest.len -= names[n].len + 1;
    }

    return usage_error(error, 401, "SignedHeaders has more than %d names",
        USAGE_SIGNATURE_NAMES_MAX);
}


static usage_result_t
usage_signature_time(usage_signature_t *signature,
    const usage_signed_t *request, int64_t now, int64_t skew,
    usage_error_t *error)
{
    char                  here[USAGE_SIGN_DATE_LEN];
    int64_t               time, late;
    const usage_header_t *header;

    header = usage_signature_first(request, usage_signature_x_sdk_date);

    if (header == NULL) {
        return usage_error(
            error, 401, "the request is signed, but X-Sdk-Date did not arrive");
    }

    signature->date = header->value;

    if (!usage_sign_date_parse(signature->date, &time)) {
        return usage_error(error, 401,
            "X-Sdk-Date is no time of the form 20060102T030405Z: \"%.*s\"",
            usage_shown(signature->date), signature->date.data);
    }

    late = now - time;

    if (late > skew || late < -skew) {
        usage_sign_date_write(now, here);

        return usage_error(error, 401,
            "X-Sdk-Date is %.*s, which is %lld seconds %s: here it is %.*s, "
            "and %lld seconds are allowed. The client's clock is wrong, or an "
            "old request came again",
            (int) signature->date.len, signature->date.data,
            (long long) (late < 0 ? -late : late), late < 0 ? "ahead" : "ago",
            (int) USAGE_SIGN_DATE_LEN, here, (long long) skew);
    }

    return USAGE_OK;
}


static usage_result_t
usage_signature_body(usage_signature_t *signature,
    const usage_signed_t *request, usage_error_t *error)
{
    char hex[USAGE_SIGN_HEX_LEN];

    if (usage_sign_hash(request->body, hex) != USAGE_OK
        || usage_sign_content(request, signature->hex, &signature->content)
               != USAGE_OK)
    {
        return usage_error(error, 500, "libcrypto makes no SHA-256");
    }

    if (signature->content.len != USAGE_SIGN_HEX_LEN
        || strncasecmp(signature->content.data, hex, USAGE_SIGN_HEX_LEN) != 0)
    {
        return usage_error(error, 401,
            "X-Sdk-Content-Sha256 is \"%.*s\", but the body that arrived has "
            "%zu bytes and the SHA-256 %.*s",
            usage_shown(signature->content), signature->content.data,
            request->body.len, USAGE_SIGN_HEX_LEN, hex);
    }

    return USAGE_OK;
}


/*
 * The legacy call has no parameters; a signer's few are sorted for each reading
 * of them.
 */
static usage_result_t
usage_signature_query(const usage_signed_t *request, usage_error_t *error)
{
    size_t i, n;

    n = 1;

    for (i = 0; i < request->query.len; i++) {
        n += request->query.data[i] == '&' ? 1 : 0;
    }

    return n <= USAGE_SIGNATURE_PARAMETERS_MAX
               ? USAGE_OK
               : usage_error(error, 401,
                   "the query has more than %d parameters",
                   USAGE_SIGNATURE_PARAMETERS_MAX);
}


usage_result_t
usage_signature_read(usage_signature_t *signature,
    const usage_signed_t *request, int64_t now, int64_t skew,
    usage_error_t *error)
{
    static const usage_str_t *const once[] = { &usage_signature_authorization,
        &usage_signature_x_sdk_date, &usage_signature_content };

    size_t i;

    for (i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        if (usage_signature_twice(request, *once[i])) {
            return usage_error(
                error, 401, "the header \"%s\" is sent twice", once[i]->data);
        }
    }

    if (usage_signature_parse(signature, request, error) != USAGE_OK
        || usage_signature_time(signature, request, now, skew, error)
               != USAGE_OK
        || usage_signature_check_names(signature, request, error) != USAGE_OK
        || usage_signature_query(request, error) != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return usage_signature_body(signature, request, error);
}


/*
 * Tells the client's developer enough to find the step that differs, and
 * nothing that depends on whether the access key is known.
 */
static usage_result_t
usage_signature_wrong(const usage_signature_t *signature,
    const usage_signed_t *request, usage_str_t canonical, usage_error_t *error)
{
    char                  hex[USAGE_SIGN_HEX_LEN];
    usage_str_t           host;
    const usage_header_t *header;

    header = usage_signature_first(request, usage_signature_host);
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
