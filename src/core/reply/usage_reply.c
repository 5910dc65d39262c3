/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A reply is written in one pass.  What all entries have in common is prepared
 * first, and copied into each.  The memory is that of the longest reply there
 * can be, so that no write needs a check.
 */

#include "reply/usage_reply.h"
#include "base/usage_json.h"
#include "base/usage_number.h"

#include <inttypes.h>
#include <stdio.h>


#define USAGE_REPLY_HEAD "{\"desktop_used_info_list\":["
#define USAGE_REPLY_TAIL "],\"total_count\":%" PRId64 "}"
#define USAGE_REPLY_ID   "\"desktop_id\":"
#define USAGE_REPLY_USER "\"desktop_username\":"
#define USAGE_REPLY_LIST "\"used_info_list\":["
#define USAGE_REPLY_NEXT "},"
#define USAGE_REPLY_DATE "{\"date\":"
#define USAGE_REPLY_TIME ",\"use_time\":"
#define USAGE_REPLY_END  "}]},"

/* bytes of the longest text before the hours of an element */
#define USAGE_REPLY_PIECE_MAX                                                  \
    (sizeof("\"" USAGE_REPLY_NEXT USAGE_REPLY_DATE USAGE_REPLY_TIME "\"")      \
        + usage_json_string_max(USAGE_LABEL_MAX))

/* bytes that are copied of such a text, whatever its length: a size that the
 * compiler knows is cheap to copy, and what was too much is overwritten */
#define USAGE_REPLY_BLOCK 48

/* bytes that hours take at most: those of usage_hours_ready(), and those of
 * less than USAGE_REPLY_SECONDS seconds; any others take USAGE_HOURS_MAX */
#define USAGE_REPLY_READY   5
#define USAGE_REPLY_SECONDS 1e9
#define USAGE_REPLY_HOURS   16


/*
 * What all entries have in common.
 */
typedef struct {
    usage_str_t  list;   /* what follows an entry's id, up to its elements */
    usage_str_t *pieces; /* what comes before the hours of each element */
    size_t       bins;   /* elements of an entry */
    size_t       past;   /* of these, the ones that are not in the future */
    bool         string; /* hours are strings, with two decimals */
} usage_reply_parts_t;


#define usage_reply_put(p, literal)                                            \
    (memcpy((p), (literal), sizeof(literal) - 1), (p) + sizeof(literal) - 1)

/*
 * Writes a quote, if hours are strings, and gives the end.
 */
static inline char *
usage_reply_quote(char *p, bool string)
{
    *p = '"';

    return p + string;
}


/*
 * Writes the date of the ith element.  Gives its length; 0: the format gives no
 * name for the hour.
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


/*
 * Prepares what comes before the hours of the ith element: the end of the one
 * before, and its own start.  A whole block of it can be read.
 */
static usage_result_t
usage_reply_piece(const usage_request_t *request, size_t i,
    const usage_form_t *form, const usage_pool_t *pool, usage_str_t *piece)
{
    char       *p;
    bool        string;
    char        text[USAGE_REPLY_PIECE_MAX], label[USAGE_LABEL_MAX + 1];
    usage_str_t date;

    date.data = label;
    date.len = usage_reply_date(request, i, form, label);

    if (date.len == 0) {
        return USAGE_ERROR;
    }

    string = form->use_time == USAGE_TIME_STRING;
    p = text;

    if (i > 0) {
        p = usage_reply_quote(p, string);
        p = usage_reply_put(p, USAGE_REPLY_NEXT);
    }

    p = usage_reply_put(p, USAGE_REPLY_DATE);
    p = usage_json_write_string(p, date);
    p = usage_reply_put(p, USAGE_REPLY_TIME);
    p = usage_reply_quote(p, string);

    piece->len = (size_t) (p - text);

    p = usage_alloc(pool, piece->len + USAGE_REPLY_BLOCK);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    memset(p + piece->len, 0, USAGE_REPLY_BLOCK);
    piece->data = memcpy(p, text, piece->len);

    return USAGE_OK;
}


/*
 * Prepares what follows an entry's id, up to its elements.
 */
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


/*
 * Prepares all that entries have in common.
 */
static usage_result_t
usage_reply_prepare(usage_reply_parts_t *parts, const usage_request_t *request,
    size_t past, const usage_form_t *form, const usage_pool_t *pool)
{
    size_t i;

    parts->bins = usage_request_bins(request);
    parts->past = past;
    parts->string = form->use_time == USAGE_TIME_STRING;
    parts->pieces = usage_alloc(pool, parts->bins * sizeof(usage_str_t));

    if (parts->pieces == NULL
        || usage_reply_list(request->user, pool, &parts->list) != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    for (i = 0; i < parts->bins; i++) {
        if (usage_reply_piece(request, i, form, pool, &parts->pieces[i])
            != USAGE_OK) {
            return USAGE_ERROR;
        }
    }

    return USAGE_OK;
}


/*
 * Gives the bytes that the hours of an entry take beyond those of
 * usage_hours_ready(): 0, if none is longer than a day, as is almost always so.
 */
static size_t
usage_reply_size_large(const usage_reply_parts_t *parts, const double *seconds)
{
    double largest;
    size_t i, size;

    largest = 0;
    size = 0;

    for (i = 0; i < parts->past; i++) {
        largest = seconds[i] > largest ? seconds[i] : largest;
    }

    if (usage_hours_are_ready(largest)) {
        return 0;
    }

    for (i = 0; i < parts->past; i++) {
        size += seconds[i] < USAGE_REPLY_SECONDS ? USAGE_REPLY_HOURS
                                                 : USAGE_HOURS_MAX;
    }

    return size;
}


/*
 * Gives the bytes that the reply takes at most, and a block more, as the last
 * piece may be written beyond its end.
 */
static size_t
usage_reply_size(
    const usage_reply_parts_t *parts, const usage_item_t *items, size_t count)
{
    size_t i, n, size, entry;

    entry = sizeof("{" USAGE_REPLY_ID ",\"" USAGE_REPLY_END) + parts->list.len
            + parts->bins * USAGE_REPLY_READY;

    for (i = 0; i < parts->bins; i++) {
        entry += parts->pieces[i].len;
    }

    size = sizeof(USAGE_REPLY_HEAD USAGE_REPLY_TAIL) + 20 + USAGE_REPLY_BLOCK;

    for (n = 0; n < count; n++) {
        size += entry + usage_json_string_max(items[n].id.len)
                + usage_reply_size_large(parts, items[n].seconds);
    }

    return size;
}


/*
 * Writes what comes before the hours of an element, and the hours.
 */
static inline char *
usage_reply_write_element(
    char *p, const usage_str_t *piece, double seconds, bool string)
{
    const usage_hours_t *hours;

    memcpy(p, piece->data, USAGE_REPLY_BLOCK);

    if (piece->len > USAGE_REPLY_BLOCK) {
        memcpy(p, piece->data, piece->len);
    }

    p += piece->len;

    if (usage_hours_are_ready(seconds)) {
        hours = usage_hours_ready(seconds);
        memcpy(p, hours, sizeof(usage_hours_t));

        return p + hours->len[string];
    }

    if (seconds < 0) {
        seconds = 0;
    }

    return string ? usage_hours_write_decimals(p, seconds)
                  : usage_hours_write_number(p, seconds);
}


/*
 * Writes an entry, with a comma behind it.
 */
static char *
usage_reply_write_item(
    char *p, const usage_reply_parts_t *parts, const usage_item_t *item)
{
    bool               string;
    size_t             i, past, bins;
    const double      *seconds;
    const usage_str_t *pieces;

    *p++ = '{';

    if (item->id.len > 0) {
        p = usage_reply_put(p, USAGE_REPLY_ID);
        p = usage_json_write_string(p, item->id);
        *p++ = ',';
    }

    p = usage_str_write(p, parts->list);

    /* copies in local variables: for all the compiler knows, a write at p could
     * change what it reads here */

    string = parts->string;
    past = parts->past;
    bins = parts->bins;
    pieces = parts->pieces;
    seconds = item->seconds;

    for (i = 0; i < past; i++) {
        p = usage_reply_write_element(p, &pieces[i], seconds[i], string);
    }

    for (; i < bins; i++) {
        p = usage_reply_write_element(p, &pieces[i], 0, string);
    }

    p = usage_reply_quote(p, string);

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
