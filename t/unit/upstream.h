/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A model of the successor APIs in memory: desktops and users with their
 * seconds of each day, the directory, connection records, and the habits and
 * faults that an upstream may have.
 */

#ifndef UPSTREAM_H
#define UPSTREAM_H

#include "unit.h"
#include "base/usage_hash.h"
#include "base/usage_percent.h"
#include "plan/usage_plan.h"

#include <math.h>


enum {
    UPSTREAM_SORTS,   /* the longest use first, as asked */
    UPSTREAM_IGNORES, /* in an order of its own */
    UPSTREAM_ASCENDS  /* the shortest use first */
};

enum {
    UPSTREAM_ROW_MISSING,
    UPSTREAM_ROW_TWICE,
    UPSTREAM_ROW_MORE,
    UPSTREAM_COUNT_OFF,  /* from the second page on */
    UPSTREAM_COUNT_ONCE, /* on the second page */
    UPSTREAM_SHIFTED,    /* from the second page on: a row comes again */
    UPSTREAM_FAULTS
};

enum {
    UPSTREAM_NEW,    /* pages of 1000 records */
    UPSTREAM_SHORT,  /* of 100, whatever is asked for */
    UPSTREAM_REFUSES /* of 100; 400 where more are asked for */
};

enum {
    UPSTREAM_PART, /* a record's user_name has the filter's text */
    UPSTREAM_BARE, /* it is the same without its domain */
    UPSTREAM_FULL, /* it is the same */
    UPSTREAM_RECORDS_NAMES
};

enum {
    UPSTREAM_TIMES,   /* of records, in both forms */
    UPSTREAM_MINUTES, /* to the minute; 400 for the other form */
    UPSTREAM_SECONDS,
    UPSTREAM_RECORDS_TIMES
};

#define UPSTREAM_RANGE USAGE_DAYS_MAX /* the place of the window over all */
#define UPSTREAM_NAME  48


typedef struct {
    char        id[UPSTREAM_NAME];
    char        name[UPSTREAM_NAME];   /* in the statistics; or empty */
    char        called[UPSTREAM_NAME]; /* in the directory; or empty */
    char        sid[UPSTREAM_NAME];    /* or empty */
    bool        counted;               /* the statistics have it */
    bool        known;                 /* the directory has it */
    double      off; /* its total over the range is more than its days' */
    double      seconds[USAGE_DAYS_MAX];
    uint64_t    place;  /* in an order of the upstream's own */
    const char *infos;  /* more members of its row in the directory; or NULL */
    const char *owners; /* those whom a filter by user finds; or NULL */
} upstream_desktop_t;


typedef struct {
    char     name[UPSTREAM_NAME];
    char     domain[UPSTREAM_NAME];
    double   seconds[USAGE_DAYS_MAX];
    uint64_t place;
} upstream_user_t;


typedef struct {
    char        user[2 * UPSTREAM_NAME];
    const char *computer; /* NULL: not told */
    const char *sid;
    int64_t     start;
    int64_t     setup; /* 0: never connected */
    int64_t     end;   /* 0: still open */
    size_t      transaction;
} upstream_record_t;


/*
 * When a desktop was in use.
 */
typedef struct {
    size_t  desktop;
    int64_t from;
    int64_t to; /* 0: still in use */
} upstream_period_t;


typedef struct {
    double      seconds;
    uint64_t    place;
    const char *id;
    const char *name;
    const char *project; /* its enterprise project; NULL: none */
} upstream_row_t;


typedef struct {
    upstream_row_t *rows;
    size_t          count;
    usage_day_t     first;
    usage_day_t     last;
    bool            made;
} upstream_window_t;


typedef struct {
    upstream_desktop_t *desktops;
    size_t              count;
    upstream_user_t    *users;
    size_t              users_count;
    upstream_record_t  *records; /* in the order in which they are shown */
    size_t              records_count;
    upstream_period_t  *periods; /* in the order in which they are shown */
    size_t              periods_count;
    usage_day_t         first; /* of the days that they hold */
    size_t              days;
    usage_upstream_t    is; /* what the operator says of it */
    bool                idle_shown;
    bool                projects;        /* rows are of enterprise projects */
    bool                ignores_id;      /* the filter by id */
    bool                ignores_domain;  /* that of users by domain */
    bool                ignores_project; /* that by enterprise project */
    bool                ignores_ids;     /* the directory's filter by ids */
    bool                forbidden;       /* the directory */
    bool                records_forbidden;
    bool                monitor_forbidden;
    bool                monitor_earlier; /* it shows what began before */
    bool                monitor_unknown; /* it answers 404 */
    unsigned            monitor_lost;    /* so many per cent of periods */
    int                 records_release;
    int                 records_names;
    int                 records_times;
    bool                records_open; /* without the ends of the time */
    int                 order;
    int                 fault;
    unsigned            faulty[USAGE_DAYS_MAX + 1]; /* so many attempts */
    unsigned            narrow_faulty;
    unsigned            directory_faulty;
    unsigned            records_faulty;
    upstream_window_t   windows[USAGE_DAYS_MAX + 1];
    upstream_window_t   narrow;
    uint64_t           *rnd;

    /* what it was asked for */

    unsigned      calls;
    unsigned      statistics_calls; /* of desktops */
    unsigned      narrow_calls;     /* of them */
    unsigned      users_calls;
    unsigned      directory_calls;
    unsigned      records_calls;
    unsigned      monitor_calls;
    unsigned      attempts[USAGE_DAYS_MAX + 1]; /* a bit each */
    unit_arena_t  arena;
    usage_table_t asked;
} upstream_t;


/* Forgets what it was asked for. */

static inline void
upstream_forget(upstream_t *up)
{
    up->calls = 0;
    up->statistics_calls = 0;
    up->narrow_calls = 0;
    up->users_calls = 0;
    up->directory_calls = 0;
    up->records_calls = 0;
    up->monitor_calls = 0;
    memset(up->attempts, 0, sizeof(up->attempts));

    unit_arena_clear(&up->arena);
    assert_int_equal(
        usage_table_init(&up->asked, &up->arena.pool, 1), USAGE_OK);
}


/*
 * Desktops are called DESK-0 and so on: the names of some are part of others'.
 */
static inline void
upstream_start(
    upstream_t *up, size_t count, usage_day_t first, size_t days, uint64_t *rnd)
{
    size_t              i;
    upstream_desktop_t *desktop;

    memset(up, 0, sizeof(upstream_t));

    up->desktops = unit_must(calloc(count + 1, sizeof(upstream_desktop_t)));
    up->count = count;
    up->first = first;
    up->days = days;
    up->rnd = rnd;

    for (i = 0; i < count; i++) {
        desktop = &up->desktops[i];
        desktop->place = unit_random(rnd);
        desktop->counted = true;
        desktop->known = true;

        snprintf(desktop->id, sizeof(desktop->id), "%08" PRIx32 "-%zu",
            (uint32_t) desktop->place, i);
        snprintf(desktop->name, sizeof(desktop->name), "DESK-%zu", i);
        memcpy(desktop->called, desktop->name, sizeof(desktop->name));
        snprintf(desktop->sid, sizeof(desktop->sid), "sid-%zu", i);
    }

    unit_arena_start(&up->arena);
    upstream_forget(up);
}


static inline void
upstream_free(upstream_t *up)
{
    size_t i;

    for (i = 0; i < unit_count(up->windows); i++) {
        free(up->windows[i].rows);
    }

    free(up->narrow.rows);
    free(up->desktops);
    free(up->users);
    free(up->records);
    free(up->periods);
    unit_arena_free(&up->arena);
}


/* The statistics. */

static inline int
upstream_by_use(const void *one, const void *two)
{
    const upstream_row_t *a, *b;

    a = one;
    b = two;

    if (a->seconds != b->seconds) {
        return a->seconds > b->seconds ? -1 : 1;
    }

    return (a->place > b->place) - (a->place < b->place);
}


static inline int
upstream_by_least_use(const void *one, const void *two)
{
    return upstream_by_use(two, one);
}


static inline int
upstream_by_place(const void *one, const void *two)
{
    const upstream_row_t *a, *b;

    a = one;
    b = two;

    return (a->place > b->place) - (a->place < b->place);
}


/*
 * A fuzzy filter: a part matches.
 */
static inline bool
upstream_matches(usage_str_t filter, const char *text)
{
    size_t i, len;

    if (filter.len == 0) {
        return true;
    }

    len = text == NULL ? 0 : strlen(text);

    for (i = 0; i + filter.len <= len; i++) {
        if (memcmp(text + i, filter.data, filter.len) == 0) {
            return true;
        }
    }

    return false;
}


/*
 * What a day's seconds are in the first or the second enterprise project of a
 * desktop or a user: all of them, none, or an eighth and the rest, whose rows
 * are far from each other.
 */
static inline double
upstream_part(double seconds, uint64_t place, size_t day, unsigned part)
{
    double little;

    little = floor(seconds / 8);

    switch ((place + day) % 3) {

    case 0:
        return part == 0 ? seconds - little : little;

    case 1:
        return part == 0 ? seconds : 0;

    default:
        return part == 1 ? seconds : 0;
    }
}


/*
 * Whether there are two rows of a desktop or a user of that place.
 */
static inline bool
upstream_split(const upstream_t *up, uint64_t place)
{
    return up->projects && place % 2 == 1;
}


static inline double
upstream_sum(const upstream_t *up, const usage_call_t *call,
    const double *seconds, uint64_t place, unsigned part)
{
    size_t      i;
    double      sum;
    usage_day_t day;

    for (day = call->first, sum = 0; day <= call->last; day++) {
        i = (size_t) (day - up->first);
        sum += upstream_split(up, place)
                   ? upstream_part(seconds[i], place, i, part)
                   : seconds[i];
    }

    return sum;
}


/* the enterprise projects of first and second rows */
static const char *const upstream_projects[] = { "0",
    "6fa3c2e0-0000-4000-8000-000000000001" };


/*
 * Adds the rows of a desktop or a user.  A few are of no enterprise project.
 */
static inline void
upstream_add_rows(const upstream_t *up, const usage_call_t *call,
    upstream_window_t *window, const upstream_row_t *whole,
    const double *seconds, double off)
{
    unsigned        part;
    const char     *project;
    upstream_row_t *row;

    for (part = 0; part <= upstream_split(up, whole->place); part++) {
        project = upstream_projects[part];

        if (call->enterprise_project.len > 0 && !up->ignores_project
            && !unit_is(call->enterprise_project, project))
        {
            continue;
        }

        row = &window->rows[window->count];
        *row = *whole;
        row->seconds = upstream_sum(up, call, seconds, whole->place, part);
        row->seconds += part == 0 ? off : 0;
        row->place += part;
        row->project =
            !up->projects || whole->place % 16 == 1 - part ? NULL : project;

        window->count += up->idle_shown || row->seconds > 0;
    }
}


static inline bool
upstream_shows(const upstream_t *up, const upstream_desktop_t *desktop,
    const usage_call_t *call)
{
    if (!desktop->counted || !upstream_matches(call->name, desktop->name)) {
        return false;
    }

    return call->id.len == 0 || up->ignores_id
           || unit_is(call->id, desktop->id);
}


static inline void
upstream_make(
    upstream_t *up, const usage_call_t *call, upstream_window_t *window)
{
    size_t                    i;
    upstream_row_t            row;
    const upstream_user_t    *user;
    const upstream_desktop_t *desktop;

    free(window->rows);
    window->made = true;
    window->first = call->first;
    window->last = call->last;
    window->count = 0;
    window->rows = unit_must(
        calloc(2 * (up->count + up->users_count) + 1, sizeof(upstream_row_t)));

    for (i = 0; call->api == USAGE_CALL_DESKTOPS && i < up->count; i++) {
        desktop = &up->desktops[i];

        if (upstream_shows(up, desktop, call)) {
            row.id = desktop->id;
            row.name = desktop->name;
            row.place = desktop->place;
            upstream_add_rows(up, call, window, &row, desktop->seconds,
                call->last > call->first ? desktop->off : 0);
        }
    }

    for (i = 0; call->api == USAGE_CALL_USERS && i < up->users_count; i++) {
        user = &up->users[i];

        if (upstream_matches(call->name, user->name)
            && (call->domain.len == 0 || up->ignores_domain
                || unit_is(call->domain, user->domain)))
        {
            row.id = user->name;
            row.name = "";
            row.place = user->place;
            upstream_add_rows(up, call, window, &row, user->seconds, 0);
        }
    }

    if (window->count > 1) {
        qsort(window->rows, window->count, sizeof(upstream_row_t),
            up->order == UPSTREAM_SORTS     ? upstream_by_use
            : up->order == UPSTREAM_IGNORES ? upstream_by_place
                                            : upstream_by_least_use);
    }
}


static inline bool
upstream_narrowed(const usage_call_t *call)
{
    return call->api == USAGE_CALL_USERS || call->name.len > 0
           || call->id.len > 0;
}


/*
 * The place of a window of all desktops: its day, or the last for the range.
 */
static inline size_t
upstream_place(const upstream_t *up, const usage_call_t *call)
{
    return call->first == call->last ? (size_t) (call->first - up->first)
                                     : UPSTREAM_RANGE;
}


/*
 * The rows of the window that a call asks for.
 */
static inline const upstream_window_t *
upstream_window(upstream_t *up, const usage_call_t *call)
{
    upstream_window_t *window;

    if (upstream_narrowed(call)) {
        upstream_make(up, call, &up->narrow);
        return &up->narrow;
    }

    window = &up->windows[upstream_place(up, call)];

    if (!window->made || window->first != call->first
        || window->last != call->last) {
        upstream_make(up, call, window);
    }

    return window;
}


typedef struct {
    int64_t        count;
    size_t         rows_count;
    upstream_row_t rows[USAGE_PAGE_ROWS + 1];
} upstream_page_t;


static inline void
upstream_break(
    const upstream_t *up, const usage_call_t *call, upstream_page_t *page)
{
    switch (up->fault) {

    case UPSTREAM_ROW_TWICE:
        if (page->rows_count > 1) {
            page->rows[page->rows_count - 1] = page->rows[0];
            return;
        }

        break;

    case UPSTREAM_ROW_MORE:
        page->rows[page->rows_count].id = "one more";
        page->rows[page->rows_count].name = "DESK-";
        page->rows[page->rows_count].project = NULL;
        page->rows[page->rows_count].seconds = 1;
        page->rows_count++;
        return;

    case UPSTREAM_COUNT_OFF:
        page->count += call->offset > 0;
        return;

    case UPSTREAM_COUNT_ONCE:
        page->count += call->offset == USAGE_PAGE_ROWS;
        return;

    case UPSTREAM_SHIFTED:
        return;

    default:
        break;
    }

    /* a row is missing */

    if (page->rows_count > 0) {
        page->rows_count--;

    } else {
        page->count = call->offset + 1;
    }
}


/*
 * The page that a call asks for, with what is wrong with it.
 */
static inline void
upstream_page(upstream_t *up, const usage_call_t *call, upstream_page_t *page)
{
    bool                     faulty;
    size_t                   from;
    const upstream_window_t *window;

    window = upstream_window(up, call);
    faulty = call->attempt < (upstream_narrowed(call)
                                  ? up->narrow_faulty
                                  : up->faulty[upstream_place(up, call)]);

    from = (size_t) call->offset;
    page->count = (int64_t) window->count;
    page->rows_count = window->count > from ? window->count - from : 0;

    if (page->rows_count > (size_t) call->limit) {
        page->rows_count = (size_t) call->limit;
    }

    from -= faulty && from > 0 && up->fault == UPSTREAM_SHIFTED;

    if (page->rows_count > 0) {
        memcpy(page->rows, window->rows + from,
            page->rows_count * sizeof(upstream_row_t));
    }

    if (faulty) {
        upstream_break(up, call, page);
    }
}


/*
 * The page as the reader would read it, which usage_plan_read() has prepared.
 */
static inline void
upstream_read(const upstream_page_t *page, usage_page_reader_t *reader)
{
    size_t           i;
    usage_desktop_t *desktop;

    reader->page.count = page->count;
    reader->page.rows_count = page->rows_count;

    for (i = 0; i < page->rows_count; i++) {
        desktop =
            usage_table_add(reader->table, unit_str(page->rows[i].id), NULL);

        if (desktop == NULL) {
            abort();
        }

        if (reader->keys->name.len > 0 && desktop->name.len == 0) {
            desktop->name = unit_str(page->rows[i].name);
        }

        if (i < USAGE_PAGE_ROWS) {
            reader->page.rows[i].desktop = desktop;
            reader->page.rows[i].seconds = page->rows[i].seconds;
            reader->page.rows[i].project =
                page->rows[i].project == NULL
                    ? 0
                    : usage_hash(reader->table->pool->seed,
                        unit_str(page->rows[i].project));
        }
    }
}


static inline void
upstream_write(
    const upstream_page_t *page, usage_call_api_t api, unit_text_t *text)
{
    size_t                i;
    const upstream_row_t *row;

    unit_text_clear(text);
    unit_adds(text, "{\"items\":[");

    for (i = 0; i < page->rows_count; i++) {
        row = &page->rows[i];
        unit_adds(text, i > 0 ? ",{" : "{");

        if (row->project != NULL) {
            unit_addf(text, "\"enterprise_project_id\":\"%s\",", row->project);
        }

        if (api == USAGE_CALL_USERS) {
            unit_addf(text,
                "\"username\":\"%s\",\"metric\":[{\"metric_name\":"
                "\"user_usage\",\"metric_value\":%.17g},{\"metric_name\":"
                "\"user_login_count\",\"metric_value\":2.0}]}",
                row->id, row->seconds);
            continue;
        }

        unit_addf(text, "\"resource_id\":\"%s\",", row->id);

        if (row->name[0] != '\0') {
            unit_addf(text, "\"resource_name\":\"%s\",", row->name);
        }

        unit_addf(text,
            "\"metric\":[{\"metric_name\":\"desktop_usage\",\"metric_value\":"
            "%.17g}]}",
            row->seconds);
    }

    unit_addf(text, "],\"count\":%" PRId64 "}", page->count);
}


/* The directory. */

static inline void
upstream_directory_row(
    unit_text_t *text, const upstream_desktop_t *desktop, size_t n)
{
    unit_addf(text, "%s{\"desktop_id\":\"%s\"", n > 0 ? "," : "", desktop->id);

    if (desktop->called[0] != '\0') {
        unit_addf(text, ",\"computer_name\":\"%s\"", desktop->called);
    }

    if (desktop->sid[0] != '\0') {
        unit_addf(text, ",\"sid\":\"%s\"", desktop->sid);
    }

    unit_adds(text, desktop->infos != NULL ? desktop->infos : "");
    unit_adds(text, "}");
}


static inline const upstream_desktop_t *
upstream_find(const upstream_t *up, usage_str_t id)
{
    size_t i;

    for (i = 0; i < up->count; i++) {
        if (unit_is(id, up->desktops[i].id)) {
            return &up->desktops[i];
        }
    }

    return NULL;
}


/*
 * Its reply: those of the call's desktops that it knows, or a page of those
 * that the filter by user shows.
 */
static inline void
upstream_directory(upstream_t *up, const usage_call_t *call, unit_text_t *text)
{
    size_t                    i, ids, count;
    int64_t                   shown;
    const upstream_desktop_t *desktop;

    unit_text_clear(text);
    unit_adds(text, "{\"desktops\":[");
    ids = up->ignores_ids ? 0 : call->count;
    count = 0;

    for (i = 0; i < ids; i++) {
        desktop = upstream_find(up, call->desktops[i]->id);

        if (desktop != NULL && desktop->known) {
            upstream_directory_row(text, desktop, count++);
        }
    }

    for (i = 0, shown = 0; ids == 0 && i < up->count; i++) {
        desktop = &up->desktops[i];

        if (desktop->known && upstream_matches(call->name, desktop->owners)) {
            if ((int64_t) count >= call->offset
                && (int64_t) count < call->offset + call->limit)
            {
                upstream_directory_row(text, desktop, shown > 0);
                shown++;
            }

            count++;
        }
    }

    count += call->attempt < up->directory_faulty;
    unit_addf(text, "],\"total_count\":%zu}", count);
}


/* Connection records. */

static inline void
upstream_time(unit_text_t *text, const char *key, int64_t time)
{
    char iso[USAGE_TIME_LEN + 1] = "";

    if (time != 0) {
        usage_time_write(time, iso);
        unit_addf(text, ",\"%s\":\"%s\"", key, iso);

    } else {
        unit_addf(text, ",\"%s\":null", key);
    }
}


static inline void
upstream_record(unit_text_t *text, const upstream_record_t *record, size_t n)
{
    unit_addf(text, "%s{\"user_name\":\"%s\",\"transaction_id\":\"t%zu\"",
        n > 0 ? "," : "", record->user, record->transaction);

    if (record->computer != NULL) {
        unit_addf(text, ",\"computer_name\":\"%s\"", record->computer);
    }

    if (record->sid != NULL) {
        unit_addf(text, ",\"sid\":\"%s\"", record->sid);
    }

    upstream_time(text, "connection_start_time", record->start);
    upstream_time(text, "connection_setup_time", record->setup);
    upstream_time(text, "connection_end_time", record->end);
    unit_adds(text, "}");
}


/*
 * Whether a call for records finds one.
 */
static inline bool
upstream_finds(const upstream_t *up, const usage_call_t *call,
    const upstream_record_t *record)
{
    size_t len;

    if (record->start < call->from + up->records_open
        || record->start > call->to - up->records_open)
    {
        return false;
    }

    len = up->records_names == UPSTREAM_BARE ? strcspn(record->user, "@")
                                             : strlen(record->user);

    return up->records_names == UPSTREAM_PART
               ? upstream_matches(call->name, record->user)
               : call->name.len == 0
                     || (len == call->name.len
                         && memcmp(record->user, call->name.data, len) == 0);
}


/*
 * Their reply; gives its status.
 */
static inline unsigned
upstream_records(upstream_t *up, const usage_call_t *call, unit_text_t *text)
{
    size_t                   i, count, shown;
    int64_t                  limit;
    const upstream_record_t *record;

    if (up->records_forbidden) {
        return 403;
    }

    if (up->records_times
        == (call->with_seconds ? UPSTREAM_MINUTES : UPSTREAM_SECONDS))
    {
        return 400;
    }

    limit = call->limit;

    if (limit > USAGE_RECORD_ROWS_OLD && up->records_release != UPSTREAM_NEW) {
        if (up->records_release == UPSTREAM_REFUSES) {
            return 400;
        }

        limit = USAGE_RECORD_ROWS_OLD;
    }

    unit_text_clear(text);
    unit_adds(text, "{\"records\":[");

    for (i = 0, count = 0, shown = 0; i < up->records_count; i++) {
        record = &up->records[i];

        if (!upstream_finds(up, call, record)) {
            continue;
        }

        if ((int64_t) count >= call->offset
            && (int64_t) count < call->offset + limit) {
            upstream_record(text, record, shown++);
        }

        count++;
    }

    count += call->attempt < up->records_faulty;
    unit_addf(text, "],\"total_count\":%zu}", count);

    return 200;
}


/* Desktop monitoring. */

/*
 * Makes periods of which the days' seconds, as far as these are whole, are the
 * sum: one or two on each day, or one over midnight.
 */
static inline void
upstream_make_periods(upstream_t *up)
{
    size_t             i, k, n;
    int64_t            start, seconds, part;
    upstream_period_t *list;

    list = unit_must(
        calloc(2 * up->count * up->days + 1, sizeof(upstream_period_t)));
    n = 0;

    for (i = 0; i < up->count; i++) {
        for (k = 0; k < up->days; k++) {
            seconds = (int64_t) up->desktops[i].seconds[k];
            start = ((int64_t) up->first + (int64_t) k) * USAGE_SECONDS_PER_DAY;
            part = seconds > 1 && unit_chance(up->rnd, 30) ? seconds / 2 : 0;

            if (unit_chance(up->rnd, up->monitor_lost)) {
                continue;
            }

            if (part > 0) {
                list[n].desktop = i;
                list[n].from = start;
                list[n++].to = start + part;
            }

            if (seconds > 0) {
                list[n].desktop = i;
                list[n].to = start + USAGE_SECONDS_PER_DAY;
                list[n].from = list[n].to - seconds + part;
                n++;
            }
        }
    }

    free(up->periods);
    up->periods = list;
    up->periods_count = n;
}


/*
 * Its reply; gives its status.
 */
static inline unsigned
upstream_monitor(upstream_t *up, const usage_call_t *call, unit_text_t *text)
{
    size_t                   i, count;
    const upstream_period_t *period;

    if (up->monitor_forbidden) {
        return 403;
    }

    if (up->monitor_unknown || upstream_find(up, call->id) == NULL) {
        return 404;
    }

    unit_text_clear(text);
    unit_adds(text, "{\"user_online_info\":[");

    for (i = 0, count = 0; i < up->periods_count; i++) {
        period = &up->periods[i];

        if (!unit_is(call->id, up->desktops[period->desktop].id)
            || period->from >= call->to
            || (period->to != 0 && period->to <= call->from)
            || (!up->monitor_earlier && period->from < call->from))
        {
            continue;
        }

        unit_adds(text, count++ > 0 ? ",{\"a\":0" : "{\"a\":0");
        upstream_time(text, "connection_setup_time", period->from);
        upstream_time(text, "connection_end_time", period->to);
        unit_adds(text, "}");
    }

    unit_adds(text, "],\"online_status\":0}");

    return 200;
}


/* A call is sound: within the range, at a page's offset, made once. */

static inline void
upstream_check_directory(upstream_t *up, const usage_call_t *call)
{
    size_t i, bytes;

    up->directory_calls++;
    assert_int_equal(call->limit, USAGE_DIRECTORY_ROWS);

    if (call->count == 0) {
        assert_int_equal(call->offset % USAGE_DIRECTORY_ROWS, 0);
        return;
    }

    assert_in_range(call->count, 1, USAGE_DIRECTORY_IDS);
    assert_int_equal(call->offset, 0);
    assert_int_equal(call->name.len, 0);

    for (i = 0, bytes = 0; i < call->count; i++) {
        bytes += usage_percent_encoded(call->desktops[i]->id) + 1;
        assert_null(call->desktops[i]->entry);
    }

    assert_true(call->count == 1 || bytes <= USAGE_DIRECTORY_BYTES);
}


static inline void
upstream_check_statistics(upstream_t *up, const usage_call_t *call,
    const usage_plan_t *plan, size_t past)
{
    usage_day_t first, last;

    past = plan->request->hours ? plan->final : past;
    first = plan->request->first;
    last = first + (usage_day_t) past - 1;

    assert_int_equal(
        call->limit, call->kind == USAGE_CALL_FILTER ? 1 : USAGE_PAGE_ROWS);
    assert_true(call->offset >= 0 && call->offset % USAGE_PAGE_ROWS == 0);
    assert_true(call->first >= first && call->first <= call->last
                && call->last <= last);

    if (call->api == USAGE_CALL_USERS) {
        up->users_calls++;
        assert_true(call->name.len > 0 && call->id.len == 0);
        assert_in_range(call->last - call->first, 0, 29);
        assert_true(call->to == plan->now);
        return;
    }

    up->statistics_calls++;
    assert_int_equal(call->domain.len, 0);

    if (upstream_narrowed(call)) {
        up->narrow_calls++;
        assert_true(call->id.len == 0 || up->is.resource_id);
        assert_true(call->id.len == 0 || call->name.len == 0);
        return;
    }

    assert_true(call->first == call->last
                || (call->first == first && call->last == last));
    up->attempts[upstream_place(up, call)] |= 1u << call->attempt;
}


static inline void
upstream_check_records(upstream_t *up, const usage_call_t *call,
    const usage_plan_t *plan, size_t past)
{
    int64_t end;

    up->records_calls++;
    end = ((int64_t) plan->request->first + (int64_t) past)
          * USAGE_SECONDS_PER_DAY;

    assert_true(up->is.connections);
    assert_true(call->limit == USAGE_RECORD_ROWS
                || call->limit == USAGE_RECORD_ROWS_OLD);
    assert_int_equal(call->offset % call->limit, 0);
    assert_true(call->from % 60 == 0 && call->to % 60 == 0);
    assert_true(call->from <= call->to && call->to <= end);
    assert_true(call->to <= plan->now + 60);
}


static inline void
upstream_check_monitor(upstream_t *up, const usage_call_t *call,
    const usage_plan_t *plan, size_t past)
{
    int64_t first, end;

    up->monitor_calls++;
    first = (int64_t) plan->request->first * USAGE_SECONDS_PER_DAY;
    end = first + (int64_t) past * USAGE_SECONDS_PER_DAY;

    assert_true(up->is.monitoring);
    assert_true(usage_call_id_plain(call->id));
    assert_in_range(call->to - call->from, 3600, 30 * USAGE_SECONDS_PER_DAY);
    assert_true(call->from >= first - 30 * USAGE_SECONDS_PER_DAY);
    assert_true(call->to <= end && call->to <= plan->now);
}


/*
 * How often a call may be made: each of several desktops that the directory
 * calls by one name is narrowed to by that name.
 */
static inline unsigned
upstream_namesakes(const usage_call_t *call, const usage_plan_t *plan)
{
    size_t   i;
    unsigned count;

    for (i = 0, count = 0; i < plan->narrow.count; i++) {
        count += usage_str_equal(plan->narrow.bisections[i].name, call->name);
    }

    return call->name.len > 0 && count > 0 ? count : 1;
}


/*
 * What narrowed windows don't show may be asked for anew, and records that are
 * forbidden, to be refused.
 */
static inline void
upstream_check_once(
    upstream_t *up, const usage_call_t *call, const usage_plan_t *plan)
{
    unsigned         times;
    unit_text_t      key = { 0 };
    usage_desktop_t *asked;

    unit_addf(&key,
        "%d %u %" PRId64 " %" PRId64 " %" PRId32 " %" PRId32 " %" PRId64 " ",
        (int) call->api, call->attempt, call->offset, call->limit, call->first,
        call->last,
        call->api == USAGE_CALL_MONITOR   ? call->from
        : call->api == USAGE_CALL_RECORDS ? (int64_t) call->with_seconds
                                          : 0);
    unit_add(&key, call->name.data, call->name.len);
    unit_adds(&key, " ");
    unit_add(&key, call->id.data, call->id.len);
    unit_adds(&key, " ");
    unit_add(&key, call->domain.data, call->domain.len);

    if (call->count > 0) {
        unit_adds(&key, " ");
        unit_add(&key, call->desktops[0]->id.data, call->desktops[0]->id.len);
    }

    asked = usage_table_add(&up->asked, unit_text_str(&key), NULL);
    assert_non_null(asked);
    usage_cell_show(asked, 0, usage_cell_seconds(asked, 0) + 1);

    times = upstream_namesakes(call, plan);

    if (call->api == USAGE_CALL_RECORDS && up->records_forbidden) {
        times++;

    } else if (call->api == USAGE_CALL_DESKTOPS && plan->search.done) {
        times++;
    }

    if (usage_cell_seconds(asked, 0) > times) {
        fail_msg("asked for again: %s", key.data);
    }

    unit_text_free(&key);
}


static inline void
upstream_check_call(upstream_t *up, const usage_call_t *call,
    const usage_plan_t *plan, size_t past)
{
    up->calls++;
    assert_in_range(call->attempt, 0, USAGE_REFETCH_MAX);
    assert_true(
        call->api == USAGE_CALL_DESKTOPS || call->api == USAGE_CALL_USERS
            ? usage_str_equal(
                call->enterprise_project, up->is.enterprise_project)
            : call->enterprise_project.len == 0);

    switch (call->api) {

    case USAGE_CALL_DIRECTORY:
        upstream_check_directory(up, call);
        break;

    case USAGE_CALL_RECORDS:
        upstream_check_records(up, call, plan, past);
        break;

    case USAGE_CALL_MONITOR:
        upstream_check_monitor(up, call, plan, past);
        break;

    case USAGE_CALL_DESKTOPS:
    case USAGE_CALL_USERS:
    default:
        upstream_check_statistics(up, call, plan, past);
        break;
    }

    upstream_check_once(up, call, plan);
}


#endif /* UPSTREAM_H */
