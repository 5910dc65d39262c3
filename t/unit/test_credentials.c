/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The file of access keys.
 */

#include "unit.h"
#include "sign/usage_credentials.h"


#define SECRET "s3cr3t"


static usage_result_t
read_text(unit_arena_t *arena, usage_credentials_t *credentials,
    const char *text, usage_error_t *error)
{
    char          *copy;
    usage_str_t    str;
    usage_result_t rc;

    str = unit_str(text);
    copy = unit_exact(str);
    str.data = copy;

    rc = usage_credentials_read(credentials, str, &arena->pool, error);

    free(copy);

    return rc;
}


static void
test_read(void **state)
{
    unit_arena_t              arena;
    usage_error_t             error;
    usage_credentials_t       credentials;
    const usage_credential_t *credential;

    (void) state;

    unit_arena_start(&arena);

    assert_int_equal(
        read_text(&arena, &credentials,
            "{\"AK1\": {\"sk\": \"one\"},"
            " \"AK2\": {\"security_token\": \"t==\", \"sk\": \"zwei \\u00e4\"},"
            " \"AK3\": {\"sk\": \"3\", \"security_token\": \"\"}}",
            &error),
        USAGE_OK);

    assert_int_equal(credentials.count, 3);

    credential = usage_credentials_find(&credentials, unit_str("AK1"));
    assert_non_null(credential);
    assert_true(unit_is(credential->secret, "one"));
    assert_true(unit_is(credential->security_token, ""));

    credential = usage_credentials_find(&credentials, unit_str("AK2"));
    assert_non_null(credential);
    assert_true(unit_is(credential->secret, "zwei \xc3\xa4"));
    assert_true(unit_is(credential->security_token, "t=="));

    assert_non_null(usage_credentials_find(&credentials, unit_str("AK3")));
    assert_null(usage_credentials_find(&credentials, unit_str("AK4")));
    assert_null(usage_credentials_find(&credentials, unit_str("AK")));
    assert_null(usage_credentials_find(&credentials, unit_str("ak1")));
    assert_null(usage_credentials_find(&credentials, unit_str("")));

    usage_credentials_wipe(&credentials);

    assert_null(usage_credentials_find(&credentials, unit_str("AK1")));

    assert_int_equal(read_text(&arena, &credentials, "{}", &error), USAGE_OK);
    assert_int_equal(credentials.count, 0);

    unit_arena_free(&arena);
}


/* Each says what is wrong, and nothing of what the file holds. */

static void
test_wrong(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        { "", "not valid JSON" },
        { "{\"AK\": {\"sk\": \"" SECRET "\"}", "not valid JSON" },
        { "{\"AK\": {\"sk\": \"" SECRET "\"}} x", "line 1" },
        { "{\n\"AK\": " SECRET "}", "line 2" },
        { "{\"AK\": {\"sk\": \"" SECRET "\\u0000\"}}", "not valid JSON" },
        { "{\"AK\": {\"sk\": \"a\"},\n\"AK\": {\"sk\": \"" SECRET "\"}}",
            "twice: line 2" },
        { "{\"AK\": {\"sk\": \"a\", \"sk\": \"" SECRET "\"}}", "twice" },
        { "[\"" SECRET "\"]", "not a JSON object" },
        { "{\"AK\": \"" SECRET "\"}", "access key 1: not an object" },
        { "{\"AK\": {}}", "access key 1: no \"sk\"" },
        { "{\"AK\": {\"sk\": \"\"}}", "access key 1: no \"sk\"" },
        { "{\"AK\": {\"sk\": 1}}", "\"sk\" is not a string" },
        { "{\"A\": {\"sk\": \"" SECRET "\"}, \"B\": {\"SK\": \"" SECRET "\"}}",
            "access key 2: a member that is neither" },
        { "{\"AK\": {\"sk\": \"" SECRET "\", \"security_token\": null}}",
            "\"security_token\" is not a string" },
        { "{\"AK\": {\"sk\": \"x\", \"security_token\": \"" SECRET "\\n\"}}",
            "can't be sent" },
        { "{\"\": {\"sk\": \"" SECRET "\"}}", "access key 1: empty" },
        { "{\"A,K\": {\"sk\": \"" SECRET "\"}}", "access key 1: empty" },
        { "{\"A K\": {\"sk\": \"" SECRET "\"}}", "access key 1: empty" },
    };

    size_t              i;
    unit_arena_t        arena;
    usage_error_t       error;
    usage_credentials_t credentials;

    (void) state;

    unit_arena_start(&arena);

    for (i = 0; i < unit_count(cases); i++) {
        if (read_text(&arena, &credentials, cases[i].text, &error) == USAGE_OK)
        {
            fail_msg("read: %s", cases[i].text);
        }

        if (strstr(error.detail, cases[i].says) == NULL
            || strstr(error.detail, SECRET) != NULL)
        {
            fail_msg("%s: \"%s\"", cases[i].text, error.detail);
        }
    }

    unit_arena_free(&arena);
}


static void
test_memory(void **state)
{
    size_t              left;
    unit_arena_t        arena;
    usage_error_t       error;
    usage_credentials_t credentials;

    (void) state;

    unit_arena_start(&arena);

    for (left = 0; arena.left = left,
        read_text(&arena, &credentials,
            "{\"A\": {\"sk\": \"a\", \"security_token\": \"b\"}}", &error)
             != USAGE_OK;
         left++)
    {
        assert_string_equal(error.detail, "out of memory");
        usage_credentials_wipe(&credentials);
    }

    assert_int_equal(left, 4);

    unit_arena_free(&arena);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
