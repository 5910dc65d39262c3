/* SPDX-License-Identifier: BSD-2-Clause */

#include "share/usage_pace_script.h"

#include "share/usage_share_command.h"

#include <inttypes.h>
#include <stdio.h>


#define USAGE_PACE_NUMBER 24
#define USAGE_PACE_FIELDS 4

/* digits of a number in a reply; fewer than overflow 64 bits */
#define USAGE_PACE_DIGITS 17


/*
 * Lua's numbers are doubles: exact for the microseconds since 1970.  A bucket
 * is the time up to which calls are reserved ("next").  What is stored counts
 * as nothing if it isn't a number, or is further ahead than a day.
 *
 * If Redis has forgotten, or the gateway was without it, nobody knows which
 * calls were made: the bucket is as far ahead as the penalty says.
 */
static const char usage_pace_script[] =
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000000 + t[2] "
    "local interval, burst, horizon = ARGV[1] + 0, ARGV[2] + 0, ARGV[3] + 0 "
    "local carry, penalty, hold = ARGV[4] + 0, ARGV[5] + 0, ARGV[6] + 0 "
    "local next = tonumber(redis.call('GET', KEYS[1]) or '') or 0 "
    "if not (next < now + 86400000000) then next = 0 end "
    "next = math.max(next, now + carry) "
    "local born = redis.call('GET', KEYS[2]) "
    "if not born or #born ~= #ARGV[9] then "
    "born = ARGV[9] "
    "redis.call('SET', KEYS[2], born) "
    "end "
    "if ARGV[10] == '1' or (ARGV[8] ~= '' and ARGV[8] ~= born) then "
    "next = math.max(next, now + penalty) "
    "end "
    "local granted, wait = 0, hold "
    "if hold > 0 then "
    "next = math.max(next, now + hold + burst) "
    "else "
    "wait = math.max(next - burst - now, 0) "
    "if wait > horizon then "
    "wait = math.max(wait - horizon, 1000) "
    "else "
    "granted = 1 "
    "next = math.max(next, now) + interval "
    "end "
    "end "
    "if next > now then "
    "redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', "
    "string.format('%.0f', math.ceil((next - now + ARGV[7]) / 1000))) "
    "end "
    "return string.format('%d %.0f %.0f %.0f ', granted, wait, "
    "math.max(next - now, 0), now) .. born";


static usage_str_t
usage_pace_number(int64_t number, char text[USAGE_PACE_NUMBER])
{
    usage_str_t str;

    str.len = (size_t) snprintf(text, USAGE_PACE_NUMBER, "%" PRId64, number);
    str.data = text;

    return str;
}


usage_result_t
usage_pace_command(const usage_pace_ask_t *ask, const char *bucket,
    const char *life, const usage_pool_t *pool, usage_str_t *command)
{
    char        text[7][USAGE_PACE_NUMBER];
    usage_str_t bucket_name, life_name;

    static const usage_str_t yes = usage_string("1");
    static const usage_str_t no = usage_string("0");

    bucket_name.data = bucket;
    bucket_name.len = USAGE_SEAL_NAME;
    life_name.data = life;
    life_name.len = USAGE_SEAL_NAME;

    usage_str_t args[] = {
        usage_string("EVAL"),
        usage_string(usage_pace_script),
        usage_string("2"),
        bucket_name,
        life_name,
        usage_pace_number(ask->interval, text[0]),
        usage_pace_number(ask->burst, text[1]),
        usage_pace_number(ask->horizon, text[2]),
        usage_pace_number(ask->carry, text[3]),
        usage_pace_number(ask->penalty, text[4]),
        usage_pace_number(ask->hold, text[5]),
        usage_pace_number(ask->keep, text[6]),
        ask->born,
        ask->fresh,
        ask->penalize ? yes : no,
    };

    return usage_share_command(
        args, sizeof(args) / sizeof(args[0]), pool, command);
}


/*
 * Reads a number, and the space behind it.
 */
static bool
usage_pace_field(const char **p, const char *end, int64_t *number)
{
    const char *start;

    start = *p;

    for (*number = 0; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
        if (*p - start == USAGE_PACE_DIGITS) {
            return false;
        }

        *number = 10 * *number + (**p - '0');
    }

    return *p > start && *p < end && *(*p)++ == ' ';
}


usage_result_t
usage_pace_reply(usage_str_t text, usage_pace_grant_t *grant)
{
    size_t      i;
    int64_t     numbers[USAGE_PACE_FIELDS];
    const char *p, *end;

    p = text.data;
    end = text.data + text.len;

    for (i = 0; i < USAGE_PACE_FIELDS; i++) {
        if (!usage_pace_field(&p, end, &numbers[i])) {
            return USAGE_ERROR;
        }
    }

    if (numbers[0] > 1) {
        return USAGE_ERROR;
    }

    grant->granted = numbers[0] == 1;
    grant->wait = numbers[1];
    grant->next = numbers[2];
    grant->time = numbers[3];
    grant->born.data = p;
    grant->born.len = (size_t) (end - p);

    return USAGE_OK;
}
