/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * RESP2, the protocol of Redis: a command out, a reply in, as its bytes come.
 *
 * Of replies, those that the commands of gateways have are known: a status, an
 * error, an integer, a bulk string, or a bulk string that isn't there.
 */

#ifndef USAGE_RESP_H
#define USAGE_RESP_H

#include "base/usage_core.h"


/* bytes of a bulk string, and of any other line, at most */
#define USAGE_RESP_VALUE_MAX ((size_t) 8 * 1024 * 1024)
#define USAGE_RESP_LINE_MAX  ((size_t) 512)

/* bytes of an error or a status that are kept */
#define USAGE_RESP_TEXT_MAX ((size_t) 128)


typedef enum {
    USAGE_RESP_NONE = 0, /* the reply's first line isn't here yet */
    USAGE_RESP_STATUS,
    USAGE_RESP_ERROR,
    USAGE_RESP_INTEGER,
    USAGE_RESP_BULK,
    USAGE_RESP_NIL
} usage_resp_kind_t;


/*
 * A reply that comes.
 */
typedef struct {
    usage_resp_kind_t kind;
    int64_t           integer; /* of an integer */
    usage_str_t       text;    /* of a bulk string; the start of a status or of
                                * an error; in the parser's or pool's memory */
    bool complete;

    /* private */
    const usage_pool_t *pool;
    size_t              skip;  /* replies that come before */
    size_t              left;  /* bytes of the bulk string, with its CRLF */
    size_t              len;   /* of the line so far */
    bool                body;  /* a bulk string's bytes come */
    bool                skips; /* they are of a reply before */
    char               *bytes; /* of the bulk string */
    char                line[USAGE_RESP_LINE_MAX];
    char                kept[USAGE_RESP_TEXT_MAX];
} usage_resp_t;


/* Returns the bytes of a command of n arguments. */
size_t usage_resp_size(const usage_str_t *args, size_t n);

/* Writes a command of n arguments to p, and returns its end. */
char *usage_resp_write(char *p, const usage_str_t *args, size_t n);

/*
 * Prepares a parser for a reply that comes behind skip others.  If one of those
 * is an error, that is the reply.  The memory of a bulk string is the pool's.
 */
void usage_resp_init(usage_resp_t *resp, size_t skip, const usage_pool_t *pool);

/*
 * Takes bytes: *len of them; afterwards *len is how many were taken, which are
 * all as long as the reply isn't complete.  USAGE_OK: it is.  USAGE_AGAIN: more
 * has to come.  USAGE_ERROR: that is no such reply, or memory is out.
 */
usage_result_t
usage_resp_feed(usage_resp_t *resp, const char *data, size_t *len);

/*
 * Tells whether a reply is an error for which another server may do better:
 * this one is a replica, isn't ready, or doesn't let the gateway in.
 */
bool usage_resp_elsewhere(const usage_resp_t *resp);


#endif /* USAGE_RESP_H */
