import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useCollection, useModel } from '../../pkg/vue.js';
import { connected, next } from './support/client.mjs';
import { is, until, used } from './support/composables.mjs';

const resources = () => ({
  counter: { model: { n: 1 } },
  other: { model: { n: 1 } },
  list: { collection: [{ rid: 'counter' }] },
});
const TIMEOUT = { code: 'system.timeout', message: 'Timeout' };

/** The gateway ends a subscription, for now, and does not answer when it is asked for again. */
function endsFor(gateway, rid) {
  gateway.answers.set(`subscribe.${rid}`, null);
  gateway.socket.direct.delete(rid);
  const asked = gateway.request(`subscribe.${rid}`);
  gateway.event(rid, 'unsubscribe', { reason: TIMEOUT });
  return asked;
}

test('what has lost its subscription is stale until it has come anew, and nothing else is', async () => {
  const { client, gateway } = connected(resources());
  const { status, isStale, log, stop } = used(() => useModel('counter', client));
  const other = used(() => useModel('other', client));
  await until(isStale, is(false));
  await until(status, is('success'));
  await until(other.status, is('success'));
  const asked = endsFor(gateway, 'counter');
  await until(isStale, is(true));
  const { id } = await asked;
  // It has been asked for, which is not to say that it has come.
  assert.deepEqual([client.state.state, isStale.value, client.isStale('counter')], ['connected', true, true]);
  assert.deepEqual([other.isStale.value, client.isStale('other')], [false, false]);
  gateway.socket.deliver({ id, result: { models: { counter: { n: 1 } } } });
  await until(isStale, is(false));
  assert.equal(client.isStale('counter'), false);
  assert.equal(log.length, 2, 'nothing else is shown of it');
  stop();
  other.stop();
  client.disconnect();
});

test('what is here only because of something that is stale is stale, and so is what begins to be followed then', async () => {
  const { client, gateway } = connected(resources());
  const list = used(() => useCollection('list', client));
  await until(list.status, is('success'));
  const row = used(() => useModel('counter', client));
  await until(row.isStale, is(false));
  assert.equal(gateway.count('subscribe.counter'), 0);
  const asked = endsFor(gateway, 'list');
  await until(row.isStale, is(true));
  const { id } = await asked;
  const late = used(() => useModel('counter', client));
  assert.deepEqual([late.status.value, late.isStale.value], ['success', true]);
  gateway.socket.deliver({
    id,
    result: { collections: { list: [{ rid: 'counter' }] }, models: { counter: { n: 2 } } },
  });
  for (const { isStale } of [list, row, late]) await until(isStale, is(false));
  assert.equal(row.data.value.n, 2);
  for (const { stop } of [list, row, late]) stop();
  client.disconnect();
});

test('what a list does not hold any more is stale until it has a subscription of its own', async () => {
  const { client, gateway } = connected(resources());
  const list = used(() => useCollection('list', client));
  await until(list.status, is('success'));
  const row = used(() => useModel('counter', client));
  await until(row.isStale, is(false));
  gateway.answers.set('subscribe.counter', null);
  const asked = gateway.request('subscribe.counter');
  gateway.event('list', 'remove', { idx: 0 });
  await until(row.isStale, is(true));
  gateway.socket.deliver({ id: (await asked).id, result: { models: { counter: { n: 1 } } } });
  await until(row.isStale, is(false));
  row.stop();
  list.stop();
  client.disconnect();
});

test('what an event did not fit is stale until it has come anew', async () => {
  const { client, gateway } = connected(resources());
  const list = used(() => useCollection('list', client));
  await until(list.isStale, is(false));
  await until(list.status, is('success'));
  gateway.answers.set('subscribe.list', null);
  const asked = gateway.request('subscribe.list');
  gateway.event('list', 'remove', { idx: 7 });
  await until(list.isStale, is(true));
  gateway.socket.deliver({ id: (await asked).id, result: { collections: { list: [] } } });
  await until(list.isStale, is(false));
  list.stop();
  client.disconnect();
});

test('after a reconnect a resource is stale until its new answer is there, whoever says that the client is connected', async () => {
  const { client, gateway } = connected(resources());
  const { status, isStale, data, stop } = used(() => useModel('counter', client));
  await until(status, is('success'));
  await until(isStale, is(false));
  gateway.answers.set('subscribe.counter', null);
  const asked = gateway.request('subscribe.counter');
  const told = next(client, 'connect');
  gateway.socket.lose();
  await until(isStale, is(true));
  const { id } = await asked;
  await told;
  assert.deepEqual([client.connected, client.state.state, isStale.value], [true, 'stale', true]);
  gateway.socket.deliver({ id, result: { models: { counter: { n: 2 } } } });
  await until(isStale, is(false));
  assert.equal(data.value.n, 2);
  stop();
  client.disconnect();
});

test('what a refused list leaves behind after a reconnect is stale though the client is connected', async () => {
  const { client, gateway } = connected(resources());
  const list = used(() => useCollection('list', client));
  await until(list.status, is('success'));
  const row = used(() => useModel('counter', client));
  await until(row.isStale, is(false));
  gateway.resources.set('list', { error: { code: 'system.accessDenied', message: 'Access denied' } });
  gateway.answers.set('subscribe.counter', null);
  const asked = gateway.request('subscribe.counter');
  gateway.socket.lose();
  await until(list.status, is('error'));
  const { id } = await asked;
  assert.deepEqual([client.state.state, row.isStale.value], ['connected', true]);
  gateway.socket.deliver({ id, result: { models: { counter: { n: 2 } } } });
  await until(row.isStale, is(false));
  row.stop();
  list.stop();
  client.disconnect();
});

test('isStale: without a connection all is, and what is not cached', async () => {
  const { client, gateway } = connected(resources());
  assert.equal(client.isStale('counter'), true);
  const model = await client.get('counter');
  model.on();
  assert.deepEqual([client.isStale('counter'), client.isStale('other')], [false, true]);
  const told = [];
  client.on('stale', () => told.push(client.isStale('counter')));
  const stale = next(client, 'stale');
  const asked = endsFor(gateway, 'counter');
  await stale;
  const fresh = next(client, 'stale');
  gateway.socket.deliver({ id: (await asked).id, result: { models: { counter: { n: 1 } } } });
  await fresh;
  assert.deepEqual([told[0], told.at(-1)], [true, false]);
  client.disconnect();
  assert.equal(client.isStale('counter'), true);
  assert.throws(() => client.isStale(''), /Invalid resource ID/);
});
