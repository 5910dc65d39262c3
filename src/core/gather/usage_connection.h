/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * successors.md, "Connection records": when a connection was in use, as a row
 * of the connection records, or of desktop monitoring, tells it.
 */

#ifndef USAGE_CONNECTION_H
#define USAGE_CONNECTION_H

#include "base/usage_error.h"
#include "base/usage_json.h"
#include "gather/usage_session.h"


/*
 * Reads a row's connection_setup_time and connection_end_time.  A time that is
 * missing, null, empty or of the year 1 is not told.  *session is from setup to
 * end; if the end is not told, the connection is open, and ends at now, in
 * seconds since 1970.  *used is false if the setup is not told: it never was in
 * use.  what names the list that has the row, in errors.  USAGE_ERROR: 502, a
 * time has none of the known forms, or the end is before the setup.
 */
usage_result_t usage_connection_read(const json_t *row, const char *what,
    int64_t now, usage_session_t *session, bool *used, usage_error_t *error);


#endif /* USAGE_CONNECTION_H */
