/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Keys are those of RFC 5869, names those of HMAC, which are made here once
 * more, by HMAC() alone; values open for their entry only.
 */

#include "unit.h"
#include "share/usage_seal.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>


#define SECRET "0123456789abcdef0123456789abcdef"
#define SALT   "ngx_http_usage_module usage_share 1"
#define VALUES 10000


static const unsigned char nonce[USAGE_SEAL_NONCE] = "nonce-nonce";


static void
hmac(const void *key, size_t len, const unit_text_t *text, unsigned char *out)
{
    assert_non_null(HMAC(EVP_sha256(), key, (int) len,
        (const unsigned char *) text->data, text->len, out, NULL));
}


/* HKDF-SHA256 (RFC 5869), two blocks. */

static void
hkdf(const char *secret, size_t len, const char *salt, size_t salt_len,
    const char *info, size_t info_len, unsigned char out[64])
{
    unit_text_t   text = { 0 };
    unsigned char prk[32];

    unit_add(&text, secret, len);
    hmac(salt, salt_len, &text, prk);

    unit_text_clear(&text);
    unit_add(&text, info, info_len);
    unit_add(&text, "\1", 1);
    hmac(prk, 32, &text, out);

    unit_text_clear(&text);
    unit_add(&text, (char *) out, 32);
    unit_add(&text, info, info_len);
    unit_add(&text, "\2", 1);
    hmac(prk, 32, &text, out + 32);

    unit_text_free(&text);
}


static void
test_keys(void **state)
{
    usage_seal_t  seal;
    unsigned char keys[64];

    /* RFC 5869, A.1 */

    static const unsigned char okm[] = { 0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac,
        0xd5, 0x7a, 0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d,
        0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4,
        0xc5, 0xbf, 0x34, 0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18, 0x58,
        0x65 };

    (void) state;

    hkdf("\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v", 22,
        "\0\1\2\3\4\5\6\7\10\11\12\13\14", 13,
        "\360\361\362\363\364\365\366\367\370\371", 10, keys);
    assert_memory_equal(keys, okm, sizeof(okm));

    assert_int_equal(
        usage_seal_init(&seal, unit_str(SECRET), unit_str("ns")), USAGE_OK);
    hkdf(SECRET, 32, SALT, strlen(SALT), "ns", 2, keys);
    assert_memory_equal(seal.names, keys, 32);
    assert_memory_equal(seal.values, keys + 32, 32);
}


static void
test_names(void **state)
{
    char          name[USAGE_SEAL_NAME], other[USAGE_SEAL_NAME], hex[3];
    size_t        i;
    unit_text_t   text = { 0 };
    usage_str_t   parts[] = { usage_string("ab"), usage_string("c") };
    usage_str_t   moved[] = { usage_string("a"), usage_string("bc") };
    usage_seal_t  seal;
    unsigned char digest[32];

    (void) state;

    (void) usage_seal_init(&seal, unit_str(SECRET), unit_str("ns"));
    assert_int_equal(usage_seal_name(&seal, "day", parts, 2, name), USAGE_OK);

    unit_add(
        &text, "\0\0\0\0\0\0\0\3day\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\1c", 30);
    hmac(seal.names, 32, &text, digest);
    assert_memory_equal(name, "usage:", 6);

    for (i = 0; i < 32; i++) {
        (void) snprintf(hex, sizeof(hex), "%02x", digest[i]);
        assert_memory_equal(name + 6 + 2 * i, hex, 2);
    }

    assert_int_equal(usage_seal_name(&seal, "day", moved, 2, other), USAGE_OK);
    assert_memory_not_equal(name, other, USAGE_SEAL_NAME);
    assert_int_equal(usage_seal_name(&seal, "day", parts, 1, other), USAGE_OK);
    assert_memory_not_equal(name, other, USAGE_SEAL_NAME);
    assert_int_equal(usage_seal_name(&seal, "lock", parts, 2, other), USAGE_OK);
    assert_memory_not_equal(name, other, USAGE_SEAL_NAME);

    (void) usage_seal_init(&seal, unit_str(SECRET), unit_str("sn"));
    assert_int_equal(usage_seal_name(&seal, "day", parts, 2, other), USAGE_OK);
    assert_memory_not_equal(name, other, USAGE_SEAL_NAME);

    unit_text_free(&text);
}


/* AES-256-GCM by libcrypto's older calls, over version and name. */

static void
gcm(const usage_seal_t *seal, const char *name, const char *text, int len,
    unsigned char *out)
{
    int             n;
    unsigned char   aad[1 + USAGE_SEAL_NAME] = { 1 };
    EVP_CIPHER_CTX *ctx;

    memcpy(aad + 1, name, USAGE_SEAL_NAME);
    ctx = EVP_CIPHER_CTX_new();
    assert_int_equal(
        EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, seal->values, nonce),
        1);
    assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, aad, sizeof(aad)), 1);
    assert_int_equal(
        EVP_EncryptUpdate(ctx, out, &n, (const unsigned char *) text, len), 1);
    assert_int_equal(EVP_EncryptFinal_ex(ctx, out + n, &n), 1);
    assert_int_equal(
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, out + len), 1);
    EVP_CIPHER_CTX_free(ctx);
}


static void
test_values(void **state)
{
    char         name[USAGE_SEAL_NAME], *sealed, *opened;
    size_t       size, len;
    usage_str_t  text, bytes;
    usage_seal_t seal;
    static char  data[50000] = "a text";

    static const size_t sizes[] = { 0, 1, 15, 16, 17, 4096, sizeof(data) };

    (void) state;

    (void) usage_seal_init(&seal, unit_str(SECRET), unit_str("ns"));
    (void) usage_seal_name(&seal, "day", NULL, 0, name);

    for (size = 0; size < unit_count(sizes); size++) {
        text.data = data;
        text.len = sizes[size];
        bytes.len = text.len + USAGE_SEAL_EXTRA;
        bytes.data = sealed = unit_must(malloc(bytes.len));
        opened = unit_must(malloc(text.len + 1));

        assert_int_equal(
            usage_seal_close(&seal, name, nonce, text, sealed), USAGE_OK);
        assert_int_equal(sealed[0], 1);
        assert_memory_equal(sealed + 1, nonce, sizeof(nonce));
        assert_int_equal(
            usage_seal_open(&seal, name, bytes, opened, &len), USAGE_OK);
        assert_int_equal(len, text.len);
        assert_memory_equal(opened, data, len);

        if (size == 4) {
            unsigned char expected[17 + 16];

            gcm(&seal, name, data, 17, expected);
            assert_memory_equal(sealed + 13, expected, sizeof(expected));
        }

        free(sealed);
        free(opened);
    }
}


/*
 * 10,000 values, each changed in one way: none opens.
 */
static void
test_changed(void **state)
{
    char         name[USAGE_SEAL_NAME], entry[USAGE_SEAL_NAME], *copy;
    char         text[64], sealed[64 + USAGE_SEAL_EXTRA], opened[64];
    size_t       i, k, len, way;
    uint64_t     seed;
    usage_str_t  plain, bytes;
    usage_seal_t seal, key, ns;
    const char  *as;

    const usage_seal_t *with;

    (void) state;

    seed = unit_seed();
    (void) usage_seal_init(&seal, unit_str(SECRET), unit_str("ns"));
    (void) usage_seal_init(&key, unit_str(SECRET "x"), unit_str("ns"));
    (void) usage_seal_init(&ns, unit_str(SECRET), unit_str("another"));
    (void) usage_seal_name(&seal, "day", NULL, 0, name);
    (void) usage_seal_name(&seal, "born", NULL, 0, entry);

    for (i = 0; i < VALUES; i++) {
        for (k = 0; k < sizeof(text); k++) {
            text[k] = (char) unit_random(&seed);
        }

        plain.data = text;
        plain.len = 1 + unit_below(&seed, sizeof(text));
        bytes.data = sealed;
        bytes.len = plain.len + USAGE_SEAL_EXTRA;
        assert_int_equal(
            usage_seal_close(&seal, name, nonce, plain, sealed), USAGE_OK);

        way = i % 6;
        as = way == 0 ? entry : name;
        with = way == 1 ? &key : way == 2 ? &ns : &seal;

        if (way == 3) {
            bytes.len = unit_below(&seed, bytes.len);

        } else if (way == 4) {
            sealed[unit_below(&seed, bytes.len)] ^=
                (char) (1 << unit_below(&seed, 8));

        } else if (way == 5) {
            k = unit_below(&seed, bytes.len);
            sealed[k] = (char) (sealed[k] + 1 + (char) unit_below(&seed, 255));
        }

        copy = unit_exact(bytes);
        bytes.data = copy;
        len = 0;
        assert_int_equal(
            usage_seal_open(with, as, bytes, opened, &len), USAGE_ERROR);
        free(copy);
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
