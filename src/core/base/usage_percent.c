/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/usage_percent.h"
#include "base/usage_number.h"


/* Tells whether a character stays as it is (RFC 3986). */
static bool
usage_percent_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'
           || c == '~';
}


size_t
usage_percent_encoded(usage_str_t text)
{
    size_t i, len;

    len = 0;

    for (i = 0; i < text.len; i++) {
        len += usage_percent_unreserved(text.data[i]) ? 1 : 3;
    }

    return len;
}


char *
usage_percent_encode(char *p, usage_str_t text)
{
    static const char hex[] = "0123456789ABCDEF";

    size_t        i;
    unsigned char c;

    for (i = 0; i < text.len; i++) {
        c = (unsigned char) text.data[i];

        if (usage_percent_unreserved(text.data[i])) {
            *p++ = (char) c;

        } else {
            *p++ = '%';
            *p++ = hex[c >> 4];
            *p++ = hex[c & 0xf];
        }
    }

    return p;
}


size_t
usage_percent_decode(usage_str_t text, char *c)
{
    int high, low;

    if (text.data[0] == '%' && text.len > 2) {
        high = usage_hex_digit(text.data[1]);
        low = usage_hex_digit(text.data[2]);

        if (high >= 0 && low >= 0) {
            *c = (char) (high << 4 | low);
            return 3;
        }
    }

    *c = text.data[0];

    return 1;
}
