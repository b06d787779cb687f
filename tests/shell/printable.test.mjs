import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pkg } from '../../scripts/lib/places.mjs';
import { printable } from '../../scripts/lib/printable.mjs';
import { internals } from './support/internals.mjs';
import { random } from './support/random.mjs';

const { bytesOf } = await internals();

test('bytes written as text are read as the same bytes', () => {
  const { below } = random(3);
  const cases = [
    new Uint8Array(0),
    Uint8Array.from({ length: 256 }, (_, i) => i),
    Uint8Array.from({ length: 5000 }, () => below(256)),
    Uint8Array.from({ length: 5000 }, () => below(20) * below(13)),
    readFileSync(join(pkg, 'client.wasm')),
  ];
  for (const bytes of cases) {
    const encoded = printable(bytes);
    assert.match(encoded.text, /^[ -~]*$/);
    assert.doesNotMatch(encoded.text, /["'\\`$<]/);
    assert.ok(Buffer.from(bytes).equals(bytesOf(encoded, bytes.length)));
  }
});
