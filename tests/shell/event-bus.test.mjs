import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { delivered, withErrors } from './support/bus.mjs';
import { internals } from './support/internals.mjs';
import { random } from './support/random.mjs';

const { EventBus } = await internals();
const { EventBus: Modapp } = createRequire(import.meta.url)('modapp-eventbus');

function recorder() {
  const calls = [];
  const named = (name) => (data, _target, event, action) => calls.push([name, data, event, action]);
  return { calls, named };
}

test('listeners of the event come before those of its namespaces, and of each the last registered first', async () => {
  const bus = new EventBus();
  const { calls, named } = recorder();
  bus.on(null, named('all'));
  bus.on('a', named('namespace'));
  bus.on('a.b', named('first'));
  bus.on('b', named('second'), 'a');
  bus.on('a.b.c', named('deeper'));
  bus.emit('b', 1, 'a');
  assert.deepEqual(calls, [], 'nothing is called inside emit');
  await delivered(bus);
  assert.deepEqual(calls.slice(0, 4), [
    ['second', 1, 'a.b', null],
    ['first', 1, 'a.b', null],
    ['namespace', 1, 'a.b', 'b'],
    ['all', 1, 'a.b', 'a.b'],
  ]);
});

test('a handler with a target hears that target only', async () => {
  const bus = new EventBus();
  const { calls, named } = recorder();
  const [one, other] = [{}, {}];
  bus.on(one, 'x', named('one'), 'ns');
  bus.on(one, null, named('any of one'), 'ns');
  bus.on('ns.x', named('whoever'));
  bus.emit(one, 'x', 1, 'ns');
  bus.emit(other, 'x', 2, 'ns');
  await delivered(bus);
  assert.deepEqual(
    calls.map(([name, data]) => [name, data]),
    [
      ['whoever', 1],
      ['one', 1],
      ['any of one', 1],
      ['whoever', 2],
    ],
  );
});

test('several events are registered and removed one by one', async () => {
  const bus = new EventBus();
  const { calls, named } = recorder();
  const handler = named('h');
  bus.on({}, 'other', handler);
  const target = {};
  bus.on(target, ' a  b\tc ', handler);
  bus.off(target, 'b', handler);
  for (const event of ['a', 'b', 'c']) bus.emit(target, event, event);
  await delivered(bus);
  assert.deepEqual(
    calls.map(([, data]) => data),
    ['a', 'c'],
  );
});

test('who listened when an event was emitted is called, whatever has been removed since', async () => {
  const bus = new EventBus();
  const { calls, named } = recorder();
  const target = {};
  const gone = named('gone');
  bus.on(target, 'x', gone);
  const channel = bus.channel(target);
  assert.equal(channel.plan('ns', 'x'), null);
  bus.on(target, 'x', gone, 'ns');
  bus.post(channel.plan('ns', 'x'), 1, target);
  bus.off(target, 'x', gone, 'ns');
  bus.on(target, 'x', named('late'), 'ns');
  bus.post(channel.plan('ns', 'x'), 2, target);
  await delivered(bus);
  assert.deepEqual(
    calls.map(([name, data]) => [name, data]),
    [
      ['gone', 1],
      ['late', 2],
    ],
  );
});

test('a handler that throws does not keep others from being called, nor later events', async () => {
  const bus = new EventBus();
  const { calls, named } = recorder();
  const failure = new Error('of the application');
  const errors = await withErrors(async () => {
    bus.on('x', named('first registered'));
    bus.on('x', () => {
      throw failure;
    });
    bus.emit('x', 1);
    bus.emit('x', 2);
    await delivered(bus);
  });
  assert.deepEqual(
    calls.map(([, data]) => data),
    [1, 2],
  );
  assert.deepEqual(errors, [[failure], [failure]]);
});

test('what a handler emits is delivered in the same task, after what was emitted before', async () => {
  const bus = new EventBus();
  const order = [];
  bus.on('x', () => {
    order.push('x');
    bus.emit('nested');
    queueMicrotask(() => order.push('microtask'));
  });
  bus.on('y', () => order.push('y'));
  bus.on('nested', () => order.push('nested'));
  bus.emit('x');
  bus.emit('y');
  await delivered(bus);
  assert.deepEqual(order.slice(0, 3), ['x', 'y', 'nested']);
});

test('a strict off that does not match changes nothing and throws', async () => {
  const bus = new EventBus();
  const { calls, named } = recorder();
  const target = {};
  const handler = named('h');
  bus.on(target, 'a b', handler);
  const errors = await withErrors(() => {
    assert.throws(() => bus.off(target, 'a c', handler, '', true), /Event handler not found/);
    assert.throws(() => bus.off(target, 'a a', handler, '', true), /Event handler not found/);
    assert.throws(() => bus.off({}, 'a', handler, '', true), /Event handler not found/);
  });
  assert.equal(errors.length, 3);
  bus.emit(target, 'a', 1);
  await delivered(bus);
  assert.equal(calls.length, 1);
});

test('a strict off for no handler removes what was registered without one', async () => {
  const bus = new EventBus();
  const { calls, named } = recorder();
  const target = {};
  bus.on(target, 'a', null);
  bus.on(target, 'a', named('h'));
  bus.off(target, 'a', null, '', true);
  bus.emit(target, 'a', 1);
  await delivered(bus);
  assert.equal(calls.length, 1);
});

test('an off without a target removes the handlers of all targets', async () => {
  const bus = new EventBus();
  const { calls, named } = recorder();
  const [one, other] = [{}, {}];
  const handler = named('h');
  for (const target of [one, other, null]) bus.on(target, 'a', handler, 'n').on(target, 'a', named('stays'), 'n');
  bus.off('a', handler, 'n');
  bus.emit(one, 'a', 1, 'n').emit(other, 'a', 2, 'n');
  await delivered(bus);
  const heard = calls.map(([name, data]) => `${name} ${data}`);
  assert.deepEqual(heard, ['stays 1', 'stays 1', 'stays 2', 'stays 2']);
});

test('an event name that is no string is a mistake', () => {
  assert.throws(() => new EventBus().on({}, () => {}), TypeError);
});

test('names like those of members of Object are names like others', async () => {
  const bus = new EventBus();
  const { calls, named } = recorder();
  for (const name of ['constructor', '__proto__', 'toString']) bus.on(name, named(name));
  bus.emit('__proto__.x', 1);
  bus.emit('hasOwnProperty', 2);
  await delivered(bus);
  assert.deepEqual(calls, [['__proto__', 1, '__proto__.x', 'x']]);
});

test('does what modapp-eventbus does, for random calls', async () => {
  let heard = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const [ours, theirs] = [new EventBus(), new Modapp()].map((bus) => ({ bus, calls: [] }));
    const targets = [null, {}, {}];
    const handlers = ['f', 'g', 'h'];
    for (const side of [ours, theirs]) {
      side.handlers = handlers.map((name) => (data, target, event, action) => {
        side.calls.push([name, data, targets.indexOf(target), event, action]);
      });
    }
    const { below, pick } = random(seed);
    for (let step = 0; step < 60; step++) {
      const kind = below(10);
      const target = pick(targets);
      const events = pick([null, '', 'a', 'b', 'a b', 'a.b', 'b  a']);
      const namespace = pick(['', 'n', 'n.m']);
      const handler = below(handlers.length);
      for (const { bus, handlers } of [ours, theirs]) {
        if (kind < 4) bus.on(target, events, handlers[handler], namespace);
        else if (kind < 6 && target) bus.off(target, events, handlers[handler], namespace);
        else if (kind < 7 && target) bus.off(target, events, null, namespace);
        else bus.emit(target ?? targets[1], events || 'c', step, namespace);
      }
    }
    await Promise.all([delivered(ours.bus), delivered(theirs.bus)]);
    heard += theirs.calls.length;
    assert.deepEqual(ours.calls, theirs.calls, `seed ${seed}`);
  }
  assert.ok(heard > 1000);
});

test('a handler is called without a this', async () => {
  const bus = new EventBus();
  const selves = [];
  bus.on('x', function () {
    selves.push(this);
  });
  bus.emit('x');
  await delivered(bus);
  assert.deepEqual(selves, [undefined]);
});
