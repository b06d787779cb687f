import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { ResClient, connected, next, recorded } from './support/client.mjs';

const counter = () => ({
  counter: { model: { n: 1, same: 'x' } },
  list: { collection: ['a', 'b', { rid: 'counter' }] },
});

test('after a lost connection the objects are the same, and only what differs is told', async () => {
  const { client, gateway, delivered } = connected(counter());
  const [model, list] = [await client.get('counter'), await client.get('list')];
  const [changes, edits] = [recorded(model, null), recorded(list, null)];
  await delivered();
  const disconnected = next(client, 'disconnect');
  const healed = next(client, 'connect');
  gateway.socket.lose();
  assert.equal(client.connected, false);
  assert.equal(client.state.state, 'waiting');
  assert.equal(typeof client.state.until, 'number');
  gateway.resources.set('counter', { model: { n: 2, same: 'x' } });
  gateway.resources.set('list', { collection: ['b', { rid: 'counter' }, 'c'] });
  assert.equal((await disconnected).code, 1006);
  const resubscribed = gateway.request('subscribe.list');
  await healed;
  await resubscribed;
  await delivered();
  assert.deepEqual([model.n, model.same], [2, 'x']);
  assert.deepEqual(list.list, ['b', model, 'c']);
  assert.deepEqual(changes, [['change', { n: 1 }]]);
  assert.deepEqual(edits, [
    ['remove', { item: 'a', idx: 0 }],
    ['add', { item: 'c', idx: 2 }],
  ]);
  assert.equal(await client.get('counter'), model);
  assert.ok(client.inspect().resources.every(({ stale }) => !stale));
  client.disconnect();
});

test('disconnect is told as such, and rejects what waits for an answer', async () => {
  const { client, gateway } = connected(counter());
  gateway.answers.set('call.counter.slow', null);
  await client.connect();
  const event = next(client, 'disconnect');
  const call = client.call('counter', 'slow').catch((error) => error);
  client.disconnect();
  assert.deepEqual(await event, { code: 'system.disconnect', message: 'Disconnect called' });
  assert.equal((await call).code, 'system.disconnect');
  assert.deepEqual([client.connected, client.ws, client.state.state], [false, null, 'closed']);
  assert.equal(gateway.socket.isClosed, true);
});

test('disconnect while connecting rejects connect', async () => {
  const { client } = connected();
  const event = next(client, 'connectError');
  const promise = client.connect().catch((error) => error);
  client.disconnect();
  assert.deepEqual(await promise, { code: 'system.disconnect', message: 'Disconnect called' });
  assert.deepEqual(await event, await promise);
});

test('a connection that fails rejects connect and what waits for it, and may be tried again', async () => {
  const { client, gateway } = connected(counter());
  const open = gateway.factory;
  client.wsFactory = () => {
    const socket = open();
    socket.onopen = undefined;
    queueMicrotask(() => socket.fail());
    return socket;
  };
  const failure = await client.connect().catch((error) => error);
  assert.deepEqual(
    [failure.code, failure.message, failure.data.type],
    ['system.connectionError', 'Connection error', 'error'],
  );
  const refused = await client.call('counter', 'x').catch((error) => error);
  assert.equal(refused.code, 'system.connectionError');
  client.wsFactory = open;
  await client.connect();
  assert.equal((await client.get('counter')).n, 1);
  client.disconnect();
});

test('a factory that throws is a connection that fails', async () => {
  const failure = new Error('no sockets here');
  let fail = true;
  const { gateway } = connected(counter());
  const client = new ResClient(() => {
    if (fail) throw failure;
    return gateway.factory();
  });
  const error = await client.connect().catch((e) => e);
  assert.deepEqual([error.code, error.data], ['system.connectionError', failure]);
  const call = await client.call('counter', 'x').catch((e) => e);
  assert.equal(call.code, 'system.connectionError');
  fail = false;
  await client.connect();
  client.disconnect();
});

test('a server that goes away during the handshake rejects connect', async () => {
  const { client, gateway } = connected();
  gateway.answers.set('version', null);
  const asked = gateway.request('version');
  const promise = client.connect().catch((error) => error);
  await asked;
  gateway.socket.lose();
  assert.equal((await promise).code, 'system.connectionError');
});

test('an old socket has no say in a new connection', async () => {
  const { client, gateway } = connected();
  client.connect();
  const [old] = gateway.sockets;
  client.disconnect();
  const promise = client.connect();
  old.onerror?.({ type: 'error' });
  old.onclose?.({ type: 'close' });
  await promise;
  assert.equal(client.ws, gateway.sockets[1]);
  client.disconnect();
});

test('onConnect may ask for things, one after the other, before the subscriptions are renewed', async () => {
  const { client, gateway } = connected(counter());
  const order = [];
  let connectedInside;
  client.setOnConnect(async (self) => {
    assert.equal(self, client);
    connectedInside = client.connected;
    await client.authenticate('counter', 'first');
    await client.authenticate('counter', 'second');
    order.push('done');
  });
  const model = await client.get('counter');
  model.on('change', () => {});
  const methods = gateway.requests.map(({ method }) => method);
  assert.deepEqual(methods, ['version', 'auth.counter.first', 'auth.counter.second', 'subscribe.counter']);
  assert.equal(connectedInside, true);
  gateway.requests.length = 0;
  const renewed = gateway.request('subscribe.counter');
  gateway.socket.lose();
  await renewed;
  assert.deepEqual(
    gateway.requests.map(({ method }) => method),
    methods,
  );
  assert.equal(order.length, 2);
  client.disconnect();
});

test('an onConnect that fails is a connection that fails', async () => {
  for (const onConnect of [
    () => {
      throw new Error('not today');
    },
    () => Promise.reject(new Error('not today')),
  ]) {
    const { client, gateway } = connected({}, { onConnect });
    const errors = await withErrors(async () => {
      const failure = await client.connect().catch((error) => error);
      assert.deepEqual([failure.code, failure.data.message], ['system.connectionError', 'not today']);
    });
    assert.equal(errors.length, 1);
    assert.equal(client.connected, false);
    assert.equal(gateway.sockets.length, 1);
  }
});

test('frames that make no sense do no harm', async () => {
  const { client, gateway } = connected(counter());
  const model = await client.get('counter');
  model.on('change', () => {});
  const frames = ['', '{', '[]', 'null', '{"id":999,"result":null}', '{"event":"who.knows"}', '{"event":1}'];
  for (const frame of [...frames, '{"event":"counter.change","data":{"values":7}}', new ArrayBuffer(8)]) {
    // Some of them make the client connect anew, because it cannot know any more what it has missed.
    await client.connect();
    gateway.socket.onmessage({ data: frame });
  }
  await client.connect();
  const changed = next(model, 'change');
  gateway.resources.set('counter', { model: { n: 5, same: 'x' } });
  gateway.socket.lose();
  assert.deepEqual(await changed, { n: 1 });
  assert.equal(model.n, 5);
  client.disconnect();
});

test('resource IDs like names of members of Object are resource IDs', async () => {
  const resources = Object.fromEntries(
    ['constructor', 'toString', 'hasOwnProperty'].map((rid) => [rid, { model: { rid } }]),
  );
  const { client } = connected(resources);
  for (const rid of Object.keys(resources)) assert.equal((await client.get(rid)).props.rid, rid);
  client.disconnect();
});

test('a subscription the gateway ends is told with the reason, and taken up again', async () => {
  const { client, gateway } = connected(counter());
  const model = await client.get('counter');
  const ended = next(model, 'unsubscribe');
  model.on('change', () => {});
  const again = gateway.request('subscribe.counter');
  gateway.socket.direct.delete('counter');
  gateway.event('counter', 'unsubscribe', { reason: { code: 'system.accessDenied', message: 'Access denied' } });
  const { item, reason } = await ended;
  assert.deepEqual([item, reason.code, reason.rid], [model, 'system.accessDenied', 'counter']);
  await again;
  client.disconnect();
});

test('a page that is online or looked at again connects at once', () =>
  inPage(async (page) => {
    const hour = 3_600_000;
    const { client, gateway } = connected(
      { m: { model: { n: 1 } } },
      { reconnectDelay: hour, reconnectDelayMax: hour },
    );
    (await client.get('m')).on('change', () => {});
    for (const event of ['online', 'pageshow', 'visibilitychange']) {
      gateway.socket.lose();
      assert.equal(client.state.state, 'waiting');
      document.visibilityState = 'hidden';
      page.dispatchEvent(new Event(event));
      assert.equal(client.state.state, 'waiting', 'nobody looks');
      document.visibilityState = 'visible';
      page.dispatchEvent(new Event(event));
      assert.equal(client.state.state, 'connecting');
      await next(client, 'connect');
    }
    const { sockets } = gateway;
    page.dispatchEvent(new Event('online'));
    assert.equal(sockets.length, 4, 'a connection that is there is left alone');
    gateway.socket.lose();
    client.disconnect();
    page.dispatchEvent(new Event('online'));
    assert.equal(sockets.length, 4, 'as is who wants none');
  }));

test('a page that is left closes its socket if it may be kept, and only then', () =>
  inPage(async (page) => {
    const leave = (persisted) => page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted }));
    const { client, gateway } = connected({ m: { model: { n: 1 } } });
    const model = await client.get('m');
    model.on('change', () => {});
    leave(false);
    assert.equal(gateway.socket.isClosed, false, 'what is under way from a page that ends is left alone');
    leave(true);
    assert.equal(gateway.socket.isClosed, true);
    gateway.socket.lose(1005);
    assert.equal(client.state.state, 'waiting');
    gateway.resources.set('m', { model: { n: 2 } });
    const changed = next(model, 'change');
    page.dispatchEvent(new Event('pageshow'));
    await changed;
    assert.equal(model.n, 2);
    const { socket } = gateway;
    client.disconnect();
    socket.isClosed = false;
    leave(true);
    assert.equal(socket.isClosed, false, "it is no longer the client's");
  }));

test('on a socket that is closing nothing is sent, and what was to be is told that it was not', async () => {
  const { client, gateway } = connected({ m: { model: { n: 1 } } });
  await client.get('m');
  gateway.socket.readyState = 2;
  const call = client.call('m', 'set').catch(({ code }) => code);
  const sent = gateway.request('call.m.set').then(() => 'sent');
  const done = new Promise((resolve) => setTimeout(resolve, 0, 'nothing'));
  assert.equal(await Promise.race([sent, done]), 'nothing');
  gateway.socket.lose();
  assert.equal(await call, 'system.disconnect');
  client.disconnect();
});

/** Runs something where there is a page. */
async function inPage(run) {
  const page = new EventTarget();
  const globals = {
    addEventListener: (...args) => page.addEventListener(...args),
    removeEventListener: (...args) => page.removeEventListener(...args),
    document: { visibilityState: 'visible', baseURI: 'http://page/' },
  };
  const before = Object.keys(globals).map((name) => [name, globalThis[name]]);
  Object.assign(globalThis, globals);
  try {
    await run(page);
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete globalThis[name];
      else globalThis[name] = value;
    }
  }
}

test('what waits for a connection that does not come about is told what the socket said', async () => {
  const { client, gateway } = connected(counter());
  const event = { type: 'error' };
  const asked = [client.get('counter'), client.call('counter', 'x')].map((promise) => promise.catch((error) => error));
  gateway.socket.onerror(event);
  for (const error of await Promise.all(asked)) {
    assert.deepEqual([error.code, error.message, error.data], ['system.connectionError', 'Connection error', event]);
  }
});

test('what waits when disconnect is called is told so', async () => {
  const { client } = connected(counter());
  const asked = [client.get('counter'), client.call('counter', 'x')].map((promise) => promise.catch((error) => error));
  client.disconnect();
  for (const error of await Promise.all(asked)) {
    assert.deepEqual([error.code, error.message, error.data], ['system.disconnect', 'Disconnect called', undefined]);
  }
});

test('a legacy gateway answers with the payload itself, also to set', async () => {
  const { client, gateway } = connected(counter());
  gateway.answers.set('version', () => ({ error: { code: 'system.invalidRequest', message: 'Invalid request' } }));
  gateway.answers.set('call.counter.set', () => ({ result: null }));
  gateway.answers.set('call.counter.get', () => ({ result: { payload: 1 } }));
  assert.equal(await client.setModel('counter', { n: 2 }), null);
  assert.deepEqual(await client.call('counter', 'get'), { payload: 1 });
  client.disconnect();
});
