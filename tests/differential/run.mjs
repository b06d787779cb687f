import { parseArgs } from 'node:util';
import { takeOverTime } from './clock.mjs';

// Before the clients are loaded: the engine takes the clock along.
const begun = performance.now.bind(performance);
takeOverTime();
const { check } = await import('./check.mjs');
const { Counts } = await import('./counts.mjs');
const { print } = await import('./print.mjs');
const { conversation } = await import('./script.mjs');
const { shrink } = await import('./shrink.mjs');

// `node tests/differential/run.mjs --seeds 1-100000` plays these conversations, `--seeds 7` just one. The package has to be built
// before. Closes with `N passed, N failed`; what is counted are blocks of conversations and what has to occur in them.
const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1-10000' } } });
const [first, last = first] = values.seeds.split('-').map(Number);
/** Conversations that make one test. */
const BLOCK = 1000;
/** Conversations among which even what is rare occurs. */
const ENOUGH = 10_000;
/** Blocks with a failure after which it is enough. */
const MOST_FAILURES = 5;

const counts = new Counts();
const results = { passed: 0, failed: 0 };
const start = begun();

for (let from = first; from <= last && results.failed < MOST_FAILURES; from += BLOCK) {
  const to = Math.min(from + BLOCK - 1, last);
  tell(await block(from, to), `seeds ${from}-${to}`);
}
if (counts.conversations >= BLOCK) {
  tell(counts.missingSteps.length === 0, 'every kind of step occurs', counts.missingSteps);
  tell(counts.missingEffects.length === 0, 'everything that is compared occurs', counts.missingEffects);
}
if (counts.conversations >= ENOUGH) tell(counts.missingRules.length === 0, 'every rule applies', counts.missingRules);
console.log(`\n${counts}`);
console.log(`\n${((begun() - start) / 1000).toFixed(1)} s`);
console.log(`${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed ? 1 : 0;

/** Plays conversations; those that fail are shrunk and shown. Answers whether there was none. */
async function block(from, to) {
  for (let seed = from; seed <= to; seed++) {
    const made = conversation(seed);
    const failure = await check(made, counts);
    if (!failure) continue;
    const fails = async (smaller) => (await check(smaller))?.kind === failure.kind;
    const least = await shrink(made, fails);
    print(least, await check(least));
    return false;
  }
  return true;
}

function tell(ok, name, details = []) {
  results[ok ? 'passed' : 'failed'] += 1;
  console.log([ok ? 'ok' : 'not ok', name, ...details].join(' '));
}
