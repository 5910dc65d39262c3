/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: the bodies of the calls.
 */

#include "check_bodies.h"
#include "base/usage_calendar.h"

#include <ctype.h>
#include <stdlib.h>


/* what a body that is made up requests, at most */
#define BODIES_IDS_MAX    20
#define BODIES_HOURS_DAYS 2

/* how many days before today one user's days may begin (usage_retention) */
#define BODIES_USER_DAYS 29


char **
check_words(const char *option, const char *text, size_t *count)
{
    char *all, *word, *rest, **words;

    *count = 0;
    words = NULL;

    if (*text == '@') {
        words = ctl_list_file(words, count, text + 1);

    } else {
        all = ctl_copy(text, strlen(text));

        for (word = strtok_r(all, ",", &rest); word != NULL;
             word = strtok_r(NULL, ",", &rest))
        {
            words = ctl_list_add(words, count, word);
        }

        free(all);
    }

    if (*count == 0) {
        ctl_misuse("%s: the list is empty", option);
    }

    return words;
}


/*
 * Draws a number; the same seed gives the same numbers (splitmix64).
 */
static uint64_t
draw(check_bodies_t *bodies)
{
    uint64_t z;

    z = (bodies->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;

    return z ^ (z >> 31);
}


/*
 * Draws a number from 0 to before n.
 */
static size_t
below(check_bodies_t *bodies, size_t n)
{
    return (size_t) (draw(bodies) % n);
}


static bool
chance(check_bodies_t *bodies, unsigned percent)
{
    return draw(bodies) % 100 < percent;
}


/*
 * Makes a JSON string; ends the program if the text is not UTF-8.
 */
static json_t *
json_text(const char *text, size_t len)
{
    json_t *value;

    value = json_stringn(text, len);

    if (value == NULL) {
        ctl_die("\"%.*s\" is not UTF-8", (int) len, text);
    }

    return value;
}


static void
set_text(json_t *body, const char *name, const char *text, size_t len)
{
    json_object_set_new(body, name, json_text(text, len));
}


static void
set_day(json_t *body, const char *name, usage_day_t day)
{
    char date[USAGE_DATE_LEN];

    usage_day_write(day, date);
    set_text(body, name, date, sizeof(date));
}


/*
 * Requests some of the desktops.  Now and then one is there twice, or one that
 * doesn't exist.
 */
static void
set_desktops(check_bodies_t *bodies, json_t *body)
{
    size_t  i, count;
    char   *id;
    json_t *ids;

    ids = json_array();
    count = 1
            + below(bodies, bodies->desktops_count < BODIES_IDS_MAX
                                ? bodies->desktops_count
                                : BODIES_IDS_MAX);

    for (i = 0; i < count; i++) {
        id = bodies->desktops[below(bodies, bodies->desktops_count)];
        json_array_append_new(ids, json_text(id, strlen(id)));
    }

    if (chance(bodies, 10)) {
        json_array_append_new(ids, json_string("usagectl-no-such-desktop"));
    }

    json_object_set_new(body, "desktop_ids", ids);
}


static void
set_user(check_bodies_t *bodies, json_t *body)
{
    char  *user;
    size_t len;

    user = bodies->users[below(bodies, bodies->users_count)];
    len = strcspn(user, "\t");
    set_text(body, "desktop_username", user, len);

    if (user[len] == '\t') {
        set_text(body, "desktop_user_domain", user + len + 1,
            strlen(user + len + 1));
    }
}


/*
 * Requests days of the range, or leaves the dates out.  By the hour it requests
 * only a few days, as these have many hours.  It never leaves the dates out
 * then: the hours of today still change.
 */
static void
set_dates(check_bodies_t *bodies, json_t *body, bool user, bool hours)
{
    int32_t first, last, days, days_left, oldest;

    oldest = usage_day_of(bodies->now) - BODIES_USER_DAYS;
    first = bodies->from;

    if (user && !hours && first < oldest) {
        first = oldest < bodies->to ? oldest : bodies->to;
    }

    days = bodies->to - first + 1;
    days = hours && days > BODIES_HOURS_DAYS ? BODIES_HOURS_DAYS : days;
    days = days > USAGE_DAYS_MAX ? USAGE_DAYS_MAX : days;
    days = 1 + (int32_t) below(bodies, (size_t) days);
    days_left = bodies->to - first - days + 2;
    first += (int32_t) below(bodies, (size_t) days_left);
    last = first + days - 1;

    if (bodies->dated || hours || !chance(bodies, 10)) {
        set_day(body, "start_time", first);
        set_day(body, "end_time", last);

    } else if (!user && chance(bodies, 50)) {
        set_day(body, "end_time", last);
    }
}


static void
set_page(check_bodies_t *bodies, json_t *body)
{
    char       digits[16];
    json_int_t n;

    if (chance(bodies, 60)) {
        n = (json_int_t) below(bodies, 101);
        json_object_set_new(body, "limit", json_integer(n));
    }

    if (chance(bodies, 60)) {
        n = (json_int_t) below(bodies, 2 + bodies->desktops_count);
        (void) snprintf(digits, sizeof(digits), "%d", (int) n);
        json_object_set_new(body, "offset",
            chance(bodies, 10) ? json_string(digits) : json_integer(n));
    }
}


/*
 * Makes a body up and gives its text.
 */
static char *
make_up(check_bodies_t *bodies)
{
    bool    user, hours;
    char   *text;
    json_t *body;

    body = json_object();
    user = bodies->users_count > 0 && chance(bodies, 40);
    hours = bodies->hours && chance(bodies, 15);

    set_dates(bodies, body, user, hours);

    if (user) {
        set_user(bodies, body);
    }

    if (bodies->desktops_count > 0 && chance(bodies, user ? 20 : 50)) {
        set_desktops(bodies, body);
    }

    if (hours || chance(bodies, 10)) {
        json_object_set_new(
            body, "group_by_type", json_string(hours ? "HOUR" : "DAY"));
    }

    if (bodies->paging && chance(bodies, 25)) {
        set_page(bodies, body);
    }

    text = json_dumps(body, JSON_COMPACT);
    json_decref(body);

    if (text == NULL) {
        ctl_die("out of memory");
    }

    return text;
}


char *
check_next_body(check_bodies_t *bodies)
{
    char *line;

    if (bodies->text == NULL) {
        return make_up(bodies);
    }

    do {
        line = ctl_line(&bodies->line);

        if (line == NULL) {
            ctl_die("the file has no more bodies");
        }

    } while (line[strspn(line, " \t")] == '\0');

    return ctl_copy(line, strlen(line));
}
