import assert from 'node:assert/strict';
import { test } from 'node:test';
import binaryen from 'binaryen';
import { functionSizes, grouped, placeOf } from '../../scripts/lib/function-sizes.mjs';
import { withoutNames } from '../../scripts/lib/wasm-module.mjs';

function named() {
  binaryen.setDebugInfo(true);
  const module = binaryen.parseText(`(module
    (import "env" "host" (func $host))
    (memory 1)
    (data (i32.const 0) "0123456789")
    (func $resclient::sync::diff::diff_within::h0123456789abcdef (export "a") (call $host) (call $host) (call $host))
    (func $"core[0123456789abcdef]::fmt::write" (export "b")))`);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

test('what takes the space in a module is told by function, and by where it stands', () => {
  const rows = functionSizes(named());
  const [diff, write, data] = rows;
  assert.equal(diff.name, 'resclient::sync::diff::diff_within');
  assert.equal(write.name, 'core::fmt::write');
  assert.equal(data.name, 'data');
  assert.ok(diff.bytes > write.bytes && data.bytes > 10, JSON.stringify(rows));
  const places = grouped(rows, ({ name }) => placeOf(name));
  assert.deepEqual(places, [
    { name: 'resclient::sync::diff', bytes: diff.bytes },
    { name: 'core', bytes: write.bytes },
    { name: 'data', bytes: data.bytes },
  ]);
});

test('names are left out of a module, which stays as it is otherwise', () => {
  const bare = withoutNames(named());
  assert.ok(WebAssembly.validate(bare));
  assert.equal(bare.includes('diff_within'), false);
  assert.deepEqual(
    functionSizes(bare).map(({ bytes }) => bytes),
    functionSizes(named()).map(({ bytes }) => bytes),
  );
});
