import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected, exported, next, recorded } from './support/client.mjs';

const { ResCollection, ResModel } = exported;

// Names and sizes that npm resclient 2.5 does not bear.

const NAMES = [
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__proto__',
  '__defineGetter__',
  'isPrototypeOf',
];

/** An object with a member of each name, whatever the name means to JavaScript. */
function named(value, names = NAMES) {
  const object = {};
  for (const name of names) {
    Object.defineProperty(object, name, { value: value(name), enumerable: true, configurable: true, writable: true });
  }
  return object;
}

test('names that mean something to JavaScript are resource IDs, members, IDs of items and patterns like others', async () => {
  const models = named((name) => ({ model: { name } }));
  const { client, gateway, delivered } = connected({
    ...models,
    list: { collection: NAMES.map((rid) => ({ rid })) },
    m: { model: named((name) => name) },
  });
  client.registerCollectionType('list', (api, rid) => {
    return new ResCollection(api, rid, { idCallback: (item) => item.props.name });
  });
  for (const name of NAMES) client.registerModelType(`typed.${name}`, (api, rid) => new ResModel(api, rid));
  assert.equal({}.factory, undefined);
  const errors = await withErrors(async () => {
    const list = (await client.get('list')).on();
    for (const name of NAMES) {
      const model = await client.get(name);
      assert.equal(model.props.name, name);
      assert.equal(list.get(name), model);
      const changes = recorded(model, 'change');
      gateway.event(name, 'change', { values: { name: `new ${name}` } });
      await delivered();
      assert.deepEqual(changes, [['change', { name }]]);
      gateway.resources.set(`typed.${name}`, { model: { n: 1 } });
      assert.equal((await client.get(`typed.${name}`)).n, 1);
    }
    assert.equal(list.get('nothing'), undefined);

    const model = (await client.get('m')).on();
    assert.deepEqual(
      Object.entries(model.props),
      NAMES.map((name) => [name, name]),
    );
    assert.equal(Object.getPrototypeOf(model.props), Object.prototype);
    const changes = recorded(model, 'change');
    gateway.event('m', 'change', { values: named((name) => `new ${name}`) });
    await delivered();
    assert.deepEqual(
      Object.entries(changes[0][1]),
      NAMES.map((name) => [name, name]),
    );
    assert.deepEqual(
      Object.entries(model.props),
      NAMES.map((name) => [name, `new ${name}`]),
    );

    // While the connection is down, some change and the others go.
    const rest = NAMES.slice(0, 4);
    gateway.resources.set('m', { model: named((name) => `last ${name}`, rest) });
    const back = next(client, 'connect');
    gateway.socket.lose();
    await back;
    await client.call('any', 'thing');
    await delivered();
    assert.deepEqual(
      Object.entries(model.props),
      rest.map((name) => [name, `last ${name}`]),
    );
    assert.deepEqual(Object.entries(changes[1][1]).sort(), NAMES.map((name) => [name, `new ${name}`]).sort());
  });
  assert.deepEqual(errors, []);
  assert.deepEqual(Object.keys(Object.prototype), []);
  client.disconnect();
});

test('data with members that mean something to JavaScript is compared like other data', async () => {
  const { client, gateway, delivered } = connected({ m: { model: { v: { data: {} } } } });
  const model = await client.get('m');
  const changes = recorded(model, 'change');
  for (const value of [{ data: named(() => 1) }, { data: named(() => 2) }, { data: named(() => 2) }]) {
    gateway.event('m', 'change', { values: { v: value } });
  }
  await delivered();
  assert.deepEqual(
    Object.entries(model.v),
    NAMES.map((name) => [name, 2]),
  );
  assert.deepEqual(
    changes.map(([, { v }]) => Object.entries(v)),
    [[], NAMES.map((name) => [name, 1])],
  );
  client.disconnect();
});

test('a missing resource ID is refused every time', async () => {
  const { client } = connected();
  for (let n = 0; n < 3; n++) assert.throws(() => client.get(''), /Invalid resource ID/);
  assert.deepEqual(client.inspect().resources, []);
  client.disconnect();
});

test('a chain of 100,000 references is followed, and given back as a whole', async () => {
  const length = 100_000;
  const link = (n) => [`n.${n}`, { model: { next: n + 1 < length ? { rid: `n.${n + 1}` } : null } }];
  const { client, gateway } = connected(Object.fromEntries(Array.from({ length }, (_, n) => link(n))));
  const first = (await client.get('n.0')).on();
  let seen = 0;
  for (let model = first; model; model = model.next) seen += 1;
  assert.equal(seen, length);
  const unsubscribed = gateway.request('unsubscribe.n.0');
  first.off();
  await unsubscribed;
  await client.call('any', 'thing');
  assert.deepEqual(client.inspect().resources, []);
  client.disconnect();
});

test('a window of 8,000 rows that moved by one while the connection was down is two events', async () => {
  const rows = (from) => ({ collection: Array.from({ length: 8000 }, (_, n) => from + n) });
  const { client, gateway, delivered } = connected({ rows: rows(0) });
  const list = await client.get('rows');
  const edits = recorded(list, 'add remove');
  gateway.resources.set('rows', rows(1));
  const back = next(client, 'connect');
  gateway.socket.lose();
  await back;
  await client.call('any', 'thing');
  await delivered();
  assert.deepEqual(edits, [
    ['remove', { item: 0, idx: 0 }],
    ['add', { item: 8000, idx: 7999 }],
  ]);
  assert.deepEqual(list.list, rows(1).collection);
  client.disconnect();
});
