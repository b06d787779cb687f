import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';

/** Colours and fonts by their names, for light and for dark. */
function looks(path) {
  const css = readFileSync(join(root, path), 'utf8');
  return [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) =>
    Object.fromEntries([...block.matchAll(/(--[\w-]+): ([^;]+);/g)].map(([, name, value]) => [name, value])),
  );
}

// The gateway has its page in the program, and shares no file with the site.
test('the page for developers has the colours and fonts of the site, in light and in dark', () => {
  const site = looks('www/examples/style.css');
  const page = looks('crates/gateway/src/server/page/base.css');
  assert.equal(page.length, 2);
  for (const [at, names] of page.entries()) {
    assert.ok(Object.keys(names).length > 10);
    assert.deepEqual({ ...site[at], ...names }, site[at]);
  }
});
