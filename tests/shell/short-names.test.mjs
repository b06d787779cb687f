import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortenNames } from '../../scripts/lib/short-names.mjs';

/** A module that imports `double` and `unused` from `./glue.js`, and exports `run`, `run_twice` and `memory`. */
function module() {
  const text = (name) => [name.length, ...Buffer.from(name)];
  const section = (id, content) => [id, content.length, ...content];
  const called = (name) => [...text('./glue.js'), ...text(name), 0, 0];
  return Buffer.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    // One type of function: a number in, a number out.
    ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]),
    ...section(2, [2, ...called('double_0123456789abcdef'), ...called('unused')]),
    ...section(3, [2, 0, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [3, ...text('run'), 0, 2, ...text('run_twice'), 0, 3, ...text('memory'), 2, 0]),
    // `run` is double(n), `run_twice` is run(run(n)).
    ...section(10, [2, 6, 0, 0x20, 0, 0x10, 0, 0x0b, 8, 0, 0x20, 0, 0x10, 2, 0x10, 2, 0x0b]),
  ]);
}

const GLUE = `export class Runner {
  run(n) { return wasm.run(n) + wasm.run_twice(n); }
}
export function double_0123456789abcdef(n) { return n * 2; }
let wasm;
export function set(exports) { wasm = exports; }
`;

test('a module and its glue go together under short names', async () => {
  const { module: short, glue } = shortenNames(module(), GLUE, ['memory']);
  const compiled = new WebAssembly.Module(short);
  const imported = WebAssembly.Module.imports(compiled).map(({ module, name }) => `${module} ${name}`);
  assert.deepEqual(imported, ['./glue.js _0', './glue.js unused'], 'what the glue does not have is called as it was');
  assert.deepEqual(
    WebAssembly.Module.exports(compiled).map(({ name }) => name),
    ['_1', '_2', 'memory'],
  );
  const shell = await import(`data:text/javascript,${encodeURIComponent(glue)}`);
  const { exports } = new WebAssembly.Instance(compiled, { './glue.js': { ...shell, unused: () => 0 } });
  shell.set(exports);
  assert.equal(new shell.Runner().run(3), 6 + 12);
});

test('whatever else is called the same keeps its name', () => {
  const glue = `${GLUE}const other = { run: 1 }; other.run; my_wasm.run; export function double_0123456789abcdef_too() {}`;
  const short = shortenNames(module(), glue, ['memory']).glue;
  assert.ok(
    short.endsWith(
      'const other = { run: 1 }; other.run; my_wasm.run; export function double_0123456789abcdef_too() {}',
    ),
  );
  assert.match(short, /run\(n\) { return wasm\._1\(n\) \+ wasm\._2\(n\); }/);
});
