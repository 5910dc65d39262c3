/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Checks a request's signature.  It is written from the vendor's description
 * (signing.md, "AK/SK signing"), independently of the module's own check.
 */

#include "sim_sign.h"
#include "sim_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define ALGORITHM "SDK-HMAC-SHA256"
#define SKEW      900 /* seconds between X-Sdk-Date and now, at most */
#define HASH      65  /* bytes of a hash in hex, with the NUL */


/* What the header Authorization says. */

typedef struct {
    char       *text; /* what the others point into */
    const char *access;
    const char *names; /* of the signed headers, as "host;x-sdk-date" */
    const char *signature;
} claim_t;


/* An access key of the list. */

typedef struct {
    char       *text; /* what the others point into */
    const char *sk;
    const char *token; /* X-Security-Token; NULL: the key needs none */
} secret_t;


/* Says what is wrong; gives -1. */

static int
wrong(char why[256], const char *what, const char *name)
{
    (void) snprintf(why, 256, "%s%.100s", what, name);

    return -1;
}


static void
hex(const unsigned char *digest, char out[HASH])
{
    size_t i;

    for (i = 0; i < 32; i++) {
        (void) snprintf(out + 2 * i, 3, "%02x", digest[i]);
    }
}


static void
sha256(const void *data, size_t len, char out[HASH])
{
    unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };

    (void) EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL);
    hex(digest, out);
}


static void
hmac(const char *key, const char *text, char out[HASH])
{
    unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };

    (void) HMAC(EVP_sha256(), key, (int) strlen(key),
        (const unsigned char *) text, strlen(text), digest, NULL);
    hex(digest, out);
}


const char *
sim_header(const sim_signed_t *r, const char *name)
{
    size_t i;

    for (i = 0; i < r->nheaders; i++) {
        if (strcmp(r->headers[i].name, name) == 0) {
            return r->headers[i].value;
        }
    }

    return NULL;
}


int
sim_sign_is_key(const char *s)
{
    size_t ak = strcspn(s, ":");

    return ak > 0 && s[ak] == ':' && s[ak + 1] != '\0' && s[ak + 1] != ':';
}


/* Cuts the text where `label` begins; gives what follows the label, or NULL. */

static char *
cut(char *text, const char *label)
{
    char *p = text ? strstr(text, label) : NULL;

    if (p == NULL) {
        return NULL;
    }

    *p = '\0';

    return p + strlen(label);
}


/* Takes Authorization apart; -1 if it has another form. */

static int
read_claim(claim_t *claim, const char *value)
{
    char *p;

    static const char start[] = ALGORITHM " Access=";

    claim->text = sim_strdup(value ? value : "");

    p = claim->text;

    if (strncmp(p, start, sizeof(start) - 1) != 0) {
        return -1;
    }

    p += sizeof(start) - 1;
    claim->access = p;
    claim->names = p = cut(p, ", SignedHeaders=");
    claim->signature = cut(p, ", Signature=");

    return claim->signature == NULL
                   || strspn(claim->signature, "0123456789abcdef") != HASH - 1
                   || claim->signature[HASH - 1] != '\0'
               ? -1
               : 0;
}


/* Finds the access key in the list; -1 if it isn't there. */

static int
find_secret(secret_t *secret, const json_t *keys, const char *access)
{
    size_t      i;
    json_t     *one;
    const char *s;

    json_array_foreach (keys, i, one) {
        s = json_string_value(one);

        if (strcspn(s, ":") == strlen(access)
            && strncmp(s, access, strlen(access)) == 0)
        {
            secret->text = sim_strdup(s);
            secret->sk = secret->text + strlen(access) + 1;
            secret->token = cut(strchr(secret->text, ':') + 1, ":");
            return 0;
        }
    }

    return -1;
}


/*
 * Checks the names of the signed headers: lower case, in order, each of them
 * sent, X-Sdk-Date among them.
 */

static int
check_names(const sim_signed_t *r, const char *names, char why[256])
{
    int    date = 0, rc = 0;
    char  *text = sim_strdup(names), *rest = NULL, *name;
    size_t len = 0;

    const char *before = "";

    for (name = strtok_r(text, ";", &rest); name && rc == 0;
         name = strtok_r(NULL, ";", &rest))
    {
        if (strcmp(before, name) >= 0) {
            rc = wrong(why, "the signed headers are not in order: ", name);

        } else if (sim_header(r, name) == NULL) {
            rc = wrong(why, "signed, but not sent: ", name);
        }

        date |= strcmp(name, "x-sdk-date") == 0;
        len += strlen(name) + 1;
        before = name;
    }

    if (rc == 0 && len != strlen(names) + 1) {
        rc = wrong(why, "an empty name among the signed headers", "");

    } else if (rc == 0 && !date) {
        rc = wrong(why, "x-sdk-date is not signed", "");
    }

    free(text);

    return rc;
}


static int
check_date(const sim_signed_t *r, int64_t now, char why[256])
{
    char        text[24] = "";
    int64_t     t;
    const char *s = sim_header(r, "x-sdk-date");

    if (strlen(s) == 16 && s[8] == 'T' && s[15] == 'Z') {
        (void) snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s,
            s + 4, s + 6, s + 9, s + 11, s + 13);
    }

    if (sim_parse_time(text, &t) != 0) {
        return wrong(why, "not the form of X-Sdk-Date: ", s);
    }

    if (t < now - SKEW || t > now + SKEW) {
        return wrong(why, "more than 15 minutes off: X-Sdk-Date ", s);
    }

    return 0;
}


/* Checks the signature itself, by one of the two readings of the path. */

static int
check_signature(const sim_signed_t *r, const claim_t *claim, const char *sk,
    const char *hash, int decoded)
{
    char      canonical[HASH], signature[HASH];
    sim_buf_t b = { 0 };

    sim_canonical(&b, r, claim->names, hash, decoded);
    sha256(b.data, b.len, canonical);

    b.len = 0;
    sim_buf_fmt(
        &b, ALGORITHM "\n%s\n%s", sim_header(r, "x-sdk-date"), canonical);
    hmac(sk, b.data, signature);
    sim_buf_free(&b);

    return CRYPTO_memcmp(signature, claim->signature, HASH) == 0 ? 0 : -1;
}


/* Checks what takes the secret or the body: hash, token, signature. */

static int
check_secret(const sim_signed_t *r, const claim_t *claim,
    const secret_t *secret, char why[256])
{
    char        hash[HASH];
    const char *said = sim_header(r, "x-sdk-content-sha256");
    const char *token = sim_header(r, "x-security-token");

    sha256(r->body ? r->body : "", r->body_len, hash);

    if (said && strcmp(said, hash) != 0) {
        return wrong(why, "X-Sdk-Content-Sha256 is not the body's", "");
    }

    if (secret->token && (token == NULL || strcmp(token, secret->token) != 0)) {
        return wrong(why, "X-Security-Token is not the access key's", "");
    }

    if (check_signature(r, claim, secret->sk, hash, 0) != 0
        && check_signature(r, claim, secret->sk, hash, 1) != 0)
    {
        return wrong(why, "the signature differs", "");
    }

    return 0;
}


int
sim_sign_check(
    const sim_signed_t *r, const json_t *keys, int64_t now, char why[256])
{
    int      rc;
    claim_t  claim = { 0 };
    secret_t secret = { 0 };

    if (read_claim(&claim, sim_header(r, "authorization")) != 0) {
        rc = wrong(why, "not the form of Authorization", "");

    } else if (find_secret(&secret, keys, claim.access) != 0) {
        rc = wrong(why, "no such access key: ", claim.access);

    } else if (check_names(r, claim.names, why) != 0
               || check_date(r, now, why) != 0
               || check_secret(r, &claim, &secret, why) != 0)
    {
        rc = -1;

    } else {
        rc = 0;
    }

    free(claim.text);
    free(secret.text);

    return rc;
}
