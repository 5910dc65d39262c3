/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Requests that claim to be signed: whatever they hold, no byte is read or
 * written that isn't theirs, and a signature that verifies does so with its own
 * secret only.  The body is read as a file of access keys as well.
 */

#include "signed.h"
#include "sign/usage_credentials.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool                verifies;
    usage_str_t         text;
    unit_arena_t        arena;
    usage_error_t       error;
    usage_header_t      headers[SIGNED_HEADERS];
    usage_signed_t      request;
    usage_credentials_t credentials;

    text.data = (const char *) data;
    text.len = size;

    unit_arena_start(&arena);
    signed_load(&arena, text, &request, headers);

    (void) usage_signature_is(&request);
    (void) usage_signature_access_key(&request);

    verifies = signed_verifies(&arena, &request, SIGNED_SECRET);

    if (verifies) {
        fuzz_assert(!signed_verifies(&arena, &request, "another"));
        fuzz_assert(!signed_verifies(&arena, &request, NULL));
    }

    if (usage_credentials_read(&credentials, request.body, &arena.pool, &error)
        == USAGE_OK)
    {
        usage_credentials_wipe(&credentials);
    }

    unit_arena_free(&arena);

    return 0;
}
