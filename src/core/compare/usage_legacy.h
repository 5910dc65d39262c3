/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Judges a reply of the legacy endpoint itself: is it an answer, does it say
 * that the call is gone, or is it neither?
 */

#ifndef USAGE_LEGACY_H
#define USAGE_LEGACY_H

#include "base/usage_error.h"


/* bytes kept of an error_code; legacy.md allows 12 characters */
#define USAGE_LEGACY_CODE_MAX 64


typedef enum {
    USAGE_LEGACY_ANSWER = 0,
    USAGE_LEGACY_GONE,  /* the endpoint has the call no more */
    USAGE_LEGACY_SILENT /* the call was not answered */
} usage_legacy_t;


typedef struct {
    usage_error_t error; /* why it is no answer; of an answer, detail is "" */
    char          code[USAGE_LEGACY_CODE_MAX + 1]; /* its error_code, or "" */
} usage_legacy_reply_t;


/*
 * Judges a complete reply, and fills *reply.
 *
 * GONE is 404, 405, 410, 501, and the error_code APIGW.0101 or APIG.0101 with
 * any status.
 * ANSWER is 200 with a JSON object without an error_code, any other 4xx, and a
 * 5xx with an error_code.  SILENT is all else, and 502 and 504 in any case, as
 * a gateway says by them that nobody answered.  If the body is encoded, as by
 * gzip, it is not read, and the status decides.
 */
usage_legacy_t usage_legacy_judge(usage_legacy_reply_t *reply, unsigned status,
    usage_str_t body, bool encoded);


#endif /* USAGE_LEGACY_H */
