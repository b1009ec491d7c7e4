// SPDX-License-Identifier: Apache-2.0
// One operation of the exchange service with npm's `soap` client, from the WSDL alone.
//   node client.mjs ENDPOINT OPERATION FIELDS [--mistake NAME]      node client.mjs --mistakes
// FIELDS is JSON with the names of the schema; `caller` is the header block of GetResident.
import { soap, wsdl } from './stack.mjs';

const MESSAGES = 'http://junkyo.example/exchange/1/messages';
const TYPES = 'http://junkyo.example/exchange/1/types';
const RPC = 'http://junkyo.example/exchange/1/rpc';

// One mistake of a vendor each: what happens to the envelope, or to the headers of HTTP.
const MISTAKES = {
  'soapaction-unquoted': { headers: ({ SOAPAction }) => ({ SOAPAction: SOAPAction.slice(1, -1) }) },
  'soapaction-wrong': { headers: () => ({ SOAPAction: '"http://junkyo.example/exchange/1/Other"' }) },
  'soapaction-missing': { headers: () => ({ SOAPAction: undefined }) },
  'media-type': { headers: () => ({ 'Content-Type': 'application/soap+xml; charset=utf-8' }) },
  'charset-missing': { headers: () => ({ 'Content-Type': 'text/xml' }) },
  'charset-wrong': { headers: () => ({ 'Content-Type': 'text/xml; charset=Shift_JIS' }) },
  'caller-missing': { xml: (xml) => xml.replace(/<soap:Header>.*?<\/soap:Header>/s, '') },
  'accessor-extra': { xml: (xml) => xml.replace('</asOf>', '</asOf><user>010</user>') },
  'accessors-swapped': { xml: (xml) => xml.replace(/(<area>.*?<\/area>)(<asOf>.*?<\/asOf>)/s, '$2$1') },
  'accessor-qualified': { xml: (xml) => xml.replace(/<(\/?)(area|asOf)>/g, '<$1r:$2>') },
  'namespace-wrong': { xml: (xml) => xml.replaceAll(MESSAGES, 'http://junkyo.example/exchange/2/messages').replaceAll(RPC, `${RPC}/`) },
  'must-understand-true': { xml: (xml) => xml.replace('<m:caller', '<m:caller soap:mustUnderstand="true"') },
  'encoding-style': {
    xml: (xml) => xml.replace('<soap:Body>', '<soap:Body soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'),
  },
  doctype: { xml: (xml) => xml.replace('<soap:Envelope', '<!DOCTYPE soap:Envelope>\n<soap:Envelope') },
  'processing-instruction': { xml: (xml) => xml.replace('<soap:Body>', '<?vendor 1?><soap:Body>') },
  'trailing-element': { xml: (xml) => xml.replace('</soap:Body>', '</soap:Body><t:trace xmlns:t="urn:vendor"/>') },
  'envelope-soap12': {
    xml: (xml) => xml.replace('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope'),
  },
  'element-unknown': { xml: (xml) => xml.replace(/<\/m:(getResident|notifyChange|requestExtract|pollExtract)>/, '<m:user>010</m:user></m:$1>') },
  'enumeration-wrong': { xml: (xml) => xml.replace(/<m:reason>.*?</, '<m:reason>転居<').replace(/<m:field>.*?</, '<m:field>all<') },
};

const [endpoint, operation, json = '{}', flag, mistake] = process.argv.slice(2);
if (endpoint === '--mistakes') {
  console.log(Object.keys(MISTAKES).join('\n'));
  process.exit(0);
}
if (flag === '--mistake' && !(mistake in MISTAKES)) {
  console.error(`no such mistake: ${mistake}`);
  process.exit(2);
}
const { caller, ...fields } = JSON.parse(json);

const say = (line, code = 0) => {
  console.log(JSON.stringify(line));
  process.exitCode = code;
};

// The stack writes elements as they come, in whatever order the caller named them.
const ORDER = ['municipality', 'system', 'changeId', 'sequence', 'residentNumber', 'reason', 'changedOn', 'newAddress', 'removed',
  'extractId', 'area', 'bornFrom', 'bornTo', 'asOf', 'field', 'postcode', 'text'];
const ordered = (value) => Object.entries(value).sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b));

// The stack qualifies by prefix; the children of a type of the other schema need its prefix.
function named(value, prefix) {
  if (Array.isArray(value)) return value.map((each) => named(each, prefix));
  if (value === true) return {};
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(ordered(value).map(([key, child]) => [`${prefix}:${key}`, named(child, 't')]));
}

function plain(value, name) {
  if (value instanceof Date) return name === 'answeredAt' ? value.toISOString() : value.toISOString().slice(0, 10);
  if (Array.isArray(value)) return value.map((each) => plain(each));
  if (value === null || typeof value !== 'object') return value;
  const { attributes = {}, ...children } = value;
  if (Object.entries(attributes).some(([key, nil]) => /(^|:)nil$/.test(key) && /^(true|1)$/.test(nil))) return null;
  const out = Object.fromEntries(Object.entries(children).filter(([key]) => key !== 'xmlns').map(([key, child]) => [key, plain(child, key)]));
  if (name === 'extract') out.resident = [out.resident ?? []].flat();
  return attributes.version === undefined ? out : { ...out, version: Number(attributes.version) };
}

// The stack ignores the namespace of soap:body and qualifies accessors; and it knows no message without a part.
function right(xml) {
  return xml
    .replace(/<(\/?)(?:\w+:)?(CountResidents|Refresh)\b[^>]*>/g, (_all, slash, name) =>
      (slash ? `</r:${name}>` : `<r:${name} xmlns:r="${RPC}">`))
    .replace(/<(\/?)tns:(area|asOf)>/g, '<$1$2>')
    .replace(/<soap:Body><(\w+:)?empty\b.*<\/soap:Body>/s, '<soap:Body></soap:Body>')
    .replace(/<soap:Envelope /, `<soap:Envelope xmlns:t="${TYPES}" `);
}

try {
  const client = await soap.createClientAsync(wsdl.path, { endpoint });
  if (caller !== undefined) client.addSoapHeader({ 'm:caller': named(caller, 'm') });
  const rpc = operation === 'CountResidents' || operation === 'Refresh';
  const planted = MISTAKES[mistake] ?? {};
  const method = client.wsdl.definitions.services.ReferenceExchange.ports[rpc ? 'Statistics' : 'Exchange'].binding.methods[operation];
  const headers = planted.headers?.({ SOAPAction: `"${method.soapAction}"` });
  const options = { postProcess: (xml) => (planted.xml ?? ((same) => same))(right(xml)), timeout: 10_000 };
  // A message without a part is null to the stack when the style is rpc.
  const input = operation === 'Refresh' ? null : rpc ? Object.fromEntries(ordered(fields)) : named(fields, 'm');
  const [result, , header] = await client[`${operation}Async`](input, options, headers);
  if (process.env.PEER_TRACE) console.error(client.lastRequest);
  const { responder } = header ?? {};
  say({ outcome: 'done', ...(operation === 'Ping' ? {} : plain(result ?? {})), ...(responder && { responder: plain(responder) }) });
} catch (error) {
  const fault = error.root?.Envelope?.Body?.Fault;
  if (fault?.faultcode === undefined) {
    say({ outcome: 'failed', error: String(error.message ?? error) }, 1);
  } else {
    const { faultcode, faultstring, detail } = fault;
    const text = (value) => value?.$value ?? value;
    say({ outcome: 'fault', faultcode: text(faultcode), faultstring: text(faultstring), ...(detail && { detail: plain(detail) }) });
  }
}
