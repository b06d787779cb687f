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

/** Something that gets the resource while the client gets it, and what that get comes to. */
const WHILE_IT_ASKS = {
  'a debug callback, over a socket that answers at once'() {
    const { client, inner } = asking({ debug: (_type, message) => message.includes('subscribe.a') && inner.get() });
    const socket = answering();
    client.wsFactory = () => socket;
    return { client, inner, open: () => socket.onopen() };
  },
  'a socket factory that fails'() {
    const { client, inner } = asking();
    client.wsFactory = () => {
      inner.get();
      throw new Error('no socket');
    };
    return { client, inner };
  },
  'an event bus that calls its handlers at once'() {
    const eventBus = { on() {}, off() {}, emit: (_target, event) => event.endsWith('state') && inner.get() };
    const { client, inner } = asking({ eventBus });
    client.wsFactory = () => {
      throw new Error('no socket');
    };
    return { client, inner };
  },
};

/** A client, and how to get a resource once from inside it. */
function asking(options) {
  const { client } = connected({}, options);
  const inner = { promise: null, get: () => (inner.promise ??= outcome(client.get('a'))) };
  return { client, inner };
}

const outcome = (promise) =>
  promise.then(
    ({ n }) => n,
    ({ code }) => code,
  );

/** A socket that answers inside `send`. */
function answering() {
  const answer = { version: { protocol: '1.2.3' }, 'subscribe.a': { models: { a: { n: 1 } } } };
  return {
    send(text) {
      const { id, method } = JSON.parse(text);
      this.onmessage({ data: JSON.stringify({ id, result: answer[method] }) });
    },
    close() {},
  };
}

for (const [who, make] of Object.entries(WHILE_IT_ASKS)) {
  test(`${who} may get what is being got, and both are answered`, async () => {
    const { client, inner, open } = make();
    if (open) {
      const connection = client.connect();
      open();
      await connection;
    }
    const outer = outcome(client.get('a'));
    assert.deepEqual([await outer, await inner.promise], open ? [1, 1] : Array(2).fill('system.connectionError'));
    client.disconnect();
  });
}

test('onConnect may get what was asked for before, over a socket that answers at once', async () => {
  const { client } = connected({}, { onConnect: (client) => client.get('a') });
  const socket = answering();
  client.wsFactory = () => socket;
  const model = client.get('a');
  socket.onopen();
  await client.connect();
  assert.equal((await model).n, 1);
  client.disconnect();
});

test('a socket that cannot be listened to is a connection that fails, and the next one works', async () => {
  for (const property of ['onopen', 'onmessage', 'onerror', 'onclose']) {
    const { client, gateway } = connected(models());
    const open = gateway.factory;
    let isClosed = false;
    const deaf = { send() {}, close: () => (isClosed = true) };
    Object.defineProperty(deaf, property, {
      set() {
        throw new Error('nobody is to listen');
      },
    });
    client.wsFactory = () => deaf;
    const failure = await client.connect().catch((error) => error);
    assert.deepEqual([failure.code, failure.data.message], ['system.connectionError', 'nobody is to listen']);
    assert.ok(isClosed);
    client.wsFactory = open;
    await client.connect();
    assert.equal((await client.get('a')).n, 1);
    client.disconnect();
  }
});

test('a socket whose handlers cannot be taken off is given up all the same', async () => {
  const { client, gateway } = connected(models());
  const model = (await client.get('a')).on();
  const { socket } = gateway;
  const { onclose } = Object.freeze(socket);
  onclose({ code: 1006 });
  gateway.resources.set('a', { model: { n: 2 } });
  while (client.state.state !== 'connected') await next(client, 'state');
  assert.equal(model.n, 2);
  assert.equal(gateway.sockets.length, 2);
  client.disconnect();
});

test('handlers of a socket that was given up do nothing', async () => {
  const { client, gateway } = connected(models());
  const model = (await client.get('a')).on();
  const { onopen, onmessage, onerror, onclose } = gateway.socket;
  const errors = await withErrors(async () => {
    onmessage({ data: 'no frame' });
    while (client.state.state !== 'connected') await next(client, 'state');
    for (const handler of [onopen, onerror, onclose]) handler({ code: 4001 });
    onmessage({ data: '{"event":"a.change","data":{"values":{"n":7}}}' });
    onmessage({ data: 'no frame' });
  });
  assert.deepEqual([errors, model.n, client.state.state, gateway.sockets.length], [[], 1, 'connected', 2]);
  client.disconnect();
});

test('a socket that refuses a frame though it is open is lost, and what was asked for is told so', async () => {
  const { client, gateway } = connected(models());
  const model = (await client.get('a')).on();
  const { socket } = gateway;
  const send = socket.send;
  socket.send = function (text) {
    if (text.includes('call.')) throw new Error('no call today');
    send.call(this, text);
  };
  const told = next(client, 'disconnect');
  const failure = await client.call('some', 'method').catch((error) => error);
  assert.deepEqual([failure.code, failure.data?.message], ['system.disconnect', 'no call today']);
  assert.equal((await told).code, 'system.connectionError');
  assert.ok(socket.isClosed);
  gateway.resources.set('a', { model: { n: 2 } });
  while (client.state.state !== 'connected') await next(client, 'state');
  assert.equal(model.n, 2);
  client.disconnect();
});

test('a socket that refuses a frame because it is closing is waited for to say how it closed', async () => {
  const { client, gateway } = connected(models());
  await client.connect();
  const { socket } = gateway;
  socket.readyState = 2;
  socket.send = () => {
    throw new Error('closing');
  };
  const failure = client.call('some', 'method').catch((error) => error);
  assert.equal(client.state.state, 'connected');
  socket.lose(4001);
  assert.equal((await failure).code, 'system.disconnect');
  assert.deepEqual([client.state.state, client.state.reason.data.code], ['closed', 4001]);
});
