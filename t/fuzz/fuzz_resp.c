/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Replies of Redis: whatever comes, it is read alike in one piece and byte by
 * byte.  The first byte says how many replies come before.
 */

#include "fuzz.h"
#include "share/usage_resp.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char           byte;
    size_t         i, n, whole, skip;
    unit_arena_t   arena;
    usage_resp_t   one, many;
    usage_result_t rc, last;

    skip = size > 0 ? data[0] % 3 : 0;
    data += size > 0 ? 1 : 0;
    size -= size > 0 ? 1 : 0;

    unit_arena_start(&arena);

    usage_resp_init(&one, skip, &arena.pool);
    whole = size;
    rc = usage_resp_feed(&one, (const char *) data, &whole);
    fuzz_assert(rc != USAGE_AGAIN || whole == size);

    usage_resp_init(&many, skip, &arena.pool);
    last = USAGE_AGAIN;

    for (i = 0; i < size && last == USAGE_AGAIN; i++) {
        byte = (char) data[i];
        n = 1;
        last = usage_resp_feed(&many, &byte, &n);
        fuzz_assert(n == 1);
    }

    fuzz_assert(rc == last);
    fuzz_assert(i == whole || one.large);
    fuzz_assert(one.complete == (rc == USAGE_OK));
    fuzz_assert(one.kind == many.kind);
    fuzz_assert(one.integer == many.integer);
    fuzz_assert(usage_str_equal(one.text, many.text));
    fuzz_assert(usage_resp_elsewhere(&one) == usage_resp_elsewhere(&many));

    unit_arena_free(&arena);

    return 0;
}
