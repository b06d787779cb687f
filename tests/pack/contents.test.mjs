import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { project, root } from './support/project.mjs';

const ADAPTERS = ['react', 'solid', 'svelte', 'vue'];

suite('what the package holds', () => {
  let installed, manifest, files;

  before(async () => {
    ({ installed } = await project('contents'));
    manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    const entries = await readdir(installed, { recursive: true, withFileTypes: true });
    files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  });

  test('it runs nothing when it is installed and brings no other package', () => {
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) {
      assert.equal(manifest.scripts?.[script], undefined, script);
    }
    assert.deepEqual(manifest.dependencies ?? {}, {});
    assert.deepEqual(manifest.optionalDependencies ?? {}, {});
    for (const name of Object.keys(manifest.peerDependencies)) {
      assert.equal(manifest.peerDependenciesMeta[name].optional, true, name);
    }
  });

  test('it is an ES module without side effects, under a stated licence', () => {
    assert.equal(manifest.name, 'resclient-wasm');
    assert.equal(manifest.type, 'module');
    assert.equal(manifest.sideEffects, false);
    assert.equal(manifest.license, 'MIT');
    assert.notEqual(manifest.private, true);
  });

  test('the module tells nothing of where it was made', async () => {
    const module = await readFile(join(installed, 'client.wasm'), 'latin1');
    assert.doesNotMatch(module, /\.rs\b/);
  });

  test('the stores of Svelte and the signals of Solid are less than 80 lines each', async () => {
    for (const adapter of ['svelte', 'solid']) {
      const text = await readFile(join(root, `pkg-template/src/${adapter}.ts`), 'utf8');
      assert.ok(text.trimEnd().split('\n').length < 80, adapter);
    }
  });

  test('every target of the exports map is there, types before code', async () => {
    for (const entry of ['.', './slim', './react', './vue', './svelte', './solid', './client.wasm'])
      assert.ok(manifest.exports[entry], entry);
    for (const [entry, target] of Object.entries(manifest.exports)) {
      const targets = typeof target === 'string' ? [target] : Object.values(target);
      for (const path of targets) await readFile(join(installed, path));
      if (targets.some((path) => path.endsWith('.js'))) {
        assert.equal(Object.keys(target)[0], 'types', `${entry}: TypeScript takes the first condition that fits`);
      }
    }
  });

  test('the types are those an application can come across', () => {
    const types = files.map((path) => path.replaceAll('\\', '/')).filter((path) => path.includes('/types/'));
    for (const known of ['index', 'slim', 'ResModel', 'schema']) {
      assert.ok(
        types.some((path) => path.endsWith(`/types/${known}.d.ts`)),
        known,
      );
    }
    for (const inside of ['Tape', 'Session', 'Connection', 'Resources', 'driver', 'memory']) {
      assert.ok(!types.some((path) => path.endsWith(`/types/${inside}.d.ts`)), inside);
    }
  });

  test('the types declare no value that cannot be imported', async () => {
    const entries = await Promise.all(['index', 'slim'].map((name) => import(join(installed, `${name}.js`))));
    // The adapters need their frameworks, which are not installed here; what they export is in their last line.
    const adapters = await Promise.all(ADAPTERS.map((name) => readFile(join(installed, `${name}.js`), 'utf8')));
    const exported = new Set([
      ...entries.flatMap((entry) => Object.keys(entry)),
      ...adapters.flatMap((text) => /export \{([^}]*)\};?\s*$/.exec(text)[1].match(/\w+/g)),
      // In declarations only.
      ...['BaseClient', 'schema'],
    ]);
    for (const path of files.filter((path) => path.endsWith('.d.ts'))) {
      const declared = (await readFile(path, 'utf8')).matchAll(
        /^export (?:declare )?(?:abstract )?(?:class|function|const) (\w+)/gm,
      );
      for (const [, name] of declared) assert.ok(exported.has(name), `${path}: ${name}`);
    }
  });

  test('it carries a readme and the licence', async () => {
    assert.ok((await readFile(join(installed, 'README.md'), 'utf8')).includes('resclient-wasm'));
    assert.match(await readFile(join(installed, 'LICENSE'), 'utf8'), /MIT License/);
  });

  test('the module is WebAssembly and wants nothing but the glue', async () => {
    const module = await WebAssembly.compile(await readFile(join(installed, 'client.wasm')));
    const sources = new Set(WebAssembly.Module.imports(module).map((entry) => entry.module));
    assert.deepEqual([...sources], ['./resclient_wasm_bg.js']);
  });

  test('no file names the machine it was made on', async () => {
    for (const path of files) {
      const text = await readFile(path, 'latin1');
      for (const place of [root, homedir()]) assert.ok(!text.includes(`${place}/`), `${path} names ${place}`);
    }
  });
});
