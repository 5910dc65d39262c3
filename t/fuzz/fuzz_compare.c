/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Two replies that are compared, on a line each: one is equal to itself, and
 * which of the two is the legacy one makes no difference.
 */

#include "fuzz.h"
#include "compare/usage_compare.h"


#define FUZZ_MAX 8


static usage_result_t
fuzz_compare(usage_compare_t *compare, unit_arena_t *arena, usage_str_t legacy,
    usage_str_t translated, double tolerance)
{
    usage_error_t  error;
    usage_result_t rc;

    memset(&error, 0, sizeof(error));

    rc = usage_compare(
        compare, &arena->pool, legacy, translated, tolerance, FUZZ_MAX, &error);

    if (rc != USAGE_OK) {
        fuzz_assert(rc == USAGE_ERROR);
        fuzz_assert(error.status == 502);
        fuzz_assert(error.detail[0] != '\0');
        return rc;
    }

    fuzz_assert(compare->count
                == (compare->total < FUZZ_MAX ? compare->total : FUZZ_MAX));
    fuzz_assert(compare->largest >= 0);

    return rc;
}


static void
fuzz_mirrored(const usage_difference_t *one, const usage_difference_t *other)
{
    fuzz_assert(usage_str_equal(one->desktop, other->desktop));
    fuzz_assert(usage_str_equal(one->time, other->time));
    fuzz_assert(usage_str_equal(one->what, other->what));
    fuzz_assert(usage_str_equal(one->legacy, other->translated));
    fuzz_assert(usage_str_equal(one->translated, other->legacy));
    fuzz_assert(one->legacy.len <= USAGE_SHOWN_MAX);
    fuzz_assert(one->translated.len <= USAGE_SHOWN_MAX);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t          i;
    usage_str_t     text, one, other;
    unit_arena_t    arena;
    usage_result_t  rc;
    usage_compare_t compare, mirrored, itself, wide;

    text.data = (const char *) data;
    text.len = size;

    unit_arena_start(&arena);
    one = fuzz_until(&arena, &text, '\n');
    other = fuzz_until(&arena, &text, '\n');

    rc = fuzz_compare(&compare, &arena, one, other, 0);
    fuzz_assert(fuzz_compare(&mirrored, &arena, other, one, 0) == rc);

    if (rc == USAGE_OK) {
        fuzz_assert(compare.total == mirrored.total);
        fuzz_assert(compare.values == mirrored.values);
        fuzz_assert(compare.largest == mirrored.largest);

        for (i = 0; i < compare.count; i++) {
            fuzz_mirrored(&compare.differences[i], &mirrored.differences[i]);
        }

        fuzz_assert(fuzz_compare(&itself, &arena, one, one, 0) == USAGE_OK);
        fuzz_assert(itself.total == 0 && itself.largest == 0);

        fuzz_assert(
            fuzz_compare(&wide, &arena, one, other, USAGE_COMPARE_TOLERANCE)
            == USAGE_OK);
        fuzz_assert(wide.total <= compare.total);
        fuzz_assert(wide.values == compare.values);
    }

    unit_arena_free(&arena);

    return 0;
}
