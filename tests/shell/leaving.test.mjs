import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected } from './support/client.mjs';
import { Bench, COLLECTION, MODEL } from './support/tape.mjs';

/** Two lists that a model refers to, and one model that both refer to. */
const RESOURCES = {
  't.root': { model: { a: { rid: 't.a' }, b: { rid: 't.b' } } },
  't.a': { collection: [{ rid: 't.c' }] },
  't.b': { collection: [{ rid: 't.c' }] },
  't.c': { model: { name: 'c' } },
};

/** What leaves with one frame, but not at once: first the one list, and with the connection all the rest. */
function leaveInTwoParts(gateway, rest = {}) {
  gateway.event('t.b', 'change', { values: {}, models: { 't.root': { b: { rid: 't.b' }, ...rest } } });
}

/** Other resources take the numbers of those that have left. */
async function reuseNumbers(client, gateway) {
  for (let n = 0; n < 8; n++) gateway.resources.set(`t.other.${n}`, { model: { name: `other ${n}` } });
  for (let n = 0; n < 8; n++) await client.get(`t.other.${n}`);
}

test('what is referred to from what has left stays the same, also if it leaves a moment later', async () => {
  const { client, gateway } = connected(RESOURCES);
  const root = await client.get('t.root');
  const [a, b] = [root.a, root.b];
  leaveInTwoParts(gateway);
  assert.equal(client.getCached('t.root') ?? null, null);
  await reuseNumbers(client, gateway);
  assert.deepEqual([a.atIndex(0).getResourceId(), b.atIndex(0).getResourceId()], ['t.c', 't.c']);
  assert.equal(a.atIndex(0), b.atIndex(0));
  assert.equal(a.atIndex(0).name, 'c');
  client.disconnect();
});

test('so it does if there is an object of it to be made already', async () => {
  const { client, gateway } = connected({
    ...RESOURCES,
    't.root': { model: { a: { rid: 't.a' }, b: { rid: 't.b' }, c: { rid: 't.c' } } },
  });
  const root = await client.get('t.root');
  const [a, b] = [root.a, root.b];
  leaveInTwoParts(gateway, { c: { rid: 't.c' } });
  await reuseNumbers(client, gateway);
  assert.equal(root.c.name, 'c');
  assert.equal(a.atIndex(0), root.c);
  assert.equal(b.atIndex(0), root.c);
  client.disconnect();
});

test('an object whose handle cannot be taken from it does not keep others from being let go of', async () => {
  const { client, gateway } = connected({
    list: { collection: [{ rid: 'odd' }, { rid: 'plain' }] },
    odd: { model: { n: 1 } },
    plain: { model: { n: 2 } },
  });
  let refuses = false;
  client.registerModelType('odd', (api, rid) => {
    const getPrototypeOf = (model) => {
      if (refuses) throw new Error('no');
      return Reflect.getPrototypeOf(model);
    };
    return new Proxy({ __init: () => {}, getResourceId: () => rid }, { getPrototypeOf });
  });
  const list = await client.get('list');
  const [, plain] = [list.atIndex(0), list.atIndex(1)];
  refuses = true;
  const errors = await withErrors(async () => {
    gateway.event('list', 'unsubscribe', { reason: { code: 'system.accessDenied', message: '' } });
    await reuseNumbers(client, gateway);
  });
  assert.deepEqual(
    errors.map(([error]) => error.message),
    ['no'],
  );
  const numbers = client.inspect().resources.length;
  assert.equal(numbers, 8);
  for (let n = 0; n < 8; n++) assert.equal((await client.get(`t.other.${n}`)).name, `other ${n}`);
  assert.equal(plain.n, 2);
  client.disconnect();
});

/** A list of two models that nobody has read. */
function unread() {
  const bench = new Bench();
  const list = '[{"rid":"a"},{"rid":"b"}]';
  bench.frame(`{"list":${list},"a":{"n":1},"b":{"n":2}}`);
  bench.op(1, 1).apply();
  bench.load(1, 0, COLLECTION, 'list', list, [1, 2], true);
  bench.load(1, 1, MODEL, 'a', '{"n":1}');
  bench.load(1, 2, MODEL, 'b', '{"n":2}');
  return bench;
}

test('what could not be let go of keeps its number, and is let go of with what leaves next', async (t) => {
  const bench = unread();
  const items = bench.object(0);
  const from = t.mock.method(Uint32Array, 'from', () => {
    throw new RangeError('Maximum call stack size exceeded');
  });
  const errors = await withErrors(() => assert.equal(bench.drop(0, 1, 2).apply(), false));
  assert.match(errors[0][0].message, /call stack/);
  assert.equal(bench.session.resources.peek(0)?.item, items);
  from.mock.restore();

  assert.equal(bench.drop(7).apply(), true);
  assert.equal(bench.session.resources.peek(0), undefined);
  bench.frame('{"other":{"n":3}}');
  for (const handle of [0, 1, 2]) bench.load(2, handle, MODEL, 'other', '{"n":3}');
  bench.op(1, 2).apply();
  assert.equal(bench.object(1).n, 3);
  assert.deepEqual([items.atIndex(0).n, items.atIndex(1).n], [1, 2]);
});

test('where it cannot be known what has left, no number is given to another', async () => {
  const bench = unread();
  assert.equal(bench.drop(2).apply(), true);
  await withErrors(() => assert.equal(bench.op(77).apply(), false));
  assert.equal(bench.drop(1).apply(), false);
});
