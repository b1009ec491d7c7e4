// SPDX-License-Identifier: Apache-2.0
// One mistake of a vendor, put into a right answer of the server.

const ENCODING = 'http://schemas.xmlsoap.org/soap/encoding/';

// Each gets the right answer and says what is sent instead; the response has its status and headers.
const BY_NAME = {
  'fault-200': ({ body, response }) => { if (isFault(body)) response.statusCode = 200; return body; },
  'charset-wrong': ({ body, response }) => typed(response, 'text/xml; charset=Shift_JIS', body),
  'charset-missing': ({ body, response }) => typed(response, 'text/xml', body),
  'media-type': ({ body, response }) => typed(response, 'application/soap+xml; charset=utf-8', body),
  'fault-child': ({ body }) => body.replace('</faultstring>', '</faultstring><stack>at server.mjs:61</stack>'),
  'faultcode-dotted': ({ body }) => body.replace(/<faultcode>.*?</, '<faultcode>soap:Client.ResidentNotFound<'),
  'faultcode-own': ({ body }) => body.replace(/<faultcode>.*?</, '<faultcode>E0012<'),
  'responder-missing': ({ body }) => body.replace(/<soap:Header>.*?<\/soap:Header>/s, ''),
  'body-unqualified': ({ body }) => body.replace(/<(\/?)\w+:(\w+Response)\b/g, '<$1$2').replace(/(<\w+Response [^>]*?)\bxmlns="[^"]*"/, '$1'),
  'encoding-style': ({ body }) => body.replace('<soap:Body>', `<soap:Body soap:encodingStyle="${ENCODING}">`),
  'rpc-namespace': ({ body }) => body.replace('http://junkyo.example/exchange/1/rpc', 'http://junkyo.example/exchange/1'),
  'rpc-wrapper': ({ body }) => body.replace(/CountResidentsResponse/g, 'CountResidentsResult'),
  'accessor-nil': ({ body }) => body.replace(/<households>\d+<\/households>/,
    '<households xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'),
  'accessor-qualified': ({ body }) => body.replace(/<(\/?)(count|households)>/g, '<$1r:$2>'),
  'oneway-envelope': ({ request, body, response }) => {
    if (!isNotification(request)) return body;
    response.statusCode = 200;
    return typed(response, 'text/xml; charset=utf-8',
      '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body/></soap:Envelope>');
  },
  'oneway-204': ({ request, body, response }) => {
    if (isNotification(request)) response.statusCode = 204;
    return body;
  },
  'processing-instruction': ({ body }) => body.replace('<soap:Body>', '<?pm2 worker 3?><soap:Body>'),
  'trailing-element': ({ body }) => body.replace('</soap:Body>', '</soap:Body><t:trace xmlns:t="urn:vendor">1</t:trace>'),
  'enumeration-wrong': ({ body }) => body.replace(/<t:sex>\d/g, '<t:sex>female').replace(/<m:state>\w+/, '<m:state>DONE'),
  'element-missing': ({ body }) => body.replace(/<t:sex>\d<\/t:sex>/g, ''),
  'element-order': ({ body }) => body.replace(/(<t:name>.*?<\/t:name>)(<t:kana>.*?<\/t:kana>)/gs, '$2$1'),
  'detail-undeclared': ({ body }) => body.replace(/<detail>.*<\/detail>/s, '<detail><code xmlns="urn:vendor">12</code></detail>'),
  doctype: ({ body }) => body.replace('<soap:Envelope', '<!DOCTYPE soap:Envelope>\n<soap:Envelope'),
  'envelope-soap12': ({ body }) =>
    body.replace('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope'),
  'must-understand-true': ({ body }) => body.replace('<m:responder ', '<m:responder soap:mustUnderstand="true" '),
  'fault-qualified': ({ body }) => body.replace(/<(\/?)(faultcode|faultstring|detail)>/g, '<$1soap:$2>'),
  'resident-twice': ({ body }) => body.replace(/(<m:extract>)(<t:resident .*?<\/t:resident>)/s, '$1$2$2'),
  'characters-lost': ({ body }) => body.replace(/[\u{10000}-\u{10ffff}]/gu, '??'),
};

export const MISTAKES = Object.keys(BY_NAME);

export function spoil(name, request, response, body) {
  const spoilt = BY_NAME[name]({ request, response, body });
  if (name === 'fault-200' || name.startsWith('oneway') || spoilt !== body) response.removeHeader('Content-Length');
  return spoilt;
}

const isFault = (body) => body.includes(':Fault>');
const isNotification = (request) => request.includes('notifyChange');

function typed(response, type, body) {
  if (body !== '') response.setHeader('Content-Type', type);
  return body;
}
