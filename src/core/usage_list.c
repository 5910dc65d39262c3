/*
 * translation.md, "Which desktops, in which order".
 */

#include "usage_plan.h"

#include <stdlib.h>


static int
usage_plan_compare(const void *one, const void *two)
{
    int                    order;
    size_t                 len;
    const usage_desktop_t *a, *b;

    a = *(usage_desktop_t *const *) one;
    b = *(usage_desktop_t *const *) two;
    len = a->id.len < b->id.len ? a->id.len : b->id.len;

    order = memcmp(a->id.data, b->id.data, len);
    if (order != 0) {
        return order;
    }

    return (a->id.len > b->id.len) - (a->id.len < b->id.len);
}


usage_result_t
usage_plan_list(const usage_plan_t *plan, usage_item_t **items, size_t *count,
    int64_t *total, usage_error_t *error)
{
    size_t                 i, n, candidates;
    usage_desktop_t      **list, *desktop;
    const usage_request_t *request;

    request = plan->request;
    *count = 0;

    candidates = request->desktops > 0 ? request->desktops : plan->table.count;

    list = usage_alloc(plan->pool, (candidates + 1) * sizeof(*list));
    if (list == NULL) {
        return usage_error(error, 500, "out of memory");
    }

    for (i = 0, n = 0; i < candidates; i++) {
        desktop = plan->table.desktops[i];

        if (desktop->known || usage_table_shown(&plan->table, desktop)) {
            list[n++] = desktop;
        }
    }

    if (request->desktops == 0) {
        qsort(list, n, sizeof(*list), usage_plan_compare);
    }

    *total = (int64_t) n;

    if (request->offset < n) {
        list += request->offset;
        *count = n - request->offset < request->limit ? n - request->offset
                                                      : request->limit;
    }

    *items = usage_alloc(plan->pool, (*count + 1) * sizeof(usage_item_t));
    if (*items == NULL) {
        return usage_error(error, 500, "out of memory");
    }

    for (i = 0; i < *count; i++) {
        (*items)[i].id = list[i]->id;
        (*items)[i].seconds = list[i]->cells;
    }

    return USAGE_OK;
}
