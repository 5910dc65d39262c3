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

#define RANDOM "random:"


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


/* Sets all habits: to their defaults, or to values drawn from a seed. */

static int
set_habits(const setting_t *s, void *field, const json_t *v, char err[256])
{
    char       *end;
    uint64_t    seed;
    const char *text = json_string_value(v);

    if (text != NULL && strcmp(text, "default") == 0) {
        sim_habits_default(field);
        return 0;
    }

    if (text == NULL || strncmp(text, RANDOM, sizeof(RANDOM) - 1) != 0) {
        return wrong(s, err, "neither default nor random:SEED");
    }

    text += sizeof(RANDOM) - 1;
    seed = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0') {
        return wrong(s, err, "the seed is not a number");
    }

    sim_habits_random(field, seed);

    return 0;
}


/* Sets the habits that differ between releases. */

static int
set_release(const setting_t *s, void *field, const json_t *v, char err[256])
{
    if (!json_is_string(v)
        || sim_habits_release(field, json_string_value(v)) != 0) {
        return wrong(s, err, "not a month from 2024-06 to 2026-08");
    }

    return 0;
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


/* In the order in which they are set. */

static const setting_t settings[] = {
    { "habits", set_habits, offsetof(sim_config_t, habits), 0 },
    { "release", set_release, offsetof(sim_config_t, habits), 0 },
    { "now", set_now, offsetof(sim_config_t, now), 0 },
    { "delay_ms", set_delay, offsetof(sim_config_t, delay), 0 },
    { "tokens", set_strings, offsetof(sim_config_t, tokens), 0 },
    { "access_keys", set_keys, offsetof(sim_config_t, keys), 0 },
    { "project", set_project, offsetof(sim_config_t, project), 0 },
    { "quota", set_number, offsetof(sim_config_t, quota), 0 },
    { "retry_after", set_number, offsetof(sim_config_t, retry_after), -1 },
};

#define NSETTINGS (sizeof(settings) / sizeof(settings[0]))


/* Sets the settings above that the object has. */

static int
set_settings(sim_config_t *cfg, const json_t *object, char err[256])
{
    size_t           i;
    const json_t    *v;
    const setting_t *s;

    for (i = 0; i < NSETTINGS; i++) {
        s = &settings[i];
        v = json_object_get(object, s->key);

        if (v != NULL && s->set(s, (char *) cfg + s->field, v, err) != 0) {
            return -1;
        }
    }

    return 0;
}


static int
is_setting(const char *key)
{
    size_t i;

    for (i = 0; i < NSETTINGS; i++) {
        if (strcmp(settings[i].key, key) == 0) {
            return 1;
        }
    }

    return 0;
}


/* Sets the single habits that the object has; all else is a setting. */

static int
set_single_habits(sim_habits_t *h, const json_t *object, char err[256])
{
    int         rc;
    json_t     *v;
    const char *key;

    json_object_foreach ((json_t *) object, key, v) {
        if (is_setting(key)) {
            continue;
        }

        rc = sim_habits_set(h, key, v, err);

        if (rc > 0) {
            (void) snprintf(err, 256, "%.100s: no such setting", key);
        }

        if (rc != 0) {
            return -1;
        }
    }

    return 0;
}


int
sim_configure(sim_world_t *w, const json_t *object, char err[256])
{
    if (!json_is_object(object)) {
        (void) snprintf(err, 256, "not an object");
        return -1;
    }

    if (json_object_get(object, "quota") != NULL) {
        sim_quota_clear(&w->quota);
    }

    if (set_settings(&w->cfg, object, err) != 0) {
        return -1;
    }

    return set_single_habits(&w->cfg.habits, object, err);
}


json_t *
sim_settings(const sim_world_t *w)
{
    char                now[24], release[16];
    const sim_config_t *cfg = &w->cfg;
    const sim_tenant_t *t = w->tenant;

    sim_format_time(sim_world_now(w), now);

    return json_pack("{ss? so ss sb sI sI s[II] si si si}", "release",
        sim_habits_release_name(&cfg->habits, release), "habits",
        sim_habits_json(&cfg->habits), "now", now, "now_fixed",
        cfg->now != SIM_NEVER, "quota", cfg->quota, "retry_after",
        cfg->retry_after, "delay_ms", cfg->delay[0], cfg->delay[1], "desktops",
        (int) t->ndesktops, "users", (int) t->nusers, "sessions",
        (int) t->nsessions);
}
