/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The commands for values and for the lock, as a Redis carries them out.
 */

#include "redis.h"
#include "share/usage_share_command.h"


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

    (void) usage_lock_take(LOCK, one, 30000, &arena.pool, &command);
    send_command(command);
    assert_int_equal(resp.kind, USAGE_RESP_STATUS);
    (void) usage_lock_take(LOCK, two, 30000, &arena.pool, &command);
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
    assert_in_range(resp.integer, 1, 30000);
    (void) usage_lock_renew(LOCK, one, 60000, &arena.pool, &command);
    send_command(command);
    assert_true(resp.kind == USAGE_RESP_INTEGER && resp.integer == 1);
    say("PTTL " LOCK);
    assert_in_range(resp.integer, 30001, 60000);
    (void) usage_lock_drop(LOCK, one, &arena.pool, &command);
    send_command(command);
    assert_true(resp.kind == USAGE_RESP_INTEGER && resp.integer == 1);

    /* it ends by itself */

    (void) usage_lock_take(LOCK, two, 50, &arena.pool, &command);
    send_command(command);
    assert_int_equal(resp.kind, USAGE_RESP_STATUS);
    wait_ms(100);
    (void) usage_share_get(LOCK, &arena.pool, &command);
    send_command(command);
    assert_int_equal(resp.kind, USAGE_RESP_NIL);

    /* its owner has it again, if nobody took it meanwhile */

    (void) usage_lock_renew(LOCK, two, 30000, &arena.pool, &command);
    send_command(command);
    assert_true(resp.kind == USAGE_RESP_INTEGER && resp.integer == 1);
    say("PTTL " LOCK);
    assert_in_range(resp.integer, 1, 30000);
    (void) usage_lock_renew(LOCK, one, 30000, &arena.pool, &command);
    send_command(command);
    assert_true(resp.kind == USAGE_RESP_INTEGER && resp.integer == 0);
    (void) usage_lock_drop(LOCK, two, &arena.pool, &command);
    send_command(command);
    assert_true(resp.kind == USAGE_RESP_INTEGER && resp.integer == 1);
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


int
main(void)
{
    const struct CMUnitTest tests[] = {
        share_test(test_lock),
        share_test(test_values),
    };

    return cmocka_run_group_tests(tests, start, end);
}
