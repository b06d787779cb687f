import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectScope, shallowRef } from 'vue';
import { useCall, useCollection, useConnection, useModel, useResource } from '../../pkg/vue.js';
import { delivered } from './support/bus.mjs';
import { connected, exported, next } from './support/client.mjs';
import { is, until, used } from './support/composables.mjs';

const resources = () => ({
  counter: { model: { n: 1 } },
  list: { collection: ['a', { rid: 'counter' }] },
  broken: { collection: [{ rid: 'lost' }] },
  lost: { error: { code: 'test.lost', message: 'Lost' } },
});

test('the events of one task make one snapshot, and none when they change nothing', async () => {
  const { client, gateway, delivered } = connected(resources());
  const { status, data, log, stop } = used(() => useModel('counter', client));
  await until(status, is('success'));
  const first = data.value;
  for (const n of [2, 3]) gateway.event('counter', 'change', { values: { n } });
  await until(data, ({ n }) => n === 3);
  assert.deepEqual(log, [
    ['pending', undefined],
    ['success', { n: 1 }],
    ['success', { n: 3 }],
  ]);
  assert.deepEqual(first, { n: 1 }, 'a snapshot stays what it is');
  for (const n of [4, 3]) gateway.event('counter', 'change', { values: { n } });
  gateway.event('counter', 'custom', {});
  await delivered();
  assert.equal(log.length, 3);
  stop();
  client.disconnect();
});

test('a long list is copied once for all events of a task', async () => {
  let copies = 0;
  class Counting extends exported.ResCollection {
    toArray() {
      copies += 1;
      return super.toArray();
    }
  }
  const { client, gateway } = connected({ list: { collection: [] } });
  client.registerCollectionType('list', (api, rid) => new Counting(api, rid));
  const { status, data, stop } = used(() => useCollection('list', client));
  await until(status, is('success'));
  const before = copies;
  for (let idx = 0; idx < 50; idx++) gateway.event('list', 'add', { idx, value: idx });
  await until(data, ({ length }) => length === 50);
  assert.equal(copies, before + 1);
  stop();
  client.disconnect();
});

test('a resource is released with the scope, and what comes after that is not listened to', async () => {
  const { client, gateway } = connected(resources());
  const unsubscribed = gateway.request('unsubscribe.counter');
  const early = used(() => useModel('counter', client));
  early.stop();
  await unsubscribed;
  assert.deepEqual(early.log, [['pending', undefined]]);
  const again = gateway.request('unsubscribe.counter');
  const { status, stop } = used(() => useModel('counter', client));
  await until(status, is('success'));
  stop();
  await again;
  assert.equal(gateway.count('subscribe.counter'), 2);
  client.disconnect();
});

test('no listener is left behind', async () => {
  let listeners = 0;
  class Counting extends exported.EventBus {
    on(...args) {
      listeners += 1;
      return super.on(...args);
    }
    off(...args) {
      listeners -= 1;
      return super.off(...args);
    }
  }
  const eventBus = new Counting();
  const { client } = connected(resources(), { eventBus });
  const uses = [used(() => useModel('counter', client)), used(() => useModel('missing', client))];
  await until(uses[0].status, is('success'));
  await until(uses[1].status, is('error'));
  const scope = effectScope();
  scope.run(() => useConnection(client));
  assert.ok(listeners > 0);
  for (const use of [...uses, scope]) use.stop();
  assert.equal(listeners, 0);
  uses[0].refetch();
  await delivered(eventBus);
  assert.equal(listeners, 1, 'that of this test');
  client.disconnect();
});

test('another resource ID takes the place of the first, the same one changes nothing', async () => {
  const { client, gateway } = connected(resources());
  const rid = shallowRef(null);
  const { status, data, isLoading, log, stop } = used(() => useResource(() => rid.value?.id, client));
  assert.deepEqual([status.value, isLoading.value, gateway.requests.length], ['pending', false, 0]);
  rid.value = { id: 'list' };
  const [a, counter] = await until(data, Array.isArray);
  assert.deepEqual([a, counter.n], ['a', 1]);
  rid.value = { id: 'list' };
  rid.value = { id: 'counter' };
  assert.deepEqual(await until(data, (value) => value && !Array.isArray(value)), { n: 1 });
  const { length } = log;
  rid.value = { id: 'counter' };
  rid.value = null;
  await until(data, is(undefined));
  assert.equal(log.length, length + 1);
  stop();
  client.disconnect();
});

test('an end for good shows its reason, and the next connection asks anew', async () => {
  const { client, gateway, delivered } = connected(resources());
  const { status, error, data, log, stop } = used(() => useModel('counter', client));
  await until(status, is('success'));
  gateway.socket.direct.delete('counter');
  gateway.event('counter', 'unsubscribe', { reason: { code: 'system.accessDenied', message: 'Access denied' } });
  await until(status, is('error'));
  assert.ok(exported.isResError(error.value));
  assert.equal(error.value.code, 'system.accessDenied');
  assert.deepEqual(data.value, { n: 1 });
  await delivered();
  assert.equal(client.getCached('counter'), undefined);
  assert.equal(gateway.count('subscribe.counter'), 1);
  gateway.resources.set('counter', { model: { n: 2 } });
  gateway.socket.lose();
  await until(status, is('success'));
  assert.deepEqual(log.slice(1), [
    ['success', { n: 1 }],
    ['error', 'system.accessDenied'],
    ['success', { n: 2 }],
  ]);
  stop();
  client.disconnect();
});

test('after an end for now the client subscribes again, and nothing is shown of it', async () => {
  const { client, gateway } = connected(resources());
  const { status, data, log, stop } = used(() => useModel('counter', client));
  await until(status, is('success'));
  gateway.resources.set('counter', { model: { n: 2 } });
  gateway.socket.direct.delete('counter');
  gateway.event('counter', 'unsubscribe', { reason: { code: 'system.timeout', message: 'Timeout' } });
  await until(data, ({ n }) => n === 2);
  assert.deepEqual(log.slice(1), [
    ['success', { n: 1 }],
    ['success', { n: 2 }],
  ]);
  stop();
  client.disconnect();
});

test('a resource that is refused after a reconnect shows why', async () => {
  const { client, gateway } = connected(resources());
  const { status, error, stop } = used(() => useModel('counter', client));
  const other = used(() => useModel('list', client));
  await until(status, is('success'));
  await until(other.status, is('success'));
  gateway.resources.set('counter', { error: { code: 'system.accessDenied', message: 'Access denied' } });
  gateway.resources.set('list', { collection: ['b'] });
  gateway.socket.lose();
  await until(status, is('error'));
  assert.equal(error.value.code, 'system.accessDenied');
  await until(other.data, ([first]) => first === 'b');
  assert.equal(other.status.value, 'success');
  stop();
  other.stop();
  client.disconnect();
});

test('a resource that is deleted and only referred to is asked for', async () => {
  const { client, gateway } = connected(resources());
  const list = used(() => useCollection('list', client));
  await until(list.status, is('success'));
  const { status, error, stop } = used(() => useModel('counter', client));
  assert.equal(status.value, 'success');
  gateway.resources.set('counter', { error: { code: 'system.notFound', message: 'Not found' } });
  gateway.event('counter', 'delete', null);
  await until(status, is('error'));
  assert.equal(error.value.code, 'system.notFound');
  assert.equal(gateway.count('subscribe.counter'), 1);
  stop();
  list.stop();
  client.disconnect();
});

test('a resource that has become one of another kind is shown as that', async () => {
  const { client, gateway } = connected(resources());
  const { status, data, resource, log, stop } = used(() => useResource('counter', client));
  await until(status, is('success'));
  gateway.resources.set('counter', { collection: [1, 2] });
  gateway.socket.lose();
  assert.deepEqual(await until(data, Array.isArray), [1, 2]);
  assert.ok(resource.value instanceof exported.ResCollection);
  gateway.event('counter', 'add', { idx: 2, value: 3 });
  assert.deepEqual(await until(data, ({ length }) => length === 3), [1, 2, 3]);
  assert.ok(log.every(([state]) => state !== 'error'));
  stop();
  client.disconnect();
});

test('an error that stands in for a resource is an error', async () => {
  const { client, gateway } = connected(resources());
  gateway.answers.set('subscribe.broken', () => ({
    result: { collections: { broken: [{ rid: 'lost' }] }, errors: { lost: { code: 'test.lost', message: 'Lost' } } },
  }));
  const { status, stop } = used(() => useCollection('broken', client));
  await until(status, is('success'));
  const lost = used(() => useModel('lost', client));
  await until(lost.status, is('error'));
  assert.equal(lost.error.value.code, 'test.lost');
  lost.stop();
  stop();
  client.disconnect();
});

test('what was asked for without a connection is asked for again when there is one', async () => {
  const { client, gateway } = connected(resources());
  gateway.answers.set('subscribe.counter', null);
  const { status, error, log, stop } = used(() => useModel('counter', client));
  await gateway.request('subscribe.counter');
  gateway.answers.delete('subscribe.counter');
  gateway.socket.lose();
  await until(status, is('error'));
  assert.equal(error.value.code, 'system.disconnect');
  await until(status, is('success'));
  assert.deepEqual(log, [
    ['pending', undefined],
    ['error', 'system.disconnect'],
    ['success', { n: 1 }],
  ]);
  stop();
  client.disconnect();
});

test('what a lost connection left unanswered is asked for again, however soon the application connects', async () => {
  const { client, gateway } = connected(resources());
  for (const method of ['call.counter.slow', 'subscribe.counter']) gateway.answers.set(method, null);
  const asked = gateway.request('subscribe.counter');
  // Rejected before all else that waits, so that the next socket is there already then.
  const renewed = client.call('counter', 'slow').catch(() => client.connect());
  const { status, stop } = used(() => useModel('counter', client));
  await asked;
  gateway.answers.delete('subscribe.counter');
  gateway.socket.lose();
  await renewed;
  await until(status, is('success'));
  stop();
  client.disconnect();
});

test('a resource that is not there is asked for once by the first connection, and once by the next', async () => {
  const { client, gateway, delivered } = connected();
  const { status, log, stop } = used(() => useModel('missing', client));
  for (const times of [1, 2]) {
    const told = next(client, 'connect');
    if (times === 2) gateway.socket.lose();
    await told;
    await delivered();
    await until(status, is('error'));
    assert.equal(gateway.count('subscribe.missing'), times);
    assert.equal(log.length, times + 1);
  }
  stop();
  client.disconnect();
});

test('an error that the client reports after the resource is there does not take it away', async () => {
  const { client, gateway, delivered } = connected();
  const { status, refetch, log, stop } = used(() => useModel('counter', client));
  await until(status, is('error'));
  gateway.resources.set('counter', { model: { n: 1 } });
  refetch();
  await until(status, is('success'));
  await delivered();
  assert.deepEqual(log, [
    ['pending', undefined],
    ['error', 'system.notFound'],
    ['pending', undefined],
    ['success', { n: 1 }],
  ]);
  stop();
  client.disconnect();
});

test('the state of the connection is followed until the scope ends', async () => {
  const { client } = connected(resources());
  const scope = effectScope();
  const state = scope.run(() => useConnection(client));
  assert.deepEqual(state.value, { state: 'idle' });
  const connecting = client.connect();
  await until(state, (value) => value.state === 'connected');
  await connecting;
  scope.stop();
  const idle = next(client, 'state');
  client.disconnect();
  assert.equal((await idle).state, 'closed');
  assert.equal(state.value.state, 'connected');
});

test('a member named as a method of collections is a member', async () => {
  const { client } = connected({ odd: { model: { toArray: 1, on: 2, props: 3 } } });
  const { data, status, stop } = used(() => useModel('odd', client));
  await until(status, is('success'));
  assert.deepEqual(data.value, { toArray: 1, on: 2, props: 3 });
  stop();
  client.disconnect();
});

test('an object of the application that is neither model nor collection is shown as its toJSON has it', async () => {
  /** Keeps what it is given where only its own methods find it. */
  class Own {
    #content;
    constructor(client, rid, toJSON) {
      this.on = (events, handler) => client.resourceOn(rid, events, handler);
      this.off = (events, handler) => client.resourceOff(rid, events, handler);
      this.toJSON = toJSON && (() => toJSON(this.#content));
    }
    __init(content) {
      this.#content = content;
    }
    __update(values) {
      const old = Object.fromEntries(Object.keys(values).map((name) => [name, this.#content[name]]));
      Object.assign(this.#content, values);
      return old;
    }
  }
  const written = [];
  for (const [toJSON, before, after] of [
    [(content) => content, { n: 1 }, { n: 2 }],
    [({ n }) => (written.splice(0, 1, n), written), [1], [2]],
    [({ n }) => `n is ${n}`, 'n is 1', 'n is 2'],
    [undefined, {}, undefined],
  ]) {
    const { client, gateway } = connected(resources());
    client.registerModelType('counter', (api, rid) => new Own(api, rid, toJSON));
    const { status, data, stop } = used(() => useResource('counter', client));
    await until(status, is('success'));
    const first = data.value;
    assert.deepEqual(first, before);
    if (toJSON) {
      gateway.event('counter', 'change', { values: { n: 2 } });
      assert.deepEqual(await until(data, (value) => value !== first), after);
      assert.deepEqual(first, before, 'a snapshot stays what it is');
    }
    stop();
    client.disconnect();
  }
});

test('what one has had by asking again is there for all that could not have it', async () => {
  const { client, gateway } = connected();
  const [one, other] = [used(() => useModel('counter', client)), used(() => useModel('counter', client))];
  for (const { status } of [one, other]) await until(status, is('error'));
  gateway.resources.set('counter', { model: { n: 1 } });
  const asked = one.refetch();
  assert.deepEqual([one.status.value, one.isLoading.value, one.error.value], ['pending', true, null]);
  await asked;
  assert.deepEqual(one.data.value, { n: 1 });
  await until(other.data, Boolean);
  assert.equal(gateway.count('subscribe.counter'), 2);
  for (const { stop } of [one, other]) stop();
  client.disconnect();
});

test('what one that comes later has is there for those that could not have it', async () => {
  const { client, gateway } = connected();
  const early = used(() => useModel('counter', client));
  await until(early.status, is('error'));
  gateway.resources.set('counter', { model: { n: 1 } });
  const late = used(() => useModel('counter', client));
  await until(late.status, is('success'));
  await until(early.status, is('success'));
  for (const { stop } of [early, late]) stop();
  client.disconnect();
});

test('to ask again where nothing is wrong, or nobody follows any more, changes nothing', async () => {
  const { client, gateway } = connected(resources());
  const { status, refetch, log, stop } = used(() => useModel('counter', client));
  await until(status, is('success'));
  await refetch();
  stop();
  await refetch();
  assert.equal(gateway.count('subscribe.counter'), 1);
  assert.deepEqual(
    log.map(([status]) => status),
    ['pending', 'success'],
  );
  client.disconnect();
});

test('with what stands for no ID nothing is asked for, as without one', async () => {
  for (const none of ['', null, undefined, false, 0]) {
    const { client, gateway } = connected(resources());
    const rid = shallowRef(none);
    const { status, isLoading, stop } = used(() => useModel(rid, client));
    assert.deepEqual([status.value, isLoading.value, gateway.sockets.length], ['pending', false, 0]);
    const { call, isError } = effectScope().run(() => useCall(rid, 'set', { client }));
    await assert.rejects(call({ n: 2 }), { name: 'TypeError', message: 'There is no resource ID yet to call set of' });
    assert.ok(isError.value);
    rid.value = 'counter';
    await until(status, is('success'));
    rid.value = none;
    await until(status, is('pending'));
    stop();
    client.disconnect();
  }
});

test('what a handler is given is no parameter', async () => {
  const { client, gateway } = connected(resources());
  const { call } = effectScope().run(() => useCall('counter', 'set', { client }));
  for (const event of [new Event('click'), { type: 'click', nativeEvent: new Event('click') }]) {
    await assert.rejects(call(event), {
      name: 'TypeError',
      message: /^An event is no parameter of set: write \(\) => call/,
    });
  }
  assert.equal(gateway.sockets.length, 0);
});

test('thousands of components put one listener for each event on the client, for all', async () => {
  const { client } = connected(resources());
  let listeners = 0;
  const { on, off } = client;
  client.on = (...args) => (listeners++, on.apply(client, args));
  client.off = (...args) => (listeners--, off.apply(client, args));
  const scopes = Array.from({ length: 3000 }, () => used(() => useModel('counter', client)));
  await until(scopes.at(-1).status, is('success'));
  assert.equal(listeners, 4);
  for (const { stop } of scopes) stop();
  assert.equal(listeners, 0);
  client.disconnect();
});
