/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The commands for values, and for the lock that lets one gateway fetch for
 * all.  A name is of usage_seal_name().  A command is in memory from pool;
 * USAGE_ERROR: memory is out.
 */

#ifndef USAGE_SHARE_COMMAND_H
#define USAGE_SHARE_COMMAND_H

#include "base/usage_core.h"


/* Makes the command that reads a value.  Its reply is a bulk, or nil. */
usage_result_t usage_share_get(
    const char *name, const usage_pool_t *pool, usage_str_t *command);

/*
 * Makes the command that writes a value, which Redis forgets after so many
 * seconds (at least 1).  Its reply is the status OK.
 */
usage_result_t usage_share_put(const char *name, usage_str_t value,
    int64_t seconds, const usage_pool_t *pool, usage_str_t *command);

/*
 * Makes the command that takes the lock for so many milliseconds (at least 1).
 * The token is random: who has it is the lock's owner.  Its reply is the status
 * OK; nil: another has the lock.
 */
usage_result_t usage_lock_take(const char *name, usage_str_t token,
    int64_t milliseconds, const usage_pool_t *pool, usage_str_t *command);

/*
 * Makes the command by which the owner keeps the lock for so many milliseconds
 * from now, or has it again if Redis has forgotten it.  Its reply is the
 * integer 1; 0: another has the lock.
 */
usage_result_t usage_lock_renew(const char *name, usage_str_t token,
    int64_t milliseconds, const usage_pool_t *pool, usage_str_t *command);

/*
 * Makes the command by which the owner gives the lock back.  Its reply is the
 * integer 1; 0: the lock was not the owner's any more.
 */
usage_result_t usage_lock_drop(const char *name, usage_str_t token,
    const usage_pool_t *pool, usage_str_t *command);


#endif /* USAGE_SHARE_COMMAND_H */
