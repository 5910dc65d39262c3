/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The oracle of the page reader: the same page read by jansson's DOM, with the
 * rules of translation.md, "Pages".
 *
 * What the reader knows and jansson doesn't is looked at in the text itself: a
 * known key given twice, a number that is too long to be kept.  jansson 2.14
 * reads past a NUL after a number or a word; no JSON has one.
 */

#ifndef ORACLE_H
#define ORACLE_H

#include "unit.h"
#include "base/usage_hash.h"
#include "page/usage_page.h"

#include <float.h>
#include <jansson.h>


typedef struct {
    json_t     *root;
    bool        accepted;
    int64_t     count;
    size_t      rows;
    usage_str_t ids[USAGE_PAGE_ROWS];
    usage_str_t names[USAGE_PAGE_ROWS];    /* len 0: none */
    usage_str_t projects[USAGE_PAGE_ROWS]; /* likewise */
    double      seconds[USAGE_PAGE_ROWS];
} oracle_page_t;


/* as many rows as a page has, and any figure */
static const usage_page_bounds_t oracle_bounds = { USAGE_PAGE_ROWS, DBL_MAX };


enum {
    ORACLE_OTHER,
    ORACLE_TOP,
    ORACLE_ITEMS,
    ORACLE_ROW,
    ORACLE_METRICS,
    ORACLE_METRIC
};


typedef struct {
    int         level;
    const char *name;
    int         inside; /* the level of what the key holds */
} oracle_key_t;


/*
 * The known keys, by whose statistics they are.
 */
typedef struct {
    const usage_page_keys_t *keys;
    const char              *metric;
    oracle_key_t             list[10];
} oracle_keys_t;

#define ORACLE_KEYS(id, called)                                                \
    {                                                                          \
        { ORACLE_TOP, "count", ORACLE_OTHER },                                 \
            { ORACLE_TOP, "items", ORACLE_ITEMS },                             \
            { ORACLE_ROW, id, ORACLE_OTHER },                                  \
            { ORACLE_ROW, called, ORACLE_OTHER },                              \
            { ORACLE_ROW, "metric", ORACLE_METRICS },                          \
            { ORACLE_METRIC, "metric_name", ORACLE_OTHER },                    \
            { ORACLE_METRIC, "metric_value", ORACLE_OTHER },                   \
            { ORACLE_ROW, "enterprise_project_id", ORACLE_OTHER },             \
            { ORACLE_TOP, "error_code", ORACLE_OTHER },                        \
            { ORACLE_TOP, "error_msg", ORACLE_OTHER },                         \
    }

enum { ORACLE_ID = 2, ORACLE_CALLED = 3 };

static const oracle_keys_t oracle_kinds[] = {
    { &usage_page_desktops, "desktop_usage", ORACLE_KEYS("resource_id", NULL) },
    { &usage_page_named_desktops, "desktop_usage",
        ORACLE_KEYS("resource_id", "resource_name") },
    { &usage_page_users, "user_usage", ORACLE_KEYS("username", NULL) },
};

enum { ORACLE_DESKTOPS, ORACLE_NAMED, ORACLE_USERS, ORACLE_KINDS };


static inline const char *
oracle_space(const char *p)
{
    return p + strspn(p, " \t\r\n");
}


/*
 * The end of a string that starts with the quote at p.
 */
static inline const char *
oracle_string(const char *p)
{
    for (p++; *p != '"'; p++) {
        p += *p == '\\';
    }

    return p + 1;
}


/*
 * Which of the known keys the one from p to end is, or -1.
 */
static inline int
oracle_known(
    const oracle_keys_t *keys, const char *p, const char *end, int level)
{
    int     found;
    size_t  i;
    json_t *key;

    key = json_loadb(p, (size_t) (end - p), JSON_DECODE_ANY, NULL);
    found = -1;

    for (i = 0; key != NULL && i < unit_count(keys->list); i++) {
        if (keys->list[i].level == level && keys->list[i].name != NULL
            && strcmp(keys->list[i].name, json_string_value(key)) == 0)
        {
            found = (int) i;
        }
    }

    json_decref(key);

    return found;
}


/*
 * Walks over a value at p, which jansson took as JSON, and says what it has
 * that the reader refuses.  Gives the value's end.
 */
static inline const char *
oracle_walk(const oracle_keys_t *keys, const char *p, int level, bool *refused)
{
    int         key;
    size_t      len;
    unsigned    seen;
    const char *end;

    p = oracle_space(p);

    if (*p == '"') {
        return oracle_string(p);
    }

    if (*p == '[') {
        level = level == ORACLE_ITEMS     ? ORACLE_ROW
                : level == ORACLE_METRICS ? ORACLE_METRIC
                                          : ORACLE_OTHER;

        for (p = oracle_space(p + 1); *p != ']'; p = oracle_space(p)) {
            p = oracle_walk(keys, p + (*p == ','), level, refused);
        }

        return p + 1;
    }

    if (*p == '{') {
        seen = 0;

        for (p = oracle_space(p + 1); *p != '}'; p = oracle_space(p)) {
            p = oracle_space(p + (*p == ','));
            end = oracle_string(p);
            key = oracle_known(keys, p, end, level);

            if (key >= 0) {
                *refused = *refused || (seen & (1u << key)) != 0;
                seen |= 1u << key;
            }

            p = oracle_walk(keys, oracle_space(end) + 1,
                key < 0 ? ORACLE_OTHER : keys->list[key].inside, refused);
        }

        return p + 1;
    }

    len = strcspn(p, ",]} \t\r\n");
    *refused = *refused || len > USAGE_SCAN_KEPT_MAX;

    return p + len;
}


static inline bool
oracle_metric(const oracle_keys_t *keys, const json_t *metric, bool *usage,
    double *seconds)
{
    const char   *name;
    const json_t *value;

    name = json_string_value(json_object_get(metric, "metric_name"));

    if (name == NULL) {
        return false;
    }

    if (strcmp(name, keys->metric) != 0) {
        return true;
    }

    if (*usage) {
        return false;
    }

    *usage = true;
    value = json_object_get(metric, "metric_value");

    if (value == NULL || json_is_null(value)) {
        *seconds = 0;
        return true;
    }

    *seconds = json_number_value(value);

    return json_is_number(value) && !(*seconds < 0);
}


static inline size_t
oracle_chars(usage_str_t text)
{
    size_t i, n;

    for (i = 0, n = 0; i < text.len; i++) {
        n += (text.data[i] & 0x80) == 0 || (text.data[i] & 0x40) != 0;
    }

    return n;
}


/*
 * What a row is called, where that is asked for; too long a name is none.
 */
static inline bool
oracle_name(const oracle_keys_t *keys, const json_t *row, usage_str_t *name)
{
    const json_t *value;

    name->data = "";
    name->len = 0;

    if (keys->list[ORACLE_CALLED].name == NULL) {
        return true;
    }

    value = json_object_get(row, keys->list[ORACLE_CALLED].name);

    if (json_is_string(value)
        && json_string_length(value) <= USAGE_ID_BYTES_MAX) {
        name->data = json_string_value(value);
        name->len = json_string_length(value);
    }

    return !json_is_array(value) && !json_is_object(value);
}


/*
 * The row's enterprise project: a string that is not too long, or none.
 */
static inline bool
oracle_project(const json_t *row, usage_str_t *project)
{
    const json_t *value;

    value = json_object_get(row, "enterprise_project_id");
    project->data = "";
    project->len = 0;

    if (json_is_string(value)) {
        project->data = json_string_value(value);
        project->len = json_string_length(value);
    }

    return project->len <= USAGE_SCAN_KEPT_MAX
           && (value == NULL || json_is_null(value) || json_is_string(value));
}


static inline bool
oracle_row(const oracle_keys_t *keys, const json_t *row, usage_str_t *id,
    double *seconds)
{
    bool          usage;
    size_t        i;
    const json_t *value, *metrics;

    value = json_object_get(row, keys->list[ORACLE_ID].name);
    metrics = json_object_get(row, "metric");

    if (!json_is_string(value)) {
        return false;
    }

    id->data = json_string_value(value);
    id->len = json_string_length(value);

    if (id->len == 0 || oracle_chars(*id) > 255) {
        return false;
    }

    if (metrics != NULL && !json_is_null(metrics) && !json_is_array(metrics)) {
        return false;
    }

    usage = false;
    *seconds = 0;

    for (i = 0; i < json_array_size(metrics); i++) {
        if (!oracle_metric(keys, json_array_get(metrics, i), &usage, seconds)) {
            return false;
        }
    }

    return true;
}


/*
 * Tells whether a page is an error of the API, or as good as one.
 */
static inline bool
oracle_error(const json_t *root)
{
    const json_t *code, *msg;

    code = json_object_get(root, "error_code");
    msg = json_object_get(root, "error_msg");

    return json_is_string(code) || json_is_array(code) || json_is_object(code)
           || json_is_array(msg) || json_is_object(msg);
}


static inline bool
oracle_rules(oracle_page_t *page, const oracle_keys_t *keys)
{
    size_t        i;
    double        seconds;
    usage_str_t   id, name, project;
    const json_t *count, *items, *row;

    count = json_object_get(page->root, "count");
    items = json_object_get(page->root, "items");

    if (oracle_error(page->root) || !json_is_integer(count)) {
        return false;
    }

    page->count = json_integer_value(count);

    if (page->count < 0 || page->count > INT64_C(2147483647)) {
        return false;
    }

    if (items == NULL || json_is_null(items)) {
        return page->count == 0;
    }

    if (!json_is_array(items)) {
        return false;
    }

    page->rows = json_array_size(items);

    for (i = 0; i < page->rows; i++) {
        row = json_array_get(items, i);

        if (!oracle_row(keys, row, &id, &seconds)
            || !oracle_name(keys, row, &name) || !oracle_project(row, &project))
        {
            return false;
        }

        if (i > USAGE_PAGE_ROWS) {
            return false;
        }

        if (i < USAGE_PAGE_ROWS) {
            page->ids[i] = id;
            page->names[i] = name;
            page->projects[i] = project;
            page->seconds[i] = seconds;
        }
    }

    return true;
}


/* Reads a page; freed by oracle_page_free(). */

static inline void
oracle_page_read(
    oracle_page_t *page, const oracle_keys_t *keys, usage_str_t text)
{
    bool  refused;
    char *copy;

    page->root = NULL;
    page->accepted = false;
    page->count = -1;
    page->rows = 0;

    if (text.len == 0 || memchr(text.data, '\0', text.len) != NULL) {
        return;
    }

    page->root = json_loadb(text.data, text.len, 0, NULL);

    if (page->root == NULL) {
        return;
    }

    copy = unit_must(malloc(text.len + 1));
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';

    refused = false;
    (void) oracle_walk(keys, copy, ORACLE_TOP, &refused);
    free(copy);

    page->accepted = !refused && oracle_rules(page, keys);
}


static inline void
oracle_page_free(oracle_page_t *page)
{
    json_decref(page->root);
}


/*
 * Feeds a page to the reader in pieces of the sizes that size() gives, each in
 * a block of its own.
 */
static inline usage_result_t
oracle_feed(usage_page_reader_t *reader, usage_str_t text,
    size_t (*size)(void *data), void                *data)
{
    char          *copy;
    size_t         at, n;
    usage_str_t    piece;
    usage_result_t rc;

    for (at = 0; at < text.len; at += n) {
        n = size(data);

        if (n > text.len - at) {
            n = text.len - at;
        }

        piece.data = text.data + at;
        piece.len = n;
        copy = unit_exact(piece);
        rc = usage_page_feed(reader, copy, n);
        free(copy);

        if (rc != USAGE_OK) {
            return rc;
        }
    }

    return usage_page_end(reader);
}


/*
 * What a page's row is called in the end: as the first says that has its id and
 * a name.
 */
static inline usage_str_t
oracle_called(const oracle_page_t *page, usage_str_t id)
{
    size_t      i;
    usage_str_t none = usage_string("");

    for (i = 0; i < page->rows && i < USAGE_PAGE_ROWS; i++) {
        if (page->names[i].len > 0 && usage_str_equal(page->ids[i], id)) {
            return page->names[i];
        }
    }

    return none;
}


/*
 * Whether the reader makes of a page what the oracle makes of it; *why says
 * what differs.
 */
static inline bool
oracle_agrees(const oracle_page_t *page, const usage_page_reader_t *reader,
    usage_result_t rc, const usage_error_t *error, const char **why)
{
    size_t             i;
    const usage_row_t *row;

    if ((rc == USAGE_OK) != page->accepted) {
        *why = rc == USAGE_OK ? "accepted, not refused" : error->detail;
        return false;
    }

    if (rc != USAGE_OK) {
        *why = "refused with another status than 502";
        return rc == USAGE_ERROR && error->status == 502
               && error->detail[0] != '\0';
    }

    *why = "another count";

    if (reader->page.count != page->count
        || reader->page.rows_count != page->rows) {
        return false;
    }

    *why = "another row";

    for (i = 0; i < page->rows && i < USAGE_PAGE_ROWS; i++) {
        row = &reader->page.rows[i];

        if (!usage_str_equal(row->desktop->id, page->ids[i])
            || row->seconds != page->seconds[i])
        {
            return false;
        }

        if (row->project
            != (page->projects[i].len > 0
                    ? usage_hash(reader->table->pool->seed, page->projects[i])
                    : 0))
        {
            *why = "another enterprise project";
            return false;
        }

        /* with more rows, one that isn't kept may have told the name */

        if (page->rows <= USAGE_PAGE_ROWS
            && !usage_str_equal(
                row->desktop->name, oracle_called(page, page->ids[i])))
        {
            *why = "another name";
            return false;
        }
    }

    return true;
}


#endif /* ORACLE_H */
