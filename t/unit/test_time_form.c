/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The form of use_time, by the client's User-Agent.
 */

#include "unit.h"
#include "reply/usage_time_form.h"


static void
is(const char *user_agent, usage_time_form_t form)
{
    assert_int_equal(usage_time_form(unit_str(user_agent)), form);
}


static void
test_strings(void **state)
{
    (void) state;

    is("huaweicloud-usdk-go", USAGE_TIME_STRING);
    is("huaweicloud-usdk-go/3.0 (linux; amd64)", USAGE_TIME_STRING);
    is("huaweicloud-usdk-java/3.0", USAGE_TIME_STRING);
}


static void
test_numbers(void **state)
{
    usage_str_t none = { NULL, 0 };

    (void) state;

    assert_int_equal(usage_time_form(none), USAGE_TIME_NUMBER);

    is("", USAGE_TIME_NUMBER);
    is("huaweicloud-usdk-g", USAGE_TIME_NUMBER);
    is("huaweicloud-usdk-python/3.0", USAGE_TIME_NUMBER);
    is("huaweicloud-usdk-nodejs/3.0", USAGE_TIME_NUMBER);
    is("huaweicloud-usdk-net/3.0", USAGE_TIME_NUMBER);
    is("Huaweicloud-usdk-go/3.0", USAGE_TIME_NUMBER);
    is("curl/8.0 huaweicloud-usdk-go", USAGE_TIME_NUMBER);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
