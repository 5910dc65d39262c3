/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A whole plan: a request, and what the upstream answers, the same to the same
 * call.  Whatever that is, all calls are sound, and the plan ends with an error
 * that says so or with a reply; and that is the same one in whichever order the
 * calls are answered.
 *
 * The first line has a digit (1: connection records may be asked for, 2:
 * statistics know resource_id, 4: days are to be stored) and the request's
 * body. Each other line is a reply: a letter for its API, perhaps a status of
 * 400 to 409, the body.  Of the replies of one API, the call's query chooses.
 */

#include "fuzz.h"
#include "compare/usage_compare.h"
#include "plan/usage_plan.h"

#include <ctype.h>
#include <jansson.h>


#define FUZZ_NOW       INT64_C(1673352000) /* 2023-01-10T12:00:00Z */
#define FUZZ_REPLIES   32
#define FUZZ_CALLS_MAX 500
#define FUZZ_FLIGHT    6


static usage_patterns_t *fuzz_forms;

static const usage_form_t fuzz_form = { USAGE_TIME_NUMBER,
    "%Y-%m-%dT%H:00:00Z" };


typedef struct {
    usage_call_api_t api;
    unsigned         status;
    usage_str_t      body;
} fuzz_reply_t;


typedef struct {
    unit_arena_t     arena;
    bool             keeps;
    usage_upstream_t upstream;
    usage_request_t  request;
    fuzz_reply_t     replies[FUZZ_REPLIES];
    size_t           count;
    usage_plan_t     plan;
    usage_error_t    error;
} fuzz_plan_t;


static bool
fuzz_load(fuzz_plan_t *t, usage_str_t text)
{
    unsigned      flags;
    usage_str_t   line;
    fuzz_reply_t *reply;

    static const char apis[] = "DULRM";
    usage_rules_t     rules = { 0, 0, 0, false, false, false };

    if (text.len == 0) {
        return false;
    }

    flags = (unsigned char) *text.data++;
    text.len--;
    t->upstream.connections = (flags & 1) != 0;
    t->upstream.resource_id = (flags & 2) != 0;
    t->upstream.lookback = USAGE_SECONDS_PER_DAY;
    t->keeps = (flags & 4) != 0;
    t->upstream.monitoring = (flags & 8) != 0;
    rules.connections = t->upstream.connections;
    rules.monitoring = t->upstream.monitoring;

    line = fuzz_until(&t->arena, &text, '\n');

    if (usage_request_parse(&t->request, &t->arena.pool, fuzz_forms, line,
            FUZZ_NOW, &rules, &t->error)
        != USAGE_OK)
    {
        return false;
    }

    while (text.len > 0 && t->count < FUZZ_REPLIES) {
        line = fuzz_until(&t->arena, &text, '\n');

        if (line.len == 0 || memchr(apis, line.data[0], 5) == NULL) {
            continue;
        }

        reply = &t->replies[t->count++];
        reply->api = (usage_call_api_t) (strchr(apis, line.data[0]) - apis);
        reply->status = 200;
        line.data++;
        line.len--;

        if (line.len >= 3 && isdigit((unsigned char) line.data[0])) {
            reply->status = 400 + (unsigned char) line.data[2] % 10;
            line.data += 3;
            line.len -= 3;
        }

        reply->body = line;
    }

    return true;
}


/*
 * The reply to a call: by its query, so that the same call gets the same.
 */
static const fuzz_reply_t *
fuzz_answer(fuzz_plan_t *t, const usage_call_t *call)
{
    size_t      i, n;
    uint64_t    hash;
    usage_str_t query, path;

    static const fuzz_reply_t none = { 0, 403, usage_string("") };

    fuzz_assert(usage_call_query(call, &t->arena.pool, &query) == USAGE_OK);
    fuzz_assert(usage_call_path(call, unit_str("p"), &t->arena.pool, &path)
                == USAGE_OK);

    for (i = 0, hash = 0; i < query.len; i++) {
        fuzz_assert(query.data[i] > ' ' && query.data[i] <= '~');
        hash += (unsigned char) query.data[i];
        (void) unit_random(&hash);
    }

    for (i = 0, n = 0; i < t->count; i++) {
        n += t->replies[i].api == call->api;
    }

    n = n == 0 ? 0 : unit_below(&hash, n) + 1;

    for (i = 0; i < t->count; i++) {
        if (t->replies[i].api == call->api && --n == 0) {
            return &t->replies[i];
        }
    }

    return &none;
}


static void
fuzz_call(const fuzz_plan_t *t, const usage_call_t *call)
{
    fuzz_assert(call->attempt <= USAGE_REFETCH_MAX);

    if (call->api == USAGE_CALL_MONITOR) {
        fuzz_assert(t->upstream.monitoring);
        fuzz_assert(call->to - call->from <= 30 * 86400);
        fuzz_assert(call->from < call->to && call->to <= FUZZ_NOW);
        return;
    }

    fuzz_assert(call->limit > 0 && call->offset >= 0);

    if (call->api == USAGE_CALL_RECORDS) {
        fuzz_assert(t->upstream.connections);
        fuzz_assert(call->from <= call->to && call->to <= FUZZ_NOW + 60);

    } else if (call->api != USAGE_CALL_DIRECTORY) {
        fuzz_assert(call->offset % USAGE_PAGE_ROWS == 0);
        fuzz_assert(call->first >= t->request.first);
        fuzz_assert(call->first <= call->last);
        fuzz_assert(call->last <= t->request.last);
        fuzz_assert(call->last <= usage_day_of(FUZZ_NOW));
        fuzz_assert(call->id.len == 0 || t->upstream.resource_id);
    }
}


static usage_result_t
fuzz_hand_in(fuzz_plan_t *t, const usage_call_t *call)
{
    char               *copy;
    usage_str_t         body;
    usage_result_t      rc;
    const fuzz_reply_t *reply;

    static usage_page_reader_t reader;

    reply = fuzz_answer(t, call);

    if (reply->status != 200) {
        (void) usage_error(&t->error, reply->status, "refused");
        return usage_plan_refused(&t->plan, call, reply->status) ? USAGE_OK
                                                                 : USAGE_ERROR;
    }

    copy = unit_exact(reply->body);
    body.data = copy;
    body.len = reply->body.len;

    if (!usage_plan_read(&t->plan, call, &reader, &t->error)) {
        rc = usage_plan_body(&t->plan, call, body, &t->error);

    } else if (usage_page_feed(&reader, body.data, body.len) != USAGE_OK
               || usage_page_end(&reader) != USAGE_OK)
    {
        rc = USAGE_ERROR;

    } else {
        rc = usage_plan_page(&t->plan, call, &reader.page, &t->error);
    }

    free(copy);

    return rc;
}


/*
 * Carries the plan out, up to flight calls at a time.  USAGE_AGAIN: it takes
 * more than is of interest here.
 */
static usage_result_t
fuzz_carry_out(fuzz_plan_t *t, size_t flight)
{
    size_t         i, waiting, made;
    uint64_t       rnd;
    usage_call_t   calls[FUZZ_FLIGHT], call;
    usage_result_t rc;

    rnd = flight;
    memset(&t->error, 0, sizeof(t->error));

    if (usage_plan_start(&t->plan, &t->request, &t->upstream, &t->arena.pool,
            FUZZ_NOW, &t->error)
        != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    if (t->keeps) {
        usage_plan_fill_cache(&t->plan);
    }

    for (waiting = 0, made = 0;;) {
        rc = USAGE_AGAIN;

        while (
            waiting < flight
            && (rc = usage_plan_next(&t->plan, &call, &t->error)) == USAGE_OK)
        {
            fuzz_call(t, &call);
            calls[waiting++] = call;

            if (++made > FUZZ_CALLS_MAX) {
                return USAGE_AGAIN;
            }
        }

        if (rc == USAGE_ERROR) {
            return USAGE_ERROR;
        }

        if (waiting == 0) {
            break;
        }

        i = unit_below(&rnd, waiting);
        call = calls[i];
        calls[i] = calls[--waiting];

        if (fuzz_hand_in(t, &call) != USAGE_OK) {
            return USAGE_ERROR;
        }
    }

    fuzz_assert(usage_plan_done(&t->plan));

    return USAGE_OK;
}


/*
 * The legacy reply is one, within what the request asks for.
 */
static void
fuzz_written(fuzz_plan_t *t, usage_str_t reply, size_t count, int64_t total)
{
    size_t          i, k;
    json_t         *root, *list, *entry, *element;
    usage_compare_t compare;

    fuzz_assert(count <= t->request.limit);
    fuzz_assert(total >= (int64_t) count);
    fuzz_assert(
        usage_compare(&compare, &t->arena.pool, reply, reply, 0, 1, &t->error)
        == USAGE_OK);
    fuzz_assert(compare.total == 0);

    root = json_loadb(reply.data, reply.len, JSON_REJECT_DUPLICATES, NULL);
    list = json_object_get(root, "desktop_used_info_list");
    fuzz_assert(json_array_size(list) == count);
    fuzz_assert(
        json_integer_value(json_object_get(root, "total_count")) == total);

    json_array_foreach (list, i, entry) {
        list = json_object_get(entry, "used_info_list");
        fuzz_assert(json_array_size(list) == usage_request_bins(&t->request));

        json_array_foreach (list, k, element) {
            fuzz_assert(
                json_number_value(json_object_get(element, "use_time")) >= 0);
        }

        list = json_object_get(root, "desktop_used_info_list");
    }

    json_decref(root);
}


static usage_result_t
fuzz_run(fuzz_plan_t *t, size_t flight, usage_str_t *reply)
{
    size_t         count;
    int64_t        total;
    usage_item_t  *items;
    usage_result_t rc;

    rc = fuzz_carry_out(t, flight);

    if (rc == USAGE_OK
        && usage_plan_list(&t->plan, &items, &count, &total, &t->error)
               == USAGE_OK)
    {
        fuzz_assert(usage_reply_write(&t->request, items, count,
                        usage_plan_past(&t->plan), total, &fuzz_form,
                        &t->arena.pool, reply)
                    == USAGE_OK);
        fuzz_written(t, *reply, count, total);

        return USAGE_OK;
    }

    if (rc != USAGE_AGAIN) {
        fuzz_assert(t->error.status >= 400 && t->error.status != 500);
        fuzz_assert(t->error.detail[0] != '\0');
        rc = USAGE_ERROR;
    }

    return rc;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usage_str_t text, one, other;
    fuzz_plan_t t;

    if (fuzz_forms == NULL) {
        fuzz_forms = usage_patterns_create();
        fuzz_assert(fuzz_forms != NULL);
    }

    text.data = (const char *) data;
    text.len = size;

    memset(&t, 0, sizeof(t));
    unit_arena_start(&t.arena);

    if (fuzz_load(&t, text) && fuzz_run(&t, 1, &one) == USAGE_OK
        && fuzz_run(&t, FUZZ_FLIGHT, &other) == USAGE_OK)
    {
        fuzz_assert(usage_str_equal(one, other));
    }

    unit_arena_free(&t.arena);

    return 0;
}
