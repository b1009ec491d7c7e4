#!/usr/bin/env node
// Loopback peer of the benchmarks: takes any POST, answers 1.3 KB of JSON, or 4.4 KB of SOAP to what is sent as text/xml,
// after a fixed latency.
//   stub.mjs [--port 18090] [--latency MS]
// Prints "ready PORT" on standard output once it listens; ends on SIGTERM.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { answer as soapAnswer } from "./soap/messages.mjs";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "18090" },
    latency: { type: "string", default: "0" },
  },
});
const latency = Number(values.latency);

const entry = (n) => ({ code: `I${String(n).padStart(4, "0")}`, message: "Accepted item of the bench, forty chars." });
const body = { result: "0", number: "0000000000000012", list: [] };
while (Buffer.byteLength(JSON.stringify(body)) < 1230) body.list.push(entry(body.list.length));
body.filler = "";
body.filler = "x".repeat(Math.max(0, 1300 - Buffer.byteLength(JSON.stringify(body))));
const reply = (type, text) => {
  const bytes = Buffer.from(text);
  return { bytes, head: { "Content-Type": `${type}; charset=UTF-8`, "Content-Length": String(bytes.length), "X-Bench": "yes" } };
};
const json = reply("application/json", JSON.stringify(body));
const soap = reply("text/xml", soapAnswer());

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    const { head, bytes } = request.headers["content-type"]?.startsWith("text/xml") ? soap : json;
    const answer = () => response.writeHead(200, head).end(bytes);
    if (latency > 0) setTimeout(answer, latency);
    else answer();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(values.port), "127.0.0.1", 1024, () => console.log(`ready ${server.address().port}`));
process.on("SIGTERM", () => process.exit(0));
