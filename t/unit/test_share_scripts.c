/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The commands and scripts, as a Redis of their own carries them out: their
 * replies are read by usage_resp_feed() and usage_pace_reply().  Without
 * redis-server they are skipped, and in CI (which sets CI) that fails.
 *
 * Redis' clock can't be set, so a "minute" of the pace is 600 ms.
 */

#include "unit.h"
#include "share/usage_pace_script.h"
#include "share/usage_resp.h"
#include "share/usage_seal.h"
#include "share/usage_share_command.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>


#define MS     INT64_C(1000)
#define SECOND (1000 * MS)
#define MINUTE (600 * MS)
#define RATE   12 /* calls in such a minute: one each 50 ms */


/* names as usage_seal_name() writes them */

#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define BUCKET "usage:" HEX "0"
#define BORN   "usage:" HEX "1"
#define LOCK   "usage:" HEX "2"


static char         dir[] = "/tmp/usage-share-XXXXXX";
static pid_t        server;
static int          fd = -1;
static unit_arena_t arena;
static usage_resp_t resp;


static void
wait_ms(int64_t ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

    (void) nanosleep(&time, NULL);
}


/*
 * Sends a command, and reads its reply.
 */
static void
send_command(usage_str_t command)
{
    char           buffer[4096];
    size_t         taken;
    ssize_t        n;
    usage_result_t rc;

    assert_int_equal(
        write(fd, command.data, command.len), (ssize_t) command.len);
    usage_resp_init(&resp, 0, &arena.pool);

    do {
        n = read(fd, buffer, sizeof(buffer));
        assert_true(n > 0);
        taken = (size_t) n;
        rc = usage_resp_feed(&resp, buffer, &taken);
        assert_int_equal(taken, n);
    } while (rc == USAGE_AGAIN);

    assert_int_equal(rc, USAGE_OK);
}


/*
 * Sends a command of words with spaces between them.
 */
static void
say(const char *words)
{
    size_t      n;
    usage_str_t args[8], command;

    for (n = 0; *words != '\0'; n++) {
        assert_true(n < unit_count(args));
        args[n].data = words;
        args[n].len = strcspn(words, " ");
        words += args[n].len;
        words += *words == ' ' ? 1 : 0;
    }

    assert_int_equal(
        usage_resp_command(args, n, &arena.pool, &command), USAGE_OK);
    send_command(command);
}


static int
start(void **state)
{
    char               path[64];
    int                i;
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    (void) state;

    if (mkdtemp(dir) == NULL) {
        return -1;
    }

    (void) snprintf(path, sizeof(path), "%s/socket", dir);
    (void) strcpy(address.sun_path, path);

    server = fork();

    if (server == 0) {
        (void) freopen("/dev/null", "w", stdout);
        (void) execlp("redis-server", "redis-server", "--port", "0",
            "--unixsocket", path, "--dir", dir, "--save", "", "--appendonly",
            "no", (char *) NULL);
        _exit(127);
    }

    for (i = 0; i < 200; i++) {
        fd = socket(AF_UNIX, SOCK_STREAM, 0);

        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) == 0) {
            return 0;
        }

        (void) close(fd);
        fd = -1;

        if (waitpid(server, NULL, WNOHANG) == server) {
            server = 0;
            return getenv("CI") == NULL ? 0 : -1;
        }

        wait_ms(50);
    }

    return -1;
}


static int
end(void **state)
{
    char path[64];

    (void) state;

    if (server > 0) {
        (void) kill(server, SIGKILL);
        (void) waitpid(server, NULL, 0);
    }

    (void) snprintf(path, sizeof(path), "%s/socket", dir);
    (void) unlink(path);

    return rmdir(dir);
}


static int
begin(void **state)
{
    (void) state;

    unit_arena_start(&arena);

    if (fd != -1) {
        say("FLUSHALL");
    }

    return 0;
}


static int
finish(void **state)
{
    (void) state;

    unit_arena_free(&arena);

    return 0;
}


/*
 * An ask without a burst.
 */
static usage_pace_ask_t
pace(int64_t interval)
{
    usage_pace_ask_t ask = { .interval = interval,
        .horizon = RATE * interval,
        .keep = MINUTE,
        .fresh = usage_string("fresh-1") };

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
    assert_true(unit_is(grant.born, "fresh-1"));

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

    ask.born = unit_str("fresh-1");
    say("DEL " BUCKET);
    grant = ask_for(&ask);
    assert_true(grant.wait == 0);

    ask.penalize = true;
    ask.fresh = unit_str("fresh-2");
    grant = ask_for(&ask);
    assert_true(grant.wait == ask.penalty);
    assert_true(unit_is(grant.born, "fresh-1"));

    /* a penalty is kept, even if no call gets a time */

    ask.penalize = false;
    ask.born = unit_str("before");
    ask.penalty = 2 * RATE * SECOND;
    grant = ask_for(&ask);
    assert_false(grant.granted);
    ask.born = unit_str("fresh-1");
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
        assert_true(unit_is(grant.born, "fresh-1"));
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
    ask[1].fresh = unit_str("fresh-2");
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


static void
test_lock(void **state)
{
    usage_str_t command, one, two;

    (void) state;

    if (fd == -1) {
        skip();
    }

    one = unit_str("one");
    two = unit_str("two");

    (void) usage_lock_take(LOCK, one, 400, &arena.pool, &command);
    send_command(command);
    assert_int_equal(resp.kind, USAGE_RESP_STATUS);
    (void) usage_lock_take(LOCK, two, 400, &arena.pool, &command);
    send_command(command);
    assert_int_equal(resp.kind, USAGE_RESP_NIL);

    /* only its owner renews it and gives it back */

    (void) usage_lock_renew(LOCK, two, 60000, &arena.pool, &command);
    send_command(command);
    assert_true(resp.kind == USAGE_RESP_INTEGER && resp.integer == 0);
    (void) usage_lock_drop(LOCK, two, &arena.pool, &command);
    send_command(command);
    assert_true(resp.kind == USAGE_RESP_INTEGER && resp.integer == 0);
    say("PTTL " LOCK);
    assert_in_range(resp.integer, 1, 400);
    (void) usage_lock_renew(LOCK, one, 60000, &arena.pool, &command);
    send_command(command);
    assert_true(resp.kind == USAGE_RESP_INTEGER && resp.integer == 1);
    say("PTTL " LOCK);
    assert_in_range(resp.integer, 50000, 60000);
    (void) usage_lock_drop(LOCK, one, &arena.pool, &command);
    send_command(command);
    assert_true(resp.kind == USAGE_RESP_INTEGER && resp.integer == 1);

    /* it ends by itself */

    (void) usage_lock_take(LOCK, two, 50, &arena.pool, &command);
    send_command(command);
    assert_int_equal(resp.kind, USAGE_RESP_STATUS);
    wait_ms(100);
    (void) usage_lock_renew(LOCK, two, 50, &arena.pool, &command);
    send_command(command);
    assert_true(resp.kind == USAGE_RESP_INTEGER && resp.integer == 0);
}


static void
test_values(void **state)
{
    usage_str_t command, value;

    (void) state;

    if (fd == -1) {
        skip();
    }

    value.data = "\r\n\0 value";
    value.len = 9;

    (void) usage_share_get(LOCK, &arena.pool, &command);
    send_command(command);
    assert_int_equal(resp.kind, USAGE_RESP_NIL);
    (void) usage_share_put(LOCK, value, 100, &arena.pool, &command);
    send_command(command);
    assert_int_equal(resp.kind, USAGE_RESP_STATUS);
    (void) usage_share_get(LOCK, &arena.pool, &command);
    send_command(command);
    assert_true(usage_str_equal(resp.text, value));
    say("TTL " LOCK);
    assert_in_range(resp.integer, 95, 100);
}


#define share_test(test) cmocka_unit_test_setup_teardown(test, begin, finish)


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
        share_test(test_lock),
        share_test(test_values),
    };

    return cmocka_run_group_tests(tests, start, end);
}
