/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The entries of the reply: translation.md, "Which desktops, in which order",
 * and what "One user" and "By the hour" say of it.
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
 * Tells whether a desktop belongs in the reply; row is where its statistics
 * are.
 */
static bool
usage_list_has(
    const usage_plan_t *plan, usage_str_t id, const usage_desktop_t *row)
{
    bool                 mine;
    const usage_entry_t *entry;

    entry = usage_directory_find(&plan->directory, id);
    mine = entry != NULL && usage_plan_listed(plan, entry)
           && entry->attached != USAGE_ATTACHED_NOT;

    switch (plan->kind) {

    case USAGE_PLAN_USER:
        return mine || (entry != NULL && entry->used);

    case USAGE_PLAN_USER_HOURS:
        return mine || (entry != NULL && entry->sessions.count > 0);

    case USAGE_PLAN_HOURS:
        return entry != NULL && usage_plan_listed(plan, entry);

    case USAGE_PLAN_SOME_HOURS:
        return entry != NULL;

    case USAGE_PLAN_DESKTOPS:
    case USAGE_PLAN_COUNT:
    default:
        return entry != NULL || usage_desktop_shown(row);
    }
}


/*
 * Gives all entries of a reply, in order.  Those by the hour have no seconds
 * yet.
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

    /* the requested desktops are the table's first rows */

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

    if (plan->remainder.unattributed > 0) {
        item->id.data = "";
        item->id.len = 0;
        item->seconds = plan->remainder.days;
        (*count)++;
    }

    return USAGE_OK;
}


/*
 * Gives those entries that are sent their seconds, by the hour.
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
