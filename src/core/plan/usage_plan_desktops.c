/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages that read statistics of all desktops: see usage_fanout.h.
 */

#include "plan/usage_plan_private.h"


static void
usage_plan_fan_out(usage_plan_t *plan)
{
    usage_fanout_set_targets(
        &plan->fanout, plan->targets.list, plan->targets.count);
}


/*
 * If there are targets, narrowed statistics may still take the place of what
 * the days would take, and the next page may tell.
 */
int64_t
usage_plan_ahead_days(const usage_plan_t *plan, usage_call_api_t api)
{
    int64_t calls;

    if (api != USAGE_CALL_DESKTOPS || plan->days == 0) {
        return 0;
    }

    calls = usage_fanout_days_ahead(&plan->fanout, false);

    if (calls > 0 && usage_plan_may_narrow(plan)) {
        return plan->waiting > 0 ? 0 : 1;
    }

    return calls;
}


static usage_outcome_t
usage_stage_days_begin(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    usage_plan_fan_out(plan);

    return USAGE_OUTCOME_CALLS;
}


static usage_result_t
usage_stage_days_next(usage_plan_t *plan, usage_call_t *call)
{
    /* there may be more desktops than the probe told */

    if (usage_plan_narrows(plan)) {
        return USAGE_AGAIN;
    }

    return usage_fanout_next_day(&plan->fanout, call);
}


static usage_outcome_t
usage_stage_days_end(usage_plan_t *plan, usage_error_t *error)
{
    int64_t left;

    (void) error;

    if (usage_plan_narrows(plan)) {
        return USAGE_OUTCOME_NARROWS;
    }

    left = usage_fanout_days_left(&plan->fanout);

    if (left > usage_fanout_range_expected(&plan->fanout)) {
        return USAGE_OUTCOME_RANGE;
    }

    return left > 0 ? USAGE_OUTCOME_INCOMPLETE : USAGE_OUTCOME_DONE;
}


const usage_stage_t usage_stage_days = {
    "days",
    usage_stage_days_begin,
    usage_stage_days_next,
    usage_stage_days_end,
    usage_plan_ahead_days,
    NULL,
};


static usage_outcome_t
usage_stage_range_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    if (!usage_fanout_adds_up(&plan->fanout)
        || (plan->for_cache && !usage_fanout_fill(&plan->fanout)))
    {
        return USAGE_OUTCOME_INCOMPLETE;
    }

    return USAGE_OUTCOME_DONE;
}


const usage_stage_t usage_stage_range = {
    "range",
    NULL,
    usage_plan_next_range,
    usage_stage_range_end,
    usage_plan_ahead_range,
    NULL,
};


static usage_outcome_t
usage_stage_complete_begin(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    usage_fanout_complete(&plan->fanout);

    return USAGE_OUTCOME_CALLS;
}


static usage_result_t
usage_stage_complete_next(usage_plan_t *plan, usage_call_t *call)
{
    return usage_fanout_next_day(&plan->fanout, call);
}


static int64_t
usage_stage_complete_ahead(const usage_plan_t *plan, usage_call_api_t api)
{
    return api == USAGE_CALL_DESKTOPS
               ? usage_fanout_days_ahead(&plan->fanout, true)
               : 0;
}


const usage_stage_t usage_stage_complete = {
    "complete",
    usage_stage_complete_begin,
    usage_stage_complete_next,
    usage_plan_end_done,
    usage_stage_complete_ahead,
    NULL,
};


/*
 * The range tells which desktops there are.  It isn't needed if the directory
 * knows all that are requested.
 */
static usage_outcome_t
usage_stage_count_begin(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    usage_plan_fan_out(plan);
    plan->fanout.counts = true;

    return usage_fanout_found(&plan->fanout) ? USAGE_OUTCOME_DONE
                                             : USAGE_OUTCOME_CALLS;
}


const usage_stage_t usage_stage_count = {
    "count",
    usage_stage_count_begin,
    usage_plan_next_range,
    usage_plan_end_done,
    usage_plan_ahead_range,
    NULL,
};
