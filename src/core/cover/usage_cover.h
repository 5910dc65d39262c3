/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What stored windows tell of a request: which of its days they cover, which
 * are missing, which of its desktops the directory has to be asked for, and
 * what the reply lists.
 *
 * A desktop has the same place in all windows.  A window has bits for each
 * place, and its seconds.  In: the windows of the days that are stored, or
 * NULL.  Out: the entries to list, by their places, or what is missing.  Whose
 * windows they are, and whether they are still valid, their owner knows.
 */

#ifndef USAGE_COVER_H
#define USAGE_COVER_H

#include "request/usage_request.h"


/* the place of a desktop that has none */
#define USAGE_COVER_NO_PLACE ((uint32_t) -1)


/*
 * A window, laid out in memory of its owner's.
 */
typedef struct {
    uint32_t  count;    /* places */
    bool      complete; /* it shows all desktops that it could */
    bool      wide;     /* seconds are doubles, not uint32_t */
    uint64_t *shown;    /* bits: the window shows the desktop */
    uint64_t *absent;   /* bits: it doesn't, and that is known */
    uint64_t *unused;   /* bits: no use; whether it is shown isn't known */
    void     *seconds;  /* of each place */
} usage_cover_window_t;


/*
 * What a window tells of a desktop.
 */
typedef enum {
    USAGE_COVER_UNKNOWN = 0, /* nothing */
    USAGE_COVER_SHOWN,
    USAGE_COVER_ABSENT,
    USAGE_COVER_UNUSED /* no use; whether the window shows it isn't known */
} usage_cover_cell_t;


/*
 * What the directory tells of a desktop.
 */
typedef enum {
    USAGE_COVER_UNASKED = 0,
    USAGE_COVER_LISTED,  /* it knows the desktop */
    USAGE_COVER_UNLISTED /* it doesn't */
} usage_cover_entry_t;


typedef struct {
    /* in */
    const usage_request_t      *request;
    size_t                      days;                    /* to be covered */
    const usage_cover_window_t *windows[USAGE_DAYS_MAX]; /* of these days */
    const usage_cover_window_t *range;        /* over all of them, or NULL */
    const usage_cover_window_t *directory;    /* which it knows, or NULL */
    const uint32_t             *places;       /* of the requested desktops */
    const uint32_t             *order;        /* all places, by their ids */
    uint32_t                    places_count; /* of order */

    /* in and out: of the requested desktops */
    usage_cover_entry_t *entries;

    /* out */
    size_t       missing_first; /* days, of the first run that is missing */
    size_t       missing_last;
    usage_str_t *unlisted; /* desktops to look up; room for all */
    size_t       unlisted_count;
    uint32_t    *listed;    /* places to send; room for request->limit */
    uint32_t    *requested; /* which requested desktops these are */
    size_t       count;     /* of listed */
    int64_t      total;     /* entries, sent or not */
} usage_cover_t;


/*
 * What a search found.
 */
typedef enum {
    USAGE_COVER_FOUND = 0, /* listed has the entries */
    USAGE_COVER_LOOK_UP,   /* the directory is to be asked for unlisted */
    USAGE_COVER_MISSING,   /* days are missing: missing_first to _last */
    USAGE_COVER_NO_MEMORY
} usage_cover_result_t;


/* usage_cover.c */

/*
 * Searches the windows.  If the request asks for the number of desktops only,
 * the window over the range will do; cover->days is 1 then, and
 * cover->windows[0] that window.
 */
usage_cover_result_t
usage_cover_search(usage_cover_t *cover, const usage_pool_t *pool);

/*
 * Writes the seconds of a day for each entry that is listed: the first to
 * *seconds, each next one cover->days further on.
 */
void usage_cover_day(const usage_cover_t *cover, size_t day, double *seconds);


/* usage_cover_window.c */

/* Returns the bytes that a window of so many places takes. */
size_t usage_cover_size(uint32_t count, bool wide);

/* Lays a window out in memory, which has usage_cover_size() bytes. */
void usage_cover_window(usage_cover_window_t *window, void *memory,
    uint32_t count, bool complete, bool wide);

/* Tells whether seconds need a wide window. */
bool usage_cover_is_wide(double seconds);

/* Tells what a window says of the desktop at a place. */
usage_cover_cell_t
usage_cover_cell(const usage_cover_window_t *window, uint32_t place);

/* Returns the seconds of the desktop at a place; 0: none are shown. */
double usage_cover_seconds(const usage_cover_window_t *window, uint32_t place);

/* Enters what a window says of a desktop, and its seconds if it is shown. */
void usage_cover_enter(usage_cover_window_t *window, uint32_t place,
    usage_cover_cell_t cell, double seconds);

/*
 * Enters what an older window of the same days says, unless that is complete.
 */
void usage_cover_take_over(
    usage_cover_window_t *window, const usage_cover_window_t *old);


#endif /* USAGE_COVER_H */
