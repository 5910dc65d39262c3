// SPDX-License-Identifier: BSD-2-Clause

/*
 * Prints t/unit/sign_vectors.h: requests and what the vendor's signer makes of
 * them.
 *
 *     node t/node/vectors.js > t/unit/sign_vectors.h
 */

'use strict';

const { record } = require('./signer.js');


const AK = 'HPUAQQ9FQZXHJVK0T5NB';
const SK = 'fYj2xOWMeZ5cQ8dTqR1vB7nK3aLh0sGuPzEiXtJo';
const DATE = '20260102T030405Z';
const HOST = 'workspace.ap-southeast-1.myhuaweicloud.com';
const PROJECT = '0b4a1d3c5e6f47889900aabbccddeeff';

const legacy = (project) => `/v2/${project}/desktops/statistics/used`;

const DAYS = '{"start_time":"2026-11-01","end_time":"2026-11-07"}';
const STATISTICS = `/v2/${PROJECT}/statistics/metrics/desktops`;
const EMPTY =
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';


/*
 * What differs from a legacy call of a week.  headers are sent and signed,
 * unsigned are sent only; times repeats the body; over is what the signer is
 * told where it isn't what is sent: Python and Go sign the path without its
 * escapes, Node and Java with them.
 */

const cases = [
    { name: 'a legacy call' },
    { name: 'a key of an odd length', ak: 'a', sk: 'b' },
    { name: 'a secret longer than a block of SHA-256', sk: SK.repeat(5) },
    { name: 'a secret of a block', sk: 'x'.repeat(64) },
    { name: 'a secret of UTF-8', sk: 'gehéim 秘密' },
    { name: 'an access key of the longest form', ak: 'K'.repeat(128) },

    { name: 'a project of one letter', path: legacy('p') },
    { name: 'a project of 255', path: legacy('Az09_-'.repeat(42) + 'end') },
    { name: 'a project of dashes', path: legacy('-_-__--') },
    { name: 'a path that ends in a slash', path: legacy(PROJECT) + '/' },
    { name: 'an escape, signed as it is sent', path: legacy('%64emo') },
    { name: 'an escape, signed decoded', path: legacy('%64emo'),
        over: { path: legacy('demo') } },
    { name: 'lowercase escapes, signed as sent', path: legacy('a%2db%5f') },
    { name: 'UTF-8 in the path, signed decoded', path: '/v2/%C3%BC/x',
        over: { path: '/v2/ü/x' } },
    { name: 'UTF-8 in the path, signed as sent', path: '/v2/%C3%BC/x' },
    { name: 'what a path may hold', path: "/v2/a!b$c&(d)*+,;=:@~._-/x" },
    { name: 'the root', method: 'GET', path: '/', body: '' },

    { name: 'an empty body', body: '' },
    { name: 'a body of UTF-8', body: '{"desktop_username":"Jürgen 张三 🙂"}' },
    { name: 'a body with white space', body: ' {\r\n\t"limit" : 3 }\n' },
    { name: 'a body as Go sends it', body: DAYS + '\n' },
    { name: 'a body with a zero byte', body: '{"a":"\0"}' },
    { name: 'a megabyte', body: '0123456789abcdef', times: 65536 },
    { name: 'a body of a block', body: 'z', times: 64 },
    { name: 'a body of a block less one', body: 'z', times: 63 },
    { name: 'the hash of the body sent', body: '{}', headers: [
        ['X-Sdk-Content-Sha256', '44136fa355b3678a1146ad16f7e8649e'
            + '94fb4fc21fe77e8310c060f61caaff8a'] ] },
    { name: 'the hash of no body sent', body: '', headers: [
        ['X-Sdk-Content-Sha256', EMPTY] ] },
    { name: 'a body that is not signed', headers: [
        ['X-Sdk-Content-Sha256', 'UNSIGNED-PAYLOAD'] ] },

    { name: 'temporary credentials', headers: [
        ['X-Security-Token', 'gQpjbi1ub3J0aC00jGzpE'.repeat(40) + '==']] },
    { name: 'all that an SDK sends', headers: [
        ['content-type', 'application/json'],
        ['User-Agent', 'huaweicloud-usdk-nodejs/3.0'],
        ['X-Project-Id', PROJECT]],
      unsigned: [['Accept', 'application/json'],
        ['Content-Length', '51'], ['Connection', 'keep-alive']] },
    { name: 'spaces around values', headers: [
        ['X-A', '  one '], ['X-B', '\ttwo\t'], ['X-C', ' a  b '],
        ['X-D', ''], ['X-E', '  ']] },
    { name: 'a value with colons and quotes', headers: [
        ['X-Note', 'a: "b", c;d=e, Signature=f']] },
    { name: 'a value of UTF-8', headers: [['X-Name', 'Jürgen 张三']] },
    { name: 'names in any order and case', headers: [
        ['x-zulu', '1'], ['X-ALPHA', '2'], ['X-Mike', '3'],
        ['a', '4'], ['Z', '5'], ['x-mike-2', '6'], ['X-Mike1', '7']] },
    { name: 'many headers', headers: Array.from({ length: 60 },
        (_, i) => [`X-Many-${100 + i * 37 % 60}`, `value ${i}`]) },
    { name: 'a host with a port', host: '127.0.0.1:8080' },
    { name: 'a host in capitals', host: 'Gateway.Example.COM' },
    { name: 'a host that is an IPv6 address', host: '[::1]:8443' },

    { name: 'a successor call', method: 'GET', path: STATISTICS, body: '',
        query: 'start_time=2026-11-01T00%3A00%3A00Z'
            + '&end_time=2026-11-01T23%3A59%3A59Z&limit=100&offset=0',
        headers: [['X-Project-Id', PROJECT]] },
    { name: 'a successor call, colons as they are', method: 'GET',
        path: STATISTICS, body: '',
        query: 'start_time=2026-11-01T00:00:00Z&end_time=2026-11-01T23:59:59Z'
            + '&sort_field=desktop_usage&sort_type=DESC' },
    { name: 'names that are not sorted', query: 'b=2&c=3&a=1&B=0&_=4&a-=5' },
    { name: 'names where one begins another', query: 'ab=1&a=2&a%2B=3&a.=4' },
    { name: 'a name that comes again', query: 'a=3&b=0&a=10&a=2&a=1' },
    { name: 'values that differ in case', query: 'a=b&a=B&a=%C3%BC&a=z' },
    { name: 'spaces and plus signs', query: 'a=1%202&b=1%2B2&c%20d=%20' },
    { name: 'a tilde, escaped and not', query: 'a=~&b=%7E' },
    { name: 'a percent sign', query: 'a=100%25&b=%2525' },
    { name: 'what needs no escape, escaped', query: 'a=%41%2d%2E%5f%39' },
    { name: 'lowercase escapes', query: 'a=%3a%2f%c3%bc' },
    { name: 'UTF-8 as it is', query: 'a=%E5%BC%A0&b=%F0%9F%99%82' },
    { name: 'what is escaped always', query: "a=!*'()&b=/?:@$,;" },
    { name: 'no value', query: 'a=&b=' },
    { name: 'an equals sign in a value', query: 'a=b%3Dc&d=e%26f' },
];


/* What the vendor's tests of the other SDKs say (Apache License 2.0). */

const published = [
    { sdk: 'Go', method: 'GET', path: '/path', query: 'limit=1', body: '',
        headers: [['Host', 'example.huaweicloud.com'],
            ['X-Sdk-Date', '20060102T150405Z']],
        signed: 'x-sdk-date',
        signature: '5a2ce64c865e0e6046321c6f3d5a77ba'
            + '8413eeaf355c3166c03d58d02ac79624' },
    { sdk: 'Go', method: 'POST', path: '/path', query: 'key=value',
        body: '{"Name":"test","Id":1}\n',
        headers: [['Host', 'example.huaweicloud.com'],
            ['X-Sdk-Date', '20060102T150405Z'],
            ['Content-Type', 'application/json']],
        signed: 'x-sdk-date',
        signature: 'cecc2af119b18ab70b4d094c0750f3b4'
            + '2c02f254903179a0fc2cc72fc9db4f59' },
    { sdk: 'Python', method: 'GET', path: '/resources', query: 'size=1',
        body: '',
        headers: [['Host', 'service.endpoint.myhuaweicloud.com'],
            ['X-Sdk-Date', '20200608T023900Z']],
        signed: 'host;x-sdk-date',
        signature: 'cfb4171acec81de07d50e53d57eb77ed'
            + 'd537414d66ddb1d7d780f128e12cd842' },
    { sdk: 'Python', method: 'POST', path: '/resources', query: 'size=1',
        body: '{"name":"test","id":1}',
        headers: [['Host', 'service.endpoint.myhuaweicloud.com'],
            ['X-Sdk-Date', '20200608T023900Z']],
        signed: 'host;x-sdk-date',
        signature: '436b1ac0a1ae03705934bb70ef2f2e09'
            + 'f7bfed2117d731a38235053199323a1f' },
];


/* The query as the vendor takes it: names, and a value or a list. */

function parameters(query) {
    const all = {};

    for (const pair of query ? query.split('&') : []) {
        const [name, value] = pair.split('=').map(decodeURIComponent);

        all[name] = name in all ? [].concat(all[name], value) : value;
    }

    return all;
}


function vector(c) {
    const sent = {
        method: 'POST', path: legacy(PROJECT), query: '', host: HOST,
        body: DAYS, times: 1, ak: AK, sk: SK, headers: [], unsigned: [], ...c
    };
    const over = { ...sent, ...c.over };
    const headers = { 'X-Sdk-Date': DATE };

    for (const [name, value] of sent.headers) {
        headers[name] = value.trim();
    }

    const made = record({
        method: sent.method, endpoint: `https://${over.host}${over.path}`,
        query: parameters(sent.query), ak: sent.ak, sk: sent.sk,
        headers: { ...headers, host: sent.host },
        body: sent.body.repeat(sent.times)
    });

    return {
        ...sent, date: DATE, signed: made.signed,
        canonical: made.canonical, sign: made.sign,
        signature: made.signature, authorization: made.authorization,
        headers: [['Host', sent.host], ['X-Sdk-Date', DATE],
            ...sent.headers, ...sent.unsigned]
    };
}


function publishedVector(v, i) {
    const ak = 'AccessKey';

    return {
        name: `published with the SDK for ${v.sdk}, ${i % 2 + 1}`,
        times: 1, ak, sk: 'SecretKey', date: v.headers[1][1], ...v,
        authorization: `SDK-HMAC-SHA256 Access=${ak}, `
            + `SignedHeaders=${v.signed}, Signature=${v.signature}`
    };
}


/* A C string, in pieces that fit on a line. */

function text(s) {
    if (s === undefined) {
        return 'NULL';
    }

    const lines = [];
    let line = '';

    for (const byte of Buffer.from(s)) {
        if (line.length > 60) {
            lines.push(line);
            line = '';
        }

        const c = String.fromCharCode(byte);

        if (c === '\n') {
            line += '\\n';
        } else if (c === '"' || c === '\\') {
            line += '\\' + c;
        } else if (byte < 0x20 || byte > 0x7e) {
            line += '\\' + byte.toString(8).padStart(3, '0');
        } else {
            line += c;
        }
    }

    lines.push(line);

    return lines.map((l) => `"${l}"`).join('\n            ');
}


function print(v) {
    const members = {
        name: text(v.name), method: text(v.method), path: text(v.path),
        query: text(v.query),
        headers: '{\n' + v.headers.map(([name, value]) =>
            `            { ${text(name)}, ${text(value)} },\n`).join('')
            + '            { NULL, NULL } }',
        body: text(v.body), body_len: Buffer.byteLength(v.body),
        body_times: v.times, ak: text(v.ak), sk: text(v.sk),
        date: text(v.date), signed_headers: text(v.signed),
        canonical_request: text(v.canonical), string_to_sign: text(v.sign),
        signature: text(v.signature), authorization: text(v.authorization)
    };

    return '    {\n' + Object.entries(members).map(([name, value]) =>
        `        .${name} = ${value},\n`).join('') + '    },\n';
}


process.stdout.write(`/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Requests signed by the vendor's own code, npm's
 * @huaweicloud/huaweicloud-sdk-core ${require('./signer.js').version}.
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
${[...cases.map(vector), ...published.map(publishedVector)]
        .map(print).join('')}};

#endif
`);
