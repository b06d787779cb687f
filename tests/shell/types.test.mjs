import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { npmBin } from '../../scripts/lib/places.mjs';

test('the types say how the package is used, and how not', () => {
  const file = fileURLToPath(new URL('fixtures/api.ts', import.meta.url));
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2022,dom'];
  const args = [npmBin('@typescript/native/bin/tsc'), ...flags, '--ignoreConfig', '--types', '', file];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(stdout, '');
  assert.equal(status, 0);
});
