import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';
import { javascript, rust, rustAlone } from './support/languages.mjs';
import { stage } from './support/stage.mjs';
import { until } from './support/until.mjs';

const on = stage();

const languages = {
  JavaScript: javascript('hello-world'),
  Rust: rust('hello'),
  'Rust, without NATS': rustAlone('hello'),
};

for (const [language, command] of Object.entries(languages)) {
  suite(`hello world in ${language}`, () => {
    test('the model is there over WebSocket and HTTP', async () => {
      await on.service(command);
      const model = await on.client().get('example.model');
      assert.equal(model.message, 'Hello, World!');
      assert.deepEqual(await on.http('example/model').then(({ body }) => body), { message: 'Hello, World!' });
    });

    test('what is not allowed is refused', async () => {
      await on.service(command);
      const set = on.client().call('example.model', 'set', { message: 'Mine' });
      await assert.rejects(set, { code: 'system.accessDenied' });
    });

    test('without the service nothing is found, at once', async () => {
      await assert.rejects(on.client().get('example.model'), { code: 'system.notFound' });
      assert.equal((await on.http('example/model')).status, 404);
    });
  });
}

test('a service in the other style of the nats package, and a listener from on to off', async () => {
  await on.service([process.execPath, join(import.meta.dirname, 'fixtures/iterators.mjs')]);
  const seen = [];
  const client = on.client();
  await client.get('example.model').then(async (model) => {
    const onChange = (old) => seen.push([old.message, model.message]);
    model.on('change', onChange);
    await client.call('example.model', 'set', { message: 'Hello, RES!' });
    await until(() => seen.length === 1);
    model.off('change', onChange);
    // Kept up to date for as long as it is subscribed to, which nobody is told of any more.
    await client.call('example.model', 'set', { message: 'Hello, nobody!' });
    await until(() => model.message === 'Hello, nobody!');
  });
  assert.deepEqual(seen, [['Hello, World!', 'Hello, RES!']]);
});

test('the service has less than fifteen lines', () => {
  const lines = readFileSync(join(root, 'www/examples/hello-world/service.mjs'), 'utf8').trimEnd().split('\n');
  assert.ok(lines.length < 15, `${lines.length} lines`);
});
