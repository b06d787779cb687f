import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected, exported } from './support/client.mjs';

/** More than can be followed by recursion. */
const LENGTH = 15_000;

/** Resources in a chain. */
function chain(length) {
  const resources = { [`m.${length}`]: { model: { n: length } } };
  for (let n = 0; n < length; n++) resources[`m.${n}`] = { model: { n, next: { rid: `m.${n + 1}` } } };
  return resources;
}

const DEPTHS = 8;

/** Calls what recurses until the stack is used up, beginning so many calls down, so that it is used up elsewhere each time. */
function dive(depth, step) {
  const down = (n) => (n > 0 ? down(n - 1) : step());
  try {
    down(depth);
  } catch (error) {
    assert.ok(error instanceof RangeError, String(error));
    return true;
  }
  return false;
}

async function survives(length, walk) {
  const resources = chain(length);
  let overflows = 0;
  for (let depth = 0; depth < DEPTHS; depth++) {
    const { client, gateway } = connected(resources, { unsubscribeDelay: 1e6 });
    const first = await client.get('m.0');
    first.on();
    await withErrors(() => (overflows += dive(depth, () => walk(client, first))));
    let last = first;
    for (let n = 0; last.next; n++) {
      assert.equal(last.n, n, 'nothing is lost of what was being read');
      last = last.next;
    }
    assert.equal(last.n, length);
    gateway.event('m.0', 'change', { values: { n: -1 } });
    assert.equal(first.n, -1);
    await client.call('some', 'method');
    assert.equal(client.state.state, 'connected');
    client.disconnect();
  }
  assert.equal(overflows, DEPTHS);
}

test('a stack that is used up while models are read leaves them to be read', async () => {
  const walk = (model) => (model.next ? 1 + walk(model.next) : 1);
  await survives(LENGTH, (_client, first) => walk(first));
});

test('a stack that is used up while something is asked for leaves the client at work', async () => {
  await survives(1, (client) => {
    const ask = () => {
      void client.getCached('m.0');
      return 1 + ask();
    };
    return ask();
  });
  await survives(1, (client, first) => {
    const ask = () => {
      first.on();
      return 1 + ask();
    };
    return ask();
  });
});

test('a stack that is used up while objects of a class are made leaves them to be made', async () => {
  const items = Array.from({ length: LENGTH }, (_, n) => [`m.${n}`, { model: { n } }]);
  const list = { collection: items.map(([rid]) => ({ rid })) };
  for (let depth = 0; depth < DEPTHS; depth++) {
    const { client } = connected({ list, ...Object.fromEntries(items) }, { unsubscribeDelay: 1e6 });
    const found = (await client.get('list')).on();
    // From now on, so that those are made that are read.
    client.registerModelType('m.*', (api, rid) => new exported.ResModel(api, rid));
    const walk = (at) => found.atIndex(at) && 1 + walk(at + 1);
    await withErrors(() => assert.ok(dive(depth, () => walk(0))));
    for (let n = 0; n < LENGTH; n++) assert.equal(found.atIndex(n).n, n);
    client.disconnect();
  }
});
