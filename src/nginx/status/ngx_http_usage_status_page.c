/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The page of usage_status.  In: the counters, and the zones of usage_store.
 * Out: all metrics.  Their names, help texts and units are here alone.
 */

#include "status/ngx_http_usage_status.h"
#include "store/ngx_http_usage_store.h"


/*
 * A zone of usage_store at this moment.
 */
typedef struct {
    ngx_str_t                        name; /* escaped */
    size_t                           size; /* bytes */
    size_t                           used; /* bytes */
} ngx_http_usage_status_zone_t;


static ngx_http_usage_counts_t *ngx_http_usage_status_copy(
    ngx_http_request_t *r);
static ngx_array_t *ngx_http_usage_status_copy_zones(ngx_http_request_t *r);
static void ngx_http_usage_status_write(ngx_http_usage_page_t *page,
    ngx_http_usage_counts_t *counts, ngx_array_t *zones);
static void ngx_http_usage_status_build(ngx_http_usage_page_t *page);
static void ngx_http_usage_status_requests(ngx_http_usage_page_t *page,
    ngx_http_usage_counts_t *counts);
static void ngx_http_usage_status_calls(ngx_http_usage_page_t *page,
    ngx_http_usage_counts_t *counts);
static void ngx_http_usage_status_rows(ngx_http_usage_page_t *page,
    char *label, ngx_str_t *names, ngx_uint_t rows, ngx_atomic_t *cells,
    ngx_uint_t n);
static void ngx_http_usage_status_statuses(ngx_http_usage_page_t *page,
    ngx_keyval_t *labels, ngx_atomic_t *cells, ngx_uint_t n);
static void ngx_http_usage_status_counters(ngx_http_usage_page_t *page,
    ngx_http_usage_counts_t *counts);
static void ngx_http_usage_status_zones(ngx_http_usage_page_t *page,
    ngx_array_t *zones);
static void ngx_http_usage_status_zone(ngx_http_usage_page_t *page,
    ngx_array_t *zones, size_t offset);
static void ngx_http_usage_status_durations(ngx_http_usage_page_t *page,
    ngx_http_usage_counts_t *counts);
static uint64_t ngx_http_usage_status_buckets(ngx_http_usage_page_t *page,
    ngx_keyval_t *labels, ngx_atomic_t *cells);
static void ngx_http_usage_status_modes(ngx_http_usage_page_t *page,
    ngx_keyval_t *labels, char *suffix, uint64_t *values,
    ngx_http_usage_unit_t unit);


/* names of usage_call_api_t, and of the legacy endpoint */

static ngx_str_t  ngx_http_usage_apis[NGX_HTTP_USAGE_APIS] = {
    ngx_string("desktops"),
    ngx_string("users"),
    ngx_string("directory"),
    ngx_string("records"),
    ngx_string("monitor"),
    ngx_string("legacy")
};


/* names of what comes instead of a status, from NGX_HTTP_USAGE_STATUSES on */

static ngx_str_t  ngx_http_usage_outcomes[NGX_HTTP_USAGE_OUTCOMES
                                          - NGX_HTTP_USAGE_STATUSES] = {
    ngx_string("timeout"),
    ngx_string("unreachable"),
    ngx_string("not_made"),
    ngx_string("incomplete"),
    ngx_string("cancelled"),
    ngx_string("cached")
};


/* ngx_http_usage_counter_t: how each is shown */

static struct {
    char                     *name;
    char                     *help;
    ngx_http_usage_unit_t     unit;
} ngx_http_usage_counters[NGX_HTTP_USAGE_COUNTERS] = {

    { "usage_upstream_retries_total",
      "Upstream calls that were made again after a 429 or 503.",
      NGX_HTTP_USAGE_NUMBER },

    { "usage_pacing_waits_total",
      "Upstream calls that usage_rate held back.",
      NGX_HTTP_USAGE_NUMBER },

    { "usage_pacing_wait_seconds_total",
      "For how long usage_rate held upstream calls back.",
      NGX_HTTP_USAGE_MILLISECONDS },

    { "usage_pacing_refused_total",
      "Legacy calls that were refused as they can't finish at usage_rate.",
      NGX_HTTP_USAGE_NUMBER },

    { "usage_store_hits_total",
      "Days of replies that were taken from the store.",
      NGX_HTTP_USAGE_NUMBER },

    { "usage_store_misses_total",
      "Days of replies that the store did not have.",
      NGX_HTTP_USAGE_NUMBER },

    { "usage_compare_total",
      "Legacy replies that were compared with translated ones.",
      NGX_HTTP_USAGE_NUMBER },

    { "usage_compare_differences_total",
      "Compared replies that differed.",
      NGX_HTTP_USAGE_NUMBER },

    { "usage_compare_failed_total",
      "Legacy replies that had no translation to be compared with.",
      NGX_HTTP_USAGE_NUMBER },

    { "usage_signatures_refused_total",
      "Legacy calls that were refused for their signature.",
      NGX_HTTP_USAGE_NUMBER }
};


/*
 * The page is written twice, and has to be the same both times.  Other workers
 * go on counting in between, so it is written from a copy.
 */

ngx_int_t
ngx_http_usage_status_page(ngx_http_request_t *r, ngx_uint_t json,
    ngx_str_t *text)
{
    ngx_array_t              *zones;
    ngx_http_usage_page_t     page;
    ngx_http_usage_counts_t  *counts;

    ngx_memzero(&page, sizeof(ngx_http_usage_page_t));
    page.json = json;

    counts = ngx_http_usage_status_copy(r);
    zones = ngx_http_usage_status_copy_zones(r);

    if (counts == NULL || zones == NULL
        || ngx_http_usage_status_share_copy(r, &page.share) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_usage_page_begin(&page, NULL);
    ngx_http_usage_status_write(&page, counts, zones);

    text->len = page.len;
    text->data = ngx_pnalloc(r->pool, page.len);

    if (text->data == NULL) {
        return NGX_ERROR;
    }

    ngx_http_usage_page_begin(&page, text->data);
    ngx_http_usage_status_write(&page, counts, zones);

    return NGX_OK;
}


static ngx_http_usage_counts_t *
ngx_http_usage_status_copy(ngx_http_request_t *r)
{
    ngx_http_usage_counts_t     *counts;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_get_module_main_conf(r, ngx_http_usage_module);

    counts = ngx_palloc(r->pool, sizeof(ngx_http_usage_counts_t));

    if (counts) {
        ngx_memcpy(counts, umcf->metrics->counts,
                   sizeof(ngx_http_usage_counts_t));
    }

    return counts;
}


static ngx_array_t *
ngx_http_usage_status_copy_zones(ngx_http_request_t *r)
{
    ngx_uint_t                     i;
    ngx_array_t                   *zones;
    ngx_shm_zone_t                *shm;
    volatile ngx_list_part_t      *part;
    ngx_http_usage_status_zone_t  *zone;

    zones = ngx_array_create(r->pool, 4, sizeof(ngx_http_usage_status_zone_t));
    if (zones == NULL) {
        return NULL;
    }

    for (part = &ngx_cycle->shared_memory.part; part; part = part->next) {
        shm = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (!ngx_http_usage_store_is(&shm[i])) {
                continue;
            }

            zone = ngx_array_push(zones);

            if (zone == NULL
                || ngx_http_usage_page_label(r->pool, &shm[i].shm.name,
                                             &zone->name)
                   != NGX_OK)
            {
                return NULL;
            }

            ngx_http_usage_store_room(&shm[i], &zone->size, &zone->used);
        }
    }

    return zones;
}


static void
ngx_http_usage_status_write(ngx_http_usage_page_t *page,
    ngx_http_usage_counts_t *counts, ngx_array_t *zones)
{
    ngx_http_usage_status_build(page);

    ngx_http_usage_page_metric(page, "usage_start_time_seconds", "gauge",
                               "When counting began, in seconds since 1970.");
    ngx_http_usage_page_single(page, counts->started, NGX_HTTP_USAGE_NUMBER);

    ngx_http_usage_status_requests(page, counts);
    ngx_http_usage_status_durations(page, counts);
    ngx_http_usage_status_calls(page, counts);
    ngx_http_usage_status_counters(page, counts);
    ngx_http_usage_status_zones(page, zones);
    ngx_http_usage_status_share(page);

    ngx_http_usage_page_end(page);
}


static void
ngx_http_usage_status_build(ngx_http_usage_page_t *page)
{
    ngx_keyval_t  labels[] = {
        { ngx_string("version"), ngx_string(USAGE_VERSION) },
        { ngx_string("build"), ngx_http_usage_build },
        { ngx_string("nginx"), ngx_string(NGINX_VERSION) },
        { ngx_null_string, ngx_null_string }
    };

    ngx_http_usage_page_metric(page, "usage_build_info", "gauge",
                               "Version of the module, a checksum of its "
                               "sources, and the nginx that it was built "
                               "for.");
    ngx_http_usage_page_series(page, "");
    ngx_http_usage_page_sample(page, labels, 1, NGX_HTTP_USAGE_NUMBER);
    ngx_http_usage_page_series_end(page);
}


static void
ngx_http_usage_status_requests(ngx_http_usage_page_t *page,
    ngx_http_usage_counts_t *counts)
{
    ngx_http_usage_page_metric(page, "usage_requests_total", "counter",
                               "Legacy calls, by the status that the client "
                               "was sent.");
    ngx_http_usage_status_rows(page, "mode", ngx_http_usage_modes,
                               NGX_HTTP_USAGE_MODES, counts->requests[0],
                               NGX_HTTP_USAGE_STATUSES);
}


static void
ngx_http_usage_status_calls(ngx_http_usage_page_t *page,
    ngx_http_usage_counts_t *counts)
{
    ngx_http_usage_page_metric(page, "usage_upstream_calls_total", "counter",
                               "Calls of the successor APIs and of the legacy "
                               "one, each try, by the status of the answer or "
                               "what came instead.");
    ngx_http_usage_status_rows(page, "api", ngx_http_usage_apis,
                               NGX_HTTP_USAGE_APIS, counts->calls[0],
                               NGX_HTTP_USAGE_OUTCOMES);
}


/*
 * Writes the samples of a table of counters.  Its rows have the given names as
 * labels, its n columns are statuses.
 */

static void
ngx_http_usage_status_rows(ngx_http_usage_page_t *page, char *label,
    ngx_str_t *names, ngx_uint_t rows, ngx_atomic_t *cells, ngx_uint_t n)
{
    ngx_uint_t    i;
    ngx_keyval_t  labels[3];

    ngx_memzero(labels, sizeof(labels));
    labels[0].key.data = (u_char *) label;
    labels[0].key.len = ngx_strlen(label);

    ngx_http_usage_page_series(page, "");

    for (i = 0; i < rows; i++) {
        labels[0].value = names[i];
        ngx_http_usage_status_statuses(page, labels, cells + i * n, n);
    }

    ngx_http_usage_page_series_end(page);
}


/*
 * Writes one row: a sample for each status that was counted.  200 is written
 * even before it was: Prometheus sees how a counter rises only if it has seen
 * it at 0.
 */

static void
ngx_http_usage_status_statuses(ngx_http_usage_page_t *page,
    ngx_keyval_t *labels, ngx_atomic_t *cells, ngx_uint_t n)
{
    u_char      code[NGX_INT_T_LEN];
    ngx_uint_t  status;

    ngx_str_set(&labels[1].key, "status");

    for (status = 0; status < n; status++) {

        if (cells[status] == 0 && status != NGX_HTTP_OK) {
            continue;
        }

        if (status < NGX_HTTP_USAGE_STATUSES) {
            labels[1].value.data = code;
            labels[1].value.len = ngx_sprintf(code, "%03ui", status) - code;

        } else {
            labels[1].value =
                ngx_http_usage_outcomes[status - NGX_HTTP_USAGE_STATUSES];
        }

        ngx_http_usage_page_sample(page, labels, cells[status],
                                   NGX_HTTP_USAGE_NUMBER);
    }
}


static void
ngx_http_usage_status_counters(ngx_http_usage_page_t *page,
    ngx_http_usage_counts_t *counts)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_USAGE_COUNTERS; i++) {
        ngx_http_usage_page_metric(page, ngx_http_usage_counters[i].name,
                                   "counter", ngx_http_usage_counters[i].help);
        ngx_http_usage_page_single(page, counts->counters[i],
                                   ngx_http_usage_counters[i].unit);
    }
}


static void
ngx_http_usage_status_zones(ngx_http_usage_page_t *page, ngx_array_t *zones)
{
    if (zones->nelts == 0) {
        return;
    }

    ngx_http_usage_page_metric(page, "usage_store_size_bytes", "gauge",
                               "Room in a zone of usage_store.");
    ngx_http_usage_status_zone(page, zones,
                               offsetof(ngx_http_usage_status_zone_t, size));

    ngx_http_usage_page_metric(page, "usage_store_used_bytes", "gauge",
                               "Room that is taken in a zone of usage_store.");
    ngx_http_usage_status_zone(page, zones,
                               offsetof(ngx_http_usage_status_zone_t, used));
}


/*
 * Writes one sample for each zone: its field at that offset.
 */

static void
ngx_http_usage_status_zone(ngx_http_usage_page_t *page, ngx_array_t *zones,
    size_t offset)
{
    size_t                        *value;
    ngx_uint_t                     i;
    ngx_keyval_t                   labels[2];
    ngx_http_usage_status_zone_t  *zone;

    ngx_memzero(labels, sizeof(labels));
    ngx_str_set(&labels[0].key, "zone");
    zone = zones->elts;

    ngx_http_usage_page_series(page, "");

    for (i = 0; i < zones->nelts; i++) {
        labels[0].value = zone[i].name;
        value = (size_t *) ((char *) &zone[i] + offset);
        ngx_http_usage_page_sample(page, labels, *value,
                                   NGX_HTTP_USAGE_NUMBER);
    }

    ngx_http_usage_page_series_end(page);
}


static void
ngx_http_usage_status_durations(ngx_http_usage_page_t *page,
    ngx_http_usage_counts_t *counts)
{
    uint64_t      count[NGX_HTTP_USAGE_MODES], sum[NGX_HTTP_USAGE_MODES];
    ngx_uint_t    mode;
    ngx_keyval_t  labels[3];

    ngx_memzero(labels, sizeof(labels));
    ngx_str_set(&labels[0].key, "mode");

    ngx_http_usage_page_metric(page, "usage_request_duration_seconds",
                               "histogram",
                               "How long legacy calls took, from their first "
                               "byte to the reply's last.");

    ngx_http_usage_page_series(page, "_bucket");

    for (mode = 0; mode < NGX_HTTP_USAGE_MODES; mode++) {
        labels[0].value = ngx_http_usage_modes[mode];
        count[mode] = ngx_http_usage_status_buckets(page, labels,
                                                    counts->durations[mode]);
        sum[mode] = counts->duration_ms[mode];
    }

    ngx_http_usage_page_series_end(page);

    ngx_str_null(&labels[1].key);

    ngx_http_usage_status_modes(page, labels, "_sum", sum,
                                NGX_HTTP_USAGE_MILLISECONDS);
    ngx_http_usage_status_modes(page, labels, "_count", count,
                                NGX_HTTP_USAGE_NUMBER);
}


/*
 * Writes the buckets of one mode, and returns how many durations there are.
 * Each bucket includes those before it, so the last one has all.
 */

static uint64_t
ngx_http_usage_status_buckets(ngx_http_usage_page_t *page,
    ngx_keyval_t *labels, ngx_atomic_t *cells)
{
    uint64_t    sum;
    ngx_uint_t  i;

    ngx_str_set(&labels[1].key, "le");
    sum = 0;

    for (i = 0; i < NGX_HTTP_USAGE_BOUNDS; i++) {
        sum += cells[i];
        labels[1].value = ngx_http_usage_bounds[i].seconds;
        ngx_http_usage_page_sample(page, labels, sum, NGX_HTTP_USAGE_NUMBER);
    }

    return sum;
}


static void
ngx_http_usage_status_modes(ngx_http_usage_page_t *page, ngx_keyval_t *labels,
    char *suffix, uint64_t *values, ngx_http_usage_unit_t unit)
{
    ngx_uint_t  mode;

    ngx_http_usage_page_series(page, suffix);

    for (mode = 0; mode < NGX_HTTP_USAGE_MODES; mode++) {
        labels[0].value = ngx_http_usage_modes[mode];
        ngx_http_usage_page_sample(page, labels, values[mode], unit);
    }

    ngx_http_usage_page_series_end(page);
}
