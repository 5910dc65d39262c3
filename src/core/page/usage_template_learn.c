/* SPDX-License-Identifier: BSD-2-Clause */

#include "page/usage_template.h"
#include "base/usage_number.h"


/* where a row that is learned stands */

enum {
    USAGE_TEMPLATE_OUTSIDE = 0,
    USAGE_TEMPLATE_ROW,
    USAGE_TEMPLATE_METRICS,
    USAGE_TEMPLATE_METRIC
};


/*
 * A row that is learned.  All of it is JSON that makes sense, and ends with a
 * brace behind the row.
 */
typedef struct {
    const usage_page_keys_t *keys;
    const char              *from; /* constant bytes, up to p */
    const char              *p;
    const char              *end;
    unsigned                 level;
    usage_str_t              key;
    bool                     usage; /* the metric is the one that counts */
    size_t                   value; /* its value's part, if it is a number */
    size_t                   parts;
    usage_str_t              part[USAGE_TEMPLATE_ONE];
    usage_template_kind_t    kind[USAGE_TEMPLATE_ONE];
} usage_template_lesson_t;


static bool
usage_template_is(usage_str_t text, const char *literal)
{
    return text.len == strlen(literal)
           && memcmp(text.data, literal, text.len) == 0;
}


/*
 * The constant bytes end here; what comes is of that kind.
 */
static bool
usage_template_cut(usage_template_lesson_t *lesson, usage_template_kind_t kind)
{
    usage_str_t *part;

    if (lesson->parts == USAGE_TEMPLATE_ONE) {
        return false;
    }

    part = &lesson->part[lesson->parts];
    part->data = lesson->from;
    part->len = (size_t) (lesson->p - lesson->from);
    lesson->kind[lesson->parts++] = kind;

    return true;
}


/*
 * The quote at p: a key, or a value.
 */
static bool
usage_template_quote(usage_template_lesson_t *lesson)
{
    usage_str_t           text;
    const char           *after;
    usage_template_kind_t kind;

    text.data = ++lesson->p;
    after = memchr(text.data, '"', (size_t) (lesson->end - text.data));
    text.len = (size_t) (after - text.data);

    for (after++; (unsigned char) *after <= ' '; after++) {
        /* white space */
    }

    if (*after == ':') {
        lesson->key = text;
        lesson->p = after + 1;
        return true;
    }

    if (lesson->level == USAGE_TEMPLATE_METRIC
        && usage_template_is(lesson->key, "metric_name"))
    {
        lesson->usage = usage_str_equal(text, lesson->keys->metric);
        lesson->p = after;
        return true;
    }

    kind = USAGE_TEMPLATE_STRING;

    if (lesson->level == USAGE_TEMPLATE_ROW) {
        kind = usage_str_equal(lesson->key, lesson->keys->id)
                   ? USAGE_TEMPLATE_ID
               : lesson->key.len > 0
                       && usage_str_equal(lesson->key, lesson->keys->name)
                   ? USAGE_TEMPLATE_NAME
                   : USAGE_TEMPLATE_STRING;
    }

    if (!usage_template_cut(lesson, kind)) {
        return false;
    }

    lesson->from = text.data + text.len;
    lesson->p = after;

    return true;
}


static bool
usage_template_number(usage_template_lesson_t *lesson)
{
    if (!usage_template_cut(lesson, USAGE_TEMPLATE_NUMBER)) {
        return false;
    }

    if (lesson->level == USAGE_TEMPLATE_METRIC
        && usage_template_is(lesson->key, "metric_value"))
    {
        lesson->value = lesson->parts;
    }

    while (usage_number_has(*lesson->p)) {
        lesson->p++;
    }

    lesson->from = lesson->p;

    return true;
}


/*
 * Of what holds others, a row has an array of metrics, and that has metrics.
 */
static bool
usage_template_open(usage_template_lesson_t *lesson)
{
    if (lesson->level == USAGE_TEMPLATE_METRIC
        || (lesson->level == USAGE_TEMPLATE_ROW
            && !usage_template_is(lesson->key, "metric")))
    {
        return false;
    }

    lesson->level++;
    lesson->usage = false;
    lesson->value = 0;
    lesson->p++;

    return true;
}


static void
usage_template_close(usage_template_lesson_t *lesson)
{
    if (lesson->level == USAGE_TEMPLATE_METRIC && lesson->usage
        && lesson->value > 0)
    {
        lesson->kind[lesson->value - 1] = USAGE_TEMPLATE_SECONDS;
    }

    lesson->level--;
    lesson->p++;
}


static bool
usage_template_lesson(usage_template_lesson_t *lesson)
{
    bool good;
    char c;

    do {
        c = *lesson->p;

        if (c == '"') {
            good = usage_template_quote(lesson);

        } else if (c == '{' || c == '[') {
            good = usage_template_open(lesson);

        } else if (c == '}' || c == ']') {
            usage_template_close(lesson);
            good = true;

        } else if (c == '-' || (c >= '0' && c <= '9')) {
            good = usage_template_number(lesson);

        } else { /* punctuation, white space, words */
            lesson->p++;
            good = true;
        }
    } while (good && lesson->level != USAGE_TEMPLATE_OUTSIDE);

    lesson->p = lesson->end;

    return good && usage_template_cut(lesson, USAGE_TEMPLATE_END);
}


/*
 * A new part, the last of them; or there is no room for it.
 */
static bool
usage_template_add(
    usage_template_t *shape, usage_str_t text, usage_template_kind_t kind)
{
    usage_template_part_t *part;

    if (shape->parts == USAGE_TEMPLATE_PARTS
        || text.len > USAGE_TEMPLATE_BYTES - shape->len)
    {
        return false;
    }

    part = &shape->part[shape->parts++];
    part->text = (uint16_t) shape->len;
    part->len = (uint16_t) text.len;
    part->kind = (uint8_t) kind;
    part->next = 0;
    part->other = 0;

    memcpy(shape->text + shape->len, text.data, text.len);
    shape->len += text.len;

    return true;
}


/*
 * Which of the parts from at on it is, or where one more would go.
 */
static uint8_t *
usage_template_place(usage_template_t *shape, uint8_t *at, usage_str_t text,
    usage_template_kind_t kind)
{
    usage_template_part_t *part;

    while (*at != 0) {
        part = &shape->part[*at - 1];

        if (part->kind == kind && part->len == text.len
            && memcmp(shape->text + part->text, text.data, text.len) == 0)
        {
            break;
        }

        at = &part->other;
    }

    return at;
}


/*
 * Puts what was learned to the tree.  Gives whether it is new.
 */
static bool
usage_template_enter(
    usage_template_t *shape, const usage_template_lesson_t *lesson)
{
    bool     added;
    size_t   i;
    uint8_t *at;

    at = &shape->first;
    added = false;

    for (i = 0; i < lesson->parts; i++) {
        at = usage_template_place(shape, at, lesson->part[i], lesson->kind[i]);

        if (*at == 0) {
            if (!usage_template_add(shape, lesson->part[i], lesson->kind[i])) {
                return false;
            }

            *at = shape->parts;
            added = true;
        }

        at = &shape->part[*at - 1].next;
    }

    return added;
}


void
usage_template_learn(
    usage_template_t *shape, const usage_page_keys_t *keys, usage_str_t row)
{
    usage_template_lesson_t lesson;

    if (shape->vain == USAGE_TEMPLATE_VAIN) {
        return;
    }

    shape->keys = keys;

    lesson.keys = keys;
    lesson.from = row.data;
    lesson.p = row.data;
    lesson.end = row.data + row.len;
    lesson.level = USAGE_TEMPLATE_OUTSIDE;
    lesson.key.data = "";
    lesson.key.len = 0;
    lesson.usage = false;
    lesson.value = 0;
    lesson.parts = 0;

    if (memchr(row.data, '\\', row.len) != NULL
        || !usage_template_lesson(&lesson)
        || !usage_template_enter(shape, &lesson))
    {
        shape->vain++;
    }
}
