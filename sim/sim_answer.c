/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One call's reply: route, rights, quota, faults, answer.
 */

#include "sim_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


typedef struct {
    const char *path; /* what follows the project */
    const char *name;
    const char *method;
    sim_api_t   answer;
} route_t;


static const route_t routes[] = {
    { "/statistics/metrics/desktops", "desktop-metrics", "GET",
        sim_api_desktop_metrics },
    { "/statistics/metrics/users", "user-metrics", "GET",
        sim_api_user_metrics },
    { "/desktops", "directory", "GET", sim_api_directory },
    { "/connections/desktops", "records", "GET", sim_api_records },
    { "/desktops/statistics/used", "legacy", "POST", sim_api_legacy },
};


/* Text that may hold pieces of what the client sent. */

static void
add_printable(sim_buf_t *b, const char *s)
{
    char *copy = sim_strdup(s), *p;

    for (p = copy; *p; p++) {
        if ((unsigned char) *p >= 0x7f) {
            *p = '?';
        }
    }

    sim_buf_json(b, copy);
    free(copy);
}


void
sim_error(sim_call_t *c, int status, const char *code, const char *msg,
    const char *detail)
{
    sim_buf_t *b = &c->reply.body;

    c->reply.status = status;
    b->len = 0;

    sim_buf_str(b, "{\"error_code\":");
    sim_buf_json(b, code);
    sim_buf_str(b, ",\"error_msg\":");
    sim_buf_json(b, msg);

    if (detail != NULL) {
        sim_buf_str(b, ",\"error_detail\":");
        add_printable(b, detail);
    }

    sim_buf_str(b, "}");
}


void
sim_bad_query(sim_call_t *c)
{
    sim_error(
        c, 400, "WKS.00010001", "The parameters are wrong.", c->query.error);
}


/* The route of a path, and the length of its project; NULL if there is none.
 */

static const route_t *
find_route(const char *path, size_t *project)
{
    size_t i;

    if (strncmp(path, "/v2/", 4) != 0) {
        return NULL;
    }

    path += 4;
    *project = strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
                            "yz0123456789_-");

    if (*project == 0 || *project > 255) {
        return NULL;
    }

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(path + *project, routes[i].path) == 0) {
            return &routes[i];
        }
    }

    return NULL;
}


/* Whether the signature is right. */

static int
is_signed(const sim_world_t *w, sim_call_t *c)
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


/* Whether the credential is one of those accepted. */

static int
may(const sim_world_t *w, sim_call_t *c)
{
    size_t i;

    if (c->token == NULL && c->signs && json_array_size(w->cfg.keys) > 0) {
        return is_signed(w, c);
    }

    if (c->key == NULL || c->key[0] == '\0') {
        return 0;
    }

    if (json_array_size(w->cfg.tokens) == 0) {
        return 1;
    }

    for (i = 0; i < json_array_size(w->cfg.tokens); i++) {
        if (strcmp(c->key, json_string_value(json_array_get(w->cfg.tokens, i)))
            == 0) {
            return 1;
        }
    }

    return 0;
}


/* Counts a call; 0 if it is one too many in its minute. */

static int
meter(sim_world_t *w, const sim_call_t *c)
{
    size_t       i;
    uint64_t     key;
    sim_buf_t    b = { 0 };
    sim_meter_t *m;

    if (w->cfg.quota == 0) {
        return 1;
    }

    sim_buf_fmt(&b, "%s %s", c->api, c->key);
    key = sim_fingerprint(b.data, b.len);
    sim_buf_free(&b);

    for (i = 0; i < w->nmeters && w->meters[i].key != key; i++) {
        /* void */
    }

    if (i == w->nmeters) {
        w->meters = sim_realloc(w->meters, (i + 1) * sizeof(*m));
        w->meters[w->nmeters++] = (sim_meter_t){ key, c->begun, 0 };
    }

    m = &w->meters[i];

    if (c->begun - m->since >= 60000) {
        m->since = c->begun;
        m->calls = 0;
    }

    return ++m->calls <= w->cfg.quota;
}


/* An error that a fault asks for. */

static void
status_fault(sim_call_t *c, const json_t *f)
{
    char        code[16];
    sim_buf_t  *b = &c->reply.body;
    const char *form = sim_fx_str(f, "form", "json");
    int         status = (int) sim_fx_int(f, "status", 500);

    (void) snprintf(code, sizeof(code), "%s",
        status == 401   ? "APIGW.0301"
        : status == 403 ? "APIGW.0302"
        : status == 404 ? "APIGW.0101"
        : status == 429 ? "APIGW.0308"
                        : "WKS.00000500");

    sim_error(c, status, sim_fx_str(f, "code", code),
        sim_fx_str(f, "msg", "a fault that was asked for"),
        sim_fx_str(f, "detail", NULL));

    if (sim_fx_str(f, "encoded", NULL)) {
        b->len--;
        sim_buf_str(b, ",\"encoded_authorization_message\":");
        sim_buf_json(b, sim_fx_str(f, "encoded", ""));
        sim_buf_str(b, "}");
    }

    c->reply.retry_after = sim_fx_int(f, "retry_after", -1);

    if (sim_fx_str(f, "body", NULL)) {
        b->len = 0;
        sim_buf_str(b, sim_fx_str(f, "body", ""));

    } else if (strcmp(form, "html") == 0) {
        b->len = 0;
        c->reply.type = "text/html";
        sim_buf_str(b, "<html><body><h1>A fault</h1></body></html>\n");

    } else if (strcmp(form, "empty") == 0) {
        b->len = 0;
    }

    c->reply.type = sim_fx_str(f, "type", c->reply.type);
}


/* Faults that take the place of the answer's bytes. */

static void
spoil(sim_call_t *c)
{
    size_t     n, i, at;
    uint64_t   random;
    json_t    *f;
    sim_buf_t *b = &c->reply.body;

    f = c->fx.hit[SIM_FAULT_TEXT];

    if (f != NULL) {
        b->len = 0;
        sim_buf_str(b, sim_fx_str(f, "body", "<html>not JSON</html>\n"));
        c->reply.type = sim_fx_str(f, "type", "text/html");
    }

    if (c->fx.hit[SIM_FAULT_EMPTY] != NULL) {
        b->len = 0;
    }

    f = c->fx.hit[SIM_FAULT_TRUNCATE];

    if (f != NULL) {
        n = (size_t) sim_fx_int(f, "at", (json_int_t) (b->len / 2));
        b->len = n < b->len ? n : b->len;
    }

    f = c->fx.hit[SIM_FAULT_GARBLE];

    if (f == NULL || b->len == 0) {
        return;
    }

    /* a high bit on its own is no UTF-8, so no JSON comes of it by chance */

    random = (uint64_t) sim_fx_int(f, "seed", 1);

    for (i = 0; i < (size_t) sim_fx_int(f, "bytes", 8); i++) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        at = (size_t) (random >> 33) % b->len;

        if ((b->data[at] & 0x80) == 0 && (at == 0 || !(b->data[at - 1] & 0x80))
            && (at + 1 == b->len || !(b->data[at + 1] & 0x80)))
        {
            b->data[at] = (char) (b->data[at] | 0x80);
        }
    }
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

    sim_faults_hit(&w->faults, &target, &c->fx);
}


static void
answer_api(sim_world_t *w, sim_call_t *c, const route_t *route, size_t project)
{
    int legacy = route->answer == sim_api_legacy;

    c->api = route->name;

    if (strcmp(c->method, route->method) != 0) {
        sim_error(c, 405, "APIGW.0101", "The API does not exist", NULL);
        c->reply.allow = route->method;
        return;
    }

    find_faults(w, c, route);

    if (!may(w, c)) {
        sim_error(c, 401, "APIGW.0301",
            c->signature ? "Incorrect IAM authentication information: "
                           "verify aksk signature fail"
                         : "Incorrect IAM authentication information: "
                           "the token is missing, wrong or expired",
            NULL);

    } else if (w->cfg.project != NULL
               && (strlen(w->cfg.project) != project
                   || strncmp(w->cfg.project, c->path + 4, project) != 0))
    {
        sim_error(c, 404, "WKS.00010404", "No such project", NULL);

    } else if (!legacy && !meter(w, c)) {
        sim_error(c, 429, "APIGW.0308",
            "The throttling threshold has been reached", NULL);
        c->reply.retry_after = w->cfg.retry_after;

    } else if (c->fx.hit[SIM_FAULT_STATUS] != NULL) {
        status_fault(c, c->fx.hit[SIM_FAULT_STATUS]);

    } else {
        route->answer(w, c);
    }

    spoil(c);
}


void
sim_answer(sim_world_t *w, sim_call_t *c)
{
    size_t         project;
    const route_t *route;

    c->reply.status = 200;
    c->reply.type = "application/json";
    c->reply.retry_after = -1;
    c->offset = -1;
    c->api = "";
    c->now = sim_world_now(w);

    if (strncmp(c->path, "/_sim/", 6) == 0) {
        sim_control(w, c);
        return;
    }

    sim_query_parse(&c->query, c->raw);
    sim_tenant_refresh(w->tenant, c->now);

    route = find_route(c->path, &project);

    if (route == NULL) {
        sim_error(c, 404, "APIGW.0101", "The API does not exist", NULL);
    } else {
        answer_api(w, c, route, project);
    }
}
