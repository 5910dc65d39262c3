/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How many calls a plan still takes, at least: what is pending in its stage, as
 * far as it can be told before the replies are here, and nothing of the stages
 * that may follow.
 */

#include "plan/usage_plan_private.h"


size_t
usage_plan_ahead(const usage_plan_t *plan, usage_call_api_t api)
{
    return plan->stage == NULL ? 0 : (size_t) plan->stage->ahead(plan, api);
}


/*
 * Where some desktops are wanted, narrowed windows may still take the place of
 * what the days would take, and the next page may tell.
 */
int64_t
usage_plan_ahead_days(const usage_plan_t *plan, usage_call_api_t api)
{
    int64_t calls;

    if (api != USAGE_CALL_DESKTOPS || plan->days == 0) {
        return 0;
    }

    calls = usage_fanout_days_ahead(&plan->sweep, false);

    if (plan->wanted_count > 0 && plan->series_count == 0 && calls > 0
        && !plan->searched && !plan->unreadable)
    {
        return plan->waiting > 0 ? 0 : 1;
    }

    return calls;
}


int64_t
usage_plan_ahead_complete(const usage_plan_t *plan, usage_call_api_t api)
{
    return api == USAGE_CALL_DESKTOPS
               ? usage_fanout_days_ahead(&plan->sweep, true)
               : 0;
}


int64_t
usage_plan_ahead_range(const usage_plan_t *plan, usage_call_api_t api)
{
    return api == USAGE_CALL_DESKTOPS ? usage_fanout_range_ahead(&plan->sweep)
                                      : 0;
}


/*
 * As long as it isn't known whether the upstream knows the filter by id, one
 * call may be all.
 */
int64_t
usage_plan_ahead_series(const usage_plan_t *plan, usage_call_api_t api)
{
    size_t  i;
    int64_t calls;

    if (api != USAGE_CALL_DESKTOPS) {
        return 0;
    }

    calls = 0;

    for (i = 0; i < plan->series_count; i++) {
        calls += usage_bisection_ahead(&plan->series[i]);
    }

    if (plan->by_id && !plan->id_known && calls > 0) {
        return plan->waiting > 0 || plan->id_unknown ? 0 : 1;
    }

    return calls;
}


int64_t
usage_plan_ahead_total(const usage_plan_t *plan, usage_call_api_t api)
{
    return api == USAGE_CALL_USERS ? usage_bisection_ahead(&plan->total) : 0;
}


int64_t
usage_plan_ahead_directory(const usage_plan_t *plan, usage_call_api_t api)
{
    return api == USAGE_CALL_DIRECTORY ? usage_directory_ahead(&plan->directory)
                                       : 0;
}


/*
 * Records may turn out to be forbidden.
 */
int64_t
usage_plan_ahead_records(const usage_plan_t *plan, usage_call_api_t api)
{
    return api == USAGE_CALL_RECORDS && !plan->forbidden
               ? usage_pages_ahead(&plan->records.pages)
               : 0;
}
