import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { ResClient, connected, exported, next, recorded } from './support/client.mjs';

const { EventBus, isResError, ResCollection, ResError, ResModel, ResRef } = exported;

const library = () => ({
  'library.books': { collection: [{ rid: 'library.book.1' }, { rid: 'library.book.2' }] },
  'library.book.1': { model: { title: 'One', next: { rid: 'library.book.2' } } },
  'library.book.2': { model: { title: 'Two', next: { rid: 'library.book.1' } } },
  'library.book.3': { model: { title: 'Three' } },
  'example.model': { model: { message: 'Hello, World!' } },
});

test('a model is got, read, listened to and left, as in the articles about Resgate', async () => {
  const { client, gateway, delivered } = connected(library());
  const changes = [];
  let model;
  const handler = (changed, target) => changes.push([changed, target === model, target.message]);
  await client.get('example.model').then((got) => {
    model = got;
    assert.equal(model.message, 'Hello, World!');
    model.on('change', handler);
  });
  gateway.event('example.model', 'change', { values: { message: 'Changed' } });
  assert.equal(model.message, 'Changed');
  await delivered();
  assert.deepEqual(changes, [[{ message: 'Hello, World!' }, true, 'Changed']]);

  const unsubscribed = gateway.request('unsubscribe');
  model.off('change', handler);
  assert.equal((await unsubscribed).method, 'unsubscribe.example.model');
  client.disconnect();
});

test('a collection is got, and items come and go', async () => {
  const { client, gateway, delivered } = connected(library());
  const books = await client.get('library.books');
  assert.ok(books instanceof ResCollection);
  assert.deepEqual(
    books.toArray().map(({ title }) => title),
    ['One', 'Two'],
  );
  const log = recorded(books, 'add remove');
  const added = { value: { rid: 'library.book.3' }, idx: 1, ...gateway.set(['library.book.3']) };
  gateway.event('library.books', 'add', added);
  gateway.event('library.books', 'remove', { idx: 0 });
  await delivered();
  assert.deepEqual(
    log.map(([event, { item, idx }]) => [event, item.title, idx]),
    [
      ['add', 'Three', 1],
      ['remove', 'One', 0],
    ],
  );
  assert.deepEqual(
    books.list.map(({ title }) => title),
    ['Three', 'Two'],
  );
  assert.equal(books.atIndex(1).next.title, 'One');
  client.disconnect();
});

test('nothing happens before the first use, and then the socket is made at once', () => {
  const { client, gateway } = connected();
  assert.deepEqual(client.state, { state: 'idle' });
  assert.equal(gateway.sockets.length, 0);
  assert.deepEqual(client.inspect().resources, []);
  client.disconnect();
  void client.connect();
  assert.equal(gateway.sockets.length, 1);
  assert.equal(client.ws, gateway.socket);
  assert.deepEqual(client.state, { state: 'connecting' });
  client.disconnect();
  assert.equal(client.ws, null);
});

test('the version is sent inside onopen', () => {
  const { client, gateway } = connected();
  void client.connect();
  const sent = [];
  gateway.socket.send = (text) => sent.push(JSON.parse(text));
  gateway.socket.onopen({ type: 'open' });
  assert.deepEqual(sent, [{ id: 1, method: 'version', params: { protocol: client.supportedProtocol } }]);
  client.disconnect();
});

test('connect answers one promise while connecting and connected', async () => {
  const { client } = connected();
  const states = recorded(client, 'state');
  const promise = client.connect();
  assert.equal(client.connect(), promise);
  const event = next(client, 'connect');
  assert.equal(await promise, undefined);
  assert.equal(client.connect(), promise);
  assert.equal(client.connected, true);
  assert.deepEqual(await event, { type: 'open' });
  assert.deepEqual(
    states.map(([, { state }]) => state),
    ['connecting', 'connected'],
  );
  client.disconnect();
});

test('a connection that a get brought about is a connection', async () => {
  const { client } = connected(library());
  await client.get('example.model');
  assert.equal(client.connected, true);
  await client.connect();
  client.disconnect();
});

test('get answers one promise while it is under way, and one object ever after', async () => {
  const { client, gateway } = connected(library());
  const promise = client.get('example.model');
  assert.equal(client.get('example.model'), promise);
  const model = await promise;
  assert.equal(await client.get('example.model'), model);
  assert.equal(gateway.count('subscribe.example.model'), 1);
  client.disconnect();
});

test('what is cached is there without asking for it, and does not stay for it', async () => {
  const { client, gateway } = connected(library());
  assert.equal(client.getCached('library.books'), undefined, 'nothing is there before the first use');
  const got = client.get('library.books');
  assert.equal(client.getCached('library.books'), undefined, 'what is under way is not there yet');
  const unsubscribed = gateway.request('unsubscribe.library.books');
  const books = await got;
  assert.equal(client.getCached('library.books'), books);
  assert.equal(client.getCached('library.book.1'), books.atIndex(0), 'what is referred to is there as well');
  assert.equal(client.getCached('library.book.99'), undefined);
  await unsubscribed;
  await client.call('library.books', 'thing');
  assert.equal(client.getCached('library.books'), undefined);
});

test('a get that fails is rejected with an error that tells what was asked, and may be tried again', async () => {
  const { client, gateway } = connected(library());
  const error = next(client, 'error');
  const failure = await client.get('library.book.9').catch((e) => e);
  assert.ok(isResError(failure) && failure instanceof ResError && !(failure instanceof Error));
  assert.deepEqual(
    [failure.rid, failure.method, failure.params, failure.code, failure.message, failure.getResourceId()],
    ['library.book.9', 'subscribe.library.book.9', undefined, 'system.notFound', 'Not found', 'library.book.9'],
  );
  assert.equal(await error, failure);
  gateway.resources.set('library.book.9', { model: { title: 'Nine' } });
  assert.equal((await client.get('library.book.9')).title, 'Nine');
  client.disconnect();
});

test('calls send their parameters and resolve with the payload', async () => {
  const { client, gateway } = connected(library());
  gateway.answers.set('call.example.model.double', ({ n }) => ({ result: { payload: 2 * n } }));
  gateway.answers.set('auth.example.model.login', (params) => ({ result: { payload: params } }));
  assert.equal(await client.call('example.model', 'double', { n: 21 }), 42);
  const model = await client.get('example.model');
  assert.equal(await model.call('double', { n: 4 }), 8);
  assert.deepEqual(await model.auth('login', { user: 'me' }), { user: 'me' });
  assert.equal(await client.call('example.model', 'nothing'), null);
  for (const nothing of [undefined, null, 0, '', false]) await client.call('example.model', 'nothing', nothing);
  const sent = gateway.requests.filter(({ method }) => method.endsWith('nothing'));
  assert.ok(sent.length === 6 && sent.every((request) => !('params' in request)));
  client.disconnect();
});

test('a call that fails tells its parameters', async () => {
  const { client, gateway } = connected();
  gateway.answers.set('call.a.b.c', () => ({ error: { code: 'a.b', message: 'No', data: { x: 1 } } }));
  const failure = await client.call('a.b', 'c', { p: 1 }).catch((e) => e);
  assert.deepEqual([failure.rid, failure.method, failure.params], ['a.b', 'call.a.b.c', { p: 1 }]);
  assert.deepEqual([failure.code, failure.message, failure.data], ['a.b', 'No', { x: 1 }]);
  client.disconnect();
});

test('a call may answer with a resource', async () => {
  const { client, gateway } = connected(library());
  gateway.answers.set('call.library.books.new', () => ({
    result: { rid: 'library.book.3', ...gateway.set(['library.book.3']) },
  }));
  const book = await client.call('library.books', 'new', { title: 'Three' });
  assert.ok(book instanceof ResModel);
  assert.equal(book.title, 'Three');
  assert.equal(await client.get('library.book.3'), book);
  client.disconnect();
});

test('set deletes what is undefined, and resolves with the result of the protocol', async () => {
  const { client, gateway } = connected(library());
  gateway.answers.set('call.example.model.set', (params) => ({ result: { payload: params } }));
  const model = await client.get('example.model');
  assert.deepEqual(await model.set({ message: undefined, other: 1 }), {
    payload: { message: { action: 'delete' }, other: 1 },
  });
  client.disconnect();
});

test('what is missing is an error thrown at once', () => {
  const { client } = connected();
  for (const rid of ['', undefined, null, 5, {}, 'a\ud800', '\udc00.a']) {
    assert.throws(() => client.get(rid), /Invalid resource ID/);
    assert.throws(() => client.getCached(rid), /Invalid resource ID/);
    assert.throws(() => client.create(rid), /Invalid resource ID/);
    assert.throws(() => client.call(rid, 'x'), /Invalid resource ID/);
    assert.throws(() => client.setModel(rid, {}), /Invalid resource ID/);
  }
  assert.throws(() => client.call('a.b', ''), /Invalid method/);
  assert.throws(() => client.call('a.b', 5), /Invalid method/);
  assert.throws(() => client.call('a.b', '\ud83d'), /Invalid method/);
  assert.equal(client.getCached('\ud83d\ude00'), undefined);
  assert.throws(() => client.authenticate('a.b'), /Invalid method/);
  assert.throws(() => client.resourceOn('a.b', 'change', () => {}), /Resource a\.b not found in cache/);
  assert.throws(() => new ResClient(), TypeError);
});

test('parameters that are no JSON reject the call', async () => {
  const { client } = connected();
  const loop = {};
  loop.loop = loop;
  await assert.rejects(client.call('a.b', 'c', loop), TypeError);
});

test('custom events, and any event of a resource', async () => {
  const { client, gateway, delivered } = connected(library());
  const model = await client.get('example.model');
  const any = recorded(model, null);
  const custom = recorded(model, 'poked');
  gateway.event('example.model', 'poked', { hard: true });
  gateway.event('example.model', 'change', { values: { message: 'x' } });
  await delivered();
  assert.deepEqual(custom, [['poked', { hard: true }]]);
  assert.deepEqual(
    any.map(([event]) => event),
    ['poked', 'change'],
  );
  client.disconnect();
});

test('a change that changes nothing is no event', async () => {
  const { client, gateway, delivered } = connected(library());
  const model = await client.get('example.model');
  const log = recorded(model, null);
  gateway.event('example.model', 'change', { values: { message: 'Hello, World!' } });
  await delivered();
  assert.deepEqual(log, []);
  client.disconnect();
});

test('events registered together may be removed one by one', async () => {
  const { client, gateway } = connected(library());
  const model = await client.get('example.model');
  const handler = () => {};
  model.on('change poked', handler).on();
  const direct = () => client.inspect().resources.find(({ rid }) => rid === 'example.model').direct;
  assert.equal(direct(), 3);
  model.off('change', handler).off('poked', handler);
  assert.equal(direct(), 1);
  await withErrors(() => assert.throws(() => model.off('change', handler), /Event handler not found/));
  assert.equal(direct(), 1);
  const unsubscribed = gateway.request('unsubscribe');
  model.off();
  await unsubscribed;
  client.disconnect();
});

test('an object that left the cache does not speak for a newer one', async () => {
  const { client, gateway } = connected(library());
  const old = await client.get('example.model');
  const unsubscribed = gateway.request('unsubscribe');
  await unsubscribed;
  const renewed = await until(async () => {
    const model = await client.get('example.model');
    return model !== old && model;
  });
  assert.equal(old.message, 'Hello, World!');
  assert.throws(() => old.on('change', () => {}), /not found in cache/);
  renewed.on('change', () => {});
  client.disconnect();
});

test('the client itself: listeners, options and who it is', async () => {
  const { client, delivered } = connected(library(), { namespace: 'api', reconnectDelay: '5' });
  assert.deepEqual([client.namespace, client.getHostUrl(), client.onConnect], ['api', null, null]);
  const log = recorded(client, 'connect');
  client.off('connect');
  const names = [];
  client.eventBus.on(null, (_data, _target, event) => names.push(event), 'api');
  const model = await client.get('example.model');
  assert.equal(model.getClient(), client);
  await client.connect();
  await delivered();
  assert.deepEqual(log, []);
  assert.ok(names.includes('api.connect'));
  assert.throws(() => new ResClient('ws://localhost', { reconnectDelay: {} }), /Not a number/);
  assert.equal(new ResClient('wss://localhost/x').getHostUrl(), 'wss://localhost/x');
  assert.equal(new ResClient('ws://localhost').eventBus, new ResClient('ws://localhost').eventBus);
  assert.ok(new ResClient('ws://localhost').eventBus instanceof EventBus);
  client.disconnect();
});

test('without a namespace the client and its resources are heard as well', async () => {
  const { client, gateway, delivered } = connected(library(), { namespace: '' });
  const names = [];
  client.on('connect', (_data, _client, event) => names.push(event));
  const model = await client.get('example.model');
  model.on('change', (_data, _model, event) => names.push(event));
  gateway.event('example.model', 'change', { values: { message: 'x' } });
  await delivered();
  assert.deepEqual(names, ['connect', '.resource.example.model.change']);
  client.disconnect();
});

test('a class of the application is used for what matches its pattern', async () => {
  class Book extends ResModel {
    get shout() {
      return this.title.toUpperCase();
    }
  }
  const { client } = connected(library());
  client.registerModelType('library.book.*', (api, rid) => new Book(api, rid));
  const books = await client.get('library.books');
  assert.deepEqual(
    [...books].map(({ shout }) => shout),
    ['ONE', 'TWO'],
  );
  assert.equal(books.atIndex(0).next, books.atIndex(1));
  assert.ok(client.unregisterModelType('library.book.*'));
  client.disconnect();
});

test('a value that does not fit a definition is told as an error, and the rest of the model is there', async () => {
  const { client } = connected({ m: { model: { n: 'x', s: 'ok' } } });
  client.registerModelType('m', (api, rid) => new ResModel(api, rid, { definition: { n: 'number', s: 'string' } }));
  const error = next(client, 'error');
  let model;
  await withErrors(async () => {
    model = await client.get('m');
  });
  assert.deepEqual({ ...model.props }, { n: 0, s: 'ok' });
  assert.match((await error).message, /Not a number format: n of m/);
  client.disconnect();
});

test('soft references, data values and errors in a resource set', async () => {
  const { client } = connected({
    m: {
      model: {
        soft: { rid: 'other', soft: true },
        data: { data: { rid: 'x' } },
        bad: { rid: 'bad' },
        unusual: { rid: 1, data: 5 },
      },
    },
    bad: { error: { code: 'system.accessDenied', message: 'Access denied' } },
    other: { model: { x: 1 } },
  });
  const model = await client.get('m');
  assert.ok(model.soft instanceof ResRef);
  assert.equal((await model.soft.get()).x, 1);
  assert.deepEqual(model.data, { rid: 'x' });
  assert.equal(model.unusual, 5, 'what is no resource ID makes no reference');
  assert.ok(isResError(model.bad));
  assert.equal(model.bad.code, 'system.accessDenied');
  assert.equal('method' in model.bad, false);
  client.disconnect();
});

test('two clients share the engine but nothing else', async () => {
  const [one, two] = [connected({ m: { model: { of: 'one' } } }), connected({ m: { model: { of: 'two' } } })];
  const models = await Promise.all([one.client.get('m'), two.client.get('m')]);
  assert.deepEqual(
    models.map((model) => model.of),
    ['one', 'two'],
  );
  one.gateway.event('m', 'change', { values: { of: 'changed' } });
  assert.deepEqual(
    models.map((model) => model.of),
    ['changed', 'two'],
  );
  one.client.disconnect();
  two.client.disconnect();
});

test('a client may be left and used from inside its handlers', async () => {
  const { client, gateway } = connected(library());
  const model = await client.get('example.model');
  const done = new Promise((resolve) => {
    const handler = async () => {
      model.off('change', handler);
      const book = await client.get('library.book.1');
      client.disconnect();
      resolve(book.title);
    };
    model.on('change', handler);
  });
  gateway.event('example.model', 'change', { values: { message: 'now' } });
  assert.equal(await done, 'One');
});

test('debugging tells what goes over the wire', async () => {
  const log = [];
  const { client, gateway } = connected(library(), { debug: (...told) => log.push(told) });
  await client.get('example.model');
  gateway.event('example.model', 'poked', 1);
  client.disconnect();
  client.disconnect();
  assert.deepEqual(log.map(([type]) => type).slice(0, 6), [
    'open',
    'request',
    'response',
    'request',
    'response',
    'event',
  ]);
  assert.deepEqual(
    log.filter(([type]) => type === 'close'),
    [['close', 'ResClient close', { code: 'system.disconnect', message: 'Disconnect called' }]],
  );
  assert.equal(log[1][1].slice(0, 12), '<== 1:{"id":');
});

/** Asks again, a turn of the event loop later, until the answer is true. */
async function until(ask) {
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('an object that has left the cache is not taken for another resource, not even a frozen one', async () => {
  const { client, gateway } = connected({ a: { model: { n: 1 } }, b: { model: { n: 2 } } });
  const a = Object.freeze(await client.get('a'));
  await gateway.request('unsubscribe.a');
  await client.call('any', 'thing');
  await client.get('b');
  assert.throws(() => a.on('change', () => {}), { message: 'Resource a not found in cache' });
  assert.equal(client.inspect().resources.find(({ rid }) => rid === 'b').direct, 0);
  client.disconnect();
});
