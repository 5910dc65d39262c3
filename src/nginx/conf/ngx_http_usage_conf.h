/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The configuration: directives, and variables.
 */

#ifndef NGX_HTTP_USAGE_CONF_H
#define NGX_HTTP_USAGE_CONF_H

#include "base/ngx_http_usage.h"


/* ngx_http_usage_conf_merge.c: configurations as nginx wants them */

/* Creates the main configuration, or that of a block.  NULL: memory is out. */
void *ngx_http_usage_create_main_conf(ngx_conf_t *cf);
void *ngx_http_usage_create_loc_conf(ngx_conf_t *cf);

/*
 * Gives a block the values of the block around it, or the defaults.  Returns
 * NGX_CONF_OK, or NGX_CONF_ERROR if memory is out.
 */
char *ngx_http_usage_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);


/*
 * ngx_http_usage_conf.c, _conf_hour.c, _conf_deprecation.c and _conf_store.c:
 * directives.  Each function reads the arguments of the directive of its name,
 * and returns NGX_CONF_OK, or what is wrong with them.
 */

char *ngx_http_usage_translate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_usage_mode(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_usage_timeout(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_usage_clock_skew(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_usage_memory(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_usage_use_time(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_usage_retention(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_usage_tolerance(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_usage_hour_format(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_usage_deprecation(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_usage_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


/* ngx_http_usage_variables.c: the variables */

/* Adds the variables to the configuration.  NGX_ERROR: memory is out. */
ngx_int_t ngx_http_usage_add_variables(ngx_conf_t *cf);


/* ngx_http_usage_noeffect.c: warnings of directives without effect */

/* Notes the file and line at which a block of the configuration begins. */
void ngx_http_usage_block_begin(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *conf);

/*
 * Finds out which directives stand in this very block, before it is merged with
 * the block around it, prev.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_block_end(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *prev, ngx_http_usage_loc_conf_t *conf);

/* Warns of directives without effect, once the configuration is read. */
void ngx_http_usage_check_blocks(ngx_conf_t *cf);


#endif /* NGX_HTTP_USAGE_CONF_H */
