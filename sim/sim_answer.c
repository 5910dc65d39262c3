/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Finds the reply of a call: checks what is the same for all APIs, then calls
 * one.
 */

#include "sim_answer.h"
#include "sim_api.h"
#include "sim_control.h"
#include "sim_index.h"
#include "sim_spoil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VERSION "/v2/" /* how the path of an API begins */


typedef struct {
    const char *path; /* what follows the project; behind "/", an id follows */
    const char *name;
    const char *method;
    sim_api_t   answer;
    int         metered; /* the quota counts its calls */
} route_t;


static const route_t routes[] = {
    { "/statistics/metrics/desktops", "desktop-metrics", "GET",
        sim_api_desktop_metrics, 1 },
    { "/statistics/metrics/users", "user-metrics", "GET", sim_api_user_metrics,
        1 },
    { "/desktops", "directory", "GET", sim_api_directory, 1 },
    { "/connections/desktops", "records", "GET", sim_api_records, 1 },
    { "/desktop-monitor/", "monitor", "GET", sim_api_monitor, 1 },
    { "/desktops/statistics/used", "legacy", "POST", sim_api_legacy, 0 },
};


/* Tells whether a path, behind its project, is one of the route. */

static int
is_route(const route_t *route, const char *path)
{
    size_t len = strlen(route->path);

    if (route->path[len - 1] != '/') {
        return strcmp(path, route->path) == 0;
    }

    return strncmp(path, route->path, len) == 0 && path[len] != '\0'
           && strchr(path + len, '/') == NULL;
}


/* Finds the route of a path, and how long its project is; NULL if there is
 * none.
 */

static const route_t *
find_route(const char *path, size_t *project)
{
    size_t i;

    if (strncmp(path, VERSION, sizeof(VERSION) - 1) != 0) {
        return NULL;
    }

    path += sizeof(VERSION) - 1;
    *project = strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
                            "yz0123456789_-");

    if (*project == 0 || *project > 255) {
        return NULL;
    }

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (is_route(&routes[i], path + *project)) {
            return &routes[i];
        }
    }

    return NULL;
}


/* Verifies the signature, and notes the verdict. */

static int
verify(const sim_world_t *w, sim_call_t *c)
{
    int          rc;
    char         why[256];
    sim_buf_t    b = { 0 };
    sim_signed_t r = { c->method, c->path, c->raw, c->headers, c->nheaders,
        c->body.data, c->body.len };

    rc = sim_sign_check(&r, w->cfg.keys, (int64_t) time(NULL), why);

    sim_buf_fmt(&b, "%s%s", rc == 0 ? "valid" : "wrong: ", rc == 0 ? "" : why);
    c->signature = b.data;

    return rc == 0;
}


/* Tells whether the caller's credential is accepted. */

static int
is_accepted(const sim_world_t *w, sim_call_t *c)
{
    size_t  i;
    json_t *token;

    if (c->token == NULL && c->is_signed && json_array_size(w->cfg.keys) > 0) {
        return verify(w, c);
    }

    if (c->credential == NULL || c->credential[0] == '\0') {
        return 0;
    }

    if (json_array_size(w->cfg.tokens) == 0) {
        return 1;
    }

    json_array_foreach (w->cfg.tokens, i, token) {
        if (strcmp(c->credential, json_string_value(token)) == 0) {
            return 1;
        }
    }

    return 0;
}


/* Tells whether the simulator answers the path's project. */

static int
is_project(const sim_world_t *w, const sim_call_t *c, size_t len)
{
    const char *project = w->cfg.project;

    return project == NULL
           || (strlen(project) == len
               && strncmp(project, c->path + sizeof(VERSION) - 1, len) == 0);
}


static void
find_faults(sim_world_t *w, sim_call_t *c, const route_t *route)
{
    char         day[11];
    const char  *start = sim_query_get(&c->query, "start_time");
    const char  *offset = sim_query_get(&c->query, "offset");
    sim_target_t target = { .api = route->name, .query = c->raw };

    if (start != NULL && strlen(start) >= 10) {
        memcpy(day, start, 10);
        day[10] = '\0';
        target.day = day;
    }

    target.offset = offset ? strtoll(offset, NULL, 10) : 0;

    sim_faults_hit(&w->faults, &target, &c->hits);
}


static void
refuse_credential(sim_call_t *c)
{
    sim_reply_error(c, 401, "APIGW.0301",
        c->signature ? "Incorrect IAM authentication information: "
                       "verify aksk signature fail"
                     : "Incorrect IAM authentication information: "
                       "the token is missing, wrong or expired",
        NULL);
}


/* Refuses a call over the quota, in the vendor's words. */

static void
refuse_quota(const sim_world_t *w, sim_call_t *c)
{
    char msg[128];

    (void) snprintf(msg, sizeof(msg),
        "The throttling threshold has been reached: "
        "policy user over ratelimit,limit:%lld,time:1 minute",
        (long long) w->cfg.quota);

    sim_reply_error(c, 429, "APIGW.0308", msg, NULL);
    c->reply.retry_after = w->cfg.retry_after;
}


static void
answer_api(sim_world_t *w, sim_call_t *c, const route_t *route, size_t project)
{
    c->api = route->name;

    if (strcmp(c->method, route->method) != 0) {
        sim_reply_error(c, 405, "APIGW.0101", "The API does not exist", NULL);
        c->reply.allow = route->method;
        return;
    }

    find_faults(w, c, route);

    if (!is_accepted(w, c)) {
        refuse_credential(c);

    } else if (!is_project(w, c, project)) {
        sim_reply_error(c, 404, "WKS.00010404", "No such project", NULL);

    } else if (route->metered
               && !sim_quota_take(
                   &w->quota, c->api, c->credential, c->begun, w->cfg.quota))
    {
        refuse_quota(w, c);

    } else if (c->hits.fault[SIM_FAULT_STATUS] != NULL) {
        sim_spoil_status(c, c->hits.fault[SIM_FAULT_STATUS]);

    } else {
        route->answer(w, c);
    }

    sim_spoil(c);
}


void
sim_answer(sim_world_t *w, sim_call_t *c)
{
    size_t         project;
    const route_t *route;

    c->reply.status = 200;
    c->reply.type = "application/json";
    c->reply.retry_after = -1;
    c->api = "";
    c->now = sim_world_now(w);

    if (sim_is_control(c->path)) {
        sim_control(w, c);
        return;
    }

    sim_query_parse(&c->query, c->raw);
    sim_tenant_refresh(w->tenant, c->now);

    route = find_route(c->path, &project);

    if (route == NULL) {
        sim_reply_error(c, 404, "APIGW.0101", "The API does not exist", NULL);
    } else {
        answer_api(w, c, route, project);
    }
}
