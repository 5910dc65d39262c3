/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One pace for all gateways: a script that Redis runs, which gives each
 * upstream call its time.  It is GCRA: a bucket has the time at which its next
 * call is due.  All times that are sent are relative, in microseconds, and
 * Redis' clock is the only one that counts.
 */

#ifndef USAGE_PACE_SCRIPT_H
#define USAGE_PACE_SCRIPT_H

#include "base/usage_core.h"


/* characters of a token at most: those of "fresh", "-", and the time of Redis'
 * birth in microseconds */
#define USAGE_PACE_TOKEN_MAX 64

/* characters of such a token, behind those of "fresh" */
#define USAGE_PACE_TOKEN_BIRTH 17


/*
 * The Lua script, for EVAL with two names: the bucket's, and that of the token
 * of this Redis' life ("born").
 */
extern const char usage_pace_script[];


/*
 * What a gateway asks for.  Times are microseconds, 0 to 10^15.
 */
typedef struct {
    int64_t interval; /* between two calls */
    int64_t burst;    /* calls that may come at once, less one, in time */
    int64_t horizon;  /* no call is given a time further ahead */
    int64_t carry;    /* the last "next" that the gateway knows of, less
                         now; or 0 */
    int64_t penalty;  /* if Redis forgot, nothing is due before that, from its
                         birth on */
    int64_t hold;     /* > 0: no call is asked for; all are held back so
                         long */
    int64_t     keep; /* Redis forgets the bucket so long after its time */
    usage_str_t born; /* the token that the gateway knows; "": none */
    usage_str_t
        fresh;     /* random letters and digits, for its token if it has none:
                      1 to USAGE_PACE_TOKEN_MAX - USAGE_PACE_TOKEN_BIRTH */
    bool penalize; /* the gateway was without this same Redis: the penalty
                      is due from now on */
} usage_pace_ask_t;


/*
 * What it gets.  Times are microseconds, 0 or more.
 */
typedef struct {
    bool        granted;
    int64_t     wait; /* until the call, or until it may ask again */
    int64_t     next; /* when the bucket's next call is due, from now */
    int64_t     time; /* Redis' clock, since 1970 */
    usage_str_t born; /* the token of Redis' life; points into the reply */
} usage_pace_grant_t;


/*
 * Makes the command.  bucket and born are names of usage_seal_name().
 * USAGE_ERROR: memory is out.
 */
usage_result_t
usage_pace_command(const usage_pace_ask_t *ask, const char *bucket,
    const char *born, const usage_pool_t *pool, usage_str_t *command);

/* Reads the reply, a bulk.  USAGE_ERROR: it is not the script's. */
usage_result_t usage_pace_reply(usage_str_t bulk, usage_pace_grant_t *grant);


#endif /* USAGE_PACE_SCRIPT_H */
