import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { connected } from './support/client.mjs';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const task = () => new Promise((resolve) => setImmediate(resolve));
const resources = () => ({ m: { model: { n: 1 } } });

test('a client that has disconnected and that nobody holds is collected', async () => {
  async function use() {
    const { client } = connected(resources());
    const model = await client.get('m');
    model.on('change', () => undefined);
    client.disconnect();
    return new WeakRef(client);
  }
  const client = await use();
  let collected = false;
  for (let tries = 0; !collected && tries < 100; tries++) {
    // Looking at it keeps it until the task ends.
    await task();
    gc();
    collected = client.deref() === undefined;
  }
  assert.ok(collected);
});

test('a client that nobody holds does what was asked of it', async () => {
  let gateway;
  const ask = () => {
    const session = connected(resources());
    gateway = session.gateway;
    gateway.answers.set('subscribe.m', null);
    return session.client.get('m');
  };
  const asked = ask();
  const { id } = await gateway.request('subscribe.m');
  for (let times = 0; times < 5; times++) {
    gc();
    await task();
  }
  gateway.socket.deliver({ id, result: { models: { m: { n: 2 } } } });
  assert.equal((await asked).n, 2);
});
