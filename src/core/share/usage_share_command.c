/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The commands for values and for the lock.  A lock is renewed and given back
 * by scripts: nothing happens between the look at its owner and the change.
 */

#include "share/usage_share_command.h"
#include "share/usage_resp.h"
#include "share/usage_seal.h"

#include <inttypes.h>
#include <stdio.h>


/* characters of a number of 64 bits, with a NUL */
#define SHARE_NUMBER sizeof("-9223372036854775808")


static usage_str_t
usage_share_name(const char *name)
{
    usage_str_t text;

    text.data = name;
    text.len = USAGE_SEAL_NAME;

    return text;
}


static usage_str_t
usage_share_number(char digits[SHARE_NUMBER], int64_t number)
{
    usage_str_t text;

    text.data = digits;
    text.len = (size_t) snprintf(digits, SHARE_NUMBER, "%" PRId64, number);

    return text;
}


usage_result_t
usage_share_get(
    const char *name, const usage_pool_t *pool, usage_str_t *command)
{
    usage_str_t args[] = { usage_string("GET"), usage_share_name(name) };

    return usage_resp_command(args, 2, pool, command);
}


usage_result_t
usage_share_put(const char *name, usage_str_t value, int64_t seconds,
    const usage_pool_t *pool, usage_str_t *command)
{
    char        digits[SHARE_NUMBER];
    usage_str_t args[] = { usage_string("SET"), usage_share_name(name), value,
        usage_string("EX"), usage_share_number(digits, seconds) };

    return usage_resp_command(args, 5, pool, command);
}


usage_result_t
usage_lock_take(const char *name, usage_str_t token, int64_t milliseconds,
    const usage_pool_t *pool, usage_str_t *command)
{
    char        digits[SHARE_NUMBER];
    usage_str_t args[] = { usage_string("SET"), usage_share_name(name), token,
        usage_string("NX"), usage_string("PX"),
        usage_share_number(digits, milliseconds) };

    return usage_resp_command(args, 6, pool, command);
}


usage_result_t
usage_lock_renew(const char *name, usage_str_t token, int64_t milliseconds,
    const usage_pool_t *pool, usage_str_t *command)
{
    char        digits[SHARE_NUMBER];
    usage_str_t args[] = { usage_string("EVAL"),
        usage_string("local token = redis.call('GET', KEYS[1])\n"
                     "if token and token ~= ARGV[1] then\n"
                     "  return 0\n"
                     "end\n"
                     "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
                     "return 1\n"),
        usage_string("1"), usage_share_name(name), token,
        usage_share_number(digits, milliseconds) };

    return usage_resp_command(args, 6, pool, command);
}


usage_result_t
usage_lock_drop(const char *name, usage_str_t token, const usage_pool_t *pool,
    usage_str_t *command)
{
    usage_str_t args[] = { usage_string("EVAL"),
        usage_string("if redis.call('GET', KEYS[1]) == ARGV[1] then\n"
                     "  return redis.call('DEL', KEYS[1])\n"
                     "end\n"
                     "return 0\n"),
        usage_string("1"), usage_share_name(name), token };

    return usage_resp_command(args, 5, pool, command);
}
