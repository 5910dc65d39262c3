/* SPDX-License-Identifier: BSD-2-Clause */

#include "request/usage_request_memory.h"

#include "base/usage_calendar.h"


bool
usage_request_monitored(
    const usage_request_t *request, const usage_rules_t *rules)
{
    return rules->monitoring && request->desktops > 0 && request->user.len == 0;
}


/*
 * The shortest memory of the successors that a request needs, in seconds; 0:
 * any.  whose says of what they keep so much.
 */
typedef struct {
    int64_t     seconds;
    const char *whose;
} usage_request_memory_t;


static void
usage_request_shorten(
    usage_request_memory_t *memory, int64_t seconds, const char *whose)
{
    if (seconds != 0 && (memory->seconds == 0 || seconds < memory->seconds)) {
        memory->seconds = seconds;
        memory->whose = whose;
    }
}


/*
 * Finds that memory.  What is of one user comes from both statistics; hours
 * come from records, unless desktop monitoring may tell them.
 */
static usage_request_memory_t
usage_request_memory(const usage_request_t *request, const usage_rules_t *rules)
{
    usage_request_memory_t memory;

    memory.seconds = rules->desktops_memory;
    memory.whose = "desktops";

    if (request->user.len > 0) {
        usage_request_shorten(&memory, rules->users_memory, "users");
    }

    if (request->hours && !usage_request_monitored(request, rules)) {
        usage_request_shorten(
            &memory, rules->records_memory, "connection records");
    }

    return memory;
}


usage_result_t
usage_request_remembered(const usage_request_reader_t *reader,
    const usage_request_t *request, int64_t now, const usage_rules_t *rules,
    bool has_first)
{
    char        first[USAGE_DATE_LEN + 1] = "", text[USAGE_DATE_LEN + 1] = "";
    usage_day_t oldest;
    usage_request_memory_t memory;

    memory = usage_request_memory(request, rules);

    if (memory.seconds == 0
        || !usage_day_forgotten(request->first, now, memory.seconds))
    {
        return USAGE_OK;
    }

    oldest = request->first;

    while (usage_day_forgotten(oldest, now, memory.seconds)) {
        oldest++;
    }

    usage_day_write(request->first, first);
    usage_day_write(oldest, text);

    return usage_error(reader->error, 400,
        "%s %s is older than the %lld days that the successor API keeps of "
        "%s; allowed: from %s on",
        has_first ? "start_time" : "the range's first day", first,
        (long long) (memory.seconds / USAGE_SECONDS_PER_DAY), memory.whose,
        text);
}
