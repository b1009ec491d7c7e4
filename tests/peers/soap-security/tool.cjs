// SPDX-License-Identifier: Apache-2.0
// WS-Security with npm's soap and its xml-crypto. Input and output as of tool.py; the folder of the packages is the
// first argument.
'use strict';

const { createRequire } = require('node:module');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const load = createRequire(join(process.argv[2], 'package.json'));
const { WSSecurity, WSSecurityCert } = load('soap');
const fromSoap = createRequire(load.resolve('soap'));
const { SignedXml } = fromSoap('xml-crypto');
const { DOMParser } = fromSoap('@xmldom/xmldom');

const RSA = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const UTILITY = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';

function withHeader(envelope) {
  return envelope.includes('<soap:Header>')
    ? envelope
    : envelope.replace('<soap:Body', '<soap:Header></soap:Header><soap:Body');
}

function sign(order, job) {
  const options = { signatureAlgorithm: RSA, hasTimeStamp: true };
  if (job.peer === 'soap') {
    // What its documentation advises for WS-Security: `wsu:Id` instead of a bare `Id`.
    options.signerOptions = { idMode: 'wssecurity', existingPrefixes: { wsu: UTILITY } };
  }
  const security = new WSSecurityCert(order.keyText, order.certificateText, '', options);
  return { text: security.postProcess(withHeader(job.envelope), 'soap') };
}

function verify(order, job) {
  try {
    const document = new DOMParser().parseFromString(job.envelope, 'text/xml');
    const signature = document.getElementsByTagNameNS('http://www.w3.org/2000/09/xmldsig#', 'Signature')[0];
    const verifier = new SignedXml({
      idMode: 'wssecurity',
      publicCert: order.certificateText,
      getCertFromKeyInfo: () => null,
    });
    verifier.loadSignature(signature);
    return { valid: verifier.checkSignature(job.envelope) };
  } catch (error) {
    return { valid: false, why: String(error) };
  }
}

function username(job) {
  const security = new WSSecurity(job.username, job.password, {
    passwordType: job.digest ? 'PasswordDigest' : 'PasswordText',
    mustUnderstand: true,
  });
  return { text: withHeader(job.envelope).replace('</soap:Header>', `${security.toXML()}</soap:Header>`) };
}

const order = JSON.parse(readFileSync(0, 'utf8'));
order.keyText = readFileSync(order.key, 'utf8');
order.certificateText = readFileSync(order.certificate, 'utf8');
const acts = { sign: (job) => sign(order, job), verify: (job) => verify(order, job), username };
process.stdout.write(JSON.stringify(order.jobs.map((job) => acts[job.do](job))));
