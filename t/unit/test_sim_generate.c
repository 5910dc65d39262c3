/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What holds in every generated tenant: tests of the translation rely on it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sim_index.h"
#include "sim_source.h"
#include "sim_time.h"
#include "sim_usage.h"

#define NOW   1671523200 /* 2022-12-20T08:00:00Z */
#define SEEDS 40


/* Makes tenants of many sizes, with enough users and with few. */

static sim_tenant_t *
tenant(uint64_t seed)
{
    static const int desktops[] = { 1, 5, 9, 11, 20, 60, 130 };
    static const int users[] = { 0, 0, 1, 2, 13, 14, 40 };
    sim_recipe_t     r = { .seed = seed, .days = 31, .now = NOW };
    sim_tenant_t    *t;

    r.desktops = desktops[seed % 7];
    r.users = users[seed / 7 % 7];

    t = sim_tenant_generate(&r);
    sim_tenant_index(t, NOW);

    return t;
}


static int
is_attached(const sim_desktop_t *d, size_t user)
{
    size_t i;

    for (i = 0; i < d->users.n; i++) {
        if (d->users.items[i] == user) {
            return 1;
        }
    }

    return 0;
}


/* A desktop is used by those attached to it, if anybody is. */

static void
test_owners(void **state)
{
    size_t               i;
    uint64_t             seed;
    sim_tenant_t        *t;
    const sim_desktop_t *d;

    (void) state;

    for (seed = 0; seed < SEEDS; seed++) {
        t = tenant(seed);

        for (i = 0; i < t->nsessions; i++) {
            d = &t->desktops[t->sessions[i].desktop];
            assert_true(d->users.n == 0 || is_attached(d, t->sessions[i].user));
        }

        sim_tenant_free(t);
    }
}


static int
same_name(const sim_tenant_t *t, size_t a, size_t b)
{
    return strcmp(t->users[a].name, t->users[b].name) == 0;
}


/* Counts the desktops shared with others that a user, or its name, is attached
 * to.
 */

static size_t
further(const sim_tenant_t *t, size_t user, int any_domain)
{
    size_t               i, k, n = 0;
    const sim_desktop_t *d;

    for (i = 0; i < t->ndesktops; i++) {
        d = &t->desktops[i];

        for (k = 0; k < d->users.n && d->users.n > 1 && !d->gone; k++) {
            if (d->users.items[k] == user
                || (any_domain && same_name(t, d->users.items[k], user)))
            {
                n++;
                break;
            }
        }
    }

    return n;
}


/* A user with exactly one shared desktop uses nothing that nobody is attached
 * to; nor does a name with exactly one.  So statistics can tell where the user
 * was.
 */

static void
test_one_shared(void **state)
{
    size_t               i;
    uint64_t             seed;
    sim_tenant_t        *t;
    const sim_session_t *s;

    (void) state;

    for (seed = 0; seed < SEEDS; seed++) {
        t = tenant(seed);

        for (i = 0; i < t->nsessions; i++) {
            s = &t->sessions[i];

            if (t->desktops[s->desktop].users.n == 0) {
                assert_int_not_equal(further(t, s->user, 0), 1);
                assert_int_not_equal(further(t, s->user, 1), 1);
            }
        }

        sim_tenant_free(t);
    }
}


/* Two users of one name share no desktop, and records and the directory always
 * tell which of them is meant.
 */

static void
check_twins(const sim_tenant_t *t, size_t a, size_t b)
{
    size_t               i;
    const sim_desktop_t *d;
    const sim_session_t *s;

    assert_string_not_equal(t->users[a].domain, t->users[b].domain);
    assert_true(t->users[a].domain[0] && t->users[b].domain[0]);

    for (i = 0; i < t->ndesktops; i++) {
        d = &t->desktops[i];
        assert_false(is_attached(d, a) && is_attached(d, b));
        assert_false(d->no_infos && (is_attached(d, a) || is_attached(d, b)));
    }

    for (i = 0; i < t->nsessions; i++) {
        s = &t->sessions[i];
        assert_false(s->bare && (s->user == a || s->user == b));

        if (s->user == b) {
            assert_true(is_attached(&t->desktops[s->desktop], b));
        }
    }
}


static void
test_twins(void **state)
{
    size_t        a, b, pairs = 0;
    uint64_t      seed;
    sim_tenant_t *t;

    (void) state;

    for (seed = 0; seed < SEEDS; seed++) {
        t = tenant(seed);

        for (a = 0; a < t->nusers; a++) {
            for (b = a + 1; b < t->nusers; b++) {
                if (same_name(t, a, b)) {
                    check_twins(t, a, b);
                    pairs++;
                }
            }
        }

        sim_tenant_free(t);
    }

    assert_true(pairs > 20);
}


/* If two users are on a desktop at once, the time counts once for the desktop,
 * and once for each of them.
 */

static void
test_overlaps(void **state)
{
    size_t           i, k;
    int64_t          desktop, users, bin;
    sim_tenant_t    *t;
    sim_scope_t      scope = { NULL, SIM_ANY, SIM_ANY, NOW };
    const sim_bins_t bins = { 0, NOW, 1, &bin };

    (void) state;

    for (i = 0; i < SEEDS; i++) {
        size_t overlapped = 0;

        t = tenant(5 + 7 * i); /* of 60 desktops */

        for (k = 0; k < t->ndesktops; k++) {
            sim_desktop_t *d = &t->desktops[k];
            size_t         u;

            bin = 0;
            scope.sessions = &d->sessions;
            scope.user = SIM_ANY;
            sim_usage_bins(t, &scope, &bins);
            desktop = bin;

            for (users = 0, u = 0; u < d->users.n; u++) {
                bin = 0;
                scope.user = d->users.items[u];
                sim_usage_bins(t, &scope, &bins);
                users += bin;
            }

            assert_true(d->users.n == 0 || desktop <= users);
            assert_true(d->users.n != 1 || desktop == users);
            overlapped += d->users.n > 1 && desktop < users;
        }

        assert_true(t->nusers < 4 || overlapped > 0);
        sim_tenant_free(t);
    }
}


/* There are sessions that begin or end exactly at an hour or at midnight. */

static void
test_edges(void **state)
{
    enum { AT_MIDNIGHT, AT_HOUR, TO_MIDNIGHT, TO_HOUR, DAYS, NOTHING, KINDS };

    size_t               i;
    int64_t              s, e;
    uint64_t             seed;
    unsigned             found[KINDS];
    sim_tenant_t        *t;
    const sim_session_t *one;

    (void) state;

    for (seed = 4; seed < 7 * SEEDS; seed += 7) { /* of 20 desktops */
        memset(found, 0, sizeof(found));
        t = tenant(seed);

        for (i = 0; i < t->nsessions; i++) {
            one = &t->sessions[i];
            s = one->setup;
            e = one->end == SIM_NEVER ? NOW : one->end;

            if (s == SIM_NEVER) {
                continue;
            }

            found[AT_MIDNIGHT] += s % SIM_DAY == 0;
            found[AT_HOUR] += s % 3600 == 0 && s % SIM_DAY;
            found[TO_MIDNIGHT] += e % SIM_DAY == 0;
            found[TO_HOUR] +=
                one->end != SIM_NEVER && e % 3600 == 0 && e % SIM_DAY;
            found[DAYS] += e - s > SIM_DAY;
            found[NOTHING] += e == s;

            /* (the records of a week before a range show all in it) */

            assert_true(e - one->start < 4 * SIM_DAY);
        }

        for (i = 0; i < KINDS; i++) {
            assert_int_not_equal(found[i], 0);
        }

        sim_tenant_free(t);
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_one_shared),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_overlaps),
        cmocka_unit_test(test_edges),
    };

    return cmocka_run_group_tests_name("sim_generate", tests, NULL, NULL);
}
