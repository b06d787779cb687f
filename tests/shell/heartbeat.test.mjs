import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { delaysOf } from './support/timers.mjs';

// The heartbeat waits on the timers there are when the package is loaded.
let time = 0;
globalThis.performance = { now: () => time };
mock.timers.enable({ apis: ['setTimeout'] });
const { connected } = await import('./support/client.mjs');

/** Lets so many milliseconds pass, a second at a time, and everything happen that follows from it. */
async function pass(ms) {
  for (const end = time + ms; time < end;) {
    time += 1000;
    mock.timers.tick(1000);
    await settle();
  }
}

async function settle() {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test('a gateway that has been silent for 25 s is asked, and heard as long as it answers', async () => {
  const { client, gateway } = connected();
  client.connect();
  await settle();
  await pass(24_000);
  assert.equal(gateway.count('version'), 1);
  await pass(2_000);
  assert.equal(gateway.count('version'), 2);
  assert.equal('params' in gateway.requests[1], false);
  await pass(100_000);
  assert.equal(gateway.count('version'), 6);
  assert.equal(gateway.sockets.length, 1);
  client.disconnect();
  await pass(100_000);
  assert.equal(gateway.count('version'), 6);
});

test('one that does not answer for 10 s is given up, and what is cached is compared on a new connection', async () => {
  const { client, gateway } = connected({ a: { model: { n: 1 } } });
  let model;
  client.get('a').then((got) => (model = got.on()));
  await settle();
  gateway.answers.set('version', null);
  gateway.resources.set('a', { model: { n: 2 } });
  await pass(34_000);
  assert.deepEqual([client.state.state, model.n], ['connected', 1]);
  await pass(2_000);
  assert.equal(gateway.sockets[0].isClosed, true);
  gateway.answers.delete('version');
  await pass(30_000);
  assert.deepEqual([client.state.state, model.n], ['connected', 2]);
  client.disconnect();
});

test('the options say how long, and 0 that it is never asked', async () => {
  const quick = connected({}, { heartbeatInterval: 2000, heartbeatTimeout: 1000 });
  quick.client.connect();
  const never = connected({}, { heartbeatInterval: 0 });
  never.client.connect();
  await settle();
  await pass(10_000);
  assert.ok(quick.gateway.count('version') > 3);
  assert.equal(never.gateway.count('version'), 1);
  quick.client.disconnect();
  never.client.disconnect();
});

test('timers that a test puts in place later do not make it beat', async () => {
  const { client } = connected();
  const delays = await delaysOf(() => Promise.all([client.connect(), settle()]));
  assert.ok(delays.includes(20_000), 'the deadline of the handshake is a timer like others');
  assert.deepEqual(
    delays.filter((delay) => delay > 20_000),
    [],
  );
  client.disconnect();
});
