/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "One user": who is the user that a request names.
 */

#ifndef USAGE_USER_H
#define USAGE_USER_H

#include "base/usage_core.h"


typedef struct {
    usage_str_t name;   /* empty: nobody is named */
    usage_str_t domain; /* empty: any */
} usage_user_t;


/* Whether the directory's name and domain (empty: it tells none) are the
 * user's. */
bool
usage_user_is(const usage_user_t *user, usage_str_t name, usage_str_t domain);

/*
 * Whether a record's name is the user's: "name" or "name@domain".  Where it has
 * no domain, *bare says so: it may be a namesake's in another domain.
 */
bool
usage_user_recorded(const usage_user_t *user, usage_str_t name, bool *bare);

/*
 * The name as the filter of statistics takes it, which has a limit: as it is
 * fuzzy, the first USAGE_USERNAME_CHARS characters will do.
 */
usage_str_t usage_user_filter(const usage_user_t *user);


#endif /* USAGE_USER_H */
