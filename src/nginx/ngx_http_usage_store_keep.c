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
static ngx_int_t ngx_http_usage_keep_ids(ngx_http_usage_keep_t *keep);
static ngx_int_t ngx_http_usage_keep_room(ngx_http_usage_keep_t *keep,
    size_t count);
static ngx_http_usage_id_t *ngx_http_usage_keep_id(ngx_http_usage_keep_t *keep,
    usage_str_t text);
static void ngx_http_usage_keep_sort(ngx_http_usage_partition_t *partition,
    uint32_t from);
static ngx_int_t ngx_http_usage_keep_window(ngx_http_usage_keep_t *keep,
    size_t column);
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
static int ngx_libc_cdecl ngx_http_usage_keep_compare(const void *one,
    const void *two);


/* whose ids are sorted */
static ngx_http_usage_id_t  **ngx_http_usage_sorted_ids;


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

    if (ngx_http_usage_keep_ids(keep) != NGX_OK) {
        return NGX_ERROR;
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
 * Each desktop of the table gets its place in the partition.
 */

static ngx_int_t
ngx_http_usage_keep_ids(ngx_http_usage_keep_t *keep)
{
    size_t                       i;
    uint32_t                     old;
    usage_str_t                  text;
    usage_table_t               *table;
    ngx_http_usage_id_t         *id;
    ngx_http_usage_partition_t  *partition;

    table = &keep->plan->table;
    partition = keep->partition;
    old = partition->ids_count;

    if (ngx_http_usage_keep_room(keep, old + table->count) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < table->count; i++) {
        text = table->desktops[i]->id;

        keep->places[i] = ngx_http_usage_store_id(partition, text);

        if (keep->places[i] != NGX_HTTP_USAGE_NO_PLACE) {
            continue;
        }

        id = ngx_http_usage_keep_id(keep, text);
        if (id == NULL) {
            break;
        }

        /* not in order yet, so that it isn't found twice: a table has it once */

        keep->places[i] = partition->ids_count;
        partition->ids[partition->ids_count++] = id;
    }

    ngx_http_usage_keep_sort(partition, old);

    return i == table->count ? NGX_OK : NGX_ERROR;
}


/*
 * Room for so many ids.
 */

static ngx_int_t
ngx_http_usage_keep_room(ngx_http_usage_keep_t *keep, size_t count)
{
    size_t                       room;
    uint32_t                    *order;
    ngx_http_usage_id_t        **ids;
    ngx_http_usage_partition_t  *partition;

    partition = keep->partition;

    if (count <= partition->ids_room) {
        return NGX_OK;
    }

    room = ngx_max(count, 16);

    ids = ngx_http_usage_store_alloc(keep->store,
                                     room * sizeof(ngx_http_usage_id_t *),
                                     keep->ctx->owner);
    if (ids == NULL) {
        return NGX_ERROR;
    }

    order = ngx_http_usage_store_alloc(keep->store, room * sizeof(uint32_t),
                                       keep->ctx->owner);
    if (order == NULL) {
        ngx_slab_free_locked(keep->store->shpool, ids);
        return NGX_ERROR;
    }

    if (partition->ids) {
        ngx_memcpy(ids, partition->ids,
                   partition->ids_count * sizeof(ngx_http_usage_id_t *));
        ngx_memcpy(order, partition->order,
                   partition->ids_count * sizeof(uint32_t));
        ngx_slab_free_locked(keep->store->shpool, partition->ids);
        ngx_slab_free_locked(keep->store->shpool, partition->order);
    }

    partition->ids = ids;
    partition->order = order;
    partition->ids_room = room;

    return NGX_OK;
}


static ngx_http_usage_id_t *
ngx_http_usage_keep_id(ngx_http_usage_keep_t *keep, usage_str_t text)
{
    ngx_http_usage_id_t  *id;

    id = ngx_http_usage_store_alloc(keep->store,
                                    offsetof(ngx_http_usage_id_t, data)
                                    + text.len, keep->ctx->owner);
    if (id) {
        id->len = text.len;
        ngx_memcpy(id->data, text.data, text.len);
    }

    return id;
}


/*
 * Puts the ids from a place on in their order.
 */

static void
ngx_http_usage_keep_sort(ngx_http_usage_partition_t *partition, uint32_t from)
{
    uint32_t  i;

    if (from == partition->ids_count) {
        return;
    }

    for (i = from; i < partition->ids_count; i++) {
        partition->order[i] = i;
    }

    ngx_http_usage_sorted_ids = partition->ids;

    ngx_qsort(partition->order, partition->ids_count, sizeof(uint32_t),
              ngx_http_usage_keep_compare);

    partition->sorted_count = partition->ids_count;
}


static int ngx_libc_cdecl
ngx_http_usage_keep_compare(const void *one, const void *two)
{
    const uint32_t *a = one;
    const uint32_t *b = two;

    return ngx_http_usage_id_compare(ngx_http_usage_sorted_ids[*a],
                                     ngx_http_usage_sorted_ids[*b]->data,
                                     ngx_http_usage_sorted_ids[*b]->len);
}


static ngx_int_t
ngx_http_usage_keep_window(ngx_http_usage_keep_t *keep, size_t column)
{
    time_t                       until;
    int32_t                      first, last;
    uint32_t                     count;
    ngx_uint_t                   wide;
    usage_plan_t                *plan;
    ngx_http_usage_window_t     *window, *old;
    ngx_http_usage_partition_t  *partition;

    plan = keep->plan;
    partition = keep->partition;

    first = (int32_t) plan->request->first + (column == plan->days ? 0 : column);
    last = (int32_t) plan->request->first
           + (column == plan->days ? plan->days - 1 : column);

    until = ngx_http_usage_keep_until(keep->ctx, last);
    old = ngx_http_usage_store_window(partition, first, last);

    if (old && old->until && old->until <= ngx_time()) {
        ngx_http_usage_store_remove(keep->store, old);
        old = NULL;
    }

    if (old && old->complete && old->until == 0) {
        return NGX_OK; /* it doesn't change any more */
    }

    if (old && until == 0 && old->until) {
        ngx_http_usage_store_remove(keep->store, old);
        old = NULL;
    }

    if (old && old->until && !usage_plan_whole(plan, column)) {
        until = ngx_min(until, old->until);
    }

    wide = ngx_http_usage_keep_wide(keep, column)
           || (old && !usage_plan_whole(plan, column) && old->wide);
    count = partition->ids_count;

    window = ngx_http_usage_store_alloc(keep->store,
                                    ngx_http_usage_window_size(count, wide),
                                    keep->ctx->owner);
    if (window == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(window, ngx_http_usage_window_size(count, wide));

    window->partition = partition;
    window->first = first;
    window->last = last;
    window->owner = keep->ctx->owner;
    window->until = until;
    window->used = ngx_time();
    window->count = count;
    window->complete = usage_plan_whole(plan, column);
    window->wide = wide;

    /* the allocation may have thrown it out */

    old = ngx_http_usage_store_window(partition, first, last);

    if (old) {
        if (!window->complete) {
            ngx_http_usage_keep_old(window, old);
        }

        ngx_http_usage_store_remove(keep->store, old);
    }

    ngx_http_usage_keep_cells(keep, column, window);

    return ngx_http_usage_keep_insert(keep, window);
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

    return ctx->plan.now + ulcf->fresh;
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
