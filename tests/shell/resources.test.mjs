import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, COLLECTION, ERROR, MODEL, shell } from './support/tape.mjs';

const { ResCollection, ResError, ResModel } = shell;

/** Loads resources from one frame, retained under 1: `[kind, rid, value, references, only]` by handle. */
function loaded(bench, resources, names = []) {
  bench.frame({ resources: resources.map(([, rid, value]) => ({ [rid]: value })), names });
  names.forEach((name, key) => bench.key(key, name));
  bench.op(1, 1).apply();
  resources.forEach(([kind, rid, value, references, only], handle) => {
    bench.load(1, handle, kind, rid, JSON.stringify(value), references, only);
  });
  return bench;
}

const taken = (bench) => bench.asked.filter(([name]) => name === 'take').map(([, handle]) => handle);

test('members are properties of the model unless their name is taken; all are in props', () => {
  const value = { message: 'hi', on: 1, call: 2, props: 3, _x: 4, length: 5, constructor: 6 };
  const model = loaded(new Bench(), [[MODEL, 'm', value]]).object(0);
  assert.deepEqual({ ...model.props }, value);
  assert.deepEqual(
    Object.entries(model).filter(([key]) => key[0] !== '_'),
    [
      ['message', 'hi'],
      ['length', 5],
    ],
  );
  assert.equal(typeof model.on, 'function');
  assert.equal(model.constructor, ResModel);
});

test('a member named __proto__ is a member like others', () => {
  const bench = new Bench();
  bench.frame('{"m":{"__proto__":{"data":{"x":1}}}}');
  bench.key(0, '__proto__').op(1, 1).apply();
  bench.load(1, 0, MODEL, 'm', '{"__proto__":{"data":{"x":1}}}');
  const model = bench.object(0);
  assert.equal(Object.getPrototypeOf(model), ResModel.prototype);
  assert.equal(Object.getPrototypeOf(model.props), Object.prototype);
  assert.deepEqual(Object.getOwnPropertyDescriptor(model.props, '__proto__').value, { x: 1 });
  bench.frame('{"__proto__":1}');
  bench.change(0, [0, bench.value(6, '1')]).apply();
  assert.equal(Object.getOwnPropertyDescriptor(model.props, '__proto__').value, 1);
  assert.equal(Object.getPrototypeOf(model.props), Object.prototype);
});

test('what a model refers to is made when it is read, and then stays the same object', () => {
  const bench = loaded(
    new Bench(),
    [
      [MODEL, 'parent', { a: 1, child: { rid: 'child' } }, [[0, 1]]],
      [MODEL, 'child', { name: 'c', parent: { rid: 'parent' } }, [[1, 0]]],
    ],
    ['child', 'parent'],
  );
  const parent = bench.object(0);
  assert.deepEqual(taken(bench), [0]);
  assert.deepEqual(
    Object.keys(parent).filter((key) => key[0] !== '_'),
    ['a', 'child'],
  );
  const { child } = parent;
  assert.deepEqual(taken(bench), [0, 1]);
  assert.ok(child instanceof ResModel);
  assert.equal(parent.props.child, child);
  assert.equal(child.parent, parent);
  assert.ok('value' in Object.getOwnPropertyDescriptor(parent, 'child'));
  assert.ok('value' in Object.getOwnPropertyDescriptor(parent.props, 'child'));
});

test('reading through props makes the member of the model too', () => {
  const bench = loaded(
    new Bench(),
    [
      [
        MODEL,
        'p',
        { on: { rid: 'c' }, c: { rid: 'c' } },
        [
          [0, 1],
          [1, 1],
        ],
      ],
      [MODEL, 'c', {}],
    ],
    ['on', 'c'],
  );
  const model = bench.object(0);
  const item = model.props.c;
  assert.equal(Object.getOwnPropertyDescriptor(model, 'c').value, item);
  assert.equal(model.props.on, item);
  assert.equal(typeof model.on, 'function');
});

test('a chain of 100,000 models is read without recursion and only as far as it is followed', () => {
  const bench = new Bench();
  const text = '{"next":{"rid":"x"}}';
  bench.frame(`["x","next",${text}]`);
  bench.key(0, 'next').op(1, 1).apply();
  const length = 100_000;
  bench.records = {
    get: (handle) => {
      const record = bench.record(handle, MODEL, 'x', text, [[0, handle + 1]]);
      record[2] = 1;
      return record;
    },
    delete: () => {},
  };
  bench.memory.grow = () => {};
  let model = bench.object(0);
  assert.equal(taken(bench).length, 1);
  for (let i = 0; i < length; i++) model = model.next;
  assert.equal(taken(bench).length, length + 1);
});

test('items of a collection of references are made one by one, or all for the list', () => {
  const items = Array.from({ length: 3 }, (_, i) => [MODEL, `m${i}`, { i }]);
  const bench = loaded(new Bench(), [[COLLECTION, 'c', items.map(([, rid]) => ({ rid })), [1, 2, 3], true], ...items]);
  const collection = bench.object(0);
  assert.equal(collection.length, 3);
  assert.deepEqual(taken(bench), [0]);
  assert.equal(collection.atIndex(1).i, 1);
  assert.equal(collection.atIndex(9), undefined);
  assert.deepEqual(taken(bench), [0, 2]);
  assert.deepEqual(
    collection.list.map(({ i }) => i),
    [0, 1, 2],
  );
  assert.equal(collection.list, collection.list);
  assert.equal(collection.indexOf(collection.list[2]), 2);
  assert.deepEqual([...collection], collection.toArray());
});

test('a collection of everything', () => {
  const value = [1, 'a', null, { rid: 'm' }, { rid: 's', soft: true }, { data: { rid: 'no reference' } }];
  const bench = loaded(new Bench(), [
    [COLLECTION, 'c', value, [[3, 1]]],
    [MODEL, 'm', { x: 1 }],
  ]);
  const collection = bench.object(0);
  assert.deepEqual(taken(bench), [0]);
  assert.equal(collection.length, 6);
  assert.equal(collection.atIndex(5).rid, 'no reference');
  assert.deepEqual(taken(bench), [0]);
  const [one, a, nothing, model, soft, data] = collection;
  assert.deepEqual([one, a, nothing, data], [1, 'a', null, { rid: 'no reference' }]);
  assert.equal(model.x, 1);
  assert.equal(soft.rid, 's');
});

test('an error is a resource too', () => {
  const error = loaded(new Bench(), [[ERROR, 'e', { code: 'system.notFound', message: 'Not found' }]]).object(0);
  assert.ok(error instanceof ResError);
  assert.deepEqual(
    [error.rid, error.code, error.message, error.data],
    ['e', 'system.notFound', 'Not found', undefined],
  );
});

test('what leaves the cache stays readable with all it refers to, though its number goes to another', () => {
  const bench = loaded(
    new Bench(),
    [
      [COLLECTION, 'c', [{ rid: 'a' }, { rid: 'b' }], [1, 2], true],
      [MODEL, 'a', { name: 'a', next: { rid: 'b' } }, [[0, 2]]],
      [MODEL, 'b', { name: 'b', next: { rid: 'a' } }, [[0, 1]]],
      [MODEL, 'unread', {}],
    ],
    ['next'],
  );
  const collection = bench.object(0);
  // In the worst order: what is referred to first.
  bench.drop(2, 3, 1, 0).apply();
  bench.op(2, 1).apply();
  assert.deepEqual(
    bench.asked.filter(([name]) => name === 'remains'),
    [['remains', 0]],
  );
  assert.deepEqual([...bench.records.keys()], [3], 'nobody can read this one');

  // The numbers are used again.
  bench.frame({ other: { name: 'other' } });
  bench.op(1, 2).apply();
  for (const handle of [0, 1, 2]) bench.load(2, handle, MODEL, 'other', '{"name":"other"}');
  assert.equal(bench.object(1).name, 'other');

  const [a, b] = collection;
  assert.deepEqual([a.name, b.name, a.next === b, b.next === a], ['a', 'b', true, true]);
});

test('what leaves the cache before its holder is read stays with it', () => {
  const bench = loaded(
    new Bench(),
    [
      [MODEL, 'a', { next: { rid: 'b' } }, [[0, 1]]],
      [MODEL, 'b', { next: { rid: 'c' } }, [[0, 2]]],
      [MODEL, 'c', { name: 'c' }],
    ],
    ['next'],
  );
  const a = bench.object(0);
  bench.drop(0, 1).apply();
  bench.drop(2).apply();
  bench.op(2, 1).apply();
  assert.equal(a.next.next.name, 'c');
});

test('a resource that becomes another kind is another object; listeners of the old one are told', async () => {
  const bench = loaded(new Bench(), [[MODEL, 'm', { a: 1 }]]);
  const model = bench.object(0);
  const log = bench.listen(model);
  bench.session.resources.entry(0).listeners = 2;
  bench.frame({ m: [1] });
  bench.op(11, 0).op(1, 2).apply();
  bench.load(2, 0, COLLECTION, 'm', '[1]');
  assert.ok(bench.object(0) instanceof ResCollection);
  assert.equal(bench.asked.filter(([name]) => name === 'unlisten').length, 2);
  await bench.delivered();
  assert.deepEqual(
    [log[0].action, log[0].data.item, log[0].data.reason.code],
    ['unsubscribe', model, 'resclient.replaced'],
  );
});

test('a resource is read before it changes for the first time', async () => {
  const bench = loaded(new Bench(), [[MODEL, 'm', { a: 1, b: 2 }]], ['a']);
  bench.frame({ m: { a: 1, b: 2 }, values: { a: 77 } });
  bench.op(4, ...bench.record(0, MODEL, 'm', '{"a":1,"b":2}'));
  bench.change(0, [0, bench.value(6, '77')]).apply();
  assert.deepEqual({ ...bench.object(0).props }, { a: 77, b: 2 });
  assert.deepEqual(taken(bench), []);
});

test('what a frame brings may be read before the frame is retained', () => {
  const bench = loaded(new Bench(), [[MODEL, 'm', { ref: null }]], ['ref']);
  const model = bench.object(0);
  bench.frame({ m: { ref: { rid: 'new' } }, new: { x: 1 } });
  bench.load(2, 1, MODEL, 'new', '{"x":1}');
  bench
    .change(0, [0, bench.value(2, undefined, 1)])
    .op(1, 2)
    .apply();
  assert.equal(model.ref.x, 1);
});

test('the text of a frame that was released is gone', () => {
  const bench = loaded(new Bench(), [[MODEL, 'm', {}]]);
  bench.frame({});
  bench.op(2, 1).apply();
  assert.throws(() => bench.object(0), /frame 1 is not retained/);
});
