/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The desktop directory: which desktops there are, by which names records call
 * them, and whose they are.
 *
 * It is read in two ways: some ids are looked up (translation.md, "Which
 * desktops, in which order"), or all of it is listed ("One user", "By the
 * hour").
 */

#ifndef USAGE_DIRECTORY_H
#define USAGE_DIRECTORY_H

#include "gather/usage_pages.h"
#include "gather/usage_session.h"
#include "gather/usage_user.h"


typedef enum {
    USAGE_ATTACHED_NOT = 0,
    USAGE_ATTACHED_SHARED, /* to the user, and to others or a group */
    USAGE_ATTACHED_ALONE   /* to the user alone */
} usage_attached_t;


/*
 * What is known of a desktop.
 */
typedef struct usage_entry_s {
    struct usage_entry_s *next; /* in the list of records->unmatched */
    usage_str_t           id;   /* empty: records name it, not the directory */
    usage_str_t           name; /* computer_name, or empty */
    usage_str_t           sid;  /* or empty */
    usage_attached_t      attached;
    bool             namesake;  /* attached to a user of that name elsewhere */
    bool             owned;     /* attached to one user, whoever that is */
    bool             ambiguous; /* stands for several, of one name or sid */
    bool             used;      /* records show that the user used it */
    unsigned         listing;   /* the last listing that showed it */
    unsigned         page;      /* the last page of a look-up that did */
    usage_sessions_t sessions;  /* of the records that match it */
} usage_entry_t;


typedef struct {
    const usage_pool_t   *pool;
    const usage_user_t   *user;
    usage_table_t         ids;     /* entries by desktop_id */
    usage_table_t         names;   /* entries by computer_name, os_host_name */
    usage_table_t         sids;    /* entries by sid */
    usage_table_t         users;   /* names of others that have desktops */
    unsigned              listing; /* the number of the present listing */
    unsigned              page;    /* the number of the present page */
    bool                  listed;  /* there is a listing */
    bool                  full;    /* all desktops are here */
    bool                  ignored; /* the service ignores ids to look up */
    usage_pages_t         pages;   /* of the listing */
    struct usage_batch_s *batches; /* of ids that are looked up */
} usage_directory_t;


/* Prepares an empty directory.  user's name may be empty.  USAGE_ERROR: memory
 * is out. */
usage_result_t usage_directory_init(usage_directory_t *directory,
    const usage_user_t *user, const usage_pool_t *pool);

/*
 * Starts to list all of the directory.  It has a filter by user, too, but
 * whether that finds each user of a shared desktop isn't documented.
 */
void usage_directory_list(usage_directory_t *directory);

/*
 * Starts to look up desktops of a table, by as many calls as that takes; it
 * takes none if all of the directory is here.  Those
 * that are known get their entry, and their name.  If a reply shows that the
 * service ignores the ids, all of the directory is listed instead.
 * USAGE_ERROR: memory is out.
 */
usage_result_t usage_directory_look_up(usage_directory_t *directory,
    usage_desktop_t *const *desktops, size_t count);

/* Gives the next call of what was started.  USAGE_AGAIN: there is none just
 * now. */
usage_result_t
usage_directory_next(usage_directory_t *directory, usage_call_t *call);

/* Gives how many calls what was started still takes, at least; fewer if the
 * service ignores ids. */
int64_t usage_directory_ahead(const usage_directory_t *directory);

/*
 * Takes the directory's reply to call.  A desktop whose status is DELETED is as
 * if it weren't there.  USAGE_ERROR: 502, it makes no sense, or
 * its pages don't agree; 500, memory is out.
 */
usage_result_t usage_directory_page(usage_directory_t *directory,
    const usage_call_t *call, usage_str_t body, usage_error_t *error);

/* Finds the entry of an id, or gives NULL. */
usage_entry_t *
usage_directory_find(const usage_directory_t *directory, usage_str_t id);

/* Tells whether a desktop is attached to a user of the requested name in
 * another domain than the requested one. */
bool usage_directory_namesakes(const usage_directory_t *directory);

/*
 * Finds the entry that matches a record's sid, or else its computer_name, which
 * may be the directory's or its os_host_name; or gives NULL.  *doubtful: not
 * all of the directory was read, and the sid is none that it has shown; the
 * rest may know another desktop of that sid, or of that name.
 */
usage_entry_t *usage_directory_match(const usage_directory_t *directory,
    usage_str_t sid, usage_str_t name, bool *doubtful);


#endif /* USAGE_DIRECTORY_H */
