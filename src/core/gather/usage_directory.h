/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The desktop directory: which desktops there are, what leads to them, and
 * whose they are.
 *
 * It is asked in three ways: for some ids (translation.md, "Which desktops, in
 * which order"), for a user's desktops ("One user"), for all of them ("By the
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
 * What the directory tells of a desktop.
 */
typedef struct usage_entry_s {
    struct usage_entry_s *next; /* of strays */
    usage_str_t           id;   /* empty: a stray, see usage_records.h */
    usage_str_t           name; /* computer_name, or empty */
    usage_str_t           sid;  /* or empty */
    usage_attached_t      attached;
    bool                  namesake; /* attached to one in another domain */
    bool                  owned;    /* attached to one user, whoever that is */
    bool                  alike;    /* stands for several, of one name or sid */
    bool                  used; /* by the user, in the range: records say so */
    unsigned              listing;  /* the one that showed it last */
    unsigned              page;     /* likewise, of ids that are looked up */
    usage_sessions_t      sessions; /* of the records that lead to it */
} usage_entry_t;


typedef struct {
    const usage_pool_t   *pool;
    const usage_user_t   *user;
    usage_table_t         ids;   /* entries, by desktop_id, */
    usage_table_t         names; /* by computer_name, */
    usage_table_t         sids;  /* by sid */
    usage_table_t         users; /* the names of others that have desktops */
    unsigned              listing;
    unsigned              page;
    bool                  listed;  /* a listing is under way or done */
    bool                  by_user; /* it is of the user's desktops */
    bool                  full;    /* all desktops are in it */
    usage_pages_t         pages;   /* of that listing */
    struct usage_batch_s *batches; /* of ids that are looked up */
} usage_directory_t;


/* An empty directory; user's name may be empty.  USAGE_ERROR: memory is out. */
usage_result_t usage_directory_init(usage_directory_t *directory,
    const usage_user_t *user, const usage_pool_t *pool);

/* Starts a listing: of the user's desktops, or of all. */
void usage_directory_list(usage_directory_t *directory, bool by_user);

/*
 * Starts to look up desktops of a table, so many calls as that takes.  Each
 * that is known gets its entry, and its name.  USAGE_ERROR: memory is out.
 */
usage_result_t usage_directory_look_up(usage_directory_t *directory,
    usage_desktop_t *const *desktops, size_t count);

/* The next call of what was started; USAGE_AGAIN: there is none just now. */
usage_result_t
usage_directory_next(usage_directory_t *directory, usage_call_t *call);

/* The calls that what was started still takes, at least. */
int64_t usage_directory_ahead(const usage_directory_t *directory);

/*
 * Takes the directory's reply to call.  USAGE_ERROR: 502, it makes no sense,
 * or its pages don't agree; 500.
 */
usage_result_t usage_directory_page(usage_directory_t *directory,
    const usage_call_t *call, usage_str_t body, usage_error_t *error);

/* The entry of that id, or NULL. */
usage_entry_t *
usage_directory_find(const usage_directory_t *directory, usage_str_t id);

/*
 * The entry that a record's sid, or else its computer_name, leads to, or NULL.
 * *doubtful: the directory, as far as it was read, doesn't know the sid, and
 * all of it may know another desktop of that sid, or of that name.
 */
usage_entry_t *usage_directory_lead(const usage_directory_t *directory,
    usage_str_t sid, usage_str_t name, bool *doubtful);


#endif /* USAGE_DIRECTORY_H */
