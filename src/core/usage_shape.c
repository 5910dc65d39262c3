#include "usage_shape.h"
#include "usage_number.h"
#include "usage_scan_special.h"


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
    usage_shape_t           *shape;
    const usage_page_keys_t *keys;
    const char              *from; /* constant bytes, up to p */
    const char              *p;
    const char              *end;
    unsigned                 level;
    usage_str_t              key;
    bool                     usage; /* the metric is the one that counts */
    unsigned                 value; /* its value's part, if it is a number */
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
    size_t         len;
    usage_shape_t *shape;

    shape = lesson->shape;
    len = (size_t) (lesson->p - lesson->from);

    if (shape->parts == USAGE_SHAPE_PARTS
        || len > USAGE_SHAPE_BYTES - shape->len) {
        return false;
    }

    memcpy(shape->text + shape->len, lesson->from, len);
    shape->len += len;
    shape->part[shape->parts].len = (uint16_t) len;
    shape->part[shape->parts].kind = kind;
    shape->parts++;

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
        lesson->value = lesson->shape->parts;
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
        lesson->shape->part[lesson->value - 1].kind = USAGE_SHAPE_SECONDS;
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


void
usage_shape_learn(
    usage_shape_t *shape, const usage_page_keys_t *keys, usage_str_t row)
{
    usage_shape_lesson_t lesson;

    shape->others++;

    if ((shape->parts > 0 && shape->others < 2)
        || shape->times == USAGE_SHAPE_TIMES
        || memchr(row.data, '\\', row.len) != NULL)
    {
        return;
    }

    shape->times++;
    shape->others = 0;
    shape->parts = 0;
    shape->len = 0;

    lesson.shape = shape;
    lesson.keys = keys;
    lesson.from = row.data;
    lesson.p = row.data;
    lesson.end = row.data + row.len;
    lesson.level = USAGE_SHAPE_OUTSIDE;
    lesson.key.data = "";
    lesson.key.len = 0;

    if (!usage_shape_lesson(&lesson)) {
        shape->parts = 0;
    }
}


/*
 * Whether the bytes are the same.  Most are many: words of eight, of which the
 * last may overlap the one before it.
 */
static inline bool
usage_shape_same(const char *a, const char *b, size_t len)
{
    size_t   i;
    uint64_t one, other, differ;

    differ = 0;

    if (len < 8) {
        for (i = 0; i < len; i++) {
            differ |= (uint64_t) (a[i] ^ b[i]);
        }

        return differ == 0;
    }

    for (i = 0; i < len - 8; i += 8) {
        memcpy(&one, a + i, 8);
        memcpy(&other, b + i, 8);
        differ |= one ^ other;
    }

    memcpy(&one, a + len - 8, 8);
    memcpy(&other, b + len - 8, 8);

    return (differ | (one ^ other)) == 0;
}


/*
 * The first byte from p on that a string cannot take as it is, if there are
 * enough bytes up to end to look at them together.
 */
static inline const char *
usage_shape_plain(const char *p, const char *end)
{
    uint64_t special;

    for (; end - p >= 16; p += 16) {
        special = usage_scan_special16(p);

        if (special != 0) {
            return p + __builtin_ctzll(special);
        }
    }

    return end;
}


/*
 * A string from p on, up to its quote; NULL: it is none that is read here.
 * (That it is a quote which ends it, the constant bytes behind it tell.)
 */
static inline const char *
usage_shape_take_string(
    unsigned kind, const char *p, const char *end, usage_shape_row_t *row)
{
    usage_str_t text;

    text.data = p;
    p = usage_shape_plain(p, end);
    text.len = (size_t) (p - text.data);

    if (kind == USAGE_SHAPE_ID) {
        if (text.len == 0 || text.len > USAGE_ID_CHARS_MAX) {
            return NULL;
        }

        row->id = text;

    } else if (kind == USAGE_SHAPE_NAME) {
        if (text.len > USAGE_ID_BYTES_MAX) {
            return NULL;
        }

        row->name = text;
    }

    return p;
}


/*
 * A number, likewise.
 */
static inline const char *
usage_shape_take_number(
    unsigned kind, const char *p, const char *end, usage_shape_row_t *row)
{
    bool    integer;
    size_t  len;
    double  number;
    int64_t whole;

    len = usage_number_short(p, end, &integer, &whole, &number);
    if (len == 0) {
        return NULL;
    }

    if (kind == USAGE_SHAPE_SECONDS) {
        row->seconds = number;
    }

    return p + len;
}


const char *
usage_shape_read(usage_shape_t *shape, const char *p, const char *end,
    usage_shape_row_t *row)
{
    const char               *text;
    const usage_shape_part_t *part;

    row->name.len = 0;
    row->seconds = 0;

    if (shape->parts == 0) {
        return NULL;
    }

    text = shape->text;

    for (part = shape->part;; part++) {
        if ((size_t) (end - p) < part->len
            || !usage_shape_same(p, text, part->len)) {
            return NULL;
        }

        p += part->len;
        text += part->len;

        if (part->kind == USAGE_SHAPE_END) {
            shape->others = 0;
            return p - 1;
        }

        p = part->kind < USAGE_SHAPE_NUMBER
                ? usage_shape_take_string(part->kind, p, end, row)
                : usage_shape_take_number(part->kind, p, end, row);

        if (p == NULL) {
            return NULL;
        }
    }
}
