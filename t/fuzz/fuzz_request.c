/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Bodies of the legacy call: whatever they hold, they are refused with 400, or
 * are a request within the call's limits.
 */

#include "fuzz.h"
#include "base/usage_json.h"
#include "request/usage_request.h"

#include <jansson.h>


#define FUZZ_NOW INT64_C(1673352000) /* 2023-01-10T12:00:00Z */
#define FUZZ_DAY INT64_C(86400)


/* with connection records, with desktop monitoring, and with neither */

static const usage_rules_t fuzz_rules[] = {
    { 180 * FUZZ_DAY, 30 * FUZZ_DAY, 40 * FUZZ_DAY, false, false, false },
    { 30 * FUZZ_DAY, 60 * FUZZ_DAY, 20 * FUZZ_DAY, true, false, false },
    { 90 * FUZZ_DAY, 30 * FUZZ_DAY, 0, false, true, false },
};


static void
fuzz_name(usage_str_t name)
{
    fuzz_assert(name.data != NULL);
    fuzz_assert(usage_utf8_chars(name) <= USAGE_ID_CHARS_MAX);
    fuzz_assert(name.len == 0 || memchr(name.data, '\0', name.len) == NULL);
}


static void
fuzz_accepted(const usage_request_t *request, usage_str_t body,
    const usage_rules_t *rules)
{
    size_t      i, k;
    usage_str_t id;

    fuzz_assert(body.len == 0 || memchr(body.data, '\0', body.len) == NULL);
    fuzz_assert(request->first <= request->last);
    fuzz_assert(usage_request_days(request) >= 1);
    fuzz_assert(usage_request_days(request) <= USAGE_DAYS_MAX);
    fuzz_assert(
        !usage_day_forgotten(request->first, FUZZ_NOW, rules->desktops_memory));
    fuzz_assert(
        request->user.len == 0
        || !usage_day_forgotten(request->first, FUZZ_NOW, rules->users_memory));
    fuzz_assert(
        !request->hours || rules->connections
        || (rules->monitoring && request->desktops > 0 && !request->user.len));
    fuzz_assert(usage_request_bins(request)
                == usage_request_days(request) * (request->hours ? 24 : 1));
    fuzz_assert(usage_request_past(request, usage_day_of(FUZZ_NOW))
                <= usage_request_days(request));
    fuzz_assert(request->offset <= USAGE_OFFSET_MAX);
    fuzz_assert(request->limit <= USAGE_LIMIT_MAX);
    fuzz_assert(request->desktops <= USAGE_DESKTOP_IDS_MAX);
    fuzz_assert(request->user.len > 0 || request->domain.len == 0);

    fuzz_name(request->user);
    fuzz_name(request->domain);

    for (i = 0; i < request->desktops; i++) {
        id = request->desktop_ids[i];

        fuzz_assert(id.len > 0 && id.len <= USAGE_ID_BYTES_MAX);
        fuzz_assert(usage_utf8_chars(id) <= USAGE_ID_CHARS_MAX);
        fuzz_assert(memchr(id.data, '\0', id.len) == NULL);

        for (k = 0; k < i && i < 50; k++) {
            fuzz_assert(!usage_str_equal(id, request->desktop_ids[k]));
        }
    }
}


static void
fuzz_refused(const usage_error_t *error)
{
    char    buffer[USAGE_ERROR_JSON_MAX];
    size_t  len;
    json_t *root;

    fuzz_assert(error->status == 400);
    fuzz_assert(error->detail[0] != '\0');
    fuzz_assert(memchr(error->detail, '\0', sizeof(error->detail)) != NULL);

    len = usage_error_json(error->status, error->detail, buffer);
    fuzz_assert(len <= sizeof(buffer));

    root = json_loadb(buffer, len, JSON_REJECT_DUPLICATES, NULL);
    fuzz_assert(root != NULL);
    json_decref(root);
}


static void
fuzz_parse(
    const usage_patterns_t *forms, usage_str_t body, const usage_rules_t *rules)
{
    char           *copy;
    size_t          size;
    unit_arena_t    arena;
    usage_error_t   error;
    usage_result_t  rc;
    usage_request_t request;

    copy = unit_exact(body);
    size = body.len;
    body.data = copy;

    unit_arena_start(&arena);
    memset(&error, 0, sizeof(error));

    rc = usage_request_parse(
        &request, &arena.pool, forms, body, FUZZ_NOW, rules, &error);

    if (rc == USAGE_OK) {
        fuzz_accepted(&request, body, rules);
        memset(
            copy, '\xff', size); /* the request's strings aren't the body's */
        body.len = 0;
        fuzz_accepted(&request, body, rules);

    } else {
        fuzz_assert(rc == USAGE_ERROR);
        fuzz_refused(&error);
    }

    free(copy);
    unit_arena_free(&arena);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t      i;
    usage_str_t body;

    static usage_patterns_t *forms;

    if (forms == NULL) {
        forms = usage_patterns_create();
        fuzz_assert(forms != NULL);
    }

    body.data = (const char *) data;
    body.len = size;

    for (i = 0; i < unit_count(fuzz_rules); i++) {
        fuzz_parse(forms, body, &fuzz_rules[i]);
    }

    return 0;
}
