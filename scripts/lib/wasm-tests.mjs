import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { cargoCounts, sum, tally } from './counts.mjs';
import { Complaint, capture } from './process.mjs';
import { root, tool } from './places.mjs';

/**
 * The engine's own tests, run as wasm in Node. A file that forgets the line which makes its `#[test]` a wasm test would
 * be left out in silence, so the names that ran are compared with those a native build lists: that is one test more.
 */
export async function engineAsWasm() {
  const files = readdirSync(join(root, 'tests')).filter((name) => name.endsWith('.rs') && !isNativeOnly(name));
  if (files.length === 0) throw new Complaint('tests/ holds no engine test');
  const programs = files.flatMap((name) => ['--test', basename(name, '.rs')]);

  const ran = await capture(
    'cargo',
    ['test', '-p', 'resclient', ...programs, '--no-fail-fast', '--target', 'wasm32-unknown-unknown'],
    { show: true, env: { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: tool('wasm-bindgen-test-runner') } },
  );
  const native = await capture('cargo', ['test', '-p', 'resclient', ...programs, '--', '--list']);
  if (native.code !== 0) return sum(tally(ran, cargoCounts), { passed: 0, failed: 1, note: 'no native list' });

  const left = names(native.text, /^(\S+): test$/);
  for (const name of names(ran.text, /^test (\S+) \.\.\. /)) {
    if (left.includes(name)) left.splice(left.indexOf(name), 1);
  }
  if (left.length) console.error(`tests that did not run as wasm (see CONTRIBUTING.md): ${left.join(', ')}`);
  return sum(tally(ran, cargoCounts), left.length ? { passed: 0, failed: 1 } : { passed: 1, failed: 0 });
}

/** A file that says so at its top is about something only a native build has, such as threads or files. */
function isNativeOnly(name) {
  return readFileSync(join(root, 'tests', name), 'utf8').includes('#![cfg(not(target_arch = "wasm32"))]');
}

function names(text, pattern) {
  const lines = stripVTControlCharacters(text).split('\n');
  return lines.map((line) => pattern.exec(line)?.[1]).filter(Boolean);
}
