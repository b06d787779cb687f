import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');

/** The inside of the block that begins with this text. */
function block(path, opening) {
  const text = read(path);
  const start = text.indexOf(opening);
  assert.ok(start >= 0, `${path} has no ${opening}`);
  return text.slice(start + opening.length, text.indexOf('\n}', start));
}

const numbers = (text, pattern) =>
  Object.fromEntries([...text.matchAll(pattern)].map(([, name, n]) => [name, Number(n)]));
const MEMBERS = /^ +(\w+) = (\d+),$/gm;

test('both sides number the operations alike', () => {
  const written = numbers(block('crates/wasm/src/tape.rs', 'mod op {'), /const (\w+): u32 = (\d+);/g);
  const ours = numbers(block('pkg-template/src/Tape.ts', 'enum Op {'), MEMBERS);
  const camel = (name) => name.toLowerCase().replace(/(?:^|_)(\w)/g, (_, first) => first.toUpperCase());
  const theirs = Object.fromEntries(Object.entries(written).map(([name, n]) => [camel(name), n]));
  assert.ok(Object.keys(theirs).length > 10);
  assert.deepEqual(ours, theirs);
});

test('both sides number the kinds of values alike', () => {
  const theirs = numbers(block('src/protocol/value.rs', 'pub enum Kind {'), MEMBERS);
  assert.ok(Object.keys(theirs).length > 5);
  assert.deepEqual(numbers(block('pkg-template/src/Values.ts', 'enum Tag {'), MEMBERS), theirs);
});
