#!/usr/bin/env node
// Writes the same work for both runners: one POST and five checks a scenario.
//   generate.mjs --count N --out DIR --base http://127.0.0.1:PORT [--kind rest|soap]
// A POST of kind rest has 270 bytes of JSON, one of kind soap 4.4 KB of XML, which junkyo also validates.
// DIR/corpus and DIR/target.toml for junkyo, DIR/hurl/*.hurl for hurl.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ACTION, content, envelope } from "./soap/messages.mjs";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "200" },
    out: { type: "string" },
    base: { type: "string", default: "http://127.0.0.1:18090" },
    "per-file": { type: "string", default: "200" },
    kind: { type: "string", default: "rest" },
  },
});
const count = Number(values.count);
const perFile = Number(values["per-file"]);
const out = values.out;
const PATH = "/bench";

rmSync(out, { recursive: true, force: true });
const corpus = join(out, "corpus");
for (const folder of ["corpus/requirements", "corpus/bench", "hurl"]) mkdirSync(join(out, folder), { recursive: true });

const text = (words) => `{ ja = "${words}", en = "${words}" }`;

writeFileSync(join(corpus, "profiles.toml"), `[[profile]]
id = "bench.provider"
title = ${text("Bench")}
description = ${text("Work of known size against a loopback stub.")}
kind = "reference"
subject = "provider"
requirements = ["BENCH-*"]
`);
writeFileSync(join(corpus, "sources.toml"), `[[source]]
id = "BENCH"
title = ${text("ci/bench/generate.mjs")}
edition = "1"
`);
writeFileSync(join(corpus, "readings.toml"), "reading = []\n");

const rest = {
  endpoint: "bench",
  requirements: {
    "BENCH-001": "The status is 200.",
    "BENCH-002": "The header X-Bench is yes.",
    "BENCH-003": "The media type is application/json.",
    "BENCH-004": "The result is 0.",
    "BENCH-005": "The code of the third entry is I0002.",
  },
  of(number) {
    const payload = body(number);
    return {
      act: `http = { method = "POST", url = "${PATH}", headers = { Content-Type = "application/json" }, body = '${payload}' }`,
      checks: `    { is = "status", of = ["200"], for = ["BENCH-001"] },
    { is = "header", name = "X-Bench", equals = "yes", for = ["BENCH-002"] },
    { is = "media-type", media = "application/json", for = ["BENCH-003"] },
    { is = "value", at = "/result", equals = "0", for = ["BENCH-004"] },
    { is = "value", at = "/list/2/code", equals = "I0002", for = ["BENCH-005"] },`,
      hurl: `Content-Type: application/json
\`${payload}\`
HTTP 200
[Asserts]
header "X-Bench" == "yes"
header "Content-Type" startsWith "application/json"
jsonpath "$.result" == "0"
jsonpath "$.list[2].code" == "I0002"
`,
    };
  },
};

const soap = {
  endpoint: "bench.soap",
  requirements: {
    "BENCH-001": "The status is 200.",
    "BENCH-002": "The answer is that of the operation (hurl: the media type is text/xml).",
    "BENCH-003": "The answer is valid against the schema (hurl: it holds the element of the answer).",
    "BENCH-004": "The result is 0.",
    "BENCH-005": "The version of the third resident is 3.",
  },
  of(number, id) {
    const message = content("put", String(number).padStart(6, "0"));
    writeFileSync(join(corpus, "bench", `${id}.xml`), message);
    return {
      act: `soap = { operation = "Put", message = "${id}.xml" }`,
      checks: `    { is = "status", of = ["200"], for = ["BENCH-001"] },
    { is = "soap-answer", for = ["BENCH-002"] },
    { is = "schema-valid", for = ["BENCH-003"] },
    { is = "xml-value", path = "//b:putResponse/b:result", equals = "0", for = ["BENCH-004"] },
    { is = "xml-value", path = "//b:resident[3]/@version", equals = "3", for = ["BENCH-005"] },`,
      hurl: `Content-Type: text/xml; charset=UTF-8
SOAPAction: "${ACTION}"
\`${envelope(message)}\`
HTTP 200
[Asserts]
header "Content-Type" startsWith "text/xml"
body contains "<b:putResponse "
xpath "string(//b:putResponse/b:result)" == "0"
xpath "string(//b:resident[3]/@version)" == "3"
`,
    };
  },
};

const kind = { rest, soap }[values.kind];
if (kind === soap) {
  mkdirSync(join(corpus, "service"));
  for (const name of ["service.toml", "bench.wsdl", "bench.xsd"]) {
    copyFileSync(join(import.meta.dirname, "soap", name), join(corpus, "service", name));
  }
}

writeFileSync(join(corpus, "requirements/bench.toml"), Object.entries(kind.requirements).map(([id, words]) => `[[requirement]]
id = "${id}"
source = "BENCH"
clause = "${id}"
kind = "reference"
derivation = ${text("Made for measuring.")}
level = "must"
step = 1
subject = ["provider"]
text = ${text(words)}
know-how = ${text("Start ci/bench/stub.mjs.")}
`).join("\n"));

function body(number) {
  const object = { number: String(number).padStart(6, "0"), kind: "bench", note: "" };
  object.note = "n".repeat(270 - JSON.stringify(object).length);
  return JSON.stringify(object);
}

let scenarios = [];
for (let number = 1; number <= count; number++) {
  const id = `bench-${String(number).padStart(6, "0")}`;
  const { act, checks, hurl } = kind.of(number, id);
  scenarios.push(`[[scenario]]
id = "${id}"
title = ${text(`POST ${number}`)}
role = "provider"
[[scenario.step]]
id = "post"
${act}
checks = [
${checks}
]
`);
  if (scenarios.length === perFile || number === count) {
    const file = `bench/part-${String(Math.ceil(number / perFile)).padStart(4, "0")}.toml`;
    const interfaceLine = kind === soap ? 'interface = "bench.soap"\n\n' : "";
    writeFileSync(join(corpus, file), interfaceLine + scenarios.join("\n"));
    scenarios = [];
  }
  writeFileSync(join(out, "hurl", `${id}.hurl`), `POST ${values.base}${PATH}\n${hurl}`);
}

writeFileSync(join(out, "target.toml"), `[product]
vendor = "bench"
name = "stub"
version = "1"
claims = ["bench.provider"]

[endpoints."${kind.endpoint}"]
url = "${values.base}${PATH}"${kind === soap ? '\nwsdl = "corpus/service/bench.wsdl"\nwsdl-not-published = true' : ""}

[limits]
concurrency = 1024
`);
