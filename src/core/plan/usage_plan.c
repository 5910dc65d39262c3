/* SPDX-License-Identifier: BSD-2-Clause */

#include "plan/usage_plan_private.h"


/*
 * The request's desktops become the table's first rows.
 */
static usage_result_t
usage_plan_ask(usage_plan_t *plan)
{
    size_t                 i;
    const usage_request_t *request;

    request = plan->request;

    if (request->desktops == 0) {
        return USAGE_OK;
    }

    plan->asked =
        usage_alloc(plan->pool, request->desktops * sizeof(usage_desktop_t *));
    if (plan->asked == NULL) {
        return USAGE_ERROR;
    }

    for (i = 0; i < request->desktops; i++) {
        plan->asked[i] =
            usage_table_add(&plan->table, request->desktop_ids[i], NULL);
        if (plan->asked[i] == NULL) {
            return USAGE_ERROR;
        }
    }

    return USAGE_OK;
}


static usage_result_t
usage_plan_begin(usage_plan_t *plan)
{
    const usage_request_t *request;

    request = plan->request;

    usage_template_start(&plan->shape);

    if (usage_table_init(&plan->table, plan->pool, plan->days + 1) != USAGE_OK
        || usage_table_init(&plan->rows, plan->pool, 0) != USAGE_OK
        || usage_directory_init(&plan->directory, &plan->user, plan->pool)
               != USAGE_OK
        || usage_plan_ask(plan) != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    usage_fanout_init(&plan->sweep, &plan->table, request->first, plan->days);

    if (plan->user.name.len > 0) {
        return usage_plan_user(plan);
    }

    if (request->hours) {
        return usage_plan_hours(plan);
    }

    plan->wanted = plan->asked;
    plan->wanted_count = request->desktops;

    return usage_plan_desktops(plan);
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
    plan->by_id = upstream->resource_id;

    if (usage_plan_begin(plan) != USAGE_OK) {
        return usage_no_memory(plan->pool, error);
    }

    return USAGE_OK;
}


bool
usage_plan_done(const usage_plan_t *plan)
{
    return plan->stage == NULL;
}


usage_result_t
usage_plan_next(usage_plan_t *plan, usage_call_t *call, usage_error_t *error)
{
    usage_result_t rc;

    memset(call, 0, sizeof(usage_call_t));

    while (plan->stage != NULL) {
        rc = plan->stage->next(plan, call);

        if (rc == USAGE_OK) {
            plan->waiting++;
            return USAGE_OK;
        }

        if (plan->waiting > 0) {
            return USAGE_AGAIN;
        }

        if (plan->stage->end(plan, error) != USAGE_OK) {
            return error->status != 0 ? USAGE_ERROR
                                      : usage_no_memory(plan->pool, error);
        }
    }

    return USAGE_AGAIN;
}


/*
 * Whether the statistics that a call asks for are narrowed to one.
 */
static bool
usage_plan_narrowed(const usage_call_t *call)
{
    return call->name.len > 0 || call->id.len > 0;
}


bool
usage_plan_read(usage_plan_t *plan, const usage_call_t *call,
    usage_page_reader_t *reader, usage_error_t *error)
{
    bool                     narrowed;
    usage_page_bounds_t      bounds;
    const usage_page_keys_t *keys;

    if (call->api != USAGE_CALL_USERS && call->api != USAGE_CALL_DESKTOPS) {
        return false;
    }

    narrowed = call->api == USAGE_CALL_USERS || usage_plan_narrowed(call);

    keys = call->api == USAGE_CALL_USERS ? &usage_page_users
           : !narrowed && plan->searched ? &usage_page_named_desktops
                                         : &usage_page_desktops;

    bounds = usage_page_bounds(keys, call->limit, call->last - call->first + 1);

    usage_page_start(reader, keys, bounds, narrowed ? NULL : &plan->shape,
        narrowed ? &plan->rows : &plan->table, error);

    return true;
}


usage_result_t
usage_plan_page(usage_plan_t *plan, const usage_call_t *call,
    const usage_page_t *page, usage_error_t *error)
{
    plan->waiting--;

    if (call->id.len > 0 && !plan->id_known) {
        plan->id_known = page->count <= 1;
        plan->id_unknown = !plan->id_known;
    }

    if (usage_plan_narrowed(call)) {
        return usage_bisection_page(call, page, error);
    }

    return usage_window_page(call->asker, call, page, &plan->table, error);
}


usage_result_t
usage_plan_body(usage_plan_t *plan, const usage_call_t *call, usage_str_t body,
    usage_error_t *error)
{
    plan->waiting--;

    if (call->api == USAGE_CALL_RECORDS) {
        return usage_records_page(&plan->records, call, body, error);
    }

    return usage_directory_page(&plan->directory, call, body, error);
}


bool
usage_plan_refused(
    usage_plan_t *plan, const usage_call_t *call, unsigned status)
{
    bool refused;

    refused = true;

    if (call->api == USAGE_CALL_RECORDS && status == 400) {
        refused = !usage_records_shorten(&plan->records, call);

    } else if (call->api == USAGE_CALL_RECORDS && status == 403
               && !plan->request->hours && !plan->needed)
    {
        /* the statistics may do without them */

        plan->forbidden = true;
        refused = false;

    } else if (call->api == USAGE_CALL_DIRECTORY
               && (status == 401 || status == 403) && plan->user.name.len == 0
               && !plan->request->hours)
    {
        /* translation.md: what it would tell counts as unknown */

        plan->unreadable = true;
        refused = false;
    }

    if (!refused) {
        plan->waiting--;
    }

    return !refused;
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


void
usage_plan_keep(usage_plan_t *plan)
{
    plan->keeps = true;
}


bool
usage_plan_whole(const usage_plan_t *plan, size_t column)
{
    return usage_pages_done(&plan->sweep.windows[column].pages);
}


bool
usage_plan_tells(const usage_plan_t *plan)
{
    return plan->counted && plan->user.name.len == 0;
}


usage_cell_t
usage_plan_cell(const usage_plan_t *plan, size_t i, size_t column)
{
    bool                   all;
    const usage_desktop_t *desktop;

    desktop = plan->asked[i];
    all = column == plan->days || plan->days == 1;

    if (desktop->cells[column] >= 0 || (all && desktop->seen)) {
        return USAGE_CELL_SHOWN;
    }

    if (usage_plan_whole(plan, column)) {
        return USAGE_CELL_ABSENT;
    }

    /* what the range doesn't show no day does; and what the directory knows
     * is listed all the same */

    if ((usage_plan_whole(plan, plan->days)
            && !usage_table_shown(&plan->table, desktop))
        || desktop->entry != NULL)
    {
        return USAGE_CELL_ABSENT;
    }

    return USAGE_CELL_UNUSED;
}


bool
usage_plan_looked_for(const usage_plan_t *plan, size_t i)
{
    return plan->looked_up && !plan->unreadable
           && (plan->asked[i]->entry != NULL
               || !usage_table_shown(&plan->table, plan->asked[i]));
}


bool
usage_plan_knows(const usage_plan_t *plan, size_t i)
{
    return plan->asked[i]->entry != NULL;
}


size_t
usage_plan_past(const usage_plan_t *plan)
{
    return plan->request->hours ? plan->days * USAGE_HOURS_PER_DAY : plan->days;
}


size_t
usage_plan_strays(const usage_plan_t *plan, usage_str_t *name)
{
    size_t               count;
    const usage_entry_t *stray;

    count = 0;

    for (stray = plan->records.strays; stray; stray = stray->next) {
        *name = stray->name;
        count++;
    }

    return count;
}
