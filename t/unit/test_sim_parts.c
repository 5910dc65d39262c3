/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The simulator's small parts: JSON, random numbers, queries, faults, the
 * quota, altered days, requests, the loader.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sim_alter.h"
#include "sim_buf.h"
#include "sim_fault.h"
#include "sim_index.h"
#include "sim_json.h"
#include "sim_legacy_request.h"
#include "sim_query.h"
#include "sim_quota.h"
#include "sim_random.h"
#include "sim_source.h"
#include "sim_time.h"


static void
test_buf(void **state)
{
    sim_buf_t b = { 0 };

    (void) state;

    sim_buf_json(&b, "a\"b\\c\n\x01\xc3\xa9");
    assert_string_equal(b.data, "\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa9\"");
    sim_buf_json(&b, NULL);
    assert_string_equal(b.data + b.len - 4, "null");
    sim_buf_free(&b);

    /* members: a comma before all but the first of an object */

    sim_buf_str(&b, "{");
    sim_buf_member(&b, "a", "{");
    sim_buf_key(&b, "b");
    sim_buf_str(&b, "{");
    sim_buf_member(&b, "c", NULL);
    sim_buf_str(&b, "}");
    sim_buf_member(&b, "d", "");
    sim_buf_str(&b, "}");
    assert_string_equal(b.data, "{\"a\":\"{\",\"b\":{\"c\":null},\"d\":\"\"}");
    sim_buf_free(&b);

    /* published values of FNV-1a */

    assert_true(sim_fingerprint("", 0) == 0xcbf29ce484222325ULL);
    assert_true(sim_fingerprint("foobar", 6) == 0x85944171f73967e8ULL);
}


static void
test_random(void **state)
{
    int      i, met[3] = { 0 };
    uint64_t random = 0;

    (void) state;

    /* published values of splitmix64 */

    assert_true(sim_random(&random) == 0xe220a8397b1dcdafULL);
    assert_true(sim_random(&random) == 0x6e789e6aa1b965f4ULL);

    for (i = 0; i < 100; i++) {
        met[sim_random_between(&random, -1, 1) + 1]++;
    }

    assert_true(met[0] > 0 && met[1] > 0 && met[2] > 0);
    assert_int_equal(sim_random_between(&random, 7, 7), 7);
}


static void
test_decode(void **state)
{
    char *s;

    (void) state;

    s = sim_decode("a+b%2Fc", 7, '+');
    assert_string_equal(s, "a+b/c");
    free(s);
    s = sim_decode("a+b", 3, ' ');
    assert_string_equal(s, "a b");
    free(s);
    assert_null(sim_decode("%2", 2, '+'));
    assert_null(sim_decode("%00", 3, '+'));
}


static void
test_query(void **state)
{
    int64_t     t;
    sim_query_t q;

    (void) state;

    sim_query_parse(&q, "a=1&b=x+y%26%2b&&c&d=&e=%C3%A9&f=1&f=2");
    assert_string_equal(q.error, "");
    assert_int_equal(sim_query_number(&q, "a", 0, 9, 5), 1);
    assert_int_equal(sim_query_number(&q, "z", 0, 9, 5), 5);
    assert_string_equal(sim_query_get(&q, "b"), "x y&+");
    assert_string_equal(sim_query_get(&q, "c"), "");
    assert_null(sim_query_text(&q, "d", 9));
    assert_string_equal(sim_query_text(&q, "e", 1), "\xc3\xa9");
    assert_null(sim_query_get(&q, "z"));
    assert_int_equal(sim_query_time(&q, "z", 0, &t), 0);
    assert_string_equal(q.error, "");
    (void) sim_query_get(&q, "f");
    assert_string_equal(q.error, "f: given twice");
    sim_query_free(&q);

    sim_query_parse(&q, "a=%4&b=%00");
    assert_int_equal(q.n, 0);
    assert_string_not_equal(q.error, "");
    sim_query_free(&q);

    sim_query_parse(&q, NULL);
    assert_int_equal(sim_query_time(&q, "start_time", 1, &t), 0);
    assert_string_not_equal(q.error, "");
    sim_query_free(&q);

    assert_true(sim_fuzzy("Joann", "ann"));
    assert_true(sim_fuzzy("Annabel", "ann"));
    assert_false(sim_fuzzy("Joan", "ann"));
    assert_true(sim_fuzzy("x", NULL));
}


static void
test_faults(void **state)
{
    int          i;
    char         err[256];
    json_t      *json;
    sim_hits_t   hits = { 0 };
    sim_faults_t f = { 0 };
    sim_target_t on = { "directory", "limit=3", NULL, 0 };

    static const char *const wrong[] = { "", "none", "cut:at", "cut:at=x",
        "cut:what=1", "shift:by=1001", "status:status=99",
        "shift:keep_count=1" };

    (void) state;

    for (i = 0; i < (int) (sizeof(wrong) / sizeof(wrong[0])); i++) {
        assert_int_equal(sim_faults_parse(&f, wrong[i], err), -1);
        assert_int_equal(f.n, 0);
    }

    assert_int_equal(sim_faults_parse(&f,
                         "status:status=418,skip=1,count=2,api=directory", err),
        0);
    assert_int_equal(
        sim_faults_parse(&f, "shift:by=-2,keep_count=true", err), 0);

    for (i = 0; i < 5; i++) {
        sim_faults_hit(&f, &on, &hits);
        assert_int_equal(
            hits.fault[SIM_FAULT_STATUS] != NULL, i == 1 || i == 2);
        assert_null(hits.fault[SIM_FAULT_SHIFT]);
        sim_hits_clear(&hits);
    }

    on.api = "records";
    on.offset = 100;
    sim_faults_hit(&f, &on, &hits);
    assert_null(hits.fault[SIM_FAULT_STATUS]);
    assert_int_equal(sim_json_int(hits.fault[SIM_FAULT_SHIFT], "by", 1), -2);
    assert_true(sim_json_true(hits.fault[SIM_FAULT_SHIFT], "keep_count"));
    sim_hits_clear(&hits);

    json = sim_faults_json(&f);
    assert_int_equal(json_array_size(json), 2);
    json_decref(json);
    sim_faults_clear(&f);
}


/* Each credential has its own quota of each API, and a new one in a minute. */

static void
test_quota(void **state)
{
    sim_quota_t q = { 0 };

    (void) state;

    assert_true(sim_quota_take(&q, "directory", "a", 5, 2));
    assert_true(sim_quota_take(&q, "directory", "a", 6, 2));
    assert_false(sim_quota_take(&q, "directory", "a", 60004, 2));
    assert_true(sim_quota_take(&q, "records", "a", 60004, 2));
    assert_true(sim_quota_take(&q, "directory", "b", 60004, 2));
    assert_true(sim_quota_take(&q, "directory", "a", 60004, 0));
    assert_true(sim_quota_take(&q, "directory", "a", 60005, 2));

    assert_true(sim_quota_take(&q, "directory", "a", 60006, 2));
    assert_false(sim_quota_take(&q, "directory", "a", 60007, 2));
    sim_quota_clear(&q);
    assert_true(sim_quota_take(&q, "directory", "a", 60008, 2));
    sim_quota_clear(&q);
}


static void
test_alter(void **state)
{
    int64_t      seconds[3] = { 10, 10, 10 };
    sim_alters_t alters = { 0 };
    sim_bins_t   bins = { 5 * SIM_DAY, SIM_DAY, 3, seconds };

    (void) state;

    sim_alter_add(&alters, 1, 4, 100);
    sim_alter_add(&alters, 1, 5, 7);
    sim_alter_add(&alters, 1, 5, 1);
    sim_alter_add(&alters, 1, 7, -11);
    sim_alter_add(&alters, 1, 8, 100);
    sim_alter_add(&alters, 2, 6, 100);
    sim_alter_bins(&alters, 1, &bins);

    assert_int_equal(seconds[0], 18);
    assert_int_equal(seconds[1], 10);
    assert_int_equal(seconds[2], 0);

    /* by the hour it is the day's first */

    bins = (sim_bins_t){ 6 * SIM_DAY - SIM_HOUR, SIM_HOUR, 3, seconds };
    sim_alter_bins(&alters, 2, &bins);

    assert_int_equal(seconds[0], 18);
    assert_int_equal(seconds[1], 110);

    sim_alter_clear(&alters);
    sim_alter_bins(&alters, 2, &bins);
    assert_int_equal(seconds[1], 110);
}


static int
legacy(const char *body, sim_legacy_t *r)
{
    int     rc;
    char    err[256];
    int64_t now;

    assert_int_equal(sim_parse_time("2022-12-16T08:00:00Z", &now), 0);
    rc = sim_legacy_parse(r, body, strlen(body), now, err);

    if (rc != 0) {
        sim_legacy_free(r);
    }

    return rc;
}


static void
test_legacy(void **state)
{
    int64_t      today;
    sim_legacy_t r;

    (void) state;

    assert_int_equal(sim_parse_date("2022-12-16", &today), 0);

    assert_int_equal(legacy("", &r), 0);
    assert_int_equal(r.first, today - 14);
    assert_int_equal(r.last, today);
    assert_int_equal(r.limit, 100);
    assert_null(r.ids);
    sim_legacy_free(&r);

    assert_int_equal(
        legacy("{\"desktop_ids\":[\"b\",\"a\",\"b\"],\"offset\":\"07\","
               "\"start_time\":\"2022-12-16\",\"end_time\":\"2023-01-15\"}",
            &r),
        0);
    assert_int_equal(json_array_size(r.ids), 2);
    assert_int_equal(r.offset, 7);
    assert_int_equal(r.last - r.first, 30);
    sim_legacy_free(&r);

    assert_int_equal(legacy("{\"limit\":101}", &r), -1);
    assert_int_equal(legacy("{\"limit\":1.0}", &r), -1);
    assert_int_equal(legacy("{\"a\":1,\"a\":1}", &r), -1);
    assert_int_equal(legacy("{\"start_time\":\"2022-12-17\"}", &r), -1);
}


static void
test_load(void **state)
{
    char          err[256];
    size_t        i;
    json_t       *root;
    sim_tenant_t *t;

    static const char no_times[] =
        "{\"desktops\":[{\"desktop_id\":\"d\",\"computer_name\":\"c\"}],"
        "\"sessions\":[{\"desktop_id\":\"d\",\"user_name\":\"u\"}]}";
    static const char *const wrong[] = { "[]", "{}", "{\"sessions\":[1]}",
        "{\"sessions\":[],\"desktops\":[{}]}",
        "{\"sessions\":[],\"users\":[{}]}",
        "{\"sessions\":[],\"now\":\"today\"}", no_times };

    (void) state;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        root = json_loads(wrong[i], 0, NULL);
        assert_non_null(root);
        assert_null(sim_tenant_load(root, err));
        json_decref(root);
    }

    t = sim_tenant_default();
    sim_tenant_index(t, t->now);
    i = sim_tenant_find_desktop(t, "d5367f84-1d64-498e-9b92-093002ac6ce9");
    assert_string_equal(t->desktops[i].name, "JY011");
    assert_true(sim_tenant_find_desktop(t, "none") == SIZE_MAX);
    assert_true(sim_tenant_find_user(t, "annabel", "local.com") == 2);
    assert_true(sim_tenant_find_user(t, "annabel", "") == SIZE_MAX);
    sim_tenant_free(t);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_quota),
        cmocka_unit_test(test_alter),
        cmocka_unit_test(test_legacy),
        cmocka_unit_test(test_load),
    };

    return cmocka_run_group_tests_name("sim_parts", tests, NULL, NULL);
}
