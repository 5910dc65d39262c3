/* SPDX-License-Identifier: BSD-2-Clause */

#include "compare/usage_compare_private.h"
#include "base/usage_json.h"
#include "base/usage_number.h"

#include <stdio.h>


/* what two doubles may differ by although the same decimals were read */
#define USAGE_COMPARE_NOISE 1e-9

/*
 * A use_time as a number, where it is one.
 */
typedef struct {
    bool   number;
    double hours;
} usage_compare_time_t;


static const char *const usage_compare_sides[USAGE_COMPARE_SIDES] = { "legacy",
    "translated" };

static const usage_str_t usage_compare_nothing = usage_string("");


/*
 * One more difference; of those beyond max only the number is kept.
 */
static usage_result_t
usage_compare_add(usage_comparison_t *self, usage_str_t time, const char *what,
    const usage_str_t *values)
{
    usage_str_t         shown[USAGE_COMPARE_SIDES];
    usage_compare_t    *result;
    usage_difference_t *difference;

    result = self->result;
    result->total++;

    if (result->count == self->max) {
        return USAGE_OK;
    }

    if (result->differences == NULL) {
        result->differences =
            usage_alloc(self->pool, self->max * sizeof(usage_difference_t));

        if (result->differences == NULL) {
            return usage_no_memory(self->pool, self->error);
        }
    }

    memcpy(shown, values, sizeof(shown));
    shown[0].len = (size_t) usage_shown(shown[0]);
    shown[1].len = (size_t) usage_shown(shown[1]);

    difference = &result->differences[result->count];
    difference->what.data = what;
    difference->what.len = strlen(what);

    if (usage_str_copy(self->pool, self->desktop, &difference->desktop)
            != USAGE_OK
        || usage_str_copy(self->pool, time, &difference->time) != USAGE_OK
        || usage_str_copy(self->pool, shown[0], &difference->legacy) != USAGE_OK
        || usage_str_copy(self->pool, shown[1], &difference->translated)
               != USAGE_OK)
    {
        return usage_no_memory(self->pool, self->error);
    }

    result->count++;

    return USAGE_OK;
}


static usage_compare_time_t
usage_compare_time(const json_t *value)
{
    bool                 integer;
    int64_t              whole;
    usage_str_t          text;
    usage_compare_time_t time;

    time.hours = 0;

    if (json_is_string(value)) {
        text = usage_compare_text(value);
        time.number = usage_number_parse(
                          text.data, text.len, &integer, &whole, &time.hours)
                      == NULL;

        return time;
    }

    time.number = json_is_number(value);
    time.hours = json_number_value(value);

    return time;
}


/*
 * A value in words, in buffer or where it is a string, there.
 */
#define USAGE_COMPARE_WORDS 32

static usage_str_t
usage_compare_words(const json_t *value, char *buffer)
{
    usage_str_t text;

    if (json_is_string(value)) {
        return usage_compare_text(value);
    }

    if (value == NULL) {
        return usage_compare_nothing;
    }

    (void) snprintf(buffer, USAGE_COMPARE_WORDS, "%s",
        json_is_null(value)     ? "null"
        : json_is_true(value)   ? "true"
        : json_is_false(value)  ? "false"
        : json_is_object(value) ? "an object"
                                : "an array");

    if (json_is_number(value)) {
        (void) snprintf(
            buffer, USAGE_COMPARE_WORDS, "%.15g", json_number_value(value));
    }

    text.data = buffer;
    text.len = strlen(buffer);

    return text;
}


static bool
usage_compare_near(usage_comparison_t *self, double a, double b)
{
    double apart;

    apart = fabs(a - b);

    if (apart > self->result->largest) {
        self->result->largest = apart;
    }

    return apart <= self->tolerance + USAGE_COMPARE_NOISE * fmax(1, fabs(a));
}


/*
 * Whether two values that are there are the same.
 */
static bool
usage_compare_same_time(
    usage_comparison_t *self, const json_t *legacy, const json_t *translated)
{
    char                 buffers[USAGE_COMPARE_SIDES][USAGE_COMPARE_WORDS];
    usage_compare_time_t a, b;

    a = usage_compare_time(legacy);
    b = usage_compare_time(translated);

    if (a.number && b.number) {
        return usage_compare_near(self, a.hours, b.hours);
    }

    return a.number == b.number
           && usage_str_equal(usage_compare_words(legacy, buffers[0]),
               usage_compare_words(translated, buffers[1]));
}


static usage_result_t
usage_compare_element(
    usage_comparison_t *self, const usage_compare_item_t *const *items)
{
    char          buffers[USAGE_COMPARE_SIDES][USAGE_COMPARE_WORDS];
    size_t        i;
    usage_str_t   values[USAGE_COMPARE_SIDES], date;
    const json_t *times[USAGE_COMPARE_SIDES];

    date = items[0] != NULL ? items[0]->key : items[1]->key;

    for (i = 0; i < USAGE_COMPARE_SIDES; i++) {
        times[i] = items[i] == NULL
                       ? NULL
                       : json_object_get(items[i]->json, "use_time");
        values[i] = usage_compare_words(times[i], buffers[i]);
    }

    if (times[0] == NULL && times[1] == NULL) {
        return USAGE_OK;
    }

    self->result->values++;

    if (times[0] != NULL && times[1] != NULL
        && usage_compare_same_time(self, times[0], times[1]))
    {
        return USAGE_OK;
    }

    return usage_compare_add(self, date, "use_time", values);
}


/*
 * An element of an entry that the other reply lacks: it is one more difference
 * where the desktop was in use.
 */
static usage_result_t
usage_compare_lost(
    usage_comparison_t *self, const usage_compare_item_t *const *items)
{
    const json_t        *value;
    usage_compare_time_t time;

    value = json_object_get(
        (items[0] != NULL ? items[0] : items[1])->json, "use_time");
    time = usage_compare_time(value);

    if (time.number && time.hours == 0) {
        return USAGE_OK;
    }

    return usage_compare_element(self, items);
}


/*
 * The elements of an entry, and its hours in all.
 */
static usage_result_t
usage_compare_elements(usage_comparison_t *self, const json_t *entry,
    usage_compare_list_t *list, double *hours)
{
    size_t        i;
    const json_t *array;

    array = json_object_get(entry, "used_info_list");

    if (array != NULL && !json_is_array(array) && !json_is_null(array)) {
        return usage_compare_refuse(self, "a used_info_list that is no array");
    }

    if (usage_compare_list(self, list, array, "date", false) != USAGE_OK) {
        return USAGE_ERROR;
    }

    for (i = 0, *hours = 0; i < list->count; i++) {
        *hours +=
            usage_compare_time(json_object_get(list->items[i].json, "use_time"))
                .hours;
    }

    return USAGE_OK;
}


static usage_result_t
usage_compare_entry(
    usage_comparison_t *self, const usage_compare_item_t *const *items)
{
    char                 text[USAGE_COMPARE_SIDES][USAGE_HOURS_MAX];
    size_t               i;
    double               hours;
    usage_str_t          users[USAGE_COMPARE_SIDES], sums[USAGE_COMPARE_SIDES];
    usage_compare_list_t lists[USAGE_COMPARE_SIDES];

    for (i = 0; i < USAGE_COMPARE_SIDES; i++) {
        users[i] = sums[i] = usage_compare_nothing;
        lists[i].count = 0;
        hours = 0;

        if (items[i] == NULL) {
            continue;
        }

        self->desktop = items[i]->key;
        self->side = usage_compare_sides[i];
        users[i] = usage_compare_text(
            json_object_get(items[i]->json, "desktop_username"));

        if (usage_compare_elements(self, items[i]->json, &lists[i], &hours)
            != USAGE_OK) {
            return USAGE_ERROR;
        }

        sums[i].data = text[i];
        sums[i].len = (size_t) snprintf(
            text[i], sizeof(text[i]), "%.15g", round(hours * 100) / 100);
    }

    if (items[0] == NULL || items[1] == NULL) {
        if (usage_compare_add(self, usage_compare_nothing, "entry", sums)
            != USAGE_OK) {
            return USAGE_ERROR;
        }

        return usage_compare_merge(self, lists, usage_compare_lost);
    }

    if (!usage_str_equal(users[0], users[1])
        && usage_compare_add(
               self, usage_compare_nothing, "desktop_username", users)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return usage_compare_merge(self, lists, usage_compare_element);
}


/*
 * Reads one of the replies: its entries and their count.
 */
static usage_result_t
usage_compare_load(usage_comparison_t *self, json_t **root,
    usage_compare_list_t *list, usage_str_t body)
{
    json_t      *array, *count;
    json_error_t reason;

    *root = usage_json_load(
        body, USAGE_JSON_REPLY, JSON_REJECT_DUPLICATES, &reason);

    if (*root == NULL) {
        return usage_error(self->error, 502, "the %s reply is not JSON: %s",
            self->side, reason.text);
    }

    array = json_object_get(*root, "desktop_used_info_list");
    count = json_object_get(*root, "total_count");

    if (!json_is_integer(count)) {
        return usage_compare_refuse(self, "no total_count");
    }

    /* an empty list may be left out */

    if (!json_is_array(array)
        && !(json_integer_value(count) == 0
             && (array == NULL || json_is_null(array))))
    {
        return usage_compare_refuse(self, "no desktop_used_info_list");
    }

    return usage_compare_list(self, list, array, "desktop_id", true);
}


static usage_result_t
usage_compare_roots(usage_comparison_t *self, json_t *const *roots,
    const usage_compare_list_t *lists)
{
    char          buffers[USAGE_COMPARE_SIDES][USAGE_COMPARE_WORDS];
    size_t        i;
    usage_str_t   values[USAGE_COMPARE_SIDES];
    const json_t *counts[USAGE_COMPARE_SIDES];

    for (i = 0; i < USAGE_COMPARE_SIDES; i++) {
        counts[i] = json_object_get(roots[i], "total_count");
        values[i] = usage_compare_words(counts[i], buffers[i]);
    }

    if (json_integer_value(counts[0]) != json_integer_value(counts[1])
        && usage_compare_add(self, usage_compare_nothing, "total_count", values)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return usage_compare_merge(self, lists, usage_compare_entry);
}


usage_result_t
usage_compare(usage_compare_t *compare, const usage_pool_t *pool,
    usage_str_t legacy, usage_str_t translated, double tolerance, size_t max,
    usage_error_t *error)
{
    json_t              *roots[USAGE_COMPARE_SIDES] = { NULL, NULL };
    size_t               i;
    usage_str_t          bodies[USAGE_COMPARE_SIDES];
    usage_result_t       rc;
    usage_comparison_t   self;
    usage_compare_list_t lists[USAGE_COMPARE_SIDES];

    memset(compare, 0, sizeof(usage_compare_t));
    memset(&self, 0, sizeof(self));
    memset(lists, 0, sizeof(lists));

    self.result = compare;
    self.pool = pool;
    self.error = error;
    self.tolerance = tolerance;
    self.max = max;
    self.desktop = usage_compare_nothing;

    bodies[0] = legacy;
    bodies[1] = translated;
    rc = USAGE_OK;

    for (i = 0; i < USAGE_COMPARE_SIDES && rc == USAGE_OK; i++) {
        self.side = usage_compare_sides[i];
        rc = usage_compare_load(&self, &roots[i], &lists[i], bodies[i]);
    }

    if (rc == USAGE_OK) {
        rc = usage_compare_roots(&self, roots, lists);
    }

    json_decref(roots[0]);
    json_decref(roots[1]);

    return rc;
}
