// A certificate for loopback under an authority of its own, made with openssl.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Key and certificate of a server, and the certificate of its authority. */
export function certificate(name) {
  const folder = mkdtempSync(join(tmpdir(), 'junkyo-certificate-'));
  const at = (file) => join(folder, file);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  try {
    openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '3',
      '-subj', `/CN=${name} test CA`, '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
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
