/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages that read all of the directory and the connection records, and
 * match the records with the directory's desktops: translation.md, "By the
 * hour".
 */

#include "plan/usage_plan_private.h"


bool
usage_plan_records_matched(const usage_plan_t *plan)
{
    return plan->records.matched;
}


bool
usage_plan_records_forbidden(const usage_plan_t *plan)
{
    return plan->records.forbidden;
}


bool
usage_plan_records_unfilter(usage_plan_t *plan)
{
    if (!usage_records_incomplete(&plan->records.found)) {
        return false;
    }

    plan->records.unfiltered = true;

    return true;
}


bool
usage_plan_records_vague(const usage_plan_t *plan)
{
    return usage_records_vague(&plan->records.found, &plan->directory);
}


bool
usage_plan_records_cut(const usage_plan_t *plan)
{
    return plan->upstream->records_memory != 0
           && plan->records.found.from
                  < plan->now - plan->upstream->records_memory;
}


bool
usage_plan_with_seconds(const usage_plan_t *plan)
{
    return plan->records.with_seconds;
}


/*
 * Tells whether the upstream has no records of the first of the hours any more.
 * All that it shows would be zeros.
 */
static bool
usage_plan_records_forgotten(const usage_plan_t *plan)
{
    return plan->request->hours && plan->upstream->records_memory != 0
           && usage_day_forgotten(
               plan->request->first, plan->now, plan->upstream->records_memory);
}


/*
 * Tells whether the first page of records is here.
 */
static bool
usage_plan_records_begun(const usage_plan_t *plan)
{
    return plan->records.found.pages.count >= 0
           && !usage_pages_fresh(&plan->records.found.pages);
}


int64_t
usage_plan_records_least(const usage_plan_t *plan)
{
    if (!plan->upstream->connections || usage_plan_records_forgotten(plan)) {
        return INT64_MAX;
    }

    return usage_plan_records_begun(plan)
               ? usage_pages_ahead(&plan->records.found.pages)
               : 1;
}


/*
 * Tells whether the pages that are left are more calls than monitoring takes.
 */
static bool
usage_plan_records_leave(const usage_plan_t *plan)
{
    return usage_plan_records_begun(plan)
           && usage_plan_monitor_hours(plan, usage_plan_records_least(plan));
}


usage_entry_t *
usage_plan_records_unmatched(const usage_plan_t *plan)
{
    return plan->records.found.unmatched;
}


/*
 * All of the directory may be here already, if the service ignores the ids that
 * were to be looked up.
 */
static usage_outcome_t
usage_stage_directory_begin(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    if (!plan->directory.full) {
        usage_directory_list(&plan->directory);
    }

    return USAGE_OUTCOME_CALLS;
}


const usage_stage_t usage_stage_directory = {
    "directory",
    usage_stage_directory_begin,
    usage_plan_next_directory,
    usage_plan_end_done,
    usage_plan_ahead_directory,
    NULL,
};


/*
 * Without a desktop that the reply lists, records are of no use.
 */
static usage_outcome_t
usage_stage_listed_begin(usage_plan_t *plan, usage_error_t *error)
{
    size_t                 i, count;
    const usage_table_t   *ids;
    const usage_request_t *request;

    (void) error;

    request = plan->request;
    ids = &plan->directory.ids;
    count = 0;

    for (i = 0; i < request->desktops; i++) {
        count += plan->requested[i]->entry != NULL;
    }

    for (i = 0; request->desktops == 0 && i < ids->count; i++) {
        count += usage_plan_listed(plan, ids->desktops[i]->entry);
    }

    if (plan->days == 0 || request->limit == 0 || request->offset >= count) {
        return USAGE_OUTCOME_NOTHING;
    }

    return USAGE_OUTCOME_DONE;
}


const usage_stage_t usage_stage_listed = {
    "listed",
    usage_stage_listed_begin,
    NULL,
    NULL,
    NULL,
    NULL,
};


/*
 * Forgets what earlier records have shown.
 */
static void
usage_plan_records_clear(usage_plan_t *plan)
{
    size_t               i;
    const usage_table_t *ids;

    ids = &plan->directory.ids;
    plan->records.matched = false;

    for (i = 0; i < ids->count; i++) {
        ids->desktops[i]->entry->sessions.count = 0;
    }
}


static usage_outcome_t
usage_plan_records_refuse(const usage_plan_t *plan, usage_error_t *error)
{
    char first[USAGE_DATE_LEN];

    usage_day_write(plan->request->first, first);

    (void) usage_error(error, 400,
        "start_time %.*s is older than the %lld days that the successor API "
        "keeps of connection records, and desktop monitoring doesn't tell "
        "these hours",
        (int) USAGE_DATE_LEN, first,
        (long long) (plan->upstream->records_memory / USAGE_SECONDS_PER_DAY));

    return USAGE_OUTCOME_ERROR;
}


/*
 * Records that were forbidden are asked for again if there is no reply without
 * them.  Then the refusal is what the client gets.
 */
static usage_outcome_t
usage_stage_records_begin(usage_plan_t *plan, usage_error_t *error)
{
    usage_records_t *found;

    /* records are of all enterprise projects, so they can't explain statistics
     * of one */

    if (!plan->upstream->connections
        || plan->upstream->enterprise_project.len > 0) {
        return USAGE_OUTCOME_FORBIDDEN;
    }

    if (usage_plan_records_forgotten(plan)) {
        return usage_plan_records_refuse(plan, error);
    }

    if (plan->kind == USAGE_PLAN_SOME_HOURS && usage_plan_records_begun(plan)) {
        return USAGE_OUTCOME_CALLS; /* after monitoring was tried */
    }

    found = &plan->records.found;
    plan->records.required = plan->records.forbidden;
    plan->records.forbidden = false;
    usage_plan_records_clear(plan);

    if (usage_records_init(found, &plan->directory, plan->request->first,
            plan->days, plan->upstream->lookback, plan->now)
        != USAGE_OK)
    {
        return usage_plan_no_memory(plan, error);
    }

    usage_records_ask(
        found, plan->records.unfiltered, plan->records.with_seconds);

    return USAGE_OUTCOME_CALLS;
}


static usage_result_t
usage_stage_records_next(usage_plan_t *plan, usage_call_t *call)
{
    return plan->records.forbidden || usage_plan_records_leave(plan)
               ? USAGE_AGAIN
               : usage_records_next(&plan->records.found, call);
}


/*
 * Gives the time until which the statistics say what records of each desktop
 * have to show.  Of a user's time on each desktop, they say nothing.
 */
static int64_t
usage_plan_told_until(const usage_plan_t *plan)
{
    return plan->user.name.len > 0
               ? INT64_MIN
               : ((int64_t) plan->request->first + (int64_t) plan->final)
                     * USAGE_SECONDS_PER_DAY;
}


static usage_outcome_t
usage_stage_records_end(usage_plan_t *plan, usage_error_t *error)
{
    (void) error;

    if (plan->records.forbidden) {
        return USAGE_OUTCOME_FORBIDDEN;
    }

    plan->records.with_seconds = plan->records.found.with_seconds;

    if (usage_plan_records_leave(plan)) {
        return USAGE_OUTCOME_NARROWS;
    }

    return usage_records_doubtful(&plan->records.found, &plan->directory,
               usage_plan_told_until(plan))
               ? USAGE_OUTCOME_DOUBTFUL
               : USAGE_OUTCOME_DONE;
}


/*
 * Records may turn out to be forbidden.
 */
static int64_t
usage_stage_records_ahead(const usage_plan_t *plan, usage_call_api_t api)
{
    return api == USAGE_CALL_RECORDS && !plan->records.forbidden
                   && !usage_plan_records_leave(plan)
               ? usage_pages_ahead(&plan->records.found.pages)
               : 0;
}


static usage_outcome_t
usage_stage_records_refused(
    usage_plan_t *plan, const usage_call_t *call, unsigned status)
{
    if (status == 400 && usage_records_reword(&plan->records.found, call)) {
        return USAGE_OUTCOME_CALLS;
    }

    if (status != 403 || plan->records.required) {
        return USAGE_OUTCOME_ERROR;
    }

    plan->records.forbidden = true;

    return USAGE_OUTCOME_FORBIDDEN;
}


const usage_stage_t usage_stage_records = {
    "records",
    usage_stage_records_begin,
    usage_stage_records_next,
    usage_stage_records_end,
    usage_stage_records_ahead,
    usage_stage_records_refused,
};


/*
 * If the directory was asked for some ids only, it is no wonder that a record
 * matches none of them.
 */
static usage_outcome_t
usage_stage_match_begin(usage_plan_t *plan, usage_error_t *error)
{
    const usage_directory_t *directory;

    directory = &plan->directory;

    if (usage_records_match(
            &plan->records.found, directory, directory->full, error)
        != USAGE_OK)
    {
        return USAGE_OUTCOME_ERROR;
    }

    plan->records.matched = true;

    if (plan->request->hours
        && usage_records_certain(&plan->records.found, directory,
               usage_plan_told_until(plan), error)
               != USAGE_OK)
    {
        return USAGE_OUTCOME_ERROR;
    }

    return USAGE_OUTCOME_DONE;
}


const usage_stage_t usage_stage_match = {
    "match",
    usage_stage_match_begin,
    NULL,
    NULL,
    NULL,
    NULL,
};
