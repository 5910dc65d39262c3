/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What all folders of src/nginx share: the configuration, the context of a
 * client's request, and the functions of this folder.
 */

#ifndef NGX_HTTP_USAGE_H
#define NGX_HTTP_USAGE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "reply/usage_reply.h"
#include "request/usage_patterns.h"
#include "request/usage_request.h"
#include "sign/usage_credentials.h"


/* bytes of a key, which is a SHA-256, and of its salt */
#define NGX_HTTP_USAGE_KEY_LEN      32

/* usage_compare_sample and usage_connections_tolerance count in parts of this,
 * which is all */
#define NGX_HTTP_USAGE_SHARE_ALL    10000

/* bytes of the largest reply of the legacy endpoint that is held or compared */
#define NGX_HTTP_USAGE_LEGACY_MAX   (16 * 1024 * 1024)

/* bytes that usage_memory allows at least */
#define NGX_HTTP_USAGE_MEMORY_MIN   (1024 * 1024)


/* what the folders own of the configuration: base, call, modes, pace, redis,
 * share, sign */

typedef struct ngx_http_usage_metrics_s  ngx_http_usage_metrics_t;
typedef struct ngx_http_usage_known_s    ngx_http_usage_known_t;
typedef struct ngx_http_usage_breaker_s  ngx_http_usage_breaker_t;
typedef struct ngx_http_usage_rate_s     ngx_http_usage_rate_t;
typedef struct ngx_http_usage_replay_s   ngx_http_usage_replay_t;
typedef struct ngx_http_usage_share_s    ngx_http_usage_share_t;
typedef struct ngx_http_usage_shared_s   ngx_http_usage_shared_t;
typedef struct ngx_http_usage_redis_s    ngx_http_usage_redis_t;


typedef struct {
    usage_patterns_t                *patterns;
    ngx_http_usage_metrics_t        *metrics;
    ngx_http_usage_known_t          *known;
    ngx_http_usage_breaker_t        *breaker;    /* NULL: no fallback */
    ngx_http_usage_shared_t         *shared;     /* NULL: no usage_share */
    ngx_uint_t                       translates; /* unsigned  translates:1; */
    ngx_int_t                        request_id; /* index of the variable */
    ngx_array_t                      blocks;     /* of loc_conf_t * */
    ngx_array_t                      zones;      /* of zone_t */
    uint64_t                         seed[2];    /* of all workers' hashes */
} ngx_http_usage_main_conf_t;


/*
 * A block of the configuration, for what nginx -t says of it.
 */
typedef struct ngx_http_usage_block_s  ngx_http_usage_block_t;
typedef struct ngx_http_usage_own_s    ngx_http_usage_own_t;

struct ngx_http_usage_block_s {
    ngx_http_usage_block_t          *parent;
    ngx_http_usage_own_t            *own;        /* directives */
    ngx_uint_t                       translates; /* a block in it does, or it */
    ngx_str_t                        name;       /* of the location */
    ngx_str_t                        file;       /* in which it begins */
    ngx_uint_t                       line;
};


/*
 * A zone that a directive of usage_store or usage_rate names.
 */
typedef struct {
    ngx_shm_zone_t                  *zone;
    ngx_uint_t                      *calls;      /* of usage_rate, or NULL */
    ngx_uint_t                       used;       /* unsigned  used:1; */
    ngx_str_t                        file;       /* that names it first */
    ngx_uint_t                       line;
} ngx_http_usage_zone_t;


/*
 * The configuration of a location.  NULL: the directive is off, or isn't there.
 * A time_t is in seconds.
 */
typedef struct {
    ngx_http_usage_block_t           block;
    ngx_flag_t                       status;     /* usage_status */
    ngx_flag_t                       translate;  /* usage_translate */
    ngx_str_t                        prefix;     /* of upstream calls' URIs */
    uint64_t                         upstream[2]; /* a hash of where they go */
    ngx_int_t                        concurrency; /* upstream calls at once */
    ngx_msec_t                       timeout;    /* of a request */
    size_t                           memory;     /* bytes, of a request */
    ngx_http_complex_value_t        *use_time;   /* NULL: auto */
    time_t                           retention_desktops; /* 0: not checked */
    time_t                           retention_users;    /* 0: not checked */
    time_t                           retention_records;  /* 0: not checked */
    ngx_flag_t                       connections;
    ngx_flag_t                       monitoring;
    time_t                           lookback;   /* of connection records */
    ngx_int_t                        tolerance_share; /* of SHARE_ALL */
    time_t                           tolerance_time;  /* for each day */
    ngx_uint_t                       with_seconds; /* no times to the minute
                                                    * are taken: found out by
                                                    * this worker */
    ngx_str_t                        hour_format; /* strftime()'s, with a NUL */
    ngx_http_complex_value_t        *enterprise_project;
    ngx_flag_t                       resource_id;
    ngx_http_usage_rate_t           *rate;
    ngx_int_t                        retries;    /* of an upstream call */
    ngx_http_usage_share_t          *share;
    ngx_http_usage_redis_t          *redis;      /* of this very location */
    ngx_shm_zone_t                  *store;
    ngx_http_complex_value_t        *store_key;
    time_t                           final_after; /* since a day's start */
    time_t                           fresh;      /* 0: never */
    usage_credentials_t             *credentials;
    time_t                           clock_skew;
    ngx_http_usage_replay_t         *replay;
    ngx_http_complex_value_t        *sign_host;
    ngx_http_complex_value_t        *mode;       /* NULL: translate */
    time_t                           fallback_for;
    ngx_int_t                        compare_sample; /* of SHARE_ALL */
    ngx_open_file_t                 *compare_log; /* NULL: the error log */
    ngx_str_t                        deprecation; /* the headers' values */
    ngx_str_t                        sunset;
    ngx_str_t                        link;
} ngx_http_usage_loc_conf_t;


typedef struct ngx_http_usage_ctx_s      ngx_http_usage_ctx_t;
typedef struct ngx_http_usage_store_s    ngx_http_usage_store_t;

/* what folders own of a request: fetch, pace, planner, store, modes, sign,
 * share */

typedef struct ngx_http_usage_fetches_s   ngx_http_usage_fetches_t;
typedef struct ngx_http_usage_pace_s      ngx_http_usage_pace_t;
typedef struct ngx_http_usage_planner_s   ngx_http_usage_planner_t;
typedef struct ngx_http_usage_lookup_s    ngx_http_usage_lookup_t;
typedef struct ngx_http_usage_endpoint_s  ngx_http_usage_endpoint_t;
typedef struct ngx_http_usage_signing_s   ngx_http_usage_signing_t;
typedef struct ngx_http_usage_shares_s    ngx_http_usage_shares_t;


/*
 * The values of usage_mode.
 */
typedef enum {
    NGX_HTTP_USAGE_MODE_TRANSLATE = 0,
    NGX_HTTP_USAGE_MODE_PASSTHROUGH,
    NGX_HTTP_USAGE_MODE_COMPARE,
    NGX_HTTP_USAGE_MODE_FALLBACK,
    NGX_HTTP_USAGE_MODE_TRANSLATED,  /* fallback, and the gateway answered */
    NGX_HTTP_USAGE_MODES
} ngx_http_usage_mode_t;


/*
 * Who answers the request.
 */
typedef struct {
    ngx_http_usage_mode_t            mode;
    unsigned                         translated:1; /* the gateway answers */
    unsigned                         passed:1;     /* the endpoint answers */
    unsigned                         compared:1;   /* the reply isn't sent */
} ngx_http_usage_answerer_t;


/*
 * What the client requests.
 */
typedef struct {
    usage_str_t                      path;       /* decoded by nginx */
    usage_str_t                      project_id;
    usage_str_t                      enterprise_project; /* empty: all */
    usage_str_t                      body;       /* data NULL: not read */
    usage_request_t                  request;    /* the body, if it is valid */
    ngx_http_event_handler_pt        read_body;  /* nginx's own handler */
    ngx_event_t                      timer;      /* until the deadline */
    ngx_msec_t                       deadline;   /* by usage_timeout */
    ngx_uint_t                       parsed;     /* unsigned  parsed:1; */
} ngx_http_usage_inbound_t;


/*
 * Who sent the request, and what is proven of that.
 */
typedef struct {
    const usage_credential_t        *credential; /* NULL: it isn't signed */
    usage_str_t                      signed_names; /* of headers */
    uint64_t                         key[2];     /* of the credential */
    ngx_uint_t                       domain;     /* a usage_filter_t: what the
                                                  * service makes of it */
    unsigned                         refused:1;  /* the signature is wrong */
    unsigned                         trusted:1;  /* the service took it */
    unsigned                         allowed:1;  /* to read statistics, now */
} ngx_http_usage_caller_t;


/*
 * What the reply is written from.
 */
typedef struct {
    usage_item_t                    *items;      /* entries to send */
    size_t                           count;      /* of these */
    size_t                           elements;   /* of each entry */
    int64_t                          total;      /* entries, sent or not */
    ngx_uint_t                       sent;       /* entries, sent by now */
    ngx_uint_t                       stored;     /* days from the store */
    double                           unattributed; /* seconds, of no desktop */
    ngx_chain_t                     *replacement; /* of nginx's error page */
    ngx_uint_t                       begun;      /* unsigned  begun:1; */
} ngx_http_usage_answer_t;


/*
 * What the log says of an upstream call that failed.
 */
typedef struct {
    ngx_str_t                        uri;        /* of the call */
    ngx_str_t                        reply;      /* its start, if not JSON */
    const char                      *action;     /* missing, after a 403 */
    ngx_uint_t                       told;       /* to the client, too */
} ngx_http_usage_blame_t;


/*
 * Handlers of those who own the reply.  The owner sets them; NULL: there is
 * none.
 */
typedef struct {

    /* Takes the reply in the client's place. */
    void  (*reply)(ngx_http_usage_ctx_t *ctx, ngx_uint_t status, u_char *data,
                   size_t len);

    /* Learns that the translation is answered 200. */
    void  (*answered)(ngx_http_usage_ctx_t *ctx);

    /* Ends its upstream calls: the client left, or has a reply. */
    void  (*end)(ngx_http_usage_ctx_t *ctx);

} ngx_http_usage_hooks_t;


/*
 * The context of the client's request.
 */
struct ngx_http_usage_ctx_s {
    ngx_http_request_t              *request;
    ngx_http_usage_loc_conf_t       *conf;       /* of the first location */
    usage_pool_t                     pool;       /* of the request */
    usage_budget_t                   budget;     /* usage_memory */
    usage_error_t                    error;      /* status 0: none */
    ngx_http_usage_blame_t           blame;
    ngx_http_usage_answerer_t        answerer;
    ngx_http_usage_inbound_t         inbound;
    ngx_http_usage_caller_t          caller;
    ngx_http_usage_answer_t          answer;
    ngx_http_usage_hooks_t           hooks;
    ngx_http_usage_fetches_t        *fetches;    /* NULL: no upstream calls */
    ngx_http_usage_pace_t           *pace;       /* NULL: no waiting */
    ngx_http_usage_planner_t        *planner;    /* NULL: not translated */
    ngx_http_usage_lookup_t         *lookup;     /* NULL: no day store */
    ngx_http_usage_endpoint_t       *endpoint;   /* NULL: it isn't involved */
    ngx_http_usage_signing_t        *signing;    /* NULL: not signed anew */
    ngx_http_usage_shares_t         *shares;     /* NULL: no operations */
};


extern ngx_module_t  ngx_http_usage_module;


/* ngx_http_usage_ctx.c: the context of a request */

/*
 * Returns the context of r, created if r has none.  NULL: memory is out.
 */
ngx_http_usage_ctx_t *ngx_http_usage_get_ctx(ngx_http_request_t *r);

/*
 * Returns the context of r, or NULL.  A context that was kept is found after an
 * internal redirect, too.
 */
ngx_http_usage_ctx_t *ngx_http_usage_find_ctx(ngx_http_request_t *r);

/*
 * Keeps the context for after an internal redirect.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_keep_ctx(ngx_http_usage_ctx_t *ctx);

/* Allocates bytes from an nginx pool: alloc() of a usage_pool_t. */
void *ngx_http_usage_alloc(void *pool, size_t size);


/* ngx_http_usage_mode.c: who answers the request */

/* the names of modes in usage_mode, in $usage_mode and in metrics */
extern ngx_str_t  ngx_http_usage_modes[NGX_HTTP_USAGE_MODES];

/* Finds the mode of that name.  NGX_HTTP_USAGE_MODES: there is none. */
ngx_http_usage_mode_t ngx_http_usage_mode_named(ngx_str_t *name);

/* Tells if requests in a location may have that mode. */
ngx_uint_t ngx_http_usage_mode_may_be(ngx_http_usage_loc_conf_t *conf,
    ngx_http_usage_mode_t mode);

/* Sets the mode of a request from usage_mode. */
void ngx_http_usage_set_mode(ngx_http_usage_ctx_t *ctx);

/* Returns the mode of a request as metrics and logs tell it. */
ngx_http_usage_mode_t ngx_http_usage_mode_done(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_headers.c: lists of headers */

/*
 * Returns the next header of a list, or NULL.  To begin, *part is the list's
 * first part, and *i is 0.
 */
ngx_table_elt_t *ngx_http_usage_next_header(ngx_list_part_t **part,
    ngx_uint_t *i);

/*
 * Returns the next header that has one of the names, or NULL.  The names are in
 * lower case, an empty one is last.
 */
ngx_table_elt_t *ngx_http_usage_find_header(ngx_list_part_t **part,
    ngx_uint_t *i, ngx_str_t *names);

/* Finds a header's name among such names, or returns NULL. */
ngx_str_t *ngx_http_usage_header_in(ngx_table_elt_t *header, ngx_str_t *names);

/* Counts the headers of a list. */
ngx_uint_t ngx_http_usage_count_headers(ngx_list_t *list);

/* Adds a header, whose name is in lower case.  NGX_ERROR: memory is out. */
ngx_int_t ngx_http_usage_push_header(ngx_list_t *list, ngx_str_t *name,
    ngx_str_t *value);

/* Adds a header to the reply of r.  NGX_ERROR: memory is out. */
ngx_int_t ngx_http_usage_add_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value);

/*
 * Tells if a header is certainly the caller's own: the request isn't signed, or
 * the signature covers the header.
 */
ngx_uint_t ngx_http_usage_vouches(ngx_http_usage_ctx_t *ctx,
    ngx_table_elt_t *header);

/*
 * Tells if a header may go to the service: it doesn't decide whose data comes,
 * or it is certainly the caller's own.
 */
ngx_uint_t ngx_http_usage_travels(ngx_http_usage_ctx_t *ctx,
    ngx_table_elt_t *header);

/* Returns the token of a request, or NULL. */
ngx_str_t *ngx_http_usage_token(ngx_http_request_t *r);


/* ngx_http_usage_request_id.c: what a request is called */

/* the header's name, X-Request-Id, as ngx_http_usage_find_header() takes it */
extern ngx_str_t  ngx_http_usage_request_id_names[];

/*
 * Makes $request_id one value for all of a request.  usage_translate calls it.
 * NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_request_id_index(ngx_conf_t *cf);

/*
 * Sets the id of a request: the client's X-Request-Id, if there is just one, of
 * at most 128 visible ASCII characters; or else $request_id.  The id lives as
 * long as the request.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_request_id(ngx_http_request_t *r, ngx_str_t *id);

/*
 * Sets nginx's own id of a request, $request_id, which no client can choose.
 * Once it was asked for, all subrequests and copies of the request have the
 * same.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_own_request_id(ngx_http_request_t *r, ngx_str_t *id);


/* ngx_http_usage_key.c: who the caller is, as a hash */

/*
 * What a key tells apart beside credentials: all that leads to other data, the
 * same but for this gateway's own servers, or only what has a quota of its own.
 */
typedef enum {
    NGX_HTTP_USAGE_SCOPE_DATA = 0,
    NGX_HTTP_USAGE_SCOPE_SHARED,
    NGX_HTTP_USAGE_SCOPE_QUOTA
} ngx_http_usage_scope_t;

/*
 * Makes the key of a caller: of value, or of its credential if value is NULL.
 * salt and key have NGX_HTTP_USAGE_KEY_LEN bytes.  NGX_DECLINED: there is no
 * credential, and the key is that of all who have none.
 */
ngx_int_t ngx_http_usage_key(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_scope_t scope, ngx_http_complex_value_t *value,
    u_char *salt, u_char *key);

/*
 * Makes the hash that tells the prefix and the server of a translating location
 * from all others.  It stays the same over reloads.
 */
void ngx_http_usage_key_upstream(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *conf);


/* ngx_http_usage_zones.c: the zones that directives name */

/*
 * Splits "zone=name:size", or "zone=name", and returns the size in bytes.
 * 0: there is none, and size->data is NULL.  NGX_ERROR: it is no size.
 */
ssize_t ngx_http_usage_zone_value(ngx_str_t *value, ngx_str_t *name,
    ngx_str_t *size);

/*
 * Notes that a directive names a zone, and if it uses it.  calls: for a zone of
 * usage_rate, the calls of its rate, 0 as long as no directive has told it; for
 * one of usage_store, NULL.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_zone_named(ngx_conf_t *cf, ngx_shm_zone_t *zone,
    ngx_uint_t *calls, ngx_uint_t used);

/*
 * Checks all named zones, once the configuration is read, and warns of those
 * that nothing uses.  NGX_ERROR: one has no size or no rate.
 */
ngx_int_t ngx_http_usage_check_zones(ngx_conf_t *cf);


/* ngx_http_usage_secret.c: files that only their owner can read */

/*
 * Reads all of the file that a directive names into the configuration's pool.
 * The caller wipes the text once it isn't needed.  NGX_ERROR: the file can't be
 * read, others than its owner can read it, it is no file, or is larger than 1m;
 * that is logged.
 */
ngx_int_t ngx_http_usage_secret_read(ngx_conf_t *cf, const char *directive,
    ngx_str_t *name, ngx_str_t *text);


/* ngx_http_usage_build.c: which build runs */

/* a checksum of the sources */
extern ngx_str_t  ngx_http_usage_build;

/* Logs which build runs, when nginx starts or is reloaded. */
ngx_int_t ngx_http_usage_build_log(ngx_cycle_t *cycle);


#endif /* NGX_HTTP_USAGE_H */
