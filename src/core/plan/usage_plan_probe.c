/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stage that finds out how many desktops there are, and so whether
 * statistics narrowed to the targets take fewer calls than a full fan-out.
 */

#include "plan/usage_plan_private.h"


/* days that lead out of a weekend, whichever days that has */
#define USAGE_PLAN_WEEKEND 3


/*
 * The day of which a page tells best how many desktops there are, as those
 * without use may be left out: the last working day that is final.
 */
static size_t
usage_plan_probe_day(const usage_plan_t *plan)
{
    size_t      i, probe;
    usage_day_t day;

    probe = 0;

    for (i = 0; i < plan->days; i++) {
        day = plan->request->first + (usage_day_t) i;

        if (usage_day_final(day, plan->now)
            && usage_day_weekday(day) < USAGE_SATURDAY) {
            probe = i;
        }
    }

    return probe;
}


static void
usage_plan_probed(usage_plan_t *plan)
{
    usage_plan_narrow_to(
        plan, plan->targets.list, plan->targets.count, plan->probe.day);
}


/*
 * Tells whether the only target is narrowed to however many desktops there are:
 * a full fan-out takes a call for each day at least.
 */
static bool
usage_plan_one_narrows(const usage_plan_t *plan)
{
    return usage_plan_named(plan)
           || (usage_plan_may_narrow(plan)
               && 1 + usage_plan_narrow_calls(plan) < plan->days);
}


static usage_outcome_t
usage_stage_probe_begin(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    if (plan->targets.count == 0 || plan->days == 0) {
        return USAGE_OUTCOME_ALL;
    }

    if (plan->targets.count == 1 && usage_plan_one_narrows(plan)) {
        usage_plan_probed(plan);
        return USAGE_OUTCOME_NARROWS;
    }

    usage_fanout_set_targets(
        &plan->fanout, plan->targets.list, plan->targets.count);
    plan->probe.day = usage_plan_probe_day(plan);

    return USAGE_OUTCOME_CALLS;
}


/*
 * The first page of the day, which is the first one of a full fan-out, too.
 */
static usage_result_t
usage_stage_probe_next(usage_plan_t *plan, usage_call_t *call)
{
    usage_window_t *window;

    window = &plan->fanout.windows[plan->probe.day];

    if (!usage_pages_fresh(&window->pages)) {
        return USAGE_AGAIN;
    }

    usage_window_call(window, call);

    return USAGE_OK;
}


/*
 * If the day was perhaps a quiet one, another one is tried.
 */
static usage_outcome_t
usage_stage_probe_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    usage_plan_probed(plan);

    if (usage_plan_narrows(plan)) {
        return USAGE_OUTCOME_NARROWS;
    }

    if (!plan->probe.second && plan->probe.day >= USAGE_PLAN_WEEKEND
        && plan->targets.count <= USAGE_PAGE_ROWS)
    {
        plan->probe.second = true;
        plan->probe.day -= USAGE_PLAN_WEEKEND;

        return USAGE_OUTCOME_CALLS;
    }

    return USAGE_OUTCOME_ALL;
}


const usage_stage_t usage_stage_probe = {
    "probe",
    usage_stage_probe_begin,
    usage_stage_probe_next,
    usage_stage_probe_end,
    usage_plan_ahead_days,
    NULL,
};
