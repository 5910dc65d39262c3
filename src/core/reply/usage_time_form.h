/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which form of use_time a client takes (translation.md, "Days").
 */

#ifndef USAGE_TIME_FORM_H
#define USAGE_TIME_FORM_H

#include "base/usage_core.h"


typedef enum { USAGE_TIME_NUMBER, USAGE_TIME_STRING } usage_time_form_t;


/*
 * Gives the form for a client, by its User-Agent, which may be empty: a string
 * for SDKs whose types refuse a number, a number for all others.
 */
usage_time_form_t usage_time_form(usage_str_t user_agent);


#endif /* USAGE_TIME_FORM_H */
