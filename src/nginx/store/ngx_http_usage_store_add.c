/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A window that goes into a partition.  In: its days, and a column of a plan's
 * table.  Out: the window, in the place of an older one.
 */

#include "store/ngx_http_usage_store_fill.h"


static time_t ngx_http_usage_fill_fetched(ngx_http_usage_fill_t *fill,
    int32_t first, int32_t last);
static ngx_int_t ngx_http_usage_fill_insert(ngx_http_usage_fill_t *fill,
    ngx_http_usage_window_t *window);


ngx_http_usage_window_t *
ngx_http_usage_fill_add(ngx_http_usage_fill_t *fill, int32_t first,
    int32_t last, ngx_uint_t complete, ngx_uint_t wide)
{
    size_t                       size;
    time_t                       fetched;
    ngx_http_usage_window_t     *window, *old;
    ngx_http_usage_partition_t  *partition;

    partition = fill->partition;
    fetched = ngx_http_usage_fill_fetched(fill, first, last);
    old = ngx_http_usage_store_window(partition, first, last);

    if (complete) {
        fetched = fill->now;

    } else if (old) {
        wide = wide || old->cover.wide;
    }

    size = sizeof(ngx_http_usage_window_t)
           + usage_cover_size(partition->ids_count, wide);

    window = ngx_http_usage_store_alloc(fill->store, partition, size,
                                        fill->ctx->lookup->owner);
    if (window == NULL) {
        return NULL;
    }

    ngx_memzero(window, size);

    window->partition = partition;
    window->first = first;
    window->last = last;
    window->owner = fill->ctx->lookup->owner;
    window->fetched = fetched;
    window->used = ngx_time();

    usage_cover_window(&window->cover, window + 1, partition->ids_count,
                       complete, wide);

    /* the allocation may have thrown it out */

    old = ngx_http_usage_store_window(partition, first, last);

    if (old) {
        if (!complete) {
            usage_cover_take_over(&window->cover, &old->cover);
        }

        ngx_http_usage_store_remove(fill->store, old);
    }

    if (ngx_http_usage_fill_insert(fill, window) != NGX_OK) {
        return NULL;
    }

    return window;
}


/*
 * When a window was fetched that takes over what an older one tells: when that
 * was.  But what isn't valid any more isn't taken over: it is removed.
 */

static time_t
ngx_http_usage_fill_fetched(ngx_http_usage_fill_t *fill, int32_t first,
    int32_t last)
{
    time_t                    now, until;
    ngx_http_usage_window_t  *old;

    now = fill->now;
    old = ngx_http_usage_store_window(fill->partition, first, last);

    if (old == NULL) {
        return now;
    }

    until = ngx_http_usage_store_until(fill->ctx, last, old->fetched);

    if (until != 0
        && (until <= now
            || ngx_http_usage_store_until(fill->ctx, last, now) == 0))
    {
        ngx_http_usage_store_remove(fill->store, old);
        return now;
    }

    return ngx_min(now, old->fetched);
}


static ngx_int_t
ngx_http_usage_fill_insert(ngx_http_usage_fill_t *fill,
    ngx_http_usage_window_t *window)
{
    uint32_t                     place, room;
    ngx_http_usage_window_t    **windows;
    ngx_http_usage_partition_t  *partition;

    partition = fill->partition;

    if (partition->windows_count == partition->windows_room) {
        room = ngx_max(partition->windows_room * 2, 8);

        windows = ngx_http_usage_store_alloc(fill->store, partition,
                                    room * sizeof(ngx_http_usage_window_t *),
                                    fill->ctx->lookup->owner);
        if (windows == NULL) {
            ngx_http_usage_store_free(fill->store, partition, window,
                                      ngx_http_usage_window_size(window));
            return NGX_ERROR;
        }

        if (partition->windows) {
            ngx_memcpy(windows, partition->windows,
                       partition->windows_count
                       * sizeof(ngx_http_usage_window_t *));
            ngx_http_usage_store_free(fill->store, partition,
                                      partition->windows,
                                      partition->windows_room
                                      * sizeof(ngx_http_usage_window_t *));
        }

        partition->windows = windows;
        partition->windows_room = room;
    }

    place = ngx_http_usage_store_place(partition, window->first, window->last);

    ngx_memmove(&partition->windows[place + 1], &partition->windows[place],
                (partition->windows_count - place)
                * sizeof(ngx_http_usage_window_t *));

    partition->windows[place] = window;
    partition->windows_count++;

    ngx_queue_insert_head(&fill->store->sh->windows, &window->queue);
    ngx_queue_insert_head(&partition->used, &window->own);

    return NGX_OK;
}


ngx_uint_t
ngx_http_usage_fill_wide(ngx_http_usage_fill_t *fill, size_t column)
{
    double          seconds;
    size_t          i;
    usage_table_t  *table;

    table = &fill->plan->table;

    for (i = 0; i < table->count; i++) {
        seconds = usage_cell_seconds(table->desktops[i], column);

        if (usage_cover_is_wide(seconds)) {
            return 1;
        }
    }

    return 0;
}


void
ngx_http_usage_fill_shown(ngx_http_usage_fill_t *fill, size_t column,
    usage_cover_window_t *window)
{
    size_t            i;
    usage_table_t    *table;
    usage_desktop_t  *desktop;

    table = &fill->plan->table;

    for (i = 0; i < table->count; i++) {
        desktop = table->desktops[i];

        if (usage_cell_shown(desktop, column)) {
            usage_cover_enter(window, fill->places[i], USAGE_COVER_SHOWN,
                              usage_cell_seconds(desktop, column));
        }
    }
}
