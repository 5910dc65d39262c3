/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The ids of a partition's desktops: each once, in their order.
 */

#include "store/ngx_http_usage_store.h"


static ngx_int_t ngx_http_usage_ids_begin(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, uint32_t *places, size_t count,
    uint64_t owner);
static uint32_t ngx_http_usage_ids_add(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, usage_str_t text, uint64_t owner);
static ngx_uint_t ngx_http_usage_ids_exists(usage_plan_t *plan, size_t i);
static ngx_int_t ngx_http_usage_ids_room(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, size_t count, uint64_t owner);
static void ngx_http_usage_ids_sort(ngx_http_usage_partition_t *partition);
static int ngx_libc_cdecl ngx_http_usage_ids_compare(const void *one,
    const void *two);
static int ngx_http_usage_id_compare(ngx_http_usage_id_t *id, const void *data,
    size_t len);


/* whose ids are sorted */
static ngx_http_usage_id_t  **ngx_http_usage_sorted_ids;


uint32_t
ngx_http_usage_store_id(ngx_http_usage_partition_t *partition, usage_str_t text)
{
    int       order;
    uint32_t  low, high, middle, place;

    low = 0;
    high = partition->sorted_count;

    while (low < high) {
        middle = (low + high) / 2;
        place = partition->order[middle];
        order = ngx_http_usage_id_compare(partition->ids[place], text.data,
                                          text.len);

        if (order == 0) {
            return place;
        }

        if (order < 0) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return USAGE_COVER_NO_PLACE;
}


ngx_int_t
ngx_http_usage_store_add_ids(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, usage_plan_t *plan,
    uint32_t *places, uint64_t owner)
{
    size_t          i;
    ngx_int_t       rc;
    ngx_uint_t      exists, settled;
    usage_table_t  *table;

    table = &plan->table;

    settled = usage_plan_done(plan) || usage_plan_has_days(plan);

    for (i = 0; i < table->count; i++) {
        places[i] = ngx_http_usage_store_id(partition, table->desktops[i]->id);
    }

    rc = ngx_http_usage_ids_begin(store, partition, places, table->count,
                                  owner);
    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : NGX_ERROR;
    }

    for (i = 0; i < table->count; i++) {

        if (places[i] != USAGE_COVER_NO_PLACE) {
            continue;
        }

        exists = ngx_http_usage_ids_exists(plan, i);

        if (!exists && partition->unknown == NGX_HTTP_USAGE_UNKNOWN_IDS) {
            continue;
        }

        /* of a plan under way, statistics may still show it */

        if (!settled && !usage_desktop_shown(table->desktops[i])) {
            continue;
        }

        places[i] = ngx_http_usage_ids_add(store, partition,
                                           table->desktops[i]->id, owner);
        if (places[i] == USAGE_COVER_NO_PLACE) {
            break;
        }

        partition->unknown += !exists;
    }

    ngx_http_usage_ids_sort(partition);

    return i == table->count ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_usage_store_add_shown(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, usage_str_t *ids, size_t count,
    uint32_t *places, uint64_t owner)
{
    size_t     i;
    ngx_int_t  rc;

    for (i = 0; i < count; i++) {
        places[i] = ngx_http_usage_store_id(partition, ids[i]);
    }

    rc = ngx_http_usage_ids_begin(store, partition, places, count, owner);

    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : NGX_ERROR;
    }

    for (i = 0; i < count; i++) {

        if (places[i] != USAGE_COVER_NO_PLACE) {
            continue;
        }

        places[i] = ngx_http_usage_ids_add(store, partition, ids[i], owner);

        if (places[i] == USAGE_COVER_NO_PLACE) {
            break;
        }
    }

    ngx_http_usage_ids_sort(partition);

    return i == count ? NGX_OK : NGX_ERROR;
}


/*
 * Makes room for the ids that have no place yet.  NGX_DONE: all have one.
 */

static ngx_int_t
ngx_http_usage_ids_begin(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, uint32_t *places, size_t count,
    uint64_t owner)
{
    size_t  i, added;

    for (i = 0, added = 0; i < count; i++) {
        added += places[i] == USAGE_COVER_NO_PLACE;
    }

    return added ? ngx_http_usage_ids_room(store, partition,
                                           partition->ids_count + added, owner)
                 : NGX_DONE;
}


/*
 * Adds an id, for which there is room, and returns its place; or
 * USAGE_COVER_NO_PLACE: there is no room for the id itself.
 */

static uint32_t
ngx_http_usage_ids_add(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, usage_str_t text, uint64_t owner)
{
    ngx_http_usage_id_t  *id;

    id = ngx_http_usage_store_alloc(store, partition,
                                    offsetof(ngx_http_usage_id_t, data)
                                    + text.len, owner);
    if (id == NULL) {
        return USAGE_COVER_NO_PLACE;
    }

    id->len = text.len;
    ngx_memcpy(id->data, text.data, text.len);

    partition->ids[partition->ids_count] = id;

    return partition->ids_count++;
}


/*
 * Whether anything but the request knows of a desktop.  Those of the request
 * are the table's first.
 */

static ngx_uint_t
ngx_http_usage_ids_exists(usage_plan_t *plan, size_t i)
{
    return i >= plan->request->desktops || usage_plan_knows(plan, i)
           || usage_desktop_shown(plan->table.desktops[i]);
}


/*
 * Makes room for count ids.  The places of those that are there stay.
 */

static ngx_int_t
ngx_http_usage_ids_room(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, size_t count, uint64_t owner)
{
    size_t                 room;
    uint32_t              *order;
    ngx_http_usage_id_t  **ids;

    if (count <= partition->ids_room) {
        return NGX_OK;
    }

    room = ngx_max(count, 16);

    ids = ngx_http_usage_store_alloc(store, partition,
                                     room * sizeof(ngx_http_usage_id_t *),
                                     owner);
    if (ids == NULL) {
        return NGX_ERROR;
    }

    order = ngx_http_usage_store_alloc(store, partition,
                                       room * sizeof(uint32_t), owner);
    if (order == NULL) {
        ngx_http_usage_store_free(store, partition, ids,
                                  room * sizeof(ngx_http_usage_id_t *));
        return NGX_ERROR;
    }

    if (partition->ids) {
        ngx_memcpy(ids, partition->ids,
                   partition->ids_count * sizeof(ngx_http_usage_id_t *));
        ngx_memcpy(order, partition->order,
                   partition->ids_count * sizeof(uint32_t));
        ngx_http_usage_store_free(store, partition, partition->ids,
                                  partition->ids_room
                                  * sizeof(ngx_http_usage_id_t *));
        ngx_http_usage_store_free(store, partition, partition->order,
                                  partition->ids_room * sizeof(uint32_t));
    }

    partition->ids = ids;
    partition->order = order;
    partition->ids_room = room;

    return NGX_OK;
}


/*
 * Sorts the places by their ids, with those that were added.
 */

static void
ngx_http_usage_ids_sort(ngx_http_usage_partition_t *partition)
{
    uint32_t  i;

    for (i = partition->sorted_count; i < partition->ids_count; i++) {
        partition->order[i] = i;
    }

    ngx_http_usage_sorted_ids = partition->ids;

    ngx_qsort(partition->order, partition->ids_count, sizeof(uint32_t),
              ngx_http_usage_ids_compare);

    partition->sorted_count = partition->ids_count;
}


static int ngx_libc_cdecl
ngx_http_usage_ids_compare(const void *one, const void *two)
{
    const uint32_t *a = one;
    const uint32_t *b = two;

    return ngx_http_usage_id_compare(ngx_http_usage_sorted_ids[*a],
                                     ngx_http_usage_sorted_ids[*b]->data,
                                     ngx_http_usage_sorted_ids[*b]->len);
}


/*
 * As memcmp() does.
 */

static int
ngx_http_usage_id_compare(ngx_http_usage_id_t *id, const void *data, size_t len)
{
    int  order;

    order = ngx_memcmp(id->data, data, ngx_min(id->len, len));

    if (order != 0) {
        return order;
    }

    return (id->len > len) - (id->len < len);
}
