/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The module's own types: configuration, the legacy call that a request makes,
 * the calls of the successors that its subrequests make.
 */

#ifndef NGX_HTTP_USAGE_H
#define NGX_HTTP_USAGE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/evp.h>

#include "sign/usage_credentials.h"
#include "gather/usage_auth.h"
#include "base/usage_number.h"
#include "plan/usage_plan.h"
#include "sign/usage_signature.h"


/* of SHA-256 */
#define NGX_HTTP_USAGE_KEY_LEN  32

/* usage_compare_sample, of all calls */
#define NGX_HTTP_USAGE_SAMPLE_ALL  10000

/* how much of a reply's beginning is kept for the log, in bytes */
#define NGX_HTTP_USAGE_HEAD  48

/* the largest reply of the legacy endpoint that is held, or compared */
#define NGX_HTTP_USAGE_LEGACY_MAX  (16 * 1024 * 1024)


/* usage_memory, at least */
#define NGX_HTTP_USAGE_MEMORY_MIN  (1024 * 1024)


typedef struct ngx_http_usage_breaker_s  ngx_http_usage_breaker_t;

typedef struct ngx_http_usage_known_s  ngx_http_usage_known_t;

typedef struct ngx_http_usage_replay_s  ngx_http_usage_replay_t;

typedef struct ngx_http_usage_metrics_s  ngx_http_usage_metrics_t;

typedef struct {
    usage_patterns_t            *forms;
    ngx_http_usage_metrics_t *metrics;
    ngx_http_usage_known_t   *known;
    ngx_uint_t                translates; /* some location does */
    ngx_http_usage_breaker_t    *gone;       /* NULL: nobody falls back */
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
 * What a call has reserved of a bucket: the time at which it may start, what
 * the bucket was before, and what it became.
 */
typedef struct {
    uint64_t                  time;
    uint64_t                  before;
    uint64_t                  after;
} ngx_http_usage_slot_t;


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


typedef struct ngx_http_usage_ctx_s ngx_http_usage_ctx_t;
typedef struct ngx_http_usage_compare_s ngx_http_usage_compare_t;
typedef struct ngx_http_usage_store_s ngx_http_usage_store_t;


/*
 * What a plan is for.
 */
enum {
    NGX_HTTP_USAGE_PLAIN = 0, /* the call, without the store */
    NGX_HTTP_USAGE_WHOLE,     /* the call, of which nothing is stored yet */
    NGX_HTTP_USAGE_RUN,       /* days next to each other, which are missing */
    NGX_HTTP_USAGE_LOOK_UP    /* desktops that the directory may know */
};


/*
 * What is found out of a desktop that stored windows don't show.
 */
enum {
    NGX_HTTP_USAGE_UNASKED = 0,
    NGX_HTTP_USAGE_KNOWN,
    NGX_HTTP_USAGE_UNKNOWN
};


/*
 * Who answers the legacy call (usage_mode).
 */
typedef enum {
    NGX_HTTP_USAGE_MODE_TRANSLATE = 0,
    NGX_HTTP_USAGE_MODE_PASSTHROUGH,
    NGX_HTTP_USAGE_MODE_COMPARE,
    NGX_HTTP_USAGE_MODE_FALLBACK,
    NGX_HTTP_USAGE_MODE_TRANSLATED,  /* by fallback */
    NGX_HTTP_USAGE_MODES
} ngx_http_usage_mode_t;


/*
 * The memory of a subrequest, which lies in it itself.
 */
typedef struct ngx_http_usage_memory_s  ngx_http_usage_memory_t;

struct ngx_http_usage_memory_s {
    ngx_http_usage_memory_t         *next;
    ngx_pool_t                      *pool;
    ngx_pool_cleanup_t              *shared;  /* of the client's request */
    ngx_http_request_t              *request;
    ngx_uint_t                       done;    /* unsigned  done:1; */
};


/*
 * The client's address as the client's request has it.
 */
typedef struct {
    struct sockaddr                 *sockaddr;
    socklen_t                        socklen; /* bytes */
    ngx_str_t                        text;
} ngx_http_usage_address_t;


/*
 * What became of an upstream call.
 */
typedef enum {
    NGX_HTTP_USAGE_ANSWERED = 0,
    NGX_HTTP_USAGE_TIMED_OUT,
    NGX_HTTP_USAGE_UNRESOLVED,  /* the upstream's name */
    NGX_HTTP_USAGE_UNREACHABLE,
    NGX_HTTP_USAGE_NOT_MADE,    /* nginx itself failed, or refused it */
    NGX_HTTP_USAGE_INCOMPLETE,  /* the reply ended early */
    NGX_HTTP_USAGE_CANCELLED
} ngx_http_usage_outcome_t;


/*
 * One call of a successor: a subrequest, what it answered so far.
 */
typedef struct {
    ngx_http_usage_ctx_t            *ctx;
    ngx_http_request_t              *request; /* NULL: free for the next call */
    ngx_http_usage_memory_t         *memory;
    ngx_http_post_subrequest_t       done_handler;
    ngx_http_handler_pt              content_handler; /* of its location */
    void                           (*finalize_upstream)(ngx_http_request_t *r,
                                                        ngx_int_t rc);
    usage_call_t                     call;
    usage_error_t                    error;   /* of the reader */
    ngx_uint_t                       status;
    ngx_str_t                        retry_after;
    ngx_str_t                        body;    /* that isn't read as it comes */
    size_t                           body_size;
    u_char                           head[NGX_HTTP_USAGE_HEAD];
    size_t                           head_len;
    usage_page_reader_t              reader;
    unsigned                         legacy:1;    /* of the legacy endpoint */
    unsigned                         reads:1;     /* as it comes */
    unsigned                         whole:1;
    unsigned                         own:1;       /* the status is nginx's */
    unsigned                         timed_out:1;
    unsigned                         cached:1;    /* by nginx's proxy_cache */
    unsigned                         nonsense:1;  /* the reader says so */
    unsigned                         too_large:1;
    unsigned                         done:1;
    unsigned                         counted:1;   /* for usage_status */
    unsigned                         waits:1;     /* to be tried again, */
    unsigned                         due:1;       /* now */
    ngx_uint_t                       tries;       /* again, so far */
    ngx_event_t                      timer;       /* until the next */
} ngx_http_usage_fetch_t;


/*
 * The pace of a legacy call, and the time that it has waited.
 */
typedef struct {
    ngx_http_usage_rate_t           *rate; /* NULL: nothing to keep to */
    uint64_t                         key[2];
    ngx_http_usage_fetch_t          *held; /* has a slot, and isn't started */
    ngx_msec_t                       held_since;
    ngx_http_usage_slot_t            slot;
    ngx_event_t                      timer;
    ngx_uint_t                       calls[USAGE_CALL_APIS]; /* started */
    ngx_uint_t                       waiting; /* calls, at this moment */
    ngx_msec_t                       since;   /* the first of them */
    ngx_msec_t                       waited;  /* until that */
} ngx_http_usage_pace_t;


/*
 * The legacy call: the context of the request that the client made.
 */
struct ngx_http_usage_ctx_s {
    ngx_http_request_t              *request;
    ngx_http_usage_loc_conf_t       *conf;    /* of the call's location */
    ngx_http_usage_mode_t            mode;
    ngx_str_t                        uri;          /* before it was passed */
    ngx_uint_t                       uri_changes;  /* left afterwards */
    ngx_http_event_handler_pt        read_body;
    usage_pool_t                     pool;
    usage_budget_t                   budget;       /* of pool, and of bodies */
    usage_str_t                      project_id;
    usage_str_t                      body;         /* data NULL: none is had */
    usage_request_t                  legacy;
    usage_upstream_t                 upstream;
    usage_plan_t                     plan;
    usage_error_t                    error;
    const usage_credential_t        *credential; /* NULL: it isn't signed */
    usage_str_t                      signed_names; /* of headers */
    ngx_event_t                      timer;
    ngx_event_t                      wake;        /* subrequests are done */
    ngx_msec_t                       deadline;
    ngx_http_usage_pace_t            pace;
    uint64_t                         known_key[2]; /* of the credential */
    ngx_http_headers_in_t            headers_in;   /* of the subrequests */
    ngx_http_request_body_t         *request_body; /* of the subrequests */
    ngx_http_usage_fetch_t         **fetches;
    ngx_http_usage_memory_t         *memories;
    ngx_http_usage_address_t         address;
    ngx_http_usage_fetch_t          *endpoint;     /* legacy one asked, NULL */
    ngx_msec_t                       endpoint_time;  /* that it has, */
    ngx_msec_t                       endpoint_since;
    const char                      *endpoint_silent; /* why, or NULL */
    ngx_http_usage_compare_t        *capture;      /* takes the reply, NULL */
    ngx_http_usage_compare_t        *compare;      /* is given it, NULL */
    ngx_uint_t                       fetching;
    ngx_uint_t                       calls;
    ngx_uint_t                       desktops;     /* entries sent */
    usage_item_t                    *items;        /* of the reply, */
    size_t                           count;        /* so many, */
    size_t                           elements;     /* each with so many */
    int64_t                          total;
    ngx_http_usage_store_t          *store;        /* NULL: none */
    u_char                           key[NGX_HTTP_USAGE_KEY_LEN];
    uint64_t                         owner;        /* of what it stores */
    uint64_t                         subject;      /* which desktops it needs */
    ngx_msec_t                       started;
    size_t                           past;         /* days to be found */
    size_t                           missing_first;
    size_t                           missing_last;
    size_t                           run_last;     /* of those fetched */
    size_t                           fetched;
    ngx_uint_t                       stored;       /* windows taken */
    usage_request_t                  part;         /* that the plan is for */
    uint32_t                        *places;       /* in the store */
    uint32_t                        *listed;
    usage_str_t                     *unlisted;     /* desktops to look up */
    size_t                           unlisted_count;
    u_char                          *known;        /* of those asked for */
    uint32_t                        *asked;        /* of those sent, which */
    usage_auth_t                     live;
    ngx_event_t                      poll;
    ngx_uint_t                       step;
    ngx_str_t                        project_text; /* $usage_project_id */
    ngx_str_t                        error_text;   /* $usage_error */
    ngx_str_t                        error_uri;    /* whose call failed */
    ngx_str_t                        error_reply;  /* how what isn't JSON begins */
    ngx_chain_t                     *replacement;  /* of nginx's error page */
    unsigned                         parsed:1;
    unsigned                         opened:1;
    unsigned                         passed:1;      /* the legacy endpoint's */
    unsigned                         translated:1;
    unsigned                         probes:1;      /* whether it is back */
    unsigned                         probe:1;       /* the gateway's own call */
    unsigned                         refused:1;     /* its signature is */
    unsigned                         replying:1;
    unsigned                         ended:1;
    unsigned                         ready:1;       /* the items are here */
    unsigned                         waits:1;       /* for another call */
    unsigned                         leads:1;       /* others may wait */
    unsigned                         unplaced:1;    /* ids that aren't kept */
    unsigned                         live_wanted:1;
    unsigned                         live_waiting:1;
    unsigned                         shown:1;       /* a good credential */
    unsigned                         allowed:1;     /* to read statistics */
};


extern ngx_module_t  ngx_http_usage_module;


/* ngx_http_usage_conf.c: setters of directives, and what follows them */

char *ngx_http_usage_translate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
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

ngx_int_t ngx_http_usage_add_variables(ngx_conf_t *cf);


/* ngx_http_usage_handler.c: the legacy call as it comes in */

/* The content handler of a location with usage_translate. */
ngx_int_t ngx_http_usage_handler(ngx_http_request_t *r);

/*
 * The context of the legacy call that r makes, created where it has none.
 * NULL where memory is out.
 */
ngx_http_usage_ctx_t *ngx_http_usage_get_ctx(ngx_http_request_t *r);

/* alloc() of a usage_pool_t, whose data is an nginx pool. */
void *ngx_http_usage_alloc(void *data, size_t size);

/*
 * Whether the path is the legacy call's; the project_id is set then.
 */
ngx_uint_t ngx_http_usage_route(ngx_http_usage_ctx_t *ctx, usage_str_t path);

/* Reads the call's body.  NGX_ERROR: ctx->error says what is wrong with it. */
ngx_int_t ngx_http_usage_parse(ngx_http_usage_ctx_t *ctx);

/*
 * Reads the body of a call that was passed on unread, whose reply comes, if all
 * of it is here.
 */
void ngx_http_usage_parse_passed(ngx_http_usage_ctx_t *ctx);

/* Translates the call, or says what is wrong with it. */
void ngx_http_usage_translate_call(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_call.c: the legacy call under way */

/*
 * Prepares the request for subrequests: the time allowed begins, and what has
 * to happen when the client goes away is seen to.
 */
ngx_int_t ngx_http_usage_call_open(ngx_http_usage_ctx_t *ctx);

/*
 * Makes the calls that ctx->plan wants, and sends the reply in the end.
 */
void ngx_http_usage_call_start(ngx_http_usage_ctx_t *ctx);

/* Goes on where a call waited, or ends where ctx->error says so. */
void ngx_http_usage_call_resume(ngx_http_usage_ctx_t *ctx);

/* The call is decided: what is still under way is of no use any more. */
void ngx_http_usage_call_end(ngx_http_usage_ctx_t *ctx);

/* limit_req's delay of one subrequest ends where another deleted its timer. */
void ngx_http_usage_undelay(ngx_http_request_t *r);

/* Takes away a timer or a delay that a subrequest left at the connection. */
void ngx_http_usage_calm(ngx_http_request_t *r);

/*
 * Wakes a legacy call from a timer's handler.
 */
void ngx_http_usage_call_wake(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_headers.c: lists of headers */

/*
 * The next header of a list, or NULL; *part is its first part and *i is 0 to
 * start with.
 */
ngx_table_elt_t *ngx_http_usage_next_header(ngx_list_part_t **part,
    ngx_uint_t *i);

/* Which of the names, in lower case and with an empty one last, or NULL. */
ngx_str_t *ngx_http_usage_header_in(ngx_table_elt_t *header, ngx_str_t *names);

ngx_uint_t ngx_http_usage_count_headers(ngx_list_t *list);

/* Adds a header, whose name is in lower case. */
ngx_int_t ngx_http_usage_push_header(ngx_list_t *list, ngx_str_t *name,
    ngx_str_t *value);

/*
 * Whether each X-Project-Id names the project of the path.  NGX_ERROR:
 * ctx->error says that one doesn't.
 */
ngx_int_t ngx_http_usage_check_project(ngx_http_usage_ctx_t *ctx);

/* The token that a request carries, or NULL. */
ngx_str_t *ngx_http_usage_token(ngx_http_request_t *r);


/* ngx_http_usage_advance.c: what the calls brought, and which are next */

/*
 * Takes what a fetch brought.  NGX_ERROR: it ended the call, and the reply is
 * sent.
 */
ngx_int_t ngx_http_usage_collect(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/*
 * Starts what the plan wants next, as far as usage_concurrency and usage_rate
 * allow, or sends the reply.
 */
void ngx_http_usage_advance(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_fetch.c: the calls of the successors */

/*
 * Starts a subrequest for fetch->call.  NGX_ERROR: an internal error.
 */
ngx_int_t ngx_http_usage_fetch_start(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/* Ends a subrequest that isn't done, as nobody waits for it any more. */
void ngx_http_usage_fetch_abandon(ngx_http_usage_fetch_t *fetch);

/*
 * Runs a subrequest that isn't at an upstream yet: one that limit_req delays
 * waits for the client's connection, whose events are its parent's.
 */
void ngx_http_usage_fetch_nudge(ngx_http_usage_fetch_t *fetch);

/* The fetch whose subrequest r is, or NULL. */
ngx_http_usage_fetch_t *ngx_http_usage_fetch_of(ngx_http_request_t *r);

/* What a fetch does with the header and the body of its subrequest. */
ngx_int_t ngx_http_usage_fetch_header(ngx_http_usage_fetch_t *fetch,
    ngx_http_request_t *r);
ngx_int_t ngx_http_usage_fetch_body(ngx_http_usage_fetch_t *fetch,
    ngx_chain_t *in);

/*
 * Gives the memory of the reply's body back, and to usage_memory what the pool
 * has freed.  The fetch has an empty body then.
 */
void ngx_http_usage_fetch_drop_body(ngx_http_usage_fetch_t *fetch);


/* ngx_http_usage_memory.c: the memory of the subrequests */

/* Prepares ctx for memories; what is left of them ends with its request. */
ngx_int_t ngx_http_usage_memory_init(ngx_http_usage_ctx_t *ctx);

/* The memory of a new subrequest, or NULL. */
ngx_http_usage_memory_t *ngx_http_usage_memory_create(
    ngx_http_usage_ctx_t *ctx);

/* Frees the memories of subrequests that are done, where nothing needs them. */
void ngx_http_usage_memory_sweep(ngx_http_usage_ctx_t *ctx);

/* Puts the client's address back, if a subrequest set another. */
void ngx_http_usage_memory_restore(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_outcome.c: what became of an upstream call */

/* Tells whether nginx made this status of r, and not an upstream of r. */
ngx_uint_t ngx_http_usage_outcome_own(ngx_http_request_t *r,
    ngx_uint_t status);

/* Tells what became of an upstream call that is over. */
ngx_http_usage_outcome_t ngx_http_usage_outcome(ngx_http_usage_fetch_t *fetch);

/*
 * Notes for the log whose failure ends the legacy call, and how its reply
 * begins if that isn't JSON.
 */
void ngx_http_usage_outcome_blame(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);


/* ngx_http_usage_reply.c: what the client gets */

/*
 * Each sends a reply and finalizes the request: the legacy reply, the error in
 * ctx->error, an error reply of the upstream as it came.
 */
void ngx_http_usage_reply_ok(ngx_http_usage_ctx_t *ctx);
void ngx_http_usage_reply_error(ngx_http_usage_ctx_t *ctx,
    ngx_str_t *retry_after);
void ngx_http_usage_reply_upstream(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/* Sends a reply whose header is set but for its length, and finalizes. */
void ngx_http_usage_send(ngx_http_usage_ctx_t *ctx, u_char *data, size_t len);

/* Adds the headers of usage_deprecation to the reply. */
ngx_int_t ngx_http_usage_add_deprecation(ngx_http_usage_ctx_t *ctx);

/*
 * Gives an error page of nginx itself the legacy form: its header becomes that
 * of the replacement, which ctx->replacement holds.
 */
ngx_int_t ngx_http_usage_reply_replace(ngx_http_request_t *r);


/* Adds a header to the reply of r. */
ngx_int_t ngx_http_usage_add_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value);


/* ngx_http_usage_key.c: who the caller is */

/*
 * Makes the caller's key: of value, or of its credential where that is NULL;
 * salt has NGX_HTTP_USAGE_KEY_LEN bytes, and so has key.  NGX_DECLINED: there
 * is no credential, and the key is that of all who have none.
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


/* ngx_http_usage_known.c: which credentials are good, and which are not */

/* Makes room for what is known of credentials, once in a configuration. */
ngx_int_t ngx_http_usage_known_zone(ngx_conf_t *cf);

/*
 * Finds out whether the call's credential is known to be good, which ctx->shown
 * says then.  NGX_ERROR: ctx->error says why not.
 */
ngx_int_t ngx_http_usage_known_open(ngx_http_usage_ctx_t *ctx);

/* Remembers for minutes that the call's credential is good. */
void ngx_http_usage_known_set(ngx_http_usage_ctx_t *ctx);

/*
 * Forgets that it is good, if a fetch's reply refuses it; remembers a 401 of
 * the service for seconds, with its body if that is passed to the client.
 */
void ngx_http_usage_known_refuse(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_uint_t passed);

/*
 * Whether an API answered 401 to the call's credential seconds ago, and with
 * what; *body is empty if that isn't known.
 */
ngx_uint_t ngx_http_usage_known_refused(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api, ngx_str_t *body);


/* ngx_http_usage_lookup.c: a legacy call and the day store */

/*
 * Starts a legacy call: with a plan, or with what is stored, or with waiting
 * for another call.  NGX_ERROR: ctx->error says why.
 */
ngx_int_t ngx_http_usage_lookup_start(ngx_http_usage_ctx_t *ctx);

/*
 * Goes on when the plan is done: ctx->ready is set, or another plan started,
 * or NGX_AGAIN.  NGX_ERROR: ctx->error says why.
 */
ngx_int_t ngx_http_usage_lookup_done(ngx_http_usage_ctx_t *ctx);

/*
 * Goes on once the service took the call's credential: from then on others may
 * wait for what it fetches.  NGX_ERROR: ctx->error says why.
 */
ngx_int_t ngx_http_usage_lookup_shown(ngx_http_usage_ctx_t *ctx);

/* Lets others go on, when the legacy call ends. */
void ngx_http_usage_lookup_end(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_store*.c: the day store (ngx_http_usage_store.h) */

/* The zone of that name, defined where size isn't 0; whether it is a store. */
ngx_shm_zone_t *ngx_http_usage_store_zone(ngx_conf_t *cf, ngx_str_t *name,
    ssize_t size);
ngx_uint_t ngx_http_usage_store_is(ngx_shm_zone_t *zone);

/* The bytes of a store, and how many of them are used. */
void ngx_http_usage_store_room(ngx_shm_zone_t *zone, size_t *size,
    size_t *used);


/* ngx_http_usage_build.c: which build runs */

/* A checksum of the sources. */
extern ngx_str_t  ngx_http_usage_build;

/* Tells the error log which build runs, as nginx starts or is reloaded. */
ngx_int_t ngx_http_usage_build_log(ngx_cycle_t *cycle);


#endif /* NGX_HTTP_USAGE_H */
