/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The period of a quota, as the refusal of an upstream call names it
 * (successors.md, "What they answer when something is wrong").
 */

#ifndef USAGE_PERIOD_H
#define USAGE_PERIOD_H

#include "base/usage_core.h"


/*
 * Finds the period that the error_msg of a refusal names, such as
 * "…limit:200,time:1 minute".  body is the refusal in JSON; it may be empty.
 * Gives seconds, at most those of a day; 0: it names none.
 */
unsigned usage_period(usage_str_t body);


#endif /* USAGE_PERIOD_H */
