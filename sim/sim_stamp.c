/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Times as connection records and desktop monitoring show them.
 */

#include "sim_stamp.h"
#include "sim_tenant.h"
#include "sim_time.h"

#include <string.h>


static void
add_none(sim_buf_t *b, const char *key, sim_none_t none)
{
    static const char *const texts[] = {
        [SIM_NONE_EMPTY] = "",
        [SIM_NONE_YEAR_1] = "0001-01-01T00:00:00Z",
        [SIM_NONE_YEAR_1_SPACE] = "0001-01-01 00:00:00",
    };

    if (none != SIM_NONE_MISSING) {
        sim_buf_member(b, key, texts[none]); /* SIM_NONE_NULL: NULL */
    }
}


void
sim_stamp(
    sim_buf_t *b, const char *key, int64_t t, sim_times_t form, sim_none_t none)
{
    char text[24];

    if (t == SIM_NEVER) {
        add_none(b, key, none);
        return;
    }

    sim_format_time(t, text);

    if (form == SIM_TIMES_SPACE_Z || form == SIM_TIMES_SPACE) {
        *strchr(text, 'T') = ' ';
    }

    if (form == SIM_TIMES_T || form == SIM_TIMES_SPACE) {
        *strchr(text, 'Z') = '\0';
    }

    sim_buf_member(b, key, text);
}
