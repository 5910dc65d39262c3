/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Habits: what the service may do one way or another.
 */

#include "sim_habits.h"
#include "sim_random.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLDEST 202406
#define NEWEST 202608


typedef struct {
    const char *name;
    const char *values; /* the default first, with | between them */
    int         min;    /* of numbers */
    int         max;
    int         since; /* the release that brought the default; 0: none did */
    size_t      field; /* its offset in sim_habits_t */
    const char *help;
} habit_t;


#define ROW(name, values, min, max, since, help)                               \
    { #name, values, min, max, since, offsetof(sim_habits_t, name), help },

static const habit_t habits[] = { SIM_HABITS(ROW) };

#define NHABITS (sizeof(habits) / sizeof(habits[0]))


static int *
field_of(const habit_t *habit, sim_habits_t *h)
{
    return (int *) ((char *) h + habit->field);
}


static int
is_number(const habit_t *habit)
{
    return habit->max > 0;
}


static int
is_flag(const habit_t *habit)
{
    return strcmp(habit->values, "true|false") == 0
           || strcmp(habit->values, "false|true") == 0;
}


/* Counts the values of a habit. */

static int
count_values(const habit_t *habit)
{
    int         n = 1;
    const char *s = habit->values;

    while ((s = strchr(s, '|')) != NULL) {
        s++;
        n++;
    }

    return n;
}


/* Finds the value at a place; gives its text, which ends after *len bytes. */

static const char *
value_at(const habit_t *habit, int place, size_t *len)
{
    const char *s = habit->values;

    while (place-- > 0) {
        s = strchr(s, '|') + 1;
    }

    *len = strcspn(s, "|");

    return s;
}


/* Gives the place of a word among the values, -1 if it is none of them. */

static int
place_of(const habit_t *habit, const char *word)
{
    int         i, n = count_values(habit);
    size_t      len;
    const char *s;

    for (i = 0; i < n; i++) {
        s = value_at(habit, i, &len);

        if (strlen(word) == len && strncmp(s, word, len) == 0) {
            return i;
        }
    }

    return -1;
}


/* Sets a habit to the value at a place. */

static void
set_place(sim_habits_t *h, const habit_t *habit, int place)
{
    size_t      len;
    const char *s = value_at(habit, place, &len);

    *field_of(habit, h) = is_number(habit) ? (int) strtol(s, NULL, 10)
                          : is_flag(habit) ? *s == 't'
                                           : place;
}


void
sim_habits_default(sim_habits_t *h)
{
    size_t i;

    h->release = NEWEST;

    for (i = 0; i < NHABITS; i++) {
        set_place(h, &habits[i], 0);
    }
}


/* Reads a release's name; gives its number, or 0 if there is none. */

static int
parse_release(const char *s)
{
    int n, month;

    if (strlen(s) != 7 || strspn(s, "0123456789") != 4 || s[4] != '-'
        || strspn(s + 5, "0123456789") != 2)
    {
        return 0;
    }

    month = (int) strtol(s + 5, NULL, 10);
    n = (int) strtol(s, NULL, 10) * 100 + month;

    return n < OLDEST || n > NEWEST || month < 1 || month > 12 ? 0 : n;
}


int
sim_habits_release(sim_habits_t *h, const char *release)
{
    int    n = parse_release(release);
    size_t i;

    if (n == 0) {
        return -1;
    }

    h->release = n;

    for (i = 0; i < NHABITS; i++) {
        if (habits[i].since) {
            set_place(h, &habits[i], n < habits[i].since);
        }
    }

    return 0;
}


void
sim_habits_random(sim_habits_t *h, uint64_t seed)
{
    size_t i;

    h->release = 0;

    for (i = 0; i < NHABITS; i++) {
        set_place(h, &habits[i],
            (int) sim_random_between(&seed, 0, count_values(&habits[i]) - 1));
    }
}


static int
set_number(sim_habits_t *h, const habit_t *habit, const json_t *value)
{
    json_int_t n = json_integer_value(value);

    if (!json_is_integer(value) || n < habit->min || n > habit->max) {
        return -1;
    }

    *field_of(habit, h) = (int) n;

    return 0;
}


static int
set_word(sim_habits_t *h, const habit_t *habit, const json_t *value)
{
    int         place = -1;
    const char *s = json_string_value(value);

    if (is_flag(habit)) {
        s = json_is_true(value)    ? "true"
            : json_is_false(value) ? "false"
                                   : NULL;
    }

    if (s != NULL) {
        place = place_of(habit, s);
    }

    if (place < 0) {
        return -1;
    }

    set_place(h, habit, place);

    return 0;
}


int
sim_habits_set(
    sim_habits_t *h, const char *name, const json_t *value, char err[256])
{
    size_t         i;
    const habit_t *habit;

    for (i = 0; i < NHABITS; i++) {
        habit = &habits[i];

        if (strcmp(habit->name, name) != 0) {
            continue;
        }

        if (is_number(habit)) {
            if (set_number(h, habit, value) != 0) {
                (void) snprintf(err, 256, "%s: not an integer from %d to %d",
                    name, habit->min, habit->max);
                return -1;
            }

        } else if (set_word(h, habit, value) != 0) {
            (void) snprintf(err, 256, "%s: none of %s", name, habit->values);
            return -1;
        }

        return 0;
    }

    return 1;
}


json_t *
sim_habits_json(const sim_habits_t *h)
{
    int          n;
    size_t       i, len;
    json_t      *all = json_object(), *v;
    const char  *s;
    sim_habits_t copy = *h;

    for (i = 0; i < NHABITS; i++) {
        n = *field_of(&habits[i], &copy);

        if (is_number(&habits[i])) {
            v = json_integer(n);

        } else if (is_flag(&habits[i])) {
            v = json_boolean(n);

        } else {
            s = value_at(&habits[i], n, &len);
            v = json_stringn(s, len);
        }

        json_object_set_new(all, habits[i].name, v);
    }

    return all;
}


char *
sim_habits_release_name(const sim_habits_t *h, char buf[16])
{
    if (h->release == 0) {
        return NULL;
    }

    (void) snprintf(
        buf, 16, "%04d-%02d", h->release / 100 % 10000, h->release % 100);

    return buf;
}


int
sim_habits_help(
    size_t n, const char **name, const char **values, const char **help)
{
    if (n >= NHABITS) {
        return 0;
    }

    *name = habits[n].name;
    *values = habits[n].values;
    *help = habits[n].help;

    return 1;
}
