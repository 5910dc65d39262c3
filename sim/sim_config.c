/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The settings, as /_sim/config has them.
 */

#include "sim_config.h"
#include "sim_time.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


typedef struct setting_s setting_t;

struct setting_s {
    const char *key;
    int (*set)(const setting_t *s, void *field, const json_t *v, char err[256]);
    size_t     field; /* its offset in sim_config_t */
    json_int_t min;   /* of numbers; null stands for it */
};


/* Says what is wrong with a setting; gives -1. */

static int
wrong(const setting_t *s, char err[256], const char *what)
{
    (void) snprintf(err, 256, "%s: %s", s->key, what);

    return -1;
}


static int
set_now(const setting_t *s, void *field, const json_t *v, char err[256])
{
    int64_t    *now = field;
    const char *text = json_string_value(v);

    if (json_is_null(v) || (text != NULL && strcmp(text, "real") == 0)) {
        *now = SIM_NEVER;

    } else if (text == NULL || sim_parse_time(text, now) != 0) {
        return wrong(s, err, "neither yyyy-MM-ddTHH:mm:ssZ nor real");
    }

    return 0;
}


/* Sets the least and the largest delay. */

static int
set_delay(const setting_t *s, void *field, const json_t *v, char err[256])
{
    int         end = 0;
    long long   min = 0, max = 0;
    json_int_t *delay = field;
    const char *text = json_string_value(v);

    if (json_is_integer(v)) {
        min = max = json_integer_value(v);

    } else if (text != NULL
               && sscanf(text, "%lld-%lld%n", &min, &max, &end) == 2
               && text[end] == '\0')
    {
        /* a range */

    } else if (text != NULL && sscanf(text, "%lld%n", &min, &end) == 1
               && text[end] == '\0')
    {
        max = min;

    } else {
        min = -1;
    }

    if (min < 0 || max < min || max > 3600000) {
        return wrong(s, err, "neither N nor \"N-N\"");
    }

    delay[0] = min;
    delay[1] = max;

    return 0;
}


static int
set_strings(const setting_t *s, void *field, const json_t *v, char err[256])
{
    size_t   i;
    json_t  *one;
    json_t **strings = field;

    if (!json_is_array(v)) {
        return wrong(s, err, "not an array");
    }

    json_array_foreach (v, i, one) {
        if (!json_is_string(one)) {
            return wrong(s, err, "not an array of strings");
        }
    }

    json_decref(*strings);
    *strings = json_deep_copy(v);

    return 0;
}


static int
set_keys(const setting_t *s, void *field, const json_t *v, char err[256])
{
    size_t  i;
    json_t *one;

    json_array_foreach ((json_t *) v, i, one) {
        if (json_is_string(one) && !sim_sign_is_key(json_string_value(one))) {
            return wrong(s, err, "neither AK:SK nor AK:SK:TOKEN");
        }
    }

    return set_strings(s, field, v, err);
}


static int
set_idle(const setting_t *s, void *field, const json_t *v, char err[256])
{
    int        *hidden = field;
    const char *text = json_string_value(v);

    if (text == NULL
        || (strcmp(text, "shown") != 0 && strcmp(text, "hidden") != 0)) {
        return wrong(s, err, "neither shown nor hidden");
    }

    *hidden = strcmp(text, "hidden") == 0;

    return 0;
}


static int
set_number(const setting_t *s, void *field, const json_t *v, char err[256])
{
    json_int_t *number = field;
    json_int_t  n = json_is_null(v) ? s->min : json_integer_value(v);

    if ((!json_is_integer(v) && !json_is_null(v)) || n < s->min) {
        (void) snprintf(err, 256, "%s: not an integer from %lld on", s->key,
            (long long) s->min);
        return -1;
    }

    *number = n;

    return 0;
}


/* Sets a field that is 1 if the setting is true. */

static int
set_on(const setting_t *s, void *field, const json_t *v, char err[256])
{
    int *on = field;

    if (!json_is_boolean(v)) {
        return wrong(s, err, "neither true nor false");
    }

    *on = json_is_true(v);

    return 0;
}


/* Sets a field that is 1 if the setting is false. */

static int
set_off(const setting_t *s, void *field, const json_t *v, char err[256])
{
    int *off = field, rc = set_on(s, field, v, err);

    if (rc == 0) {
        *off = !*off;
    }

    return rc;
}


static int
set_project(const setting_t *s, void *field, const json_t *v, char err[256])
{
    char **project = field;

    if (!json_is_string(v) && !json_is_null(v)) {
        return wrong(s, err, "neither a string nor null");
    }

    free(*project);
    *project = sim_strdup(json_string_value(v));

    return 0;
}


static const setting_t settings[] = {
    { "idle", set_idle, offsetof(sim_config_t, idle_hidden), 0 },
    { "now", set_now, offsetof(sim_config_t, now), 0 },
    { "delay_ms", set_delay, offsetof(sim_config_t, delay), 0 },
    { "tokens", set_strings, offsetof(sim_config_t, tokens), 0 },
    { "access_keys", set_keys, offsetof(sim_config_t, keys), 0 },
    { "project", set_project, offsetof(sim_config_t, project), 0 },
    { "quota", set_number, offsetof(sim_config_t, quota), 0 },
    { "retry_after", set_number, offsetof(sim_config_t, retry_after), -1 },
    { "records_limit", set_number, offsetof(sim_config_t, records_limit), 1 },
    { "records_clamp", set_on, offsetof(sim_config_t, records_clamp), 0 },
    { "sid", set_off, offsetof(sim_config_t, no_sid), 0 },
    { "resource_id", set_off, offsetof(sim_config_t, no_resource_id), 0 },
    { "enterprise_projects", set_on, offsetof(sim_config_t, projects), 0 },
};

#define NSETTINGS (sizeof(settings) / sizeof(settings[0]))


static int
set_one(sim_config_t *cfg, const char *key, const json_t *v, char err[256])
{
    size_t i;

    for (i = 0; i < NSETTINGS; i++) {
        if (strcmp(settings[i].key, key) == 0) {
            return settings[i].set(
                &settings[i], (char *) cfg + settings[i].field, v, err);
        }
    }

    (void) snprintf(err, 256, "%.100s: no such setting", key);

    return -1;
}


int
sim_configure(sim_world_t *w, const json_t *object, char err[256])
{
    json_t     *v;
    const char *key;

    if (!json_is_object(object)) {
        (void) snprintf(err, 256, "not an object");
        return -1;
    }

    json_object_foreach ((json_t *) object, key, v) {
        if (strcmp(key, "quota") == 0) {
            sim_quota_clear(&w->quota);
        }

        if (set_one(&w->cfg, key, v, err) != 0) {
            return -1;
        }
    }

    return 0;
}


json_t *
sim_settings(const sim_world_t *w)
{
    char                now[24];
    const sim_config_t *cfg = &w->cfg;
    const sim_tenant_t *t = w->tenant;

    sim_format_time(sim_world_now(w), now);

    return json_pack("{ss ss sb sI sI s[II] sI sb sb sb sb si si si}", "idle",
        cfg->idle_hidden ? "hidden" : "shown", "now", now, "now_fixed",
        cfg->now != SIM_NEVER, "quota", cfg->quota, "retry_after",
        cfg->retry_after, "delay_ms", cfg->delay[0], cfg->delay[1],
        "records_limit", cfg->records_limit, "records_clamp",
        cfg->records_clamp, "sid", !cfg->no_sid, "resource_id",
        !cfg->no_resource_id, "enterprise_projects", cfg->projects, "desktops",
        (int) t->ndesktops, "users", (int) t->nusers, "sessions",
        (int) t->nsessions);
}
