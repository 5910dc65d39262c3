/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Desktop monitoring: whether a plan may ask it, what that takes, and its
 * calls (translation.md, "Desktop monitoring").
 */

#include "plan/usage_plan_private.h"


bool
usage_plan_monitors(const usage_plan_t *plan)
{
    return plan->upstream->monitoring && !plan->periods.forbidden
           && (plan->kind == USAGE_PLAN_DESKTOPS
               || plan->kind == USAGE_PLAN_SOME_HOURS);
}


size_t
usage_plan_narrow_calls(const usage_plan_t *plan)
{
    size_t calls;

    if (plan->final == 0 || !usage_plan_monitors(plan)) {
        return plan->days;
    }

    /* the range, the days that aren't final (one of these calls is for those
     * that are), and the periods */

    calls = 1 + plan->days - plan->final + usage_monitor_calls(plan->final);

    return calls < plan->days ? calls : plan->days;
}


bool
usage_plan_monitor_saves(const usage_plan_t *plan)
{
    return usage_plan_narrow_calls(plan) < plan->days;
}


bool
usage_plan_monitor_hours(const usage_plan_t *plan, int64_t calls)
{
    size_t i, listed;

    if (plan->kind != USAGE_PLAN_SOME_HOURS || plan->periods.tried
        || !usage_plan_monitors(plan))
    {
        return false;
    }

    for (i = 0, listed = 0; i < plan->request->desktops; i++) {
        listed += plan->requested[i]->entry != NULL;
    }

    return (int64_t) (listed * usage_monitor_calls(plan->days)) <= calls;
}


void
usage_plan_monitor_try(usage_plan_t *plan)
{
    plan->periods.tried = true;
}


usage_result_t
usage_plan_monitor_room(usage_plan_t *plan, size_t count)
{
    plan->periods.count = 0;
    plan->periods.list =
        usage_alloc(plan->pool, (count + 1) * sizeof(usage_monitor_t));

    return plan->periods.list != NULL ? USAGE_OK : USAGE_ERROR;
}


void
usage_plan_monitor_add(
    usage_plan_t *plan, usage_desktop_t *desktop, size_t days)
{
    if (usage_call_id_plain(desktop->id)) {
        usage_monitor_start(&plan->periods.list[plan->periods.count++], desktop,
            plan->request->first, days, plan->now, plan->pool);
    }
}


usage_monitor_t *
usage_plan_monitor_of(const usage_plan_t *plan, const usage_desktop_t *desktop)
{
    size_t i;

    for (i = 0; i < plan->periods.count; i++) {
        if (plan->periods.list[i].desktop == desktop) {
            return &plan->periods.list[i];
        }
    }

    return NULL;
}


bool
usage_plan_monitor_forbidden(const usage_plan_t *plan)
{
    return plan->periods.forbidden;
}


/*
 * Asks one call alone until the upstream has answered it: perhaps the caller
 * may not read any.
 */
usage_result_t
usage_plan_next_monitor(usage_plan_t *plan, usage_call_t *call)
{
    size_t i;

    if (plan->periods.forbidden
        || (!plan->periods.allowed && plan->waiting > 0)) {
        return USAGE_AGAIN;
    }

    for (i = 0; i < plan->periods.count; i++) {
        if (usage_monitor_next(&plan->periods.list[i], call) == USAGE_OK) {
            return USAGE_OK;
        }
    }

    return USAGE_AGAIN;
}


int64_t
usage_plan_ahead_monitor(const usage_plan_t *plan, usage_call_api_t api)
{
    size_t i, calls;

    if (api != USAGE_CALL_MONITOR || plan->periods.forbidden) {
        return 0;
    }

    for (i = 0, calls = 0; i < plan->periods.count; i++) {
        calls += usage_monitor_ahead(&plan->periods.list[i]);
    }

    if (!plan->periods.allowed && calls > 0) {
        return plan->waiting > 0 ? 0 : 1;
    }

    return (int64_t) calls;
}


usage_outcome_t
usage_plan_monitor_refused(
    usage_plan_t *plan, const usage_call_t *call, unsigned status)
{
    (void) call;

    if (status == 404) {
        plan->periods.allowed = true;
        return USAGE_OUTCOME_CALLS;
    }

    if (status != 403) {
        return USAGE_OUTCOME_ERROR;
    }

    if (plan->kind == USAGE_PLAN_SOME_HOURS && !plan->upstream->connections) {
        return USAGE_OUTCOME_ERROR; /* nothing else has hours */
    }

    plan->periods.forbidden = true;

    return USAGE_OUTCOME_FORBIDDEN;
}


usage_result_t
usage_plan_monitor_body(usage_plan_t *plan, const usage_call_t *call,
    usage_str_t body, usage_error_t *error)
{
    plan->periods.allowed = true;

    return usage_monitor_body(call, body, error);
}
