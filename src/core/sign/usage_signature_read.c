/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Checks of a signature that take no secret: its form, its date, what it
 * covers, and the body's hash.
 */

#include "sign/usage_signature_private.h"

#include <strings.h>


static const usage_str_t usage_signature_authorization =
    usage_string("authorization");
static const usage_str_t usage_signature_x_sdk_date =
    usage_string("x-sdk-date");
static const usage_str_t usage_signature_content =
    usage_string("x-sdk-content-sha256");


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
 * Reads the Authorization.  It has to have the documented form to the letter:
 * anything else is not what the client's signer wrote.
 */
static usage_result_t
usage_signature_parse(usage_signature_t *signature,
    const usage_signed_t *request, usage_error_t *error)
{
    if (usage_sign_header(request, usage_signature_authorization) == NULL) {
        return usage_error(error, 401,
            "X-Sdk-Date is sent, but no Authorization with the signature, and "
            "no X-Auth-Token");
    }

    if (!usage_signature_split(signature, request)
        || !usage_signature_is_hex(signature->value))
    {
        return usage_error(error, 401,
            "Authorization has not the form \"" USAGE_SIGN_ALGORITHM
            " Access=<access key>, SignedHeaders=<names, joined by ;>, "
            "Signature=<64 lower-case hexadecimal digits>\"");
    }

    return USAGE_OK;
}


/*
 * Checks a name of SignedHeaders: it is in lower case, and comes after last,
 * the one before it.  Which names there are is up to the signer: the vendor's
 * SDK for Go does not sign Host.
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
 * Checks that a header of each name was sent.
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
        /* look for the first one that was not sent */
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


/*
 * Checks SignedHeaders.
 */
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


/*
 * Reads X-Sdk-Date, and checks that it is at most skew seconds from now.
 */
static usage_result_t
usage_signature_time(usage_signature_t *signature,
    const usage_signed_t *request, int64_t now, int64_t skew,
    usage_error_t *error)
{
    char                  here[USAGE_SIGN_DATE_LEN];
    int64_t               time, late;
    const usage_header_t *header;

    header = usage_sign_header(request, usage_signature_x_sdk_date);

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


/*
 * Checks that the body is the one whose hash is signed.
 */
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
 * Bounds the parameters of the query: they are sorted once for each reading.
 * The legacy call has none, and a client's signer may add a few.
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
        if (usage_sign_header_twice(request, *once[i])) {
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
