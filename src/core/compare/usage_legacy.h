/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a reply of the legacy endpoint itself is: its answer, or the word that
 * there is none any more, or nothing that one could call an answer.
 */

#ifndef USAGE_LEGACY_H
#define USAGE_LEGACY_H

#include "base/usage_error.h"


/* of an error_code; legacy.md allows 12 */
#define USAGE_LEGACY_CODE_MAX 64


typedef enum {
    USAGE_LEGACY_ANSWER = 0,
    USAGE_LEGACY_GONE,  /* the call isn't there any more */
    USAGE_LEGACY_SILENT /* nothing that the legacy call answers */
} usage_legacy_t;


typedef struct {
    usage_error_t error; /* why it is no answer; detail "" where it is one */
    char          code[USAGE_LEGACY_CODE_MAX + 1]; /* error_code, or "" */
} usage_legacy_reply_t;


/*
 * Tells what a whole reply of the legacy endpoint is, and in *reply why.
 *
 * Gone is 404, 405, 410, 501, and the error_code APIGW.0101 with any status.
 * An answer is 200 with an object in JSON that is no error, any other 4xx, and
 * a 5xx with an error_code.  All else is silence, and so are 502 and 504, with
 * which a gateway says that nobody answered.  A body that is encoded can't be
 * read: its status decides.
 */
usage_legacy_t usage_legacy_judge(usage_legacy_reply_t *reply, unsigned status,
    usage_str_t body, bool encoded);


#endif /* USAGE_LEGACY_H */
