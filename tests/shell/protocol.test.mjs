import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, exported, next, recorded } from './support/client.mjs';

const { isResError, ResModel, ResRef } = exported;

const models = () => ({ a: { model: { n: 1 } }, b: { model: { n: 2 } } });

test('all subscriptions to a resource are given back by one request, or by one each to an old gateway', async () => {
  for (const [protocol, expected] of [
    ['1.2.3', [{ count: 3 }]],
    ['1.2.1', [{ count: 3 }]],
    ['1.2.0', [undefined, undefined, undefined]],
  ]) {
    const { client, gateway } = connected(models());
    gateway.protocol = protocol;
    gateway.answers.set('call.any.a', () => ({ result: { rid: 'a' } }));
    const model = (await client.get('a')).on();
    for (let n = 0; n < 2; n++) assert.equal(await client.call('any', 'a'), model);
    const first = gateway.request('unsubscribe.a');
    model.off();
    await first;
    await client.call('any', 'thing');
    const sent = gateway.requests.filter(({ method }) => method === 'unsubscribe.a');
    assert.deepEqual(
      sent.map(({ params }) => params),
      expected,
      protocol,
    );
    assert.deepEqual(client.inspect().resources, []);
    client.disconnect();
  }
});

test('create sends the request new, and resolves with what was created', async () => {
  const { client, gateway } = connected(models());
  gateway.answers.set('new.list', ({ n }) => {
    gateway.resources.set('made', { model: { n } });
    return { result: { rid: 'made', ...gateway.set(['made']) } };
  });
  const made = await client.create('list', { n: 5 });
  assert.ok(made instanceof ResModel);
  assert.deepEqual([made.getResourceId(), made.n], ['made', 5]);
  gateway.event('made', 'change', { values: { n: 6 } });
  assert.equal(made.n, 6);
  client.disconnect();
});

test('a soft reference shows its resource ID, and is asked for when it is followed', async () => {
  const { client, gateway } = connected({
    m: { model: { ref: { rid: 'a', soft: true } } },
    list: { collection: [{ rid: 'a', soft: true }] },
    ...models(),
  });
  const soft = [(await client.get('m')).ref, (await client.get('list')).atIndex(0)];
  for (const ref of soft) {
    assert.ok(ref instanceof ResRef);
    assert.equal(ref.rid, 'a');
  }
  assert.ok(soft[0].equals(soft[1]));
  assert.deepEqual([gateway.count('subscribe.a'), client.getCached('a')], [0, undefined]);
  const found = await soft[0].get();
  assert.deepEqual([found.n, gateway.count('subscribe.a')], [1, 1]);
  assert.equal(await client.get('a'), found);
  client.disconnect();
});

test('data may be nested as deep as gateways take it, and stays equal over a new connection', async () => {
  const { client, gateway, delivered } = connected();
  const deep = (leaf) => '[{"":'.repeat(4_990) + leaf + '}]'.repeat(4_990);
  const innermost = (value) => {
    while (typeof value === 'object') value = value[0][''];
    return value;
  };
  // Written by hand, for JSON.stringify does not go so deep.
  const answer = ({ id }, n) =>
    gateway.socket.deliver(`{"id":${id},"result":{"models":{"m":{"d":{"data":${deep(1)}},"n":${n}}}}}`);
  gateway.answers.set('subscribe.m', null);
  let subscribed = gateway.request('subscribe.m');
  const got = client.get('m');
  answer(await subscribed, 1);
  const model = await got;
  assert.equal(innermost(model.d), 1);
  const changes = recorded(model, 'change');

  subscribed = gateway.request('subscribe.m');
  gateway.socket.lose();
  answer(await subscribed, 2);
  await delivered();
  assert.deepEqual(changes, [['change', { n: 1 }]]);
  gateway.socket.deliver(`{"event":"m.change","data":{"values":{"d":{"data":${deep(3)}}}}}`);
  await delivered();
  assert.deepEqual([innermost(model.d), innermost(changes[1][1].d)], [3, 1]);
  assert.equal(client.inspect().counters.malformed, 0);
  client.disconnect();
});

test('data is replaced as a whole, and what was there before is left as it was', async () => {
  const { client, gateway, delivered } = connected({
    m: { model: { d: { data: { deep: [1, { x: 1 }] } }, n: { data: 12 }, rid: { data: { rid: 'a' } } } },
  });
  const model = await client.get('m');
  const changes = recorded(model, 'change');
  assert.deepEqual([model.n, model.rid], [12, { rid: 'a' }]);
  const before = model.d;
  gateway.event('m', 'change', { values: { d: { data: { deep: [1, { x: 2 }] } }, n: 12 } });
  await delivered();
  assert.deepEqual(model.d, { deep: [1, { x: 2 }] });
  assert.notEqual(model.d, before);
  assert.equal(changes[0][1].d, before);
  assert.deepEqual(changes, [['change', { d: { deep: [1, { x: 1 }] } }]], 'a primitive is the same, wrapped or not');
  client.disconnect();
});

test('custom events have the data that was sent, whatever it is; so have create and delete', async () => {
  const { client, gateway, delivered } = connected(models());
  const model = await client.get('a');
  const events = recorded(model, null);
  const sent = [null, 0, '', false, 'text', [], { values: { n: 7 } }, { rid: 'b' }];
  for (const data of sent) gateway.event('a', 'custom', data);
  gateway.event('a', 'create', null);
  gateway.event('a', 'delete', { why: 1 });
  await delivered();
  assert.deepEqual(events, [...sent.map((data) => ['custom', data]), ['create', null], ['delete', { why: 1 }]]);
  assert.equal(model.n, 1);
  client.disconnect();
});

test('a deleted resource stays readable, tells that it was deleted, changes no more, and can be had anew', async () => {
  const { client, gateway, delivered } = connected(models(), { subscribeStaleDelay: 0 });
  const model = await client.get('a');
  const events = [];
  model.on(null, (data, _model, _event, action) => events.push([action, data?.reason?.code]));
  gateway.socket.direct.delete('a');
  gateway.event('a', 'delete', null);
  gateway.event('a', 'unsubscribe', { reason: { code: 'system.deleted', message: 'Deleted' } });
  await delivered();
  assert.deepEqual(events, [
    ['delete', undefined],
    ['unsubscribe', 'system.deleted'],
  ]);
  assert.equal(model.n, 1);
  assert.equal(client.inspect().resources[0].stale, true);
  gateway.resources.delete('a');
  await assert.rejects(client.get('a'), { code: 'system.notFound' });
  assert.equal(model.n, 1);
  client.disconnect();
});

test('the connection ID stands in a resource ID as a tag, also in events', async () => {
  const { client, gateway } = connected({ 'user.{cid}': { model: { n: 1, self: { rid: 'user.{cid}' } } } });
  const user = (await client.get('user.{cid}')).on();
  assert.equal(gateway.count('subscribe.user.{cid}'), 1);
  assert.deepEqual([user.getResourceId(), user.self === user], ['user.{cid}', true]);
  gateway.event('user.{cid}', 'change', { values: { n: 2 } });
  assert.equal(user.n, 2);
  client.disconnect();
});

test('two spellings of a query are two resources, and both stay live', async () => {
  const spellings = ['list?from=0&to=9', 'list?to=9&from=0'];
  const { client, gateway } = connected(Object.fromEntries(spellings.map((rid) => [rid, { collection: ['x'] }])));
  const lists = await Promise.all(spellings.map((rid) => client.get(rid)));
  assert.notEqual(lists[0], lists[1]);
  for (const list of lists) list.on();
  for (const rid of spellings) gateway.event(rid, 'add', { idx: 1, value: 'y' });
  for (const list of lists) assert.deepEqual(list.list, ['x', 'y']);
  const back = next(client, 'connect');
  for (const rid of spellings) gateway.resources.set(rid, { collection: ['z'] });
  gateway.socket.lose();
  await back;
  await client.call('any', 'thing');
  for (const list of lists) assert.deepEqual(list.list, ['z']);
  client.disconnect();
});

test('a call may answer with a resource that could not be had', async () => {
  const { client, gateway } = connected(models());
  const errors = { gone: { code: 'system.notFound', message: 'Not found' } };
  gateway.answers.set('call.any.gone', () => ({ result: { rid: 'gone', errors } }));
  const error = await client.call('any', 'gone');
  assert.ok(isResError(error));
  assert.equal(error.code, 'system.notFound');
  client.disconnect();
});

test('the debug callback sees every frame, and without one nothing is logged', async () => {
  const logged = [];
  const { debug } = console;
  console.debug = (...args) => logged.push(args);
  try {
    for (const option of [(_type, message) => logged.push([message]), true, undefined]) {
      const { client, gateway } = connected(models(), option && { debug: option });
      const frames = [];
      const open = client.wsFactory;
      client.wsFactory = () => {
        const socket = open();
        const { send, deliver } = socket;
        socket.send = (text) => send.call(socket, (frames.push(text), text));
        socket.deliver = (message) => deliver.call(socket, (frames.push(JSON.stringify(message)), message));
        return socket;
      };
      await client.get('a');
      gateway.event('a', 'custom', 1);
      await client.call('a', 'm');
      client.disconnect();
      assert.equal(frames.length, 7);
      const messages = logged.splice(0).map(([message]) => message);
      const traffic = messages.filter((message) => /^(<==|==>|-->)/.test(message));
      const seen = traffic.map((message) => message.replace(/^(<==|==>) \d+:|^--> /, ''));
      assert.deepEqual(seen, option ? frames : []);
      if (!option) assert.deepEqual(messages, []);
    }
  } finally {
    console.debug = debug;
  }
});
