import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected } from './support/client.mjs';

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

test('who gives up or disconnects meanwhile does not ask again', async () => {
  const { client, gateway } = connected({}, { retryOnTooActive: true });
  busy(gateway, 'call.a.m', 1, { seconds: 0.02 });
  const late = await client.call('a', 'm', undefined, { timeout: 5 }).catch((e) => e);
  assert.equal(late.code, 'system.timeout');
  busy(gateway, 'call.a.n', 1, { seconds: 0.01 });
  const call = client.call('a', 'n').catch((e) => e);
  await gateway.request('call.a.n');
  await new Promise((resolve) => setTimeout(resolve));
  client.disconnect();
  assert.equal((await call).code, 'system.tooActive');
  assert.deepEqual([gateway.count('call.a.m'), gateway.count('call.a.n'), gateway.sockets.length], [1, 1, 1]);
});
