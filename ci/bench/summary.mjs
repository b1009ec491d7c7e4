#!/usr/bin/env node
// Turns what ci/bench/run measured into Markdown tables.   summary.mjs DIR
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { cpus } from "node:os";
import { execFileSync } from "node:child_process";

const dir = process.argv[2];
const has = (name) => existsSync(join(dir, name));
const read = (name) => readFileSync(join(dir, name), "utf8");
const ms = (seconds) => `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
const cpu = (result) => ms(result.user + result.system);
const failures = [];
function results(name) {
  const all = JSON.parse(read(`${name}.json`)).results;
  for (const result of all) {
    const wrong = result.exit_codes.filter((code) => code !== 0);
    if (wrong.length > 0) failures.push(`${name}: ${wrong.length} of ${result.exit_codes.length} runs ended with ${[...new Set(wrong)]}: \`${result.command}\``);
  }
  return all;
}
const load = (name) => read(`${name}.load`).trim();
const version = (command, ...args) => execFileSync(command, args, { encoding: "utf8" }).split("\n")[0];

const out = [];
const table = (head, rows) => {
  if (rows.length === 0) return;
  out.push(`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`, ...rows.map((row) => `| ${row.join(" | ")} |`), "");
};
const percent = (value) => `${(value * 100).toFixed(0)} %`;

out.push(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0].model.trim()}), ` +
  `${version("hurl", "--version").split(" (")[0]}, ${version("hyperfine", "--version")}, node ${process.version}. ` +
  "Wall: best of all runs. CPU: user + system, mean.", "");

if (has("start.json")) {
  const [junkyo, hurl] = results("start");
  table(["start-up", "best wall", "CPU", "target"], [
    ["junkyo --help", ms(junkyo.min), cpu(junkyo), "< 10 ms"],
    ["hurl --version", ms(hurl.min), cpu(hurl), ""],
  ]);
}
if (has("corpus.json")) {
  const [run] = results("corpus");
  table(["whole 031 corpus, built-in reference platform", "best wall", "median", "CPU", "target"],
    [["junkyo run", ms(run.min), ms(run.median), cpu(run), "< 2 s"]]);
}

const jobsOf = (prefix) => readdirSync(dir).map((name) => name.match(new RegExp(`^${prefix}-(\\d+)\\.json$`)))
  .filter(Boolean).map((match) => Number(match[1])).sort((a, b) => a - b);

for (const [group, words] of [["many", "200 scenarios, 0 ms, jobs"], ["soap", "200 SOAP scenarios, 0 ms, jobs"]]) {
  table([words, "junkyo wall", "junkyo CPU", "hurl wall", "hurl CPU", "hurl + reports wall", "hurl + reports CPU",
    "wall, junkyo : hurl", "CPU, junkyo : hurl", "load"],
  jobsOf(group).map((jobs) => {
    const [junkyo, hurl, full] = results(`${group}-${jobs}`);
    const ratio = (a, b) => (a / b).toFixed(2);
    return [jobs, ms(junkyo.min), cpu(junkyo), ms(hurl.min), cpu(hurl), ms(full.min), cpu(full), ratio(junkyo.min, hurl.min),
      ratio(junkyo.user + junkyo.system, hurl.user + hurl.system), load(`${group}-${jobs}`)];
  }));
}

// The run phase alone: from the first request to the last response, as the journal has it.
// The best of the runs whose journals were kept.
const phase = (name) => [1, 2, 3].map((number) => phaseOf(`${name}.${number}.jsonl`)).sort((a, b) => a.wall - b.wall)[0];
function phaseOf(file) {
  let first = Infinity;
  let last = 0;
  const replies = [];
  for (const line of read(file).split("\n")) {
    if (!line.startsWith('{"record":"exchange"')) continue;
    const record = JSON.parse(line);
    first = Math.min(first, record["started-us"]);
    last = Math.max(last, record["started-us"] + record["elapsed-us"]);
    replies.push(record["elapsed-us"]);
  }
  replies.sort((a, b) => a - b);
  return { wall: (last - first) / 1e6, reply: replies[replies.length >> 1] / 1e6 };
}
const latencyRows = [];
for (const count of [200, 2000]) {
  for (const jobs of jobsOf(`latency-${count}`)) {
    const name = `latency-${count}-${jobs}`;
    const [junkyo, hurl] = results(name);
    const ideal = Math.ceil(count / jobs) * 0.02;
    const run = phase(name);
    latencyRows.push([count, jobs, ms(ideal), ms(run.wall), percent(ideal / run.wall), `${(run.reply * 1000).toFixed(1)} ms`, ms(junkyo.min), percent(ideal / junkyo.min),
      ms(hurl.min), percent(ideal / hurl.min), load(name)]);
  }
}
table(["20 ms peer, scenarios", "jobs", "ideal", "junkyo run phase (best of 3)", "efficiency", "median reply", "junkyo whole process (best)", "efficiency",
  "hurl whole process (best)", "efficiency", "load"], latencyRows);

const memoryRows = [];
const field = (text, label) => text.split("\n").find((line) => line.includes(label)).split(": ").pop().trim();
for (const count of [200, 20000]) {
  for (const [tool, words] of [["memory-junkyo", "junkyo run, all reports and bundle"], ["html-junkyo", "junkyo report --format html"],
    ["memory-hurl", "hurl with junit, html, json"]]) {
    if (!has(`${tool}-${count}.time`)) continue;
    const text = read(`${tool}-${count}.time`);
    const rss = Number(field(text, "Maximum resident")) / 1024;
    const target = tool === "memory-junkyo" ? (count === 200 ? "< 30 MB" : "< 100 MB") : "";
    memoryRows.push([count, words, field(text, "Elapsed"), `${(Number(field(text, "User time")) + Number(field(text, "System time"))).toFixed(2)} s`,
      `${rss.toFixed(0)} MB`, target]);
  }
}
table(["scenarios", "command (jobs 16)", "wall", "CPU", "peak RSS", "target"], memoryRows);

const sizes = [];
for (const count of [200, 20000]) {
  for (const tool of ["junkyo", "hurl"]) {
    if (!has(`memory-${tool}-${count}.sizes`)) continue;
    for (const line of read(`memory-${tool}-${count}.sizes`).trim().split("\n")) {
      const bytes = Number(tool === "hurl" ? line.split(/\s+/)[0] : line.split(" ").pop());
      const path = tool === "hurl" ? line.split(/\s+/)[1] : line.split(" ")[0];
      sizes.push([count, tool, path.split("/").slice(-1)[0], `${(bytes / 1e6).toFixed(2)} MB`]);
    }
  }
}
table(["scenarios", "runner", "file", "size"], sizes);
if (failures.length > 0) out.push("Runs that did not end with 0:", "", ...failures.map((line) => `- ${line}`), "");
console.log(out.join("\n"));
