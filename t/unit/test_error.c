/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Errors (translation.md, "Errors"): the table, the JSON, and what is passed
 * on.
 */

#include "unit.h"
#include "base/usage_error.h"

#include <jansson.h>


static void
test_table(void **state)
{
    size_t   i;
    unsigned status;

    static const struct {
        unsigned    status;
        const char *code;
        const char *msg;
    } rows[] = {
        { 400, "APIGW.0201", "API request error" },
        { 404, "APIGW.0101", "The API does not exist" },
        { 405, "APIGW.0101", "The API does not exist" },
        { 413, "APIGW.0201", "Request entity too large" },
        { 429, "APIGW.0308", "The throttling threshold has been reached" },
        { 502, "APIGW.0201", "Backend unavailable" },
        { 504, "APIGW.0201", "Backend timeout" },
        { 500, "APIGW.0601", "Internal server error" },
    };

    (void) state;

    for (i = 0; i < unit_count(rows); i++) {
        assert_string_equal(usage_error_code(rows[i].status), rows[i].code);
        assert_string_equal(usage_error_msg(rows[i].status), rows[i].msg);
    }

    assert_string_equal(usage_error_code(401), "APIGW.0301");
    assert_string_equal(usage_error_code(403), "APIGW.0302");

    /* legacy.md: at most 12 and 1000 characters; there is always something */

    for (status = 400; status < 600; status++) {
        assert_in_range(strlen(usage_error_code(status)), 1, 12);
        assert_in_range(strlen(usage_error_msg(status)), 1, 1000);
    }
}


static void
test_fill(void **state)
{
    char          expected[sizeof(((usage_error_t *) 0)->detail)];
    usage_error_t error;

    (void) state;

    assert_int_equal(usage_error(&error, 418, "%s %d", "tea", 3), USAGE_ERROR);
    assert_int_equal(error.status, 418);
    assert_string_equal(error.detail, "tea 3");

    assert_int_equal(usage_error(&error, 400, "%01000d", 0), USAGE_ERROR);
    memset(expected, '0', sizeof(expected));
    expected[sizeof(expected) - 1] = '\0';
    assert_string_equal(error.detail, expected);
}


/*
 * A value is shown with at most 100 bytes, and no character is cut.
 */
static void
test_shown(void **state)
{
    size_t      i, k, n, len;
    unit_text_t text = { 0 };
    usage_str_t str;

    static const char *const chars[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
        "\xf0\x9f\x98\x80" };

    (void) state;

    for (i = 0; i < unit_count(chars); i++) {
        for (k = 0; k < 4; k++) {
            unit_text_clear(&text);
            unit_add(&text, "aaaa", k);

            for (n = 0; n < 60; n++) {
                unit_adds(&text, chars[i]);
            }

            for (len = k; len <= text.len; len += strlen(chars[i])) {
                str.data = text.data;
                str.len = len;
                n = (size_t) usage_shown(str);

                if (len <= 100) {
                    assert_int_equal(n, len);
                    continue;
                }

                assert_true(n <= 100 && n > 100 - strlen(chars[i]));
                assert_int_equal((n - k) % strlen(chars[i]), 0);
            }
        }
    }

    assert_int_equal(usage_shown(unit_str("")), 0);
    unit_text_free(&text);
}


static void
check_json(unsigned status, const char *detail, const char *expected)
{
    char          buffer[USAGE_ERROR_JSON_MAX], *exact;
    size_t        len;
    json_t       *root;
    usage_error_t error;

    exact = unit_must(malloc(sizeof(buffer)));
    len = usage_error_json(status, detail, exact);
    assert_true(len <= sizeof(buffer));

    root = json_loadb(exact, len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "error_code")),
        usage_error_code(status));
    assert_string_equal(json_string_value(json_object_get(root, "error_msg")),
        usage_error_msg(status));

    if (expected == NULL) {
        assert_null(json_object_get(root, "error_detail"));
        assert_int_equal(json_object_size(root), 2);

    } else {
        assert_string_equal(
            json_string_value(json_object_get(root, "error_detail")), expected);
        assert_int_equal(json_object_size(root), 3);
    }

    /* an error of ours that is passed on has the API's form */

    if (status == 400) {
        usage_str_t body = { exact, len };

        assert_true(usage_error_upstream(400, body, &error));
    }

    json_decref(root);
    free(exact);
}


static void
test_json(void **state)
{
    char     longest[sizeof(((usage_error_t *) 0)->detail)];
    unsigned status;

    (void) state;

    for (status = 400; status < 600; status++) {
        check_json(
            status, "limit 101 is out of range", "limit 101 is out of range");
        check_json(status, "", NULL);
    }

    check_json(400, "a \"b\" \\ \n \xc3\xa9", "a \"b\" \\ \n \xc3\xa9");
    check_json(400, "cut \xe2\x82", "cut ??");

    memset(longest, '\x01', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    check_json(413, longest, longest);
}


static const unsigned passed[] = { 400, 401, 403, 404, 409, 429, 500, 501, 502,
    503, 504, 599 };


/*
 * An error of the API's goes back as it is.
 */
static void
test_upstream_passed(void **state)
{
    size_t        i, k;
    usage_error_t error;

    static const char *const bodies[] = {
        "{\"error_code\":\"APIGW.0301\",\"error_msg\":\"m\"}",
        "{\"error_code\":\"WKS.00010001\"}",
        " {\"x\":[1],\"error_msg\":null,\"error_code\":\"\xc3\xa9\"}\n",
        "{\"error_code\":\"PAP5.0011\",\"error_msg\":\"m\","
        "\"encoded_authorization_message\":\"abc\"}",
    };

    (void) state;

    for (i = 0; i < unit_count(passed); i++) {
        for (k = 0; k < unit_count(bodies); k++) {
            memset(&error, 0, sizeof(error));
            assert_true(
                usage_error_upstream(passed[i], unit_str(bodies[k]), &error));
            assert_int_equal(error.status, passed[i]);
        }
    }

    assert_true(usage_error_upstream(403, unit_str(bodies[0]), &error));
    assert_non_null(strstr(error.detail, "403"));
    assert_non_null(strstr(error.detail, "APIGW.0301"));
}


/*
 * An error without the API's form: 401, 403 and 429 keep their status, any
 * other becomes a 502.
 */
static void
test_upstream_without_form(void **state)
{
    size_t        i, k;
    unsigned      status, expected;
    usage_error_t error;

    static const usage_str_t bodies[] = {
        usage_string(""),
        usage_string("<html>"),
        usage_string("{}"),
        usage_string("[]"),
        usage_string("[\"error_code\"]"),
        usage_string("null"),
        usage_string("\"error_code\""),
        usage_string("{\"error_msg\":\"m\"}"),
        usage_string("{\"error_code\":null}"),
        usage_string("{\"error_code\":1}"),
        usage_string("{\"error_code\":[\"a\"]}"),
        usage_string("{\"Error_code\":\"a\"}"),
        usage_string("{\"x\":{\"error_code\":\"a\"}}"),
        usage_string("{\"error_code\":\"a\""),
        usage_string("{\"error_code\":\"a\"} x"),
        usage_string("{\"error_code\":\"\xff\"}"),
        usage_string("{\"error_code\":\"a\",\"x\":1\0}"),
    };

    (void) state;

    for (i = 0; i < unit_count(passed); i++) {
        for (k = 0; k < unit_count(bodies); k++) {
            status = passed[i];
            expected =
                status == 401 || status == 403 || status == 429 ? status : 502;
            memset(&error, 0, sizeof(error));
            assert_false(usage_error_upstream(status, bodies[k], &error));
            assert_int_equal(error.status, expected);
            assert_true(error.detail[0] != '\0');
        }
    }
}


/*
 * The body of a reply without one may be NULL.
 */
static void
test_upstream_without_body(void **state)
{
    size_t        i;
    usage_error_t error;

    static const usage_str_t nothing = { NULL, 0 };

    (void) state;

    for (i = 0; i < unit_count(passed); i++) {
        assert_false(usage_error_upstream(passed[i], nothing, &error));
    }

    assert_false(usage_error_upstream(302, nothing, &error));
    assert_int_equal(error.status, 502);
}


/*
 * Any other status is a 502, and an error of the API is told.
 */
static void
test_upstream_other_status(void **state)
{
    size_t        i;
    unsigned      status;
    usage_str_t   body;
    usage_error_t error;

    (void) state;

    body = unit_str("{\"error_code\":\"APIGW.0301\",\"error_msg\":\"m\"}");

    for (status = 100; status < 1000; status++) {
        for (i = 0; i < unit_count(passed); i++) {
            if (status == passed[i]) {
                break;
            }
        }

        if (i < unit_count(passed) || (status >= 500 && status <= 599)) {
            continue;
        }

        memset(&error, 0, sizeof(error));
        assert_false(usage_error_upstream(status, body, &error));
        assert_int_equal(error.status, 502);
        assert_non_null(
            strstr(error.detail, "error of its API: APIGW.0301, m"));
    }

    assert_false(usage_error_upstream(302, unit_str("{}"), &error));
    assert_string_equal(
        error.detail, "the upstream answered 302, expected 200");
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_upstream_passed),
        cmocka_unit_test(test_upstream_without_form),
        cmocka_unit_test(test_upstream_without_body),
        cmocka_unit_test(test_upstream_other_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
