/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Lists of entries and of elements: sorting one, and walking along two.
 */

#include "compare/usage_compare_private.h"

#include <stdlib.h>


usage_result_t
usage_compare_refuse(usage_comparison_t *self, const char *why)
{
    return usage_error(self->error, 502,
        "the %s reply is not one of the legacy call: %s", self->side, why);
}


static int
usage_compare_order(const void *one, const void *two)
{
    const usage_compare_item_t *a, *b;

    a = one;
    b = two;

    return usage_str_order(a->key, b->key);
}


static int
usage_compare_order_all(const void *one, const void *two)
{
    int                         order;
    const usage_compare_item_t *a, *b;

    a = one;
    b = two;
    order = usage_compare_order(a, b);

    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}


/*
 * Sorts a list by its keys, if it isn't sorted already, as most are.
 */
static void
usage_compare_sort(usage_compare_list_t *list)
{
    size_t i;

    for (i = 1; i < list->count; i++) {
        if (usage_compare_order(&list->items[i - 1], &list->items[i]) > 0) {
            qsort(list->items, list->count, sizeof(usage_compare_item_t),
                usage_compare_order_all);
            return;
        }
    }
}


usage_result_t
usage_compare_list(usage_comparison_t *self, usage_compare_list_t *list,
    const json_t *array, const char *key, bool optional)
{
    size_t                i;
    const json_t         *name;
    usage_compare_item_t *item;

    list->count = json_array_size(array);
    list->items =
        usage_alloc(self->pool, (list->count + 1) * sizeof(*list->items));

    if (list->items == NULL) {
        return usage_no_memory(self->pool, self->error);
    }

    for (i = 0; i < list->count; i++) {
        item = &list->items[i];
        item->json = json_array_get(array, i);
        item->index = i;
        name = json_object_get(item->json, key);

        if (!json_is_object(item->json)
            || (!json_is_string(name)
                && !(optional && (name == NULL || json_is_null(name)))))
        {
            return usage_compare_refuse(self,
                optional ? "an entry that is no object or whose desktop_id is "
                           "no string"
                         : "an element of used_info_list without a date");
        }

        item->key = usage_compare_text(name);
    }

    usage_compare_sort(list);

    return USAGE_OK;
}


usage_result_t
usage_compare_merge(usage_comparison_t *self, const usage_compare_list_t *lists,
    usage_compare_pt compare)
{
    int                         order;
    size_t                      i, k;
    const usage_compare_item_t *items[USAGE_COMPARE_SIDES];

    for (i = 0, k = 0; i < lists[0].count || k < lists[1].count;) {
        if (i == lists[0].count) {
            order = 1;

        } else if (k == lists[1].count) {
            order = -1;

        } else {
            order = usage_compare_order(&lists[0].items[i], &lists[1].items[k]);
        }

        items[0] = order <= 0 ? &lists[0].items[i++] : NULL;
        items[1] = order >= 0 ? &lists[1].items[k++] : NULL;

        if (compare(self, items) != USAGE_OK) {
            return USAGE_ERROR;
        }
    }

    return USAGE_OK;
}
