/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages that hold hours against the statistics: translation.md, "By the
 * hour".  Hours that show less than these are an error.
 */

#include "plan/usage_plan_private.h"


/*
 * Tells whether the rest of the range takes more calls than to narrow it to
 * each listed desktop.
 */
static bool
usage_plan_figures_narrow(const usage_plan_t *plan)
{
    const usage_pages_t *range;

    range = &plan->fanout.windows[plan->fanout.days].pages;

    return plan->kind == USAGE_PLAN_SOME_HOURS && range->count >= 0
           && (int64_t) plan->narrow.list_count
                  < usage_pages_of(range, range->count - range->next);
}


/*
 * The first page of the range tells how many there are.  One desktop alone is
 * narrowed to at once.  If desktop monitoring was to tell the hours, all sums
 * are here.
 */
static usage_outcome_t
usage_stage_figures_begin(usage_plan_t *plan, usage_error_t *error)
{
    if (plan->final == 0) {
        return USAGE_OUTCOME_NOTHING;
    }

    if (plan->kind != USAGE_PLAN_SOME_HOURS) {
        return USAGE_OUTCOME_CALLS;
    }

    if (plan->narrow.tried) {
        return USAGE_OUTCOME_DONE;
    }

    if (usage_plan_narrow_to_listed(plan) != USAGE_OK) {
        return usage_plan_no_memory(plan, error);
    }

    return plan->narrow.list_count == 1 ? USAGE_OUTCOME_NARROWS
                                        : USAGE_OUTCOME_CALLS;
}


static usage_result_t
usage_stage_figures_next(usage_plan_t *plan, usage_call_t *call)
{
    return usage_plan_figures_narrow(plan) ? USAGE_AGAIN
                                           : usage_plan_next_range(plan, call);
}


static usage_outcome_t
usage_stage_figures_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    return usage_plan_figures_narrow(plan) ? USAGE_OUTCOME_NARROWS
                                           : USAGE_OUTCOME_DONE;
}


static int64_t
usage_stage_figures_ahead(const usage_plan_t *plan, usage_call_api_t api)
{
    return usage_plan_figures_narrow(plan) ? 0
                                           : usage_plan_ahead_range(plan, api);
}


const usage_stage_t usage_stage_figures = {
    "figures",
    usage_stage_figures_begin,
    usage_stage_figures_next,
    usage_stage_figures_end,
    usage_stage_figures_ahead,
    NULL,
};


double
usage_plan_final_seconds(
    const usage_plan_t *plan, const usage_desktop_t *desktop)
{
    size_t                   i;
    const usage_bisection_t *bisection;

    for (i = 0; i < plan->narrow.count; i++) {
        bisection = &plan->narrow.bisections[i];

        if (bisection->desktop == desktop && bisection->shown) {
            return bisection->total;
        }
    }

    return usage_cell_seconds(desktop, plan->fanout.days);
}


/*
 * Gives the seconds of the final days that an entry's sessions show.
 */
static double
usage_plan_shown(const usage_plan_t *plan, usage_entry_t *entry)
{
    double seconds;

    seconds = 0;

    usage_sessions_count(&entry->sessions,
        (int64_t) plan->request->first * USAGE_SECONDS_PER_DAY,
        (int64_t) plan->final * USAGE_SECONDS_PER_DAY, 1, &seconds);

    return seconds;
}


/*
 * Gives the error that tells both figures.
 */
static usage_outcome_t
usage_plan_disagrees(const usage_plan_t *plan, double shown, double statistics,
    const char *what, usage_str_t name, usage_error_t *error)
{
    (void) usage_error(error, 502,
        "connection records show %.2f hours of %s \"%.*s\", where the "
        "statistics say %.2f, for the first %zu days of the range",
        shown / USAGE_SECONDS_PER_HOUR, what, usage_shown(name), name.data,
        statistics / USAGE_SECONDS_PER_HOUR, plan->final);

    return USAGE_OUTCOME_ERROR;
}


/*
 * Compares what records show with the statistics: USAGE_OUTCOME_DONE, unless it
 * is less.  what and name say of whom, in the error.
 */
static usage_outcome_t
usage_plan_compare(const usage_plan_t *plan, double shown, double statistics,
    const char *what, usage_str_t name, usage_error_t *error)
{
    usage_tolerance_t tolerance;

    tolerance = plan->upstream->tolerance;

    /* If the upstream has no records of the days before the range any more, the
     * session is missing that began there.  It may be less than a share of all.
     */

    if (usage_plan_records_cut(plan)) {
        tolerance.share = 0;
    }

    if (usage_tolerance_compare(
            &tolerance, shown, statistics, (int64_t) plan->final)
        != USAGE_SHOWN_LESS)
    {
        return USAGE_OUTCOME_DONE;
    }

    return usage_plan_disagrees(plan, shown, statistics, what, name, error);
}


/*
 * The user's statistics are of all desktops, of those that are gone, too.
 */
static usage_outcome_t
usage_plan_check_user(usage_plan_t *plan, usage_error_t *error)
{
    size_t               i;
    double               shown;
    usage_entry_t       *entry;
    usage_outcome_t      outcome;
    const usage_table_t *ids;

    ids = &plan->directory.ids;

    for (i = 0, shown = 0; i < ids->count; i++) {
        shown += usage_plan_shown(plan, ids->desktops[i]->entry);
    }

    entry = usage_plan_records_unmatched(plan);

    for (/* void */; entry; entry = entry->next) {
        shown += usage_plan_shown(plan, entry);
    }

    /* a record that doesn't tell its user's domain may be of another user */

    if (plan->user.domain.len > 0
        && usage_tolerance_compare(&plan->upstream->tolerance, shown,
               plan->total.total, (int64_t) plan->final)
               == USAGE_SHOWN_MORE)
    {
        return usage_plan_disagrees(plan, shown, plan->total.total,
            "desktop_username", plan->user.name, error);
    }

    outcome = usage_plan_compare(plan, shown, plan->total.total,
        "desktop_username", plan->user.name, error);

    /* The filter by name may have left records out, if they show less. Of days
     * that aren't final, no statistics tell it. */

    if ((shown < plan->total.total || plan->final < plan->days)
        && usage_plan_records_unfilter(plan))
    {
        memset(error, 0, sizeof(usage_error_t));
        return USAGE_OUTCOME_UNFILTERED;
    }

    if (!usage_plan_unfiltered(plan)
        || (outcome != USAGE_OUTCOME_ERROR && !usage_plan_records_vague(plan)))
    {
        return outcome;
    }

    /* the statistics may be those of others of that name, too */

    memset(error, 0, sizeof(usage_error_t));

    if (!plan->filters.checked) {
        return USAGE_OUTCOME_UNKNOWN_FILTER;
    }

    return usage_plan_unproven(plan,
        usage_plan_records_vague(plan) ? plan->total.total
                                       : plan->total.total - shown,
        error);
}


static usage_outcome_t
usage_plan_check_desktop(usage_plan_t *plan, usage_entry_t *entry,
    const usage_desktop_t *row, usage_error_t *error)
{
    return usage_plan_compare(plan, usage_plan_shown(plan, entry),
        usage_plan_final_seconds(plan, row), "desktop", entry->id, error);
}


/*
 * A desktop that has no row in the table has no use.
 */
static usage_outcome_t
usage_plan_check_all(usage_plan_t *plan, usage_error_t *error)
{
    size_t                 i;
    usage_entry_t         *entry;
    usage_outcome_t        outcome;
    const usage_table_t   *ids;
    const usage_desktop_t *row;

    ids = &plan->directory.ids;
    outcome = USAGE_OUTCOME_DONE;

    for (i = 0; outcome == USAGE_OUTCOME_DONE && i < ids->count; i++) {
        entry = ids->desktops[i]->entry;
        row = usage_table_find(&plan->table, entry->id);

        if (row != NULL && usage_plan_listed(plan, entry)) {
            outcome = usage_plan_check_desktop(plan, entry, row, error);
        }
    }

    return outcome;
}


static usage_outcome_t
usage_plan_check_requested(usage_plan_t *plan, usage_error_t *error)
{
    size_t           i;
    usage_desktop_t *row;
    usage_outcome_t  outcome;

    outcome = USAGE_OUTCOME_DONE;

    for (i = 0; outcome == USAGE_OUTCOME_DONE && i < plan->request->desktops;
         i++) {
        row = plan->requested[i];

        if (row->entry != NULL) {
            outcome = usage_plan_check_desktop(plan, row->entry, row, error);
        }
    }

    return outcome;
}


static usage_outcome_t
usage_stage_check_begin(usage_plan_t *plan, usage_error_t *error)
{
    switch (plan->kind) {

    case USAGE_PLAN_USER_HOURS:
        return usage_plan_check_user(plan, error);

    case USAGE_PLAN_SOME_HOURS:
        return usage_plan_check_requested(plan, error);

    default:
        return usage_plan_check_all(plan, error);
    }
}


const usage_stage_t usage_stage_check = {
    "check",
    usage_stage_check_begin,
    NULL,
    NULL,
    NULL,
    NULL,
};
