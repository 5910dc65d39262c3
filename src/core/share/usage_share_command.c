/* SPDX-License-Identifier: BSD-2-Clause */

#include "share/usage_share_command.h"

#include "share/usage_resp.h"

#include <inttypes.h>
#include <stdio.h>


/* characters of a number of 64 bits, with its NUL */
#define USAGE_SHARE_NUMBER 24


static const char usage_lock_renew_script[] =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then "
    "return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end "
    "return 0";

static const char usage_lock_drop_script[] =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then "
    "return redis.call('DEL', KEYS[1]) end "
    "return 0";


usage_result_t
usage_share_command(const usage_str_t *args, size_t n, const usage_pool_t *pool,
    usage_str_t *command)
{
    char  *p;
    size_t size;

    size = usage_resp_size(args, n);
    p = usage_alloc(pool, size);

    if (p == NULL) {
        return USAGE_ERROR;
    }

    (void) usage_resp_write(p, args, n);

    command->data = p;
    command->len = size;

    return USAGE_OK;
}


usage_result_t
usage_share_get(
    usage_str_t name, const usage_pool_t *pool, usage_str_t *command)
{
    usage_str_t args[] = { usage_string("GET"), name };

    return usage_share_command(args, 2, pool, command);
}


/*
 * Writes a number, and returns it as a string.
 */
static usage_str_t
usage_share_number(int64_t number, char text[USAGE_SHARE_NUMBER])
{
    usage_str_t str;

    str.len = (size_t) snprintf(text, USAGE_SHARE_NUMBER, "%" PRId64, number);
    str.data = text;

    return str;
}


usage_result_t
usage_share_put(usage_str_t name, usage_str_t value, int64_t seconds,
    const usage_pool_t *pool, usage_str_t *command)
{
    char text[USAGE_SHARE_NUMBER];

    usage_str_t args[] = {
        usage_string("SET"),
        name,
        value,
        usage_string("EX"),
        usage_share_number(seconds, text),
    };

    return usage_share_command(args, 5, pool, command);
}


usage_result_t
usage_lock_take(usage_str_t name, usage_str_t token, int64_t milliseconds,
    const usage_pool_t *pool, usage_str_t *command)
{
    char text[USAGE_SHARE_NUMBER];

    usage_str_t args[] = {
        usage_string("SET"),
        name,
        token,
        usage_string("NX"),
        usage_string("PX"),
        usage_share_number(milliseconds, text),
    };

    return usage_share_command(args, 6, pool, command);
}


usage_result_t
usage_lock_renew(usage_str_t name, usage_str_t token, int64_t milliseconds,
    const usage_pool_t *pool, usage_str_t *command)
{
    char text[USAGE_SHARE_NUMBER];

    usage_str_t args[] = {
        usage_string("EVAL"),
        usage_string(usage_lock_renew_script),
        usage_string("1"),
        name,
        token,
        usage_share_number(milliseconds, text),
    };

    return usage_share_command(args, 6, pool, command);
}


usage_result_t
usage_lock_drop(usage_str_t name, usage_str_t token, const usage_pool_t *pool,
    usage_str_t *command)
{
    usage_str_t args[] = {
        usage_string("EVAL"),
        usage_string(usage_lock_drop_script),
        usage_string("1"),
        name,
        token,
    };

    return usage_share_command(args, 5, pool, command);
}
