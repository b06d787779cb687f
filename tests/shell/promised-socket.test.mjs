import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { connected, next } from './support/client.mjs';

const models = () => ({ a: { model: { n: 1 } } });

/** A socket of the gateway that is open by the time its promise has been heard of: this one opens within microtasks. */
const opened = (gateway) => Object.assign(gateway.factory(), { readyState: 1 });

/** A client whose factory answers promises, and those promises with what settles them, one after the other. */
function promised(options) {
  const made = connected(models(), options);
  const promises = [];
  made.client.wsFactory = () => new Promise((resolve, reject) => promises.push({ resolve, reject }));
  return { ...made, promises };
}

test('a factory may promise a socket, which may be open already, for every attempt to connect', async () => {
  const { client, gateway, delivered } = connected(models());
  let asked = 0;
  client.wsFactory = async () => {
    asked += 1;
    await Promise.resolve();
    return opened(gateway);
  };
  const model = (await client.get('a')).on();
  assert.deepEqual([model.n, client.ws, client.connected], [1, gateway.socket, true]);
  gateway.resources.set('a', { model: { n: 2 } });
  const again = next(client, 'connect');
  gateway.socket.lose();
  await again;
  await delivered();
  assert.deepEqual([asked, model.n], [2, 2]);
  client.disconnect();
});

test('a promise that is rejected, or brings no socket, is an attempt that failed', async () => {
  const { client, gateway, promises } = promised();
  const failure = new Error('no token');
  for (const settle of [({ reject }) => reject(failure), ({ resolve }) => resolve(null)]) {
    const connecting = client.connect().catch((error) => error);
    assert.deepEqual([client.state.state, client.ws], ['connecting', null]);
    settle(promises.at(-1));
    const { code, data } = await connecting;
    assert.equal(code, 'system.connectionError');
    assert.ok(promises.length === 1 ? data === failure : data instanceof TypeError);
    assert.equal(client.state.state, 'closed');
  }
  const got = client.get('a');
  promises.at(-1).resolve(opened(gateway));
  assert.equal((await got).n, 1);
  client.disconnect();
});

test('a promised socket that comes too late is closed, and nothing is heard of it', async () => {
  const { client, gateway, promises } = promised();
  const given = client.get('a').catch((error) => error);
  client.disconnect();
  assert.equal((await given).code, 'system.disconnect');
  const [late, other] = [opened(gateway), opened(gateway)];
  const got = client.get('a');
  promises[0].resolve(late);
  promises[1].resolve(other);
  assert.equal((await got).n, 1);
  assert.deepEqual([late.isClosed, other.isClosed, client.ws === other], [true, false, true]);
  // One that fails too late is nobody's failure.
  client.disconnect();
  void client.connect().catch(() => {});
  client.disconnect();
  promises[2].reject(new Error('too late'));
  assert.equal(client.state.state, 'closed');
});

test('a promise that never comes is an attempt that takes too long', async () => {
  const { client } = promised({ handshakeTimeout: 1 });
  assert.equal((await client.connect().catch((error) => error)).code, 'system.connectionError');
});

test('a promised socket that has closed already is an attempt that failed', async () => {
  const { client, gateway, promises } = promised();
  const connecting = client.connect().catch((error) => error);
  promises[0].resolve(Object.assign(gateway.factory(), { readyState: 3 }));
  const { code, data } = await connecting;
  assert.deepEqual([code, data.message], ['system.connectionError', 'The socket has closed already']);
});

test('a promised socket of Node that comes too late ends quietly, before it was open', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  // It answers nothing.
  server.on('upgrade', () => {});
  await once(server, 'listening');
  const { client, promises } = promised();
  const connecting = client.connect().catch((error) => error);
  client.disconnect();
  assert.equal((await connecting).code, 'system.disconnect');
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  promises[0].resolve(socket);
  await closed;
});
