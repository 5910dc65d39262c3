/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the stages of a plan share: the table's rows, and the calls of the
 * directory and of the range.
 */

#include "plan/usage_plan_private.h"


usage_outcome_t
usage_plan_no_memory(const usage_plan_t *plan, usage_error_t *error)
{
    (void) usage_no_memory(plan->pool, error);

    return USAGE_OUTCOME_ERROR;
}


usage_desktop_t *
usage_plan_row(usage_plan_t *plan, usage_entry_t *entry)
{
    usage_desktop_t *row;

    row = usage_table_add(&plan->table, entry->id, NULL);

    if (row != NULL) {
        row->entry = entry;
        row->name = entry->name;
    }

    return row;
}


bool
usage_plan_listed(const usage_plan_t *plan, const usage_entry_t *entry)
{
    return entry->listing == plan->directory.listing;
}


double
usage_plan_targets_seconds(const usage_plan_t *plan, size_t first, size_t last)
{
    size_t i, n;
    double sum;

    sum = 0;

    for (n = 0; n < plan->targets.count; n++) {
        for (i = first; i <= last; i++) {
            sum += usage_cell_seconds(plan->targets.list[n], i);
        }
    }

    return sum;
}


usage_result_t
usage_plan_next_directory(usage_plan_t *plan, usage_call_t *call)
{
    return usage_directory_next(&plan->directory, call);
}


usage_result_t
usage_plan_next_range(usage_plan_t *plan, usage_call_t *call)
{
    return usage_fanout_next_range(&plan->fanout, call);
}


int64_t
usage_plan_ahead_directory(const usage_plan_t *plan, usage_call_api_t api)
{
    return api == USAGE_CALL_DIRECTORY ? usage_directory_ahead(&plan->directory)
                                       : 0;
}


int64_t
usage_plan_ahead_range(const usage_plan_t *plan, usage_call_api_t api)
{
    return api == USAGE_CALL_DESKTOPS ? usage_fanout_range_ahead(&plan->fanout)
                                      : 0;
}


usage_outcome_t
usage_plan_end_done(usage_plan_t *plan, usage_error_t *error)
{
    (void) plan;
    (void) error;

    return USAGE_OUTCOME_DONE;
}
