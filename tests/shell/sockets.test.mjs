import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected, next } from './support/client.mjs';

const models = () => ({ a: { model: { n: 1 } } });

test('a factory that makes no socket is a connection that fails, and the next one works', async () => {
  const { client, gateway } = connected(models());
  const open = gateway.factory;
  for (const nothing of [null, undefined, 5, Object.freeze({})]) {
    client.wsFactory = () => nothing;
    const failure = await client.connect().catch((error) => error);
    assert.equal(failure.code, 'system.connectionError');
    assert.ok(failure.data instanceof TypeError);
    assert.equal((await client.get('a').catch((error) => error)).code, 'system.connectionError');
  }
  client.wsFactory = open;
  assert.equal((await client.get('a')).n, 1);
  client.disconnect();
});

test('a message event that cannot be read resets the connection, which heals', async () => {
  for (const event of [
    undefined,
    {
      get data() {
        throw new Error('no data today');
      },
    },
  ]) {
    const { client, gateway } = connected(models());
    const model = (await client.get('a')).on();
    gateway.resources.set('a', { model: { n: 2 } });
    await withErrors(() => gateway.socket.onmessage(event));
    while (client.state.state !== 'connected') await next(client, 'state');
    assert.equal(model.n, 2);
    client.disconnect();
  }
});

test('what disconnect tells is not shared between clients', async () => {
  const told = [];
  for (let n = 0; n < 2; n++) {
    const { client } = connected();
    await client.connect();
    const event = next(client, 'disconnect');
    client.disconnect();
    client.state.reason.code = 'changed';
    told.push((await event).code);
  }
  assert.deepEqual(told, ['system.disconnect', 'system.disconnect']);
});
