/*
 * Signatures, made and verified, beside those of the vendor's own signer; and
 * the file of access keys.
 */

#include "sign_vectors.h"
#include "unit.h"
#include "usage_credentials.h"
#include "usage_percent.h"
#include "usage_signature.h"


#define SKEW 900


/*
 * A vector as a request: each piece in a block of just its length.
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
verify(signed_t *s, const usage_str_t *secret, int64_t now,
    usage_error_t *error)
{
    usage_signature_t signature;

    error->status = 0;

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
    usage_str_t content, canonical;

    assert_int_equal(
        usage_sign_content(&s->request, hex, &content), USAGE_OK);
    assert_int_equal(
        usage_sign_canonical(&s->request, unit_str(s->vector->signed_headers),
            content, reading, &s->arena.pool, &canonical),
        USAGE_OK);
    assert_int_equal(usage_sign_signature(canonical, unit_str(s->vector->date),
                         s->secret, signature),
        USAGE_OK);

    if (s->vector->canonical_request != NULL
        && unit_is(canonical, s->vector->canonical_request)
               != (memcmp(signature, s->vector->signature, USAGE_SIGN_HEX_LEN)
                   == 0))
    {
        fail_msg("%s: canonical request and signature don't agree",
            s->vector->name);
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


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
