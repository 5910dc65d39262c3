/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * In: the User-Agent of a client.  Out: the form of use_time that it takes.
 */

#include "reply/usage_time_form.h"


usage_time_form_t
usage_time_form(usage_str_t user_agent)
{
    /* how the User-Agents begin that get strings */

    static const usage_str_t strings[] = {
        usage_string("huaweicloud-usdk-go"),
        usage_string("huaweicloud-usdk-java"),
    };

    size_t i;

    for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        if (user_agent.len >= strings[i].len
            && memcmp(user_agent.data, strings[i].data, strings[i].len) == 0)
        {
            return USAGE_TIME_STRING;
        }
    }

    return USAGE_TIME_NUMBER;
}
