/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stage that looks up the requested desktops in the directory:
 * translation.md, "Which desktops, in which order".
 */

#include "plan/usage_plan_private.h"


usage_result_t
usage_plan_look_up(
    usage_plan_t *plan, usage_desktop_t *const *desktops, size_t count)
{
    plan->lookup.done = true;

    return usage_directory_look_up(&plan->directory, desktops, count);
}


bool
usage_plan_looked_up(const usage_plan_t *plan)
{
    return plan->lookup.done;
}


bool
usage_plan_look_up_forbidden(const usage_plan_t *plan)
{
    return plan->lookup.forbidden;
}


usage_outcome_t
usage_plan_look_up_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    return plan->lookup.forbidden ? USAGE_OUTCOME_FORBIDDEN
                                  : USAGE_OUTCOME_DONE;
}


usage_outcome_t
usage_plan_look_up_refused(
    usage_plan_t *plan, const usage_call_t *call, unsigned status)
{
    (void) call;

    if (status != 401 && status != 403) {
        return USAGE_OUTCOME_ERROR;
    }

    plan->lookup.forbidden = true;

    return USAGE_OUTCOME_FORBIDDEN;
}


/*
 * Looks up those of the requested desktops that neither the directory nor any
 * statistics have shown.
 */
static usage_outcome_t
usage_stage_look_up_begin(usage_plan_t *plan, usage_error_t *error)
{
    size_t            i, count;
    usage_desktop_t **desktops;

    count = plan->request->desktops;

    if (count == 0 || plan->lookup.done) {
        return usage_plan_look_up_end(plan, error);
    }

    desktops = usage_alloc(plan->pool, count * sizeof(usage_desktop_t *));
    if (desktops == NULL) {
        return usage_plan_no_memory(plan, error);
    }

    for (i = 0, count = 0; i < plan->request->desktops; i++) {
        if (plan->requested[i]->entry == NULL
            && !usage_desktop_shown(plan->requested[i]))
        {
            desktops[count++] = plan->requested[i];
        }
    }

    return usage_plan_look_up(plan, desktops, count) == USAGE_OK
               ? USAGE_OUTCOME_CALLS
               : usage_plan_no_memory(plan, error);
}


const usage_stage_t usage_stage_look_up = {
    "look up",
    usage_stage_look_up_begin,
    usage_plan_next_directory,
    usage_plan_look_up_end,
    usage_plan_ahead_directory,
    usage_plan_look_up_refused,
};
