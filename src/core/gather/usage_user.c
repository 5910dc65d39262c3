/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_user.h"
#include "base/usage_json.h"


bool
usage_user_is(const usage_user_t *user, usage_str_t name, usage_str_t domain)
{
    return usage_str_equal(user->name, name)
           && (user->domain.len == 0 || domain.len == 0
               || usage_str_equal(user->domain, domain));
}


bool
usage_user_recorded(const usage_user_t *user, usage_str_t name, bool *no_domain)
{
    usage_str_t domain;

    *no_domain = usage_str_equal(user->name, name);

    if (*no_domain) {
        return true;
    }

    if (name.len <= user->name.len + 1 || name.data[user->name.len] != '@'
        || memcmp(name.data, user->name.data, user->name.len) != 0)
    {
        return false;
    }

    domain.data = name.data + user->name.len + 1;
    domain.len = name.len - user->name.len - 1;

    if (user->domain.len > 0) {
        return usage_str_equal(user->domain, domain);
    }

    /* a domain has no "@": what has one is another user, whose name has it */

    return memchr(domain.data, '@', domain.len) == NULL;
}


usage_str_t
usage_user_filter(const usage_user_t *user)
{
    size_t      at, chars, length;
    usage_str_t none = usage_string("");

    for (at = 0, chars = 0; at < user->name.len; chars++) {
        if (chars == USAGE_USERNAME_CHARS) {
            return none;
        }

        length = usage_utf8_length(user->name.data + at, user->name.len - at);
        at += length > 0 ? length : 1;
    }

    return user->name;
}
