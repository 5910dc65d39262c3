/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: the bodies of the calls.
 */

#include "ctl_check.h"
#include "base/usage_calendar.h"

#include <ctype.h>
#include <stdlib.h>


#define BODIES_IDS_MAX 20 /* of one call that is made up */

#define BODIES_HOURS_DAYS 2

/* days of one user are asked for this far back (usage_retention) */
#define BODIES_USER_DAYS 29


char **
check_words(const char *option, const char *text, size_t *count)
{
    char  *all, *word, *rest, **words;
    size_t len;

    *count = 0;
    words = NULL;

    if (*text == '@') {
        all = rest = ctl_read(text + 1, &len);

        while ((word = ctl_line(&rest)) != NULL) {
            if (*word != '\0') {
                words = ctl_room(words, *count, sizeof(char *));
                words[(*count)++] = ctl_copy(word, strlen(word));
            }
        }

    } else {
        all = ctl_copy(text, strlen(text));

        for (word = strtok_r(all, ",", &rest); word != NULL;
             word = strtok_r(NULL, ",", &rest))
        {
            words = ctl_room(words, *count, sizeof(char *));
            words[(*count)++] = ctl_copy(word, strlen(word));
        }
    }

    free(all);

    if (*count == 0) {
        ctl_misuse("%s names none", option);
    }

    return words;
}


/* The same numbers from the same seed (splitmix64). */

static uint64_t
draw(check_bodies_t *bodies)
{
    uint64_t z;

    z = (bodies->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;

    return z ^ (z >> 31);
}


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


static void
set_text(json_t *body, const char *name, const char *text, size_t len)
{
    json_t *value;

    value = json_stringn(text, len);

    if (value == NULL) {
        ctl_die("\"%s\" is not UTF-8", text);
    }

    json_object_set_new(body, name, value);
}


static void
set_day(json_t *body, const char *name, usage_day_t day)
{
    char date[USAGE_DATE_LEN];

    usage_day_write(day, date);
    set_text(body, name, date, sizeof(date));
}


/*
 * Some of the desktops, one of them twice now and then, and one that there
 * isn't.
 */
static void
set_desktops(check_bodies_t *bodies, json_t *body)
{
    size_t  i, count;
    char   *id;
    json_t *ids, *value;

    ids = json_array();
    count = 1
            + below(bodies, bodies->desktops_count < BODIES_IDS_MAX
                                ? bodies->desktops_count
                                : BODIES_IDS_MAX);

    for (i = 0; i < count; i++) {
        id = bodies->desktops[below(bodies, bodies->desktops_count)];
        value = json_string(id);

        if (value == NULL) {
            ctl_die("\"%s\" is not UTF-8", id);
        }

        json_array_append_new(ids, value);
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
 * Dates within what may be asked for.  Hours are many: few days of them, and
 * none of today, which go on.
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
            ctl_die("a body is missing");
        }

    } while (line[strspn(line, " \t")] == '\0');

    return ctl_copy(line, strlen(line));
}
