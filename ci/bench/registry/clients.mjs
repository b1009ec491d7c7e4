// So many clients at the same time, each with a connection of its own, for so many seconds. Arguments: address, clients,
// seconds. Ends with 1 if an answer was not the expected one.
import http from 'node:http';

const [address, clients, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const requests = [
  { path: '/', wanted: [200] },
  { path: '/sign-in', wanted: [200] },
  { path: '/style.css', wanted: [200] },
  { path: '/api/v1/products?q=%E4%BD%8F%E6%B0%91', wanted: [200] },
  { path: '/api/v1/catalog.csv', wanted: [200] },
  { path: '/api/v1/openapi.json', wanted: [200] },
  { path: '/log/checkpoint', wanted: [200] },
  { path: '/api/v1/registrations/JK-2026-000001-00', wanted: [404] },
  { path: '/account', wanted: [303] },
  { method: 'POST', path: '/api/v1/submissions', body: 'x', type: 'application/zip', token: 'wrong', wanted: [401] },
  { method: 'POST', path: '/sign-in', body: 'code=x', type: 'application/x-www-form-urlencoded', wanted: [403] },
];
const times = [];
const wrong = new Map();
const until = Date.now() + seconds * 1000;

function ask(agent, { method = 'GET', path, body, type, token }) {
  return new Promise((done, failed) => {
    const headers = { ...(type && { 'Content-Type': type }), ...(token && { Authorization: `Bearer ${token}` }) };
    const request = http.request(new URL(path, address), { method, agent, headers }, (answer) => {
      answer.on('data', () => {}).on('end', () => done(answer.statusCode)).on('error', failed);
    });
    request.on('error', failed).end(body);
  });
}

async function client(number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (let turn = number; Date.now() < until; turn += 1) {
    const one = requests[turn % requests.length];
    const begun = performance.now();
    const status = await ask(agent, one).catch((error) => error.code ?? error.message);
    times.push(performance.now() - begun);
    if (!one.wanted.includes(status)) {
      const what = `${one.method ?? 'GET'} ${one.path}: ${status}`;
      wrong.set(what, (wrong.get(what) ?? 0) + 1);
    }
  }
  agent.destroy();
}

await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
times.sort((a, b) => a - b);
const at = (share) => times[Math.floor((times.length - 1) * share)].toFixed(1);
console.log(`${clients} clients, ${seconds} s: ${times.length} answers, ${(times.length / seconds).toFixed(0)} a second`);
console.log(`ms: median ${at(0.5)}, 95 % ${at(0.95)}, 99 % ${at(0.99)}, longest ${at(1)}`);
for (const [what, count] of wrong) console.log(`WRONG ${what}: ${count} times`);
console.log(`wrong answers: ${[...wrong.values()].reduce((sum, count) => sum + count, 0)}`);
process.exitCode = wrong.size > 0 ? 1 : 0;
