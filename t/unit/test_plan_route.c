/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which stages a plan goes through, and what it calls them.
 */

#include "plans.h"
#include "plan/usage_plan_private.h"


/*
 * Carries out a request of as many days as the upstream has, and checks by
 * which stages with calls it went.
 */
static void
goes(plans_t *t, upstream_t *up, const char *members, const char *stages)
{
    plans_ask(t, up, up->days, up->first + 100, members);

    if (plans_carry_out(t, up, 8) != USAGE_OK) {
        fail_msg("%s: %s", members, t->error.detail);
    }

    assert_string_equal(t->stages.data, stages);
    assert_string_equal(usage_plan_stage_name(&t->plan), "end");
}


/*
 * Each desktop is used on each day.
 */
static void
start(upstream_t *up, size_t count, size_t days, uint64_t *rnd)
{
    size_t i, k;

    upstream_start(up, count, 19000, days, rnd);
    up->idle_shown = true;

    for (i = 0; i < count; i++) {
        for (k = 0; k < days; k++) {
            up->desktops[i].seconds[k] = (double) (100 + i);
        }
    }
}


static void
test_desktops(void **state)
{
    uint64_t   rnd;
    upstream_t up;
    plans_t   *t;

    t = *state;
    rnd = unit_seed();

    start(&up, 10, 7, &rnd);
    goes(t, &up, "", "days, end");
    goes(t, &up, ",\"limit\":0", "count, end");
    goes(t, &up, ",\"desktop_ids\":[\"x\",\"y\"]", "probe, days, look up, end");
    goes(t, &up, ",\"desktop_ids\":[\"x\"],\"limit\":0", "look up, count, end");
    upstream_free(&up);

    /* days that are left early: the range is fewer pages, or isn't */

    upstream_start(&up, 350, 19000, 7, &rnd);
    up.idle_shown = true;
    goes(t, &up, "", "days, range, end");
    upstream_free(&up);

    upstream_start(&up, 350, 19000, 1, &rnd);
    up.idle_shown = true;
    goes(t, &up, "", "days, complete, end");
    upstream_free(&up);
}


static void
test_few_desktops(void **state)
{
    uint64_t   rnd;
    char       members[128];
    upstream_t up;
    plans_t   *t;

    t = *state;
    rnd = unit_seed();

    start(&up, 450, 6, &rnd);
    (void) snprintf(members, sizeof(members),
        ",\"desktop_ids\":[\"%s\",\"%s\"]", up.desktops[3].id,
        up.desktops[7].id);

    goes(t, &up, members, "probe, names, totals, narrowed, end");

    up.forbidden = true;
    goes(t, &up, members, "probe, names, days, end");

    up.forbidden = false;
    strcpy(up.desktops[7].name, "NEW");
    goes(t, &up, members,
        "probe, names, totals, narrowed, search, totals, narrowed, end");

    up.is.resource_id = true;
    goes(t, &up, members, "probe, totals, narrowed, end");

    up.ignores_id = true;
    strcpy(up.desktops[7].name, up.desktops[7].called);
    goes(t, &up, members, "probe, totals, names, totals, narrowed, end");

    upstream_free(&up);
}


static void
test_monitored(void **state)
{
    uint64_t   rnd;
    char       members[256];
    upstream_t up;
    plans_t   *t;

    t = *state;
    rnd = unit_seed();

    start(&up, 450, 6, &rnd);
    up.is.monitoring = true;
    up.monitor_earlier = true;
    upstream_make_periods(&up);
    (void) snprintf(members, sizeof(members), ",\"desktop_ids\":[\"%s\"]",
        up.desktops[430].id);

    goes(t, &up, members, "names, totals, periods, end");

    up.monitor_forbidden = true;
    goes(t, &up, members, "names, totals, periods, narrowed, end");

    /* days that aren't final */

    up.monitor_forbidden = false;
    plans_ask(t, &up, 6, up.first + 6, members);
    assert_int_equal(plans_carry_out(t, &up, 8), USAGE_OK);
    assert_string_equal(t->stages.data, "names, totals, final, periods, end");

    /* hours; of a desktop that isn't found by its name */

    (void) snprintf(members, sizeof(members),
        ",\"group_by_type\":\"HOUR\",\"desktop_ids\":[\"%s\"]",
        up.desktops[430].id);
    goes(t, &up, members, "look up, totals, periods, end");

    strcpy(up.desktops[430].name, "NEW");
    goes(t, &up, members, "look up, totals, sums, periods, end");

    up.records = unit_must(calloc(1, sizeof(upstream_record_t)));
    up.records_count = 1;
    up.records[0].computer = "DESK-430";
    up.records[0].start = (int64_t) up.first * USAGE_SECONDS_PER_DAY;
    up.records[0].setup = up.records[0].start;
    up.records[0].end = up.records[0].start + 6 * 530;
    up.is.connections = true;
    up.monitor_lost = 100;
    upstream_make_periods(&up);
    goes(t, &up, members,
        "look up, totals, sums, periods, records, directory, end");

    upstream_free(&up);
}


static void
test_user(void **state)
{
    size_t     k;
    uint64_t   rnd;
    upstream_t up;
    plans_t   *t;

    static const char user[] = ",\"desktop_username\":\"ann\"";
    static const char infos[] =
        ",\"attach_user_infos\":[{\"user_name\":\"ann\"}]";

    t = *state;
    rnd = unit_seed();

    start(&up, 10, 7, &rnd);
    up.users = unit_must(calloc(1, sizeof(upstream_user_t)));
    up.users_count = 1;
    strcpy(up.users[0].name, "ann");
    up.desktops[3].owners = "ann";
    up.desktops[3].infos = infos;

    /* all on the one desktop; some elsewhere, too */

    for (k = 0; k < 7; k++) {
        up.users[0].seconds[k] = up.desktops[3].seconds[k];
    }

    goes(t, &up, user, "owned, total, totals, end");

    up.users[0].seconds[2] += 60;
    goes(t, &up, user, "owned, total, totals, user days, end");

    /* records: forbidden, and asked for again as the remainder needs them */

    up.is.connections = true;
    up.records_forbidden = true;
    plans_ask(t, &up, 7, up.first + 100, user);
    assert_int_equal(plans_carry_out(t, &up, 8), USAGE_ERROR);
    assert_int_equal(t->refused, 403);
    assert_string_equal(
        t->stages.data, "owned, records, total, totals, user days, records");

    /* hours: no record, and no use */

    for (k = 0; k < 7; k++) {
        up.users[0].seconds[k] = 0;
    }

    for (k = 0; k < up.count; k++) {
        memset(up.desktops[k].seconds, 0, sizeof(up.desktops[k].seconds));
    }

    up.records_forbidden = false;
    goes(t, &up, ",\"group_by_type\":\"HOUR\",\"desktop_username\":\"ann\"",
        "owned, records, total, end");
    goes(t, &up, ",\"group_by_type\":\"HOUR\"",
        "directory, records, figures, end");
    goes(t, &up, ",\"group_by_type\":\"HOUR\",\"limit\":0", "directory, end");
    goes(t, &up, ",\"group_by_type\":\"HOUR\",\"desktop_ids\":[\"x\"]",
        "look up, end");

    upstream_free(&up);
}


/*
 * A part of the user's usage may be of a requested desktop: the stage that
 * decides so is the last one.
 */
static void
test_error(void **state)
{
    uint64_t   rnd;
    char       members[128];
    upstream_t up;
    plans_t   *t;

    t = *state;
    rnd = unit_seed();

    start(&up, 10, 7, &rnd);
    up.users = unit_must(calloc(1, sizeof(upstream_user_t)));
    up.users_count = 1;
    strcpy(up.users[0].name, "ann");
    up.users[0].seconds[2] = 60;
    (void) snprintf(members, sizeof(members),
        ",\"desktop_username\":\"ann\",\"desktop_ids\":[\"%s\"]",
        up.desktops[3].id);

    plans_ask(t, &up, 7, up.first + 100, members);
    assert_int_equal(plans_carry_out(t, &up, 8), USAGE_ERROR);
    assert_int_equal(t->error.status, 400);
    assert_string_equal(t->stages.data, "owned, total, user days, unexplained");
    assert_string_equal(usage_plan_outcome_name(&t->plan), "error");
    assert_int_equal(usage_plan_ahead(&t->plan, USAGE_CALL_DESKTOPS), 0);
    assert_false(usage_plan_done(&t->plan));

    upstream_free(&up);
}


static void
test_outcomes(void **state)
{
    uint64_t     rnd;
    upstream_t   up;
    usage_call_t call;
    plans_t     *t;

    t = *state;
    rnd = unit_seed();

    start(&up, 10, 7, &rnd);
    plans_ask(t, &up, 7, up.first + 100, "");
    assert_int_equal(usage_plan_start(&t->plan, &t->request, &up.is,
                         &t->arena.pool, t->now, &t->error),
        USAGE_OK);
    assert_string_equal(usage_plan_stage_name(&t->plan), "days");
    assert_string_equal(usage_plan_outcome_name(&t->plan), "calls");
    assert_int_equal(usage_plan_next(&t->plan, &call, &t->error), USAGE_OK);

    goes(t, &up, "", "days, end");
    assert_string_equal(usage_plan_outcome_name(&t->plan), "done");

    upstream_free(&up);
}


/*
 * From the start, each kind of plan gets to its end; and no stage that it gets
 * to is one that it can't get on from.
 */
static void
test_ways(void **state)
{
    bool               reached[USAGE_STAGE_END + 1];
    int                kind, stage, outcome;
    size_t             i, ways;
    usage_plan_stage_t next;

    (void) state;

    for (kind = USAGE_PLAN_DESKTOPS; kind <= USAGE_PLAN_USER_HOURS; kind *= 2) {
        memset(reached, 0, sizeof(reached));
        reached[USAGE_STAGE_START] = true;

        for (i = 0; i <= USAGE_STAGE_END; i++) {
            for (stage = USAGE_STAGE_START; stage < USAGE_STAGE_END; stage++) {
                ways = 0;

                for (outcome = USAGE_OUTCOME_ERROR;
                     outcome <= USAGE_OUTCOME_UNEXPLAINED; outcome++)
                {
                    if (usage_plan_route((usage_plan_kind_t) kind,
                            (usage_plan_stage_t) stage,
                            (usage_outcome_t) outcome, &next))
                    {
                        ways++;
                        reached[next] = reached[next] || reached[stage];
                        assert_int_not_equal(outcome, USAGE_OUTCOME_ERROR);
                        assert_int_not_equal(outcome, USAGE_OUTCOME_CALLS);
                        assert_true(next != USAGE_STAGE_START);
                    }
                }

                assert_true(ways > 0 || !reached[stage]);
            }
        }

        assert_true(reached[USAGE_STAGE_END]);
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_desktops),
        cmocka_unit_test(test_few_desktops),
        cmocka_unit_test(test_monitored),
        cmocka_unit_test(test_user),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_ways),
    };

    return cmocka_run_group_tests(tests, plans_setup, plans_teardown);
}
