/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Finding the error_code of a reply, and judging the reply.
 */

#include "compare/usage_legacy.h"
#include "scan/usage_scan.h"


/*
 * A reader of the body, which looks for the error_code.
 */
typedef struct {
    usage_legacy_reply_t *reply;
    unsigned              depth;  /* open containers */
    bool                  object; /* the body is an object */
} usage_legacy_reader_t;


static usage_result_t
usage_legacy_key(void *data, usage_str_t name, bool *wanted)
{
    usage_legacy_reader_t *reader;

    static const usage_str_t code = usage_string("error_code");

    reader = data;

    *wanted = reader->depth == 1 && usage_str_equal(name, code);

    return USAGE_OK;
}


static usage_result_t
usage_legacy_value(void *data, const usage_scan_value_t *value)
{
    size_t                 len;
    usage_legacy_reader_t *reader;

    reader = data;

    if (reader->depth == 1 && value->kind == USAGE_SCAN_STRING) {
        len = value->text.len;
        len = len < USAGE_LEGACY_CODE_MAX ? len : USAGE_LEGACY_CODE_MAX;

        memcpy(reader->reply->code, value->text.data, len);
        reader->reply->code[len] = '\0';
    }

    return USAGE_OK;
}


static usage_result_t
usage_legacy_open(void *data, bool object)
{
    usage_legacy_reader_t *reader;

    reader = data;

    if (reader->depth == 0) {
        reader->object = object;
    }

    reader->depth++;

    return USAGE_OK;
}


static usage_result_t
usage_legacy_close(void *data)
{
    ((usage_legacy_reader_t *) data)->depth--;

    return USAGE_OK;
}


static const usage_scan_handler_t usage_legacy_handler = {
    usage_legacy_key,
    usage_legacy_value,
    usage_legacy_open,
    usage_legacy_close,
    NULL,
};


/*
 * Reads a body, and puts its error_code to reply->code.  false: it is no JSON
 * object.
 */
static bool
usage_legacy_read(usage_legacy_reply_t *reply, usage_str_t body)
{
    usage_scan_t          scan;
    usage_legacy_reader_t reader;

    reader.reply = reply;
    reader.depth = 0;
    reader.object = false;

    usage_scan_start(&scan, &usage_legacy_handler, &reader);

    if (usage_scan_feed(&scan, body.data, body.len) != USAGE_OK
        || usage_scan_end(&scan) != USAGE_OK)
    {
        reply->code[0] = '\0';
        return false;
    }

    return reader.object;
}


/*
 * Tells whether an error_code says that there is no such API, as one or the
 * other of the vendor's gateways writes it.
 */
static bool
usage_legacy_not_there(const char *code)
{
    return strcmp(code, "APIGW.0101") == 0 || strcmp(code, "APIG.0101") == 0;
}


usage_legacy_t
usage_legacy_judge(usage_legacy_reply_t *reply, unsigned status,
    usage_str_t body, bool encoded)
{
    bool json;

    memset(reply, 0, sizeof(*reply));

    json = !encoded && usage_legacy_read(reply, body);

    if (status == 404 || status == 405 || status == 410 || status == 501
        || usage_legacy_not_there(reply->code))
    {
        (void) usage_error(&reply->error, status,
            "the legacy endpoint answered %u%s%s", status,
            reply->code[0] ? ", " : "", reply->code);
        return USAGE_LEGACY_GONE;
    }

    if ((status == 200 && (encoded || (json && reply->code[0] == '\0')))
        || (status >= 400 && status <= 499)
        || (status >= 500 && status <= 599 && status != 502 && status != 504
            && (reply->code[0] || encoded)))
    {
        return USAGE_LEGACY_ANSWER;
    }

    (void) usage_error(&reply->error, status,
        "the legacy endpoint answered %u%s", status,
        status == 200    ? " without a legacy reply"
        : reply->code[0] ? ""
                         : " without an error of its API");

    return USAGE_LEGACY_SILENT;
}
