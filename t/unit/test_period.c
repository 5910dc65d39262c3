/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The period that the words of a refusal name.
 */

#include "unit.h"
#include "base/usage_period.h"


static void
named(const char *words, unsigned seconds)
{
    char       *exact;
    usage_str_t body;
    unit_text_t text = { 0 };

    unit_addf(
        &text, "{\"error_code\":\"APIGW.0308\",\"error_msg\":\"%s\"}", words);

    body = unit_text_str(&text);
    exact = unit_exact(body);
    body.data = exact;

    if (usage_period(body) != seconds) {
        fail_msg("%s: %u", words, usage_period(body));
    }

    free(exact);
    unit_text_free(&text);
}


static void
test_periods(void **state)
{
    (void) state;

    named("The throttling threshold has been reached: policy user over "
          "ratelimit,limit:200,time:1 minute",
        60);
    named("time:1 second", 1);
    named("time:30 seconds", 30);
    named("time:5 minutes", 300);
    named("time:1 hour", 3600);
    named("time:2 HOURS.", 7200);
    named("time:  1   Minute, more", 60);
    named("time:1minute", 60);
    named("time:007 seconds", 7);
    named("(time:1 minute)", 60);

    /* at most a day */

    named("time:24 hours", 86400);
    named("time:25 hours", 86400);
    named("time:999999 hours", 86400);

    /* the last one counts */

    named("time:1 hour,limit:2,time:3 seconds", 3);
}


static void
test_none(void **state)
{
    size_t i;

    static const char *const words[] = {
        "",
        "time",
        "time:",
        "time: ",
        "time:minute",
        "time:1",
        "time:1 ",
        "time:0 minutes",
        "time:-1 minute",
        "time:+1 minute",
        "time:1.5 minutes",
        "time:1 minutess",
        "time:1 minutely",
        "time:1 min",
        "time:1 day",
        "time:1,minute",
        "time:1\\tminute",
        "time:1000000 seconds",
        "time:99999999999999999999 minutes",
        "time :1 minute",
        "Time:1 minute",
        "datetime:1 minute",
        "limit:200 minute",
        "time:1 minute, then time:soon",
        "time:1 \xd0\xbcinute",
    };

    static const usage_str_t bodies[] = {
        usage_string(""),
        usage_string("time:1 minute"),
        usage_string("\"time:1 minute\""),
        usage_string("[\"time:1 minute\"]"),
        usage_string("{\"error_detail\":\"time:1 minute\"}"),
        usage_string("{\"error_msg\":[\"time:1 minute\"]}"),
        usage_string("{\"error_msg\":\"time:1 minute\""),
        { NULL, 0 },
    };

    (void) state;

    for (i = 0; i < unit_count(words); i++) {
        named(words[i], 0);
    }

    for (i = 0; i < unit_count(bodies); i++) {
        assert_int_equal(usage_period(bodies[i]), 0);
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
