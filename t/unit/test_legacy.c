/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Replies of the legacy endpoint, and how they are judged.
 */

#include "unit.h"
#include "compare/usage_legacy.h"


#define LIST                                                                   \
    "{\"desktop_used_info_list\":[{\"desktop_id\":\"d\"}],\"total_count\":1}"
#define ERR   "{\"error_code\":\"WKS.0001\",\"error_msg\":\"no\"}"
#define THERE "{\"error_msg\":\"no\",\"error_code\":\"APIGW.0101\"}"


static usage_legacy_t
judge(usage_legacy_reply_t *reply, unsigned status, const char *body,
    bool encoded)
{
    usage_str_t text = { body, strlen(body) };

    return usage_legacy_judge(reply, status, text, encoded);
}


static void
test_table(void **state)
{
    size_t               i;
    usage_legacy_t       verdict;
    usage_legacy_reply_t reply;

    static const struct {
        unsigned       status;
        const char    *body;
        usage_legacy_t verdict;
        const char    *code;
    } rows[] = {
        { 200, LIST, USAGE_LEGACY_ANSWER, "" },
        { 200, " " LIST "\n", USAGE_LEGACY_ANSWER, "" },
        { 200, "{\"desktop_used_info_list\":[],\"total_count\":0}",
            USAGE_LEGACY_ANSWER, "" },
        { 200, "{}", USAGE_LEGACY_ANSWER, "" },
        { 200, "{\"data\":" LIST "}", USAGE_LEGACY_ANSWER, "" },
        { 400, "", USAGE_LEGACY_ANSWER, "" },
        { 401, "<html>", USAGE_LEGACY_ANSWER, "" },
        { 403, "{\"error_code\":17}", USAGE_LEGACY_ANSWER, "" },
        { 400, ERR, USAGE_LEGACY_ANSWER, "WKS.0001" },
        { 401, ERR, USAGE_LEGACY_ANSWER, "WKS.0001" },
        { 403, ERR, USAGE_LEGACY_ANSWER, "WKS.0001" },
        { 409, ERR, USAGE_LEGACY_ANSWER, "WKS.0001" },
        { 429, ERR, USAGE_LEGACY_ANSWER, "WKS.0001" },
        { 500, ERR, USAGE_LEGACY_ANSWER, "WKS.0001" },
        { 503, ERR, USAGE_LEGACY_ANSWER, "WKS.0001" },

        { 404, ERR, USAGE_LEGACY_GONE, "WKS.0001" },
        { 404, "", USAGE_LEGACY_GONE, "" },
        { 405, "<html>", USAGE_LEGACY_GONE, "" },
        { 410, "", USAGE_LEGACY_GONE, "" },
        { 501, "", USAGE_LEGACY_GONE, "" },
        { 404, THERE, USAGE_LEGACY_GONE, "APIGW.0101" },
        { 400, THERE, USAGE_LEGACY_GONE, "APIGW.0101" },
        { 200, THERE, USAGE_LEGACY_GONE, "APIGW.0101" },
        { 502, THERE, USAGE_LEGACY_GONE, "APIGW.0101" },
        { 400, "{\"error_code\":\"APIG.0101\"}", USAGE_LEGACY_GONE,
            "APIG.0101" },
        { 200, "{\"error_code\":\"APIG.0101\"}", USAGE_LEGACY_GONE,
            "APIG.0101" },
        { 400, "{\"error_code\":\"APIG.0308\"}", USAGE_LEGACY_ANSWER,
            "APIG.0308" },

        { 200, "", USAGE_LEGACY_SILENT, "" },
        { 200, "[]", USAGE_LEGACY_SILENT, "" },
        { 200, "<html>sign in</html>", USAGE_LEGACY_SILENT, "" },
        { 200, "{\"desktop_used_info_list\":[{\"desktop_id\":",
            USAGE_LEGACY_SILENT, "" },
        { 200, LIST "}", USAGE_LEGACY_SILENT, "" },
        { 200, ERR, USAGE_LEGACY_SILENT, "WKS.0001" },
        { 204, "", USAGE_LEGACY_SILENT, "" },
        { 302, "", USAGE_LEGACY_SILENT, "" },
        { 302, ERR, USAGE_LEGACY_SILENT, "WKS.0001" },
        { 500, "{\"error_code\":17}", USAGE_LEGACY_SILENT, "" },
        { 500, "{\"error_code\":{\"error_code\":\"WKS.0001\"}}",
            USAGE_LEGACY_SILENT, "" },
        { 500, "{\"error_code\":[{\"a\":1}]}", USAGE_LEGACY_SILENT, "" },
        { 500, "{\"error_code\":\"WKS.0001\"", USAGE_LEGACY_SILENT, "" },
        { 500, "", USAGE_LEGACY_SILENT, "" },
        { 503, "upstream connect error", USAGE_LEGACY_SILENT, "" },
        { 502, ERR, USAGE_LEGACY_SILENT, "WKS.0001" },
        { 504, ERR, USAGE_LEGACY_SILENT, "WKS.0001" },
    };

    (void) state;

    for (i = 0; i < unit_count(rows); i++) {
        verdict = judge(&reply, rows[i].status, rows[i].body, false);

        if (verdict != rows[i].verdict) {
            fail_msg("%u %s: %d", rows[i].status, rows[i].body, verdict);
        }

        assert_string_equal(reply.code, rows[i].code);
        assert_int_equal(
            reply.error.detail[0] == '\0', verdict == USAGE_LEGACY_ANSWER);
    }
}


static void
test_words(void **state)
{
    usage_legacy_reply_t reply;

    (void) state;

    (void) judge(&reply, 410, "", false);
    assert_string_equal(reply.error.detail, "the legacy endpoint answered 410");
    (void) judge(&reply, 400, THERE, false);
    assert_string_equal(
        reply.error.detail, "the legacy endpoint answered 400, APIGW.0101");
    (void) judge(&reply, 200, "[]", false);
    assert_string_equal(reply.error.detail,
        "the legacy endpoint answered 200 without a legacy reply");
    (void) judge(&reply, 503, "", false);
    assert_string_equal(reply.error.detail,
        "the legacy endpoint answered 503 without an error of its API");
}


static void
test_encoded(void **state)
{
    usage_legacy_reply_t reply;

    (void) state;

    assert_int_equal(judge(&reply, 200, "\x1f\x8b", true), USAGE_LEGACY_ANSWER);
    assert_int_equal(judge(&reply, 403, "\x1f\x8b", true), USAGE_LEGACY_ANSWER);
    assert_int_equal(judge(&reply, 410, "\x1f\x8b", true), USAGE_LEGACY_GONE);
    assert_int_equal(judge(&reply, 504, "\x1f\x8b", true), USAGE_LEGACY_SILENT);
    assert_int_equal(judge(&reply, 302, "\x1f\x8b", true), USAGE_LEGACY_SILENT);
}


/*
 * A code that is too long is cut.
 */
static void
test_long_code(void **state)
{
    char                 body[400];
    usage_legacy_reply_t reply;

    (void) state;

    (void) snprintf(body, sizeof(body), "{\"error_code\":\"%0200d\"}", 7);

    assert_int_equal(judge(&reply, 400, body, false), USAGE_LEGACY_ANSWER);
    assert_int_equal(strlen(reply.code), USAGE_LEGACY_CODE_MAX);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_encoded),
        cmocka_unit_test(test_long_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
