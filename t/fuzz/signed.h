/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A request as text: the method, the path, perhaps "?" and the query on the
 * first line, headers, an empty line, the body.
 */

#ifndef SIGNED_H
#define SIGNED_H

#include "fuzz.h"
#include "sign/usage_signature.h"


#define SIGNED_NOW    INT64_C(1767323045) /* 2026-01-02T03:04:05Z */
#define SIGNED_SKEW   900
#define SIGNED_SECRET "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo"

#define SIGNED_HEADERS 300


/*
 * Reads a request; headers has room for SIGNED_HEADERS, and so much more as
 * the caller wants to add.
 */
static inline void
signed_load(unit_arena_t *arena, usage_str_t text, usage_signed_t *request,
    usage_header_t *headers)
{
    usage_str_t line;

    line = fuzz_until(arena, &text, '\n');
    request->method = fuzz_until(arena, &line, ' ');
    request->path = fuzz_until(arena, &line, '?');
    request->query = fuzz_until(arena, &line, '\n');

    request->headers = headers;
    request->count = 0;

    while (text.len > 0 && request->count < SIGNED_HEADERS) {
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


/*
 * Whether a request's signature is that of the secret, which NULL is nobody's.
 */
static inline bool
signed_verifies(
    unit_arena_t *arena, const usage_signed_t *request, const char *secret)
{
    usage_str_t       text;
    usage_error_t     error;
    usage_signature_t signature;

    error.status = 0;

    if (secret != NULL) {
        text = unit_str(secret);
    }

    if (usage_signature_read(
            &signature, request, SIGNED_NOW, SIGNED_SKEW, &error)
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


#endif /* SIGNED_H */
