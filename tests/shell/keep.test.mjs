import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, next } from './support/client.mjs';

const models = () => ({ a: { model: { n: 1 } }, broken: { error: { code: 'system.notFound', message: 'Not found' } } });
const cached = (client, rid) => client.inspect().resources.find((resource) => resource.rid === rid);

test('a resource that is kept stays subscribed without a listener, and goes when it is not', async () => {
  const { client, gateway } = connected(models());
  const model = await client.get('a');
  client.keep('a');
  client.keep('a');
  model.on().off();
  assert.equal(cached(client, 'a').direct, 1);
  gateway.event('a', 'change', { values: { n: 2 } });
  assert.equal(model.n, 2);
  const unsubscribed = gateway.request('unsubscribe.a');
  client.unkeep('a');
  client.unkeep('a');
  await unsubscribed;
  client.disconnect();
});

test('a resource that is kept is renewed with the connection', async () => {
  const { client, gateway } = connected(models());
  const model = await client.get('a');
  client.keep('a');
  gateway.resources.set('a', { model: { n: 2 } });
  const renewed = gateway.request('subscribe.a');
  gateway.socket.lose();
  await renewed;
  while (client.state.state !== 'connected') await next(client, 'state');
  assert.equal(model.n, 2);
  client.disconnect();
});

test('what is not cached cannot be kept', () => {
  const { client } = connected();
  for (const method of ['keep', 'unkeep']) {
    assert.throws(() => client[method]('a'), { message: 'Resource a not found in cache' });
    assert.throws(() => client[method](''), { message: 'Invalid resource ID' });
  }
});

test('subscribe tells of the resource and of each of its events, until it is ended', async () => {
  const { client, gateway, delivered } = connected(models());
  const seen = [];
  let loaded;
  const first = new Promise((resolve) => (loaded = resolve));
  const unsubscribe = client.subscribe('a', ({ n }) => loaded(seen.push(n)));
  await first;
  gateway.event('a', 'change', { values: { n: 2 } });
  gateway.event('a', 'change', { values: { n: 3 } });
  await delivered();
  assert.deepEqual(seen, [1, 3, 3]);
  unsubscribe();
  unsubscribe();
  await gateway.request('unsubscribe.a');
  assert.deepEqual(seen, [1, 3, 3]);
  client.disconnect();
});

test('subscribe ended before the resource comes tells nothing and keeps nothing', async () => {
  const { client, gateway } = connected(models());
  const told = [];
  const unsubscribe = client.subscribe(
    'a',
    ({ n }) => told.push(n),
    ({ code }) => told.push(code),
  );
  unsubscribe();
  await gateway.request('unsubscribe.a');
  assert.deepEqual(told, []);
  client.disconnect();
});

test('subscribe tells why a resource could not be had, and asks for it again on the next connection', async () => {
  const { client, gateway } = connected(models());
  client.keep((await client.get('a')).getResourceId());
  const unsubscribe = client.subscribe('broken', resolved, refused);
  let told;
  let failed;
  function resolved(model) {
    told(model.n);
  }
  function refused(error) {
    failed(error.code);
  }
  assert.equal(await new Promise((resolve) => (failed = resolve)), 'system.notFound');
  gateway.resources.set('broken', { model: { n: 7 } });
  const again = new Promise((resolve) => (told = resolve));
  gateway.socket.lose();
  assert.equal(await again, 7);
  unsubscribe();
  client.disconnect();
});

test('subscribe does not connect again for what was refused, but asks on the next connection', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { client, gateway } = connected(models(), { eventBus: undefined });
  const told = [];
  const refused = new Promise((resolve) => client.subscribe('broken', ({ n }) => told.push(n), resolve));
  assert.equal((await refused).code, 'system.notFound');
  client.disconnect();
  context.mock.timers.tick(1_000_000);
  assert.equal(gateway.sockets.length, 1);
  context.mock.timers.reset();
  gateway.resources.set('broken', { model: { n: 7 } });
  await client.connect();
  await gateway.request('subscribe.broken');
  client.disconnect();
});

test('subscribe asks again for what the gateway takes away in the task in which it comes', async () => {
  const { client, gateway } = connected(models());
  gateway.answers.set('subscribe.a', null);
  const { setTimeout, setImmediate } = globalThis;
  // The wait before asking again is no reason for a process to go on; what stands in for it here is one.
  globalThis.setTimeout = (run, delay) => (delay === 10_000 ? (setImmediate(run), {}) : setTimeout(run, delay));
  try {
    let told;
    const found = new Promise((resolve) => (told = resolve));
    const errors = [];
    const unsubscribe = client.subscribe('a', told, ({ code, rid }) => errors.push([code, rid]));
    const { id } = await gateway.request('subscribe.a');
    gateway.answers.delete('subscribe.a');
    gateway.socket.deliver({ id, result: gateway.set(['a']) });
    gateway.event('a', 'unsubscribe', { reason: { code: 'system.accessDenied', message: 'Access denied' } });
    assert.equal((await found).n, 1);
    assert.deepEqual(errors, [['system.noSubscription', 'a']]);
    unsubscribe();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  client.disconnect();
});

test('who keeps a client connected has it try again also when the first attempt fails', async () => {
  const { client, gateway } = connected(models());
  const open = gateway.factory;
  let attempts = 0;
  client.wsFactory = () => {
    attempts += 1;
    if (attempts < 4) throw new Error('not yet');
    return open();
  };
  let told;
  const seen = new Promise((resolve) => (told = resolve));
  const failures = [];
  const unsubscribe = client.subscribe(
    'a',
    ({ n }) => told(n),
    (error) => failures.push(error.code),
  );
  assert.equal(await seen, 1);
  assert.equal(attempts, 4);
  assert.deepEqual([...new Set(failures)], ['system.connectionError']);
  unsubscribe();
  client.disconnect();

  const release = client.keepConnected();
  const another = client.keepConnected();
  release();
  release();
  client.wsFactory = () => {
    throw new Error('never');
  };
  await client.connect().catch(() => {});
  assert.equal(client.state.state, 'waiting');
  another();
  while (client.state.state !== 'closed') await next(client, 'state');
});

test('what is kept is kept also when it becomes a resource of another kind', async () => {
  const { client, gateway } = connected(models());
  await client.get('a');
  client.keep('a');
  gateway.resources.set('a', { collection: [1] });
  gateway.socket.lose();
  while (client.state.state !== 'connected') await next(client, 'state');
  assert.deepEqual(client.getCached('a').list, [1]);
  assert.equal(cached(client, 'a').direct, 1);
  const unsubscribed = gateway.request('unsubscribe.a');
  client.unkeep('a');
  await unsubscribed;
  client.disconnect();
});

test('subscribe follows a resource that becomes one of another kind, and tells when it is taken away', async () => {
  const { client, gateway } = connected(models());
  const told = [];
  let wake = () => {};
  const until = async (count) => {
    while (told.length < count) await new Promise((resolve) => (wake = resolve));
  };
  const tell = (what) => {
    told.push(what);
    wake();
  };
  const unsubscribe = client.subscribe(
    'a',
    (item) => tell(item.list ?? item.n),
    (error) => tell(error.code),
  );
  await until(1);
  gateway.resources.set('a', { collection: [1] });
  gateway.socket.lose();
  await until(2);
  gateway.event('a', 'unsubscribe', { reason: { code: 'system.accessDenied', message: 'Denied' } });
  await until(3);
  assert.deepEqual(told, [1, [1], 'system.accessDenied']);
  unsubscribe();
  client.disconnect();
});

test('what a listener of subscribe throws is logged, and keeps nobody from hearing more', async () => {
  const { client, gateway } = connected(models());
  let told;
  const twice = new Promise((resolve) => (told = resolve));
  let count = 0;
  const { error } = console;
  const logged = [];
  console.error = (e) => logged.push(e.message);
  try {
    const unsubscribe = client.subscribe('a', () => {
      if (++count === 2) told();
      throw new Error('not today');
    });
    await client.get('a');
    gateway.event('a', 'change', { values: { n: 2 } });
    await twice;
    unsubscribe();
  } finally {
    console.error = error;
  }
  assert.deepEqual(logged, ['not today', 'not today']);
  client.disconnect();
});
