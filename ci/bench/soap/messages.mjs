// SOAP messages of the benchmarks: what generate.mjs sends and stub.mjs answers.

const NAMESPACE = "http://junkyo.example/bench/1";
export const ACTION = `${NAMESPACE}/Put`;

const resident = (version) => `<b:resident version="${version}"><b:residentNumber>${String(version).padStart(15, "0")}</b:residentNumber>` +
  "<b:name>架空　花子</b:name><b:kana>カクウ　ハナコ</b:kana><b:birthDate>1990-02-28</b:birthDate><b:sex>2</b:sex>" +
  "<b:address><b:postcode>0000000</b:postcode><b:text>架空市本町一丁目1番1号</b:text></b:address></b:resident>";

/** Content of a body. */
export function content(name, number, more = "") {
  const residents = Array.from({ length: 13 }, (_, index) => resident(index + 1)).join("");
  return `<b:${name} xmlns:b="${NAMESPACE}"><b:number>${number}</b:number>${more}${residents}</b:${name}>`;
}

/** The envelope around it, as junkyo writes it too. */
export const envelope = (body) => '<?xml version="1.0" encoding="UTF-8"?>' +
  `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`;

/** What the stub answers. */
export const answer = () => envelope(content("putResponse", "0000000000000012", "<b:result>0</b:result>"));
