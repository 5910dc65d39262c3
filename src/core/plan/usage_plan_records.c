/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages for connection records, and the desktops that they lead to:
 * translation.md, "By the hour".
 */

#include "plan/usage_plan_private.h"


static const usage_stage_t usage_stage_all, usage_stage_records;


static usage_result_t
usage_plan_list_all(usage_plan_t *plan)
{
    usage_directory_list(&plan->directory, false);
    plan->stage = &usage_stage_all;

    return USAGE_OK;
}


usage_result_t
usage_plan_hours(usage_plan_t *plan)
{
    return plan->request->desktops > 0 ? usage_plan_look_up(plan)
                                       : usage_plan_list_all(plan);
}


/*
 * Whether the reply lists any desktop by the hour: without one, records are of
 * no use.  Those of a user are, as they tell which desktops it used.
 */
static bool
usage_plan_lists_hours(const usage_plan_t *plan)
{
    size_t               i, count;
    const usage_table_t *ids;

    if (plan->user.name.len > 0) {
        return true;
    }

    ids = &plan->directory.ids;
    count = 0;

    for (i = 0; i < plan->request->desktops; i++) {
        count += plan->asked[i]->entry != NULL;
    }

    for (i = 0; plan->request->desktops == 0 && i < ids->count; i++) {
        count += usage_plan_listed(plan, ids->desktops[i]->entry);
    }

    return plan->request->limit > 0 && plan->request->offset < count;
}


usage_result_t
usage_plan_records(usage_plan_t *plan)
{
    if (plan->days == 0
        || (plan->request->hours && !usage_plan_lists_hours(plan))) {
        plan->stage = NULL;
        return USAGE_OK;
    }

    plan->stage = &usage_stage_records;

    return usage_records_init(&plan->records, &plan->directory,
        plan->request->first, plan->days, plan->upstream->lookback, plan->now);
}


/*
 * The records lead to their desktops.  Of what is asked for by its id, the
 * directory was asked for no others: a record that leads to none is no wonder.
 */
static usage_result_t
usage_plan_lead(usage_plan_t *plan, usage_error_t *error)
{
    bool strays;

    strays = plan->user.name.len > 0 || plan->directory.full;

    if (usage_records_lead(&plan->records, &plan->directory, strays, error)
        != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    plan->led = true;

    if (plan->request->hours) {
        plan->stage = NULL;
        return USAGE_OK;
    }

    return usage_plan_user_records(plan, error);
}


/* the whole directory */

static usage_result_t
usage_stage_all_end(usage_plan_t *plan, usage_error_t *error)
{
    if (plan->recorded) {
        return usage_plan_lead(plan, error);
    }

    return usage_plan_records(plan);
}


static const usage_stage_t usage_stage_all = {
    usage_plan_next_directory,
    usage_stage_all_end,
    usage_plan_ahead_directory,
};


/* the records */

static usage_result_t
usage_stage_records_next(usage_plan_t *plan, usage_call_t *call)
{
    return plan->forbidden ? USAGE_AGAIN
                           : usage_records_next(&plan->records, call);
}


static usage_result_t
usage_stage_records_end(usage_plan_t *plan, usage_error_t *error)
{
    if (plan->forbidden) {
        return usage_plan_user_records(plan, error);
    }

    plan->recorded = true;

    if (!plan->directory.full
        && usage_records_doubtful(
            &plan->records, &plan->directory, plan->user.name.len > 0))
    {
        return usage_plan_list_all(plan);
    }

    return usage_plan_lead(plan, error);
}


static const usage_stage_t usage_stage_records = {
    usage_stage_records_next,
    usage_stage_records_end,
    usage_plan_ahead_records,
};
