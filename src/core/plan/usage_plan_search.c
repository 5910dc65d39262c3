/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages that read the days of the desktops narrowed to, and search all
 * desktops for those that narrowed statistics don't show.
 */

#include "plan/usage_plan_private.h"


bool
usage_plan_searched(const usage_plan_t *plan)
{
    return plan->search.done;
}


static usage_outcome_t
usage_stage_narrowed_begin(usage_plan_t *plan, usage_error_t *error)
{
    size_t i;

    for (i = 0; i < plan->narrow.count; i++) {
        if (usage_bisection_split(&plan->narrow.bisections[i]) != USAGE_OK) {
            return usage_plan_no_memory(plan, error);
        }
    }

    return USAGE_OUTCOME_CALLS;
}


/*
 * Enters in the table what a bisection found.  Whether a day without use has a
 * row isn't known.
 */
static void
usage_plan_enter(const usage_plan_t *plan, const usage_bisection_t *bisection)
{
    size_t i;

    if (!bisection->shown) {
        return;
    }

    bisection->desktop->seen = true;

    for (i = 0; i < plan->days; i++) {
        if (bisection->seconds[i] > 0) {
            usage_cell_show(bisection->desktop, i, bisection->seconds[i]);
        }
    }
}


/*
 * Forgets all statistics: narrowed ones and those of all desktops contradict
 * each other, so the latter alone decide.
 */
static usage_outcome_t
usage_plan_disagrees(usage_plan_t *plan)
{
    size_t i;

    for (i = 0; i <= plan->days; i++) {
        usage_table_clear(&plan->table, i);
    }

    for (i = 0; i < plan->targets.count; i++) {
        plan->targets.list[i]->seen = false;
    }

    usage_fanout_init(
        &plan->fanout, &plan->table, plan->request->first, plan->days);

    return USAGE_OUTCOME_DISAGREES;
}


/*
 * Tells whether the narrowed statistics use up those of the user: then there is
 * nothing to search for.
 */
static bool
usage_plan_accounts(const usage_plan_t *plan)
{
    size_t i;
    double sum, total;

    if (!usage_plan_total_known(plan, &total)) {
        return false;
    }

    sum = 0;

    for (i = 0; i < plan->narrow.count; i++) {
        sum += plan->narrow.bisections[i].total;
    }

    return usage_fanout_same(sum, total);
}


/*
 * Collects the targets that no narrowed statistics show.  Such a desktop has no
 * use, or another name in the statistics than in the directory, or none in the
 * directory: the range of all desktops tells.
 */
static usage_result_t
usage_plan_collect_missing(usage_plan_t *plan)
{
    size_t               i;
    usage_desktop_t     *desktop;
    usage_plan_search_t *search;

    search = &plan->search;
    search->count = 0;
    search->list = usage_alloc(
        plan->pool, plan->targets.count * sizeof(usage_desktop_t *));
    if (search->list == NULL) {
        return USAGE_ERROR;
    }

    for (i = 0; i < plan->targets.count; i++) {
        desktop = plan->targets.list[i];

        if (!usage_plan_told(plan, desktop)) {
            desktop->name.len = 0;
            search->list[search->count++] = desktop;
        }
    }

    return USAGE_OK;
}


/*
 * Tells whether what was searched for in the range has the same seconds there
 * as in the narrowed statistics.
 */
static bool
usage_plan_agrees(const usage_plan_t *plan)
{
    size_t                   i;
    const usage_bisection_t *bisection;

    for (i = 0; plan->search.done && i < plan->narrow.count; i++) {
        bisection = &plan->narrow.bisections[i];

        if (!usage_fanout_same(bisection->total,
                usage_cell_seconds(bisection->desktop, plan->days)))
        {
            return false;
        }
    }

    return true;
}


static usage_outcome_t
usage_stage_narrowed_end(usage_plan_t *plan, usage_error_t *error)
{
    size_t i, missing;

    missing = 0;

    if (!usage_plan_agrees(plan)) {
        return usage_plan_disagrees(plan);
    }

    if (!plan->search.done && !usage_plan_accounts(plan)) {
        if (usage_plan_collect_missing(plan) != USAGE_OK) {
            return usage_plan_no_memory(plan, error);
        }

        missing = plan->search.count;
    }

    plan->search.done = plan->search.done || missing > 0;

    if (missing > 0 && plan->days == 1) {
        return USAGE_OUTCOME_ALL; /* the day is the range */
    }

    for (i = 0; i < plan->narrow.count; i++) {
        usage_plan_enter(plan, &plan->narrow.bisections[i]);
    }

    return missing > 0 ? USAGE_OUTCOME_MISSING : USAGE_OUTCOME_DONE;
}


const usage_stage_t usage_stage_narrowed = {
    "narrowed",
    usage_stage_narrowed_begin,
    usage_plan_next_narrowed,
    usage_stage_narrowed_end,
    usage_plan_ahead_narrowed,
    NULL,
};


static usage_outcome_t
usage_stage_search_begin(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    usage_fanout_set_targets(
        &plan->fanout, plan->search.list, plan->search.count);

    return USAGE_OUTCOME_CALLS;
}


/*
 * Keeps those that the range shows in use: they have their names from there.
 */
static usage_outcome_t
usage_stage_search_end(usage_plan_t *plan, usage_error_t *error)
{
    size_t            i, used;
    usage_desktop_t **list;

    (void) error;

    list = plan->search.list;

    for (i = 0, used = 0; i < plan->search.count; i++) {
        if (usage_cell_seconds(list[i], plan->days) <= 0) {
            continue;
        }

        if (list[i]->name.len == 0) {
            return usage_plan_disagrees(plan);
        }

        list[used++] = list[i];
    }

    if (used == 0) {
        return USAGE_OUTCOME_DONE;
    }

    usage_plan_narrow_to(plan, list, used, plan->narrow.day);

    return USAGE_OUTCOME_NARROWS;
}


const usage_stage_t usage_stage_search = {
    "search",
    usage_stage_search_begin,
    usage_plan_next_range,
    usage_stage_search_end,
    usage_plan_ahead_range,
    NULL,
};
