#!/usr/bin/env node
// A reverse proxy on Node's own HTTPS stack: it ends TLS with a certificate of its own and passes every
// request on, as a gateway in front of a product does.
//
//   node proxy.mjs --to https://127.0.0.1:PORT --ca FILE --workdir DIR
//
// When it is ready, --workdir holds ready.json (url) and ca.pem. Stop it with SIGTERM.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request as call } from 'node:https';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream';
import { parseArgs } from 'node:util';
import { certificate } from '../certificate.mjs';

const { values: options } = parseArgs({
  options: { to: { type: 'string' }, ca: { type: 'string' }, workdir: { type: 'string' } },
});
const workdir = resolve(options.workdir);
mkdirSync(workdir, { recursive: true });
const to = new URL(options.to);
const agent = new Agent({ keepAlive: true, ca: readFileSync(options.ca) });
// Headers that belong to one connection, not to the message (RFC 9110, 7.6.1).
const HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/** Header fields in their order and as they came, without those of the connection. */
function passedOn(raw) {
  const fields = [];
  for (let at = 0; at < raw.length; at += 2) {
    if (!HOP.has(raw[at].toLowerCase())) fields.push(raw[at], raw[at + 1]);
  }
  return fields;
}

function pass(incoming, outgoing) {
  const headers = passedOn(incoming.rawHeaders);
  const onwards = call({
    host: to.hostname, port: to.port, method: incoming.method, path: incoming.url, agent, headers, timeout: 60000,
  });
  const fail = () => {
    onwards.destroy();
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502, { 'Content-Length': 0 }).end();
  };
  onwards.on('response', (answer) => {
    outgoing.writeHead(answer.statusCode, answer.statusMessage, passedOn(answer.rawHeaders));
    pipeline(answer, outgoing, () => {});
  });
  onwards.on('error', fail);
  onwards.on('timeout', fail);
  incoming.on('aborted', () => onwards.destroy());
  pipeline(incoming, onwards, (error) => error && onwards.destroy());
}

const tls = certificate('proxy peer');
const server = createServer({ key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2', keepAliveTimeout: 60000 }, pass);
server.on('clientError', (_error, socket) => {
  if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
process.on('SIGTERM', () => process.exit(0));
writeFileSync(join(workdir, 'ca.pem'), tls.ca);
writeFileSync(join(workdir, 'ready.new'), JSON.stringify({ url: `https://127.0.0.1:${server.address().port}` }));
renameSync(join(workdir, 'ready.new'), join(workdir, 'ready.json'));
