/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages that take the periods of some desktops, in place of their days or
 * of their records: translation.md, "Desktop monitoring".
 */

#include "plan/usage_plan_private.h"


/*
 * The bisections stand for days that are final and for others.  The sum of
 * those that are final is what the periods have to add up to.  The others are
 * left to the bisection, as only statistics know what of them is counted yet.
 */
static usage_outcome_t
usage_stage_final_begin(usage_plan_t *plan, usage_error_t *error)
{
    size_t             i;
    usage_bisection_t *bisection;

    if (!usage_plan_monitor_saves(plan)) {
        return USAGE_OUTCOME_NOTHING;
    }

    for (i = 0; i < plan->narrow.count; i++) {
        bisection = &plan->narrow.bisections[i];

        if (bisection->total > 0
            && usage_bisection_sum(bisection, plan->final) != USAGE_OK)
        {
            return usage_plan_no_memory(plan, error);
        }
    }

    return USAGE_OUTCOME_CALLS;
}


const usage_stage_t usage_stage_final = {
    "final",
    usage_stage_final_begin,
    usage_plan_next_narrowed,
    usage_plan_end_done,
    usage_plan_ahead_narrowed,
    NULL,
};


/*
 * By the hour: prepares to narrow to the requested desktops that the directory
 * knows, if their periods are to be asked for.
 */
static usage_outcome_t
usage_stage_monitored_begin(usage_plan_t *plan, usage_error_t *error)
{
    if (!usage_plan_monitor_hours(plan, usage_plan_records_least(plan))) {
        return USAGE_OUTCOME_NOTHING;
    }

    usage_plan_monitor_try(plan);

    if (usage_plan_narrow_to_listed(plan) != USAGE_OK) {
        return usage_plan_no_memory(plan, error);
    }

    return plan->final > 0 ? USAGE_OUTCOME_NARROWS : USAGE_OUTCOME_DONE;
}


const usage_stage_t usage_stage_monitored = {
    "monitored",
    usage_stage_monitored_begin,
    NULL,
    NULL,
    NULL,
    NULL,
};


/*
 * The sums are there to check records, or periods that are still to come.
 */
static usage_outcome_t
usage_stage_sums_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    return usage_plan_records_matched(plan) ? USAGE_OUTCOME_ENOUGH
                                            : USAGE_OUTCOME_DONE;
}


/*
 * By the hour: looks for desktops that aren't found by their name in the
 * statistics of all.
 */
static usage_outcome_t
usage_stage_sums_begin(usage_plan_t *plan, usage_error_t *error)
{
    size_t            i, count;
    usage_desktop_t **missing;

    missing = usage_alloc(
        plan->pool, plan->narrow.list_count * sizeof(usage_desktop_t *));
    if (missing == NULL) {
        return usage_plan_no_memory(plan, error);
    }

    for (i = 0, count = 0; i < plan->narrow.list_count; i++) {
        if (!usage_plan_told(plan, plan->narrow.list[i])) {
            missing[count++] = plan->narrow.list[i];
        }
    }

    if (count == 0) {
        return usage_stage_sums_end(plan, error);
    }

    usage_fanout_set_targets(&plan->fanout, missing, count);

    return USAGE_OUTCOME_CALLS;
}


const usage_stage_t usage_stage_sums = {
    "sums",
    usage_stage_sums_begin,
    usage_plan_next_range,
    usage_stage_sums_end,
    usage_plan_ahead_range,
    NULL,
};


/*
 * Asks for the periods of each desktop that may have some.
 */
static usage_outcome_t
usage_stage_periods_begin(usage_plan_t *plan, usage_error_t *error)
{
    size_t                 i;
    usage_desktop_t       *desktop;
    const usage_request_t *request;

    request = plan->request;

    if (usage_plan_monitor_room(plan, plan->narrow.list_count) != USAGE_OK) {
        return usage_plan_no_memory(plan, error);
    }

    for (i = 0; !request->hours && i < plan->narrow.count; i++) {
        if (plan->narrow.bisections[i].front_total > 0) {
            usage_plan_monitor_add(
                plan, plan->narrow.bisections[i].desktop, plan->final);
        }
    }

    for (i = 0; request->hours && i < plan->narrow.list_count; i++) {
        desktop = plan->narrow.list[i];

        if (plan->final < plan->days
            || usage_plan_final_seconds(plan, desktop) > 0) {
            usage_plan_monitor_add(plan, desktop, plan->days);
        }
    }

    return plan->periods.count > 0 ? USAGE_OUTCOME_CALLS : USAGE_OUTCOME_DONE;
}


/*
 * Takes the days of those whose periods add up exactly to their statistics, so
 * that these days are the statistics'.  The others are left to bisection, or to
 * the full fan-out if that takes fewer calls.
 */
static usage_outcome_t
usage_plan_periods_days(usage_plan_t *plan)
{
    size_t             i, left;
    double             sum, days[USAGE_DAYS_MAX];
    usage_monitor_t   *monitor;
    usage_bisection_t *bisection;

    for (i = 0, left = 0; i < plan->narrow.count; i++) {
        bisection = &plan->narrow.bisections[i];

        if (bisection->front_total <= 0) {
            continue;
        }

        monitor = usage_plan_monitor_forbidden(plan)
                      ? NULL
                      : usage_plan_monitor_of(plan, bisection->desktop);
        sum = monitor == NULL ? 0
                              : usage_monitor_count(monitor,
                                  USAGE_SECONDS_PER_DAY, plan->final, days);

        if (monitor != NULL && usage_fanout_same(sum, bisection->front_total)) {
            usage_bisection_take(bisection, days);

        } else {
            left++;
        }
    }

    return left > 1 && !usage_plan_searched(plan)
                   && (int64_t) (left * (plan->final - 1))
                          >= usage_fanout_days_most(&plan->fanout)
               ? USAGE_OUTCOME_ALL
               : USAGE_OUTCOME_DONE;
}


/*
 * Tells whether the periods of a desktop are what the statistics say, within
 * the tolerance.  If not, *error has both figures.
 */
static bool
usage_plan_periods_agree(
    const usage_plan_t *plan, usage_desktop_t *desktop, usage_error_t *error)
{
    double           sum, total, days[USAGE_DAYS_MAX];
    usage_monitor_t *monitor;

    monitor = usage_plan_monitor_of(plan, desktop);
    sum = monitor == NULL ? 0
                          : usage_monitor_count(monitor, USAGE_SECONDS_PER_DAY,
                              plan->final, days);
    total = usage_plan_final_seconds(plan, desktop);

    if (usage_tolerance_compare(
            &plan->upstream->tolerance, sum, total, (int64_t) plan->final)
        == USAGE_SHOWN_SAME)
    {
        return true;
    }

    (void) usage_error(error, 502,
        "desktop monitoring shows %.2f hours of desktop \"%.*s\", where the "
        "statistics say %.2f, for the first %zu days of the range",
        sum / USAGE_SECONDS_PER_HOUR, usage_shown(desktop->id),
        desktop->id.data, total / USAGE_SECONDS_PER_HOUR, plan->final);

    return false;
}


/*
 * The periods become the desktops' sessions if all of them are what the
 * statistics say.
 */
static usage_outcome_t
usage_plan_periods_hours(usage_plan_t *plan, usage_error_t *error)
{
    size_t           i;
    usage_desktop_t *desktop;
    usage_monitor_t *monitor;

    for (i = 0; i < plan->narrow.list_count; i++) {
        desktop = plan->narrow.list[i];

        if (!usage_plan_monitor_forbidden(plan)
            && usage_plan_periods_agree(plan, desktop, error))
        {
            continue;
        }

        if (usage_plan_records_least(plan) == INT64_MAX) {
            return USAGE_OUTCOME_ERROR;
        }

        memset(error, 0, sizeof(usage_error_t));

        return USAGE_OUTCOME_DISAGREES;
    }

    for (i = 0; i < plan->periods.count; i++) {
        monitor = &plan->periods.list[i];
        monitor->desktop->entry->sessions = monitor->periods;
    }

    return USAGE_OUTCOME_DONE;
}


static usage_outcome_t
usage_stage_periods_end(usage_plan_t *plan, usage_error_t *error)
{
    return plan->request->hours ? usage_plan_periods_hours(plan, error)
                                : usage_plan_periods_days(plan);
}


const usage_stage_t usage_stage_periods = {
    "periods",
    usage_stage_periods_begin,
    usage_plan_next_monitor,
    usage_stage_periods_end,
    usage_plan_ahead_monitor,
    usage_plan_monitor_refused,
};
