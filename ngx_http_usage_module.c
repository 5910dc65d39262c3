/*
 * ngx_http_usage_module: answers the discarded "desktop usage duration" call
 * of the Huawei Cloud Workspace API from the APIs that succeed it.
 *
 * This file is the module's face: its directives, its variables, its filters
 * and their registration.  src/nginx/ has the handlers, in the order in which
 * a request meets them: handler, fetch, reply.  src/core/ has the translation.
 */

#include "ngx_http_usage.h"


#define NGX_HTTP_USAGE_CONCURRENCY_MAX  512


static void *ngx_http_usage_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_usage_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_usage_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_usage_translate(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_usage_timeout(ngx_conf_t *cf, void *post, void *data);
static char *ngx_http_usage_use_time(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_usage_retention(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_usage_deprecation(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_usage_add_variables(ngx_conf_t *cf);
static ngx_int_t ngx_http_usage_project_id_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_usage_number_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_usage_error_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_usage_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_http_usage_init(ngx_conf_t *cf);


enum {
    NGX_HTTP_USAGE_DAYS = 0,
    NGX_HTTP_USAGE_DESKTOPS,
    NGX_HTTP_USAGE_CALLS
};


static ngx_conf_num_bounds_t  ngx_http_usage_concurrency_bounds = {
    ngx_conf_check_num_bounds, 1, NGX_HTTP_USAGE_CONCURRENCY_MAX
};

static ngx_conf_post_t  ngx_http_usage_timeout_post = {
    ngx_http_usage_timeout
};


static ngx_command_t  ngx_http_usage_commands[] = {

    { ngx_string("usage_translate"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_translate,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_concurrency"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, concurrency),
      &ngx_http_usage_concurrency_bounds },

    { ngx_string("usage_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, timeout),
      &ngx_http_usage_timeout_post },

    { ngx_string("usage_use_time"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_use_time,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, use_time),
      NULL },

    { ngx_string("usage_retention"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_usage_retention,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_deprecation"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE123,
      ngx_http_usage_deprecation,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_usage_module_ctx = {
    ngx_http_usage_add_variables,          /* preconfiguration */
    ngx_http_usage_init,                   /* postconfiguration */

    ngx_http_usage_create_main_conf,       /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_usage_create_loc_conf,        /* create location configuration */
    ngx_http_usage_merge_loc_conf          /* merge location configuration */
};


ngx_module_t  ngx_http_usage_module = {
    NGX_MODULE_V1,
    &ngx_http_usage_module_ctx,            /* module context */
    ngx_http_usage_commands,               /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_variable_t  ngx_http_usage_vars[] = {

    { ngx_string("usage_project_id"), NULL,
      ngx_http_usage_project_id_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("usage_days"), NULL,
      ngx_http_usage_number_variable, NGX_HTTP_USAGE_DAYS,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("usage_desktops"), NULL,
      ngx_http_usage_number_variable, NGX_HTTP_USAGE_DESKTOPS,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("usage_calls"), NULL,
      ngx_http_usage_number_variable, NGX_HTTP_USAGE_CALLS,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("usage_error"), NULL,
      ngx_http_usage_error_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


/*
 * Subrequests of a legacy call end here, their replies with the fetch that
 * wants them.  Error pages of nginx itself in a location with usage_translate
 * get the legacy form.
 */

static ngx_int_t
ngx_http_usage_header_filter(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t       *ctx;
    ngx_http_usage_fetch_t     *fetch;
    ngx_http_usage_loc_conf_t  *ulcf;

    fetch = ngx_http_usage_fetch_of(r);

    if (fetch) {
        return ngx_http_usage_fetch_header(fetch, r);
    }

    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

    if (ulcf->translate && r->err_status >= NGX_HTTP_BAD_REQUEST) {
        ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

        if ((ctx == NULL || !ctx->replying)
            && ngx_http_usage_reply_replace(r) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_http_usage_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t             *cl, *out;
    ngx_http_usage_ctx_t    *ctx;
    ngx_http_usage_fetch_t  *fetch;

    fetch = ngx_http_usage_fetch_of(r);

    if (fetch) {
        return ngx_http_usage_fetch_body(fetch, in);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    if (ctx == NULL || ctx->replacement == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    /* the page of nginx itself makes room for the replacement, sent once */

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;
    }

    out = ctx->replacement->buf ? ctx->replacement : NULL;

    if (out) {
        ctx->replacement = ngx_alloc_chain_link(r->pool);
        if (ctx->replacement == NULL) {
            return NGX_ERROR;
        }

        ctx->replacement->buf = NULL;
        ctx->replacement->next = NULL;
    }

    return ngx_http_next_body_filter(r, out);
}


static ngx_int_t
ngx_http_usage_project_id_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r->main, ngx_http_usage_module);

    if (ctx == NULL || ctx->project_id.len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = (u_char *) ctx->project_id.data;
    v->len = ctx->project_id.len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_number_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_uint_t             n;
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r->main, ngx_http_usage_module);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    switch (data) {

    case NGX_HTTP_USAGE_DAYS:
        n = ctx->planned ? usage_request_days(&ctx->legacy) : 0;
        break;

    case NGX_HTTP_USAGE_DESKTOPS:
        n = ctx->desktops;
        break;

    default: /* NGX_HTTP_USAGE_CALLS */
        n = ctx->calls;
        break;
    }

    v->data = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    v->len = ngx_sprintf(v->data, "%ui", n) - v->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_error_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r->main, ngx_http_usage_module);

    if (ctx == NULL || ctx->error_text.len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = ctx->error_text.data;
    v->len = ctx->error_text.len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_usage_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static void
ngx_http_usage_free_forms(void *data)
{
    usage_forms_free(data);
}


static void *
ngx_http_usage_create_main_conf(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t          *cln;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_main_conf_t));
    if (umcf == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    umcf->forms = usage_forms_create();
    if (umcf->forms == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_usage_free_forms;
    cln->data = umcf->forms;

    return umcf;
}


static void *
ngx_http_usage_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_usage_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->prefix = { 0, NULL };
     *     conf->translate = 0;
     *     conf->deprecation = { 0, NULL };
     *     conf->sunset = { 0, NULL };
     *     conf->link = { 0, NULL };
     */

    conf->concurrency = NGX_CONF_UNSET;
    conf->timeout = NGX_CONF_UNSET_MSEC;
    conf->use_time = NGX_CONF_UNSET_PTR;
    conf->retention_desktops = NGX_CONF_UNSET;
    conf->retention_users = NGX_CONF_UNSET;

    return conf;
}


static char *
ngx_http_usage_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_usage_loc_conf_t *prev = parent;
    ngx_http_usage_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    ngx_conf_merge_value(conf->concurrency, prev->concurrency, 8);
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 60000);
    ngx_conf_merge_ptr_value(conf->use_time, prev->use_time, NULL);
    ngx_conf_merge_sec_value(conf->retention_desktops,
                             prev->retention_desktops, 180 * 24 * 60 * 60);
    ngx_conf_merge_sec_value(conf->retention_users, prev->retention_users,
                             30 * 24 * 60 * 60);

    if (conf->deprecation.data == NULL) {
        conf->deprecation = prev->deprecation;
        conf->sunset = prev->sunset;
        conf->link = prev->link;
    }

    /* "if" and "limit_except" blocks do what their location does */

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if ((clcf->noname || clcf->lmt_excpt) && clcf->handler == NULL
        && prev->translate)
    {
        conf->translate = 1;
        conf->prefix = prev->prefix;
        clcf->handler = ngx_http_usage_handler;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_usage_translate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    if (ulcf->translate) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0 || value[1].data[0] != '/') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid prefix \"%V\", it has to be the path of a "
                           "location, as \"/workspace\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    ulcf->translate = 1;
    ulcf->prefix = value[1];

    while (ulcf->prefix.len && ulcf->prefix.data[ulcf->prefix.len - 1] == '/') {
        ulcf->prefix.len--;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_usage_handler;

    return NGX_CONF_OK;
}


static char *
ngx_http_usage_timeout(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t *timeout = data;

    return *timeout == 0 ? "must not be 0" : NGX_CONF_OK;
}


static char *
ngx_http_usage_use_time(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    char       *rv;
    ngx_str_t  *value;

    rv = ngx_http_set_complex_value_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = cf->args->elts;

    if (ulcf->use_time->lengths == NULL
        && ngx_strcmp(value[1].data, "number") != 0
        && ngx_strcmp(value[1].data, "string") != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be \"number\", "
                           "\"string\" or a variable", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_usage_retention(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    time_t      *field;
    ngx_str_t   *value, s;
    ngx_uint_t   i;

    if (ulcf->retention_desktops != NGX_CONF_UNSET
        || ulcf->retention_users != NGX_CONF_UNSET)
    {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        ulcf->retention_desktops = 0;
        ulcf->retention_users = 0;
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "desktops=", 9) == 0) {
            field = &ulcf->retention_desktops;
            s.data = value[i].data + 9;
            s.len = value[i].len - 9;

        } else if (ngx_strncmp(value[i].data, "users=", 6) == 0) {
            field = &ulcf->retention_users;
            s.data = value[i].data + 6;
            s.len = value[i].len - 6;

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\", it must be "
                               "\"desktops=time\", \"users=time\" or \"off\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        if (*field != NGX_CONF_UNSET) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        *field = ngx_parse_time(&s, 1);

        if (*field == (time_t) NGX_ERROR || *field == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid time in \"%V\", it must be longer than "
                               "0, as \"180d\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/*
 * A date in a directive's value, from its skip-th character on.
 */

static ngx_int_t
ngx_http_usage_conf_date(ngx_conf_t *cf, ngx_str_t *value, size_t skip,
    usage_day_t *day)
{
    usage_str_t                  text;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);

    text.data = (char *) value->data + skip;
    text.len = value->len - skip;

    if (!usage_forms_date(umcf->forms, text)
        || !usage_day_parse(text.data, day))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid date in \"%V\", it must be a day of the "
                           "calendar, as \"2025-07-14\"", value);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static char *
ngx_http_usage_deprecation_link(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *ulcf,
    ngx_str_t *value)
{
    size_t   i;
    u_char  *p;

    for (i = 5; i < value->len; i++) {
        if (value->data[i] <= 0x20 || value->data[i] >= 0x7f
            || value->data[i] == '<' || value->data[i] == '>'
            || value->data[i] == '"')
        {
            i = 0;
            break;
        }
    }

    if (i <= 5) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid URL in \"%V\"", value);
        return NGX_CONF_ERROR;
    }

    p = ngx_pnalloc(cf->pool, value->len
                              + sizeof("<>; rel=\"successor-version\""));
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    ulcf->link.data = p;
    ulcf->link.len = ngx_sprintf(p, "<%*s>; rel=\"successor-version\"",
                                 value->len - 5, value->data + 5)
                     - p;

    return NGX_CONF_OK;
}


static char *
ngx_http_usage_deprecation(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    u_char       *p;
    ngx_str_t    *value;
    ngx_uint_t    i;
    usage_day_t   deprecated, sunset;

    if (ulcf->deprecation.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_usage_conf_date(cf, &value[1], 0, &deprecated) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    p = ngx_pnalloc(cf->pool, NGX_INT64_LEN + 1 + USAGE_HTTP_DATE_LEN);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    ulcf->deprecation.data = p;
    ulcf->deprecation.len = ngx_sprintf(p, "@%L", (int64_t) deprecated
                                                  * USAGE_SECONDS_PER_DAY)
                            - p;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "sunset=", 7) == 0
            && ulcf->sunset.data == NULL)
        {
            if (ngx_http_usage_conf_date(cf, &value[i], 7, &sunset)
                != NGX_OK)
            {
                return NGX_CONF_ERROR;
            }

            if (sunset < deprecated) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "\"%V\" is before the deprecation on \"%V\"",
                                   &value[i], &value[1]);
                return NGX_CONF_ERROR;
            }

            ulcf->sunset.data = p + NGX_INT64_LEN + 1;
            ulcf->sunset.len = USAGE_HTTP_DATE_LEN;
            usage_day_write_http(sunset, (char *) ulcf->sunset.data);
            continue;
        }

        if (ngx_strncmp(value[i].data, "link=", 5) == 0
            && ulcf->link.data == NULL)
        {
            if (ngx_http_usage_deprecation_link(cf, ulcf, &value[i])
                != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\", it must be "
                           "\"sunset=date\" or \"link=url\", each once",
                           &value[i]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_usage_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_usage_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_usage_body_filter;

    return NGX_OK;
}
