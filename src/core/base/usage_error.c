/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Statuses and their words; an error reply, written and read.
 */

#include "base/usage_error.h"
#include "base/usage_json.h"

#include <stdarg.h>
#include <stdio.h>


typedef struct {
    unsigned    status;
    const char *code;
    const char *msg;
} usage_error_row_t;


/* the last two rows stand for any other 4xx and 5xx */

static const usage_error_row_t usage_errors[] = {
    { 401, "APIGW.0301", "Incorrect IAM authentication information" },
    { 403, "APIGW.0302", "The IAM user is not authorized to access this API" },
    { 404, "APIGW.0101", "The API does not exist" },
    { 405, "APIGW.0101", "The API does not exist" },
    { 408, "APIGW.0201", "Request timeout" },
    { 413, "APIGW.0201", "Request entity too large" },
    { 429, "APIGW.0308", "The throttling threshold has been reached" },
    { 502, "APIGW.0201", "Backend unavailable" },
    { 503, "APIGW.0201", "Backend unavailable" },
    { 504, "APIGW.0201", "Backend timeout" },
    { 499, "APIGW.0201", "API request error" },
    { 599, "APIGW.0601", "Internal server error" },
};

#define USAGE_ERRORS (sizeof(usage_errors) / sizeof(usage_errors[0]))


static const usage_error_row_t *
usage_error_row(unsigned status)
{
    size_t i;

    for (i = 0; i < USAGE_ERRORS - 2; i++) {
        if (usage_errors[i].status == status) {
            return &usage_errors[i];
        }
    }

    return &usage_errors[status < 500 ? USAGE_ERRORS - 2 : USAGE_ERRORS - 1];
}


usage_result_t
usage_error(usage_error_t *error, unsigned status, const char *format, ...)
{
    va_list args;

    error->status = status;

    va_start(args, format);
    (void) vsnprintf(error->detail, sizeof(error->detail), format, args);
    va_end(args);

    /* the detail may quote what a client or an upstream sent */

    error->detail[usage_text_clean(error->detail, strlen(error->detail))] =
        '\0';

    return USAGE_ERROR;
}


usage_result_t
usage_no_memory(const usage_pool_t *pool, usage_error_t *error)
{
    size_t      max;
    const char *unit;

    if (pool->budget == NULL || !pool->budget->over) {
        return usage_error(error, 500, "out of memory");
    }

    max = pool->budget->max;
    unit = "";

    if (max % 1024 == 0) {
        unit = max % (1024 * 1024) == 0 ? "m" : "k";
        max /= *unit == 'm' ? 1024 * 1024 : 1024;
    }

    return usage_error(error, 502,
        "the call takes more than usage_memory (%zu%s): ask for fewer days or "
        "desktops, or raise it",
        max, unit);
}


const char *
usage_error_code(unsigned status)
{
    return usage_error_row(status)->code;
}


const char *
usage_error_msg(unsigned status)
{
    return usage_error_row(status)->msg;
}


int
usage_shown(usage_str_t value)
{
    size_t len;

    if (value.len <= USAGE_SHOWN_MAX) {
        return (int) value.len;
    }

    len = USAGE_SHOWN_MAX;

    while (len > 0 && ((unsigned char) value.data[len] & 0xc0) == 0x80) {
        len--;
    }

    return (int) len;
}


size_t
usage_show(usage_str_t value, char *buffer)
{
    size_t len;

    len = (size_t) usage_shown(value);

    if (len > 0) {
        memcpy(buffer, value.data, len);
    }

    return usage_text_clean(buffer, len);
}


size_t
usage_error_json(unsigned status, const char *detail, char *buffer)
{
    char       *p;
    usage_str_t text;

    p = buffer;
    p += sprintf(p, "{\"error_code\":\"%s\",\"error_msg\":\"%s\"",
        usage_error_code(status), usage_error_msg(status));

    if (detail[0] != '\0') {
        text.data = detail;
        text.len = strlen(detail);

        p += sprintf(p, ",\"error_detail\":");
        p = usage_json_write_string(p, text);
    }

    *p++ = '}';

    return (size_t) (p - buffer);
}


usage_result_t
usage_error_told(
    usage_error_t *error, unsigned status, usage_str_t code, usage_str_t msg)
{
    return usage_error(error, 502,
        "the upstream answered %u with an error of its API: %.*s%s%.*s", status,
        usage_shown(code), code.data, msg.len > 0 ? ", " : "", usage_shown(msg),
        msg.data);
}


/*
 * Tells whether an upstream's reply has the form of the API's errors.  Then
 * *error says which error it is; passed: it goes back to the client.
 */
static bool
usage_error_has_form(
    unsigned status, usage_str_t body, bool passed, usage_error_t *error)
{
    bool         form;
    json_t      *root;
    usage_str_t  code;
    json_error_t reason;

    root = usage_json_load(body, USAGE_JSON_ERROR, 0, &reason);
    form = json_is_string(json_object_get(root, "error_code"));
    code = usage_json_text(root, "error_code");

    if (form && passed) {
        (void) usage_error(error, status, "the upstream answered %u, %.*s",
            status, usage_shown(code), code.data);

    } else if (form) {
        (void) usage_error_told(
            error, status, code, usage_json_text(root, "error_msg"));
    }

    json_decref(root);

    return form;
}


bool
usage_error_upstream(unsigned status, usage_str_t body, usage_error_t *error)
{
    bool passed;

    passed = status == 400 || status == 401 || status == 403 || status == 404
             || status == 409 || status == 429
             || (status >= 500 && status <= 599);

    if (usage_error_has_form(status, body, passed, error)) {
        return passed;
    }

    switch (status) {

    case 401:
    case 403:
        (void) usage_error(error, status,
            "the upstream answered %u without an error of its API", status);
        break;

    case 429:
        (void) usage_error(
            error, status, "the upstream refuses further calls for now (429)");
        break;

    default:
        (void) usage_error(error, 502,
            "the upstream answered %u%s, expected 200", status,
            passed ? " without an error of its API" : "");
        break;
    }

    return false;
}
