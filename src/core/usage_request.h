/*
 * translation.md, "Request": the legacy call's body, checked.
 */

#ifndef USAGE_REQUEST_H
#define USAGE_REQUEST_H

#include "usage_calendar.h"
#include "usage_error.h"
#include "usage_forms.h"


typedef struct {
    usage_str_t *desktop_ids; /* each once, in the order asked for */
    size_t       desktops;    /* 0: every desktop */
    usage_day_t  first;
    usage_day_t  last;
    uint32_t     offset;
    uint32_t     limit;
} usage_request_t;


/*
 * The number of days that the request asks for, 1 to USAGE_DAYS_MAX, and how
 * many of them, counted from the first, are not in the future of today.
 */
size_t usage_request_days(const usage_request_t *request);
size_t usage_request_past(const usage_request_t *request, usage_day_t today);

/*
 * Reads a body of the legacy call and checks every rule.
 *
 * body.len may be 0.  now is in seconds since 1970; memory is how far back the
 * statistics of desktops go, in seconds, or 0 where that is not to be checked.
 * The request's strings come from pool.  Errors: 400, and 500 where memory is
 * out.
 */
usage_result_t usage_request_parse(usage_request_t *request,
    const usage_pool_t *pool, const usage_forms_t *forms, usage_str_t body,
    int64_t now, int64_t memory, usage_error_t *error);


#endif /* USAGE_REQUEST_H */
