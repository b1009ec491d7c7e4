// SPDX-License-Identifier: Apache-2.0
// npm's `soap` from where ci/install-peers put it, and the WSDL.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const peers = process.env.PEERS ?? join(root, 'target', 'peers');
export const soap = createRequire(join(peers, 'node', 'package.json'))('soap');

const path = join(root, 'conformance/platform-communication/service/exchange.wsdl');
export const wsdl = { path, text: readFileSync(path, 'utf8') };
