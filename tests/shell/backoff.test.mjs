import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

// The client waits on the timers there are when the package is loaded.
let time = 0;
globalThis.performance = { now: () => time };
mock.timers.enable({ apis: ['setTimeout'] });
const { connected } = await import('./support/client.mjs');

const MINUTE = 60_000;
const defaults = { reconnectDelay: undefined, reconnectDelayMax: undefined };

/** Lets so many milliseconds pass, 50 at a time, and everything happen that follows from it. */
async function pass(ms) {
  for (const end = time + ms; time < end;) {
    time += 50;
    mock.timers.tick(50);
    await settle();
  }
}

async function settle() {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** A client that listens to something. */
async function listening(options) {
  const both = connected({ m: { model: { n: 1 } } }, { ...defaults, ...options });
  both.client.get('m').then((model) => model.on());
  await settle();
  return both;
}

test('an onConnect that fails makes no more than a few connections in a minute, and the next one that works heals', async () => {
  const { error } = console;
  console.error = () => {};
  try {
    for (const fail of [
      () => {
        throw new Error('not today');
      },
      () => Promise.reject(new Error('not today')),
    ]) {
      const { client, gateway } = await listening();
      client.setOnConnect(fail);
      gateway.resources.set('m', { model: { n: 2 } });
      gateway.socket.lose();
      await pass(MINUTE);
      const { length } = gateway.sockets;
      assert.ok(length > 3 && length < 30, `${length} sockets`);
      client.setOnConnect(null);
      await pass(MINUTE);
      assert.deepEqual([client.state.state, client.getCached('m').n], ['connected', 2]);
      client.disconnect();
    }
  } finally {
    console.error = error;
  }
});

test('attempts that fail come ever less often also without a delay before the first', async () => {
  for (const reconnectDelay of [0, 0.5]) {
    const { client, gateway } = await listening({ reconnectDelay });
    let attempts = 0;
    client.wsFactory = () => {
      attempts += 1;
      // Attempts without end would be made within one tick of the clock.
      if (attempts === 1000) return gateway.factory();
      throw new Error('nobody there');
    };
    gateway.socket.lose();
    await pass(MINUTE);
    assert.ok(attempts > 3 && attempts < 60, `${attempts} attempts`);
    client.disconnect();
  }
});

test('attempts that fail come ever less often, at other times for every client, and go on', async () => {
  const attempts = [];
  for (let n = 0; n < 4; n++) {
    const { client, gateway } = await listening();
    const start = time;
    const times = [];
    client.wsFactory = () => {
      times.push(time - start);
      throw new Error('nobody there');
    };
    gateway.socket.lose();
    await pass(10 * MINUTE);
    attempts.push(times);
    client.disconnect();
  }
  for (const times of attempts) {
    assert.ok(times[0] <= 550, `the first after ${times[0]} ms`);
    const early = times.filter((at) => at < MINUTE).length;
    const late = times.length - early;
    assert.ok(early > 3 && early < 30, `${early} in the first minute`);
    // At most 30 s between two of them, and 15 s on average.
    assert.ok(late >= 17 && late < 90, `${late} in the nine minutes after it`);
  }
  assert.equal(new Set(attempts.map(String)).size, attempts.length);
});
