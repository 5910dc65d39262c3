/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the simulator knows while it runs.
 */

#include "sim_world.h"
#include "sim_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


int64_t
sim_monotonic(void)
{
    struct timespec ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


int64_t
sim_world_now(const sim_world_t *w)
{
    return w->cfg.now != SIM_NEVER ? w->cfg.now : (int64_t) time(NULL);
}


void
sim_world_tenant(sim_world_t *w, sim_tenant_t *t)
{
    sim_alter_clear(w);
    sim_tenant_free(w->tenant);
    w->tenant = t;
    sim_tenant_index(t, sim_world_now(w));
}


void
sim_world_free(sim_world_t *w)
{
    sim_alter_clear(w);
    sim_tenant_free(w->tenant);
    sim_faults_clear(&w->faults);
    free(w->meters);
    free(w->cfg.project);
    json_decref(w->cfg.tokens);
    json_decref(w->cfg.keys);
    json_decref(w->calls);

    if (w->log != NULL) {
        (void) fclose(w->log);
    }
}


void
sim_call_free(sim_call_t *c)
{
    size_t i;

    for (i = 0; i < c->nheaders; i++) {
        free(c->headers[i].name);
        free(c->headers[i].value);
    }

    free(c->headers);
    free(c->signature);
    free(c->path);
    free(c->raw);
    free(c->method);
    free(c->token);
    free(c->key);
    json_decref(c->entry);
    sim_buf_free(&c->body);
    sim_query_free(&c->query);
    sim_fx_clear(&c->fx);
    sim_buf_free(&c->reply.body);
}


static int
set_now(sim_config_t *cfg, const json_t *v, char err[256])
{
    const char *s = json_string_value(v);

    if (json_is_null(v) || (s != NULL && strcmp(s, "real") == 0)) {
        cfg->now = SIM_NEVER;

    } else if (s == NULL || sim_parse_time(s, &cfg->now) != 0) {
        (void) snprintf(err, 256, "now: neither yyyy-MM-ddTHH:mm:ssZ nor real");
        return -1;
    }

    return 0;
}


/* "20" or 20: always that; "10-30": anything between. */

static int
set_delay(sim_config_t *cfg, const json_t *v, char err[256])
{
    int         end = 0;
    long long   min = 0, max = 0;
    const char *s = json_string_value(v);

    if (json_is_integer(v)) {
        min = max = json_integer_value(v);

    } else if (s != NULL && sscanf(s, "%lld-%lld%n", &min, &max, &end) == 2
               && s[end] == '\0')
    {
        /* a range */

    } else if (s != NULL && sscanf(s, "%lld%n", &min, &end) == 1
               && s[end] == '\0') {
        max = min;

    } else {
        min = -1;
    }

    if (min < 0 || max < min || max > 3600000) {
        (void) snprintf(err, 256, "delay_ms: neither N nor \"N-N\"");
        return -1;
    }

    cfg->delay_min = min;
    cfg->delay_max = max;

    return 0;
}


static int
set_strings(json_t **out, const char *key, const json_t *v, char err[256])
{
    size_t  i;
    json_t *one;

    if (!json_is_array(v)) {
        (void) snprintf(err, 256, "%s: not an array", key);
        return -1;
    }

    json_array_foreach (v, i, one) {
        if (!json_is_string(one)) {
            (void) snprintf(err, 256, "%s: not an array of strings", key);
            return -1;
        }
    }

    json_decref(*out);
    *out = json_deep_copy(v);

    return 0;
}


static int
set_keys(sim_config_t *cfg, const char *key, const json_t *v, char err[256])
{
    size_t  i;
    json_t *one;

    json_array_foreach ((json_t *) v, i, one) {
        if (json_is_string(one) && !sim_sign_is_key(json_string_value(one))) {
            (void) snprintf(err, 256, "%s: neither AK:SK nor AK:SK:TOKEN", key);
            return -1;
        }
    }

    return set_strings(&cfg->keys, key, v, err);
}


static int
set_idle(sim_config_t *cfg, const json_t *v, char err[256])
{
    const char *s = json_string_value(v);

    if (s == NULL || (strcmp(s, "shown") != 0 && strcmp(s, "hidden") != 0)) {
        (void) snprintf(err, 256, "idle: neither shown nor hidden");
        return -1;
    }

    cfg->idle_hidden = strcmp(s, "hidden") == 0;

    return 0;
}


static int
set_number(json_int_t *out, const char *key, const json_t *v, json_int_t min,
    char err[256])
{
    json_int_t n = json_is_null(v) ? min : json_integer_value(v);

    if ((!json_is_integer(v) && !json_is_null(v)) || n < min) {
        (void) snprintf(
            err, 256, "%s: not an integer from %lld on", key, (long long) min);
        return -1;
    }

    *out = n;

    return 0;
}


static int
set_on(int *out, const char *key, const json_t *v, char err[256])
{
    if (!json_is_boolean(v)) {
        (void) snprintf(err, 256, "%s: neither true nor false", key);
        return -1;
    }

    *out = json_is_true(v);

    return 0;
}


static int
set_off(int *out, const char *key, const json_t *v, char err[256])
{
    int on = !*out, rc = set_on(&on, key, v, err);

    *out = !on;

    return rc;
}


static int
set_project(sim_config_t *cfg, const json_t *v, char err[256])
{
    if (!json_is_string(v) && !json_is_null(v)) {
        (void) snprintf(err, 256, "project: neither a string nor null");
        return -1;
    }

    free(cfg->project);
    cfg->project = sim_strdup(json_string_value(v));

    return 0;
}


static int
set_one(sim_world_t *w, const char *key, const json_t *v, char err[256])
{
    sim_config_t *cfg = &w->cfg;

    if (strcmp(key, "idle") == 0) {
        return set_idle(cfg, v, err);
    }

    if (strcmp(key, "now") == 0) {
        return set_now(cfg, v, err);
    }

    if (strcmp(key, "delay_ms") == 0) {
        return set_delay(cfg, v, err);
    }

    if (strcmp(key, "tokens") == 0) {
        return set_strings(&cfg->tokens, key, v, err);
    }

    if (strcmp(key, "access_keys") == 0) {
        return set_keys(cfg, key, v, err);
    }

    if (strcmp(key, "project") == 0) {
        return set_project(cfg, v, err);
    }

    if (strcmp(key, "quota") == 0) {
        w->nmeters = 0;
        return set_number(&cfg->quota, key, v, 0, err);
    }

    if (strcmp(key, "retry_after") == 0) {
        return set_number(&cfg->retry_after, key, v, -1, err);
    }

    if (strcmp(key, "records_limit") == 0) {
        return set_number(&cfg->records_limit, key, v, 1, err);
    }

    if (strcmp(key, "records_clamp") == 0) {
        return set_on(&cfg->records_clamp, key, v, err);
    }

    if (strcmp(key, "sid") == 0) {
        return set_off(&cfg->no_sid, key, v, err);
    }

    if (strcmp(key, "resource_id") == 0) {
        return set_off(&cfg->no_resource_id, key, v, err);
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
        if (set_one(w, key, v, err) != 0) {
            return -1;
        }
    }

    return 0;
}
