/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What all folders of src/nginx share: the configuration, the context of the
 * client's request, and the files of this folder.
 */

#ifndef NGX_HTTP_USAGE_H
#define NGX_HTTP_USAGE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/evp.h>

#include "reply/usage_reply.h"
#include "request/usage_patterns.h"
#include "request/usage_request.h"
#include "sign/usage_credentials.h"


/* of SHA-256 */
#define NGX_HTTP_USAGE_KEY_LEN  32

/* usage_compare_sample, of all calls */
#define NGX_HTTP_USAGE_SAMPLE_ALL  10000

/* the largest reply of the legacy endpoint that is held, or compared */
#define NGX_HTTP_USAGE_LEGACY_MAX  (16 * 1024 * 1024)


/* usage_memory, at least */
#define NGX_HTTP_USAGE_MEMORY_MIN  (1024 * 1024)


typedef struct ngx_http_usage_breaker_s  ngx_http_usage_breaker_t;

typedef struct ngx_http_usage_known_s  ngx_http_usage_known_t;

typedef struct ngx_http_usage_replay_s  ngx_http_usage_replay_t;

typedef struct ngx_http_usage_metrics_s  ngx_http_usage_metrics_t;

typedef struct {
    usage_patterns_t         *patterns;
    ngx_http_usage_metrics_t *metrics;
    ngx_http_usage_known_t   *known;
    ngx_uint_t                translates; /* some location does */
    ngx_http_usage_breaker_t *breaker;    /* NULL: nobody falls back */
    ngx_array_t               blocks;     /* of ngx_http_usage_loc_conf_t * */
    ngx_array_t               zones;      /* of ngx_http_usage_zone_t */
    uint64_t                  seed[2];    /* of hashes, for all workers */
} ngx_http_usage_main_conf_t;


/*
 * A zone of usage_rate; times in microseconds.
 */

#define NGX_HTTP_USAGE_SALT         32
#define NGX_HTTP_USAGE_RATE_MINUTE  60000000
#define NGX_HTTP_USAGE_RATE_SECOND  1000000

typedef struct ngx_http_usage_bucket_s   ngx_http_usage_bucket_t;
typedef struct ngx_http_usage_buckets_s  ngx_http_usage_buckets_t;

typedef struct {
    ngx_http_usage_buckets_t *sh;
    ngx_slab_pool_t          *shpool;
    ngx_str_t                 name;
    ngx_str_t                 text;     /* the rate, as it is written */
    ngx_uint_t                calls;    /* in a window, at most */
    ngx_uint_t                burst;    /* of these at once */
    uint64_t                  window;
    uint64_t                  margin;
    uint64_t                  interval; /* from one call to the next */
    ngx_uint_t                reloads;  /* that the zone has seen */
    ngx_uint_t                crowded;  /* unsigned  crowded:1; */
} ngx_http_usage_rate_t;


/*
 * What nginx -t can say of a block of the configuration, and of a zone: where
 * it begins, or is named first.
 */

typedef struct ngx_http_usage_block_s  ngx_http_usage_block_t;

struct ngx_http_usage_block_s {
    ngx_http_usage_block_t   *parent;
    ngx_uint_t                own;        /* bits of directives in it */
    ngx_uint_t                translates; /* it, or a block in it */
    ngx_str_t                 name;       /* of the location */
    ngx_str_t                 file;
    ngx_uint_t                line;
};

typedef struct {
    ngx_shm_zone_t           *zone;
    ngx_http_usage_rate_t    *rate;   /* NULL: of usage_store */
    ngx_uint_t                used;
    ngx_str_t                 file;
    ngx_uint_t                line;
} ngx_http_usage_zone_t;


typedef struct {
    ngx_http_usage_block_t    block;
    ngx_str_t                 prefix; /* of the operator's location */
    ngx_flag_t                translate;
    uint64_t                  server[2]; /* of the location, a hash */
    ngx_flag_t                status; /* usage_status */
    ngx_int_t                 concurrency;
    ngx_msec_t                timeout;
    size_t                    memory;     /* of one call */
    ngx_http_complex_value_t *use_time;
    time_t                    retention_desktops; /* 0: not checked */
    time_t                    retention_users;
    ngx_flag_t                connections;
    time_t                    lookback;     /* of connection records */
    ngx_str_t                 hour_format;  /* of strftime(), with a NUL */
    ngx_flag_t                resource_id;  /* statistics know the filter */
    ngx_http_usage_rate_t    *rate;         /* NULL: off */
    ngx_int_t                 retries;
    ngx_shm_zone_t           *store;        /* NULL: off */
    ngx_http_complex_value_t *store_key;
    time_t                    final_after;  /* a day's start */
    time_t                    fresh;        /* 0: never */
    usage_credentials_t      *credentials;  /* NULL: off */
    time_t                    clock_skew;
    ngx_http_usage_replay_t  *replay;       /* NULL: off */
    ngx_http_complex_value_t *sign_host;
    ngx_http_complex_value_t *mode;         /* NULL: translate */
    time_t                    fallback_for;
    ngx_int_t                 compare_sample; /* of 10000 calls */
    ngx_open_file_t          *compare_log;    /* NULL: the error log */
    ngx_str_t                 deprecation; /* headers' values */
    ngx_str_t                 sunset;
    ngx_str_t                 link;
} ngx_http_usage_loc_conf_t;


typedef struct ngx_http_usage_ctx_s      ngx_http_usage_ctx_t;
typedef struct ngx_http_usage_store_s    ngx_http_usage_store_t;

/* what the folders own: fetch, pace, planner, store, modes */

typedef struct ngx_http_usage_fetches_s   ngx_http_usage_fetches_t;
typedef struct ngx_http_usage_pace_s      ngx_http_usage_pace_t;
typedef struct ngx_http_usage_planner_s   ngx_http_usage_planner_t;
typedef struct ngx_http_usage_lookup_s    ngx_http_usage_lookup_t;
typedef struct ngx_http_usage_endpoint_s  ngx_http_usage_endpoint_t;


/*
 * Who answers the request (usage_mode).
 */
typedef enum {
    NGX_HTTP_USAGE_MODE_TRANSLATE = 0,
    NGX_HTTP_USAGE_MODE_PASSTHROUGH,
    NGX_HTTP_USAGE_MODE_COMPARE,
    NGX_HTTP_USAGE_MODE_FALLBACK,
    NGX_HTTP_USAGE_MODE_TRANSLATED,  /* by fallback */
    NGX_HTTP_USAGE_MODES
} ngx_http_usage_mode_t;

typedef struct {
    ngx_http_usage_mode_t            mode;
    unsigned                         translated:1; /* the gateway answers */
    unsigned                         passed:1;     /* the endpoint answers */
    unsigned                         compared:1;   /* nobody gets the reply */
} ngx_http_usage_answerer_t;


/*
 * What the client asks for.
 */
typedef struct {
    usage_str_t                      project_id;
    usage_str_t                      body;       /* data NULL: not read */
    usage_request_t                  request;    /* the body, if it is valid */
    ngx_http_event_handler_pt        read_body;  /* nginx's own handler */
    ngx_event_t                      timer;      /* until the deadline */
    ngx_msec_t                       deadline;   /* by usage_timeout */
    ngx_uint_t                       parsed;     /* unsigned  parsed:1; */
} ngx_http_usage_inbound_t;


/*
 * Who asks, and what is proven of that.
 */
typedef struct {
    const usage_credential_t        *credential; /* NULL: it isn't signed */
    usage_str_t                      signed_names; /* of headers */
    uint64_t                         key[2];     /* of the credential */
    unsigned                         refused:1;  /* the signature is */
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
    ngx_str_t                        reply;      /* how it begins, not JSON */
    ngx_uint_t                       told;       /* the client knows the error */
} ngx_http_usage_blame_t;


/*
 * How those reach their owner who answer a request: each set by the owner, or
 * NULL.
 */
typedef struct {

    /* Takes the reply in the client's place. */
    void  (*reply)(ngx_http_usage_ctx_t *ctx, ngx_uint_t status, u_char *data,
                   size_t len);

    /* The translation is answered 200. */
    void  (*answered)(ngx_http_usage_ctx_t *ctx);

    /* No upstream call is of use any more: the client left, or has a reply. */
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
    ngx_http_usage_endpoint_t       *endpoint;   /* NULL: it isn't asked */
};


extern ngx_module_t  ngx_http_usage_module;


/* ngx_http_usage_ctx.c: the context of a request */

/*
 * Returns the context of r, created if r has none.  NULL: memory is out.
 */
ngx_http_usage_ctx_t *ngx_http_usage_get_ctx(ngx_http_request_t *r);

/*
 * Returns the context of r, also after an internal redirect if it was kept for
 * that, or NULL.
 */
ngx_http_usage_ctx_t *ngx_http_usage_find_ctx(ngx_http_request_t *r);

/*
 * Keeps the context findable after an internal redirect.  NGX_ERROR: memory is
 * out.
 */
ngx_int_t ngx_http_usage_keep_ctx(ngx_http_usage_ctx_t *ctx);

/* Allocates size bytes from an nginx pool: alloc() of a usage_pool_t. */
void *ngx_http_usage_alloc(void *pool, size_t size);


/* ngx_http_usage_mode.c: who answers the request */

/* What modes are called: in usage_mode, in $usage_mode and in metrics. */
extern ngx_str_t  ngx_http_usage_modes[NGX_HTTP_USAGE_MODES];

/* Finds the mode of that name.  NGX_HTTP_USAGE_MODES: there is none. */
ngx_http_usage_mode_t ngx_http_usage_mode_named(ngx_str_t *name);

/* Tells whether requests in a location may be of that mode. */
ngx_uint_t ngx_http_usage_mode_may_be(ngx_http_usage_loc_conf_t *conf,
    ngx_http_usage_mode_t mode);

/* Sets the mode of a request, as usage_mode says for it. */
void ngx_http_usage_set_mode(ngx_http_usage_ctx_t *ctx);

/* Tells who answers the request, as far as that is known by now. */
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

/* Returns the name of a header among such names, or NULL. */
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
 * Tells whether the gateway may speak for a header of the client's: the request
 * isn't signed, or the signature is over the header.
 */
ngx_uint_t ngx_http_usage_vouches(ngx_http_usage_ctx_t *ctx,
    ngx_table_elt_t *header);

/* Returns the token that a request carries, or NULL. */
ngx_str_t *ngx_http_usage_token(ngx_http_request_t *r);


/* ngx_http_usage_key.c: who the caller is, as a hash */

/*
 * Makes the key of a caller: of value, or of its credential if value is NULL.
 * salt and key have NGX_HTTP_USAGE_KEY_LEN bytes.  NGX_DECLINED: there is no
 * credential, and the key is that of all who have none.
 */
ngx_int_t ngx_http_usage_key(ngx_http_usage_ctx_t *ctx,
    ngx_http_complex_value_t *value, u_char *salt, u_char *key);

/*
 * Makes the hash that tells a translating location's server from all others,
 * and stays the same over reloads.
 */
void ngx_http_usage_key_server(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *conf);

/* Adds the caller's credential to a digest.  NGX_DECLINED: there is none. */
ngx_int_t ngx_http_usage_key_credential(EVP_MD_CTX *md,
    ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_zones.c: the zones that directives name */

/*
 * Notes that a directive of usage_store or usage_rate (then with its rate)
 * names a zone, and whether it uses it.
 */
ngx_int_t ngx_http_usage_zone_named(ngx_conf_t *cf, ngx_shm_zone_t *zone,
    ngx_http_usage_rate_t *rate, ngx_uint_t used);

/*
 * Checks all of them, once the configuration is read: warns of zones that
 * nothing uses.  NGX_ERROR: one is not defined.
 */
ngx_int_t ngx_http_usage_check_zones(ngx_conf_t *cf);


/* ngx_http_usage_build.c: which build runs */

/* A checksum of the sources. */
extern ngx_str_t  ngx_http_usage_build;

/* Tells the error log which build runs, as nginx starts or is reloaded. */
ngx_int_t ngx_http_usage_build_log(ngx_cycle_t *cycle);


#endif /* NGX_HTTP_USAGE_H */
