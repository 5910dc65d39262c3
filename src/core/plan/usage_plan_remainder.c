/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages that decide whose the remainder is: what the statistics of a
 * user's own desktops leave of the user's own.  translation.md, "One user"; the
 * numbers there are those in the comments here.
 */

#include "plan/usage_plan_private.h"


/*
 * Gives the seconds that an entry's sessions show, of days that statistics
 * have.
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
        if (!usage_day_filed(first + (usage_day_t) i, plan->now)) {
            seconds[i] = 0;
        }
    }
}


/*
 * The seconds that records show, by the day.
 */
typedef struct {
    double known[USAGE_DAYS_MAX];     /* of desktops that the directory knows */
    double unmatched[USAGE_DAYS_MAX]; /* of others */
    double deleted[USAGE_DAYS_MAX];   /* of others that aren't there any more */
} usage_plan_sums_t;


static void
usage_plan_add(const usage_plan_t *plan, double *sums, const double *seconds)
{
    size_t i;

    for (i = 0; i < plan->days; i++) {
        sums[i] += seconds[i];
    }
}


/*
 * Tells whether an entry's sessions count: of all desktops (alone), or only of
 * those that are not the user's alone.
 */
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

    entry = usage_plan_records_unmatched(plan);

    for (/* void */; entry; entry = entry->next) {
        usage_plan_recorded(plan, entry, seconds);
        usage_plan_add(plan, sums->unmatched, seconds);

        /* a name may be an old one of a desktop that is there, a sid is not */

        if (entry->sid.len > 0) {
            usage_plan_add(plan, sums->deleted, seconds);
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
 * Enters in the table what records show of desktops, on those days for which
 * trusted is set.
 */
static usage_result_t
usage_plan_enter_records(usage_plan_t *plan, bool alone, const bool *trusted)
{
    size_t           i, n;
    double           seconds[USAGE_DAYS_MAX];
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

        usage_plan_recorded(plan, entry, seconds);

        for (i = 0; i < plan->days; i++) {
            usage_cell_show(row, i, trusted[i] ? seconds[i] : 0);
            entry->used = entry->used || usage_cell_seconds(row, i) > 0;
        }
    }

    return USAGE_OK;
}


/*
 * Ends the plan if the records add up to the user's statistics, to the second:
 * then they tell all that the desktops' statistics could.  If one has no known
 * desktop, these may tell more; and so they may if both add up other users,
 * too.  If they show less, perhaps the filter by the user's name has left some
 * out.
 */
static usage_outcome_t
usage_stage_explained_begin(usage_plan_t *plan, usage_error_t *error)
{
    bool              trusted[USAGE_DAYS_MAX];
    size_t            i;
    double            sum, unmatched;
    usage_outcome_t   otherwise;
    usage_plan_sums_t sums;

    otherwise =
        plan->targets.count > 0 ? USAGE_OUTCOME_DONE : USAGE_OUTCOME_NOTHING;

    if (!usage_plan_records_matched(plan)) {
        return otherwise;
    }

    memset(trusted, true, sizeof(trusted));
    usage_plan_sum_records(plan, true, &sums);

    for (i = 0, sum = 0, unmatched = 0; i < plan->days; i++) {
        sum += sums.known[i];
        unmatched += sums.unmatched[i];
    }

    if (sum + unmatched < plan->total.total
        && !usage_fanout_same(sum + unmatched, plan->total.total)
        && usage_plan_records_unfilter(plan))
    {
        return USAGE_OUTCOME_UNFILTERED;
    }

    if (unmatched > 0 || !usage_fanout_same(sum, plan->total.total)
        || usage_plan_mixed(plan))
    {
        return otherwise;
    }

    return usage_plan_enter_records(plan, true, trusted) == USAGE_OK
               ? USAGE_OUTCOME_ENOUGH
               : usage_plan_no_memory(plan, error);
}


const usage_stage_t usage_stage_explained = {
    "explained",
    usage_stage_explained_begin,
    NULL,
    NULL,
    NULL,
    NULL,
};


/*
 * 3: gives the remainder, by the day, and tells whether there is any.
 */
static bool
usage_plan_remains(const usage_plan_t *plan, double *rest)
{
    bool   any;
    size_t i;
    double alone, total;

    any = false;
    memset(rest, 0, USAGE_DAYS_MAX * sizeof(double));

    for (i = 0; i < plan->days; i++) {
        alone = usage_plan_targets_seconds(plan, i, i);
        total = plan->total.seconds[i];
        rest[i] = total < alone || usage_fanout_same(alone, total)
                      ? 0
                      : total - alone;
        any = any || rest[i] > 0;
    }

    return any;
}


/*
 * 3: gives the one further desktop that is attached to the user, if there is
 * exactly one, no record shows yet another, and no day of the remainder has
 * more hours than one desktop can have.
 */
static usage_entry_t *
usage_plan_further(const usage_plan_t *plan, const double *rest)
{
    size_t               i, n, count;
    usage_entry_t       *entry, *further;
    const usage_table_t *ids;

    ids = &plan->directory.ids;
    count = usage_plan_records_unmatched(plan) != NULL;
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

    for (i = 0; i < plan->days; i++) {
        if (rest[i] > usage_desktop_seconds(1)) {
            return NULL;
        }
    }

    return count == 1 ? further : NULL;
}


static usage_outcome_t
usage_plan_give_further(usage_plan_t *plan, usage_entry_t *further,
    const double *rest, usage_error_t *error)
{
    size_t           i;
    usage_desktop_t *row;

    row = usage_plan_row(plan, further);
    if (row == NULL) {
        return usage_plan_no_memory(plan, error);
    }

    for (i = 0; i < plan->days; i++) {
        usage_cell_show(row, i, rest[i]);
    }

    return USAGE_OUTCOME_DONE;
}


/*
 * 4: splits the remainder by records.  On a day on which they show more than
 * that, they can't be trusted.  rest becomes what belongs to no known desktop,
 * or isn't in the records.
 */
static usage_result_t
usage_plan_split(usage_plan_t *plan, double *rest)
{
    bool              trusted[USAGE_DAYS_MAX];
    size_t            i;
    usage_plan_sums_t sums;

    memset(trusted, true, sizeof(trusted));
    usage_plan_sum_records(plan, false, &sums);

    for (i = 0; i < plan->days; i++) {
        if (usage_fanout_same(sums.known[i], rest[i])) {
            rest[i] = 0;

        } else if (sums.known[i] < rest[i]) {
            rest[i] -= sums.known[i];

        } else {
            trusted[i] = false;
            sums.unmatched[i] = 0;
            sums.deleted[i] = 0;
        }

        if (rest[i] > sums.unmatched[i]
            && !usage_fanout_same(rest[i], sums.unmatched[i]))
        {
            plan->remainder.unproven += rest[i] - sums.unmatched[i];
        }

        if (rest[i] > sums.deleted[i]) {
            plan->remainder.unexplained += rest[i] - sums.deleted[i];
        }
    }

    return usage_plan_enter_records(plan, false, trusted);
}


/*
 * 5: what belongs to no known desktop is an entry of its own, in a query
 * without desktop_ids only.  There, it may belong to a requested desktop.  If
 * it may be another user's, there has to be a record of it.
 */
static usage_outcome_t
usage_plan_leave(usage_plan_t *plan, const double *rest, usage_error_t *error)
{
    size_t                  i;
    usage_plan_remainder_t *remainder;

    remainder = &plan->remainder;

    if (plan->request->desktops > 0) {
        return remainder->unexplained > 0 ? USAGE_OUTCOME_UNEXPLAINED
                                          : USAGE_OUTCOME_DONE;
    }

    if (remainder->unproven > 0 && usage_plan_unfiltered(plan)) {
        return usage_plan_unproven(plan, remainder->unproven, error);
    }

    for (i = 0; i < plan->days; i++) {
        remainder->days[i] = rest[i];
        remainder->unattributed += rest[i];
    }

    return USAGE_OUTCOME_DONE;
}


static usage_outcome_t
usage_stage_remainder_begin(usage_plan_t *plan, usage_error_t *error)
{
    size_t         i;
    double         rest[USAGE_DAYS_MAX];
    usage_entry_t *further;

    if (!usage_plan_remains(plan, rest)) {
        return USAGE_OUTCOME_DONE;
    }

    further =
        usage_plan_unfiltered(plan) ? NULL : usage_plan_further(plan, rest);

    if (further != NULL) {
        return usage_plan_give_further(plan, further, rest, error);
    }

    if (usage_plan_records_forbidden(plan)) {
        return USAGE_OUTCOME_FORBIDDEN;
    }

    if (!usage_plan_records_matched(plan) || usage_plan_mixed(plan)) {
        for (i = 0; i < plan->days; i++) {
            plan->remainder.unexplained += rest[i];
            plan->remainder.unproven += rest[i];
        }

    } else if (usage_plan_split(plan, rest) != USAGE_OK) {
        return usage_plan_no_memory(plan, error);
    }

    return usage_plan_leave(plan, rest, error);
}


const usage_stage_t usage_stage_remainder = {
    "remainder",
    usage_stage_remainder_begin,
    NULL,
    NULL,
    NULL,
    NULL,
};


/*
 * Part of the user's usage is on desktops that nothing tells.  If that may be a
 * requested one, the request can't be answered: not with zeros.
 */
static usage_outcome_t
usage_stage_unexplained_begin(usage_plan_t *plan, usage_error_t *error)
{
    size_t                 i;
    usage_str_t            name;
    const usage_entry_t   *entry;
    const usage_desktop_t *desktop;

    name = plan->user.name;

    for (i = 0; i < plan->request->desktops; i++) {
        desktop = plan->requested[i];
        entry = desktop->entry;

        if (entry == NULL || entry->attached == USAGE_ATTACHED_ALONE
            || (entry->attached == USAGE_ATTACHED_NOT && entry->owned))
        {
            continue;
        }

        if (plan->remainder.unproven > 0 && usage_plan_unfiltered(plan)) {
            return usage_plan_unproven(plan, plan->remainder.unproven, error);
        }

        if (usage_plan_records_matched(plan)) {
            (void) usage_error(error, 502,
                "%.2f hours of desktop_username \"%.*s\" are not in the "
                "connection records: they may be of desktop \"%.*s\"",
                plan->remainder.unexplained / USAGE_SECONDS_PER_HOUR,
                usage_shown(name), name.data, usage_shown(desktop->id),
                desktop->id.data);

        } else {
            (void) usage_error(error, 400,
                "how long desktop_username \"%.*s\" used desktop \"%.*s\", "
                "which others use too, only connection records tell, and %s; "
                "allowed: to leave desktop_ids out",
                usage_shown(name), name.data, usage_shown(desktop->id),
                desktop->id.data,
                plan->upstream->connections
                    ? "these are of all enterprise projects "
                      "(usage_enterprise_project)"
                    : "usage_connections is off");
        }

        return USAGE_OUTCOME_ERROR;
    }

    return USAGE_OUTCOME_DONE;
}


const usage_stage_t usage_stage_unexplained = {
    "unexplained",
    usage_stage_unexplained_begin,
    NULL,
    NULL,
    NULL,
    NULL,
};
