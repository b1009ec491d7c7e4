// Answers whether values are 法人番号 with npm's stdnum. One question a line: kind, tab, value; one answer a line.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { stdnum } = createRequire(`${process.env.PEERS}/node/`)('stdnum');
const answers = { corporate: (value) => (stdnum.JP.cn.validate(value).isValid ? '1' : '0') };
const out = [];
for await (const line of createInterface({ input: process.stdin })) {
    const [kind, value] = line.split('\t');
    out.push(answers[kind](value));
    if (out.length === 4096) process.stdout.write(`${out.splice(0).join('\n')}\n`);
}
if (out.length > 0) process.stdout.write(`${out.join('\n')}\n`);
