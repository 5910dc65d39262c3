/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Lines of an access log, as usagectl report reads them: whatever they hold, a
 * line is a legacy call with all that is counted of it, another call, or
 * strange; and it is the same one with white space around.
 */

#include "ctl_report.h"
#include "fuzz.h"
#include "base/usage_json.h"


static usage_patterns_t *fuzz_forms;


/*
 * Reads a copy of the line, between white space.
 */
static report_kind_t
fuzz_read(
    unit_arena_t *arena, report_line_t *line, usage_str_t text, size_t spaces)
{
    char *copy;

    copy = unit_arena_alloc(arena, text.len + 2 * spaces);
    memset(copy, ' ', text.len + 2 * spaces);

    if (text.len > 0) {
        memcpy(copy + spaces, text.data, text.len);
    }

    memset(line, 0xa5, sizeof(report_line_t));

    return report_line_read(line, fuzz_forms, copy, text.len + 2 * spaces);
}


static void
fuzz_legacy(const report_line_t *line)
{
    size_t      i, k, n;
    usage_str_t key;

    for (i = 0; i < REPORT_KEYS; i++) {
        key = line->keys[i];
        fuzz_assert(key.data != NULL);

        for (k = 0; k < key.len; k += n) {
            n = usage_utf8_length(key.data + k, key.len - k);
            fuzz_assert(n > 0);
        }
    }

    fuzz_assert(line->days <= INT64_MAX);
    fuzz_assert(strlen(line->status) >= 3);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t        i;
    usage_str_t   text;
    unit_arena_t  arena;
    report_kind_t kind;
    report_line_t line, padded;

    if (fuzz_forms == NULL) {
        fuzz_forms = usage_patterns_create();
        fuzz_assert(fuzz_forms != NULL);
    }

    text.data = (const char *) data;
    text.len = size;

    unit_arena_start(&arena);
    kind = fuzz_read(&arena, &line, text, 0);
    fuzz_assert(fuzz_read(&arena, &padded, text, 1) == kind);

    if (kind == REPORT_LEGACY) {
        fuzz_legacy(&line);

        for (i = 0; i < REPORT_KEYS; i++) {
            fuzz_assert(usage_str_equal(line.keys[i], padded.keys[i]));
        }

        fuzz_assert(line.time == padded.time);
        fuzz_assert(line.days == padded.days);
        fuzz_assert(line.error == padded.error);

        report_line_free(&line);
        report_line_free(&padded);
    }

    unit_arena_free(&arena);

    return 0;
}
