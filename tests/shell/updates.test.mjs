import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { Bench, COLLECTION, MODEL, shell } from './support/tape.mjs';

/** A model with the members `a` (0), `b` (1) and `ref` (2), which refers to a model with number 1. */
function withModel() {
  const bench = new Bench();
  const value = '{"a":1,"b":"two","ref":{"rid":"child"}}';
  bench.frame(`{"m":${value},"child":{"x":1},"other":{"y":1},"names":["a","b","ref","new"]}`);
  ['a', 'b', 'ref', 'new'].forEach((name, key) => bench.key(key, name));
  bench.op(1, 1).apply();
  bench.load(1, 0, MODEL, 'm', value, [[2, 1]]);
  bench.load(1, 1, MODEL, 'child', '{"x":1}');
  bench.load(1, 2, MODEL, 'other', '{"y":1}');
  return bench;
}

function withCollection(json, ...more) {
  const bench = new Bench();
  bench.frame(`{"c":${json},"m0":{"i":0},"m1":{"i":1},"m2":{"i":2}}`);
  bench.op(1, 1).apply();
  bench.load(1, 0, COLLECTION, 'c', json, ...more);
  for (const i of [0, 1, 2]) bench.load(1, i + 1, MODEL, `m${i}`, `{"i":${i}}`);
  return bench;
}

test('a change is on the model at once, and told with the old values', async () => {
  const bench = withModel();
  const model = bench.object(0);
  const log = bench.listen(model, 'change');
  bench.frame('{"a":2,"b":{"action":"delete"},"new":"n"}');
  bench.change(0, [0, bench.value(6, '2')], [1, bench.value(0)], [3, bench.value(5, 'n')]).apply();
  assert.deepEqual([model.a, model.b, 'b' in model, 'b' in model.props, model.new], [2, undefined, false, false, 'n']);
  await bench.delivered();
  assert.deepEqual(log, [
    { data: { a: 1, b: 'two', new: undefined }, target: model, event: 'resclient.resource.m.change', action: null },
  ]);
});

test('a reference that was not read is an old value like others', async () => {
  const bench = withModel();
  const model = bench.object(0);
  const log = bench.listen(model);
  bench.frame('{"ref":{"rid":"other"}}');
  bench.change(0, [2, bench.value(2, undefined, 2)]).apply();
  bench.drop(1).apply();
  assert.equal(model.ref.y, 1);
  assert.equal(model.props.ref, model.ref);
  await bench.delivered();
  assert.equal(log[0].data.ref.x, 1);
  assert.equal(log[0].action, 'change');
});

test('a reference that nobody read or listens to is not read for a change', () => {
  const bench = withModel();
  const model = bench.object(0);
  bench.frame('{"ref":null}');
  bench.change(0, [2, bench.value(7)]).apply();
  assert.equal(model.ref, null);
  assert.equal(model.props.ref, null);
  assert.ok(!bench.asked.some(([name, handle]) => name === 'take' && handle === 1));
});

test('the old value of a member named like one of Object is undefined when there was none', async () => {
  const bench = withModel();
  const model = bench.object(0);
  const log = bench.listen(model);
  bench.frame('{"constructor":1,"__proto__":2}');
  bench.key(7, 'constructor').key(8, '__proto__');
  bench.change(0, [7, bench.value(6, '1')], [8, bench.value(6, '2')]).apply();
  await bench.delivered();
  assert.deepEqual(Object.entries(log[0].data), [
    ['constructor', undefined],
    ['__proto__', undefined],
  ]);
  assert.deepEqual(Object.keys(model.props).slice(-2), ['constructor', '__proto__']);
  assert.equal(model.constructor, shell.ResModel);
});

test('items come and go before the list is read', async () => {
  const bench = withCollection('[{"rid":"m0"},{"rid":"m1"}]', [1, 2], true);
  const collection = bench.object(0);
  const log = bench.listen(collection, 'add remove');
  bench.frame('{}');
  bench
    .op(7, 0, 0)
    .op(6, 0, 1, ...bench.value(2, undefined, 3))
    .apply();
  await bench.delivered();
  assert.deepEqual(
    collection.list.map(({ i }) => i),
    [1, 2],
  );
  assert.deepEqual(
    log.map(({ event, data }) => [event, data.item.i, data.idx]),
    [
      ['resclient.resource.c.remove', 0, 0],
      ['resclient.resource.c.add', 2, 1],
    ],
  );
});

test('items come and go after the list is read', async () => {
  const bench = withCollection('[1,2,3]');
  const collection = bench.object(0);
  const { list } = collection;
  const log = bench.listen(collection);
  bench.frame('{"value":"x"}');
  bench
    .op(7, 0, 1)
    .op(6, 0, 2, ...bench.value(5, 'x'))
    .apply();
  assert.deepEqual(list, [1, 3, 'x']);
  await bench.delivered();
  assert.deepEqual(
    log.map(({ action, data }) => [action, data]),
    [
      ['remove', { item: 2, idx: 1 }],
      ['add', { item: 'x', idx: 2 }],
    ],
  );
});

test('custom events, with and without data, on resources that were read or not', async () => {
  const bench = withModel();
  const everything = [];
  bench.bus.on(null, (data, _target, event) => everything.push([event, data]), 'resclient.resource');
  bench.frame('{"event":"child.poked","data":{"how":"hard"}}');
  bench
    .op(8, 1, ...bench.span('poked'), ...bench.span('{"how":"hard"}'))
    .op(8, 0, ...bench.span('poked'), 0, 0)
    .apply();
  await bench.delivered();
  assert.deepEqual(everything, [
    ['resclient.resource.child.poked', { how: 'hard' }],
    ['resclient.resource.m.poked', undefined],
  ]);
});

test('custom events nobody could hear cost nothing', () => {
  const bench = withModel();
  bench.frame('{"event":"child.poked","data":1}');
  bench.op(8, 1, ...bench.span('poked'), ...bench.span('1')).apply();
  assert.ok(!bench.asked.some(([name]) => name === 'take'));
});

test('the end of a subscription is told with its reason', async () => {
  const bench = withModel();
  const model = bench.object(0);
  const log = bench.listen(model, 'unsubscribe');
  bench.frame('{"reason":{"code":"system.deleted","message":"Deleted"}}');
  bench
    .op(9, 0, ...bench.span('{"code":"system.deleted","message":"Deleted"}'))
    .op(9, 0, 0, 0)
    .apply();
  await bench.delivered();
  assert.equal(log[0].data.item, model);
  assert.ok(log[0].data.reason instanceof shell.ResError);
  assert.deepEqual([log[0].data.reason.rid, log[0].data.reason.code], ['m', 'system.deleted']);
  assert.equal(log[1].data.reason, undefined);
});

test('a bus from elsewhere gets events of resources by their full name, and those of the client with its namespace', () => {
  const emitted = [];
  const eventBus = { on: () => {}, off: () => {}, emit: (...args) => emitted.push(args) };
  const foreign = new shell.Emitter(eventBus, 'ns');
  const target = {};
  foreign.post(foreign.channel(target).plan('ns.resource.x', 'change'), { a: 1 }, target);
  foreign.emit(target, 'connect', { b: 2 });
  assert.deepEqual(emitted, [
    [target, 'ns.resource.x.change', { a: 1 }, undefined],
    [target, 'connect', { b: 2 }, 'ns'],
  ]);
});

test('an operation on a resource that was not read is an internal error', async () => {
  const bench = withModel();
  bench.frame('{"a":2}');
  const [[error]] = await withErrors(() => bench.change(0, [0, bench.value(6, '2')]).apply());
  assert.match(error.message, /resource 0 was not read/);
});

test('a value that may be the one before is compared with it, whatever its kind', async () => {
  const bench = new Bench();
  const members = {
    text: 'a text of some length',
    number: 0,
    nothing: null,
    yes: true,
    data: { data: { a: [1, { b: 2 }], c: 'x' } },
    soft: { rid: 'other', soft: true },
  };
  const names = Object.keys(members);
  bench.frame({ m: members, names });
  names.forEach((name, key) => bench.key(key, name));
  bench.op(1, 1).apply();
  bench.load(1, 0, MODEL, 'm', JSON.stringify(members));
  const model = bench.object(0);
  const { data } = model;
  const log = bench.listen(model);

  bench.frame(
    `{"text":"a text of some length","number":0,"data":{"c":"x","a":[1,{"b":2}]},"soft":{"rid":"other","soft":true}}`,
  );
  bench.change(
    0,
    [0, bench.value(5, 'a text of some length'), false],
    [1, bench.value(6, '0'), false],
    [2, bench.value(7), false],
    [3, bench.value(8), false],
    [4, bench.value(4, '{"c":"x","a":[1,{"b":2}]}'), false],
    [5, bench.value(3, '{"rid":"other","soft":true}'), false],
  );
  bench.apply();
  await bench.delivered();
  assert.deepEqual(log, []);
  assert.equal(model.data, data, 'what is the same stays the same object');

  const others = [
    [0, 5, 'a text of same length'],
    [0, 5, 'a text of some lengths'],
    [0, 7, 'null'],
    [1, 6, '-0'],
    [1, 5, '0'],
    [2, 9, 'false'],
    [3, 9, 'false'],
    [4, 4, '{"a":[1,{"b":3}],"c":"x"}'],
    [5, 3, '{"rid":"another","soft":true}'],
  ];
  for (const [key, tag, json] of others) {
    bench.frame(`{"value":${tag === 5 ? JSON.stringify(json) : json}}`);
    bench.change(0, [key, bench.value(tag, json), false]).apply();
    await bench.delivered();
    const { length } = log.splice(0);
    assert.equal(length, 1, `member ${names[key]} becomes ${json}`);
  }
});

test('what is known to be another value is not compared: an object of the application may look like data', async () => {
  const bench = new Bench();
  bench.models.addFactory('special', () => ({ n: 1, __init() {}, __update: () => null }));
  bench.frame('{"m":{"a":{"rid":"special"}},"special":{"n":1},"names":["a","n"]}');
  bench.key(0, 'a').key(1, 'n').op(1, 1).apply();
  bench.load(1, 0, MODEL, 'm', '{"a":{"rid":"special"}}', [[0, 1]]);
  bench.load(1, 1, MODEL, 'special', '{"n":1}');
  const model = bench.object(0);
  const log = bench.listen(model);
  const before = model.a;
  bench.frame('{"a":{"data":{"n":1}}}');
  bench.change(0, [0, bench.value(4, '{"n":1}')]).apply();
  await bench.delivered();
  assert.equal(log[0].data.a, before);
  assert.deepEqual(model.a, { n: 1 });
});
