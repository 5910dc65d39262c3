/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A small world of users, desktops and sessions, which the model of the
 * upstream serves; and what of it is the truth for a request.
 */

#ifndef WORLD_H
#define WORLD_H

#include "plans.h"


#define WORLD_DESKTOPS 14 /* that are used, at most */
#define WORLD_USERS    6
#define WORLD_SESSIONS 4096
#define WORLD_EARLY    8 /* days before the range that sessions may begin */


enum {
    WORLD_ALONE,  /* attached to one user */
    WORLD_SHARED, /* to several, or to a group as well */
    WORLD_GROUP,
    WORLD_POOL, /* to nobody */
    WORLD_KINDS
};


typedef struct {
    int      kind;
    unsigned users; /* that are attached to it: a bit each */
    bool     group;
} world_desktop_t;


typedef struct {
    size_t  user;
    size_t  desktop;
    int64_t from;
    int64_t to;
} world_session_t;


typedef struct {
    upstream_t      up;
    size_t          days;
    int64_t         now;
    bool            domains;    /* users are told by name and domain */
    bool            sids;       /* records have sids, */
    bool            known_sids; /* and so has the directory */
    size_t          desktops;   /* the first so many of up's are used, */
    size_t          users;      /* by the first so many of up's users */
    world_desktop_t about[WORLD_DESKTOPS];
    world_session_t sessions[WORLD_SESSIONS];
    size_t          count;
    unsigned        asked; /* the users that the request's name means */
    unit_arena_t    arena;
    uint64_t       *rnd;
} world_t;


/*
 * Text that stays as long as the world.
 */
static inline const char *
world_keep(world_t *world, const unit_text_t *text)
{
    char *copy;

    copy = unit_arena_alloc(&world->arena, text->len + 1);
    memcpy(copy, text->data, text->len + 1);

    return copy;
}


static inline void
world_users(world_t *world)
{
    size_t           n;
    upstream_user_t *user;

    static const char *const names[] = { "jy1", "jy", "jy12", "ajy1", "bob",
        "jy1" };

    world->up.users =
        unit_must(calloc(WORLD_USERS + 300, sizeof(upstream_user_t)));
    world->users = 1 + unit_below(world->rnd, world->domains ? 6 : 5);

    for (n = 0; n < world->users; n++) {
        user = &world->up.users[n];
        user->place = unit_random(world->rnd);
        (void) snprintf(user->name, sizeof(user->name), "%s", names[n]);

        if (world->domains) { /* the last is a namesake of the first */
            (void) snprintf(user->domain, sizeof(user->domain), "%s",
                n == 5 || (n > 0 && unit_chance(world->rnd, 50)) ? "corp"
                                                                 : "lab");
        }
    }

    world->up.users_count = world->users;
}


/*
 * Many more users and desktops, whose names are like those of the others.
 */
static inline void
world_crowd(world_t *world)
{
    size_t           n;
    upstream_user_t *user;

    for (n = 0; n < 250; n++) {
        user = &world->up.users[world->up.users_count++];
        user->place = unit_random(world->rnd);
        user->seconds[0] = (double) unit_below(world->rnd, 86400);
        (void) snprintf(user->name, sizeof(user->name), "jy1%03zu", n);
    }

    for (n = world->desktops; n < world->up.count; n++) {
        world->up.desktops[n].seconds[0] =
            (double) unit_below(world->rnd, 86400);
    }
}


static inline void
world_info(
    const world_t *world, unit_text_t *infos, unit_text_t *owners, size_t n)
{
    const upstream_user_t *user;

    user = &world->up.users[n];
    unit_addf(owners, "%s\n", user->name);
    unit_addf(infos,
        "%s{\"user_id\":\"x\",\"user_name\":\"%s\",\"type\":\"%s\"",
        infos->data[infos->len - 1] == '}' ? "," : "", user->name,
        unit_chance(world->rnd, 80) ? "USER" : "user");

    if (world->domains) {
        unit_addf(infos, ",\"domain\":\"%s\"", user->domain);
    }

    unit_adds(infos, "}");
}


/*
 * Whose a desktop is, as the directory tells it.
 */
static inline void
world_attach(world_t *world, size_t n)
{
    size_t              i;
    unit_text_t         infos = { 0 }, owners = { 0 };
    world_desktop_t    *about;
    upstream_desktop_t *desktop;

    about = &world->about[n];
    desktop = &world->up.desktops[n];

    unit_adds(&owners, "");
    unit_adds(&infos, ",\"attach_user_infos\":[");

    for (i = 0; i < world->users; i++) {
        if (about->users & 1u << i) {
            world_info(world, &infos, &owners, i);
        }
    }

    if (about->group) {
        unit_addf(&infos, "%s{\"user_name\":\"group\",\"type\":\"GROUP\"}",
            about->users != 0 ? "," : "");
    }

    unit_adds(&infos, "]");

    if (about->kind == WORLD_ALONE && !world->domains
        && unit_chance(world->rnd, 30))
    {
        unit_text_clear(&infos);
        unit_addf(&infos, ",\"user_name\":\"%.*s\"", (int) owners.len - 1,
            owners.data);

    } else if (about->kind == WORLD_POOL && unit_chance(world->rnd, 50)) {
        unit_text_clear(&infos);
        unit_adds(&infos, ",\"attach_user_infos\":null");
    }

    desktop->infos = world_keep(world, &infos);
    desktop->owners = world_keep(world, &owners);
    unit_text_free(&infos);
    unit_text_free(&owners);
}


static inline void
world_desktop(world_t *world, size_t n)
{
    uint64_t           *rnd;
    world_desktop_t    *about;
    upstream_desktop_t *desktop;

    rnd = world->rnd;
    about = &world->about[n];
    desktop = &world->up.desktops[n];
    about->kind =
        unit_chance(rnd, 50) ? WORLD_ALONE : (int) unit_below(rnd, WORLD_KINDS);

    switch (about->kind) {

    case WORLD_ALONE:
        about->users = 1u << unit_below(rnd, world->users);
        break;

    case WORLD_SHARED:
        about->users =
            1u + (unsigned) unit_below(rnd, (1u << world->users) - 1);
        about->group =
            (about->users & (about->users - 1)) == 0 || unit_chance(rnd, 30);
        break;

    case WORLD_GROUP:
        about->group = true;
        break;

    case WORLD_POOL:
    default:
        break;
    }

    desktop->known = !unit_chance(rnd, 8);

    if (!world->known_sids) {
        desktop->sid[0] = '\0';
    }

    if (unit_chance(rnd, 10)) {
        (void) snprintf(desktop->name, sizeof(desktop->name), "NEW-%zu", n);
    }

    world_attach(world, n);
}


static inline bool
world_may_use(const world_t *world, size_t user, size_t desktop)
{
    const world_desktop_t *about;

    about = &world->about[desktop];

    return about->users & 1u << user || about->group
           || about->kind == WORLD_POOL;
}


static inline void
world_record(world_t *world, const world_session_t *session, bool never)
{
    upstream_record_t        *record;
    const upstream_user_t    *user;
    const upstream_desktop_t *desktop;

    record = &world->up.records[world->up.records_count];
    user = &world->up.users[session->user];
    desktop = &world->up.desktops[session->desktop];

    memset(record, 0, sizeof(upstream_record_t));

    (void) snprintf(record->user, sizeof(record->user), "%s%s%s", user->name,
        world->domains ? "@" : "", user->domain);

    record->start = session->from - (int64_t) unit_below(world->rnd, 30);
    record->transaction = world->up.records_count++;
    record->setup = never ? 0 : session->from;
    record->end = session->to >= world->now ? 0 : session->to;
    record->computer = desktop->called;
    record->sid = NULL;

    if (world->sids) {
        /* the directory may not know them */

        record->sid =
            world->known_sids ? desktop->sid : (const char *) desktop->id;
        record->computer = !world->known_sids || unit_chance(world->rnd, 50)
                               ? desktop->called
                               : NULL;
    }
}


static inline void
world_session(world_t *world, size_t user, size_t desktop)
{
    int64_t          start, span;
    uint64_t        *rnd;
    world_session_t *session;

    rnd = world->rnd;
    start = (int64_t) (world->up.first - WORLD_EARLY) * USAGE_SECONDS_PER_DAY;
    span = (int64_t) (world->days + WORLD_EARLY + 1) * USAGE_SECONDS_PER_DAY;

    session = &world->sessions[world->count];
    session->user = user;
    session->desktop = desktop;
    session->from = start + 60 + (int64_t) unit_below(rnd, (size_t) span);

    if (unit_chance(rnd, 10)) { /* from midnight, or an hour on */
        session->from -= session->from
                         % (unit_chance(rnd, 50) ? USAGE_SECONDS_PER_DAY
                                                 : USAGE_SECONDS_PER_HOUR);
        session->from += session->from < start + 60 ? USAGE_SECONDS_PER_DAY : 0;
    }

    session->to =
        session->from
        + (int64_t) unit_below(rnd, unit_chance(rnd, 10) ? 200000 : 40000);

    if (unit_chance(rnd, 5)) {
        session->to = session->from; /* no time at all */
    }

    if (session->from > world->now) {
        return;
    }

    if (unit_chance(rnd, 8) || session->to > world->now) {
        session->to = world->now; /* still open */
    }

    if (unit_chance(rnd, 5)) {
        world_record(world, session, true);
        return;
    }

    world_record(world, session, false);
    world->count++;
}


static inline int
world_latest(const void *one, const void *two)
{
    const upstream_record_t *a, *b;

    a = one;
    b = two;

    return (a->start < b->start) - (a->start > b->start);
}


static inline void
world_sessions(world_t *world)
{
    size_t             n, user, desktop;
    upstream_record_t *record;

    world->up.records =
        unit_must(calloc(WORLD_SESSIONS, sizeof(upstream_record_t)));

    for (user = 0; user < world->users; user++) {
        for (desktop = 0; desktop < world->desktops; desktop++) {
            n = unit_chance(world->rnd, 40)  ? 0
                : unit_chance(world->rnd, 3) ? 40
                                             : unit_below(world->rnd, 9);

            for (; world_may_use(world, user, desktop) && n > 0; n--) {
                world_session(world, user, desktop);
            }
        }
    }

    qsort(world->up.records, world->up.records_count, sizeof(upstream_record_t),
        world_latest);

    /* some continue the one before them */

    for (n = 1; n < world->up.records_count; n++) {
        record = &world->up.records[n];

        if (record->start != record[-1].start && unit_chance(world->rnd, 5)) {
            record->transaction = record[-1].transaction;
        }
    }
}


/*
 * What desktop monitoring shows: each session, with any user's.
 */
static inline void
world_periods(world_t *world)
{
    size_t             i;
    upstream_period_t *period;

    world->up.periods =
        unit_must(calloc(world->count + 1, sizeof(upstream_period_t)));
    world->up.periods_count = world->count;

    for (i = 0; i < world->count; i++) {
        period = &world->up.periods[i];
        period->desktop = world->sessions[i].desktop;
        period->from = world->sessions[i].from;
        period->to =
            world->sessions[i].to >= world->now ? 0 : world->sessions[i].to;
    }
}


static inline int
world_earliest(const void *one, const void *two)
{
    const world_session_t *a, *b;

    a = one;
    b = two;

    return (a->from > b->from) - (a->from < b->from);
}


/*
 * Adds a stretch of time to bins, the first of which begins at start.
 */
static inline void
world_spread(int64_t from, int64_t to, int64_t start, int64_t width,
    size_t bins, double *seconds)
{
    size_t  k;
    int64_t first, last;

    for (k = 0; k < bins; k++) {
        first = start + (int64_t) k * width;
        last = first + width;
        first = first > from ? first : from;
        last = last < to ? last : to;
        seconds[k] += first < last ? (double) (last - first) : 0;
    }
}


/*
 * The seconds in which some users, a bit each, used a desktop, in bins from the
 * range's start on: overlapping sessions count once.
 */
static inline void
world_use(const world_t *world, unsigned users, size_t desktop, int64_t width,
    size_t bins, double *seconds)
{
    size_t                 i, n;
    int64_t                start, from, to;
    static world_session_t list[WORLD_SESSIONS];

    for (i = 0; i < bins; i++) {
        seconds[i] = 0;
    }

    for (i = 0, n = 0; i < world->count; i++) {
        if (world->sessions[i].desktop == desktop
            && users & 1u << world->sessions[i].user)
        {
            list[n++] = world->sessions[i];
        }
    }

    if (n == 0) {
        return;
    }

    qsort(list, n, sizeof(list[0]), world_earliest);
    start = (int64_t) world->up.first * USAGE_SECONDS_PER_DAY;
    from = list[0].from;
    to = list[0].to;

    for (i = 1; i < n; i++) {
        if (list[i].from > to) {
            world_spread(from, to, start, width, bins, seconds);
            from = list[i].from;
            to = list[i].to;

        } else if (list[i].to > to) {
            to = list[i].to;
        }
    }

    world_spread(from, to, start, width, bins, seconds);
}


/*
 * The same by the day, as statistics have it: of days that are filed.
 */
static inline void
world_days(
    const world_t *world, unsigned users, size_t desktop, double *seconds)
{
    size_t i;

    world_use(
        world, users, desktop, USAGE_SECONDS_PER_DAY, world->days, seconds);

    for (i = 0; i < world->days; i++) {
        if (!usage_day_filed(world->up.first + (usage_day_t) i, world->now)) {
            seconds[i] = 0;
        }
    }
}


static inline void
world_statistics(world_t *world)
{
    size_t i, n, user;
    double seconds[USAGE_DAYS_MAX];

    for (n = 0; n < world->desktops; n++) {
        world_days(world, ~0u, n, world->up.desktops[n].seconds);

        for (user = 0; user < world->users; user++) {
            world_days(world, 1u << user, n, seconds);

            for (i = 0; i < world->days; i++) {
                world->up.users[user].seconds[i] += seconds[i];
            }
        }
    }
}


/*
 * A new world.  Its time is most often one at which all of its days are final.
 */
static inline void
world_start(world_t *world, size_t desktops, size_t days, uint64_t *rnd)
{
    size_t  n;
    bool    crowd;
    int64_t start;

    memset(world, 0, offsetof(world_t, sessions));
    unit_arena_start(&world->arena);
    world->count = 0;
    world->asked = 0;
    world->rnd = rnd;
    world->days = days;
    world->desktops = desktops;
    crowd = unit_chance(rnd, 15);

    upstream_start(&world->up, desktops + (crowd ? 300 : 0), 19000, days, rnd);

    world->domains = unit_chance(rnd, 40);
    world->sids = unit_chance(rnd, 70);
    world->known_sids = !world->sids || unit_chance(rnd, 80);

    start = (int64_t) world->up.first * USAGE_SECONDS_PER_DAY;
    world->now =
        start
        + (unit_chance(rnd, 60) ? ((int64_t) days + 2) * USAGE_SECONDS_PER_DAY
                                : (int64_t) unit_below(
                                    rnd, (days + 2) * USAGE_SECONDS_PER_DAY));

    world_users(world);

    for (n = 0; n < desktops; n++) {
        world_desktop(world, n);
    }

    world_sessions(world);
    world_periods(world);
    world_statistics(world);

    if (crowd) {
        world_crowd(world);
    }

    world->up.is.lookback = WORLD_EARLY * USAGE_SECONDS_PER_DAY;
    world->up.is.tolerance.share = USAGE_TOLERANCE_SHARE;
    world->up.is.tolerance.seconds_per_day = USAGE_TOLERANCE_SECONDS;
    world->up.monitor_earlier = true;
    world->up.idle_shown = unit_chance(rnd, 50);
    world->up.projects = unit_chance(rnd, 30);
    world->up.order =
        unit_chance(rnd, 60) ? UPSTREAM_SORTS : (int) unit_below(rnd, 3);
    world->up.is.resource_id = unit_chance(rnd, 30);
    world->up.ignores_id = unit_chance(rnd, 20);
    world->up.ignores_ids = unit_chance(rnd, 20);
    world->up.ignores_domain = unit_chance(rnd, 30);
    world->up.is.domain = unit_chance(rnd, 50)       ? USAGE_FILTER_UNKNOWN
                          : world->up.ignores_domain ? USAGE_FILTER_IGNORED
                                                     : USAGE_FILTER_KNOWN;
    world->up.records_release = (int) unit_below(rnd, 3);
    world->up.records_names = (int) unit_below(rnd, UPSTREAM_RECORDS_NAMES);
    world->up.records_times =
        unit_chance(rnd, 60) ? UPSTREAM_TIMES
                             : (int) unit_below(rnd, UPSTREAM_RECORDS_TIMES);
    world->up.records_open = unit_chance(rnd, 50);
    world->up.is.with_seconds = unit_chance(rnd, 30);
}


/*
 * Desktops of the crowd, which have no records, have no use.
 */
static inline void
world_quiet_crowd(world_t *world)
{
    size_t n;

    for (n = world->desktops; n < world->up.count; n++) {
        world->up.desktops[n].seconds[0] = 0;
    }
}


/*
 * Faults that agree after a refetch or two.
 */
static inline void
world_break(world_t *world)
{
    uint64_t *rnd;

    rnd = world->rnd;
    world->up.fault = (int) unit_below(rnd, UPSTREAM_FAULTS);
    world->up.narrow_faulty =
        unit_chance(rnd, 80) ? 0 : (unsigned) unit_below(rnd, 3);

    /* a 0 that comes twice can't be told from those of two users of one name,
     * where rows come in no order */

    if (world->up.fault == UPSTREAM_ROW_TWICE
        || world->up.fault == UPSTREAM_SHIFTED)
    {
        world->up.order = UPSTREAM_SORTS;
    }

    world->up.directory_faulty =
        unit_chance(rnd, 80) ? 0 : (unsigned) unit_below(rnd, 3);
    world->up.records_faulty =
        unit_chance(rnd, 80) ? 0 : (unsigned) unit_below(rnd, 3);
}


static inline void
world_free(world_t *world)
{
    upstream_free(&world->up);
    unit_arena_free(&world->arena);
}


/*
 * The members of a request for a user of the world, mostly the first, or for
 * one that it doesn't have.  In a world of domains it mostly has one.
 */
static inline void
world_ask_user(world_t *world, unit_text_t *members)
{
    bool                   domain;
    size_t                 n, user;
    const upstream_user_t *users;

    users = world->up.users;
    user =
        unit_chance(world->rnd, 60) ? 0 : unit_below(world->rnd, world->users);

    if (unit_chance(world->rnd, 3)) {
        unit_adds(members, ",\"desktop_username\":\"nobody\"");
        world->asked = 0;
        return;
    }

    domain = world->domains && unit_chance(world->rnd, 70);
    unit_addf(members, ",\"desktop_username\":\"%s\"", users[user].name);

    if (domain) {
        unit_addf(
            members, ",\"desktop_user_domain\":\"%s\"", users[user].domain);
    }

    for (n = 0, world->asked = 0; n < world->users; n++) {
        if (strcmp(users[n].name, users[user].name) == 0
            && (!domain || strcmp(users[n].domain, users[user].domain) == 0))
        {
            world->asked |= 1u << n;
        }
    }
}


/*
 * Some of the world's desktops, and others, to ask for.
 */
static inline void
world_ask_desktops(world_t *world, unit_text_t *members)
{
    size_t n, count;

    count = 1 + unit_below(world->rnd, 6);
    unit_adds(members, ",\"desktop_ids\":[");

    for (n = 0; n < count; n++) {
        unit_adds(members, n > 0 ? "," : "");

        if (world->up.count == 0 || unit_chance(world->rnd, 10)) {
            unit_adds(members, "\"unknown\"");

        } else {
            unit_addf(members, "\"%s\"",
                world->up
                    .desktops[unit_chance(world->rnd, 90) && world->desktops > 0
                                  ? unit_below(world->rnd, world->desktops)
                                  : unit_below(world->rnd, world->up.count)]
                    .id);
        }
    }

    unit_adds(members, "]");
}


#endif /* WORLD_H */
