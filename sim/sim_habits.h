/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Habits: what the service may do one way or another, because its vendor
 * doesn't document it or because releases differ (docs/simulator.md, "Habits").
 */

#ifndef SIM_HABITS_H
#define SIM_HABITS_H

#include <stdint.h>

#include <jansson.h>


/*
 * Values of habits that are words, in the order that they have in SIM_HABITS.
 * The third way to compare names is another one for records (SIM_FULL) than for
 * statistics (SIM_IGNORED).
 */

typedef enum { SIM_FUZZY, SIM_EXACT, SIM_FULL, SIM_IGNORED = 2 } sim_names_t;

typedef enum { SIM_COMPUTER_NAME, SIM_COMPUTER_OS } sim_computer_t;

typedef enum { SIM_IDLE_SHOWN, SIM_IDLE_HIDDEN } sim_idle_t;

typedef enum { SIM_WINDOW_EMPTY, SIM_WINDOW_REFUSED } sim_window_t;

typedef enum { SIM_USERS_ALL, SIM_USERS_OWNER } sim_users_t;

typedef enum {
    SIM_ENDS_BOTH,
    SIM_ENDS_START,
    SIM_ENDS_END,
    SIM_ENDS_NONE
} sim_ends_t;

typedef enum {
    SIM_FORMS_BOTH,
    SIM_FORMS_MINUTES,
    SIM_FORMS_SECONDS
} sim_forms_t;

typedef enum {
    SIM_NONE_MISSING,
    SIM_NONE_NULL,
    SIM_NONE_EMPTY,
    SIM_NONE_YEAR_1,
    SIM_NONE_YEAR_1_SPACE
} sim_none_t;

typedef enum {
    SIM_TIMES_T_Z,
    SIM_TIMES_T,
    SIM_TIMES_SPACE_Z,
    SIM_TIMES_SPACE
} sim_times_t;

typedef enum {
    SIM_TRANSACTIONS_ONE,
    SIM_TRANSACTIONS_SHARED
} sim_transactions_t;


/*
 * Every habit: its name; its values, the default first; the least and the
 * largest number, if its values are numbers; the release in which it got its
 * default (before, it was the second value), or 0; what it is about.
 */
#define SIM_HABITS(X)                                                          \
    X(records_names, "fuzzy|exact|full", 0, 0, 0,                              \
        "how the filter user_name of records compares")                        \
    X(records_domain, "true|false", 0, 0, 0,                                   \
        "a record's user_name has @domain behind it")                          \
    X(records_ends, "both|start|end|none", 0, 0, 0,                            \
        "which of start_time and end_time records include")                    \
    X(records_days, "0|30|180", 0, 36500, 0,                                   \
        "for how many days records are kept; 0: without limit")                \
    X(records_times, "both|minutes|seconds", 0, 0, 0,                          \
        "the form in which records take start_time and end_time")              \
    X(records_computer, "computer_name|os_host_name", 0, 0, 0,                 \
        "which of a desktop's names a record has for computer_name")           \
    X(records_limit, "1000|100", 1, 1000000, 202501,                           \
        "the largest limit of records")                                        \
    X(records_clamp, "false|true", 0, 0, 0,                                    \
        "a larger limit of records is cut to that one, not refused")           \
    X(sid, "true|false", 0, 0, 202407, "records have a sid")                   \
    X(transactions, "one|shared", 0, 0, 0,                                     \
        "each session has a transaction_id, or two share one")                 \
    X(times, "T-Z|T|space-Z|space", 0, 0, 0,                                   \
        "the form of times in records and in monitoring")                      \
    X(open_end, "missing|null|empty|year-1|year-1-space", 0, 0, 0,             \
        "the end of an open session in records and in monitoring")             \
    X(no_setup, "missing|null|empty|year-1|year-1-space", 0, 0, 0,             \
        "the setup time in the record of a session that never connected")      \
    X(monitor_earlier, "true|false", 0, 0, 0,                                  \
        "monitoring lists periods that began before start_time")               \
    X(idle, "shown|hidden", 0, 0, 0,                                           \
        "statistics list desktops and users without use")                      \
    X(filing_zone, "0|-12|-8|-5|1|8|14", -12, 14, 0,                           \
        "the zone of the 02:00 at which a day is filed, in hours from UTC")    \
    X(statistics_names, "fuzzy|exact|ignored", 0, 0, 0,                        \
        "how statistics filter by resource_name and username")                 \
    X(statistics_domain, "true|false", 0, 0, 202604,                           \
        "user statistics know the filter domain")                              \
    X(resource_id, "true|false", 0, 0, 202608,                                 \
        "desktop statistics know the filter resource_id")                      \
    X(users_window, "empty|refused", 0, 0, 0,                                  \
        "what user statistics do with a window that is too long, too old or "  \
        "not over")                                                            \
    X(enterprise_projects, "false|true", 0, 0, 0,                              \
        "use is spread over two enterprise projects")                          \
    X(project_in_rows, "true|false", 0, 0, 202601,                             \
        "rows of statistics have an enterprise_project_id")                    \
    X(machine_sid, "true|false", 0, 0, 202604,                                 \
        "rows of desktop statistics have a machine_sid")                       \
    X(desktop_id, "true|false", 0, 0, 202501,                                  \
        "the directory knows the filter desktop_id")                           \
    X(os_host_name, "true|false", 0, 0, 202501,                                \
        "rows of the directory have an os_host_name")                          \
    X(directory_names, "fuzzy|exact", 0, 0, 0,                                 \
        "how the filter user_name of the directory compares")                  \
    X(directory_users, "all|owner", 0, 0, 0,                                   \
        "whether that filter looks at all attached users or at user_name")


/*
 * A word is its place among the habit's values, true is 1.  The release is
 * 202608 for "2026-08", and 0 if the habits are those of none.
 */

#define SIM_HABIT_FIELD(name, values, min, max, since, help) int name;

typedef struct {
    int release;
    SIM_HABITS(SIM_HABIT_FIELD)
} sim_habits_t;


/* Sets every habit to its default, in the newest release. */
void sim_habits_default(sim_habits_t *h);

/*
 * Sets the habits that differ between releases to what they are in one, such as
 * "2024-06".  Gives 0; or -1, without a change, if there is none of that name.
 */
int sim_habits_release(sim_habits_t *h, const char *release);

/* Sets every habit to one of its values: the same seed draws the same. */
void sim_habits_random(sim_habits_t *h, uint64_t seed);

/*
 * Sets a habit.  Gives 0; 1 if there is none of that name; or -1 and what is
 * wrong with the value, without a change.
 */
int sim_habits_set(
    sim_habits_t *h, const char *name, const json_t *value, char err[256]);

/* Gives all habits by their names, in the form that sim_habits_set() takes; a
 * new reference. */
json_t *sim_habits_json(const sim_habits_t *h);

/* Writes the release, such as "2026-08", with a NUL; NULL if there is none. */
char *sim_habits_release_name(const sim_habits_t *h, char buf[16]);

/*
 * Gives a habit's name, values and help by its number, from 0 on; 0 if there is
 * no such number.
 */
int sim_habits_help(
    size_t n, const char **name, const char **values, const char **help);

#endif
