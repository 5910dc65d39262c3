#include "usage_call.h"

#include <inttypes.h>
#include <stdio.h>


/* the longest use first: a page with a row without use ends what matters */
#define USAGE_CALL_STATISTICS_FORM                                             \
    "start_time=%.*sT00:00:00Z&end_time=%.*sT23:59:59Z"                        \
    "&sort_field=desktop_usage&sort_type=DESC&offset=%" PRId64 "&limit=%d"

#define USAGE_CALL_QUERY_MAX 256 /* of statistics */

/* as many as the directory gives in one reply: more than are asked for */
#define USAGE_CALL_DIRECTORY_FORM "offset=0&limit=1000&desktop_id="


usage_result_t
usage_call_path(const usage_call_t *call, usage_str_t project,
    const usage_pool_t *pool, usage_str_t *path)
{
    char       *p;
    size_t      len;
    const char *tail;

    tail = call->api == USAGE_CALL_STATISTICS ? "/statistics/metrics/desktops"
                                              : "/desktops";
    len = sizeof("/v2/") - 1 + project.len + strlen(tail);

    p = usage_alloc(pool, len + 1);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    (void) sprintf(p, "/v2/%.*s%s", (int) project.len, project.data, tail);

    path->data = p;
    path->len = len;

    return USAGE_OK;
}


static bool
usage_call_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'
           || c == '~';
}


size_t
usage_call_encoded(usage_str_t text)
{
    size_t i, len;

    len = 0;

    for (i = 0; i < text.len; i++) {
        len += usage_call_unreserved(text.data[i]) ? 1 : 3;
    }

    return len;
}


static char *
usage_call_encode(char *p, usage_str_t text)
{
    static const char hex[] = "0123456789ABCDEF";

    size_t        i;
    unsigned char c;

    for (i = 0; i < text.len; i++) {
        c = (unsigned char) text.data[i];

        if (usage_call_unreserved(text.data[i])) {
            *p++ = (char) c;

        } else {
            *p++ = '%';
            *p++ = hex[c >> 4];
            *p++ = hex[c & 0xf];
        }
    }

    return p;
}


static usage_result_t
usage_call_directory_query(
    const usage_call_t *call, const usage_pool_t *pool, usage_str_t *query)
{
    char  *p;
    size_t i, len;

    len = sizeof(USAGE_CALL_DIRECTORY_FORM) - 1;

    for (i = 0; i < call->count; i++) {
        len += usage_call_encoded(call->desktops[i]->id) + 1;
    }

    p = usage_alloc(pool, len);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    query->data = p;

    memcpy(p, USAGE_CALL_DIRECTORY_FORM, sizeof(USAGE_CALL_DIRECTORY_FORM) - 1);
    p += sizeof(USAGE_CALL_DIRECTORY_FORM) - 1;

    for (i = 0; i < call->count; i++) {
        if (i > 0) {
            *p++ = ',';
        }

        p = usage_call_encode(p, call->desktops[i]->id);
    }

    query->len = (size_t) (p - query->data);

    return USAGE_OK;
}


usage_result_t
usage_call_query(
    const usage_call_t *call, const usage_pool_t *pool, usage_str_t *query)
{
    char *p;
    char  first[USAGE_DATE_LEN], last[USAGE_DATE_LEN];

    if (call->api == USAGE_CALL_DIRECTORY) {
        return usage_call_directory_query(call, pool, query);
    }

    p = usage_alloc(pool, USAGE_CALL_QUERY_MAX);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    usage_day_write(call->first, first);
    usage_day_write(call->last, last);

    query->data = p;
    query->len = (size_t) snprintf(p, USAGE_CALL_QUERY_MAX,
        USAGE_CALL_STATISTICS_FORM, (int) USAGE_DATE_LEN, first,
        (int) USAGE_DATE_LEN, last, call->offset, USAGE_PAGE_ROWS);

    return USAGE_OK;
}
