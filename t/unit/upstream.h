/*
 * A model of the successor APIs in memory: desktops with their seconds of each
 * day, and the habits and faults that an upstream may have.
 */

#ifndef UPSTREAM_H
#define UPSTREAM_H

#include "unit.h"
#include "usage_plan.h"


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

#define UPSTREAM_PAGES 64 /* of a window, at most */


typedef struct {
    char     id[32];
    bool     counted; /* the statistics have it */
    bool     known;   /* the directory has it */
    double   off;     /* its total over the range is more than its days' */
    double   seconds[USAGE_DAYS_MAX];
    uint64_t place; /* in an order of the upstream's own */
} upstream_desktop_t;


typedef struct {
    double   seconds;
    uint64_t place;
    size_t   desktop;
} upstream_row_t;


typedef struct {
    upstream_row_t *rows;
    size_t          count;
    bool            made;
} upstream_window_t;


typedef struct {
    upstream_desktop_t *desktops;
    size_t              count;
    usage_day_t         first; /* of the days that the desktops hold */
    size_t              days;
    bool                idle_shown;
    bool                forbidden;
    int                 order;
    int                 fault;
    unsigned            faulty[USAGE_DAYS_MAX + 1]; /* so many attempts */
    unsigned            directory_faulty;
    upstream_window_t   windows[USAGE_DAYS_MAX + 1];
    uint64_t           *rnd;

    /* what it was asked for */

    unsigned calls;
    unsigned statistics_calls;
    unsigned directory_calls;
    uint64_t asked[USAGE_DAYS_MAX + 1][USAGE_REFETCH_MAX + 1];
} upstream_t;


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
    }
}


static inline void
upstream_free(upstream_t *up)
{
    size_t i;

    for (i = 0; i < unit_count(up->windows); i++) {
        free(up->windows[i].rows);
    }

    free(up->desktops);
}


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
 * The rows of the window that a call asks for.
 */
static inline const upstream_window_t *
upstream_window(upstream_t *up, const usage_call_t *call)
{
    size_t             i, day, from, to;
    upstream_row_t    *row;
    upstream_window_t *window;

    window = &up->windows[call->window];

    if (window->made) {
        return window;
    }

    from = (size_t) (call->first - up->first);
    to = (size_t) (call->last - up->first);

    window->made = true;
    window->rows = unit_must(calloc(up->count + 1, sizeof(upstream_row_t)));

    for (i = 0; i < up->count; i++) {
        if (!up->desktops[i].counted) {
            continue;
        }

        row = &window->rows[window->count];
        row->place = up->desktops[i].place;
        row->desktop = i;
        row->seconds = to > from ? up->desktops[i].off : 0;

        for (day = from; day <= to; day++) {
            row->seconds += up->desktops[i].seconds[day];
        }

        if (up->idle_shown || row->seconds > 0) {
            window->count++;

        } else {
            memset(row, 0, sizeof(upstream_row_t));
        }
    }

    qsort(window->rows, window->count, sizeof(upstream_row_t),
        up->order == UPSTREAM_SORTS     ? upstream_by_use
        : up->order == UPSTREAM_IGNORES ? upstream_by_place
                                        : upstream_by_least_use);

    return window;
}


/*
 * The page that a call asks for, with what is wrong with it.
 */
static inline void
upstream_page(upstream_t *up, const usage_call_t *call, usage_plan_t *plan,
    usage_page_t *page)
{
    size_t                   i, from;
    usage_str_t              id;
    const upstream_row_t    *row;
    const upstream_window_t *window;

    window = upstream_window(up, call);

    from = (size_t) call->offset;
    page->count = (int64_t) window->count;
    page->rows_count = window->count > from ? window->count - from : 0;

    if (page->rows_count > USAGE_PAGE_ROWS) {
        page->rows_count = USAGE_PAGE_ROWS;
    }

    if (call->attempt < up->faulty[call->window] && from > 0
        && up->fault == UPSTREAM_SHIFTED)
    {
        from--;
    }

    for (i = 0; i < page->rows_count; i++) {
        row = &window->rows[from + i];
        id = unit_str(up->desktops[row->desktop].id);
        page->rows[i].desktop = usage_table_add(&plan->table, id, NULL);
        page->rows[i].seconds = row->seconds;

        if (page->rows[i].desktop == NULL) {
            abort();
        }
    }

    if (call->attempt >= up->faulty[call->window]) {
        return;
    }

    switch (up->fault) {

    case UPSTREAM_ROW_TWICE:
        if (page->rows_count > 1) {
            page->rows[page->rows_count - 1] = page->rows[0];
            return;
        }

        break;

    case UPSTREAM_ROW_MORE:
        page->rows_count++;

        if (page->rows_count <= USAGE_PAGE_ROWS) {
            page->rows[page->rows_count - 1].desktop =
                usage_table_add(&plan->table, unit_str("one more"), NULL);
            page->rows[page->rows_count - 1].seconds = 1;
        }

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
        page->count = (int64_t) from + 1;
    }
}


/*
 * The directory's reply: those of the call's desktops that it knows.
 */
static inline void
upstream_directory(upstream_t *up, const usage_call_t *call, unit_text_t *text)
{
    size_t i, k, count;

    unit_text_clear(text);
    unit_adds(text, "{\"desktops\":[");

    for (i = 0, count = 0; i < call->count; i++) {
        for (k = 0; k < up->count; k++) {
            if (up->desktops[k].known
                && unit_is(call->desktops[i]->id, up->desktops[k].id)) {
                unit_addf(text, "%s{\"desktop_id\":\"%s\",\"sid\":null}",
                    count > 0 ? "," : "", up->desktops[k].id);
                count++;
            }
        }
    }

    if (unit_chance(up->rnd, 20)) {
        unit_addf(
            text, "%s{\"desktop_id\":\"nobody asked\"}", count > 0 ? "," : "");
        count++;
    }

    count += call->attempt < up->directory_faulty;
    unit_addf(text, "],\"total_count\":%zu}", count);
}


/*
 * A call is sound: within the range, at a page's offset, made once.
 */
static inline void
upstream_check_call(upstream_t *up, const usage_call_t *call,
    const usage_plan_t *plan, size_t past)
{
    size_t    i, bytes;
    uint64_t *asked;

    up->calls++;

    if (call->api == USAGE_CALL_DIRECTORY) {
        up->directory_calls++;
        assert_in_range(call->count, 1, USAGE_DIRECTORY_IDS);
        assert_in_range(call->attempt, 0, USAGE_REFETCH_MAX);

        for (i = 0, bytes = 0; i < call->count; i++) {
            bytes += usage_call_encoded(call->desktops[i]->id) + 1;
            assert_false(call->desktops[i]->known);
        }

        assert_true(call->count == 1 || bytes <= USAGE_DIRECTORY_BYTES);
        return;
    }

    up->statistics_calls++;

    assert_in_range(call->window, 0, past);
    assert_in_range(call->attempt, 0, USAGE_REFETCH_MAX);
    assert_true(call->offset >= 0 && call->offset % USAGE_PAGE_ROWS == 0
                && call->offset / USAGE_PAGE_ROWS < UPSTREAM_PAGES);

    if (call->window < past) {
        assert_int_equal(
            call->first, plan->request->first + (usage_day_t) call->window);
        assert_int_equal(call->last, call->first);

    } else {
        assert_int_equal(call->first, plan->request->first);
        assert_int_equal(
            call->last, plan->request->first + (usage_day_t) past - 1);
    }

    asked = &up->asked[call->window][call->attempt];
    assert_false(*asked >> (call->offset / USAGE_PAGE_ROWS) & 1);
    *asked |= UINT64_C(1) << (call->offset / USAGE_PAGE_ROWS);
}


#endif /* UPSTREAM_H */
