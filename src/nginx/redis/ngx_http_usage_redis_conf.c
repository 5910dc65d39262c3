/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The directives usage_redis_pass and usage_redis_auth.  In: where Redis is,
 * and a file with a password.  Out: how a location gets there.
 */

#include "redis/ngx_http_usage_redis.h"

#include "share/usage_resp.h"


/*
 * Milliseconds for a connection, for sending, and for all of a reply.  An
 * operation has 250 by default: if one server takes them, there is time for a
 * second.  In a local network, Redis replies within one.
 */
#define NGX_HTTP_USAGE_REDIS_TIMEOUT  100

/* bytes that are read at once */
#define NGX_HTTP_USAGE_REDIS_BUFFER   (16 * 1024)


static ngx_http_usage_redis_t *ngx_http_usage_redis_conf(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *ulcf);
static ngx_int_t ngx_http_usage_redis_words(ngx_str_t *text,
    usage_str_t *words);
static ngx_int_t ngx_http_usage_redis_command(ngx_conf_t *cf,
    ngx_http_usage_redis_t *redis, const usage_str_t *args, size_t n);
static void ngx_http_usage_redis_wipe(void *data);


char *
ngx_http_usage_redis_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_url_t                  u;
    ngx_str_t                 *value;
    ngx_http_usage_redis_t    *redis;
    ngx_http_core_loc_conf_t  *clcf;

    redis = ngx_http_usage_redis_conf(cf, ulcf);
    if (redis == NULL) {
        return NGX_CONF_ERROR;
    }

    if (redis->upstream.upstream) {
        return "is duplicate";
    }

    value = cf->args->elts;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = value[1];
    u.no_resolve = 1;

    redis->upstream.upstream = ngx_http_upstream_add(cf, &u, 0);
    if (redis->upstream.upstream == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_usage_redis_handler;

    return NGX_CONF_OK;
}


/*
 * Returns what the location has of both directives, made by the first of them.
 * NULL: memory is out.
 */

static ngx_http_usage_redis_t *
ngx_http_usage_redis_conf(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *ulcf)
{
    ngx_http_upstream_conf_t  *upstream;

    if (ulcf->redis) {
        return ulcf->redis;
    }

    ulcf->redis = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_redis_t));
    if (ulcf->redis == NULL) {
        return NULL;
    }

    upstream = &ulcf->redis->upstream;

    upstream->connect_timeout = NGX_HTTP_USAGE_REDIS_TIMEOUT;
    upstream->send_timeout = NGX_HTTP_USAGE_REDIS_TIMEOUT;
    upstream->read_timeout = NGX_HTTP_USAGE_REDIS_TIMEOUT;
    upstream->buffer_size = NGX_HTTP_USAGE_REDIS_BUFFER;
    upstream->ignore_client_abort = 1;
    upstream->next_upstream = NGX_HTTP_UPSTREAM_FT_ERROR
                              |NGX_HTTP_UPSTREAM_FT_TIMEOUT
                              |NGX_HTTP_UPSTREAM_FT_INVALID_HEADER;
    ngx_str_set(&upstream->module, "usage_redis");

    return ulcf->redis;
}


char *
ngx_http_usage_redis_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_int_t                rc, n;
    ngx_str_t               *value, name, text;
    usage_str_t              args[3] = { usage_string("AUTH") };
    ngx_http_usage_redis_t  *redis;

    redis = ngx_http_usage_redis_conf(cf, ulcf);
    if (redis == NULL) {
        return NGX_CONF_ERROR;
    }

    if (redis->auth.len) {
        return "is duplicate";
    }

    value = cf->args->elts;
    name = value[1];

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK
        || ngx_http_usage_secret_read(cf, "usage_redis_auth", &name, &text)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    rc = NGX_ERROR;
    n = ngx_http_usage_redis_words(&text, args + 1);

    if (n == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "usage_redis_auth \"%V\" must be one line, "
                           "\"password\" or \"user password\"", &name);

    } else {
        rc = ngx_http_usage_redis_command(cf, redis, args, 1 + n);
    }

    ngx_explicit_memzero(text.data, text.len);

    return rc == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/*
 * Splits the line into one or two words, and returns how many there are.
 * NGX_ERROR: there are none, or more, or further lines.
 */

static ngx_int_t
ngx_http_usage_redis_words(ngx_str_t *text, usage_str_t *words)
{
    size_t     i, len;
    ngx_int_t  n;

    len = text->len;

    while (len && ngx_strchr(" \t\r\n", text->data[len - 1])) {
        len--;
    }

    n = 0;
    i = 0;

    while (i < len) {

        if (n == 2 || text->data[i] == '\n' || text->data[i] == '\0') {
            return NGX_ERROR;
        }

        words[n].data = (char *) text->data + i;

        while (i < len && !ngx_strchr(" \t\r\n", text->data[i])) {
            i++;
        }

        words[n].len = (u_char *) text->data + i - (u_char *) words[n].data;
        n++;

        while (i < len && ngx_strchr(" \t\r", text->data[i])) {
            i++;
        }
    }

    return n ? n : NGX_ERROR;
}


/*
 * Writes the command, which is wiped with the configuration.
 */

static ngx_int_t
ngx_http_usage_redis_command(ngx_conf_t *cf, ngx_http_usage_redis_t *redis,
    const usage_str_t *args, size_t n)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    redis->auth.len = usage_resp_size(args, n);
    redis->auth.data = ngx_pnalloc(cf->pool, redis->auth.len);

    if (redis->auth.data == NULL) {
        return NGX_ERROR;
    }

    (void) usage_resp_write((char *) redis->auth.data, args, n);

    cln->handler = ngx_http_usage_redis_wipe;
    cln->data = &redis->auth;

    return NGX_OK;
}


static void
ngx_http_usage_redis_wipe(void *data)
{
    ngx_str_t *auth = data;

    ngx_explicit_memzero(auth->data, auth->len);
}


ngx_int_t
ngx_http_usage_redis_check(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *conf)
{
    const char  *wrong;

    if (conf->redis == NULL) {
        return NGX_OK;
    }

    if (conf->redis->upstream.upstream == NULL) {
        wrong = "\"usage_redis_auth\" has no \"usage_redis_pass\" beside it";

    } else if (conf->translate || conf->status) {
        wrong = "\"usage_redis_pass\" has no place beside "
                "\"usage_translate\" or \"usage_status\"";

    } else {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%s, in %V:%ui", wrong,
                  &conf->block.file, conf->block.line);

    return NGX_ERROR;
}
