#include "usage_reply.h"
#include "usage_json.h"
#include "usage_number.h"

#include <inttypes.h>
#include <stdio.h>


#define USAGE_REPLY_HEAD    "{\"desktop_used_info_list\":["
#define USAGE_REPLY_TAIL    "],\"total_count\":%" PRId64 "}"
#define USAGE_REPLY_ID      "{\"desktop_id\":"
#define USAGE_REPLY_LIST    ",\"used_info_list\":["
#define USAGE_REPLY_END     "]},"
#define USAGE_REPLY_DAY     "{\"date\":\"yyyy-MM-dd\",\"use_time\":"
#define USAGE_REPLY_DATE    (sizeof("{\"date\":\"") - 1) /* where it stands */
#define USAGE_REPLY_DAY_LEN (sizeof(USAGE_REPLY_DAY) - 1)

/* hours of a desktop and a day, as text: those of less than 10^9 seconds, and
 * any other */
#define USAGE_REPLY_SECONDS 1e9
#define USAGE_REPLY_HOURS   16


#define usage_reply_put(p, literal)                                            \
    (memcpy((p), (literal), sizeof(literal) - 1), (p) + sizeof(literal) - 1)


/*
 * The room that the reply takes at most.
 */
static size_t
usage_reply_size(const usage_plan_t *plan, usage_desktop_t **desktops,
    size_t count, size_t days)
{
    size_t i, n, size;

    size = sizeof(USAGE_REPLY_HEAD USAGE_REPLY_TAIL) + 20;

    for (n = 0; n < count; n++) {
        size += sizeof(USAGE_REPLY_ID USAGE_REPLY_LIST USAGE_REPLY_END)
                + usage_json_string_max(desktops[n]->id.len)
                + days * (USAGE_REPLY_DAY_LEN + 2 + USAGE_REPLY_HOURS);

        for (i = 0; i < plan->days; i++) {
            if (desktops[n]->cells[i] >= USAGE_REPLY_SECONDS) {
                size += USAGE_HOURS_MAX;
            }
        }
    }

    return size;
}


static char *
usage_reply_write_desktop(char *p, const usage_plan_t *plan,
    const usage_desktop_t *desktop, usage_time_form_t form,
    char (*heads)[USAGE_REPLY_DAY_LEN], size_t        days)
{
    size_t i;
    double seconds;

    p = usage_reply_put(p, USAGE_REPLY_ID);
    p = usage_json_write_string(p, desktop->id);
    p = usage_reply_put(p, USAGE_REPLY_LIST);

    for (i = 0; i < days; i++) {
        memcpy(p, heads[i], USAGE_REPLY_DAY_LEN);
        p += USAGE_REPLY_DAY_LEN;

        /* not shown: without use; beyond plan->days: in the future */

        seconds =
            i < plan->days && desktop->cells[i] > 0 ? desktop->cells[i] : 0;

        p = form == USAGE_TIME_STRING ? usage_hours_write_string(p, seconds)
                                      : usage_hours_write_number(p, seconds);
        *p++ = '}';
        *p++ = ',';
    }

    p--; /* the last comma; there is one day at least */

    return usage_reply_put(p, USAGE_REPLY_END);
}


usage_result_t
usage_reply_write(const usage_plan_t *plan, usage_desktop_t **desktops,
    size_t count, int64_t total, usage_time_form_t form,
    const usage_pool_t *pool, usage_str_t *reply)
{
    char  *p;
    char   heads[USAGE_DAYS_MAX][USAGE_REPLY_DAY_LEN];
    size_t i, n, days;

    days = usage_request_days(plan->request);

    for (i = 0; i < days; i++) {
        memcpy(heads[i], USAGE_REPLY_DAY, USAGE_REPLY_DAY_LEN);
        usage_day_write(plan->request->first + (usage_day_t) i,
            heads[i] + USAGE_REPLY_DATE);
    }

    p = usage_alloc(pool, usage_reply_size(plan, desktops, count, days));
    if (p == NULL) {
        return USAGE_ERROR;
    }

    reply->data = p;
    p = usage_reply_put(p, USAGE_REPLY_HEAD);

    for (n = 0; n < count; n++) {
        p = usage_reply_write_desktop(p, plan, desktops[n], form, heads, days);
    }

    if (count > 0) {
        p--; /* the last comma */
    }

    p += sprintf(p, USAGE_REPLY_TAIL, total);
    reply->len = (size_t) (p - reply->data);

    return USAGE_OK;
}
