/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Requests signed by the vendor's own code, npm's
 * @huaweicloud/huaweicloud-sdk-core 3.1.211.
 * Made by t/node/vectors.js; don't edit.
 *
 * The last four are of the vendor's tests of its SDKs for Go and Python.  Go's
 * doesn't sign Host.
 *
 * A path with escapes has two canonical forms: Node and Java encode what is
 * sent ("%20" becomes "%2520"), Python and Go what is meant ("%20" stays).
 */

#ifndef SIGN_VECTORS_H
#define SIGN_VECTORS_H

#include <stddef.h>


/* clang-format off */

#define SIGN_VECTOR_HEADERS 64


/*
 * path, query and headers are as sent; the body is body_len bytes, body_times
 * over.  canonical_request and string_to_sign are NULL where they weren't
 * published.
 */
typedef struct {
    const char *name;
    const char *method;
    const char *path;
    const char *query;
    const char *headers[SIGN_VECTOR_HEADERS][2];
    const char *body;
    size_t      body_len;
    size_t      body_times;
    const char *ak;
    const char *sk;
    const char *date;
    const char *signed_headers;
    const char *canonical_request;
    const char *string_to_sign;
    const char *signature;
    const char *authorization;
} sign_vector_t;


static const sign_vector_t sign_vectors[] = {
    {
        .name = "a legacy call",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2b7071a94825ca"
            "661c56406ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nef8a4c66db021c55b11039a773"
            "ef705e7c6a6369c1d536ea7b939653dac9c73a",
        .signature = "1d4dfd5bce599c7b57515b1dc0d719c2600906c590da397bb11e32699a4ff"
            "528",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=1d4dfd5bce599c7b57515b1dc0d719c26009"
            "06c590da397bb11e32699a4ff528",
    },
    {
        .name = "a key of an odd length",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "a",
        .sk = "b",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2b7071a94825ca"
            "661c56406ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nef8a4c66db021c55b11039a773"
            "ef705e7c6a6369c1d536ea7b939653dac9c73a",
        .signature = "eca19d53826222d1f9f051bd5223813e4a8a7ad7668c54a99278d42c9e42c"
            "b29",
        .authorization = "SDK-HMAC-SHA256 Access=a, SignedHeaders=host;x-sdk-date, Sign"
            "ature=eca19d53826222d1f9f051bd5223813e4a8a7ad7668c54a99278d42"
            "c9e42cb29",
    },
    {
        .name = "a secret longer than a block of SHA-256",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJofYj2xOWMeZ5cQ8dTqR1vB"
            "7nK3aLh0sGuPzEiXtJofYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJofY"
            "j2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJofYj2xOWMeZ5cQ8dTqR1vB7n"
            "K3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2b7071a94825ca"
            "661c56406ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nef8a4c66db021c55b11039a773"
            "ef705e7c6a6369c1d536ea7b939653dac9c73a",
        .signature = "9c110b6014843d914a29616504932d06726e252c2363a0f565464b1f53fef"
            "60a",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=9c110b6014843d914a29616504932d06726e"
            "252c2363a0f565464b1f53fef60a",
    },
    {
        .name = "a secret of a block",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xxx",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2b7071a94825ca"
            "661c56406ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nef8a4c66db021c55b11039a773"
            "ef705e7c6a6369c1d536ea7b939653dac9c73a",
        .signature = "8c164990870035e28cb866952c833943361e90e17f5cb2372a4811df5c15a"
            "757",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=8c164990870035e28cb866952c833943361e"
            "90e17f5cb2372a4811df5c15a757",
    },
    {
        .name = "a secret of UTF-8",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "geh\303\251im \347\247\230\345\257\206",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2b7071a94825ca"
            "661c56406ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nef8a4c66db021c55b11039a773"
            "ef705e7c6a6369c1d536ea7b939653dac9c73a",
        .signature = "e3a63f46baba02e9e7af769c3de67328abae1b24a48753febb31537fe45c1"
            "d76",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=e3a63f46baba02e9e7af769c3de67328abae"
            "1b24a48753febb31537fe45c1d76",
    },
    {
        .name = "an access key of the longest form",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK"
            "KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK"
            "KKKKKK",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2b7071a94825ca"
            "661c56406ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nef8a4c66db021c55b11039a773"
            "ef705e7c6a6369c1d536ea7b939653dac9c73a",
        .signature = "1d4dfd5bce599c7b57515b1dc0d719c2600906c590da397bb11e32699a4ff"
            "528",
        .authorization = "SDK-HMAC-SHA256 Access=KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK"
            "KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK"
            "KKKKKKKKKKKKKKKKKKKKKKKKKKKKK, SignedHeaders=host;x-sdk-date,"
            " Signature=1d4dfd5bce599c7b57515b1dc0d719c2600906c590da397bb1"
            "1e32699a4ff528",
    },
    {
        .name = "a project of one letter",
        .method = "POST",
        .path = "/v2/p/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/p/desktops/statistics/used/\n\nhost:workspace.ap-so"
            "utheast-1.myhuaweicloud.com\nx-sdk-date:20260102T030405Z\n\nh"
            "ost;x-sdk-date\n2b7071a94825ca661c56406ec4af427a87031503bbf61"
            "ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n6b77e54f29fb130916a2436be0"
            "1ecc0dd1025257c3c8834dbfaae3ea25b50679",
        .signature = "0558f350d525c31d2e1e2b2c00a5715f91d814630d885b9900e99101b6335"
            "65b",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=0558f350d525c31d2e1e2b2c00a5715f91d8"
            "14630d885b9900e99101b633565b",
    },
    {
        .name = "a project of 255",
        .method = "POST",
        .path = "/v2/Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az0"
            "9_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09"
            "_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_"
            "-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-"
            "Az09_-Az09_-end/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az0"
            "9_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09"
            "_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_"
            "-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-Az09_-"
            "Az09_-Az09_-Az09_-end/desktops/statistics/used/\n\nhost:works"
            "pace.ap-southeast-1.myhuaweicloud.com\nx-sdk-date:20260102T03"
            "0405Z\n\nhost;x-sdk-date\n2b7071a94825ca661c56406ec4af427a870"
            "31503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nb4967bab888fc28d0a760db196"
            "56c78ddf8a40be8834f706d200be44f8c23ae6",
        .signature = "301fe1131cb2e13e84563751d2b1f106b3358646cc1dd9ca95af6365f6f0f"
            "b91",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=301fe1131cb2e13e84563751d2b1f106b335"
            "8646cc1dd9ca95af6365f6f0fb91",
    },
    {
        .name = "a project of dashes",
        .method = "POST",
        .path = "/v2/-_-__--/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/-_-__--/desktops/statistics/used/\n\nhost:workspace"
            ".ap-southeast-1.myhuaweicloud.com\nx-sdk-date:20260102T030405"
            "Z\n\nhost;x-sdk-date\n2b7071a94825ca661c56406ec4af427a8703150"
            "3bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n646bae4f928ea5f6a731c1efa7"
            "bfe96f0e2686de89c2a5e893f1b2a11b46ea62",
        .signature = "c75cfcc65d31c69e0e31c36f6e0d5626be5b0e7f77267cd9318eb669f4845"
            "237",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=c75cfcc65d31c69e0e31c36f6e0d5626be5b"
            "0e7f77267cd9318eb669f4845237",
    },
    {
        .name = "a path that ends in a slash",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used"
            "/",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2b7071a94825ca"
            "661c56406ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nef8a4c66db021c55b11039a773"
            "ef705e7c6a6369c1d536ea7b939653dac9c73a",
        .signature = "1d4dfd5bce599c7b57515b1dc0d719c2600906c590da397bb11e32699a4ff"
            "528",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=1d4dfd5bce599c7b57515b1dc0d719c26009"
            "06c590da397bb11e32699a4ff528",
    },
    {
        .name = "an escape, signed as it is sent",
        .method = "POST",
        .path = "/v2/%64emo/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/%2564emo/desktops/statistics/used/\n\nhost:workspac"
            "e.ap-southeast-1.myhuaweicloud.com\nx-sdk-date:20260102T03040"
            "5Z\n\nhost;x-sdk-date\n2b7071a94825ca661c56406ec4af427a870315"
            "03bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\na3ce3ccf8d22239d20e5cc2b6a"
            "aab5e8969b082945b8fdddff097982f4acdc89",
        .signature = "d1d6ea892a19a8a05ebf46f582bbcc3bd85861c7e1c8d1dcc8f62d16c33be"
            "2d2",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=d1d6ea892a19a8a05ebf46f582bbcc3bd858"
            "61c7e1c8d1dcc8f62d16c33be2d2",
    },
    {
        .name = "an escape, signed decoded",
        .method = "POST",
        .path = "/v2/%64emo/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/demo/desktops/statistics/used/\n\nhost:workspace.ap"
            "-southeast-1.myhuaweicloud.com\nx-sdk-date:20260102T030405Z\n"
            "\nhost;x-sdk-date\n2b7071a94825ca661c56406ec4af427a87031503bb"
            "f61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\na01668cd0d674a2aed79ff4538"
            "20f853bc9ba03d7e8dadef9b23df28fe21a4bf",
        .signature = "16f181e38c7855b19e823a4d3f35dbc556f853620fa9440768bd84cea8393"
            "7a9",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=16f181e38c7855b19e823a4d3f35dbc556f8"
            "53620fa9440768bd84cea83937a9",
    },
    {
        .name = "lowercase escapes, signed as sent",
        .method = "POST",
        .path = "/v2/a%2db%5f/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/a%252db%255f/desktops/statistics/used/\n\nhost:work"
            "space.ap-southeast-1.myhuaweicloud.com\nx-sdk-date:20260102T0"
            "30405Z\n\nhost;x-sdk-date\n2b7071a94825ca661c56406ec4af427a87"
            "031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n8a53890954a23ff7a0f98e1ee3"
            "ab1a6c4695e713bebfeb1a13580c928111f0ab",
        .signature = "27f045f242ab663780a8714a76a6c16406360ec1d1227b6a81091d720be04"
            "123",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=27f045f242ab663780a8714a76a6c1640636"
            "0ec1d1227b6a81091d720be04123",
    },
    {
        .name = "UTF-8 in the path, signed decoded",
        .method = "POST",
        .path = "/v2/%C3%BC/x",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/%C3%BC/x/\n\nhost:workspace.ap-southeast-1.myhuawei"
            "cloud.com\nx-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2b"
            "7071a94825ca661c56406ec4af427a87031503bbf61ab28ae3bd30098bf85"
            "0",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nadebf27f4436291ec14ee91394"
            "c4bf6a4175678a574ab52371d224f50d42576e",
        .signature = "7050b246c77dfcec1cd5b099b54dee241d06179d1f9ca26ac42e942c9f32a"
            "ae2",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=7050b246c77dfcec1cd5b099b54dee241d06"
            "179d1f9ca26ac42e942c9f32aae2",
    },
    {
        .name = "UTF-8 in the path, signed as sent",
        .method = "POST",
        .path = "/v2/%C3%BC/x",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/%25C3%25BC/x/\n\nhost:workspace.ap-southeast-1.myhu"
            "aweicloud.com\nx-sdk-date:20260102T030405Z\n\nhost;x-sdk-date"
            "\n2b7071a94825ca661c56406ec4af427a87031503bbf61ab28ae3bd30098"
            "bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nd3d27e7f051a315cb04d7d5c5c"
            "9d7ef1011de91f74b6bb6565b48c30e5412a98",
        .signature = "66aeb0159ea28aa25ffe085a5ec82dbbb044ea1f2e6f6fbb734393d838d61"
            "be0",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=66aeb0159ea28aa25ffe085a5ec82dbbb044"
            "ea1f2e6f6fbb734393d838d61be0",
    },
    {
        .name = "what a path may hold",
        .method = "POST",
        .path = "/v2/a!b$c&(d)*+,;=:@~._-/x",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/a%21b%24c%26%28d%29%2A%2B%2C%3B%3D%3A%40~._-/x/\n\n"
            "host:workspace.ap-southeast-1.myhuaweicloud.com\nx-sdk-date:2"
            "0260102T030405Z\n\nhost;x-sdk-date\n2b7071a94825ca661c56406ec"
            "4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n5492d721b3ce9abc2e5fecdead"
            "e703ed1f9068ce582555e98f047b5c1a1ba925",
        .signature = "c33c84aa4cfc558d580b941fe5ef52044aea665b0ba51aa8ff8645f230ca4"
            "2e8",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=c33c84aa4cfc558d580b941fe5ef52044aea"
            "665b0ba51aa8ff8645f230ca42e8",
    },
    {
        .name = "the root",
        .method = "GET",
        .path = "/",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "",
        .body_len = 0,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "GET\n/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx-"
            "sdk-date:20260102T030405Z\n\nhost;x-sdk-date\ne3b0c44298fc1c1"
            "49afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n0b59c384316d8fe02a56f5ec40"
            "4b9eb9fa66f4efb88275c1e881809f7dfb3793",
        .signature = "c03c0bbf0b5237b6ed22df615bc17c907280e4e17210d3140f766879b1024"
            "60c",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=c03c0bbf0b5237b6ed22df615bc17c907280"
            "e4e17210d3140f766879b102460c",
    },
    {
        .name = "an empty body",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "",
        .body_len = 0,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\ne3b0c44298fc1c"
            "149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n1c5648949f703fdcdd5ed0e67b"
            "20eafd01c4a4d13273c15b0bf932e82230f515",
        .signature = "0b164190b798759157370eed2ba065049bee7b3068ebc3b9086ef67abdf8f"
            "99a",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=0b164190b798759157370eed2ba065049bee"
            "7b3068ebc3b9086ef67abdf8f99a",
    },
    {
        .name = "a body of UTF-8",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"desktop_username\":\"J\303\274rgen \345\274\240\344\270\211"
            " \360\237\231\202\"}",
        .body_len = 42,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\nf8b3942480b38b"
            "c943456866e792e9f8284c5448a4bbaa4c2c2fc7ddf17a78c8",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n757678b272a5c188d5ffcbf1ac"
            "6b6f9e9117061c0374bceb0592730e26f6bcf4",
        .signature = "36c074c4462da23eba4530719f587fc96155d94a0d448149b348e58c57187"
            "7c5",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=36c074c4462da23eba4530719f587fc96155"
            "d94a0d448149b348e58c571877c5",
    },
    {
        .name = "a body with white space",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = " {\015\n\011\"limit\" : 3 }\n",
        .body_len = 19,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2dbd522a91acf4"
            "4f6da2377700c91edbc1ee424244455b812e02be6b0e38fd11",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n6302c61630b0ef4cde4cfb5c31"
            "76630c95f6b54a5ffccfb2cbd04f057f14af6c",
        .signature = "86cb6d29ab2b8998de1b93a0246b9eb0d4109b3e49fd3f76a5aec20d0aa57"
            "e2f",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=86cb6d29ab2b8998de1b93a0246b9eb0d410"
            "9b3e49fd3f76a5aec20d0aa57e2f",
    },
    {
        .name = "a body as Go sends it",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}\n",
        .body_len = 52,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n929fd0129ea298"
            "ad0927f1ffef11ec0de849410525de9325ab4a5fe520443b3b",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\ne6312a169c8c431d8da459f1de"
            "f8018fec241870c274f5dddc158505c00961c8",
        .signature = "0539e9f9f34d06800ee2319bfa03f5ab85738b823084488e8334e0f63ae2b"
            "c69",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=0539e9f9f34d06800ee2319bfa03f5ab8573"
            "8b823084488e8334e0f63ae2bc69",
    },
    {
        .name = "a body with a zero byte",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"a\":\"\000\"}",
        .body_len = 9,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n9a2f4cf56dc348"
            "33b5da618c36e2c26638bf608575beca6a802438ff4ce21f8b",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n32fc83886e6360db54a2eef6bd"
            "87c65b7392c0181e5acfd1488013432f834b3c",
        .signature = "284047f3d2466811ddf08f4468254d547f2694fb86f46bd6ff61426ff9d82"
            "a9d",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=284047f3d2466811ddf08f4468254d547f26"
            "94fb86f46bd6ff61426ff9d82a9d",
    },
    {
        .name = "a megabyte",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "0123456789abcdef",
        .body_len = 16,
        .body_times = 65536,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\naca1cd027e9795"
            "88d14b877b7b0cb8585ad9fec599eb45801992ee5382b3760f",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nfa28276cb27b74378b904d06d7"
            "7966f0ddc4e9bb68d634b870772d1f369d2ee0",
        .signature = "a470881d08c176d6ab5febe3a4143541b5429bf0812d5bc5f469ca7736cab"
            "76e",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=a470881d08c176d6ab5febe3a4143541b542"
            "9bf0812d5bc5f469ca7736cab76e",
    },
    {
        .name = "a body of a block",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "z",
        .body_len = 1,
        .body_times = 64,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n72996563049cc8"
            "4daa2c3f31fd5c3d10770e69d6ebbb8da5b6d76db303dbae43",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n533575917be63e3334ba06fecb"
            "e341739e1dccbfac928a23447c57aa4465966b",
        .signature = "97a54a598fb2470a656ed56b4219a76fcb4af4dd7e16d1a46058a7f75137d"
            "61c",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=97a54a598fb2470a656ed56b4219a76fcb4a"
            "f4dd7e16d1a46058a7f75137d61c",
    },
    {
        .name = "a body of a block less one",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "z",
        .body_len = 1,
        .body_times = 63,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n85021e4907c216"
            "45631d596eee989bf43c2cd56b074175d5393804dbf1744412",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nf9944644bc2da3d3e1d35adb24"
            "ff404b2060d72ad6ef527eba7bd2742232fda1",
        .signature = "bf28d0aa8cd99fc875331fd8ff5a1fc41f584b753ee77c25423d3f5896887"
            "b1c",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=bf28d0aa8cd99fc875331fd8ff5a1fc41f58"
            "4b753ee77c25423d3f5896887b1c",
    },
    {
        .name = "the hash of the body sent",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { "X-Sdk-Content-Sha256", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaf"
            "f8a" },
            { NULL, NULL } },
        .body = "{}",
        .body_len = 2,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-content-sha256;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-content-sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21"
            "fe77e8310c060f61caaff8a\nx-sdk-date:20260102T030405Z\n\nhost;"
            "x-sdk-content-sha256;x-sdk-date\n44136fa355b3678a1146ad16f7e8"
            "649e94fb4fc21fe77e8310c060f61caaff8a",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\na012ef7037ea718116cc73db06"
            "3a258c54b6e91a5e98cd853f3657d635007eb6",
        .signature = "76e50dd4a4aabca75ff6e83a817c9d9ccc317e8508465e016a4702bf0c6a4"
            "e3f",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-content-sha256;x-sdk-date, Signature=76e50dd4a4aabca"
            "75ff6e83a817c9d9ccc317e8508465e016a4702bf0c6a4e3f",
    },
    {
        .name = "the hash of no body sent",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { "X-Sdk-Content-Sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b"
            "855" },
            { NULL, NULL } },
        .body = "",
        .body_len = 0,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-content-sha256;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e46"
            "49b934ca495991b7852b855\nx-sdk-date:20260102T030405Z\n\nhost;"
            "x-sdk-content-sha256;x-sdk-date\ne3b0c44298fc1c149afbf4c8996f"
            "b92427ae41e4649b934ca495991b7852b855",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nc4a9d95e8419f21b6c83e0aa62"
            "cd3196e3635395c259e921d4bf9dc83dca485e",
        .signature = "d9c4f7399448d5035ac8a83c222454949809470b39ca01f8fb34affa7aba6"
            "995",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-content-sha256;x-sdk-date, Signature=d9c4f7399448d50"
            "35ac8a83c222454949809470b39ca01f8fb34affa7aba6995",
    },
    {
        .name = "a body that is not signed",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { "X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-content-sha256;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-content-sha256:UNSIGNED-PAYLOAD\nx-sdk-date:20260102T030"
            "405Z\n\nhost;x-sdk-content-sha256;x-sdk-date\nUNSIGNED-PAYLOA"
            "D",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n4a5ee29606a53e33267c2181f2"
            "940590572f6cc07db8bd8343acf19baba8941f",
        .signature = "107faa3b1255f8d023e6ebc72a1661a05d20ffacc50058521bacbca7934e9"
            "d9a",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-content-sha256;x-sdk-date, Signature=107faa3b1255f8d"
            "023e6ebc72a1661a05d20ffacc50058521bacbca7934e9d9a",
    },
    {
        .name = "temporary credentials",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { "X-Security-Token", "gQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGz"
            "pEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00j"
            "GzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC0"
            "0jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0a"
            "C00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J"
            "0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub"
            "3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1"
            "ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjb"
            "i1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQp"
            "jbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEg"
            "Qpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzp"
            "EgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jG"
            "zpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00"
            "jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpE==" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date;x-security-token",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-sdk-date:20260102T030405Z\nx-security-token:gQpjbi1ub3J0aC00"
            "jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC"
            "00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0"
            "aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3"
            "J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1u"
            "b3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi"
            "1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpj"
            "bi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQ"
            "pjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpE"
            "gQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGz"
            "pEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00j"
            "GzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC0"
            "0jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0a"
            "C00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J0aC00jGzpEgQpjbi1ub3J"
            "0aC00jGzpEgQpjbi1ub3J0aC00jGzpE==\n\nhost;x-sdk-date;x-securi"
            "ty-token\n2b7071a94825ca661c56406ec4af427a87031503bbf61ab28ae"
            "3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nac45a333ab844514e02a4c2a6f"
            "98a92bcc7d2d828742335cd2bc3228299102c3",
        .signature = "dd7ed1326eb1d4b6a08bfb0e88008eff417377091a79396a9b6582455a49a"
            "09d",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date;x-security-token, Signature=dd7ed1326eb1d4b6a08"
            "bfb0e88008eff417377091a79396a9b6582455a49a09d",
    },
    {
        .name = "all that an SDK sends",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { "content-type", "application/json" },
            { "User-Agent", "huaweicloud-usdk-nodejs/3.0" },
            { "X-Project-Id", "0b4a1d3c5e6f47889900aabbccddeeff" },
            { "Accept", "application/json" },
            { "Content-Length", "51" },
            { "Connection", "keep-alive" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "content-type;host;user-agent;x-project-id;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\ncontent-type:application/json\nhost:workspace.ap-s"
            "outheast-1.myhuaweicloud.com\nuser-agent:huaweicloud-usdk-nod"
            "ejs/3.0\nx-project-id:0b4a1d3c5e6f47889900aabbccddeeff\nx-sdk"
            "-date:20260102T030405Z\n\ncontent-type;host;user-agent;x-proj"
            "ect-id;x-sdk-date\n2b7071a94825ca661c56406ec4af427a87031503bb"
            "f61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n2507b04231dc506f6289f8f6ff"
            "48199c0ce37f5a93bebb199ae334487f730c9b",
        .signature = "233cdfc6e4867e025ac4fbe4113e9eef38cc0894a4ddbfc934aa623b399fb"
            "e73",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=co"
            "ntent-type;host;user-agent;x-project-id;x-sdk-date, Signature"
            "=233cdfc6e4867e025ac4fbe4113e9eef38cc0894a4ddbfc934aa623b399f"
            "be73",
    },
    {
        .name = "spaces around values",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { "X-A", "  one " },
            { "X-B", "\011two\011" },
            { "X-C", " a  b " },
            { "X-D", "" },
            { "X-E", "  " },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-a;x-b;x-c;x-d;x-e;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-a:one\nx-b:two\nx-c:a  b\nx-d:\nx-e:\nx-sdk-date:20260102T03"
            "0405Z\n\nhost;x-a;x-b;x-c;x-d;x-e;x-sdk-date\n2b7071a94825ca6"
            "61c56406ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n56ed18a8392028daa510c3309b"
            "5f79691b1e6393b6abb024f7466694b0d326e2",
        .signature = "2d82ce59853ef6df6fbec8f44bc147b14a00dfaa8bda1b30e8107df7e2f85"
            "5c8",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-a;x-b;x-c;x-d;x-e;x-sdk-date, Signature=2d82ce59853ef6df"
            "6fbec8f44bc147b14a00dfaa8bda1b30e8107df7e2f855c8",
    },
    {
        .name = "a value with colons and quotes",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { "X-Note", "a: \"b\", c;d=e, Signature=f" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-note;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-note:a: \"b\", c;d=e, Signature=f\nx-sdk-date:20260102T03040"
            "5Z\n\nhost;x-note;x-sdk-date\n2b7071a94825ca661c56406ec4af427"
            "a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n794d7f23d0922dadf7b38ab755"
            "8c800242638135ec828b626dfc13670e468d0a",
        .signature = "6ea335360c2753f9e2630dfaad84bafdf567c7346abd272f6645a0935a25f"
            "ffb",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-note;x-sdk-date, Signature=6ea335360c2753f9e2630dfaad84b"
            "afdf567c7346abd272f6645a0935a25fffb",
    },
    {
        .name = "a value of UTF-8",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { "X-Name", "J\303\274rgen \345\274\240\344\270\211" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-name;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-name:J\303\274rgen \345\274\240\344\270\211\nx-sdk-date:2026"
            "0102T030405Z\n\nhost;x-name;x-sdk-date\n2b7071a94825ca661c564"
            "06ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n18d10d1ef81a00821e2ba9041f"
            "804ab27c837ca68437f35755e8dacb3750e29e",
        .signature = "4fcca16a657e8134141657a1d92501338dd6124be0251253dd538a7c1e1fa"
            "08d",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-name;x-sdk-date, Signature=4fcca16a657e8134141657a1d9250"
            "1338dd6124be0251253dd538a7c1e1fa08d",
    },
    {
        .name = "names in any order and case",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { "x-zulu", "1" },
            { "X-ALPHA", "2" },
            { "X-Mike", "3" },
            { "a", "4" },
            { "Z", "5" },
            { "x-mike-2", "6" },
            { "X-Mike1", "7" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "a;host;x-alpha;x-mike;x-mike-2;x-mike1;x-sdk-date;x-zulu;z",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\na:4\nhost:workspace.ap-southeast-1.myhuaweicloud.c"
            "om\nx-alpha:2\nx-mike:3\nx-mike-2:6\nx-mike1:7\nx-sdk-date:20"
            "260102T030405Z\nx-zulu:1\nz:5\n\na;host;x-alpha;x-mike;x-mike"
            "-2;x-mike1;x-sdk-date;x-zulu;z\n2b7071a94825ca661c56406ec4af4"
            "27a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n8e80aa5c027a28bbff0751929a"
            "71ebc856ed3b97da41f8d91b6a28fee656d367",
        .signature = "6253b4cef3f6e92cceb1c5f4d4d8045fe3a4d438f84fe230795a990790961"
            "cc3",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=a;"
            "host;x-alpha;x-mike;x-mike-2;x-mike1;x-sdk-date;x-zulu;z, Sig"
            "nature=6253b4cef3f6e92cceb1c5f4d4d8045fe3a4d438f84fe230795a99"
            "0790961cc3",
    },
    {
        .name = "many headers",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { "X-Many-100", "value 0" },
            { "X-Many-137", "value 1" },
            { "X-Many-114", "value 2" },
            { "X-Many-151", "value 3" },
            { "X-Many-128", "value 4" },
            { "X-Many-105", "value 5" },
            { "X-Many-142", "value 6" },
            { "X-Many-119", "value 7" },
            { "X-Many-156", "value 8" },
            { "X-Many-133", "value 9" },
            { "X-Many-110", "value 10" },
            { "X-Many-147", "value 11" },
            { "X-Many-124", "value 12" },
            { "X-Many-101", "value 13" },
            { "X-Many-138", "value 14" },
            { "X-Many-115", "value 15" },
            { "X-Many-152", "value 16" },
            { "X-Many-129", "value 17" },
            { "X-Many-106", "value 18" },
            { "X-Many-143", "value 19" },
            { "X-Many-120", "value 20" },
            { "X-Many-157", "value 21" },
            { "X-Many-134", "value 22" },
            { "X-Many-111", "value 23" },
            { "X-Many-148", "value 24" },
            { "X-Many-125", "value 25" },
            { "X-Many-102", "value 26" },
            { "X-Many-139", "value 27" },
            { "X-Many-116", "value 28" },
            { "X-Many-153", "value 29" },
            { "X-Many-130", "value 30" },
            { "X-Many-107", "value 31" },
            { "X-Many-144", "value 32" },
            { "X-Many-121", "value 33" },
            { "X-Many-158", "value 34" },
            { "X-Many-135", "value 35" },
            { "X-Many-112", "value 36" },
            { "X-Many-149", "value 37" },
            { "X-Many-126", "value 38" },
            { "X-Many-103", "value 39" },
            { "X-Many-140", "value 40" },
            { "X-Many-117", "value 41" },
            { "X-Many-154", "value 42" },
            { "X-Many-131", "value 43" },
            { "X-Many-108", "value 44" },
            { "X-Many-145", "value 45" },
            { "X-Many-122", "value 46" },
            { "X-Many-159", "value 47" },
            { "X-Many-136", "value 48" },
            { "X-Many-113", "value 49" },
            { "X-Many-150", "value 50" },
            { "X-Many-127", "value 51" },
            { "X-Many-104", "value 52" },
            { "X-Many-141", "value 53" },
            { "X-Many-118", "value 54" },
            { "X-Many-155", "value 55" },
            { "X-Many-132", "value 56" },
            { "X-Many-109", "value 57" },
            { "X-Many-146", "value 58" },
            { "X-Many-123", "value 59" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-many-100;x-many-101;x-many-102;x-many-103;x-many-104;x"
            "-many-105;x-many-106;x-many-107;x-many-108;x-many-109;x-many-"
            "110;x-many-111;x-many-112;x-many-113;x-many-114;x-many-115;x-"
            "many-116;x-many-117;x-many-118;x-many-119;x-many-120;x-many-1"
            "21;x-many-122;x-many-123;x-many-124;x-many-125;x-many-126;x-m"
            "any-127;x-many-128;x-many-129;x-many-130;x-many-131;x-many-13"
            "2;x-many-133;x-many-134;x-many-135;x-many-136;x-many-137;x-ma"
            "ny-138;x-many-139;x-many-140;x-many-141;x-many-142;x-many-143"
            ";x-many-144;x-many-145;x-many-146;x-many-147;x-many-148;x-man"
            "y-149;x-many-150;x-many-151;x-many-152;x-many-153;x-many-154;"
            "x-many-155;x-many-156;x-many-157;x-many-158;x-many-159;x-sdk-"
            "date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:workspace.ap-southeast-1.myhuaweicloud.com\nx"
            "-many-100:value 0\nx-many-101:value 13\nx-many-102:value 26\n"
            "x-many-103:value 39\nx-many-104:value 52\nx-many-105:value 5\n"
            "x-many-106:value 18\nx-many-107:value 31\nx-many-108:value 44"
            "\nx-many-109:value 57\nx-many-110:value 10\nx-many-111:value "
            "23\nx-many-112:value 36\nx-many-113:value 49\nx-many-114:valu"
            "e 2\nx-many-115:value 15\nx-many-116:value 28\nx-many-117:val"
            "ue 41\nx-many-118:value 54\nx-many-119:value 7\nx-many-120:va"
            "lue 20\nx-many-121:value 33\nx-many-122:value 46\nx-many-123:"
            "value 59\nx-many-124:value 12\nx-many-125:value 25\nx-many-12"
            "6:value 38\nx-many-127:value 51\nx-many-128:value 4\nx-many-1"
            "29:value 17\nx-many-130:value 30\nx-many-131:value 43\nx-many"
            "-132:value 56\nx-many-133:value 9\nx-many-134:value 22\nx-man"
            "y-135:value 35\nx-many-136:value 48\nx-many-137:value 1\nx-ma"
            "ny-138:value 14\nx-many-139:value 27\nx-many-140:value 40\nx-"
            "many-141:value 53\nx-many-142:value 6\nx-many-143:value 19\nx"
            "-many-144:value 32\nx-many-145:value 45\nx-many-146:value 58\n"
            "x-many-147:value 11\nx-many-148:value 24\nx-many-149:value 37"
            "\nx-many-150:value 50\nx-many-151:value 3\nx-many-152:value 1"
            "6\nx-many-153:value 29\nx-many-154:value 42\nx-many-155:value"
            " 55\nx-many-156:value 8\nx-many-157:value 21\nx-many-158:valu"
            "e 34\nx-many-159:value 47\nx-sdk-date:20260102T030405Z\n\nhos"
            "t;x-many-100;x-many-101;x-many-102;x-many-103;x-many-104;x-ma"
            "ny-105;x-many-106;x-many-107;x-many-108;x-many-109;x-many-110"
            ";x-many-111;x-many-112;x-many-113;x-many-114;x-many-115;x-man"
            "y-116;x-many-117;x-many-118;x-many-119;x-many-120;x-many-121;"
            "x-many-122;x-many-123;x-many-124;x-many-125;x-many-126;x-many"
            "-127;x-many-128;x-many-129;x-many-130;x-many-131;x-many-132;x"
            "-many-133;x-many-134;x-many-135;x-many-136;x-many-137;x-many-"
            "138;x-many-139;x-many-140;x-many-141;x-many-142;x-many-143;x-"
            "many-144;x-many-145;x-many-146;x-many-147;x-many-148;x-many-1"
            "49;x-many-150;x-many-151;x-many-152;x-many-153;x-many-154;x-m"
            "any-155;x-many-156;x-many-157;x-many-158;x-many-159;x-sdk-dat"
            "e\n2b7071a94825ca661c56406ec4af427a87031503bbf61ab28ae3bd3009"
            "8bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n4e47587f4be35c46b2befa9a9a"
            "83bc72bece66d549a4e7d41b980a0f4729b625",
        .signature = "b9f3572db089cf0b099e8e08324b800eea6e45eae312df92c288b263ea453"
            "5e5",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-many-100;x-many-101;x-many-102;x-many-103;x-many-104;x-m"
            "any-105;x-many-106;x-many-107;x-many-108;x-many-109;x-many-11"
            "0;x-many-111;x-many-112;x-many-113;x-many-114;x-many-115;x-ma"
            "ny-116;x-many-117;x-many-118;x-many-119;x-many-120;x-many-121"
            ";x-many-122;x-many-123;x-many-124;x-many-125;x-many-126;x-man"
            "y-127;x-many-128;x-many-129;x-many-130;x-many-131;x-many-132;"
            "x-many-133;x-many-134;x-many-135;x-many-136;x-many-137;x-many"
            "-138;x-many-139;x-many-140;x-many-141;x-many-142;x-many-143;x"
            "-many-144;x-many-145;x-many-146;x-many-147;x-many-148;x-many-"
            "149;x-many-150;x-many-151;x-many-152;x-many-153;x-many-154;x-"
            "many-155;x-many-156;x-many-157;x-many-158;x-many-159;x-sdk-da"
            "te, Signature=b9f3572db089cf0b099e8e08324b800eea6e45eae312df9"
            "2c288b263ea4535e5",
    },
    {
        .name = "a host with a port",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "127.0.0.1:8080" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:127.0.0.1:8080\nx-sdk-date:20260102T030405Z\n"
            "\nhost;x-sdk-date\n2b7071a94825ca661c56406ec4af427a87031503bb"
            "f61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nc62dc5ef470d84058ebdf529f7"
            "88d67ff2206fb7096c50e7acadd891ecc9f23c",
        .signature = "c97cd48309882fbb773e91cb7d096b483a731286afd34bbdbf655b046690f"
            "2a8",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=c97cd48309882fbb773e91cb7d096b483a73"
            "1286afd34bbdbf655b046690f2a8",
    },
    {
        .name = "a host in capitals",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "Gateway.Example.COM" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:Gateway.Example.COM\nx-sdk-date:20260102T0304"
            "05Z\n\nhost;x-sdk-date\n2b7071a94825ca661c56406ec4af427a87031"
            "503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n5d70153301fe190127aa7c343b"
            "e131b842b01cce6af21073602da052b537cc34",
        .signature = "9eefd534ee5ad798b85ccc1c23a6f0d8f1d03cf5fce3ed384520e10fef049"
            "1d5",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=9eefd534ee5ad798b85ccc1c23a6f0d8f1d0"
            "3cf5fce3ed384520e10fef0491d5",
    },
    {
        .name = "a host that is an IPv6 address",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "",
        .headers = {
            { "Host", "[::1]:8443" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\n\nhost:[::1]:8443\nx-sdk-date:20260102T030405Z\n\nho"
            "st;x-sdk-date\n2b7071a94825ca661c56406ec4af427a87031503bbf61a"
            "b28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n4107e874256704ad281b03f7ae"
            "9cf56b29e6a4509caffc3955afaa93053c375a",
        .signature = "4ef25e029ab71712aea58c82d31220c508d4043e5e8e59cc473e33819c59f"
            "a61",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=4ef25e029ab71712aea58c82d31220c508d4"
            "043e5e8e59cc473e33819c59fa61",
    },
    {
        .name = "a successor call",
        .method = "GET",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/statistics/metrics/deskt"
            "ops",
        .query = "start_time=2026-11-01T00%3A00%3A00Z&end_time=2026-11-01T23%3A"
            "59%3A59Z&limit=100&offset=0",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { "X-Project-Id", "0b4a1d3c5e6f47889900aabbccddeeff" },
            { NULL, NULL } },
        .body = "",
        .body_len = 0,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-project-id;x-sdk-date",
        .canonical_request = "GET\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/statistics/metrics/"
            "desktops/\nend_time=2026-11-01T23%3A59%3A59Z&limit=100&offset"
            "=0&start_time=2026-11-01T00%3A00%3A00Z\nhost:workspace.ap-sou"
            "theast-1.myhuaweicloud.com\nx-project-id:0b4a1d3c5e6f47889900"
            "aabbccddeeff\nx-sdk-date:20260102T030405Z\n\nhost;x-project-i"
            "d;x-sdk-date\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934"
            "ca495991b7852b855",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n36dd8debbd2acab418cc7a537b"
            "8a21efb764f436d23602f7468755190ffe9bc0",
        .signature = "2aa6c005f8efdedec5b92c0b5b9e6a093e4db23bb8a40f00ff015ce50739e"
            "edc",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-project-id;x-sdk-date, Signature=2aa6c005f8efdedec5b92c0"
            "b5b9e6a093e4db23bb8a40f00ff015ce50739eedc",
    },
    {
        .name = "a successor call, colons as they are",
        .method = "GET",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/statistics/metrics/deskt"
            "ops",
        .query = "start_time=2026-11-01T00:00:00Z&end_time=2026-11-01T23:59:59Z"
            "&sort_field=desktop_usage&sort_type=DESC",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "",
        .body_len = 0,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "GET\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/statistics/metrics/"
            "desktops/\nend_time=2026-11-01T23%3A59%3A59Z&sort_field=deskt"
            "op_usage&sort_type=DESC&start_time=2026-11-01T00%3A00%3A00Z\n"
            "host:workspace.ap-southeast-1.myhuaweicloud.com\nx-sdk-date:2"
            "0260102T030405Z\n\nhost;x-sdk-date\ne3b0c44298fc1c149afbf4c89"
            "96fb92427ae41e4649b934ca495991b7852b855",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n1b1798fe7c126486bfa96c79c8"
            "ee382299eed0d33c3109da6a041dc9df7f5e7f",
        .signature = "c5a769af5f2f64b9f7ece8549d449caebadb1dbc4afda1ac0d9cb3bd4adc3"
            "7c5",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=c5a769af5f2f64b9f7ece8549d449caebadb"
            "1dbc4afda1ac0d9cb3bd4adc37c5",
    },
    {
        .name = "names that are not sorted",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "b=2&c=3&a=1&B=0&_=4&a-=5",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\nB=0&_=4&a=1&a-=5&b=2&c=3\nhost:workspace.ap-southeas"
            "t-1.myhuaweicloud.com\nx-sdk-date:20260102T030405Z\n\nhost;x-"
            "sdk-date\n2b7071a94825ca661c56406ec4af427a87031503bbf61ab28ae"
            "3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n7308e81112d652e79c1278e879"
            "5684e4e5c98b96f56a1a2f4e2f69d6c9dd2c52",
        .signature = "3584a3e624057c5903bdf076c98c24c9dcaf70cfd29345423613350632ad5"
            "da5",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=3584a3e624057c5903bdf076c98c24c9dcaf"
            "70cfd29345423613350632ad5da5",
    },
    {
        .name = "names where one begins another",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "ab=1&a=2&a%2B=3&a.=4",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=2&a%2B=3&a.=4&ab=1\nhost:workspace.ap-southeast-1."
            "myhuaweicloud.com\nx-sdk-date:20260102T030405Z\n\nhost;x-sdk-"
            "date\n2b7071a94825ca661c56406ec4af427a87031503bbf61ab28ae3bd3"
            "0098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\na30714df3f7584c8d19d916e2e"
            "f339d779cc00aed812222e18f5031a05c24af9",
        .signature = "33e3b57d2b61e670d1eef6bbf162cd492a918a0c37e8790bcd8a573c99bde"
            "2b3",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=33e3b57d2b61e670d1eef6bbf162cd492a91"
            "8a0c37e8790bcd8a573c99bde2b3",
    },
    {
        .name = "a name that comes again",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "a=3&b=0&a=10&a=2&a=1",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=1&a=10&a=2&a=3&b=0\nhost:workspace.ap-southeast-1."
            "myhuaweicloud.com\nx-sdk-date:20260102T030405Z\n\nhost;x-sdk-"
            "date\n2b7071a94825ca661c56406ec4af427a87031503bbf61ab28ae3bd3"
            "0098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n4274f1456e2f23981d5cc2e90b"
            "4dd462d124c06b7d3b75e494a6ed36c66e1b03",
        .signature = "99a50c8e84146a1caa8244103380536130ea5303e5469caeecc3e7789e85f"
            "2d0",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=99a50c8e84146a1caa8244103380536130ea"
            "5303e5469caeecc3e7789e85f2d0",
    },
    {
        .name = "values that differ in case",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "a=b&a=B&a=%C3%BC&a=z",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=B&a=b&a=z&a=%C3%BC\nhost:workspace.ap-southeast-1."
            "myhuaweicloud.com\nx-sdk-date:20260102T030405Z\n\nhost;x-sdk-"
            "date\n2b7071a94825ca661c56406ec4af427a87031503bbf61ab28ae3bd3"
            "0098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n0a6e522bf39503b8e14a51a8e1"
            "e6c915c40b059eb49b19abb1ba9cafdb7b22fa",
        .signature = "791e171c24d4ccefb149c69e25def577f8f00daa109b9687184830b47c849"
            "142",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=791e171c24d4ccefb149c69e25def577f8f0"
            "0daa109b9687184830b47c849142",
    },
    {
        .name = "spaces and plus signs",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "a=1%202&b=1%2B2&c%20d=%20",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=1%202&b=1%2B2&c%20d=%20\nhost:workspace.ap-southea"
            "st-1.myhuaweicloud.com\nx-sdk-date:20260102T030405Z\n\nhost;x"
            "-sdk-date\n2b7071a94825ca661c56406ec4af427a87031503bbf61ab28a"
            "e3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n4d7111d4c60bd766c37296ada6"
            "7f16fec8881554dbc4603cf40636a5a0cfd354",
        .signature = "fa861acb89739a9ee27a671197185b90cf3540455e2bfeefd187c862fe687"
            "25d",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=fa861acb89739a9ee27a671197185b90cf35"
            "40455e2bfeefd187c862fe68725d",
    },
    {
        .name = "a tilde, escaped and not",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "a=~&b=%7E",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=~&b=~\nhost:workspace.ap-southeast-1.myhuaweicloud"
            ".com\nx-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2b7071a"
            "94825ca661c56406ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n2eda1023a5ffd7a1416c555b94"
            "c9bcfa660098b953fdf0118eadf5fd031760fe",
        .signature = "0ac9bebdd11a4a67d9a8e0dfb9b28f65bbc4615b60cdea171e31f2e5c402b"
            "6f7",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=0ac9bebdd11a4a67d9a8e0dfb9b28f65bbc4"
            "615b60cdea171e31f2e5c402b6f7",
    },
    {
        .name = "a percent sign",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "a=100%25&b=%2525",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=100%25&b=%2525\nhost:workspace.ap-southeast-1.myhu"
            "aweicloud.com\nx-sdk-date:20260102T030405Z\n\nhost;x-sdk-date"
            "\n2b7071a94825ca661c56406ec4af427a87031503bbf61ab28ae3bd30098"
            "bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n7c32b24a083051f32a1b91e8a0"
            "a67373d4678d08b3a7115bb205550ce88baa7c",
        .signature = "334abf0524b1bbc05807d7821af48e6e2867804e4b938871883c07779bc2a"
            "3b4",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=334abf0524b1bbc05807d7821af48e6e2867"
            "804e4b938871883c07779bc2a3b4",
    },
    {
        .name = "what needs no escape, escaped",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "a=%41%2d%2E%5f%39",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=A-._9\nhost:workspace.ap-southeast-1.myhuaweicloud"
            ".com\nx-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2b7071a"
            "94825ca661c56406ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n7dd2659f38da8dd39b54343fa7"
            "5ed8f5b34d4b0a42bc09d935174f2f8650e6ad",
        .signature = "c60fb6c5672fe7918ac2f0b355cc6ea94a4a0649ac043c11751032be4dbe9"
            "cfa",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=c60fb6c5672fe7918ac2f0b355cc6ea94a4a"
            "0649ac043c11751032be4dbe9cfa",
    },
    {
        .name = "lowercase escapes",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "a=%3a%2f%c3%bc",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=%3A%2F%C3%BC\nhost:workspace.ap-southeast-1.myhuaw"
            "eicloud.com\nx-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n"
            "2b7071a94825ca661c56406ec4af427a87031503bbf61ab28ae3bd30098bf"
            "850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n88fd94f2ab81e300bbca6d992b"
            "c92f0639345e000f7fdc2210c31fa62785b196",
        .signature = "2c19e240e2abbc209cb6a9ece79dfaa4e217aab89e5a36cfb7ecf293a4be2"
            "65d",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=2c19e240e2abbc209cb6a9ece79dfaa4e217"
            "aab89e5a36cfb7ecf293a4be265d",
    },
    {
        .name = "UTF-8 as it is",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "a=%E5%BC%A0&b=%F0%9F%99%82",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=%E5%BC%A0&b=%F0%9F%99%82\nhost:workspace.ap-southe"
            "ast-1.myhuaweicloud.com\nx-sdk-date:20260102T030405Z\n\nhost;"
            "x-sdk-date\n2b7071a94825ca661c56406ec4af427a87031503bbf61ab28"
            "ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nf75c61c26d62d30feb8636673b"
            "aef6648165d82b49febb354529bca3ffcbe560",
        .signature = "5a7d922f54d252a6802e87b8f78be0c862a6bf97a739a01c0266173245d14"
            "0d5",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=5a7d922f54d252a6802e87b8f78be0c862a6"
            "bf97a739a01c0266173245d140d5",
    },
    {
        .name = "what is escaped always",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "a=!*'()&b=/?:@$,;",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=%21%2A%27%28%29&b=%2F%3F%3A%40%24%2C%3B\nhost:work"
            "space.ap-southeast-1.myhuaweicloud.com\nx-sdk-date:20260102T0"
            "30405Z\n\nhost;x-sdk-date\n2b7071a94825ca661c56406ec4af427a87"
            "031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\n6bb8c58cddf752430d9be3dd29"
            "dccf0a506b4529b146c7cbf5feb0fa0eca85d2",
        .signature = "eb2b8d1b65d2f843cb18704192d3d42dfc12eec387e0f2c6b3ffb8f3d40d0"
            "47d",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=eb2b8d1b65d2f843cb18704192d3d42dfc12"
            "eec387e0f2c6b3ffb8f3d40d047d",
    },
    {
        .name = "no value",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "a=&b=",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=&b=\nhost:workspace.ap-southeast-1.myhuaweicloud.c"
            "om\nx-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n2b7071a94"
            "825ca661c56406ec4af427a87031503bbf61ab28ae3bd30098bf850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\ncf93d55013b60ef749a9ab9494"
            "40dccb2e6c4d34d5f7e872720607c910e6e168",
        .signature = "4057d920b9f90ec6a46a54210606db9e8553d32ac0672249f6a662efa423e"
            "75d",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=4057d920b9f90ec6a46a54210606db9e8553"
            "d32ac0672249f6a662efa423e75d",
    },
    {
        .name = "an equals sign in a value",
        .method = "POST",
        .path = "/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistics/used",
        .query = "a=b%3Dc&d=e%26f",
        .headers = {
            { "Host", "workspace.ap-southeast-1.myhuaweicloud.com" },
            { "X-Sdk-Date", "20260102T030405Z" },
            { NULL, NULL } },
        .body = "{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}",
        .body_len = 51,
        .body_times = 1,
        .ak = "HPUAQQ9FQZXHJVK0T5NB",
        .sk = "fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo",
        .date = "20260102T030405Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = "POST\n/v2/0b4a1d3c5e6f47889900aabbccddeeff/desktops/statistic"
            "s/used/\na=b%3Dc&d=e%26f\nhost:workspace.ap-southeast-1.myhua"
            "weicloud.com\nx-sdk-date:20260102T030405Z\n\nhost;x-sdk-date\n"
            "2b7071a94825ca661c56406ec4af427a87031503bbf61ab28ae3bd30098bf"
            "850",
        .string_to_sign = "SDK-HMAC-SHA256\n20260102T030405Z\nb6da44bcf3c2d0f636e1d1eb76"
            "98daa7df02a075767ef48d389e828563516cac",
        .signature = "dc5d111ce5dfbbe18730a106e03d654bd7077b256cdfc3194d1d1f8b4b37a"
            "a24",
        .authorization = "SDK-HMAC-SHA256 Access=HPUAQQ9FQZXHJVK0T5NB, SignedHeaders=ho"
            "st;x-sdk-date, Signature=dc5d111ce5dfbbe18730a106e03d654bd707"
            "7b256cdfc3194d1d1f8b4b37aa24",
    },
    {
        .name = "published with the SDK for Go, 1",
        .method = "GET",
        .path = "/path",
        .query = "limit=1",
        .headers = {
            { "Host", "example.huaweicloud.com" },
            { "X-Sdk-Date", "20060102T150405Z" },
            { NULL, NULL } },
        .body = "",
        .body_len = 0,
        .body_times = 1,
        .ak = "AccessKey",
        .sk = "SecretKey",
        .date = "20060102T150405Z",
        .signed_headers = "x-sdk-date",
        .canonical_request = NULL,
        .string_to_sign = NULL,
        .signature = "5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79"
            "624",
        .authorization = "SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=x-sdk-date, S"
            "ignature=5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d"
            "58d02ac79624",
    },
    {
        .name = "published with the SDK for Go, 2",
        .method = "POST",
        .path = "/path",
        .query = "key=value",
        .headers = {
            { "Host", "example.huaweicloud.com" },
            { "X-Sdk-Date", "20060102T150405Z" },
            { "Content-Type", "application/json" },
            { NULL, NULL } },
        .body = "{\"Name\":\"test\",\"Id\":1}\n",
        .body_len = 23,
        .body_times = 1,
        .ak = "AccessKey",
        .sk = "SecretKey",
        .date = "20060102T150405Z",
        .signed_headers = "x-sdk-date",
        .canonical_request = NULL,
        .string_to_sign = NULL,
        .signature = "cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4"
            "f59",
        .authorization = "SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=x-sdk-date, S"
            "ignature=cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2c"
            "c72fc9db4f59",
    },
    {
        .name = "published with the SDK for Python, 1",
        .method = "GET",
        .path = "/resources",
        .query = "size=1",
        .headers = {
            { "Host", "service.endpoint.myhuaweicloud.com" },
            { "X-Sdk-Date", "20200608T023900Z" },
            { NULL, NULL } },
        .body = "",
        .body_len = 0,
        .body_times = 1,
        .ak = "AccessKey",
        .sk = "SecretKey",
        .date = "20200608T023900Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = NULL,
        .string_to_sign = NULL,
        .signature = "cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d7d780f128e12cd"
            "842",
        .authorization = "SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=host;x-sdk-da"
            "te, Signature=cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d"
            "7d780f128e12cd842",
    },
    {
        .name = "published with the SDK for Python, 2",
        .method = "POST",
        .path = "/resources",
        .query = "size=1",
        .headers = {
            { "Host", "service.endpoint.myhuaweicloud.com" },
            { "X-Sdk-Date", "20200608T023900Z" },
            { NULL, NULL } },
        .body = "{\"name\":\"test\",\"id\":1}",
        .body_len = 22,
        .body_times = 1,
        .ak = "AccessKey",
        .sk = "SecretKey",
        .date = "20200608T023900Z",
        .signed_headers = "host;x-sdk-date",
        .canonical_request = NULL,
        .string_to_sign = NULL,
        .signature = "436b1ac0a1ae03705934bb70ef2f2e09f7bfed2117d731a38235053199323"
            "a1f",
        .authorization = "SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=host;x-sdk-da"
            "te, Signature=436b1ac0a1ae03705934bb70ef2f2e09f7bfed2117d731a"
            "38235053199323a1f",
    },
};

#endif
