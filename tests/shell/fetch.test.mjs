import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected } from './support/client.mjs';

const world = () => ({
  list: { collection: [1, { rid: 'a' }, { rid: 'broken' }, { rid: 'a', soft: true }] },
  a: { model: { n: 1, data: { data: { deep: [1] } }, next: { rid: 'b' } } },
  b: { model: { back: { rid: 'a' }, list: { rid: 'plain' } } },
  plain: { collection: ['x', null] },
  broken: { error: { code: 'system.notFound', message: 'Not found' } },
  ['__proto__']: { model: { ['__proto__']: 1, constructor: 2 } },
});

test('fetch gives a plain copy with what it refers to, and leaves nothing behind', async () => {
  const { client, gateway } = connected(world());
  const list = await client.fetch('list');
  assert.equal(gateway.requests[1].method, 'get.list');
  const [one, a, broken, soft] = list;
  assert.deepEqual([one, soft], [1, { rid: 'a', soft: true }]);
  assert.deepEqual(a, {
    n: 1,
    data: { deep: [1] },
    next: { back: { rid: 'a' }, list: ['x', null] },
  });
  assert.deepEqual([broken.code, broken.getResourceId()], ['system.notFound', 'broken']);
  assert.deepEqual(client.inspect().resources, []);
  assert.equal(client.getCached('a'), undefined);
  gateway.event('a', 'change', { values: { n: 2 } });
  assert.equal(a.n, 1);
  client.disconnect();
});

test('what the client holds already, and the gateway leaves out, is copied from there', async () => {
  const { client } = connected(world());
  const held = (await client.get('b')).on();
  assert.equal(held.back.n, 1);
  const list = await client.fetch('list');
  assert.deepEqual(list[1].next.list, ['x', null]);
  assert.notEqual(list[1], held.back);
  const copy = await client.fetch('b');
  assert.equal(copy.back.n, 1);
  assert.notEqual(copy, held);
  client.disconnect();
});

test('fetch is rejected as a get is, and heeds its options', async () => {
  const { client, gateway } = connected(world());
  const error = await client.fetch('none').catch((e) => e);
  assert.deepEqual([error.code, error.rid, error.method], ['system.notFound', 'none', 'get.none']);
  await assert.rejects(client.fetch(''), { message: 'Invalid resource ID' });
  gateway.answers.set('get.a', null);
  const late = await client.fetch('a', { timeout: 1 }).catch((e) => e);
  assert.equal(late.code, 'system.timeout');
  client.disconnect();
});

test('names that mean something to JavaScript are names', async () => {
  const { client } = connected(world());
  const copy = await client.fetch('__proto__');
  assert.deepEqual(Object.entries(copy), [
    ['__proto__', 1],
    ['constructor', 2],
  ]);
  client.disconnect();
});

test('what is referred to a million times is copied once, and a long chain is no recursion', async () => {
  const { client, gateway } = connected();
  for (let i = 0; i < 40; i++) {
    const next = { rid: `bush${i + 1}` };
    gateway.resources.set(`bush${i}`, { model: { left: next, right: next } });
  }
  gateway.resources.set('bush40', { model: { end: true } });
  let bush = await client.fetch('bush0');
  for (let i = 0; i < 40; i++) bush = bush[i % 2 ? 'left' : 'right'];
  assert.deepEqual(bush, { end: true });
  for (let i = 0; i < 20_000; i++) gateway.resources.set(`chain${i}`, { model: { next: { rid: `chain${i + 1}` } } });
  gateway.resources.set('chain20000', { model: {} });
  let length = 0;
  for (let link = await client.fetch('chain0'); link.next; link = link.next) length += 1;
  assert.equal(length, 20_000);
  client.disconnect();
});
