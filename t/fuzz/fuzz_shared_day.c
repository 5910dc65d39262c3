/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Days as bytes: what is taken for a day is read to its end, and is the same
 * day when it is written and read again.
 */

#include "fuzz.h"
#include "share/usage_shared_day.h"


static void
fuzz_again(unit_arena_t *arena, usage_shared_day_t *reader)
{
    char               uuid[USAGE_SHARED_DAY_UUID];
    char              *out;
    double            *seconds, is;
    size_t             i, count;
    usage_str_t       *ids, id, bytes;
    usage_shared_day_t again;

    count = reader->count;
    ids = unit_arena_alloc(arena, count * sizeof(usage_str_t));
    seconds = unit_arena_alloc(arena, count * sizeof(double));

    for (i = 0; i < count; i++) {
        fuzz_assert(usage_shared_day_next(reader, &id, uuid, &seconds[i]));
        fuzz_assert(id.len > 0 && id.len <= USAGE_ID_BYTES_MAX);
        fuzz_assert(seconds[i] >= 0 && seconds[i] <= usage_desktop_seconds(1));
        fuzz_assert(usage_str_copy(&arena->pool, id, &ids[i]) == USAGE_OK);
    }

    fuzz_assert(!usage_shared_day_next(reader, &id, uuid, &is));

    bytes.len = usage_shared_day_size(ids, seconds, count);
    bytes.data = out = unit_arena_alloc(arena, bytes.len);
    fuzz_assert(usage_shared_day_write(
                    out, reader->day, reader->fetched, ids, seconds, count)
                == bytes.len);

    fuzz_assert(usage_shared_day_open(&again, bytes, reader->day) == USAGE_OK);
    fuzz_assert(again.fetched == reader->fetched);
    fuzz_assert(again.count == count);

    for (i = 0; i < count; i++) {
        fuzz_assert(usage_shared_day_next(&again, &id, uuid, &is));
        fuzz_assert(usage_str_equal(id, ids[i]));
        fuzz_assert(is == seconds[i]);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usage_str_t        bytes;
    unit_arena_t       arena;
    usage_shared_day_t reader;

    bytes.data = (const char *) data;
    bytes.len = size;

    unit_arena_start(&arena);

    if (usage_shared_day_open(&reader, bytes, 20785) == USAGE_OK) {
        fuzz_again(&arena, &reader);
    }

    unit_arena_free(&arena);

    return 0;
}
