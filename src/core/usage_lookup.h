/*
 * translation.md, "Which desktops, in which order": looking desktops up in the
 * directory, in batches that a call can hold.
 */

#ifndef USAGE_LOOKUP_H
#define USAGE_LOOKUP_H

#include "usage_call.h"
#include "usage_error.h"


typedef struct {
    size_t   first; /* of lookup->desktops */
    size_t   count;
    unsigned attempt;
    bool     asked;
} usage_batch_t;


typedef struct {
    usage_desktop_t **desktops;
    usage_batch_t    *batches;
    size_t            batches_count;
    bool              started;
} usage_lookup_t;


/*
 * Starts to look up those of the table's first count desktops that no column
 * shows.  USAGE_ERROR where memory is out.
 */
usage_result_t usage_lookup_start(usage_lookup_t *lookup,
    const usage_table_t *table, size_t count, const usage_pool_t *pool);

/* The next call; USAGE_AGAIN: there is none just now. */
usage_result_t usage_lookup_next(usage_lookup_t *lookup, usage_call_t *call);

/*
 * Takes the directory's reply to call: the desktops it lists are known.  Where
 * it doesn't list as many as it counts, it is asked again.  USAGE_ERROR: 502,
 * it makes no sense, or that was done USAGE_REFETCH_MAX times already.
 */
usage_result_t
usage_lookup_read(usage_lookup_t *lookup, const usage_call_t *call,
    usage_table_t *table, usage_str_t body, usage_error_t *error);


#endif /* USAGE_LOOKUP_H */
