/*
 * What a legacy call puts into the day store: the statistics that its plan got.
 */

#include "ngx_http_usage_store.h"


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


static ngx_int_t ngx_http_usage_keep_locked(ngx_http_usage_keep_t *keep);
static ngx_int_t ngx_http_usage_keep_window(ngx_http_usage_keep_t *keep,
    size_t column);
static ngx_int_t ngx_http_usage_keep_known(ngx_http_usage_keep_t *keep);
static ngx_http_usage_window_t *ngx_http_usage_keep_add(
    ngx_http_usage_keep_t *keep, int32_t first, int32_t last, time_t until,
    ngx_uint_t complete, ngx_uint_t wide);
static time_t ngx_http_usage_keep_fresh(ngx_http_usage_ctx_t *ctx);
static time_t ngx_http_usage_keep_until(ngx_http_usage_ctx_t *ctx,
    int32_t day);
static ngx_uint_t ngx_http_usage_keep_wide(ngx_http_usage_keep_t *keep,
    size_t column);
static void ngx_http_usage_keep_cells(ngx_http_usage_keep_t *keep,
    size_t column, ngx_http_usage_window_t *window);
static void ngx_http_usage_keep_cell(ngx_http_usage_window_t *window,
    uint32_t place, double seconds);
static void ngx_http_usage_keep_old(ngx_http_usage_window_t *window,
    ngx_http_usage_window_t *old);
static ngx_int_t ngx_http_usage_keep_insert(ngx_http_usage_keep_t *keep,
    ngx_http_usage_window_t *window);


void
ngx_http_usage_store_keep(ngx_http_usage_ctx_t *ctx)
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

        if (ngx_http_usage_keep_locked(&keep) != NGX_OK) {
            ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                          "usage: usage_store's zone has no room for a call");
        }

        keep.partition->busy = 0;
        ngx_http_usage_store_release(keep.store, keep.partition);
    }

    ngx_http_usage_store_unlock(keep.store);
}


static ngx_int_t
ngx_http_usage_keep_locked(ngx_http_usage_keep_t *keep)
{
    size_t         i;
    usage_plan_t  *plan;

    plan = keep->plan;

    if (ngx_http_usage_store_add_ids(keep->store, keep->partition,
                                     &plan->table, keep->places,
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

        /* the range of one day is that day */

        if (i == plan->days && (i == 1 || !usage_plan_whole(plan, i))) {
            break;
        }

        if ((usage_plan_whole(plan, i)
             || (plan->request->desktops && usage_plan_tells(plan)))
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
    usage_plan_t             *plan;
    ngx_http_usage_window_t  *window;

    plan = keep->plan;

    first = (int32_t) plan->request->first + (column == plan->days ? 0 : column);
    last = (int32_t) plan->request->first
           + (column == plan->days ? plan->days - 1 : column);

    window = ngx_http_usage_keep_add(keep, first, last,
                                     ngx_http_usage_keep_until(keep->ctx, last),
                                     usage_plan_whole(plan, column),
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
                                     NGX_HTTP_USAGE_DIRECTORY,
                                     ngx_http_usage_keep_fresh(keep->ctx), 0, 0);
    if (window == NULL) {
        return NGX_ERROR;
    }

    shown = ngx_http_usage_window_shown(window);
    known = ngx_http_usage_window_known(window);

    for ( /* void */ ; i < desktops; i++) {

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
    int32_t last, time_t until, ngx_uint_t complete, ngx_uint_t wide)
{
    size_t                       size;
    ngx_http_usage_window_t     *window, *old;
    ngx_http_usage_partition_t  *partition;

    partition = keep->partition;
    old = ngx_http_usage_store_window(partition, first, last);

    if (old && old->until && (until == 0 || old->until <= ngx_time())) {
        ngx_http_usage_store_remove(keep->store, old);
        old = NULL;
    }

    if (old && !complete) {
        wide = wide || old->wide;
        until = ngx_min(until, old->until);
    }

    size = ngx_http_usage_window_size(partition->ids_count, wide);

    window = ngx_http_usage_store_alloc(keep->store, size, keep->ctx->owner);
    if (window == NULL) {
        return NULL;
    }

    ngx_memzero(window, size);

    window->partition = partition;
    window->first = first;
    window->last = last;
    window->owner = keep->ctx->owner;
    window->until = until;
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


static time_t
ngx_http_usage_keep_fresh(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_loc_conf_t  *ulcf;

    ulcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_usage_module);

    return ctx->plan.now + ulcf->fresh;
}


/*
 * translation.md, "Days": a day is final two hours after its end.  0: it is;
 * else until when its statistics are taken.
 */

static time_t
ngx_http_usage_keep_until(ngx_http_usage_ctx_t *ctx, int32_t day)
{
    time_t                      start;
    ngx_http_usage_loc_conf_t  *ulcf;

    ulcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_usage_module);

    start = (time_t) day * USAGE_SECONDS_PER_DAY;

    if (ctx->plan.now >= start + ulcf->final_after) {
        return 0;
    }

    return ngx_http_usage_keep_fresh(ctx);
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


/*
 * Of a window that isn't complete, what the request asked for is known.
 */

static void
ngx_http_usage_keep_cells(ngx_http_usage_keep_t *keep, size_t column,
    ngx_http_usage_window_t *window)
{
    size_t          i;
    double          seconds;
    uint32_t        place;
    usage_table_t  *table;

    table = &keep->plan->table;

    for (i = 0; i < table->count; i++) {
        seconds = table->desktops[i]->cells[column];
        place = keep->places[i];

        if (!window->complete && i >= keep->plan->request->desktops) {
            break; /* those are the table's first */
        }

        ngx_http_usage_set_bit(ngx_http_usage_window_known(window), place);

        if (seconds >= 0) {
            ngx_http_usage_set_bit(ngx_http_usage_window_shown(window), place);
            ngx_http_usage_keep_cell(window, place, seconds);

        } else {
            ngx_http_usage_clear_bit(ngx_http_usage_window_shown(window),
                                     place);
            ngx_http_usage_keep_cell(window, place, 0);
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

        ngx_http_usage_keep_cell(window, i,
            old->wide
                ? ((double *) ngx_http_usage_window_cells(old))[i]
                : ((uint32_t *) ngx_http_usage_window_cells(old))[i]);
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

        windows = ngx_http_usage_store_alloc(keep->store,
                                    room * sizeof(ngx_http_usage_window_t *),
                                    keep->ctx->owner);
        if (windows == NULL) {
            ngx_slab_free_locked(keep->store->shpool, window);
            return NGX_ERROR;
        }

        if (partition->windows) {
            ngx_memcpy(windows, partition->windows,
                       partition->windows_count
                       * sizeof(ngx_http_usage_window_t *));
            ngx_slab_free_locked(keep->store->shpool, partition->windows);
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

    return NGX_OK;
}
