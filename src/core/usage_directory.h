/*
 * A reply of the desktop directory: which desktops it knows.
 */

#ifndef USAGE_DIRECTORY_H
#define USAGE_DIRECTORY_H

#include "usage_error.h"
#include "usage_table.h"


/*
 * Reads the directory's reply to a look-up of a few ids, and marks those of
 * table that it lists as known; others that it lists are ignored.
 *
 * USAGE_AGAIN: it counts more or fewer desktops than it lists.  USAGE_ERROR:
 * 502, it makes no sense.
 */
usage_result_t usage_directory_read(
    usage_table_t *table, usage_str_t body, usage_error_t *error);


#endif /* USAGE_DIRECTORY_H */
