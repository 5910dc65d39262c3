/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the files of usage_signature.h use of each other.
 */

#ifndef USAGE_SIGNATURE_PRIVATE_H
#define USAGE_SIGNATURE_PRIVATE_H

#include "sign/usage_signature.h"


/*
 * Takes the Authorization of a request apart: access_key, names and value are
 * pieces of it.  false: it has not the documented form, and what comes behind
 * the fault has len 0.
 */
bool usage_signature_split(
    usage_signature_t *signature, const usage_signed_t *request);


#endif /* USAGE_SIGNATURE_PRIVATE_H */
