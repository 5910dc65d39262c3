/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a legacy call puts into the day store: the statistics that its plan got.
 */

#include "store/ngx_http_usage_store.h"


/*
 * A plan's columns on their way into a partition.
 */
typedef struct {
    ngx_http_usage_ctx_t           *ctx;
    ngx_http_usage_store_t         *store;
    ngx_http_usage_partition_t     *partition;
    usage_plan_t                   *plan;
    uint32_t                       *places;   /* of the table's desktops */
} ngx_http_usage_keep_t;


static void ngx_http_usage_keep_needed(ngx_http_usage_keep_t *keep);
static ngx_int_t ngx_http_usage_keep_locked(ngx_http_usage_keep_t *keep);
static ngx_int_t ngx_http_usage_keep_window(ngx_http_usage_keep_t *keep,
    size_t column);
static ngx_int_t ngx_http_usage_keep_known(ngx_http_usage_keep_t *keep);
static ngx_http_usage_window_t *ngx_http_usage_keep_add(
    ngx_http_usage_keep_t *keep, int32_t first, int32_t last,
    ngx_uint_t complete, ngx_uint_t wide);
static ngx_uint_t ngx_http_usage_keep_wide(ngx_http_usage_keep_t *keep,
    size_t column);
static void ngx_http_usage_keep_cells(ngx_http_usage_keep_t *keep,
    size_t column, ngx_http_usage_window_t *window);
static void ngx_http_usage_keep_asked(ngx_http_usage_keep_t *keep,
    size_t column, ngx_http_usage_window_t *window);
static void ngx_http_usage_keep_cell(ngx_http_usage_window_t *window,
    uint32_t place, double seconds);
static void ngx_http_usage_keep_old(ngx_http_usage_window_t *window,
    ngx_http_usage_window_t *old);
static ngx_int_t ngx_http_usage_keep_insert(ngx_http_usage_keep_t *keep,
    ngx_http_usage_window_t *window);


void
ngx_http_usage_store_fill(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_keep_t  keep;

    ngx_memzero(&keep, sizeof(ngx_http_usage_keep_t));

    keep.ctx = ctx;
    keep.store = ctx->store;
    keep.plan = &ctx->plan;

    keep.places = ngx_palloc(ctx->request->pool,
                             (ctx->plan.table.count + 1) * sizeof(uint32_t));
    if (keep.places == NULL) {
        return;
    }

    ngx_http_usage_store_lock(keep.store);
    ngx_http_usage_store_change(keep.store);

    keep.partition = ngx_http_usage_store_create(keep.store, ctx->key,
                                                 ctx->owner);

    if (keep.partition) {
        keep.partition->busy = 1;
        ngx_http_usage_keep_needed(&keep);

        if (ngx_http_usage_keep_locked(&keep) != NGX_OK) {
            ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                          "usage: usage_store's zone has no room for a call");
        }

        keep.partition->busy = 0;
        ngx_http_usage_store_release(keep.store, keep.partition);
    }

    ngx_http_usage_store_unlock(keep.store);
}


/*
 * What the call has stored, and what others have of its days, it needs for its
 * reply: that goes last where room has to be made for more.
 */

static void
ngx_http_usage_keep_needed(ngx_http_usage_keep_t *keep)
{
    int32_t                      first, last;
    uint32_t                     i;
    ngx_http_usage_window_t     *window;
    ngx_http_usage_partition_t  *partition;

    partition = keep->partition;
    first = (int32_t) keep->ctx->legacy.first;
    last = first + (int32_t) keep->ctx->past - 1;

    for (i = 0; i < partition->windows_count; i++) {
        window = partition->windows[i];

        if (window->owner == keep->ctx->owner
            || (window->first >= first && window->last <= last))
        {
            ngx_http_usage_store_used(keep->store, window);
        }
    }
}


static ngx_int_t
ngx_http_usage_keep_locked(ngx_http_usage_keep_t *keep)
{
    size_t         i;
    usage_plan_t  *plan;

    plan = keep->plan;

    if (ngx_http_usage_store_add_ids(keep->store, keep->partition,
                                     plan, keep->places,
                                     keep->ctx->owner)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_usage_keep_known(keep) != NGX_OK) {
        return NGX_ERROR;
    }

    if (keep->ctx->step == NGX_HTTP_USAGE_LOOK_UP) {
        return NGX_OK; /* of no days */
    }

    for (i = 0; i <= plan->days; i++) {

        if (i == plan->days && i <= 1) {
            break; /* the range of one day is that day */
        }

        if ((usage_plan_covers(plan, i)
             || (plan->request->desktops && usage_plan_has_days(plan)))
            && ngx_http_usage_keep_window(keep, i) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * The statistics in a column of the table.
 */

static ngx_int_t
ngx_http_usage_keep_window(ngx_http_usage_keep_t *keep, size_t column)
{
    int32_t                   first, last;
    ngx_uint_t                whole;
    usage_plan_t             *plan;
    ngx_http_usage_window_t  *window;

    plan = keep->plan;
    whole = usage_plan_covers(plan, column);

    first = (int32_t) plan->request->first + (column == plan->days ? 0 : column);
    last = (int32_t) plan->request->first
           + (column == plan->days ? plan->days - 1 : column);

    window = ngx_http_usage_store_window(keep->partition, first, last);

    if (window && window->complete && !whole
        && ngx_http_usage_store_until(keep->ctx, last, window->fetched) == 0)
    {
        return NGX_OK; /* stored meanwhile, by a call for all desktops */
    }

    window = ngx_http_usage_keep_add(keep, first, last, whole,
                                     ngx_http_usage_keep_wide(keep, column));
    if (window == NULL) {
        return NGX_ERROR;
    }

    ngx_http_usage_keep_cells(keep, column, window);

    return NGX_OK;
}


/*
 * Which of the desktops that were looked up the directory knows.
 */

static ngx_int_t
ngx_http_usage_keep_known(ngx_http_usage_keep_t *keep)
{
    size_t                    i, desktops;
    uint64_t                 *shown, *known;
    ngx_http_usage_window_t  *window;

    desktops = keep->plan->request->desktops;

    for (i = 0; i < desktops; i++) {
        if (usage_plan_looked_for(keep->plan, i)) {
            break;
        }
    }

    if (i == desktops) {
        return NGX_OK;
    }

    window = ngx_http_usage_keep_add(keep, NGX_HTTP_USAGE_DIRECTORY,
                                     NGX_HTTP_USAGE_DIRECTORY, 0, 0);
    if (window == NULL) {
        return NGX_ERROR;
    }

    shown = ngx_http_usage_window_shown(window);
    known = ngx_http_usage_window_known(window);

    for ( /* void */ ; i < desktops; i++) {

        if (keep->places[i] == NGX_HTTP_USAGE_NO_PLACE) {
            continue;
        }

        if (usage_plan_looked_for(keep->plan, i)) {
            ngx_http_usage_set_bit(known, keep->places[i]);
        }

        if (usage_plan_knows(keep->plan, i)) {
            ngx_http_usage_set_bit(shown, keep->places[i]);

        } else if (usage_plan_looked_for(keep->plan, i)) {
            ngx_http_usage_clear_bit(shown, keep->places[i]);
        }
    }

    return NGX_OK;
}


/*
 * A window of those days, which takes the place of an older one, and takes over
 * what that knows, unless it is complete itself.
 */

static ngx_http_usage_window_t *
ngx_http_usage_keep_add(ngx_http_usage_keep_t *keep, int32_t first,
    int32_t last, ngx_uint_t complete, ngx_uint_t wide)
{
    size_t                       size;
    time_t                       now, until, fetched;
    ngx_http_usage_window_t     *window, *old;
    ngx_http_usage_partition_t  *partition;

    partition = keep->partition;
    old = ngx_http_usage_store_window(partition, first, last);

    now = keep->plan->now;
    fetched = now;

    if (old) {
        until = ngx_http_usage_store_until(keep->ctx, last, old->fetched);

        if (until != 0
            && (until <= now
                || ngx_http_usage_store_until(keep->ctx, last, now) == 0))
        {
            ngx_http_usage_store_remove(keep->store, old);
            old = NULL;
        }
    }

    if (old && !complete) {
        wide = wide || old->wide;
        fetched = ngx_min(fetched, old->fetched);
    }

    size = ngx_http_usage_window_size(partition->ids_count, wide);

    window = ngx_http_usage_store_alloc(keep->store, partition, size,
                                        keep->ctx->owner);
    if (window == NULL) {
        return NULL;
    }

    ngx_memzero(window, size);

    window->partition = partition;
    window->first = first;
    window->last = last;
    window->owner = keep->ctx->owner;
    window->fetched = fetched;
    window->used = ngx_time();
    window->count = partition->ids_count;
    window->complete = complete;
    window->wide = wide;

    /* the allocation may have thrown it out */

    old = ngx_http_usage_store_window(partition, first, last);

    if (old) {
        if (!complete) {
            ngx_http_usage_keep_old(window, old);
        }

        ngx_http_usage_store_remove(keep->store, old);
    }

    if (ngx_http_usage_keep_insert(keep, window) != NGX_OK) {
        return NULL;
    }

    return window;
}


/*
 * Whether any of a column's seconds is not a whole number of them, or too many.
 */

static ngx_uint_t
ngx_http_usage_keep_wide(ngx_http_usage_keep_t *keep, size_t column)
{
    double          seconds;
    size_t          i;
    usage_table_t  *table;

    table = &keep->plan->table;

    for (i = 0; i < table->count; i++) {
        seconds = table->desktops[i]->cells[column];

        if (seconds > 0
            && (seconds > UINT32_MAX || seconds != (uint32_t) seconds))
        {
            return 1;
        }
    }

    return 0;
}


static void
ngx_http_usage_keep_cells(ngx_http_usage_keep_t *keep, size_t column,
    ngx_http_usage_window_t *window)
{
    size_t         i;
    double         seconds;
    usage_table_t *table;

    table = &keep->plan->table;

    if (!window->complete) {
        ngx_http_usage_keep_asked(keep, column, window);
        return;
    }

    for (i = 0; i < table->count; i++) {
        seconds = table->desktops[i]->cells[column];

        if (seconds >= 0) {
            ngx_http_usage_set_bit(ngx_http_usage_window_shown(window),
                                   keep->places[i]);
            ngx_http_usage_keep_cell(window, keep->places[i], seconds);
        }
    }
}


/*
 * Of a window that isn't complete, what the request asked for is known.  Those
 * are the table's first.
 */

static void
ngx_http_usage_keep_asked(ngx_http_usage_keep_t *keep, size_t column,
    ngx_http_usage_window_t *window)
{
    size_t        i;
    double        seconds;
    uint32_t      place;
    uint64_t     *shown;
    usage_cell_t  cell;

    shown = ngx_http_usage_window_shown(window);

    for (i = 0; i < keep->plan->request->desktops; i++) {
        place = keep->places[i];

        if (place == NGX_HTTP_USAGE_NO_PLACE) {
            continue;
        }

        seconds = keep->plan->table.desktops[i]->cells[column];
        cell = usage_plan_cell(keep->plan, i, column);

        ngx_http_usage_set_bit(ngx_http_usage_window_known(window), place);

        if (cell == USAGE_CELL_SHOWN) {
            ngx_http_usage_set_bit(shown, place);
            ngx_http_usage_keep_cell(window, place, seconds > 0 ? seconds : 0);

        } else {
            ngx_http_usage_clear_bit(shown, place);
            ngx_http_usage_keep_cell(window, place,
                                     cell == USAGE_CELL_UNUSED
                                     ? NGX_HTTP_USAGE_UNUSED : 0);
        }
    }
}


static void
ngx_http_usage_keep_cell(ngx_http_usage_window_t *window, uint32_t place,
    double seconds)
{
    if (window->wide) {
        ((double *) ngx_http_usage_window_cells(window))[place] = seconds;

    } else {
        ((uint32_t *) ngx_http_usage_window_cells(window))[place] = seconds;
    }
}


/*
 * What an older window of the same days knows.
 */

static void
ngx_http_usage_keep_old(ngx_http_usage_window_t *window,
    ngx_http_usage_window_t *old)
{
    uint32_t  i;

    for (i = 0; i < old->count; i++) {

        if (!ngx_http_usage_bit(ngx_http_usage_window_known(old), i)) {
            continue;
        }

        ngx_http_usage_set_bit(ngx_http_usage_window_known(window), i);

        if (ngx_http_usage_bit(ngx_http_usage_window_shown(old), i)) {
            ngx_http_usage_set_bit(ngx_http_usage_window_shown(window), i);
        }

        ngx_http_usage_keep_cell(window, i, ngx_http_usage_window_cell(old, i));
    }
}


static ngx_int_t
ngx_http_usage_keep_insert(ngx_http_usage_keep_t *keep,
    ngx_http_usage_window_t *window)
{
    uint32_t                     place, room;
    ngx_http_usage_window_t    **windows;
    ngx_http_usage_partition_t  *partition;

    partition = keep->partition;

    if (partition->windows_count == partition->windows_room) {
        room = ngx_max(partition->windows_room * 2, 8);

        windows = ngx_http_usage_store_alloc(keep->store, partition,
                                    room * sizeof(ngx_http_usage_window_t *),
                                    keep->ctx->owner);
        if (windows == NULL) {
            ngx_http_usage_store_free(keep->store, partition, window,
                                  ngx_http_usage_window_size(window->count,
                                                             window->wide));
            return NGX_ERROR;
        }

        if (partition->windows) {
            ngx_memcpy(windows, partition->windows,
                       partition->windows_count
                       * sizeof(ngx_http_usage_window_t *));
            ngx_http_usage_store_free(keep->store, partition,
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

    ngx_queue_insert_head(&keep->store->sh->windows, &window->queue);
    ngx_queue_insert_head(&partition->used, &window->own);

    return NGX_OK;
}
