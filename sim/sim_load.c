/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Reads a tenant from the JSON of a sessions file.
 */

#include "sim_source.h"
#include "sim_buf.h"
#include "sim_json.h"
#include "sim_time.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


typedef struct {
    sim_tenant_t *t;
    json_t       *numbers; /* of desktops, by their ids */
    char         *err;     /* 256 bytes, for what is wrong */
} loader_t;


/* Says what is wrong; gives -1. */

static int __attribute__((format(printf, 2, 3)))
fail(loader_t *l, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void) vsnprintf(l->err, 256, fmt, ap);
    va_end(ap);

    return -1;
}


/* Gives a member that is a string; NULL if there is none. */

static const char *
text(const json_t *o, const char *key)
{
    return sim_json_str(o, key, NULL);
}


/* Gives a user's number; adds a user that is named for the first time. */

static size_t
user_number(loader_t *l, const char *name, const char *domain)
{
    size_t n = sim_tenant_find_user(l->t, name, domain);

    if (n == SIZE_MAX) {
        n = sim_tenant_user(l->t, name, domain ? domain : "local.com", NULL);
    }

    return n;
}


static int
load_users(loader_t *l, const json_t *users)
{
    size_t      i;
    json_t     *u;
    const char *domain;

    json_array_foreach (users, i, u) {
        if (text(u, "user_name") == NULL) {
            return fail(l, "users[%zu]: no user_name", i);
        }

        domain = text(u, "domain");
        sim_tenant_user(l->t, text(u, "user_name"),
            domain ? domain : "local.com", text(u, "user_id"));
    }

    return 0;
}


/* Reads the users attached to a desktop: names, or objects with a domain. */

static int
load_attached(loader_t *l, size_t n, const json_t *users, sim_desktop_t *d)
{
    size_t      i;
    json_t     *u;
    const char *name;

    json_array_foreach (users, i, u) {
        name = json_is_string(u) ? json_string_value(u) : text(u, "user_name");

        if (name == NULL) {
            return fail(l,
                "desktops[%zu]: users is neither names nor objects with "
                "user_name",
                n);
        }

        sim_list_add(&d->users, user_number(l, name, text(u, "domain")));
    }

    return 0;
}


static int
load_desktop(loader_t *l, size_t n, const json_t *o)
{
    const char    *id = text(o, "desktop_id"), *name;
    sim_desktop_t *d;

    name = text(o, "computer_name");

    if (id == NULL || name == NULL) {
        return fail(l, "desktops[%zu]: no desktop_id or no computer_name", n);
    }

    if (json_object_get(l->numbers, id)) {
        return fail(l, "desktops[%zu]: the same desktop_id again", n);
    }

    json_object_set_new(l->numbers, id, json_integer((json_int_t) n));

    d = sim_tenant_desktop(
        l->t, id, name, text(o, "sid"), text(o, "resource_pool_id"));

    d->gone = json_is_false(json_object_get(o, "in_directory"));
    d->no_infos = json_is_false(json_object_get(o, "attach_user_infos"));

    d->group = sim_strdup(text(o, "group"));
    d->resource_name = sim_strdup(text(o, "resource_name"));
    d->os_host_name = sim_strdup(text(o, "os_host_name"));

    return load_attached(l, n, json_object_get(o, "users"), d);
}


/* Reads a time, SIM_NEVER if there is none; gives 0, or -1 if it is wrong. */

static int
get_time(const json_t *o, const char *key, int64_t *t)
{
    const json_t *v = json_object_get(o, key);

    if (v == NULL || json_is_null(v)) {
        *t = SIM_NEVER;
        return 0;
    }

    return json_is_string(v) ? sim_parse_time(json_string_value(v), t) : -1;
}


/* Reads what only the session's record shows. */

static int
load_record(loader_t *l, size_t n, const json_t *o, sim_session_t *s)
{
    const json_t *name = json_object_get(o, "computer_name");
    const json_t *sid = json_object_get(o, "sid");

    if ((name != NULL && !json_is_string(name))
        || (sid != NULL && !json_is_string(sid) && !json_is_null(sid)))
    {
        return fail(l, "sessions[%zu]: computer_name or sid is no text", n);
    }

    s->name = sim_strdup(json_string_value(name));
    s->sid = sim_strdup(json_string_value(sid));
    s->no_sid = json_is_null(sid);
    s->reconnect = json_is_true(json_object_get(o, "reconnect"));
    s->bare = json_is_false(json_object_get(o, "with_domain"));
    s->failure = sim_strdup(text(o, "failure"));

    return 0;
}


static int
load_session(loader_t *l, size_t n, const json_t *o)
{
    int64_t        start, setup, end;
    json_t        *desktop;
    const char    *user = text(o, "user_name"), *id = text(o, "desktop_id");
    sim_session_t *s;

    if (user == NULL || id == NULL) {
        return fail(l, "sessions[%zu]: no user_name or no desktop_id", n);
    }

    desktop = json_object_get(l->numbers, id);

    if (desktop == NULL) {
        return fail(l, "sessions[%zu]: no such desktop: %.100s", n, id);
    }

    if (get_time(o, "start", &start) != 0 || get_time(o, "setup", &setup) != 0
        || get_time(o, "end", &end) != 0
        || (start == SIM_NEVER && setup == SIM_NEVER))
    {
        return fail(l, "sessions[%zu]: a time is missing or wrong", n);
    }

    start = start == SIM_NEVER ? setup : start;

    if ((setup != SIM_NEVER && setup < start)
        || (end != SIM_NEVER && end < (setup != SIM_NEVER ? setup : start)))
    {
        return fail(l, "sessions[%zu]: the times are out of order", n);
    }

    s = sim_tenant_session(l->t, user_number(l, user, text(o, "domain")),
        (size_t) json_integer_value(desktop), start, setup, end);

    return load_record(l, n, o, s);
}


/* Reads the whole file. */

static int
load(loader_t *l, const json_t *root)
{
    size_t  i;
    json_t *list, *o;

    if (!json_is_object(root)) {
        return fail(l, "not an object");
    }

    if (get_time(root, "now", &l->t->now) != 0) {
        return fail(l, "now: not a time");
    }

    if (load_users(l, json_object_get(root, "users")) != 0) {
        return -1;
    }

    list = json_object_get(root, "desktops");

    json_array_foreach (list, i, o) {
        if (load_desktop(l, i, o) != 0) {
            return -1;
        }
    }

    list = json_object_get(root, "sessions");

    if (!json_is_array(list)) {
        return fail(l, "sessions: not an array");
    }

    json_array_foreach (list, i, o) {
        if (load_session(l, i, o) != 0) {
            return -1;
        }
    }

    return 0;
}


sim_tenant_t *
sim_tenant_load(const json_t *root, char err[256])
{
    int      rc;
    loader_t l = { sim_tenant_new(), json_object(), err };

    rc = load(&l, root);
    json_decref(l.numbers);

    if (rc != 0) {
        sim_tenant_free(l.t);
        return NULL;
    }

    return l.t;
}


sim_tenant_t *
sim_tenant_read(const char *name, char err[256])
{
    char         *text = sim_read_file(name);
    json_t       *root;
    json_error_t  e;
    sim_tenant_t *t = NULL;

    err[0] = '\0';

    if (text == NULL) {
        return NULL;
    }

    root = json_loads(text, JSON_REJECT_DUPLICATES, &e);

    if (root == NULL) {
        (void) snprintf(err, 256, "%.100s:%d: %.100s", name, e.line, e.text);
    } else {
        t = sim_tenant_load(root, err);
    }

    json_decref(root);
    free(text);

    return t;
}
