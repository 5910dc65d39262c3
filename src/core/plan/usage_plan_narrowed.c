/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages for statistics that are narrowed to some desktops.
 */

#include "plan/usage_plan_private.h"


static const usage_stage_t usage_stage_totals, usage_stage_narrowed,
    usage_stage_search;


/* narrowed windows: the range's first, which tell how selective names are */

static usage_result_t
usage_plan_add_series(usage_plan_t *plan, usage_desktop_t *desktop)
{
    usage_bisection_t *series;

    series = &plan->series[plan->series_count++];
    memset(series, 0, sizeof(usage_bisection_t));

    series->desktop = desktop;
    series->api = USAGE_CALL_DESKTOPS;
    series->match = desktop->id;
    series->first = plan->request->first;
    series->days = plan->days;
    series->pool = plan->pool;
    series->given = series->days;

    if (desktop->cells[plan->probe] >= 0) {
        series->given = plan->probe;
        series->seconds[plan->probe] = desktop->cells[plan->probe];
    }

    if (plan->by_id) {
        series->id = desktop->id;

    } else {
        series->name = desktop->name;
    }

    return usage_bisection_start(series);
}


usage_result_t
usage_plan_narrow_to(
    usage_plan_t *plan, usage_desktop_t *const *desktops, size_t count)
{
    size_t i;

    plan->stage = &usage_stage_totals;
    plan->series_count = 0;
    plan->series = usage_alloc(plan->pool, count * sizeof(usage_bisection_t));
    if (plan->series == NULL) {
        return USAGE_ERROR;
    }

    for (i = 0; i < count; i++) {
        if ((plan->by_id || desktops[i]->name.len > 0)
            && usage_plan_add_series(plan, desktops[i]) != USAGE_OK)
        {
            return USAGE_ERROR;
        }
    }

    /* one by its name: nothing takes fewer calls */

    if (plan->wanted_count == 1 && plan->series_count == 1 && !plan->by_id) {
        return usage_bisection_split(&plan->series[0]);
    }

    return USAGE_OK;
}


static usage_result_t
usage_stage_narrowed_next(usage_plan_t *plan, usage_call_t *call)
{
    size_t i;

    for (i = 0; i < plan->series_count; i++) {
        if (usage_bisection_next(&plan->series[i], call) == USAGE_OK) {
            return USAGE_OK;
        }
    }

    return USAGE_AGAIN;
}


/*
 * Older releases don't know the filter by id, and show all desktops: the first
 * page tells, and nothing is asked for beside it.
 */
static usage_result_t
usage_stage_totals_next(usage_plan_t *plan, usage_call_t *call)
{
    if (plan->by_id && !plan->id_known
        && (plan->waiting > 0 || plan->id_unknown)) {
        return USAGE_AGAIN;
    }

    return usage_stage_narrowed_next(plan, call);
}


/*
 * Names may be parts of many others: one window for all desktops may then have
 * fewer pages than one for each, of which half are read to find a row.
 */
static bool
usage_plan_selects(const usage_plan_t *plan)
{
    size_t               i;
    int64_t              pages, all, sum;
    const usage_pages_t *range;

    if (plan->series_count <= 1) {
        return true;
    }

    range = &plan->sweep.windows[plan->days].pages;
    all = usage_fanout_range(&plan->sweep);
    sum = 0;

    for (i = 0; i < plan->series_count; i++) {
        pages = usage_pages_of(range, plan->series[i].rows);
        all = pages > all ? pages : all;
        sum += pages;
    }

    return sum <= 2 * all || sum == (int64_t) plan->series_count;
}


static usage_result_t
usage_stage_totals_end(usage_plan_t *plan, usage_error_t *error)
{
    size_t i;

    (void) error;

    if (plan->id_unknown && plan->by_id) {
        plan->by_id = false;
        plan->series_count = 0;

        return usage_plan_desktops(plan);
    }

    if (!usage_plan_selects(plan)) {
        usage_plan_sweep(plan);
        return USAGE_OK;
    }

    plan->stage = &usage_stage_narrowed;

    for (i = 0; i < plan->series_count; i++) {
        if (usage_bisection_split(&plan->series[i]) != USAGE_OK) {
            return USAGE_ERROR;
        }
    }

    return USAGE_OK;
}


static const usage_stage_t usage_stage_totals = {
    usage_stage_totals_next,
    usage_stage_totals_end,
    usage_plan_ahead_series,
};


/*
 * What a series found goes to the table.  Of a day without use it doesn't tell
 * whether there is a row.
 */
static void
usage_plan_enter(const usage_plan_t *plan, const usage_bisection_t *series)
{
    size_t i;

    if (!series->shown) {
        return;
    }

    series->desktop->seen = true;

    for (i = 0; i < plan->days; i++) {
        if (series->seconds[i] > 0) {
            series->desktop->cells[i] = series->seconds[i];
        }
    }
}


/*
 * Whether narrowed windows tell everything of a desktop: its filter was exact,
 * or they show it.
 */
static bool
usage_plan_told(const usage_plan_t *plan, const usage_desktop_t *desktop)
{
    size_t i;

    for (i = 0; i < plan->series_count; i++) {
        if (plan->series[i].desktop == desktop) {
            return plan->by_id || plan->series[i].shown;
        }
    }

    return false;
}


/*
 * Whether the user's statistics are used up by what the narrowed windows show:
 * then there is nothing to look for.
 */
static bool
usage_plan_accounts(const usage_plan_t *plan)
{
    size_t i;
    double sum;

    if (!plan->total.known) {
        return false;
    }

    sum = 0;

    for (i = 0; i < plan->series_count; i++) {
        sum += plan->series[i].total;
    }

    return usage_fanout_same(sum, plan->total.total);
}


/*
 * A desktop that no narrowed window shows has no use, or another name in the
 * statistics than in the directory, or none in the directory: the window over
 * the range, of all desktops, tells.
 */
static usage_result_t
usage_plan_lose(usage_plan_t *plan, size_t *lost)
{
    size_t            i;
    usage_desktop_t **desktops;

    desktops =
        usage_alloc(plan->pool, plan->wanted_count * sizeof(usage_desktop_t *));
    if (desktops == NULL) {
        return USAGE_ERROR;
    }

    *lost = 0;

    for (i = 0; i < plan->wanted_count; i++) {
        if (!usage_plan_told(plan, plan->wanted[i])) {
            plan->wanted[i]->name.len = 0;
            desktops[(*lost)++] = plan->wanted[i];
        }
    }

    plan->sweep.wanted = desktops;
    plan->sweep.count = *lost;

    return USAGE_OK;
}


/*
 * What was searched for in the range is told by narrowed windows now, or these
 * and the range don't agree.
 */
static bool
usage_plan_agrees(const usage_plan_t *plan)
{
    size_t                   i;
    const usage_bisection_t *series;

    for (i = 0; plan->searched && i < plan->series_count; i++) {
        series = &plan->series[i];

        if (!usage_fanout_same(
                series->total, series->desktop->cells[plan->days])) {
            return false;
        }
    }

    return true;
}


static usage_result_t
usage_stage_narrowed_end(usage_plan_t *plan, usage_error_t *error)
{
    size_t i, lost;

    lost = 0;

    if (!usage_plan_agrees(plan)) {
        usage_plan_sweep_anew(plan);
        return USAGE_OK;
    }

    if (!plan->searched && !usage_plan_accounts(plan)
        && usage_plan_lose(plan, &lost) != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    plan->searched = plan->searched || lost > 0;

    if (lost > 0 && plan->days == 1) {
        usage_plan_sweep(plan); /* the day is the range */
        return USAGE_OK;
    }

    for (i = 0; i < plan->series_count; i++) {
        usage_plan_enter(plan, &plan->series[i]);
    }

    if (lost == 0) {
        return usage_plan_statistics(plan, error);
    }

    plan->stage = &usage_stage_search;

    return USAGE_OK;
}


static const usage_stage_t usage_stage_narrowed = {
    usage_stage_narrowed_next,
    usage_stage_narrowed_end,
    usage_plan_ahead_series,
};


/* the range: those that narrowed windows didn't show, and what they are called
 * there */

static usage_result_t
usage_stage_search_end(usage_plan_t *plan, usage_error_t *error)
{
    size_t            i, used;
    usage_desktop_t **desktops;

    desktops = plan->sweep.wanted;

    for (i = 0, used = 0; i < plan->sweep.count; i++) {
        if (desktops[i]->cells[plan->days] <= 0) {
            continue;
        }

        if (desktops[i]->name.len == 0) {
            usage_plan_sweep_anew(plan);
            return USAGE_OK;
        }

        desktops[used++] = desktops[i];
    }

    if (used == 0) {
        return usage_plan_statistics(plan, error);
    }

    return usage_plan_narrow_to(plan, desktops, used);
}


static const usage_stage_t usage_stage_search = {
    usage_plan_next_range,
    usage_stage_search_end,
    usage_plan_ahead_range,
};
