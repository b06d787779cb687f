import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, next } from './support/client.mjs';
import { delaysOf } from './support/timers.mjs';

const tooActive = (data) => ({ error: { code: 'system.tooActive', message: 'Too active', data } });

/** A gateway that refuses so many times before it answers. */
function busy(gateway, method, times, data = { seconds: 0.001 }) {
  gateway.answers.set(method, () => {
    if (--times === 0) gateway.answers.delete(method);
    return tooActive(data);
  });
}

test('what is refused as too active is asked for again after the seconds it says, when the option says so', async () => {
  const { client, gateway } = connected({ a: { model: { n: 1 } } }, { retryOnTooActive: true });
  busy(gateway, 'subscribe.a', 2);
  busy(gateway, 'call.a.m', 2);
  busy(gateway, 'auth.a.m', 1);
  const [model] = await Promise.all([client.get('a'), client.call('a', 'm'), client.authenticate('a', 'm')]);
  assert.equal(model.n, 1);
  assert.deepEqual([gateway.count('subscribe.a'), gateway.count('call.a.m'), gateway.count('auth.a.m')], [3, 3, 2]);
  client.disconnect();
});

test('without the option, or without the seconds, it is an error like any other', async () => {
  for (const [retryOnTooActive, data] of [
    [false, { seconds: 0.001 }],
    [true, {}],
    [true, { seconds: 'soon' }],
    [true, { seconds: -1 }],
    [true, null],
  ]) {
    const { client, gateway } = connected({}, { retryOnTooActive });
    busy(gateway, 'call.a.m', 1, data);
    const error = await client.call('a', 'm').catch((e) => e);
    assert.equal(error.code, 'system.tooActive');
    assert.equal(gateway.count('call.a.m'), 1);
    client.disconnect();
  }
});

test('who gives up or disconnects meanwhile does not ask again', async ({ mock: { timers } }) => {
  const { client, gateway } = connected({}, { retryOnTooActive: true });
  await client.connect();
  timers.enable({ apis: ['setTimeout'] });
  busy(gateway, 'call.a.m', 1, { seconds: 1 });
  const late = client.call('a', 'm', undefined, { timeout: 5 }).catch((e) => e);
  await settle();
  timers.tick(5);
  assert.equal((await late).code, 'system.timeout');
  timers.tick(1000);
  await settle();
  busy(gateway, 'call.a.n', 1, { seconds: 1 });
  const call = client.call('a', 'n').catch((e) => e);
  await settle();
  client.disconnect();
  assert.equal((await call).code, 'system.tooActive');
  timers.tick(1000);
  await settle();
  assert.deepEqual([gateway.count('call.a.m'), gateway.count('call.a.n'), gateway.sockets.length], [1, 1, 1]);
});

test('it is not asked for at the speed of the network, whatever the service says', async () => {
  const { client, gateway } = connected({}, { retryOnTooActive: true });
  busy(gateway, 'call.a.m', 3, { seconds: 0 });
  await client.connect();
  const delays = await delaysOf(
    () => client.call('a', 'm'),
    () => 0,
  );
  assert.deepEqual(delays.filter(Boolean), [50, 100, 200]);
  client.disconnect();
});

test('what is listened to and refused as too active is subscribed to again after the seconds it says', async () => {
  const { client, gateway } = connected({ a: { model: { n: 1 } } });
  const model = (await client.get('a')).on();
  busy(gateway, 'subscribe.a', 1, { seconds: 3600 });
  const delays = await delaysOf(async () => {
    const refused = next(client, 'error');
    gateway.socket.lose();
    assert.equal((await refused).code, 'system.tooActive');
  });
  assert.ok(delays.at(-1) > 3_590_000, `${delays}`);
  model.off();
  client.disconnect();
});

test('disconnect ends the wait at once', async () => {
  const { client, gateway } = connected({}, { retryOnTooActive: true });
  busy(gateway, 'call.a.m', 1, { seconds: 3600 });
  const call = client.call('a', 'm').catch((e) => e);
  await gateway.request('call.a.m');
  await new Promise((resolve) => setTimeout(resolve));
  client.disconnect();
  assert.equal((await call).code, 'system.tooActive');
});

test('who gives up a request that is under way does not have it made again by its answer', async () => {
  const { client, gateway } = connected({}, { retryOnTooActive: true });
  for (const method of ['call.a.m', 'call.a.n', 'subscribe.a']) gateway.answers.set(method, null);
  const controller = new AbortController();
  const given = [
    client.call('a', 'm', undefined, { signal: controller.signal }),
    client.get('a', { signal: controller.signal }),
    client.call('a', 'n', undefined, { timeout: 1 }),
  ].map((promise) => promise.catch((e) => e.name ?? e.code));
  const asked = await Promise.all(['call.a.m', 'subscribe.a', 'call.a.n'].map((method) => gateway.request(method)));
  controller.abort();
  assert.deepEqual(await Promise.all(given), ['AbortError', 'AbortError', 'system.timeout']);
  const delays = await delaysOf(async () => {
    for (const { id } of asked) gateway.socket.deliver({ id, ...tooActive({ seconds: 0.04 }) });
    await settle();
  });
  assert.deepEqual(delays.filter(Boolean), []);
  client.disconnect();
});

test('disconnect in the task of the answer ends the wait before it begins', async () => {
  const { client, gateway } = connected({}, { retryOnTooActive: true });
  gateway.answers.set('call.a.m', null);
  const call = client.call('a', 'm').catch((e) => e);
  const { id } = await gateway.request('call.a.m');
  gateway.socket.deliver({ id, ...tooActive({ seconds: 0.001 }) });
  client.disconnect();
  assert.equal((await call).code, 'system.tooActive');
});

/** Has everything happen that waits for no timer. */
async function settle() {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
