/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages for one user: translation.md, "One user".  The numbers there are
 * those in the comments here.
 */

#include "plan/usage_plan_private.h"


static const usage_stage_t usage_stage_owned, usage_stage_total,
    usage_stage_user_days;


usage_result_t
usage_plan_user(usage_plan_t *plan)
{
    usage_directory_list(&plan->directory, true);
    plan->stage = &usage_stage_owned;

    return USAGE_OK;
}


/*
 * Whether the user's own statistics matter: not where all desktops that are
 * asked for are the user's alone.
 */
static bool
usage_plan_needs_total(const usage_plan_t *plan)
{
    size_t               i;
    const usage_entry_t *entry;

    for (i = 0; i < plan->request->desktops; i++) {
        entry = plan->asked[i]->entry;

        if (entry == NULL || entry->attached != USAGE_ATTACHED_ALONE) {
            return true;
        }
    }

    return plan->request->desktops == 0;
}


static bool
usage_plan_asks(const usage_plan_t *plan, const usage_desktop_t *desktop)
{
    size_t i;

    for (i = 0; i < plan->request->desktops; i++) {
        if (plan->asked[i] == desktop) {
            return true;
        }
    }

    return false;
}


/*
 * 1 and 2: the user's desktops.  The statistics of those that are the user's
 * alone are wanted; of these, where the rest doesn't matter, those asked for.
 */
static usage_result_t
usage_plan_own(usage_plan_t *plan)
{
    bool             all;
    size_t           i;
    usage_table_t   *ids;
    usage_entry_t   *entry;
    usage_desktop_t *row;

    ids = &plan->directory.ids;
    plan->wanted_count = 0;
    plan->wanted =
        usage_alloc(plan->pool, (ids->count + 1) * sizeof(usage_desktop_t *));
    if (plan->wanted == NULL) {
        return USAGE_ERROR;
    }

    for (i = 0; i < plan->request->desktops; i++) {
        plan->asked[i]->entry =
            usage_directory_find(&plan->directory, plan->asked[i]->id);
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
            && (all || usage_plan_asks(plan, row)))
        {
            plan->wanted[plan->wanted_count++] = row;
        }
    }

    return USAGE_OK;
}


/*
 * The user's own statistics, narrowed by name.
 */
static usage_result_t
usage_plan_total(usage_plan_t *plan)
{
    usage_bisection_t *total;

    total = &plan->total;
    plan->stage = &usage_stage_total;

    total->api = USAGE_CALL_USERS;
    total->match = plan->user.name;
    total->name = usage_user_filter(&plan->user);
    total->domain = plan->user.domain;
    total->several = plan->user.domain.len == 0;
    total->first = plan->request->first;
    total->days = plan->days;
    total->given = plan->days;
    total->pool = plan->pool;

    return usage_bisection_start(total);
}


/* which desktops are the user's? */

static usage_result_t
usage_stage_owned_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    if (usage_plan_own(plan) != USAGE_OK) {
        return USAGE_ERROR;
    }

    if (plan->request->hours) {
        return usage_plan_records(plan);
    }

    if (plan->days == 0) {
        plan->stage = NULL;
        return USAGE_OK;
    }

    if (!usage_plan_needs_total(plan)) {
        return usage_plan_desktops(plan);
    }

    if (plan->upstream->connections) {
        return usage_plan_records(plan);
    }

    return usage_plan_total(plan);
}


static const usage_stage_t usage_stage_owned = {
    usage_plan_next_directory,
    usage_stage_owned_end,
    usage_plan_ahead_directory,
};


/* how much did the user use? */

static usage_result_t
usage_stage_total_next(usage_plan_t *plan, usage_call_t *call)
{
    return usage_bisection_next(&plan->total, call);
}


static usage_result_t
usage_stage_total_end(usage_plan_t *plan, usage_error_t *error)
{
    usage_result_t rc;

    rc = plan->led ? usage_plan_try_records(plan) : USAGE_AGAIN;

    if (rc != USAGE_AGAIN) {
        return rc;
    }

    if (plan->wanted_count > 0) {
        return usage_plan_desktops(plan);
    }

    return usage_plan_user_desktops(plan, error);
}


static const usage_stage_t usage_stage_total = {
    usage_stage_total_next,
    usage_stage_total_end,
    usage_plan_ahead_total,
};


/*
 * A sweep over all desktops shows what everybody used of those that are not the
 * user's alone: that is no part of the answer.
 */
static void
usage_plan_forget_others(usage_plan_t *plan)
{
    size_t           i, n;
    usage_desktop_t *row;

    for (n = 0; n < plan->table.count; n++) {
        row = plan->table.desktops[n];

        if (row->entry != NULL && row->entry->attached == USAGE_ATTACHED_ALONE)
        {
            continue;
        }

        row->seen = false;

        for (i = 0; i <= plan->days; i++) {
            row->cells[i] = USAGE_NOT_SHOWN;
        }
    }
}


usage_result_t
usage_plan_user_desktops(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    usage_plan_forget_others(plan);

    if (!usage_plan_needs_total(plan)
        || usage_fanout_same(
            usage_plan_alone(plan, 0, plan->days - 1), plan->total.total))
    {
        plan->stage = NULL;
        return USAGE_OK;
    }

    plan->stage = &usage_stage_user_days;

    return usage_bisection_split(&plan->total);
}


/* the user's days */

static usage_result_t
usage_stage_user_days_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    return usage_plan_settle(plan);
}


static const usage_stage_t usage_stage_user_days = {
    usage_stage_total_next,
    usage_stage_user_days_end,
    usage_plan_ahead_total,
};


usage_result_t
usage_plan_user_records(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    return plan->needed ? usage_plan_settle(plan) : usage_plan_total(plan);
}
