import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { rust, rustAlone } from './support/languages.mjs';
import { stage } from './support/stage.mjs';
import { until } from './support/until.mjs';

const on = stage();
const guide = readFileSync(join(root, 'docs/services.md'), 'utf8');
const folder = join(root, 'target/services-guide');
mkdirSync(folder, { recursive: true });

const languages = {
  JavaScript: [process.execPath, written('counter.mjs', block('js'))],
  Python: ['python3', written('counter.py', block('python'))],
  Rust: rust('counter'),
  'Rust, without NATS': rustAlone('counter'),
};

for (const [language, command] of Object.entries(languages)) {
  test(`the service of the guide works as it stands there, in ${language}`, async () => {
    await on.service(command);
    const [one, other] = [on.client(), on.client()];
    const counter = await other.get('counter');
    counter.on();
    assert.equal(await one.call('counter', 'add', { by: 2 }), 2);
    assert.equal(await other.call('counter', 'add', { by: -5 }), -3);
    await until(() => counter.count === -3);
    for (const params of [undefined, null, 7, {}, { by: 'x' }]) {
      await assert.rejects(one.call('counter', 'add', params), { code: 'system.invalidParams' });
    }
    assert.deepEqual((await on.http('counter')).body, { count: -3 });
  });
}

test('the guide shows the service in Rust that is run', () => {
  const source = readFileSync(join(root, 'crates/gateway/examples/services/counter.rs'), 'utf8');
  assert.equal(block('rust'), source);
});

/** The first block of code in a language. */
function block(language) {
  return new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(guide)[1];
}

function written(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
