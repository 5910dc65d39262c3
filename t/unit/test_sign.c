/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Signatures are made and verified, and compared with those of the vendor's own
 * signer; and the file of access keys.
 */

#include "sign_vectors.h"
#include "unit.h"
#include "sign/usage_credentials.h"
#include "base/usage_percent.h"
#include "sign/usage_signature.h"


#define SKEW 900


/*
 * A vector as a request.  Each piece has a block of just its length, so that
 * the sanitizer sees what is read behind it.
 */
typedef struct {
    const sign_vector_t *vector;
    usage_signed_t       request;
    usage_header_t       headers[SIGN_VECTOR_HEADERS + 1];
    usage_str_t          secret;
    int64_t              time;
    unit_arena_t         arena;
} signed_t;


static usage_str_t
piece(signed_t *s, const char *data, size_t len, size_t times)
{
    char       *p;
    size_t      i;
    usage_str_t str;

    p = unit_arena_alloc(&s->arena, len * times);

    for (i = 0; i < times; i++) {
        memcpy(p + i * len, data, len);
    }

    str.data = p;
    str.len = len * times;

    return str;
}


static usage_str_t
text(signed_t *s, const char *string)
{
    return piece(s, string, strlen(string), 1);
}


/* with the Authorization as the last header */

static void
load(signed_t *s, const sign_vector_t *vector)
{
    size_t i;

    memset(s, 0, sizeof(signed_t));
    unit_arena_start(&s->arena);

    s->vector = vector;
    s->request.method = text(s, vector->method);
    s->request.path = text(s, vector->path);
    s->request.query = text(s, vector->query);
    s->request.body =
        piece(s, vector->body, vector->body_len, vector->body_times);
    s->secret = text(s, vector->sk);

    for (i = 0; vector->headers[i][0] != NULL; i++) {
        s->headers[i].name = text(s, vector->headers[i][0]);
        s->headers[i].value = text(s, vector->headers[i][1]);
    }

    s->headers[i].name = text(s, "Authorization");
    s->headers[i].value = text(s, vector->authorization);

    s->request.headers = s->headers;
    s->request.count = i + 1;

    assert_true(usage_sign_date_parse(unit_str(vector->date), &s->time));
}


static void
unload(signed_t *s)
{
    unit_arena_free(&s->arena);
}


/* 200, or the status of the error */

static unsigned
verify(
    signed_t *s, const usage_str_t *secret, int64_t now, usage_error_t *error)
{
    usage_signature_t signature;

    error->status = 0;

    /* (an access key that isn't the vector's is known to nobody) */

    if (!unit_is(usage_signature_access_key(&s->request), s->vector->ak)) {
        secret = NULL;
    }

    if (usage_signature_read(&signature, &s->request, now, SKEW, error)
            != USAGE_OK
        || usage_signature_check(
               &signature, &s->request, secret, &s->arena.pool, error)
               != USAGE_OK)
    {
        assert_int_not_equal(error->status, 0);
        return error->status;
    }

    return 200;
}


/* which of the readings the vendor's signer has taken */

static bool
has_canonical(signed_t *s, unsigned reading)
{
    char        hex[USAGE_SIGN_HEX_LEN], signature[USAGE_SIGN_HEX_LEN];
    usage_str_t headers, content, canonical;

    assert_int_equal(usage_sign_content(&s->request, hex, &content), USAGE_OK);
    assert_int_equal(
        usage_sign_headers(&s->request, unit_str(s->vector->signed_headers),
            &s->arena.pool, &headers),
        USAGE_OK);
    assert_int_equal(usage_sign_canonical(&s->request, headers, content,
                         reading, &s->arena.pool, &canonical),
        USAGE_OK);
    assert_int_equal(usage_sign_signature(canonical, unit_str(s->vector->date),
                         s->secret, signature),
        USAGE_OK);

    if (s->vector->canonical_request != NULL
        && unit_is(canonical, s->vector->canonical_request)
               != (memcmp(signature, s->vector->signature, USAGE_SIGN_HEX_LEN)
                   == 0))
    {
        fail_msg(
            "%s: canonical request and signature don't agree", s->vector->name);
    }

    return memcmp(signature, s->vector->signature, USAGE_SIGN_HEX_LEN) == 0;
}


static void
test_vectors(void **state)
{
    bool          found;
    size_t        i;
    signed_t      s;
    unsigned      reading;
    usage_error_t error;

    (void) state;

    for (i = 0; i < unit_count(sign_vectors); i++) {
        load(&s, &sign_vectors[i]);

        found = false;

        for (reading = 0; reading < USAGE_SIGN_READINGS; reading++) {
            found |= usage_sign_differs(&s.request, reading)
                     && has_canonical(&s, reading);
        }

        if (!found) {
            fail_msg("%s: no reading has this signature", s.vector->name);
        }

        if (verify(&s, &s.secret, s.time, &error) != 200
            && strcmp(s.vector->name, "a body that is not signed") != 0)
        {
            fail_msg("%s: %s", s.vector->name, error.detail);
        }

        unload(&s);
    }
}


/* replaces a piece by a copy that one change was made to */

static void
mutate(signed_t *s, usage_str_t *piece_of, uint64_t *random)
{
    char       *p;
    size_t      at;
    usage_str_t old;

    old = *piece_of;
    p = unit_arena_alloc(&s->arena, old.len + 1);
    at = unit_below(random, old.len + 1);

    if (at == old.len || unit_chance(random, 30)) {
        memcpy(p, old.data, at);
        p[at] = (char) (33 + unit_below(random, 94));
        memcpy(p + at + 1, old.data + at, old.len - at);
        piece_of->len++;

    } else if (unit_chance(random, 30)) {
        memcpy(p, old.data, at);
        memcpy(p + at, old.data + at + 1, old.len - at - 1);
        piece_of->len--;

    } else {
        memcpy(p, old.data, old.len);

        do {
            p[at] = (char) (33 + unit_below(random, 94));
        } while (p[at] == old.data[at]);
    }

    piece_of->data = p;
}


static size_t
header_at(const signed_t *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->request.count; i++) {
        if (unit_is(s->headers[i].name, name)) {
            return i;
        }
    }

    fail_msg("no header %s", name);

    return 0;
}


/*
 * Any one change to what is signed, or to the Authorization, is noticed.
 */
static void
test_mutations(void **state)
{
    size_t        i, n;
    signed_t      s;
    uint64_t      random;
    usage_str_t  *piece_of;
    usage_error_t error;

    (void) state;

    random = unit_seed();

    for (n = unit_times(20000); n > 0; n--) {
        load(&s, &sign_vectors[unit_below(&random, 4)]);

        switch (unit_below(&random, 6)) {
        case 0:
            piece_of = &s.request.method;
            break;
        case 1:
            piece_of = &s.request.path;
            break;
        case 2:
            piece_of = &s.request.query;
            break;
        case 3:
            piece_of = &s.request.body;
            break;
        case 4:
            piece_of = &s.headers[s.request.count - 1].value;
            break;
        default:
            i = header_at(&s, unit_chance(&random, 50) ? "Host" : "X-Sdk-Date");
            piece_of = &s.headers[i].value;
            break;
        }

        mutate(&s, piece_of, &random);

        /* a slash at the path's end is signed whether it is sent or not, an
         * empty parameter is none */

        if (verify(&s, &s.secret, s.time, &error) == 200
            && !(piece_of == &s.request.path
                 && piece_of->data[piece_of->len - 1] == '/')
            && !(piece_of == &s.request.query && unit_is(*piece_of, "&")))
        {
            fail_msg("accepted: %s %s, now \"%.*s\"", s.vector->name,
                s.vector->authorization, (int) piece_of->len, piece_of->data);
        }

        unload(&s);
    }
}


static void
test_dates(void **state)
{
    static const struct {
        int64_t  after;
        unsigned status;
    } times[] = { { 0, 200 }, { 899, 200 }, { 900, 200 }, { 901, 401 },
        { 960, 401 }, { -900, 200 }, { -901, 401 }, { 86400 * 366, 401 } };

    static const char *const wrong[] = { "", "20260102T030405",
        "20260102t030405Z", "20260102T030405z", "20260230T030405Z",
        "20260102T240405Z", "2026-01-02T03:04:05Z", "20260102 030405Z",
        "20260102T030405ZZ", " 20260102T030405Z", "2026010aT030405Z",
        "99999999T999999Z" };

    char          date[USAGE_SIGN_DATE_LEN];
    size_t        i;
    int64_t       time;
    signed_t      s;
    usage_error_t error;

    (void) state;

    load(&s, &sign_vectors[0]);

    for (i = 0; i < unit_count(times); i++) {
        assert_int_equal(verify(&s, &s.secret, s.time + times[i].after, &error),
            times[i].status);
    }

    unload(&s);

    for (i = 0; i < unit_count(wrong); i++) {
        assert_false(usage_sign_date_parse(unit_str(wrong[i]), &time));
    }

    assert_true(usage_sign_date_parse(unit_str("20241231T235959Z"), &time));
    assert_int_equal(time, 1735689599);

    usage_sign_date_write(time, date);
    assert_memory_equal(date, "20241231T235959Z", USAGE_SIGN_DATE_LEN);
}


static void
replace(signed_t *s, const char *header, const char *value)
{
    s->headers[header_at(s, header)].value = text(s, value);
}


/* What each error says; none tells whether the access key is known. */

static void
test_errors(void **state)
{
    static const struct {
        const char *header;
        const char *value;
        const char *says;
    } cases[] = {
        { "Authorization", "Basic dTpw", "has not the form" },
        { "Authorization", "SDK-HMAC-SHA256 Access=a", "has not the form" },
        { "Authorization",
            "sdk-hmac-sha256 Access=a, SignedHeaders=host, "
            "Signature=",
            "has not the form" },
        { "Authorization",
            "SDK-HMAC-SHA256 Access=, SignedHeaders=host, "
            "Signature="
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
            "abcdef",
            "has not the form" },
        { "Authorization",
            "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, "
            "Signature="
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
            "abcdeF",
            "has not the form" },
        { "Authorization",
            "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, "
            "Signature="
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
            "abcdef,",
            "has not the form" },
        { "Authorization",
            "SDK-HMAC-SHA256 Access=a, SignedHeaders=x-sdk-date;"
            "host, "
            "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123"
            "456789abcdef",
            "sorted" },
        { "Authorization",
            "SDK-HMAC-SHA256 Access=a, SignedHeaders=host;host, "
            "Signature="
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
            "abcdef",
            "each once" },
        { "Authorization",
            "SDK-HMAC-SHA256 Access=a, SignedHeaders=Host, "
            "Signature="
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
            "abcdef",
            "lower case" },
        { "Authorization",
            "SDK-HMAC-SHA256 Access=a, SignedHeaders=host;, "
            "Signature="
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
            "abcdef",
            "sorted" },
        { "Authorization",
            "SDK-HMAC-SHA256 Access=a, SignedHeaders=host;x-a, "
            "Signature="
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
            "abcdef",
            "\"x-a\" is in SignedHeaders, but did not arrive" },
        { "Authorization",
            "SDK-HMAC-SHA256 Access=a, SignedHeaders=host;x_a, "
            "Signature="
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
            "abcdef",
            "underscores_in_headers" },
        { "X-Sdk-Date", "yesterday", "is no time" },
        { "X-Sdk-Date", "20260102T020405Z", "3600 seconds ago" },
        { "X-Sdk-Date", "20260102T040405Z", "3600 seconds ahead" },
        { "X-Sdk-Date", "20260102T030406Z", "the signature differs" },
        { "Host", "elsewhere", "host elsewhere" },
    };

    size_t        i;
    signed_t      s;
    usage_error_t known, unknown;

    (void) state;

    for (i = 0; i < unit_count(cases); i++) {
        load(&s, &sign_vectors[0]);
        replace(&s, cases[i].header, cases[i].value);

        assert_int_equal(verify(&s, &s.secret, s.time, &known), 401);
        assert_int_equal(verify(&s, NULL, s.time, &unknown), 401);

        if (strstr(known.detail, cases[i].says) == NULL) {
            fail_msg("\"%s\" doesn't say \"%s\"", known.detail, cases[i].says);
        }

        assert_string_equal(known.detail, unknown.detail);
        unload(&s);
    }

    load(&s, &sign_vectors[0]);
    assert_int_equal(verify(&s, NULL, s.time, &unknown), 401);
    assert_int_equal(verify(&s, &s.secret, s.time, &known), 200);
    unload(&s);
}


static void
add(signed_t *s, const char *name, const char *value)
{
    s->headers[s->request.count].name = text(s, name);
    s->headers[s->request.count].value = text(s, value);
    s->request.count++;
}


static void
test_headers_twice(void **state)
{
    static const char *const names[] = { "X-Sdk-Date", "Authorization" };

    size_t        i;
    signed_t      s;
    usage_error_t error;

    (void) state;

    for (i = 0; i < unit_count(names); i++) {
        load(&s, &sign_vectors[0]);
        add(&s, names[i], "20260102T030405Z");
        assert_int_equal(verify(&s, &s.secret, s.time, &error), 401);
        assert_non_null(strstr(error.detail, "sent twice"));
        unload(&s);
    }

    /* another value of a signed header isn't signed, of another it's nothing */

    load(&s, &sign_vectors[0]);
    add(&s, "HOST", "elsewhere");
    assert_int_equal(verify(&s, &s.secret, s.time, &error), 401);
    unload(&s);

    load(&s, &sign_vectors[0]);
    add(&s, "Accept", "*/*");
    assert_int_equal(verify(&s, &s.secret, s.time, &error), 200);
    unload(&s);

    load(&s, &sign_vectors[0]);
    add(&s, "X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD");
    assert_int_equal(verify(&s, &s.secret, s.time, &error), 401);
    assert_non_null(strstr(error.detail, "X-Sdk-Content-Sha256"));
    unload(&s);
}


static void
test_is_signed(void **state)
{
    static const struct {
        const char *name;
        const char *value;
        bool        is;
        const char *access_key;
    } cases[] = {
        { "X-Sdk-Date", "", true, "" },
        { "x-sdk-date", "20260102T030405Z", true, "" },
        { "Authorization", "SDK-HMAC-SHA256 Access=AK, SignedHeaders=", true,
            "AK" },
        { "authorization", "V11-HMAC-SHA256 Credential=AK/x", true, "" },
        { "Authorization", "SDK-HMAC-SHA256", true, "" },
        { "Authorization", "Basic dTpw", false, "" },
        { "Authorization", "HMAC-SHA25", false, "" },
        { "Authorization", "", false, "" },
        { "X-Auth-Token", "SDK-HMAC-SHA256", false, "" },
    };

    size_t         i;
    usage_header_t header;
    usage_signed_t request;

    (void) state;

    memset(&request, 0, sizeof(usage_signed_t));
    request.headers = &header;
    request.count = 1;

    for (i = 0; i < unit_count(cases); i++) {
        header.name = unit_str(cases[i].name);
        header.value = unit_str(cases[i].value);

        assert_int_equal(usage_signature_is(&request), cases[i].is);
        assert_true(
            unit_is(usage_signature_access_key(&request), cases[i].access_key));
    }
}


/* whether the vector's signer has signed all of its headers */

static bool
signs_all(const signed_t *s)
{
    size_t      count;
    const char *p;

    count = 1;

    for (p = s->vector->signed_headers; *p != '\0'; p++) {
        count += *p == ';' ? 1 : 0;
    }

    return count == s->request.count - 1;
}


/*
 * A signature that is made here verifies, and is the one that the vendor's
 * signer makes.
 */
static void
test_sign(void **state)
{
    size_t        i, left;
    signed_t      s;
    usage_str_t   authorization;
    usage_error_t error;

    (void) state;

    for (i = 0; i < unit_count(sign_vectors); i++) {
        load(&s, &sign_vectors[i]);
        s.request.count--;

        /* where the vendor's signer reads it as signing.md does */

        if (!has_canonical(&s, 0)) {
            unload(&s);
            continue;
        }

        for (left = 0;
             s.arena.left = left, usage_sign(&s.request, unit_str(s.vector->ak),
                                      s.secret, &s.arena.pool, &authorization)
                                      != USAGE_OK;
             left++)
        {
            assert_int_equal(s.arena.left, 0);
        }

        s.arena.left = SIZE_MAX;
        s.headers[s.request.count++].value = authorization;

        if (verify(&s, &s.secret, s.time, &error) != 200
            && strcmp(s.vector->name, "a body that is not signed") != 0)
        {
            fail_msg("%s: %s", s.vector->name, error.detail);
        }

        if (signs_all(&s) && !unit_is(authorization, s.vector->authorization)) {
            fail_msg("%s: %.*s", s.vector->name, (int) authorization.len,
                authorization.data);
        }

        unload(&s);
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_headers_twice),
        cmocka_unit_test(test_is_signed),
        cmocka_unit_test(test_sign),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
