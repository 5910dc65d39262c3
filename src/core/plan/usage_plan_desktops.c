/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages for the statistics of desktops: a sweep over all of them, and what
 * the directory knows of those that it doesn't show.
 */

#include "plan/usage_plan_private.h"


static const usage_stage_t usage_stage_days, usage_stage_range,
    usage_stage_complete, usage_stage_look_up, usage_stage_count;


/*
 * Whether the request is answered without days: it asks for the count only.
 */
static bool
usage_plan_counts(const usage_plan_t *plan)
{
    return plan->user.name.len == 0 && usage_request_counts(plan->request);
}


usage_result_t
usage_plan_desktops(usage_plan_t *plan)
{
    plan->sweep.wanted = plan->wanted;
    plan->sweep.count = plan->wanted_count;

    if (usage_plan_counts(plan)) {
        plan->stage = &usage_stage_count;
        return plan->wanted_count > 0 ? usage_plan_look_up(plan) : USAGE_OK;
    }

    if (plan->wanted_count == 0 || plan->days == 0) {
        plan->stage = &usage_stage_days;
        return USAGE_OK;
    }

    return usage_plan_narrow(plan);
}


/*
 * The statistics of all that are wanted are here.
 */
usage_result_t
usage_plan_statistics(usage_plan_t *plan, usage_error_t *error)
{
    plan->counted = true;

    if (plan->user.name.len > 0) {
        return usage_plan_user_desktops(plan, error);
    }

    return usage_plan_look_up(plan);
}


/*
 * Narrowed windows don't agree with those of all desktops: the latter decide.
 */
void
usage_plan_sweep_anew(usage_plan_t *plan)
{
    size_t i;

    for (i = 0; i <= plan->days; i++) {
        usage_table_clear(&plan->table, i);
    }

    for (i = 0; i < plan->wanted_count; i++) {
        plan->wanted[i]->seen = false;
    }

    usage_fanout_init(
        &plan->sweep, &plan->table, plan->request->first, plan->days);

    usage_plan_sweep(plan);
}


void
usage_plan_sweep(usage_plan_t *plan)
{
    plan->sweep.wanted = plan->wanted;
    plan->sweep.count = plan->wanted_count;
    plan->stage = &usage_stage_days;
}


usage_result_t
usage_plan_next_directory(usage_plan_t *plan, usage_call_t *call)
{
    return usage_directory_next(&plan->directory, call);
}


usage_result_t
usage_plan_next_range(usage_plan_t *plan, usage_call_t *call)
{
    return usage_fanout_next_range(&plan->sweep, call);
}


/* the sweep: see usage_fanout.h */

static usage_result_t
usage_stage_days_next(usage_plan_t *plan, usage_call_t *call)
{
    /* there may be more desktops than the first days told */

    if (usage_plan_narrows(plan)) {
        return USAGE_AGAIN;
    }

    return usage_fanout_next_day(&plan->sweep, call);
}


static usage_result_t
usage_stage_days_end(usage_plan_t *plan, usage_error_t *error)
{
    int64_t left;

    if (usage_plan_narrows(plan)) {
        return usage_plan_narrow_now(plan);
    }

    left = usage_fanout_left(&plan->sweep);

    if (left > usage_fanout_range(&plan->sweep)) {
        plan->stage = &usage_stage_range;
        return USAGE_OK;
    }

    if (left > 0) {
        usage_fanout_complete(&plan->sweep);
        plan->stage = &usage_stage_complete;
        return USAGE_OK;
    }

    return usage_plan_statistics(plan, error);
}


static const usage_stage_t usage_stage_days = {
    usage_stage_days_next,
    usage_stage_days_end,
    usage_plan_ahead_days,
};


static usage_result_t
usage_stage_range_end(usage_plan_t *plan, usage_error_t *error)
{
    if (usage_fanout_adds_up(&plan->sweep)
        && (!plan->keeps || usage_fanout_fill(&plan->sweep)))
    {
        return usage_plan_statistics(plan, error);
    }

    usage_fanout_complete(&plan->sweep);
    plan->stage = &usage_stage_complete;

    return USAGE_OK;
}


static const usage_stage_t usage_stage_range = {
    usage_plan_next_range,
    usage_stage_range_end,
    usage_plan_ahead_range,
};


static usage_result_t
usage_stage_complete_end(usage_plan_t *plan, usage_error_t *error)
{
    return usage_plan_statistics(plan, error);
}


static const usage_stage_t usage_stage_complete = {
    usage_stage_days_next,
    usage_stage_complete_end,
    usage_plan_ahead_complete,
};


/* which of the request's desktops does the directory know? */

usage_result_t
usage_plan_look_up(usage_plan_t *plan)
{
    size_t            i, count;
    usage_desktop_t **desktops;

    count = plan->request->desktops;
    plan->stage = &usage_stage_look_up;

    if (count == 0 || plan->looked_up) {
        return USAGE_OK;
    }

    plan->looked_up = true;

    desktops = usage_alloc(plan->pool, count * sizeof(usage_desktop_t *));
    if (desktops == NULL) {
        return USAGE_ERROR;
    }

    for (i = 0, count = 0; i < plan->request->desktops; i++) {
        if (plan->asked[i]->entry == NULL
            && (plan->user.name.len > 0
                || !usage_table_shown(&plan->table, plan->asked[i])))
        {
            desktops[count++] = plan->asked[i];
        }
    }

    return usage_directory_look_up(&plan->directory, desktops, count);
}


static usage_result_t
usage_stage_look_up_end(usage_plan_t *plan, usage_error_t *error)
{
    if (plan->user.name.len > 0) {
        return usage_plan_user_looked_up(plan, error);
    }

    if (plan->request->hours) {
        return usage_plan_records(plan);
    }

    /* of a count, those that the directory doesn't know may be in the range */

    plan->sweep.known = true;
    plan->stage = usage_plan_counts(plan) && !usage_fanout_found(&plan->sweep)
                      ? &usage_stage_count
                      : NULL;

    return USAGE_OK;
}


static const usage_stage_t usage_stage_look_up = {
    usage_plan_next_directory,
    usage_stage_look_up_end,
    usage_plan_ahead_directory,
};


/* how many does the range show? */

static usage_result_t
usage_stage_count_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    plan->stage = NULL;

    return USAGE_OK;
}


static const usage_stage_t usage_stage_count = {
    usage_plan_next_range,
    usage_stage_count_end,
    usage_plan_ahead_range,
};
