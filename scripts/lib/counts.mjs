import { stripVTControlCharacters } from 'node:util';

/**
 * How many tests passed and failed, and the names of those that failed where the runner tells them, read from its own output. A
 * runner that ended badly, or that shows no test at all, counts as one failure more: a suite that did not run must not look like
 * one that passed.
 */
export function tally({ code, text }, read) {
  const { passed, failed, names } = read(stripVTControlCharacters(text));
  if (code !== 0 && failed === 0) return { passed, failed: 1, note: `ended with exit code ${code}` };
  if (passed + failed === 0) return { passed: 0, failed: 1, note: 'the output shows no test' };
  return { passed, failed, names };
}

/** cargo test, wasm-bindgen-test-runner and wasm-pack: one `test result:` line per test program. */
export function cargoCounts(text) {
  const names = [...text.matchAll(/^test (.+) \.\.\. FAILED$/gm)].map(([, name]) => name);
  const sum = { passed: 0, failed: 0, names };
  for (const [, passed, failed] of text.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)) {
    sum.passed += Number(passed);
    sum.failed += Number(failed);
  }
  return sum;
}

/** TAP as node:test writes it: the totals at the end; a test that was cancelled did not pass. */
export function tapCounts(text) {
  const total = (word) => Number(text.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  // A suite fails by its tests, which are named themselves.
  const names = [...text.matchAll(/^ *not ok \d+ - (.+)\n +---\n([^]*?)\n +\.\.\.$/gm)]
    .filter(([, name, details]) => !name.includes(' # TODO') && !details.includes("failureType: 'subtestsFailed'"))
    .map(([, name]) => name);
  return { passed: total('pass'), failed: total('fail') + total('cancelled'), names };
}

/** A runner that closes with the line `N passed, N failed`, as `npm test` itself does. */
export function closingLine(text) {
  const [, passed = 0, failed = 0] = /^(\d+) passed, (\d+) failed$/.exec(text.trimEnd().split('\n').at(-1)) ?? [];
  return { passed: Number(passed), failed: Number(failed) };
}

export function sum(...parts) {
  return {
    passed: parts.reduce((total, part) => total + part.passed, 0),
    failed: parts.reduce((total, part) => total + part.failed, 0),
    names: parts.flatMap(({ names = [] }) => names),
    note: parts.map((part) => part.note).find(Boolean),
  };
}
