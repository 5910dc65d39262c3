/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages that read a user's desktops, and the user's own statistics:
 * translation.md, "One user".  The numbers there are those in the comments
 * here.
 */

#include "plan/usage_plan_private.h"


bool
usage_plan_total_known(const usage_plan_t *plan, double *seconds)
{
    *seconds = plan->total.total;

    return plan->total.known;
}


/*
 * Tells whether the user's own statistics matter: not if all requested desktops
 * are the user's alone.
 */
static bool
usage_plan_needs_total(const usage_plan_t *plan)
{
    size_t               i;
    const usage_entry_t *entry;

    for (i = 0; i < plan->request->desktops; i++) {
        entry = plan->requested[i]->entry;

        if (entry == NULL || entry->attached != USAGE_ATTACHED_ALONE) {
            return true;
        }
    }

    return plan->request->desktops == 0;
}


static bool
usage_plan_requests(const usage_plan_t *plan, const usage_desktop_t *desktop)
{
    size_t i;

    for (i = 0; i < plan->request->desktops; i++) {
        if (plan->requested[i] == desktop) {
            return true;
        }
    }

    return false;
}


static usage_outcome_t
usage_stage_owned_begin(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    usage_directory_list(&plan->directory);

    return USAGE_OUTCOME_CALLS;
}


/*
 * 1 and 2: gives the user's desktops their rows.  The targets are those that
 * are the user's alone, or only the requested ones among them if the user's own
 * statistics don't matter.
 */
static usage_result_t
usage_plan_own(usage_plan_t *plan)
{
    bool                  all;
    size_t                i;
    usage_table_t        *ids;
    usage_entry_t        *entry;
    usage_desktop_t      *row;
    usage_plan_targets_t *targets;

    ids = &plan->directory.ids;
    targets = &plan->targets;
    targets->named = true;
    targets->list =
        usage_alloc(plan->pool, (ids->count + 1) * sizeof(usage_desktop_t *));
    if (targets->list == NULL) {
        return USAGE_ERROR;
    }

    for (i = 0; i < plan->request->desktops; i++) {
        plan->requested[i]->entry =
            usage_directory_find(&plan->directory, plan->requested[i]->id);
    }

    all = usage_plan_needs_total(plan);

    for (i = 0; i < ids->count; i++) {
        entry = ids->desktops[i]->entry;

        if (!usage_plan_listed(plan, entry)
            || entry->attached == USAGE_ATTACHED_NOT) {
            continue;
        }

        row = usage_plan_row(plan, entry);
        if (row == NULL) {
            return USAGE_ERROR;
        }

        if (entry->attached == USAGE_ATTACHED_ALONE
            && (all || usage_plan_requests(plan, row)))
        {
            targets->list[targets->count++] = row;
        }
    }

    return USAGE_OK;
}


static usage_outcome_t
usage_stage_owned_end(usage_plan_t *plan, usage_error_t *error)
{
    if (usage_plan_own(plan) != USAGE_OK) {
        return usage_plan_no_memory(plan, error);
    }

    if (plan->days == 0) {
        return USAGE_OUTCOME_NOTHING;
    }

    return usage_plan_needs_total(plan) ? USAGE_OUTCOME_DONE
                                        : USAGE_OUTCOME_ENOUGH;
}


const usage_stage_t usage_stage_owned = {
    "owned",
    usage_stage_owned_begin,
    usage_plan_next_directory,
    usage_stage_owned_end,
    usage_plan_ahead_directory,
    NULL,
};


/*
 * The user's range comes first: its days may not be needed.  By the hour, it is
 * that of the final days.
 */
static usage_outcome_t
usage_stage_total_begin(usage_plan_t *plan, usage_error_t *error)
{
    usage_bisection_t *total;

    total = &plan->total;

    if (plan->fanout.days == 0) {
        return USAGE_OUTCOME_NOTHING;
    }

    if (total->known) {
        return total->wants_days ? USAGE_OUTCOME_KNOWN : USAGE_OUTCOME_DONE;
    }

    total->api = USAGE_CALL_USERS;
    total->match = plan->user.name;
    total->name = usage_user_filter(&plan->user);
    total->domain = plan->user.domain;
    total->unique =
        plan->user.domain.len > 0 && plan->filters.domain == USAGE_FILTER_KNOWN;
    total->first = plan->request->first;
    total->days = plan->fanout.days;
    total->given = plan->fanout.days;
    total->until = plan->now;
    total->pool = plan->pool;

    return usage_bisection_start(total) == USAGE_OK
               ? USAGE_OUTCOME_CALLS
               : usage_plan_no_memory(plan, error);
}


static usage_result_t
usage_plan_next_total(usage_plan_t *plan, usage_call_t *call)
{
    return usage_bisection_next(&plan->total, call);
}


static int64_t
usage_plan_ahead_total(const usage_plan_t *plan, usage_call_api_t api)
{
    return api == USAGE_CALL_USERS ? usage_bisection_ahead(&plan->total) : 0;
}


const usage_stage_t usage_stage_total = {
    "total",
    usage_stage_total_begin,
    usage_plan_next_total,
    usage_plan_end_done,
    usage_plan_ahead_total,
    NULL,
};


/*
 * A full fan-out shows what everybody used of the desktops that are not the
 * user's alone: that is no part of the answer.
 */
static void
usage_plan_forget_others(usage_plan_t *plan)
{
    size_t           n;
    usage_desktop_t *row;

    for (n = 0; n < plan->table.count; n++) {
        row = plan->table.desktops[n];

        if (row->entry != NULL && row->entry->attached == USAGE_ATTACHED_ALONE)
        {
            continue;
        }

        usage_table_clear_desktop(&plan->table, row);
    }
}


/*
 * The user's days matter if the desktops leave anything of the user's range,
 * and if that is really the user's.
 */
static usage_outcome_t
usage_stage_user_days_begin(usage_plan_t *plan, usage_error_t *error)
{
    usage_plan_forget_others(plan);

    if (!usage_plan_needs_total(plan)
        || usage_fanout_same(
            usage_plan_targets_seconds(plan, 0, plan->days - 1),
            plan->total.total))
    {
        return USAGE_OUTCOME_ENOUGH;
    }

    if (usage_plan_unfiltered(plan) && !plan->filters.checked) {
        return USAGE_OUTCOME_UNKNOWN_FILTER;
    }

    return usage_bisection_split(&plan->total) == USAGE_OK
               ? USAGE_OUTCOME_CALLS
               : usage_plan_no_memory(plan, error);
}


const usage_stage_t usage_stage_user_days = {
    "user days",
    usage_stage_user_days_begin,
    usage_plan_next_total,
    usage_plan_end_done,
    usage_plan_ahead_total,
    NULL,
};
