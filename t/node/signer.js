// SPDX-License-Identifier: BSD-2-Clause

/*
 * The vendor's signer: what it is given, and what it makes on the way.
 *
 * As a program it answers lines of JSON on standard input, each a request as
 * record() takes it (or with a body in base64), with lines of JSON, each what
 * record() gives.
 */

'use strict';

const path = require('path');
const readline = require('readline');


/* Where ./run test puts the packages, or NODE_PATH. */

const built = path.join(__dirname, '../../build/node/node_modules');
const paths = { paths: [built, ...require.resolve.paths('x')] };
const core = path.dirname(require.resolve(
    '@huaweicloud/huaweicloud-sdk-core/package.json', paths));

const { AKSKSigner } = require(`${core}/auth/AKSKSigner.js`);
const { BasicCredentials } = require(`${core}/auth/BasicCredentials.js`);


/* The vendor's functions as they are; what they give is kept besides. */

const seen = {};

for (const name of ['buildCanonicalRequest', 'getStringToSign']) {
    const own = AKSKSigner[name];

    AKSKSigner[name] = function (...args) {
        seen[name] = own.apply(this, args);
        return seen[name];
    };
}

/*
 * It signs JSON.stringify() of the data.  Here the body is given as it is sent,
 * as other SDKs write JSON in other ways; the hash is the signer's own.
 */

const ownPayloadHash = AKSKSigner.buildPayloadHash;

AKSKSigner.buildPayloadHash = function (request) {
    return request.body === undefined
        || request.headers[this.HeaderContentSha256]
        ? ownPayloadHash.call(this, request) : this.Hex(request.body);
};


/*
 * Signs { method, endpoint (with the path), query, headers, ak, sk } and body
 * (text or bytes) or data (an object).  Gives the headers to be sent, and each
 * step.
 */

function record(r) {
    const headers = AKSKSigner.sign(
        { method: r.method, endpoint: r.endpoint, headers: r.headers || {},
            queryParams: r.query || {}, data: r.data, body: r.body },
        new BasicCredentials({ ak: r.ak, sk: r.sk }));
    const authorization = headers.Authorization;

    return {
        headers,
        authorization,
        signed: /SignedHeaders=([^,]*)/.exec(authorization)[1],
        signature: /Signature=(.*)/.exec(authorization)[1],
        canonical: seen.buildCanonicalRequest,
        sign: seen.getStringToSign
    };
}


module.exports = {
    record, core, paths, version: require(`${core}/package.json`).version
};


if (require.main === module) {
    readline.createInterface({ input: process.stdin }).on('line', (line) => {
        let made;

        try {
            const r = JSON.parse(line);

            if (r.base64 !== undefined) {
                r.body = Buffer.from(r.base64, 'base64');
            }

            made = record(r);
        } catch (e) {
            made = { error: String(e) };
        }

        process.stdout.write(JSON.stringify(made) + '\n');
    });
}
