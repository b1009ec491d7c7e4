// SPDX-License-Identifier: Apache-2.0
// The exchange service as a vendor on Node would write it: npm's `soap`, from the WSDL alone.
//   node server.mjs PORT [--mistake NAME]      node server.mjs --mistakes
// Port 0 picks a free one. Prints `ready http://127.0.0.1:PORT` when it answers; the two ports of the
// WSDL are at /exchange and /statistics, the stored changes as JSON at /changes.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { soap, wsdl } from './stack.mjs';
import { MISTAKES, spoil } from './mistakes.mjs';

const MESSAGES = 'http://junkyo.example/exchange/1/messages';
const TYPES = 'http://junkyo.example/exchange/1/types';

const [port = '0', ...options] = process.argv.slice(2);
if (port === '--mistakes') {
  console.log(MISTAKES.join('\n'));
  process.exit(0);
}
const mistake = options[0] === '--mistake' ? options[1] : undefined;
if (mistake !== undefined && !MISTAKES.includes(mistake)) {
  console.error(`no such mistake: ${mistake}`);
  process.exit(2);
}

const residents = readFileSync(fileURLToPath(new URL('../residents.tsv', import.meta.url)), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('\t'))
  .map(([residentNumber, name, kana, birthDate, sex, postcode, address, household, version, area]) =>
    ({ residentNumber, name, kana, birthDate, sex, postcode, address, household, version, area }));
const changes = [];
const extracts = new Map();

// The stack puts every element into the namespace of its parent unless its name has a prefix.
function described(resident, fields = ['address', 'household']) {
  const out = { attributes: { version: resident.version }, 't:residentNumber': resident.residentNumber };
  out['t:name'] = resident.name;
  if (resident.kana) out['t:kana'] = resident.kana;
  out['t:birthDate'] = resident.birthDate || { attributes: { 'xsi:nil': 'true' } };
  out['t:sex'] = resident.sex;
  if (resident.address && fields.includes('address')) {
    out['t:address'] = { ...(resident.postcode && { 't:postcode': resident.postcode }), 't:text': resident.address };
  }
  if (resident.household && fields.includes('household')) out['t:householdNumber'] = resident.household;
  return out;
}

const inner = (children) => ({ attributes: { 'xmlns:t': TYPES, 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance' },
  ...children });

const refuse = (faultcode, faultstring, detail) => ({ Fault: { faultcode, faultstring, detail, statusCode: 500 } });
const list = (value) => (value === undefined ? [] : [value].flat());

const Exchange = {
  GetResident(request, _callback, headers) {
    if (headers?.caller === undefined) throw refuse('soap:Client', 'the header block caller is missing');
    if (!/^[0-9]{15}$/.test(request.residentNumber)) throw refuse('soap:Client', 'residentNumber is not fifteen digits');
    const resident = residents.find((each) => each.residentNumber === request.residentNumber);
    if (resident === undefined) {
      const children = { 'm:residentNumber': request.residentNumber, 'm:reason': '該当する住民がいません' };
      const detail = { 'm:residentNotFound': { attributes: { 'xmlns:m': MESSAGES }, ...children } };
      throw refuse('soap:Client', '該当する住民がいません', detail);
    }
    const fields = request.field === undefined ? undefined : list(request.field);
    return inner({ 'm:resident': described(resident, fields) });
  },
  NotifyChange(request) {
    changes.push({ ...request, changedOn: day(request.changedOn) });
  },
  RequestExtract(request) {
    const born = ({ birthDate }) => (!request.bornFrom || (birthDate && birthDate >= day(request.bornFrom)))
      && (!request.bornTo || (birthDate && birthDate <= day(request.bornTo)));
    const found = residents.filter((resident) => resident.area === request.area && born(resident))
      .sort((a, b) => (a.residentNumber < b.residentNumber ? -1 : 1));
    extracts.set(request.extractId, found);
    return inner({ 'm:extractId': request.extractId, 'm:extract': extract(found) });
  },
  PollExtract(request) {
    const found = extracts.get(request.extractId);
    const state = { 'm:extractId': request.extractId, 'm:state': found === undefined ? 'unknown' : 'done' };
    return inner(found === undefined ? state : { ...state, 'm:extract': extract(found) });
  },
  Ping: () => ({}),
};

const Statistics = {
  CountResidents({ area }) {
    const found = residents.filter((resident) => resident.area === area);
    const households = new Set(found.map(({ household }) => household).filter(Boolean));
    return { count: found.length, households: households.size };
  },
  Refresh: () => ({}),
};

const extract = (found) => (found.length === 0 ? {} : { 't:resident': found.map((resident) => described(resident)) });

// The stack makes a Date of every xsd:date.
function day(value) {
  return value instanceof Date ? value.toISOString().slice(0, 10) : value;
}

const server = createServer((request, response) => {
  if (request.url === '/changes') {
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    return response.end(JSON.stringify(changes));
  }
  response.statusCode = 404;
  response.end();
});

const service = soap.listen(server, {
  path: /^\/(exchange|statistics)\/$/,
  services: { ReferenceExchange: { Exchange, Statistics } },
  // An operation without an element and without an action is not found otherwise.
  xml: wsdl.text.replace('soapAction=""', 'soapAction="urn:Ping"'),
  uri: wsdl.path,
  oneWay: { responseCode: 202 },
  suppressStack: true,
  enableChunkedEncoding: false,
  callback: (error) => {
    if (error) throw error;
    // The stack only has its own answer for an empty body once the operation has a name to be looked up by.
    service.wsdl.definitions.services.ReferenceExchange.ports.Exchange.binding.topElements['urn:Ping'] = {
      methodName: 'Ping', outputName: '' };
    surround();
    server.listen(Number(port), '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}`));
  },
});

service.addSoapHeader((operation) => (operation === 'GetResident'
  ? `<m:responder xmlns:m="${MESSAGES}"><m:system>001</m:system>`
    + `<m:answeredAt>${new Date().toISOString()}</m:answeredAt></m:responder>`
  : ''));

service.on('headers', (headers) => {
  for (const [name, block] of Object.entries(headers)) {
    const must = Object.entries(block?.attributes ?? {}).some(([key, value]) => /(^|:)mustUnderstand$/.test(key) && value === '1');
    if (must && name !== 'caller') throw refuse('soap:MustUnderstand', `${name} is not understood`);
  }
});

service.on('response', (response, operation) => {
  // The stack ignores the namespace of soap:body, qualifies accessors, and its own faults are those of SOAP 1.2.
  response.result = response.result
    .replace(/<(\/?)(?:\w+:)?(CountResidents|Refresh)Response\b[^>]*>/g, (_all, slash, name) =>
      (slash ? `</r:${name}Response>` : `<r:${name}Response xmlns:r="http://junkyo.example/exchange/1/rpc">`))
    .replace(/<(\/?)tns:(count|households)>/g, '<$1$2>')
    .replace(/<soap:Code>.*<\/soap:Code><soap:Reason><soap:Text>(.*)<\/soap:Text><\/soap:Reason>/s,
      '<faultcode>soap:Client</faultcode><faultstring>$1</faultstring>');
  if (operation === 'Ping') response.result = response.result.replace(/<soap:Body>.*<\/soap:Body>/s, '<soap:Body/>');
});

function unreadable(why) {
  return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
<soap:Body><soap:Fault><faultcode>soap:Client</faultcode>
<faultstring>${why.replace(/[<&]/g, ' ')}</faultstring></soap:Fault></soap:Body></soap:Envelope>`;
}

// Around the stack's own listener, which is there once the WSDL has been read.
function surround() {
  const handlers = server.listeners('request').slice();
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    // The stack answers with the media type of the request.
    request.headers['content-type'] &&= 'text/xml; charset=utf-8';
    if (request.headers.soapaction === '""') request.headers.soapaction = '"urn:Ping"';
    const end = response.end.bind(response);
    let text = '';
    request.on('data', (chunk) => { text += chunk; });
    response.end = (body = '') => {
      if (body === '') response.removeHeader('Content-Type');
      // What the stack cannot read it answers with the bare text of its exception.
      const right = response.statusCode === 500 && !body.startsWith('<?xml') ? unreadable(body) : body;
      return end(mistake === undefined ? right : spoil(mistake, text, response, right));
    };
    for (const handler of handlers) handler.call(server, request, response);
  });
}
