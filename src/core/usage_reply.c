#include "usage_reply.h"
#include "usage_json.h"
#include "usage_number.h"

#include <inttypes.h>
#include <stdio.h>


#define USAGE_REPLY_HEAD "{\"desktop_used_info_list\":["
#define USAGE_REPLY_TAIL "],\"total_count\":%" PRId64 "}"
#define USAGE_REPLY_ID   "\"desktop_id\":"
#define USAGE_REPLY_USER "\"desktop_username\":"
#define USAGE_REPLY_LIST "\"used_info_list\":["
#define USAGE_REPLY_END  "]},"
#define USAGE_REPLY_DATE "{\"date\":"
#define USAGE_REPLY_TIME ",\"use_time\":"

/* the longest text of an element up to its use_time */
#define USAGE_REPLY_ELEMENT_MAX                                                \
    (sizeof(USAGE_REPLY_DATE USAGE_REPLY_TIME)                                 \
        + usage_json_string_max(USAGE_LABEL_MAX))

/* hours of an element, as text: those of less than 10^9 seconds, and any
 * other */
#define USAGE_REPLY_SECONDS 1e9
#define USAGE_REPLY_HOURS   16


/*
 * What all entries have in common: made once, copied into each.
 */
typedef struct {
    usage_str_t  list;     /* an entry after its id, up to its elements */
    usage_str_t *elements; /* each up to its use_time */
    size_t       bins;
    size_t       past;
    char *(*write_hours)(char *p, double seconds);
} usage_reply_parts_t;


#define usage_reply_put(p, literal)                                            \
    (memcpy((p), (literal), sizeof(literal) - 1), (p) + sizeof(literal) - 1)

static inline char *
usage_reply_copy(char *p, usage_str_t text)
{
    memcpy(p, text.data, text.len);

    return p + text.len;
}


/*
 * The date of an element.  Gives its length, 0 where the format makes none.
 */
static size_t
usage_reply_date(const usage_request_t *request, size_t i,
    const usage_form_t *form, char *date)
{
    if (request->hours) {
        return usage_hour_label((int64_t) request->first * USAGE_SECONDS_PER_DAY
                                    + (int64_t) i * USAGE_SECONDS_PER_HOUR,
            form->hour_format, date);
    }

    usage_day_write(request->first + (usage_day_t) i, date);

    return USAGE_DATE_LEN;
}


static usage_result_t
usage_reply_element(const usage_request_t *request, size_t i,
    const usage_form_t *form, const usage_pool_t *pool, usage_str_t *element)
{
    char       *p;
    char        text[USAGE_REPLY_ELEMENT_MAX], label[USAGE_LABEL_MAX + 1];
    usage_str_t date;

    date.data = label;
    date.len = usage_reply_date(request, i, form, label);

    if (date.len == 0) {
        return USAGE_ERROR;
    }

    p = usage_reply_put(text, USAGE_REPLY_DATE);
    p = usage_json_write_string(p, date);
    p = usage_reply_put(p, USAGE_REPLY_TIME);

    element->len = (size_t) (p - text);

    p = usage_alloc(pool, element->len);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    element->data = memcpy(p, text, element->len);

    return USAGE_OK;
}


static usage_result_t
usage_reply_list(usage_str_t user, const usage_pool_t *pool, usage_str_t *list)
{
    char *p;

    p = usage_alloc(pool, sizeof(USAGE_REPLY_USER "," USAGE_REPLY_LIST)
                              + usage_json_string_max(user.len));
    if (p == NULL) {
        return USAGE_ERROR;
    }

    list->data = p;

    if (user.len > 0) {
        p = usage_reply_put(p, USAGE_REPLY_USER);
        p = usage_json_write_string(p, user);
        *p++ = ',';
    }

    p = usage_reply_put(p, USAGE_REPLY_LIST);
    list->len = (size_t) (p - list->data);

    return USAGE_OK;
}


static usage_result_t
usage_reply_prepare(usage_reply_parts_t *parts, const usage_request_t *request,
    size_t past, const usage_form_t *form, const usage_pool_t *pool)
{
    size_t i;

    parts->bins = usage_request_bins(request);
    parts->past = past;
    parts->write_hours = form->use_time == USAGE_TIME_STRING
                             ? usage_hours_write_string
                             : usage_hours_write_number;

    parts->elements = usage_alloc(pool, parts->bins * sizeof(usage_str_t));

    if (parts->elements == NULL
        || usage_reply_list(request->user, pool, &parts->list) != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    for (i = 0; i < parts->bins; i++) {
        if (usage_reply_element(request, i, form, pool, &parts->elements[i])
            != USAGE_OK)
        {
            return USAGE_ERROR;
        }
    }

    return USAGE_OK;
}


/*
 * The room that the reply takes at most.
 */
static size_t
usage_reply_size(
    const usage_reply_parts_t *parts, const usage_item_t *items, size_t count)
{
    size_t i, n, size, entry;

    entry = sizeof("{" USAGE_REPLY_ID "," USAGE_REPLY_END) + parts->list.len
            + parts->bins * (USAGE_REPLY_HOURS + 2);

    for (i = 0; i < parts->bins; i++) {
        entry += parts->elements[i].len;
    }

    size = sizeof(USAGE_REPLY_HEAD USAGE_REPLY_TAIL) + 20;

    for (n = 0; n < count; n++) {
        size += entry + usage_json_string_max(items[n].id.len);

        for (i = 0; i < parts->past; i++) {
            if (items[n].seconds[i] >= USAGE_REPLY_SECONDS) {
                size += USAGE_HOURS_MAX;
            }
        }
    }

    return size;
}


static char *
usage_reply_write_item(
    char *p, const usage_reply_parts_t *parts, const usage_item_t *item)
{
    size_t i;
    double seconds;

    *p++ = '{';

    if (item->id.len > 0) {
        p = usage_reply_put(p, USAGE_REPLY_ID);
        p = usage_json_write_string(p, item->id);
        *p++ = ',';
    }

    p = usage_reply_copy(p, parts->list);

    for (i = 0; i < parts->bins; i++) {
        p = usage_reply_copy(p, parts->elements[i]);

        seconds =
            i < parts->past && item->seconds[i] > 0 ? item->seconds[i] : 0;

        p = parts->write_hours(p, seconds);
        *p++ = '}';
        *p++ = ',';
    }

    p--; /* the last comma; there is one element at least */

    return usage_reply_put(p, USAGE_REPLY_END);
}


usage_result_t
usage_reply_write(const usage_request_t *request, const usage_item_t *items,
    size_t count, size_t past, int64_t total, const usage_form_t *form,
    const usage_pool_t *pool, usage_str_t *reply)
{
    char               *p;
    size_t              n;
    usage_reply_parts_t parts;

    if (usage_reply_prepare(&parts, request, past, form, pool) != USAGE_OK) {
        return USAGE_ERROR;
    }

    p = usage_alloc(pool, usage_reply_size(&parts, items, count));
    if (p == NULL) {
        return USAGE_ERROR;
    }

    reply->data = p;
    p = usage_reply_put(p, USAGE_REPLY_HEAD);

    for (n = 0; n < count; n++) {
        p = usage_reply_write_item(p, &parts, &items[n]);
    }

    if (count > 0) {
        p--; /* the last comma */
    }

    p += sprintf(p, USAGE_REPLY_TAIL, total);
    reply->len = (size_t) (p - reply->data);

    return USAGE_OK;
}
