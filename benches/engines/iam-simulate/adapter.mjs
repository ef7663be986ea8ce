// The adapter of the barometer for @cloud-copilot/iam-simulate: the same protocol as the other adapters, see
// engines/shared/src/lib.rs. The package has nothing to prepare: it checks and reads the policies in every
// call, so every decision pays for it. The clock is that of this process; allocations are not counted.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { decide, simulation } from './simulate.mjs';

const UNSUPPORTED = 3;

function unsupported(reason) {
  console.error(reason);
  process.exit(UNSUPPORTED);
}

const [verb, ...given] = process.argv.slice(2);
const option = (name) => (given.includes(name) ? given[given.indexOf(name) + 1] : undefined);
const file = given.find((word, at) => !word.startsWith('--') && !given[at - 1]?.startsWith('--'));
if (!['prove', 'time'].includes(verb) || !file) {
  console.error('usage: adapter.mjs prove|time FILE [--seconds S | --iterations N] [--order random]');
  process.exit(1);
}

const { policies: sets, attached, requests } = JSON.parse(readFileSync(file, 'utf8'));
if (sets.session) unsupported('no session policies');
if (attached) unsupported('the policies of one caller only');
if (Array.isArray(sets.resource)) sets.resource = sets.resource[0];
const text = JSON.stringify(sets);
const start = performance.now();
const policies = JSON.parse(text);
const load = (performance.now() - start) * 1e6;
const prepared = requests.map((request) => simulation({ policies, request }));

if (verb === 'prove') {
  const said = [];
  for (const one of prepared) said.push(await decide(one).catch((error) => ({ refused: error.message })));
  const refused = said.filter((one) => one.refused);
  if (refused.length > 0) {
    unsupported(`it takes ${said.length - refused.length} of ${said.length} requests; of the others it says: ${refused[0].refused}`);
  }
  console.log(said.map((one) => one.decision).join('\n'));
  process.exit(0);
}

// As in the shared code of the other adapters: the same numbers, the same order.
function order(count) {
  if (option('--order') !== 'random') return [...Array(count).keys()];
  const mask = (1n << 64n) - 1n;
  let state = 0x9e3779b97f4a7c15n;
  return Array.from({ length: Math.max(8192, count) }, () => {
    state ^= (state << 13n) & mask;
    state ^= state >> 7n;
    state ^= (state << 17n) & mask;
    return Number((state >> 16n) % BigInt(count));
  });
}

const turn = order(prepared.length);
const iterations = Number(option('--iterations') ?? 0);
for (let at = 0; at < iterations; at += 1) await decide(prepared[turn[at % turn.length]]);
if (iterations > 0) process.exit(0);

const budget = Number(option('--seconds') ?? 1) * 1000;
// One decision takes longer than reading the clock does by far, so that each is a sample.
const samples = [];
const warm = performance.now();
for (let at = 0; at === 0 || performance.now() - warm < budget / 5; at += 1) await decide(prepared[turn[at % turn.length]]);
const begin = performance.now();
for (let at = 0; at === 0 || performance.now() - begin < budget; at += 1) {
  const before = performance.now();
  await decide(prepared[turn[at % turn.length]]);
  samples.push((performance.now() - before) * 1e6);
}
samples.sort((a, b) => a - b);
const share = (part) => samples[Math.round((samples.length - 1) * part)];
console.log(
  JSON.stringify({
    median_ns: share(0.5),
    p99_ns: share(0.99),
    min_ns: samples[0],
    load_ns: load,
    peak_rss_bytes: process.resourceUsage().maxRSS * 1024,
    decisions: samples.length,
    batch: 1,
  }),
);
