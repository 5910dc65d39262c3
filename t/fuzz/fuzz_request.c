/*
 * Bodies of the legacy call: whatever they hold, they are refused with 400, or
 * are a request within the call's limits.
 */

#include "unit.h"
#include "usage_json.h"
#include "usage_request.h"

#include <jansson.h>


#define FUZZ_NOW    INT64_C(1673352000) /* 2023-01-10T12:00:00Z */
#define FUZZ_MEMORY (INT64_C(180) * USAGE_SECONDS_PER_DAY)


static void
fuzz_must(bool is, const char *what)
{
    if (!is) {
        fprintf(stderr, "not so: %s\n", what);
        abort();
    }
}


#define fuzz_assert(expression) fuzz_must(expression, #expression)


static void
fuzz_accepted(const usage_request_t *request, usage_str_t body)
{
    size_t      i, k;
    usage_str_t id;

    fuzz_assert(body.len == 0 || memchr(body.data, '\0', body.len) == NULL);
    fuzz_assert(request->first <= request->last);
    fuzz_assert(usage_request_days(request) >= 1);
    fuzz_assert(usage_request_days(request) <= USAGE_DAYS_MAX);
    fuzz_assert(!usage_day_forgotten(request->first, FUZZ_NOW, FUZZ_MEMORY));
    fuzz_assert(usage_request_past(request, usage_day_of(FUZZ_NOW))
                <= usage_request_days(request));
    fuzz_assert(request->offset <= USAGE_OFFSET_MAX);
    fuzz_assert(request->limit <= USAGE_LIMIT_MAX);
    fuzz_assert(request->desktops <= USAGE_DESKTOP_IDS_MAX);

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


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char           *copy;
    usage_str_t     body;
    unit_arena_t    arena;
    usage_error_t   error;
    usage_result_t  rc;
    usage_request_t request;

    static usage_forms_t *forms;

    if (forms == NULL) {
        forms = usage_forms_create();
        fuzz_assert(forms != NULL);
    }

    body.data = (const char *) data;
    body.len = size;
    copy = unit_exact(body);
    body.data = copy;

    unit_arena_start(&arena);
    memset(&error, 0, sizeof(error));

    rc = usage_request_parse(
        &request, &arena.pool, forms, body, FUZZ_NOW, FUZZ_MEMORY, &error);

    if (rc == USAGE_OK) {
        fuzz_accepted(&request, body);
        memset(copy, '#', size); /* the request's strings aren't the body's */
        body.len = 0;
        fuzz_accepted(&request, body);

    } else {
        fuzz_assert(rc == USAGE_ERROR);
        fuzz_refused(&error);
    }

    free(copy);
    unit_arena_free(&arena);

    return 0;
}
