/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Requests that are signed here: they verify, and with any byte changed they
 * don't, but where the change leaves the canonical request as it is, as white
 * space around a header's value does.
 *
 * Three bytes choose what is changed, and how; the rest is the request.
 */

#include "signed.h"

#include <ctype.h>
#include <strings.h>


#define FUZZ_KEY "AKEXAMPLE"


static usage_header_t fuzz_headers[SIGNED_HEADERS + 2];


/*
 * Whether a signer can be given a header: it has a name, which isn't one of
 * those that the signer adds.
 */
static bool
fuzz_usable(usage_str_t name)
{
    size_t i;

    static const char *const own[] = { "x-sdk-date", "authorization",
        "x-sdk-content-sha256" };

    for (i = 0; i < unit_count(own); i++) {
        if (name.len == strlen(own[i])
            && strncasecmp(name.data, own[i], name.len) == 0) {
            return false;
        }
    }

    for (i = 0; i < name.len; i++) {
        if (!isalnum((unsigned char) name.data[i]) && name.data[i] != '-'
            && name.data[i] != '_')
        {
            return false;
        }
    }

    return name.len > 0;
}


static void
fuzz_add(usage_signed_t *request, const char *name, usage_str_t value)
{
    fuzz_headers[request->count].name = unit_str(name);
    fuzz_headers[request->count].value = value;
    request->count++;
}


static void
fuzz_sign(unit_arena_t *arena, usage_signed_t *request)
{
    size_t      i, count;
    usage_str_t authorization;

    for (i = 0, count = 0; i < request->count; i++) {
        if (count < USAGE_SIGNATURE_NAMES_MAX - 1
            && fuzz_usable(fuzz_headers[i].name)) {
            fuzz_headers[count++] = fuzz_headers[i];
        }
    }

    request->count = count;
    fuzz_add(request, "X-Sdk-Date", unit_str("20260102T030405Z"));

    fuzz_assert(usage_sign(request, unit_str(FUZZ_KEY), unit_str(SIGNED_SECRET),
                    &arena->pool, &authorization)
                == USAGE_OK);

    fuzz_add(request, "Authorization", authorization);
}


static bool
fuzz_verifies(unit_arena_t *arena, const usage_signed_t *request)
{
    bool known;

    known = unit_is(usage_signature_access_key(request), FUZZ_KEY);

    return signed_verifies(arena, request, known ? SIGNED_SECRET : NULL);
}


static usage_str_t
fuzz_canonical(unit_arena_t *arena, const usage_signed_t *request,
    usage_str_t names, unsigned reading)
{
    char       *hex;
    usage_str_t content, canonical;

    hex = unit_arena_alloc(arena, USAGE_SIGN_HEX_LEN);

    fuzz_assert(usage_sign_content(request, hex, &content) == USAGE_OK);
    fuzz_assert(usage_sign_canonical(
                    request, names, content, reading, &arena->pool, &canonical)
                == USAGE_OK);

    return canonical;
}


/*
 * Changes a byte of what the i-th header, or the request's line, or its body
 * says; false: there is none.
 */
static bool
fuzz_change(unit_arena_t *arena, usage_str_t *part, const uint8_t *how)
{
    char  *copy;
    size_t i;

    if (part->len == 0 || how[2] == 0) {
        return false;
    }

    copy = unit_arena_alloc(arena, part->len);
    memcpy(copy, part->data, part->len);

    i = part->len * how[1] / 256;
    copy[i] = (char) (copy[i] ^ how[2]);
    part->data = copy;

    return true;
}


static bool
fuzz_is_space(char c)
{
    return c == ' ' || c == '\t';
}


static void
fuzz_changed(
    unit_arena_t *arena, const usage_signed_t *request, const uint8_t *how)
{
    bool              surely;
    size_t            i, parts;
    unsigned          reading;
    usage_str_t      *part, before, canonical;
    usage_error_t     error;
    usage_signed_t    changed;
    usage_header_t    headers[SIGNED_HEADERS + 2];
    usage_signature_t signature;

    memcpy(headers, request->headers, request->count * sizeof(usage_header_t));
    changed = *request;
    changed.headers = headers;

    usage_str_t *const line[] = { &changed.method, &changed.path,
        &changed.query, &changed.body };

    parts = unit_count(line);
    i = how[0] % (parts + request->count);
    part = i < parts ? line[i] : &headers[i - parts].value;
    before = *part;

    if (!fuzz_change(arena, part, how)) {
        return;
    }

    /* the path and the query may mean the same, white space means nothing */

    surely = part != &changed.path && part != &changed.query;

    for (i = 0; i < before.len; i++) {
        surely = surely
                 && (before.data[i] == part->data[i]
                     || !(fuzz_is_space(before.data[i])
                          || fuzz_is_space(part->data[i])));
    }

    if (!surely) {
        fuzz_assert(usage_signature_read(
                        &signature, request, SIGNED_NOW, SIGNED_SKEW, &error)
                    == USAGE_OK);
        canonical = fuzz_canonical(arena, request, signature.names, 0);

        for (reading = 0; reading < USAGE_SIGN_READINGS; reading++) {
            if (usage_str_equal(canonical,
                    fuzz_canonical(arena, &changed, signature.names, reading)))
            {
                return;
            }
        }
    }

    fuzz_assert(!fuzz_verifies(arena, &changed));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usage_str_t    text;
    unit_arena_t   arena;
    usage_signed_t request;

    if (size < 3) {
        return 0;
    }

    text.data = (const char *) data + 3;
    text.len = size - 3;

    unit_arena_start(&arena);
    signed_load(&arena, text, &request, fuzz_headers);
    fuzz_sign(&arena, &request);

    fuzz_assert(fuzz_verifies(&arena, &request));
    fuzz_changed(&arena, &request, data);

    unit_arena_free(&arena);

    return 0;
}
