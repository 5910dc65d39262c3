/*
 * The stages for statistics that are narrowed to the desktops that are wanted,
 * where that takes fewer calls than to sweep over all of them.
 */

#include "usage_plan_private.h"


static const usage_stage_t usage_stage_probe, usage_stage_names,
    usage_stage_totals, usage_stage_narrowed, usage_stage_search;

static usage_result_t usage_plan_narrow_to(
    usage_plan_t *plan, usage_desktop_t *const *desktops, size_t count);


/*
 * The day of which a page tells best how many desktops there are, as those
 * without use may be left out: the last working day that is final.
 */
static size_t
usage_plan_probe_day(const usage_plan_t *plan)
{
    size_t      i, probe;
    usage_day_t day;

    probe = 0;

    for (i = 0; i < plan->days; i++) {
        day = plan->request->first + (usage_day_t) i;

        if (usage_day_final(day, plan->now)
            && usage_day_weekday(day) < USAGE_SATURDAY) {
            probe = i;
        }
    }

    return probe;
}


/*
 * Whether the wanted desktops can be narrowed to without being looked up.
 */
static bool
usage_plan_named(const usage_plan_t *plan)
{
    return plan->by_id || plan->user.name.len > 0;
}


usage_result_t
usage_plan_narrow(usage_plan_t *plan)
{
    if (plan->wanted_count == 1 && usage_plan_named(plan)) {
        return usage_plan_narrow_to(plan, plan->wanted, plan->wanted_count);
    }

    plan->probe = usage_plan_probe_day(plan);
    plan->stage = &usage_stage_probe;

    return USAGE_OK;
}


/* how many desktops are there? */

static usage_result_t
usage_stage_probe_next(usage_plan_t *plan, usage_call_t *call)
{
    usage_window_t *window;

    window = &plan->sweep.windows[plan->probe];

    if (!usage_pages_fresh(&window->pages)) {
        return USAGE_AGAIN;
    }

    usage_window_call(window, call);

    return USAGE_OK;
}


/*
 * Whether narrowed windows take fewer calls than those of all desktops, at
 * most:
 *
 *     the names of 100 desktops + days x desktops
 *     (days - 1) x pages + pages - 1
 */
static bool
usage_plan_narrows(const usage_plan_t *plan)
{
    int64_t              names, days, pages;
    const usage_pages_t *probe;

    probe = &plan->sweep.windows[plan->probe].pages;
    pages = usage_pages_of(probe, probe->count);
    days = (int64_t) plan->days;

    names = usage_plan_named(plan)
                ? 0
                : ((int64_t) plan->wanted_count + USAGE_DIRECTORY_IDS - 1)
                      / USAGE_DIRECTORY_IDS;

    return names + days * (int64_t) plan->wanted_count
           < (days - 1) * pages + pages - 1;
}


static usage_result_t
usage_stage_probe_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    if (!usage_plan_narrows(plan)) {
        usage_plan_sweep(plan);
        return USAGE_OK;
    }

    if (usage_plan_named(plan)) {
        return usage_plan_narrow_to(plan, plan->wanted, plan->wanted_count);
    }

    plan->stage = &usage_stage_names;

    return usage_directory_look_up(
        &plan->directory, plan->wanted, plan->wanted_count);
}


static const usage_stage_t usage_stage_probe = {
    usage_stage_probe_next,
    usage_stage_probe_end,
};


/* what are the wanted desktops called? */

static usage_result_t
usage_stage_names_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    plan->looked_up = true;

    if (plan->unreadable) {
        usage_plan_sweep(plan);
        return USAGE_OK;
    }

    return usage_plan_narrow_to(plan, plan->wanted, plan->wanted_count);
}


static const usage_stage_t usage_stage_names = {
    usage_plan_next_directory,
    usage_stage_names_end,
};


/* narrowed windows: the range's first, which tell how selective names are */

static usage_result_t
usage_plan_add_series(usage_plan_t *plan, usage_desktop_t *desktop)
{
    usage_series_t *series;

    series = &plan->series[plan->series_count++];
    memset(series, 0, sizeof(usage_series_t));

    series->desktop = desktop;
    series->api = USAGE_CALL_DESKTOPS;
    series->match = desktop->id;
    series->first = plan->request->first;
    series->days = plan->days;
    series->pool = plan->pool;

    if (plan->by_id) {
        series->id = desktop->id;

    } else {
        series->name = desktop->name;
    }

    return usage_series_start(series);
}


static usage_result_t
usage_plan_narrow_to(
    usage_plan_t *plan, usage_desktop_t *const *desktops, size_t count)
{
    size_t i;

    plan->stage = &usage_stage_totals;
    plan->series_count = 0;
    plan->series = usage_alloc(plan->pool, count * sizeof(usage_series_t));
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
        return usage_series_split(&plan->series[0]);
    }

    return USAGE_OK;
}


static usage_result_t
usage_stage_narrowed_next(usage_plan_t *plan, usage_call_t *call)
{
    size_t i;

    for (i = 0; i < plan->series_count; i++) {
        if (usage_series_next(&plan->series[i], call) == USAGE_OK) {
            return USAGE_OK;
        }
    }

    return USAGE_AGAIN;
}


/*
 * A release that doesn't know the filter by id shows all desktops.  Names may
 * be parts of many others: one window for all desktops may then have fewer
 * pages than one for each.
 */
static usage_result_t
usage_stage_totals_end(usage_plan_t *plan, usage_error_t *error)
{
    size_t               i;
    int64_t              pages;
    const usage_pages_t *probe;

    (void) error;

    probe = &plan->sweep.windows[plan->probe].pages;
    pages = 0;

    for (i = 0; i < plan->series_count; i++) {
        if (plan->by_id && plan->series[i].rows > 1) {
            plan->by_id = false;
            return usage_plan_desktops(plan);
        }

        pages += usage_pages_of(probe, plan->series[i].rows);
    }

    if (probe->count >= 0 && pages > usage_pages_of(probe, probe->count)) {
        usage_plan_sweep(plan);
        return USAGE_OK;
    }

    plan->stage = &usage_stage_narrowed;

    for (i = 0; i < plan->series_count; i++) {
        if (usage_series_split(&plan->series[i]) != USAGE_OK) {
            return USAGE_ERROR;
        }
    }

    return USAGE_OK;
}


static const usage_stage_t usage_stage_totals = {
    usage_stage_narrowed_next,
    usage_stage_totals_end,
};


/*
 * What a series found goes to the table; without a row it is left as it was.
 */
static void
usage_plan_enter(const usage_plan_t *plan, const usage_series_t *series)
{
    if (series->shown) {
        memcpy(series->desktop->cells, series->seconds,
            plan->days * sizeof(double));
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

    return usage_sweep_same(sum, plan->total.total);
}


/*
 * A desktop that no narrowed window shows has no use, or another name in the
 * statistics than in the directory, or none in the directory: the window over
 * the range, of all desktops, tells.
 */
static usage_result_t
usage_plan_search(usage_plan_t *plan, size_t *lost)
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


static usage_result_t
usage_stage_narrowed_end(usage_plan_t *plan, usage_error_t *error)
{
    size_t                i, lost;
    const usage_series_t *series;

    for (i = 0; i < plan->series_count; i++) {
        series = &plan->series[i];

        if (plan->searched
            && !usage_sweep_same(
                series->total, series->desktop->cells[plan->days]))
        {
            usage_plan_sweep_anew(plan);
            return USAGE_OK;
        }

        usage_plan_enter(plan, series);
    }

    if (plan->searched || usage_plan_accounts(plan)) {
        return usage_plan_statistics(plan, error);
    }

    if (usage_plan_search(plan, &lost) != USAGE_OK) {
        return USAGE_ERROR;
    }

    if (lost == 0) {
        return usage_plan_statistics(plan, error);
    }

    plan->searched = true;
    plan->stage = &usage_stage_search;

    return USAGE_OK;
}


static const usage_stage_t usage_stage_narrowed = {
    usage_stage_narrowed_next,
    usage_stage_narrowed_end,
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
};
