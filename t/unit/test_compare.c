/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The differences that are found between two replies.
 */

#include "unit.h"
#include "compare/usage_compare.h"


#define MAX 8

static unit_arena_t    arena;
static usage_compare_t result;
static usage_error_t   error;


static usage_result_t
compare_max(
    const char *legacy, const char *translated, double tolerance, size_t max)
{
    char          *copies[2];
    usage_str_t    a, b;
    usage_result_t rc;

    unit_arena_clear(&arena);
    memset(&error, 0, sizeof(error));

    a = unit_str(legacy);
    b = unit_str(translated);
    a.data = copies[0] = unit_exact(a);
    b.data = copies[1] = unit_exact(b);

    rc = usage_compare(&result, &arena.pool, a, b, tolerance, max, &error);

    free(copies[0]);
    free(copies[1]);

    return rc;
}


/*
 * A reply in short: "d1 9=1.5 10=0; d2 9=1" has two entries; "-" has no id, and
 * "d1@ann" is Ann's.  values are written as they are, but for "9" and "'9'".
 */
static const char *
reply(unit_text_t *text, const char *entries)
{
    char       *copy, *entry, *word, *rest, *words, *value, *user;
    unsigned    count;
    const char *between;

    unit_text_clear(text);
    unit_adds(text, "{\"desktop_used_info_list\":[");
    copy = unit_must(strdup(entries));
    count = 0;

    for (entry = strtok_r(copy, ";", &rest); entry != NULL;
         entry = strtok_r(NULL, ";", &rest))
    {
        word = strtok_r(entry, " ", &words);
        user = strchr(word, '@');
        unit_adds(text, count++ > 0 ? ",{" : "{");

        if (user != NULL) {
            *user = '\0';
            unit_addf(text, "\"desktop_username\":\"%s\",", user + 1);
        }

        if (strcmp(word, "-") != 0) {
            unit_addf(text, "\"desktop_id\":\"%s\",", word);
        }

        unit_adds(text, "\"used_info_list\":[");
        between = "";

        while ((word = strtok_r(NULL, " ", &words)) != NULL) {
            value = strchr(word, '=');
            *value++ = '\0';
            unit_addf(text, "%s{\"date\":\"%s\"", between, word);
            between = ",";

            if (*value == '\'') {
                unit_addf(text, ",\"use_time\":\"%.*s\"",
                    (int) strlen(value) - 2, value + 1);

            } else if (*value != '\0') {
                unit_addf(text, ",\"use_time\":%s", value);
            }

            unit_adds(text, "}");
        }

        unit_adds(text, "]}");
    }

    unit_addf(text, "],\"total_count\":%u}", count);
    free(copy);

    return text->data;
}


/*
 * Compares two such replies; the differences are to be those in expected:
 * "d1 9 use_time 1 2\n" a line.
 */
static void
differ_by(const char *legacy, const char *translated, double tolerance,
    const char *expected)
{
    size_t                    i;
    unit_text_t               a = { 0 }, b = { 0 }, said = { 0 };
    const usage_difference_t *d;

    if (compare_max(reply(&a, legacy), reply(&b, translated), tolerance, MAX)
        != USAGE_OK)
    {
        fail_msg("%s | %s: %s", legacy, translated, error.detail);
    }

    unit_adds(&said, "");

    for (i = 0; i < result.count; i++) {
        d = &result.differences[i];
        unit_addf(&said, "%.*s %.*s %.*s %.*s %.*s\n", (int) d->desktop.len,
            d->desktop.data, (int) d->time.len, d->time.data, (int) d->what.len,
            d->what.data, (int) d->legacy.len, d->legacy.data,
            (int) d->translated.len, d->translated.data);
    }

    assert_string_equal(said.data, expected);
    assert_int_equal(result.count, result.total);

    unit_text_free(&a);
    unit_text_free(&b);
    unit_text_free(&said);
}


static void
test_equal(void **state)
{
    (void) state;

    differ_by("", "", 0, "");
    differ_by(
        "d1 9=12.62 10=0;d2 9=0 10=24", "d1 9=12.62 10=0;d2 9=0 10=24", 0, "");
    assert_int_equal(result.values, 4);

    /* a string of a number, other ways to write one */

    differ_by("d1 9='12.62' 10='0.00'", "d1 9=12.62 10=0", 0, "");
    differ_by("d1 9=1 10=1.50", "d1 9=1.0 10=15e-1", 0, "");

    /* the order of entries and of dates */

    differ_by("d2 9=2;d1 9=1;d10 9=3", "d1 9=1;d10 9=3;d2 9=2", 0, "");
    differ_by("d1 10=2 9=1", "d1 9=1 10=2", 0, "");

    /* no figure on either side; what isn't a number, but the same */

    differ_by("d1 9= 10=null", "d1 9= 10=null", 0, "");
    differ_by("d1 9='x'", "d1 9='x'", 0, "");

    /* no desktop_id, a user's name */

    differ_by("d1@ann 9=1;-@ann 9=2", "-@ann 9=2;d1@ann 9=1", 0, "");
}


static void
test_use_time(void **state)
{
    (void) state;

    differ_by("d1 9=1 10=2 11=3;d2 9=4", "d1 9=1 10=2.5 11=3;d2 9=4", 0,
        "d1 10 use_time 2 2.5\n");
    differ_by("d1 9='1.00'", "d1 9=12.62", 0, "d1 9 use_time 1.00 12.62\n");
    differ_by("d1 9=0", "d1 9=", 0, "d1 9 use_time 0 \n");
    differ_by("d1 9=null", "d1 9=0", 0, "d1 9 use_time null 0\n");
    differ_by("d1 9='x'", "d1 9=0", 0, "d1 9 use_time x 0\n");
    differ_by("d1 9=[]", "d1 9={}", 0, "d1 9 use_time an array an object\n");
    differ_by("d1 9=true", "d1 9=false", 0, "d1 9 use_time true false\n");
    differ_by("d1 9=0 10=1", "d1 9=0", 0, "d1 10 use_time 1 \n");
    differ_by("d1 9=0", "d1 8=0 9=0", 0, "d1 8 use_time  0\n");
    differ_by("- 9=1", "- 9=2", 0, " 9 use_time 1 2\n");
}


static void
test_tolerance(void **state)
{
    (void) state;

    differ_by("d1 9=12.62", "d1 9=12.63", 0, "d1 9 use_time 12.62 12.63\n");
    differ_by("d1 9=12.62", "d1 9=12.63", USAGE_COMPARE_TOLERANCE, "");
    differ_by("d1 9=12.63", "d1 9=12.62", USAGE_COMPARE_TOLERANCE, "");
    differ_by("d1 9=743.99", "d1 9=744", USAGE_COMPARE_TOLERANCE, "");
    differ_by("d1 9=12.62", "d1 9=12.64", USAGE_COMPARE_TOLERANCE,
        "d1 9 use_time 12.62 12.64\n");
    differ_by("d1 9=1 10=2", "d1 9=1.25 10=1.5", 0.5, "");
    assert_true(result.largest == 0.5);
}


static void
test_entries(void **state)
{
    (void) state;

    /* an entry that one lacks, and its days in use */

    differ_by("d1 9=1;d2 9=0 10=1.25 11=2.5", "d1 9=1", 0,
        "  total_count 2 1\n"
        "d2  entry 3.75 \n"
        "d2 10 use_time 1.25 \n"
        "d2 11 use_time 2.5 \n");
    differ_by("d1 9=1", "d1 9=1;d0 9='0.00'", 0,
        "  total_count 1 2\n"
        "d0  entry  0\n");
    differ_by("d1 9=1", "d2 9=1", 0,
        "d1  entry 1 \n"
        "d1 9 use_time 1 \n"
        "d2  entry  1\n"
        "d2 9 use_time  1\n");

    /* one that comes twice: the first with the first */

    differ_by("d1 9=1;d1 9=2", "d1 9=1;d1 9=2", 0, "");
    differ_by("d1 9=1;d2 9=5;d1 9=2", "d1 9=1;d1 9=3;d2 9=5", 0,
        "d1 9 use_time 2 3\n");
    differ_by("d1 9=1;d1 9=2", "d1 9=1;d2 9=2", 0,
        "d1  entry 2 \n"
        "d1 9 use_time 2 \n"
        "d2  entry  2\n"
        "d2 9 use_time  2\n");
    differ_by("d1 9=1 9=2", "d1 9=1", 0, "d1 9 use_time 2 \n");

    differ_by("d1@ann 9=1", "d1 9=1", 0, "d1  desktop_username ann \n");
    differ_by("d1@ann 9=1", "d1@bob 9=2", 0,
        "d1  desktop_username ann bob\n"
        "d1 9 use_time 1 2\n");
}


static void
test_max(void **state)
{
    unit_text_t a = { 0 }, b = { 0 };

    (void) state;

    (void) reply(&a, "d1 9=1 10=1;d2 9=1;d3 9=1");
    (void) reply(&b, "d1 9=2 10=3;d2 9=1;d3 9=5");

    assert_int_equal(compare_max(a.data, b.data, 0, 2), USAGE_OK);
    assert_int_equal(result.count, 2);
    assert_int_equal(result.total, 3);
    assert_true(unit_is(result.differences[1].time, "9"));

    assert_int_equal(compare_max(a.data, b.data, 0, 0), USAGE_OK);
    assert_int_equal(result.count, 0);
    assert_int_equal(result.total, 3);
    assert_int_equal(result.values, 4);
    assert_true(result.largest == 4);

    unit_text_free(&a);
    unit_text_free(&b);
}


static void
test_long_values(void **state)
{
    unit_text_t a = { 0 }, b = { 0 };

    (void) state;

    unit_adds(&a, "{\"desktop_used_info_list\":[{\"desktop_id\":\"d\","
                  "\"used_info_list\":[{\"date\":\"9\",\"use_time\":\"");

    while (a.len < 10000) {
        unit_adds(&a, "x");
    }

    unit_adds(&a, "\"}]}],\"total_count\":1}");
    (void) reply(&b, "d 9=1");

    assert_int_equal(compare_max(a.data, b.data, 0, 1), USAGE_OK);
    assert_int_equal(result.total, 1);
    assert_int_equal(result.differences[0].legacy.len, USAGE_SHOWN_MAX);

    unit_text_free(&a);
    unit_text_free(&b);
}


static void
refused(const char *body, const char *why)
{
    char        expected[400];
    unit_text_t good = { 0 };

    (void) reply(&good, "d1 9=1");

    assert_int_equal(compare_max(body, good.data, 0, MAX), USAGE_ERROR);
    assert_int_equal(error.status, 502);
    (void) snprintf(expected, sizeof(expected), "the legacy reply is not %s%s",
        strncmp(why, "JSON", 4) == 0 ? "" : "one of the legacy call: ", why);
    assert_memory_equal(error.detail, expected, strlen(expected));

    assert_int_equal(compare_max(good.data, body, 0, MAX), USAGE_ERROR);
    assert_int_equal(error.status, 502);
    (void) snprintf(expected, sizeof(expected),
        "the translated reply is not %s%s",
        strncmp(why, "JSON", 4) == 0 ? "" : "one of the legacy call: ", why);
    assert_memory_equal(error.detail, expected, strlen(expected));

    unit_text_free(&good);
}


static void
test_no_reply(void **state)
{
    (void) state;

    refused("", "JSON");
    refused("<html>", "JSON");
    refused("{\"total_count\":0,\"total_count\":0}", "JSON");
    refused("[]", "no total_count");
    refused("{}", "no total_count");
    refused("{\"error_code\":\"APIGW.0301\"}", "no total_count");
    refused("{\"desktop_used_info_list\":[],\"total_count\":\"0\"}",
        "no total_count");
    refused("{\"total_count\":1}", "no desktop_used_info_list");
    refused("{\"desktop_used_info_list\":{},\"total_count\":0}",
        "no desktop_used_info_list");
    refused("{\"desktop_used_info_list\":[1],\"total_count\":1}",
        "an entry that is no object or whose desktop_id is no string");
    refused("{\"desktop_used_info_list\":[{\"desktop_id\":1}],"
            "\"total_count\":1}",
        "an entry that is no object or whose desktop_id is no string");
    refused("{\"desktop_used_info_list\":[{\"desktop_id\":\"d1\","
            "\"used_info_list\":{}}],\"total_count\":1}",
        "a used_info_list that is no array");
    refused("{\"desktop_used_info_list\":[{\"desktop_id\":\"d1\","
            "\"used_info_list\":[{\"use_time\":1}]}],\"total_count\":1}",
        "an element of used_info_list without a date");
    refused("{\"desktop_used_info_list\":[{\"desktop_id\":\"d1\","
            "\"used_info_list\":[1]}],\"total_count\":1}",
        "an element of used_info_list without a date");
}


/*
 * Lists that are left out or null are empty, and unknown members are ignored.
 */
static void
test_lenient(void **state)
{
    static const char *const empty[] = { "{\"total_count\":0}",
        "{\"desktop_used_info_list\":null,\"total_count\":0,\"more\":[1]}",
        "{\"desktop_used_info_list\":[],\"total_count\":0}" };

    size_t i;

    (void) state;

    for (i = 0; i < unit_count(empty); i++) {
        assert_int_equal(compare_max(empty[i], empty[2], 0, MAX), USAGE_OK);
        assert_int_equal(result.total, 0);
    }

    assert_int_equal(
        compare_max("{\"desktop_used_info_list\":[{\"desktop_id\":null,"
                    "\"used_info_list\":null,\"x\":1}],\"total_count\":1}",
            "{\"desktop_used_info_list\":[{}],\"total_count\":1}", 0, MAX),
        USAGE_OK);
    assert_int_equal(result.total, 0);
}


/*
 * Whichever allocation fails, the error is 500, and nothing leaks.
 */
static void
test_memory(void **state)
{
    size_t         left;
    unit_text_t    a = { 0 }, b = { 0 };
    usage_result_t rc;

    (void) state;

    (void) reply(&a, "d1 9=1 10=1;d2@u 9=1;d3 9=1");
    (void) reply(&b, "d1 9=2 10=3;d2 9=1;d4 9=5");

    for (left = 0;; left++) {
        arena.left = left;
        rc = compare_max(a.data, b.data, 0, MAX);

        if (rc == USAGE_OK) {
            break;
        }

        assert_int_equal(error.status, 500);
    }

    assert_true(left > 20);
    arena.left = SIZE_MAX;

    unit_text_free(&a);
    unit_text_free(&b);
}


/*
 * Random replies, one of which is shuffled and altered in some cells: these
 * cells are the differences, and no others.
 */
static void
test_random(void **state)
{
    char        changed[40][31];
    size_t      i, k, n, days, entry, times, round, expected;
    uint64_t    rnd;
    unit_text_t a = { 0 }, b = { 0 }, entries[2] = { { 0 }, { 0 } };

    (void) state;

    rnd = unit_seed();
    times = unit_times(300);

    for (round = 0; round < times; round++) {
        n = 1 + unit_below(&rnd, 40);
        days = 1 + unit_below(&rnd, 31);
        entry = unit_below(&rnd, n); /* where the shuffled one begins */
        expected = 0;
        unit_text_clear(&entries[0]);
        unit_text_clear(&entries[1]);

        for (i = 0; i < n; i++) {
            for (k = 0; k < days; k++) {
                changed[i][k] = unit_chance(&rnd, 2);
                expected += (size_t) changed[i][k];
            }
        }

        for (i = 0; i < n; i++) {
            unit_addf(&entries[0], "d%zu", i);
            unit_addf(&entries[1], "d%zu", (entry + i) % n);

            for (k = 0; k < days; k++) {
                unit_addf(&entries[0], " %zu=%zu.5", k, i + k);
                unit_addf(&entries[1], " %zu=%zu.%s", k, (entry + i) % n + k,
                    changed[(entry + i) % n][k] ? "49" : "50");
            }

            unit_adds(&entries[0], ";");
            unit_adds(&entries[1], ";");
        }

        assert_int_equal(compare_max(reply(&a, entries[0].data),
                             reply(&b, entries[1].data), 0, 2000),
            USAGE_OK);
        assert_int_equal(result.total, expected);
        assert_int_equal(result.values, n * days);

        for (i = 0; i < result.count; i++) {
            entry = strtoul(result.differences[i].desktop.data + 1, NULL, 10);
            k = strtoul(result.differences[i].time.data, NULL, 10);
            assert_int_equal(changed[entry][k], 1);
            changed[entry][k] = 0;
        }
    }

    unit_text_free(&a);
    unit_text_free(&b);
    unit_text_free(&entries[0]);
    unit_text_free(&entries[1]);
}


int
main(void)
{
    int failed;

    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_use_time),
        cmocka_unit_test(test_tolerance),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_max),
        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_no_reply),
        cmocka_unit_test(test_lenient),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_random),
    };

    unit_arena_start(&arena);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unit_arena_free(&arena);

    return failed;
}
