// SPDX-License-Identifier: BSD-2-Clause

/*
 * Legacy calls, made as the vendor's clients for Node.js make their calls: with
 * its client builder, credentials and HTTP client.
 *
 *     node t/node/client.js '[{"endpoint": "http://127.0.0.1:8080", "ak": "…",
 *         "sk": "…", "token": "…", "project": "…", "headers": {…},
 *         "body": {…}}, …]'
 *
 * Prints each reply, or what the client makes of an error, as a line of JSON.
 */

'use strict';

const { core } = require('./signer.js');

const { ClientBuilder } = require(`${core}/ClientBuilder.js`);
const { BasicCredentials } = require(`${core}/auth/BasicCredentials.js`);


async function call(o) {
    const credentials = new BasicCredentials()
        .withAk(o.ak).withSk(o.sk).withProjectId(o.project);

    if (o.token) {
        credentials.withSecurityToken(o.token);
    }

    const client = new ClientBuilder((hcClient) => hcClient)
        .withCredential(credentials)
        .withEndpoint(o.endpoint)
        .build();

    try {
        return await client.sendRequest({
            method: 'POST',
            url: '/v2/{project_id}/desktops/statistics/used',
            contentType: 'application/json',
            queryParams: {}, pathParams: {}, headers: o.headers || {},
            data: o.body
        });
    } catch (e) {
        return { httpStatusCode: e.httpStatusCode, errorCode: e.errorCode,
            errorMsg: e.errorMsg };
    }
}


async function main(calls) {
    for (const o of calls) {
        process.stdout.write(JSON.stringify(await call(o)) + '\n');
    }
}


main(JSON.parse(process.argv[2]));
