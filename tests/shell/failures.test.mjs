import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withErrors } from './support/bus.mjs';
import { connected, exported, next } from './support/client.mjs';
import { Bench, COLLECTION, MODEL, shell } from './support/tape.mjs';

const { ResModel } = exported;
const counter = () => ({ counter: { model: { n: 1 } }, other: { model: { n: 10 } } });

test('a bus whose emit throws does not stop the client', async () => {
  const eventBus = {
    on() {},
    off() {},
    emit() {
      throw new Error('the bus is out of order');
    },
  };
  const { client, gateway } = connected(counter(), { eventBus });
  const errors = await withErrors(async () => {
    const model = await client.get('counter');
    const other = await client.get('other');
    model.on('change', () => {});
    gateway.event('counter', 'change', { values: { n: 2 } });
    gateway.event('other', 'change', { values: { n: 11 } });
    assert.deepEqual([model.n, other.n], [2, 11]);
    const failure = await client.get('missing').catch((error) => error);
    assert.equal(failure.code, 'system.notFound');
    assert.deepEqual(await client.call('counter', 'x').then(() => 'answered'), 'answered');
    gateway.socket.lose();
    await gateway.request('subscribe.counter');
    await client.connect();
    assert.equal(client.connected, true);
    client.disconnect();
    assert.equal(client.connected, false);
  });
  assert.ok(errors.length >= 5);
  assert.ok(errors.every(([error]) => error.message === 'the bus is out of order'));
});

test('a model the application has frozen shows its changes in its props, and tells them', async () => {
  const { client, gateway, delivered } = connected({ m: { model: { x: 1, y: 1, gone: 1 } } });
  const model = await client.get('m');
  const log = [];
  model.on('change', (old) => log.push(old));
  Object.freeze(model);
  await withErrors(() => gateway.event('m', 'change', { values: { x: 2, y: 2, gone: { action: 'delete' } } }));
  await delivered();
  assert.deepEqual(model.props, { x: 2, y: 2 });
  assert.deepEqual(log, [{ x: 1, y: 1, gone: 1 }]);
  client.disconnect();
});

test('what an object that has left the cache refers to keeps its names', async () => {
  const resources = {
    top: { model: { kid: { rid: 'mid' } } },
    mid: { model: { grandkid: { rid: 'low' } } },
    low: { model: { name: 'I am low' } },
  };
  for (const n of [1, 2, 3, 4, 5]) resources[`other.${n}`] = { model: { [`a${n}`]: 1, [`b${n}`]: 1 } };
  const { client, gateway } = connected(resources);
  const top = await client.get('top');
  const gone = gateway.request('unsubscribe.top');
  await gone;
  // The numbers its names had are given to other names.
  for (const n of [1, 2, 3, 4, 5]) await client.get(`other.${n}`);
  assert.equal(top.kid.grandkid.name, 'I am low');
  client.disconnect();
});

test('a bus whose on throws leaves nothing behind', async () => {
  const eventBus = {
    on() {
      throw new Error('no more listeners');
    },
    off() {},
    emit() {},
  };
  const { client } = connected(counter(), { eventBus });
  const model = await client.get('counter');
  assert.throws(() => model.on('change', () => {}), /no more listeners/);
  assert.equal(client.inspect().resources[0].direct, 0);
  assert.equal((await client.get('other')).n, 10);
  client.disconnect();
});

test('a factory that makes a frozen model is reported, and every later get is answered', async () => {
  const { client, gateway } = connected(counter());
  client.registerModelType('counter', (api, rid) => Object.freeze(new ResModel(api, rid)));
  const told = next(client, 'error');
  const errors = await withErrors(async () => {
    const model = await client.get('counter');
    assert.equal(model.n, 1);
    assert.equal((await client.get('other')).n, 10);
    gateway.event('counter', 'change', { values: { n: 2 } });
    assert.equal(model.n, 2);
  });
  assert.equal(errors.length, 1);
  assert.equal((await told).code, 'resclient.typeError');
  client.disconnect();
});

test('a model the application froze says that it takes no change, and does not keep others from theirs', async () => {
  const { client, gateway } = connected(counter());
  const frozen = Object.freeze(await client.get('counter'));
  const other = await client.get('other');
  other.on('change', () => {});
  const errors = await withErrors(async () => {
    gateway.event('counter', 'change', { values: { n: 2 } });
    gateway.event('other', 'change', { values: { n: 11 } });
    await gateway.request('unsubscribe.counter');
  });
  assert.deepEqual([frozen.n, other.n], [1, 11]);
  assert.equal(errors.length, 1);
  assert.equal(await client.call('other', 'x').then(() => 'answered'), 'answered');
  client.disconnect();
});

test('an operation that fails does not keep those after it from being carried out', async () => {
  const bench = new Bench();
  bench.frame('["list","m",[1,2],{"n":1},"n",7]');
  bench.key(0, 'n').op(4, ...bench.record(0, COLLECTION, 'list', '[1,2]'));
  bench.op(4, ...bench.record(1, MODEL, 'm', '{"n":1}')).apply();
  const [list, model] = [bench.object(0), bench.object(1)];
  const errors = await withErrors(() => {
    // One of each length that varies, about resources nobody has heard of.
    bench.change(99, [0, bench.value(6, '7')], [0, bench.value(6, '7')]);
    bench.op(6, 99, 0, ...bench.value(6, '7'));
    bench.op(7, 99, 0);
    bench.op(7, 0, 0);
    bench.op(12, 5, 0, 99, 0);
    bench.drop(98);
    bench.change(1, [0, bench.value(6, '7')]);
    bench.apply();
  });
  assert.equal(errors.length, 3);
  assert.deepEqual([...list], [2]);
  assert.equal(model.n, 7);
});

test('a resource that cannot be made rejects who waits for it', async () => {
  const bench = new Bench();
  const promise = bench.session.requests.wait(5, { rid: 'm', method: 'subscribe.m' });
  bench.frame('{}');
  bench.op(12, 5, 0, 99, 0).apply();
  await assert.rejects(promise, /resource 99 has no text/);
});

test('an unknown operation is logged, and the operations handed over next are carried out', async () => {
  const bench = new Bench();
  bench.frame('["m",{"n":1}]');
  const errors = await withErrors(() => {
    bench.op(77, 1, 2).apply();
    bench.op(4, ...bench.record(0, MODEL, 'm', '{"n":1}')).apply();
  });
  assert.match(errors[0][0].message, /unknown operation 77/);
  assert.ok(bench.object(0) instanceof shell.ResModel);
});

test('a resource whose text is gone does not keep others that leave with it from staying readable', () => {
  const bench = new Bench();
  const list = '[{"rid":"gone"},{"rid":"kept"}]';
  bench.frame(`{"list":${list},"gone":{},"kept":{"n":1}}`);
  bench.key(0, 'n').op(1, 1).apply();
  bench.load(1, 0, COLLECTION, 'list', list, [1, 2], true);
  bench.load(1, 2, MODEL, 'kept', '{"n":1}');
  const items = bench.object(0);
  bench.drop(0, 1, 2).apply();
  assert.equal(items.atIndex(1).n, 1);
  assert.throws(() => items.atIndex(0), /has no text/);
});
