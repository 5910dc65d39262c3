/* SPDX-License-Identifier: BSD-2-Clause */

#include "page/usage_shape.h"
#include "base/usage_number.h"


/* where a row that is learned stands */

enum {
    USAGE_SHAPE_OUTSIDE = 0,
    USAGE_SHAPE_ROW,
    USAGE_SHAPE_METRICS,
    USAGE_SHAPE_METRIC
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
    usage_str_t              part[USAGE_SHAPE_ONE];
    usage_shape_kind_t       kind[USAGE_SHAPE_ONE];
} usage_shape_lesson_t;


static bool
usage_shape_is(usage_str_t text, const char *literal)
{
    return text.len == strlen(literal)
           && memcmp(text.data, literal, text.len) == 0;
}


/*
 * The constant bytes end here; what comes is of that kind.
 */
static bool
usage_shape_cut(usage_shape_lesson_t *lesson, usage_shape_kind_t kind)
{
    usage_str_t *part;

    if (lesson->parts == USAGE_SHAPE_ONE) {
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
usage_shape_quote(usage_shape_lesson_t *lesson)
{
    usage_str_t        text;
    const char        *after;
    usage_shape_kind_t kind;

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

    if (lesson->level == USAGE_SHAPE_METRIC
        && usage_shape_is(lesson->key, "metric_name"))
    {
        lesson->usage = usage_str_equal(text, lesson->keys->metric);
        lesson->p = after;
        return true;
    }

    kind = USAGE_SHAPE_STRING;

    if (lesson->level == USAGE_SHAPE_ROW) {
        kind = usage_str_equal(lesson->key, lesson->keys->id) ? USAGE_SHAPE_ID
               : lesson->key.len > 0
                       && usage_str_equal(lesson->key, lesson->keys->name)
                   ? USAGE_SHAPE_NAME
                   : USAGE_SHAPE_STRING;
    }

    if (!usage_shape_cut(lesson, kind)) {
        return false;
    }

    lesson->from = text.data + text.len;
    lesson->p = after;

    return true;
}


static bool
usage_shape_number(usage_shape_lesson_t *lesson)
{
    if (!usage_shape_cut(lesson, USAGE_SHAPE_NUMBER)) {
        return false;
    }

    if (lesson->level == USAGE_SHAPE_METRIC
        && usage_shape_is(lesson->key, "metric_value"))
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
usage_shape_open(usage_shape_lesson_t *lesson)
{
    if (lesson->level == USAGE_SHAPE_METRIC
        || (lesson->level == USAGE_SHAPE_ROW
            && !usage_shape_is(lesson->key, "metric")))
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
usage_shape_close(usage_shape_lesson_t *lesson)
{
    if (lesson->level == USAGE_SHAPE_METRIC && lesson->usage
        && lesson->value > 0) {
        lesson->kind[lesson->value - 1] = USAGE_SHAPE_SECONDS;
    }

    lesson->level--;
    lesson->p++;
}


static bool
usage_shape_lesson(usage_shape_lesson_t *lesson)
{
    bool good;
    char c;

    do {
        c = *lesson->p;

        if (c == '"') {
            good = usage_shape_quote(lesson);

        } else if (c == '{' || c == '[') {
            good = usage_shape_open(lesson);

        } else if (c == '}' || c == ']') {
            usage_shape_close(lesson);
            good = true;

        } else if (c == '-' || (c >= '0' && c <= '9')) {
            good = usage_shape_number(lesson);

        } else { /* punctuation, white space, words */
            lesson->p++;
            good = true;
        }
    } while (good && lesson->level != USAGE_SHAPE_OUTSIDE);

    lesson->p = lesson->end;

    return good && usage_shape_cut(lesson, USAGE_SHAPE_END);
}


/*
 * A new part, the last of them; or there is no room for it.
 */
static bool
usage_shape_add(usage_shape_t *shape, usage_str_t text, usage_shape_kind_t kind)
{
    usage_shape_part_t *part;

    if (shape->parts == USAGE_SHAPE_PARTS
        || text.len > USAGE_SHAPE_BYTES - shape->len)
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
usage_shape_place(usage_shape_t *shape, uint8_t *at, usage_str_t text,
    usage_shape_kind_t kind)
{
    usage_shape_part_t *part;

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
usage_shape_enter(usage_shape_t *shape, const usage_shape_lesson_t *lesson)
{
    bool     added;
    size_t   i;
    uint8_t *at;

    at = &shape->first;
    added = false;

    for (i = 0; i < lesson->parts; i++) {
        at = usage_shape_place(shape, at, lesson->part[i], lesson->kind[i]);

        if (*at == 0) {
            if (!usage_shape_add(shape, lesson->part[i], lesson->kind[i])) {
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
usage_shape_learn(
    usage_shape_t *shape, const usage_page_keys_t *keys, usage_str_t row)
{
    usage_shape_lesson_t lesson;

    if (shape->vain == USAGE_SHAPE_VAIN) {
        return;
    }

    shape->keys = keys;

    lesson.keys = keys;
    lesson.from = row.data;
    lesson.p = row.data;
    lesson.end = row.data + row.len;
    lesson.level = USAGE_SHAPE_OUTSIDE;
    lesson.key.data = "";
    lesson.key.len = 0;
    lesson.usage = false;
    lesson.value = 0;
    lesson.parts = 0;

    if (memchr(row.data, '\\', row.len) != NULL || !usage_shape_lesson(&lesson)
        || !usage_shape_enter(shape, &lesson))
    {
        shape->vain++;
    }
}
