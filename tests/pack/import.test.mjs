import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { node, project } from './support/project.mjs';

suite('importing the package', () => {
  let folder;

  before(async () => {
    ({ folder } = await project('import'));
  });

  for (const entry of ['resclient-wasm', 'resclient-wasm/slim']) {
    test(`${entry} does nothing until it is used`, async () => {
      await writeFile(join(folder, 'watch.mjs'), watched(entry));
      const { used, added, exported } = JSON.parse(await node(folder, ['watch.mjs']));
      assert.deepEqual(used, []);
      assert.deepEqual(added, []);
      assert.ok(exported.includes('default'));
    });
  }

  test('the watch itself sees what it watches for', async () => {
    const noisy = 'data:text/javascript,setTimeout(()=>{});globalThis.left=1;export default 1';
    await writeFile(join(folder, 'watch.mjs'), watched(noisy));
    const { used, added } = JSON.parse(await node(folder, ['watch.mjs']));
    assert.deepEqual(used, ['setTimeout']);
    assert.deepEqual(added, ['left']);
  });
});

/** A program that replaces everything a module could start with something that notes its use, then imports `entry`. */
function watched(entry) {
  return `
    const used = [];
    const watch = (owner, name) => {
      owner[name] = new Proxy(owner[name] ?? function () {}, {
        apply(target, self, args) { used.push(name); return Reflect.apply(target, self, args); },
        construct(target, args) { used.push(name); return Reflect.construct(target, args); },
      });
    };
    for (const name of ['Module', 'Instance', 'Memory', 'compile', 'instantiate', 'compileStreaming',
      'instantiateStreaming', 'validate']) watch(WebAssembly, name);
    for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'WebSocket', 'Worker',
      'atob', 'addEventListener']) watch(globalThis, name);
    const before = new Set(Reflect.ownKeys(globalThis));
    const entry = await import(${JSON.stringify(entry)});
    const seen = [...used];
    console.log(JSON.stringify({
      used: seen,
      added: Reflect.ownKeys(globalThis).filter((key) => !before.has(key)),
      exported: Object.keys(entry),
    }));
  `;
}
