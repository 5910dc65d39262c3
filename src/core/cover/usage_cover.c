/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The search for a request's days in stored windows.
 *
 * First the days: each has a window that tells of all desktops that the request
 * needs, or it is missing.  Then the desktops: without desktop_ids, all that
 * any of the windows shows are listed, in the order of their ids.  With
 * desktop_ids, those are listed that a window shows or the directory knows, in
 * the order in which they are requested.
 */

#include "cover/usage_cover_private.h"


/*
 * Tells whether the number of desktops is all that is asked for, and the window
 * over the range has it.
 */
static bool
usage_cover_counts(usage_cover_t *cover)
{
    if (!usage_request_counts(cover->request) || cover->range == NULL
        || !cover->range->complete)
    {
        return false;
    }

    cover->windows[0] = cover->range;
    cover->days = 1;

    return true;
}


/*
 * Tells whether a window says something of each desktop that is needed.
 */
static bool
usage_cover_tells(
    const usage_cover_t *cover, const usage_cover_window_t *window)
{
    size_t i;

    if (window == NULL || window->complete) {
        return window != NULL;
    }

    for (i = 0; i < cover->request->desktops; i++) {
        if (usage_cover_cell(window, cover->places[i]) == USAGE_COVER_UNKNOWN) {
            return false;
        }
    }

    return cover->request->desktops > 0;
}


/*
 * Finds the first run of days that are missing; those of them that have a
 * window have none any more.  Tells whether there is no such day.
 */
static bool
usage_cover_days(usage_cover_t *cover)
{
    bool   missing;
    size_t i;

    missing = false;

    for (i = 0; i < cover->days; i++) {
        if (usage_cover_tells(cover, cover->windows[i])) {
            continue;
        }

        cover->windows[i] = NULL;

        if (!missing) {
            missing = true;
            cover->missing_first = i;
            cover->missing_last = i;

        } else if (cover->missing_last == i - 1) {
            cover->missing_last = i;
        }
    }

    return !missing;
}


/*
 * Lists all that any of the windows shows.
 */
static usage_cover_result_t
usage_cover_all(usage_cover_t *cover, const usage_pool_t *pool)
{
    size_t                      i, n, words;
    int64_t                     skipped;
    uint32_t                    place;
    uint64_t                   *any;
    const usage_cover_window_t *window;

    words = usage_cover_words(cover->places_count);

    any = usage_alloc(pool, (words + 1) * sizeof(uint64_t));
    if (any == NULL) {
        return USAGE_COVER_NO_MEMORY;
    }

    memset(any, 0, (words + 1) * sizeof(uint64_t));

    for (i = 0; i < cover->days; i++) {
        window = cover->windows[i];

        for (n = 0; n < usage_cover_words(window->count); n++) {
            any[n] |= window->shown[n];
        }
    }

    for (n = 0; n < words; n++) {
        cover->total += __builtin_popcountll(any[n]);
    }

    skipped = 0;

    for (n = 0; n < cover->places_count; n++) {
        if (cover->count == cover->request->limit) {
            break;
        }

        place = cover->order[n];

        if (usage_cover_bit(any, place)
            && skipped++ >= (int64_t) cover->request->offset)
        {
            cover->listed[cover->count++] = place;
        }
    }

    return USAGE_COVER_FOUND;
}


/*
 * What the windows of the days, and the one over the range, tell of the desktop
 * at a place.
 */
static usage_cover_cell_t
usage_cover_shown(const usage_cover_t *cover, uint32_t place)
{
    size_t             i;
    usage_cover_cell_t cell, found;

    found = USAGE_COVER_ABSENT;

    for (i = 0; i < cover->days; i++) {
        cell = usage_cover_cell(cover->windows[i], place);

        if (cell == USAGE_COVER_SHOWN) {
            return cell;
        }

        if (cell == USAGE_COVER_UNUSED) {
            found = cell;
        }
    }

    if (cover->range != NULL
        && usage_cover_cell(cover->range, place) == USAGE_COVER_SHOWN)
    {
        return USAGE_COVER_SHOWN;
    }

    return found;
}


/*
 * Asks the stored look-ups of the directory, if there was none for this
 * request.
 */
static void
usage_cover_entry(usage_cover_t *cover, size_t i)
{
    usage_cover_cell_t cell;

    if (cover->entries[i] != USAGE_COVER_UNASKED || cover->directory == NULL) {
        return;
    }

    cell = usage_cover_cell(cover->directory, cover->places[i]);

    if (cell != USAGE_COVER_UNKNOWN) {
        cover->entries[i] = cell == USAGE_COVER_SHOWN ? USAGE_COVER_LISTED
                                                      : USAGE_COVER_UNLISTED;
    }
}


/*
 * Lists the i-th requested desktop, if it is on the page that is sent.
 */
static void
usage_cover_list(usage_cover_t *cover, size_t i)
{
    if (cover->total >= (int64_t) cover->request->offset
        && cover->count < cover->request->limit)
    {
        cover->requested[cover->count] = (uint32_t) i;
        cover->listed[cover->count++] = cover->places[i];
    }

    cover->total++;
}


static usage_cover_result_t
usage_cover_requested(usage_cover_t *cover)
{
    size_t             i;
    usage_cover_cell_t cell;

    for (i = 0; i < cover->request->desktops; i++) {
        cell = usage_cover_shown(cover, cover->places[i]);

        if (cell == USAGE_COVER_SHOWN) {
            usage_cover_list(cover, i);
            continue;
        }

        usage_cover_entry(cover, i);

        switch (cover->entries[i]) {

        case USAGE_COVER_LISTED:
            usage_cover_list(cover, i);
            break;

        case USAGE_COVER_UNASKED:
            cover->unlisted[cover->unlisted_count++] =
                cover->request->desktop_ids[i];
            break;

        default: /* USAGE_COVER_UNLISTED */

            if (cell == USAGE_COVER_UNUSED) {

                /* the statistics may have it all the same */

                return USAGE_COVER_MISSING;
            }
        }
    }

    return cover->unlisted_count > 0 ? USAGE_COVER_LOOK_UP : USAGE_COVER_FOUND;
}


usage_cover_result_t
usage_cover_search(usage_cover_t *cover, const usage_pool_t *pool)
{
    cover->missing_first = 0;
    cover->missing_last = cover->days - 1;
    cover->unlisted_count = 0;
    cover->count = 0;
    cover->total = 0;

    if (!usage_cover_counts(cover) && !usage_cover_days(cover)) {
        return USAGE_COVER_MISSING;
    }

    return cover->request->desktops > 0 ? usage_cover_requested(cover)
                                        : usage_cover_all(cover, pool);
}


void
usage_cover_day(const usage_cover_t *cover, size_t day, double *seconds)
{
    size_t                      i;
    const usage_cover_window_t *window;

    window = cover->windows[day];

    for (i = 0; i < cover->count; i++) {
        *seconds = usage_cover_seconds(window, cover->listed[i]);
        seconds += cover->days;
    }
}
