import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected, exported } from './support/client.mjs';
import { Bench, COLLECTION, MODEL, shell } from './support/tape.mjs';

const MANY = 1_500;

/** What turns a list of references into another one, as the engine tells it; references are numbers. */
function script(from, to) {
  const kept = new Set(to);
  const removes = from.flatMap((n, idx) => (kept.has(n) ? [] : [[7, 0, idx]])).reverse();
  const known = new Set(from);
  const inserts = to.flatMap((n, idx) => (known.has(n) ? [] : [[6, 0, idx, 2, 0, 0, n]]));
  return [...removes, ...inserts];
}

/** The numbers 1 to `MANY` as items of collection 0, each a model, and as many more that are not in it. */
function withModels() {
  const bench = new Bench();
  bench.frame('{"c":[],"m":{},"k":[],"v":1}');
  bench.op(1, 1).apply();
  const all = Array.from({ length: 2 * MANY }, (_, i) => i + 1);
  const items = all.slice(0, MANY);
  bench.load(1, 0, COLLECTION, 'c', '[]', items, true);
  for (const n of all) bench.load(1, n, MODEL, 'm', '{}');
  return { bench, all, items };
}

const half = MANY / 2;
const evens = (n) => n % 2 === 0;
/** What a list may become, of its items and of others. */
const CHANGES = {
  'every second one is gone': (items) => script(items, items.filter(evens)),
  'others are between what is kept': (items) =>
    script(
      items,
      items.map((n) => (evens(n) ? n : n + MANY)),
    ),
  'half of them have gone to the end': (items) => [
    ...items
      .slice(0, half)
      .map((_, idx) => [7, 0, idx])
      .reverse(),
    ...items.slice(0, half).map((n, idx) => [6, 0, half + idx, 2, 0, 0, n]),
  ],
  'each is put in its own place': (items) =>
    items.flatMap((n, idx) => [
      [7, 0, idx],
      [6, 0, idx, 2, 0, 0, n],
    ]),
};

const apply = (list, [op, , idx, , , , n]) => (op === 7 ? list.splice(idx, 1) : list.splice(idx, 0, n));

/** How many items of arrays move while something is done. */
function moves(work) {
  const { splice, push, pop } = Array.prototype;
  let count = 0;
  Array.prototype.splice = function (idx, ...rest) {
    count += this.length - idx;
    return splice.call(this, idx, ...rest);
  };
  Array.prototype.push = function (...items) {
    count += items.length;
    return push.apply(this, items);
  };
  Array.prototype.pop = function () {
    count += 1;
    return pop.call(this);
  };
  try {
    work();
  } finally {
    Object.assign(Array.prototype, { splice, push, pop });
  }
  return count;
}

/** Operations, as many at a time as the bench has room for. */
function* tapes(operations) {
  for (let i = 0; i < operations.length; i += MANY) yield operations.slice(i, i + MANY);
}

for (const [what, change] of Object.entries(CHANGES)) {
  for (const read of [false, true]) {
    test(`a ${read ? 'list' : 'collection that was not read'} moves its items a few times when ${what}`, async () => {
      const { bench, all, items } = withModels();
      const models = [null, ...all.map((n) => bench.object(n))];
      const collection = bench.object(0);
      const list = read ? collection.list : null;
      const log = bench.listen(collection, 'add remove');
      const expected = [...items];
      const events = [];
      let count = 0;
      for (const tape of tapes(change(items))) {
        for (const operation of tape) {
          const item = operation[0] === 7 ? expected[operation[2]] : operation[6];
          events.push([operation[0] === 7 ? 'remove' : 'add', { item: models[item], idx: operation[2] }]);
          apply(expected, operation);
          bench.words.push(...operation);
        }
        count += moves(() => bench.apply());
        const found = read ? list : Array.from(collection, (item) => item);
        assert.deepEqual(
          found.map((item) => models.indexOf(item)),
          expected,
        );
      }
      assert.ok(count <= 64 * MANY, `${count} moves of ${MANY} items`);
      await bench.delivered();
      assert.equal(log.length, events.length);
      log.forEach(({ event, data }, i) => {
        assert.equal(event, `resclient.resource.c.${events[i][0]}`);
        assert.equal(data.item, events[i][1].item);
        assert.equal(data.idx, events[i][1].idx);
      });
    });
  }
}

/** Operations that change the list so much that it is no longer spliced, and the list they lead to. */
function muchChanged(bench, items) {
  const left = [...items];
  for (let idx = half; idx-- > 0;) {
    bench.op(7, 0, idx);
    left.splice(idx, 1);
  }
  return left;
}

test('a list is whole when a class of the application is told of another change', () => {
  const { bench, items } = withModels();
  const { list } = bench.object(0);
  const seen = [];
  bench.collections.addFactory('k', () => ({ __init() {}, __add: () => seen.push(list.length) }));
  bench.load(1, 5_000, COLLECTION, 'k', '[]');
  bench.object(5_000);
  const left = muchChanged(bench, items);
  bench.op(6, 5_000, 0, ...bench.value(6, '1')).apply();
  assert.deepEqual(seen, [left.length]);
});

test('a list is whole when a setter of the application runs', () => {
  const { bench, items } = withModels();
  const { list } = bench.object(0);
  const model = bench.object(1);
  const seen = [];
  bench.frame('{"n":1}');
  bench.key(0, 'n');
  bench.change(1, [0, bench.value(6, '1')]).apply();
  Object.defineProperty(model, 'n', {
    set() {
      seen.push(list.length);
    },
  });
  const left = muchChanged(bench, items);
  bench.change(1, [0, bench.value(6, '1')]).apply();
  assert.deepEqual(seen, [left.length]);
});

test('a list is whole when a factory of the application makes an item of it', () => {
  const { bench, items } = withModels();
  const { list } = bench.object(0);
  const seen = [];
  bench.models.addFactory('made', (client, rid) => {
    seen.push(list.length);
    return new shell.ResModel(client, rid);
  });
  bench.frame('{"made":{}}');
  bench.op(1, 2).apply();
  bench.load(2, 5_000, MODEL, 'made', '{}');
  const left = muchChanged(bench, items);
  bench.op(6, 0, 0, 2, 0, 0, 5_000).apply();
  assert.deepEqual(seen, [left.length]);
  assert.equal(list.length, left.length + 1);
});

test('a bus that calls its listeners at once shows them the list after each change', async () => {
  const rids = Array.from({ length: 400 }, (_, i) => `m.${i}`);
  const models = Object.fromEntries(rids.map((rid) => [rid, { model: { rid } }]));
  const references = (list) => ({ collection: list.map((rid) => ({ rid })) });
  const model = rids.slice(0, 200);
  let events = 0;
  const handlers = [];
  const eventBus = {
    on: (_target, event, handler) => handlers.push(handler),
    off: () => undefined,
    emit(target, event, data) {
      if (target instanceof exported.ResCollection && /add|remove/.test(event)) handlers[0](data, event);
    },
  };
  const { client, gateway } = connected({ ...models, list: references(model) }, { eventBus });
  const collection = await client.get('list');
  const { list } = collection;
  const errors = await withErrors(async () => {
    collection.on('add', ({ item, idx }, event) => {
      events += 1;
      const rid = item.getResourceId();
      if (event.endsWith('add')) model.splice(idx, 0, rid);
      else assert.deepEqual(model.splice(idx, 1), [rid]);
      assert.deepEqual(
        list.map((one) => one.getResourceId()),
        model,
      );
    });
    const wanted = [...rids.slice(100, 150), ...rids.slice(250), ...rids.slice(50, 100)];
    gateway.resources.set('list', references(wanted));
    gateway.socket.lose();
    await gateway.request('subscribe.list');
    await client.call('any', 'thing');
    assert.deepEqual(model, wanted);
  });
  assert.deepEqual(errors, []);
  assert.equal(events, 150 + 200);
  client.disconnect();
});
