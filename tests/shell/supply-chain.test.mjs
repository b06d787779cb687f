import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { filesBelow } from '../../scripts/lib/fresh.mjs';
import { root } from '../../scripts/lib/places.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');

const manifests = ['benches', 'crates'].flatMap((folder) => filesBelow(join(root, folder)));
const CRATES = [...['Cargo.toml', 'fuzz/Cargo.toml'].map((path) => join(root, path)), ...manifests]
  .filter((path) => basename(path) === 'Cargo.toml')
  .map((path) => /^name = "(.*)"$/m.exec(readFileSync(path, 'utf8'))[1]);

test('every crate is of this workspace, or comes from crates.io and is known by its checksum', () => {
  for (const path of ['Cargo.lock', 'fuzz/Cargo.lock']) {
    const packages = read(path).split('[[package]]').slice(1);
    const names = packages.map((text) => /^name = "(.*)"$/m.exec(text)[1]);
    const foreign = packages.filter((text) => text.includes('\nsource = '));
    for (const text of foreign) {
      assert.match(text, /^source = "registry\+https:\/\/github\.com\/rust-lang\/crates\.io-index"$/m);
      assert.match(text, /^checksum = "[0-9a-f]{64}"$/m);
    }
    const own = names.filter((_name, at) => !foreign.includes(packages[at]));
    assert.ok(foreign.length > 100);
    for (const name of own) assert.ok(CRATES.includes(name), `${path}: ${name}`);
  }
});

test('every npm package is known by its hash, and none is part of what is published', () => {
  const { packages } = JSON.parse(read('package-lock.json'));
  const { '': own, ...others } = packages;
  assert.ok(Object.keys(others).length > 50);
  for (const [path, { integrity, resolved, link }] of Object.entries(others)) {
    assert.match(integrity, /^sha512-/, path);
    assert.deepEqual([resolved, link], [undefined, undefined], path);
  }
  for (const version of Object.values(own.devDependencies))
    assert.match(version, /^(npm:.*@)?\d+\.\d+\.\d+$/, 'pinned');
  assert.deepEqual([own.dependencies, own.optionalDependencies], [undefined, undefined]);
});

test('what takes in what others send has no unsafe code', () => {
  for (const path of ['src/lib.rs', 'crates/gateway/src/lib.rs', 'crates/gateway/src/bin/res-gateway/main.rs']) {
    assert.match(read(path), /^#!\[forbid\(unsafe_code\)\]$/m, path);
  }
});
