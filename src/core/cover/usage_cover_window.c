/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A window in memory: three sets of bits, and the seconds.
 */

#include "cover/usage_cover_private.h"


static void
usage_cover_put(uint64_t *bits, uint32_t place, bool is)
{
    uint64_t bit;

    bit = (uint64_t) 1 << (place % 64);

    bits[place / 64] = is ? bits[place / 64] | bit : bits[place / 64] & ~bit;
}


size_t
usage_cover_size(uint32_t count, bool wide)
{
    return 3 * usage_cover_words(count) * sizeof(uint64_t)
           + count * (wide ? sizeof(double) : sizeof(uint32_t));
}


void
usage_cover_window(usage_cover_window_t *window, void *memory, uint32_t count,
    bool complete, bool wide)
{
    size_t words;

    words = usage_cover_words(count);

    window->count = count;
    window->complete = complete;
    window->wide = wide;
    window->shown = memory;
    window->absent = window->shown + words;
    window->unused = window->absent + words;
    window->seconds = window->unused + words;
}


bool
usage_cover_is_wide(double seconds)
{
    return seconds > 0
           && (seconds > UINT32_MAX || seconds != (uint32_t) seconds);
}


/*
 * A complete window shows all that it could: what it doesn't show is absent,
 * also if it came later and has no place.
 */
usage_cover_cell_t
usage_cover_cell(const usage_cover_window_t *window, uint32_t place)
{
    if (place < window->count) {
        if (usage_cover_bit(window->shown, place)) {
            return USAGE_COVER_SHOWN;
        }

        if (usage_cover_bit(window->unused, place)) {
            return USAGE_COVER_UNUSED;
        }

        if (usage_cover_bit(window->absent, place)) {
            return USAGE_COVER_ABSENT;
        }
    }

    return window->complete ? USAGE_COVER_ABSENT : USAGE_COVER_UNKNOWN;
}


double
usage_cover_seconds(const usage_cover_window_t *window, uint32_t place)
{
    if (usage_cover_cell(window, place) != USAGE_COVER_SHOWN) {
        return 0;
    }

    return window->wide ? ((const double *) window->seconds)[place]
                        : ((const uint32_t *) window->seconds)[place];
}


void
usage_cover_enter(usage_cover_window_t *window, uint32_t place,
    usage_cover_cell_t cell, double seconds)
{
    usage_cover_put(window->shown, place, cell == USAGE_COVER_SHOWN);
    usage_cover_put(window->absent, place, cell == USAGE_COVER_ABSENT);
    usage_cover_put(window->unused, place, cell == USAGE_COVER_UNUSED);

    if (cell != USAGE_COVER_SHOWN) {
        return;
    }

    if (window->wide) {
        ((double *) window->seconds)[place] = seconds;

    } else {
        ((uint32_t *) window->seconds)[place] = (uint32_t) seconds;
    }
}


void
usage_cover_take_over(
    usage_cover_window_t *window, const usage_cover_window_t *old)
{
    uint32_t           i;
    usage_cover_cell_t cell;

    if (old->complete) {
        return; /* its figures are of one moment, and stay together */
    }

    for (i = 0; i < old->count; i++) {
        cell = usage_cover_cell(old, i);

        if (cell != USAGE_COVER_UNKNOWN) {
            usage_cover_enter(window, i, cell, usage_cover_seconds(old, i));
        }
    }
}
