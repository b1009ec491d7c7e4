#!/usr/bin/env node
// jose at work for the cross-checks: the same orders as pyjwt_tool.py, and "modules", the folder with
// node_modules/ (ci/install-peers).

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const order = JSON.parse(readFileSync(0, 'utf8'));
const modules = join(resolve(order.modules), 'node_modules', 'jose');
const entry = JSON.parse(readFileSync(join(modules, 'package.json'), 'utf8')).exports['.'].default;
const { SignJWT, UnsecuredJWT, jwtVerify } = await import(pathToFileURL(join(modules, entry)));
const key = (text) => new TextEncoder().encode(text);

async function verdict({ token, algorithms }) {
  try {
    await jwtVerify(token, key(order.secret), {
      algorithms, audience: order.audience, requiredClaims: ['iss', 'sub', 'aud', 'exp', 'jti'],
    });
    return null;
  } catch (error) {
    return error.code ?? error.name;
  }
}

function claims(changes = {}) {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: order.client_id, sub: order.client_id, aud: order.audience, iat: now, exp: now + 60, jti: randomUUID(), ...changes,
  };
}

const sign = (alg, secret, changes) => new SignJWT(claims(changes)).setProtectedHeader({ alg, typ: 'JWT' }).sign(key(secret));

const makers = {
  correct: () => sign('HS256', order.secret),
  hs384: () => sign('HS384', order.secret),
  hs512: () => sign('HS512', order.secret),
  'wrong-key': () => sign('HS256', order.wrong_secret),
  none: () => new UnsecuredJWT(claims()).encode(),
  expired: () => sign('HS256', order.secret, { exp: Math.floor(Date.now() / 1000) - 300 }),
};

function ask(assertion) {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    scope: order.scope,
    client_id: order.client_id,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
  }).toString();
  return new Promise((done, failed) => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(form) };
    const call = request(order.endpoint, { method: 'POST', ca: readFileSync(order.ca), headers, timeout: 10000 }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => done({ status: response.statusCode, body: JSON.parse(Buffer.concat(parts).toString('utf8')) }));
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 10 s')));
    call.on('error', failed);
    call.end(form);
  });
}

let answer;
if (order.do === 'verify') {
  answer = { results: await Promise.all(order.tokens.map(verdict)) };
} else {
  const answers = {};
  for (const [name, make] of Object.entries(makers)) answers[name] = await ask(await make());
  answer = { answers };
}
console.log(JSON.stringify(answer));
