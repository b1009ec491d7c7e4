#!/usr/bin/env node
// An S3-compatible object store: npm's s3rver, which does not look at signatures of version 4, behind a front that
// computes each of them anew with the signer of the AWS SDK (@smithy/signature-v4) and compares.
//
//   PEERS=target/peers node --openssl-legacy-provider server.mjs --data DIR --workdir DIR [--plain] [--delay MS] [--clock SECONDS]
//
// The secret comes in STORE_SECRET; the access key is S3RVER, the bucket `linkage`. --plain is HTTP without TLS, --delay
// answers late, --clock is how much the clock of the store goes ahead. When it is ready, --workdir holds ready.json (url)
// and ca.pem. Every signed request is counted in requests.txt. Stop it with SIGTERM.

import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer as plainServer, request as call } from 'node:http';
import { createServer as tlsServer } from 'node:https';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream';
import { parseArgs } from 'node:util';
import { certificate } from '../certificate.mjs';

const require = createRequire(join(resolve(process.env.PEERS), 'node', 'package.json'));
const S3rver = require('s3rver');
const { SignatureV4 } = require('@smithy/signature-v4');
const { HttpRequest } = require('@smithy/protocol-http');
const { Sha256 } = require('@aws-crypto/sha256-js');

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    workdir: { type: 'string' },
    plain: { type: 'boolean', default: false },
    delay: { type: 'string', default: '0' },
    clock: { type: 'string', default: '0' },
  },
});
const REGION = 'ap-northeast-1';
const UNSIGNED = 'x-amz-content-sha256';
const workdir = resolve(options.workdir);
mkdirSync(workdir, { recursive: true });
mkdirSync(options.data, { recursive: true });

const store = await new S3rver({
  address: '127.0.0.1', port: 0, silent: true, directory: resolve(options.data), resetOnClose: false,
  vhostBuckets: false, configureBuckets: [{ name: 'linkage', configs: [] }],
}).run();
const signer = new SignatureV4({
  credentials: { accessKeyId: 'S3RVER', secretAccessKey: process.env.STORE_SECRET },
  region: REGION, service: 's3', sha256: Sha256, uriEscapePath: false, applyChecksum: false,
});

/** Why a request is refused: status, code and message; undefined if it is signed as it should be. */
async function refusal(incoming) {
  const url = new URL(incoming.url, 'http://store');
  const query = Object.fromEntries(url.searchParams);
  const signature = query['X-Amz-Signature'];
  if (signature === undefined) return [403, 'AccessDenied', 'Access Denied'];
  if (!query['X-Amz-Credential']?.startsWith('S3RVER/')) {
    return [403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.'];
  }
  const [, year, month, day, hour, minute, second] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(query['X-Amz-Date']);
  const signingDate = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const now = Date.now() + Number(options.clock) * 1000;
  const expiresIn = Number(query['X-Amz-Expires']);
  if (now > signingDate.getTime() + expiresIn * 1000) return [403, 'AccessDenied', 'Request has expired'];
  if (now < signingDate.getTime() - 900_000) return [403, 'RequestTimeTooSkewed', 'The clocks differ too much.'];
  for (const name of Object.keys(query)) if (name.startsWith('X-Amz-')) delete query[name];
  const request = new HttpRequest({
    method: incoming.method, path: url.pathname, query,
    headers: { host: incoming.headers.host, [UNSIGNED]: 'UNSIGNED-PAYLOAD' },
  });
  const kept = new Set([UNSIGNED]);
  const signed = await signer.presign(request, {
    signingDate, expiresIn, unsignableHeaders: kept, unhoistableHeaders: kept,
  });
  if (signed.query['X-Amz-Signature'] === signature) return undefined;
  // A store repeats what it was given, which has to stay out of reports.
  return [403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided.',
    `<SignatureProvided>${signature}</SignatureProvided>`];
}

async function answer(incoming, outgoing) {
  const refused = await refusal(incoming);
  await new Promise((later) => setTimeout(later, Number(options.delay)));
  if (refused) {
    const [status, code, message, more = ''] = refused;
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`;
    incoming.resume();
    outgoing.writeHead(status, { 'Content-Type': 'application/xml', 'Content-Length': body.length, Connection: 'close' });
    outgoing.end(body);
    return;
  }
  appendFileSync(join(workdir, 'requests.txt'), `${incoming.method}\n`);
  const onwards = call({
    host: '127.0.0.1', port: store.port, method: incoming.method, path: incoming.url, headers: incoming.headers,
  });
  onwards.on('response', (answered) => {
    outgoing.writeHead(answered.statusCode, answered.headers);
    pipeline(answered, outgoing, () => {});
  });
  onwards.on('error', () => outgoing.destroy());
  incoming.on('aborted', () => onwards.destroy());
  pipeline(incoming, onwards, () => {});
}

const tls = options.plain ? undefined : certificate('store');
const server = options.plain ? plainServer(answer) : tlsServer({ key: tls.key, cert: tls.cert }, answer);
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
process.on('SIGTERM', () => process.exit(0));
if (tls) writeFileSync(join(workdir, 'ca.pem'), tls.ca);
const scheme = options.plain ? 'http' : 'https';
const ready = { url: `${scheme}://127.0.0.1:${server.address().port}`, port: String(server.address().port) };
writeFileSync(join(workdir, 'ready.new'), JSON.stringify(ready));
renameSync(join(workdir, 'ready.new'), join(workdir, 'ready.json'));
