/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The script of the shared pace, its command and its reply.
 *
 * Lua's numbers are doubles: microseconds since 1970 are exact in them until
 * the year 2255, if they are written with '%.0f'.
 */

#include "share/usage_pace_script.h"
#include "share/usage_resp.h"
#include "share/usage_seal.h"

#include <inttypes.h>
#include <stdio.h>


#define PACE_ARGS   15
#define PACE_TIMES  7
#define PACE_NUMBER sizeof("-9223372036854775808")


/*
 * due: when the bucket's next call is due.  A stored value that is no number,
 * or further ahead than a day, counts as none; so does a token that has other
 * characters.  (pcall: another may have put a list there.)
 *
 * The calls of a burst come before they are due, so holding all calls back adds
 * the burst.
 */
const char usage_pace_script[] =
    "local t = redis.call('TIME')\n"
    "local now = t[1] * 1000000 + t[2]\n"
    "local a = {}\n"
    "for i = 1, 7 do a[i] = tonumber(ARGV[i]) end\n"
    "local interval, burst, horizon, carry, penalty, hold, keep =\n"
    "  a[1], a[2], a[3], a[4], a[5], a[6], a[7]\n"
    "local known, fresh, penalize = ARGV[8], ARGV[9], ARGV[10] == '1'\n"
    "\n"
    "local born = redis.pcall('GET', KEYS[2])\n"
    "local birth = type(born) == 'string' and #born <= 64\n"
    "    and tonumber(string.match(born, '^[%w_]+-(%d+)$'))\n"
    "if not birth or birth > now then\n"
    "  birth = now\n"
    "  born = string.format('%s-%.0f', fresh, now)\n"
    "  redis.call('SET', KEYS[2], born)\n"
    "end\n"
    "\n"
    "local stored = redis.pcall('GET', KEYS[1])\n"
    "stored = type(stored) == 'string' and tonumber(stored)\n"
    "if not stored or not (stored > now and stored - now <= 86400000000) then\n"
    "  stored = now\n"
    "end\n"
    "\n"
    "local due = math.max(stored, now + carry)\n"
    "if known ~= '' and known ~= born then\n"
    "  due = math.max(due, birth + penalty)\n"
    "elseif penalize then\n"
    "  due = math.max(due, now + penalty)\n"
    "end\n"
    "\n"
    "local granted, wait = 0, hold\n"
    "if hold > 0 then\n"
    "  due = math.max(due, now + hold + burst)\n"
    "else\n"
    "  wait = math.max(0, due - burst - now)\n"
    "  if wait > horizon then\n"
    "    wait = math.max(1000, wait - horizon)\n"
    "  else\n"
    "    granted, due = 1, due + interval\n"
    "  end\n"
    "end\n"
    "\n"
    "if due > stored then\n"
    "  redis.call('SET', KEYS[1], string.format('%.0f', due),\n"
    "    'PX', string.format('%.0f', math.ceil((due - now + keep) / 1000)))\n"
    "end\n"
    "return string.format('%d %.0f %.0f %.0f %s',\n"
    "  granted, wait, due - now, now, born)\n";


usage_result_t
usage_pace_command(const usage_pace_ask_t *ask, const char *bucket,
    const char *born, const usage_pool_t *pool, usage_str_t *command)
{
    char          digits[PACE_TIMES][PACE_NUMBER];
    size_t        i, n;
    const int64_t times[PACE_TIMES] = { ask->interval, ask->burst, ask->horizon,
        ask->carry, ask->penalty, ask->hold, ask->keep };
    usage_str_t   args[PACE_ARGS] = { usage_string("EVAL"),
          { usage_pace_script, sizeof(usage_pace_script) - 1 }, usage_string("2"),
          { bucket, USAGE_SEAL_NAME }, { born, USAGE_SEAL_NAME } };

    n = 5;

    for (i = 0; i < PACE_TIMES; i++) {
        args[n].data = digits[i];
        args[n++].len =
            (size_t) snprintf(digits[i], PACE_NUMBER, "%" PRId64, times[i]);
    }

    args[n++] = ask->born;
    args[n++] = ask->fresh;
    args[n].data = ask->penalize ? "1" : "0";
    args[n].len = 1;

    return usage_resp_command(args, PACE_ARGS, pool, command);
}


/*
 * Takes a number off the front, and the space behind it.  false: there is none.
 */
static bool
usage_pace_number(usage_str_t *rest, int64_t *number)
{
    size_t i;

    *number = 0;

    /* 18 digits always fit */

    for (i = 0; i < rest->len && i < 18; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9') {
            break;
        }

        *number = *number * 10 + (rest->data[i] - '0');
    }

    if (i == 0 || i == rest->len || rest->data[i] != ' ') {
        return false;
    }

    rest->data += i + 1;
    rest->len -= i + 1;

    return true;
}


static bool
usage_pace_is_token(usage_str_t text)
{
    char   c;
    size_t i;

    for (i = 0; i < text.len; i++) {
        c = text.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'))
        {
            return false;
        }
    }

    return text.len > 0 && text.len <= USAGE_PACE_TOKEN_MAX;
}


usage_result_t
usage_pace_reply(usage_str_t bulk, usage_pace_grant_t *grant)
{
    int64_t granted;

    if (!usage_pace_number(&bulk, &granted) || granted > 1
        || !usage_pace_number(&bulk, &grant->wait)
        || !usage_pace_number(&bulk, &grant->next)
        || !usage_pace_number(&bulk, &grant->time)
        || !usage_pace_is_token(bulk))
    {
        return USAGE_ERROR;
    }

    grant->granted = granted == 1;
    grant->born = bulk;

    return USAGE_OK;
}
