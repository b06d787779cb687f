import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, next, ResClient } from './support/client.mjs';

const models = () => ({ a: { model: { n: 1 } }, b: { model: { n: 1 } } });

/** Records the states a client goes through. */
function states(client) {
  const seen = [];
  client.on('state', ({ state }) => seen.push(state));
  return seen;
}

/** Resolves when the client is in a state. */
async function reaches(client, state) {
  while (client.state.state !== state) await next(client, 'state');
}

test('every state is told as an event and is there as a property', async () => {
  const { client, gateway } = connected(models());
  const seen = states(client);
  assert.deepEqual(client.state, { state: 'idle' });
  const connecting = next(client, 'state');
  client.connect();
  assert.deepEqual(client.state, { state: 'connecting' });
  assert.deepEqual(await connecting, { state: 'connecting' });
  (await client.get('a')).on();
  assert.deepEqual(client.state, { state: 'connected' });
  gateway.socket.lose();
  assert.equal(client.state.state, 'waiting');
  assert.ok(client.state.until <= performance.now() + 2);
  await reaches(client, 'connected');
  client.disconnect();
  const { state, reason } = client.state;
  assert.equal(state, 'closed');
  assert.deepEqual(reason, { code: 'system.disconnect', message: 'Disconnect called' });
  await reaches(client, 'closed');
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(seen, ['connecting', 'connected', 'waiting', 'connecting', 'stale', 'connected', 'closed']);
});

test('it is stale from the new connection until the last resource is compared, and connected all the while', async () => {
  const { client, gateway } = connected(models());
  for (const rid of ['a', 'b']) (await client.get(rid)).on();
  let answer;
  gateway.answers.set('subscribe.b', null);
  const asked = gateway.request('subscribe.b').then((request) => (answer = request));
  gateway.socket.lose();
  await asked;
  await reaches(client, 'stale');
  assert.equal(client.connected, true);
  await client.connect();
  gateway.socket.deliver({ id: answer.id, result: { models: { b: { n: 2 } } } });
  assert.equal(client.state.state, 'connected');
  client.disconnect();
});

test('a first attempt that fails ends closed, and says why', async () => {
  const client = new ResClient(() => {
    throw new Error('no sockets here');
  });
  const failure = await client.connect().catch((error) => error);
  assert.equal(client.state.state, 'closed');
  assert.deepEqual(client.state.reason, failure);
});

test('a gateway that closes with a fatal code is left alone until something is asked for', async () => {
  for (const code of [4001, 4003, 4401, 4403]) {
    const { client, gateway } = connected(models());
    const model = (await client.get('a')).on();
    gateway.socket.lose(code);
    assert.equal(client.state.state, 'closed');
    assert.equal(client.state.reason.code, 'system.connectionError');
    assert.equal(client.state.reason.data.code, code);
    assert.equal(model.n, 1, 'what is there stays readable');
    gateway.resources.set('a', { model: { n: 2 } });
    await client.connect();
    await reaches(client, 'connected');
    assert.equal(model.n, 2);
    assert.equal(gateway.sockets.length, 2);
    client.disconnect();
  }
});

test('which codes are fatal is an option', async () => {
  const { client, gateway } = connected(models(), { fatalCloseCodes: [4999] });
  (await client.get('a')).on();
  gateway.socket.lose(4001);
  assert.equal(client.state.state, 'waiting');
  await reaches(client, 'connected');
  gateway.socket.lose(4999);
  assert.equal(client.state.state, 'closed');
  for (const fatalCloseCodes of [['4001'], 4001, [1.5], {}]) {
    assert.throws(() => new ResClient('ws://localhost', { fatalCloseCodes }), /fatalCloseCodes$/);
  }
});

test('who wants to hear of failed attempts may say so in an option, and later', async () => {
  const failures = [];
  const client = new ResClient(
    () => {
      throw new Error('no sockets here');
    },
    { onConnectError: (error, from) => failures.push([error.code, from === client]) },
  );
  await client.connect().catch(() => {});
  assert.deepEqual(failures, [['system.connectionError', true]]);
  assert.equal(client.setOnConnectError(null), client);
  await client.connect().catch(() => {});
  assert.equal(failures.length, 1);
});
