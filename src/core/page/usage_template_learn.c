/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Learning a template: a row is cut into parts, and these go to the tree.
 */

#include "page/usage_template.h"
#include "base/usage_number.h"


/* what is open at the place where a row is read */

enum {
    USAGE_TEMPLATE_OUTSIDE = 0,
    USAGE_TEMPLATE_ROW,
    USAGE_TEMPLATE_METRICS,
    USAGE_TEMPLATE_METRIC
};


/*
 * A template in the making.  The row is JSON and makes sense, as the streaming
 * reader accepted it, and ends with a brace behind it.
 */
typedef struct {
    const usage_page_keys_t *keys;
    const char              *from; /* the part's constant bytes: from here */
    const char              *p;    /* up to here, where the row is read */
    const char              *end;
    unsigned                 level;
    usage_str_t              key;   /* the last one */
    bool                     usage; /* the metric that is open counts */
    size_t                   value; /* its metric_value's part; 0: none yet */
    size_t                   parts;
    usage_str_t              part[USAGE_TEMPLATE_ROW_PARTS];
    usage_template_kind_t    kind[USAGE_TEMPLATE_ROW_PARTS];
} usage_template_draft_t;


static bool
usage_template_is(usage_str_t text, const char *literal)
{
    return text.len == strlen(literal)
           && memcmp(text.data, literal, text.len) == 0;
}


/*
 * Ends a part: its constant bytes go up to p, and a value of that kind follows.
 * false: the row has too many parts.
 */
static bool
usage_template_cut(usage_template_draft_t *draft, usage_template_kind_t kind)
{
    usage_str_t *part;

    if (draft->parts == USAGE_TEMPLATE_ROW_PARTS) {
        return false;
    }

    part = &draft->part[draft->parts];
    part->data = draft->from;
    part->len = (size_t) (draft->p - draft->from);
    draft->kind[draft->parts++] = kind;

    return true;
}


/*
 * Gives the kind of a string that is the value of draft->key.
 */
static usage_template_kind_t
usage_template_string_kind(const usage_template_draft_t *draft)
{
    if (draft->level != USAGE_TEMPLATE_ROW) {
        return USAGE_TEMPLATE_STRING;
    }

    if (usage_str_equal(draft->key, draft->keys->id)) {
        return USAGE_TEMPLATE_ID;
    }

    if (draft->key.len > 0 && usage_str_equal(draft->key, draft->keys->name)) {
        return USAGE_TEMPLATE_NAME;
    }

    return usage_template_is(draft->key, USAGE_PAGE_PROJECT)
               ? USAGE_TEMPLATE_PROJECT
               : USAGE_TEMPLATE_STRING;
}


/*
 * Reads the string whose quote is at p.  A key is constant, and so is the name
 * of a metric, as it tells which metric counts; any other string ends a part.
 */
static bool
usage_template_string(usage_template_draft_t *draft)
{
    usage_str_t text;
    const char *after;

    text.data = ++draft->p;
    after = memchr(text.data, '"', (size_t) (draft->end - text.data));
    text.len = (size_t) (after - text.data);

    for (after++; (unsigned char) *after <= ' '; after++) {
        /* pass white space */
    }

    if (*after == ':') {
        draft->key = text;
        draft->p = after + 1;
        return true;
    }

    if (draft->level == USAGE_TEMPLATE_METRIC
        && usage_template_is(draft->key, "metric_name"))
    {
        draft->usage = usage_str_equal(text, draft->keys->metric);
        draft->p = after;
        return true;
    }

    if (!usage_template_cut(draft, usage_template_string_kind(draft))) {
        return false;
    }

    draft->from = text.data + text.len;
    draft->p = after;

    return true;
}


/*
 * Reads the number at p, which ends a part.
 */
static bool
usage_template_number(usage_template_draft_t *draft)
{
    if (!usage_template_cut(draft, USAGE_TEMPLATE_NUMBER)) {
        return false;
    }

    if (draft->level == USAGE_TEMPLATE_METRIC
        && usage_template_is(draft->key, "metric_value"))
    {
        draft->value = draft->parts;
    }

    while (usage_number_has(*draft->p)) {
        draft->p++;
    }

    draft->from = draft->p;

    return true;
}


/*
 * Opens the container whose bracket is at p: the row, its array of metrics, or
 * one of these.  false: it is any other, and such rows are not learned.
 */
static bool
usage_template_open(usage_template_draft_t *draft)
{
    if (draft->level == USAGE_TEMPLATE_METRIC
        || (draft->level == USAGE_TEMPLATE_ROW
            && !usage_template_is(draft->key, "metric")))
    {
        return false;
    }

    draft->level++;
    draft->usage = false;
    draft->value = 0;
    draft->p++;

    return true;
}


/*
 * Closes the container whose bracket is at p.  Its value counts only if the
 * metric is the usage, which is known now.
 */
static void
usage_template_close(usage_template_draft_t *draft)
{
    if (draft->level == USAGE_TEMPLATE_METRIC && draft->usage
        && draft->value > 0) {
        draft->kind[draft->value - 1] = USAGE_TEMPLATE_SECONDS;
    }

    draft->level--;
    draft->p++;
}


/*
 * Cuts the row into parts.  false: it is not one that is learned.
 */
static bool
usage_template_parts(usage_template_draft_t *draft)
{
    bool good;
    char c;

    do {
        c = *draft->p;

        if (c == '"') {
            good = usage_template_string(draft);

        } else if (c == '{' || c == '[') {
            good = usage_template_open(draft);

        } else if (c == '}' || c == ']') {
            usage_template_close(draft);
            good = true;

        } else if (c == '-' || (c >= '0' && c <= '9')) {
            good = usage_template_number(draft);

        } else { /* punctuation, white space and words are constant */
            draft->p++;
            good = true;
        }
    } while (good && draft->level != USAGE_TEMPLATE_OUTSIDE);

    draft->p = draft->end;

    return good && usage_template_cut(draft, USAGE_TEMPLATE_END);
}


/*
 * Adds a part, the last one.  false: there is no room for it.
 */
static bool
usage_template_add(
    usage_template_t *template, usage_str_t text, usage_template_kind_t kind)
{
    usage_template_part_t *part;

    if (template->parts == USAGE_TEMPLATE_PARTS
        || text.len > USAGE_TEMPLATE_BYTES - template->len)
    {
        return false;
    }

    part = &template->part[template->parts++];
    part->text = (uint16_t) template->len;
    part->len = (uint16_t) text.len;
    part->kind = (uint8_t) kind;
    part->child = 0;
    part->sibling = 0;

    memcpy(template->text + template->len, text.data, text.len);
    template->len += text.len;

    return true;
}


/*
 * Looks for a part among the one at *at and its siblings.  Gives where its
 * number is, or, as 0, would go.
 */
static uint8_t *
usage_template_place(usage_template_t *template, uint8_t *at, usage_str_t text,
    usage_template_kind_t kind)
{
    usage_template_part_t *part;

    while (*at != 0) {
        part = &template->part[*at - 1];

        if (part->kind == kind && part->len == text.len
            && memcmp(template->text + part->text, text.data, text.len) == 0)
        {
            break;
        }

        at = &part->sibling;
    }

    return at;
}


/*
 * Adds what is new of a draft to the tree.  false: nothing is, or there is no
 * room for it.
 */
static bool
usage_template_enter(
    usage_template_t *template, const usage_template_draft_t *draft)
{
    bool     added;
    size_t   i;
    uint8_t *at;

    at = &template->first;
    added = false;

    for (i = 0; i < draft->parts; i++) {
        at = usage_template_place(template, at, draft->part[i], draft->kind[i]);

        if (*at == 0) {
            if (!usage_template_add(template, draft->part[i], draft->kind[i])) {
                return false;
            }

            *at = template->parts;
            added = true;
        }

        at = &template->part[*at - 1].child;
    }

    return added;
}


void
usage_template_learn(
    usage_template_t *template, const usage_page_keys_t *keys, usage_str_t row)
{
    usage_template_draft_t draft;

    if (template->failures == USAGE_TEMPLATE_FAILURES) {
        return;
    }

    template->keys = keys;

    draft.keys = keys;
    draft.from = row.data;
    draft.p = row.data;
    draft.end = row.data + row.len;
    draft.level = USAGE_TEMPLATE_OUTSIDE;
    draft.key.data = "";
    draft.key.len = 0;
    draft.usage = false;
    draft.value = 0;
    draft.parts = 0;

    if (memchr(row.data, '\\', row.len) != NULL || !usage_template_parts(&draft)
        || !usage_template_enter(template, &draft))
    {
        template->failures++;
    }
}
