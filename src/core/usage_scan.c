#include "usage_scan.h"
#include "usage_number.h"


/* what is expected next */

enum {
    USAGE_SCAN_AT_VALUE = 0,
    USAGE_SCAN_AT_FIRST_ELEMENT, /* or the array's end */
    USAGE_SCAN_AT_FIRST_KEY,     /* or the object's end */
    USAGE_SCAN_AT_KEY,
    USAGE_SCAN_AT_COLON,
    USAGE_SCAN_AFTER_VALUE,
    USAGE_SCAN_IN_STRING,
    USAGE_SCAN_IN_ESCAPE,
    USAGE_SCAN_IN_UNICODE, /* the four digits of \uXXXX */
    USAGE_SCAN_IN_NUMBER,
    USAGE_SCAN_IN_WORD,
    USAGE_SCAN_AT_END,
    USAGE_SCAN_FAILED
};


static usage_result_t
usage_scan_fail(usage_scan_t *scan, const char *reason)
{
    scan->state = USAGE_SCAN_FAILED;
    scan->reason = reason;

    return USAGE_ERROR;
}


static inline bool
usage_scan_in_object(const usage_scan_t *scan)
{
    return (scan->objects[(scan->depth - 1) / 8] >> ((scan->depth - 1) % 8))
           & 1;
}


/*
 * Whether the value that comes now is handed on: all that is open is wanted,
 * and so was the key before it.
 */
static inline bool
usage_scan_wants(const usage_scan_t *scan)
{
    return scan->keep && scan->wanted == scan->depth;
}


static inline void
usage_scan_after_value(usage_scan_t *scan)
{
    scan->state = scan->depth == 0 ? USAGE_SCAN_AT_END : USAGE_SCAN_AFTER_VALUE;
}


static usage_result_t
usage_scan_open(usage_scan_t *scan, bool object)
{
    uint8_t *bits;

    if (scan->depth == USAGE_SCAN_DEPTH_MAX) {
        return usage_scan_fail(scan, "nested too deeply");
    }

    if (usage_scan_wants(scan)) {
        if (scan->handler->open(scan->data, object) != USAGE_OK) {
            return usage_scan_fail(scan, NULL);
        }

        scan->wanted++;
    }

    bits = &scan->objects[scan->depth / 8];
    *bits = (uint8_t) ((*bits & ~(1u << (scan->depth % 8)))
                       | ((unsigned) object << (scan->depth % 8)));
    scan->depth++;
    scan->keep = true;
    scan->state =
        object ? USAGE_SCAN_AT_FIRST_KEY : USAGE_SCAN_AT_FIRST_ELEMENT;

    return USAGE_OK;
}


static usage_result_t
usage_scan_close(usage_scan_t *scan)
{
    if (scan->wanted == scan->depth) {
        if (scan->handler->close(scan->data) != USAGE_OK) {
            return usage_scan_fail(scan, NULL);
        }

        scan->wanted--;
    }

    scan->depth--;
    scan->keep = true;
    usage_scan_after_value(scan);

    return USAGE_OK;
}


static usage_result_t
usage_scan_value(usage_scan_t *scan, const usage_scan_value_t *value)
{
    if (usage_scan_wants(scan)
        && scan->handler->value(scan->data, value) != USAGE_OK)
    {
        return usage_scan_fail(scan, NULL);
    }

    usage_scan_after_value(scan);

    return USAGE_OK;
}


/*
 * A whole string, key or value.
 */
static usage_result_t
usage_scan_string(usage_scan_t *scan, const char *text, size_t len)
{
    usage_scan_value_t value;

    value.kind = scan->too_long ? USAGE_SCAN_LONG : USAGE_SCAN_STRING;
    value.text.data = text;
    value.text.len = len;

    if (!scan->key) {
        return usage_scan_value(scan, &value);
    }

    scan->state = USAGE_SCAN_AT_COLON;

    if (scan->wanted != scan->depth) {
        return USAGE_OK;
    }

    scan->keep = false;

    if (!scan->too_long
        && scan->handler->key(scan->data, value.text, &scan->keep) != USAGE_OK)
    {
        return usage_scan_fail(scan, NULL);
    }

    return USAGE_OK;
}


static void
usage_scan_start_string(usage_scan_t *scan, bool key)
{
    scan->state = USAGE_SCAN_IN_STRING;
    scan->key = key;
    scan->too_long = false;
    scan->kept = 0;
    scan->more = 0;
    scan->surrogate = 0;
}


/*
 * Keeps a piece of a string that isn't all in one piece of the input.
 */
static void
usage_scan_keep(usage_scan_t *scan, const char *p, size_t len)
{
    if (scan->wanted != scan->depth || (!scan->key && !scan->keep)) {
        return;
    }

    if (len > USAGE_SCAN_KEPT_MAX - scan->kept) {
        scan->too_long = true;
        return;
    }

    memcpy(scan->text + scan->kept, p, len);
    scan->kept += len;
}


/*
 * The first byte from p on that a string cannot take as it is: a quote, a
 * backslash, a control character, or one that isn't ASCII.  Eight at a time:
 * the lowest bit found in a word is exact.
 */
static const char *
usage_scan_plain(const char *p, const char *end)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t highs = 0x8080808080808080u;

    uint64_t      word, quote, escape, found;
    unsigned char c;

    while (end - p >= 8) {
        memcpy(&word, p, 8);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif

        quote = word ^ (ones * '"');
        escape = word ^ (ones * '\\');
        found = (((quote - ones) & ~quote) | ((escape - ones) & ~escape)
                    | ((word - ones * 0x20) & ~word) | word)
                & highs;

        if (found != 0) {
            return p + __builtin_ctzll(found) / 8;
        }

        p += 8;
    }

    for (; p < end; p++) {
        c = (unsigned char) *p;

        if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80) {
            break;
        }
    }

    return p;
}


/*
 * A byte of a character that isn't ASCII: how many follow the first, and
 * which range the second has to be in (Unicode, table 3-7).
 */
static bool
usage_scan_utf8(usage_scan_t *scan, unsigned char c)
{
    if (scan->more > 0) {
        if (c < scan->low || c > scan->high) {
            return false;
        }

        scan->more--;
        scan->low = 0x80;
        scan->high = 0xbf;

        return true;
    }

    if (c < 0xc2 || c > 0xf4) {
        return false;
    }

    scan->more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    scan->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    scan->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

    return true;
}


/*
 * Inside a string, from *pp on.
 */
static usage_result_t
usage_scan_in_string(usage_scan_t *scan, const char **pp, const char *end)
{
    const char   *p, *start;
    unsigned char c;

    start = *pp;
    p = start;

    /* a surrogate's second half has to come right after the first */

    if (scan->surrogate != 0 && *p != '\\') {
        return usage_scan_fail(scan, "a lone surrogate");
    }

    for (;;) {
        if (scan->more == 0) {
            p = usage_scan_plain(p, end);
        }

        if (p == end) {
            usage_scan_keep(scan, start, (size_t) (p - start));
            *pp = p;
            return USAGE_OK;
        }

        c = (unsigned char) *p;

        if (c < 0x80 && scan->more > 0) {
            return usage_scan_fail(scan, "invalid UTF-8");
        }

        if (c >= 0x80) {
            if (!usage_scan_utf8(scan, c)) {
                return usage_scan_fail(scan, "invalid UTF-8");
            }

            p++;
            continue;
        }

        if (c < 0x20) {
            return usage_scan_fail(scan, "a control character in a string");
        }

        break;
    }

    *pp = p + 1;

    if (c == '\\') {
        usage_scan_keep(scan, start, (size_t) (p - start));
        scan->state = USAGE_SCAN_IN_ESCAPE;
        return USAGE_OK;
    }

    if (scan->kept == 0 && !scan->too_long) {
        if (p - start > USAGE_SCAN_KEPT_MAX) {
            scan->too_long = true;
        }

        return usage_scan_string(scan, start, (size_t) (p - start));
    }

    usage_scan_keep(scan, start, (size_t) (p - start));

    return usage_scan_string(scan, scan->text, scan->kept);
}


static usage_result_t
usage_scan_escape(usage_scan_t *scan, char c)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";

    const char *name;

    if (c == 'u') {
        scan->state = USAGE_SCAN_IN_UNICODE;
        scan->digits = 4;
        scan->unit = 0;
        return USAGE_OK;
    }

    if (scan->surrogate != 0) {
        return usage_scan_fail(scan, "a lone surrogate");
    }

    name = c == '\0' ? NULL : strchr(names, c);
    if (name == NULL) {
        return usage_scan_fail(scan, "an unknown escape");
    }

    usage_scan_keep(scan, values + (name - names), 1);
    scan->state = USAGE_SCAN_IN_STRING;

    return USAGE_OK;
}


static void
usage_scan_keep_code(usage_scan_t *scan, uint32_t code)
{
    char   utf8[4];
    size_t n;

    if (code < 0x80) {
        utf8[0] = (char) code;
        n = 1;

    } else if (code < 0x800) {
        utf8[0] = (char) (0xc0 | (code >> 6));
        n = 2;

    } else if (code < 0x10000) {
        utf8[0] = (char) (0xe0 | (code >> 12));
        n = 3;

    } else {
        utf8[0] = (char) (0xf0 | (code >> 18));
        n = 4;
    }

    if (n > 3) {
        utf8[n - 3] = (char) (0x80 | ((code >> 12) & 0x3f));
    }

    if (n > 2) {
        utf8[n - 2] = (char) (0x80 | ((code >> 6) & 0x3f));
    }

    if (n > 1) {
        utf8[n - 1] = (char) (0x80 | (code & 0x3f));
    }

    usage_scan_keep(scan, utf8, n);
}


static usage_result_t
usage_scan_unicode(usage_scan_t *scan, char c)
{
    unsigned digit;

    if (c >= '0' && c <= '9') {
        digit = (unsigned) (c - '0');

    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        digit = (unsigned) ((c | 0x20) - 'a') + 10;

    } else {
        return usage_scan_fail(scan, "a wrong \\u escape");
    }

    scan->unit = (uint16_t) (scan->unit << 4 | digit);

    if (--scan->digits > 0) {
        return USAGE_OK;
    }

    scan->state = USAGE_SCAN_IN_STRING;

    if (scan->surrogate != 0) {
        if ((scan->unit & 0xfc00) != 0xdc00) {
            return usage_scan_fail(scan, "a lone surrogate");
        }

        usage_scan_keep_code(
            scan, 0x10000 + ((uint32_t) (scan->surrogate & 0x3ff) << 10)
                      + (scan->unit & 0x3ff));
        scan->surrogate = 0;

    } else if ((scan->unit & 0xfc00) == 0xd800) {
        scan->surrogate = scan->unit;

    } else if ((scan->unit & 0xfc00) == 0xdc00) {
        return usage_scan_fail(scan, "a lone surrogate");

    } else if (scan->unit == 0) {
        return usage_scan_fail(scan, "a NUL in a string");

    } else {
        usage_scan_keep_code(scan, scan->unit);
    }

    return USAGE_OK;
}


static usage_result_t
usage_scan_number(usage_scan_t *scan, const char *text, size_t len)
{
    bool               integer;
    const char        *reason;
    usage_scan_value_t value;

    reason =
        usage_number_parse(text, len, &integer, &value.integer, &value.number);
    if (reason != NULL) {
        return usage_scan_fail(scan, reason);
    }

    value.kind = integer ? USAGE_SCAN_INTEGER : USAGE_SCAN_REAL;

    return usage_scan_value(scan, &value);
}


static usage_result_t
usage_scan_word(usage_scan_t *scan, const char *text, size_t len)
{
    usage_scan_value_t value;

    if (len == 4 && memcmp(text, "null", 4) == 0) {
        value.kind = USAGE_SCAN_NULL;

    } else if (len == 4 && memcmp(text, "true", 4) == 0) {
        value.kind = USAGE_SCAN_TRUE;

    } else if (len == 5 && memcmp(text, "false", 5) == 0) {
        value.kind = USAGE_SCAN_FALSE;

    } else {
        return usage_scan_fail(scan, "an unknown word");
    }

    return usage_scan_value(scan, &value);
}


static inline bool
usage_scan_of_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.'
           || c == 'e' || c == 'E';
}


static inline bool
usage_scan_of_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


/*
 * A number or a word, from *pp on: it ends before the first byte that is no
 * part of such, which may come with a later piece.
 */
static usage_result_t
usage_scan_token(usage_scan_t *scan, const char **pp, const char *end)
{
    bool        number;
    size_t      len;
    const char *p, *text;

    number = scan->state == USAGE_SCAN_IN_NUMBER;
    p = *pp;

    while (p < end
           && (number ? usage_scan_of_number(*p) : usage_scan_of_word(*p))) {
        p++;
    }

    text = *pp;
    len = (size_t) (p - text);
    *pp = p;

    if (p == end || scan->kept > 0) {
        if (len > USAGE_SCAN_KEPT_MAX - scan->kept) {
            return usage_scan_fail(scan, "a number or a word that is too long");
        }

        memcpy(scan->text + scan->kept, text, len);
        scan->kept += len;

        if (p == end) {
            return USAGE_OK;
        }

        scan->text[scan->kept] = '\0';
        text = scan->text;
        len = scan->kept;
    }

    return number ? usage_scan_number(scan, text, len)
                  : usage_scan_word(scan, text, len);
}


/*
 * The first byte of a value; *pp is where it stands.
 */
static usage_result_t
usage_scan_at_value(usage_scan_t *scan, const char **pp)
{
    char c;

    c = **pp;

    if (c == '{' || c == '[') {
        ++*pp;
        return usage_scan_open(scan, c == '{');
    }

    if (scan->depth == 0) {
        return usage_scan_fail(scan, "neither an object nor an array");
    }

    if (c == '"') {
        ++*pp;
        usage_scan_start_string(scan, false);
        return USAGE_OK;
    }

    scan->kept = 0;

    if (c == '-' || (c >= '0' && c <= '9')) {
        scan->state = USAGE_SCAN_IN_NUMBER;
        return USAGE_OK;
    }

    if (usage_scan_of_word(c)) {
        scan->state = USAGE_SCAN_IN_WORD;
        return USAGE_OK;
    }

    return usage_scan_fail(scan, "no value where one has to be");
}


/*
 * A byte between values, white space aside.
 */
static usage_result_t
usage_scan_between(usage_scan_t *scan, const char **pp)
{
    char c;

    c = **pp;

    switch (scan->state) {

    case USAGE_SCAN_AT_VALUE:
        return usage_scan_at_value(scan, pp);

    case USAGE_SCAN_AT_FIRST_ELEMENT:
        if (c == ']') {
            break;
        }

        return usage_scan_at_value(scan, pp);

    case USAGE_SCAN_AT_FIRST_KEY:
    case USAGE_SCAN_AT_KEY:
        if (c == '}' && scan->state == USAGE_SCAN_AT_FIRST_KEY) {
            break;
        }

        if (c != '"') {
            return usage_scan_fail(scan, "no key where one has to be");
        }

        ++*pp;
        usage_scan_start_string(scan, true);
        return USAGE_OK;

    case USAGE_SCAN_AT_COLON:
        if (c != ':') {
            return usage_scan_fail(scan, "no colon after a key");
        }

        ++*pp;
        scan->state = USAGE_SCAN_AT_VALUE;
        return USAGE_OK;

    case USAGE_SCAN_AFTER_VALUE:
        if (c == ',') {
            ++*pp;
            scan->keep = true;
            scan->state = usage_scan_in_object(scan) ? USAGE_SCAN_AT_KEY
                                                     : USAGE_SCAN_AT_VALUE;
            return USAGE_OK;
        }

        if (c != (usage_scan_in_object(scan) ? '}' : ']')) {
            return usage_scan_fail(scan, "no comma after a value");
        }

        break;

    default: /* USAGE_SCAN_AT_END, USAGE_SCAN_FAILED */
        return usage_scan_fail(scan, "something after the end");
    }

    ++*pp;

    return usage_scan_close(scan);
}


void
usage_scan_start(
    usage_scan_t *scan, const usage_scan_handler_t *handler, void *data)
{
    scan->handler = handler;
    scan->data = data;
    scan->reason = NULL;
    scan->state = USAGE_SCAN_AT_VALUE;
    scan->depth = 0;
    scan->wanted = 0;
    scan->keep = true;
    scan->kept = 0;
}


usage_result_t
usage_scan_feed(usage_scan_t *scan, const char *p, size_t len)
{
    const char    *end;
    usage_result_t rc;

    end = p + len;
    rc = USAGE_OK;

    while (p < end && rc == USAGE_OK) {

        switch (scan->state) {

        case USAGE_SCAN_IN_STRING:
            rc = usage_scan_in_string(scan, &p, end);
            break;

        case USAGE_SCAN_IN_ESCAPE:
            rc = usage_scan_escape(scan, *p++);
            break;

        case USAGE_SCAN_IN_UNICODE:
            rc = usage_scan_unicode(scan, *p++);
            break;

        case USAGE_SCAN_IN_NUMBER:
        case USAGE_SCAN_IN_WORD:
            rc = usage_scan_token(scan, &p, end);
            break;

        default:
            if (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
                p++;
                break;
            }

            rc = usage_scan_between(scan, &p);
            break;
        }
    }

    return rc;
}


usage_result_t
usage_scan_end(usage_scan_t *scan)
{
    if (scan->state == USAGE_SCAN_AT_END) {
        return USAGE_OK;
    }

    return usage_scan_fail(scan, "it ends too early");
}
