/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Starts a plan, leads it from stage to stage, and hands replies on.
 */

#include "plan/usage_plan_private.h"
#include "base/usage_hash.h"


static const char *const usage_outcome_names[] = {
    [USAGE_OUTCOME_ERROR] = "error",
    [USAGE_OUTCOME_CALLS] = "calls",
    [USAGE_OUTCOME_DONE] = "done",
    [USAGE_OUTCOME_NOTHING] = "nothing",
    [USAGE_OUTCOME_ENOUGH] = "enough",
    [USAGE_OUTCOME_KNOWN] = "known",
    [USAGE_OUTCOME_ALL] = "all",
    [USAGE_OUTCOME_NARROWS] = "narrows",
    [USAGE_OUTCOME_RANGE] = "range",
    [USAGE_OUTCOME_INCOMPLETE] = "incomplete",
    [USAGE_OUTCOME_MISSING] = "missing",
    [USAGE_OUTCOME_DISAGREES] = "disagrees",
    [USAGE_OUTCOME_UNKNOWN_FILTER] = "unknown filter",
    [USAGE_OUTCOME_FORBIDDEN] = "forbidden",
    [USAGE_OUTCOME_DOUBTFUL] = "doubtful",
    [USAGE_OUTCOME_UNFILTERED] = "unfiltered",
    [USAGE_OUTCOME_UNEXPLAINED] = "unexplained",
};


static usage_plan_kind_t
usage_plan_kind(const usage_request_t *request)
{
    if (request->user.len > 0) {
        return request->hours ? USAGE_PLAN_USER_HOURS : USAGE_PLAN_USER;
    }

    if (request->hours) {
        return request->desktops > 0 ? USAGE_PLAN_SOME_HOURS : USAGE_PLAN_HOURS;
    }

    return usage_request_counts(request) ? USAGE_PLAN_COUNT
                                         : USAGE_PLAN_DESKTOPS;
}


/*
 * The requested desktops become the table's first rows.  Unless it is a user's,
 * theirs are the statistics that are needed.
 */
static usage_result_t
usage_plan_enter_requested(usage_plan_t *plan)
{
    size_t                 i;
    const usage_request_t *request;

    request = plan->request;

    if (request->desktops == 0) {
        return USAGE_OK;
    }

    plan->requested =
        usage_alloc(plan->pool, request->desktops * sizeof(usage_desktop_t *));
    if (plan->requested == NULL) {
        return USAGE_ERROR;
    }

    for (i = 0; i < request->desktops; i++) {
        plan->requested[i] =
            usage_table_add(&plan->table, request->desktop_ids[i], NULL);
        if (plan->requested[i] == NULL) {
            return USAGE_ERROR;
        }
    }

    if (request->user.len == 0) {
        plan->targets.list = plan->requested;
        plan->targets.count = request->desktops;
    }

    return USAGE_OK;
}


/*
 * Draws the conclusion from a stage's outcome: begins the stage that follows,
 * and so on, until one has calls to make, or the plan is done.
 */
static usage_result_t
usage_plan_proceed(
    usage_plan_t *plan, usage_outcome_t outcome, usage_error_t *error)
{
    const usage_stage_t *stage;

    for (;;) {
        plan->outcome = outcome;

        if (outcome == USAGE_OUTCOME_ERROR) {
            return USAGE_ERROR;
        }

        if (outcome == USAGE_OUTCOME_CALLS) {
            return USAGE_OK;
        }

        if (!usage_plan_route(plan->kind, plan->stage, outcome, &plan->stage)) {
            return usage_error(error, 500,
                "no stage follows on the outcome \"%s\" of the stage \"%s\"",
                usage_plan_outcome_name(plan), usage_plan_stage_name(plan));
        }

        if (usage_plan_done(plan)) {
            return USAGE_OK;
        }

        stage = usage_plan_stage(plan->stage);
        outcome = stage->begin != NULL ? stage->begin(plan, error)
                                       : USAGE_OUTCOME_CALLS;
    }
}


usage_result_t
usage_plan_start(usage_plan_t *plan, const usage_request_t *request,
    const usage_upstream_t *upstream, const usage_pool_t *pool, int64_t now,
    usage_error_t *error)
{
    memset(plan, 0, sizeof(usage_plan_t));

    plan->request = request;
    plan->upstream = upstream;
    plan->pool = pool;
    plan->now = now;
    plan->days = usage_request_past(request, usage_day_of(now));
    plan->user.name = request->user;
    plan->user.domain = request->domain;
    plan->kind = usage_plan_kind(request);
    plan->narrow.by_id = upstream->resource_id;
    plan->filters.domain = upstream->domain;
    plan->records.with_seconds = upstream->with_seconds;

    while (plan->final < plan->days
           && usage_day_final(request->first + (usage_day_t) plan->final, now))
    {
        plan->final++;
    }

    usage_template_start(&plan->template);

    if (usage_table_init(&plan->table, pool, plan->days + 1) != USAGE_OK
        || usage_table_init(&plan->ids, pool, 0) != USAGE_OK
        || usage_directory_init(&plan->directory, &plan->user, pool) != USAGE_OK
        || usage_plan_enter_requested(plan) != USAGE_OK)
    {
        return usage_no_memory(pool, error);
    }

    /* hours are compared with statistics, which know of final days only */

    usage_fanout_init(&plan->fanout, &plan->table, request->first,
        request->hours ? plan->final : plan->days);

    return usage_plan_proceed(plan, USAGE_OUTCOME_DONE, error);
}


void
usage_plan_fill_cache(usage_plan_t *plan)
{
    plan->for_cache = true;
}


bool
usage_plan_done(const usage_plan_t *plan)
{
    return plan->stage == USAGE_STAGE_END;
}


/*
 * Limits a call for statistics to the enterprise project.
 */
static void
usage_plan_limit(const usage_plan_t *plan, usage_call_t *call)
{
    if (call->api == USAGE_CALL_DESKTOPS || call->api == USAGE_CALL_USERS) {
        call->enterprise_project = plan->upstream->enterprise_project;
    }
}


usage_result_t
usage_plan_next(usage_plan_t *plan, usage_call_t *call, usage_error_t *error)
{
    usage_result_t       rc;
    const usage_stage_t *stage;

    memset(call, 0, sizeof(usage_call_t));

    while (!usage_plan_done(plan)) {
        stage = usage_plan_stage(plan->stage);
        rc = stage->next(plan, call);

        if (rc == USAGE_OK) {
            plan->waiting++;
            usage_plan_limit(plan, call);
            return USAGE_OK;
        }

        if (plan->waiting > 0) {
            return USAGE_AGAIN;
        }

        rc = usage_plan_proceed(plan, stage->end(plan, error), error);

        if (rc != USAGE_OK) {
            return rc;
        }
    }

    return USAGE_AGAIN;
}


size_t
usage_plan_ahead(const usage_plan_t *plan, usage_call_api_t api)
{
    const usage_stage_t *stage;

    if (usage_plan_done(plan)) {
        return 0;
    }

    stage = usage_plan_stage(plan->stage);

    return stage->ahead != NULL ? (size_t) stage->ahead(plan, api) : 0;
}


const char *
usage_plan_stage_name(const usage_plan_t *plan)
{
    switch (plan->stage) {

    case USAGE_STAGE_START:
        return "start";

    case USAGE_STAGE_END:
        return "end";

    default:
        return usage_plan_stage(plan->stage)->name;
    }
}


const char *
usage_plan_outcome_name(const usage_plan_t *plan)
{
    return usage_outcome_names[plan->outcome];
}


bool
usage_plan_read(usage_plan_t *plan, const usage_call_t *call,
    usage_page_reader_t *reader, usage_error_t *error)
{
    bool                     window;
    usage_page_bounds_t      bounds;
    const usage_page_keys_t *keys;

    window = call->kind == USAGE_CALL_WINDOW;

    if (!window && call->kind != USAGE_CALL_NARROWED
        && call->kind != USAGE_CALL_FILTER)
    {
        return false;
    }

    keys = call->api == USAGE_CALL_USERS         ? &usage_page_users
           : window && usage_plan_searched(plan) ? &usage_page_named_desktops
                                                 : &usage_page_desktops;

    bounds = usage_page_bounds(keys, call->limit, call->last - call->first + 1);

    usage_page_start(reader, keys, bounds, window ? &plan->template : NULL,
        window ? &plan->table : &plan->ids, error);

    return true;
}


/*
 * Checks that no row says that it is of another enterprise project than the
 * call asked for.
 */
static usage_result_t
usage_plan_check_projects(const usage_plan_t *plan, const usage_call_t *call,
    const usage_page_t *page, usage_error_t *error)
{
    size_t      n;
    uint64_t    expected;
    usage_str_t project;

    project = call->enterprise_project;

    if (project.len == 0) {
        return USAGE_OK;
    }

    expected = usage_hash(plan->pool->seed, project);

    for (n = 0; n < page->rows_count && n < USAGE_PAGE_ROWS; n++) {
        if (page->rows[n].project != 0 && page->rows[n].project != expected) {
            return usage_error(error, 502,
                "the upstream shows statistics of other enterprise projects "
                "than \"%.*s\" (usage_enterprise_project), which was asked for",
                usage_shown(project), project.data);
        }
    }

    return USAGE_OK;
}


usage_result_t
usage_plan_page(usage_plan_t *plan, const usage_call_t *call,
    const usage_page_t *page, usage_error_t *error)
{
    plan->waiting--;

    if (usage_plan_check_projects(plan, call, page, error) != USAGE_OK) {
        return USAGE_ERROR;
    }

    switch (call->kind) {

    case USAGE_CALL_NARROWED:
        return usage_plan_narrowed_page(plan, call, page, error);

    case USAGE_CALL_FILTER:
        return usage_plan_filters_page(plan, call, page, error);

    default: /* USAGE_CALL_WINDOW */
        return usage_window_page(call->window, call, page, &plan->table, error);
    }
}


usage_result_t
usage_plan_body(usage_plan_t *plan, const usage_call_t *call, usage_str_t body,
    usage_error_t *error)
{
    plan->waiting--;

    if (call->kind == USAGE_CALL_PERIOD) {
        return usage_records_page(&plan->records.found, call, body, error);
    }

    if (call->kind == USAGE_CALL_MONITORED) {
        return usage_plan_monitor_body(plan, call, body, error);
    }

    return usage_directory_page(&plan->directory, call, body, error);
}


bool
usage_plan_refused(
    usage_plan_t *plan, const usage_call_t *call, unsigned status)
{
    usage_outcome_t      outcome;
    usage_plan_stage_t   next;
    const usage_stage_t *stage;

    stage = usage_plan_stage(plan->stage);
    outcome = stage->refused != NULL ? stage->refused(plan, call, status)
                                     : USAGE_OUTCOME_ERROR;

    /* without what is forbidden there has to be a way on */

    if (outcome != USAGE_OUTCOME_CALLS
        && !usage_plan_route(plan->kind, plan->stage, outcome, &next))
    {
        return false;
    }

    plan->waiting--;

    return true;
}
