// SPDX-License-Identifier: Apache-2.0
// npm's `soap` from where ci/install-peers put it, and the WSDL.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../../', import.meta.url);
const target = process.env.CARGO_TARGET_DIR ? new URL(`file://${process.env.CARGO_TARGET_DIR}/`) : new URL('target/', root);
export const soap = createRequire(new URL('peers/node/package.json', target))('soap');

const path = fileURLToPath(new URL('conformance/platform-communication/service/exchange.wsdl', root));
export const wsdl = { path, text: readFileSync(path, 'utf8') };
