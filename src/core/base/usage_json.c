/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * JSON by jansson, strings of JSON, and UTF-8.
 */

#include "base/usage_json.h"

#include <stdio.h>


size_t
usage_json_parts(usage_str_t text, size_t max)
{
    bool   string;
    size_t i, parts;

    string = false;
    parts = 0;

    for (i = 0; i < text.len && parts <= max; i++) {
        switch (text.data[i]) {

        case '"':
            string = !string;
            break;

        case '\\':
            i += string ? 1 : 0;
            break;

        case '{':
        case '[':
        case ':':
        case ',':
            parts += string ? 0 : 1;
            break;

        default:
            break;
        }
    }

    return parts;
}


json_t *
usage_json_load(
    usage_str_t text, size_t max, size_t flags, json_error_t *reason)
{
    const char *nul;

    if (max != USAGE_JSON_ANY && usage_json_parts(text, max) > max) {
        memset(reason, 0, sizeof(json_error_t));
        (void) snprintf(reason->text, sizeof(reason->text),
            "more than %zu keys, values and lists", max);

        return NULL;
    }

    nul = text.len > 0 ? memchr(text.data, '\0', text.len) : NULL;

    if (nul == NULL) {
        return json_loadb(text.data, text.len, flags, reason);
    }

    memset(reason, 0, sizeof(json_error_t));
    (void) snprintf(reason->text, sizeof(reason->text), "a NUL");
    reason->position = (int) (nul - text.data) + 1;

    return NULL;
}


/*
 * Copies text by eight characters at a time, as long as each of them can stand
 * in a JSON string as it is.  Gives how many were copied.
 */
static inline size_t
usage_json_copy_plain(char *p, usage_str_t text)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t highs = 0x8080808080808080u;

    size_t   i;
    uint64_t word, quote, escape, delete;

    for (i = 0; text.len - i >= 8; i += 8) {
        memcpy(&word, text.data + i, 8);

        quote = word ^ (ones * '"');
        escape = word ^ (ones * '\\');
        delete = word ^ (ones * 0x7f);

        if ((((word - ones * ' ') & ~word) | ((quote - ones) & ~quote)
                | ((escape - ones) & ~escape) | ((delete - ones) & ~delete)
                | word)
            & highs)
        {
            break;
        }

        memcpy(p + i, &word, 8);
    }

    return i;
}


/*
 * Writes a control character, which has n bytes, at most three, as \uXXXX.
 */
static char *
usage_json_write_control(char *p, const char *text, size_t n)
{
    static const char hex[] = "0123456789abcdef";

    int                  shift;
    unsigned             code;
    const unsigned char *s;

    s = (const unsigned char *) text;
    code = s[0];

    if (n == 2) {
        code = (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);

    } else if (n == 3) {
        code = (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
    }

    *p++ = '\\';
    *p++ = 'u';

    for (shift = 12; shift >= 0; shift -= 4) {
        *p++ = hex[code >> shift & 0xf];
    }

    return p;
}


usage_str_t
usage_json_text(const json_t *object, const char *key)
{
    usage_str_t   text;
    const json_t *value;

    value = json_object_get(object, key);

    text.data = json_is_string(value) ? json_string_value(value) : "";
    text.len = json_string_length(value);

    return text;
}


char *
usage_json_write_string(char *p, usage_str_t text)
{
    size_t        i, n;
    unsigned char c;

    *p++ = '"';

    n = usage_json_copy_plain(p, text);
    p += n;

    for (i = n; i < text.len; i += n) {
        c = (unsigned char) text.data[i];
        n = c < 0x80 ? 1 : usage_utf8_length(text.data + i, text.len - i);

        if (n == 0) {
            *p++ = '?';
            n = 1;

        } else if (c == '"' || c == '\\') {
            *p++ = '\\';
            *p++ = (char) c;

        } else if (usage_utf8_control(text.data + i, n)) {
            p = usage_json_write_control(p, text.data + i, n);

        } else {
            memcpy(p, text.data + i, n);
            p += n;
        }
    }

    *p++ = '"';

    return p;
}


size_t
usage_utf8_length(const char *text, size_t len)
{
    size_t               i, n;
    uint32_t             code;
    const unsigned char *s;

    s = (const unsigned char *) text;

    if (s[0] < 0x80) {
        return 1;
    }

    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        n = 2;
        code = s[0] & 0x1f;

    } else if ((s[0] & 0xf0) == 0xe0) {
        n = 3;
        code = s[0] & 0x0f;

    } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        n = 4;
        code = s[0] & 0x07;

    } else {
        return 0;
    }

    if (n > len) {
        return 0;
    }

    for (i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }

        code = (code << 6) | (s[i] & 0x3f);
    }

    /* overlong forms, surrogates, beyond Unicode */

    if ((n == 3 && code < 0x800) || (code >= 0xd800 && code <= 0xdfff)
        || (n == 4 && (code < 0x10000 || code > 0x10ffff)))
    {
        return 0;
    }

    return n;
}


size_t
usage_utf8_chars(usage_str_t text)
{
    size_t i, n;

    n = 0;

    for (i = 0; i < text.len; i++) {
        n += ((unsigned char) text.data[i] & 0xc0) != 0x80;
    }

    return n;
}


bool
usage_utf8_control(const char *text, size_t n)
{
    const unsigned char *s;

    s = (const unsigned char *) text;

    switch (n) {

    case 1:
        return s[0] < 0x20 || s[0] == 0x7f;

    case 2: /* U+0080 to U+009F, U+061C */
        return (s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xd8 && s[1] == 0x9c);

    case 3: /* U+200E and F, U+2028 to E, U+2066 to 9 */
        return s[0] == 0xe2
               && ((s[1] == 0x80
                       && (s[2] == 0x8e || s[2] == 0x8f
                           || (s[2] >= 0xa8 && s[2] <= 0xae)))
                   || (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));

    default:
        return false;
    }
}


size_t
usage_text_clean(char *text, size_t len)
{
    char  *p;
    size_t i, n;

    p = text;

    for (i = 0; i < len; i += n) {
        n = usage_utf8_length(text + i, len - i);

        if (n == 0 || usage_utf8_control(text + i, n)) {
            *p++ = '?';
            n = n == 0 ? 1 : n;

        } else {
            memmove(p, text + i, n);
            p += n;
        }
    }

    return (size_t) (p - text);
}
