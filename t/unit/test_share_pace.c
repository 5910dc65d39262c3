/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The script of the shared pace, as a Redis carries it out; its replies are
 * read by usage_pace_reply().
 *
 * Redis' clock can't be set, so a "minute" of the pace is 600 ms.
 */

#include "redis.h"
#include "share/usage_pace_script.h"


#define MS     INT64_C(1000)
#define SECOND (1000 * MS)
#define MINUTE (600 * MS)
#define RATE   12 /* calls in such a minute: one each 50 ms */


/*
 * An ask without a burst.
 */
static usage_pace_ask_t
pace(int64_t interval)
{
    usage_pace_ask_t ask = { .interval = interval,
        .horizon = RATE * interval,
        .keep = MINUTE,
        .fresh = usage_string("fresh1") };

    return ask;
}


static usage_pace_grant_t
ask_for(const usage_pace_ask_t *ask)
{
    usage_str_t        command;
    usage_pace_grant_t grant;

    if (fd == -1) {
        skip();
    }

    assert_int_equal(
        usage_pace_command(ask, BUCKET, BORN, &arena.pool, &command), USAGE_OK);
    send_command(command);
    assert_int_equal(resp.kind, USAGE_RESP_BULK);
    assert_int_equal(usage_pace_reply(resp.text, &grant), USAGE_OK);

    return grant;
}


/* Whether a token begins with what the gateway gave, and has a time of birth.
 */

static bool
born_as(usage_str_t born, const char *fresh)
{
    size_t len;

    len = strlen(fresh);

    return born.len == len + USAGE_PACE_TOKEN_BIRTH
           && memcmp(born.data, fresh, len) == 0 && born.data[len] == '-';
}


/* Times are exact, but for rounding. */

static void
near(int64_t time, int64_t expected)
{
    assert_in_range(time - expected + 2, 0, 4);
}


static void
test_burst(void **state)
{
    int64_t            first;
    size_t             i;
    usage_pace_ask_t   ask;
    usage_pace_grant_t grant;

    (void) state;

    ask = pace(SECOND);
    ask.burst = 3 * ask.interval;
    grant = ask_for(&ask);
    first = grant.time;
    assert_true(grant.granted);
    assert_true(grant.wait == 0);
    assert_true(grant.next == ask.interval);
    assert_true(born_as(grant.born, "fresh1"));

    for (i = 1; i < 10; i++) {
        grant = ask_for(&ask);
        assert_true(grant.granted);

        if (i < 4) {
            assert_true(grant.wait == 0);

        } else {
            near(grant.time + grant.wait,
                first + (int64_t) (i - 3) * ask.interval);
        }
    }
}


/*
 * What is too far ahead is not given, and takes nothing.
 */
static void
test_horizon(void **state)
{
    size_t             i;
    int64_t            next;
    usage_pace_ask_t   ask;
    usage_pace_grant_t grant;

    (void) state;

    ask = pace(200 * MS);
    ask.horizon = 2 * ask.interval;

    do {
        grant = ask_for(&ask);
    } while (grant.granted);

    next = grant.time + grant.next;
    assert_true(grant.wait >= 1000 && grant.wait <= ask.interval);

    for (i = 0; i < 5; i++) {
        grant = ask_for(&ask);
        assert_false(grant.granted);
        near(grant.time + grant.next, next);
    }

    wait_ms(grant.wait / MS + 1);
    grant = ask_for(&ask);
    assert_true(grant.granted);
    assert_true(grant.wait <= ask.horizon);
    near(grant.time + grant.next, next + ask.interval);
}


/*
 * A Redis that forgot goes on where the gateway was, or later.
 */
static void
test_forgotten(void **state)
{
    usage_pace_ask_t   ask;
    char               born[USAGE_PACE_TOKEN_MAX];
    int64_t            birth;
    usage_pace_grant_t grant;

    (void) state;

    ask = pace(SECOND);
    (void) ask_for(&ask);
    say("FLUSHALL");

    ask.carry = 5 * ask.interval;
    grant = ask_for(&ask);
    assert_true(grant.granted);
    assert_true(grant.wait == ask.carry);

    /* another life of Redis; the same one; a gateway that was without it */

    ask.carry = 0;
    ask.penalty = 9 * ask.interval;
    ask.born = unit_str("before");
    say("FLUSHALL");
    grant = ask_for(&ask);
    assert_true(grant.wait == ask.penalty);
    birth = grant.time;

    /* that counts from its birth, whoever hears of it late */

    say("DEL " BUCKET);
    grant = ask_for(&ask);
    assert_true(grant.time + grant.wait == birth + ask.penalty);

    memcpy(born, grant.born.data, grant.born.len);
    ask.born.data = born;
    ask.born.len = grant.born.len;
    say("DEL " BUCKET);
    grant = ask_for(&ask);
    assert_true(grant.wait == 0);

    ask.penalize = true;
    ask.fresh = unit_str("fresh2");
    grant = ask_for(&ask);
    assert_true(grant.wait == ask.penalty);
    assert_true(born_as(grant.born, "fresh1"));

    /* a penalty is kept, even if no call gets a time */

    ask.penalty = 2 * RATE * SECOND;
    grant = ask_for(&ask);
    assert_false(grant.granted);
    ask.penalize = false;
    grant = ask_for(&ask);
    assert_false(grant.granted);
    assert_true(grant.next > RATE * SECOND);
}


static void
test_hold(void **state)
{
    int64_t            held;
    usage_pace_ask_t   ask;
    usage_pace_grant_t grant;

    (void) state;

    ask = pace(SECOND);
    ask.burst = 3 * ask.interval;
    ask.hold = 5 * SECOND;
    grant = ask_for(&ask);
    assert_false(grant.granted);
    assert_true(grant.wait == ask.hold);
    held = grant.time + grant.wait;

    ask.hold = 0;
    grant = ask_for(&ask);
    assert_true(grant.granted);
    near(grant.time + grant.wait, held);

    /* a shorter one takes nothing back */

    ask.hold = 1;
    grant = ask_for(&ask);
    near(grant.time + grant.next, held + ask.burst + ask.interval);
}


static void
test_garbage(void **state)
{
    size_t             i;
    usage_pace_ask_t   ask;
    usage_pace_grant_t grant;

    static const char *garbage[] = { "SET " BUCKET " x", "SET " BUCKET " nan",
        "SET " BUCKET " inf", "SET " BUCKET " -inf", "SET " BUCKET " -5",
        "SET " BUCKET " 1e300", "SET " BUCKET " 0x", "LPUSH " BUCKET " 1",
        "SET " BORN " a/b", "SET " BORN " \n", "LPUSH " BORN " 1",
        "SET " BORN " " HEX "ab" };

    (void) state;

    ask = pace(SECOND);

    for (i = 0; i < unit_count(garbage); i++) {
        (void) ask_for(&ask);
        say("FLUSHALL");
        say(garbage[i]);
        grant = ask_for(&ask);
        assert_true(grant.granted);
        assert_true(grant.wait == 0);
        assert_true(born_as(grant.born, "fresh1"));
        grant = ask_for(&ask);
        assert_true(grant.wait > 0);
    }
}


static void
test_expiry(void **state)
{
    usage_pace_ask_t ask;

    (void) state;

    ask = pace(MINUTE / RATE);
    ask.keep = 100 * MS;
    (void) ask_for(&ask);
    say("PTTL " BUCKET);
    assert_in_range(resp.integer, 100, 151);
    say("PTTL " BORN);
    assert_true(resp.integer == -1);
    wait_ms(200);
    say("EXISTS " BUCKET);
    assert_true(resp.integer == 0);
}


/*
 * Gateways ask in turn, as soon as they may, for three minutes: no minute has
 * more than the rate and the burst; and however many they are, they get the
 * same total.
 */
static size_t
run(size_t gateways, int64_t burst)
{
    int64_t            times[200], start_at;
    size_t             i, k, count;
    usage_pace_ask_t   ask[2];
    usage_pace_grant_t grant;
    char               born[2][USAGE_PACE_TOKEN_MAX];

    ask[0] = ask[1] = pace(MINUTE / RATE);
    ask[1].fresh = unit_str("fresh2");
    ask[0].burst = ask[1].burst = burst * ask[0].interval;
    ask[0].horizon = ask[1].horizon = 5 * ask[0].interval;
    start_at = 0;

    for (i = 0, count = 0;; i++) {
        k = i % gateways;
        grant = ask_for(&ask[k]);
        memcpy(born[k], grant.born.data, grant.born.len);
        ask[k].born.data = born[k];
        ask[k].born.len = grant.born.len;
        start_at = i == 0 ? grant.time : start_at;

        if (grant.time + grant.wait >= start_at + 3 * MINUTE) {
            break;
        }

        if (grant.granted) {
            assert_true(count < unit_count(times));
            times[count++] = grant.time + grant.wait;

        } else {
            wait_ms(grant.wait / MS + 1);
        }
    }

    for (i = 0; i + RATE + (size_t) burst < count; i++) {
        assert_true(times[i + RATE + (size_t) burst] - times[i] >= MINUTE - 2);
    }

    return count;
}


static void
test_gateways(void **state)
{
    int64_t burst;
    size_t  gateways;

    (void) state;

    if (fd == -1) {
        skip();
    }

    for (burst = 0; burst < 4; burst += 3) {
        for (gateways = 1; gateways < 3; gateways++) {
            say("FLUSHALL");
            assert_int_equal(run(gateways, burst), 3 * RATE + burst);
        }
    }
}


static void
test_replies(void **state)
{
    size_t             i;
    usage_pace_grant_t grant;

    static const char *garbage[] = { "", "1", "1 0 0 5", "1 0 0 5 ",
        "2 0 0 5 a", "1  0 5 a", "1 -1 0 5 a", "1 0 0 5 a b", "1 0 0 5 a\n",
        "x 0 0 5 a", "1 0 0 1234567890123456789 a", "1 0 nan 5 a",
        "1 0 0 5 " HEX "ab" };

    (void) state;

    assert_int_equal(
        usage_pace_reply(unit_str("1 20 300 1795000000000000 a-B_9"), &grant),
        USAGE_OK);
    assert_true(grant.granted);
    assert_true(grant.wait == 20);
    assert_true(grant.next == 300);
    assert_true(grant.time == 1795000000000000);
    assert_true(unit_is(grant.born, "a-B_9"));

    for (i = 0; i < unit_count(garbage); i++) {
        char *copy = unit_exact(unit_str(garbage[i]));

        assert_int_equal(
            usage_pace_reply((usage_str_t){ copy, strlen(garbage[i]) }, &grant),
            USAGE_ERROR);
        free(copy);
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        share_test(test_burst),
        share_test(test_horizon),
        share_test(test_forgotten),
        share_test(test_hold),
        share_test(test_garbage),
        share_test(test_expiry),
        share_test(test_gateways),
        share_test(test_replies),
    };

    return cmocka_run_group_tests(tests, start, end);
}
