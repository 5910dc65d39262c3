/*
 * Requests that claim to be signed: whatever they hold, no byte is read or
 * written that isn't theirs, and a signature that verifies does so with its own
 * secret only.  The body is read as a file of access keys as well.
 *
 * A request is text: the method, the path, perhaps "?" and the query on the
 * first line, headers, an empty line, the body.
 */

#include "unit.h"
#include "usage_credentials.h"
#include "usage_signature.h"


#define FUZZ_NOW     INT64_C(1767323045) /* 2026-01-02T03:04:05Z */
#define FUZZ_HEADERS 300


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_must(bool is, const char *what)
{
    if (!is) {
        fprintf(stderr, "not so: %s\n", what);
        abort();
    }
}


#define fuzz_assert(expression) fuzz_must(expression, #expression)


/* takes off what comes before end, into a block of just its length */

static usage_str_t
fuzz_until(unit_arena_t *arena, usage_str_t *text, char end)
{
    char       *copy;
    size_t      len;
    const char *p;
    usage_str_t part;

    p = text->len == 0 ? NULL : memchr(text->data, end, text->len);
    len = p == NULL ? text->len : (size_t) (p - text->data);

    copy = unit_arena_alloc(arena, len);

    if (len > 0) {
        memcpy(copy, text->data, len);
    }

    part.data = copy;
    part.len = len;

    len += p == NULL ? 0 : 1;
    text->data += len;
    text->len -= len;

    return part;
}


static void
fuzz_load(unit_arena_t *arena, usage_str_t text, usage_signed_t *request,
    usage_header_t *headers)
{
    usage_str_t line;

    line = fuzz_until(arena, &text, '\n');
    request->method = fuzz_until(arena, &line, ' ');
    request->path = fuzz_until(arena, &line, '?');
    request->query = fuzz_until(arena, &line, '\n');

    request->headers = headers;
    request->count = 0;

    while (text.len > 0 && request->count < FUZZ_HEADERS) {
        line = fuzz_until(arena, &text, '\n');

        if (line.len == 0) {
            break;
        }

        headers[request->count].name = fuzz_until(arena, &line, ':');
        headers[request->count].value = fuzz_until(arena, &line, '\n');
        request->count++;
    }

    request->body = fuzz_until(arena, &text, '\0');
}


static bool
fuzz_verifies(
    unit_arena_t *arena, const usage_signed_t *request, const char *secret)
{
    usage_str_t       text;
    usage_error_t     error;
    usage_signature_t signature;

    error.status = 0;

    if (secret != NULL) {
        text = unit_str(secret);
    }

    if (usage_signature_read(&signature, request, FUZZ_NOW, 900, &error)
            == USAGE_OK
        && usage_signature_check(&signature, request,
               secret == NULL ? NULL : &text, &arena->pool, &error)
               == USAGE_OK)
    {
        fuzz_assert(signature.value.len == USAGE_SIGN_HEX_LEN);
        return true;
    }

    fuzz_assert(error.status == 401);
    fuzz_assert(error.detail[0] != '\0');

    return false;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool                verifies;
    usage_str_t         text;
    unit_arena_t        arena;
    usage_error_t       error;
    usage_header_t      headers[FUZZ_HEADERS];
    usage_signed_t      request;
    usage_credentials_t credentials;

    text.data = (const char *) data;
    text.len = size;

    unit_arena_start(&arena);
    fuzz_load(&arena, text, &request, headers);

    (void) usage_signature_is(&request);
    (void) usage_signature_access_key(&request);

    verifies = fuzz_verifies(
        &arena, &request, "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo");

    if (verifies) {
        fuzz_assert(!fuzz_verifies(&arena, &request, "another"));
        fuzz_assert(!fuzz_verifies(&arena, &request, NULL));
    }

    if (usage_credentials_read(&credentials, request.body, &arena.pool, &error)
        == USAGE_OK)
    {
        usage_credentials_wipe(&credentials);
    }

    unit_arena_free(&arena);

    return 0;
}
