/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * /_sim/: the simulator's own API, for tests and demos.
 */

#include "sim_control.h"
#include "sim_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


void
sim_control_reply(sim_call_t *c, json_t *v)
{
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

    sim_buf_str(&c->reply.body, text);
    free(text);
    json_decref(v);
}


void
sim_control_refuse(sim_call_t *c, const char *why)
{
    sim_error(c, 400, "SIM.0400", "The simulator can not do that", why);
}


static json_t *
body_json(sim_call_t *c)
{
    json_error_t e;
    json_t      *v;

    v = json_loadb(c->body.data ? c->body.data : "", c->body.len,
        JSON_REJECT_DUPLICATES, &e);

    if (v == NULL) {
        sim_control_refuse(c, e.text);
    }

    return v;
}


static void
get_calls(sim_world_t *w, sim_call_t *c)
{
    sim_control_reply(c, json_incref(w->calls));
}


static void
delete_calls(sim_world_t *w, sim_call_t *c)
{
    json_array_clear(w->calls);
    w->nmeters = 0;
    sim_control_reply(c, json_object());
}


static void
get_faults(sim_world_t *w, sim_call_t *c)
{
    sim_control_reply(c, sim_faults_json(&w->faults));
}


static void
delete_faults(sim_world_t *w, sim_call_t *c)
{
    sim_faults_clear(&w->faults);
    sim_control_reply(c, json_object());
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
        sim_control_refuse(c, "not an array of faults");
        json_decref(v);
        return;
    }

    json_array_foreach (v, i, one) {
        if (sim_faults_add(&faults, one, err) != 0) {
            sim_control_refuse(c, err);
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
reply_settings(sim_world_t *w, sim_call_t *c)
{
    char now[24];

    sim_format_time(sim_world_now(w), now);

    sim_control_reply(
        c, json_pack("{ss ss sb sI sI s[II] sI sb sb sb si si si}", "idle",
               w->cfg.idle_hidden ? "hidden" : "shown", "now", now, "now_fixed",
               w->cfg.now != SIM_NEVER, "quota", w->cfg.quota, "retry_after",
               w->cfg.retry_after, "delay_ms", w->cfg.delay_min,
               w->cfg.delay_max, "records_limit", w->cfg.records_limit,
               "records_clamp", w->cfg.records_clamp, "sid", !w->cfg.no_sid,
               "resource_id", !w->cfg.no_resource_id, "desktops",
               (int) w->tenant->ndesktops, "users", (int) w->tenant->nusers,
               "sessions", (int) w->tenant->nsessions));
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
        sim_control_refuse(c, err);
    } else {
        reply_settings(w, c);
    }

    json_decref(v);
}


/* The part of a tenant's description that makes it, and the settings. */

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

    desktops = sim_fx_int(v, "desktops", 20);
    days = sim_fx_int(v, "days", 31);
    users = sim_fx_int(v, "users", 0);

    if (desktops < 0 || desktops > 100000 || days < 0 || days > 1000
        || users < 0 || users > 100000)
    {
        (void) snprintf(err, 256, "desktops, days or users is out of range");
        return NULL;
    }

    r.seed = (uint64_t) sim_fx_int(v, "seed", 1);
    r.desktops = (int) desktops;
    r.days = (int) days;
    r.users = (int) users;
    r.now = sim_world_now(w);

    return sim_tenant_generate(&r);
}


static void
post_tenant(sim_world_t *w, sim_call_t *c)
{
    char          err[256];
    size_t        i;
    int64_t       now = w->cfg.now;
    json_t       *v = body_json(c), *settings;
    sim_tenant_t *t = NULL;

    static const char *const own[] = { "seed", "desktops", "days", "users",
        "sessions" };

    if (v == NULL) {
        return;
    }

    settings = json_copy(v);

    for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        json_object_del(settings, own[i]);
    }

    if (sim_configure(w, settings, err) == 0) {
        t = make_tenant(w, v, err);
    }

    json_decref(settings);

    if (t == NULL) {
        w->cfg.now = now;
        sim_control_refuse(c, err);

    } else {
        if (t->now != SIM_NEVER && json_object_get(v, "now") == NULL) {
            w->cfg.now = t->now;
        }

        sim_world_tenant(w, t);
        reply_settings(w, c);
    }

    json_decref(v);
}


static json_t *
desktop_json(const sim_tenant_t *t, const sim_desktop_t *d)
{
    size_t  i;
    json_t *users = json_array();

    for (i = 0; i < d->users.n; i++) {
        json_array_append_new(
            users, json_string(t->users[d->users.items[i]].name));
    }

    return json_pack("{ss ss ss* ss so ss* sb sb}", "desktop_id", d->id,
        "computer_name", d->name, "resource_name", d->resource_name, "sid",
        d->sid, "users", users, "group", d->group, "gone", d->gone, "used",
        d->sessions.n > 0);
}


static void
get_desktops(sim_world_t *w, sim_call_t *c)
{
    size_t               i;
    int                  detail = strcmp(c->raw, "detail=yes") == 0;
    json_t              *all = json_array();
    const sim_desktop_t *d;

    for (i = 0; i < w->tenant->ndesktops; i++) {
        d = &w->tenant->desktops[i];
        json_array_append_new(
            all, detail ? desktop_json(w->tenant, d) : json_string(d->id));
    }

    sim_control_reply(c, all);
}


void
sim_control(sim_world_t *w, sim_call_t *c)
{
    size_t i;

    static const struct {
        const char *method;
        const char *path;
        sim_api_t   answer;
    } routes[] = {
        { "GET", "/_sim/calls", get_calls },
        { "DELETE", "/_sim/calls", delete_calls },
        { "GET", "/_sim/faults", get_faults },
        { "POST", "/_sim/faults", post_faults },
        { "DELETE", "/_sim/faults", delete_faults },
        { "GET", "/_sim/config", reply_settings },
        { "POST", "/_sim/config", post_config },
        { "POST", "/_sim/tenant", post_tenant },
        { "POST", "/_sim/alter", sim_control_alter },
        { "DELETE", "/_sim/alter", sim_control_unalter },
        { "GET", "/_sim/desktops", get_desktops },
        { "GET", "/_sim/users", sim_control_users },
        { "GET", "/_sim/truth/user", sim_control_truth },
    };

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].path, c->path) == 0
            && strcmp(routes[i].method, c->method) == 0)
        {
            routes[i].answer(w, c);
            return;
        }
    }

    sim_error(c, 404, "SIM.0404", "No such control", NULL);
}
