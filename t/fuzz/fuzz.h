/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the fuzzers share: assertions, and inputs that are taken apart.
 */

#ifndef FUZZ_H
#define FUZZ_H

#include "unit.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static inline void
fuzz_must(bool is, const char *what)
{
    if (!is) {
        fprintf(stderr, "not so: %s\n", what);
        abort();
    }
}


#define fuzz_assert(expression) fuzz_must(expression, #expression)


/*
 * Takes off what comes before end, into a block of just its length.
 */
static inline usage_str_t
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


#endif /* FUZZ_H */
