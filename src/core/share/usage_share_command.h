/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The commands by which gateways share entries in Redis, in RESP2.  In: the
 * name of an entry (usage_seal.h), and what becomes of it.  Out: the command,
 * in the pool's memory.
 *
 * Each function gives USAGE_ERROR if memory is out.
 */

#ifndef USAGE_SHARE_COMMAND_H
#define USAGE_SHARE_COMMAND_H

#include "base/usage_core.h"


/* Writes any command of n arguments. */
usage_result_t usage_share_command(const usage_str_t *args, size_t n,
    const usage_pool_t *pool, usage_str_t *command);

/* GET: the value of an entry. */
usage_result_t usage_share_get(
    usage_str_t name, const usage_pool_t *pool, usage_str_t *command);

/* SET: an entry's value, which lives so many seconds. */
usage_result_t usage_share_put(usage_str_t name, usage_str_t value,
    int64_t seconds, const usage_pool_t *pool, usage_str_t *command);

/*
 * SET NX: takes a lock, which lives so many milliseconds.  The reply is a
 * status if it is taken, and nil if another token has it.
 */
usage_result_t usage_lock_take(usage_str_t name, usage_str_t token,
    int64_t milliseconds, const usage_pool_t *pool, usage_str_t *command);

/* EVAL: has a lock live on, or ends it, if it still is the token's. */
usage_result_t usage_lock_renew(usage_str_t name, usage_str_t token,
    int64_t milliseconds, const usage_pool_t *pool, usage_str_t *command);
usage_result_t usage_lock_drop(usage_str_t name, usage_str_t token,
    const usage_pool_t *pool, usage_str_t *command);


#endif /* USAGE_SHARE_COMMAND_H */
