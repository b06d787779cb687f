import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { connected } from './support/client.mjs';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const task = () => new Promise((resolve) => setImmediate(resolve));
const resources = () => ({ m: { model: { n: 1 } } });

test('a client that has disconnected and that nobody holds is collected', async () => {
  async function use() {
    const { client } = connected(resources());
    const model = await client.get('m');
    model.on('change', () => undefined);
    client.disconnect();
    return new WeakRef(client);
  }
  const client = await use();
  let collected = false;
  for (let tries = 0; !collected && tries < 100; tries++) {
    // Looking at it keeps it until the task ends.
    await task();
    gc();
    collected = client.deref() === undefined;
  }
  assert.ok(collected);
});

test('a client that nobody holds does what was asked of it', async () => {
  let gateway;
  const ask = () => {
    const session = connected(resources());
    gateway = session.gateway;
    gateway.answers.set('subscribe.m', null);
    return session.client.get('m');
  };
  const asked = ask();
  const { id } = await gateway.request('subscribe.m');
  for (let times = 0; times < 5; times++) {
    gc();
    await task();
  }
  gateway.socket.deliver({ id, result: { models: { m: { n: 2 } } } });
  assert.equal((await asked).n, 2);
});

/** Bytes of the heap that are taken more than before, once `work` is done and garbage is collected. */
async function grownBy(work) {
  const used = async () => {
    await task();
    gc();
    return process.memoryUsage().heapUsed;
  };
  const before = await used();
  await work();
  return (await used()) - before;
}

test('the text of a frame is let go of once all of it has been read, and not before', async () => {
  const { client, gateway } = connected();
  await client.connect();
  for (const method of ['subscribe.list', 'subscribe.other']) gateway.answers.set(method, null);
  const text = async (rid) => {
    const { id } = await gateway.request(`subscribe.${rid}`);
    const models = { [`${rid}.0`]: { n: 0 }, [`${rid}.1`]: { n: 1 } };
    const collections = { [rid]: [{ rid: `${rid}.0` }, { rid: `${rid}.1` }] };
    return JSON.stringify({ id, result: { collections, models } }) + ' '.repeat(LARGE);
  };
  const load = async (rid) => {
    const [asked, frame] = [client.get(rid), text(rid)];
    gateway.socket.onmessage({ data: await frame });
    const list = await asked;
    list.on('add', () => undefined);
    return list;
  };

  let list, other;
  const unread = await grownBy(async () => (list = await load('list')));
  assert.ok(unread > LARGE * 0.9, `${unread}`);
  const read = await grownBy(() =>
    assert.deepEqual(
      Array.from(list, ({ n }) => n),
      [0, 1],
    ),
  );
  assert.ok(read < -LARGE * 0.9, `${read}`);

  // One by one, it is let go of with the next thing that happens.
  await grownBy(async () => (other = await load('other')));
  const each = await grownBy(() => {
    assert.deepEqual([other.atIndex(0).n, other.atIndex(1).n], [0, 1]);
    gateway.event('list.0', 'change', { values: { n: 2 } });
  });
  assert.ok(each < -LARGE * 0.9, `${each}`);
  client.disconnect();
});

test('so is that of a message that comes while another call is under way', async () => {
  const { client, gateway } = connected();
  await client.connect();
  const { socket } = gateway;
  let called;
  socket.send = (text) => {
    const { id } = JSON.parse(text);
    socket.onmessage({ data: JSON.stringify({ id, result: { payload: 'done' } }) + ' '.repeat(LARGE) });
  };
  const grown = await grownBy(() => (called = client.call('service', 'method')));
  assert.equal(await called, 'done');
  assert.ok(grown < LARGE / 10, `${grown}`);
  client.disconnect();
});

const LARGE = 8_000_000;
