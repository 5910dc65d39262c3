#include "usage_plan.h"
#include "usage_directory.h"

#include <math.h>
#include <stdlib.h>


/* how far a desktop's days may be from its total, in seconds: doubles added up
 * in another order */
#define USAGE_PLAN_TOLERANCE          1e-3
#define USAGE_PLAN_TOLERANCE_RELATIVE 1e-9


static usage_result_t
usage_plan_no_memory(usage_error_t *error)
{
    return usage_error(error, 500, "out of memory");
}


static inline int64_t
usage_plan_pages(int64_t rows)
{
    return (rows + USAGE_PAGE_ROWS - 1) / USAGE_PAGE_ROWS;
}


static void
usage_plan_window_start(usage_window_t *window)
{
    window->count = -1;
    window->next = 0;
    window->waiting = 0;
    window->unused = false;
}


usage_result_t
usage_plan_start(usage_plan_t *plan, const usage_request_t *request,
    const usage_pool_t *pool, usage_day_t today, usage_error_t *error)
{
    size_t           i;
    usage_window_t  *window;
    usage_desktop_t *desktop;

    memset(plan, 0, sizeof(usage_plan_t));

    plan->request = request;
    plan->pool = pool;
    plan->days = usage_request_past(request, today);

    if (usage_table_init(&plan->table, pool, plan->days + 1) != USAGE_OK) {
        return usage_plan_no_memory(error);
    }

    for (i = 0; i < request->desktops; i++) {
        desktop = usage_table_add(&plan->table, request->desktop_ids[i], NULL);
        if (desktop == NULL) {
            return usage_plan_no_memory(error);
        }
    }

    for (i = 0; i <= plan->days; i++) {
        window = &plan->windows[i];
        window->first = request->first + (usage_day_t) i;
        window->last = window->first;
        usage_plan_window_start(window);
    }

    window = &plan->windows[plan->days];
    window->first = request->first;
    window->last = request->first + (usage_day_t) plan->days - 1;

    plan->count_only =
        request->limit == 0
        || (request->desktops > 0 && request->offset >= request->desktops);

    if (!plan->count_only) {
        plan->stage = USAGE_PLAN_DAYS;

    } else if (request->desktops > 0) {
        plan->stage = USAGE_PLAN_DIRECTORY;

    } else {
        plan->stage = USAGE_PLAN_COUNT;
    }

    return USAGE_OK;
}


/*
 * Whether each desktop that the request names is seen in a column, or known to
 * the directory already.  Never where the request names none.
 */
static bool
usage_plan_all_asked(const usage_plan_t *plan, size_t column)
{
    size_t                 i;
    const usage_desktop_t *desktop;

    for (i = 0; i < plan->request->desktops; i++) {
        desktop = plan->table.desktops[i];

        if (desktop->cells[column] < 0 && !desktop->known) {
            return false;
        }
    }

    return plan->request->desktops > 0;
}


/*
 * Whether all of a window that matters is here or asked for.
 */
static bool
usage_plan_settled(const usage_plan_t *plan, size_t i)
{
    const usage_window_t *window;

    window = &plan->windows[i];

    return (window->count >= 0 && window->next >= window->count
               && window->next > 0)
           || usage_plan_all_asked(plan, i);
}


/*
 * Whether a window's next page is to be asked for now.
 */
static bool
usage_plan_wants(const usage_plan_t *plan, size_t i)
{
    const usage_window_t *window;

    window = &plan->windows[i];

    if (window->next == 0) {
        return true;
    }

    if (window->count < 0 || plan->stage == USAGE_PLAN_COUNT
        || usage_plan_settled(plan, i))
    {
        return false;
    }

    return window->whole || (window->waiting == 0 && !window->unused);
}


static void
usage_plan_call_window(usage_plan_t *plan, size_t i, usage_call_t *call)
{
    usage_window_t *window;

    window = &plan->windows[i];

    call->api = USAGE_CALL_STATISTICS;
    call->window = i;
    call->attempt = window->attempt;
    call->first = window->first;
    call->last = window->last;
    call->offset = window->next;

    window->next += USAGE_PAGE_ROWS;
    window->waiting++;
    plan->waiting++;
}


/*
 * The next page of windows from to to, first pages first.
 */
static usage_result_t
usage_plan_next_page(
    usage_plan_t *plan, size_t from, size_t to, usage_call_t *call)
{
    size_t i;

    for (i = from; i < to; i++) {
        if (plan->windows[i].next == 0) {
            usage_plan_call_window(plan, i, call);
            return USAGE_OK;
        }
    }

    for (i = from; i < to; i++) {
        if (usage_plan_wants(plan, i)) {
            usage_plan_call_window(plan, i, call);
            return USAGE_OK;
        }
    }

    return USAGE_AGAIN;
}


/*
 * Days that stopped at a row without use: the pages that would complete them.
 */
static int64_t
usage_plan_left(const usage_plan_t *plan)
{
    size_t                i;
    int64_t               pages;
    const usage_window_t *window;

    pages = 0;

    for (i = 0; i < plan->days; i++) {
        if (!usage_plan_settled(plan, i)) {
            window = &plan->windows[i];
            pages += usage_plan_pages(window->count - window->next);
        }
    }

    return pages;
}


/*
 * The pages that the window over the whole range can be expected to have.
 */
static int64_t
usage_plan_range_pages(const usage_plan_t *plan)
{
    size_t  i;
    int64_t count;

    count = 0;

    for (i = 0; i < plan->days; i++) {
        if (plan->windows[i].count > count) {
            count = plan->windows[i].count;
        }
    }

    return usage_plan_pages(count);
}


static void
usage_plan_complete_days(usage_plan_t *plan)
{
    size_t i;

    for (i = 0; i < plan->days; i++) {
        plan->windows[i].whole = true;
    }

    plan->stage = USAGE_PLAN_COMPLETE;
}


/*
 * Whether the days that are here add up to the total of the range, for each
 * desktop that matters.
 */
static bool
usage_plan_adds_up(const usage_plan_t *plan)
{
    size_t        i, n, count;
    double        sum, total;
    const double *cells;

    count = plan->request->desktops > 0 ? plan->request->desktops
                                        : plan->table.count;

    for (n = 0; n < count; n++) {
        cells = plan->table.desktops[n]->cells;
        sum = 0;

        for (i = 0; i < plan->days; i++) {
            sum += cells[i] > 0 ? cells[i] : 0;
        }

        total = cells[plan->days] > 0 ? cells[plan->days] : 0;

        if (fabs(sum - total)
            > USAGE_PLAN_TOLERANCE + USAGE_PLAN_TOLERANCE_RELATIVE * total)
        {
            return false;
        }
    }

    return true;
}


/*
 * The desktops that the directory is asked for, in batches that a URI can
 * hold: in a request for the count all that are named, else those that no page
 * showed.
 */
static usage_result_t
usage_plan_look_up(usage_plan_t *plan, usage_error_t *error)
{
    size_t           i, n, bytes, encoded;
    usage_batch_t   *batch;
    usage_desktop_t *desktop;

    n = plan->request->desktops;

    if (n == 0) {
        return USAGE_OK;
    }

    plan->lookups = usage_alloc(plan->pool, n * sizeof(usage_desktop_t *));
    plan->batches = usage_alloc(plan->pool, n * sizeof(usage_batch_t));

    if (plan->lookups == NULL || plan->batches == NULL) {
        return usage_plan_no_memory(error);
    }

    batch = NULL;
    bytes = 0;

    for (i = 0, n = 0; i < plan->request->desktops; i++) {
        desktop = plan->table.desktops[i];

        if (usage_table_shown(&plan->table, desktop)) {
            continue;
        }

        encoded = usage_call_encoded(desktop->id) + 1;

        if (batch == NULL || batch->count == USAGE_DIRECTORY_IDS
            || bytes + encoded > USAGE_DIRECTORY_BYTES)
        {
            batch = &plan->batches[plan->batches_count++];
            memset(batch, 0, sizeof(usage_batch_t));
            batch->first = n;
            bytes = 0;
        }

        plan->lookups[n++] = desktop;
        batch->count++;
        bytes += encoded;
    }

    return USAGE_OK;
}


static usage_result_t
usage_plan_next_batch(usage_plan_t *plan, usage_call_t *call)
{
    size_t         i;
    usage_batch_t *batch;

    for (i = 0; i < plan->batches_count; i++) {
        batch = &plan->batches[i];

        if (batch->asked) {
            continue;
        }

        batch->asked = true;
        plan->waiting++;

        call->api = USAGE_CALL_DIRECTORY;
        call->window = i;
        call->attempt = batch->attempt;
        call->desktops = &plan->lookups[batch->first];
        call->count = batch->count;

        return USAGE_OK;
    }

    return USAGE_AGAIN;
}


/*
 * The next call of the stage, if it has one just now.
 */
static usage_result_t
usage_plan_next_call(
    usage_plan_t *plan, usage_call_t *call, usage_error_t *error)
{
    switch (plan->stage) {

    case USAGE_PLAN_COUNT:
    case USAGE_PLAN_RANGE:
        if (plan->days == 0) {
            return USAGE_AGAIN;
        }

        return usage_plan_next_page(plan, plan->days, plan->days + 1, call);

    case USAGE_PLAN_DAYS:
    case USAGE_PLAN_COMPLETE:
        return usage_plan_next_page(plan, 0, plan->days, call);

    case USAGE_PLAN_DIRECTORY:
        if (plan->lookups == NULL
            && usage_plan_look_up(plan, error) != USAGE_OK) {
            return USAGE_ERROR;
        }

        return usage_plan_next_batch(plan, call);

    case USAGE_PLAN_DONE:
    default:
        return USAGE_AGAIN;
    }
}


/*
 * All replies of a stage are here: the stage that follows.
 */
static void
usage_plan_next_stage(usage_plan_t *plan)
{
    int64_t left;

    switch (plan->stage) {

    case USAGE_PLAN_DAYS:
        left = usage_plan_left(plan);

        if (left > usage_plan_range_pages(plan)) {
            plan->windows[plan->days].whole = true;
            plan->stage = USAGE_PLAN_RANGE;

        } else if (left > 0) {
            usage_plan_complete_days(plan);

        } else {
            plan->stage = USAGE_PLAN_DIRECTORY;
        }

        break;

    case USAGE_PLAN_RANGE:
        if (plan->count_only) {
            plan->stage = USAGE_PLAN_DONE;

        } else if (usage_plan_adds_up(plan)) {
            plan->stage = USAGE_PLAN_DIRECTORY;

        } else {
            usage_plan_complete_days(plan);
        }

        break;

    case USAGE_PLAN_COMPLETE:
        plan->stage = USAGE_PLAN_DIRECTORY;
        break;

    case USAGE_PLAN_DIRECTORY:
        if (plan->count_only && !usage_plan_all_asked(plan, plan->days)) {
            plan->windows[plan->days].whole = true;
            plan->stage = USAGE_PLAN_RANGE;
            break;
        }

        plan->stage = USAGE_PLAN_DONE;
        break;

    case USAGE_PLAN_COUNT:
    case USAGE_PLAN_DONE:
    default:
        plan->stage = USAGE_PLAN_DONE;
        break;
    }
}


usage_result_t
usage_plan_next(usage_plan_t *plan, usage_call_t *call, usage_error_t *error)
{
    usage_result_t rc;

    for (;;) {
        rc = usage_plan_next_call(plan, call, error);

        if (rc != USAGE_AGAIN || plan->waiting > 0
            || plan->stage == USAGE_PLAN_DONE) {
            return rc;
        }

        usage_plan_next_stage(plan);
    }
}


/*
 * Starts a window anew, as its pages don't agree; it is fetched to its end, as
 * a row without use ends nothing where rows move.
 */
static usage_result_t
usage_plan_refetch(usage_plan_t *plan, size_t i, const char *why, int64_t had,
    int64_t has, usage_error_t *error)
{
    char            first[USAGE_DATE_LEN], last[USAGE_DATE_LEN];
    usage_window_t *window;

    window = &plan->windows[i];

    if (window->attempt == USAGE_REFETCH_MAX) {
        usage_day_write(window->first, first);
        usage_day_write(window->last, last);

        return usage_error(error, 502,
            "the pages of the upstream's statistics for %.*s to %.*s do not "
            "agree, fetched %d times: %s %lld, then %lld",
            (int) USAGE_DATE_LEN, first, (int) USAGE_DATE_LEN, last,
            USAGE_REFETCH_MAX + 1, why, (long long) had, (long long) has);
    }

    usage_plan_window_start(window);
    usage_table_clear(&plan->table, i);
    window->attempt++;
    window->whole = true;

    return USAGE_OK;
}


usage_result_t
usage_plan_page(usage_plan_t *plan, const usage_call_t *call,
    const usage_page_t *page, usage_error_t *error)
{
    double         *cell;
    size_t          n, i;
    int64_t         expected;
    usage_window_t *window;

    i = call->window;
    window = &plan->windows[i];
    plan->waiting--;

    if (call->attempt != window->attempt) {
        return USAGE_OK; /* the window was started anew meanwhile */
    }

    window->waiting--;

    if (window->count >= 0 && page->count != window->count) {
        return usage_plan_refetch(
            plan, i, "count", window->count, page->count, error);
    }

    window->count = page->count;

    expected = page->count - call->offset;
    expected = expected < 0                 ? 0
               : expected > USAGE_PAGE_ROWS ? USAGE_PAGE_ROWS
                                            : expected;

    if ((int64_t) page->rows_count != expected) {
        return usage_plan_refetch(plan, i, "rows expected", expected,
            (int64_t) page->rows_count, error);
    }

    for (n = 0; n < page->rows_count; n++) {
        cell = &page->rows[n].desktop->cells[i];

        if (*cell >= 0) {
            return usage_plan_refetch(
                plan, i, "a desktop listed once", 1, 2, error);
        }

        *cell = page->rows[n].seconds;

        if (*cell == 0) {
            window->unused = true;
        }
    }

    return USAGE_OK;
}


usage_result_t
usage_plan_directory(usage_plan_t *plan, const usage_call_t *call,
    usage_str_t body, usage_error_t *error)
{
    usage_batch_t *batch;
    usage_result_t rc;

    plan->waiting--;

    rc = usage_directory_read(&plan->table, body, error);
    if (rc != USAGE_AGAIN) {
        return rc;
    }

    batch = &plan->batches[call->window];

    if (batch->attempt == USAGE_REFETCH_MAX) {
        return usage_error(error, 502,
            "the upstream's desktop directory counts more or fewer desktops "
            "than it lists, fetched %d times",
            USAGE_REFETCH_MAX + 1);
    }

    batch->attempt++;
    batch->asked = false;

    return USAGE_OK;
}


void
usage_plan_directory_forbidden(usage_plan_t *plan)
{
    plan->waiting--;
}


static int
usage_plan_compare(const void *one, const void *two)
{
    int                    order;
    size_t                 len;
    const usage_desktop_t *a, *b;

    a = *(usage_desktop_t *const *) one;
    b = *(usage_desktop_t *const *) two;
    len = a->id.len < b->id.len ? a->id.len : b->id.len;

    order = memcmp(a->id.data, b->id.data, len);
    if (order != 0) {
        return order;
    }

    return (a->id.len > b->id.len) - (a->id.len < b->id.len);
}


usage_result_t
usage_plan_list(const usage_plan_t *plan, usage_desktop_t ***desktops,
    size_t *count, int64_t *total, usage_error_t *error)
{
    size_t                 i, n, candidates;
    usage_desktop_t      **list, *desktop;
    const usage_request_t *request;

    request = plan->request;
    *count = 0;
    *desktops = NULL;

    if (plan->count_only && request->desktops == 0) {
        *total = plan->days > 0 ? plan->windows[plan->days].count : 0;
        return USAGE_OK;
    }

    candidates = request->desktops > 0 ? request->desktops : plan->table.count;

    list = usage_alloc(plan->pool, (candidates + 1) * sizeof(*list));
    if (list == NULL) {
        return usage_plan_no_memory(error);
    }

    for (i = 0, n = 0; i < candidates; i++) {
        desktop = plan->table.desktops[i];

        if (desktop->known || usage_table_shown(&plan->table, desktop)) {
            list[n++] = desktop;
        }
    }

    if (request->desktops == 0) {
        qsort(list, n, sizeof(*list), usage_plan_compare);
    }

    *total = (int64_t) n;

    if (request->offset < n) {
        *desktops = list + request->offset;
        *count = n - request->offset < request->limit ? n - request->offset
                                                      : request->limit;
    }

    return USAGE_OK;
}
