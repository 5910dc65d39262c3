/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "Which desktops, in which order", and what "One user" and "By
 * the hour" say of it.
 */

#include "plan/usage_plan_private.h"

#include <stdlib.h>


static int
usage_list_compare(const void *one, const void *two)
{
    const usage_item_t *a, *b;

    a = one;
    b = two;

    return usage_str_order(a->id, b->id);
}


/*
 * Whether a desktop belongs in the reply: the user's, or all that the directory
 * knows, or also those that the statistics show.
 */
static bool
usage_list_has(
    const usage_plan_t *plan, usage_str_t id, const usage_desktop_t *row)
{
    const usage_entry_t *entry;

    entry = usage_directory_find(&plan->directory, id);

    if (plan->user.name.len > 0) {
        return entry != NULL
               && ((usage_plan_listed(plan, entry)
                       && entry->attached != USAGE_ATTACHED_NOT)
                   || (plan->request->hours ? entry->sessions.count > 0
                                            : entry->used));
    }

    if (plan->request->hours) {
        return entry != NULL
               && (plan->request->desktops > 0
                   || usage_plan_listed(plan, entry));
    }

    return entry != NULL || usage_table_shown(&plan->table, row);
}


/*
 * All entries of a reply, in order.  Those by the hour have no seconds yet.
 */
static usage_result_t
usage_list_all(const usage_plan_t *plan, usage_item_t **items, size_t *count)
{
    size_t                 i, n;
    usage_item_t          *item;
    const usage_table_t   *table;
    const usage_request_t *request;

    request = plan->request;
    table = request->hours && request->desktops == 0 ? &plan->directory.ids
                                                     : &plan->table;

    /* those that are asked for are the table's first */

    n = request->desktops > 0 ? request->desktops : table->count;

    *items = usage_alloc(plan->pool, (n + 1) * sizeof(usage_item_t));
    if (*items == NULL) {
        return USAGE_ERROR;
    }

    item = *items;

    for (i = 0; i < n; i++) {
        if (usage_list_has(plan, table->desktops[i]->id, table->desktops[i])) {
            item->id = table->desktops[i]->id;
            item->seconds = request->hours ? NULL : table->desktops[i]->cells;
            item++;
        }
    }

    *count = (size_t) (item - *items);

    if (request->desktops == 0 && *count > 0) {
        qsort(*items, *count, sizeof(usage_item_t), usage_list_compare);
    }

    if (plan->unattributed > 0) {
        item->id.data = "";
        item->id.len = 0;
        item->seconds = plan->rest;
        (*count)++;
    }

    return USAGE_OK;
}


/*
 * The hours of the desktops that are sent.
 */
static usage_result_t
usage_list_hours(usage_plan_t *plan, usage_item_t *items, size_t count)
{
    size_t         i, n, hours;
    double        *seconds;
    usage_entry_t *entry;

    hours = usage_plan_past(plan);

    seconds = usage_alloc(plan->pool, (count * hours + 1) * sizeof(double));
    if (seconds == NULL) {
        return USAGE_ERROR;
    }

    for (n = 0; n < count; n++) {
        entry = usage_directory_find(&plan->directory, items[n].id);

        for (i = 0; i < hours; i++) {
            seconds[i] = 0;
        }

        usage_sessions_count(&entry->sessions,
            (int64_t) plan->request->first * USAGE_SECONDS_PER_DAY,
            USAGE_SECONDS_PER_HOUR, hours, seconds);

        items[n].seconds = seconds;
        seconds += hours;
    }

    return USAGE_OK;
}


usage_result_t
usage_plan_list(usage_plan_t *plan, usage_item_t **items, size_t *count,
    int64_t *total, usage_error_t *error)
{
    size_t                 all;
    const usage_request_t *request;

    request = plan->request;
    *count = 0;

    if (usage_list_all(plan, items, &all) != USAGE_OK) {
        return usage_no_memory(plan->pool, error);
    }

    *total = (int64_t) all;

    if (request->offset < all) {
        *items += request->offset;
        *count = all - request->offset < request->limit ? all - request->offset
                                                        : request->limit;
    }

    if (request->hours && usage_list_hours(plan, *items, *count) != USAGE_OK) {
        return usage_no_memory(plan->pool, error);
    }

    return USAGE_OK;
}
