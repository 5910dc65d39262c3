/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages that find out whether statistics narrowed to the desktops that are
 * wanted take fewer calls than a sweep over all of them.
 */

#include "plan/usage_plan_private.h"


/* days that take one behind a weekend, whichever days that has */
#define USAGE_PLAN_WEEKEND 3


static const usage_stage_t usage_stage_probe, usage_stage_names;


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


/*
 * Whether the wanted desktops can be narrowed to without being looked up.
 */
static bool
usage_plan_named(const usage_plan_t *plan)
{
    return plan->by_id || plan->user.name.len > 0;
}


usage_result_t
usage_plan_narrow(usage_plan_t *plan)
{
    if (plan->wanted_count == 1 && usage_plan_named(plan)) {
        return usage_plan_narrow_to(plan, plan->wanted, plan->wanted_count);
    }

    plan->probe = usage_plan_probe_day(plan);
    plan->stage = &usage_stage_probe;

    return USAGE_OK;
}


bool
usage_plan_narrows(const usage_plan_t *plan)
{
    int64_t calls;

    if (plan->wanted_count == 0 || plan->series_count > 0 || plan->searched
        || plan->unreadable)
    {
        return false;
    }

    calls = (int64_t) (plan->days * plan->wanted_count);

    if (!usage_plan_named(plan)) {
        calls += ((int64_t) plan->wanted_count + USAGE_DIRECTORY_IDS - 1)
                 / USAGE_DIRECTORY_IDS;
    }

    /* the first is cheap to tell, and mostly tells */

    return calls < (int64_t) plan->days * usage_fanout_range(&plan->sweep)
           && calls < usage_fanout_ahead(&plan->sweep);
}


usage_result_t
usage_plan_narrow_now(usage_plan_t *plan)
{
    if (usage_plan_named(plan) || plan->looked_up) {
        return usage_plan_narrow_to(plan, plan->wanted, plan->wanted_count);
    }

    plan->stage = &usage_stage_names;

    return usage_directory_look_up(
        &plan->directory, plan->wanted, plan->wanted_count);
}


/* how many desktops are there?  A day tells, and another where that was perhaps
 * a quiet one; both are the first pages of a sweep, too */

static usage_result_t
usage_stage_probe_next(usage_plan_t *plan, usage_call_t *call)
{
    usage_window_t *window;

    window = &plan->sweep.windows[plan->probe];

    if (!usage_pages_fresh(&window->pages)) {
        return USAGE_AGAIN;
    }

    usage_window_call(window, call);

    return USAGE_OK;
}


static usage_result_t
usage_stage_probe_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    if (usage_plan_narrows(plan)) {
        return usage_plan_narrow_now(plan);
    }

    if (!plan->probed && plan->probe >= USAGE_PLAN_WEEKEND
        && plan->wanted_count <= USAGE_PAGE_ROWS)
    {
        plan->probed = true;
        plan->probe -= USAGE_PLAN_WEEKEND;

        return USAGE_OK;
    }

    usage_plan_sweep(plan);

    return USAGE_OK;
}


static const usage_stage_t usage_stage_probe = {
    usage_stage_probe_next,
    usage_stage_probe_end,
    usage_plan_ahead_days,
};


/* what are the wanted desktops called? */

static usage_result_t
usage_stage_names_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    plan->looked_up = true;

    if (plan->unreadable) {
        usage_plan_sweep(plan);
        return USAGE_OK;
    }

    return usage_plan_narrow_to(plan, plan->wanted, plan->wanted_count);
}


static const usage_stage_t usage_stage_names = {
    usage_plan_next_directory,
    usage_stage_names_end,
    usage_plan_ahead_directory,
};
