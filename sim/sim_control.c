/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * /_sim/: the simulator's own API, for tests and demos.
 */

#include "sim_control.h"
#include "sim_api.h"
#include "sim_config.h"
#include "sim_inspect.h"
#include "sim_json.h"
#include "sim_source.h"
#include "sim_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define PREFIX "/_sim/"


/* Reads the call's body as JSON.  If it is none, gives NULL and replies so. */

static json_t *
body_json(sim_call_t *c)
{
    json_error_t e;
    json_t      *v;

    v = json_loadb(c->body.data ? c->body.data : "", c->body.len,
        JSON_REJECT_DUPLICATES, &e);

    if (v == NULL) {
        sim_reply_refuse(c, e.text);
    }

    return v;
}


static void
get_calls(sim_world_t *w, sim_call_t *c)
{
    sim_reply_json(c, json_incref(w->log.calls));
}


static void
delete_calls(sim_world_t *w, sim_call_t *c)
{
    json_array_clear(w->log.calls);
    sim_quota_clear(&w->quota);
    sim_reply_json(c, json_object());
}


static void
get_faults(sim_world_t *w, sim_call_t *c)
{
    sim_reply_json(c, sim_faults_json(&w->faults));
}


static void
delete_faults(sim_world_t *w, sim_call_t *c)
{
    sim_faults_clear(&w->faults);
    sim_reply_json(c, json_object());
}


static void
post_faults(sim_world_t *w, sim_call_t *c)
{
    char         err[256];
    size_t       i;
    json_t      *v = body_json(c), *one;
    sim_faults_t faults = { 0 };

    if (v == NULL) {
        return;
    }

    if (!json_is_array(v)) {
        sim_reply_refuse(c, "not an array of faults");
        json_decref(v);
        return;
    }

    json_array_foreach (v, i, one) {
        if (sim_faults_add(&faults, one, err) != 0) {
            sim_reply_refuse(c, err);
            sim_faults_clear(&faults);
            json_decref(v);
            return;
        }
    }

    json_decref(v);
    sim_faults_clear(&w->faults);
    w->faults = faults;
    get_faults(w, c);
}


static void
get_config(sim_world_t *w, sim_call_t *c)
{
    sim_reply_json(c, sim_settings(w));
}


static void
post_config(sim_world_t *w, sim_call_t *c)
{
    char    err[256];
    json_t *v = body_json(c);

    if (v == NULL) {
        return;
    }

    if (sim_configure(w, v, err) != 0) {
        sim_reply_refuse(c, err);
    } else {
        get_config(w, c);
    }

    json_decref(v);
}


/* Makes the tenant that an object describes; if it can't, gives NULL and says
 * what is wrong. */

static sim_tenant_t *
make_tenant(const sim_world_t *w, const json_t *v, char err[256])
{
    json_int_t   desktops, days, users;
    sim_recipe_t r;

    if (json_object_get(v, "sessions") != NULL) {
        return sim_tenant_load(v, err);
    }

    if (json_object_get(v, "seed") == NULL) {
        return sim_tenant_default();
    }

    desktops = sim_json_int(v, "desktops", 20);
    days = sim_json_int(v, "days", 31);
    users = sim_json_int(v, "users", 0);

    if (desktops < 0 || desktops > 100000 || days < 0 || days > 1000
        || users < 0 || users > 100000)
    {
        (void) snprintf(err, 256, "desktops, days or users is out of range");
        return NULL;
    }

    r.seed = (uint64_t) sim_json_int(v, "seed", 1);
    r.desktops = (int) desktops;
    r.days = (int) days;
    r.users = (int) users;
    r.now = sim_world_now(w);

    return sim_tenant_generate(&r);
}


/* Sets the settings that an object has besides the tenant's description. */

static int
set_the_rest(sim_world_t *w, const json_t *v, char err[256])
{
    int     rc;
    size_t  i;
    json_t *settings = json_copy((json_t *) v);

    static const char *const description[] = { "seed", "desktops", "days",
        "users", "sessions" };

    for (i = 0; i < sizeof(description) / sizeof(description[0]); i++) {
        json_object_del(settings, description[i]);
    }

    rc = sim_configure(w, settings, err);
    json_decref(settings);

    return rc;
}


static void
post_tenant(sim_world_t *w, sim_call_t *c)
{
    char          err[256];
    int64_t       now = w->cfg.now;
    json_t       *v = body_json(c);
    sim_tenant_t *t = NULL;

    if (v == NULL) {
        return;
    }

    if (set_the_rest(w, v, err) == 0) {
        t = make_tenant(w, v, err);
    }

    if (t == NULL) {
        w->cfg.now = now;
        sim_reply_refuse(c, err);

    } else {
        if (t->now != SIM_NEVER && json_object_get(v, "now") == NULL) {
            w->cfg.now = t->now;
        }

        sim_world_tenant(w, t);
        get_config(w, c);
    }

    json_decref(v);
}


static void
post_alter(sim_world_t *w, sim_call_t *c)
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
        sim_reply_refuse(c, "not an object with desktop, date and seconds");

    } else if (sim_parse_date(date, &day) != 0) {
        sim_reply_refuse(c, "date: not yyyy-MM-dd");

    } else if ((desktop = sim_tenant_find_desktop(w->tenant, id)) == SIZE_MAX) {
        sim_reply_refuse(c, "desktop: there is none with that id");

    } else {
        sim_alter_add(&w->alters, desktop, day, seconds);
        sim_reply_json(c, json_object());
    }

    json_decref(v);
}


static void
delete_alter(sim_world_t *w, sim_call_t *c)
{
    sim_alter_clear(&w->alters);
    sim_reply_json(c, json_object());
}


int
sim_is_control(const char *path)
{
    return strncmp(path, PREFIX, sizeof(PREFIX) - 1) == 0;
}


void
sim_control(sim_world_t *w, sim_call_t *c)
{
    size_t i;

    static const struct {
        const char *method;
        const char *path; /* behind the prefix */
        sim_api_t   answer;
    } routes[] = {
        { "GET", "calls", get_calls },
        { "DELETE", "calls", delete_calls },
        { "GET", "faults", get_faults },
        { "POST", "faults", post_faults },
        { "DELETE", "faults", delete_faults },
        { "GET", "config", get_config },
        { "POST", "config", post_config },
        { "POST", "tenant", post_tenant },
        { "POST", "alter", post_alter },
        { "DELETE", "alter", delete_alter },
        { "GET", "desktops", sim_inspect_desktops },
        { "GET", "users", sim_inspect_users },
        { "GET", "truth/user", sim_inspect_truth },
    };

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].path, c->path + sizeof(PREFIX) - 1) == 0
            && strcmp(routes[i].method, c->method) == 0)
        {
            routes[i].answer(w, c);
            return;
        }
    }

    sim_reply_error(c, 404, "SIM.0404", "No such control", NULL);
}
