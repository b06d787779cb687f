import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { effectScope, shallowRef, watchEffect } from 'vue';
import { useCall, useModel } from '../../pkg/vue.js';
import { connected } from './support/client.mjs';
import { is, until, used } from './support/composables.mjs';

const resources = () => ({ counter: { model: { n: 1 } }, list: { collection: [] } });

test('who reads a member is told when that changes, and not of others', async () => {
  const { client, gateway } = connected({ book: { model: { title: 'Emma', year: 1815 } } });
  const { status, data, members, stop } = used(() => useModel('book', client));
  const titles = [];
  const names = [];
  const scope = effectScope();
  scope.run(() => {
    watchEffect(() => titles.push(members.title), { flush: 'sync' });
    watchEffect(() => names.push(Object.keys(members).join()), { flush: 'sync' });
  });
  await until(status, is('success'));
  gateway.event('book', 'change', { values: { year: 1816 } });
  await until(data, ({ year }) => year === 1816);
  gateway.event('book', 'change', { values: { title: 'Emma!', isbn: '1' } });
  await until(data, ({ title }) => title === 'Emma!');
  assert.deepEqual(titles, [undefined, 'Emma', 'Emma!']);
  assert.deepEqual(names, ['', 'title,year', 'title,year,isbn']);
  assert.deepEqual({ ...members }, { title: 'Emma!', year: 1816, isbn: '1' });
  assert.deepEqual(['isbn' in members, 'constructor' in members, members.constructor], [true, false, undefined]);
  assert.throws(() => (members.title = 'mine'), TypeError);
  scope.stop();
  stop();
  client.disconnect();
});

test('a member that goes is forgotten, and who read it is told when it comes back', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  const books = { one: { model: { n: 1 } }, two: { model: { n: 2 } }, three: { model: { n: 3 } } };
  const shelf = { first: { rid: 'one' }, second: { rid: 'two' }, third: { rid: 'three' } };
  const { client, gateway } = connected({ ...books, shelf: { model: shelf } });
  const scope = effectScope();
  const { status, members } = scope.run(() => useModel('shelf', client));
  await until(status, is('success'));
  const all = shallowRef();
  const second = shallowRef();
  scope.run(() => {
    watchEffect(() => (all.value = Object.keys(members).map((name) => members[name].n)), { flush: 'sync' });
    watchEffect(() => (second.value = members.second?.n), { flush: 'sync' });
  });
  assert.deepEqual([all.value, second.value], [[1, 2, 3], 2]);
  const gone = new WeakRef(members.first);
  const nothing = { action: 'delete' };
  gateway.event('shelf', 'change', { values: { first: nothing, second: nothing } });
  await until(all, ({ length }) => length === 1);
  assert.equal(second.value, undefined);
  for (let tries = 0; gone.deref(); tries++) {
    assert.ok(tries < 100, 'it is held');
    // Looking at it keeps it until the task ends.
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
  gateway.event('shelf', 'change', { values: { second: { rid: 'two' } }, models: { two: { n: 4 } } });
  await until(second, is(4));
  assert.deepEqual(all.value.toSorted(), [3, 4]);
  // And of what it is from then on.
  gateway.event('shelf', 'change', { values: { second: { rid: 'three' } } });
  await until(second, is(3));
  scope.stop();
  client.disconnect();
});

test('data are stale without a connection, and before there are any but those that were given', async () => {
  const { client } = connected(resources());
  const fallbackData = { n: 0 };
  const { status, data, isStale, log, stop } = used(() => useModel('counter', { client, fallbackData }));
  assert.deepEqual([status.value, data.value, isStale.value], ['pending', fallbackData, true]);
  await until(isStale, is(false));
  assert.deepEqual(log, [
    ['pending', { n: 0 }],
    ['success', { n: 1 }],
  ]);
  client.disconnect();
  await until(isStale, is(true));
  assert.deepEqual([status.value, data.value], ['success', { n: 1 }]);
  await client.connect();
  await until(isStale, is(false));
  assert.equal(log.length, 2);
  stop();
  client.disconnect();
});

test('a call is pending, and then what it came to; one before it is not shown', async () => {
  const { client, gateway } = connected(resources());
  gateway.answers.set('call.counter.add', ({ by }) => ({ result: { payload: by } }));
  gateway.answers.set('call.counter.never', null);
  gateway.answers.set('call.counter.fail', () => ({ error: { code: 'test.failed', message: 'Failed' } }));
  const { log, stop, ...add } = used(() => useCall('counter', 'add', { client }));
  assert.equal(add.status.value, 'idle');
  const first = add.call({ by: 1 });
  assert.ok(add.isPending.value);
  const second = add.call({ by: 2 });
  assert.deepEqual(await Promise.all([first, second]), [1, 2]);
  await until(add.status, is('success'));
  assert.equal(add.data.value, 2);
  add.reset();
  assert.deepEqual([add.isIdle.value, add.data.value], [true, undefined]);
  assert.equal(log.filter(([status]) => status === 'success').length, 1);

  const fail = used(() => useCall('counter', 'fail', { client }));
  // Nobody waits for it.
  void fail.call();
  await until(fail.status, is('error'));
  assert.equal(fail.error.value.code, 'test.failed');

  const never = used(() => useCall('counter', 'never', { client, timeout: 1 }));
  await assert.rejects(never.call(), { code: 'system.timeout' });
  const given = never.call();
  never.abort();
  await assert.rejects(given, { name: 'AbortError' });
  assert.equal(never.status.value, 'idle');
  for (const { stop: end } of [{ stop }, fail, never]) end();
  client.disconnect();
});

test('an effect that calls and asks again does not depend on what comes of it, and calls what the ID is then', async () => {
  const { client, gateway } = connected(resources());
  const rid = shallowRef('counter');
  const calls = [];
  for (const name of ['counter', 'list']) {
    gateway.answers.set(`call.${name}.add`, () => (calls.push(name), { result: { payload: null } }));
  }
  const scope = effectScope();
  const { call, status } = scope.run(() => useCall(rid, 'add', { client }));
  const { refetch, data } = scope.run(() => useModel('counter', client));
  let runs = 0;
  scope.run(() => watchEffect(() => ((runs += 1), void call(), refetch())));
  await until(status, is('success'));
  await until(data, Boolean);
  rid.value = 'list';
  await call();
  assert.equal(calls.at(-1), 'list');
  assert.ok(runs <= 2, `${runs}`);
  scope.stop();
  client.disconnect();
});
