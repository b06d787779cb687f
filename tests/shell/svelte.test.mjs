import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, connection, resource } from '../../pkg/svelte.js';
import { connected } from './support/client.mjs';

const resources = () => ({ counter: { model: { n: 1 } } });

/** Subscribes to a store, notes its values, and resolves when one fits. */
function used(store, shown = (value) => value) {
  const log = [];
  let waiting = [];
  const stop = store.subscribe((value) => {
    log.push(shown(value));
    waiting = waiting.filter(({ fits, resolve }) => !fits(value) || resolve(value));
  });
  const until = (fits) => new Promise((resolve) => waiting.push({ fits, resolve }));
  return { log, stop, until };
}

const known = ({ status, data }) => [status, data];

test('a store of a resource has a value at once, follows, and releases the resource', async () => {
  const { client, gateway } = connected(resources());
  const { log, stop, until } = used(resource(client, 'counter', { fallbackData: { n: 0 } }), known);
  assert.deepEqual(log, [['pending', { n: 0 }]]);
  await until(({ isSuccess }) => isSuccess);
  gateway.event('counter', 'change', { values: { n: 2 } });
  await until(({ data }) => data.n === 2);
  assert.deepEqual(log.slice(1), [
    ['success', { n: 1 }],
    ['success', { n: 2 }],
  ]);
  const left = gateway.request('unsubscribe.counter');
  stop();
  await left;
  client.disconnect();
});

test('two subscribers are one subscription, and the last to leave ends it', async () => {
  const { client, gateway } = connected(resources());
  const store = resource(client, 'counter');
  const [first, second] = [used(store), used(store)];
  await Promise.all([first, second].map(({ until }) => until(({ isSuccess }) => isSuccess)));
  assert.equal(gateway.count('subscribe.counter'), 1);
  first.stop();
  gateway.event('counter', 'change', { values: { n: 2 } });
  await second.until(({ data }) => data.n === 2);
  second.stop();
  client.disconnect();
});

test('who only looks, as a server does, asks for nothing', async () => {
  const { client, gateway } = connected(resources());
  const { log, stop } = used(resource(client, 'counter'), known);
  stop();
  await Promise.resolve();
  assert.deepEqual([log, gateway.sockets.length], [[['pending', undefined]], 0]);
});

test('the state of the connection and the latest call are stores as well', async () => {
  const { client, gateway } = connected(resources());
  const state = used(connection(client), (value) => value.state);
  assert.deepEqual(state.log, ['idle']);
  gateway.answers.set('call.counter.add', ({ by }) => ({ result: { payload: by } }));
  const add = used(call(client, 'counter', 'add'), known);
  let latest;
  add.stop();
  const again = used(call(client, 'counter', 'add'), (value) => ((latest = value), value.status));
  const connectedBy = state.until((value) => value.state === 'connected');
  assert.equal(await latest.call({ by: 2 }), 2);
  await connectedBy;
  assert.deepEqual(again.log, ['idle', 'pending', 'success']);
  assert.equal(latest.data, 2);
  for (const { stop } of [state, again]) stop();
  client.disconnect();
});
