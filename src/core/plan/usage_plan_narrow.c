/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Statistics narrowed to some desktops: whether they take fewer calls, and the
 * stages that read the desktops' names, if the filter takes these, and the
 * range of each desktop.
 */

#include "plan/usage_plan_private.h"


void
usage_plan_narrow_to(
    usage_plan_t *plan, usage_desktop_t **desktops, size_t count, size_t day)
{
    plan->narrow.list = desktops;
    plan->narrow.list_count = count;
    plan->narrow.day = day;
}


usage_result_t
usage_plan_narrow_to_listed(usage_plan_t *plan)
{
    size_t            i, count;
    usage_desktop_t **listed;

    listed = usage_alloc(
        plan->pool, plan->request->desktops * sizeof(usage_desktop_t *));
    if (listed == NULL) {
        return USAGE_ERROR;
    }

    for (i = 0, count = 0; i < plan->request->desktops; i++) {
        if (plan->requested[i]->entry != NULL) {
            listed[count++] = plan->requested[i];
        }
    }

    usage_plan_narrow_to(plan, listed, count, 0);

    return USAGE_OK;
}


bool
usage_plan_named(const usage_plan_t *plan)
{
    return plan->narrow.by_id || plan->targets.named;
}


bool
usage_plan_told(const usage_plan_t *plan, const usage_desktop_t *desktop)
{
    size_t                   i;
    const usage_bisection_t *bisection;

    for (i = 0; i < plan->narrow.count; i++) {
        bisection = &plan->narrow.bisections[i];

        if (bisection->desktop == desktop) {
            return plan->narrow.by_id || bisection->shown;
        }
    }

    return false;
}


bool
usage_plan_may_narrow(const usage_plan_t *plan)
{
    return plan->targets.count > 0 && !plan->narrow.tried
           && !usage_plan_look_up_forbidden(plan);
}


bool
usage_plan_narrows(const usage_plan_t *plan)
{
    int64_t calls;

    if (!usage_plan_may_narrow(plan)) {
        return false;
    }

    calls = (int64_t) (usage_plan_narrow_calls(plan) * plan->targets.count);

    if (!usage_plan_named(plan)) {
        calls += ((int64_t) plan->targets.count + USAGE_DIRECTORY_IDS - 1)
                 / USAGE_DIRECTORY_IDS;
    }

    /* the first condition is cheap to tell, and mostly decides */

    return calls < (int64_t) plan->days
                       * usage_fanout_range_expected(&plan->fanout)
           && calls < usage_fanout_days_most(&plan->fanout);
}


/*
 * Tells whether a list shows the desktop's rows only, and all on one page.
 */
static bool
usage_plan_selected(usage_str_t id, const usage_page_t *page)
{
    size_t n;

    for (n = 0; n < page->rows_count && n < USAGE_PAGE_ROWS; n++) {
        if (!usage_str_equal(page->rows[n].desktop->id, id)) {
            return page->count <= 1;
        }
    }

    return page->count <= USAGE_PAGE_ROWS;
}


usage_result_t
usage_plan_narrowed_page(usage_plan_t *plan, const usage_call_t *call,
    const usage_page_t *page, usage_error_t *error)
{
    if (call->id.len > 0 && !plan->narrow.id_known) {
        plan->narrow.id_known = usage_plan_selected(call->id, page);
        plan->narrow.id_unknown = !plan->narrow.id_known;
    }

    return usage_bisection_page(call, page, error);
}


static usage_outcome_t
usage_stage_names_begin(usage_plan_t *plan, usage_error_t *error)
{
    if (usage_plan_named(plan) || usage_plan_looked_up(plan)) {
        return USAGE_OUTCOME_DONE;
    }

    return usage_plan_look_up(plan, plan->targets.list, plan->targets.count)
                   == USAGE_OK
               ? USAGE_OUTCOME_CALLS
               : usage_plan_no_memory(plan, error);
}


const usage_stage_t usage_stage_names = {
    "names",
    usage_stage_names_begin,
    usage_plan_next_directory,
    usage_plan_look_up_end,
    usage_plan_ahead_directory,
    usage_plan_look_up_refused,
};


/*
 * Adds the bisection of a desktop's days: those that the fan-out has, too.
 */
static usage_result_t
usage_plan_add_bisection(usage_plan_t *plan, usage_desktop_t *desktop)
{
    usage_bisection_t *bisection;

    bisection = &plan->narrow.bisections[plan->narrow.count++];
    memset(bisection, 0, sizeof(usage_bisection_t));

    bisection->desktop = desktop;
    bisection->api = USAGE_CALL_DESKTOPS;
    bisection->match = desktop->id;
    bisection->unique = true;
    bisection->first = plan->request->first;
    bisection->days = plan->fanout.days;
    bisection->pool = plan->pool;
    bisection->given = bisection->days;

    if (usage_cell_shown(desktop, plan->narrow.day)) {
        bisection->given = plan->narrow.day;
        bisection->given_rows = usage_cell_rows(desktop, plan->narrow.day);
        bisection->seconds[plan->narrow.day] =
            usage_cell_seconds(desktop, plan->narrow.day);
    }

    if (plan->narrow.by_id) {
        bisection->id = desktop->id;

    } else {
        bisection->name = desktop->name;
    }

    return usage_bisection_start(bisection);
}


/*
 * The range comes first, as it tells how many others the names match.
 */
static usage_outcome_t
usage_stage_totals_begin(usage_plan_t *plan, usage_error_t *error)
{
    size_t               i;
    usage_plan_narrow_t *narrow;

    narrow = &plan->narrow;
    narrow->tried = true;
    narrow->count = 0;
    narrow->bisections =
        usage_alloc(plan->pool, narrow->list_count * sizeof(usage_bisection_t));
    if (narrow->bisections == NULL) {
        return usage_plan_no_memory(plan, error);
    }

    for (i = 0; i < narrow->list_count; i++) {
        if ((narrow->by_id || narrow->list[i]->name.len > 0)
            && usage_plan_add_bisection(plan, narrow->list[i]) != USAGE_OK)
        {
            return usage_plan_no_memory(plan, error);
        }
    }

    /* one by its name, whose days are needed: nothing takes fewer calls */

    if (plan->targets.count == 1 && narrow->count == 1 && !narrow->by_id
        && !plan->request->hours && !usage_plan_monitor_saves(plan)
        && usage_bisection_split(&narrow->bisections[0]) != USAGE_OK)
    {
        return usage_plan_no_memory(plan, error);
    }

    return USAGE_OUTCOME_CALLS;
}


usage_result_t
usage_plan_next_narrowed(usage_plan_t *plan, usage_call_t *call)
{
    size_t i;

    for (i = 0; i < plan->narrow.count; i++) {
        if (usage_bisection_next(&plan->narrow.bisections[i], call) == USAGE_OK)
        {
            return USAGE_OK;
        }
    }

    return USAGE_AGAIN;
}


/*
 * Asks for the first page alone if the filter is by id: older releases don't
 * know that filter, and show all desktops.
 */
static usage_result_t
usage_stage_totals_next(usage_plan_t *plan, usage_call_t *call)
{
    if (plan->narrow.by_id && !plan->narrow.id_known
        && (plan->waiting > 0 || plan->narrow.id_unknown))
    {
        return USAGE_AGAIN;
    }

    return usage_plan_next_narrowed(plan, call);
}


/*
 * Names may be parts of many others: one window for all desktops may then have
 * fewer pages than one for each, of which half are read to find a row.
 */
static bool
usage_plan_selects(const usage_plan_t *plan)
{
    size_t               i;
    int64_t              pages, most, sum;
    const usage_pages_t *range;

    if (plan->narrow.count <= 1) {
        return true;
    }

    range = &plan->fanout.windows[plan->fanout.days].pages;
    most = usage_fanout_range_expected(&plan->fanout);
    sum = 0;

    for (i = 0; i < plan->narrow.count; i++) {
        pages = usage_pages_of(range, plan->narrow.bisections[i].rows);
        most = pages > most ? pages : most;
        sum += pages;
    }

    return sum <= 2 * most || sum == (int64_t) plan->narrow.count;
}


static usage_outcome_t
usage_stage_totals_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    if (plan->narrow.id_unknown && plan->narrow.by_id) {
        plan->narrow.by_id = false;
        plan->narrow.tried = false;

        return USAGE_OUTCOME_UNKNOWN_FILTER;
    }

    return usage_plan_selects(plan) ? USAGE_OUTCOME_DONE : USAGE_OUTCOME_ALL;
}


/*
 * As long as it isn't known whether the upstream knows the filter by id, one
 * call may be all.
 */
int64_t
usage_plan_ahead_narrowed(const usage_plan_t *plan, usage_call_api_t api)
{
    size_t  i;
    int64_t calls;

    if (api != USAGE_CALL_DESKTOPS) {
        return 0;
    }

    calls = 0;

    for (i = 0; i < plan->narrow.count; i++) {
        calls += usage_bisection_ahead(&plan->narrow.bisections[i]);
    }

    if (plan->narrow.by_id && !plan->narrow.id_known && calls > 0) {
        return plan->waiting > 0 || plan->narrow.id_unknown ? 0 : 1;
    }

    return calls;
}


const usage_stage_t usage_stage_totals = {
    "totals",
    usage_stage_totals_begin,
    usage_stage_totals_next,
    usage_stage_totals_end,
    usage_plan_ahead_narrowed,
    NULL,
};
