import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, exported } from './support/client.mjs';

const { isResError } = exported;

const models = () => ({ 'example.model': { model: { message: 'Hello, World!' } } });

test('a request is waited for as long as it may take', async () => {
  const { client, gateway } = connected(models());
  await client.connect();
  for (const method of ['call.a.b.slow', 'auth.a.b.slow', 'subscribe.slow']) gateway.answers.set(method, null);
  const requests = {
    'call.a.b.slow': (options) => client.call('a.b', 'slow', { p: 1 }, options),
    'auth.a.b.slow': (options) => client.authenticate('a.b', 'slow', { p: 1 }, options),
    'subscribe.slow': (options) => client.get('slow', options),
  };
  for (const [method, ask] of Object.entries(requests)) {
    await assert.rejects(ask({ timeout: 1 }), (error) => {
      assert.ok(isResError(error));
      assert.deepEqual([error.code, error.message, error.method], ['system.timeout', 'Request timeout', method]);
      assert.deepEqual(error.params, method === 'subscribe.slow' ? undefined : { p: 1 });
      return true;
    });
    const reason = new Error('not any more');
    const controller = new AbortController();
    const aborted = ask({ signal: controller.signal, timeout: 3_600_000 });
    controller.abort(reason);
    await assert.rejects(aborted, reason);
    const { length } = gateway.requests;
    await assert.rejects(ask({ signal: controller.signal }), reason);
    assert.equal(gateway.requests.length, length, 'what is aborted before it begins is not sent');
    await assert.rejects(ask({ timeout: -1 }), /Not a finite number of milliseconds/);
    assert.equal(gateway.requests.length, length);
  }
  const fast = new AbortController();
  assert.equal(
    (await client.get('example.model', { signal: fast.signal, timeout: 3_600_000 })).message,
    'Hello, World!',
  );
  fast.abort();
  client.disconnect();

  const hurried = connected(models(), { requestTimeout: 1 });
  hurried.gateway.answers.set('subscribe.slow', null);
  await assert.rejects(hurried.client.get('slow'), { code: 'system.timeout' });
  hurried.client.disconnect();
});

test('who gives up waiting does not keep others from getting it', async () => {
  const { client, gateway } = connected(models());
  await client.connect();
  gateway.answers.set('subscribe.example.model', null);
  const asked = gateway.request('subscribe.example.model');
  const patient = client.get('example.model');
  const hasty = client.get('example.model', { timeout: 1 });
  await assert.rejects(hasty, { code: 'system.timeout' });
  const { id } = await asked;
  gateway.socket.deliver({ id, result: { models: { 'example.model': { message: 'late' } } } });
  assert.equal((await patient).message, 'late');
  assert.equal(gateway.count('subscribe.example.model'), 1);
  client.disconnect();
});

test('a call that is given up before there is a connection is never sent', async () => {
  const { client, gateway } = connected(models());
  const controller = new AbortController();
  const call = client.call('a.b', 'unwanted', null, { signal: controller.signal });
  const other = client.call('a.b', 'wanted');
  controller.abort();
  await assert.rejects(call, { name: 'AbortError' });
  await other;
  assert.deepEqual([gateway.count('call.a.b.unwanted'), gateway.count('call.a.b.wanted')], [0, 1]);
  client.disconnect();
});

test('a signal aborted while the request is made is heeded', async () => {
  const { client, gateway } = connected(models());
  const controller = new AbortController();
  client.wsFactory = () => {
    controller.abort();
    return gateway.factory();
  };
  const call = client.call('a.b', 'one', undefined, { signal: controller.signal });
  await assert.rejects(call, { name: 'AbortError' });
  await client.connect();
  assert.deepEqual(
    gateway.requests.map(({ method }) => method),
    ['version'],
  );
  client.disconnect();
});
