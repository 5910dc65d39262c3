/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * /_sim/alter: days that the legacy call answers otherwise than the sessions
 * and its successors have it.
 */

#include "sim_control.h"
#include "sim_time.h"

#include <stdlib.h>
#include <string.h>


void
sim_alter_bins(const sim_world_t *w, size_t desktop, int64_t from,
    int64_t width, size_t n, int64_t *bins)
{
    size_t  i;
    int64_t bin;

    for (i = 0; i < w->nalters; i++) {
        bin = (w->alters[i].day * SIM_DAY - from) / width;

        if (w->alters[i].desktop == desktop
            && w->alters[i].day * SIM_DAY >= from && bin < (int64_t) n)
        {
            bins[bin] += w->alters[i].seconds;
            bins[bin] = bins[bin] < 0 ? 0 : bins[bin];
        }
    }
}


void
sim_alter_clear(sim_world_t *w)
{
    free(w->alters);
    w->alters = NULL;
    w->nalters = 0;
}


void
sim_control_alter(sim_world_t *w, sim_call_t *c)
{
    size_t      desktop;
    json_t     *v;
    int64_t     day;
    json_int_t  seconds;
    const char *id, *date;

    v = json_loadb(c->body.data ? c->body.data : "", c->body.len, 0, NULL);

    if (json_unpack(v, "{ss ss sI!}", "desktop", &id, "date", &date, "seconds",
            &seconds)
        != 0)
    {
        sim_control_refuse(c, "neither {desktop, date, seconds} nor less");

    } else if (sim_parse_date(date, &day) != 0) {
        sim_control_refuse(c, "date: not yyyy-MM-dd");

    } else if ((desktop = sim_tenant_find_desktop(w->tenant, id)) == SIZE_MAX) {
        sim_control_refuse(c, "desktop: there is none with that id");

    } else {
        w->alters =
            sim_realloc(w->alters, (w->nalters + 1) * sizeof(sim_alter_t));
        w->alters[w->nalters++] = (sim_alter_t){ desktop, day, seconds };
        sim_control_reply(c, json_object());
    }

    json_decref(v);
}


void
sim_control_unalter(sim_world_t *w, sim_call_t *c)
{
    sim_alter_clear(w);
    sim_control_reply(c, json_object());
}
