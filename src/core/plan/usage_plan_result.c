/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a plan that is done has found, beside the entries that it lists: for the
 * cache, for headers and for the log.
 */

#include "plan/usage_plan_private.h"


size_t
usage_plan_past(const usage_plan_t *plan)
{
    return plan->request->hours ? plan->days * USAGE_HOURS_PER_DAY : plan->days;
}


double
usage_plan_unattributed(const usage_plan_t *plan)
{
    return plan->remainder.unattributed;
}


size_t
usage_plan_unmatched(const usage_plan_t *plan, usage_str_t *name)
{
    size_t               count;
    const usage_entry_t *entry;

    count = 0;
    entry = usage_plan_records_unmatched(plan);

    for (/* void */; entry; entry = entry->next) {
        *name = entry->name;
        count++;
    }

    return count;
}


bool
usage_plan_covers(const usage_plan_t *plan, size_t column)
{
    return usage_pages_done(&plan->fanout.windows[column].pages);
}


bool
usage_plan_has_days(const usage_plan_t *plan)
{
    return plan->kind == USAGE_PLAN_DESKTOPS
           && (usage_plan_done(plan) || plan->stage == USAGE_STAGE_LOOK_UP);
}


bool
usage_plan_of_all(const usage_plan_t *plan)
{
    return plan->kind == USAGE_PLAN_DESKTOPS && plan->request->desktops == 0;
}


bool
usage_plan_begun(
    const usage_plan_t *plan, size_t day, int64_t *count, int64_t *rows)
{
    return usage_plan_of_all(plan)
           && usage_window_begun(
               &plan->fanout.windows[day], &plan->table, count, rows);
}


void
usage_plan_resume(
    usage_plan_t *plan, size_t day, int64_t count, int64_t rows, bool unused)
{
    usage_window_resume(&plan->fanout.windows[day], count, rows, unused);
}


usage_cell_t
usage_plan_cell(const usage_plan_t *plan, size_t i, size_t column)
{
    bool                   all;
    const usage_desktop_t *desktop;

    desktop = plan->requested[i];
    all = column == plan->days || plan->days == 1;

    if (usage_cell_shown(desktop, column) || (all && desktop->seen)) {
        return USAGE_CELL_SHOWN;
    }

    if (usage_plan_covers(plan, column)) {
        return USAGE_CELL_ABSENT;
    }

    /* What the range doesn't show no day does.  And what the directory knows is
     * listed, whether statistics show it or not. */

    if ((usage_plan_covers(plan, plan->days) && !usage_desktop_shown(desktop))
        || desktop->entry != NULL)
    {
        return USAGE_CELL_ABSENT;
    }

    return USAGE_CELL_UNUSED;
}


bool
usage_plan_looked_for(const usage_plan_t *plan, size_t i)
{
    return usage_plan_looked_up(plan) && !usage_plan_look_up_forbidden(plan)
           && (plan->requested[i]->entry != NULL
               || !usage_desktop_shown(plan->requested[i]));
}


bool
usage_plan_knows(const usage_plan_t *plan, size_t i)
{
    return plan->requested[i]->entry != NULL;
}
