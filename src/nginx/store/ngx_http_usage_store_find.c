/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a legacy call takes from the day store: the entries of its reply, or
 * what is missing for them.
 */

#include "store/ngx_http_usage_store.h"


static ngx_int_t ngx_http_usage_find_locked(ngx_http_usage_search_t *search);
static ngx_int_t ngx_http_usage_find_range(ngx_http_usage_search_t *search);
static ngx_uint_t ngx_http_usage_find_tells(ngx_http_usage_search_t *search,
    ngx_http_usage_window_t *window);
static ngx_int_t ngx_http_usage_find_windows(ngx_http_usage_search_t *search);
static ngx_int_t ngx_http_usage_find_all(ngx_http_usage_search_t *search);
static ngx_int_t ngx_http_usage_find_items(ngx_http_usage_search_t *search);
static void ngx_http_usage_find_cells(ngx_http_usage_search_t *search,
    size_t day, double *seconds);
static void ngx_http_usage_find_touch(ngx_http_usage_search_t *search);


ngx_int_t
ngx_http_usage_store_find(ngx_http_usage_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_http_usage_search_t  search;

    ngx_memzero(&search, sizeof(ngx_http_usage_search_t));

    search.ctx = ctx;
    search.store = ctx->lookup->store;
    search.days = ctx->lookup->past;
    search.first = (int32_t) ctx->inbound.request.first;
    search.now = ngx_time();

    search.places = ctx->lookup->places;
    search.listed = ctx->lookup->listed;

    ctx->lookup->missing_first = 0;
    ctx->lookup->missing_last = ctx->lookup->past - 1;

    ngx_http_usage_store_lock(search.store);

    search.partition = ngx_http_usage_store_partition(search.store, ctx->lookup->key);

    rc = search.partition ? ngx_http_usage_find_locked(&search) : NGX_DECLINED;

    ngx_http_usage_store_unlock(search.store);

    return rc;
}


static ngx_int_t
ngx_http_usage_find_locked(ngx_http_usage_search_t *search)
{
    ngx_int_t         rc;
    usage_request_t  *request;

    request = &search->ctx->inbound.request;

    ngx_http_usage_find_places(search);

    rc = ngx_http_usage_find_range(search);

    if (rc != NGX_OK) {
        rc = ngx_http_usage_find_windows(search);
    }

    if (rc == NGX_OK) {
        rc = request->desktops ? ngx_http_usage_find_requested(search)
                               : ngx_http_usage_find_all(search);
    }

    /* also while others are missing, as these are needed once they are there */

    ngx_http_usage_find_touch(search);

    return rc == NGX_OK ? ngx_http_usage_find_items(search) : rc;
}


/*
 * Where only the number of desktops is asked for, the window over the range
 * will do.
 */

static ngx_int_t
ngx_http_usage_find_range(ngx_http_usage_search_t *search)
{
    ngx_http_usage_window_t  *window;

    if (!usage_request_counts(&search->ctx->inbound.request)) {
        return NGX_DECLINED;
    }

    window = ngx_http_usage_store_window(search->partition, search->first,
                                         search->first + search->days - 1);

    if (window == NULL || !window->complete
        || !ngx_http_usage_find_valid(search, window))
    {
        return NGX_DECLINED;
    }

    search->windows[0] = window;
    search->days = 1;

    return NGX_OK;
}


/*
 * Whether a window tells all that is asked for.
 */

static ngx_uint_t
ngx_http_usage_find_tells(ngx_http_usage_search_t *search,
    ngx_http_usage_window_t *window)
{
    size_t     i;
    uint32_t   place;
    uint64_t  *known;

    if (window == NULL || !ngx_http_usage_find_valid(search, window)) {
        return 0;
    }

    if (window->complete) {
        return 1;
    }

    known = ngx_http_usage_window_known(window);

    for (i = 0; i < search->ctx->inbound.request.desktops; i++) {
        place = search->places[i];

        if (place >= window->count || !ngx_http_usage_bit(known, place)) {
            return 0;
        }
    }

    return search->ctx->inbound.request.desktops > 0;
}


/*
 * The windows of the days.  NGX_DECLINED: some are missing; the first of them
 * next to each other are said.
 */

static ngx_int_t
ngx_http_usage_find_windows(ngx_http_usage_search_t *search)
{
    size_t                    i;
    ngx_uint_t                missing;
    ngx_http_usage_ctx_t     *ctx;
    ngx_http_usage_window_t  *window;

    ctx = search->ctx;
    missing = 0;

    for (i = 0; i < search->days; i++) {
        window = ngx_http_usage_store_window(search->partition,
                                             search->first + i,
                                             search->first + i);

        if (ngx_http_usage_find_tells(search, window)) {
            search->windows[i] = window;
            continue;
        }

        if (!missing) {
            ctx->lookup->missing_first = i;
            ctx->lookup->missing_last = i;
            missing = 1;

        } else if (ctx->lookup->missing_last == i - 1) {
            ctx->lookup->missing_last = i;
        }
    }

    return missing ? NGX_DECLINED : NGX_OK;
}


/*
 * All that any of the windows shows are listed.
 */

static ngx_int_t
ngx_http_usage_find_all(ngx_http_usage_search_t *search)
{
    size_t                       i, n, words, offset;
    uint32_t                     place;
    uint64_t                    *shown, *any;
    usage_request_t             *request;
    ngx_http_usage_partition_t  *partition;

    request = &search->ctx->inbound.request;
    partition = search->partition;
    words = ngx_http_usage_words(partition->ids_count);

    any = ngx_pcalloc(search->ctx->request->pool,
                      (words + 1) * sizeof(uint64_t));
    if (any == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < search->days; i++) {
        shown = ngx_http_usage_window_shown(search->windows[i]);

        for (n = 0; n < ngx_http_usage_words(search->windows[i]->count); n++) {
            any[n] |= shown[n];
        }
    }

    for (n = 0, search->ctx->answer.total = 0; n < words; n++) {
        search->ctx->answer.total += __builtin_popcountll(any[n]);
    }

    offset = 0;

    for (n = 0; n < partition->ids_count; n++) {
        if (search->count == request->limit) {
            break;
        }

        place = partition->order[n];

        if (ngx_http_usage_bit(any, place) && offset++ >= request->offset) {
            search->listed[search->count++] = place;
        }
    }

    return NGX_OK;
}


/*
 * The entries to send: copies, as the store may change once it is unlocked.
 */

static ngx_int_t
ngx_http_usage_find_items(ngx_http_usage_search_t *search)
{
    u_char                *data;
    double                *seconds;
    size_t                 i, days;
    usage_item_t          *items;
    ngx_http_usage_id_t   *id;
    ngx_http_usage_ctx_t  *ctx;

    ctx = search->ctx;
    days = search->days;

    items = ngx_palloc(ctx->request->pool,
                       (search->count + 1) * sizeof(usage_item_t));
    seconds = ngx_palloc(ctx->request->pool,
                         (search->count * days + 1) * sizeof(double));

    if (items == NULL || seconds == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < search->count; i++) {
        items[i].seconds = &seconds[i * days];

        if (ctx->inbound.request.desktops) {
            items[i].id = ctx->inbound.request.desktop_ids[ctx->lookup->requested[i]];
            continue;
        }

        id = search->partition->ids[search->listed[i]];

        data = ngx_pnalloc(ctx->request->pool, id->len);
        if (data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(data, id->data, id->len);
        items[i].id.data = (char *) data;
        items[i].id.len = id->len;
    }

    for (i = 0; i < days; i++) {
        ngx_http_usage_find_cells(search, i, &seconds[i]);
    }

    ctx->answer.items = items;
    ctx->answer.count = search->count;

    return NGX_OK;
}


/*
 * The cells of a day, for each entry; seconds is the first one's.
 */

static void
ngx_http_usage_find_cells(ngx_http_usage_search_t *search, size_t day,
    double *seconds)
{
    size_t                    i;
    uint32_t                  place;
    uint64_t                 *shown;
    ngx_http_usage_window_t  *window;

    window = search->windows[day];
    shown = ngx_http_usage_window_shown(window);

    for (i = 0; i < search->count; i++) {
        place = search->listed[i];

        *seconds = place < window->count && ngx_http_usage_bit(shown, place)
                   ? ngx_http_usage_window_cell(window, place) : 0;

        seconds += search->days;
    }
}


/*
 * The windows were used, which is written down at most once a second.
 */

static void
ngx_http_usage_find_touch(ngx_http_usage_search_t *search)
{
    size_t                    i;
    ngx_http_usage_window_t  *window;

    for (i = 0; i < search->days; i++) {
        window = search->windows[i];

        if (window == NULL || window->used == search->now) {
            continue;
        }

        ngx_http_usage_store_change(search->store);
        ngx_http_usage_store_used(search->store, window);
    }
}
