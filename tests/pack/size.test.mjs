import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';

test('both entries are within the budget', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/size.mjs'], { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /resclient-wasm: \d+ bytes brotli, within/);
});
