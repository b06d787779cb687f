import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

// The client waits on the timers there are when the package is loaded.
let time = 0;
globalThis.performance = { now: () => time };
mock.timers.enable({ apis: ['setTimeout'] });
const { connected } = await import('./support/client.mjs');
const { effectScope } = await import('vue');
const { useModel } = await import('../../pkg/vue.js');

const SECOND = 1000;
const counter = () => ({ counter: { model: { n: 1 } } });

/** Lets so many milliseconds pass, a second at a time, and everything happen that follows from it. */
async function pass(ms) {
  for (const end = time + ms; time < end;) {
    time += SECOND;
    mock.timers.tick(SECOND);
    await settle();
  }
}

async function settle() {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** Follows a resource, and notes what is told of it: a number when it is there, and the codes of errors. */
function following(client, rid) {
  const log = [];
  const stop = client.subscribe(
    rid,
    ({ n }) => log.push(n),
    ({ code }) => log.push(code),
  );
  return { log, stop };
}

/** After how many seconds each request of a method comes, from now on and as long as so many seconds pass. */
async function secondsOf(gateway, method, seconds) {
  const times = [];
  const start = time;
  for (let before = gateway.count(method); time < start + seconds * SECOND;) {
    await pass(SECOND);
    if (gateway.count(method) > before) times.push((time - start) / SECOND);
    before = gateway.count(method);
  }
  return times;
}

test('what could not be had is asked for again after 10 s, and after twice as long every time, up to 320 s', async () => {
  const uses = {
    subscribe: (client) => following(client, 'missing').stop,
    useModel: (client) => {
      const scope = effectScope();
      scope.run(() => useModel('missing', client));
      return () => scope.stop();
    },
  };
  for (const [name, use] of Object.entries(uses)) {
    const { client, gateway } = connected();
    client.connect();
    await pass(SECOND);
    const stop = use(client);
    await settle();
    assert.equal(gateway.count('subscribe.missing'), 1, name);
    const times = await secondsOf(gateway, 'subscribe.missing', 1600);
    assert.deepEqual(times, [10, 30, 70, 150, 310, 630, 950, 1270, 1590], name);
    stop();
    assert.deepEqual(await secondsOf(gateway, 'subscribe.missing', 400), [], `${name}, when nobody wants it`);
    client.disconnect();
  }
});

test('once it is there it is not asked for again, and after another failure the first delay is 10 s', async () => {
  const { client, gateway } = connected();
  const { log, stop } = following(client, 'counter');
  await pass(12 * SECOND);
  gateway.resources.set('counter', { model: { n: 1 } });
  assert.deepEqual(await secondsOf(gateway, 'subscribe.counter', 400), [19]);
  gateway.resources.delete('counter');
  gateway.socket.direct.delete('counter');
  gateway.event('counter', 'unsubscribe', { reason: { code: 'system.deleted', message: 'Deleted' } });
  await pass(SECOND);
  assert.deepEqual(await secondsOf(gateway, 'subscribe.counter', 31), [10, 30]);
  assert.deepEqual(log.slice(0, 4), ['system.notFound', 'system.notFound', 1, 'system.deleted']);
  stop();
  client.disconnect();
});

test('what was asked for again in time is not asked for twice', async () => {
  const { client, gateway } = connected();
  const scope = effectScope();
  const { refetch, status } = scope.run(() => useModel('counter', client));
  await pass(5 * SECOND);
  assert.equal(status.value, 'error');
  refetch();
  await settle();
  assert.equal(gateway.count('subscribe.counter'), 2);
  // The second failure has a delay of its own, which takes the place of the first.
  assert.deepEqual(await secondsOf(gateway, 'subscribe.counter', 21), [20]);
  gateway.resources.set('counter', { model: { n: 1 } });
  refetch();
  await settle();
  assert.equal(status.value, 'success');
  assert.deepEqual(await secondsOf(gateway, 'subscribe.counter', 400), []);
  scope.stop();
  client.disconnect();
});

test('no timer is left once the resource is there, nor when nobody wants it any more', async () => {
  const { client, gateway } = connected();
  const { setTimeout, clearTimeout } = globalThis;
  const waiting = new Set();
  globalThis.setTimeout = (run, delay) => {
    const timer = setTimeout(run, delay);
    if (delay === 10 * SECOND) waiting.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    waiting.delete(timer);
    clearTimeout(timer);
  };
  const scope = effectScope();
  try {
    const { refetch, status } = scope.run(() => useModel('counter', client));
    const other = following(client, 'missing');
    await pass(SECOND);
    assert.equal(waiting.size, 2);
    other.stop();
    assert.equal(waiting.size, 1);
    gateway.resources.set('counter', { model: { n: 1 } });
    refetch();
    await settle();
    assert.deepEqual([status.value, waiting.size], ['success', 0]);
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
  }
  scope.stop();
  client.disconnect();
});

test('what failed for want of a connection is asked for by the next connection, and not before', async () => {
  const { client, gateway } = connected(counter());
  const open = gateway.factory;
  client.wsFactory = () => {
    throw new Error('nobody there');
  };
  const { get } = client;
  let gets = 0;
  client.get = (...args) => (gets++, get.apply(client, args));
  client.setOnConnectError(() => client.disconnect());
  const { log, stop } = following(client, 'counter');
  await pass(400 * SECOND);
  assert.deepEqual([gets, log], [1, ['system.connectionError']]);
  client.setOnConnectError(null);
  client.wsFactory = open;
  client.connect();
  await settle();
  await pass(SECOND);
  assert.deepEqual(log, ['system.connectionError', 1]);
  stop();
  client.disconnect();
});

test('who follows a resource waits for it longer than requests may take', async () => {
  const { client, gateway } = connected(counter(), { requestTimeout: SECOND });
  gateway.answers.set('subscribe.counter', null);
  const { log, stop } = following(client, 'counter');
  await pass(60 * SECOND);
  assert.deepEqual(log, []);
  const { id } = gateway.requests.find(({ method }) => method === 'subscribe.counter');
  gateway.socket.deliver({ id, result: gateway.set(['counter']) });
  await pass(SECOND);
  assert.deepEqual(log, [1]);
  stop();
  client.disconnect();
});

test('a call that is refused, and a subscription to another resource, are no failure of what is followed', async () => {
  const { client, gateway } = connected({ ...counter(), other: { model: { n: 2 } } });
  const [one, other] = [following(client, 'counter'), following(client, 'other')];
  await pass(SECOND);
  const refusal = { error: { code: 'system.accessDenied', message: 'Access denied' } };
  gateway.answers.set('call.counter.m', () => refusal);
  const call = client.call('counter', 'm').catch(({ code }) => code);
  await pass(SECOND);
  assert.equal(await call, 'system.accessDenied');
  gateway.answers.set('subscribe.other', () => refusal);
  gateway.socket.lose();
  await pass(5 * SECOND);
  assert.deepEqual(one.log, [1]);
  assert.deepEqual(other.log, [2, 'system.accessDenied']);
  for (const { stop } of [one, other]) stop();
  client.disconnect();
});

test('an event that is still to be told when nobody follows the resource any more is not told', async () => {
  const { client, gateway } = connected(counter());
  const { log, stop } = following(client, 'counter');
  await pass(SECOND);
  gateway.event('counter', 'change', { values: { n: 2 } });
  stop();
  await pass(SECOND);
  assert.deepEqual(log, [1]);
  client.disconnect();
});
