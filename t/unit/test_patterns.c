/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The patterns of the route, of dates and of digits.
 */

#include "unit.h"
#include "request/usage_patterns.h"


#define ROUTE_HEAD "/v2/"
#define ROUTE_TAIL "/desktops/statistics/used"


static int
setup(void **state)
{
    *state = usage_patterns_create();

    return *state == NULL;
}


static int
teardown(void **state)
{
    usage_patterns_free(*state);

    return 0;
}


/*
 * Matches text in a block of just its length.
 */
static bool
route(const usage_patterns_t *patterns, usage_str_t path, usage_str_t *project)
{
    bool  is;
    char *copy;

    copy = unit_exact(path);
    path.data = copy;

    is = usage_patterns_route(patterns, path, project);

    if (is) {
        assert_true(project->data == copy + sizeof(ROUTE_HEAD) - 1);
    }

    free(copy);

    return is;
}


static bool
date(const usage_patterns_t *patterns, usage_str_t text)
{
    bool  is;
    char *copy;

    copy = unit_exact(text);
    text.data = copy;
    is = usage_patterns_date(patterns, text);
    free(copy);

    return is;
}


static bool
digits(const usage_patterns_t *patterns, usage_str_t text)
{
    bool  is;
    char *copy;

    copy = unit_exact(text);
    text.data = copy;
    is = usage_patterns_digits(patterns, text);
    free(copy);

    return is;
}


static void
test_project(void **state)
{
    size_t                  i;
    unit_text_t             path = { 0 };
    usage_str_t             project;
    const usage_patterns_t *patterns;

    static const char *projects[] = { "a", "0", "-", "_",
        "5d7bf4a07c2e4b52b7b6d8f2b2cbf0a1", "Project_1-x",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
        "desktops", "v2" };

    patterns = *state;

    for (i = 0; i < unit_count(projects); i++) {
        unit_text_clear(&path);
        unit_addf(&path, ROUTE_HEAD "%s" ROUTE_TAIL, projects[i]);
        assert_true(route(patterns, unit_text_str(&path), &project));
        assert_int_equal(project.len, strlen(projects[i]));
    }

    for (i = 0; i <= 300; i++) {
        unit_text_clear(&path);
        unit_adds(&path, ROUTE_HEAD);

        while (path.len < sizeof(ROUTE_HEAD) - 1 + i) {
            unit_adds(&path, "x");
        }

        unit_adds(&path, ROUTE_TAIL);

        if (i >= 1 && i <= 255) {
            assert_true(route(patterns, unit_text_str(&path), &project));
            assert_int_equal(project.len, i);

        } else {
            assert_false(route(patterns, unit_text_str(&path), &project));
        }
    }

    unit_text_free(&path);
}


/*
 * Any other byte in a project_id, and anything before or after the route.
 */
static void
test_not_the_route(void **state)
{
    int                     c;
    bool                    valid;
    char                    path[] = ROUTE_HEAD "aba" ROUTE_TAIL;
    size_t                  i;
    usage_str_t             text, project;
    const usage_patterns_t *patterns;

    static const usage_str_t others[] = {
        usage_string(""),
        usage_string("/"),
        usage_string("/v2/p/desktops/statistics/used/"),
        usage_string("/v2/p/desktops/statistics/used\n"),
        usage_string("/v2/p/desktops/statistics/used\0"),
        usage_string("/v2/p/desktops/statistics/used?"),
        usage_string("/v2/p/desktops/statistics/used2"),
        usage_string("/v2/p/desktops/statistics/use"),
        usage_string("/v2/p/desktops/statistics/Used"),
        usage_string("/v2/p/desktops//statistics/used"),
        usage_string("/v2//desktops/statistics/used"),
        usage_string("/v2/desktops/statistics/used"),
        usage_string("/v2/p/p/desktops/statistics/used"),
        usage_string("//v2/p/desktops/statistics/used"),
        usage_string("\n/v2/p/desktops/statistics/used"),
        usage_string("x\n/v2/p/desktops/statistics/used"),
        usage_string("/api/v2/p/desktops/statistics/used"),
        usage_string("v2/p/desktops/statistics/used"),
        usage_string("/V2/p/desktops/statistics/used"),
        usage_string("/v1/p/desktops/statistics/used"),
        usage_string("/v2/p\n/desktops/statistics/used"),
        usage_string("/v2/\303\251/desktops/statistics/used"),
        usage_string("/v2/p/desktops/statistics/used/v2/p/desktops"),
    };

    patterns = *state;

    for (i = 0; i < unit_count(others); i++) {
        if (route(patterns, others[i], &project)) {
            fail_msg("route: %s", others[i].data);
        }
    }

    text.data = path;
    text.len = sizeof(path) - 1;

    for (c = 0; c < 256; c++) {
        path[sizeof(ROUTE_HEAD)] = (char) c;
        valid = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9') || c == '-' || c == '_';

        if (route(patterns, text, &project) != valid) {
            fail_msg("a project_id with the byte %d", c);
        }
    }
}


static void
test_date(void **state)
{
    int                     c;
    char                    text[] = "2022-12-09";
    size_t                  i;
    usage_str_t             str;
    const usage_patterns_t *patterns;

    static const usage_str_t wrong[] = {
        usage_string(""), usage_string("2022-12-9"), usage_string("2022-1-09"),
        usage_string("22-12-09"), usage_string("02022-12-09"),
        usage_string("2022-12-009"), usage_string("2022/12/09"),
        usage_string("20221209"), usage_string(" 2022-12-09"),
        usage_string("2022-12-09 "), usage_string("2022-12-09\n"),
        usage_string("2022-12-09\0"), usage_string("\n2022-12-09"),
        usage_string("2022-12-09T00:00:00Z"), usage_string("+022-12-09"),
        usage_string("-022-12-09"),
        usage_string("\331\240\331\240-01-01"), /* Arabic-Indic digits */
    };

    patterns = *state;
    str = unit_str(text);

    assert_true(date(patterns, str));
    assert_true(date(patterns, unit_str("0000-00-00")));
    assert_true(date(patterns, unit_str("9999-99-99")));

    for (i = 0; i < unit_count(wrong); i++) {
        if (date(patterns, wrong[i])) {
            fail_msg("date: %s", wrong[i].data);
        }
    }

    for (i = 0; i < sizeof(text) - 1; i++) {
        for (c = 0; c < 256; c++) {
            memcpy(text, "2022-12-09", sizeof(text));
            text[i] = (char) c;

            if (date(patterns, str)
                != (i == 4 || i == 7 ? c == '-' : c >= '0' && c <= '9')) {
                fail_msg("a date with %d at %zu", c, i);
            }
        }
    }
}


static void
test_digits(void **state)
{
    int                     c;
    char                    text[] = "1x3";
    size_t                  i;
    usage_str_t             str;
    const usage_patterns_t *patterns;

    static const usage_str_t wrong[] = {
        usage_string(""),
        usage_string("-1"),
        usage_string("+1"),
        usage_string("1 "),
        usage_string(" 1"),
        usage_string("1\n"),
        usage_string("1\0"),
        usage_string("1.0"),
        usage_string("1e2"),
        usage_string("0x10"),
        usage_string("\331\241"),
    };

    patterns = *state;

    assert_true(digits(patterns, unit_str("0")));
    assert_true(digits(patterns, unit_str("007")));
    assert_true(digits(patterns, unit_str("12345678901234567890123456789")));

    for (i = 0; i < unit_count(wrong); i++) {
        if (digits(patterns, wrong[i])) {
            fail_msg("digits: %s", wrong[i].data);
        }
    }

    str = unit_str(text);

    for (c = 0; c < 256; c++) {
        text[1] = (char) c;
        str.len = 3;
        assert_int_equal(digits(patterns, str), c >= '0' && c <= '9');
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_project),
        cmocka_unit_test(test_not_the_route),
        cmocka_unit_test(test_date),
        cmocka_unit_test(test_digits),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
