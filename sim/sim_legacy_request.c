/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The legacy call's request: reads the body and checks it.
 */

#include "sim_legacy_request.h"
#include "sim_query.h"
#include "sim_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_DEFAULT      15
#define DAYS_MAX          31
#define IDS_MAX           2000
#define RETENTION         180 /* days that the data go back */
#define RETENTION_OF_USER 30  /* the same of one user's days */


/* Says what is wrong with a field; gives -1. */

static int
fail(char err[256], const char *field, const char *what)
{
    (void) snprintf(err, 256, "%s: %s", field, what);

    return -1;
}


/*
 * Reads a field that is a string.  NULL stands for one that is left out; null
 * and "" count as that.
 */

static int
get_text(const json_t *body, const char *field, const char **out, char err[256])
{
    json_t *v = json_object_get(body, field);

    *out = NULL;

    if (v == NULL || json_is_null(v)) {
        return 0;
    }

    if (!json_is_string(v)) {
        return fail(err, field, "is not a string");
    }

    if (sim_characters(json_string_value(v)) > 255) {
        return fail(err, field, "is longer than 255 characters");
    }

    *out = json_string_length(v) ? json_string_value(v) : NULL;

    return 0;
}


/*
 * Reads a field from 0 to `max`, which is an integer or digits in a string.
 * *out stays as it is if the field is left out.
 */

static int
get_number(const json_t *body, const char *field, int64_t max, int64_t *out,
    char err[256])
{
    json_t     *v = json_object_get(body, field);
    const char *s;

    if (v == NULL || json_is_null(v)) {
        return 0;
    }

    if (json_is_integer(v)) {
        *out = json_integer_value(v);

    } else if (json_is_string(v)) {
        s = json_string_value(v);

        if (*s == '\0' || strspn(s, "0123456789") != strlen(s)) {
            return fail(err, field, "is not an integer");
        }

        s += strspn(s, "0");
        *out = strlen(s) > 18 ? INT64_MAX : strtoll(s, NULL, 10);

    } else {
        return fail(err, field, "is not an integer");
    }

    if (*out < 0 || *out > max) {
        return fail(err, field, "is out of range");
    }

    return 0;
}


/* Reads desktop_ids; duplicates are left out. */

static int
get_ids(sim_legacy_t *r, char err[256])
{
    size_t  i;
    json_t *ids = json_object_get(r->body, "desktop_ids"), *id, *seen;

    if (ids == NULL || json_is_null(ids)) {
        return 0;
    }

    if (!json_is_array(ids)) {
        return fail(err, "desktop_ids", "is not an array");
    }

    if (json_array_size(ids) > IDS_MAX) {
        return fail(err, "desktop_ids", "has more than 2000 items");
    }

    if (json_array_size(ids) == 0) {
        return 0;
    }

    seen = json_object();
    r->ids = json_array();

    json_array_foreach (ids, i, id) {
        if (!json_is_string(id) || json_string_length(id) == 0
            || sim_characters(json_string_value(id)) > 255)
        {
            json_decref(seen);
            return fail(err, "desktop_ids",
                "has an item that is not a string of 1 to 255 characters");
        }

        if (json_object_get(seen, json_string_value(id)) == NULL) {
            json_object_set_new(seen, json_string_value(id), json_true());
            json_array_append(r->ids, id);
        }
    }

    json_decref(seen);

    return 0;
}


/* Reads the range of days, which by default ends today. */

static int
get_range(sim_legacy_t *r, int64_t today, char err[256])
{
    int64_t     retention;
    const char *start, *end;

    if (get_text(r->body, "start_time", &start, err) != 0
        || get_text(r->body, "end_time", &end, err) != 0)
    {
        return -1;
    }

    r->last = today;

    if (end != NULL && sim_parse_date(end, &r->last) != 0) {
        return fail(err, "end_time", "is not a date, yyyy-MM-dd");
    }

    r->first = r->last - (DAYS_DEFAULT - 1);

    if (start != NULL && sim_parse_date(start, &r->first) != 0) {
        return fail(err, "start_time", "is not a date, yyyy-MM-dd");
    }

    if (r->last < r->first) {
        return fail(err, "end_time", "is before start_time");
    }

    if (r->last - r->first >= DAYS_MAX) {
        return fail(err, "end_time", "is more than 31 days from start_time");
    }

    retention = r->user && !r->hours ? RETENTION_OF_USER : RETENTION;

    if (r->first < today - retention) {
        return fail(err, "start_time", "is further back than the data go");
    }

    return 0;
}


static int
get_all(sim_legacy_t *r, int64_t now, char err[256])
{
    const char *type;

    r->limit = 100;

    if (get_ids(r, err) != 0
        || get_text(r->body, "group_by_type", &type, err) != 0
        || get_text(r->body, "desktop_username", &r->user, err) != 0
        || get_text(r->body, "desktop_user_domain", &r->domain, err) != 0
        || get_number(r->body, "offset", 2147483647, &r->offset, err) != 0
        || get_number(r->body, "limit", 100, &r->limit, err) != 0)
    {
        return -1;
    }

    if (type != NULL && strcmp(type, "DAY") != 0 && strcmp(type, "HOUR") != 0) {
        return fail(err, "group_by_type", "is neither DAY nor HOUR");
    }

    r->hours = type != NULL && strcmp(type, "HOUR") == 0;

    return get_range(r, sim_time_day(now), err);
}


int
sim_legacy_parse(
    sim_legacy_t *r, const char *body, size_t len, int64_t now, char err[256])
{
    json_error_t e;

    memset(r, 0, sizeof(*r));

    if (len == 0) {
        r->body = json_object();

    } else {
        r->body = json_loadb(body, len, JSON_REJECT_DUPLICATES, &e);

        if (r->body == NULL) {
            return fail(err, "body", e.text);
        }
    }

    if (!json_is_object(r->body)) {
        return fail(err, "body", "is not an object");
    }

    return get_all(r, now, err);
}


void
sim_legacy_free(sim_legacy_t *r)
{
    json_decref(r->ids);
    json_decref(r->body);
}
