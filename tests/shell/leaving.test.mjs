import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected } from './support/client.mjs';

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
