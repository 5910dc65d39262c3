/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The configuration: the values of directives, and the variables.
 */

#ifndef NGX_HTTP_USAGE_CONF_H
#define NGX_HTTP_USAGE_CONF_H

#include "base/ngx_http_usage.h"


/* ngx_http_usage_conf.c: setters of directives, and what follows them */

char *ngx_http_usage_translate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_usage_mode(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_usage_timeout(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_usage_clock_skew(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_usage_memory(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_usage_use_time(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_usage_retention(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_usage_hour_format(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_usage_deprecation(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_usage_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


/* ngx_http_usage_variables.c */

/* Adds the variables.  NGX_ERROR: memory is out. */
ngx_int_t ngx_http_usage_add_variables(ngx_conf_t *cf);


/* ngx_http_usage_noeffect.c: what nginx -t says of idle directives */

/* Notes where a block of the configuration stands, as it begins. */
void ngx_http_usage_block_begin(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *conf);

/*
 * Finds out which directives stand in this very block.  Has to come before they
 * are merged with those of the block around, prev.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_block_end(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *prev, ngx_http_usage_loc_conf_t *conf);

/* Warns of what has no effect, once the configuration is read. */
void ngx_http_usage_check_blocks(ngx_conf_t *cf);


#endif /* NGX_HTTP_USAGE_CONF_H */
