/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A legacy call and the day store: what is stored is taken from there, what is
 * missing is planned, or waited for.
 */

#include "store/ngx_http_usage_store.h"
#include "base/usage_hash.h"


/* so many milliseconds until a call looks again for what it waits for */
#define NGX_HTTP_USAGE_POLL  20


static ngx_int_t ngx_http_usage_lookup_open(ngx_http_usage_ctx_t *ctx);
static uint64_t ngx_http_usage_lookup_subject(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_lookup_proceed(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_lookup_fetch(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_lookup_run(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_lookup_wait(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_lookup_look_up(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_lookup_found(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_lookup_plan(ngx_http_usage_ctx_t *ctx,
    usage_request_t *request, ngx_uint_t step);
static void ngx_http_usage_lookup_looked_up(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_lookup_poll(ngx_event_t *ev);


ngx_int_t
ngx_http_usage_lookup_start(ngx_http_usage_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_usage_lookup_open(ctx);

    if (rc == NGX_OK) {
        return ngx_http_usage_lookup_proceed(ctx);
    }

    if (rc == NGX_ERROR) {
        return rc;
    }

    return ngx_http_usage_lookup_plan(ctx, &ctx->legacy,
                                      NGX_HTTP_USAGE_PLAIN);
}


/*
 * NGX_DECLINED: the call has nothing to do with the store.
 */

static ngx_int_t
ngx_http_usage_lookup_open(ngx_http_usage_ctx_t *ctx)
{
    static uint32_t  calls;

    ngx_int_t                   rc;
    ngx_http_usage_loc_conf_t  *ulcf;

    ulcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_usage_module);

    ctx->past = usage_request_past(&ctx->legacy, usage_day_of(ngx_time()));

    if (ulcf->store == NULL || ctx->past == 0 || ctx->legacy.hours
        || ctx->legacy.user.len)
    {
        return NGX_DECLINED;
    }

    ctx->store = ulcf->store->data;
    ctx->owner = (uint64_t) ngx_pid << 32 | ++calls;
    ctx->subject = ngx_http_usage_lookup_subject(ctx);
    ctx->started = ngx_current_msec;

    rc = ngx_http_usage_key(ctx, ulcf->store_key, ctx->store->sh->salt,
                            ctx->key);

    if (rc == NGX_ERROR) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "the caller's key could not be made");
    }

    /* once, as the store may be looked at many times */

    ctx->places = ngx_palloc(ctx->request->pool,
                             (ctx->legacy.desktops + 1) * sizeof(uint32_t));
    ctx->listed = ngx_palloc(ctx->request->pool,
                             USAGE_LIMIT_MAX * sizeof(uint32_t));

    if (rc == NGX_OK
        && (ctx->places == NULL || ctx->listed == NULL
            || usage_auth_init(&ctx->live, ctx->legacy.first + ctx->past - 1,
                               &ctx->pool)
               != USAGE_OK))
    {
        (void) usage_no_memory(&ctx->pool, &ctx->error);
        rc = NGX_ERROR;
    }

    return rc;
}


/*
 * Which desktops a call fetches; 0: all.
 */

static uint64_t
ngx_http_usage_lookup_subject(ngx_http_usage_ctx_t *ctx)
{
    size_t    i;
    uint64_t  seed[2];

    if (ctx->legacy.desktops == 0) {
        return 0;
    }

    seed[0] = ctx->pool.seed[0];
    seed[1] = ctx->pool.seed[1];

    for (i = 0; i < ctx->legacy.desktops; i++) {
        seed[0] = usage_hash(seed, ctx->legacy.desktop_ids[i]);
    }

    return seed[0] | 1;
}


/*
 * Goes on: with the reply, with a plan for what is missing, or not at all for
 * now (NGX_AGAIN).
 */

static ngx_int_t
ngx_http_usage_lookup_proceed(ngx_http_usage_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_usage_store_find(ctx);

    if (rc == NGX_DECLINED && !ctx->leads) {

        rc = ngx_http_usage_flight_take(ctx,
                                (int32_t) ctx->legacy.first
                                + ctx->missing_first,
                                (int32_t) ctx->legacy.first + ctx->past - 1);

        if (rc == NGX_AGAIN) {
            return ngx_http_usage_lookup_wait(ctx);
        }

        if (rc == NGX_DECLINED) {
            return ngx_http_usage_lookup_plan(ctx, &ctx->legacy,
                                              NGX_HTTP_USAGE_PLAIN);
        }

        /* who fetched until now may have stored it meanwhile */

        ctx->leads = rc == NGX_OK;
        rc = ngx_http_usage_store_find(ctx);
    }

    switch (rc) {

    case NGX_OK:
        return ngx_http_usage_lookup_found(ctx);

    case NGX_AGAIN:
        return ngx_http_usage_lookup_look_up(ctx);

    case NGX_DECLINED:
        return ngx_http_usage_lookup_fetch(ctx);

    default: /* NGX_ERROR */
        (void) usage_no_memory(&ctx->pool, &ctx->error);
        return NGX_ERROR;
    }
}


static ngx_int_t
ngx_http_usage_lookup_fetch(ngx_http_usage_ctx_t *ctx)
{
    if ((ctx->missing_first == 0 && ctx->missing_last == ctx->past - 1)
        || usage_request_counts(&ctx->legacy))
    {
        return ngx_http_usage_lookup_plan(ctx, &ctx->legacy,
                                          NGX_HTTP_USAGE_WHOLE);
    }

    if (ctx->unplaced
        || (ctx->step == NGX_HTTP_USAGE_RUN
            && ctx->missing_first <= ctx->run_last))
    {
        /* what was fetched is not there */

        return ngx_http_usage_lookup_plan(ctx, &ctx->legacy,
                                          NGX_HTTP_USAGE_PLAIN);
    }

    return ngx_http_usage_lookup_run(ctx);
}


/*
 * The missing days next to each other are fetched as if the call were for them.
 */

static ngx_int_t
ngx_http_usage_lookup_run(ngx_http_usage_ctx_t *ctx)
{
    ctx->run_last = ctx->missing_last;
    ctx->fetched += ctx->missing_last - ctx->missing_first + 1;

    ctx->part = ctx->legacy;
    ctx->part.first = ctx->legacy.first + (usage_day_t) ctx->missing_first;
    ctx->part.last = ctx->legacy.first + (usage_day_t) ctx->missing_last;
    ctx->part.offset = 0;
    ctx->part.limit = USAGE_LIMIT_MAX;

    return ngx_http_usage_lookup_plan(ctx, &ctx->part, NGX_HTTP_USAGE_RUN);
}


/*
 * Another call fetches what is needed.  The caller's own right to it is found
 * out meanwhile.
 */

static ngx_int_t
ngx_http_usage_lookup_wait(ngx_http_usage_ctx_t *ctx)
{
    if (!ctx->waits) {
        ctx->waits = 1;
        ctx->live_wanted = !ctx->allowed;

        ctx->poll.handler = ngx_http_usage_lookup_poll;
        ctx->poll.data = ctx;
        ctx->poll.log = ctx->request->connection->log;
    }

    ngx_add_timer(&ctx->poll, NGX_HTTP_USAGE_POLL);

    return NGX_AGAIN;
}


static void
ngx_http_usage_lookup_poll(ngx_event_t *ev)
{
    ngx_int_t              rc;
    ngx_connection_t      *c;
    ngx_http_usage_ctx_t  *ctx;

    ctx = ev->data;
    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    rc = ngx_http_usage_lookup_proceed(ctx);

    if (rc != NGX_AGAIN) {
        ctx->waits = 0;
        ngx_http_usage_call_resume(ctx);
    }

    ngx_http_run_posted_requests(c);
}


/*
 * Which of the desktops that no window shows does the directory know?  It is
 * asked as for a call that has no days.
 */

static ngx_int_t
ngx_http_usage_lookup_look_up(ngx_http_usage_ctx_t *ctx)
{
    ctx->part = ctx->legacy;
    ctx->part.desktop_ids = ctx->unlisted;
    ctx->part.desktops = ctx->unlisted_count;
    ctx->part.first = usage_day_of(ngx_time()) + 1;
    ctx->part.last = ctx->part.first;
    ctx->part.offset = 0;
    ctx->part.limit = USAGE_LIMIT_MAX;

    return ngx_http_usage_lookup_plan(ctx, &ctx->part,
                                      NGX_HTTP_USAGE_LOOK_UP);
}


static ngx_int_t
ngx_http_usage_lookup_found(ngx_http_usage_ctx_t *ctx)
{
    ctx->ready = 1;
    ctx->stored = ctx->past - ctx->fetched;
    ctx->elements = ctx->past;

    /* where no statistics were asked for, the caller may not see them by now */

    if (!ctx->allowed && !ctx->live_waiting) {
        ctx->live_wanted = 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_lookup_plan(ngx_http_usage_ctx_t *ctx, usage_request_t *request,
    ngx_uint_t step)
{
    ctx->step = step;

    if (usage_plan_start(&ctx->plan, request, &ctx->upstream, &ctx->pool,
                         ngx_time(), &ctx->error)
        != USAGE_OK)
    {
        return NGX_ERROR;
    }

    if (step == NGX_HTTP_USAGE_WHOLE || step == NGX_HTTP_USAGE_RUN) {
        usage_plan_fill_cache(&ctx->plan);
    }

    return NGX_OK;
}


/*
 * A plan is done.
 */

ngx_int_t
ngx_http_usage_lookup_done(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->step != NGX_HTTP_USAGE_PLAIN) {
        ngx_http_usage_store_fill(ctx);
    }

    if (ctx->step == NGX_HTTP_USAGE_LOOK_UP) {
        ngx_http_usage_lookup_looked_up(ctx);
    }

    if (ctx->step == NGX_HTTP_USAGE_RUN || ctx->step == NGX_HTTP_USAGE_LOOK_UP) {
        return ngx_http_usage_lookup_proceed(ctx);
    }

    ctx->ready = 1;
    ctx->elements = usage_plan_past(&ctx->plan);

    return usage_plan_list(&ctx->plan, &ctx->items, &ctx->count, &ctx->total,
                           &ctx->error)
           == USAGE_OK
           ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_usage_lookup_looked_up(ngx_http_usage_ctx_t *ctx)
{
    size_t  i, n;

    i = 0;

    for (n = 0; n < ctx->legacy.desktops && i < ctx->unlisted_count; n++) {

        if (ctx->legacy.desktop_ids[n].data == ctx->unlisted[i].data) {
            ctx->known[n] = usage_plan_knows(&ctx->plan, i)
                            ? NGX_HTTP_USAGE_KNOWN : NGX_HTTP_USAGE_UNKNOWN;
            i++;
        }
    }
}


/*
 * The plan was started by a caller who had shown nothing, so nobody waits for
 * it.  Where that is to change, and another one fetches the days by now, or did
 * so, the plan is dropped.
 */

ngx_int_t
ngx_http_usage_lookup_shown(ngx_http_usage_ctx_t *ctx)
{
    size_t      first, last;
    ngx_int_t   rc;
    ngx_uint_t  api, ahead;

    if (ctx->store == NULL || ctx->leads || ctx->waits || ctx->ready
        || (ctx->step != NGX_HTTP_USAGE_WHOLE
            && ctx->step != NGX_HTTP_USAGE_RUN))
    {
        return NGX_OK;
    }

    for (api = 0, ahead = 0; api < USAGE_CALL_APIS; api++) {
        ahead += usage_plan_ahead(&ctx->plan, api);
    }

    if (ahead == 0) {
        return NGX_OK;
    }

    first = ctx->missing_first;
    last = ctx->missing_last;

    rc = ngx_http_usage_flight_take(ctx, (int32_t) ctx->legacy.first + first,
                                    (int32_t) ctx->legacy.first + ctx->past
                                    - 1);

    if (rc == NGX_DECLINED) {
        return NGX_OK;
    }

    if (rc == NGX_OK) {
        ctx->leads = 1;

        if (ngx_http_usage_store_find(ctx) == NGX_DECLINED
            && ctx->missing_first == first && ctx->missing_last == last)
        {
            return NGX_OK;
        }
    }

    ctx->step = NGX_HTTP_USAGE_PLAIN;
    ctx->fetched = 0;

    return ngx_http_usage_lookup_proceed(ctx) == NGX_ERROR ? NGX_ERROR
                                                           : NGX_OK;
}


void
ngx_http_usage_lookup_end(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->poll.timer_set) {
        ngx_del_timer(&ctx->poll);
    }

    if (ctx->leads) {
        ctx->leads = 0;
        ngx_http_usage_flight_drop(ctx);
    }
}
