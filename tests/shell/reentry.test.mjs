import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, exported } from './support/client.mjs';

const { ResModel } = exported;
const pair = () => ({
  a: { model: { t: 'A', b: { rid: 'b' } } },
  b: { model: { t: 'B', a: { rid: 'a' } } },
});

test('a factory may look at a neighbour that refers back, and both get their data', async () => {
  const { client, gateway } = connected(pair(), { unsubscribeDelay: 1e6 });
  const seen = [];
  client.registerModelType('a', (client, rid) => {
    seen.push(client.getCached('a'), client.getCached('b')?.getResourceId());
    return new ResModel(client, rid);
  });
  client.registerModelType('b', (client, rid) => new ResModel(client, rid));
  const a = await client.get('a');
  assert.deepEqual(seen, [undefined, 'b']);
  assert.deepEqual([a.t, a.b.t], ['A', 'B']);
  assert.equal(a.b.a, a);
  gateway.event('b', 'change', { values: { t: 'B2' } });
  assert.equal(a.b.t, 'B2');
  client.disconnect();
});

test('what a call in a factory is answered with at once comes after what is being made', async () => {
  for (const inInit of [false, true]) {
    const { client, gateway } = connected(pair(), { unsubscribeDelay: 1e6 });
    const ask = () => client.call('log', 'made').catch(() => {});
    class Model extends ResModel {
      __init(data) {
        if (inInit) ask();
        super.__init(data);
      }
    }
    client.registerModelType('b', (client, rid) => {
      if (!inInit) ask();
      return new Model(client, rid);
    });
    await client.connect();
    const send = gateway.socket.send;
    gateway.socket.send = function (text) {
      // It was on its way.
      if (text.includes('call.log.made')) this.deliver({ event: 'b.change', data: { values: { t: 'new' } } });
      send.call(this, text);
    };
    const a = await client.get('a');
    assert.equal(a.b.t, 'new');
    client.disconnect();
  }
});

test('a factory that disconnects leaves a client that can be used', async () => {
  for (const use of [(client) => client.keep('b'), (client) => client.resourceOn('b', 'change', () => {})]) {
    const { client } = connected({
      ...pair(),
      a: { model: { x: { rid: 'b' }, y: { rid: 'c' } } },
      c: { model: { t: 'C' } },
    });
    let isFirst = true;
    client.registerModelType('b', (client, rid) => {
      if (isFirst) client.disconnect();
      isFirst = false;
      return new ResModel(client, rid);
    });
    const a = await client.get('a');
    assert.throws(() => use(client), /b not found in cache/);
    assert.deepEqual([a.x.t, a.y.t], ['B', 'C']);
    assert.equal((await client.get('a')).x.t, 'B');
    client.disconnect();
  }
});

test('a bus whose on disconnects leaves a client that can be used', async () => {
  const eventBus = { on: () => client.disconnect(), off() {}, emit() {} };
  const { client } = connected(pair(), { eventBus });
  const model = await client.get('a');
  model.on('change', () => {});
  assert.equal((await client.get('a')).t, 'A');
  client.disconnect();
});
