import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { connected, exported } from './support/client.mjs';
import { Bench, COLLECTION, MODEL, shell } from './support/tape.mjs';

const { ResCollection, ResModel } = shell;

function family() {
  const bench = new Bench();
  const parent = '{"name":"p","kids":{"rid":"kids"},"self":{"rid":"parent"}}';
  const kids = '[{"rid":"kid.1"},{"rid":"kid.2"}]';
  bench.frame(`{"parent":${parent},"kids":${kids},"kid.1":{"n":1},"kid.2":{"n":2},"names":["name","n"]}`);
  ['kids', 'self', 'name', 'n'].forEach((name, key) => bench.key(key, name));
  bench.op(1, 1).apply();
  bench.load(1, 0, MODEL, 'parent', parent, [
    [0, 1],
    [1, 0],
  ]);
  bench.load(1, 1, COLLECTION, 'kids', kids, [2, 3], true);
  bench.load(1, 2, MODEL, 'kid.1', '{"n":1}');
  bench.load(1, 3, MODEL, 'kid.2', '{"n":2}');
  return bench;
}

class Person extends ResModel {
  greeting = 'hi';
}

test('a factory makes the object, which gets its data by the methods of the protocol', async () => {
  const bench = family();
  const updates = [];
  bench.models.addFactory('parent', (client, rid) => {
    const model = new Person(client, rid);
    const update = model.__update;
    model.__update = function (...args) {
      updates.push(args);
      return update.apply(this, args);
    };
    return model;
  });
  const parent = bench.object(0);
  assert.ok(parent instanceof Person);
  assert.deepEqual([parent.name, parent.greeting, parent.self === parent], ['p', 'hi', true]);
  assert.ok(parent.kids instanceof ResCollection);
  const log = bench.listen(parent);
  bench.frame('{"name":"q"}');
  bench.change(0, [2, bench.value(5, 'q')]).apply();
  assert.deepEqual(updates[1], [{ name: 'q' }, false]);
  await bench.delivered();
  assert.deepEqual(log[0].data, { name: 'p' });
});

test('the object may be a proxy of a model', async () => {
  const bench = family();
  const written = [];
  bench.models.addFactory('parent', (client, rid) => {
    return new Proxy(new ResModel(client, rid), {
      set(target, key, value, receiver) {
        written.push(key);
        return Reflect.set(target, key, value, receiver);
      },
    });
  });
  const parent = bench.object(0);
  assert.equal(parent.name, 'p');
  assert.ok(written.includes('name'));
  bench.frame('{"name":"q"}');
  bench.change(0, [2, bench.value(5, 'q')]).apply();
  assert.equal(parent.name, 'q');
});

test('a collection with an ID callback finds its items', () => {
  const bench = family();
  bench.collections.addFactory('kids', (client, rid) => new ResCollection(client, rid, { idCallback: (kid) => kid.n }));
  const kids = bench.object(1);
  assert.equal(kids.get('2').n, 2);
  assert.equal(kids.get('constructor'), undefined);
  bench.frame('{}');
  bench.op(7, 1, 1).apply();
  assert.equal(kids.get('2'), undefined);
  assert.equal(kids.length, 1);
});

test('a collection without an ID callback cannot be asked for an ID', () => {
  assert.throws(() => family().object(1).get('1'), /No id callback defined/);
});

test('definitions give defaults, convert, leave out, and refuse what does not fit', () => {
  const refused = [];
  const api = { __refused: (rid, key, error) => refused.push([rid, key, error.message]) };
  const definition = { n: 'number', s: { type: 'string', default: 'none' }, on: '?boolean' };
  const model = new ResModel(api, 'm', { definition });
  model.__init({ n: '12', extra: 1 });
  assert.deepEqual({ ...model.props }, { n: 12, s: 'none', on: null });
  assert.deepEqual([model.n, model.s, model.extra], [12, 'none', undefined]);
  assert.deepEqual(model.__update({ n: {}, s: 'x' }), { s: 'none' });
  assert.deepEqual(refused, [['m', 'n', 'Not a number']]);
  assert.equal(model.n, 12);
  assert.deepEqual(model.__update({ s: undefined }), { s: 'x' }, 'a deleted member has its default again');
  assert.deepEqual(model.toJSON(), { n: 12, s: 'none', on: null });
});

test('updates of a model tell what changed, by content', () => {
  const model = new ResModel({}, 'm');
  model.__init({ a: {}, b: ['x'], c: 1 });
  assert.equal(model.__update({ a: {}, b: ['x'], c: 1 }), null);
  assert.deepEqual(model.__update({ a: [], b: { 0: 'x' } }), { a: {}, b: ['x'] });
  assert.deepEqual(model.__update({ a: [], d: 1 }, true), { b: { 0: 'x' }, c: 1, d: undefined });
  assert.deepEqual({ ...model.props }, { a: [], d: 1 });
  assert.equal('c' in model, false);
});

test('a failure in a class of the application is reported, and the rest goes on', () => {
  const bench = family();
  bench.models.addFactory('kid.1', () => {
    throw new Error('no such kid');
  });
  bench.models.addFactory('kid.2', (client, rid) =>
    Object.assign(new ResModel(client, rid), {
      __init() {
        throw new Error('no data for me');
      },
    }),
  );
  const [one, two] = bench.object(1);
  assert.equal(one.n, 1);
  assert.equal(two.n, undefined);
  assert.deepEqual(bench.reports, [
    { rid: 'kid.1', message: 'no such kid' },
    { rid: 'kid.2', message: 'no data for me' },
  ]);
});

test('a long chain of objects made by a factory is made without recursion', () => {
  const bench = new Bench();
  const text = '{"next":{"rid":"x"}}';
  const last = '{"end":1}';
  bench.frame(`["x","next",${text},${last}]`);
  bench.key(0, 'next').op(1, 1).apply();
  const length = 20_000;
  bench.memory.grow = () => {};
  bench.records = {
    get(handle) {
      const more = handle < length;
      const record = bench.record(handle, MODEL, 'x', more ? text : last, more ? [[0, handle + 1]] : []);
      record[2] = 1;
      return record;
    },
    delete: () => {},
  };
  bench.models.addFactory('x', (client, rid) => new Person(client, rid));
  let model = bench.object(0);
  for (let i = 0; i < length; i++) model = model.next;
  assert.equal(model.end, 1);
});

test('JSON of resources that contain themselves', () => {
  const parent = family().object(0);
  assert.deepEqual(JSON.parse(JSON.stringify(parent)), {
    name: 'p',
    kids: [{ n: 1 }, { n: 2 }],
    self: { rid: 'parent' },
  });
});

test('classes of the application serialise themselves as they like', () => {
  const bench = family();
  bench.models.addFactory('kid.1', (client, rid) => Object.assign(new ResModel(client, rid), { toJSON: () => 'kid' }));
  assert.deepEqual(bench.object(1).toJSON(), ['kid', { n: 2 }]);
});

test('what has a class is made when it comes, also where it is only referred to', async () => {
  const { client, gateway, delivered } = connected({
    users: { collection: [{ rid: 'user.1' }, { rid: 'user.2' }, { rid: 'plain' }] },
    'user.1': { model: { n: 1, friend: { rid: 'user.2' } } },
    'user.2': { model: { n: 2, friend: { rid: 'user.1' } } },
    'user.3': { model: { n: 3 } },
    plain: { model: { n: 0 } },
    groups: { collection: [{ rid: 'group' }] },
    group: { collection: [{ rid: 'user.3' }] },
  });
  const made = [];
  const log = [];
  class User extends exported.ResModel {
    __init(data) {
      super.__init(data);
      made.push(`${this.getResourceId()} ${this.n}`);
      this.on('change', (_, user) => log.push(user.n));
    }
  }
  const users = await client.get('users');
  client.registerModelType('user.*', (api, rid) => new User(api, rid));
  const groups = await client.get('groups');
  assert.deepEqual(made, ['user.3 3'], 'what was there before is made when it is read');
  gateway.event('user.3', 'change', { values: { n: 4 } });
  await delivered();
  assert.deepEqual([log, groups.atIndex(0).atIndex(0).n], [[4], 4]);
  const listened = () => client.inspect().resources.filter(({ direct }) => direct > 0);
  assert.equal(listened().length, 1);

  const { client: another, gateway: other } = connected(Object.fromEntries(gateway.resources));
  another.registerModelType('user.*', (api, rid) => new User(api, rid));
  made.length = 0;
  await another.get('users');
  assert.deepEqual(made.sort(), ['user.1 1', 'user.2 2']);
  other.resources.set('user.4', { model: { n: 5 } });
  other.event('users', 'add', { idx: 0, value: { rid: 'user.4' }, models: { 'user.4': { n: 5 } } });
  assert.equal(made.at(-1), 'user.4 5');
  assert.equal(users.length, 3);
  client.disconnect();
  another.disconnect();
});

test('a class may listen to itself while it is made, which counts as any listening', async () => {
  const { client, gateway, delivered } = connected({
    m: { model: { n: 1 } },
    c: { collection: [1] },
    left: { model: { n: 1 } },
  });
  const log = [];
  const heard = (data, item, _event, action) => log.push([item.getResourceId(), data, action]);
  const listening = (Base) =>
    class extends Base {
      constructor(api, rid) {
        super(api, rid);
        this.on('change add', heard);
        if (rid === 'left') this.off('change add', heard);
      }
    };
  const Model = listening(exported.ResModel);
  const Collection = listening(exported.ResCollection);
  client.registerModelType('*', (api, rid) => new Model(api, rid));
  client.registerCollectionType('*', (api, rid) => new Collection(api, rid));
  const [model, collection] = [await client.get('m'), await client.get('c')];
  await client.get('left');
  await gateway.request('unsubscribe.left');
  assert.ok(model instanceof Model && collection instanceof Collection);
  const direct = () => client.inspect().resources.map((resource) => [resource.rid, resource.direct]);
  assert.deepEqual(direct().sort(), [
    ['c', 2],
    ['m', 2],
  ]);
  gateway.event('m', 'change', { values: { n: 2 } });
  gateway.event('c', 'add', { value: 2, idx: 1 });
  await delivered();
  assert.deepEqual(log, [
    ['m', { n: 1 }, null],
    ['c', { item: 2, idx: 1 }, null],
  ]);
  model.off('change add', heard);
  await gateway.request('unsubscribe.m');
  client.disconnect();
});

test('a class may name its methods as it likes, and so may the members of a model', async () => {
  const names = ['promote', 'refuse', 'items', 'index', 'refused', 'assign', 'definition', 'method', 'params'];
  const methods = Object.fromEntries(names.map((name) => [name, () => name]));
  class Own extends ResModel {
    constructor(client, rid) {
      super(client, rid, { definition: { name: 'string', n: 'number' } });
    }
  }
  class Kids extends ResCollection {
    constructor(client, rid) {
      super(client, rid, { idCallback: (kid) => kid.n });
    }
  }
  Object.assign(Own.prototype, methods);
  Object.assign(Kids.prototype, methods);
  const bench = family();
  bench.models.addFactory('parent', (client, rid) => new Own(client, rid));
  bench.collections.addFactory('kids', (client, rid) => new Kids(client, rid));
  const parent = bench.object(0);
  const kids = bench.object(1);
  for (const name of names) assert.deepEqual([parent[name](), kids[name]()], [name, name]);
  assert.deepEqual([parent.name, parent.props.n], ['p', 0]);
  assert.deepEqual([kids.length, kids.get('2').n, [...kids].length, kids.toArray().length], [2, 2, 2, 2]);
  bench.frame('{"n":"five"}');
  bench.change(0, [3, bench.value(5, 'five')]).apply();
  assert.match(bench.reports[0].message, /Not a number format/);
  kids.__add({ n: 3 }, 2);
  assert.equal(kids.get('3').n, 3);
  assert.equal(kids.__remove(2).n, 3);

  const model = new ResModel({}, 'm');
  model.__init(Object.fromEntries(names.map((name) => [name, 1])));
  assert.deepEqual(
    names.map((name) => model[name]),
    names.map(() => 1),
  );
});

test('an error that stands for a resource has the keys that one of resclient has', () => {
  const Theirs = createRequire(import.meta.url)('resclient/lib/class/ResError.js').default;
  const error = { code: 'system.notFound', message: 'Not found' };
  for (const args of [['a.b'], ['a.b', 'call.a.b.c', { n: 1 }]]) {
    const [ours, theirs] = [shell.ResError, Theirs].map((Class) => Object.keys(new Class(...args).__init(error)));
    assert.deepEqual(ours.sort(), theirs.sort());
  }
});

test('models and collections have no members but those of resclient and what is documented', () => {
  const documented = { ResModel: [], ResCollection: [Symbol.iterator], ResError: ['toString'], ResRef: [] };
  for (const [name, more] of Object.entries(documented)) {
    const Theirs = createRequire(import.meta.url)(`resclient/lib/class/${name}.js`).default;
    const known = new Set([...Reflect.ownKeys(Theirs.prototype), ...more]);
    const others = Reflect.ownKeys(shell[name].prototype).filter((key) => !known.has(key));
    assert.deepEqual(
      others.filter((key) => typeof key === 'symbol' || !key.startsWith('_')),
      [],
      name,
    );
  }
});
