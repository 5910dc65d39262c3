/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The simulator's check of signatures, with signatures of the vendor's SDKs.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim_sign.h"
#include "sim_time.h"

#include "sign_vectors.h"

#define VECTORS (sizeof(sign_vectors) / sizeof(sign_vectors[0]))


/* The request of a vector. */

typedef struct {
    sim_signed_t r;
    sim_header_t headers[SIGN_VECTOR_HEADERS + 1];
    sim_buf_t    body;
    json_t      *keys;
    int64_t      date;
} request_t;


static void
add_header(request_t *q, const char *name, const char *value)
{
    char         *p;
    sim_header_t *h = &q->headers[q->r.nheaders++];

    h->name = sim_strdup(name);
    h->value = sim_strdup(value);

    for (p = h->name; *p; p++) {
        *p = (char) tolower((unsigned char) *p);
    }
}


static void
make(request_t *q, const sign_vector_t *v)
{
    char   text[24];
    size_t i;

    memset(q, 0, sizeof(*q));

    q->r.method = v->method;
    q->r.path = v->path;
    q->r.query = v->query;
    q->r.headers = q->headers;

    for (i = 0; v->headers[i][0]; i++) {
        add_header(q, v->headers[i][0], v->headers[i][1]);
    }

    add_header(q, "Authorization", v->authorization);

    for (i = 0; i < v->body_times; i++) {
        sim_buf_add(&q->body, v->body, v->body_len);
    }

    q->r.body = q->body.data;
    q->r.body_len = q->body.len;
    q->keys = json_array();
    json_array_append_new(q->keys, json_string("other:key"));
    json_array_append_new(q->keys, json_sprintf("%s:%s", v->ak, v->sk));

    (void) snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ",
        v->date, v->date + 4, v->date + 6, v->date + 9, v->date + 11,
        v->date + 13);
    assert_int_equal(sim_parse_time(text, &q->date), 0);
}


static void
unmake(request_t *q)
{
    size_t i;

    for (i = 0; i < q->r.nheaders; i++) {
        free(q->headers[i].name);
        free(q->headers[i].value);
    }

    sim_buf_free(&q->body);
    json_decref(q->keys);
}


static void
test_vectors(void **state)
{
    int       rc;
    char      why[256];
    size_t    i;
    request_t q;

    (void) state;

    for (i = 0; i < VECTORS; i++) {
        make(&q, &sign_vectors[i]);
        rc = sim_sign_check(&q.r, q.keys, q.date, why);

        if (strcmp(sign_vectors[i].name, "a body that is not signed") == 0) {
            assert_int_equal(rc, -1);
            assert_non_null(strstr(why, "X-Sdk-Content-Sha256"));

        } else if (rc != 0) {
            fail_msg("%s: %s", sign_vectors[i].name, why);
        }

        unmake(&q);
    }
}


static void
test_canonical(void **state)
{
    int         one, two;
    size_t      i;
    request_t   q;
    sim_buf_t   raw = { 0 }, decoded = { 0 };
    const char *hash;

    (void) state;

    for (i = 0; i < VECTORS && sign_vectors[i].canonical_request; i++) {
        make(&q, &sign_vectors[i]);
        hash = strrchr(sign_vectors[i].canonical_request, '\n') + 1;
        raw.len = decoded.len = 0;

        sim_canonical(&raw, &q.r, sign_vectors[i].signed_headers, hash, 0);
        sim_canonical(&decoded, &q.r, sign_vectors[i].signed_headers, hash, 1);

        one = strcmp(raw.data, sign_vectors[i].canonical_request) == 0;
        two = strcmp(decoded.data, sign_vectors[i].canonical_request) == 0;

        if (strchr(sign_vectors[i].path, '%') ? one + two != 1 : !one || !two) {
            fail_msg("%s: %s", sign_vectors[i].name, raw.data);
        }

        unmake(&q);
    }

    assert_true(i > 50);
    sim_buf_free(&raw);
    sim_buf_free(&decoded);
}


/* Changes one thing of the first vector, and checks what is said of it. */

static void
test_wrong(void **state)
{
    char      why[256];
    size_t    i;
    request_t q;

    static const struct {
        const char *name;  /* a header; NULL: the access key */
        const char *value; /* NULL: the header isn't sent */
        int         later; /* seconds after the vector's date */
        const char *why;   /* NULL: it is right */
    } cases[] = {
        { "host", "gateway.test", 0, "the signature differs" },
        { "host", NULL, 0, "not sent: host" },
        { "x-sdk-date", "20260102T030406Z", 0, "the signature differs" },
        { "x-sdk-date", "2026-01-02T03:04Z", 0, "the form of X-Sdk-Date" },
        { "x-sdk-date", "20261302T030405Z", 0, "the form of X-Sdk-Date" },
        { "x-sdk-date", NULL, 0, "not sent: x-sdk-date" },
        { "host", "workspace.ap-southeast-1.myhuaweicloud.com", 900, NULL },
        { "host", "workspace.ap-southeast-1.myhuaweicloud.com", -900, NULL },
        { "host", "workspace.ap-southeast-1.myhuaweicloud.com", 901,
            "15 minutes" },
        { "host", "workspace.ap-southeast-1.myhuaweicloud.com", -901,
            "15 minutes" },
        { "authorization", "SDK-HMAC-SHA256 Access=a", 0, "the form of Auth" },
        { "authorization",
            "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=host, "
            "Signature=0123456789012345678901234567890123456789012345678901234"
            "567890123",
            0, "x-sdk-date is not signed" },
        { "authorization",
            "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=x-sdk-"
            "date;host, Signature=01234567890123456789012345678901234567890123"
            "45678901234567890123",
            0, "not in order: host" },
        { NULL, "HPUAQQ9FQZXHJVK0T5NC:x", 0, "no such access key" },
        { NULL, "HPUAQQ9FQZXHJVK0T5NB:x", 0, "the signature differs" },
        { NULL,
            "HPUAQQ9FQZXHJVK0T5NB:fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo:t",
            0, "X-Security-Token" },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t k = 0;

        make(&q, &sign_vectors[0]);

        while (cases[i].name && strcmp(q.headers[k].name, cases[i].name)) {
            k++;
        }

        if (cases[i].name == NULL) {
            json_array_clear(q.keys);
            json_array_append_new(q.keys, json_string(cases[i].value));

        } else if (cases[i].value) {
            free(q.headers[k].value);
            q.headers[k].value = sim_strdup(cases[i].value);

        } else {
            q.headers[k].name[0] = '-';
        }

        if (cases[i].why == NULL) {
            assert_int_equal(
                sim_sign_check(&q.r, q.keys, q.date + cases[i].later, why), 0);

        } else {
            assert_int_equal(
                sim_sign_check(&q.r, q.keys, q.date + cases[i].later, why), -1);

            if (strstr(why, cases[i].why) == NULL) {
                fail_msg("%s, not %s", why, cases[i].why);
            }
        }

        unmake(&q);
    }
}


static void
test_keys(void **state)
{
    (void) state;

    assert_true(sim_sign_is_key("a:b"));
    assert_true(sim_sign_is_key("a:b:c"));
    assert_true(sim_sign_is_key("a:b:c:d"));
    assert_false(sim_sign_is_key("a:"));
    assert_false(sim_sign_is_key(":b"));
    assert_false(sim_sign_is_key("a::c"));
    assert_false(sim_sign_is_key("a"));
    assert_false(sim_sign_is_key(""));
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
