/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the statistics of a user's own desktops leave of the user's: whose it
 * is, by the rules of translation.md, "One user".  The numbers there are those
 * in the comments here.
 */

#include "plan/usage_plan_private.h"


double
usage_plan_alone(const usage_plan_t *plan, size_t first, size_t last)
{
    size_t        i, n;
    double        sum;
    const double *cells;

    sum = 0;

    for (n = 0; n < plan->wanted_count; n++) {
        cells = plan->wanted[n]->cells;

        for (i = first; i <= last; i++) {
            sum += cells[i] > 0 ? cells[i] : 0;
        }
    }

    return sum;
}


/*
 * The seconds of the final days that an entry's sessions show.
 */
static void
usage_plan_recorded(
    const usage_plan_t *plan, usage_entry_t *entry, double *seconds)
{
    size_t      i;
    usage_day_t first;

    first = plan->request->first;

    for (i = 0; i < plan->days; i++) {
        seconds[i] = 0;
    }

    usage_sessions_count(&entry->sessions,
        (int64_t) first * USAGE_SECONDS_PER_DAY, USAGE_SECONDS_PER_DAY,
        plan->days, seconds);

    for (i = 0; i < plan->days; i++) {
        if (!usage_day_final(first + (usage_day_t) i, plan->now)) {
            seconds[i] = 0;
        }
    }
}


/*
 * What records show by the day: of all desktops, or only of those that are not
 * the user's alone.
 */
typedef struct {
    double known[USAGE_DAYS_MAX];
    double strays[USAGE_DAYS_MAX]; /* what leads to no desktop */
    double gone[USAGE_DAYS_MAX];   /* of that, to none that there is */
} usage_plan_sums_t;


static void
usage_plan_add(const usage_plan_t *plan, double *sums, const double *seconds)
{
    size_t i;

    for (i = 0; i < plan->days; i++) {
        sums[i] += seconds[i];
    }
}


static bool
usage_plan_splits(const usage_entry_t *entry, bool alone)
{
    return entry->sessions.count > 0
           && (alone || entry->attached != USAGE_ATTACHED_ALONE);
}


static void
usage_plan_sum_records(
    const usage_plan_t *plan, bool alone, usage_plan_sums_t *sums)
{
    size_t               n;
    double               seconds[USAGE_DAYS_MAX];
    usage_entry_t       *entry;
    const usage_table_t *ids;

    memset(sums, 0, sizeof(usage_plan_sums_t));

    for (entry = plan->records.strays; entry; entry = entry->next) {
        usage_plan_recorded(plan, entry, seconds);
        usage_plan_add(plan, sums->strays, seconds);

        /* a name may be an old one, a sid is not */

        if (entry->sid.len > 0) {
            usage_plan_add(plan, sums->gone, seconds);
        }
    }

    ids = &plan->directory.ids;

    for (n = 0; n < ids->count; n++) {
        entry = ids->desktops[n]->entry;

        if (usage_plan_splits(entry, alone)) {
            usage_plan_recorded(plan, entry, seconds);
            usage_plan_add(plan, sums->known, seconds);
        }
    }
}


/*
 * Enters what records show of desktops, on the days of which *days says so.
 */
static usage_result_t
usage_plan_enter_records(usage_plan_t *plan, bool alone, const bool *days)
{
    size_t           i, n;
    usage_entry_t   *entry;
    usage_table_t   *ids;
    usage_desktop_t *row;

    ids = &plan->directory.ids;

    for (n = 0; n < ids->count; n++) {
        entry = ids->desktops[n]->entry;

        if (!usage_plan_splits(entry, alone)) {
            continue;
        }

        row = usage_plan_row(plan, entry);
        if (row == NULL) {
            return USAGE_ERROR;
        }

        usage_plan_recorded(plan, entry, row->cells);

        for (i = 0; i < plan->days; i++) {
            row->cells[i] = days[i] ? row->cells[i] : 0;
            entry->used = entry->used || row->cells[i] > 0;
        }
    }

    return USAGE_OK;
}


/*
 * The rest of the user's usage, of which no desktop can be told, and the end.
 */
static void
usage_plan_leave(usage_plan_t *plan, const double *rest)
{
    size_t i;

    plan->stage = NULL;

    if (plan->request->desktops > 0) {
        return; /* 5: "only in a query without desktop_ids" */
    }

    for (i = 0; i < plan->days; i++) {
        plan->rest[i] = rest[i];
        plan->unattributed += rest[i];
    }
}


/*
 * With a record that leads nowhere, the desktops' statistics may tell more.
 */
usage_result_t
usage_plan_try_records(usage_plan_t *plan)
{
    bool              days[USAGE_DAYS_MAX];
    size_t            i;
    double            sum, strays;
    usage_plan_sums_t sums;

    usage_plan_sum_records(plan, true, &sums);

    for (i = 0, sum = 0, strays = 0; i < plan->days; i++) {
        days[i] = true;
        sum += sums.known[i];
        strays += sums.strays[i];
    }

    if (strays > 0 || !usage_fanout_same(sum, plan->total.total)) {
        return USAGE_AGAIN;
    }

    plan->stage = NULL;

    return usage_plan_enter_records(plan, true, days);
}


/*
 * 3: the one further desktop that is attached to the user, where there is
 * exactly one, and no record shows yet another.
 */
static usage_entry_t *
usage_plan_further(const usage_plan_t *plan)
{
    size_t               n, count;
    usage_entry_t       *entry, *further;
    const usage_table_t *ids;

    ids = &plan->directory.ids;
    count = plan->records.strays != NULL;
    further = NULL;

    for (n = 0; n < ids->count; n++) {
        entry = ids->desktops[n]->entry;

        if (usage_plan_listed(plan, entry)
            && entry->attached == USAGE_ATTACHED_SHARED) {
            further = entry;
            count++;

        } else if (usage_plan_splits(entry, false)) {
            count++;
        }
    }

    return count == 1 ? further : NULL;
}


/*
 * 4: splits the remainder by records.  On a day of which they show more than
 * that, they can't be trusted.  *rest gets what leads to no desktop, or isn't
 * in the records.
 */
static usage_result_t
usage_plan_split(usage_plan_t *plan, double *rest)
{
    bool              days[USAGE_DAYS_MAX];
    size_t            i;
    usage_plan_sums_t sums;

    usage_plan_sum_records(plan, false, &sums);

    for (i = 0; i < plan->days; i++) {
        days[i] = true;

        if (usage_fanout_same(sums.known[i], rest[i])) {
            rest[i] = 0;

        } else if (sums.known[i] < rest[i]) {
            rest[i] -= sums.known[i];

        } else {
            days[i] = false;
            sums.gone[i] = 0;
        }

        if (rest[i] > sums.gone[i]) {
            plan->unexplained += rest[i] - sums.gone[i];
        }
    }

    return usage_plan_enter_records(plan, false, days);
}


/*
 * 3: the remainder, by the day.  Gives whether there is any.
 */
static bool
usage_plan_remainder(const usage_plan_t *plan, double *rest)
{
    bool   any;
    size_t i;
    double alone, total;

    any = false;
    memset(rest, 0, USAGE_DAYS_MAX * sizeof(double));

    for (i = 0; i < plan->days; i++) {
        alone = usage_plan_alone(plan, i, i);
        total = plan->total.seconds[i];
        rest[i] = total < alone || usage_fanout_same(alone, total)
                      ? 0
                      : total - alone;
        any = any || rest[i] > 0;
    }

    return any;
}


usage_result_t
usage_plan_settle(usage_plan_t *plan)
{
    size_t           i;
    double           rest[USAGE_DAYS_MAX];
    usage_entry_t   *further;
    usage_desktop_t *row;

    if (!usage_plan_remainder(plan, rest)) {
        plan->stage = NULL;
        return USAGE_OK;
    }

    further = usage_plan_further(plan);

    for (i = 0; i < plan->days; i++) {
        if (rest[i] > usage_desktop_seconds(1)) {
            further = NULL; /* no day has so many hours for one desktop */
        }
    }

    if (plan->forbidden && further == NULL) {

        /* asked again, they are what is refused */

        plan->forbidden = false;
        plan->needed = true;

        return usage_plan_records(plan);
    }

    if (further != NULL) {
        row = usage_plan_row(plan, further);
        if (row == NULL) {
            return USAGE_ERROR;
        }

        memcpy(row->cells, rest, plan->days * sizeof(double));
        plan->stage = NULL;

        return USAGE_OK;
    }

    if (plan->led) {
        if (usage_plan_split(plan, rest) != USAGE_OK) {
            return USAGE_ERROR;
        }

    } else {
        for (i = 0; i < plan->days; i++) {
            plan->unexplained += rest[i];
        }
    }

    usage_plan_leave(plan, rest);

    return plan->request->desktops > 0 && plan->unexplained > 0
               ? usage_plan_look_up(plan)
               : USAGE_OK;
}


/*
 * Part of the user's usage is on desktops that nothing tells.  Where that may
 * be one that is asked for, it can't be answered: not with zeros.
 */
usage_result_t
usage_plan_user_looked_up(usage_plan_t *plan, usage_error_t *error)
{
    size_t                 i;
    usage_str_t            name;
    const usage_entry_t   *entry;
    const usage_desktop_t *desktop;

    plan->stage = NULL;
    name = plan->user.name;

    for (i = 0; i < plan->request->desktops; i++) {
        desktop = plan->asked[i];
        entry = desktop->entry;

        if (entry == NULL || entry->attached == USAGE_ATTACHED_ALONE
            || (entry->attached == USAGE_ATTACHED_NOT && entry->owned))
        {
            continue;
        }

        if (plan->led) {
            return usage_error(error, 502,
                "%.2f hours of desktop_username \"%.*s\" are not in the "
                "connection records: they may be of desktop \"%.*s\"",
                plan->unexplained / USAGE_SECONDS_PER_HOUR, usage_shown(name),
                name.data, usage_shown(desktop->id), desktop->id.data);
        }

        return usage_error(error, 400,
            "how long desktop_username \"%.*s\" used desktop \"%.*s\", which "
            "others use too, only connection records tell, and "
            "usage_connections is off; allowed: to leave desktop_ids out",
            usage_shown(name), name.data, usage_shown(desktop->id),
            desktop->id.data);
    }

    return USAGE_OK;
}
