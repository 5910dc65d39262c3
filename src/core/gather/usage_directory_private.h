/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A row of the directory.  Not for other files than usage_directory*.c.
 */

#ifndef USAGE_DIRECTORY_PRIVATE_H
#define USAGE_DIRECTORY_PRIVATE_H

#include "gather/usage_directory.h"

#include <jansson.h>


/*
 * Enters a row, which has a desktop_id, in the directory, and gives its entry.
 * USAGE_ERROR: memory is out.
 */
usage_result_t usage_directory_row(
    usage_directory_t *directory, const json_t *row, usage_entry_t **entry);


#endif /* USAGE_DIRECTORY_PRIVATE_H */
