import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'nats';
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

const overNats = Object.entries(languages).filter(([, command]) => !command.withoutNats);
for (const [language, command] of overNats) {
  test(`NATS is lost and comes back: the service of the guide in ${language} is there again, and says so`, async () => {
    await on.service(command);
    const bus = await connect({ servers: on.nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 10 });
    try {
      const told = [];
      bus.subscribe('system.reset', { callback: (_error, message) => told.push(message.json()) });
      await bus.flush();
      // A service that is there again before this test listens again is not heard: then once more.
      await until(async () => {
        await on.nats.stop();
        await on.nats.start();
        return until(() => told.length > 0, 3_000);
      }, 30_000);
      assert.ok(told[0].resources.includes('counter') && told[0].access.includes('counter'), JSON.stringify(told));
      const client = on.client();
      await until(() => client.call('counter', 'add', { by: 1 }).then(() => true));
    } finally {
      await bus.close();
    }
  });
}

test('the guide shows the service in Rust that is run, and what starts it again', () => {
  const source = (name) => readFileSync(join(root, 'crates/gateway/examples/services', name), 'utf8');
  assert.equal(block('rust'), source('counter.rs'));
  assert.ok(source('main.rs').includes(block('rust', 1)));
});

/** A block of code in a language, the first if not said otherwise. */
function block(language, index = 0) {
  return [...guide.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))][index][1];
}

function written(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
