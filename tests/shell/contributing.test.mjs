import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';

test('contributors are told of every command there is', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const table = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| `npm (?:run )?(\S+)`/gm);
  assert.deepEqual(Array.from(table, ([, name]) => name).sort(), Object.keys(scripts).sort());
});
