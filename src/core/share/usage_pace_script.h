/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The pace that gateways keep together.  In: what a gateway asks of a bucket.
 * Out: a command with the script that answers it in Redis, and what its reply
 * says.
 *
 * The script has all of the algorithm, GCRA.  The only clock is that of Redis:
 * a gateway tells and hears how long something is from now.  All times are in
 * microseconds.
 */

#ifndef USAGE_PACE_SCRIPT_H
#define USAGE_PACE_SCRIPT_H

#include "share/usage_seal.h"


typedef struct {
    int64_t interval;     /* between two calls */
    int64_t burst;        /* ahead of its turn that a call may start */
    int64_t horizon;      /* no slot is given further ahead */
    int64_t carry;        /* how far ahead the gateway last knew the bucket */
    int64_t penalty;      /* how far ahead it is, if that isn't known */
    int64_t hold;         /* 0, or how long to hold back all calls: then no slot
                           * is taken */
    int64_t     keep;     /* how long the bucket lives beyond its last time */
    usage_str_t born;     /* the token of the Redis that the gateway knows */
    usage_str_t fresh;    /* random: its token, if it has none */
    bool        penalize; /* the gateway was without Redis */
} usage_pace_ask_t;


typedef struct {
    bool        granted; /* a slot is taken */
    int64_t     wait;    /* until the slot, or until it is worth to ask again */
    int64_t     next;    /* how far ahead the bucket is */
    int64_t     time;    /* of Redis' clock, since 1970 */
    usage_str_t born;    /* the token of this Redis, in the reply's memory */
} usage_pace_grant_t;


/*
 * Writes the command, in the pool's memory.  bucket and life: the names of the
 * bucket and of the token, USAGE_SEAL_NAME bytes each.  USAGE_ERROR: memory is
 * out.
 */
usage_result_t
usage_pace_command(const usage_pace_ask_t *ask, const char *bucket,
    const char *life, const usage_pool_t *pool, usage_str_t *command);

/* Reads the reply.  USAGE_ERROR: the script didn't write it. */
usage_result_t usage_pace_reply(usage_str_t text, usage_pace_grant_t *grant);


#endif /* USAGE_PACE_SCRIPT_H */
