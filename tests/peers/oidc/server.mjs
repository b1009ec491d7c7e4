#!/usr/bin/env node
// Starts oidc-provider, the OpenID-certified authorization server of another project, on loopback with
// HTTPS: one confidential client with client_secret_jwt, client credentials, introspection.
//
//   node server.mjs --modules DIR --workdir DIR [--port N]
//
// DIR of --modules has node_modules/ with oidc-provider (ci/install-peers). When it is ready, --workdir
// holds ready.json and ca.pem. Stop it with SIGTERM. Test use only; the secret is none.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const SCOPES = [
  '031:app_submit/v10/jutogaishaatenabangofuban:Create',
  '031:app_submit/v10/jutogaishaatenakihonjohosyokai:Read',
];
const CLIENT_ID = 'OidcProviderPeerTestClient000001';
const CLIENT_SECRET = 'test-only-secret-of-the-oidc-provider-peer';

const { values: options } = parseArgs({
  options: { modules: { type: 'string' }, workdir: { type: 'string' }, port: { type: 'string', default: '0' } },
});
const workdir = resolve(options.workdir);
mkdirSync(workdir, { recursive: true });

const entry = createRequire(join(resolve(options.modules), 'package.json')).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(entry));

/** A certificate authority and a certificate for loopback, made with openssl. */
function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'junkyo-oidc-'));
  const at = (name) => join(folder, name);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  try {
    openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '3',
      '-subj', '/CN=oidc-provider peer test CA', '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
    openssl('req', '-new', ...key, '-keyout', at('server.key'), '-out', at('server.csr'), '-subj', '/CN=localhost');
    writeFileSync(at('server.ext'), 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
      + 'extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n');
    openssl('x509', '-req', '-in', at('server.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-set_serial',
      String(Date.now()), '-days', '2', '-sha256', '-extfile', at('server.ext'), '-out', at('server.pem'));
    return { key: readFileSync(at('server.key')), cert: readFileSync(at('server.pem')), ca: readFileSync(at('ca.pem')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const tls = certificate();
const server = createServer({ key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' });
await new Promise((listening) => server.listen(Number(options.port), '127.0.0.1', listening));
const issuer = `https://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    token_endpoint_auth_method: 'client_secret_jwt',
    token_endpoint_auth_signing_alg: 'HS256',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: SCOPES.join(' '),
  }],
  clientAuthMethods: ['client_secret_jwt'],
  enabledJWA: { clientAuthSigningAlgValues: ['HS256'] },
  scopes: SCOPES,
  ttl: { ClientCredentials: 600 },
  clockTolerance: 0,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
  },
});

/** The test control `expire-token`: the token is gone, as after its life. */
async function control(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const order = JSON.parse(Buffer.concat(parts).toString('utf8'));
  if (order.action === 'reset') return response.writeHead(204).end();
  if (order.action !== 'expire-token') return response.writeHead(501).end();
  const token = await provider.ClientCredentials.find(order.token);
  await token?.destroy();
  return response.writeHead(token ? 204 : 400).end();
}

const answer = provider.callback();
server.on('request', (request, response) => {
  if (request.url !== '/test-driver') return void answer(request, response);
  control(request, response).catch(() => response.writeHead(400).end());
});

process.on('SIGTERM', () => process.exit(0));
writeFileSync(join(workdir, 'ca.pem'), tls.ca);
writeFileSync(join(workdir, 'ready.new'), JSON.stringify({
  url: issuer,
  endpoint: `${issuer}/no-api-here`,
  token_endpoint: `${issuer}/token`,
  introspection_endpoint: `${issuer}/token/introspection`,
  driver: `${issuer}/test-driver`,
  client_id: CLIENT_ID,
  client_secret: CLIENT_SECRET,
}, null, 2));
renameSync(join(workdir, 'ready.new'), join(workdir, 'ready.json'));
