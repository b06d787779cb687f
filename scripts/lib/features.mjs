import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './places.mjs';

/** The lists there are, and what each is to hold. */
export const LISTS = [
  { file: 'docs/features.md', promised: promised() },
  // What is demanded of the client's security.
  { file: 'docs/security.md', promised: ids('S', 13) },
];

/**
 * What the project promises: features of the client, and faults of npm resclient 2.5 that it does not have; features of the gateway for
 * services, over HTTP, its options, metrics and life cycle; what articles about Resgate promise, faults of Resgate that it does not have,
 * and its security; what front-end developers have.
 */
function promised() {
  return [
    ...ids('C', 32),
    ...ids('RF', 30),
    ...ids('G', 48),
    ...ids('H', 18),
    ...ids('O', 30),
    ...ids('M', 7),
    'L1',
    ...ids('A', 13),
    ...ids('R', 16),
    ...ids('S', 39).slice(19),
    ...ids('D', 9),
  ];
}

/**
 * The rows of a list of features: `{ id, what, tests }`. A row begins with a line `**<id>** <what>`, and has an item
 * `` - `<file> › <test>` `` for each test that shows it.
 */
export function rowsOf(markdown) {
  const rows = [];
  for (const line of markdown.split('\n')) {
    const [, id, what] = /^\*\*(\S+)\*\* (.+)$/.exec(line) ?? [];
    if (id) rows.push({ id, what, tests: [] });
    const [, file, name] = /^- `(.+?) › (.+)`$/.exec(line) ?? [];
    if (file) rows.at(-1)?.tests.push({ file, name });
  }
  return rows;
}

/** What is wrong with such rows where these are promised, a sentence each. */
export function faultsOf(rows, promised) {
  const faults = [];
  for (const id of promised) {
    const count = rows.filter((row) => row.id === id).length;
    if (count !== 1) faults.push(`${id} is listed ${count === 0 ? 'nowhere' : `${count} times`}`);
  }
  const known = new Map();
  for (const { id, tests } of rows) {
    if (!promised.includes(id)) faults.push(`${id} is not among what is promised`);
    if (tests.length === 0) faults.push(`${id} is shown by no test`);
    for (const { file, name } of tests) {
      if (!known.has(file)) known.set(file, testsOf(file));
      const names = known.get(file);
      if (!names) faults.push(`${id}: there is no test file ${file}`);
      else if (!names.includes(name)) faults.push(`${id}: ${file} has no test “${name}”`);
    }
  }
  return faults;
}

/** The names of the tests in a file, as they are written there; undefined when there is none that a suite would run. */
function testsOf(file) {
  const path = join(root, file);
  if (!/\.(rs|test\.mjs)$/.test(file) || !existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8').replace(COMMENTS, '');
  return file.endsWith('.rs') ? rustTests(text) : javaScriptTests(text);
}

/** Functions below an attribute whose last word is `test`, unless another one says to leave it out. */
function rustTests(text) {
  const found = text.matchAll(/((?:^[ \t]*#\[.+\]\n)+)[ \t]*(?:async )?fn (\w+)/gm);
  return [...found].filter(([, attributes]) => isRun(attributes)).map(([, , name]) => name);
}

const isRun = (attributes) => /#\[(?:\w+::)*\w*test\b/.test(attributes) && !attributes.includes('#[ignore');

/**
 * The first argument of every call of `test` and `inBrowser` that begins a line, unless the second or a suite says to leave it out.
 * A template stands as it is written.
 */
function javaScriptTests(text) {
  if (SUITE_LEFT_OUT.test(text)) return [];
  const found = text.matchAll(/^[ \t]*(?:test|inBrowser)\(\s*(['"`])((?:\\.|(?!\1).)+)\1(\s*,\s*\{[^}]*)?/gms);
  const run = [...found].filter(([, , , options]) => !LEFT_OUT.test(options ?? ''));
  return run.map(([, , name]) => name.replace(/\\(.)/g, '$1'));
}

/** Comments of several lines: what begins a line in one is no test. */
const COMMENTS = /\/\*(?:(?!\*\/).)*\n[^]*?\*\//g;
const LEFT_OUT = /\b(?:skip|todo)\b/;
const SUITE_LEFT_OUT =
  /^[ \t]*(?:suite|describe)(?:\.(?:skip|todo)\b|\(\s*(['"`])(?:\\.|(?!\1).)*\1\s*,\s*\{[^}]*\b(?:skip|todo)\b)/m;

function ids(letters, count) {
  return Array.from({ length: count }, (_, i) => `${letters}${i + 1}`);
}
