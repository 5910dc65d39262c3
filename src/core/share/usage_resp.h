/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * RESP2, the protocol of Redis, as far as our commands need it: commands out,
 * replies in, in pieces.  Lists are no reply that we use.
 */

#ifndef USAGE_RESP_H
#define USAGE_RESP_H

#include "base/usage_core.h"


#define USAGE_RESP_VALUE_MAX ((size_t) 8 * 1024 * 1024) /* bytes of a bulk */
#define USAGE_RESP_LINE_MAX                                                    \
    128 /* bytes of a status or an error; the rest is                          \
           cut off */


typedef enum {
    USAGE_RESP_NONE = 0,
    USAGE_RESP_STATUS,
    USAGE_RESP_ERROR,
    USAGE_RESP_INTEGER,
    USAGE_RESP_BULK, /* a string of any bytes */
    USAGE_RESP_NIL
} usage_resp_kind_t;


/*
 * A reply.  It must stay where it is, as text may point into it.
 */
typedef struct {
    usage_resp_kind_t kind;    /* once its first line is read */
    int64_t           integer; /* of INTEGER */
    usage_str_t       text;    /* of STATUS, ERROR, BULK; BULK's is in the
                                  pool's memory */
    bool complete;

    /* the rest is usage_resp.c's own */

    const usage_pool_t *pool;
    size_t              skip;  /* replies to come before the one that counts */
    int                 state; /* what the next byte is */
    char                type;  /* the reply's first byte */
    char                line[USAGE_RESP_LINE_MAX];
    size_t              len; /* bytes in line */
    char               *bulk;
    size_t              bytes; /* of bulk */
    size_t              have;  /* bytes of it that are here */
    bool                large; /* it isn't read */
} usage_resp_t;


/*
 * Gives the bytes that a command of n arguments takes.  The first argument is
 * the command's name.
 */
size_t usage_resp_size(const usage_str_t *args, size_t n);

/* Writes the command at p, and gives the end. */
char *usage_resp_write(char *p, const usage_str_t *args, size_t n);

/* Writes the command to memory from pool.  USAGE_ERROR: memory is out. */
usage_result_t usage_resp_command(const usage_str_t *args, size_t n,
    const usage_pool_t *pool, usage_str_t *command);


/*
 * Begins to read a reply.  skip: how many replies come before the one that
 * counts, such as that of AUTH.  If one of those is an error, that error is the
 * reply.  A bulk's memory is from pool.
 */
void usage_resp_init(usage_resp_t *resp, size_t skip, const usage_pool_t *pool);

/*
 * Reads *len bytes, and sets *len to how many it took: all, unless the reply
 * ends before.  USAGE_OK: the reply is complete; USAGE_AGAIN: more bytes are to
 * come; USAGE_ERROR: this is no reply that we use, or memory is out.  A bulk
 * that is too large gives an ERROR; its bytes can't be told from what follows.
 */
usage_result_t
usage_resp_feed(usage_resp_t *resp, const char *data, size_t *len);

/*
 * Tells whether the reply is an error that says that another server may do
 * better: this one only reads, is loading, doesn't know the password, ...
 */
bool usage_resp_elsewhere(const usage_resp_t *resp);


#endif /* USAGE_RESP_H */
