import { mkdirSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzzer } from './lib/ensure.mjs';
import { Complaint, capture, main } from './lib/process.mjs';
import { root } from './lib/places.mjs';

// Runs the fuzz targets named on the command line, or all of them, one after the other: `npm run fuzz -- --seconds 600 engine`. What
// is found on the way is kept in fuzz/corpus/, which the next run begins with. Fails when an input makes a target fail, and says where
// that input is.

/** Words that inputs are made of, where they are texts; the others are decisions, byte by byte. */
const DICTIONARIES = {
  frame_scanner: 'json.dict',
  gateway_answers: 'gateway.dict',
  gateway_frames: 'gateway.dict',
  gateway_names: 'gateway.dict',
  gateway_paths: 'gateway.dict',
  nats_parser: 'nats.dict',
};

await main(async (args) => {
  const options = { seconds: { type: 'string', default: '60' } };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const seconds = Number(values.seconds);
  if (!(Number.isInteger(seconds) && seconds > 0)) throw new Complaint('--seconds takes a whole number of seconds');
  const targets = readdirSync(join(root, 'fuzz/fuzz_targets')).map((file) => file.replace(/\.rs$/, ''));
  const unknown = positionals.find((name) => !targets.includes(name));
  if (unknown) throw new Complaint(`there is no target ${unknown}: choose among ${targets.sort().join(', ')}`);

  const toolchain = await fuzzer();
  const rows = [];
  for (const name of positionals.length ? positionals : targets.sort()) {
    console.log(`\n── ${name}`);
    rows.push({ name, ...(await run(name, seconds, toolchain)) });
  }
  console.log(`\n${'target'.padEnd(22)}${'executions'.padStart(12)}${'seconds'.padStart(9)}`);
  for (const { name, executions, seconds, failed } of rows) {
    const figures = String(executions).padStart(12) + seconds.toFixed(0).padStart(9);
    console.log(name.padEnd(22) + figures + (failed ? `  ${failed}` : ''));
  }
  return rows.some(({ failed }) => failed) ? 1 : 0;
});

async function run(name, seconds, toolchain) {
  const [corpus, seeds] = ['corpus', 'seeds'].map((folder) => join(root, 'fuzz', folder, name));
  mkdirSync(corpus, { recursive: true });
  // No code of ours is unsafe: a sanitizer would only take time.
  const build = ['--sanitizer', 'none', '--target-dir', join(root, 'target/fuzz')];
  const env = { RUSTUP_TOOLCHAIN: toolchain };
  const built = await capture('cargo', ['fuzz', 'build', ...build, name], { show: true, env });
  if (built.code !== 0) throw new Complaint(`${name} cannot be built: see the output above`);

  const dictionary = DICTIONARIES[name] ? [`-dict=${join(root, 'fuzz', DICTIONARIES[name])}`] : [];
  const limits = [`-max_total_time=${seconds}`, '-timeout=30', '-print_final_stats=1'];
  const begun = performance.now();
  const fuzzing = ['fuzz', 'run', ...build, name, corpus, seeds, '--', ...limits, ...dictionary];
  const { code, text } = await capture('cargo', fuzzing, { show: true, env });
  const input = /Test unit written to (\S+)/.exec(text)?.[1];
  return {
    executions: Number(/^stat::number_of_executed_units:\s+(\d+)$/m.exec(text)?.[1] ?? 0),
    seconds: (performance.now() - begun) / 1000,
    failed: code === 0 ? undefined : `failed: ${input ? relative(root, input) : 'see the output above'}`,
  };
}
