/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "By the hour": the connection records, and the desktops that
 * they lead to.
 */

#ifndef USAGE_RECORDS_H
#define USAGE_RECORDS_H

#include "gather/usage_directory.h"


/*
 * A session of the range, as a record shows it.
 */
typedef struct {
    usage_session_t  session;
    usage_desktop_t *sid; /* rows of records->names; NULL: it has none */
    usage_desktop_t *computer;
    bool             bare; /* its user's domain isn't told */
} usage_record_t;


typedef struct {
    const usage_pool_t  *pool;
    const usage_user_t  *user;
    const usage_table_t *others; /* users whose name may look like theirs */
    usage_session_t      range;  /* of which use is counted */
    int64_t              from;   /* records that begin from then... */
    int64_t              to;     /* ...to then are asked for */
    usage_pages_t        pages;
    usage_table_t        names;        /* sids and computer_names */
    usage_table_t        transactions; /* to see one that comes twice */
    usage_record_t      *list;
    size_t               count;
    size_t               room;
    usage_entry_t       *strays; /* one for what leads to no desktop */
} usage_records_t;


/*
 * Prepares to ask for the records of the directory's user, or of everybody, of
 * so many days from first on: those that began up to lookback seconds before as
 * well.  now is the time, in seconds since 1970; none of the days is in the
 * future.  USAGE_ERROR: memory is out.
 */
usage_result_t
usage_records_init(usage_records_t *records, const usage_directory_t *directory,
    usage_day_t first, size_t days, int64_t lookback, int64_t now);

/* The next call; USAGE_AGAIN: there is none just now. */
usage_result_t usage_records_next(usage_records_t *records, usage_call_t *call);

/*
 * Takes the reply to call.  USAGE_ERROR: 502, it makes no sense, or the pages
 * don't agree; 500.
 */
usage_result_t usage_records_page(usage_records_t *records,
    const usage_call_t *call, usage_str_t body, usage_error_t *error);

/*
 * Whether the reply to call, of status 400, may come from an older release that
 * allows shorter pages only: those are asked for from now on.
 */
bool usage_records_shorten(usage_records_t *records, const usage_call_t *call);

/*
 * Whether the directory, as far as it was read, leaves a record in doubt that
 * all of it may lead elsewhere: to some desktop (strays), or to another.
 */
bool usage_records_doubtful(const usage_records_t *records,
    const usage_directory_t *directory, bool strays);

/*
 * Gives each record's session to the directory's entry that it leads to, or,
 * where strays are wanted, to a stray; those of the user's namesakes are left
 * out.  USAGE_ERROR: 502, a record leads to several; 500.
 */
usage_result_t usage_records_lead(usage_records_t *records,
    const usage_directory_t *directory, bool strays, usage_error_t *error);


#endif /* USAGE_RECORDS_H */
