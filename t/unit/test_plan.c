/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Plans against a model of the upstream: whatever it is asked for, shows,
 * hides, sorts or shifts, and in whatever order its replies come, the answer
 * is the truth or an error, and the calls are few.
 */

#include "plans.h"


/* The truth. */

static bool
shown(const upstream_t *up, const upstream_desktop_t *desktop, size_t past)
{
    size_t i;
    double sum;

    for (i = 0, sum = 0; i < past; i++) {
        sum += desktop->seconds[i];
    }

    return desktop->counted && past > 0 && (up->idle_shown || sum > 0);
}


static int
by_id(const void *one, const void *two)
{
    const upstream_desktop_t *a, *b;

    a = *(const upstream_desktop_t *const *) one;
    b = *(const upstream_desktop_t *const *) two;

    return strcmp(a->id, b->id);
}


/*
 * Those that the reply has to list, before paging.
 */
static size_t
truth(const plans_t *t, const upstream_t *up, const upstream_desktop_t **list)
{
    size_t                    i, n, past;
    const upstream_desktop_t *desktop;

    past = usage_request_past(&t->request, usage_day_of(t->now));
    n = 0;

    for (i = 0; i < t->request.desktops; i++) {
        desktop = upstream_find(up, t->request.desktop_ids[i]);

        if (desktop != NULL
            && (shown(up, desktop, past) || (desktop->known && !up->forbidden)))
        {
            list[n++] = desktop;
        }
    }

    if (t->request.desktops > 0) {
        return n;
    }

    for (i = 0; i < up->count; i++) {
        if (shown(up, &up->desktops[i], past)) {
            list[n++] = &up->desktops[i];
        }
    }

    qsort(list, n, sizeof(*list), by_id);

    return n;
}


static bool
check_truth(const plans_t *t, const upstream_t *up)
{
    bool                       same;
    double                     seconds;
    size_t                     i, k, n, count;
    const upstream_desktop_t **list;

    list = unit_must(calloc(up->count + 1, sizeof(*list)));
    n = truth(t, up, list);

    count = t->request.offset < n ? n - t->request.offset : 0;
    count = count < t->request.limit ? count : t->request.limit;
    same = t->total == (int64_t) n && t->count == count;

    if (!same) {
        print_error("%zu of %" PRId64 " listed, not %zu of %zu\n", t->count,
            t->total, count, n);
    }

    for (i = 0; same && i < count; i++) {
        same = unit_is(t->list[i].id, list[t->request.offset + i]->id);

        if (!same) {
            print_error("entry %zu is %.*s, not %s\n", i,
                (int) t->list[i].id.len, t->list[i].id.data,
                list[t->request.offset + i]->id);
        }

        for (k = 0; same && k < t->plan.days; k++) {
            seconds = t->list[i].seconds[k] > 0 ? t->list[i].seconds[k] : 0;
            same = !list[t->request.offset + i]->counted
                       ? seconds == 0
                       : seconds == list[t->request.offset + i]->seconds[k];

            if (!same) {
                print_error("%s, day %zu: %g seconds, not %g\n",
                    list[t->request.offset + i]->id, k, seconds,
                    list[t->request.offset + i]->seconds[k]);
            }
        }
    }

    free(list);

    return same;
}


/*
 * Use on some days, of some desktops.
 */
static void
use(upstream_t *up, unsigned percent)
{
    size_t i, k;

    for (i = 0; i < up->count; i++) {
        for (k = 0; k < up->days; k++) {
            up->desktops[i].seconds[k] =
                !unit_chance(up->rnd, percent) ? 0
                : unit_chance(up->rnd, 80)
                    ? (double) (1 + unit_below(up->rnd, 86400))
                : unit_chance(up->rnd, 50)
                    ? (double) (1 + unit_below(up->rnd, 3)) * 3600
                    : (double) (1 + unit_below(up->rnd, 1u << 30)) / 16384;
        }
    }
}


/*
 * Some desktops have another name in the statistics than in the directory, or
 * none here or there, or another desktop's.
 */
static void
rename_desktop(upstream_t *up, size_t n)
{
    upstream_desktop_t *desktop;

    desktop = &up->desktops[n];

    if (unit_chance(up->rnd, 8)) {
        (void) snprintf(desktop->name, sizeof(desktop->name), "NEW-%zu", n);
    }

    if (unit_chance(up->rnd, 4)) {
        (void) snprintf(desktop->called, sizeof(desktop->called), "DESK-%zu",
            unit_below(up->rnd, up->count));
    }

    if (unit_chance(up->rnd, 4)) {
        desktop->called[0] = '\0';
    }

    if (unit_chance(up->rnd, 1)) {
        desktop->name[0] = '\0';
    }
}


static void
add_members(unit_text_t *text, const upstream_t *up)
{
    size_t    n;
    uint64_t *rnd;

    rnd = up->rnd;
    unit_text_clear(text);

    if (unit_chance(rnd, 50)) {
        n = unit_chance(rnd, 70) ? unit_below(rnd, 6)
                                 : unit_below(rnd, up->count * 2 + 1);
        n = n > USAGE_DESKTOP_IDS_MAX ? USAGE_DESKTOP_IDS_MAX : n;
        unit_adds(text, ",\"desktop_ids\":[");

        for (; n > 0; n--) {
            if (up->count == 0 || unit_chance(rnd, 10)) {
                unit_addf(text, "\"unknown %zu\"", unit_below(rnd, 9));

            } else {
                unit_addf(text, "\"%s\"",
                    up->desktops[unit_below(rnd, up->count)].id);
            }

            unit_adds(text, n > 1 ? "," : "");
        }

        unit_adds(text, "]");
    }

    if (unit_chance(rnd, 50)) {
        unit_addf(text, ",\"offset\":%zu",
            unit_chance(rnd, 20) ? (size_t) 2147483647
                                 : unit_below(rnd, up->count + 3));
    }

    if (unit_chance(rnd, 50)) {
        unit_addf(text, ",\"limit\":%zu",
            unit_chance(rnd, 20) ? 0 : unit_below(rnd, 101));
    }
}


/*
 * Desktop monitoring, mostly sound: any of its habits.
 */
static void
monitor(upstream_t *up)
{
    up->is.monitoring = unit_chance(up->rnd, 50);
    up->monitor_forbidden = unit_chance(up->rnd, 10);
    up->monitor_unknown = unit_chance(up->rnd, 5);
    up->monitor_earlier = unit_chance(up->rnd, 70);
    up->monitor_lost = unit_chance(up->rnd, 70) ? 0 : 3;

    if (up->is.monitoring) {
        upstream_make_periods(up);
    }
}


static void
test_random(void **state)
{
    size_t         i, k, n, day, days, past, flight;
    uint64_t       seed, rnd;
    upstream_t     up;
    plans_t       *t;
    unit_text_t    members = { 0 };
    usage_result_t rc;

    static const unsigned percents[] = { 0, 1, 10, 50, 90, 100 };

    t = *state;

    for (i = 0, n = unit_times(4000); i < n; i++) {
        seed = unit_seed() * 1000003 + i;
        rnd = seed;
        days = unit_chance(&rnd, 20) ? 1 : 1 + unit_below(&rnd, USAGE_DAYS_MAX);

        upstream_start(&up,
            unit_chance(&rnd, 40)   ? unit_below(&rnd, 6)
            : unit_chance(&rnd, 65) ? 80 + unit_below(&rnd, 50)
            : unit_chance(&rnd, 90) ? 190 + unit_below(&rnd, 130)
                                    : 900 + unit_below(&rnd, 200),
            19000, days, &rnd);
        use(&up, percents[unit_below(&rnd, unit_count(percents))]);

        up.idle_shown = unit_chance(&rnd, 50);
        up.projects = unit_chance(&rnd, 30);
        up.forbidden = unit_chance(&rnd, 20);
        up.order =
            unit_chance(&rnd, 60) ? UPSTREAM_SORTS : (int) unit_below(&rnd, 3);

        up.is.resource_id = unit_chance(&rnd, 30);
        up.ignores_id = unit_chance(&rnd, 20);
        up.ignores_ids = unit_chance(&rnd, 20);
        monitor(&up);

        for (k = 0; k < up.count; k++) {
            up.desktops[k].counted = !unit_chance(&rnd, 5);
            up.desktops[k].known = !unit_chance(&rnd, 10);
            rename_desktop(&up, k);
        }

        /* windows that shift, once or twice */

        up.fault = (int) unit_below(&rnd, UPSTREAM_FAULTS);

        for (k = 0; unit_chance(&rnd, 50) && k <= days; k++) {
            day = unit_below(&rnd, days + 1);
            up.faulty[day == days ? UPSTREAM_RANGE : day] =
                (unsigned) unit_below(&rnd, USAGE_REFETCH_MAX + 1);
        }

        up.narrow_faulty =
            unit_chance(&rnd, 80) ? 0 : (unsigned) unit_below(&rnd, 3);

        up.directory_faulty =
            unit_chance(&rnd, 80) ? 0 : (unsigned) unit_below(&rnd, 3);

        /* all of the days are over, or some, or none */

        past = unit_chance(&rnd, 70) ? days : unit_below(&rnd, days + 1);
        add_members(&members, &up);
        plans_ask(t, &up, days,
            up.first - 1 + (usage_day_t) past
                + (usage_day_t) (past == days ? unit_below(&rnd, 5) : 0),
            members.data);

        flight = 1 + unit_below(&rnd, PLANS_FLIGHT_MAX);
        rc = plans_carry_out(t, &up, flight);

        if (rc != USAGE_OK) {
            fail_msg("seed %" PRIu64 ": %s", seed, t->error.detail);
        }

        if (!check_truth(t, &up)) {
            fail_msg("seed %" PRIu64 ": not the truth", seed);
        }

        upstream_free(&up);
    }

    unit_text_free(&members);
}


/*
 * Rows of one desktop in several enterprise projects add up, but no desktop is
 * in use for more than 24 hours of a day.
 */
static void
test_projects(void **state)
{
    size_t     i;
    uint64_t   rnd;
    upstream_t up;
    plans_t   *t;
    char       members[128];

    t = *state;

    for (i = 0; i < 4; i++) {
        rnd = unit_seed();
        upstream_start(&up, 2, 19000, 3, &rnd);
        up.projects = true;
        up.desktops[0].place = 3; /* two rows: on the first day both have use */
        up.desktops[1].place = 2;
        up.desktops[0].seconds[0] = i < 2 ? 86400 : 86402;
        (void) snprintf(members, sizeof(members), ",\"desktop_ids\":[\"%s\"]",
            up.desktops[0].id);

        plans_ask(t, &up, 3, up.first + 9, i % 2 == 0 ? "" : members);

        if (i < 2) {
            assert_int_equal(plans_carry_out(t, &up, 1), USAGE_OK);
            assert_true(check_truth(t, &up));

        } else {
            assert_int_equal(plans_carry_out(t, &up, 1), USAGE_ERROR);
            assert_int_equal(t->error.status, 502);
            assert_non_null(
                strstr(t->error.detail, "seconds of one desktop expected"));
        }

        upstream_free(&up);
    }
}


/*
 * The first page has one of a desktop's rows, and no row of an enterprise
 * project.  A later page has the other row.  That is found in windows of all
 * desktops, in windows that the filter by name hardly narrows, and in the page
 * that tells how many desktops there are.
 */
static void
test_projects_later(void **state)
{
    size_t              i, k, n;
    uint64_t            rnd;
    upstream_t          up;
    plans_t            *t;
    char                members[128];
    upstream_desktop_t *desktop;

    t = *state;

    for (i = 0; i < 16; i++) {
        rnd = unit_seed() + i;
        upstream_start(&up, 250, 19006, i < 8 ? 1 : 2, &rnd); /* a Friday */
        up.projects = true;
        up.forbidden = i % 2 == 1;
        up.is.resource_id = i % 4 >= 2;

        for (n = 0; n < up.count; n++) {
            desktop = &up.desktops[n];
            desktop->place = n == 0 ? 33 : 48 * n + 1;

            for (k = 0; k < up.days; k++) {
                desktop->seconds[k] = n == 0 ? 70000 : 20000 + (double) n;
            }

            if (i / 4 % 2 == 1) {
                (void) snprintf(desktop->name, sizeof(desktop->name), "DESK%s",
                    n == 0 ? "" : "-of-others");
                memcpy(desktop->called, desktop->name, sizeof(desktop->name));
            }
        }

        (void) snprintf(members, sizeof(members), ",\"desktop_ids\":[\"%s\"]",
            up.desktops[0].id);
        plans_ask(t, &up, up.days, up.first + 9, members);

        assert_int_equal(
            plans_carry_out(t, &up, 1 + i % PLANS_FLIGHT_MAX), USAGE_OK);

        if (!check_truth(t, &up)) {
            fail_msg("case %zu: not the truth", i);
        }

        upstream_free(&up);
    }
}


/*
 * Statistics of one enterprise project have its part of each desktop's days.
 * An upstream that shows others, too, is found out.
 */
static void
test_enterprise_project(void **state)
{
    size_t              i, k, n;
    uint64_t            rnd;
    upstream_t          up;
    plans_t            *t;
    char                members[128];
    upstream_desktop_t *desktop;

    t = *state;

    for (i = 0; i < 8; i++) {
        rnd = unit_seed() + i;
        upstream_start(&up, i % 4 < 2 ? 30 : 230, 19000, 5, &rnd);
        use(&up, 70);
        up.projects = true;
        up.is.connections = true;
        up.is.enterprise_project = unit_str(upstream_projects[i % 2]);
        (void) snprintf(members, sizeof(members), ",\"desktop_ids\":[\"%s\"]",
            up.desktops[0].id);
        plans_ask(t, &up, 5, up.first + 9, i < 4 ? "" : members);
        assert_int_equal(plans_carry_out(t, &up, 3), USAGE_OK);

        for (n = 0; n < up.count; n++) {
            desktop = &up.desktops[n];

            for (k = 0; k < up.days; k++) {
                desktop->seconds[k] = upstream_split(&up, desktop->place)
                                          ? upstream_part(desktop->seconds[k],
                                              desktop->place, k, i % 2)
                                      : i % 2 == 0 ? desktop->seconds[k]
                                                   : 0;
            }
        }

        assert_true(check_truth(t, &up));
        upstream_free(&up);
    }

    rnd = unit_seed();
    upstream_start(&up, 9, 19000, 2, &rnd);
    use(&up, 100);
    up.projects = true;
    up.ignores_project = true;
    up.is.enterprise_project = unit_str(upstream_projects[1]);
    plans_ask(t, &up, 2, up.first + 9, "");
    assert_int_equal(plans_carry_out(t, &up, 1), USAGE_ERROR);
    assert_int_equal(t->error.status, 502);
    assert_non_null(strstr(t->error.detail, "usage_enterprise_project"));
    upstream_free(&up);
}


/*
 * Days that don't add up to the range: the days count, where all desktops are
 * asked for.
 */
static void
test_off_totals(void **state)
{
    size_t     i, k, n, days;
    double     sum;
    uint64_t   seed, rnd;
    upstream_t up;
    plans_t   *t;

    t = *state;

    for (i = 0, n = unit_times(300); i < n; i++) {
        seed = unit_seed() * 1000003 + i;
        rnd = seed;
        days = 2 + unit_below(&rnd, USAGE_DAYS_MAX - 1);

        upstream_start(&up, 100 + unit_below(&rnd, 300), 19000, days, &rnd);
        use(&up, 20);
        up.idle_shown = unit_chance(&rnd, 80);
        up.order = (int) unit_below(&rnd, 3);

        for (k = 0; k < up.count; k++) {
            sum = up.desktops[k].seconds[0] + up.desktops[k].seconds[1];

            if (sum > 0 && unit_chance(&rnd, 3)) {
                up.desktops[k].off = unit_chance(&rnd, 50) ? sum : -sum / 2;
            }
        }

        plans_ask(t, &up, days, up.first + 100, "");

        if (plans_carry_out(t, &up, 8) != USAGE_OK || !check_truth(t, &up)) {
            fail_msg("seed %" PRIu64 ": not the truth", seed);
        }

        upstream_free(&up);
    }
}


/*
 * A range of so many days, all desktops used on each or so many of them.
 */
static void
used_by(upstream_t *up, size_t used)
{
    size_t i, k;

    for (k = 0; k < up->days; k++) {
        for (i = 0; i < used; i++) {
            up->desktops[(i + k * 7) % up->count].seconds[k] =
                (double) (100 + i);
        }
    }
}


static void
answer(plans_t *t, upstream_t *up, const char *members)
{
    plans_ask(t, up, up->days, up->first + 100, members);

    if (plans_carry_out(t, up, 8) != USAGE_OK) {
        fail_msg("%s", t->error.detail);
    }

    assert_true(check_truth(t, up));
}


static void
test_few_calls(void **state)
{
    size_t     i, k;
    uint64_t   rnd;
    upstream_t up;
    plans_t   *t;

    static const struct {
        size_t      desktops;
        size_t      days;
        size_t      used;
        bool        idle_shown;
        const char *members;
        unsigned    calls;
    } cases[] = {
        { 100, 31, 100, true, "", 31 },
        { 100, 31, 100, false, "", 31 },
        { 100, 31, 3, true, "", 31 },
        { 100, 31, 0, true, "", 31 },
        { 100, 31, 0, false, "", 31 },
        { 0, 31, 0, true, "", 31 },
        { 100, 1, 100, true, "", 1 },
        { 100, 31, 50, true, ",\"limit\":0", 1 },
        { 0, 31, 0, true, ",\"limit\":0", 1 },

        /* the days' first pages and the range's, not 10 x 31 */

        { 1000, 31, 50, true, "", 31 + 10 },
        { 1000, 31, 150, true, "", 2 * 31 + 10 },
        { 1000, 31, 50, false, "", 31 },
        { 1000, 31, 150, false, "", 2 * 31 },
        { 2000, 31, 99, true, ",\"limit\":100,\"offset\":100", 31 + 20 },
        { 2000, 31, 0, true, "", 31 + 20 },

        /* one day is completed, not added up */

        { 1000, 1, 50, true, "", 10 },
        { 2000, 31, 2000, true, "", 20 * 31 },
    };

    t = *state;
    rnd = unit_seed();

    for (i = 0; i < unit_count(cases); i++) {
        for (k = 0; k < 5; k++) {
            upstream_start(&up, cases[i].desktops, 19000, cases[i].days, &rnd);
            up.idle_shown = cases[i].idle_shown;

            if (cases[i].used > 0) {
                used_by(&up, cases[i].used);
            }

            answer(t, &up, cases[i].members);

            if (up.calls > cases[i].calls) {
                fail_msg("%zu desktops, %zu days, %zu used%s: %u calls, not "
                         "%u",
                    cases[i].desktops, cases[i].days, cases[i].used,
                    cases[i].members, up.calls, cases[i].calls);
            }

            upstream_free(&up);
        }
    }
}


static void
ask_for(unit_text_t *members, const upstream_t *up, size_t from, size_t count)
{
    size_t i;

    unit_text_clear(members);
    unit_adds(members, ",\"desktop_ids\":[");

    for (i = from; i < from + count; i++) {
        unit_addf(members, "%s\"%s\"", i > from ? "," : "", up->desktops[i].id);
    }

    unit_adds(members, "]");
}


/*
 * Of desktops that are asked for: no page more once they are seen, no call of
 * the directory that need not be.
 */
static void
test_few_calls_for_ids(void **state)
{
    uint64_t    rnd;
    upstream_t  up;
    plans_t    *t;
    unit_text_t members = { 0 };

    t = *state;
    rnd = unit_seed();

    /* known to the directory alone */

    upstream_start(&up, 50, 19000, 31, &rnd);
    up.desktops[3].counted = false;
    used_by(&up, 1);
    unit_addf(&members, ",\"desktop_ids\":[\"%s\",\"x\"]", up.desktops[3].id);
    answer(t, &up, members.data);
    assert_int_equal(t->total, 1);
    assert_int_equal(up.statistics_calls, 31);
    assert_int_equal(up.directory_calls, 1);
    upstream_free(&up);

    /* the count alone: the directory's, where it knows all */

    upstream_start(&up, 500, 19000, 31, &rnd);
    up.idle_shown = true;
    unit_text_clear(&members);
    unit_addf(&members, ",\"limit\":0,\"desktop_ids\":[\"%s\",\"%s\"]",
        up.desktops[3].id, up.desktops[5].id);
    answer(t, &up, members.data);
    assert_int_equal(t->total, 2);
    assert_int_equal(up.calls, 1);

    /* an offset behind them all: the same */

    unit_text_clear(&members);
    unit_addf(&members, ",\"offset\":2,\"desktop_ids\":[\"%s\",\"%s\"]",
        up.desktops[3].id, up.desktops[5].id);
    answer(t, &up, members.data);
    assert_int_equal(up.calls, 1);
    upstream_free(&up);

    unit_text_free(&members);
}


/*
 * Windows narrowed to the few that are asked for, among many: a call for each
 * of their days at most.
 */
static void
test_few_calls_narrowed(void **state)
{
    size_t      i, k, n, from, bound;
    uint64_t    rnd;
    upstream_t  up;
    plans_t    *t;
    unit_text_t members = { 0 };

    static const struct {
        size_t   desktops;
        size_t   asked;
        unsigned used; /* per cent of days */
        bool     resource_id;
        size_t   calls;
    } cases[] = {

        /* a page that tells how many there are, and what they are called */

        { 2000, 5, 100, false, 31 * 5 + 2 },
        { 2000, 5, 60, false, 31 * 5 + 2 },
        { 2000, 5, 0, false, 5 + 2 + 20 },
        { 2000, 5, 100, true, 31 * 5 + 1 },
        { 2000, 5, 60, true, 31 * 5 + 1 },
        { 2000, 5, 0, true, 5 + 1 + 1 },
        { 2000, 1, 100, false, 31 + 2 },
        { 2000, 1, 100, true, 31 },
        { 2000, 1, 0, true, 1 + 1 },
        { 100, 1, 100, true, 31 },

        /* all desktops take fewer */

        { 100, 5, 100, false, 31 },
        { 100, 5, 100, true, 31 },
        { 200, 2, 100, false, 2 * 31 },
        { 2000, 30, 100, false, 20 * 31 },
    };

    t = *state;
    rnd = unit_seed();

    for (i = 0; i < unit_count(cases); i++) {
        for (n = 0; n < 10; n++) {
            upstream_start(&up, cases[i].desktops, 19000, 31, &rnd);
            up.idle_shown = n % 2 == 0;
            up.is.resource_id = cases[i].resource_id;
            used_by(&up, cases[i].desktops);

            /* whose names are parts of no others */

            from = up.count > 1000 ? 1500 : 7;

            for (k = 0; k < 31 * cases[i].asked; k++) {
                if (!unit_chance(&rnd, cases[i].used)) {
                    up.desktops[from + k / 31].seconds[k % 31] = 0;
                }
            }

            ask_for(&members, &up, from, cases[i].asked);
            answer(t, &up, members.data);

            /* a row is what tells that a name is right */

            bound = cases[i].calls;
            bound -= cases[i].used == 0 && up.idle_shown && bound > 20 ? 20 : 0;

            if (up.calls > bound) {
                fail_msg("%zu of %zu desktops, %u%% used: %u calls, not %zu",
                    cases[i].asked, cases[i].desktops, cases[i].used, up.calls,
                    bound);
            }

            upstream_free(&up);
        }
    }

    /* a name that is part of 110 others: up to two pages */

    upstream_start(&up, 2000, 19000, 31, &rnd);
    used_by(&up, 2000);
    ask_for(&members, &up, 7, 1);
    answer(t, &up, members.data);
    assert_true(up.calls <= 31 * 2 + 2);
    upstream_free(&up);

    /* a release that doesn't know the filter by id: for each, pages until it
     * is seen */

    upstream_start(&up, 2000, 19000, 31, &rnd);
    up.is.resource_id = true;
    up.ignores_id = true;
    used_by(&up, 2000);
    ask_for(&members, &up, 1500, 5);
    answer(t, &up, members.data);
    assert_true(up.calls <= 31 * 5 + 2 + 5 * 20);
    upstream_free(&up);

    /* the directory may not be read: the names can't be had */

    upstream_start(&up, 300, 19000, 31, &rnd);
    up.forbidden = true;
    used_by(&up, 300);
    ask_for(&members, &up, 7, 1);
    answer(t, &up, members.data);
    assert_true(up.calls <= 31 * 3 + 3 + 1);
    upstream_free(&up);

    unit_text_free(&members);
}


/*
 * Desktop monitoring in place of days: few calls, and none in vain where
 * bisection takes no more.
 */
static void
test_few_calls_monitored(void **state)
{
    size_t      i, k, n;
    uint64_t    rnd;
    upstream_t  up;
    plans_t    *t;
    unit_text_t members = { 0 };

    static const struct {
        size_t      desktops;
        size_t      days;
        size_t      asked;
        usage_day_t today; /* days from the first on */
        bool        resource_id;
        unsigned    calls;
        unsigned    monitor_calls;
    } cases[] = {

        /* name, range, two windows of at most 30 days */

        { 2000, 31, 1, 100, false, 1 + 1 + 2, 2 },
        { 2000, 31, 1, 100, true, 1 + 2, 2 },
        { 2000, 29, 1, 100, false, 1 + 1 + 1, 1 },
        { 20, 31, 1, 100, false, 1 + 1 + 2, 2 },

        /* days that aren't final: the range of those that are, and they */

        { 2000, 31, 1, 30, false, 1 + 2 + 1 + 1, 1 },
        { 2000, 31, 1, 31, false, 1 + 2 + 2, 2 },

        /* a page that tells how many there are */

        { 2000, 31, 5, 100, false, 1 + 1 + 5 + 10, 10 },
        { 20, 31, 5, 100, false, 1 + 1 + 5 + 10, 10 },
        { 20, 31, 10, 100, false, 31, 0 },
        { 2000, 31, 20, 100, false, 1 + 1 + 20 + 40, 40 },

        /* too few days */

        { 2000, 3, 1, 100, false, 1 + 1 + 2, 1 },
        { 2000, 2, 1, 100, false, 1 + 1 + 2, 0 },
        { 2000, 1, 1, 100, false, 1 + 1 + 1, 0 },
    };

    t = *state;
    rnd = unit_seed();

    for (i = 0; i < unit_count(cases); i++) {
        for (n = 0; n < 10; n++) {
            upstream_start(&up, cases[i].desktops, 19000, cases[i].days, &rnd);
            up.idle_shown = n % 2 == 0;
            up.is.resource_id = cases[i].resource_id;
            up.is.monitoring = true;
            up.monitor_earlier = true;
            used_by(&up, cases[i].desktops);

            for (k = cases[i].today < 99 ? (size_t) cases[i].today - 1 : 99;
                 k < up.days; k++)
            {
                up.desktops[up.count - 1].seconds[k] = 0;
            }

            upstream_make_periods(&up);
            ask_for(&members, &up, up.count - cases[i].asked, cases[i].asked);
            plans_ask(t, &up, up.days, up.first + cases[i].today, members.data);

            if (plans_carry_out(t, &up, 8) != USAGE_OK) {
                fail_msg("%s", t->error.detail);
            }

            assert_true(check_truth(t, &up));

            if (up.calls > cases[i].calls
                || up.monitor_calls != cases[i].monitor_calls) {
                fail_msg("case %zu: %u calls, %u of monitoring, not %u, %u", i,
                    up.calls, up.monitor_calls, cases[i].calls,
                    cases[i].monitor_calls);
            }

            upstream_free(&up);
        }
    }

    unit_text_free(&members);
}


/*
 * Periods that don't add up to the statistics, or that may not be read: the
 * days come from statistics alone, and monitoring is asked no more than it has
 * to be.
 */
static void
test_not_monitored(void **state)
{
    uint64_t    rnd;
    upstream_t  up;
    plans_t    *t;
    unit_text_t members = { 0 };

    t = *state;
    rnd = unit_seed();

    upstream_start(&up, 2000, 19000, 31, &rnd);
    up.is.monitoring = true;
    up.monitor_earlier = true;
    used_by(&up, 2000);
    upstream_make_periods(&up);
    ask_for(&members, &up, 1500, 3);

    answer(t, &up, members.data);
    assert_int_equal(up.calls, 1 + 1 + 3 * (1 + 2));

    /* a second is missing: one desktop is bisected */

    up.desktops[1501].seconds[7]++;
    answer(t, &up, members.data);
    assert_int_equal(up.monitor_calls, 3 * 2);
    assert_in_range(up.calls, 1 + 1 + 3 * (1 + 2) + 20, 1 + 1 + 3 * 3 + 30);
    up.desktops[1501].seconds[7]--;

    /* no right: one call; no desktop there */

    up.monitor_forbidden = true;
    answer(t, &up, members.data);
    assert_int_equal(up.monitor_calls, 1);
    assert_in_range(up.calls, 60, 1 + 1 + 1 + 3 * 31);

    up.monitor_forbidden = false;
    up.monitor_unknown = true;
    answer(t, &up, members.data);
    assert_int_equal(up.monitor_calls, 3 * 2);

    /* many desktops that are to be bisected: all desktops take fewer calls */

    up.monitor_unknown = false;
    up.monitor_forbidden = true;
    ask_for(&members, &up, 1500, 30);
    answer(t, &up, members.data);
    assert_int_equal(up.monitor_calls, 1);
    assert_true(up.calls <= 1 + 1 + 30 + 1 + 20 * 31);

    /* an id that can't stand in a path */

    up.monitor_forbidden = false;
    strcpy(up.desktops[1500].id, "a/b");
    ask_for(&members, &up, 1500, 1);
    answer(t, &up, members.data);
    assert_int_equal(up.monitor_calls, 0);

    upstream_free(&up);
    unit_text_free(&members);
}


/*
 * The future costs nothing.
 */
static void
test_future(void **state)
{
    uint64_t    rnd;
    upstream_t  up;
    plans_t    *t;
    unit_text_t members = { 0 };

    t = *state;
    rnd = unit_seed();

    upstream_start(&up, 10, 19000, 31, &rnd);
    up.idle_shown = true;
    used_by(&up, 10);

    plans_ask(t, &up, 31, up.first - 1, "");
    assert_int_equal(plans_carry_out(t, &up, 8), USAGE_OK);
    assert_int_equal(up.calls, 0);
    assert_int_equal(t->total, 0);
    assert_true(check_truth(t, &up));

    plans_ask(t, &up, 31, up.first - 1, ",\"limit\":0");
    assert_int_equal(plans_carry_out(t, &up, 8), USAGE_OK);
    assert_int_equal(up.calls, 0);
    assert_int_equal(t->total, 0);

    unit_addf(&members, ",\"desktop_ids\":[\"%s\",\"x\"]", up.desktops[3].id);
    plans_ask(t, &up, 31, up.first - 1, members.data);
    assert_int_equal(plans_carry_out(t, &up, 8), USAGE_OK);
    assert_int_equal(up.calls, 1);
    assert_int_equal(up.directory_calls, 1);
    assert_int_equal(t->total, 1);
    assert_true(check_truth(t, &up));

    /* today and 30 days to come */

    plans_ask(t, &up, 31, up.first, "");
    assert_int_equal(plans_carry_out(t, &up, 8), USAGE_OK);
    assert_int_equal(up.calls, 1);
    assert_int_equal(t->total, 10);
    assert_true(check_truth(t, &up));

    upstream_free(&up);
    unit_text_free(&members);
}


/*
 * Used on one day alone, among many that are idle: any of the 31.
 */
static void
test_used_once(void **state)
{
    int        order;
    size_t     day;
    uint64_t   rnd;
    upstream_t up;
    plans_t   *t;

    t = *state;
    rnd = unit_seed();

    for (order = UPSTREAM_SORTS; order <= UPSTREAM_ASCENDS; order++) {
        for (day = 0; day < 31; day++) {
            upstream_start(&up, 350, 19000, 31, &rnd);
            up.idle_shown = true;
            up.order = order;
            up.desktops[unit_below(&rnd, 350)].seconds[day] = 1;
            answer(t, &up, "");
            assert_int_equal(t->total, 350);
            upstream_free(&up);
        }
    }
}


/*
 * A window whose pages never agree: fetched three times, then 502.
 */
static void
test_never_agrees(void **state)
{
    int        fault;
    size_t     k, flight;
    uint64_t   rnd;
    upstream_t up;
    plans_t   *t;

    t = *state;
    rnd = unit_seed();

    for (fault = 0; fault < UPSTREAM_FAULTS; fault++) {
        for (flight = 1; flight <= 16; flight *= 4) {
            upstream_start(&up, 300, 19000, 5, &rnd);
            used_by(&up, 300);
            up.fault = fault;
            up.faulty[2] = 99;

            plans_ask(t, &up, 5, up.first + 100, "");
            assert_int_equal(plans_carry_out(t, &up, flight), USAGE_ERROR);
            assert_int_equal(t->error.status, 502);
            assert_non_null(strstr(t->error.detail, "2022-01-10"));

            for (k = 0; k <= USAGE_REFETCH_MAX; k++) {
                assert_true(up.attempts[2] & 1u << k);
            }

            upstream_free(&up);

            /* twice, and then they do */

            upstream_start(&up, 300, 19000, 5, &rnd);
            used_by(&up, 300);
            up.fault = fault;
            up.faulty[2] = USAGE_REFETCH_MAX;

            answer(t, &up, "");
            assert_true(up.attempts[2] & 1u << USAGE_REFETCH_MAX);
            upstream_free(&up);
        }
    }

    /* the range, where it is needed */

    for (fault = 0; fault < UPSTREAM_FAULTS; fault++) {
        upstream_start(&up, 300, 19000, 31, &rnd);
        up.idle_shown = true;
        up.fault = fault;
        up.faulty[UPSTREAM_RANGE] = 99;

        plans_ask(t, &up, 31, up.first + 100, "");
        assert_int_equal(plans_carry_out(t, &up, 8), USAGE_ERROR);
        assert_int_equal(t->error.status, 502);
        upstream_free(&up);
    }
}


/*
 * A window that has many more rows when the rest of its pages is asked for: it
 * is fetched again to its end, though narrowed statistics would take fewer
 * calls by now.
 */
static void
test_grows(void **state)
{
    size_t         i;
    uint64_t       rnd;
    upstream_t     up;
    usage_call_t   call;
    plans_t       *t;
    unit_text_t    members = { 0 };
    usage_result_t rc;

    t = *state;
    rnd = unit_seed();

    upstream_start(&up, 2000, 19000, 1, &rnd);
    up.idle_shown = true;
    up.order = UPSTREAM_IGNORES;
    up.desktops[240].seconds[0] = 60;
    unit_addf(&members, ",\"desktop_ids\":[\"%s\"]", up.desktops[240].id);

    for (i = 0; i < up.count; i++) {
        up.desktops[i].place = i;
        up.desktops[i].counted = i < 250;
    }

    plans_ask(t, &up, 1, up.first + 100, members.data);
    assert_int_equal(usage_plan_start(&t->plan, &t->request, &up.is,
                         &t->arena.pool, t->now, &t->error),
        USAGE_OK);

    while ((rc = usage_plan_next(&t->plan, &call, &t->error)) == USAGE_OK) {
        if (call.offset > 0) {
            assert_string_equal(usage_plan_stage_name(&t->plan), "complete");

            for (i = 0; i < up.count; i++) {
                up.windows[0].made =
                    up.windows[0].made && up.desktops[i].counted;
                up.desktops[i].counted = true;
            }
        }

        assert_int_equal(plans_hand_in(t, &up, &call), USAGE_OK);
    }

    assert_int_equal(rc, USAGE_AGAIN);
    assert_true(usage_plan_done(&t->plan));
    assert_int_equal(
        usage_plan_list(&t->plan, &t->list, &t->count, &t->total, &t->error),
        USAGE_OK);
    assert_true(check_truth(t, &up));

    upstream_free(&up);
    unit_text_free(&members);
}


static void
test_directory(void **state)
{
    size_t      i;
    uint64_t    rnd;
    upstream_t  up;
    plans_t    *t;
    unit_text_t members = { 0 };

    t = *state;
    rnd = unit_seed();

    /* 250 that no page shows: three calls */

    upstream_start(&up, 250, 19000, 1, &rnd);
    unit_adds(&members, ",\"desktop_ids\":[\"x\"");

    for (i = 0; i < 249; i++) {
        unit_addf(&members, ",\"%s\"", up.desktops[i].id);
    }

    unit_adds(&members, "]");
    answer(t, &up, members.data);
    assert_int_equal(up.directory_calls, 3);
    assert_int_equal(t->total, 249);

    /* counts that don't fit, always and twice */

    up.directory_faulty = 99;
    plans_ask(t, &up, 1, up.first, members.data);
    assert_int_equal(plans_carry_out(t, &up, 8), USAGE_ERROR);
    assert_int_equal(t->error.status, 502);

    up.directory_faulty = USAGE_REFETCH_MAX;
    answer(t, &up, members.data);
    assert_int_equal(up.directory_calls, 3 * (USAGE_REFETCH_MAX + 1));

    /* forbidden: they count as unknown */

    up.forbidden = true;
    answer(t, &up, members.data);
    assert_int_equal(t->total, 0);

    upstream_free(&up);
    unit_text_free(&members);
}


/*
 * Ids as long as they may be: a call's ids fit a request line all the same.
 */
static void
test_long_ids(void **state)
{
    size_t      i, k;
    uint64_t    rnd;
    upstream_t  up;
    plans_t    *t;
    unit_text_t members = { 0 };

    t = *state;
    rnd = unit_seed();

    upstream_start(&up, 1, 19000, 1, &rnd);
    unit_addf(&members, ",\"desktop_ids\":[\"%s\"", up.desktops[0].id);

    for (i = 0; i < 120; i++) {
        unit_addf(&members, ",\"%zu-", i + 100);

        for (k = 0; k < 4 + 2 * i; k++) {
            unit_adds(&members, i % 3 == 0 ? "x" : "\xe2\x82\xac");
        }

        unit_adds(&members, "\"");
    }

    unit_adds(&members, "]");
    answer(t, &up, members.data); /* upstream_check_call() looks at bytes */
    assert_true(up.directory_calls > 2);
    assert_int_equal(t->total, 1);

    upstream_free(&up);
    unit_text_free(&members);
}


/*
 * Memory that ends at any allocation: 500.
 */
static void
short_of_memory(plans_t *t, upstream_t *up, const char *members)
{
    size_t         left;
    uint64_t       rnd;
    usage_result_t rc;

    rnd = unit_seed();
    up->rnd = &rnd;

    for (left = 0;; left++) {
        plans_ask(t, up, up->days, up->first + 100, members);
        t->arena.left = left;
        rc = plans_carry_out(t, up, 8);
        t->arena.left = SIZE_MAX;

        if (rc == USAGE_OK) {
            break;
        }

        if (t->error.status != 500) {
            fail_msg("%zu: %u, %s", left, t->error.status, t->error.detail);
        }
    }

    assert_true(left > 10);
    assert_true(check_truth(t, up));
}


static void
test_out_of_memory(void **state)
{
    size_t      i;
    uint64_t    rnd;
    upstream_t  up;
    plans_t    *t;
    unit_text_t members = { 0 };

    t = *state;
    rnd = unit_seed();

    /* all desktops, days and range */

    upstream_start(&up, 350, 19000, 31, &rnd);
    up.idle_shown = true;
    used_by(&up, 5);
    short_of_memory(t, &up, "");
    upstream_free(&up);

    /* two by their names, one of them renamed */

    upstream_start(&up, 450, 19000, 6, &rnd);
    up.idle_shown = true;
    used_by(&up, 450);
    strcpy(up.desktops[7].name, "NEW");
    unit_addf(&members, ",\"desktop_ids\":[\"%s\",\"%s\"]", up.desktops[3].id,
        up.desktops[7].id);
    short_of_memory(t, &up, members.data);
    assert_true(up.narrow_calls > 6);

    /* by their ids */

    up.is.resource_id = true;
    short_of_memory(t, &up, members.data);
    assert_int_equal(up.directory_calls, 0);
    upstream_free(&up);

    /* by their periods */

    upstream_start(&up, 450, 19000, 6, &rnd);
    up.is.monitoring = true;
    used_by(&up, 450);
    upstream_make_periods(&up);
    ask_for(&members, &up, 430, 2);
    short_of_memory(t, &up, members.data);
    assert_int_equal(up.monitor_calls, 2);
    upstream_free(&up);

    /* the directory */

    upstream_start(&up, 1, 19000, 1, &rnd);
    unit_text_clear(&members);
    unit_addf(&members, ",\"desktop_ids\":[\"x0\"");

    for (i = 1; i < 200; i++) {
        unit_addf(&members, ",\"x%zu\"", i);
    }

    unit_adds(&members, "]");
    short_of_memory(t, &up, members.data);
    upstream_free(&up);

    unit_text_free(&members);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_projects),
        cmocka_unit_test(test_projects_later),
        cmocka_unit_test(test_enterprise_project),
        cmocka_unit_test(test_off_totals),
        cmocka_unit_test(test_few_calls),
        cmocka_unit_test(test_few_calls_for_ids),
        cmocka_unit_test(test_few_calls_narrowed),
        cmocka_unit_test(test_few_calls_monitored),
        cmocka_unit_test(test_not_monitored),
        cmocka_unit_test(test_future),
        cmocka_unit_test(test_used_once),
        cmocka_unit_test(test_never_agrees),
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_long_ids),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, plans_setup, plans_teardown);
}
