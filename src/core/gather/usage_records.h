/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "By the hour": the connection records, and the desktops that
 * they match.
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
    bool             no_domain; /* it doesn't tell its user's domain */
} usage_record_t;


typedef struct {
    const usage_pool_t  *pool;
    const usage_user_t  *user;
    const usage_table_t *others; /* users that may be called "name@domain" */
    usage_session_t      range;  /* in which use counts */
    int64_t              from;   /* records that begin from then on... */
    int64_t              to;     /* ...and until then are asked for: minutes */
    bool                 with_seconds; /* which form these times have */
    bool                 switched;     /* the other form was refused */
    bool                 answered;     /* a page is here */
    bool                 unfiltered;   /* those of all users are asked for */
    bool                 domain_shown; /* one has the user's name with one */
    usage_pages_t        pages;
    usage_table_t        names;        /* sids and computer_names */
    usage_table_t        transactions; /* to find a record that comes twice */
    usage_record_t      *list;
    size_t               count;
    size_t               room;
    usage_entry_t       *unmatched; /* desktops that the directory lacks */
} usage_records_t;


/*
 * Prepares to read the records of the directory's user, or of everybody, of so
 * many days from first on, and those that began up to lookback seconds before.
 * now is the time, in seconds since 1970; none of the days is in the future.
 * USAGE_ERROR: memory is out.
 *
 * It isn't documented whether the two ends of the time that is asked for are
 * part of it.  So it begins a minute earlier if there is a record to lose.
 */
usage_result_t
usage_records_init(usage_records_t *records, const usage_directory_t *directory,
    usage_day_t first, size_t days, int64_t lookback, int64_t now);

/*
 * Says how records are asked for: all, or those that the filter by the user's
 * name shows; and whether times are written with seconds.
 */
void
usage_records_ask(usage_records_t *records, bool unfiltered, bool with_seconds);

/* Gives the next call.  USAGE_AGAIN: there is none just now. */
usage_result_t usage_records_next(usage_records_t *records, usage_call_t *call);

/*
 * Takes the reply to call.  USAGE_ERROR: 502, it makes no sense, or the pages
 * don't agree; 500, memory is out.
 */
usage_result_t usage_records_page(usage_records_t *records,
    const usage_call_t *call, usage_str_t body, usage_error_t *error);

/*
 * Tells whether the reply to call, of status 400, may be due to the form of the
 * call: older releases allow shorter pages only, and times may be refused in
 * one of their two forms.  Then the next form is asked for from now on.
 */
bool usage_records_reword(usage_records_t *records, const usage_call_t *call);

/*
 * Tells whether records of the user may have been left out, as it isn't
 * documented whether the filter by name shows those of "name@domain".  If it
 * has shown one of them, it shows all.
 */
bool usage_records_incomplete(const usage_records_t *records);

/*
 * Tells whether the whole directory may match a record with another desktop
 * than the part of it that was read; or, if it was in use since then (in
 * seconds since 1970) and has no sid, with one at all.
 */
bool usage_records_doubtful(const usage_records_t *records,
    const usage_directory_t *directory, int64_t since);

/*
 * Tells whether a record may be of another user of the requested name: it has
 * no domain, and the directory attaches its desktop to neither.
 */
bool usage_records_vague(
    const usage_records_t *records, const usage_directory_t *directory);

/*
 * Checks that each record that was in use since then tells whose time it is.
 * For days before that, the statistics do.  USAGE_ERROR: 502, one has no sid,
 * and a name that all of the directory doesn't know; or one has no domain, is
 * of a desktop that isn't the user's, and the directory knows a user of that
 * name in another domain than the one that is requested.
 */
usage_result_t usage_records_certain(const usage_records_t *records,
    const usage_directory_t *directory, int64_t since, usage_error_t *error);

/*
 * Adds each record's session to the directory's entry that it matches.  If
 * there is none, and unmatched is set, it makes one in records->unmatched.
 * Sessions of the user's namesakes are left out.  USAGE_ERROR: 502, a record
 * matches several desktops; 500, memory is out.
 */
usage_result_t usage_records_match(usage_records_t *records,
    const usage_directory_t *directory, bool unmatched, usage_error_t *error);


#endif /* USAGE_RECORDS_H */
