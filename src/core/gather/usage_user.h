/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "One user": who is the user that a request names.
 */

#ifndef USAGE_USER_H
#define USAGE_USER_H

#include "base/usage_core.h"


typedef struct {
    usage_str_t name;   /* empty: the request names no user */
    usage_str_t domain; /* empty: any domain */
} usage_user_t;


/* Tells whether a name and a domain of the directory are the user's.  An empty
 * domain: the directory doesn't tell it. */
bool
usage_user_is(const usage_user_t *user, usage_str_t name, usage_str_t domain);

/*
 * Tells whether a record's name is the user's: "name" or "name@domain".
 * *no_domain: it is just the name, so it may also be that of a namesake in
 * another domain.
 */
bool usage_user_recorded(
    const usage_user_t *user, usage_str_t name, bool *no_domain);

/*
 * Gives the name as the filter of statistics takes it, or an empty one if it
 * has more than USAGE_USERNAME_CHARS characters: a part of it finds the user
 * only if the filter is fuzzy.
 */
usage_str_t usage_user_filter(const usage_user_t *user);


#endif /* USAGE_USER_H */
