import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected, exported, next, recorded } from './support/client.mjs';

const { ResModel } = exported;

// What npm resclient 2.5 shows wrongly, loses or keeps for ever.

const cached = (client, rid) => client.inspect().resources.find((resource) => resource.rid === rid);

/** Runs something in which nothing may be logged as an error. */
async function quietly(run) {
  assert.deepEqual(await withErrors(run), []);
}

/** Loses the connection and resolves when everything has been compared on a new one. */
async function reconnected(client, gateway, whileDown) {
  const back = next(client, 'connect');
  gateway.socket.lose();
  whileDown();
  await back;
  // Answered after all that was asked for before.
  await client.call('any', 'thing');
}

function permutations(list) {
  if (list.length < 2) return [list];
  return list.flatMap((first, at) => permutations(list.toSpliced(at, 1)).map((rest) => [first, ...rest]));
}

test('items nobody listens to that moved while the connection was down are where they belong', async () => {
  const rids = ['a', 'b', 'c', 'd', 'e'];
  const references = (order) => ({ collection: order.map((rid) => ({ rid })) });
  const models = Object.fromEntries(rids.map((rid) => [rid, { model: { rid, n: 0 } }]));
  const { client, gateway } = connected({ list: references(rids), ...models });
  await quietly(async () => {
    const list = (await client.get('list')).on();
    for (const order of permutations(rids)) {
      await reconnected(client, gateway, () => gateway.resources.set('list', references(order)));
      assert.deepEqual(
        list.list.map((model) => model.props.rid),
        order,
      );
    }
    gateway.event('a', 'change', { values: { n: 1 } });
    assert.equal(list.list.find((model) => model.props.rid === 'a').n, 1, 'they stay live');
  });
  assert.equal(gateway.count('subscribe.list'), gateway.sockets.length, 'one subscription for each connection');
  assert.equal(cached(client, 'list').subscribed, 1);
  client.disconnect();
});

test('a model is replaced by one that it alone referred to', async () => {
  const { client, gateway, delivered } = connected({
    list: { model: { head: { rid: 'a' } } },
    a: { model: { next: { rid: 'b' } } },
    b: { model: { n: 1 } },
  });
  await quietly(async () => {
    const list = await client.get('list');
    const changes = recorded(list, 'change');
    const { head } = list;
    gateway.event('list', 'change', { values: { head: { rid: 'b' } } });
    await delivered();
    assert.equal(list.head.n, 1);
    assert.equal(changes[0][1].head, head);
    gateway.event('b', 'change', { values: { n: 2 } });
    assert.equal(list.head.n, 2);
    assert.deepEqual([cached(client, 'a'), cached(client, 'b').indirect], [undefined, 1]);
  });
  client.disconnect();
});

test('an object and an array that look alike are different values', async () => {
  const alike = [{}, [], { 0: 'x' }, ['x'], { length: 0 }, { a: {} }, { a: [] }];
  const { client, gateway, delivered } = connected({ m: { model: { v: { data: alike.at(-1) } } } });
  const model = await client.get('m');
  const changes = recorded(model, 'change');
  for (const data of [...alike, ...alike.toReversed()]) {
    const old = model.v;
    const isSame = old === alike.at(-1) || JSON.stringify(old) === JSON.stringify(data);
    gateway.event('m', 'change', { values: { v: { data } } });
    await delivered();
    assert.deepEqual(model.v, data);
    assert.deepEqual(changes.splice(0), isSame ? [] : [['change', { v: old }]]);
  }
  for (const data of [[], {}, ['x'], { 0: 'x' }]) {
    await reconnected(client, gateway, () => gateway.resources.set('m', { model: { v: { data } } }));
    assert.deepEqual(model.v, data, 'and so they are when the connection was down');
  }
  client.disconnect();
});

test('a model that contains itself is replaced by another of the same shape', async () => {
  const loop = (rid) => ({ [rid]: { model: { me: { rid } } } });
  const pair = (one, two) => ({ [one]: { model: { to: { rid: two } } }, [two]: { model: { to: { rid: one } } } });
  const { client, gateway, delivered } = connected({
    m: { model: { self: { rid: 'a' }, pair: { rid: 'p.1' } } },
    ...loop('a'),
    ...pair('p.1', 'p.2'),
  });
  await quietly(async () => {
    const model = await client.get('m');
    const changes = recorded(model, 'change');
    const before = { self: model.self, pair: model.pair };
    assert.equal(before.pair.to.to, before.pair);
    for (const [rid, resource] of Object.entries({ ...loop('b'), ...pair('q.1', 'q.2') })) {
      gateway.resources.set(rid, resource);
    }
    const values = { self: { rid: 'b' }, pair: { rid: 'q.1' } };
    gateway.event('m', 'change', { values, ...gateway.set(['b', 'q.1', 'q.2']) });
    await delivered();
    assert.deepEqual([model.self.getResourceId(), model.pair.getResourceId()], ['b', 'q.1']);
    assert.equal(changes.length, 1);
    assert.ok(changes[0][1].self === before.self && changes[0][1].pair === before.pair);
    assert.deepEqual(
      [cached(client, 'a'), cached(client, 'p.1'), cached(client, 'p.2')],
      [undefined, undefined, undefined],
    );
  });
  client.disconnect();
});

test('what members refer to whose names are taken is there as long as they are, and is released with them', async () => {
  const names = [
    '_x',
    'on',
    'off',
    'set',
    'call',
    'props',
    'toJSON',
    '_props',
    '_rid',
    '_api',
    'constructor',
    '__proto__',
  ];
  const holder = {};
  const resources = { m: { model: holder } };
  for (const name of names) {
    Object.defineProperty(holder, name, { value: { rid: `of.${name}` }, enumerable: true, configurable: true });
    resources[`of.${name}`] = { model: { n: 1 } };
  }
  const { client, gateway } = connected(resources);
  const model = (await client.get('m')).on();
  assert.deepEqual(Object.keys(model.props), names);
  for (const name of names) {
    assert.equal(model.props[name].n, 1, name);
    gateway.event(`of.${name}`, 'change', { values: { n: 2 } });
    assert.equal(client.getCached(`of.${name}`).n, 2, name);
  }
  const values = Object.fromEntries(names.map((name) => [name, null]));
  gateway.resources.set('m', { model: values });
  gateway.event('m', 'change', { values });
  assert.deepEqual(
    client.inspect().resources.map(({ rid }) => rid),
    ['m'],
  );
  for (const name of names) gateway.resources.set(`of.${name}`, { model: { n: 3 } });
  for (const name of names) {
    assert.equal((await client.get(`of.${name}`)).n, 3);
    assert.equal(gateway.count(`subscribe.of.${name}`), 1);
  }
  client.disconnect();
});

test('a resource in a field of a class is not owned by it', async () => {
  class Page extends ResModel {
    selected = null;
  }
  const { client, gateway } = connected({ page: { model: { n: 1 } }, item: { model: { n: 1 } } });
  client.registerModelType('page', (api, rid) => new Page(api, rid));
  await quietly(async () => {
    const item = (await client.get('item')).on();
    const page = (await client.get('page')).on();
    page.selected = item;
    gateway.event('page', 'change', { values: { n: 2 } });
    const { direct, indirect, subscribed } = cached(client, 'item');
    assert.deepEqual({ direct, indirect, subscribed }, { direct: 1, indirect: 0, subscribed: 1 });
    const unsubscribed = gateway.request('unsubscribe.page');
    page.off();
    await unsubscribed;
    await client.call('any', 'thing');
    assert.equal(cached(client, 'page'), undefined);
    gateway.event('item', 'change', { values: { n: 2 } });
    assert.equal(item.n, 2, 'it has lost nothing');
    await reconnected(client, gateway, () => {});
    assert.equal(cached(client, 'item').stale, false);
    const released = gateway.request('unsubscribe.item');
    item.off();
    await released;
  });
  client.disconnect();
});

test('an error in place of a resource becomes the resource when an event brings it', async () => {
  const { client, gateway } = connected(
    {
      list: { collection: [{ rid: 'late' }] },
      late: { error: { code: 'system.notFound', message: 'Not found' } },
    },
    { subscribeRetryDelay: 0 },
  );
  await quietly(async () => {
    const list = (await client.get('list')).on();
    assert.ok(exported.isResError(list.atIndex(0)));
    gateway.resources.set('late', { model: { n: 1 } });
    gateway.event('list', 'add', { idx: 1, value: { rid: 'late' }, ...gateway.set(['late']) });
    assert.deepEqual(
      list.list.map((item) => item.n),
      [1, 1],
    );
    assert.equal(await client.get('late'), list.atIndex(0));
  });
  client.disconnect();
});

test('a resource that is wanted again while it is given back is subscribed to anew', async () => {
  const { client, gateway, delivered } = connected({ a: { model: { n: 1 } } });
  for (const method of ['unsubscribe.a', 'subscribe.a']) {
    if (method === 'subscribe.a') await client.get('a');
    gateway.answers.set(method, null);
  }
  const { id: given } = await gateway.request('unsubscribe.a');
  const asked = gateway.request('subscribe.a');
  const model = await client.get('a');
  const { id: taken } = await asked;
  gateway.socket.deliver({ id: given, result: null });
  const changes = recorded(model, 'change');
  gateway.socket.deliver({ id: taken, result: { models: { a: { n: 2 } } } });
  gateway.event('a', 'change', { values: { n: 3 } });
  await delivered();
  assert.deepEqual(changes, [
    ['change', { n: 1 }],
    ['change', { n: 2 }],
  ]);
  assert.equal(model.n, 3);
  client.disconnect();
});

test('an unsubscribe request that is refused leaves nothing that is taken for subscribed', async () => {
  const { client, gateway } = connected({ a: { model: { n: 1 } } });
  const refusal = { error: { code: 'system.noSubscription', message: 'No subscription' } };
  gateway.answers.set('unsubscribe.a', () => refusal);
  const refused = next(client, 'error');
  await client.get('a');
  assert.equal((await refused).code, 'system.noSubscription');
  assert.equal(cached(client, 'a'), undefined);
  gateway.socket.direct.delete('a');
  gateway.resources.set('a', { model: { n: 2 } });
  const model = (await client.get('a')).on();
  assert.deepEqual([model.n, gateway.count('subscribe.a')], [2, 2]);
  gateway.event('a', 'change', { values: { n: 3 } });
  assert.equal(model.n, 3);
  client.disconnect();
});

test('with a definition, a member that is deleted has its default again', async () => {
  const { client, gateway, delivered } = connected({ m: { model: { n: 5 } } });
  const definition = { n: { type: 'number', default: 7 } };
  client.registerModelType('m', (api, rid) => new ResModel(api, rid, { definition }));
  const model = await client.get('m');
  const changes = recorded(model, 'change');
  gateway.event('m', 'change', { values: { n: { action: 'delete' } } });
  await delivered();
  assert.deepEqual([model.n, changes], [7, [['change', { n: 5 }]]]);
  client.disconnect();
});

test('a model that does not fit its definition is given back like any other', async () => {
  const { client, gateway } = connected({ m: { model: { n: { data: {} } } } });
  const definition = { n: 'number' };
  client.registerModelType('m', (api, rid) => new ResModel(api, rid, { definition }));
  await withErrors(async () => {
    const unsubscribed = gateway.request('unsubscribe.m');
    assert.equal((await client.get('m')).n, 0);
    await unsubscribed;
    await client.call('any', 'thing');
  });
  assert.equal(cached(client, 'm'), undefined);
  client.disconnect();
});
